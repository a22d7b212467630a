//! Tables: the Arrow C data interface behind the common head.

use super::{iolink_call, iolink_error, iolink_view, iolink_view_base, ArrowArray, ArrowArrayStream, ArrowSchema};

/// Capability of a frame: columns can be read.
pub const IOLINK_FRAME_READ: u64 = 1;
/// Capability of a frame: values can be written.
pub const IOLINK_FRAME_WRITE: u64 = 2;
/// Capability of a frame: columns and rows can be added and removed.
pub const IOLINK_FRAME_RESHAPE: u64 = 4;
/// Capability of a frame: it lends its buffers through Arrow rather than making new ones for each export.
pub const IOLINK_FRAME_ARROW: u64 = 8;

/// Rows and columns of a frame to be exported.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_frame_request {
    /// Size of this struct.
    pub size: u32,
    /// Zero. Bits 0 to 15 are understood or rejected with `IOLINK_ERROR_NOT_IMPLEMENTED`, the others are hints.
    pub flags: u32,
    /// Numbers of the columns, in the order wanted; NULL: all.
    pub columns: *const u64,
    /// Number of columns at `columns`.
    pub column_count: u64,
    /// First row.
    pub first_row: u64,
    /// Number of rows.
    pub row_count: u64,
    /// Maximum number of rows in a batch; 0: as the callee stores them.
    pub batch_rows: u64,
}

/// Table of a data frame.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_frame_vtable {
    /// The common base, `kind` is `IOLINK_KIND_DATA_FRAME`.
    pub base: iolink_view_base,
    /// Returns the number of columns and rows.
    pub shape: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            columns: *mut u64,
            rows: *mut u64,
            call: *const iolink_call,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// Returns a struct type with one child for each column; the caller releases it. A column's unit is its field
    /// metadata `iolink.unit`.
    #[cfg_attr(feature = "abi-check", sabi(unsafe_opaque_field))]
    pub schema: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            call: *const iolink_call,
            out: *mut ArrowSchema,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// READ: returns rows of columns as a stream of record batches, which the caller releases.
    #[cfg_attr(feature = "abi-check", sabi(unsafe_opaque_field))]
    pub export_stream: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            request: *const iolink_frame_request,
            call: *const iolink_call,
            out: *mut ArrowArrayStream,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// WRITE: replaces the values of one column from `first_row` on; takes over both structs, also when it fails.
    #[cfg_attr(feature = "abi-check", sabi(unsafe_opaque_field))]
    pub write: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            column: u64,
            first_row: u64,
            schema: *mut ArrowSchema,
            values: *mut ArrowArray,
            call: *const iolink_call,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// RESHAPE: gives the frame these columns and this many rows; columns kept by name and type keep their values, new
    /// ones start at 0 and "". Takes over `schema`, also when it fails.
    #[cfg_attr(feature = "abi-check", sabi(unsafe_opaque_field))]
    pub reshape: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            schema: *mut ArrowSchema,
            rows: u64,
            call: *const iolink_call,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// READ: divides the rows as they are stored (row groups, files, batches). `total` becomes the number of
    /// partitions, and `ends` the row behind each of `count` partitions from number `first` on; a count of 0 asks for
    /// `total` alone. NULL: one partition.
    pub partitions: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            first: u64,
            count: u64,
            ends: *mut u64,
            total: *mut u64,
            call: *const iolink_call,
            error: *mut iolink_error,
        ) -> i32,
    >,
}
