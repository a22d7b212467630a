//! Memory that a view lends: samples with their layout, or plain bytes, and whoever keeps them in place.

use super::Block;
use crate::abi::{
    iolink_bytes, iolink_memory, IOLINK_BIG_ENDIAN, IOLINK_DEVICE_CPU, IOLINK_DEVICE_NOT_GIVEN, IOLINK_LITTLE_ENDIAN,
    IOLINK_MEMORY_WRITABLE,
};
use crate::geometry::checked_extent;
use crate::{fail, BlockMut, ByteOrder, DataType, Error, ErrorKind, Indexer, Owner, Region, Result, Shape, Strides};
use std::os::raw::c_void;

/// Samples in memory, good and in place until this is dropped.
pub struct Memory {
    /// The sample at index 0 of every axis. May be unaligned.
    pub data: *mut u8,
    /// Type of a sample.
    pub data_type: DataType,
    /// Samples along each axis, canonical order.
    pub shape: Shape,
    /// Bytes from one sample to the next along each axis; may be negative or zero.
    pub strides: Strides,
    /// Byte order of each component.
    pub byte_order: ByteOrder,
    /// May the memory be written?
    pub writable: bool,
    /// Whoever keeps the memory in place.
    pub owner: Owner,
}

// SAFETY: the memory is shared by design; whoever reads and writes it at once is told that nothing orders that.
unsafe impl Send for Memory {}
// SAFETY: as above.
unsafe impl Sync for Memory {}

impl Memory {
    /// Refuses a description that cannot be true: lengths that differ, no address, an extent beyond the address space.
    #[inline]
    pub fn check(&self) -> Result<()> {
        let (low, high) = checked_extent(self.data_type, &self.shape, &self.strides)?;
        if self.data.is_null() && high > low {
            fail!(InvalidArgument, "memory of shape {} has no address", self.shape);
        }
        Ok(())
    }

    /// How the samples lie.
    ///
    /// # Errors
    /// As [`Indexer::new`].
    pub fn indexer(&self) -> Result<Indexer> {
        Indexer::new(self.data_type, &self.shape, &self.strides)
    }

    /// Address of the sample at a position inside the memory.
    fn at(&self, position: &[u64]) -> *mut u8 {
        let offset: i64 = position.iter().zip(&*self.strides).map(|(index, stride)| *index as i64 * stride).sum();
        self.data.wrapping_offset(offset as isize)
    }

    /// The samples of a region, to be read.
    ///
    /// # Errors
    /// As [`Region::check_inside`].
    pub fn block(&self, region: &Region) -> Result<Block<'_>> {
        region.check_inside(&self.shape)?;
        // SAFETY: the region lies inside memory that this value keeps in place.
        Ok(unsafe {
            Block::from_raw(self.at(&region.origin), region.size, self.strides, self.data_type)
                .with_byte_order(self.byte_order)
        })
    }

    /// The samples of a region, to be written.
    ///
    /// # Errors
    /// As [`Region::check_inside`], and `NotImplemented` where the memory is read-only.
    pub fn block_mut(&self, region: &Region) -> Result<BlockMut<'_>> {
        if !self.writable {
            return Err(Error::capability("the image", "WRITE", "its memory is read-only: copy it to change it"));
        }
        region.check_inside(&self.shape)?;
        // SAFETY: the region lies inside memory that this value keeps in place and that may be written.
        Ok(unsafe {
            BlockMut::from_raw(self.at(&region.origin), region.size, self.strides, self.data_type)
                .with_byte_order(self.byte_order)
        })
    }

    /// For the border, with the duty to release.
    #[inline]
    pub fn into_border(self) -> iolink_memory {
        let (owner, release) = self.owner.into_raw();
        iolink_memory {
            size: std::mem::size_of::<iolink_memory>() as u32,
            dimension_count: self.shape.len() as u32,
            data_type: self.data_type.id(),
            byte_order: match self.byte_order {
                ByteOrder::Little => IOLINK_LITTLE_ENDIAN,
                ByteOrder::Big => IOLINK_BIG_ENDIAN,
            },
            flags: if self.writable { IOLINK_MEMORY_WRITABLE } else { 0 },
            data: self.data as *mut c_void,
            shape: self.shape.border(),
            byte_strides: self.strides.border(),
            owner,
            release,
            device_type: IOLINK_DEVICE_CPU,
            device_id: 0,
        }
    }

    /// Takes over what came across the border.
    ///
    /// # Errors
    /// What [`Memory::check`] refuses; the memory is released then.
    ///
    /// # Safety
    /// What the description says of the memory is true, and its release may be called once.
    #[inline]
    pub unsafe fn from_border(border: iolink_memory) -> Result<Memory> {
        // SAFETY: by the caller's promise.
        let owner = unsafe { Owner::from_raw(border.owner, border.release) };
        check_device(border.device_type)?;
        let memory = Memory {
            data: border.data as *mut u8,
            data_type: DataType::from_id(border.data_type)?,
            shape: Shape::from_border(border.dimension_count, &border.shape)?,
            strides: Strides::from_border(border.dimension_count, &border.byte_strides)?,
            byte_order: match border.byte_order {
                IOLINK_LITTLE_ENDIAN => ByteOrder::Little,
                IOLINK_BIG_ENDIAN => ByteOrder::Big,
                other => fail!(Internal, "the memory's byte order {other} is neither little nor big"),
            },
            writable: border.flags & IOLINK_MEMORY_WRITABLE != 0,
            owner,
        };
        memory.check()?;
        Ok(memory)
    }
}

