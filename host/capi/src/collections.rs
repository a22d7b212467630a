//! Sets of images, and pyramids.

use crate::metadata::no_metadata;
use crate::through::{given, part_through, through};
use iolink_sdk::abi::*;
use iolink_sdk::Kind::{LodImage, MultiImage};
use std::ffi::c_char;
use std::ptr::null;

type Set = iolink_multi_image_vtable;
type Pyramid = iolink_lod_image_vtable;

/// Returns the number of frames. `call` may be NULL. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_multi_image_get_frame_count(
    view: *const iolink_view,
    call: *const iolink_call,
    out: *mut u64,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let pick = |table: Set| table.frame_count;
        through(view, MultiImage, call, error, given!(out), pick, |f| f(view, out, call, error))
    }
}

/// Returns one frame: an image, a pyramid or a set, ask `iolink_view_get_kind`. Needs READ. `call` may be NULL. The
/// caller owns `*out`. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_multi_image_get_frame(
    view: *const iolink_view,
    index: u64,
    call: *const iolink_call,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let pick = |table: Set| table.frame;
        part_through(view, MultiImage, call, out, error, pick, |f| f(view, index, call, out, error))
    }
}

/// Writes the name of a frame, such as `A/1/0`, into `sink`; nothing for a frame without a name. Needs READ. From any
/// thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_multi_image_get_frame_name(
    view: *const iolink_view,
    index: u64,
    sink: *const iolink_text_sink,
    error: *mut iolink_error,
) -> i32 {
    unsafe extern "C" fn no_name(
        _: *const iolink_view,
        _: u64,
        _: *const iolink_text_sink,
        _: *mut iolink_error,
    ) -> i32 {
        IOLINK_OK
    }
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let pick = |table: Set| table.frame_name.or(Some(no_name));
        through(view, MultiImage, null(), error, given!(sink), pick, |f| f(view, index, sink, error))
    }
}

/// Inserts a frame at `index` and moves later ones; the frame count appends. `frame` is an image, a pyramid or a set.
/// `name` may be NULL: the frame has no name. Needs WRITE. `call` may be NULL. The set takes a reference of its own.
#[no_mangle]
pub unsafe extern "C" fn iolink_multi_image_insert_frame(
    view: *mut iolink_view,
    index: u64,
    frame: *mut iolink_view,
    name: *const c_char,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    let given = given!(frame);
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let pick = |table: Set| table.insert;
        through(view, MultiImage, call, error, given, pick, |f| f(view, index, frame, name, call, error))
    }
}

/// Replaces a frame and keeps its name; needs WRITE. `call` may be NULL. The set takes a reference of its own.
#[no_mangle]
pub unsafe extern "C" fn iolink_multi_image_replace_frame(
    view: *mut iolink_view,
    index: u64,
    frame: *mut iolink_view,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    let given = given!(frame);
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let pick = |table: Set| table.replace;
        through(view, MultiImage, call, error, given, pick, |f| f(view, index, frame, call, error))
    }
}

/// Removes a frame; needs WRITE. `call` may be NULL.
#[no_mangle]
pub unsafe extern "C" fn iolink_multi_image_remove_frame(
    view: *mut iolink_view,
    index: u64,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let pick = |table: Set| table.remove;
        through(view, MultiImage, call, error, &[], pick, |f| f(view, index, call, error))
    }
}

/// Writes the metadata tree of the set into `sink`, one value a call, parents before children; nothing if there is
/// none. `call` may be NULL.
#[no_mangle]
pub unsafe extern "C" fn iolink_multi_image_get_metadata(
    view: *const iolink_view,
    sink: *const iolink_metadata_sink,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let pick = |table: Set| table.metadata.or(Some(no_metadata));
        through(view, MultiImage, call, error, given!(sink), pick, |f| f(view, sink, call, error))
    }
}

/// Returns the finest level (0 or below) and the coarsest one (0 or above). From any thread.
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
        through(view, LodImage, null(), error, given!(finest, coarsest), |table: Pyramid| table.level_range, fill)
    }
}

/// Returns one level as an image. `call` may be NULL. The caller owns `*out`. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_lod_image_get_resolution(
    view: *const iolink_view,
    level: i64,
    call: *const iolink_call,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let pick = |table: Pyramid| table.resolution;
        part_through(view, LodImage, call, out, error, pick, |f| f(view, level, call, out, error))
    }
}

/// Writes the metadata tree of the pyramid into `sink`, one value a call, parents before children; nothing if there is
/// none. `call` may be NULL.
#[no_mangle]
pub unsafe extern "C" fn iolink_lod_image_get_metadata(
    view: *const iolink_view,
    sink: *const iolink_metadata_sink,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let pick = |table: Pyramid| table.metadata.or(Some(no_metadata));
        through(view, LodImage, call, error, given!(sink), pick, |f| f(view, sink, call, error))
    }
}
