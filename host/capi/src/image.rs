//! Images: shape, memory, regions, properties, metadata, channels.

use crate::metadata::no_metadata;
use crate::through::{check, check_call, check_list, given, through};
use iolink_sdk::abi::*;
use iolink_sdk::Kind::Image;
use iolink_sdk::{fail, host_api, DataType, View};
use std::mem::{size_of, MaybeUninit};
use std::ptr::null;

type Table = iolink_image_vtable;

/// Returns shape and data type. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_image_describe(
    view: *const iolink_view,
    out: *mut iolink_image_description,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe { through(view, Image, null(), error, given!(out), |table: Table| table.describe, |f| f(view, out, error)) }
}

/// Lends the samples where they lie; needs MEMORY_ACCESS. The memory stays good, and in place, until the caller gives
/// it to `iolink_memory_release`, even when the view has gone. Nothing orders what several threads read and write
/// there. `call` may be NULL.
#[no_mangle]
pub unsafe extern "C" fn iolink_image_get_memory(
    view: *const iolink_view,
    call: *const iolink_call,
    out: *mut iolink_memory,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        through(view, Image, call, error, given!(out), |table: Table| table.memory, |f| f(view, call, out, error))
    }
}

/// Copies the samples of a region into the caller's block, in native byte order; needs READ. `call` may be NULL. From
/// any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_image_read_region(
    view: *const iolink_view,
    region: *const iolink_region,
    block: *const iolink_block,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let judged = fitting(view, region, block, error);
        if judged != IOLINK_OK {
            return judged;
        }
        let pick = |table: Table| table.read_region;
        through(view, Image, call, error, &[], pick, |f| f(view, region, block, call, error))
    }
}

/// Copies the caller's block into a region; needs WRITE. `call` may be NULL. From any thread; of two writes to the same
/// samples at once, nothing says which one stays.
#[no_mangle]
pub unsafe extern "C" fn iolink_image_write_region(
    view: *const iolink_view,
    region: *const iolink_region,
    block: *const iolink_block,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let judged = fitting(view, region, block, error);
        if judged != IOLINK_OK {
            return judged;
        }
        let pick = |table: Table| table.write_region;
        through(view, Image, call, error, &[], pick, |f| f(view, region, block, call, error))
    }
}

/// Rejects a block of another data type than the image's: a view from a library comes as it is, and one that does not
/// compare would copy samples of another size.
unsafe fn fitting(
    view: *const iolink_view,
    region: *const iolink_region,
    block: *const iolink_block,
    error: *mut iolink_error,
) -> i32 {
    host_api::catch_into(error, || {
        check(given!(region, block))?;
        let mut known = MaybeUninit::<iolink_image_description>::zeroed();
        // SAFETY: everything is the caller's and lives until this returns; the description is ours, and its size is set.
        let (own, wanted) = unsafe {
            let table = host_api::table::<Table>(view, Some(Image))?;
            let Some(describe) = table.describe else { return Ok(()) };
            (*known.as_mut_ptr()).size = size_of::<iolink_image_description>() as u32;
            host_api::call(|error| describe(view, known.as_mut_ptr(), error))?;
            ((*known.as_ptr()).data_type, (*block).data_type)
        };
        if own != wanted {
            let (own, wanted) = (DataType::from_id(own)?, DataType::from_id(wanted)?);
            fail!(Type, "a block of type {wanted} does not fit an image of type {own}");
        }
        Ok(())
    })
}

/// Gives the image another shape and data type, its samples zero; needs RESHAPE. `IOLINK_ERROR_BUSY` while memory is
/// lent. `call` may be NULL.
#[no_mangle]
pub unsafe extern "C" fn iolink_image_reshape(
    view: *mut iolink_view,
    description: *const iolink_image_description,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    let given = given!(description);
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let pick = |table: Table| table.reshape;
        through(view, Image, call, error, given, pick, |f| f(view, description, call, error))
    }
}

/// Returns axes, calibration and meaning of the values; those of the data type alone if the image has no own. From any
/// thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_image_get_properties(
    view: *const iolink_view,
    out: *mut iolink_image_properties,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns. The view is adopted, so that what its maker left out
    // is filled in, and what cannot be is an error.
    host_api::catch_into(error, || unsafe {
        check(given!(out))?;
        host_api::table::<iolink_view_base>(view, Some(Image))?;
        let image = View::from_borrowed(view.cast_mut())?.into_image()?;
        host_api::check_image(&*image)?;
        host_api::properties(&image.properties(), out)
    })
}

/// Replaces the properties; needs WRITE. `call` may be NULL.
#[no_mangle]
pub unsafe extern "C" fn iolink_image_set_properties(
    view: *mut iolink_view,
    properties: *const iolink_image_properties,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    let given = given!(properties);
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let pick = |table: Table| table.set_properties;
        through(view, Image, call, error, given, pick, |f| f(view, properties, call, error))
    }
}

/// Writes the metadata tree into `sink`, one value a call, parents before children; nothing if there is none. `call`
/// may be NULL.
#[no_mangle]
pub unsafe extern "C" fn iolink_image_get_metadata(
    view: *const iolink_view,
    sink: *const iolink_metadata_sink,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let pick = |table: Table| table.metadata.or(Some(no_metadata));
        through(view, Image, call, error, given!(sink), pick, |f| f(view, sink, call, error))
    }
}

/// Replaces the metadata tree by the one that `source` visits; needs WRITE. `call` may be NULL.
#[no_mangle]
pub unsafe extern "C" fn iolink_image_set_metadata(
    view: *mut iolink_view,
    source: *const iolink_metadata_source,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    let given = given!(source);
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let pick = |table: Table| table.set_metadata;
        through(view, Image, call, error, given, pick, |f| f(view, source, call, error))
    }
}

