//! How samples lie in memory: from an index to an offset.

use super::{Dims, Shape, Strides};
use crate::copy::byte_extent;
use crate::{fail, DataType, Result};

/// The byte range, relative to the sample at index 0, of samples that lie like this.
///
/// # Errors
/// `InvalidArgument` where the lengths differ, `Type` for a type without a size, `Limit` beyond the address space.
#[inline]
pub(crate) fn checked_extent(data_type: DataType, shape: &Shape, strides: &Strides) -> Result<(i64, i64)> {
    if shape.len() != strides.len() {
        fail!(InvalidArgument, "memory has {} axes but {} strides", shape.len(), strides.len());
    }
    let size = data_type.byte_count();
    if size == 0 || data_type.is_string() {
        fail!(Type, "samples of type {data_type} have no fixed size and cannot lie in image memory");
    }
    match byte_extent(shape, strides, size) {
        Some((low, high)) if high.checked_sub(low).map_or(false, |bytes| bytes <= isize::MAX as i64) => Ok((low, high)),
        _ => fail!(Limit, "memory of shape {shape} with strides {strides} goes beyond the address space"),
    }
}

/// How samples lie in memory: shape, type, and the bytes from one sample to the next along each axis.
///
/// ```
/// use iolink_sdk::{DataType, Indexer, Shape};
/// let usual = Indexer::dense(DataType::UINT16, &Shape::new(&[6, 4])?, &[0, 1])?;
/// assert_eq!((usual.stride(1)?, usual.byte_stride(1)?), (6, 12));
/// assert_eq!(usual.offset(&[2, 3])?, 20);
/// # Ok::<(), iolink_sdk::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Indexer {
    data_type: DataType,
    shape: Shape,
    strides: Strides,
}

impl Indexer {
    /// Samples that lie like this; strides are in bytes, and may be negative or zero.
    ///
    /// # Errors
    /// `InvalidArgument` where the lengths differ, `Type` for a type without a size, `Limit` for what goes beyond the
    /// address space or has more samples than 64 bits hold.
    pub fn new(data_type: DataType, shape: &Shape, strides: &Strides) -> Result<Self> {
        checked_extent(data_type, shape, strides)?;
        if shape.element_count().map_or(true, |count| count.checked_mul(data_type.byte_count() as u64).is_none()) {
            fail!(Limit, "samples of shape {shape} are more than 64 bits hold");
        }
        Ok(Indexer { data_type, shape: *shape, strides: *strides })
    }

    /// Samples without gaps, axes in the order of `layout`, fastest first: 0, 1, 2... is this library's usual order, the
    /// reverse that of a C array.
    ///
    /// # Errors
    /// As [`Indexer::new`], and `InvalidArgument` where `layout` does not name every axis once.
    pub fn dense(data_type: DataType, shape: &Shape, layout: &[usize]) -> Result<Self> {
        let mut sorted = layout.to_vec();
        sorted.sort_unstable();
        if !sorted.iter().copied().eq(0..shape.len()) {
            fail!(InvalidArgument, "the layout {layout:?} must name each of the axes 0 to {} once", shape.len());
        }
        Indexer::new(data_type, shape, &shape.dense_strides(data_type.byte_count(), layout.iter().copied()))
    }

    /// Type of a sample.
    pub fn data_type(&self) -> DataType {
        self.data_type
    }

    /// Samples along each axis.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Bytes from one sample to the next along each axis.
    pub fn byte_strides(&self) -> &Strides {
        &self.strides
    }

    /// Bytes from one sample to the next along one axis.
    ///
    /// # Errors
    /// `OutOfRange` where there is no such axis.
    pub fn byte_stride(&self, axis: usize) -> Result<i64> {
        self.strides.along(axis)
    }

    /// Samples from one sample to the next along one axis.
    ///
    /// # Errors
    /// `OutOfRange` where there is no such axis, `InvalidArgument` where the step is no whole number of samples.
    pub fn stride(&self, axis: usize) -> Result<i64> {
        self.whole_samples(self.byte_stride(axis)?, "stride")
    }

    /// Bytes as a number of samples.
    fn whole_samples(&self, bytes: i64, what: &str) -> Result<i64> {
        let size = self.data_type.byte_count() as i64;
        if bytes % size != 0 {
            fail!(
                InvalidArgument,
                "the {what} of {bytes} bytes is no whole number of {size}-byte samples; use byte_{what}"
            );
        }
        Ok(bytes / size)
    }

    /// The axes in the order in which they lie in memory, fastest first.
    pub fn layout(&self) -> Dims<usize> {
        let mut axes = Dims::filled(self.shape.len(), 0);
        axes.iter_mut().enumerate().for_each(|(index, axis)| *axis = index);
        axes.sort_by_key(|axis| (self.strides[*axis].unsigned_abs(), *axis));
        axes
    }

    /// Number of samples.
    pub fn element_count(&self) -> u64 {
        self.shape.element_count().unwrap_or(u64::MAX)
    }

    /// Bytes of all samples, without the gaps between them.
    pub fn byte_count(&self) -> u64 {
        self.element_count().saturating_mul(self.data_type.byte_count() as u64)
    }

