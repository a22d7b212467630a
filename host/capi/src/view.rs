//! Functions of views of every kind: references, kind, capabilities, extensions.

use crate::through::{check, check_call, given, hand_out};
use ::iolink_host::view_at;
use iolink_sdk::abi::*;
use iolink_sdk::{fail, host_api, Error, ErrorKind, Kind, Result, View};
use std::ffi::{c_char, CStr};

/// # Safety
/// As [`host_api::table`].
unsafe fn base(view: *const iolink_view) -> Result<iolink_view_base> {
    // SAFETY: by the caller's promise; every table begins with the base.
    unsafe { host_api::table(view, None) }
}

/// Adds a reference. `view` may be NULL. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_view_retain(view: *mut iolink_view) {
    // SAFETY: the view is NULL or the caller's.
    unsafe {
        if let Some(retain) = base(view).ok().and_then(|base| base.retain) {
            retain(view);
        }
    }
}

/// Drops a reference; the last one frees the view. `view` may be NULL. A view must not be released more often than it
/// was retained: in programs compiled without NDEBUG, `iolink.h` makes this `iolink_view_release_checked`. From any
/// thread, with no lock held that the view's maker may wait for.
#[no_mangle]
pub unsafe extern "C" fn iolink_view_release(view: *mut iolink_view) {
    // SAFETY: the view is NULL or the caller's, who gives up one reference.
    unsafe {
        if let Some(release) = base(view).ok().and_then(|base| base.release) {
            release(view);
        }
    }
}

/// As `iolink_view_release`, but a view that is not alive ends the program with a message that names the place, which
/// is `file` and `line`; `file` may be NULL. A freed address that has become another live view cannot be told from it.
/// `view` may be NULL. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_view_release_checked(view: *mut iolink_view, file: *const c_char, line: u32) {
    // SAFETY: the view is NULL or an address that once was a view's; the text is NULL or NUL-terminated.
    unsafe {
        if view.is_null() {
            return;
        }
        if base(view).is_err() {
            let file = if file.is_null() { "unknown".into() } else { CStr::from_ptr(file).to_string_lossy() };
            eprintln!("{file}:{line}: the view at {view:p} is not alive: it was released more often than retained");
            std::process::abort();
        }
        iolink_view_release(view);
    }
}

/// `IOLINK_KIND_*`, or 0 for what is no live view. `view` may be NULL. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_view_get_kind(view: *const iolink_view) -> u32 {
    // SAFETY: the view is NULL or the caller's.
    unsafe { base(view) }.map_or(0, |base| base.kind)
}

/// The capability bits of the view's kind, `IOLINK_IMAGE_*` and so on; 0 for what is no live view. `view` may be NULL.
/// From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_view_get_capabilities(view: *const iolink_view) -> u64 {
    // SAFETY: the view is NULL or the caller's.
    unsafe { base(view).ok().and_then(|base| base.capabilities).map_or(0, |capabilities| capabilities(view)) }
}

/// Returns a service by its id, as an extension view that the caller owns. `IOLINK_ERROR_NOT_FOUND` if there is none.
/// `call` may be NULL.
#[no_mangle]
pub unsafe extern "C" fn iolink_view_get_extension(
    view: *const iolink_view,
    id: u64,
    call: *const iolink_call,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    let mut status = IOLINK_OK;
    // SAFETY: view and place are the caller's and live until this returns.
    let judged = host_api::catch_into(error, || unsafe {
        check(given!(out))?;
        check_call(call)?;
        match base(view)?.extension {
            Some(extension) => status = extension(view, id, call, out, error),
            None => fail!(NotFound, "the view has no extension {id:#x}"),
        }
        Ok(())
    });
    if judged == IOLINK_OK {
        status
    } else {
        judged
    }
}

/// Writes the URI that the view was opened by into `sink`; nothing if it was not opened.
#[no_mangle]
pub unsafe extern "C" fn iolink_view_get_origin(
    view: *const iolink_view,
    sink: *const iolink_text_sink,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: view and sink are the caller's and live until this returns.
    host_api::catch_into(error, || unsafe {
        check(given!(sink))?;
        base(view)?;
        match View::from_borrowed(view.cast_mut())?.origin() {
            Some(origin) => host_api::write_text(sink, &origin),
            None => Ok(()),
        }
    })
}

/// The view behind a plain number: the address of a view, or of a `std::shared_ptr` to one, as Python's `to_pointer`
/// lends it. `kind` is `IOLINK_KIND_*`. The caller owns `*out`. A number that is no such address fails with
/// `IOLINK_ERROR_INVALID_ARGUMENT` and is never touched; whoever passes a live one must hold a reference until this
/// returns. A freed address that has become another live view cannot be told from it. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_view_from_pointer(
    address: u64,
    kind: u32,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: the place is the caller's, who holds a reference to the view that the address leads to.
    host_api::catch_into(error, || unsafe {
        check(given!(out))?;
        let kind = Kind::from_number(kind)
            .ok_or_else(|| Error::new(ErrorKind::InvalidArgument, format!("{kind} is no kind of view")))?;
        hand_out(out, view_at(address, kind)?);
        Ok(())
    })
}

/// Ends the loan of samples: calls `release` once and forgets it. `memory` may be NULL. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_memory_release(memory: *mut iolink_memory) {
    // SAFETY: the description is NULL or the caller's, who owes the one call.
    unsafe {
        if let Some(release) = memory.as_mut().and_then(|memory| memory.release.take()) {
            release((*memory).owner);
        }
    }
}

/// Ends the loan of bytes: calls `release` once and forgets it. `bytes` may be NULL. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_bytes_release(bytes: *mut iolink_bytes) {
    // SAFETY: the description is NULL or the caller's, who owes the one call.
    unsafe {
        if let Some(release) = bytes.as_mut().and_then(|bytes| bytes.release.take()) {
            release((*bytes).owner);
        }
    }
}
