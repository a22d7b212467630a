//! Views made of images, and extensions.

use super::{iolink_call, iolink_error, iolink_metadata_sink, iolink_text_sink, iolink_view, iolink_view_base};
use core::ffi::c_void;
use std::os::raw::c_char;

/// Capability of a multi-image: frames can be read.
pub const IOLINK_MULTI_IMAGE_READ: u64 = 1;
/// Capability of a multi-image: frames can be added, replaced and removed.
pub const IOLINK_MULTI_IMAGE_WRITE: u64 = 2;

/// Table of an ordered set of frames that need not be alike. A frame is an image, a pyramid or another set.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_multi_image_vtable {
    /// The common base, `kind` is `IOLINK_KIND_MULTI_IMAGE`.
    pub base: iolink_view_base,
    /// Returns the number of frames.
    pub frame_count: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            out: *mut u64,
            call: *const iolink_call,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// READ: returns one frame, which the caller owns.
    pub frame: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            index: u64,
            call: *const iolink_call,
            out: *mut *mut iolink_view,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// READ: writes the name of a frame, such as `A/1/0`, into the sink; nothing for a frame without a name. NULL: no
    /// frame has a name.
    pub frame_name: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            index: u64,
            sink: *const iolink_text_sink,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// WRITE: inserts a frame at `index` and moves later ones; `index` = frame count appends. `name` is NUL-terminated
    /// UTF-8 or NULL. The callee retains `frame`.
    pub insert: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            index: u64,
            frame: *mut iolink_view,
            name: *const c_char,
            call: *const iolink_call,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// WRITE: replaces a frame and keeps its name. The callee retains `frame`.
    pub replace: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            index: u64,
            frame: *mut iolink_view,
            call: *const iolink_call,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// WRITE: removes a frame.
    pub remove: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            index: u64,
            call: *const iolink_call,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// Writes the metadata tree of the set into the caller's sink. NULL: it is empty.
    pub metadata: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            sink: *const iolink_metadata_sink,
            call: *const iolink_call,
            error: *mut iolink_error,
        ) -> i32,
    >,
}

/// Table of one image at several resolutions. Level 0 is the original; positive levels are coarser.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_lod_image_vtable {
    /// The common base, `kind` is `IOLINK_KIND_LOD_IMAGE`.
    pub base: iolink_view_base,
    /// Returns the finest level (<= 0) and the coarsest level (>= 0).
    pub level_range: Option<unsafe extern "C" fn(view: *const iolink_view, finest: *mut i64, coarsest: *mut i64)>,
    /// Returns one level as an image, which the caller owns.
    pub resolution: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            level: i64,
            call: *const iolink_call,
            out: *mut *mut iolink_view,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// Writes the metadata tree of the pyramid into the caller's sink. NULL: it is empty.
    pub metadata: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            sink: *const iolink_metadata_sink,
            call: *const iolink_call,
            error: *mut iolink_error,
        ) -> i32,
    >,
}

/// Table of a service attached to a view.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_extension_vtable {
    /// The common base, `kind` is `IOLINK_KIND_EXTENSION`.
    pub base: iolink_view_base,
    /// Returns the id of the service: 0x0-0xFFFF are this project's.
    pub id: Option<unsafe extern "C" fn(view: *const iolink_view) -> u64>,
    /// Returns the service's own table, whose layout goes with the id; its functions take `view`. Good while the view
    /// lives.
    pub table: Option<unsafe extern "C" fn(view: *const iolink_view) -> *const c_void>,
}
