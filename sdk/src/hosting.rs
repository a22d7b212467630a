//! What a host needs and a provider does not: calls into a provider's table, and answers out of the host's own.

use crate::abi::{iolink_error, iolink_host, iolink_source, iolink_view};
use crate::view::{check_status, guard, new_error};
use crate::{Error, ErrorKind, Host, Result, Source, View};

/// Calls a border function that may fail.
///
/// # Errors
/// What the function wrote into the error struct.
#[inline]
pub fn call(body: impl FnOnce(*mut iolink_error) -> i32) -> Result<()> {
    let mut error = new_error();
    let status = body(error.as_mut_ptr());
    check_status(status, &error)
}

/// Calls a border function that makes a view.
///
/// # Errors
/// What the function wrote into the error struct; `Internal` where it claims success and made nothing.
///
/// # Safety
/// Where `body` answers OK and sets its first argument, that is a live view with one reference for the caller.
#[inline]
pub unsafe fn made(body: impl FnOnce(*mut *mut iolink_view, *mut iolink_error) -> i32) -> Result<View> {
    let mut out = std::ptr::null_mut();
    call(|error| body(&mut out, error))?;
    if out.is_null() {
        return Err(Error::new(ErrorKind::Internal, "the provider claims success but made no view"));
    }
    // SAFETY: by the caller's promise.
    unsafe { View::from_raw(out) }
}

/// Runs `body` with the border's form of a view, which is lent until it returns.
pub fn lend<R>(view: View, body: impl FnOnce(*mut iolink_view) -> R) -> R {
    struct Lent(*mut iolink_view);
    impl Drop for Lent {
        fn drop(&mut self) {
            // SAFETY: the reference is ours, and every view has `release`.
            unsafe {
                if let Some(release) = (*(*self.0).vtable).release {
                    release(self.0);
                }
            }
        }
    }
    let lent = Lent(view.into_raw(""));
    body(lent.0)
}

/// Runs the body of a function of the host's table: its error goes into the caller's struct, a panic becomes an error.
pub fn answer(error: *mut iolink_error, body: impl FnOnce() -> Result<()>) -> i32 {
    guard("", error, body)
}

/// A source as it came over the border.
///
/// # Errors
/// `InvalidArgument` for NULL, a missing URI, and text that is not UTF-8.
///
/// # Safety
/// `border` is NULL or a live source.
pub unsafe fn source(border: *const iolink_source) -> Result<Source> {
    if border.is_null() {
        return Err(Error::new(ErrorKind::InvalidArgument, "NULL is not a source"));
    }
    // SAFETY: by the caller's promise.
    unsafe { Source::from_border(border) }
}

/// A host as a provider's function got it, with a reference of its own.
///
/// # Safety
/// `raw` is NULL or a live host that stays good while references to it are held.
pub unsafe fn host(raw: *const iolink_host) -> Host {
    // SAFETY: by the caller's promise.
    unsafe { Host::from_raw(raw) }
}
