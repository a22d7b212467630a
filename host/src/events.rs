//! The host as plugins see it: one table, counted, good while anyone holds a reference.
//!
//! An event of a plugin becomes an event of `tracing` with the plugin's own target, so that filters by target work. The
//! macros of `tracing` want targets known at compile time; here a call site is made, once, for each pair of target and
//! level, and stays. A plugin that invents targets without end gets the target `iolink_plugin` after the first thousand.

use crate::registry::Inner;
use iolink_sdk::abi::*;
use iolink_sdk::{hosting, ErrorKind};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ffi::{c_char, c_void, CStr};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tracing::field::{FieldSet, Value};
use tracing::{Event, Level, Metadata};
use tracing_core::callsite::Callsite;
use tracing_core::{identify_callsite, Interest, Kind};

const MOST_TARGETS: usize = 1000;
/// How many providers may open further sources inside each other.
const MOST_NESTED: u32 = 16;

/// The table of the host that `context` points to.
pub(crate) fn table(context: *const Inner) -> iolink_host {
    iolink_host {
        size: size_of::<iolink_host>() as u32,
        context: context.cast_mut().cast(),
        retain: Some(retain),
        release: Some(release),
        log: Some(log),
        progress: Some(progress),
        open: Some(open),
    }
}

unsafe extern "C" fn retain(context: *mut c_void) {
    // SAFETY: the context is a live host in an `Arc`.
    unsafe { Arc::increment_strong_count(context as *const Inner) }
}

unsafe extern "C" fn release(context: *mut c_void) {
    // SAFETY: the context is a live host in an `Arc`, and the caller gives up a reference it took by `retain`.
    stop_panic(|| unsafe { Arc::decrement_strong_count(context as *const Inner) });
}

unsafe extern "C" fn log(context: *mut c_void, level: u32, target: *const c_char, message: *const c_char) {
    stop_panic(|| {
        // SAFETY: both texts are NULL or NUL-terminated and lent for the call.
        let (target, message) = unsafe { (lent_text(target), lent_text(message)) };
        let level = match level {
            IOLINK_LOG_ERROR => Level::ERROR,
            IOLINK_LOG_WARN => Level::WARN,
            IOLINK_LOG_INFO => Level::INFO,
            IOLINK_LOG_DEBUG => Level::DEBUG,
            _ => Level::TRACE,
        };
        let target = if target.is_empty() { "iolink_plugin" } else { &target };
        // SAFETY: the context is a live host in an `Arc`.
        match unsafe { (*(context as *const Inner)).listener() } {
            Some(listener) => tracing::dispatcher::with_default(listener, || emit(level, target, &message)),
            None => emit(level, target, &message),
        }
    });
}

/// # Safety
/// `at` is NULL or NUL-terminated.
unsafe fn lent_text<'a>(at: *const c_char) -> std::borrow::Cow<'a, str> {
    if at.is_null() {
        return "".into();
    }
    // SAFETY: by the caller's promise.
    unsafe { CStr::from_ptr(at) }.to_string_lossy()
}

unsafe extern "C" fn progress(context: *mut c_void, done: u64, total: u64) -> i32 {
    tracing::trace!(done, total, "progress");
    // A listener that panics is taken as a wish to stop.
    let goes_on = LISTENER.with(|listener| match listener.get() {
        // SAFETY: `with_progress` keeps the listener alive while the pointer is set.
        Some(listener) => stop_panic(|| unsafe { (*listener)(done, total) }).unwrap_or(false),
        None => true,
    });
    // SAFETY: the context is a live host in an `Arc`.
    let stop = unsafe { (*(context as *const Inner)).stop() };
    i32::from(!goes_on || stop.is_some_and(|stop| stop_panic(stop).unwrap_or(true)))
}

