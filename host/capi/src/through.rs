//! What every function here has in common: pointers judged, then the table's own function or the host's.

use iolink_sdk::abi::{iolink_call, iolink_error, iolink_view, IOLINK_OK};
use iolink_sdk::{fail, host_api, Error, ErrorKind, Kind, Result, View};
use std::ffi::{c_char, CStr};
use std::mem::size_of;
use std::path::PathBuf;

/// Names and values of pointers that must not be NULL.
macro_rules! given {
    ($($name:ident),*) => {
        &[$((stringify!($name), $name.is_null())),*]
    };
}
pub(crate) use given;

/// Refuses a NULL where something must be.
pub fn check(given: &[(&str, bool)]) -> Result<()> {
    match given.iter().find(|(_, null)| *null) {
        Some((name, _)) => fail!(InvalidArgument, "{name} is NULL"),
        None => Ok(()),
    }
}

/// Validates a call before a table gets it: its size, its flags and its deadline.
///
/// # Safety
/// `call` is NULL, or lives until this returns.
pub unsafe fn check_call(call: *const iolink_call) -> Result<()> {
    if call.is_null() {
        return Ok(());
    }
    // SAFETY: by the caller's promise.
    unsafe { host_api::with_call(call, |_| Ok(())) }
}

/// Calls one function of a view's table: `pick` finds it, `run` calls it.
///
/// # Safety
/// `view` is NULL, or readable; if its magic says that it lives, it does. `T` is the table of `kind`.
pub unsafe fn through<T, F>(
    view: *const iolink_view,
    kind: Kind,
    call: *const iolink_call,
    error: *mut iolink_error,
    given: &[(&str, bool)],
    pick: impl FnOnce(T) -> Option<F>,
    run: impl FnOnce(F) -> i32,
) -> i32 {
    let mut status = IOLINK_OK;
    let judged = host_api::catch_into(error, || {
        check(given)?;
        // SAFETY: by the caller's promise.
        let table = unsafe {
            check_call(call)?;
            host_api::table::<T>(view, Some(kind))?
        };
        let Some(function) = pick(table) else {
            fail!(NotImplemented, "the {} was made without this function: ask its capabilities before", kind.word())
        };
        status = run(function);
        Ok(())
    });
    if judged == IOLINK_OK {
        status
    } else {
        judged
    }
}

/// [`through`] for a function that returns a frame or a level, which is validated before the caller gets it.
///
/// # Safety
/// As [`through`]; if `run` returns OK, it has filled `out`.
pub unsafe fn part_through<T, F>(
    view: *const iolink_view,
    kind: Kind,
    call: *const iolink_call,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
    pick: impl FnOnce(T) -> Option<F>,
    run: impl FnOnce(F) -> i32,
) -> i32 {
    // SAFETY: by the caller's promise.
    let status = unsafe { through(view, kind, call, error, given!(out), pick, run) };
    if status != IOLINK_OK {
        return status;
    }
    // SAFETY: as above.
    host_api::catch_into(error, || unsafe { host_api::check_part(kind, out) })
}

/// Rejects a list of pointers without an address, and one that has a NULL among its items.
///
/// # Safety
/// `list` is NULL, or has `count` items.
pub unsafe fn check_list<T>(list: *const *const T, count: u64, name: &str) -> Result<()> {
    if count == 0 {
        return Ok(());
    }
    check(&[(name, list.is_null())])?;
    if count > isize::MAX as u64 / size_of::<*const T>() as u64 {
        fail!(InvalidArgument, "{name}: {count} items do not fit into memory");
    }
    // SAFETY: by the caller's promise.
    let items = unsafe { std::slice::from_raw_parts(list, count as usize) };
    match items.iter().position(|item| item.is_null()) {
        Some(index) => fail!(InvalidArgument, "{name}[{index}] is NULL"),
        None => Ok(()),
    }
}

/// Hands a view out, with one reference for the caller.
///
/// # Safety
/// `out` is the caller's place for it.
pub unsafe fn hand_out(out: *mut *mut iolink_view, view: View) {
    // SAFETY: by the caller's promise.
    unsafe { *out = view.into_raw("org.iolink.host") }
}

/// # Safety
/// `at` is NULL or NUL-terminated, and lives while the result is used.
pub unsafe fn text<'a>(at: *const c_char, name: &str) -> Result<&'a str> {
    check(&[(name, at.is_null())])?;
    // SAFETY: by the caller's promise.
    unsafe { CStr::from_ptr(at) }
        .to_str()
        .map_err(|_| Error::new(ErrorKind::InvalidArgument, format!("{name} is not UTF-8")))
}

/// # Safety
/// As [`text`].
pub unsafe fn optional_text<'a>(at: *const c_char, name: &str) -> Result<Option<&'a str>> {
    if at.is_null() {
        return Ok(None);
    }
    // SAFETY: by the caller's promise.
    unsafe { text(at, name) }.map(Some)
}

/// # Safety
/// As [`text`]; a path is in the system's own encoding.
pub unsafe fn path(at: *const c_char, name: &str) -> Result<PathBuf> {
    check(&[(name, at.is_null())])?;
    // SAFETY: by the caller's promise.
    let bytes = unsafe { CStr::from_ptr(at) }.to_bytes();
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        Ok(PathBuf::from(std::ffi::OsStr::from_bytes(bytes)))
    }
    #[cfg(not(unix))]
    {
        let text = std::str::from_utf8(bytes);
        text.map(PathBuf::from).map_err(|_| Error::new(ErrorKind::InvalidArgument, format!("{name} is not UTF-8")))
    }
}
