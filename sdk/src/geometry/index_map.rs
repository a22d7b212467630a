//! Which sample of a source each sample of a view is.
//!
//! Crop, flip, sub-sample, permutation, selection of a plane and a new axis of size 1 are one thing: a place to start at
//! along every axis of the source, and for every axis of the view a source axis with a signed step. Such maps compose:
//! [`then`](IndexMap::then) of any chain is one map again.

mod calibration;
#[cfg(test)]
mod tests;

use super::{Dims, Region, Shape, Strides};
use crate::{fail, Memory, Result};
use std::fmt;

/// How one axis of a view walks its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AxisMap {
    /// The source's axis; `None` for a new axis, of size 1 or 0.
    pub source: Option<usize>,
    /// Source samples from one sample of the view to the next; negative walks backwards, 0 is refused.
    pub step: i64,
    /// Samples of the view along this axis.
    pub size: u64,
}

impl fmt::Display for AxisMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.source {
            Some(source) => write!(f, "{} of axis {source} by {}", self.size, self.step),
            None => write!(f, "{} new", self.size),
        }
    }
}

/// Which sample of a source each sample of a view is.
///
/// Source axes that no axis of the view walks are fixed at the map's origin. Everything is checked when a map is made:
/// whatever index of the view is inside its shape leads inside the source.
///
/// ```
/// use iolink_sdk::{IndexMap, Shape};
/// let map = IndexMap::identity(&Shape::new(&[10, 6])?).slice(0, 8, -3, 3)?.permute(&[1, 0])?;
/// assert_eq!(*map.shape(), [6, 3]);
/// assert_eq!(*map.index(&[4, 2])?, [2, 4]);
/// # Ok::<(), iolink_sdk::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexMap {
    source: Shape,
    origin: Shape,
    axes: Dims<AxisMap>,
}

impl IndexMap {
    /// Every sample at its own index.
    pub fn identity(source: &Shape) -> Self {
        let mut axes = Dims::filled(source.len(), AxisMap::default());
        for (index, axis) in axes.iter_mut().enumerate() {
            *axis = AxisMap { source: Some(index), step: 1, size: source[index] };
        }
        IndexMap { source: *source, origin: Shape::filled(source.len(), 0), axes }
    }

    /// The map that starts at `origin` (one index for each axis of the source) and walks the source as `axes` say.
    ///
    /// # Errors
    /// `InvalidArgument` for a step of 0, a source axis walked twice or not there, a new axis of more than one sample;
    /// `OutOfRange` where an index would leave the source.
    pub fn new(source: &Shape, origin: &[u64], axes: &[AxisMap]) -> Result<Self> {
        if origin.len() != source.len() {
            fail!(InvalidArgument, "an origin of {} axes does not fit a source of {}", origin.len(), source.len());
        }
        let map = IndexMap { source: *source, origin: Shape::new(origin)?, axes: Dims::new(axes)? };
        let mut walked = Dims::filled(source.len(), false);
        for axis in axes {
            let index = match axis.source {
                None if axis.size > 1 => fail!(InvalidArgument, "a new axis has 1 sample, not {}", axis.size),
                None => continue,
                Some(index) => index,
            };
            match walked.get_mut(index) {
                None => fail!(InvalidArgument, "the source has {} axes, there is no axis {index}", source.len()),
                Some(true) => fail!(InvalidArgument, "axis {index} of the source is walked twice"),
                Some(first) => *first = true,
            }
            check_walk(source[index], origin[index], axis.step, axis.size)?;
        }
        if !map.is_empty() {
            for index in 0..source.len() {
                check_walk(source[index], origin[index], 1, 1)?;
            }
        }
        Ok(map)
    }

    /// Shape of the source.
    pub fn source_shape(&self) -> &Shape {
        &self.source
    }

    /// Shape of the view.
    pub fn shape(&self) -> Shape {
        let mut shape = Shape::filled(self.axes.len(), 0);
        for (size, axis) in shape.iter_mut().zip(&*self.axes) {
            *size = axis.size;
        }
        shape
    }

    /// The source's index of the view's first sample, along each axis of the source.
    pub fn origin(&self) -> &Shape {
        &self.origin
    }

    /// How each axis of the view walks the source.
    pub fn axes(&self) -> &[AxisMap] {
        &self.axes
    }

    /// Has the view no sample?
    pub fn is_empty(&self) -> bool {
        self.axes.iter().any(|axis| axis.size == 0)
    }

    /// Is every sample at its own index?
    pub fn is_identity(&self) -> bool {
        *self == IndexMap::identity(&self.source)
    }

    /// Do the view's axes stand for the source's, one by one and in the same order?
    pub fn keeps_axes(&self) -> bool {
        self.axes.len() == self.source.len() && self.axes.iter().enumerate().all(|(at, axis)| axis.source == Some(at))
    }

