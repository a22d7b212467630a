//! Conversion against a twin that rounds and saturates in exact arithmetic.

use super::*;

/// A number as the twin sees it.
#[derive(Clone, Copy)]
enum Value {
    Whole(i128),
    Real(f64),
}

fn load(scalar: Scalar, bytes: &[u8]) -> Value {
    macro_rules! as_whole {
        ($t:ty) => {
            Value::Whole(<$t>::from_ne_bytes(bytes.try_into().unwrap()) as i128)
        };
    }
    match scalar {
        Scalar::U8 => as_whole!(u8),
        Scalar::I8 => as_whole!(i8),
        Scalar::U16 => as_whole!(u16),
        Scalar::I16 => as_whole!(i16),
        Scalar::U32 => as_whole!(u32),
        Scalar::I32 => as_whole!(i32),
        Scalar::U64 => as_whole!(u64),
        Scalar::I64 => as_whole!(i64),
        Scalar::F32 => Value::Real(f32::from_ne_bytes(bytes.try_into().unwrap()).into()),
        Scalar::F64 => Value::Real(f64::from_ne_bytes(bytes.try_into().unwrap())),
    }
}

/// Half to even, saturating at 128 bits, by looking at the remainder.
fn whole(value: f64) -> i128 {
    if value.is_nan() {
        return 0;
    }
    let floor = value.floor();
    let rest = value - floor;
    let low = floor as i128;
    if rest > 0.5 || (rest == 0.5 && low % 2 != 0) {
        low + 1
    } else {
        low
    }
}

fn store(scalar: Scalar, value: Value) -> Vec<u8> {
    macro_rules! as_whole {
        ($t:ty) => {{
            let value = match value {
                Value::Whole(w) => w,
                Value::Real(r) => whole(r),
            };
            (value.max(<$t>::MIN as i128).min(<$t>::MAX as i128) as $t).to_ne_bytes().to_vec()
        }};
    }
    match (scalar, value) {
        (Scalar::U8, _) => as_whole!(u8),
        (Scalar::I8, _) => as_whole!(i8),
        (Scalar::U16, _) => as_whole!(u16),
        (Scalar::I16, _) => as_whole!(i16),
        (Scalar::U32, _) => as_whole!(u32),
        (Scalar::I32, _) => as_whole!(i32),
        (Scalar::U64, _) => as_whole!(u64),
        (Scalar::I64, _) => as_whole!(i64),
        (Scalar::F32, Value::Whole(w)) => (w as f32).to_ne_bytes().to_vec(),
        (Scalar::F32, Value::Real(r)) => (r as f32).to_ne_bytes().to_vec(),
        (Scalar::F64, Value::Whole(w)) => (w as f64).to_ne_bytes().to_vec(),
        (Scalar::F64, Value::Real(r)) => r.to_ne_bytes().to_vec(),
    }
}

fn twin(from: Scalar, bytes: &[u8], to: Scalar, factor: f64, offset: f64) -> Vec<u8> {
    let value = load(from, bytes);
    if factor == 1.0 && offset == 0.0 {
        return store(to, value);
    }
    let wide = match value {
        Value::Whole(w) => w as f64,
        Value::Real(r) => r,
    };
    store(to, Value::Real(wide * factor + offset))
}

/// Equal bits; any NaN equals any other.
fn same(scalar: Scalar, a: &[u8], b: &[u8]) -> bool {
    match (load(scalar, a), load(scalar, b)) {
        (Value::Real(x), Value::Real(y)) if x.is_nan() && y.is_nan() => true,
        _ => a == b,
    }
}

