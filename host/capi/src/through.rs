//! What every function here has in common: pointers judged, then the table's own function or the host's.

use iolink_sdk::abi::{iolink_error, iolink_view, IOLINK_OK};
use iolink_sdk::{fail, hosting, Error, ErrorKind, Kind, Result, View};
use std::ffi::{c_char, CStr};
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

/// Calls one function of a view's table: `pick` finds it, `call` calls it.
///
/// # Safety
/// `view` is NULL, or readable; where its magic says that it lives, it does. `T` is the table of `kind`.
pub unsafe fn through<T, F>(
    view: *const iolink_view,
    kind: Kind,
    error: *mut iolink_error,
    given: &[(&str, bool)],
    pick: impl FnOnce(T) -> Option<F>,
    call: impl FnOnce(F) -> i32,
) -> i32 {
    let mut status = IOLINK_OK;
    let judged = hosting::answer(error, || {
        check(given)?;
        // SAFETY: by the caller's promise.
        let table = unsafe { hosting::table::<T>(view, Some(kind))? };
        let Some(function) = pick(table) else {
            fail!(NotImplemented, "the {} was made without this function: ask its capabilities before", kind.word())
        };
        status = call(function);
        Ok(())
    });
    if judged == IOLINK_OK {
        status
    } else {
        judged
    }
}

/// [`through`] for a function that hands out an image, a frame or a level, which is validated before the caller gets it.
///
/// # Safety
/// As [`through`]; where `call` returns OK it has filled `out`.
pub unsafe fn part_through<T, F>(
    view: *const iolink_view,
    kind: Kind,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
    pick: impl FnOnce(T) -> Option<F>,
    call: impl FnOnce(F) -> i32,
) -> i32 {
    // SAFETY: by the caller's promise.
    let status = unsafe { through(view, kind, error, given!(out), pick, call) };
    if status != IOLINK_OK {
        return status;
    }
    // SAFETY: as above.
    hosting::answer(error, || unsafe { hosting::check_part(out) })
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
