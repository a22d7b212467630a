//! Sizes that are refused before anything is allocated.

use crate::{DataType, Result, Shape};

/// Bytes that a process can address at all: 47 bits on today's 64-bit systems.
#[cfg(target_pointer_width = "64")]
const ADDRESSABLE: u64 = 1 << 47;
/// Bytes that a process can address at all.
#[cfg(not(target_pointer_width = "64"))]
const ADDRESSABLE: u64 = isize::MAX as u64;

/// What the library will allocate or believe at most.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of one allocation. The default is what a process can address at all.
    pub max_bytes: u64,
    /// Nodes of a metadata tree that comes over the border.
    pub max_metadata_nodes: u64,
    /// Nodes under each other in a metadata tree: whoever walks it does so by recursion.
    pub max_metadata_depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { max_bytes: ADDRESSABLE, max_metadata_nodes: 1_000_000, max_metadata_depth: 256 }
    }
}

impl Limits {
    /// Those of a view that nobody allocates: as many bytes as can be counted.
    pub fn unallocated() -> Self {
        Limits { max_bytes: i64::MAX as u64, ..Limits::default() }
    }

    /// Bytes that an image of this shape and type takes, refused where they overflow or go over the limit.
    pub fn image_bytes(&self, shape: &Shape, data_type: DataType) -> Result<usize> {
        // Without samples there are no bytes that would be too many.
        let endless = shape.iter().find(|size| **size > i64::MAX as u64);
        if let (Some(size), true) = (endless, shape.contains(&0)) {
            crate::fail!(Limit, "an axis of {size} samples is longer than {}, which is what can be indexed", i64::MAX);
        }
        let bytes = shape
            .element_count()
            .and_then(|count| count.checked_mul(data_type.byte_count() as u64))
            .filter(|bytes| *bytes <= self.max_bytes.min(isize::MAX as u64));
        match bytes {
            Some(bytes) => Ok(bytes as usize),
            None => crate::fail!(
                Limit,
                "an image of shape {shape} and type {data_type} takes more than {} bytes, the limit; \
                 give a smaller shape, or open the data lazily instead of allocating it",
                self.max_bytes
            ),
        }
    }
}

/// A zeroed or given buffer could not be had: says how much was asked for.
pub fn out_of_memory(bytes: usize) -> crate::Error {
    crate::Error::new(
        crate::ErrorKind::Limit,
        format!("{bytes} bytes could not be allocated; give a smaller shape, or open the data lazily"),
    )
}

/// Zeroes for `count` numbers that the other side of the ABI asked room for.
///
/// # Errors
/// `Limit` if they cannot be allocated.
pub(crate) fn zeroed_numbers(count: u64) -> Result<Vec<u64>> {
    let wanted = usize::try_from(count).unwrap_or(usize::MAX);
    let mut numbers = Vec::new();
    numbers.try_reserve_exact(wanted).map_err(|_| out_of_memory(wanted.saturating_mul(8)))?;
    numbers.resize(wanted, 0);
    Ok(numbers)
}
