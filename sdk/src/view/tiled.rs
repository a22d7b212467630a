//! Images that are stored in tiles, strips, chunks or rows: whoever can decode one has an image.

use super::services::{tiling_view, UniformTiling};
use super::{Block, BlockMut, Call, ImageView, View};
use crate::abi::IOLINK_EXTENSION_TILING;
use crate::{
    fail, out_of_memory, ByteOrder, Cache, DataType, ImageCapability, ImageProperties, Limits, MetadataNode, Region,
    Result, Shape,
};
use std::sync::Arc;

/// What an author tells of an image that is stored in tiles. [`Tiled`] makes a view of it: regions that cut through
/// tiles, other layouts, byte order, a cache with a limit, progress, cancellation and the tile grid come with it.
///
/// ```
/// use iolink_sdk::{DataType, Result, Shape, Tile, Tiled, TiledImage};
///
/// /// 100 x 50 samples in strips of 8 rows; each sample is the number of its strip.
/// struct Strips;
///
/// impl TiledImage for Strips {
///     fn shape(&self) -> Shape {
///         Shape::new(&[100, 50]).unwrap()
///     }
///     fn data_type(&self) -> DataType {
///         DataType::UINT8
///     }
///     fn tile_shape(&self) -> Shape {
///         Shape::new(&[100, 8]).unwrap()
///     }
///     fn read_tile(&self, tile: &Tile, samples: &mut [u8]) -> Result<()> {
///         samples.fill(tile.index[1] as u8);
///         Ok(())
///     }
/// }
///
/// let view = Tiled::view(Strips)?.into_image()?;
/// let region = iolink_sdk::Region::new(&[0, 14], &[1, 4])?;
/// let mut out = [0; 4];
/// let mut block = iolink_sdk::BlockMut::new(&mut out, &region.size, DataType::UINT8)?;
/// view.read_region(&region, &mut block, &iolink_sdk::Call::silent())?;
/// assert_eq!(out, [1, 1, 2, 2]);
/// # Ok::<(), iolink_sdk::Error>(())
/// ```
pub trait TiledImage: Send + Sync {
    /// Samples along each axis, COLUMN first.
    fn shape(&self) -> Shape;

    /// Type of a sample.
    fn data_type(&self) -> DataType;

    /// Samples of a whole tile along each axis. Tiles at the far border are smaller.
    fn tile_shape(&self) -> Shape;

    /// Decodes one tile into `samples`: densely, first axis fastest, in [`byte_order`](TiledImage::byte_order). They start
    /// at zero, and are those of `tile.region`, or of a whole tile where tiles are [padded](TiledImage::padded).
    ///
    /// # Errors
    /// `Corrupt` where the tile cannot be decoded; never zeros instead.
    fn read_tile(&self, tile: &Tile, samples: &mut [u8]) -> Result<()>;

    /// Byte order of what `read_tile` writes: that of the file, so that nobody has to swap by hand.
    fn byte_order(&self) -> ByteOrder {
        ByteOrder::NATIVE
    }

    /// Are tiles at the far border stored whole, with samples that lie outside the image?
    fn padded(&self) -> bool {
        false
    }

    /// Axes, calibration and scale of the values.
    fn properties(&self) -> Arc<ImageProperties> {
        Arc::new(ImageProperties::from_data_type(self.data_type()))
    }

    /// The metadata tree.
    fn metadata(&self) -> Arc<MetadataNode> {
        Arc::default()
    }

    /// URI that the image was opened by.
    fn origin(&self) -> Option<String> {
        None
    }
}

/// One tile of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tile {
    /// Place in the grid, along each axis.
    pub index: Shape,
    /// Place in a file that stores tiles one after the other, first axis fastest.
    pub number: u64,
    /// The samples of the image that it holds.
    pub region: Region,
}

/// The view of a [`TiledImage`]. A clone is the same image, with the same cache.
pub struct Tiled<T>(Arc<Inner<T>>);

