//! The provider's side: a Rust view behind the one object, and the guard that no panic passes.

use super::{read_grown, ForeignView, Grows, View};
use crate::abi::{
    iolink_call, iolink_error, iolink_text_sink, iolink_view, iolink_view_base, IOLINK_EXTENSION_VIEW_ORIGIN,
    IOLINK_VIEW_DEAD, IOLINK_VIEW_MAGIC,
};
use crate::{fail, Error, ErrorKind, Kind, Result};
use std::os::raw::{c_char, c_void};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::ptr::addr_of_mut;
use std::sync::atomic::{fence, AtomicU8, AtomicUsize, Ordering};
use std::sync::Arc;

/// A table in static memory; its pointers lead to functions and statics.
#[repr(transparent)]
pub(crate) struct Table<T>(pub(crate) T);

// SAFETY: tables are immutable, and what they point to is static.
unsafe impl<T> Sync for Table<T> {}

/// By its address this copy of the crate knows its own views again. It is never merged with another static.
pub(crate) static MAKER: AtomicU8 = AtomicU8::new(1);

/// A view trait object that has a table.
pub(crate) trait Border: Send + Sync {
    /// The base of the kind's static table.
    fn base() -> *const iolink_view_base;
    /// See [`View::capability_bits`].
    fn bits(&self) -> u64;
    /// A service by its id.
    fn service(this: &Arc<Self>, id: u64) -> Option<View>;
    /// URI that the view was opened by.
    fn opened_by(&self) -> Option<String>;
    /// The view made elsewhere that this is, if it is one.
    fn made_elsewhere(&self) -> Option<&ForeignView>;
}

/// Gives a kind of view its table at the border: the head that all have, and the kind's own functions, each under its name.
macro_rules! border {
    (
        $view:ident, $kind:ident, $table:ident, $bits:expr, $service:expr,
        { $($function:ident),* $(,)? } $(without { $($absent:ident),* $(,)? })?
    ) => {
        impl $crate::view::Border for dyn $view {
            fn base() -> *const iolink_view_base {
                // The whole table, so that whoever gets the address may read all of it.
                &TABLE as *const $crate::view::Table<$table> as *const iolink_view_base
            }
            fn bits(&self) -> u64 {
                let bits: fn(&Self) -> u64 = $bits;
                bits(self)
            }
            fn service(this: &std::sync::Arc<Self>, id: u64) -> Option<View> {
                let service: fn(&std::sync::Arc<Self>, u64) -> Option<View> = $service;
                service(this, id)
            }
            fn opened_by(&self) -> Option<String> {
                self.origin()
            }
            fn made_elsewhere(&self) -> Option<&$crate::view::ForeignView> {
                self.foreign()
            }
        }

        type Here = $crate::view::Exported<dyn $view>;

        static TABLE: $crate::view::Table<$table> = $crate::view::Table($table {
            base: Here::common($crate::Kind::$kind, std::mem::size_of::<$table>(), &$crate::view::MAKER),
            $($function: Some($function),)*
            $($($absent: None,)*)?
        });
    };
}
pub(crate) use border;

/// The one object with a Rust view in it.
#[repr(C)]
pub(crate) struct Exported<T: ?Sized> {
    view: iolink_view,
    references: AtomicUsize,
    pub(crate) provider: &'static str,
    pub(crate) value: Arc<T>,
}

impl<T: ?Sized + Border> Exported<T> {
    /// The common head of this kind's table.
    pub(crate) const fn common(kind: Kind, table_size: usize, maker: &'static AtomicU8) -> iolink_view_base {
        iolink_view_base {
            size: table_size as u32,
            kind: kind.number(),
            flags: crate::abi::IOLINK_VIEW_FLAG_THREAD_SAFE,
            maker: maker as *const AtomicU8 as *const c_void,
            retain: Some(retain::<T>),
            release: Some(release::<T>),
            capabilities: Some(capabilities::<T>),
            extension: Some(extension::<T>),
            reserved: [None; 3],
        }
    }

