//! Tiles: the trait, its table, and the wrapper around a table.

use super::{here, of_id, size_of_table, Service};
use crate::abi::*;
use crate::view::{guard, hand_out, image, read_grown, with_table, Block, BlockMut, Call, Extension, View};
use crate::{fail, Error, ErrorKind, ImageView, Limits, Region, Result, Shape};
use std::sync::Arc;

/// How an image is cut into tiles.
///
/// An implementer gives the image, sizes and regions; reading and writing go through the image unless it knows better.
pub trait Tiling: Send + Sync {
    /// The image that is cut.
    fn image(&self) -> Arc<dyn ImageView>;

    /// Samples of the largest tile along each axis.
    fn max_tile_size(&self) -> Shape;

    /// How many tiles; they are counted from 0.
    fn tile_count(&self) -> u64;

    /// Where a tile lies.
    ///
    /// # Errors
    /// `OutOfRange` for a tile that is not there.
    fn tile_region(&self, index: u64) -> Result<Region>;

    /// Samples along each axis of the smallest region that can be written without reading it first, such as a shard. By
    /// default a tile.
    fn write_tile_size(&self) -> Shape {
        self.max_tile_size()
    }

    /// Places of the grid along each axis.
    fn grid_size(&self) -> Shape;

    /// The tile at each of `out.len()` places of the grid from number `first` on, first axis fastest, or
    /// [`IOLINK_INVALID_TILE_INDEX`] where there is none. By default a tile's index is its place's number.
    ///
    /// # Errors
    /// `OutOfRange` for places that are not there.
    fn grid(&self, first: u64, out: &mut [u64]) -> Result<()> {
        let places = self.grid_size().element_count().unwrap_or(0);
        if first.checked_add(out.len() as u64).map_or(true, |end| end > places) {
            fail!(OutOfRange, "the grid has {places} places, not {} from {first} on", out.len());
        }
        out.iter_mut().zip(first..).for_each(|(place, index)| *place = index);
        Ok(())
    }

    /// READ: the samples of a tile into a block of its size.
    ///
    /// # Errors
    /// As [`tile_region`](Tiling::tile_region) and [`ImageView::read_region`].
    fn read_tile(&self, index: u64, target: &mut BlockMut<'_>, call: &Call<'_>) -> Result<()> {
        self.image().read_region(&self.tile_region(index)?, target, call)
    }

    /// WRITE: a block into a tile of its size.
    ///
    /// # Errors
    /// As [`tile_region`](Tiling::tile_region) and [`ImageView::write_region`].
    fn write_tile(&self, index: u64, source: &Block<'_>, call: &Call<'_>) -> Result<()> {
        self.image().write_region(&self.tile_region(index)?, source, call)
    }
}

type Here = dyn Tiling;

/// A tiling as an extension.
pub fn tiling_view(tiling: Arc<dyn Tiling>) -> View {
    let table = iolink_tiling {
        size: size_of_table::<iolink_tiling>(),
        reserved: 0,
        describe: Some(describe),
        tile_region: Some(tile_region),
        grid: Some(grid),
        image: Some(image_of),
        read_tile: Some(read_tile),
        write_tile: Some(write_tile),
    };
    View::extension(Service { table, id: IOLINK_EXTENSION_TILING, value: tiling })
}

fn empty_description() -> iolink_tiling_description {
    iolink_tiling_description {
        size: std::mem::size_of::<iolink_tiling_description>() as u32,
        dimension_count: 0,
        tile_count: 0,
        max_tile_size: [0; 8],
        grid_size: [0; 8],
        write_tile_size: [0; 8],
    }
}

unsafe extern "C" fn describe(
    extension: *const iolink_view,
    out: *mut iolink_tiling_description,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: only this service's table holds this function.
    let (provider, this) = unsafe { here::<iolink_tiling, Here>(extension) };
    guard(provider, error, || {
        let tile = this.max_tile_size();
        let made = iolink_tiling_description {
            dimension_count: tile.len() as u32,
            tile_count: this.tile_count(),
            max_tile_size: tile.border(),
            grid_size: this.grid_size().border(),
            write_tile_size: this.write_tile_size().border(),
            ..empty_description()
        };
        // SAFETY: `out` is the caller's.
        unsafe { hand_out(out, || Ok(made)) }
    })
}

unsafe extern "C" fn tile_region(
    extension: *const iolink_view,
    index: u64,
    out: *mut iolink_region,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: only this service's table holds this function.
    let (provider, this) = unsafe { here::<iolink_tiling, Here>(extension) };
    // SAFETY: `out` is the caller's.
    guard(provider, error, || unsafe { hand_out(out, || Ok(image::region_border(&this.tile_region(index)?))) })
}

