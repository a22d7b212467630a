//! Adapters of place: regions, every n-th sample, mirrors.

use super::{mapped, Image};
use iolink_sdk::{fail, Axis, IndexMap, Region, Result};

/// A box of the image. The origin moves to its first sample.
///
/// # Errors
/// `OutOfRange` for a region that leaves the image; `InvalidArgument` for an empty one or one of another dimension.
pub fn extract_region(image: &Image, region: &Region) -> Result<Image> {
    mapped(image, &IndexMap::identity(&image.shape()).crop(region)?)
}

/// The part of a box that lies inside the image: the region is clipped, never padded.
///
/// # Errors
/// `OutOfRange` where region and image share no sample; `InvalidArgument` for a region of another dimension or empty.
pub fn extract_adjusted_region(image: &Image, region: &Region) -> Result<Image> {
    let shape = image.shape();
    if region.dimension_count() != shape.len() {
        fail!(InvalidArgument, "{region} has {} dimensions, the image has {}", region.dimension_count(), shape.len());
    }
    let region = Region::new(&region.origin, &region.size)?;
    if region.is_empty() {
        fail!(InvalidArgument, "{region} has no sample to extract");
    }
    let clipped = Region::full(&shape).intersection(&region);
    if clipped.is_empty() {
        fail!(OutOfRange, "{region} lies outside of the image of shape {shape}");
    }
    extract_region(image, &clipped)
}

/// Every n-th sample along each axis, from the first one on; sizes are rounded up. Spacing is widened.
///
/// # Errors
/// `InvalidArgument` for another number of steps than axes, or a step of 0.
pub fn sub_sample(image: &Image, steps: &[u64]) -> Result<Image> {
    mapped(image, &IndexMap::identity(&image.shape()).sub_sample(steps)?)
}

/// The image mirrored along one axis, given by its place in the shape. See [`IndexMap::properties`] for what becomes of
/// origin, spacing and direction.
///
/// # Errors
/// `OutOfRange` for an axis that is not there.
pub fn flip(image: &Image, axis: usize) -> Result<Image> {
    mapped(image, &IndexMap::identity(&image.shape()).flip(axis)?)
}

/// The image mirrored along one axis, given by its name.
///
/// # Errors
/// `InvalidArgument` where no axis of the image has that name.
pub fn flip_axis(image: &Image, axis: Axis) -> Result<Image> {
    flip(image, super::axis_named(image, axis)?)
}
