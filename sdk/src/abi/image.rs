//! Images: description, memory, regions, properties and metadata.

use super::{iolink_call, iolink_error, iolink_view, iolink_view_base};
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

/// Axis of an image without a name.
pub const IOLINK_AXIS_UNKNOWN: u8 = 0;
/// Axis of an image: along a row, pixel by pixel.
pub const IOLINK_AXIS_COLUMN: u8 = 1;
/// Axis of an image: from row to row.
pub const IOLINK_AXIS_ROW: u8 = 2;
/// Axis of an image: from slice to slice.
pub const IOLINK_AXIS_SLICE: u8 = 3;
/// Axis of an image: from channel to channel.
pub const IOLINK_AXIS_CHANNEL: u8 = 4;
/// Axis of an image: from one point in time to the next.
pub const IOLINK_AXIS_SEQUENCE: u8 = 5;

/// Space of an image's positions and directions: not known.
pub const IOLINK_SPACE_UNKNOWN: u32 = 0;
/// Space of an image's positions and directions: x grows to the patient's left, y to the back, z to the head.
pub const IOLINK_SPACE_LPS: u32 = 1;

/// Device of memory, as DLPack numbers them: not given, which means the host's memory.
pub const IOLINK_DEVICE_NOT_GIVEN: i32 = 0;
/// Device of memory, as DLPack numbers them: the host's memory. A callee rejects a device that it does not know.
pub const IOLINK_DEVICE_CPU: i32 = 1;

/// Ends the writing of an image: makes the file complete and visible under its name.
pub const IOLINK_FINISH_COMMIT: u32 = 1;
/// Ends the writing of an image: removes what was written.
pub const IOLINK_FINISH_ABORT: u32 = 2;

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
    /// The owner that keeps the memory in place.
    pub owner: *mut c_void,
    /// Ends the loan; called exactly once, on any thread, with no lock of the caller's held. NULL: nothing to do.
    pub release: Option<unsafe extern "C" fn(owner: *mut c_void)>,
    /// `IOLINK_DEVICE_*`.
    pub device_type: i32,
    /// Number of the device among those of its type.
    pub device_id: i32,
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
    /// `IOLINK_DEVICE_*`.
    pub device_type: i32,
    /// Number of the device among those of its type.
    pub device_id: i32,
}

/// Axes, calibration and value scale of an image. Plain data, copied whole; strings are NUL-terminated UTF-8. Zero
/// means "not given": an array of spacings, a direction matrix, a slope or a position that is all zero is not given.
#[repr(C)]
#[derive(Clone, Copy)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_image_properties {
    /// Size of this struct.
    pub size: u32,
    /// Number of axes that the arrays below describe.
    pub dimension_count: u32,
    /// Meaning of the whole shape: number of an `AxesInterpretationId`; an unknown number reads as UNKNOWN (0).
    pub axes_interpretation: u32,
    /// Meaning of the values: number of an `ImageInterpretation`; an unknown number reads as UNKNOWN (0).
    pub image_interpretation: u32,
    /// Name of each axis, `IOLINK_AXIS_*`; each name at most once.
    pub axes: [u8; 8],
    /// Distance between samples along each axis, in that axis's unit; 0 if unknown.
    pub spacing: [f64; 8],
    /// Position of index 0 along each axis, in that axis's unit; 0 if unknown.
    pub origin: [f64; 8],
    /// Unit of each axis, "" if unknown.
    pub units: [[c_char; 32]; 8],
    /// Direction of column, row and slice in space: three unit vectors of three numbers; all zero if unknown.
    pub direction: [f64; 9],
    /// The quantity is `stored * scale_slope + scale_intercept`; 0 and 0 if the samples are the quantity.
    pub scale_slope: f64,
    /// See `scale_slope`.
    pub scale_intercept: f64,
    /// Unit of the quantity, "" if unknown.
    pub value_unit: [c_char; 32],
    /// Position in space of the sample at index 0 of every axis, x, y, z, in the unit of the COLUMN axis. It gives a
    /// single slice its place; with COLUMN, ROW and SLICE it equals their origins. All zero if unknown.
    pub position: [f64; 3],
    /// Space of positions and directions, `IOLINK_SPACE_*`.
    pub space: u32,
    /// Zero.
    pub reserved: u32,
}

/// One channel of an image. Zero and NULL mean "not given".
#[repr(C)]
#[derive(Clone, Copy)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_channel {
    /// Size of this struct.
    pub size: u32,
    /// Colour for display: red, green, blue, alpha.
    pub color: [u8; 4],
    /// Name, NUL-terminated UTF-8.
    pub name: *const c_char,
    /// Stored value shown as black; not given if it equals `display_maximum`.
    pub display_minimum: f64,
    /// Stored value shown at full brightness.
    pub display_maximum: f64,
    /// Wavelength of excitation in nm.
    pub excitation_nm: f64,
    /// Wavelength of emission in nm.
    pub emission_nm: f64,
}

