//! Many images of one shape as one image with one more axis.

use super::channels::inserted;
use super::slabs::Parts;
use super::{adapters_over, check_block, mapped, service, slices, Image, ADAPTABLE};
use iolink_sdk::abi::{IOLINK_EXTENSION_PARALLEL_ACCESS, IOLINK_EXTENSION_VIEW_ORIGIN};
use iolink_sdk::view::services::{parallel_access, parallel_access_view};
use iolink_sdk::{
    fail, AxesInterpretation, Axis, AxisProperties, Block, BlockMut, Call, Channel, DataType, ErrorKind,
    ImageCapability, ImageProperties, ImageView, IndexMap, Limits, MetadataNode, Region, Result, Shape, Strides, View,
};
use std::sync::Arc;

/// Which axis images are stacked along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Along {
    /// A new axis of this name, at its place in the canonical order; at the end where an axis of the images has no name.
    Axis(Axis),
    /// A new axis without a name, at this place of the shape.
    Position(usize),
}

impl From<Axis> for Along {
    fn from(axis: Axis) -> Self {
        Along::Axis(axis)
    }
}

impl From<usize> for Along {
    fn from(position: usize) -> Self {
        Along::Position(position)
    }
}

#[derive(Clone)]
struct Stack {
    images: Vec<Image>,
    axis: usize,
    shape: Shape,
    data_type: DataType,
    capabilities: ImageCapability,
    properties: Arc<ImageProperties>,
    adapters: usize,
}

/// The images as one: `images[i]` is what the result is at index `i` of the new axis. Nothing is copied; a region is asked
/// of those images only that it touches. READ and WRITE where all have it; one image alone keeps MEMORY_ACCESS too.
///
/// Properties and metadata are the first image's; the new axis has spacing 1 and origin 0. A SLICE axis has spacing, direction
/// and origin by the places of the images, if they differ. A CHANNEL axis has the channels of the images.
///
/// # Errors
/// `InvalidArgument` for no image, images of different shapes or value scales, an axis that they have already, a position
/// behind the end, slices at uneven places; `Type` for different types.
pub fn stack(images: &[Image], along: impl Into<Along>) -> Result<Image> {
    let first = match images.first() {
        Some(first) => first,
        None => fail!(InvalidArgument, "a stack needs at least one image"),
    };
    let (shape, data_type) = (first.shape(), first.data_type());
    let known = first.properties().fitted(shape.len())?;
    for (index, image) in images.iter().enumerate() {
        if image.shape() != shape {
            fail!(InvalidArgument, "image {index} has the shape {}, image 0 has {shape}", image.shape());
        }
        if image.data_type() != data_type {
            fail!(Type, "image {index} is of type {}, image 0 of {data_type}", image.data_type());
        }
        if image.properties().value_scale != known.value_scale {
            fail!(
                InvalidArgument,
                "the values of image {index} have another scale than those of image 0; stack the scaled() images"
            );
        }
    }
    let (axis, name) = place(&known, shape.len(), along.into())?;
    let mut properties = known.clone();
    properties.axes.insert(axis, AxisProperties { axis: name, ..AxisProperties::default() });
    properties.axes_interpretation = interpretation_of(&properties);
    match name {
        Some(Axis::Slice) => slices::place(images, &known, &mut properties)?,
        Some(Axis::Channel) => properties.channels = channels_of(images),
        _ => {}
    }
    if images.len() == 1 {
        let view = mapped(first, &IndexMap::identity(&shape).insert_axis(axis)?)?;
        return super::from_image_view(&view, Some(properties), None);
    }
    let mut sizes = shape.to_vec();
    sizes.insert(axis, images.len() as u64);
    let stacked = Shape::new(&sizes)?;
    Limits::unallocated().image_bytes(&stacked, data_type)?;
    let capabilities = images.iter().fold(ADAPTABLE, |common, image| common.only(image.capabilities()));
    let adapters = images.iter().map(adapters_over).try_fold(0, |most, count| count.map(|count| most.max(count)))?;
    Ok(Arc::new(Stack {
        images: images.to_vec(),
        adapters,
        axis,
        shape: stacked,
        data_type,
        capabilities: capabilities.only(ImageCapability::READ | ImageCapability::WRITE),
        properties: Arc::new(properties),
    }))
}

/// The channel table of images of one channel each; empty if no image says anything of its own.
fn channels_of(images: &[Image]) -> Vec<Channel> {
    let one = |image: &Image| match &image.properties().channels[..] {
        [own] => Some(own.clone()),
        _ => None,
    };
    let known: Vec<Option<Channel>> = images.iter().map(one).collect();
    match known.iter().any(Option::is_some) {
        true => known.into_iter().map(Option::unwrap_or_default).collect(),
        false => Vec::new(),
    }
}

