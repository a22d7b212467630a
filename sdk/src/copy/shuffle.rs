//! Splitting and merging interleaved pixels with SSSE3 byte shuffles: 16 bytes of each channel at a
//! time.

use std::arch::x86_64::{__m128i, _mm_loadu_si128, _mm_or_si128, _mm_shuffle_epi8, _mm_storeu_si128, _mm_stream_si128};

/// Which byte of input register `[out][in]` goes to each byte of an output register; 0x80 is none.
type Masks = [[[u8; 16]; 4]; 4];

/// The masks for `C` channels of `E` bytes.
struct Table<const C: usize, const E: usize>;

impl<const C: usize, const E: usize> Table<C, E> {
    /// Output `c` is a channel, inputs are consecutive registers of pixels.
    const SPLIT: Masks = {
        let mut masks = [[[0x80; 16]; 4]; 4];
        let mut byte = 0;
        while byte < 16 * C {
            let (pixel, rest) = (byte / (C * E), byte % (C * E));
            masks[rest / E][byte / 16][pixel * E + rest % E] = (byte % 16) as u8;
            byte += 1;
        }
        masks
    };

    /// Outputs are consecutive registers of pixels, input `c` is a channel.
    const MERGE: Masks = {
        let mut masks = [[[0x80; 16]; 4]; 4];
        let mut byte = 0;
        while byte < 16 * C {
            let (pixel, rest) = (byte / (C * E), byte % (C * E));
            masks[byte / 16][rest / E][byte % 16] = (pixel * E + rest % E) as u8;
            byte += 1;
        }
        masks
    };
}

/// Sends `C` registers through the masks.
///
/// # Safety
/// The CPU has SSSE3.
#[inline]
#[target_feature(enable = "ssse3")]
unsafe fn spread<const C: usize>(from: [__m128i; C], masks: &Masks) -> [__m128i; C] {
    let mut to = from;
    // Plain loops over constants here and below: they vanish, iterators might stay.
    let mut k = 0;
    while k < C {
        // SAFETY: the CPU has SSSE3; a mask is 16 bytes.
        unsafe {
            let mut c = 1;
            to[k] = _mm_shuffle_epi8(from[0], _mm_loadu_si128(masks[k][0].as_ptr().cast()));
            while c < C {
                let mask = _mm_loadu_si128(masks[k][c].as_ptr().cast());
                to[k] = _mm_or_si128(to[k], _mm_shuffle_epi8(from[c], mask));
                c += 1;
            }
        }
        k += 1;
    }
    to
}

/// `C` consecutive registers.
///
/// # Safety
/// Readable.
#[inline(always)]
unsafe fn load<const C: usize>(src: *const u8) -> [__m128i; C] {
    // SAFETY: SSE2; the caller's promise.
    unsafe {
        let mut registers = [_mm_loadu_si128(src.cast()); C];
        let mut c = 1;
        while c < C {
            registers[c] = _mm_loadu_si128(src.add(16 * c).cast());
            c += 1;
        }
        registers
    }
}

/// Writes 16 bytes, past the caches if told so.
///
/// # Safety
/// Writable; aligned to 16 when `past`.
#[inline(always)]
unsafe fn put(at: *mut u8, value: __m128i, past: bool) {
    // SAFETY: SSE2; the caller's promise.
    unsafe {
        if past {
            _mm_stream_si128(at.cast(), value);
        } else {
            _mm_storeu_si128(at.cast(), value);
        }
    }
}

/// `n` interleaved pixels into planes.
///
/// # Safety
/// `n` pixels on both sides; the CPU has SSSE3.
#[target_feature(enable = "ssse3")]
pub(super) unsafe fn split<const C: usize, const E: usize>(
    n: usize,
    src: *const u8,
    dst: *mut u8,
    step: isize,
    large: bool,
) {
    let plane = |c: usize| dst.wrapping_offset((c as isize).wrapping_mul(step));
    let single = |k: usize| {
        for c in 0..C {
            // SAFETY: channel `c` of pixel `k < n`.
            unsafe { std::ptr::copy_nonoverlapping(src.add((k * C + c) * E), plane(c).wrapping_add(k * E), E) };
        }
    };
    // A whole line of every plane at a time, so that none goes out in parts.
    let head = dst.align_offset(64) / E;
    let past = large && dst as usize % E == 0 && step % 16 == 0;
    let mut at = 0;
    while past && at < head.min(n) {
        single(at);
        at += 1;
    }
    let pixels = 16 / E;
    while at + 4 * pixels <= n {
        // SAFETY: `4 * pixels` whole pixels from `at` on; aligned planes when `past`.
        unsafe {
            let pixel = src.add(at * C * E);
            let quarter = |q: usize| spread(load::<C>(pixel.add(16 * C * q)), &Table::<C, E>::SPLIT);
            let lines = [quarter(0), quarter(1), quarter(2), quarter(3)];
            let mut c = 0;
            while c < C {
                let to = plane(c).wrapping_add(at * E);
                put(to, lines[0][c], past);
                put(to.wrapping_add(16), lines[1][c], past);
                put(to.wrapping_add(32), lines[2][c], past);
                put(to.wrapping_add(48), lines[3][c], past);
                c += 1;
            }
        }
        at += 4 * pixels;
    }
    (at..n).for_each(single);
}

/// `n` pixels of planes, interleaved.
///
/// # Safety
/// `n` pixels on both sides; the CPU has SSSE3.
#[target_feature(enable = "ssse3")]
pub(super) unsafe fn merge<const C: usize, const E: usize>(
    n: usize,
    src: *const u8,
    dst: *mut u8,
    step: isize,
    large: bool,
) {
    let plane = |c: usize| src.wrapping_offset((c as isize).wrapping_mul(step));
    let single = |k: usize| {
        for c in 0..C {
            // SAFETY: channel `c` of pixel `k < n`.
            unsafe { std::ptr::copy_nonoverlapping(plane(c).wrapping_add(k * E), dst.add((k * C + c) * E), E) };
        }
    };
    // The pixel that begins on a boundary of 16, if there is one.
    let head = (0..16).find(|k| (dst as usize + k * C * E) % 16 == 0);
    let past = large && head.is_some();
    let mut at = 0;
    while past && at < head.unwrap_or(0).min(n) {
        single(at);
        at += 1;
    }
    let pixels = 16 / E;
    while at + pixels <= n {
        // SAFETY: `pixels` whole pixels from `at` on; an aligned destination when `past`.
        unsafe {
            let mut from = [_mm_loadu_si128(plane(0).wrapping_add(at * E).cast()); C];
            let mut c = 1;
            while c < C {
                from[c] = _mm_loadu_si128(plane(c).wrapping_add(at * E).cast());
                c += 1;
            }
            let to = spread(from, &Table::<C, E>::MERGE);
            c = 0;
            while c < C {
                put(dst.add(at * C * E + 16 * c), to[c], past);
                c += 1;
            }
        }
        at += pixels;
    }
    (at..n).for_each(single);
}
