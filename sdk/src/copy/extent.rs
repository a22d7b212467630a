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
/// Over-cautious: two arrays whose byte ranges intersect count as overlapping unless all strides
/// have a common divisor that keeps their elements apart (the red and the green channel of one
/// interleaved image do not overlap). Arguments that do not describe arrays overlap.
pub fn overlaps(
    shape: &[u64],
    element_size: usize,
    src: *const u8,
    src_strides: &[i64],
    dst: *const u8,
    dst_strides: &[i64],
) -> bool {
    let ranges = (absolute(shape, src_strides, element_size, src), absolute(shape, dst_strides, element_size, dst));
    let (a, b) = match ranges {
        (Some(a), Some(b)) => (a, b),
        _ => return true,
    };
    if a.0 == a.1 || b.0 == b.1 || a.1 <= b.0 || b.1 <= a.0 {
        return false;
    }
    // Every element of either side begins at its pointer plus a multiple of the common divisor.
    let mut divisor = 0u64;
    for strides in [src_strides, dst_strides] {
        for (&n, &stride) in shape.iter().zip(strides) {
            if n > 1 {
                divisor = gcd(divisor, stride.unsigned_abs());
            }
        }
    }
    if divisor == 0 {
        return true;
    }
    let size = element_size as u64;
    let distance = i128::from(dst as u64) - i128::from(src as u64);
    let apart = distance.rem_euclid(i128::from(divisor)) as u64;
    !(apart >= size && divisor - apart >= size)
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
