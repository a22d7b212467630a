//! Streams, and random access.

use crate::through::{check, check_call, given, through};
use iolink_sdk::abi::*;
use iolink_sdk::host_api;
use iolink_sdk::Kind::{RandomAccess, Stream};
use std::ffi::c_void;

type Table = iolink_stream_vtable;
type Random = iolink_random_access_vtable;

/// Reads up to `length` bytes at the cursor into the caller's buffer; `*done` says how many, 0 is the end. Needs READ.
/// `call` may be NULL.
#[no_mangle]
pub unsafe extern "C" fn iolink_stream_read(
    view: *mut iolink_view,
    buffer: *mut c_void,
    length: u64,
    call: *const iolink_call,
    done: *mut u64,
    error: *mut iolink_error,
) -> i32 {
    let given = given!(buffer, done);
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let pick = |table: Table| table.read;
        through(view, Stream, call, error, given, pick, |f| f(view, buffer, length, done, call, error))
    }
}

/// Writes up to `length` bytes at the cursor; `*done` says how many were taken. Needs WRITE. `call` may be NULL.
#[no_mangle]
pub unsafe extern "C" fn iolink_stream_write(
    view: *mut iolink_view,
    buffer: *const c_void,
    length: u64,
    call: *const iolink_call,
    done: *mut u64,
    error: *mut iolink_error,
) -> i32 {
    let given = given!(buffer, done);
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let pick = |table: Table| table.write;
        through(view, Stream, call, error, given, pick, |f| f(view, buffer, length, done, call, error))
    }
}

/// Moves the cursor by `IOLINK_SEEK_*`; `*position` says where it stands. Needs SEEK. `call` may be NULL.
#[no_mangle]
pub unsafe extern "C" fn iolink_stream_seek(
    view: *mut iolink_view,
    offset: i64,
    origin: u32,
    call: *const iolink_call,
    position: *mut u64,
    error: *mut iolink_error,
) -> i32 {
    let given = given!(position);
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let pick = |table: Table| table.seek;
        through(view, Stream, call, error, given, pick, |f| f(view, offset, origin, position, call, error))
    }
}

/// Returns the number of bytes; `IOLINK_ERROR_NOT_IMPLEMENTED` if it is unknown, as with a pipe. `call` may be NULL.
#[no_mangle]
pub unsafe extern "C" fn iolink_stream_get_length(
    view: *const iolink_view,
    call: *const iolink_call,
    out: *mut u64,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        through(view, Stream, call, error, given!(out), |table: Table| table.length, |f| f(view, out, call, error))
    }
}

/// Cuts the stream off, or fills it up with zeros; the cursor stays. Needs RESIZE. `call` may be NULL.
#[no_mangle]
pub unsafe extern "C" fn iolink_stream_resize(
    view: *mut iolink_view,
    length: u64,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let pick = |table: Table| table.resize;
        through(view, Stream, call, error, &[], pick, |f| f(view, length, call, error))
    }
}

unsafe extern "C" fn nothing_to_do(_: *const iolink_view, _: *const iolink_call, _: *mut iolink_error) -> i32 {
    IOLINK_OK
}

/// Passes everything written to the file or object. `call` may be NULL.
#[no_mangle]
pub unsafe extern "C" fn iolink_stream_flush(
    view: *mut iolink_view,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let pick = |table: Table| table.flush.or(Some(nothing_to_do));
        through(view, Stream, call, error, &[], pick, |f| f(view, call, error))
    }
}

/// Ends the stream; later calls fail with `IOLINK_ERROR_CLOSED`, a second close does nothing. The view itself stays
/// until it is released. A stream of a store commits its value here. `call` may be NULL.
#[no_mangle]
pub unsafe extern "C" fn iolink_stream_close(
    view: *mut iolink_view,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let pick = |table: Table| table.close.or(Some(nothing_to_do));
        through(view, Stream, call, error, &[], pick, |f| f(view, call, error))
    }
}

