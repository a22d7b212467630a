//! Which bytes a strided array touches, and whether a copy may run at all. All arithmetic checked.

use super::{Swap, MAX_DIMS};
use std::fmt;

/// Why a copy cannot run. Nothing has been touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyError {
    /// Shape and strides have different lengths.
    Dimensions {
        /// Axes of the shape.
        shape: usize,
        /// Strides of the source.
        src: usize,
        /// Strides of the destination.
        dst: usize,
    },
    /// More than [`MAX_DIMS`] axes.
    TooManyDimensions(usize),
    /// The element size is zero, or not a multiple of the component size.
    ElementSize {
        /// Bytes of an element.
        element: usize,
        /// Bytes of a component.
        component: usize,
    },
    /// The addressed range does not fit 64 bits, or leaves the address space.
    Overflow,
    /// A stride of the destination is zero: elements would be written over each other.
    ZeroStride(usize),
    /// Source and destination share bytes.
    Overlap,
}

impl fmt::Display for CopyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            CopyError::Dimensions { shape, src, dst } => {
                write!(f, "the shape has {shape} axes, the source {src} strides, the destination {dst}")
            }
            CopyError::TooManyDimensions(n) => {
                write!(f, "{n} axes, at most {MAX_DIMS} are possible")
            }
            CopyError::ElementSize { element, component } => {
                write!(f, "elements of {element} bytes are not made of components of {component} bytes")
            }
            CopyError::Overflow => f.write_str("the addressed bytes do not fit the address space"),
            CopyError::ZeroStride(axis) => write!(
                f,
                "the destination's stride along axis {axis} is zero: elements would be written over each other"
            ),
            CopyError::Overlap => f.write_str("source and destination share memory"),
        }
    }
}

impl std::error::Error for CopyError {}

/// Byte range `[low, high)`, relative to the pointer, that an array of this shape addresses.
///
/// `low <= 0 <= high`; an array without elements addresses `(0, 0)`. `None` when the lengths differ
/// or the arithmetic leaves 64 bits.
///
/// ```
/// use iolink_sdk::copy::byte_extent;
/// assert_eq!(byte_extent(&[3, 4], &[-100, 2], 2), Some((-200, 8)));
/// assert_eq!(byte_extent(&[3, 0], &[-100, 2], 2), Some((0, 0)));
/// assert_eq!(byte_extent(&[u64::MAX, 2], &[1, 1], 2), None);
/// ```
pub fn byte_extent(shape: &[u64], strides: &[i64], element_size: usize) -> Option<(i64, i64)> {
    if shape.len() != strides.len() {
        return None;
    }
    if shape.contains(&0) {
        return Some((0, 0));
    }
    let (mut low, mut high) = (0i64, i64::try_from(element_size).ok()?);
    for (&n, &stride) in shape.iter().zip(strides) {
        if stride == 0 {
            continue;
        }
        let reach = i64::try_from(n - 1).ok()?.checked_mul(stride)?;
        if reach < 0 {
            low = low.checked_add(reach)?;
        } else {
            high = high.checked_add(reach)?;
        }
    }
    Some((low, high))
}

/// Whether a copy with these arguments would have source and destination share memory.
///
/// Two arrays whose bytes lie between each other do not: the red and the green channel of one interleaved image, its left
/// and its right half, its even and its odd rows. Where that takes too long to find out, they count as overlapping; so do
/// arguments that do not describe arrays.
pub fn overlaps(
    shape: &[u64],
    element_size: usize,
    src: *const u8,
    src_strides: &[i64],
    dst: *const u8,
    dst_strides: &[i64],
) -> bool {
    share_bytes((shape, element_size, src, src_strides), (shape, element_size, dst, dst_strides))
}

/// Shape, bytes of an element, address and strides of an array.
pub(crate) type Place<'a> = (&'a [u64], usize, *const u8, &'a [i64]);

/// Whether two arrays have a byte in common, as [`overlaps`] has it, also where shape and element differ.
pub(crate) fn share_bytes(one: Place<'_>, other: Place<'_>) -> bool {
    let ends = |(shape, size, at, strides): Place<'_>| absolute(shape, strides, size, at);
    let (a, b) = match (ends(one), ends(other)) {
        (Some(a), Some(b)) if one.0.len().max(other.0.len()) <= MAX_DIMS => (a, b),
        _ => return true,
    };
    if a.0 == a.1 || b.0 == b.1 || a.1 <= b.0 || b.1 <= a.0 {
        return false;
    }
    // An element of the one begins some steps behind its first address, one of the other some steps before its last. They
    // share a byte where the distance from the latter to the former is more than -size of the one, less than size of the other.
    let mut steps = Steps { steps: [(0, 0); 2 * MAX_DIMS], count: 0, looks: 1000 };
    steps.along(one);
    steps.along(other);
    steps.steps[..steps.count].sort_unstable_by(|one, other| other.cmp(one));
    let (size, other_size) = (one.1 as i128, other.1 as i128);
    let distance = i128::from(a.0) - (i128::from(b.1) - other_size);
    steps.lead_into(0, 1 - size - distance, other_size - 1 - distance)
}

