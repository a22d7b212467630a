//! Lazy views over images: geometry, stacking, types, channels, capabilities; and copying.
//!
//! No function here reads a sample, but those of [`copy_into`] and [`copy_in_memory`]. What a chain of adapters costs:
//!
//! * Geometry, axes, other properties and restricted capabilities are one [`mapped()`] view, however many adapters are
//!   stacked: maps compose ([`iolink_sdk::IndexMap`]). It shares memory when the source does.
//! * Changes of type are one factor and one offset, applied while copying; a map over them slips underneath.
//! * What cannot be handed on to the source as it is goes through a buffer of at most one MiB.
//!
//! Properties are taken from the source when an adapter is made; a later `set_properties` on the source is not seen.
//! Metadata is asked of the source each time, unless the adapter was given other metadata. No adapter has RESHAPE: its shape
//! is fixed when it is made, and a source that is reshaped underneath makes its reads fail.

mod axes;
mod channels;
mod components;
mod convert;
mod copy;
mod half;
mod mapped;
mod numbers;
mod overlay;
mod own;
mod pyramid;
mod raw;
mod service;
mod shape;
mod slabs;
mod slices;
mod stack;
mod uniform;
mod values;

pub use axes::{reinterpret, reinterpret_axes};
pub use channels::{assemble_channels, extract_channel, interlace};
pub use components::disassemble_channels;
pub use copy::{copy_in_memory, copy_into, Create};
pub use mapped::mapped;
pub use overlay::{from_image_view, make_thread_safe, restrict_capabilities};
pub use pyramid::{pyramid, PyramidPlan, Reduction};
pub use raw::{from_random_access, RawLayout};
pub use shape::{extract_adjusted_region, extract_region, flip, flip_axis, sub_sample};
pub use stack::{stack, Along};
pub use uniform::uniform;
pub use values::{adapt_data_type, adapt_dynamic_range, scaled};

#[cfg(test)]
mod tests;

use iolink_sdk::{fail, Axis, DataType, Error, ImageCapability, ImageView, Region, Result, Shape};
use std::sync::Arc;

/// Any image.
pub type Image = Arc<dyn ImageView>;

/// What an adapter can keep of its source.
const ADAPTABLE: ImageCapability =
    ImageCapability::READ.and(ImageCapability::WRITE).and(ImageCapability::MEMORY_ACCESS);

/// Refuses a region that the image has not, or a block that does not fit the region.
fn check_block(
    (region, whole): (&Region, &Shape),
    (shape, data_type): (&Shape, DataType),
    wanted: DataType,
) -> Result<()> {
    region.check_inside(whole)?;
    if *shape != region.size {
        fail!(InvalidArgument, "a block of shape {shape} does not fit {region}");
    }
    if data_type != wanted {
        fail!(Type, "a block of type {data_type} does not fit an image of type {wanted}");
    }
    Ok(())
}

/// May samples be read and written through the image's memory instead of by regions?
///
/// Not where the image was opened from somewhere: its memory can be a file that another process cuts short, which only
/// region calls survive.
fn by_memory(image: &Image) -> bool {
    image.capabilities().has(ImageCapability::MEMORY_ACCESS) && image.origin().is_none()
}

/// Place of the axis with this name.
///
/// # Errors
/// `InvalidArgument` where no axis of the image has it; the message lists those that are there.
pub fn axis_named(image: &Image, axis: Axis) -> Result<usize> {
    let (properties, count) = (image.properties().fitted(image.shape().len())?, image.shape().len());
    match (0..count).find(|index| properties.axis(*index) == Some(axis)) {
        Some(index) => Ok(index),
        None => {
            let names: Vec<&str> =
                (0..count).map(|index| properties.axis(index).map_or("unnamed", Axis::name)).collect();
            fail!(InvalidArgument, "the image has no axis {}; its axes are {}", axis.name(), names.join(", "))
        }
    }
}

/// The largest number of adapters over each other. A read and a drop go down through all of them on one stack.
const MAX_ADAPTERS: usize = 256;

/// Returns the number of adapters of an adapter over an image.
///
/// # Errors
/// `Limit` for more than [`MAX_ADAPTERS`].
fn adapters_over(image: &Image) -> Result<usize> {
    match image.adapters() + 1 {
        count if count <= MAX_ADAPTERS => Ok(count),
        _ => fail!(
            Limit,
            "the image is shown through {MAX_ADAPTERS} lazy views already; copy it into memory (copy_in_memory) and go on \
             from there"
        ),
    }
}

/// Refuses a call for which a capability is absent.
fn require(capabilities: ImageCapability, needed: ImageCapability) -> Result<()> {
    if capabilities.has(needed) {
        return Ok(());
    }
    let (name, way_out) = match needed {
        ImageCapability::READ => ("READ", "it can only be written"),
        ImageCapability::WRITE => ("WRITE", "copy it into memory to change it"),
        _ => ("MEMORY_ACCESS", "copy it into memory first (ImageViewFactory.copy_in_memory), or read regions"),
    };
    Err(Error::capability("the image", name, way_out))
}
