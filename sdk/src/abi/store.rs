//! Stores: values under keys, such as the files of a folder or the objects of a bucket.

use super::{iolink_bytes, iolink_call, iolink_error, iolink_view, iolink_view_base};
use core::ffi::c_void;
use std::os::raw::c_char;

/// Capability of a store: values can be read.
pub const IOLINK_STORE_READ: u64 = 1;
/// Capability of a store: values can be written and removed.
pub const IOLINK_STORE_WRITE: u64 = 2;
/// Capability of a store: keys can be listed.
pub const IOLINK_STORE_LIST: u64 = 4;
/// Capability of a store: a value can be written on condition of its version.
pub const IOLINK_STORE_CONDITIONAL: u64 = 8;

/// Range of a value: all of it.
pub const IOLINK_STORE_RANGE_ALL: u32 = 0;
/// Range of a value: `length` bytes from `offset` on; fewer at the end of the value.
pub const IOLINK_STORE_RANGE_FROM: u32 = 1;
/// Range of a value: its last `length` bytes; all of a shorter value.
pub const IOLINK_STORE_RANGE_LAST: u32 = 2;

/// Flag of a put: fails with `IOLINK_ERROR_EXISTS` if the key has a value.
pub const IOLINK_STORE_PUT_IF_ABSENT: u32 = 1;
/// Flag of an entry: the key is a prefix that ends with `/`, not a value.
pub const IOLINK_STORE_ENTRY_PREFIX: u32 = 1;
/// Flag of `list`: every key below the prefix, not only the next level.
pub const IOLINK_STORE_LIST_RECURSIVE: u32 = 1;

/// Mode of `open`: random access to an existing value, read-only.
pub const IOLINK_STORE_OPEN_READ: u32 = 1;
/// Mode of `open`: random access to an existing value that may be written in place.
pub const IOLINK_STORE_OPEN_UPDATE: u32 = 2;
/// Mode of `open`: a stream that writes a new value; `IOLINK_ERROR_EXISTS` if the key has one. `close` commits the
/// value, the last release without `close` drops it.
pub const IOLINK_STORE_OPEN_CREATE: u32 = 3;
/// Mode of `open`: a stream that writes a value and replaces the one that exists. `close` commits, as above.
pub const IOLINK_STORE_OPEN_REPLACE: u32 = 4;

/// One value, or a range of it, to be read.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_store_get {
    /// Size of this struct.
    pub size: u32,
    /// `IOLINK_STORE_RANGE_*`.
    pub range: u32,
    /// The key, NUL-terminated UTF-8, `/` between its parts.
    pub key: *const c_char,
    /// FROM: first byte.
    pub offset: u64,
    /// FROM and LAST: number of bytes.
    pub length: u64,
    /// The caller's memory for the bytes, `capacity` long; NULL: the callee lends its own through `lent`.
    pub buffer: *mut c_void,
    /// Room at `buffer`.
    pub capacity: u64,
    /// If `buffer` is NULL: filled by the callee; the caller calls `lent->release(lent->owner)` once.
    pub lent: *mut iolink_bytes,
    /// Result: `IOLINK_OK`, `IOLINK_ERROR_NOT_FOUND` for a key without a value, `IOLINK_ERROR_LIMIT` for too small a
    /// buffer (nothing is copied, `value_size` is set), or another error kind.
    pub status: i32,
    /// Result: the operating system's error number, or 0.
    pub code: i32,
    /// Result: number of bytes copied or lent.
    pub done: u64,
    /// Result: size of the whole value.
    pub value_size: u64,
}

/// Several values to be read together.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_store_batch {
    /// Size of this struct.
    pub size: u32,
    /// Zero. Bits 0 to 15 are understood or rejected with `IOLINK_ERROR_NOT_IMPLEMENTED`, the others are hints.
    pub flags: u32,
    /// `count` items.
    pub gets: *const *mut iolink_store_get,
    /// Number of items.
    pub count: u64,
    /// Passed to `completed`.
    pub context: *mut c_void,
    /// Called once for each item as soon as its results are set, on any thread, before `get_many` returns. May be NULL.
    pub completed: Option<unsafe extern "C" fn(context: *mut c_void, index: u64)>,
}

