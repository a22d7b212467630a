//! Where a descriptor lies: in this program, in a library that was loaded, or in the file of one that was not.

/// Bytes by their addresses.
pub(crate) trait Memory {
    /// Bytes of a string that are read at a time: they never pass the end of a page.
    const STEP: usize;

    /// Copies bytes into `out`; false if they are not there.
    fn read(&self, at: usize, out: &mut [u8]) -> bool;
}

/// Memory that is there by the promise of the one who gives the address: that of this program.
pub(crate) struct Trusted(());

impl Trusted {
    /// # Safety
    /// Every address that is read leads to as many bytes as are read, a string up to its NUL.
    pub(crate) unsafe fn new() -> Self {
        Trusted(())
    }
}

impl Memory for Trusted {
    const STEP: usize = 1;

    fn read(&self, at: usize, out: &mut [u8]) -> bool {
        // SAFETY: by the promise of `new`.
        unsafe { std::ptr::copy_nonoverlapping(at as *const u8, out.as_mut_ptr(), out.len()) };
        true
    }
}

/// Memory of this process that a library points to, and that may not be there.
pub(crate) struct Probed;

impl Memory for Probed {
    const STEP: usize = 64;

    fn read(&self, at: usize, out: &mut [u8]) -> bool {
        crate::address::copy(at, out)
    }
}
