//! The one object, its common head, errors, and the small callbacks every table shares.

use core::ffi::c_void;
use std::os::raw::c_char;

/// Major version of the border. A plugin of another major is refused.
pub const IOLINK_ABI_MAJOR: u32 = 1;
/// Minor version of the border: grows when something is appended.
pub const IOLINK_ABI_MINOR: u32 = 0;
/// First word of every live view (`"IOLVIEW1"` in memory order on little-endian machines).
pub const IOLINK_VIEW_MAGIC: u64 = 0x3157_4549_564C_4F49;
/// First word of a view whose last reference is gone.
pub const IOLINK_VIEW_DEAD: u64 = 0x4445_4144_564C_4F49;
/// Most axes an image may have at the border.
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
/// Somebody still holds the memory that would have to move or go.
pub const IOLINK_ERROR_BUSY: i32 = 9;
/// The caller asked to stop.
pub const IOLINK_ERROR_CANCELLED: i32 = 10;
/// A size is over the limit, or over what can be addressed.
pub const IOLINK_ERROR_LIMIT: i32 = 11;
/// The object was closed.
pub const IOLINK_ERROR_CLOSED: i32 = 12;
/// A plugin panicked, or broke a rule of the border.
pub const IOLINK_ERROR_INTERNAL: i32 = 13;
/// A plugin or file was refused before it ran.
pub const IOLINK_ERROR_REFUSED: i32 = 14;

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

/// Flag of a table: every function may be called from several threads at once.
pub const IOLINK_FLAG_THREAD_SAFE: u64 = 1;

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

/// Every view of every kind. `vtable` points to the head that starts the kind's own table.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_view {
    /// [`IOLINK_VIEW_MAGIC`] while the view lives; the last release clears it first.
    pub magic: u64,
    /// The functions; constant for the view's life.
    pub vtable: *const iolink_view_head,
    /// The maker's own data.
    pub self_: *mut c_void,
}

/// How every table begins.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_view_head {
    /// Size of the whole table, the kind's own part included.
    pub size: u32,
    /// `IOLINK_KIND_*`.
    pub kind: u32,
    /// `IOLINK_FLAG_*`.
    pub flags: u64,
    /// An address by which a maker knows its own views again; NULL where it does not care.
    pub maker: *const c_void,
    /// Adds a reference. From any thread.
    pub retain: Option<unsafe extern "C" fn(view: *mut iolink_view)>,
    /// Drops a reference; the last one frees the view. From any thread, with no lock of the caller's held.
    pub release: Option<unsafe extern "C" fn(view: *mut iolink_view)>,
    /// The kind's capability bits; constant for the view's life.
    pub capabilities: Option<unsafe extern "C" fn(view: *const iolink_view) -> u64>,
    /// A service by its id, as an extension view that the caller owns; `IOLINK_ERROR_NOT_FOUND` where there is none.
    pub extension: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            id: u64,
            out: *mut *mut iolink_view,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// Where the view came from: the sink gets the URI it was opened by, if it was.
    pub origin: Option<unsafe extern "C" fn(view: *const iolink_view, sink: *const iolink_text_sink)>,
}

/// Takes text from the callee. The text is not NUL-terminated and is gone when `put` returns.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_text_sink {
    /// Size of this struct.
    pub size: u32,
    /// Handed to `put`.
    pub context: *mut c_void,
    /// Gets one piece of UTF-8 text.
    pub put: Option<unsafe extern "C" fn(context: *mut c_void, text: *const c_char, length: usize)>,
}

/// What a long call tells its caller while it runs; NULL where nobody listens.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_call {
    /// Size of this struct.
    pub size: u32,
    /// Handed to `progress`.
    pub context: *mut c_void,
    /// Bytes done and to be done, from any thread; a result other than 0 asks the callee to stop with
    /// `IOLINK_ERROR_CANCELLED`.
    pub progress: Option<unsafe extern "C" fn(context: *mut c_void, done: u64, total: u64) -> i32>,
}

// SAFETY: a table is immutable data; its functions say for themselves which threads may call them.
unsafe impl Send for iolink_view_head {}
// SAFETY: as above.
unsafe impl Sync for iolink_view_head {}