unsafe extern "C" fn grid(
    extension: *const iolink_view,
    first: u64,
    count: u64,
    out: *mut u64,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: only this service's table holds this function.
    let (provider, this) = unsafe { here::<iolink_tiling, Here>(extension) };
    guard(provider, error, || {
        if count == 0 {
            return Ok(());
        }
        if out.is_null() || count > isize::MAX as u64 / 8 {
            fail!(InvalidArgument, "the places of the grid have no room, or are {count}");
        }
        // SAFETY: the caller brings room for `count` numbers, and the call.
        unsafe {
            let out = std::slice::from_raw_parts_mut(out, count as usize);
            Call::from_border(call, |_| this.grid(first, out))
        }
    })
}

unsafe extern "C" fn image_of(
    extension: *const iolink_view,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: only this service's table holds this function.
    let (provider, this) = unsafe { here::<iolink_tiling, Here>(extension) };
    guard(provider, error, || {
        let made = View::Image(this.image()).into_raw(provider);
        // SAFETY: `out` is the caller's.
        unsafe { *out = made };
        Ok(())
    })
}

unsafe extern "C" fn read_tile(
    extension: *const iolink_view,
    index: u64,
    block: *const iolink_block,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: only this service's table holds this function.
    let (provider, this) = unsafe { here::<iolink_tiling, Here>(extension) };
    // SAFETY: block and call are the caller's and outlive this function.
    guard(provider, error, || unsafe {
        let mut target = BlockMut::from_border(block, this.tile_region(index)?.size, this.image().data_type())?;
        Call::from_border(call, |call| this.read_tile(index, &mut target, call))
    })
}

unsafe extern "C" fn write_tile(
    extension: *const iolink_view,
    index: u64,
    block: *const iolink_block,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: only this service's table holds this function.
    let (provider, this) = unsafe { here::<iolink_tiling, Here>(extension) };
    // SAFETY: block and call are the caller's and outlive this function.
    guard(provider, error, || unsafe {
        let source = Block::from_border(block, this.tile_region(index)?.size, this.image().data_type())?;
        Call::from_border(call, |call| this.write_tile(index, &source, call))
    })
}

/// The tiling behind an extension.
///
/// # Errors
/// `Type` for another extension, `Internal` where the tiling contradicts itself or its image.
pub fn tiling_from(view: &View) -> Result<Arc<dyn Tiling>> {
    let extension = of_id(view, IOLINK_EXTENSION_TILING, "a tiling")?;
    // SAFETY: the id says what the table is.
    let table = unsafe { with_table(&extension, |table, _| read_grown::<iolink_tiling>(table))? };
    Ok(Arc::new(Tabled::adopt(extension, table)?))
}

/// A tiling behind a table. What it says of itself is asked once.
struct Tabled {
    extension: Arc<dyn Extension>,
    table: iolink_tiling,
    image: Arc<dyn ImageView>,
    tile: Shape,
    write_tile: Shape,
    grid: Shape,
    count: u64,
}

fn absent(function: &str) -> Error {
    Error::new(ErrorKind::Internal, format!("the tiling has no function {function}"))
}

impl Tabled {
    fn adopt(extension: Arc<dyn Extension>, table: iolink_tiling) -> Result<Self> {
        let describe = table.describe.ok_or_else(|| absent("describe"))?;
        let image_of = table.image.ok_or_else(|| absent("image"))?;
        table.tile_region.ok_or_else(|| absent("tile_region"))?;
        let (mut said, mut made) = (empty_description(), std::ptr::null_mut());
        // SAFETY: both places are ours; on success one reference of the image is ours too.
        let image = unsafe {
            call(&extension, |raw, error| describe(raw, &mut said, error))?;
            call(&extension, |raw, error| image_of(raw, &mut made, error))?;
            View::handed_out(made, extension.foreign().map(|foreign| foreign.maker()).unwrap_or_default())?
                .into_image()?
        };
        let tile = Shape::from_border(said.dimension_count, &said.max_tile_size)?;
        let grid = Shape::from_border(said.dimension_count, &said.grid_size)?;
        let places = grid.element_count().filter(|places| *places <= Limits::default().max_bytes / 8);
        if tile.len() != image.shape().len() || tile.contains(&0) || said.tile_count >= IOLINK_INVALID_TILE_INDEX {
            fail!(
                Internal,
                "the tiling has {} tiles of size {tile}, which cannot be those of an image of shape {}",
                said.tile_count,
                image.shape()
            );
        }
        match places {
            Some(places) if places >= said.tile_count || table.grid.is_some() => {}
            _ => fail!(Internal, "the tiling has {} tiles and a grid of {grid} places", said.tile_count),
        }
        let written = Shape::from_border(said.dimension_count, &said.write_tile_size)?;
        let write_tile = if written.contains(&0) { tile } else { written };
        Ok(Tabled { extension, table, image, tile, write_tile, grid, count: said.tile_count })
    }

