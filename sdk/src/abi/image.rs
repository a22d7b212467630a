//! Images: description, memory, regions, properties and metadata.

use super::{iolink_call, iolink_error, iolink_view, iolink_view_head};
use core::ffi::c_void;
use std::os::raw::c_char;

/// Capability of an image: regions can be read.
pub const IOLINK_IMAGE_READ: u64 = 1;
/// Capability of an image: regions can be written.
pub const IOLINK_IMAGE_WRITE: u64 = 2;
/// Capability of an image: its samples lie in memory and can be shared.
pub const IOLINK_IMAGE_MEMORY_ACCESS: u64 = 4;
/// Capability of an image: shape and data type can be changed.
pub const IOLINK_IMAGE_RESHAPE: u64 = 8;

/// Byte order of samples: least significant byte first.
pub const IOLINK_LITTLE_ENDIAN: u32 = 1;
/// Byte order of samples: most significant byte first.
pub const IOLINK_BIG_ENDIAN: u32 = 2;

/// Flag of a memory description: the memory may be written.
pub const IOLINK_MEMORY_WRITABLE: u32 = 1;

/// Axis of an image that nothing names.
pub const IOLINK_AXIS_UNKNOWN: u8 = 255;
/// Axis of an image: along a row, pixel by pixel.
pub const IOLINK_AXIS_COLUMN: u8 = 0;
/// Axis of an image: from row to row.
pub const IOLINK_AXIS_ROW: u8 = 1;
/// Axis of an image: from slice to slice.
pub const IOLINK_AXIS_SLICE: u8 = 2;
/// Axis of an image: from channel to channel.
pub const IOLINK_AXIS_CHANNEL: u8 = 3;
/// Axis of an image: from one point in time to the next.
pub const IOLINK_AXIS_SEQUENCE: u8 = 4;

/// Shape and sample type. Axes in canonical order, COLUMN first.
#[repr(C)]
#[derive(Clone, Copy)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_image_description {
    /// Size of this struct.
    pub size: u32,
    /// How many axes; at most `IOLINK_MAX_DIMS`; 0 is a single sample.
    pub dimension_count: u32,
    /// Packed data type id, see `docs/spec/data-types.md`.
    pub data_type: u64,
    /// Samples along each axis.
    pub shape: [u64; 8],
}

/// Samples in memory, lent until `release` is called. The memory stays good and in place until then.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_memory {
    /// Size of this struct.
    pub size: u32,
    /// How many axes.
    pub dimension_count: u32,
    /// Packed data type id.
    pub data_type: u64,
    /// `IOLINK_LITTLE_ENDIAN` or `IOLINK_BIG_ENDIAN`; of each component.
    pub byte_order: u32,
    /// `IOLINK_MEMORY_*`.
    pub flags: u32,
    /// First sample: the one at index 0 of every axis. May be unaligned.
    pub data: *mut c_void,
    /// Samples along each axis.
    pub shape: [u64; 8],
    /// Bytes from one sample to the next along each axis; may be negative or zero.
    pub byte_strides: [i64; 8],
    /// Whoever keeps the memory in place.
    pub owner: *mut c_void,
    /// Ends the loan; called exactly once, on any thread, with no lock of the caller's held. NULL: nothing to do.
    pub release: Option<unsafe extern "C" fn(owner: *mut c_void)>,
}

/// A box of samples, in canonical axis order.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_region {
    /// Size of this struct.
    pub size: u32,
    /// How many axes; the view's.
    pub dimension_count: u32,
    /// Lowest index along each axis.
    pub origin: [u64; 8],
    /// Samples along each axis.
    pub extent: [u64; 8],
}

/// The caller's memory for a region, samples in native byte order and of the view's own data type.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_block {
    /// Size of this struct.
    pub size: u32,
    /// How many axes; the region's.
    pub dimension_count: u32,
    /// Packed data type id; a view refuses a block of another type than its own.
    pub data_type: u64,
    /// First sample.
    pub data: *mut c_void,
    /// Bytes from one sample to the next along each axis.
    pub byte_strides: [i64; 8],
}

