//! Tiles of one size.

use super::Tiling;
use crate::abi::IOLINK_INVALID_TILE_INDEX;
use crate::{fail, ImageView, Region, Result, Shape};
use std::sync::Arc;

/// Bytes that a tile has at most where nobody says how large tiles are.
const USUAL: u64 = 1 << 20;

/// An image cut into tiles of one size, those at the far borders smaller. Tiles count along the first axis first.
pub struct UniformTiling {
    image: Arc<dyn ImageView>,
    shape: Shape,
    tile: Shape,
    grid: Shape,
    count: u64,
}

impl UniformTiling {
    /// The image cut into tiles of this size; a size beyond the image's is the image's.
    ///
    /// # Errors
    /// `InvalidArgument` for another number of axes or a size of 0, `Limit` for more tiles than have an index.
    pub fn new(image: Arc<dyn ImageView>, tile: &[u64]) -> Result<Self> {
        let shape = image.shape();
        if tile.len() != shape.len() || tile.contains(&0) {
            fail!(
                InvalidArgument,
                "a tile of size {tile:?} does not fit an image of shape {shape}: give one size > 0 an axis"
            );
        }
        let mut tile = Shape::new(tile)?;
        let mut grid = shape;
        for axis in 0..shape.len() {
            tile[axis] = tile[axis].min(shape[axis].max(1));
            grid[axis] = shape[axis] / tile[axis] + u64::from(shape[axis] % tile[axis] != 0);
        }
        match grid.element_count().filter(|count| *count < IOLINK_INVALID_TILE_INDEX) {
            Some(count) => Ok(UniformTiling { image, shape, tile, grid, count }),
            None => fail!(
                Limit,
                "an image of shape {shape} has more tiles of size {tile} than have an index: take larger ones"
            ),
        }
    }

    /// The image cut into tiles of at most one MiB: its longest axis is halved until a tile is small enough.
    ///
    /// # Errors
    /// As [`UniformTiling::new`].
    pub fn of(image: &Arc<dyn ImageView>) -> Result<Self> {
        let (mut tile, sample) = (image.shape(), image.data_type().byte_count() as u64);
        tile.iter_mut().for_each(|size| *size = (*size).max(1));
        let bytes = |tile: &Shape| tile.element_count().map_or(u64::MAX, |count| count.saturating_mul(sample));
        let usual = USUAL.max(bytes(&tile) >> 31);
        while bytes(&tile) > usual {
            match tile.iter_mut().max() {
                Some(size) if *size > 1 => *size -= *size / 2,
                _ => break,
            }
        }
        UniformTiling::new(image.clone(), &tile)
    }
}

impl Tiling for UniformTiling {
    fn image(&self) -> Arc<dyn ImageView> {
        self.image.clone()
    }

    fn max_tile_size(&self) -> Shape {
        self.tile
    }

    fn tile_count(&self) -> u64 {
        self.count
    }

    fn tile_region(&self, index: u64) -> Result<Region> {
        let now = self.image.shape();
        if now != self.shape {
            fail!(InvalidArgument, "the image had the shape {} and now has {now}: ask for its tiles anew", self.shape);
        }
        if index >= self.count {
            fail!(OutOfRange, "there is no tile {index}; the image has {}, counted from 0", self.count);
        }
        let mut region = Region { origin: self.tile, size: self.tile };
        let mut left = index;
        for axis in 0..self.tile.len() {
            region.origin[axis] = left % self.grid[axis] * self.tile[axis];
            region.size[axis] = self.tile[axis].min(self.shape[axis] - region.origin[axis]);
            left /= self.grid[axis];
        }
        Ok(region)
    }

    fn grid_size(&self) -> Shape {
        self.grid
    }
}
