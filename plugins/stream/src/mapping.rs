//! A file's bytes as memory.

use crate::descriptor::Descriptor;
use iolink_sdk::{fail, Bytes, Error, Owner, Result};
use std::ptr::{null_mut, NonNull};
use std::sync::Arc;

/// A mapping of a whole file, shared with everybody who reads or writes the file.
pub(crate) struct Mapping {
    data: NonNull<u8>,
    length: usize,
    writable: bool,
}

// SAFETY: plain memory; whoever writes and reads it at once gets a mixture, as with the file.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// # Errors
    /// `Limit` for more than can be addressed, `Io` where the system refuses.
    pub(crate) fn new(descriptor: &Descriptor, length: u64, writable: bool) -> Result<Self> {
        let length = match usize::try_from(length) {
            Ok(length) if length <= isize::MAX as usize => length,
            _ => fail!(Limit, "{length} bytes are more than can be mapped"),
        };
        let mut data = NonNull::dangling();
        if length > 0 {
            let access = if writable { libc::PROT_READ | libc::PROT_WRITE } else { libc::PROT_READ };
            // SAFETY: a new mapping at an address that the system chooses touches no memory of ours.
            let at = unsafe { libc::mmap(null_mut(), length, access, libc::MAP_SHARED, descriptor.raw(), 0) };
            data = match NonNull::new(at.cast()) {
                Some(data) if at != libc::MAP_FAILED => data,
                _ => return Err(Error::io("mapping the file", &std::io::Error::last_os_error())),
            };
        }
        Ok(Mapping { data, length, writable })
    }

    /// The bytes, lent.
    pub(crate) fn lend(self: &Arc<Self>) -> Bytes {
        let owner = Owner::arc(self.clone());
        Bytes { data: self.data.as_ptr(), length: self.length as u64, writable: self.writable, owner }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        if self.length > 0 {
            // SAFETY: mapped by `new` with this length, and nobody has it any more.
            unsafe { libc::munmap(self.data.as_ptr().cast(), self.length) };
        }
    }
}
