//! Writing past the caches, for results that are larger than them.
//!
//! An ordinary store first reads the line it is about to replace; when a whole line is written and
//! nobody will look at it soon, that read and the eviction of something useful are both wasted.

/// Results of at least this many bytes are written past the caches.
pub(super) const LARGE: u64 = 8 << 20;

/// Copies a contiguous run, past the caches as far as whole lines go: a line that goes out in
/// parts costs more than an ordinary store. Where it begins or ends at a sixteenth byte the lines at its edges go the same way, because the
/// CPU joins them with what follows at once.
///
/// # Safety
/// `src` readable and `dst` writable for `bytes`, not overlapping. Before another thread may look at
/// the result, [`fence`].
pub(super) type CopyFn = unsafe fn(src: *const u8, dst: *mut u8, bytes: usize);

/// The widest way of this CPU; asked once a job, because asking costs as much as a short run.
#[inline]
pub(super) fn copier() -> CopyFn {
    #[cfg(all(target_arch = "x86_64", not(iolink_portable)))]
    if std::is_x86_feature_detected!("avx") {
        return wide;
    }
    narrow
}

/// Do runs of this length, one after the other from `dst`, share lines only as [`CopyFn`] joins them?
#[inline]
pub(super) fn joins(dst: *mut u8, bytes: usize) -> bool {
    (dst as usize | bytes) % 16 == 0
}

/// A run that stays in the caches.
///
/// # Safety
/// As [`CopyFn`], without a fence.
pub(super) unsafe fn plain(src: *const u8, dst: *mut u8, bytes: usize) {
    // SAFETY: the caller's promise.
    unsafe { std::ptr::copy_nonoverlapping(src, dst, bytes) }
}

/// # Safety
/// As [`CopyFn`].
#[cfg(all(target_arch = "x86_64", not(iolink_portable)))]
unsafe fn narrow(src: *const u8, dst: *mut u8, bytes: usize) {
    use std::arch::x86_64::{_mm_loadu_si128, _mm_stream_si128};
    // SAFETY: one whole line of the ranges; the streamed addresses are aligned.
    let line = |src: *const u8, dst: *mut u8| unsafe {
        for part in [0, 16, 32, 48] {
            _mm_stream_si128(dst.add(part).cast(), _mm_loadu_si128(src.add(part).cast()));
        }
    };
    // SAFETY: the caller's promise.
    unsafe { in_lines(src, dst, bytes, line) }
}

/// # Safety
/// As [`CopyFn`]; AVX is there.
#[cfg(all(target_arch = "x86_64", not(iolink_portable)))]
#[target_feature(enable = "avx")]
unsafe fn wide(src: *const u8, dst: *mut u8, bytes: usize) {
    use std::arch::x86_64::{_mm256_loadu_si256, _mm256_stream_si256};
    // SAFETY: one whole line of the ranges; the streamed addresses are aligned.
    let line = |src: *const u8, dst: *mut u8| unsafe {
        let (low, high) = (_mm256_loadu_si256(src.cast()), _mm256_loadu_si256(src.add(32).cast()));
        _mm256_stream_si256(dst.cast(), low);
        _mm256_stream_si256(dst.add(32).cast(), high);
    };
    // SAFETY: the caller's promise.
    unsafe { in_lines(src, dst, bytes, line) }
}

/// Whole lines of the destination by `line`, what comes before and after them by ordinary stores.
///
/// # Safety
/// As [`CopyFn`].
#[cfg(all(target_arch = "x86_64", not(iolink_portable)))]
#[inline(always)]
unsafe fn in_lines(src: *const u8, dst: *mut u8, bytes: usize, line: impl Fn(*const u8, *mut u8)) {
    let head = ((dst as usize).wrapping_neg() % 64).min(bytes);
    // SAFETY: head, whole lines and tail lie inside the ranges.
    unsafe {
        edge(src, dst, head);
        let mut at = head;
        while at + 64 <= bytes {
            line(src.add(at), dst.add(at));
            at += 64;
        }
        edge(src.add(at), dst.add(at), bytes - at);
    }
}

/// Less than a line.
///
/// # Safety
/// As [`CopyFn`].
#[cfg(all(target_arch = "x86_64", not(iolink_portable)))]
#[inline(always)]
unsafe fn edge(src: *const u8, dst: *mut u8, bytes: usize) {
    use std::arch::x86_64::{_mm_loadu_si128, _mm_stream_si128};
    // SAFETY: the caller's promise; the streamed addresses are aligned.
    unsafe {
        if (dst as usize | bytes) % 16 == 0 {
            for at in (0..bytes).step_by(16) {
                _mm_stream_si128(dst.add(at).cast(), _mm_loadu_si128(src.add(at).cast()));
            }
        } else {
            std::ptr::copy_nonoverlapping(src, dst, bytes);
        }
    }
}

/// # Safety
/// As [`CopyFn`].
#[cfg(any(not(target_arch = "x86_64"), iolink_portable))]
unsafe fn narrow(src: *const u8, dst: *mut u8, bytes: usize) {
    // SAFETY: the caller's promise.
    unsafe { plain(src, dst, bytes) }
}

/// Makes what was written past the caches visible in order.
#[inline]
pub(super) fn fence() {
    #[cfg(all(target_arch = "x86_64", not(iolink_portable)))]
    // SAFETY: SSE, which every x86-64 CPU has; touches no memory.
    unsafe {
        std::arch::x86_64::_mm_sfence();
    }
}

/// Asks for the lines of a run that will be read soon, into the second cache. Any address will do.
#[inline(always)]
pub(super) fn ask(at: *const u8, bytes: usize) {
    lines::<1>(at, bytes);
}

/// Asks for the lines of a run that will be written next, into the first cache. Any address will do.
#[inline(always)]
pub(super) fn ask_to_write(at: *mut u8, bytes: usize) {
    lines::<0>(at, bytes);
}

/// Asks for lines into a cache, numbered from the first one on.
#[inline(always)]
fn lines<const CACHE: usize>(at: *const u8, bytes: usize) {
    #[cfg(all(target_arch = "x86_64", not(iolink_portable)))]
    for line in (0..at as usize % 64 + bytes).step_by(64) {
        use std::arch::x86_64::{_mm_prefetch, _MM_HINT_T0, _MM_HINT_T1};
        let line = at.wrapping_add(line).cast();
        // SAFETY: SSE, which every x86-64 CPU has; a prefetch never faults.
        unsafe {
            if CACHE == 0 {
                _mm_prefetch::<_MM_HINT_T0>(line);
            } else {
                _mm_prefetch::<_MM_HINT_T1>(line);
            }
        }
    }
    #[cfg(any(not(target_arch = "x86_64"), iolink_portable))]
    let _ = (at, bytes);
}
