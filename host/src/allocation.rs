//! Memory that the host gives to its providers.

use iolink_sdk::{out_of_memory, Bytes, Owner, Result};
use std::alloc::{alloc_zeroed, dealloc, Layout};
use std::sync::Arc;

/// Alignment of the memory: that of a cache line, which is enough for samples of every type.
const ALIGNMENT: usize = 64;

struct Allocation {
    data: *mut u8,
    layout: Layout,
}

// SAFETY: the memory is owned; only its address is kept here.
unsafe impl Send for Allocation {}
// SAFETY: as above.
unsafe impl Sync for Allocation {}

impl Drop for Allocation {
    fn drop(&mut self) {
        // SAFETY: `data` was allocated with this layout.
        unsafe { dealloc(self.data, self.layout) }
    }
}

/// Returns zeroed memory.
///
/// # Errors
/// `Limit` if it cannot be allocated.
pub(crate) fn zeroed(length: u64) -> Result<Bytes> {
    let failed = || out_of_memory(usize::try_from(length).unwrap_or(usize::MAX));
    let size = usize::try_from(length).map_err(|_| failed())?;
    let layout = Layout::from_size_align(size.max(1), ALIGNMENT).map_err(|_| failed())?;
    // SAFETY: the layout has at least one byte.
    let data = unsafe { alloc_zeroed(layout) };
    if data.is_null() {
        return Err(failed());
    }
    let owner = Owner::arc(Arc::new(Allocation { data, layout }));
    Ok(Bytes { data, length, writable: true, owner })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_zeroed_and_aligned() {
        for length in [0, 1, 1000] {
            let bytes = zeroed(length).unwrap();
            assert_eq!(bytes.data as usize % ALIGNMENT, 0);
            // SAFETY: the memory is ours, and nobody writes it.
            assert!(unsafe { bytes.as_slice() }.iter().all(|byte| *byte == 0));
        }
        assert!(zeroed(u64::MAX).is_err());
    }
}
