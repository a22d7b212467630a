//! Where the bytes of a memory stream or memory access lie.

use crate::buffer::Buffer;
use iolink_sdk::{Bytes, Owner};
use std::sync::Arc;

/// Memory of our own, or somebody's.
pub(crate) enum Place {
    Own(Buffer),
    Given(Bytes),
}

impl Place {
    pub(crate) fn data(&self) -> *mut u8 {
        match self {
            Place::Own(buffer) => buffer.data(),
            Place::Given(bytes) => bytes.data,
        }
    }

    pub(crate) fn writable(&self) -> bool {
        match self {
            Place::Own(_) => true,
            Place::Given(bytes) => bytes.writable,
        }
    }
}

/// The first `length` bytes of a place, lent. As long as the loan lives the `Arc` is shared, by which its holder knows
/// that the memory must stay.
pub(crate) fn lend(place: &Arc<Place>, length: usize) -> Bytes {
    Bytes { data: place.data(), length: length as u64, writable: place.writable(), owner: Owner::arc(place.clone()) }
}
