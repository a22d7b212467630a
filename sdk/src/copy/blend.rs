//! Splitting pixels of three channels with AVX2: 32 bytes of each channel at a time.
//!
//! Where pixels fill three registers, no two components of one channel stand at the same place of theirs, because 3 does not
//! divide 16. So two blends gather a channel into one register, and one shuffle puts it in order.

use std::arch::x86_64::{
    __m256i, _mm256_blendv_epi8, _mm256_broadcastsi128_si256, _mm256_castsi128_si256, _mm256_inserti128_si256,
    _mm256_shuffle_epi8, _mm256_storeu_si256, _mm256_stream_si256, _mm_loadu_si128,
};

/// How one channel is gathered.
#[derive(Clone, Copy)]
struct Gather {
    /// The bytes that come from the second register, and from the third.
    later: [[u8; 16]; 2],
    /// Where each byte then stands.
    order: [u8; 16],
}

/// The tables for components of `E` bytes.
struct Table<const E: usize>;

impl<const E: usize> Table<E> {
    const CHANNELS: [Gather; 3] = {
        let mut channels = [Gather { later: [[0; 16]; 2], order: [0; 16] }; 3];
        let mut byte = 0;
        while byte < 48 {
            let (pixel, rest) = (byte / (3 * E), byte % (3 * E));
            if byte >= 16 {
                channels[rest / E].later[byte / 16 - 1][byte % 16] = 0x80;
            }
            channels[rest / E].order[pixel * E + rest % E] = (byte % 16) as u8;
            byte += 1;
        }
        channels
    };
}

/// The same 16 bytes in both halves.
///
/// # Safety
/// The CPU has AVX2.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn both(bytes: &[u8; 16]) -> __m256i {
    // SAFETY: AVX2; an array of 16 bytes.
    unsafe { _mm256_broadcastsi128_si256(_mm_loadu_si128(bytes.as_ptr().cast())) }
}

/// Three channels out of 96 bytes of pixels.
///
/// # Safety
/// Readable; the CPU has AVX2.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn gather<const E: usize>(src: *const u8) -> [__m256i; 3] {
    // SAFETY: AVX2; bytes 0 to 95 of the pixels.
    unsafe {
        let pair = |at: usize| {
            let low = _mm256_castsi128_si256(_mm_loadu_si128(src.add(at).cast()));
            _mm256_inserti128_si256::<1>(low, _mm_loadu_si128(src.add(at + 48).cast()))
        };
        let from = [pair(0), pair(16), pair(32)];
        let mut channels = from;
        // A plain loop over constants here and below: it vanishes, an iterator might stay.
        let mut c = 0;
        while c < 3 {
            let how = &Table::<E>::CHANNELS[c];
            let two = _mm256_blendv_epi8(from[0], from[1], both(&how.later[0]));
            let all = _mm256_blendv_epi8(two, from[2], both(&how.later[1]));
            channels[c] = _mm256_shuffle_epi8(all, both(&how.order));
            c += 1;
        }
        channels
    }
}

/// `n` interleaved pixels of three components of `E` bytes into planes. See [`super::planar::Kernel`].
///
/// # Safety
/// `n` pixels on both sides; the CPU has AVX2.
#[target_feature(enable = "avx2")]
pub(super) unsafe fn split<const E: usize>(n: usize, src: *const u8, dst: *mut u8, step: isize, large: bool) {
    let plane = |c: usize| dst.wrapping_offset((c as isize).wrapping_mul(step));
    let single = |k: usize| {
        for c in 0..3 {
            // SAFETY: channel `c` of pixel `k < n`.
            unsafe { std::ptr::copy_nonoverlapping(src.add((k * 3 + c) * E), plane(c).wrapping_add(k * E), E) };
        }
    };
    // A whole line of every plane at a time, so that none goes out in parts.
    let head = dst.align_offset(64) / E;
    let past = large && dst as usize % E == 0 && step % 32 == 0;
    let mut at = 0;
    while past && at < head.min(n) {
        single(at);
        at += 1;
    }
    let line = 64 / E;
    while at + line <= n {
        // SAFETY: `line` whole pixels from `at` on; aligned planes when `past`.
        unsafe {
            let pixel = src.add(at * 3 * E);
            let (first, second) = (gather::<E>(pixel), gather::<E>(pixel.add(96)));
            let mut c = 0;
            while c < 3 {
                let to = plane(c).wrapping_add(at * E).cast::<__m256i>();
                if past {
                    _mm256_stream_si256(to, first[c]);
                    _mm256_stream_si256(to.wrapping_add(1), second[c]);
                } else {
                    _mm256_storeu_si256(to, first[c]);
                    _mm256_storeu_si256(to.wrapping_add(1), second[c]);
                }
                c += 1;
            }
        }
        at += line;
    }
    (at..n).for_each(single);
}
