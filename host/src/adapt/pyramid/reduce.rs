//! The samples of each cell as one. Dense buffers, column fastest.

use super::super::half::{narrow, widen};
use super::Reduction;
use iolink_sdk::{fail, DataType, Interpretation, Primitive, Result, Shape};

/// Refuses samples that cannot be reduced that way.
pub(super) fn check(reduction: Reduction, data_type: DataType) -> Result<()> {
    let number = data_type.is_numeric();
    let (fits, way_out) = match reduction {
        Reduction::Mode | Reduction::Nearest => (data_type.byte_count() > 0 && !data_type.is_string(), ""),
        Reduction::Mean => (
            number && matches!(data_type.interpretation(), Interpretation::Numeric | Interpretation::Complex),
            "; take the mode, or the first sample (nearest)",
        ),
        Reduction::Min | Reduction::Max => (
            number && data_type.interpretation() != Interpretation::Complex,
            "; take the mean, or the first sample (nearest)",
        ),
    };
    if !fits {
        fail!(Type, "samples of type {data_type} have no {reduction:?}{way_out}");
    }
    Ok(())
}

/// One component of a sample.
trait Component: Copy + PartialOrd {
    /// Holds the sum of 256 of them.
    type Sum: Copy;
    const SIZE: usize;
    fn load(bytes: &[u8], index: usize) -> Self;
    fn store(self, bytes: &mut [u8], index: usize);
    fn sum(self) -> Self::Sum;
    fn add(sum: Self::Sum, more: Self) -> Self::Sum;
    fn mean(sum: Self::Sum, count: u64) -> Self;
    /// Is it a NaN? `x != x` for all but halves.
    fn is_nan(self) -> bool;
}

macro_rules! components {
    ($($number:ty, $sum:ty, $mean:expr;)*) => {$(
        impl Component for $number {
            type Sum = $sum;
            const SIZE: usize = std::mem::size_of::<$number>();
            #[inline(always)]
            fn load(bytes: &[u8], index: usize) -> Self {
                let mut own = [0; Self::SIZE];
                own.copy_from_slice(&bytes[index * Self::SIZE..(index + 1) * Self::SIZE]);
                <$number>::from_ne_bytes(own)
            }
            #[inline(always)]
            fn store(self, bytes: &mut [u8], index: usize) {
                bytes[index * Self::SIZE..(index + 1) * Self::SIZE].copy_from_slice(&self.to_ne_bytes());
            }
            #[inline(always)]
            fn sum(self) -> $sum {
                self as $sum
            }
            #[inline(always)]
            fn add(sum: $sum, more: Self) -> $sum {
                sum + more as $sum
            }
            #[inline(always)]
            fn mean(sum: $sum, count: u64) -> Self {
                let mean: fn($sum, u64) -> $sum = $mean;
                mean(sum, count) as $number
            }
            #[inline(always)]
            #[allow(clippy::eq_op)] // of integers
            fn is_nan(self) -> bool {
                self != self
            }
        }
    )*};
}

components! {
    u8, i32, half_to_even_32;
    i8, i32, half_to_even_32;
    u16, i32, half_to_even_32;
    i16, i32, half_to_even_32;
    u32, i64, |sum, count| half_to_even(sum.into(), count) as i64;
    i32, i64, |sum, count| half_to_even(sum.into(), count) as i64;
    u64, i128, half_to_even;
    i64, i128, half_to_even;
    f32, f64, |sum, count| sum / count as f64;
    f64, f64, |sum, count| sum / count as f64;
}

#[inline(always)]
fn half_to_even_32(sum: i32, count: u64) -> i32 {
    let count = count as i32;
    // Cells have 1, 2, 4 .. 256 samples, but at the far border.
    let (mean, rest) = match count & (count - 1) {
        0 => (sum >> count.trailing_zeros(), sum & (count - 1)),
        _ => (sum.div_euclid(count), sum.rem_euclid(count)),
    };
    mean + i32::from(2 * rest + (mean & 1) > count)
}

fn half_to_even(sum: i128, count: u64) -> i128 {
    let (mean, rest) = (sum.div_euclid(count.into()), sum.rem_euclid(count.into()));
    mean + i128::from(2 * rest + (mean & 1) > count.into())
}

/// Half precision, by its bits.
#[derive(Clone, Copy, PartialEq)]
struct Half(u16);

impl PartialOrd for Half {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        widen(self.0).partial_cmp(&widen(other.0))
    }
}

impl Component for Half {
    type Sum = f64;
    const SIZE: usize = 2;
    fn load(bytes: &[u8], index: usize) -> Self {
        Half(u16::load(bytes, index))
    }
    fn store(self, bytes: &mut [u8], index: usize) {
        self.0.store(bytes, index);
    }
    fn sum(self) -> f64 {
        widen(self.0)
    }
    fn add(sum: f64, more: Self) -> f64 {
        sum + widen(more.0)
    }
    fn mean(sum: f64, count: u64) -> Self {
        Half(narrow(sum / count as f64))
    }
    fn is_nan(self) -> bool {
        widen(self.0).is_nan()
    }
}

/// Walks the cells of a reduction. The rows of the source that an output row is made of, and the cells along the row.
struct Cells<'a> {
    from: &'a Shape,
    to: &'a Shape,
    factors: &'a Shape,
    /// Parts of a sample that are reduced each by itself.
    parts: usize,
}

