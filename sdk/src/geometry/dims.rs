//! A short list with one entry for each axis, kept without allocation.

use crate::abi::IOLINK_MAX_DIMS;
use crate::{Error, ErrorKind, Result};
use std::fmt;
use std::ops::{Deref, DerefMut};

/// One value for each axis; at most [`IOLINK_MAX_DIMS`] of them.
#[derive(Clone, Copy)]
pub struct Dims<T> {
    length: usize,
    values: [T; IOLINK_MAX_DIMS],
}

/// Samples along each axis, in canonical order: COLUMN first.
pub type Shape = Dims<u64>;
/// Bytes from one sample to the next along each axis.
pub type Strides = Dims<i64>;

impl<T: Copy + Default> Dims<T> {
    /// The list of these values, refused where there are too many.
    #[inline]
    pub fn new(values: &[T]) -> Result<Self> {
        Dims::collect(values.iter().copied())
    }

    /// The list of what an iterator gives, refused where that is too much.
    #[inline]
    pub fn collect(values: impl ExactSizeIterator<Item = T>) -> Result<Self> {
        if values.len() > IOLINK_MAX_DIMS {
            return Err(too_many(values.len()));
        }
        let mut out = Dims { length: values.len(), values: [T::default(); IOLINK_MAX_DIMS] };
        out.values.iter_mut().zip(values).for_each(|(slot, value)| *slot = value);
        Ok(out)
    }

    /// `length` times the same value; `length` must not be over [`IOLINK_MAX_DIMS`].
    pub fn filled(length: usize, value: T) -> Self {
        let mut out = Dims { length: length.min(IOLINK_MAX_DIMS), values: [T::default(); IOLINK_MAX_DIMS] };
        out.values[..out.length].fill(value);
        out
    }

    /// The first `length` values of a border array. All of it is kept: a whole array is copied faster than a part of it.
    #[inline]
    pub fn from_border(length: u32, values: &[T; IOLINK_MAX_DIMS]) -> Result<Self> {
        match length as usize {
            length @ ..=IOLINK_MAX_DIMS => Ok(Dims { length, values: *values }),
            _ => Err(beyond_border(length)),
        }
    }

    /// The whole array for the border, zero behind the last axis.
    #[inline]
    pub fn border(&self) -> [T; IOLINK_MAX_DIMS] {
        let mut out = [T::default(); IOLINK_MAX_DIMS];
        out[..self.length].copy_from_slice(self);
        out
    }

    /// [`Dims::border`] for whoever looks at no more than there are axes.
    #[inline]
    pub(crate) fn border_loose(&self) -> [T; IOLINK_MAX_DIMS] {
        self.values
    }

    /// The value of one axis.
    ///
    /// # Errors
    /// `OutOfRange` where there is no such axis.
    #[inline]
    pub fn along(&self, axis: usize) -> Result<T> {
        self.get(axis).copied().ok_or_else(|| no_axis(axis, self.len()))
    }

    /// The list with one more value at the end.
    pub fn with(&self, value: T) -> Result<Self> {
        let mut values = self.to_vec();
        values.push(value);
        Dims::new(&values)
    }
}

#[cold]
fn too_many(count: usize) -> Error {
    Error::new(
        ErrorKind::InvalidArgument,
        format!("{count} dimensions are more than the {IOLINK_MAX_DIMS} that an image can have"),
    )
}

#[cold]
pub(crate) fn no_axis(axis: usize, count: usize) -> Error {
    Error::new(ErrorKind::OutOfRange, format!("there is no axis {axis}; there are {count} axes, counted from 0"))
}

#[cold]
fn beyond_border(count: u32) -> Error {
    Error::new(ErrorKind::Internal, format!("{count} dimensions are more than the border's {IOLINK_MAX_DIMS}"))
}

impl<T> Deref for Dims<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.values[..self.length]
    }
}

impl<T> DerefMut for Dims<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.values[..self.length]
    }
}

impl<T: PartialEq> PartialEq for Dims<T> {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        // Short lists: a loop is faster than the call that a comparison of slices becomes.
        self.length == other.length && self.iter().zip(&**other).all(|(one, other)| one == other)
    }
}

impl<T: Eq> Eq for Dims<T> {}

impl<T: fmt::Display> fmt::Display for Dims<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> = self.iter().map(|value| value.to_string()).collect();
        write!(f, "({})", words.join(", "))
    }
}

impl<T: fmt::Display> fmt::Debug for Dims<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Shape {
    /// Number of samples; `None` where it does not fit 64 bits. A shape without axes has one sample.
    pub fn element_count(&self) -> Option<u64> {
        if self.contains(&0) {
            return Some(0);
        }
        self.iter().try_fold(1u64, |product, size| product.checked_mul(*size))
    }

    /// Byte strides of a dense array whose axes lie in memory in the order of `fastest_first`.
    pub fn dense_strides(&self, element_bytes: usize, fastest_first: impl Iterator<Item = usize>) -> Strides {
        let mut strides = Strides::filled(self.len(), 0);
        let mut step = element_bytes as i64;
        for axis in fastest_first {
            strides[axis] = step;
            step = step.saturating_mul(self[axis].max(1) as i64);
        }
        strides
    }

    /// Byte strides of a dense array in canonical order: column fastest.
    pub fn column_fastest(&self, element_bytes: usize) -> Strides {
        self.dense_strides(element_bytes, 0..self.len())
    }
}

impl Strides {
    /// Do these strides walk a dense block of samples, first axis fastest?
    pub fn is_column_fastest(&self, shape: &Shape, element_bytes: usize) -> bool {
        let dense = shape.column_fastest(element_bytes);
        shape.iter().enumerate().all(|(axis, size)| *size <= 1 || self[axis] == dense[axis])
    }
}
