//! What a caller on the other side of the border asks of an image: a region, and the block that it fills or comes from.

use super::block::{copy_samples, Block, BlockMut};
use super::image::region_from;
use super::{borrow_whole, Call, ImageView, Memory};
use crate::abi::{iolink_block, iolink_region};
use crate::{ByteOrder, ImageCapability, Result};

/// Left where it lies: of a small region, moving this costs more than copying the samples.
pub(super) struct Asked<'a> {
    region: &'a iolink_region,
    block: &'a iolink_block,
}

impl<'a> Asked<'a> {
    /// # Safety
    /// Both are NULL or readable for `'a`, and the memory of the block is good as long.
    #[inline]
    pub(super) unsafe fn new(region: *const iolink_region, block: *const iolink_block) -> Result<Self> {
        // SAFETY: by the caller's promise.
        unsafe { Ok(Asked { region: borrow_whole(region)?, block: borrow_whole(block)? }) }
    }

    /// Fills the block with the region of the image.
    #[inline]
    pub(super) fn read(&self, image: &dyn ImageView, call: &Call<'_>) -> Result<()> {
        if image.regions_lie_in_memory() && image.capabilities().has(ImageCapability::READ) {
            let memory = image.memory()?;
            if let Some((axes, first)) = self.place_in(&memory) {
                let source = (first as *const u8, &*memory.strides, memory.byte_order);
                let target = (self.block.data as *mut u8, &self.block.byte_strides[..axes], ByteOrder::NATIVE);
                // SAFETY: the region lies inside memory that is kept until the end; the block is good by the promise to `new`.
                return unsafe { copy_samples(&self.region.extent[..axes], memory.data_type, source, target, call) };
            }
        }
        // SAFETY: the structs are readable, and the block is good, by the promise to `new`.
        let region = unsafe { region_from(self.region)? };
        region.check_inside(&image.shape())?;
        // SAFETY: as above.
        let mut target = unsafe { BlockMut::from_border(self.block, region.size, image.data_type())? };
        image.read_region(&region, &mut target, call)
    }

    /// Fills the region of the image with the block.
    #[inline]
    pub(super) fn write(&self, image: &dyn ImageView, call: &Call<'_>) -> Result<()> {
        if image.regions_lie_in_memory() && image.capabilities().has(ImageCapability::WRITE) {
            let memory = image.memory()?;
            match self.place_in(&memory) {
                Some((axes, first)) if memory.writable => {
                    let source = (self.block.data as *const u8, &self.block.byte_strides[..axes], ByteOrder::NATIVE);
                    let target = (first, &*memory.strides, memory.byte_order);
                    // SAFETY: as in `read`, and the memory may be written.
                    return unsafe {
                        copy_samples(&self.region.extent[..axes], memory.data_type, source, target, call)
                    };
                }
                _ => {}
            }
        }
        // SAFETY: the structs are readable, and the block is good, by the promise to `new`.
        let region = unsafe { region_from(self.region)? };
        region.check_inside(&image.shape())?;
        // SAFETY: as above.
        let source = unsafe { Block::from_border(self.block, region.size, image.data_type())? };
        image.write_region(&region, &source, call)
    }

    /// Number of axes, and where the region begins in the memory of the image; `None` where region or block are not this image's,
    /// which whoever comes next puts into words.
    #[inline]
    fn place_in(&self, memory: &Memory) -> Option<(usize, *mut u8)> {
        let axes = memory.shape.len();
        let named = self.region.dimension_count as usize == axes && self.block.dimension_count as usize == axes;
        let mut fits = named && self.block.data_type == memory.data_type.id() && !self.block.data.is_null();
        let mut offset = 0i64;
        for (axis, (&size, &stride)) in memory.shape.iter().zip(&*memory.strides).enumerate() {
            let (first, count) = (self.region.origin[axis], self.region.extent[axis]);
            fits &= count > 0 && count <= size && first <= size - count;
            // Inside, where it is looked at, this is the offset of a sample of the memory.
            offset = offset.wrapping_add((first as i64).wrapping_mul(stride));
        }
        fits.then_some((axes, memory.data.wrapping_offset(offset as isize)))
    }
}
