//! Making views: allocated, over the program's own memory, or out of other views.

use crate::registry::{iolink_registry, with};
use crate::through::{check, given, hand_out};
use iolink_sdk::abi::*;
use iolink_sdk::{fail, hosting, View};
use std::mem::size_of;
use std::ptr::{null, null_mut};

/// Creates a view of any kind: an image whose samples are zero, an empty set of images, a frame of zeros, an empty
/// stream, random access to zeros. A schema in the request is taken over, also on failure. The caller owns `*out`.
/// Sizes that cannot be had fail with `IOLINK_ERROR_LIMIT` before anything is allocated. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_registry_create_view(
    registry: *mut iolink_registry,
    request: *const iolink_create_request,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: the request is the caller's; it is read first, so that what it hands over is released whatever else is wrong.
    let wanted = unsafe { hosting::create(request) };
    // SAFETY: registry and place are the caller's and live until this returns.
    unsafe {
        with(registry, error, |registry| {
            check(given!(out))?;
            hand_out(out, registry.create(wanted?)?);
            Ok(())
        })
    }
}

/// Makes a view of foreign memory, bytes or record batches without copying them. What the request names is taken over,
/// also on failure: its release function is called once, on any thread, when nobody needs the memory any more. The
/// caller owns `*out`. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_registry_adopt(
    registry: *mut iolink_registry,
    request: *const iolink_adopt_request,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: as in `iolink_registry_create_view`.
    let given_over = unsafe { hosting::adopt(request) };
    // SAFETY: registry and place are the caller's and live until this returns.
    unsafe {
        with(registry, error, |registry| {
            check(given!(out))?;
            hand_out(out, registry.adopt(given_over?)?);
            Ok(())
        })
    }
}

/// Makes one view into another of the wanted kind and capabilities, by the cheapest way of at most two conversions; a
/// view that has all that is asked for comes back itself. `view` is lent; the caller owns `*out`. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_registry_convert(
    registry: *mut iolink_registry,
    view: *mut iolink_view,
    target: *const iolink_target,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: registry, view, target and place are the caller's and live until this returns.
    unsafe {
        with(registry, error, |registry| {
            check(given!(out))?;
            let made = registry.convert(View::from_borrowed(view)?, hosting::target(target)?)?;
            hand_out(out, made);
            Ok(())
        })
    }
}

/// Allocates an image whose samples are zero. `properties` may be NULL. The caller owns `*out`. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_image_allocate(
    registry: *mut iolink_registry,
    description: *const iolink_image_description,
    properties: *const iolink_image_properties,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: the description is the caller's.
    let wanted = unsafe { description.as_ref() }
        .filter(|wanted| wanted.size as usize >= size_of::<iolink_image_description>())
        .map(|wanted| iolink_create_request {
            size: size_of::<iolink_create_request>() as u32,
            kind: IOLINK_KIND_IMAGE,
            data_type: wanted.data_type,
            dimension_count: wanted.dimension_count,
            reserved: 0,
            shape: wanted.shape,
            properties,
            length: 0,
            schema: null_mut(),
        });
    match wanted {
        // SAFETY: as above.
        Some(wanted) => unsafe { iolink_registry_create_view(registry, &wanted, out, error) },
        None => hosting::answer(error, || fail!(InvalidArgument, "description is NULL, or does not say its size")),
    }
}

/// Makes an image of the program's own samples without copying them. The memory is taken over, also on failure:
/// `memory->release(memory->owner)` is called once, on any thread, when nobody needs the samples any more. `properties`
/// may be NULL. The caller owns `*out`. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_image_wrap(
    registry: *mut iolink_registry,
    memory: *mut iolink_memory,
    properties: *const iolink_image_properties,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    let request = iolink_adopt_request {
        size: size_of::<iolink_adopt_request>() as u32,
        kind: IOLINK_KIND_IMAGE,
        memory,
        properties,
        bytes: null_mut(),
        stream: null_mut(),
    };
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe { iolink_registry_adopt(registry, &request, out, error) }
}

/// Allocates an empty set of images. The caller owns `*out`. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_multi_image_allocate(
    registry: *mut iolink_registry,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe { iolink_registry_create_view(registry, &empty(IOLINK_KIND_MULTI_IMAGE, 0, null_mut()), out, error) }
}

/// Allocates a frame of `rows` rows of 0, false and "". `schema`, a struct type with one child for each column, is
/// taken over, also on failure. The caller owns `*out`. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_frame_allocate(
    registry: *mut iolink_registry,
    schema: *mut ArrowSchema,
    rows: u64,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe { iolink_registry_create_view(registry, &empty(IOLINK_KIND_DATA_FRAME, rows, schema), out, error) }
}

/// Makes a frame of a stream of record batches. `stream` is taken over, also on failure. The caller owns `*out`. From
/// any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_frame_from_arrow(
    registry: *mut iolink_registry,
    stream: *mut ArrowArrayStream,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    let request = iolink_adopt_request {
        size: size_of::<iolink_adopt_request>() as u32,
        kind: IOLINK_KIND_DATA_FRAME,
        memory: null_mut(),
        properties: null(),
        bytes: null_mut(),
        stream,
    };
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe { iolink_registry_adopt(registry, &request, out, error) }
}

/// Allocates an empty stream in memory, which grows. The caller owns `*out`. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_stream_allocate(
    registry: *mut iolink_registry,
    capacity: u64,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe { iolink_registry_create_view(registry, &empty(IOLINK_KIND_STREAM, capacity, null_mut()), out, error) }
}

fn empty(kind: u32, length: u64, schema: *mut ArrowSchema) -> iolink_create_request {
    iolink_create_request {
        size: size_of::<iolink_create_request>() as u32,
        kind,
        data_type: 0,
        dimension_count: 0,
        reserved: 0,
        shape: [0; IOLINK_MAX_DIMS],
        properties: null(),
        length,
        schema,
    }
}
