//! The kernels of conversion: contiguous blocks of one scalar into another.
//!
//! A pair is made of a loader into the middle type and a storer out of it: the middle is `f64` for
//! everything that is computed or floating, `i64` for integers that must stay exact. The commonest
//! pairs go in one step.

use super::Scalar;
use std::marker::PhantomData;

/// Elements of a block: the middle fits the first cache beside what is read and written.
pub(super) const BLOCK: usize = 512;

/// One kernel.
type Step = unsafe fn(n: usize, src: *const u8, dst: *mut u8, factor: f64, offset: f64);

/// A number that can go through the middle types.
trait Number: Copy {
    /// To the middle of what is computed.
    fn wide(self) -> f64;
    /// By rounding half to even and saturation; NaN is 0 for integers.
    fn narrow(value: f64) -> Self;
    /// To the middle of what is exact; saturating, which no target but `u64` itself can tell.
    fn exact(self) -> i64;
    /// By saturation; a float is no target of the exact middle.
    fn saturate(value: i64) -> Self;
    /// To single precision, rounded once.
    fn single(self) -> f32;
}

/// 1.5 * 2^52: added to a small number, leaves that number, rounded half to even, in the low bits.
const SHIFT: f64 = 6_755_399_441_055_744.0;
/// 2^52: from here on every double is an integer.
const WHOLE: f64 = 4_503_599_627_370_496.0;

/// Half to even; doubles that are already whole, infinities and NaN stay as they are.
#[inline(always)]
fn round(value: f64) -> f64 {
    if value.abs() < WHOLE {
        ((value.abs() + WHOLE) - WHOLE).copysign(value)
    } else {
        value
    }
}

