//! Zeroed memory of a given size.

use iolink_sdk::{out_of_memory, Result};
use std::alloc::{alloc_zeroed, dealloc, Layout};

/// The alignment that the system's allocator gives for nothing, so that zeroed pages come untouched.
const ALIGNMENT: usize = 16;

/// Zeroed bytes in one place.
pub(crate) struct Buffer {
    data: *mut u8,
    layout: Layout,
}

// SAFETY: the buffer is plain memory; whoever shares it is told that nothing orders reads and writes.
unsafe impl Send for Buffer {}
// SAFETY: as above.
unsafe impl Sync for Buffer {}

impl Buffer {
    /// Zeroed memory, refused where it cannot be had.
    pub(crate) fn zeroed(bytes: usize) -> Result<Self> {
        let layout = Layout::from_size_align(bytes.max(1), ALIGNMENT).map_err(|_| out_of_memory(bytes))?;
        // SAFETY: the layout has at least one byte.
        let data = unsafe { alloc_zeroed(layout) };
        if data.is_null() {
            return Err(out_of_memory(bytes));
        }
        Ok(Buffer { data, layout })
    }

    pub(crate) fn data(&self) -> *mut u8 {
        self.data
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        // SAFETY: the memory came from `alloc_zeroed` with this layout.
        unsafe { dealloc(self.data, self.layout) }
    }
}
