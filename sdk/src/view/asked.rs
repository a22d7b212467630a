//! What a caller on the other side of the border asks of an image: a region, and the block that it fills or comes from.

use super::block::{copy_samples, Block, BlockMut};
use super::image::region_from;
use super::{borrow_whole, Call, ImageView, Memory};
use crate::abi::{iolink_block, iolink_region, IOLINK_DEVICE_CPU, IOLINK_DEVICE_NOT_GIVEN};
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
        if image.serves_regions_from_memory() && image.capabilities().has(ImageCapability::READ) {
            // Looked at where it came: taken out of the result it would be moved.
            let lent = image.memory();
            let memory = match &lent {
                Ok(memory) => memory,
                Err(_) => return lent.map(drop),
            };
            if let Some((axes, first)) = self.place_in(memory) {
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
        if image.serves_regions_from_memory() && image.capabilities().has(ImageCapability::WRITE) {
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
        let here = matches!(self.block.device_type, IOLINK_DEVICE_NOT_GIVEN | IOLINK_DEVICE_CPU);
        let mut fits = named && here && self.block.data_type == memory.data_type.id() && !self.block.data.is_null();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DataType, ErrorKind, Owner, Shape};
    use std::mem::size_of;
    use std::os::raw::c_void;
    use std::sync::atomic::{AtomicU16, Ordering};
    use std::sync::Arc;

    fn all() -> ImageCapability {
        ImageCapability::READ | ImageCapability::WRITE | ImageCapability::MEMORY_ACCESS
    }

    /// An image of 4 x 3 samples of 16 bits in memory.
    struct Held {
        samples: Arc<Vec<AtomicU16>>,
        capabilities: ImageCapability,
        writable: bool,
    }

    impl Held {
        fn new(capabilities: ImageCapability, writable: bool) -> Held {
            Held { samples: Arc::new((0..12).map(AtomicU16::new).collect()), capabilities, writable }
        }

        fn samples(&self) -> Vec<u16> {
            self.samples.iter().map(|sample| sample.load(Ordering::Relaxed)).collect()
        }
    }

    impl ImageView for Held {
        fn capabilities(&self) -> ImageCapability {
            self.capabilities
        }
        fn shape(&self) -> Shape {
            Shape::new(&[4, 3]).unwrap()
        }
        fn data_type(&self) -> DataType {
            DataType::UINT16
        }
        fn memory(&self) -> Result<Memory> {
            Ok(Memory {
                data: self.samples.as_ptr() as *mut u8,
                data_type: self.data_type(),
                shape: self.shape(),
                strides: self.shape().column_fastest(2),
                byte_order: ByteOrder::NATIVE,
                writable: self.writable,
                owner: Owner::arc(self.samples.clone()),
            })
        }
        fn serves_regions_from_memory(&self) -> bool {
            true
        }
    }

    fn region(axes: u32, origin: [u64; 2], extent: [u64; 2]) -> iolink_region {
        let whole = |part: [u64; 2]| [part[0], part[1], 9, 9, 9, 9, 9, 9];
        let size = size_of::<iolink_region>() as u32;
        iolink_region { size, dimension_count: axes, origin: whole(origin), extent: whole(extent) }
    }

    fn block(axes: u32, data_type: DataType, samples: Option<&mut [u16; 12]>) -> iolink_block {
        iolink_block {
            size: size_of::<iolink_block>() as u32,
            dimension_count: axes,
            data_type: data_type.id(),
            data: samples.map_or(std::ptr::null_mut(), |samples| samples.as_mut_ptr() as *mut c_void),
            byte_strides: [2, 4, 9, 9, 9, 9, 9, 9],
            device_type: 0,
            device_id: 0,
        }
    }

    fn kind(asked: Result<()>) -> Option<ErrorKind> {
        asked.err().map(|refused| refused.kind())
    }

    #[test]
    fn a_region_is_copied_out_of_memory_and_into_it() {
        let image = Held::new(all(), true);
        let (mut samples, mut others) = ([0; 12], [70, 71, 72, 73, 0, 0, 0, 0, 0, 0, 0, 0]);
        let region = region(2, [1, 1], [2, 2]);
        let wanted = block(2, DataType::UINT16, Some(&mut samples));
        // SAFETY: both structs live, and the block has room for four samples.
        unsafe { Asked::new(&region, &wanted).unwrap() }.read(&image, &Call::silent()).unwrap();
        assert_eq!(samples[..5], [5, 6, 9, 10, 0]);
        let given = block(2, DataType::UINT16, Some(&mut others));
        // SAFETY: as above.
        unsafe { Asked::new(&region, &given).unwrap() }.write(&image, &Call::silent()).unwrap();
        assert_eq!(image.samples(), [0, 1, 2, 3, 4, 70, 71, 7, 8, 72, 73, 11]);
    }

    #[test]
    fn what_is_not_the_images_is_refused_and_nothing_copied() {
        let image = Held::new(all(), true);
        let mut samples = [77; 12];
        let mut refused = |region: iolink_region, axes: u32, data_type: DataType, present: bool| {
            let block = block(axes, data_type, Some(&mut samples).filter(|_| present));
            // SAFETY: both structs live, and the block has room for as many samples as the image has.
            let asked = unsafe { Asked::new(&region, &block).unwrap() };
            let kinds = [asked.read(&image, &Call::silent()), asked.write(&image, &Call::silent())].map(kind);
            assert_eq!(kinds[0], kinds[1]);
            kinds[0]
        };
        let (inside, own) = (|| region(2, [1, 1], [2, 2]), DataType::UINT16);
        for (origin, extent) in [([3, 0], [2, 1]), ([0, 3], [1, 1]), ([0, 0], [4, 4]), ([u64::MAX, 0], [2, 1])] {
            assert_eq!(refused(region(2, origin, extent), 2, own, true), Some(ErrorKind::OutOfRange));
        }
        assert_eq!(refused(region(2, [0, 0], [0, 2]), 2, own, true), Some(ErrorKind::InvalidArgument));
        assert_eq!(refused(region(1, [0, 0], [1, 1]), 1, own, true), Some(ErrorKind::InvalidArgument));
        assert_eq!(refused(region(9, [0, 0], [1, 1]), 2, own, true), Some(ErrorKind::Internal));
        assert_eq!(refused(inside(), 3, own, true), Some(ErrorKind::InvalidArgument));
        assert_eq!(refused(inside(), 2, own, false), Some(ErrorKind::InvalidArgument));
        assert_eq!(refused(inside(), 2, DataType::INT16, true), Some(ErrorKind::Type));
        assert_eq!(samples, [77; 12]);
        assert_eq!(image.samples(), (0..12).collect::<Vec<u16>>());
    }

    #[test]
    fn memory_is_no_way_around_a_capability() {
        let mut samples = [77; 12];
        let (region, block) = (region(2, [0, 0], [2, 2]), block(2, DataType::UINT16, Some(&mut samples)));
        // SAFETY: both structs live, and the block has room for four samples.
        let asked = unsafe { Asked::new(&region, &block).unwrap() };
        let memory_alone = Held::new(ImageCapability::MEMORY_ACCESS, true);
        assert_eq!(kind(asked.read(&memory_alone, &Call::silent())), Some(ErrorKind::NotImplemented));
        assert_eq!(kind(asked.write(&memory_alone, &Call::silent())), Some(ErrorKind::NotImplemented));
        assert_eq!(kind(asked.write(&Held::new(all(), false), &Call::silent())), Some(ErrorKind::NotImplemented));
        assert_eq!(samples, [77; 12]);
    }
}