    pub(crate) fn make(value: Arc<T>, provider: &'static str) -> *mut iolink_view {
        let made = Box::new(Exported {
            view: iolink_view { magic: IOLINK_VIEW_MAGIC, vtable: T::base(), self_: std::ptr::null_mut() },
            references: AtomicUsize::new(1),
            provider,
            value,
        });
        Box::into_raw(made) as *mut iolink_view
    }

    /// The object of a view made elsewhere whose calls are serialised: the same for as long as somebody holds it.
    pub(crate) fn proxy(value: &Arc<T>, foreign: &ForeignView, provider: &'static str) -> *mut iolink_view {
        let Ok(mut place) = foreign.proxy() else {
            // In a forked child, another thread of the parent was here.
            return Exported::make(value.clone(), provider);
        };
        if !place.0.is_null() {
            // SAFETY: `release` takes the object out of the place, under this lock, before it frees it.
            let known = unsafe { Exported::<T>::of(place.0) };
            let one_more = |count: usize| (count > 0).then_some(count + 1);
            if known.references.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_ok() {
                return place.0;
            }
        }
        place.0 = Exported::make(value.clone(), provider);
        place.0
    }

    /// # Safety
    /// `raw` is a live view of this copy of the crate and of kind `T`; one reference is taken over.
    pub(crate) unsafe fn unwrap(raw: *mut iolink_view) -> Arc<T> {
        // SAFETY: by the caller's promise.
        unsafe {
            let value = Exported::<T>::of(raw).value.clone();
            release::<T>(raw);
            value
        }
    }

    /// # Safety
    /// `view` is a live view of this copy of the crate and of kind `T`.
    pub(crate) unsafe fn of<'a>(view: *const iolink_view) -> &'a Exported<T> {
        // SAFETY: `make` put the object at the start of an `Exported<T>`.
        unsafe { &*(view as *const Exported<T>) }
    }
}

/// Kind of a view, `None` for one of a later version, and whether this copy of the crate made it.
///
/// # Safety
/// `raw` is readable; where its magic says that it lives, it does.
pub(crate) unsafe fn identify(raw: *const iolink_view) -> Result<(Option<Kind>, bool)> {
    // SAFETY: by the caller's promise.
    let view = unsafe { std::ptr::read(raw) };
    if view.magic != IOLINK_VIEW_MAGIC || view.vtable.is_null() {
        fail!(InvalidArgument, "the address does not hold a live view");
    }
    // SAFETY: a live view's table starts with the head.
    let base = unsafe { &*view.vtable };
    if (base.size as usize) < std::mem::size_of::<iolink_view_base>() || base.retain.is_none() || base.release.is_none()
    {
        fail!(Internal, "the view's table is shorter than its base, or cannot be counted");
    }
    let own = std::ptr::eq(base.maker, &MAKER as *const AtomicU8 as *const c_void);
    Ok((Kind::from_number(base.kind), own))
}

unsafe extern "C" fn retain<T: ?Sized + Border>(view: *mut iolink_view) {
    // SAFETY: only tables of kind `T` hold this function.
    unsafe { Exported::<T>::of(view) }.references.fetch_add(1, Ordering::Relaxed);
}

unsafe extern "C" fn release<T: ?Sized + Border>(view: *mut iolink_view) {
    // SAFETY: only tables of kind `T` hold this function, and the caller gives up a reference it owns.
    unsafe {
        debug_assert_eq!((*view).magic, IOLINK_VIEW_MAGIC, "a view was released more often than retained");
        if Exported::<T>::of(view).references.fetch_sub(1, Ordering::Release) == 1 {
            fence(Ordering::Acquire);
            if let Some(Ok(mut place)) = Exported::<T>::of(view).value.made_elsewhere().map(ForeignView::proxy) {
                if place.0 == view {
                    place.0 = std::ptr::null_mut();
                }
            }
            std::ptr::write_volatile(addr_of_mut!((*view).magic), IOLINK_VIEW_DEAD);
            stop_panic(|| drop(Box::from_raw(view as *mut Exported<T>)));
        }
    }
}

unsafe extern "C" fn capabilities<T: ?Sized + Border>(view: *const iolink_view) -> u64 {
    // SAFETY: only tables of kind `T` hold this function.
    stop_panic(|| unsafe { Exported::<T>::of(view) }.value.bits()).unwrap_or(0)
}

