//! Random access to memory.

use crate::buffer::Buffer;
use crate::place::{lend, Place};
use crate::RANDOM;
use iolink_sdk::{fail, Bytes, Error, RandomAccess, Result, StreamCapability};
use std::ptr;
use std::sync::Arc;

/// Random access to memory of its own, or to memory that somebody lends.
///
/// Reads and writes of several threads are not ordered: whoever reads what another writes gets either, or a mixture.
pub struct MemoryAccess {
    place: Arc<Place>,
    length: usize,
    capabilities: StreamCapability,
}

impl MemoryAccess {
    /// So many zeros.
    ///
    /// # Errors
    /// `Limit` where so much cannot be had.
    pub fn zeroed(length: u64) -> Result<Self> {
        let length = match usize::try_from(length) {
            Ok(length) if length <= isize::MAX as usize => length,
            _ => fail!(Limit, "{length} bytes are more than memory can hold; a file has more room"),
        };
        let place = Arc::new(Place::Own(Buffer::zeroed(length)?));
        Ok(MemoryAccess { place, length, capabilities: RANDOM })
    }

    /// Somebody's bytes. Read-only ones give no WRITE.
    pub fn over(bytes: Bytes) -> Self {
        let capabilities = match bytes.writable {
            true => RANDOM,
            false => StreamCapability::READ | StreamCapability::MEMORY_ACCESS,
        };
        let length = bytes.length as usize;
        MemoryAccess { place: Arc::new(Place::Given(bytes)), length, capabilities }
    }
}

/// Refuses a write that does not lie inside.
pub(crate) fn check_inside(offset: u64, count: usize, length: u64) -> Result<()> {
    match offset.checked_add(count as u64) {
        Some(end) if end <= length => Ok(()),
        _ => fail!(OutOfRange, "{count} bytes at {offset} go past the end: the size is fixed at {length} bytes"),
    }
}

impl RandomAccess for MemoryAccess {
    fn capabilities(&self) -> StreamCapability {
        self.capabilities
    }

    fn length(&self) -> Result<u64> {
        Ok(self.length as u64)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let count = buffer.len().min((self.length as u64).saturating_sub(offset) as usize);
        if count > 0 {
            // SAFETY: `offset..offset + count` lies inside; the target may be the memory itself.
            unsafe { ptr::copy(self.place.data().add(offset as usize), buffer.as_mut_ptr(), count) };
        }
        Ok(count)
    }

    fn write_at(&self, offset: u64, buffer: &[u8]) -> Result<()> {
        if !self.place.writable() {
            return Err(Error::capability(
                "the random access",
                "WRITE",
                "its memory is read-only: copy it to change it",
            ));
        }
        check_inside(offset, buffer.len(), self.length as u64)?;
        if !buffer.is_empty() {
            // SAFETY: `offset..offset + buffer.len()` lies inside memory that may be written.
            unsafe { ptr::copy(buffer.as_ptr(), self.place.data().add(offset as usize), buffer.len()) };
        }
        Ok(())
    }

    fn memory(&self) -> Result<Bytes> {
        Ok(lend(&self.place, self.length))
    }
}
