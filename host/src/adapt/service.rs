//! Tiles, parallel access and origin of adapted images: those of their sources, as the adapter shows them.

use super::Image;
use iolink_sdk::abi::{IOLINK_EXTENSION_PARALLEL_ACCESS, IOLINK_EXTENSION_TILING, IOLINK_EXTENSION_VIEW_ORIGIN};
use iolink_sdk::view::services::{parallel_access, parallel_access_view, tiling_from, tiling_view};
use iolink_sdk::{Result, Shape, UniformTiling, View};
use std::sync::Arc;

/// A service of an adapter over `source`. Where the source's maker cuts it into tiles the adapter is cut uniformly, into
/// tiles of the size that `seen` makes of theirs; else as any image without tiles of its own.
pub(super) fn adapted(
    id: u64,
    source: &Image,
    adapter: impl FnOnce() -> Image,
    seen: impl FnOnce(&Shape) -> Result<Shape>,
) -> Option<View> {
    match id {
        IOLINK_EXTENSION_TILING => {
            let tile = tiling_from(&source.extension(id)?).ok()?.max_tile_size();
            let tiling = UniformTiling::new(adapter(), &seen(&tile).ok()?).ok()?;
            Some(tiling_view(Arc::new(tiling)))
        }
        IOLINK_EXTENSION_PARALLEL_ACCESS => Some(parallel_access_view(parallel_access(source))),
        IOLINK_EXTENSION_VIEW_ORIGIN => source.extension(id),
        _ => None,
    }
}
