//! Streams, and random access.

use crate::through::{given, through};
use iolink_sdk::abi::*;
use iolink_sdk::Kind::{RandomAccess, Stream};
use std::ffi::c_void;

type Table = iolink_stream_vtable;
type Random = iolink_random_access_vtable;

/// Reads up to `length` bytes at the cursor into the caller's buffer; `*done` says how many, 0 is the end. Needs READ.
#[no_mangle]
pub unsafe extern "C" fn iolink_stream_read(
    view: *mut iolink_view,
    buffer: *mut c_void,
    length: u64,
    done: *mut u64,
    error: *mut iolink_error,
) -> i32 {
    let given = given!(buffer, done);
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe { through(view, Stream, error, given, |table: Table| table.read, |f| f(view, buffer, length, done, error)) }
}

/// Writes up to `length` bytes at the cursor; `*done` says how many were taken. Needs WRITE.
#[no_mangle]
pub unsafe extern "C" fn iolink_stream_write(
    view: *mut iolink_view,
    buffer: *const c_void,
    length: u64,
    done: *mut u64,
    error: *mut iolink_error,
) -> i32 {
    let given = given!(buffer, done);
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe { through(view, Stream, error, given, |table: Table| table.write, |f| f(view, buffer, length, done, error)) }
}

/// Moves the cursor by `IOLINK_SEEK_*`; `*position` says where it stands. Needs SEEK.
#[no_mangle]
pub unsafe extern "C" fn iolink_stream_seek(
    view: *mut iolink_view,
    offset: i64,
    origin: u32,
    position: *mut u64,
    error: *mut iolink_error,
) -> i32 {
    let given = given!(position);
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        through(view, Stream, error, given, |table: Table| table.seek, |f| f(view, offset, origin, position, error))
    }
}

/// How many bytes there are; `IOLINK_ERROR_NOT_IMPLEMENTED` where nobody knows, as with a pipe.
#[no_mangle]
pub unsafe extern "C" fn iolink_stream_get_length(
    view: *const iolink_view,
    out: *mut u64,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe { through(view, Stream, error, given!(out), |table: Table| table.length, |f| f(view, out, error)) }
}

/// Cuts the stream off, or fills it up with zeros; the cursor stays. Needs RESIZE.
#[no_mangle]
pub unsafe extern "C" fn iolink_stream_resize(view: *mut iolink_view, length: u64, error: *mut iolink_error) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe { through(view, Stream, error, &[], |table: Table| table.resize, |f| f(view, length, error)) }
}

unsafe extern "C" fn nothing_to_do(_: *const iolink_view, _: *mut iolink_error) -> i32 {
    IOLINK_OK
}

/// Hands what was written on to where it belongs.
#[no_mangle]
pub unsafe extern "C" fn iolink_stream_flush(view: *mut iolink_view, error: *mut iolink_error) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let pick = |table: Table| table.flush.or(Some(nothing_to_do));
        through(view, Stream, error, &[], pick, |f| f(view, error))
    }
}

/// Ends the stream; later calls fail with `IOLINK_ERROR_CLOSED`, a second close does nothing. The view itself stays
/// until it is released.
#[no_mangle]
pub unsafe extern "C" fn iolink_stream_close(view: *mut iolink_view, error: *mut iolink_error) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let pick = |table: Table| table.close.or(Some(nothing_to_do));
        through(view, Stream, error, &[], pick, |f| f(view, error))
    }
}

/// Lends the bytes where they lie, until the caller gives them to `iolink_bytes_release`; needs MEMORY_ACCESS.
#[no_mangle]
pub unsafe extern "C" fn iolink_stream_get_memory(
    view: *const iolink_view,
    out: *mut iolink_bytes,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe { through(view, Stream, error, given!(out), |table: Table| table.memory, |f| f(view, out, error)) }
}

/// How many bytes there are. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_random_access_get_length(
    view: *const iolink_view,
    out: *mut u64,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let fill = |length: unsafe extern "C" fn(*const iolink_view) -> u64| {
            *out = length(view);
            IOLINK_OK
        };
        through(view, RandomAccess, error, given!(out), |table: Random| table.length, fill)
    }
}

/// Reads up to `length` bytes at `offset`, fewer only at the end; `*done` says how many. Needs READ. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_random_access_read_at(
    view: *const iolink_view,
    offset: u64,
    buffer: *mut c_void,
    length: u64,
    done: *mut u64,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let pick = |table: Random| table.read_at;
        through(view, RandomAccess, error, given!(buffer, done), pick, |f| f(view, offset, buffer, length, done, error))
    }
}

/// Writes all `length` bytes at `offset`, or nothing and fails with `IOLINK_ERROR_OUT_OF_RANGE` past the end. Needs
/// WRITE. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_random_access_write_at(
    view: *mut iolink_view,
    offset: u64,
    buffer: *const c_void,
    length: u64,
    error: *mut iolink_error,
) -> i32 {
    let given = given!(buffer);
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let pick = |table: Random| table.write_at;
        through(view, RandomAccess, error, given, pick, |f| f(view, offset, buffer, length, error))
    }
}

/// Lends the bytes where they lie, until the caller gives them to `iolink_bytes_release`; needs MEMORY_ACCESS.
#[no_mangle]
pub unsafe extern "C" fn iolink_random_access_get_memory(
    view: *const iolink_view,
    out: *mut iolink_bytes,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe { through(view, RandomAccess, error, given!(out), |table: Random| table.memory, |f| f(view, out, error)) }
}