struct Inner<T> {
    image: T,
    shape: Shape,
    tile: Shape,
    /// Tiles along each axis.
    grid: Shape,
    data_type: DataType,
    cache: Cache<u64>,
}

/// Bytes of decoded tiles that are kept unless the author says otherwise.
const CACHE: usize = 32 << 20;

impl<T> Clone for Tiled<T> {
    fn clone(&self) -> Self {
        Tiled(self.0.clone())
    }
}

impl<T: TiledImage> Tiled<T> {
    /// The image with a cache of 32 MiB.
    ///
    /// # Errors
    /// `Corrupt` where the tiles cannot be those of the image: another number of axes, a size of 0; `Limit` where one tile
    /// is larger than can be addressed.
    pub fn new(image: T) -> Result<Self> {
        Self::with_cache(image, CACHE)
    }

    /// The image with a cache of `bytes`; with 0 every read decodes anew.
    ///
    /// # Errors
    /// As [`new`](Tiled::new).
    pub fn with_cache(image: T, bytes: usize) -> Result<Self> {
        let (shape, tile, data_type) = (image.shape(), image.tile_shape(), image.data_type());
        if tile.len() != shape.len() || tile.contains(&0) {
            fail!(Corrupt, "tiles of {tile} samples cannot make up an image of {shape}");
        }
        Limits::default().image_bytes(&tile, data_type)?;
        let grid = Shape::collect(shape.iter().zip(&*tile).map(|(all, one)| all / one + u64::from(all % one != 0)))?;
        Ok(Tiled(Arc::new(Inner { image, shape, tile, grid, data_type, cache: Cache::new(bytes) })))
    }

    /// The image as a view, with a cache of 32 MiB.
    ///
    /// # Errors
    /// As [`new`](Tiled::new).
    pub fn view(image: T) -> Result<View>
    where
        T: 'static,
    {
        Ok(View::image(Self::new(image)?))
    }

    /// What the author wrote.
    pub fn image(&self) -> &T {
        &self.0.image
    }

    /// Tiles along each axis.
    pub fn grid(&self) -> Shape {
        self.0.grid
    }

    /// Samples of a whole tile along each axis.
    pub fn tile_shape(&self) -> Shape {
        self.0.tile
    }

    /// The tile at a place of the grid.
    ///
    /// # Errors
    /// `OutOfRange` where the grid has no such place.
    pub fn tile(&self, index: &[u64]) -> Result<Tile> {
        if index.len() != self.0.grid.len() || index.iter().zip(&*self.0.grid).any(|(at, count)| at >= count) {
            fail!(OutOfRange, "there is no tile {index:?}; the grid has {} tiles", self.0.grid);
        }
        let (mut region, mut number) = (Region::full(&self.0.tile), 0);
        for axis in (0..index.len()).rev() {
            number = number * self.0.grid[axis] + index[axis];
            region.origin[axis] = index[axis] * self.0.tile[axis];
        }
        Ok(Tile { index: Shape::new(index)?, number, region: region.intersection(&Region::full(&self.0.shape)) })
    }

    /// What `read_tile` writes for a tile: its shape in samples.
    fn stored(&self, tile: &Tile) -> Shape {
        if self.0.image.padded() {
            self.0.tile
        } else {
            tile.region.size
        }
    }

    fn decoded(&self, tile: &Tile) -> Result<Arc<Vec<u8>>> {
        self.0.cache.get_or_try_insert_with(tile.number, || {
            let length = Limits::default().image_bytes(&self.stored(tile), self.0.data_type)?;
            let mut samples = Vec::new();
            samples.try_reserve_exact(length).map_err(|_| out_of_memory(length))?;
            samples.resize(length, 0);
            self.0.image.read_tile(tile, &mut samples)?;
            Ok(samples)
        })
    }

