//! Tables: the Arrow C data interface behind the common head.

use super::{iolink_error, iolink_view, iolink_view_head, ArrowArray, ArrowArrayStream, ArrowSchema};

/// Capability of a frame: columns can be read.
pub const IOLINK_FRAME_READ: u64 = 1;
/// Capability of a frame: values can be written.
pub const IOLINK_FRAME_WRITE: u64 = 2;
/// Capability of a frame: columns and rows can be added and removed.
pub const IOLINK_FRAME_RESHAPE: u64 = 4;
/// Capability of a frame: it lends its buffers through Arrow rather than making new ones for each export.
pub const IOLINK_FRAME_ARROW: u64 = 8;

/// Table of a data frame.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_frame_vtable {
    /// The common head, `kind` is `IOLINK_KIND_DATA_FRAME`.
    pub head: iolink_view_head,
    /// Columns and rows.
    pub shape: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            columns: *mut u64,
            rows: *mut u64,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// A struct type with one child for each column; the caller releases it. A column's unit is its field metadata
    /// `iolink.unit`.
    #[cfg_attr(feature = "abi-check", sabi(unsafe_opaque_field))]
    pub schema:
        Option<unsafe extern "C" fn(view: *const iolink_view, out: *mut ArrowSchema, error: *mut iolink_error) -> i32>,
    /// READ: a run of rows of the columns named by number (`columns` NULL: all), as a stream the caller releases.
    #[cfg_attr(feature = "abi-check", sabi(unsafe_opaque_field))]
    pub export: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            columns: *const u64,
            column_count: u64,
            first_row: u64,
            row_count: u64,
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
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// RESHAPE: makes the frame these columns and this many rows; columns kept by name and type keep their values, new
    /// ones start at 0 and "". Takes over `schema`, also when it fails.
    #[cfg_attr(feature = "abi-check", sabi(unsafe_opaque_field))]
    pub reshape: Option<
        unsafe extern "C" fn(
            view: *const iolink_view,
            schema: *mut ArrowSchema,
            rows: u64,
            error: *mut iolink_error,
        ) -> i32,
    >,
}
