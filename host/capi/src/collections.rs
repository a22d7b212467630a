//! Sets of images, and pyramids.

use crate::through::{given, part_through, through};
use iolink_sdk::abi::*;
use iolink_sdk::Kind::{LodImage, MultiImage};

type Set = iolink_multi_image_vtable;
type Pyramid = iolink_lod_image_vtable;

/// How many images there are. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_multi_image_get_frame_count(
    view: *const iolink_view,
    out: *mut u64,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let fill = |count: unsafe extern "C" fn(*const iolink_view) -> u64| {
            *out = count(view);
            IOLINK_OK
        };
        through(view, MultiImage, error, given!(out), |table: Set| table.frame_count, fill)
    }
}

/// One image; needs READ. The caller owns `*out`. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_multi_image_get_frame(
    view: *const iolink_view,
    index: u64,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe { part_through(view, MultiImage, out, error, |table: Set| table.frame, |f| f(view, index, out, error)) }
}

/// Puts an image at `index`, moving later ones; the frame count appends. Needs WRITE. The set takes a reference of its
/// own.
#[no_mangle]
pub unsafe extern "C" fn iolink_multi_image_insert_frame(
    view: *mut iolink_view,
    index: u64,
    frame: *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    let given = given!(frame);
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe { through(view, MultiImage, error, given, |table: Set| table.insert, |f| f(view, index, frame, error)) }
}

/// Replaces an image; needs WRITE. The set takes a reference of its own.
#[no_mangle]
pub unsafe extern "C" fn iolink_multi_image_replace_frame(
    view: *mut iolink_view,
    index: u64,
    frame: *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    let given = given!(frame);
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe { through(view, MultiImage, error, given, |table: Set| table.replace, |f| f(view, index, frame, error)) }
}

/// Takes an image out; needs WRITE.
#[no_mangle]
pub unsafe extern "C" fn iolink_multi_image_remove_frame(
    view: *mut iolink_view,
    index: u64,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe { through(view, MultiImage, error, &[], |table: Set| table.remove, |f| f(view, index, error)) }
}

/// The finest level (0 or below) and the coarsest one (0 or above). From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_lod_image_get_level_range(
    view: *const iolink_view,
    finest: *mut i64,
    coarsest: *mut i64,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let fill = |range: unsafe extern "C" fn(*const iolink_view, *mut i64, *mut i64)| {
            range(view, finest, coarsest);
            IOLINK_OK
        };
        through(view, LodImage, error, given!(finest, coarsest), |table: Pyramid| table.level_range, fill)
    }
}

/// One level as an image. The caller owns `*out`. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_lod_image_get_resolution(
    view: *const iolink_view,
    level: i64,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let pick = |table: Pyramid| table.resolution;
        part_through(view, LodImage, out, error, pick, |f| f(view, level, out, error))
    }
}