    /// Then only the samples at `start`, `start + step`, ... along one axis of the view, `count` of them.
    ///
    /// # Errors
    /// `InvalidArgument` for a step of 0; `OutOfRange` for an axis that is not there or where a sample would be outside.
    pub fn slice(mut self, axis: usize, start: u64, step: i64, count: u64) -> Result<Self> {
        let walked = self.axes.along(axis)?;
        check_walk(walked.size, start, step, count)?;
        if let Some(source) = walked.source {
            if count > 0 {
                self.origin[source] = moved(self.origin[source], start, walked.step)?;
            }
            self.axes[axis].step = compose(walked.step, step)?;
        }
        self.axes[axis].size = count;
        Ok(self)
    }

    /// Then only a box of the view.
    ///
    /// # Errors
    /// As [`Region::check_inside`]: a box without samples is refused too.
    pub fn crop(self, region: &Region) -> Result<Self> {
        region.check_inside(&self.shape())?;
        (0..region.size.len()).try_fold(self, |map, axis| map.slice(axis, region.origin[axis], 1, region.size[axis]))
    }

    /// Then every n-th sample along each axis of the view, the first one included.
    ///
    /// # Errors
    /// `InvalidArgument` for another number of steps than axes, a step of 0 or beyond 63 bits.
    pub fn sub_sample(self, steps: &[u64]) -> Result<Self> {
        if steps.len() != self.axes.len() {
            fail!(InvalidArgument, "{} steps do not fit an image of {} axes", steps.len(), self.axes.len());
        }
        steps.iter().enumerate().try_fold(self, |map, (axis, step)| {
            let size = map.axes[axis].size;
            match i64::try_from(*step) {
                Ok(signed) if signed > 0 => {
                    let count = if size == 0 { 0 } else { (size - 1) / step + 1 };
                    map.slice(axis, 0, signed, count)
                }
                _ => fail!(InvalidArgument, "a step is at least 1 and below 2^63, not {step} (axis {axis})"),
            }
        })
    }

    /// Then one axis of the view backwards.
    ///
    /// # Errors
    /// `OutOfRange` for an axis that is not there.
    pub fn flip(self, axis: usize) -> Result<Self> {
        let size = self.axes.along(axis)?.size;
        self.slice(axis, size.saturating_sub(1), -1, size)
    }

    /// Then the view's axes in another order: the new axis `k` is today's `order[k]`.
    ///
    /// # Errors
    /// `InvalidArgument` where `order` does not name each axis once.
    pub fn permute(mut self, order: &[usize]) -> Result<Self> {
        let mut sorted = order.to_vec();
        sorted.sort_unstable();
        if sorted.len() != self.axes.len() || sorted.iter().enumerate().any(|(place, axis)| place != *axis) {
            fail!(InvalidArgument, "{order:?} does not name each of the {} axes once", self.axes.len());
        }
        let today = self.axes;
        for (place, axis) in order.iter().enumerate() {
            self.axes[place] = today[*axis];
        }
        Ok(self)
    }

    /// Then without one axis of the view, held at `index`.
    ///
    /// # Errors
    /// `OutOfRange` for an axis that is not there or an index outside.
    pub fn drop_axis(self, axis: usize, index: u64) -> Result<Self> {
        let mut map = self.slice(axis, index, 1, 1)?;
        let mut axes = map.axes.to_vec();
        axes.remove(axis);
        map.axes = Dims::new(&axes)?;
        Ok(map)
    }

    /// Then with a new axis of one sample at `position`.
    ///
    /// # Errors
    /// `InvalidArgument` for a position behind the end, or one axis too many.
    pub fn insert_axis(mut self, position: usize) -> Result<Self> {
        let mut axes = self.axes.to_vec();
        if position > axes.len() {
            fail!(InvalidArgument, "a new axis cannot stand at {position} of {} axes", axes.len());
        }
        axes.insert(position, AxisMap { source: None, step: 1, size: 1 });
        self.axes = Dims::new(&axes)?;
        Ok(self)
    }

    /// First this map, then `next` on what comes out: one map that does both.
    ///
    /// # Errors
    /// `InvalidArgument` where `next` is a map of another shape, `Limit` where a step goes beyond 64 bits.
    pub fn then(&self, next: &IndexMap) -> Result<Self> {
        let shape = self.shape();
        if next.source != shape {
            fail!(InvalidArgument, "a map of images of shape {} does not fit one of shape {shape}", next.source);
        }
        let mut out = IndexMap { source: self.source, origin: self.origin, axes: next.axes };
        if !next.is_empty() {
            for (first, start) in self.axes.iter().zip(&*next.origin) {
                if let Some(source) = first.source {
                    out.origin[source] = moved(self.origin[source], *start, first.step)?;
                }
            }
        }
        for axis in out.axes.iter_mut() {
            let first = match axis.source {
                Some(middle) => self.axes[middle],
                None => continue,
            };
            axis.source = first.source;
            axis.step = if first.source.is_some() { compose(first.step, axis.step)? } else { 1 };
        }
        Ok(out)
    }