    /// Do the samples fill one block without gaps, from index 0 upwards? In whatever order of axes.
    pub fn is_continuous(&self) -> bool {
        let layout = self.layout();
        let dense = self
            .shape
            .dense_strides(self.data_type.byte_count(), layout.iter().copied().filter(|axis| self.shape[*axis] != 1));
        self.shape.contains(&0)
            || (0..self.shape.len()).all(|axis| self.shape[axis] == 1 || self.strides[axis] == dense[axis])
    }

    /// Bytes from the sample at index 0 to the one at `index`.
    ///
    /// # Errors
    /// `InvalidArgument` for an index of another dimension, `OutOfRange` for one outside.
    pub fn byte_offset(&self, index: &[u64]) -> Result<i64> {
        if index.len() != self.shape.len() {
            fail!(InvalidArgument, "an index of {} axes does not fit the shape {}", index.len(), self.shape);
        }
        if let Some(axis) = (0..index.len()).find(|axis| index[*axis] >= self.shape[*axis]) {
            fail!(OutOfRange, "the index {index:?} leaves the shape {} along axis {axis}", self.shape);
        }
        // Inside the extent that was checked, so nothing overflows.
        Ok(index.iter().zip(&*self.strides).map(|(index, stride)| *index as i64 * stride).sum())
    }

    /// Samples from the sample at index 0 to the one at `index`.
    ///
    /// # Errors
    /// As [`Indexer::byte_offset`], and `InvalidArgument` where the offset is no whole number of samples.
    pub fn offset(&self, index: &[u64]) -> Result<i64> {
        self.whole_samples(self.byte_offset(index)?, "offset")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    fn shape(sizes: &[u64]) -> Shape {
        Shape::new(sizes).unwrap()
    }

    #[test]
    fn offsets_are_those_of_the_strides() {
        let indexer = Indexer::dense(DataType::VEC3_UINT16, &shape(&[5, 3, 2]), &[2, 0, 1]).unwrap();
        assert_eq!(**indexer.byte_strides(), [12, 60, 6]);
        assert_eq!(*indexer.layout(), [2, 0, 1]);
        assert_eq!((indexer.element_count(), indexer.byte_count()), (30, 180));
        for index in [[0, 0, 0], [4, 2, 1], [1, 2, 0]] {
            let expected = index[0] as i64 * 2 + index[1] as i64 * 10 + index[2] as i64;
            assert_eq!(indexer.offset(&index).unwrap(), expected);
            assert_eq!(indexer.byte_offset(&index).unwrap(), expected * 6);
        }
        assert_eq!(indexer.offset(&[5, 0, 0]).unwrap_err().kind(), ErrorKind::OutOfRange);
        assert_eq!(indexer.offset(&[0, 0]).unwrap_err().kind(), ErrorKind::InvalidArgument);
        assert_eq!(indexer.stride(3).unwrap_err().kind(), ErrorKind::OutOfRange);
    }

    #[test]
    fn continuity_does_not_depend_on_the_order_of_axes() {
        let strided = |sizes: &[u64], strides: &[i64]| {
            Indexer::new(DataType::UINT8, &shape(sizes), &Strides::new(strides).unwrap()).unwrap().is_continuous()
        };
        assert!(strided(&[4, 3], &[1, 4]) && strided(&[4, 3], &[3, 1]) && strided(&[], &[]));
        assert!(strided(&[4, 1, 3], &[1, 99, 4]), "an axis of one sample has no step");
        assert!(strided(&[4, 0], &[7, 7]), "no samples leave no gap");
        assert!(!strided(&[4, 3], &[1, 5]) && !strided(&[4], &[2]) && !strided(&[4], &[-1]) && !strided(&[4], &[0]));
    }

    #[test]
    fn what_cannot_lie_in_memory_is_refused() {
        let refused = |data_type, sizes: &[u64], strides: &[i64]| {
            Indexer::new(data_type, &shape(sizes), &Strides::new(strides).unwrap()).unwrap_err().kind()
        };
        assert_eq!(refused(DataType::UNKNOWN, &[1], &[1]), ErrorKind::Type);
        assert_eq!(refused(DataType::UINT8, &[2, 2], &[1]), ErrorKind::InvalidArgument);
        assert_eq!(refused(DataType::UINT8, &[u64::MAX, 2], &[1, 1]), ErrorKind::Limit);
        assert_eq!(refused(DataType::UINT8, &[1 << 40, 1 << 40], &[0, 0]), ErrorKind::Limit);
        assert!(Indexer::dense(DataType::UINT8, &shape(&[2, 2]), &[0, 0]).is_err());
        let odd = Indexer::new(DataType::UINT16, &shape(&[2]), &Strides::new(&[3]).unwrap()).unwrap();
        assert_eq!(odd.stride(0).unwrap_err().kind(), ErrorKind::InvalidArgument);
        assert_eq!((odd.byte_offset(&[1]).unwrap(), odd.offset(&[1]).is_err()), (3, true));
    }
}