/// Lends the bytes where they lie, until the caller gives them to `iolink_bytes_release`; needs MEMORY_ACCESS.
/// `call` may be NULL.
#[no_mangle]
pub unsafe extern "C" fn iolink_stream_get_memory(
    view: *const iolink_view,
    call: *const iolink_call,
    out: *mut iolink_bytes,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let pick = |table: Table| table.memory;
        through(view, Stream, call, error, given!(out), pick, |f| f(view, call, out, error))
    }
}

/// Returns the number of bytes; `IOLINK_ERROR_NOT_IMPLEMENTED` if it is unknown before the end was read. `call` may be
/// NULL. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_random_access_get_length(
    view: *const iolink_view,
    call: *const iolink_call,
    out: *mut u64,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let pick = |table: Random| table.length;
        through(view, RandomAccess, call, error, given!(out), pick, |f| f(view, out, call, error))
    }
}

/// Reads up to `length` bytes at `offset`, fewer only at the end; `*done` says how many. Needs READ. `call` may be
/// NULL. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_random_access_read_at(
    view: *const iolink_view,
    offset: u64,
    buffer: *mut c_void,
    length: u64,
    call: *const iolink_call,
    done: *mut u64,
    error: *mut iolink_error,
) -> i32 {
    let given = given!(buffer, done);
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let pick = |table: Random| table.read_at;
        through(view, RandomAccess, call, error, given, pick, |f| f(view, offset, buffer, length, done, call, error))
    }
}

/// Writes all `length` bytes at `offset`, or nothing and fails with `IOLINK_ERROR_OUT_OF_RANGE` past the end. Needs
/// WRITE. `call` may be NULL. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_random_access_write_at(
    view: *mut iolink_view,
    offset: u64,
    buffer: *const c_void,
    length: u64,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    let given = given!(buffer);
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let pick = |table: Random| table.write_at;
        through(view, RandomAccess, call, error, given, pick, |f| f(view, offset, buffer, length, call, error))
    }
}

/// Lends the bytes where they lie, until the caller gives them to `iolink_bytes_release`; needs MEMORY_ACCESS.
/// `call` may be NULL.
#[no_mangle]
pub unsafe extern "C" fn iolink_random_access_get_memory(
    view: *const iolink_view,
    call: *const iolink_call,
    out: *mut iolink_bytes,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let pick = |table: Random| table.memory;
        through(view, RandomAccess, call, error, given!(out), pick, |f| f(view, call, out, error))
    }
}

/// Cuts the bytes off, or fills them up with zeros. Needs RESIZE. `call` may be NULL.
#[no_mangle]
pub unsafe extern "C" fn iolink_random_access_resize(
    view: *mut iolink_view,
    length: u64,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let pick = |table: Random| table.resize;
        through(view, RandomAccess, call, error, &[], pick, |f| f(view, length, call, error))
    }
}

/// Passes everything written to the file or object. `call` may be NULL.
#[no_mangle]
pub unsafe extern "C" fn iolink_random_access_flush(
    view: *mut iolink_view,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let pick = |table: Random| table.flush.or(Some(nothing_to_do));
        through(view, RandomAccess, call, error, &[], pick, |f| f(view, call, error))
    }
}

/// Says that these ranges are read soon, so that they can be fetched together; it may do nothing. `ranges` may be NULL
/// if `count` is 0. `call` may be NULL.
#[no_mangle]
pub unsafe extern "C" fn iolink_random_access_prefetch(
    view: *const iolink_view,
    ranges: *const iolink_byte_range,
    count: u64,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    host_api::catch_into(error, || {
        // SAFETY: everything is the caller's and lives until this returns.
        unsafe {
            check(&[("ranges", count > 0 && ranges.is_null())])?;
            check_call(call)?;
            if let Some(prefetch) = host_api::table::<Random>(view, Some(RandomAccess))?.prefetch {
                prefetch(view, ranges, count, call);
            }
        }
        Ok(())
    })
}