    /// The source's index of the sample at `position` of the view.
    ///
    /// # Errors
    /// `InvalidArgument` for a position of other dimension, `OutOfRange` outside of the view.
    pub fn index(&self, position: &[u64]) -> Result<Shape> {
        let one = Shape::filled(position.len(), 1);
        Ok(self.bounding(&Region { origin: Shape::new(position)?, size: one })?.0.origin)
    }

    /// The smallest box of the source that holds a box of the view, and the map from that box to this one.
    ///
    /// # Errors
    /// As [`Region::check_inside`].
    pub fn bounding(&self, region: &Region) -> Result<(Region, IndexMap)> {
        region.check_inside(&self.shape())?;
        let mut inside = Region { origin: self.origin, size: Shape::filled(self.source.len(), 1) };
        let mut rest = IndexMap { source: inside.size, origin: Shape::filled(self.source.len(), 0), axes: self.axes };
        for (at, axis) in self.axes.iter().enumerate() {
            rest.axes[at].size = region.size[at];
            if let Some(source) = axis.source {
                let first = moved(self.origin[source], region.origin[at], axis.step)?;
                let last = moved(first, region.size[at] - 1, axis.step)?;
                inside.origin[source] = first.min(last);
                inside.size[source] = first.max(last) - first.min(last) + 1;
                rest.origin[source] = first - first.min(last);
            }
        }
        rest.source = inside.size;
        Ok((inside, rest))
    }

    /// Are all samples of the source's box part of the view, in whatever order?
    pub fn is_dense(&self) -> bool {
        self.axes.iter().all(|axis| axis.size <= 1 || axis.step.unsigned_abs() == 1)
    }

    /// The view's samples in memory that lends the source's.
    ///
    /// # Errors
    /// `InvalidArgument` for memory of another shape, `Limit` where a stride goes beyond 64 bits.
    pub fn memory(&self, memory: Memory) -> Result<Memory> {
        if memory.shape != self.source || memory.strides.len() != self.source.len() {
            fail!(InvalidArgument, "memory of shape {} is not that of a source of {}", memory.shape, self.source);
        }
        let (offset, strides) = self.layout(&memory.strides)?;
        let data = memory.data.wrapping_offset(offset as isize);
        Ok(Memory { data, shape: self.shape(), strides, ..memory })
    }

    /// Where the view's samples lie when the source's lie at `strides`: the first one's distance in bytes from the
    /// source's first, and bytes from one sample to the next along each axis.
    ///
    /// # Errors
    /// `Limit` where a number goes beyond 64 bits.
    pub fn layout(&self, strides: &Strides) -> Result<(i64, Strides)> {
        let mut out = Strides::filled(self.axes.len(), 0);
        for (stride, axis) in out.iter_mut().zip(&*self.axes) {
            *stride = match axis.source {
                Some(source) if axis.size > 1 => compose(strides[source], axis.step)?,
                Some(source) => strides[source].saturating_mul(axis.step),
                None => 0,
            };
        }
        let offset =
            self.origin.iter().zip(&**strides).try_fold(0i64, |sum, (index, stride)| {
                i64::try_from(*index).ok()?.checked_mul(*stride)?.checked_add(sum)
            });
        match offset {
            _ if self.is_empty() => Ok((0, out)),
            Some(offset) => Ok((offset, out)),
            None => fail!(Limit, "the sample at {} with byte strides {strides} is beyond 64 bits", self.origin),
        }
    }
}

/// `start + index * step`, which must be an index again.
fn moved(start: u64, index: u64, step: i64) -> Result<u64> {
    match u64::try_from(i128::from(start) + i128::from(index) * i128::from(step)) {
        Ok(index) => Ok(index),
        Err(_) => fail!(OutOfRange, "sample {index} by steps of {step} from {start} is outside of any image"),
    }
}

/// The product of two steps.
fn compose(first: i64, second: i64) -> Result<i64> {
    match first.checked_mul(second) {
        Some(step) => Ok(step),
        None => fail!(Limit, "a step of {first} times {second} goes beyond 64 bits"),
    }
}

/// Refuses a walk of `count` samples that leaves an axis of `size`.
fn check_walk(size: u64, start: u64, step: i64, count: u64) -> Result<()> {
    if step == 0 {
        fail!(InvalidArgument, "a step of 0 stays where it is; give 1 or more, or a negative step to walk backwards");
    }
    if count > 0 {
        let last = i128::from(start) + i128::from(count - 1) * i128::from(step);
        if start >= size || last < 0 || last >= i128::from(size) {
            fail!(OutOfRange, "{count} samples from {start} by {step} leave an axis of {size}");
        }
    }
    Ok(())
}
