//! The one object, its common head, errors, and the small callbacks every table shares.

use core::ffi::c_void;
use std::os::raw::c_char;

/// Major version of the plugin ABI; 0 until it is frozen. A host refuses a plugin of another major.
pub const IOLINK_ABI_MAJOR: u32 = 0;
/// Minor version of the plugin ABI. With major 0 it is the number of the draft, and a host refuses a plugin of another
/// draft. From 1.0 on it grows when a field is appended, and a host takes every minor.
pub const IOLINK_ABI_MINOR: u32 = 2;
/// First word of every live view (`"IOLVIEW1"` in memory order on little-endian machines).
pub const IOLINK_VIEW_MAGIC: u64 = 0x3157_4549_564C_4F49;
/// First word of a view whose last reference is gone.
pub const IOLINK_VIEW_DEAD: u64 = 0x4445_4144_564C_4F49;
/// Maximum number of axes of an image.
pub const IOLINK_MAX_DIMS: usize = 8;

/// Success.
pub const IOLINK_OK: i32 = 0;
/// An argument has a value that the function cannot take.
pub const IOLINK_ERROR_INVALID_ARGUMENT: i32 = 1;
/// The view lacks the capability, or the provider does not offer this.
pub const IOLINK_ERROR_NOT_IMPLEMENTED: i32 = 2;
/// An index, region, level or path lies outside what is there.
pub const IOLINK_ERROR_OUT_OF_RANGE: i32 = 3;
/// A data type is not the one needed.
pub const IOLINK_ERROR_TYPE: i32 = 4;
/// The operating system refused; `code` holds its error number.
pub const IOLINK_ERROR_IO: i32 = 5;
/// No such file, key or provider.
pub const IOLINK_ERROR_NOT_FOUND: i32 = 6;
/// The data is not of a format that the provider reads.
pub const IOLINK_ERROR_UNSUPPORTED: i32 = 7;
/// The data is damaged or contradicts itself.
pub const IOLINK_ERROR_CORRUPT: i32 = 8;
/// Another owner still holds the memory that would have to move or be freed.
pub const IOLINK_ERROR_BUSY: i32 = 9;
/// The caller asked to stop.
pub const IOLINK_ERROR_CANCELLED: i32 = 10;
/// A size is over the limit, or over what can be addressed.
pub const IOLINK_ERROR_LIMIT: i32 = 11;
/// The object was closed.
pub const IOLINK_ERROR_CLOSED: i32 = 12;
/// A plugin panicked, or broke a rule of the ABI. An unknown error kind reads as `IOLINK_ERROR_IO`.
pub const IOLINK_ERROR_INTERNAL: i32 = 13;
/// A plugin or file was refused before it ran.
pub const IOLINK_ERROR_REFUSED: i32 = 14;
/// The caller may not do this: a permission or a credential is missing.
pub const IOLINK_ERROR_PERMISSION: i32 = 15;
/// The target exists, and the caller did not ask to overwrite it.
pub const IOLINK_ERROR_EXISTS: i32 = 16;
/// The file or object is not the one that was opened: it changed since.
pub const IOLINK_ERROR_CHANGED: i32 = 17;
/// The deadline of the call has passed.
pub const IOLINK_ERROR_TIMEOUT: i32 = 18;
/// A service or device does not respond; the same call may succeed later.
pub const IOLINK_ERROR_UNAVAILABLE: i32 = 19;

/// Kind of view: an image.
pub const IOLINK_KIND_IMAGE: u32 = 1;
/// Kind of view: an ordered set of images.
pub const IOLINK_KIND_MULTI_IMAGE: u32 = 2;
/// Kind of view: one image at several resolutions.
pub const IOLINK_KIND_LOD_IMAGE: u32 = 3;
/// Kind of view: a table.
pub const IOLINK_KIND_DATA_FRAME: u32 = 4;
/// Kind of view: bytes with a cursor.
pub const IOLINK_KIND_STREAM: u32 = 5;
/// Kind of view: bytes at an offset.
pub const IOLINK_KIND_RANDOM_ACCESS: u32 = 6;
/// Kind of view: a service attached to another view.
pub const IOLINK_KIND_EXTENSION: u32 = 7;
/// Kind of view: values under keys, such as the files of a folder.
pub const IOLINK_KIND_STORE: u32 = 8;

/// Flag of a table: every function may be called from several threads at once.
pub const IOLINK_VIEW_FLAG_THREAD_SAFE: u64 = 1;