/// Rejects memory of a device that this crate cannot read.
///
/// # Errors
/// `NotImplemented` for a device other than the host's memory.
pub(super) fn check_device(device_type: i32) -> Result<()> {
    match device_type {
        IOLINK_DEVICE_NOT_GIVEN | IOLINK_DEVICE_CPU => Ok(()),
        other => fail!(
            NotImplemented,
            "the memory lies on a device of type {other} (DLPack's number); copy it to the host's memory first"
        ),
    }
}

/// Plain bytes in memory, good and in place until this is dropped.
pub struct Bytes {
    /// First byte.
    pub data: *mut u8,
    /// How many bytes.
    pub length: u64,
    /// May the bytes be written?
    pub writable: bool,
    /// Whoever keeps the memory in place.
    pub owner: Owner,
}

// SAFETY: as for `Memory`.
unsafe impl Send for Bytes {}
// SAFETY: as for `Memory`.
unsafe impl Sync for Bytes {}

impl Bytes {
    /// For the border, with the duty to release.
    pub fn into_border(self) -> iolink_bytes {
        let (owner, release) = self.owner.into_raw();
        iolink_bytes {
            size: std::mem::size_of::<iolink_bytes>() as u32,
            flags: if self.writable { IOLINK_MEMORY_WRITABLE } else { 0 },
            data: self.data as *mut c_void,
            length: self.length,
            owner,
            release,
        }
    }

    /// Takes over what came across the border.
    ///
    /// # Errors
    /// `Internal` for bytes without an address or beyond the address space; they are released then.
    ///
    /// # Safety
    /// What the description says of the memory is true, and its release may be called once.
    pub unsafe fn from_border(border: iolink_bytes) -> Result<Bytes> {
        // SAFETY: by the caller's promise.
        let owner = unsafe { Owner::from_raw(border.owner, border.release) };
        if (border.data.is_null() && border.length > 0) || border.length > isize::MAX as u64 {
            return Err(Error::new(ErrorKind::Internal, "lent bytes have no address, or are more than can be"));
        }
        Ok(Bytes {
            data: border.data as *mut u8,
            length: border.length,
            writable: border.flags & IOLINK_MEMORY_WRITABLE != 0,
            owner,
        })
    }

    /// The bytes.
    ///
    /// # Safety
    /// Nobody writes them while the slice lives.
    pub unsafe fn as_slice(&self) -> &[u8] {
        if self.length == 0 {
            return &[];
        }
        // SAFETY: the owner keeps the bytes in place; the caller vouches that nobody writes.
        unsafe { std::slice::from_raw_parts(self.data, self.length as usize) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strides_that_wrap_around_the_address_space_are_refused() {
        let mut byte = 0u8;
        let mut memory = |strides: &[i64]| Memory {
            data: &mut byte,
            data_type: DataType::UINT8,
            shape: Shape::filled(2, 2),
            strides: Strides::new(strides).unwrap(),
            byte_order: ByteOrder::NATIVE,
            writable: false,
            owner: Owner::none(),
        };
        let wide = i64::MAX - 1;
        assert_eq!(memory(&[wide, -wide]).check().unwrap_err().kind(), ErrorKind::Limit);
        assert_eq!(memory(&[wide, wide]).check().unwrap_err().kind(), ErrorKind::Limit);
    }
}
