//! Making views: in memory, at a target, over the program's own memory, or of other views.

use crate::place::create_at;
use crate::registry::{iolink_registry, with};
use crate::through::{check, given, hand_out};
use iolink_sdk::abi::*;
use iolink_sdk::{fail, host_api, View};
use std::mem::size_of;
use std::ptr::{null, null_mut};

/// Creates a view of any kind: an image whose samples are zero, an empty set of images, a frame of zeros, an empty
/// stream, random access to zeros. If the request has a target, the view is created there, in the format that the
/// target names or its name ends with; `iolink_image_finish` makes it complete. A schema in the request is taken over,
/// also on failure. `call` may be NULL. The caller owns `*out`. Sizes that cannot be had fail with `IOLINK_ERROR_LIMIT`
/// before anything is allocated. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_registry_create_view(
    registry: *mut iolink_registry,
    request: *const iolink_create_request,
    call: *const iolink_call,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: the request is the caller's; it is read first, so that what it hands over is released whatever else is wrong.
    let wanted = unsafe { host_api::create(request) };
    // SAFETY: registry, call and place are the caller's and live until this returns.
    unsafe {
        with(registry, error, |registry| {
            check(given!(out))?;
            let wanted = create_at(wanted?)?;
            hand_out(out, host_api::with_call(call, |call| registry.create_with(wanted, call))?);
            Ok(())
        })
    }
}

/// Makes a view of foreign memory, bytes or record batches without copying them. What the request names is taken over,
/// also on failure: its release function is called once, on any thread, when the memory is not needed any more. `call`
/// may be NULL. The caller owns `*out`. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_registry_adopt(
    registry: *mut iolink_registry,
    request: *const iolink_adopt_request,
    call: *const iolink_call,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: as in `iolink_registry_create_view`.
    let given_over = unsafe { host_api::adopt(request) };
    // SAFETY: registry, call and place are the caller's and live until this returns.
    unsafe {
        with(registry, error, |registry| {
            check(given!(out))?;
            let given_over = given_over?;
            hand_out(out, host_api::with_call(call, |_| registry.adopt(given_over))?);
            Ok(())
        })
    }
}

/// Makes one view into another of the wanted kind and capabilities, by the cheapest way of at most two conversions; a
/// view that has everything that is wanted comes back itself. `view` is lent. `call` may be NULL. The caller owns
/// `*out`. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_registry_convert(
    registry: *mut iolink_registry,
    view: *mut iolink_view,
    request: *const iolink_convert_request,
    call: *const iolink_call,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: registry, view, request, call and place are the caller's and live until this returns.
    unsafe {
        with(registry, error, |registry| {
            check(given!(out))?;
            let (view, wanted) = (View::from_borrowed(view)?, host_api::convert(request)?);
            hand_out(out, host_api::with_call(call, |call| registry.convert_with(view, wanted, call))?);
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
            data_type: wanted.data_type,
            dimension_count: wanted.dimension_count,
            shape: wanted.shape,
            properties,
            ..empty(IOLINK_KIND_IMAGE, 0, null_mut())
        });
    match wanted {
        // SAFETY: as above.
        Some(wanted) => unsafe { iolink_registry_create_view(registry, &wanted, null(), out, error) },
        None => host_api::catch_into(error, || fail!(InvalidArgument, "description is NULL, or does not say its size")),
    }
}

/// Makes an image of the program's own samples without copying them. The memory is taken over, also on failure:
/// `memory->release(memory->owner)` is called once, on any thread, when the samples are not needed any more.
/// `properties` may be NULL. The caller owns `*out`. From any thread.
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
        flags: 0,
        reserved: 0,
    };
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe { iolink_registry_adopt(registry, &request, null(), out, error) }
}

/// Allocates an empty set of images. The caller owns `*out`. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_multi_image_allocate(
    registry: *mut iolink_registry,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe { iolink_registry_create_view(registry, &empty(IOLINK_KIND_MULTI_IMAGE, 0, null_mut()), null(), out, error) }
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
    unsafe { iolink_registry_create_view(registry, &empty(IOLINK_KIND_DATA_FRAME, rows, schema), null(), out, error) }
}

/// Makes a frame of a stream of record batches. `stream` is taken over, also on failure. `call` may be NULL. The caller
/// owns `*out`. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_frame_from_arrow(
    registry: *mut iolink_registry,
    stream: *mut ArrowArrayStream,
    call: *const iolink_call,
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
        flags: 0,
        reserved: 0,
    };
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe { iolink_registry_adopt(registry, &request, call, out, error) }
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
    unsafe {
        iolink_registry_create_view(registry, &empty(IOLINK_KIND_STREAM, capacity, null_mut()), null(), out, error)
    }
}

/// Allocates an empty store in memory. The caller owns `*out`. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_store_allocate(
    registry: *mut iolink_registry,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe { iolink_registry_create_view(registry, &empty(IOLINK_KIND_STORE, 0, null_mut()), null(), out, error) }
}

fn empty(kind: u32, length: u64, schema: *mut ArrowSchema) -> iolink_create_request {
    iolink_create_request {
        size: size_of::<iolink_create_request>() as u32,
        kind,
        data_type: 0,
        dimension_count: 0,
        flags: 0,
        shape: [0; IOLINK_MAX_DIMS],
        properties: null(),
        length,
        schema,
        target: null(),
        metadata: null(),
        tile_shape: [0; IOLINK_MAX_DIMS],
    }
}