/// Steps of some length, each of which can be taken up to so many times.
struct Steps {
    steps: [(u64, u64); 2 * MAX_DIMS],
    count: usize,
    /// How many more numbers of steps may be tried.
    looks: usize,
}

impl Steps {
    fn along(&mut self, (shape, _, _, strides): Place<'_>) {
        for (&n, &stride) in shape.iter().zip(strides) {
            let (length, times) = (stride.unsigned_abs(), n - 1);
            if length == 0 || times == 0 {
                continue;
            }
            match self.steps[..self.count].iter_mut().find(|step| step.0 == length) {
                Some(step) => step.1 = step.1.saturating_add(times),
                None => {
                    self.steps[self.count] = (length, times);
                    self.count += 1;
                }
            }
        }
    }

    /// Do some of the steps from number `from` on, longest first, lead from 0 to between `low` and `high`? Yes where there
    /// are too many to look at.
    fn lead_into(&mut self, from: usize, low: i128, high: i128) -> bool {
        let rest = &self.steps[from..self.count];
        let divisor = rest.iter().fold(0, |divisor, step| gcd(divisor, step.0));
        if divisor == 0 {
            return low <= 0 && high >= 0;
        }
        // Wherever they lead, it is a multiple of what divides them all.
        if high.div_euclid(i128::from(divisor)) * i128::from(divisor) < low {
            return false;
        }
        let (length, times) = (i128::from(rest[0].0), i128::from(rest[0].1));
        let reach: i128 = rest[1..].iter().map(|step| i128::from(step.0) * i128::from(step.1)).sum();
        let least = (low - reach + length - 1).div_euclid(length).max(0);
        let most = high.div_euclid(length).min(times);
        let mut taken = least;
        while taken <= most {
            if self.looks == 0 {
                return true;
            }
            self.looks -= 1;
            if self.lead_into(from + 1, low - taken * length, high - taken * length) {
                return true;
            }
            taken += 1;
        }
        false
    }
}

/// Judges the arguments of [`copy_strided`](super::copy_strided) without touching any byte.
///
/// # Errors
/// Lengths that differ, too many axes, a component that does not divide the element, a byte count or
/// a range that does not fit, a destination stride of zero, overlap. It cannot know whether the
/// memory is there.
#[allow(clippy::too_many_arguments)]
pub fn check(
    shape: &[u64],
    element_size: usize,
    src: *const u8,
    src_strides: &[i64],
    dst: *const u8,
    dst_strides: &[i64],
    swap: Swap,
) -> Result<(), CopyError> {
    if shape.len() != src_strides.len() || shape.len() != dst_strides.len() {
        return Err(CopyError::Dimensions { shape: shape.len(), src: src_strides.len(), dst: dst_strides.len() });
    }
    if shape.len() > MAX_DIMS {
        return Err(CopyError::TooManyDimensions(shape.len()));
    }
    let component = swap.component();
    if element_size == 0 || element_size % component != 0 {
        return Err(CopyError::ElementSize { element: element_size, component });
    }
    if shape.contains(&0) {
        return Ok(());
    }
    let count = shape
        .iter()
        .try_fold(element_size as u64, |bytes, &n| bytes.checked_mul(n))
        .and_then(|bytes| isize::try_from(bytes).ok());
    let addressed = absolute(shape, src_strides, element_size, src).is_some()
        && absolute(shape, dst_strides, element_size, dst).is_some();
    if count.is_none() || !addressed {
        return Err(CopyError::Overflow);
    }
    if let Some(axis) = (0..shape.len()).find(|&k| shape[k] > 1 && dst_strides[k] == 0) {
        return Err(CopyError::ZeroStride(axis));
    }
    if overlaps(shape, element_size, src, src_strides, dst, dst_strides) {
        return Err(CopyError::Overlap);
    }
    Ok(())
}

/// Addresses `[low, high)` of an array.
fn absolute(shape: &[u64], strides: &[i64], size: usize, at: *const u8) -> Option<(u64, u64)> {
    let (low, high) = byte_extent(shape, strides, size)?;
    let at = i128::from(at as u64);
    let low = u64::try_from(at + i128::from(low)).ok()?;
    let high = u64::try_from(at + i128::from(high)).ok()?;
    Some((low, high))
}

fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        let rest = a % b;
        a = b;
        b = rest;
    }
    a
}