unsafe extern "C" fn extension<T: ?Sized + Border>(
    view: *const iolink_view,
    id: u64,
    _call: *const iolink_call,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: only tables of kind `T` hold this function; `out` is the caller's.
    let this = unsafe { Exported::<T>::of(view) };
    let origin = || match id {
        IOLINK_EXTENSION_VIEW_ORIGIN => {
            let uri = this.value.opened_by()?;
            Some(super::services::view_origin_view(super::services::ViewOrigin { uri: Some(uri), format: None }))
        }
        _ => None,
    };
    guard(this.provider, error, || match T::service(&this.value, id).or_else(origin) {
        Some(service) => {
            // SAFETY: `out` is the caller's.
            unsafe { *out = service.into_raw(this.provider) };
            Ok(())
        }
        None => fail!(NotFound, "the view has no extension {id:#x}"),
    })
}

/// Puts a text into the caller's sink.
///
/// # Safety
/// `sink` is NULL or a live sink.
pub(crate) unsafe fn give_text(sink: *const iolink_text_sink, text: impl FnOnce() -> Option<String>) {
    stop_panic(|| {
        // SAFETY: by the caller's promise.
        let sink = unsafe { read_grown(sink) }.ok()?;
        if let (Some(text), Some(write)) = (text(), sink.write) {
            // SAFETY: the text outlives the call.
            unsafe { write(sink.context, text.as_ptr() as *const c_char, text.len()) }
        }
        Some(())
    });
}

/// Runs `body`; a panic ends here.
pub(crate) fn stop_panic<R>(body: impl FnOnce() -> R) -> Option<R> {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(result) => Some(result),
        Err(payload) => {
            drop_payload(payload);
            None
        }
    }
}

/// A payload may itself panic when dropped: that stops here too.
fn drop_payload(payload: Box<dyn std::any::Any + Send>) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(again);
    }
}

/// Runs the body of a border function: its error goes into the caller's struct, a panic becomes an error.
#[inline]
pub(crate) fn guard(provider: &str, error: *mut iolink_error, body: impl FnOnce() -> Result<()>) -> i32 {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => crate::abi::IOLINK_OK,
        // SAFETY: `error` is NULL or the caller's struct.
        Ok(Err(failed)) => unsafe { fill_error(error, &failed.with_provider(provider)) },
        // SAFETY: as above.
        Err(payload) => unsafe { fill_error(error, &panicked(payload).with_provider(provider)) },
    }
}

#[cold]
fn panicked(payload: Box<dyn std::any::Any + Send>) -> Error {
    let words = payload
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| payload.downcast_ref::<&str>().map(|words| (*words).to_owned()))
        .unwrap_or_else(|| "no message".to_owned());
    drop_payload(payload);
    Error::new(ErrorKind::Internal, format!("the provider panicked: {words}"))
}

/// Writes an error into the caller's struct and returns its number.
///
/// # Safety
/// `error` is NULL or points to an `iolink_error` whose size is set.
#[cold]
pub(crate) unsafe fn fill_error(error: *mut iolink_error, failed: &Error) -> i32 {
    let number = failed.kind().number();
    // SAFETY: by the caller's promise; a struct of the first version has all the fields that are written.
    unsafe {
        if !error.is_null() && (*error).size as usize >= iolink_error::FIRST {
            addr_of_mut!((*error).kind).write(number);
            addr_of_mut!((*error).code).write(failed.code());
            put_text(addr_of_mut!((*error).provider).cast(), 64, failed.provider());
            put_text(addr_of_mut!((*error).message).cast(), 1008, failed.message());
            super::payload::put(error, failed);
        }
    }
    number
}

/// Copies what fits, whole letters only, with a NUL behind it.
///
/// # Safety
/// `target` has `room` bytes, at least one.
unsafe fn put_text(target: *mut c_char, room: usize, text: &str) {
    let mut end = text.len().min(room - 1);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    for (index, byte) in text[..end].bytes().filter(|byte| *byte != 0).chain([0]).enumerate() {
        // SAFETY: at most `room - 1` bytes of text and the NUL.
        unsafe { target.add(index).write(byte as c_char) }
    }
}
