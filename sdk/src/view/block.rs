//! A region's samples in somebody's memory: what `read_region` fills and `write_region` takes.

use super::memory::check_device;
use super::{read_grown, Call};
use crate::abi::{iolink_block, IOLINK_DEVICE_CPU};
use crate::copy::{byte_extent, copy_strided_by, overlaps, share_bytes, Swap};
use crate::{fail, ByteOrder, DataType, Result, Shape, Strides};
use std::marker::PhantomData;
use std::os::raw::c_void;

/// Samples to be read.
#[derive(Clone, Copy)]
pub struct Block<'a> {
    data: *const u8,
    shape: Shape,
    strides: Strides,
    data_type: DataType,
    byte_order: ByteOrder,
    lifetime: PhantomData<&'a [u8]>,
}

/// Samples to be written.
pub struct BlockMut<'a> {
    data: *mut u8,
    shape: Shape,
    strides: Strides,
    data_type: DataType,
    byte_order: ByteOrder,
    lifetime: PhantomData<&'a mut [u8]>,
}

macro_rules! shared_by_both {
    ($block:ident, $slice:ty, $pointer:ty, $as_pointer:ident) => {
        impl<'a> $block<'a> {
            /// Dense samples in canonical order, column fastest, native byte order.
            ///
            /// # Errors
            /// `InvalidArgument` where the slice has not exactly the bytes needed.
            pub fn new(bytes: $slice, shape: &Shape, data_type: DataType) -> Result<Self> {
                let needed = crate::Limits::default().image_bytes(shape, data_type)?;
                if bytes.len() != needed {
                    fail!(
                        InvalidArgument,
                        "the buffer has {} bytes; samples of shape {shape} and type {data_type} take {needed}",
                        bytes.len()
                    );
                }
                let strides = shape.column_fastest(data_type.byte_count());
                Ok($block {
                    data: bytes.$as_pointer(),
                    shape: *shape,
                    strides,
                    data_type,
                    byte_order: ByteOrder::NATIVE,
                    lifetime: PhantomData,
                })
            }

            /// Samples laid out by `strides` (in bytes) from the byte at `first` on, native byte order.
            ///
            /// # Errors
            /// `InvalidArgument` where a sample would lie outside the slice.
            pub fn with_strides(
                bytes: $slice,
                first: usize,
                shape: &Shape,
                strides: &Strides,
                data_type: DataType,
            ) -> Result<Self> {
                let inside = shape.len() == strides.len()
                    && byte_extent(shape, strides, data_type.byte_count()).map_or(false, |(low, high)| {
                        let (first, length) = (first as i64, bytes.len() as i64);
                        high == low || (first.saturating_add(low) >= 0 && first.saturating_add(high) <= length)
                    });
                if !inside {
                    fail!(
                        InvalidArgument,
                        "samples of shape {shape} with byte strides {strides} from byte {first} on leave the buffer \
                         of {} bytes",
                        bytes.len()
                    );
                }
                Ok($block {
                    data: bytes.$as_pointer().wrapping_add(first),
                    shape: *shape,
                    strides: *strides,
                    data_type,
                    byte_order: ByteOrder::NATIVE,
                    lifetime: PhantomData,
                })
            }

            /// Samples at an address, in native byte order.
            ///
            /// # Safety
            /// Every sample lies in memory that is good for `'a`.
            pub unsafe fn from_raw(data: $pointer, shape: Shape, strides: Strides, data_type: DataType) -> Self {
                $block { data, shape, strides, data_type, byte_order: ByteOrder::NATIVE, lifetime: PhantomData }
            }

            /// The same samples in another byte order.
            pub fn with_byte_order(mut self, byte_order: ByteOrder) -> Self {
                self.byte_order = byte_order;
                self
            }

            /// Address of the first sample.
            pub fn data(&self) -> $pointer {
                self.data
            }

            /// Samples along each axis.
            pub fn shape(&self) -> &Shape {
                &self.shape
            }

            /// Bytes from one sample to the next along each axis.
            pub fn strides(&self) -> &Strides {
                &self.strides
            }

            /// Type of a sample.
            pub fn data_type(&self) -> DataType {
                self.data_type
            }

            /// Byte order of each component.
            pub fn byte_order(&self) -> ByteOrder {
                self.byte_order
            }

            pub(crate) fn border(&self) -> iolink_block {
                iolink_block {
                    size: std::mem::size_of::<iolink_block>() as u32,
                    dimension_count: self.shape.len() as u32,
                    data_type: self.data_type.id(),
                    data: self.data as *mut c_void,
                    byte_strides: self.strides.border_loose(),
                    device_type: IOLINK_DEVICE_CPU,
                    device_id: 0,
                }
            }

            /// # Safety
            /// The block is NULL or readable, and the memory it describes is good for `'a`.
            pub(crate) unsafe fn from_border(
                border: *const iolink_block,
                shape: Shape,
                data_type: DataType,
            ) -> Result<Self> {
                // SAFETY: by the caller's promise.
                let border = unsafe { read_grown(border)? };
                check_device(border.device_type)?;
                if border.data_type != data_type.id() {
                    fail!(
                        Type,
                        "the block holds samples of type {:#x}, the image has {data_type} ({:#x})",
                        border.data_type,
                        data_type.id()
                    );
                }
                if border.dimension_count as usize != shape.len() || border.data.is_null() {
                    fail!(InvalidArgument, "the block has {} axes or no address", border.dimension_count);
                }
                let strides = Strides::from_border(border.dimension_count, &border.byte_strides)?;
                // SAFETY: by the caller's promise.
                Ok(unsafe { $block::from_raw(border.data as $pointer, shape, strides, data_type) })
            }
        }
    };
}

