//! Writing past the caches, for results that are larger than them.
//!
//! An ordinary store first reads the line it is about to replace; when a whole line is written and
//! nobody will look at it soon, that read and the eviction of something useful are both wasted.

/// Results of at least this many bytes are written past the caches.
pub(super) const LARGE: u64 = 8 << 20;

/// Copies a short contiguous run, past the caches as far as whole lines go: a line that goes out in
/// parts costs more than an ordinary store.
///
/// # Safety
/// `src` readable and `dst` writable for `bytes`, not overlapping. Before another thread may look at
/// the result, [`fence`].
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) unsafe fn copy(src: *const u8, dst: *mut u8, bytes: usize) {
    use std::arch::x86_64::{_mm_loadu_si128, _mm_stream_si128};
    let head = (dst as usize).wrapping_neg() % 64;
    let head = head.min(bytes);
    // SAFETY: head, whole lines and tail lie inside the ranges; the streamed addresses are aligned.
    unsafe {
        if head > 0 {
            std::ptr::copy_nonoverlapping(src, dst, head);
        }
        let mut at = head;
        while at + 64 <= bytes {
            for part in [at, at + 16, at + 32, at + 48] {
                _mm_stream_si128(dst.add(part).cast(), _mm_loadu_si128(src.add(part).cast()));
            }
            at += 64;
        }
        if at < bytes {
            std::ptr::copy_nonoverlapping(src.add(at), dst.add(at), bytes - at);
        }
    }
}

/// Copies a short contiguous run.
///
/// # Safety
/// `src` readable and `dst` writable for `bytes`, not overlapping.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
pub(super) unsafe fn copy(src: *const u8, dst: *mut u8, bytes: usize) {
    // SAFETY: the caller's promise.
    unsafe { std::ptr::copy_nonoverlapping(src, dst, bytes) }
}

/// Makes what was written past the caches visible in order.
#[inline]
pub(super) fn fence() {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: SSE, which every x86-64 CPU has; touches no memory.
    unsafe {
        std::arch::x86_64::_mm_sfence();
    }
}

/// Asks for the lines of a run that will be read soon, into the second cache. Any address will do.
#[inline(always)]
pub(super) fn ask(at: *const u8, bytes: usize) {
    #[cfg(target_arch = "x86_64")]
    for line in (0..at as usize % 64 + bytes).step_by(64) {
        use std::arch::x86_64::{_mm_prefetch, _MM_HINT_T1};
        // SAFETY: SSE, which every x86-64 CPU has; a prefetch never faults.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(at.wrapping_add(line).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (at, bytes);
}
