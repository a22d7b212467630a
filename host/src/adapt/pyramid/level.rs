//! One level: tiles computed from the level below.

use super::super::mapped::part_of;
use super::super::slabs::{relative, Parts, Slabs};
use super::super::Image;
use super::super::{adapters_over, check_block};
use super::cache::Cache;
use super::reduce::reduce;
use super::Reduction;
use iolink_sdk::abi::{IOLINK_EXTENSION_PARALLEL_ACCESS, IOLINK_EXTENSION_TILING};
use iolink_sdk::view::services::{parallel_access_view, tiling_view};
use iolink_sdk::{
    fail, out_of_memory, Axis, Block, BlockMut, Call, DataType, ImageCapability, ImageProperties, ImageView, Limits,
    MetadataNode, ParallelAccessCapability, Region, Result, Shape, Tiling, UniformTiling, View,
};
use std::sync::Arc;

#[derive(Clone)]
struct Level {
    below: Image,
    /// The shape of `below` when the level was made.
    below_shape: Shape,
    factors: Shape,
    shape: Shape,
    tile: Shape,
    data_type: DataType,
    properties: Arc<ImageProperties>,
    reduction: Reduction,
    number: u64,
    cache: Arc<Cache>,
    adapters: usize,
}

/// The level over `below` that halves some axes. READ.
pub(super) fn over(
    below: &Image,
    halved: &[usize],
    reduction: Reduction,
    (number, cache): (u64, &Arc<Cache>),
) -> Result<Image> {
    let below_shape = below.shape();
    let mut shape = below_shape;
    let mut factors = Shape::filled(shape.len(), 1);
    let mut properties = below.properties().fitted(shape.len())?;
    for axis in halved {
        factors[*axis] = 2;
        shape[*axis] = shape[*axis] / 2 + shape[*axis] % 2;
        match properties.axes[*axis].coordinates.take() {
            None => {
                properties.move_origin(*axis, 0.5)?;
                properties.axes[*axis].spacing *= 2.0;
            }
            // Of an uneven axis, a cell lies in the middle of its samples.
            Some(numbers) => {
                let cells: Vec<f64> =
                    numbers.chunks(2).map(|pair| pair.iter().sum::<f64>() / pair.len() as f64).collect();
                if properties.axes[*axis].axis.and_then(Axis::spatial).is_some() {
                    properties.move_along(*axis, cells[0] - numbers[0])?;
                }
                properties.axes[*axis].coordinates = Some(cells.into());
            }
        }
    }
    // Tiles of one size on all levels: a tile then needs whole tiles of the level below.
    let tile = match below.extension(IOLINK_EXTENSION_TILING).filter(|_| number > 1) {
        Some(own) => iolink_sdk::view::services::tiling_from(&own)?.max_tile_size(),
        None => UniformTiling::of(below)?.max_tile_size(),
    };
    Ok(Arc::new(Level {
        adapters: adapters_over(below)?,
        below: below.clone(),
        below_shape,
        factors,
        shape,
        tile,
        data_type: below.data_type(),
        properties: Arc::new(properties),
        reduction,
        number,
        cache: cache.clone(),
    }))
}

impl Level {
    fn tiling(&self) -> Result<UniformTiling> {
        UniformTiling::new(Arc::new(self.clone()), &self.tile)
    }

    /// The samples of a tile, dense, column fastest.
    fn compute(&self, tile: &Region, call: &Call<'_>) -> Result<Vec<u8>> {
        let (mut origin, mut size, whole) = (tile.origin, tile.size, self.below_shape);
        for axis in 0..size.len() {
            origin[axis] *= self.factors[axis];
            size[axis] = (size[axis] * self.factors[axis]).min(whole[axis] - origin[axis]);
        }
        let mut stored = zeroed(&size, self.data_type)?;
        let mut block = BlockMut::new(&mut stored, &size, self.data_type)?;
        self.below.read_region(&Region { origin, size }, &mut block, call)?;
        let mut reduced = zeroed(&tile.size, self.data_type)?;
        reduce(self.reduction, self.data_type, (&stored, &size), &self.factors, (&mut reduced, &tile.size))?;
        Ok(reduced)
    }
}

fn zeroed(shape: &Shape, data_type: DataType) -> Result<Vec<u8>> {
    let length = Limits::default().image_bytes(shape, data_type)?;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(length).map_err(|_| out_of_memory(length))?;
    bytes.resize(length, 0);
    Ok(bytes)
}

impl ImageView for Level {
    fn capabilities(&self) -> ImageCapability {
        ImageCapability::READ
    }

    fn shape(&self) -> Shape {
        self.shape
    }

    fn data_type(&self) -> DataType {
        self.data_type
    }

    fn properties(&self) -> Arc<ImageProperties> {
        self.properties.clone()
    }

    fn metadata(&self) -> Arc<MetadataNode> {
        self.below.metadata()
    }

    fn read_region(&self, region: &Region, target: &mut BlockMut<'_>, call: &Call<'_>) -> Result<()> {
        check_block((region, &self.shape), (target.shape(), target.data_type()), self.data_type)?;
        if self.below.data_type() != self.data_type {
            fail!(Type, "the image was {} and now is {}: make a new pyramid", self.data_type, self.below.data_type());
        }
        let now = self.below.shape();
        if now != self.below_shape {
            fail!(
                InvalidArgument,
                "the image had the shape {} and now has {now}: make a new pyramid",
                self.below_shape
            );
        }
        let (tiling, sample) = (self.tiling()?, self.data_type.byte_count());
        let grid = tiling.grid_size();
        // The tiles that the region touches, as a box of the grid.
        let mut places = *region;
        for axis in 0..self.shape.len() {
            let end = (region.end(axis) - 1) / self.tile[axis] + 1;
            places.origin[axis] = region.origin[axis] / self.tile[axis];
            places.size[axis] = end - places.origin[axis];
        }
        let mut parts = Parts::new(call, &region.size, sample);
        for place in Slabs::new(&places, &Shape::filled(grid.len(), 1)) {
            let (mut index, mut step) = (0, 1);
            for axis in 0..grid.len() {
                index += place.origin[axis] * step;
                step *= grid[axis];
            }
            let tile = tiling.tile_region(index)?;
            let piece = tile.intersection(region);
            parts.run(&piece.size, sample, |call| {
                let samples = self.cache.tile((self.number, index), || self.compute(&tile, call))?;
                let known = Block::new(&samples, &tile.size, self.data_type)?;
                let part = part_of(&known, &relative(&piece, &tile))?;
                target.part(&relative(&piece, region))?.copy_from(&part, &Call::silent())
            })?;
        }
        Ok(())
    }

    fn adapters(&self) -> usize {
        self.adapters
    }

    fn extension(&self, id: u64) -> Option<View> {
        match id {
            IOLINK_EXTENSION_TILING => Some(tiling_view(Arc::new(self.tiling().ok()?))),
            IOLINK_EXTENSION_PARALLEL_ACCESS => {
                Some(parallel_access_view(ParallelAccessCapability::THREAD_SAFE | ParallelAccessCapability::BY_TILE))
            }
            _ => None,
        }
    }

    fn origin(&self) -> Option<String> {
        self.below.origin()
    }
}