shared_by_both!(Block, &'a [u8], *const u8, as_ptr);
shared_by_both!(BlockMut, &'a mut [u8], *mut u8, as_mut_ptr);

impl Block<'_> {
    /// The part that a region names, in samples of this block.
    ///
    /// # Errors
    /// As [`crate::Region::check_inside`].
    pub fn part(&self, region: &crate::Region) -> Result<Block<'_>> {
        region.check_inside(&self.shape)?;
        let offset: i64 = region.origin.iter().zip(&*self.strides).map(|(index, stride)| *index as i64 * stride).sum();
        Ok(Block {
            data: self.data.wrapping_offset(offset as isize),
            shape: region.size,
            lifetime: PhantomData,
            ..*self
        })
    }
}

impl BlockMut<'_> {
    /// The same samples for a shorter time.
    pub fn reborrow(&mut self) -> BlockMut<'_> {
        BlockMut { lifetime: PhantomData, ..*self }
    }

    /// The samples to be read.
    pub fn as_block(&self) -> Block<'_> {
        Block {
            data: self.data,
            shape: self.shape,
            strides: self.strides,
            data_type: self.data_type,
            byte_order: self.byte_order,
            lifetime: PhantomData,
        }
    }

    /// The part at `origin` of size `size`, both in samples of this block.
    ///
    /// # Errors
    /// As [`crate::Region::check_inside`].
    pub fn part(&mut self, region: &crate::Region) -> Result<BlockMut<'_>> {
        region.check_inside(&self.shape)?;
        let offset: i64 = region.origin.iter().zip(&*self.strides).map(|(index, stride)| *index as i64 * stride).sum();
        Ok(BlockMut {
            data: self.data.wrapping_offset(offset as isize),
            shape: region.size,
            lifetime: PhantomData,
            ..*self
        })
    }

    /// Might a copy or conversion from `source` read bytes that it wrote? As [`crate::copy::overlaps`].
    pub fn may_share(&self, source: &Block<'_>) -> bool {
        share_bytes(
            (&self.shape, self.data_type.byte_count(), self.data, &self.strides),
            (&source.shape, source.data_type.byte_count(), source.data, &source.strides),
        )
    }

    /// Copies samples of the same shape and type, whatever their layout and byte order; many megabytes by several threads.
    ///
    /// # Errors
    /// `InvalidArgument` or `Type` where shapes or types differ, `InvalidArgument` where the two may share bytes, `Cancelled`
    /// where the caller asks to stop.
    pub fn copy_from(&mut self, source: &Block<'_>, call: &Call<'_>) -> Result<()> {
        if source.shape != self.shape {
            fail!(InvalidArgument, "samples of shape {} cannot fill a block of shape {}", source.shape, self.shape);
        }
        if source.data_type != self.data_type {
            fail!(Type, "samples of type {} cannot fill a block of type {}", source.data_type, self.data_type);
        }
        // SAFETY: both blocks describe good memory of that many samples.
        unsafe {
            copy_samples(
                &self.shape,
                self.data_type,
                (source.data, &source.strides, source.byte_order),
                (self.data, &self.strides, self.byte_order),
                call,
            )
        }
    }
}

/// Copies samples from and to an address, by the strides and in the byte order that stand with it.
///
/// # Errors
/// `InvalidArgument` where the two may share bytes, `Cancelled` where the caller asks to stop.
///
/// # Safety
/// There is good memory of that many samples on both sides.
#[inline]
pub(super) unsafe fn copy_samples(
    shape: &[u64],
    data_type: DataType,
    source: (*const u8, &[i64], ByteOrder),
    target: (*mut u8, &[i64], ByteOrder),
    call: &Call<'_>,
) -> Result<()> {
    if overlaps(shape, data_type.byte_count(), source.0, source.1, target.0, target.1) {
        return Err(crate::Error::shared_memory());
    }
    let component = data_type.component_bytes();
    let swap = if source.2 == target.2 || component == 1 { Swap::None } else { Swap::Bytes(component) };
    let size = data_type.byte_count();
    // SAFETY: by the caller's promise.
    unsafe {
        let (from, to, threads) = ((source.0, source.1), (target.0, target.1), call.max_threads());
        if call.is_silent() {
            copy_strided_by(shape, size, from, to, swap, threads, None);
            return Ok(());
        }
        let mut stopped = Ok(());
        let mut tick = |done, total| {
            stopped = call.step(done, total);
            stopped.is_ok()
        };
        copy_strided_by(shape, size, from, to, swap, threads, Some(&mut tick));
        stopped
    }
}
