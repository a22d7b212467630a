//! Boxes of samples.

use super::Shape;
use crate::{fail, Error, ErrorKind, Result};
use std::fmt;

/// A box: lowest index and number of samples along each axis, in canonical order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// Lowest index along each axis.
    pub origin: Shape,
    /// Samples along each axis.
    pub size: Shape,
}

impl Region {
    /// The box with this origin and size, refused where they have different dimensions or the far corner overflows.
    pub fn new(origin: &[u64], size: &[u64]) -> Result<Self> {
        if origin.len() != size.len() {
            fail!(InvalidArgument, "a region's origin has {} dimensions and its size {}", origin.len(), size.len());
        }
        if origin.iter().zip(size).any(|(first, count)| first.checked_add(*count).is_none()) {
            fail!(InvalidArgument, "the region at {origin:?} of size {size:?} ends beyond 64 bits");
        }
        Ok(Region { origin: Shape::new(origin)?, size: Shape::new(size)? })
    }

    /// The whole image.
    pub fn full(shape: &Shape) -> Self {
        Region { origin: Shape::filled(shape.len(), 0), size: *shape }
    }

    /// Number of axes.
    pub fn dimension_count(&self) -> usize {
        self.size.len()
    }

    /// Number of samples; `None` where it does not fit 64 bits.
    pub fn element_count(&self) -> Option<u64> {
        self.size.element_count()
    }

    /// Has it no sample?
    pub fn is_empty(&self) -> bool {
        self.size.contains(&0)
    }

    /// First index past the box along one axis.
    pub fn end(&self, axis: usize) -> u64 {
        self.origin[axis] + self.size[axis]
    }

    /// Does `other` lie wholly inside?
    pub fn contains(&self, other: &Region) -> bool {
        self.dimension_count() == other.dimension_count()
            && (0..self.dimension_count())
                .all(|axis| self.origin[axis] <= other.origin[axis] && other.end(axis) <= self.end(axis))
    }

    /// What both boxes share; empty where they do not meet.
    pub fn intersection(&self, other: &Region) -> Region {
        let mut out = *self;
        for axis in 0..self.dimension_count().min(other.dimension_count()) {
            let first = self.origin[axis].max(other.origin[axis]);
            let end = self.end(axis).min(other.end(axis));
            out.origin[axis] = first;
            out.size[axis] = end.saturating_sub(first);
        }
        out
    }

    /// Refuses a region that an image of this shape has not: another dimension, empty, or outside.
    pub fn check_inside(&self, shape: &Shape) -> Result<()> {
        if self.dimension_count() != shape.len() {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("{self} has {} dimensions, the image has {}", self.dimension_count(), shape.len()),
            ));
        }
        for axis in 0..shape.len() {
            if self.origin[axis].checked_add(self.size[axis]).map_or(true, |end| end > shape[axis]) {
                return Err(Error::new(
                    ErrorKind::OutOfRange,
                    format!("{self} leaves the image of shape {shape} along axis {axis}"),
                ));
            }
        }
        if self.is_empty() {
            return Err(Error::new(ErrorKind::InvalidArgument, format!("{self} has no sample to read or write")));
        }
        Ok(())
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the region at {} of size {}", self.origin, self.size)
    }
}