    fn check_tile(&self, index: u64) -> Result<()> {
        if index >= self.count {
            fail!(OutOfRange, "there is no tile {index}; the image has {}, counted from 0", self.count);
        }
        Ok(())
    }

    /// Where the tile lies, after a block was held against it.
    fn fitting(&self, index: u64, shape: &Shape, data_type: crate::DataType, native: bool) -> Result<Region> {
        let region = self.tile_region(index)?;
        if *shape != region.size || data_type != self.image.data_type() || !native {
            fail!(InvalidArgument, "a block of shape {shape} and type {data_type} does not fit tile {index}, {region}");
        }
        Ok(region)
    }
}

/// Calls a function of an extension's table that may fail.
fn call(extension: &Arc<dyn Extension>, body: impl FnOnce(*const iolink_view, *mut iolink_error) -> i32) -> Result<()> {
    // SAFETY: the table is not looked at; the object lives until `body` returns.
    crate::host_api::call(|error| unsafe { with_table::<iolink_tiling, i32>(extension, |_, raw| body(raw, error)) })
}

impl Tiling for Tabled {
    fn image(&self) -> Arc<dyn ImageView> {
        self.image.clone()
    }

    fn max_tile_size(&self) -> Shape {
        self.tile
    }

    fn write_tile_size(&self) -> Shape {
        self.write_tile
    }

    fn tile_count(&self) -> u64 {
        self.count
    }

    fn tile_region(&self, index: u64) -> Result<Region> {
        self.check_tile(index)?;
        let ask = self.table.tile_region.ok_or_else(|| absent("tile_region"))?;
        let mut out = image::region_border(&Region { origin: self.tile, size: self.tile });
        // SAFETY: `out` is ours.
        call(&self.extension, |raw, error| unsafe { ask(raw, index, &mut out, error) })?;
        // SAFETY: the struct is ours, filled in by the callee.
        let region = unsafe { image::region_from(&out)? };
        let believable = region.check_inside(&self.image.shape()).is_ok()
            && region.size.iter().zip(&*self.tile).all(|(size, largest)| size <= largest);
        if !believable {
            fail!(
                Internal,
                "tile {index} claims {region}, which no tile of an image of shape {} is",
                self.image.shape()
            );
        }
        Ok(region)
    }

    fn grid_size(&self) -> Shape {
        self.grid
    }

    fn grid(&self, first: u64, out: &mut [u64]) -> Result<()> {
        let places = self.grid.element_count().unwrap_or(0);
        if first.checked_add(out.len() as u64).map_or(true, |end| end > places) {
            fail!(OutOfRange, "the grid has {places} places, not {} from {first} on", out.len());
        }
        match self.table.grid {
            // SAFETY: there is room for that many numbers.
            Some(grid) => call(&self.extension, |raw, error| unsafe {
                grid(raw, first, out.len() as u64, out.as_mut_ptr(), std::ptr::null(), error)
            })?,
            None => out.iter_mut().zip(first..).for_each(|(place, index)| *place = index),
        }
        match out.iter().find(|index| **index >= self.count && **index != IOLINK_INVALID_TILE_INDEX) {
            Some(index) => fail!(Internal, "the grid of the tiling names tile {index} of {}", self.count),
            None => Ok(()),
        }
    }

    fn read_tile(&self, index: u64, target: &mut BlockMut<'_>, call_of: &Call<'_>) -> Result<()> {
        let native = target.byte_order() == crate::ByteOrder::NATIVE;
        let region = self.fitting(index, target.shape(), target.data_type(), native)?;
        match self.table.read_tile {
            Some(read) => call_of.with_border(|listener| {
                let block = target.border();
                // SAFETY: block and call live until this returns; the block holds the whole tile.
                call(&self.extension, |raw, error| unsafe { read(raw, index, &block, listener, error) })
            }),
            None => self.image.read_region(&region, target, call_of),
        }
    }

    fn write_tile(&self, index: u64, source: &Block<'_>, call_of: &Call<'_>) -> Result<()> {
        let native = source.byte_order() == crate::ByteOrder::NATIVE;
        let region = self.fitting(index, source.shape(), source.data_type(), native)?;
        match self.table.write_tile {
            Some(write) => call_of.with_border(|listener| {
                let block = source.border();
                // SAFETY: block and call live until this returns; the block holds the whole tile.
                call(&self.extension, |raw, error| unsafe { write(raw, index, &block, listener, error) })
            }),
            None => self.image.write_region(&region, source, call_of),
        }
    }
}
