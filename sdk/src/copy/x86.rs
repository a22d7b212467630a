//! Squares of elements transposed in SSE2 registers, which every x86-64 CPU has.

use std::arch::x86_64::{
    __m128i, _mm_loadu_si128, _mm_storeu_si128, _mm_unpackhi_epi16, _mm_unpackhi_epi32, _mm_unpackhi_epi64,
    _mm_unpackhi_epi8, _mm_unpacklo_epi16, _mm_unpacklo_epi32, _mm_unpacklo_epi64, _mm_unpacklo_epi8,
};

/// Loads `N` rows of 16 bytes.
///
/// # Safety
/// The rows are readable.
#[inline(always)]
unsafe fn load<const N: usize>(src: *const u8, row: isize) -> [__m128i; N] {
    // SAFETY: SSE2; each row is readable, at any alignment.
    unsafe {
        let mut rows = [_mm_loadu_si128(src.cast()); N];
        for (k, to) in rows.iter_mut().enumerate().skip(1) {
            *to = _mm_loadu_si128(src.wrapping_offset(k as isize * row).cast());
        }
        rows
    }
}

/// Stores `N` rows of 16 bytes.
///
/// # Safety
/// The rows are writable.
#[inline(always)]
unsafe fn store<const N: usize>(rows: [__m128i; N], dst: *mut u8, row: isize) {
    for (k, from) in rows.iter().enumerate() {
        // SAFETY: SSE2; each row is writable, at any alignment.
        unsafe { _mm_storeu_si128(dst.wrapping_offset(k as isize * row).cast(), *from) };
    }
}

/// One round of the butterfly: rows `k` and `k + N / 2` are interleaved to rows `2k` and `2k + 1`.
/// After log2(N) rounds with the same element size the square is transposed.
macro_rules! round {
    ($rows:ident, $n:literal, $low:ident, $high:ident) => {{
        let mut next = $rows;
        for k in 0..$n / 2 {
            next[2 * k] = $low($rows[k], $rows[k + $n / 2]);
            next[2 * k + 1] = $high($rows[k], $rows[k + $n / 2]);
        }
        next
    }};
}

/// # Safety
/// 16 rows of 16 bytes on both sides.
#[inline(always)]
pub(super) unsafe fn transpose_16x16_u8(src: *const u8, src_row: isize, dst: *mut u8, dst_row: isize) {
    // SAFETY: SSE2; the rows are the caller's.
    unsafe {
        let a: [__m128i; 16] = load(src, src_row);
        let a = round!(a, 16, _mm_unpacklo_epi8, _mm_unpackhi_epi8);
        let a = round!(a, 16, _mm_unpacklo_epi8, _mm_unpackhi_epi8);
        let a = round!(a, 16, _mm_unpacklo_epi8, _mm_unpackhi_epi8);
        let a = round!(a, 16, _mm_unpacklo_epi8, _mm_unpackhi_epi8);
        store(a, dst, dst_row);
    }
}

/// # Safety
/// 8 rows of 16 bytes on both sides.
#[inline(always)]
pub(super) unsafe fn transpose_8x8_u16(src: *const u8, src_row: isize, dst: *mut u8, dst_row: isize) {
    // SAFETY: SSE2; the rows are the caller's.
    unsafe {
        let a: [__m128i; 8] = load(src, src_row);
        let a = round!(a, 8, _mm_unpacklo_epi16, _mm_unpackhi_epi16);
        let a = round!(a, 8, _mm_unpacklo_epi16, _mm_unpackhi_epi16);
        let a = round!(a, 8, _mm_unpacklo_epi16, _mm_unpackhi_epi16);
        store(a, dst, dst_row);
    }
}

/// # Safety
/// 4 rows of 16 bytes on both sides.
#[inline(always)]
pub(super) unsafe fn transpose_4x4_u32(src: *const u8, src_row: isize, dst: *mut u8, dst_row: isize) {
    // SAFETY: SSE2; the rows are the caller's.
    unsafe {
        let a: [__m128i; 4] = load(src, src_row);
        let a = round!(a, 4, _mm_unpacklo_epi32, _mm_unpackhi_epi32);
        let a = round!(a, 4, _mm_unpacklo_epi32, _mm_unpackhi_epi32);
        store(a, dst, dst_row);
    }
}

/// # Safety
/// 2 rows of 16 bytes on both sides.
#[inline(always)]
pub(super) unsafe fn transpose_2x2_u64(src: *const u8, src_row: isize, dst: *mut u8, dst_row: isize) {
    // SAFETY: SSE2; the rows are the caller's.
    unsafe {
        let a: [__m128i; 2] = load(src, src_row);
        let a = round!(a, 2, _mm_unpacklo_epi64, _mm_unpackhi_epi64);
        store(a, dst, dst_row);
    }
}
