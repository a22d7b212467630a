//! Images: described, read, written, lent.

use crate::through::{check, given, through};
use iolink_sdk::abi::*;
use iolink_sdk::Kind::Image;
use iolink_sdk::{fail, hosting, DataType, View};
use std::mem::{size_of, MaybeUninit};

type Table = iolink_image_vtable;

/// Fills in shape and data type. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_image_describe(
    view: *const iolink_view,
    out: *mut iolink_image_description,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe { through(view, Image, error, given!(out), |table: Table| table.describe, |f| f(view, out, error)) }
}

/// Lends the samples where they lie; needs MEMORY_ACCESS. The memory stays good, and in place, until the caller gives
/// it to `iolink_memory_release`, even when the view has gone. Nothing orders what several threads read and write
/// there.
#[no_mangle]
pub unsafe extern "C" fn iolink_image_get_memory(
    view: *const iolink_view,
    out: *mut iolink_memory,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe { through(view, Image, error, given!(out), |table: Table| table.memory, |f| f(view, out, error)) }
}

/// Copies the samples of a region into the caller's block, in native byte order; needs READ. `call` may be NULL: nobody
/// listens to progress. From any thread.
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
        through(view, Image, error, &[], |table: Table| table.read_region, |f| f(view, region, block, call, error))
    }
}

/// Copies the caller's block into a region; needs WRITE. `call` may be NULL: nobody listens to progress. From any
/// thread; of two writes to the same samples at once, nothing says which one stays.
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
        through(view, Image, error, &[], |table: Table| table.write_region, |f| f(view, region, block, call, error))
    }
}

/// Rejects a block of another data type than the image's: a view from a library comes as it is, and one that does not compare
/// would copy samples of another size.
unsafe fn fitting(
    view: *const iolink_view,
    region: *const iolink_region,
    block: *const iolink_block,
    error: *mut iolink_error,
) -> i32 {
    hosting::answer(error, || {
        check(given!(region, block))?;
        let mut known = MaybeUninit::<iolink_image_description>::zeroed();
        // SAFETY: everything is the caller's and lives until this returns; the description is ours, and its size is set.
        let (own, wanted) = unsafe {
            let table = hosting::table::<Table>(view, Some(Image))?;
            let Some(describe) = table.describe else { return Ok(()) };
            (*known.as_mut_ptr()).size = size_of::<iolink_image_description>() as u32;
            hosting::call(|error| describe(view, known.as_mut_ptr(), error))?;
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
/// lent.
#[no_mangle]
pub unsafe extern "C" fn iolink_image_reshape(
    view: *mut iolink_view,
    description: *const iolink_image_description,
    error: *mut iolink_error,
) -> i32 {
    let given = given!(description);
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe { through(view, Image, error, given, |table: Table| table.reshape, |f| f(view, description, error)) }
}

/// Fills in axes, calibration and meaning of the values; those of the data type alone where the image has no own. From
/// any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_image_get_properties(
    view: *const iolink_view,
    out: *mut iolink_image_properties,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns. The view is adopted, so that what its maker left out
    // is filled in, and what cannot be is an error.
    hosting::answer(error, || unsafe {
        check(given!(out))?;
        hosting::table::<iolink_view_head>(view, Some(Image))?;
        let image = View::from_borrowed(view.cast_mut())?.into_image()?;
        hosting::check_image(&*image)?;
        hosting::properties(&image.properties(), out)
    })
}

/// Replaces the properties; needs WRITE.
#[no_mangle]
pub unsafe extern "C" fn iolink_image_set_properties(
    view: *mut iolink_view,
    properties: *const iolink_image_properties,
    error: *mut iolink_error,
) -> i32 {
    let given = given!(properties);
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe { through(view, Image, error, given, |table: Table| table.set_properties, |f| f(view, properties, error)) }
}

/// Puts the metadata tree into `sink`, one value a call, parents before children; nothing where there is none.
#[no_mangle]
pub unsafe extern "C" fn iolink_image_get_metadata(
    view: *const iolink_view,
    sink: *const iolink_metadata_sink,
    error: *mut iolink_error,
) -> i32 {
    unsafe extern "C" fn nothing(_: *const iolink_view, _: *const iolink_metadata_sink, _: *mut iolink_error) -> i32 {
        IOLINK_OK
    }
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let own = |table: Table| table.metadata.or(Some(nothing));
        through(view, Image, error, given!(sink), own, |f| f(view, sink, error))
    }
}

/// Replaces the metadata tree by the one that `source` visits; needs WRITE.
#[no_mangle]
pub unsafe extern "C" fn iolink_image_set_metadata(
    view: *mut iolink_view,
    source: *const iolink_metadata_source,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        through(view, Image, error, given!(source), |table: Table| table.set_metadata, |f| f(view, source, error))
    }
}
