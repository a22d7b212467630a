//! Half precision, which the kernels do not know: its values go through doubles.

use super::convert::Linear;
use super::slabs::{Slabs, BUDGET};
pub(super) use iolink_sdk::copy::half_to_f64 as widen;
use iolink_sdk::copy::{convert_strided, Scalar};
use iolink_sdk::{Region, Result, Shape, Strides};

/// A component type: a scalar of the kernels, or a half that travels as its 16 bits.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Component {
    pub(super) scalar: Scalar,
    pub(super) half: bool,
}

/// The nearest half, half way to the even one; what is too large becomes infinity.
pub(super) fn narrow(value: f64) -> u16 {
    let sign = (value.is_sign_negative() as u16) << 15;
    let size = value.abs();
    if value.is_nan() {
        return sign | 0x7E00;
    }
    if size >= 65520.0 {
        return sign | 0x7C00;
    }
    let exponent = ((size.to_bits() >> 52) as i32 - 1023).max(-14);
    // Units of the last place; 2^52 added and taken away rounds half to even. A carry runs into the exponent, as it should.
    let units = (size * 2f64.powi(10 - exponent) + 4_503_599_627_370_496.0) - 4_503_599_627_370_496.0;
    let base = ((exponent + 14) as u16) << 10;
    sign | (base + units as u16)
}

/// Converts where one side is made of halves.
///
/// # Safety
/// As [`convert_strided`].
pub(super) unsafe fn convert(
    shape: &Shape,
    (from, source, out): (Component, *const u8, &Strides),
    swap: bool,
    (to, target, into): (Component, *mut u8, &Strides),
    line: Linear,
) -> Result<()> {
    let at = |region: &Region, strides: &Strides| -> isize {
        region.origin.iter().zip(&**strides).map(|(index, stride)| *index as isize * *stride as isize).sum()
    };
    for piece in Slabs::within(&Region::full(shape), 16, BUDGET) {
        let count = piece.element_count().unwrap_or(0) as usize;
        let (mut halves, mut values) = (vec![0u16; count], vec![0f64; count]);
        let (short, wide) = (piece.size.column_fastest(2), piece.size.column_fastest(8));
        let (source, target) = (source.wrapping_offset(at(&piece, out)), target.wrapping_offset(at(&piece, into)));
        let (narrow_at, wide_at) = (halves.as_mut_ptr().cast::<u8>(), values.as_mut_ptr().cast::<u8>());
        let size = &piece.size;
        // SAFETY: the caller vouches for both sides; the buffers have room for the piece.
        unsafe {
            if from.half {
                let u16 = Scalar::U16;
                convert_strided(size, u16, source, out, swap, u16, narrow_at, &short, 1.0, 0.0);
                for (value, half) in values.iter_mut().zip(&halves) {
                    *value = widen(*half);
                    if line != Linear::IDENTITY {
                        *value = *value * line.factor + line.offset;
                    }
                }
            } else {
                let double = Scalar::F64;
                let (factor, offset) = (line.factor, line.offset);
                convert_strided(size, from.scalar, source, out, swap, double, wide_at, &wide, factor, offset);
            }
            if to.half {
                let u16 = Scalar::U16;
                halves.iter_mut().zip(&values).for_each(|(half, value)| *half = narrow(*value));
                convert_strided(size, u16, narrow_at, &short, false, u16, target, into, 1.0, 0.0);
            } else {
                convert_strided(size, Scalar::F64, wide_at, &wide, false, to.scalar, target, into, 1.0, 0.0);
            }
        }
    }
    Ok(())
}
