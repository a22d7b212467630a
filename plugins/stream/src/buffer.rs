//! Bytes of our own in one place, which can be made larger.

use iolink_sdk::{Error, ErrorKind, Result};
use std::alloc::{alloc, alloc_zeroed, dealloc, realloc, Layout};
use std::ptr::{self, NonNull};

/// What every system's allocator gives for nothing, so that zeroed pages come untouched.
const ALIGNMENT: usize = 16;

/// From here on a run of zeros is taken from the system, which has them ready, rather than written.
const ZEROS_FROM_SYSTEM: usize = 1 << 20;

/// Memory of its own. What lies in it is for the holder to know.
pub(crate) struct Buffer {
    data: NonNull<u8>,
    capacity: usize,
}

// SAFETY: plain memory; its holder orders reads and writes.
unsafe impl Send for Buffer {}
// SAFETY: as above.
unsafe impl Sync for Buffer {}

#[cold]
fn too_large(bytes: usize) -> Error {
    Error::new(ErrorKind::Limit, format!("{bytes} bytes of memory cannot be had; a file has more room"))
}

fn layout(bytes: usize) -> Result<Layout> {
    Layout::from_size_align(bytes, ALIGNMENT).map_err(|_| too_large(bytes))
}

fn taken(data: *mut u8, capacity: usize) -> Result<Buffer> {
    NonNull::new(data).map(|data| Buffer { data, capacity }).ok_or_else(|| too_large(capacity))
}

impl Buffer {
    /// No memory.
    pub(crate) const fn empty() -> Self {
        Buffer { data: NonNull::dangling(), capacity: 0 }
    }

    /// Memory with anything in it.
    pub(crate) fn with_capacity(capacity: usize) -> Result<Self> {
        if capacity == 0 {
            return Ok(Buffer::empty());
        }
        // SAFETY: the layout has at least one byte.
        taken(unsafe { alloc(layout(capacity)?) }, capacity)
    }

    /// Memory full of zeros.
    pub(crate) fn zeroed(capacity: usize) -> Result<Self> {
        if capacity == 0 {
            return Ok(Buffer::empty());
        }
        // SAFETY: the layout has at least one byte.
        taken(unsafe { alloc_zeroed(layout(capacity)?) }, capacity)
    }

    pub(crate) fn data(&self) -> *mut u8 {
        self.data.as_ptr()
    }

    /// Makes room for at least `needed` bytes and keeps the first `used`; a little more is taken so that many small
    /// steps cost no more than one.
    pub(crate) fn reserve(&mut self, used: usize, needed: usize) -> Result<()> {
        if needed <= self.capacity {
            return Ok(());
        }
        let generous = needed.max(self.capacity.saturating_add(self.capacity / 2)).max(64);
        if used == 0 {
            // Nothing to move: what was there is given back before more is asked for.
            *self = Buffer::empty();
        }
        self.resize_to(generous).or_else(|_| self.resize_to(needed))
    }

    fn resize_to(&mut self, capacity: usize) -> Result<()> {
        if self.capacity == 0 {
            *self = Buffer::with_capacity(capacity)?;
            return Ok(());
        }
        let (old, new) = (layout(self.capacity)?, layout(capacity)?);
        // SAFETY: the memory was allocated with `old`; the new size is not zero and fits a layout.
        let data = unsafe { realloc(self.data(), old, new.size()) };
        self.data = NonNull::new(data).ok_or_else(|| too_large(capacity))?;
        self.capacity = capacity;
        Ok(())
    }

    /// Makes `from..to` zero, with room for it; the first `from` bytes stay.
    pub(crate) fn zero(&mut self, from: usize, to: usize) -> Result<()> {
        if to > self.capacity && to - from >= ZEROS_FROM_SYSTEM {
            let larger = Buffer::zeroed(to)?;
            // SAFETY: both have `from` bytes, in two allocations.
            unsafe { ptr::copy_nonoverlapping(self.data(), larger.data(), from) };
            *self = larger;
            return Ok(());
        }
        self.reserve(from, to)?;
        // SAFETY: the buffer now has `to` bytes.
        unsafe { ptr::write_bytes(self.data().add(from), 0, to.saturating_sub(from)) };
        Ok(())
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if self.capacity > 0 {
            // SAFETY: allocated by this type with this size and alignment, which made a layout before.
            unsafe { dealloc(self.data(), Layout::from_size_align_unchecked(self.capacity, ALIGNMENT)) }
        }
    }
}