impl Cells<'_> {
    fn size(&self, shape: &Shape) -> usize {
        shape.first().map_or(1, |size| *size as usize)
    }

    fn factor(&self) -> usize {
        self.size(self.factors)
    }

    /// Samples of the source in the cell at `x` of a row.
    fn along(&self, x: usize) -> usize {
        self.factor().min(self.size(self.from) - x * self.factor())
    }

    /// Calls `body` for every row of the output: its first part, and the first parts of the source's rows.
    fn rows(&self, mut body: impl FnMut(usize, &[usize])) {
        let line = |shape: &Shape| self.size(shape) * self.parts;
        let mut rows = Vec::new();
        let mut at = vec![0u64; self.to.len().saturating_sub(1)];
        let mut row = 0;
        loop {
            rows.clear();
            rows.push(0);
            let mut step = line(self.from);
            for (index, axis) in at.iter().zip(1..) {
                let first = index * self.factors[axis];
                let count = self.factors[axis].min(self.from[axis] - first);
                let below = rows.len();
                for more in 0..count {
                    for known in 0..below {
                        rows.push(rows[known] + (first + more) as usize * step);
                    }
                }
                rows.drain(..below);
                step *= self.from[axis] as usize;
            }
            body(row * line(self.to), &rows);
            row += 1;
            let Some(axis) = (0..at.len()).find(|axis| at[*axis] + 1 < self.to[axis + 1]) else { return };
            at[axis] += 1;
            at[..axis].fill(0);
        }
    }

    /// Folds the components of every cell.
    fn fold<T: Component, A: Copy>(
        &self,
        (source, target): (&[u8], &mut [u8]),
        start: impl Fn(T) -> A,
        more: impl Fn(A, T) -> A,
        end: impl Fn(A, u64) -> T,
    ) {
        let (width, parts, factor) = (self.size(self.to), self.parts, self.factor());
        let mut cells: Vec<A> = Vec::with_capacity(width * parts);
        self.rows(|out, rows| {
            cells.clear();
            let first = &source[rows[0] * T::SIZE..];
            for x in 0..width {
                cells.extend((0..parts).map(|part| start(T::load(first, x * factor * parts + part))));
            }
            for (number, row) in rows.iter().enumerate() {
                let line = &source[row * T::SIZE..][..self.size(self.from) * parts * T::SIZE];
                for offset in usize::from(number == 0)..factor {
                    let whole = (self.size(self.from) + factor - 1 - offset) / factor;
                    for (x, cell) in cells[..whole * parts].chunks_exact_mut(parts).enumerate() {
                        for (part, cell) in cell.iter_mut().enumerate() {
                            *cell = more(*cell, T::load(line, (x * factor + offset) * parts + part));
                        }
                    }
                }
            }
            for (index, cell) in cells.iter().enumerate() {
                end(*cell, (self.along(index / parts) * rows.len()) as u64).store(target, out + index);
            }
        });
    }

    /// The most frequent sample of every cell.
    fn mode(&self, source: &[u8], target: &mut [u8], sample: usize) {
        let (width, factor) = (self.size(self.to), self.factor());
        let mut found: Vec<(&[u8], u32)> = Vec::new();
        self.rows(|out, rows| {
            for x in 0..width {
                found.clear();
                for row in rows {
                    for offset in 0..self.along(x) {
                        let value = &source[(row + x * factor + offset) * sample..][..sample];
                        match found.iter_mut().find(|(known, _)| *known == value) {
                            Some((_, count)) => *count += 1,
                            None => found.push((value, 1)),
                        }
                    }
                }
                // Of several the one that came first: `max_by_key` would take the last.
                let most = found.iter().rev().max_by_key(|(_, count)| *count);
                if let Some((value, _)) = most {
                    target[(out + x) * sample..][..sample].copy_from_slice(value);
                }
            }
        });
    }
}

fn typed<T: Component>(reduction: Reduction, cells: &Cells<'_>, source: &[u8], target: &mut [u8]) {
    let best = |better: fn(&T, &T) -> bool| {
        move |kept: T, more: T| if kept.is_nan() || !(more.is_nan() || better(&more, &kept)) { kept } else { more }
    };
    match reduction {
        Reduction::Min => cells.fold((source, target), |first: T| first, best(T::lt), |kept, _| kept),
        Reduction::Max => cells.fold((source, target), |first: T| first, best(T::gt), |kept, _| kept),
        _ => cells.fold((source, target), T::sum, T::add, T::mean),
    }
}

/// Fills `target` of shape `to` with the cells of `source` of shape `from`; sizes are the source's divided by the
/// factors, rounded up.
///
/// # Errors
/// As [`check`].
pub(super) fn reduce(
    reduction: Reduction,
    data_type: DataType,
    (source, from): (&[u8], &Shape),
    factors: &Shape,
    (target, to): (&mut [u8], &Shape),
) -> Result<()> {
    check(reduction, data_type)?;
    if reduction == Reduction::Mode {
        Cells { from, to, factors, parts: 1 }.mode(source, target, data_type.byte_count());
        return Ok(());
    }
    let cells = Cells { from, to, factors, parts: data_type.element_count() as usize };
    let run = match (data_type.primitive(), data_type.bit_depth()) {
        (Primitive::Unsigned, 8) => typed::<u8>,
        (Primitive::Unsigned, 16) => typed::<u16>,
        (Primitive::Unsigned, 32) => typed::<u32>,
        (Primitive::Unsigned, 64) => typed::<u64>,
        (Primitive::Signed, 8) => typed::<i8>,
        (Primitive::Signed, 16) => typed::<i16>,
        (Primitive::Signed, 32) => typed::<i32>,
        (Primitive::Signed, 64) => typed::<i64>,
        (Primitive::Float, 16) => typed::<Half>,
        (Primitive::Float, 32) => typed::<f32>,
        (Primitive::Float, 64) => typed::<f64>,
        _ => fail!(Type, "samples of type {data_type} cannot be reduced"),
    };
    run(reduction, &cells, source, target);
    Ok(())
}
