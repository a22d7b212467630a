//! Numeric conversion while copying: `dst = cast(src * factor + offset)`, in one pass.
//!
//! **The rule.** With a factor or an offset the value is computed in double precision, first the
//! product, then the sum, each rounded once (no fused multiply-add, so every CPU agrees). Then it is
//! cast: to an integer by rounding half to even and saturating, NaN becoming 0; to a float by
//! rounding half to even, too large becoming infinity as IEEE 754 has it. With factor 1 and offset 0
//! nothing is computed: integers arrive exactly or saturate, 64-bit ones too, and the cast is the
//! only rounding.
//!
//! Rows go through short buffers in the first cache, in up to three steps (gather and byte order,
//! widening and arithmetic, casting), so there is one kernel per type and not one per pair; the
//! commonest pairs have a kernel of their own.

use super::cast::{pair, Pair, BLOCK};
use super::plan::Plan;
use super::progress::Ticker;
use super::{copy_strided, rows, together, Scalar, Swap};

/// Copies an n-dimensional array of numbers into one of another type: `dst = cast(src * factor +
/// offset)`.
///
/// Shape, strides and pointers are as in [`copy_strided`], each side with the element size of its
/// scalar; `src_swap` says that the source is in the other byte order. The destination is native.
///
/// * With a factor or an offset the value is computed in double precision (product, then sum, not
///   fused). With factor 1 and offset 0 it is not: integers arrive exactly.
/// * Integers are rounded half to even and saturate; NaN becomes 0.
/// * Single precision is rounded half to even; what is too large becomes infinity.
///
/// ```
/// use iolink_sdk::copy::{convert_strided, Scalar};
/// let src = [0.5f32, 1.5, 300.0, -7.0, f32::NAN];
/// let mut dst = [9u8; 5];
/// let (from, to) = (src.as_ptr().cast(), dst.as_mut_ptr());
/// // SAFETY: both arrays hold five elements.
/// unsafe {
///     convert_strided(&[5], Scalar::F32, from, &[4], false, Scalar::U8, to, &[1], 1.0, 0.0);
/// }
/// assert_eq!(dst, [0, 2, 255, 0, 0]);
/// ```
///
/// # Panics
/// When the lengths differ or there are more than [`MAX_DIMS`](super::MAX_DIMS) axes.
///
/// # Safety
/// As [`copy_strided`].
#[allow(clippy::too_many_arguments)]
pub unsafe fn convert_strided(
    shape: &[u64],
    src_scalar: Scalar,
    src: *const u8,
    src_strides: &[i64],
    src_swap: bool,
    dst_scalar: Scalar,
    dst: *mut u8,
    dst_strides: &[i64],
    factor: f64,
    offset: f64,
) {
    let size = src_scalar.size();
    let exact = factor == 1.0 && offset == 0.0;
    if exact && src_scalar == dst_scalar {
        let swap = if src_swap { Swap::Bytes(size) } else { Swap::None };
        // SAFETY: the caller's promise.
        return unsafe { copy_strided(shape, size, src, src_strides, dst, dst_strides, swap) };
    }
    if let Some(mut plan) = Plan::new(shape, size, src, src_strides, dst, dst_strides) {
        let job = Job {
            src_size: size,
            dst_size: dst_scalar.size(),
            component: if src_swap { size } else { 1 },
            pair: pair(src_scalar, dst_scalar, exact),
            factors: (factor, offset),
        };
        together::run(&mut plan, job.dst_size, &mut Ticker::silent(), |part, _| {
            // SAFETY: the plan addresses the caller's elements.
            unsafe { job.run(part) };
            true
        });
    }
}

/// What is the same for every row.
struct Job {
    src_size: usize,
    dst_size: usize,
    component: usize,
    pair: Pair,
    factors: (f64, f64),
}

/// Room for a block of the largest scalar.
#[repr(align(64))]
struct Buffer([std::mem::MaybeUninit<u64>; BLOCK]);

impl Buffer {
    fn new() -> Self {
        Buffer([std::mem::MaybeUninit::uninit(); BLOCK])
    }

    fn bytes(&mut self) -> *mut u8 {
        self.0.as_mut_ptr().cast()
    }
}

impl Job {
    /// # Safety
    /// The plan's elements, of the sizes of the job.
    unsafe fn run(&self, plan: &Plan) {
        let (n, src_step, dst_step) = match plan.axes().first() {
            Some(axis) => (axis.n, axis.src, axis.dst),
            None => (1, self.src_size as isize, self.dst_size as isize),
        };
        let gather = src_step != self.src_size as isize || self.component > 1;
        let scatter = dst_step != self.dst_size as isize;
        let read = rows::row_fn(self.src_size).expect("scalars have rows");
        let write = rows::row_fn(self.dst_size).expect("scalars have rows");
        let (mut gathered, mut middle, mut converted) = (Buffer::new(), Buffer::new(), Buffer::new());
        let mut outer = plan.outer(0);
        loop {
            for at in (0..n).step_by(BLOCK) {
                let m = BLOCK.min(n - at);
                let src = outer.src.wrapping_offset((at as isize).wrapping_mul(src_step));
                let dst = outer.dst.wrapping_offset((at as isize).wrapping_mul(dst_step));
                // SAFETY: `m` elements of this row; the buffers have room for them.
                unsafe {
                    let from = if gather {
                        let (to, size) = (gathered.bytes(), self.src_size as isize);
                        read(m, src, src_step, to, size);
                        rows::swap_row(m, self.src_size, self.component, to, size);
                        to as *const u8
                    } else {
                        src
                    };
                    if scatter {
                        let (to, size) = (converted.bytes(), self.dst_size as isize);
                        self.pair.block(m, from, middle.bytes(), to, self.factors);
                        write(m, to, size, dst, dst_step);
                    } else {
                        self.pair.block(m, from, middle.bytes(), dst, self.factors);
                    }
                }
            }
            if !outer.next() {
                return;
            }
        }
    }
}
