//! The element types that kernels are specialised for. Never aligned: pointers to them are read and
//! written unaligned only.

/// A word whose bytes can be reversed.
pub(super) trait Word: Copy {
    /// The other byte order.
    fn reversed(self) -> Self;
}

macro_rules! words {
    ($($t:ty),*) => {$(
        impl Word for $t {
            #[inline(always)]
            fn reversed(self) -> Self {
                self.swap_bytes()
            }
        }
    )*};
}
words!(u16, u32, u64);

/// An element that fits registers, with the square of it that is transposed at once.
pub(super) trait Lane: Copy {
    /// Edge of the square.
    const EDGE: usize = 1;

    /// Transposes a square of `EDGE * EDGE` elements: `dst[c][r] = src[r][c]`; the strides are those
    /// from row to row, in bytes, rows are contiguous.
    ///
    /// # Safety
    /// `EDGE` rows of `EDGE` elements readable and writable.
    #[inline(always)]
    unsafe fn transpose(src: *const u8, src_row: isize, dst: *mut u8, dst_row: isize) {
        for r in 0..Self::EDGE {
            for c in 0..Self::EDGE {
                let from = src.wrapping_offset(r as isize * src_row).cast::<Self>();
                let to = dst.wrapping_offset(c as isize * dst_row).cast::<Self>();
                // SAFETY: element `c` of row `r`, and the reverse.
                unsafe { to.add(r).write_unaligned(from.add(c).read_unaligned()) };
            }
        }
    }
}

/// Implements [`Lane`] by the register kernel where there is one, by the loop elsewhere.
macro_rules! squares {
    ($($t:ty, $edge:literal, $kernel:ident;)*) => {$(
        impl Lane for $t {
            const EDGE: usize = $edge;

            #[cfg(all(target_arch = "x86_64", not(iolink_portable)))]
            #[inline(always)]
            unsafe fn transpose(src: *const u8, src_row: isize, dst: *mut u8, dst_row: isize) {
                // SAFETY: the caller's promise; x86-64 always has SSE2.
                unsafe { super::x86::$kernel(src, src_row, dst, dst_row) }
            }
        }
    )*};
}
squares! {
    u8, 16, transpose_16x16_u8;
    u16, 8, transpose_8x8_u16;
    u32, 4, transpose_4x4_u32;
    u64, 2, transpose_2x2_u64;
}

impl Lane for u128 {}
impl Lane for [u8; 3] {}
impl Lane for [u16; 3] {}
impl Lane for [u32; 3] {}
