//! Reversing the bytes of every component of a contiguous run.
//!
//! The loops are plain Rust that the compiler turns into byte shuffles; on x86-64 they are compiled
//! twice, and the wider one is taken where the CPU has it.

use super::lanes::Word;

/// Copies `bytes` contiguous bytes, reversing every component.
///
/// # Safety
/// `src` readable and `dst` writable for `bytes`, not overlapping; `component` divides `bytes`.
#[inline]
pub(super) unsafe fn copy_run(bytes: usize, component: usize, src: *const u8, dst: *mut u8) {
    // SAFETY: the ranges are the caller's, and each loop runs over `bytes / component` words.
    unsafe {
        match component {
            1 => std::ptr::copy_nonoverlapping(src, dst, bytes),
            2 => words::<u16>(bytes / 2, src, dst),
            4 => words::<u32>(bytes / 4, src, dst),
            8 => words::<u64>(bytes / 8, src, dst),
            _ => {
                std::ptr::copy_nonoverlapping(src, dst, bytes);
                in_place(bytes, component, dst);
            }
        }
    }
}

/// Reverses every component of `bytes` contiguous bytes where they are.
///
/// # Safety
/// `at` readable and writable for `bytes`; `component` divides `bytes`.
#[inline]
pub(super) unsafe fn in_place(bytes: usize, component: usize, at: *mut u8) {
    // SAFETY: the range is the caller's.
    unsafe {
        match component {
            1 => {}
            2 => words_in_place::<u16>(bytes / 2, at),
            4 => words_in_place::<u32>(bytes / 4, at),
            8 => words_in_place::<u64>(bytes / 8, at),
            _ => {
                let run = std::slice::from_raw_parts_mut(at, bytes);
                run.chunks_exact_mut(component).for_each(<[u8]>::reverse);
            }
        }
    }
}

/// # Safety
/// `n` words of both sides, not overlapping.
#[inline]
unsafe fn words<T: Word>(n: usize, src: *const u8, dst: *mut u8) {
    /// # Safety
    /// As [`words`].
    #[inline(always)]
    unsafe fn plain<T: Word>(n: usize, src: *const u8, dst: *mut u8) {
        let (src, dst) = (src.cast::<T>(), dst.cast::<T>());
        for k in 0..n {
            // SAFETY: `k < n`; any alignment will do.
            unsafe { dst.add(k).write_unaligned(src.add(k).read_unaligned().reversed()) };
        }
    }
    #[cfg(all(target_arch = "x86_64", not(iolink_portable)))]
    {
        /// # Safety
        /// As [`words`]; AVX2 is there.
        #[target_feature(enable = "avx2")]
        unsafe fn wide<T: Word>(n: usize, src: *const u8, dst: *mut u8) {
            // SAFETY: the caller's promise.
            unsafe { plain::<T>(n, src, dst) }
        }
        if n >= 16 && std::is_x86_feature_detected!("avx2") {
            // SAFETY: the CPU has AVX2; the rest is the caller's promise.
            return unsafe { wide::<T>(n, src, dst) };
        }
    }
    // SAFETY: the caller's promise.
    unsafe { plain::<T>(n, src, dst) }
}

/// # Safety
/// `n` words at `at`.
#[inline]
unsafe fn words_in_place<T: Word>(n: usize, at: *mut u8) {
    /// # Safety
    /// As [`words_in_place`].
    #[inline(always)]
    unsafe fn plain<T: Word>(n: usize, at: *mut u8) {
        let at = at.cast::<T>();
        for k in 0..n {
            // SAFETY: `k < n`; any alignment will do.
            unsafe { at.add(k).write_unaligned(at.add(k).read_unaligned().reversed()) };
        }
    }
    #[cfg(all(target_arch = "x86_64", not(iolink_portable)))]
    {
        /// # Safety
        /// As [`words_in_place`]; AVX2 is there.
        #[target_feature(enable = "avx2")]
        unsafe fn wide<T: Word>(n: usize, at: *mut u8) {
            // SAFETY: the caller's promise.
            unsafe { plain::<T>(n, at) }
        }
        if n >= 16 && std::is_x86_feature_detected!("avx2") {
            // SAFETY: the CPU has AVX2; the rest is the caller's promise.
            return unsafe { wide::<T>(n, at) };
        }
    }
    // SAFETY: the caller's promise.
    unsafe { plain::<T>(n, at) }
}