/// Integers of up to 32 bits: clamp first, the bounds are whole; then let the adder round.
macro_rules! small {
    ($($t:ty),*) => {$(
        impl Number for $t {
            #[inline(always)]
            fn wide(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn narrow(value: f64) -> Self {
                let (low, high) = (f64::from(Self::MIN), f64::from(Self::MAX));
                let value = if value.is_nan() { 0.0 } else { value };
                let value = if value < low { low } else { value };
                let value = if value > high { high } else { value };
                (value + SHIFT).to_bits() as Self
            }
            #[inline(always)]
            fn exact(self) -> i64 {
                i64::from(self)
            }
            #[inline(always)]
            fn saturate(value: i64) -> Self {
                value.max(i64::from(Self::MIN)).min(i64::from(Self::MAX)) as Self
            }
            #[inline(always)]
            fn single(self) -> f32 {
                self as f32
            }
        }
    )*};
}
small!(u8, i8, u16, i16, u32, i32);

impl Number for u64 {
    #[inline(always)]
    fn wide(self) -> f64 {
        self as f64
    }
    #[inline(always)]
    fn narrow(value: f64) -> Self {
        round(value) as Self
    }
    #[inline(always)]
    fn exact(self) -> i64 {
        self.min(i64::MAX as u64) as i64
    }
    #[inline(always)]
    fn saturate(value: i64) -> Self {
        value.max(0) as Self
    }
    #[inline(always)]
    fn single(self) -> f32 {
        self as f32
    }
}

impl Number for i64 {
    #[inline(always)]
    fn wide(self) -> f64 {
        self as f64
    }
    #[inline(always)]
    fn narrow(value: f64) -> Self {
        round(value) as Self
    }
    #[inline(always)]
    fn exact(self) -> i64 {
        self
    }
    #[inline(always)]
    fn saturate(value: i64) -> Self {
        value
    }
    #[inline(always)]
    fn single(self) -> f32 {
        self as f32
    }
}

impl Number for f32 {
    #[inline(always)]
    fn wide(self) -> f64 {
        f64::from(self)
    }
    #[inline(always)]
    fn narrow(value: f64) -> Self {
        value as Self
    }
    #[inline(always)]
    fn exact(self) -> i64 {
        unreachable!("floats go through f64")
    }
    #[inline(always)]
    fn saturate(_: i64) -> Self {
        unreachable!("floats go through f64")
    }
    #[inline(always)]
    fn single(self) -> f32 {
        self
    }
}

impl Number for f64 {
    #[inline(always)]
    fn wide(self) -> f64 {
        self
    }
    #[inline(always)]
    fn narrow(value: f64) -> Self {
        value
    }
    #[inline(always)]
    fn exact(self) -> i64 {
        unreachable!("floats go through f64")
    }
    #[inline(always)]
    fn saturate(_: i64) -> Self {
        unreachable!("floats go through f64")
    }
    #[inline(always)]
    fn single(self) -> f32 {
        self as f32
    }
}

/// What happens to one element.
trait Op {
    type From: Copy;
    type To: Copy;
    fn apply(value: Self::From, factor: f64, offset: f64) -> Self::To;
}

/// Product and sum, then the cast.
struct Computed<S, D>(PhantomData<(S, D)>);
impl<S: Number, D: Number> Op for Computed<S, D> {
    type From = S;
    type To = D;
    #[inline(always)]
    fn apply(value: S, factor: f64, offset: f64) -> D {
        D::narrow(value.wide() * factor + offset)
    }
}

/// Through double precision, for what that holds exactly.
struct Cast<S, D>(PhantomData<(S, D)>);
impl<S: Number, D: Number> Op for Cast<S, D> {
    type From = S;
    type To = D;
    #[inline(always)]
    fn apply(value: S, _: f64, _: f64) -> D {
        D::narrow(value.wide())
    }
}

/// Integers to single precision, rounded once.
struct Single<S>(PhantomData<S>);
impl<S: Number> Op for Single<S> {
    type From = S;
    type To = f32;
    #[inline(always)]
    fn apply(value: S, _: f64, _: f64) -> f32 {
        value.single()
    }
}

/// Integers, exactly.
struct Exact<S, D>(PhantomData<(S, D)>);
impl<S: Number, D: Number> Op for Exact<S, D> {
    type From = S;
    type To = D;
    #[inline(always)]
    fn apply(value: S, _: f64, _: f64) -> D {
        D::saturate(value.exact())
    }
}

/// Applies an operation to `n` contiguous elements.
///
/// # Safety
/// `n` elements of each type, not overlapping.
unsafe fn step<O: Op>(n: usize, src: *const u8, dst: *mut u8, factor: f64, offset: f64) {
    /// # Safety
    /// As [`step`].
    #[inline(always)]
    unsafe fn plain<O: Op>(n: usize, src: *const u8, dst: *mut u8, factor: f64, offset: f64) {
        let (src, dst) = (src.cast::<O::From>(), dst.cast::<O::To>());
        for k in 0..n {
            // SAFETY: `k < n`; any alignment will do.
            unsafe {
                let value = O::apply(src.add(k).read_unaligned(), factor, offset);
                dst.add(k).write_unaligned(value);
            }
        }
    }
    #[cfg(all(target_arch = "x86_64", not(iolink_portable)))]
    {
        /// # Safety
        /// As [`step`]; AVX2 is there.
        #[target_feature(enable = "avx2")]
        unsafe fn wide<O: Op>(n: usize, src: *const u8, dst: *mut u8, factor: f64, offset: f64) {
            // SAFETY: the caller's promise.
            unsafe { plain::<O>(n, src, dst, factor, offset) }
        }
        if n >= 16 && std::is_x86_feature_detected!("avx2") {
            // SAFETY: the CPU has AVX2; the rest is the caller's promise.
            return unsafe { wide::<O>(n, src, dst, factor, offset) };
        }
    }
    // SAFETY: the caller's promise.
    unsafe { plain::<O>(n, src, dst, factor, offset) }
}

/// The kernel out of (or into) a middle type, by the scalar on the other side.
macro_rules! by_scalar {
    ($scalar:expr, $t:ident => $op:ty) => {
        match $scalar {
            Scalar::U8 => by_scalar!(@ u8, $t => $op),
            Scalar::I8 => by_scalar!(@ i8, $t => $op),
            Scalar::U16 => by_scalar!(@ u16, $t => $op),
            Scalar::I16 => by_scalar!(@ i16, $t => $op),
            Scalar::U32 => by_scalar!(@ u32, $t => $op),
            Scalar::I32 => by_scalar!(@ i32, $t => $op),
            Scalar::U64 => by_scalar!(@ u64, $t => $op),
            Scalar::I64 => by_scalar!(@ i64, $t => $op),
            Scalar::F32 => by_scalar!(@ f32, $t => $op),
            Scalar::F64 => by_scalar!(@ f64, $t => $op),
        }
    };
    (@ $number:ty, $t:ident => $op:ty) => {{
        type $t = $number;
        step::<$op>
    }};
}

/// How one pair of scalars is converted: in one step, or through a middle type of 8 bytes.
#[derive(Clone, Copy)]
pub(super) struct Pair {
    first: Step,
    second: Option<Step>,
}

/// The way from one scalar to another; `exact` when there is nothing to compute.
pub(super) fn pair(from: Scalar, to: Scalar, exact: bool) -> Pair {
    use Scalar::{F32, F64, I16, I64, I8, U16, U8};
    let one = |first: Step| Pair { first, second: None };
    let two = |first: Step, second: Step| Pair { first, second: Some(second) };
    let out: Step = by_scalar!(to, T => Cast<f64, T>);
    if !exact {
        return match (from, to) {
            (U8, F32) => one(step::<Computed<u8, f32>>),
            (I8, F32) => one(step::<Computed<i8, f32>>),
            (U16, F32) => one(step::<Computed<u16, f32>>),
            (I16, F32) => one(step::<Computed<i16, f32>>),
            (F32, F32) => one(step::<Computed<f32, f32>>),
            (F32, U8) => one(step::<Computed<f32, u8>>),
            (F32, U16) => one(step::<Computed<f32, u16>>),
            (U16, U8) => one(step::<Computed<u16, u8>>),
            (_, F64) => one(by_scalar!(from, T => Computed<T, f64>)),
            _ => two(by_scalar!(from, T => Computed<T, f64>), out),
        };
    }
    match (from, to) {
        (F64, _) => one(out),
        (_, F64) => one(by_scalar!(from, T => Cast<T, f64>)),
        (F32, _) => two(step::<Cast<f32, f64>>, out),
        (_, F32) => one(by_scalar!(from, T => Single<T>)),
        (U16, U8) => one(step::<Exact<u16, u8>>),
        (U8, U16) => one(step::<Exact<u8, u16>>),
        (I64, _) => one(by_scalar!(to, T => Exact<i64, T>)),
        (_, I64) => one(by_scalar!(from, T => Exact<T, i64>)),
        _ => two(by_scalar!(from, T => Exact<T, i64>), by_scalar!(to, T => Exact<i64, T>)),
    }
}

impl Pair {
    /// Converts `n` contiguous elements, at most [`BLOCK`], by way of `middle`.
    ///
    /// # Safety
    /// `n` elements of the types of the pair, `n` times 8 bytes in the middle, nothing overlapping.
    #[inline]
    pub(super) unsafe fn block(
        &self,
        n: usize,
        src: *const u8,
        middle: *mut u8,
        dst: *mut u8,
        (factor, offset): (f64, f64),
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            match self.second {
                None => (self.first)(n, src, dst, factor, offset),
                Some(second) => {
                    (self.first)(n, src, middle, factor, offset);
                    second(n, middle, dst, factor, offset);
                }
            }
        }
    }
}