/// Receives the channels of an image, one call for each index along the CHANNEL axis, in order.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_channel_sink {
    /// Size of this struct.
    pub size: u32,
    /// Zero.
    pub reserved: u32,
    /// Passed to `write`.
    pub context: *mut c_void,
    /// Receives one channel, lent for the call; a result other than 0 stops the callee with `IOLINK_ERROR_CANCELLED`.
    pub write: Option<unsafe extern "C" fn(context: *mut c_void, channel: *const iolink_channel) -> i32>,
}

/// One value of a metadata tree, lent for the call.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_metadata_value {
    /// Size of this struct.
    pub size: u32,
    /// Number of dimensions of the value: 0 for a single value, 1 for a list, 2 for a matrix.
    pub dimension_count: u32,
    /// Path, `/key/key`, NUL-terminated UTF-8.
    pub path: *const c_char,
    /// Packed data type id; UNKNOWN for a node without a value.
    pub data_type: u64,
    /// Number of values: the product of `shape`, 1 for a single value, 0 for a node without a value.
    pub count: u64,
    /// The values in native byte order, the last dimension fastest; strings lie one behind the other in UTF-8.
    pub data: *const c_void,
    /// Number of bytes at `data`.
    pub length: u64,
    /// Strings: for each value, the offset in `data` behind its last byte. NULL for a single string, which is all of
    /// `data`.
    pub string_ends: *const u64,
    /// Number of values along each dimension, as NumPy orders them.
    pub shape: [u64; 8],
}

/// Receives a metadata tree from the callee, one value a call, parents before children.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_metadata_sink {
    /// Size of this struct.
    pub size: u32,
    /// Zero.
    pub reserved: u32,
    /// Passed to `write`.
    pub context: *mut c_void,
    /// Receives one value; a result other than 0 stops the callee with `IOLINK_ERROR_CANCELLED`.
    pub write: Option<unsafe extern "C" fn(context: *mut c_void, value: *const iolink_metadata_value) -> i32>,
}

/// Passes a metadata tree to the callee, which brings the sink.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_metadata_source {
    /// Size of this struct.
    pub size: u32,
    /// Zero.
    pub reserved: u32,
    /// Passed to `visit`.
    pub context: *mut c_void,
    /// Writes every value into `sink`.
    pub visit: Option<unsafe extern "C" fn(context: *mut c_void, sink: *const iolink_metadata_sink)>,
}

/// Table of an image. A function whose capability is absent may be NULL.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_image_vtable {
    /// The common base, `kind` is `IOLINK_KIND_IMAGE`.
    pub base: iolink_view_base,
    /// Returns shape and data type.
    pub describe: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            out: *mut iolink_image_description,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// MEMORY_ACCESS: lends the memory; the caller calls `out->release(out->owner)` once.
    pub memory: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            call: *const iolink_call,
            out: *mut iolink_memory,
            error: *mut iolink_error,
        ) -> i32,
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
    /// RESHAPE: gives the image another shape and data type; the samples start at zero. `IOLINK_ERROR_BUSY` while
    /// memory is lent.
    pub reshape: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            description: *const iolink_image_description,
            call: *const iolink_call,
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
            call: *const iolink_call,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// Writes the metadata tree into the caller's sink. NULL: it is empty.
    pub metadata: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            sink: *const iolink_metadata_sink,
            call: *const iolink_call,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// WRITE: replaces the metadata tree by the one that `source` visits.
    pub set_metadata: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            source: *const iolink_metadata_source,
            call: *const iolink_call,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// READ: says that these regions are read soon, so that the callee can fetch them together. May be NULL, and may do
    /// nothing.
    pub prefetch: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            regions: *const *const iolink_region,
            count: u64,
            call: *const iolink_call,
        ),
    >,
    /// WRITE: passes everything written to the file or object. NULL: nothing is held back.
    pub flush: Option<
        unsafe extern "C" fn(view: *const iolink_view, call: *const iolink_call, error: *mut iolink_error) -> i32,
    >,
    /// Created images: ends the writing, `IOLINK_FINISH_*`. Later writes and a second `finish` fail with
    /// `IOLINK_ERROR_CLOSED`. The last release of an image that was not finished aborts. NULL: there is nothing to
    /// finish.
    pub finish: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            action: u32,
            call: *const iolink_call,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// Writes the channel table into the caller's sink. NULL: nothing is known of the channels.
    pub channels: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            sink: *const iolink_channel_sink,
            call: *const iolink_call,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// WRITE: replaces the channel table by `count` channels; 0 removes it.
    pub set_channels: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            channels: *const *const iolink_channel,
            count: u64,
            call: *const iolink_call,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// Copies the coordinates of axis number `dimension`, one number for each index, into `out`, which has room for
    /// `count` numbers, the size of that axis. Such an axis is uneven: its spacing is not given.
    /// `IOLINK_ERROR_NOT_FOUND` for an even axis. NULL: every axis is even.
    pub coordinates: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            dimension: u32,
            out: *mut f64,
            count: u64,
            call: *const iolink_call,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// WRITE: replaces the coordinates of axis number `dimension`; a count of 0 removes them.
    pub set_coordinates: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            dimension: u32,
            coordinates: *const f64,
            count: u64,
            call: *const iolink_call,
            error: *mut iolink_error,
        ) -> i32,
    >,
}
