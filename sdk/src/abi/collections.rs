//! Views made of images, and extensions.

use super::{iolink_error, iolink_text_sink, iolink_view, iolink_view_head};
use core::ffi::c_void;
use std::os::raw::c_char;

/// Capability of a multi-image: frames can be taken.
pub const IOLINK_MULTI_IMAGE_READ: u64 = 1;
/// Capability of a multi-image: frames can be added, replaced and removed.
pub const IOLINK_MULTI_IMAGE_WRITE: u64 = 2;

/// Extension id: what lies beside the bytes; its table is `iolink_neighbours`.
pub const IOLINK_EXTENSION_NEIGHBOURS: u64 = 4;

/// Table of an ordered set of images that need not be alike.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_multi_image_vtable {
    /// The common head, `kind` is `IOLINK_KIND_MULTI_IMAGE`.
    pub head: iolink_view_head,
    /// How many frames.
    pub frame_count: Option<unsafe extern "C" fn(view: *const iolink_view) -> u64>,
    /// READ: one frame, which the caller owns.
    pub frame: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            index: u64,
            out: *mut *mut iolink_view,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// WRITE: puts a frame at `index`, moving later ones; `index` = frame count appends. The callee retains `frame`.
    pub insert: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            index: u64,
            frame: *mut iolink_view,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// WRITE: replaces a frame. The callee retains `frame`.
    pub replace: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            index: u64,
            frame: *mut iolink_view,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// WRITE: takes a frame out.
    pub remove: Option<unsafe extern "C" fn(view: *const iolink_view, index: u64, error: *mut iolink_error) -> i32>,
}

/// Table of one image at several resolutions. Level 0 is the original; positive levels are coarser.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_lod_image_vtable {
    /// The common head, `kind` is `IOLINK_KIND_LOD_IMAGE`.
    pub head: iolink_view_head,
    /// Finest level (<= 0) and coarsest level (>= 0).
    pub level_range: Option<unsafe extern "C" fn(view: *const iolink_view, finest: *mut i64, coarsest: *mut i64)>,
    /// One level as an image, which the caller owns.
    pub resolution: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            level: i64,
            out: *mut *mut iolink_view,
            error: *mut iolink_error,
        ) -> i32,
    >,
}

/// Table of a service attached to a view.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_extension_vtable {
    /// The common head, `kind` is `IOLINK_KIND_EXTENSION`.
    pub head: iolink_view_head,
    /// Which service: 0x0-0xFFFF are this project's.
    pub id: Option<unsafe extern "C" fn(view: *const iolink_view) -> u64>,
    /// The service's own table, by agreement of those who know the id; its functions take `view`. Good while the view
    /// lives.
    pub table: Option<unsafe extern "C" fn(view: *const iolink_view) -> *const c_void>,
}

/// Table of the service by which a format in several files finds the others: an extension of random access.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_neighbours {
    /// Size of this struct.
    pub size: u32,
    /// Zero.
    pub reserved: u32,
    /// The bytes of a neighbour by its name (`brain.img` beside `brain.hdr`), as random access that the caller owns. Names
    /// are NUL-terminated UTF-8 with `/` between folders; one that leads out of the source's own folder is refused.
    pub open: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            name: *const c_char,
            out: *mut *mut iolink_view,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// What lies beside the bytes, the source itself among it: one call of the sink for each name.
    pub names: Option<
        unsafe extern "C" fn(view: *const iolink_view, sink: *const iolink_text_sink, error: *mut iolink_error) -> i32,
    >,
}
