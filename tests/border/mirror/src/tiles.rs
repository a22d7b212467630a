//! An image with services of this plugin's own: tiles with a hole, and an extension whose function takes its view.

use iolink_sdk::abi::{iolink_view, IOLINK_EXTENSION_TILING, IOLINK_INVALID_TILE_INDEX};
use iolink_sdk::view::services::tiling_view;
use iolink_sdk::{
    fail, BlockMut, Call, DataType, Extension, ImageCapability, ImageView, Region, Result, Shape, Tiling, View,
};
use std::os::raw::c_void;
use std::sync::Arc;

/// Samples that are their own index; the sixth to eighth belong to no tile.
#[derive(Clone)]
pub struct Tiled;

impl ImageView for Tiled {
    fn capabilities(&self) -> ImageCapability {
        ImageCapability::READ
    }

    fn shape(&self) -> Shape {
        Shape::filled(1, 12)
    }

    fn data_type(&self) -> DataType {
        DataType::UINT8
    }

    fn read_region(&self, region: &Region, target: &mut BlockMut<'_>, _call: &Call<'_>) -> Result<()> {
        for index in 0..region.size[0] {
            let at = target.data().wrapping_offset(index as isize * target.strides()[0] as isize);
            // SAFETY: the caller's block holds the region.
            unsafe { at.write((region.origin[0] + index) as u8) };
        }
        Ok(())
    }

    fn extension(&self, id: u64) -> Option<View> {
        match id {
            IOLINK_EXTENSION_TILING => Some(tiling_view(Arc::new(self.clone()))),
            Greeting::ID => Some(View::extension(Greeting { table: Table { greet }, number: 40 })),
            _ => None,
        }
    }
}

impl Tiling for Tiled {
    fn image(&self) -> Arc<dyn ImageView> {
        Arc::new(self.clone())
    }

    fn max_tile_size(&self) -> Shape {
        Shape::filled(1, 5)
    }

    fn tile_count(&self) -> u64 {
        2
    }

    fn tile_region(&self, index: u64) -> Result<Region> {
        match index {
            0 => Region::new(&[0], &[5]),
            1 => Region::new(&[8], &[4]),
            _ => fail!(OutOfRange, "there is no tile {index}"),
        }
    }

    fn grid_size(&self) -> Shape {
        Shape::filled(1, 3)
    }

    fn grid(&self, first: u64, out: &mut [u64]) -> Result<()> {
        let places = [0, IOLINK_INVALID_TILE_INDEX, 1];
        out.copy_from_slice(&places[first as usize..][..out.len()]);
        Ok(())
    }

    fn read_tile(&self, index: u64, target: &mut BlockMut<'_>, call: &Call<'_>) -> Result<()> {
        if index == 1 {
            fail!(Corrupt, "tile 1 is damaged");
        }
        self.read_region(&self.tile_region(index)?, target, call)
    }
}

/// What everybody who knows the id knows of the extension.
#[repr(C)]
struct Table {
    greet: unsafe extern "C" fn(extension: *const iolink_view, more: u64) -> u64,
}

/// The extension: its table comes first, so that its function finds the rest.
#[repr(C)]
struct Greeting {
    table: Table,
    number: u64,
}

impl Greeting {
    const ID: u64 = 0x6A09_E667_F3BC_C908;
}

impl Extension for Greeting {
    fn id(&self) -> u64 {
        Greeting::ID
    }

    fn table(&self) -> *const c_void {
        self as *const Greeting as *const c_void
    }
}

unsafe extern "C" fn greet(extension: *const iolink_view, more: u64) -> u64 {
    // SAFETY: the host calls this with the extension's own, live view.
    match unsafe { View::from_borrowed(extension as *mut iolink_view) }.and_then(View::into_extension) {
        // SAFETY: only a `Greeting` has this function in its table.
        Ok(own) => unsafe { (*(own.table() as *const Greeting)).number + more },
        Err(_) => 0,
    }
}