/// What is known of an image beyond its samples. Plain data, copied whole; text is NUL-terminated UTF-8.
#[repr(C)]
#[derive(Clone, Copy)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_image_properties {
    /// Size of this struct.
    pub size: u32,
    /// How many axes the arrays below describe.
    pub dimension_count: u32,
    /// What the whole shape means: number of an `AxesInterpretationId`, 0 is UNKNOWN.
    pub axes_interpretation: u32,
    /// What the values mean: number of an `ImageInterpretation`, 0 is UNKNOWN.
    pub image_interpretation: u32,
    /// What each axis is, `IOLINK_AXIS_*`.
    pub axes: [u8; 8],
    /// Distance between samples along each axis, in that axis's unit; 1 where unknown.
    pub spacing: [f64; 8],
    /// Position of index 0 along each axis, in that axis's unit; 0 where unknown.
    pub origin: [f64; 8],
    /// Unit of each axis, "" where unknown.
    pub units: [[c_char; 32]; 8],
    /// Column, row and slice direction in space: three unit vectors of three numbers.
    pub direction: [f64; 9],
    /// The quantity is `stored * scale_slope + scale_intercept`; 1 and 0 where samples are the quantity.
    pub scale_slope: f64,
    /// See `scale_slope`.
    pub scale_intercept: f64,
    /// Unit of the quantity, "" where unknown.
    pub value_unit: [c_char; 32],
}

/// Takes a metadata tree from the callee, one value a call, parents before children.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_metadata_sink {
    /// Size of this struct.
    pub size: u32,
    /// Handed to `put`.
    pub context: *mut c_void,
    /// `path` is NUL-terminated UTF-8, `/key/key`; `count` values of `data_type` in native byte order at `data`, or for
    /// a string type `count` bytes of UTF-8. A node without a value has count 0 and the type UNKNOWN. 0 goes on.
    pub put: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            path: *const c_char,
            data_type: u64,
            count: u64,
            data: *const c_void,
        ) -> i32,
    >,
}

/// Gives a metadata tree to the callee, which brings the sink.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_metadata_source {
    /// Size of this struct.
    pub size: u32,
    /// Handed to `visit`.
    pub context: *mut c_void,
    /// Puts every value into `sink`.
    pub visit: Option<unsafe extern "C" fn(context: *mut c_void, sink: *const iolink_metadata_sink)>,
}

/// Table of an image. A function whose capability is absent may be NULL.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_image_vtable {
    /// The common head, `kind` is `IOLINK_KIND_IMAGE`.
    pub head: iolink_view_head,
    /// Shape and data type.
    pub describe: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            out: *mut iolink_image_description,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// MEMORY_ACCESS: lends the memory; the caller calls `out->release(out->owner)` once.
    pub memory: Option<
        unsafe extern "C" fn(view: *const iolink_view, out: *mut iolink_memory, error: *mut iolink_error) -> i32,
    >,
    /// READ: copies the samples of a region into the caller's block.
    pub read_region: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            region: *const iolink_region,
            block: *const iolink_block,
            call: *const iolink_call,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// WRITE: copies the caller's block into a region.
    pub write_region: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            region: *const iolink_region,
            block: *const iolink_block,
            call: *const iolink_call,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// RESHAPE: another shape and data type; the samples start at zero. `IOLINK_ERROR_BUSY` while memory is lent.
    pub reshape: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            description: *const iolink_image_description,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// Fills the caller's struct. NULL: the properties are those of the data type alone.
    pub properties: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            out: *mut iolink_image_properties,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// WRITE: replaces the properties.
    pub set_properties: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            properties: *const iolink_image_properties,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// Puts the metadata tree into the caller's sink. NULL: there is none.
    pub metadata: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            sink: *const iolink_metadata_sink,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// WRITE: replaces the metadata tree by the one that `source` visits.
    pub set_metadata: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            source: *const iolink_metadata_source,
            error: *mut iolink_error,
        ) -> i32,
    >,
}