type Listener = *const (dyn Fn(u64, u64) -> bool + 'static);

thread_local! {
    static LISTENER: Cell<Option<Listener>> = const { Cell::new(None) };
    static NESTED: Cell<u32> = const { Cell::new(0) };
}

/// Runs `body`; what providers called in it on this thread tell of their progress goes to `listener(done, total)`, which
/// answers whether to go on.
///
/// ```
/// # use iolink_host::Registry;
/// let registry = Registry::builder().plugin_path_env(false).build();
/// iolink_host::with_progress(&|done, total| { println!("{done} of {total}"); true }, || registry.plugins(false));
/// ```
pub fn with_progress<R>(listener: &dyn Fn(u64, u64) -> bool, body: impl FnOnce() -> R) -> R {
    struct Restore(Option<Listener>);
    impl Drop for Restore {
        fn drop(&mut self) {
            LISTENER.with(|slot| slot.set(self.0));
        }
    }
    // SAFETY: only the lifetime is changed, and the pointer is taken back before this function returns or unwinds.
    let raw: Listener =
        unsafe { std::mem::transmute::<*const (dyn Fn(u64, u64) -> bool + '_), Listener>(listener as *const _) };
    let _restore = Restore(LISTENER.with(|slot| slot.replace(Some(raw))));
    body()
}

unsafe extern "C" fn open(
    context: *mut c_void,
    source: *const iolink_source,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    struct Leave;
    impl Drop for Leave {
        fn drop(&mut self) {
            NESTED.with(|nested| nested.set(nested.get() - 1));
        }
    }
    hosting::answer(error, || {
        let depth = NESTED.with(|nested| nested.replace(nested.get() + 1));
        let _leave = Leave;
        // SAFETY: the source is lent for the call.
        let source = unsafe { hosting::source(source)? };
        if depth >= MOST_NESTED {
            return Err(iolink_sdk::Error::new(
                ErrorKind::Limit,
                format!(
                    "{} would be the source number {} opened inside one another; a provider goes in circles",
                    source.uri(),
                    depth + 1
                ),
            ));
        }
        // SAFETY: the context is a live host in an `Arc`, which the caller keeps during the call.
        let host = unsafe {
            Arc::increment_strong_count(context as *const Inner);
            crate::Registry::from_inner(Arc::from_raw(context as *const Inner))
        };
        let view = host.open(source, None)?.view;
        // SAFETY: `out` is the caller's.
        unsafe { *out = view.into_raw("org.iolink.host") };
        Ok(())
    })
}

/// Nothing of ours may unwind into a plugin.
fn stop_panic<R>(body: impl FnOnce() -> R) -> Option<R> {
    catch_unwind(AssertUnwindSafe(body)).map_err(std::mem::forget).ok()
}

/// A place in a plugin that tells events, as `tracing` wants it: for ever.
struct Site {
    metadata: OnceLock<Metadata<'static>>,
}

impl Callsite for Site {
    fn set_interest(&self, _: Interest) {}
    fn metadata(&self) -> &Metadata<'_> {
        self.metadata.get().expect("set before the site is used")
    }
}

const FIELDS: &[&str] = &["message"];

fn site(level: Level, target: &str) -> &'static Site {
    static SITES: OnceLock<Mutex<HashMap<(Level, String), &'static Site>>> = OnceLock::new();
    let mut sites = SITES.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    let target = if sites.len() < MOST_TARGETS { target } else { "iolink_plugin" };
    let key = (level, target.to_owned());
    if let Some(site) = sites.get(&key) {
        return site;
    }
    let site: &'static Site = Box::leak(Box::new(Site { metadata: OnceLock::new() }));
    let name: &'static str = Box::leak(target.to_owned().into_boxed_str());
    let fields = FieldSet::new(FIELDS, identify_callsite!(site as &'static dyn Callsite));
    let _ = site.metadata.set(Metadata::new("plugin event", name, level, None, None, None, fields, Kind::EVENT));
    sites.insert(key, site);
    site
}

thread_local! {
    /// The last place this thread told an event from: plugins log in runs.
    static LAST: RefCell<Option<&'static Site>> = const { RefCell::new(None) };
}

fn emit(level: Level, target: &str, message: &str) {
    let last = LAST.with(|last| *last.borrow());
    let site = match last {
        Some(site) if *site.metadata().level() == level && site.metadata().target() == target => site,
        _ => site(level, target),
    };
    LAST.with(|last| *last.borrow_mut() = Some(site));
    let metadata = site.metadata.get().expect("set before the site is used");
    tracing::dispatcher::get_default(|dispatch| {
        if dispatch.enabled(metadata) {
            let fields = metadata.fields();
            if let Some(field) = fields.field("message") {
                let values = [(&field, Some(&format_args!("{message}") as &dyn Value))];
                dispatch.event(&Event::new(metadata, &fields.value_set(&values)));
            }
        }
    });
}