    /// Copies what a tile and a region share.
    fn copy_part(&self, tile: &Tile, region: &Region, target: &mut BlockMut<'_>) -> Result<()> {
        let samples = self.decoded(tile)?;
        let stored = self.stored(tile);
        let strides = stored.column_fastest(self.0.data_type.byte_count());
        let part = tile.region.intersection(region);
        let (mut first, mut there) = (0, part);
        for axis in 0..part.size.len() {
            first += (part.origin[axis] - tile.region.origin[axis]) as usize * strides[axis] as usize;
            there.origin[axis] -= region.origin[axis];
        }
        let block = Block::with_strides(&samples, first, &part.size, &strides, self.0.data_type)?;
        target.part(&there)?.copy_from(&block.with_byte_order(self.0.image.byte_order()), &Call::silent())
    }
}

impl<T: TiledImage + 'static> ImageView for Tiled<T> {
    fn capabilities(&self) -> ImageCapability {
        ImageCapability::READ
    }

    fn shape(&self) -> Shape {
        self.0.shape
    }

    fn data_type(&self) -> DataType {
        self.0.data_type
    }

    fn properties(&self) -> Arc<ImageProperties> {
        self.0.image.properties()
    }

    fn metadata(&self) -> Arc<MetadataNode> {
        self.0.image.metadata()
    }

    fn origin(&self) -> Option<String> {
        self.0.image.origin()
    }

    /// Its tiles are those of the file.
    fn extension(&self, id: u64) -> Option<View> {
        if id != IOLINK_EXTENSION_TILING {
            return None;
        }
        let tiling = UniformTiling::new(Arc::new(self.clone()), &self.0.tile).ok()?;
        Some(tiling_view(Arc::new(tiling)))
    }

    fn read_region(&self, region: &Region, target: &mut BlockMut<'_>, call: &Call<'_>) -> Result<()> {
        region.check_inside(&self.0.shape)?;
        let axes = 0..self.0.shape.len();
        let first = Shape::collect(axes.clone().map(|axis| region.origin[axis] / self.0.tile[axis]))?;
        let last = Shape::collect(axes.clone().map(|axis| (region.end(axis) - 1) / self.0.tile[axis]))?;
        let total = axes.clone().map(|axis| last[axis] - first[axis] + 1).product();
        let (mut index, mut done) = (first, 0);
        call.step(done, total)?;
        while done < total {
            self.copy_part(&self.tile(&index)?, region, target)?;
            done += 1;
            call.step(done, total)?;
            for axis in axes.clone() {
                if index[axis] < last[axis] {
                    index[axis] += 1;
                    break;
                }
                index[axis] = first[axis];
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Each sample is 100 times its row plus its column, big-endian.
    struct Numbers {
        padded: bool,
        decoded: AtomicUsize,
    }

    impl TiledImage for Numbers {
        fn shape(&self) -> Shape {
            Shape::new(&[10, 7]).unwrap()
        }
        fn data_type(&self) -> DataType {
            DataType::UINT16
        }
        fn tile_shape(&self) -> Shape {
            Shape::new(&[4, 3]).unwrap()
        }
        fn byte_order(&self) -> ByteOrder {
            ByteOrder::Big
        }
        fn padded(&self) -> bool {
            self.padded
        }
        fn read_tile(&self, tile: &Tile, samples: &mut [u8]) -> Result<()> {
            self.decoded.fetch_add(1, Ordering::Relaxed);
            assert_eq!(tile.number, tile.index[0] + 3 * tile.index[1]);
            let width = if self.padded { 4 } else { tile.region.size[0] };
            assert_eq!(samples.len() as u64, 2 * width * if self.padded { 3 } else { tile.region.size[1] });
            for (at, sample) in samples.chunks_mut(2).enumerate() {
                let (x, y) = (at as u64 % width + tile.region.origin[0], at as u64 / width + tile.region.origin[1]);
                sample.copy_from_slice(&((100 * y + x) as u16).to_be_bytes());
            }
            Ok(())
        }
    }

    fn numbers(padded: bool, cache: usize) -> Tiled<Numbers> {
        Tiled::with_cache(Numbers { padded, decoded: AtomicUsize::new(0) }, cache).unwrap()
    }

    fn read(view: &dyn ImageView, region: &Region, call: &Call<'_>) -> Result<Vec<u16>> {
        let mut out = vec![0u8; region.element_count().unwrap() as usize * 2];
        view.read_region(region, &mut BlockMut::new(&mut out, &region.size, DataType::UINT16)?, call)?;
        Ok(out.chunks(2).map(|sample| u16::from_ne_bytes([sample[0], sample[1]])).collect())
    }

    #[test]
    fn every_region_is_that_part_of_the_image() {
        for (padded, cache) in [(false, 0), (false, 1000), (true, 0), (true, 50)] {
            let view = numbers(padded, cache);
            assert_eq!(&*view.grid(), &[3, 3]);
            for (x, y) in (0..10).flat_map(|x| (0..7).map(move |y| (x, y))) {
                for (width, height) in [(1, 1), (10 - x, 7 - y), (1 + (10 - x) / 2, 1 + (6 - y) / 2)] {
                    let region = Region::new(&[x, y], &[width, height]).unwrap();
                    let rows = (y..y + height).flat_map(|y| (x..x + width).map(move |x| (100 * y + x) as u16));
                    assert_eq!(read(&view, &region, &Call::silent()).unwrap(), rows.collect::<Vec<_>>(), "{region}");
                }
            }
        }
    }

    #[test]
    fn the_cache_spares_decoding_and_cancelling_stops_it() {
        let view = numbers(false, 1000);
        let whole = Region::full(&view.shape());
        for _ in 0..3 {
            read(&view, &whole, &Call::silent()).unwrap();
        }
        assert_eq!(view.image().decoded.load(Ordering::Relaxed), 9);
        let view = numbers(false, 0);
        let stop = |done, total| done < 4 || total != 9;
        let stopped = read(&view, &whole, &Call::new(&stop)).unwrap_err();
        assert_eq!((stopped.kind(), view.image().decoded.load(Ordering::Relaxed)), (ErrorKind::Cancelled, 4));
    }

    #[test]
    fn its_tiles_are_those_of_the_file() {
        let view = View::image(numbers(false, 0)).into_image().unwrap();
        let tiling = crate::view::services::tiling(&view).unwrap();
        assert_eq!((&*tiling.max_tile_size(), tiling.tile_count()), (&[4, 3][..], 9));
        assert_eq!(tiling.tile_region(8).unwrap(), Region::new(&[8, 6], &[2, 1]).unwrap());
    }

    #[test]
    fn tiles_and_regions_that_are_not_there_are_refused() {
        let view = numbers(false, 0);
        assert_eq!(view.tile(&[3, 0]).unwrap_err().kind(), ErrorKind::OutOfRange);
        let outside = Region::new(&[9, 0], &[2, 1]).unwrap();
        assert_eq!(read(&view, &outside, &Call::silent()).unwrap_err().kind(), ErrorKind::OutOfRange);
        struct Wrong(&'static [u64]);
        impl TiledImage for Wrong {
            fn shape(&self) -> Shape {
                Shape::new(&[10, 7]).unwrap()
            }
            fn data_type(&self) -> DataType {
                DataType::DOUBLE
            }
            fn tile_shape(&self) -> Shape {
                Shape::new(self.0).unwrap()
            }
            fn read_tile(&self, _: &Tile, _: &mut [u8]) -> Result<()> {
                unreachable!()
            }
        }
        for (tile, kind) in
            [(&[4][..], ErrorKind::Corrupt), (&[4, 0], ErrorKind::Corrupt), (&[1 << 40, 1 << 40], ErrorKind::Limit)]
        {
            assert_eq!(Tiled::new(Wrong(tile)).err().unwrap().kind(), kind, "{tile:?}");
        }
    }
}