/// Where the new axis stands, and what it is called.
fn place(properties: &ImageProperties, dimensions: usize, along: Along) -> Result<(usize, Option<Axis>)> {
    match along {
        Along::Position(position) if position > dimensions => {
            fail!(InvalidArgument, "a new axis cannot stand at {position} of {dimensions} axes")
        }
        Along::Position(position) => Ok((position, None)),
        Along::Axis(axis) => {
            if properties.axes.iter().any(|known| known.axis == Some(axis)) {
                fail!(InvalidArgument, "the images have an axis {} already: stack them along another", axis.name());
            }
            Ok((canonical_place(properties, axis), Some(axis)))
        }
    }
}

/// Where a new axis of this name stands: behind all that come before it; at the end where an axis has no name.
pub(super) fn canonical_place(properties: &ImageProperties, axis: Axis) -> usize {
    if properties.axes.iter().any(|known| known.axis.is_none()) {
        return properties.axes.len();
    }
    properties.axes.iter().filter(|known| known.axis < Some(axis)).count()
}

/// The interpretation that names exactly the axes that are there, else UNKNOWN.
pub(super) fn interpretation_of(properties: &ImageProperties) -> AxesInterpretation {
    properties
        .named_axes(properties.axes.len())
        .and_then(|axes| AxesInterpretation::from_axes(&axes))
        .unwrap_or(AxesInterpretation::Unknown)
}

/// The list without the entry of one axis.
pub(super) fn without<T: Copy + Default>(values: &iolink_sdk::Dims<T>, axis: usize) -> Result<iolink_sdk::Dims<T>> {
    let mut values = values.to_vec();
    values.remove(axis);
    iolink_sdk::Dims::new(&values)
}

impl Stack {
    /// Calls `body` for each image that the region touches: its index along the new axis inside the region, the image, the
    /// region of it, and the call to report to.
    fn each(
        &self,
        region: &Region,
        call: &Call<'_>,
        mut body: impl FnMut(u64, &Image, &Region, &Call<'_>) -> Result<()>,
    ) -> Result<()> {
        let inner = Region { origin: without(&region.origin, self.axis)?, size: without(&region.size, self.axis)? };
        let sample = self.data_type.byte_count();
        let mut parts = Parts::new(call, &region.size, sample);
        for index in 0..region.size[self.axis] {
            let number = region.origin[self.axis] + index;
            parts.run(&inner.size, sample, |call| body(index, &self.images[number as usize], &inner, call)).map_err(
                |error| match error.kind() {
                    ErrorKind::Cancelled => error,
                    _ => error.context(&format!("image {number} of the stack")),
                },
            )?;
        }
        Ok(())
    }

    fn layer(&self, strides: &Strides, index: u64) -> Result<(isize, Strides)> {
        Ok(((index as i64 * strides[self.axis]) as isize, without(strides, self.axis)?))
    }
}

impl ImageView for Stack {
    fn capabilities(&self) -> ImageCapability {
        self.capabilities
    }

    fn shape(&self) -> Shape {
        self.shape
    }

    fn data_type(&self) -> DataType {
        self.data_type
    }

    fn properties(&self) -> Arc<ImageProperties> {
        self.properties.clone()
    }

    fn metadata(&self) -> Arc<MetadataNode> {
        self.images[0].metadata()
    }

    fn read_region(&self, region: &Region, target: &mut BlockMut<'_>, call: &Call<'_>) -> Result<()> {
        check_block((region, &self.shape), (target.shape(), target.data_type()), self.data_type)?;
        let (data, strides, byte_order) = (target.data(), *target.strides(), target.byte_order());
        self.each(region, call, |index, image, inner, call| {
            let (offset, strides) = self.layer(&strides, index)?;
            // SAFETY: the samples of the target at one index of the new axis; the target is borrowed until the end.
            let layer =
                unsafe { BlockMut::from_raw(data.wrapping_offset(offset), inner.size, strides, self.data_type) };
            image.read_region(inner, &mut layer.with_byte_order(byte_order), call)
        })
    }

    fn write_region(&self, region: &Region, source: &Block<'_>, call: &Call<'_>) -> Result<()> {
        check_block((region, &self.shape), (source.shape(), source.data_type()), self.data_type)?;
        self.each(region, call, |index, image, inner, call| {
            let (offset, strides) = self.layer(source.strides(), index)?;
            let first = source.data().wrapping_offset(offset);
            // SAFETY: the samples of the block at one index of the new axis; the block is borrowed until the end.
            let layer = unsafe { Block::from_raw(first, inner.size, strides, self.data_type) };
            image.write_region(inner, &layer.with_byte_order(source.byte_order()), call)
        })
    }

    fn adapters(&self) -> usize {
        self.adapters
    }

    fn extension(&self, id: u64) -> Option<View> {
        if id == IOLINK_EXTENSION_PARALLEL_ACCESS {
            let each = self.images.iter().map(parallel_access);
            return each.reduce(|common, other| common.only(other)).map(parallel_access_view);
        }
        if id == IOLINK_EXTENSION_VIEW_ORIGIN {
            // Its images may come from different places.
            return None;
        }
        let thin = |tile: &Shape| inserted(tile, self.axis, 1);
        service::adapted(id, &self.images[0], || Arc::new(self.clone()), thin)
    }
}