/// One value to be written.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_store_put {
    /// Size of this struct.
    pub size: u32,
    /// `IOLINK_STORE_PUT_*`. Bits 0 to 15 are understood or rejected with `IOLINK_ERROR_NOT_IMPLEMENTED`.
    pub flags: u32,
    /// The key, NUL-terminated UTF-8.
    pub key: *const c_char,
    /// CONDITIONAL: the version that the value must still have, else `IOLINK_ERROR_CHANGED`; NULL: any.
    pub if_version: *const c_char,
    /// The bytes.
    pub data: *const c_void,
    /// Number of bytes.
    pub length: u64,
    /// Result: `IOLINK_OK` or an error kind.
    pub status: i32,
    /// Result: the operating system's error number, or 0.
    pub code: i32,
}

/// One key of a store, lent for the call.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_store_entry {
    /// Size of this struct.
    pub size: u32,
    /// `IOLINK_STORE_ENTRY_*`.
    pub flags: u32,
    /// The key, NUL-terminated UTF-8.
    pub key: *const c_char,
    /// A string that changes whenever the value does (a fingerprint), or NULL.
    pub version: *const c_char,
    /// Size of the value in bytes.
    pub value_size: u64,
    /// Time of the last change in nanoseconds since 1970 UTC; 0 if unknown.
    pub modified_ns: i64,
}

/// Receives entries from the callee.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_store_sink {
    /// Size of this struct.
    pub size: u32,
    /// Zero.
    pub reserved: u32,
    /// Passed to `write`.
    pub context: *mut c_void,
    /// Receives one entry; a result other than 0 ends the listing without an error.
    pub write: Option<unsafe extern "C" fn(context: *mut c_void, entry: *const iolink_store_entry) -> i32>,
}

/// Table of a store. `IOLINK_VIEW_FLAG_THREAD_SAFE` is required. A key consists of one or more parts with `/` between
/// them; a part is not empty and not `.` or `..`. A key that leads out of the store, through links too, is rejected.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_store_vtable {
    /// The common base, `kind` is `IOLINK_KIND_STORE`.
    pub base: iolink_view_base,
    /// READ: reads every item of a batch. `IOLINK_OK` means that each item has its `status`.
    pub get_many: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            batch: *mut iolink_store_batch,
            call: *const iolink_call,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// READ: says that these values are read soon. May be NULL, and may do nothing.
    pub prefetch: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            gets: *const *const iolink_store_get,
            count: u64,
            call: *const iolink_call,
        ),
    >,
    /// Writes the entry of one key into the sink; `IOLINK_ERROR_NOT_FOUND` for a key without a value.
    pub stat: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            key: *const c_char,
            sink: *const iolink_store_sink,
            call: *const iolink_call,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// LIST: writes the entries below `prefix` (NULL or "": all; else it ends with `/`) that sort behind `after` (NULL:
    /// from the first) into the sink, in byte order of their keys. `flags`: `IOLINK_STORE_LIST_*`.
    pub list: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            prefix: *const c_char,
            after: *const c_char,
            flags: u32,
            sink: *const iolink_store_sink,
            call: *const iolink_call,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// Opens one value, `IOLINK_STORE_OPEN_*`, as a view that the caller owns.
    pub open: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            key: *const c_char,
            mode: u32,
            call: *const iolink_call,
            out: *mut *mut iolink_view,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// WRITE: writes every item. `IOLINK_OK` means that each item has its `status`. A value is there whole, or as
    /// before.
    pub put_many: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            puts: *const *mut iolink_store_put,
            count: u64,
            call: *const iolink_call,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// WRITE: removes values; `statuses` has room for `count` results. `IOLINK_OK` means that each is set.
    pub remove: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            keys: *const *const c_char,
            count: u64,
            statuses: *mut i32,
            call: *const iolink_call,
            error: *mut iolink_error,
        ) -> i32,
    >,
}
