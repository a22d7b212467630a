//! Bytes: with a cursor (streams) and at an offset (random access).

use super::{iolink_call, iolink_error, iolink_view, iolink_view_base};
use core::ffi::c_void;

/// Capability of a stream or random access: bytes can be read.
pub const IOLINK_STREAM_READ: u64 = 1;
/// Capability of a stream or random access: bytes can be written.
pub const IOLINK_STREAM_WRITE: u64 = 2;
/// Capability of a stream: the cursor can be moved.
pub const IOLINK_STREAM_SEEK: u64 = 4;
/// Capability of a stream: the size can be changed; a stream that has it grows when written past its end.
pub const IOLINK_STREAM_RESIZE: u64 = 8;
/// Capability of a stream or random access: the bytes lie in memory and can be shared.
pub const IOLINK_STREAM_MEMORY_ACCESS: u64 = 16;

/// Seek from the first byte.
pub const IOLINK_SEEK_SET: u32 = 0;
/// Seek from the cursor.
pub const IOLINK_SEEK_CUR: u32 = 1;
/// Seek from the end.
pub const IOLINK_SEEK_END: u32 = 2;

/// Bytes in memory, lent until `release` is called.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_bytes {
    /// Size of this struct.
    pub size: u32,
    /// `IOLINK_MEMORY_*`.
    pub flags: u32,
    /// First byte.
    pub data: *mut c_void,
    /// How many bytes.
    pub length: u64,
    /// The owner that keeps the memory in place.
    pub owner: *mut c_void,
    /// Ends the loan; called exactly once, on any thread. NULL: nothing to do.
    pub release: Option<unsafe extern "C" fn(owner: *mut c_void)>,
}

/// Table of a stream: one cursor, moved by every read and write.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_stream_vtable {
    /// The common base, `kind` is `IOLINK_KIND_STREAM`.
    pub base: iolink_view_base,
    /// READ: up to `length` bytes into the caller's buffer; 0 in `done` is the end.
    pub read: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            buffer: *mut c_void,
            length: u64,
            done: *mut u64,
            call: *const iolink_call,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// WRITE: up to `length` bytes from the caller's buffer; `done` says how many were taken.
    pub write: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            buffer: *const c_void,
            length: u64,
            done: *mut u64,
            call: *const iolink_call,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// SEEK: moves the cursor by `IOLINK_SEEK_*` and tells where it stands.
    pub seek: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            offset: i64,
            origin: u32,
            position: *mut u64,
            call: *const iolink_call,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// How many bytes there are; `IOLINK_ERROR_NOT_IMPLEMENTED` if it is unknown (a pipe).
    pub length: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            out: *mut u64,
            call: *const iolink_call,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// RESIZE: cuts off or fills with zeros; the cursor stays.
    pub resize: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            length: u64,
            call: *const iolink_call,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// Hands what was written on to where it belongs.
    pub flush: Option<
        unsafe extern "C" fn(view: *const iolink_view, call: *const iolink_call, error: *mut iolink_error) -> i32,
    >,
    /// Ends the stream; later calls fail with `IOLINK_ERROR_CLOSED`.
    pub close: Option<
        unsafe extern "C" fn(view: *const iolink_view, call: *const iolink_call, error: *mut iolink_error) -> i32,
    >,
    /// MEMORY_ACCESS: lends the bytes; the caller calls `out->release(out->owner)` once.
    pub memory: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            call: *const iolink_call,
            out: *mut iolink_bytes,
            error: *mut iolink_error,
        ) -> i32,
    >,
}

/// A range of bytes. This struct has no size and never grows.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
#[derive(Clone, Copy)]
pub struct iolink_byte_range {
    /// Where they start.
    pub offset: u64,
    /// How many.
    pub length: u64,
}

/// Table of random access: bytes at an offset, without a cursor, from any thread.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_random_access_vtable {
    /// The common base, `kind` is `IOLINK_KIND_RANDOM_ACCESS`.
    pub base: iolink_view_base,
    /// Returns the number of bytes; `IOLINK_ERROR_NOT_IMPLEMENTED` if it is unknown before the end was read (gzip).
    pub length: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            out: *mut u64,
            call: *const iolink_call,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// READ: up to `length` bytes at `offset`; fewer only at the end.
    pub read_at: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            offset: u64,
            buffer: *mut c_void,
            length: u64,
            done: *mut u64,
            call: *const iolink_call,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// WRITE: all `length` bytes at `offset`; past the end nothing is written and `IOLINK_ERROR_OUT_OF_RANGE` comes
    /// back.
    pub write_at: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            offset: u64,
            buffer: *const c_void,
            length: u64,
            call: *const iolink_call,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// MEMORY_ACCESS: lends the bytes; the caller calls `out->release(out->owner)` once.
    pub memory: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            call: *const iolink_call,
            out: *mut iolink_bytes,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// READ: says that these ranges are read soon, so that the callee can fetch them together. May be NULL, and may do
    /// nothing.
    pub prefetch: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            ranges: *const iolink_byte_range,
            count: u64,
            call: *const iolink_call,
        ),
    >,
    /// RESIZE: cuts off or fills with zeros.
    pub resize: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            length: u64,
            call: *const iolink_call,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// WRITE: passes everything written to the file or object. NULL: nothing is held back.
    pub flush: Option<
        unsafe extern "C" fn(view: *const iolink_view, call: *const iolink_call, error: *mut iolink_error) -> i32,
    >,
}
