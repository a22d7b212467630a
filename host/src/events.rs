//! The host as plugins see it: one table, counted, good while anyone holds a reference.
//!
//! An event of a plugin becomes an event of `tracing` with the plugin's own target, so that filters by target work. The
//! macros of `tracing` want targets known at compile time; here a call site is made, once, for each pair of target and
//! level, and stays. A plugin that invents targets without end gets the target `iolink_plugin` after the first thousand.

use crate::registry::Inner;
use iolink_sdk::abi::*;
use iolink_sdk::{fail, host_api, ErrorKind};
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
        abi_minor: IOLINK_ABI_MINOR,
        context: context.cast_mut().cast(),
        retain: Some(retain),
        release: Some(release),
        log: Some(log),
        open: Some(open),
        run: Some(run),
        allocate: Some(allocate),
        credentials: None,
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

thread_local! {
    static NESTED: Cell<u32> = const { Cell::new(0) };
}

unsafe extern "C" fn open(
    context: *mut c_void,
    source: *const iolink_source,
    call: *const iolink_call,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    struct Leave;
    impl Drop for Leave {
        fn drop(&mut self) {
            NESTED.with(|nested| nested.set(nested.get() - 1));
        }
    }
    host_api::catch_into(error, || {
        let depth = NESTED.with(|nested| nested.replace(nested.get() + 1));
        let _leave = Leave;
        // SAFETY: the source is lent for the call.
        let source = unsafe { host_api::source(source)? };
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
        // SAFETY: `out` and `call` are the caller's.
        unsafe {
            let view = host_api::with_call(call, |call| host.open_with(source, None, call))?.view;
            *out = view.into_raw("org.iolink.host");
        }
        Ok(())
    })
}

unsafe extern "C" fn run(
    _context: *mut c_void,
    count: u64,
    task: Option<unsafe extern "C" fn(job: *mut c_void, index: u64)>,
    job: *mut c_void,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    struct Job(*mut c_void, unsafe extern "C" fn(job: *mut c_void, index: u64));
    // SAFETY: the ABI lets a task run on any thread.
    unsafe impl Sync for Job {}
    impl Job {
        fn run(&self, index: u64) {
            // SAFETY: the job belongs to the task by the rules of the ABI, and outlives the call.
            unsafe { self.1(self.0, index) }
        }
    }
    host_api::catch_into(error, || {
        let Some(task) = task else { fail!(InvalidArgument, "the task is NULL") };
        let job = Job(job, task);
        // SAFETY: the call is the caller's.
        unsafe { host_api::with_call(call, |call| crate::pool::run(count, &|index| job.run(index), call)) }
    })
}

unsafe extern "C" fn allocate(
    _context: *mut c_void,
    length: u64,
    out: *mut iolink_bytes,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: `out` is the caller's.
    host_api::catch_into(error, || unsafe { host_api::fill(out, || crate::allocation::zeroed(length)) })
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