/// Bits that hit the corners: halves, bounds and their neighbours, infinities, NaN.
fn corner(r: &mut Random, scalar: Scalar) -> Vec<u8> {
    let near = [0.0, 0.5, 1.5, 2.5, 127.5, 128.5, 254.5, 255.5, 32767.5, 65534.5, 65535.5];
    let far = [2_147_483_647.5, 4_294_967_295.5, 9.2e18, 1.9e19, 4.6e15, 1e300, f64::INFINITY];
    let value = match r.below(4) {
        0 => r.pick(&near),
        1 => r.pick(&far),
        2 => r.below(70_000) as f64 / 4.0,
        _ => f64::NAN,
    };
    let value = if r.below(2) == 0 { -value } else { value };
    if scalar.is_integer() || r.below(3) == 0 {
        let bits = r.pick(&[0, 1, u64::MAX, i64::MAX as u64, 1 << 63, r.0, r.0 >> 40]);
        bits.wrapping_add(r.below(5) as u64).wrapping_sub(2).to_ne_bytes()[..scalar.size()].to_vec()
    } else {
        store(scalar, Value::Real(value))
    }
}

#[test]
fn every_pair_agrees_with_the_naive_twin() {
    let mut r = Random(31);
    let factors = [(1.0, 0.0), (1.0, 0.0), (0.25, 1.0), (-3.7, 1e4), (1.0, 0.5), (1e10, 0.0), (0.5, 0.0)];
    for from in Scalar::ALL {
        for to in Scalar::ALL {
            for round in 0..rounds(24).max(2) {
                let dims = r.below(4);
                let mut shape = shape_for(&mut r, dims, 700);
                if round == 0 {
                    shape = vec![1300];
                }
                let (factor, offset) = factors[round % factors.len()];
                let mut src = Side::new(&mut r, &shape, from.size(), false);
                let dst = Side::new(&mut r, &shape, to.size(), false);
                let swap = r.below(2) == 0;
                let (mut got, mut want) = (dst.clone(), dst.clone());
                every(&shape, |index| {
                    let mut bits = corner(&mut r, from);
                    let (at, target) = (src.at(index), want.at(index));
                    let value = twin(from, &bits, to, factor, offset);
                    want.bytes[target..target + to.size()].copy_from_slice(&value);
                    if swap {
                        bits.reverse();
                    }
                    src.bytes[at..at + from.size()].copy_from_slice(&bits);
                });
                let (a, b) = (src.bytes.as_ptr().wrapping_add(src.origin), got.ptr_mut());
                let (s, d) = (&src.strides, &dst.strides);
                // SAFETY: the sides hold every element of the shape.
                unsafe { convert_strided(&shape, from, a, s, swap, to, b, d, factor, offset) };
                every(&shape, |index| {
                    let at = want.at(index);
                    let (x, y) = (&got.bytes[at..at + to.size()], &want.bytes[at..at + to.size()]);
                    assert!(same(to, x, y), "{from:?} -> {to:?} * {factor} + {offset} at {index:?}: {x:?}, not {y:?}");
                });
            }
        }
    }
}

#[test]
fn bytes_between_converted_elements_stay() {
    let src = [1u16, 2, 3];
    let mut dst = [0xAAu8; 13];
    let (from, to) = (src.as_ptr().cast(), dst.as_mut_ptr());
    // SAFETY: three elements on both sides.
    unsafe {
        convert_strided(&[3], Scalar::U16, from, &[2], false, Scalar::I16, to, &[5], 2.0, 1.0);
    }
    let mut want = [0xAAu8; 13];
    for (k, v) in [3i16, 5, 7].into_iter().enumerate() {
        want[5 * k..5 * k + 2].copy_from_slice(&v.to_ne_bytes());
    }
    assert_eq!(dst, want);
}

#[test]
fn integers_of_64_bits_do_not_go_through_double_precision() {
    let src = [i64::MAX - 1, i64::MIN + 1, (1 << 53) + 1, -1];
    let mut dst = [0u64; 4];
    let (from, to) = (src.as_ptr().cast(), dst.as_mut_ptr().cast());
    // SAFETY: four elements on both sides.
    unsafe {
        convert_strided(&[4], Scalar::I64, from, &[8], false, Scalar::U64, to, &[8], 1.0, 0.0);
    }
    assert_eq!(dst, [i64::MAX as u64 - 1, 0, (1 << 53) + 1, 0]);
}