/// Flags of a request that a callee must understand, or reject with `IOLINK_ERROR_NOT_IMPLEMENTED`: bits 0 to 15. The
/// other bits are hints, which a callee may ignore.
pub const IOLINK_REQUIRED_FLAGS: u32 = 0xFFFF;

/// What went wrong. The caller brings it, zeroed but for `size`; NULL where the caller does not care.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_error {
    /// Size of this struct.
    pub size: u32,
    /// `IOLINK_ERROR_*`, the same as the function's result.
    pub kind: i32,
    /// The operating system's error number, or 0.
    pub code: i32,
    /// Zero.
    pub reserved: u32,
    /// Id of the provider that refused, NUL-terminated UTF-8, possibly empty.
    pub provider: [c_char; 64],
    /// What was wrong, what was expected, what to do. NUL-terminated UTF-8.
    pub message: [c_char; 1008],
}

/// Every view of every kind. `vtable` points to the base that starts the kind's own table.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_view {
    /// [`IOLINK_VIEW_MAGIC`] while the view lives; the last release clears it first.
    pub magic: u64,
    /// The functions; constant for the view's life.
    pub vtable: *const iolink_view_base,
    /// The maker's own data.
    pub self_: *mut c_void,
}

/// The start of every table. It never grows: the kind's own functions follow it.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_view_base {
    /// Size of the whole table, the kind's own part included.
    pub size: u32,
    /// `IOLINK_KIND_*`.
    pub kind: u32,
    /// `IOLINK_VIEW_FLAG_*`.
    pub flags: u64,
    /// An address by which a maker recognises its own views; may be NULL.
    pub maker: *const c_void,
    /// Adds a reference. From any thread.
    pub retain: Option<unsafe extern "C" fn(view: *mut iolink_view)>,
    /// Drops a reference; the last one frees the view. From any thread; the caller holds no lock of its own.
    pub release: Option<unsafe extern "C" fn(view: *mut iolink_view)>,
    /// Returns the kind's capability bits; constant for the view's life.
    pub capabilities: Option<unsafe extern "C" fn(view: *const iolink_view) -> u64>,
    /// Returns a service by its id, as an extension view that the caller owns; `IOLINK_ERROR_NOT_FOUND` if there is
    /// none.
    pub extension: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            id: u64,
            call: *const iolink_call,
            out: *mut *mut iolink_view,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// NULL. A later version may give them a meaning, announced by a flag.
    pub reserved: [Option<unsafe extern "C" fn()>; 3],
}

/// Receives strings from the callee. A string is not NUL-terminated and is gone when `write` returns.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_text_sink {
    /// Size of this struct.
    pub size: u32,
    /// Zero.
    pub reserved: u32,
    /// Passed to `write`.
    pub context: *mut c_void,
    /// Receives one string of UTF-8.
    pub write: Option<unsafe extern "C" fn(context: *mut c_void, text: *const c_char, length: usize)>,
}

/// The context of one call: who listens to its progress, when it must end, how many threads it may use. The callee may
/// use it until its function returns, and not after that. NULL: silent, without a deadline, threads as the callee
/// decides.
#[repr(C)]
#[derive(Clone, Copy)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_call {
    /// Size of this struct.
    pub size: u32,
    /// Zero. Bits 0 to 15 are understood or rejected with `IOLINK_ERROR_NOT_IMPLEMENTED`, the others are hints.
    pub flags: u32,
    /// Passed to `progress`.
    pub context: *mut c_void,
    /// Receives the bytes (or steps) done and to be done, from any thread; a result other than 0 asks the callee to
    /// stop with `IOLINK_ERROR_CANCELLED`. NULL: no listener.
    pub progress: Option<unsafe extern "C" fn(context: *mut c_void, done: u64, total: u64) -> i32>,
    /// The time on `CLOCK_MONOTONIC`, in nanoseconds, after which the callee stops with `IOLINK_ERROR_TIMEOUT`; 0:
    /// none.
    pub deadline_ns: u64,
    /// Maximum number of threads that work on the call; 0: the callee decides, 1: the calling thread alone.
    pub max_threads: u32,
    /// Zero.
    pub reserved: u32,
}

// SAFETY: a table is immutable data; its flags say which threads may call its functions.
unsafe impl Send for iolink_view_base {}
// SAFETY: as above.
unsafe impl Sync for iolink_view_base {}