/// Writes the channels into `sink`, one for each index along the CHANNEL axis, in order; nothing if nothing is known of
/// them. `call` may be NULL.
#[no_mangle]
pub unsafe extern "C" fn iolink_image_get_channels(
    view: *const iolink_view,
    sink: *const iolink_channel_sink,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    unsafe extern "C" fn no_channels(
        _: *const iolink_view,
        _: *const iolink_channel_sink,
        _: *const iolink_call,
        _: *mut iolink_error,
    ) -> i32 {
        IOLINK_OK
    }
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let pick = |table: Table| table.channels.or(Some(no_channels));
        through(view, Image, call, error, given!(sink), pick, |f| f(view, sink, call, error))
    }
}

/// Replaces the channels by `count` others; 0 removes them, and `channels` may be NULL then. Needs WRITE. `call` may be
/// NULL.
#[no_mangle]
pub unsafe extern "C" fn iolink_image_set_channels(
    view: *mut iolink_view,
    channels: *const *const iolink_channel,
    count: u64,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    let given = [("channels", count > 0 && channels.is_null())];
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let pick = |table: Table| table.set_channels;
        through(view, Image, call, error, &given, pick, |f| f(view, channels, count, call, error))
    }
}

/// Copies the coordinates of axis number `dimension`, one for each index, into `out`, which has room for `count`
/// numbers: the size of that axis. `IOLINK_ERROR_NOT_FOUND` for an even axis. `call` may be NULL.
#[no_mangle]
pub unsafe extern "C" fn iolink_image_get_coordinates(
    view: *const iolink_view,
    dimension: u32,
    count: u64,
    call: *const iolink_call,
    out: *mut f64,
    error: *mut iolink_error,
) -> i32 {
    unsafe extern "C" fn even(
        _: *const iolink_view,
        _: u32,
        _: *mut f64,
        _: u64,
        _: *const iolink_call,
        error: *mut iolink_error,
    ) -> i32 {
        host_api::catch_into(error, || fail!(NotFound, "the axis is even: it has no coordinates"))
    }
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let pick = |table: Table| table.coordinates.or(Some(even));
        through(view, Image, call, error, given!(out), pick, |f| f(view, dimension, out, count, call, error))
    }
}

/// Replaces the coordinates of axis number `dimension`; a `count` of 0 removes them, and `coordinates` may be NULL
/// then. Needs WRITE. `call` may be NULL.
#[no_mangle]
pub unsafe extern "C" fn iolink_image_set_coordinates(
    view: *mut iolink_view,
    dimension: u32,
    coordinates: *const f64,
    count: u64,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    let given = [("coordinates", count > 0 && coordinates.is_null())];
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let pick = |table: Table| table.set_coordinates;
        through(view, Image, call, error, &given, pick, |f| f(view, dimension, coordinates, count, call, error))
    }
}

/// Says that these regions are read soon, so that they can be fetched together; it may do nothing. `regions` may be
/// NULL if `count` is 0. `call` may be NULL.
#[no_mangle]
pub unsafe extern "C" fn iolink_image_prefetch(
    view: *const iolink_view,
    regions: *const *const iolink_region,
    count: u64,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    host_api::catch_into(error, || {
        // SAFETY: everything is the caller's and lives until this returns.
        unsafe {
            check_list(regions, count, "regions")?;
            check_call(call)?;
            if let Some(prefetch) = host_api::table::<Table>(view, Some(Image))?.prefetch {
                prefetch(view, regions, count, call);
            }
        }
        Ok(())
    })
}

unsafe extern "C" fn no_flush(_: *const iolink_view, _: *const iolink_call, _: *mut iolink_error) -> i32 {
    IOLINK_OK
}

/// Passes everything written to the file or object. `call` may be NULL.
#[no_mangle]
pub unsafe extern "C" fn iolink_image_flush(
    view: *mut iolink_view,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let pick = |table: Table| table.flush.or(Some(no_flush));
        through(view, Image, call, error, &[], pick, |f| f(view, call, error))
    }
}

/// Ends the writing of an image that was created at a target: `action` is `IOLINK_FINISH_COMMIT` or
/// `IOLINK_FINISH_ABORT`. Later writes and a second finish fail with `IOLINK_ERROR_CLOSED`. An image that was not
/// finished is aborted by its last release. Fails with `IOLINK_ERROR_NOT_IMPLEMENTED` for an image that was not created
/// at a target. `call` may be NULL.
#[no_mangle]
pub unsafe extern "C" fn iolink_image_finish(
    view: *mut iolink_view,
    action: u32,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    unsafe extern "C" fn nothing_to_finish(
        _: *const iolink_view,
        _: u32,
        _: *const iolink_call,
        error: *mut iolink_error,
    ) -> i32 {
        host_api::catch_into(error, || {
            fail!(NotImplemented, "the image was not created at a target, so there is nothing to finish")
        })
    }
    let judged = host_api::catch_into(error, || match action {
        IOLINK_FINISH_COMMIT | IOLINK_FINISH_ABORT => Ok(()),
        _ => fail!(InvalidArgument, "action {action} is neither IOLINK_FINISH_COMMIT nor IOLINK_FINISH_ABORT"),
    });
    if judged != IOLINK_OK {
        return judged;
    }
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let pick = |table: Table| table.finish.or(Some(nothing_to_finish));
        through(view, Image, call, error, &[], pick, |f| f(view, action, call, error))
    }
}
