//! Tables of this project's extensions: tiles, parallel access, origin. Each function takes the extension's view.

use super::{iolink_block, iolink_call, iolink_error, iolink_region, iolink_text_sink, iolink_view};

/// Extension id: how an image is cut into tiles; its table is `iolink_tiling`.
pub const IOLINK_EXTENSION_TILING: u64 = 1;
/// Extension id: what pays when several threads read; its table is `iolink_parallel_access`.
pub const IOLINK_EXTENSION_PARALLEL_ACCESS: u64 = 2;
/// Extension id: where a view came from; its table is `iolink_view_origin`.
pub const IOLINK_EXTENSION_VIEW_ORIGIN: u64 = 3;

/// In a tiling grid: a place where the image has no tile.
pub const IOLINK_INVALID_TILE_INDEX: u64 = 0xFFFF_FFFF;

/// Parallel access: every function may be called from several threads at once.
pub const IOLINK_PARALLEL_THREAD_SAFE: u64 = 1;
/// Parallel access: several threads that read different tiles are faster than one.
pub const IOLINK_PARALLEL_BY_TILE: u64 = 2;
/// Parallel access: several threads that read different regions are faster than one.
pub const IOLINK_PARALLEL_BY_REGION: u64 = 4;

/// How an image is cut. Axes in canonical order, COLUMN first.
#[repr(C)]
#[derive(Clone, Copy)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_tiling_description {
    /// Size of this struct.
    pub size: u32,
    /// How many axes; the image's.
    pub dimension_count: u32,
    /// How many tiles, fewer than `IOLINK_INVALID_TILE_INDEX`.
    pub tile_count: u64,
    /// Samples of the largest tile along each axis.
    pub max_tile_size: [u64; 8],
    /// Places of the grid along each axis.
    pub grid_size: [u64; 8],
    /// Samples along each axis of the smallest region that can be written without reading it first (a shard); 0: as
    /// `max_tile_size`.
    pub write_tile_size: [u64; 8],
}

/// Table of the extension `IOLINK_EXTENSION_TILING`.
#[repr(C)]
#[derive(Clone, Copy)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_tiling {
    /// Size of this struct.
    pub size: u32,
    /// Zero.
    pub reserved: u32,
    /// Sizes and counts; constant for the extension's life.
    pub describe: Option<
        unsafe extern "C" fn(
            extension: *const iolink_view,
            out: *mut iolink_tiling_description,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// Where a tile lies in the image; tiles at the border may be smaller. `IOLINK_ERROR_OUT_OF_RANGE` for no tile.
    pub tile_region: Option<
        unsafe extern "C" fn(
            extension: *const iolink_view,
            index: u64,
            out: *mut iolink_region,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// The tile at each of `count` places of the grid, from place number `first` on, first axis fastest;
    /// `IOLINK_INVALID_TILE_INDEX` where there is none. NULL: the tile's index is the place's number.
    pub grid: Option<
        unsafe extern "C" fn(
            extension: *const iolink_view,
            first: u64,
            count: u64,
            out: *mut u64,
            call: *const iolink_call,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// The image that is cut, which the caller owns.
    pub image: Option<
        unsafe extern "C" fn(
            extension: *const iolink_view,
            out: *mut *mut iolink_view,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// READ: copies the samples of a tile into the caller's block. NULL: the image's `read_region` does.
    pub read_tile: Option<
        unsafe extern "C" fn(
            extension: *const iolink_view,
            index: u64,
            block: *const iolink_block,
            call: *const iolink_call,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// WRITE: copies the caller's block into a tile. NULL: the image's `write_region` does.
    pub write_tile: Option<
        unsafe extern "C" fn(
            extension: *const iolink_view,
            index: u64,
            block: *const iolink_block,
            call: *const iolink_call,
            error: *mut iolink_error,
        ) -> i32,
    >,
}

/// Table of the extension `IOLINK_EXTENSION_PARALLEL_ACCESS`.
#[repr(C)]
#[derive(Clone, Copy)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_parallel_access {
    /// Size of this struct.
    pub size: u32,
    /// Zero.
    pub reserved: u32,
    /// `IOLINK_PARALLEL_*`; constant for the extension's life.
    pub capabilities: Option<unsafe extern "C" fn(extension: *const iolink_view) -> u64>,
}

/// Table of the extension `IOLINK_EXTENSION_VIEW_ORIGIN`.
#[repr(C)]
#[derive(Clone, Copy)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_view_origin {
    /// Size of this struct.
    pub size: u32,
    /// Zero.
    pub reserved: u32,
    /// The sink gets the URI that the view was opened by.
    pub uri: Option<unsafe extern "C" fn(extension: *const iolink_view, sink: *const iolink_text_sink)>,
    /// The sink gets the name of the format, where there is one.
    pub format: Option<unsafe extern "C" fn(extension: *const iolink_view, sink: *const iolink_text_sink)>,
}
