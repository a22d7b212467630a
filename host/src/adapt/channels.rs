//! From a channel axis to vector samples, and one channel alone.

use super::stack::{interpretation_of, without};
use super::{
    adapters_over, axis_named, check_block, disassemble_channels, mapped, require, service, stack, Image, ADAPTABLE,
};
use iolink_sdk::{
    fail, Axis, Block, BlockMut, Call, DataType, Dims, ImageCapability, ImageProperties, ImageView, IndexMap, Memory,
    MetadataNode, Region, Result, Shape, Strides, View,
};
use std::sync::Arc;

/// One channel: at `index` of the CHANNEL axis, which goes; of an image without that axis, that component of the vector
/// samples. Keeps READ, WRITE and MEMORY_ACCESS.
///
/// # Errors
/// `InvalidArgument` where there is neither a CHANNEL axis nor a vector type, `OutOfRange` for an index outside.
pub fn extract_channel(image: &Image, index: u64) -> Result<Image> {
    if axis_named(image, Axis::Channel).is_err() && image.data_type().is_vector() {
        return extract_channel(&disassemble_channels(image)?, index);
    }
    let (axis, shape) = (axis_named(image, Axis::Channel)?, image.shape());
    if index >= shape[axis] {
        fail!(OutOfRange, "there is no channel {index}; there are {}, counted from 0", shape[axis]);
    }
    mapped(image, &IndexMap::identity(&shape).drop_axis(axis, index)?)
}

/// Images of one channel each as one image of vectors, `images[i]` being component `i`. An image may have a CHANNEL axis of
/// one sample.
///
/// # Errors
/// As [`stack()`] and [`assemble_channels`].
pub fn interlace(images: &[Image]) -> Result<Image> {
    let mut single = Vec::with_capacity(images.len());
    for image in images {
        match axis_named(image, Axis::Channel) {
            Ok(axis) if image.shape()[axis] == 1 => single.push(extract_channel(image, 0)?),
            _ => single.push(image.clone()),
        }
    }
    assemble_channels(&stack(&single, Axis::Channel)?)
}

/// The CHANNEL axis as components: an image of shape (w, h, 3) and type UINT8 becomes one of shape (w, h) and type
/// VEC3_UINT8. READ and WRITE as the source; MEMORY_ACCESS where the channels of a sample lie side by side in its memory.
///
/// # Errors
/// `InvalidArgument` without a CHANNEL axis, or with none or more than 65535 channels; `Type` for samples that are vectors
/// already, or no numbers.
pub fn assemble_channels(image: &Image) -> Result<Image> {
    let (axis, shape, scalar) = (axis_named(image, Axis::Channel)?, image.shape(), image.data_type());
    if scalar.vector_length().is_some() || !scalar.is_numeric() {
        fail!(Type, "samples of type {scalar} cannot become components of a vector");
    }
    let count = match u16::try_from(shape[axis]).ok().map(|count| u64::from(count) * scalar.element_count()) {
        Some(count) if count > 0 && count <= u64::from(u16::MAX) => count as u16,
        _ => fail!(InvalidArgument, "{} channels cannot be the components of a vector", shape[axis]),
    };
    let mut properties = image.properties().fitted(shape.len())?;
    properties.axes.remove(axis);
    properties.axes_interpretation = interpretation_of(&properties);
    let mut capabilities = image.capabilities().only(ADAPTABLE);
    if capabilities.has(ImageCapability::MEMORY_ACCESS) {
        let side_by_side = count == 1 || image.memory()?.strides[axis] == scalar.byte_count() as i64;
        if !side_by_side {
            capabilities = capabilities.only(ImageCapability::READ | ImageCapability::WRITE);
        }
    }
    Ok(Arc::new(Assembled {
        shape: without(&shape, axis)?,
        scalar,
        vector: DataType::vector(scalar, count),
        count: shape[axis],
        axis,
        properties: Arc::new(properties),
        capabilities,
        adapters: adapters_over(image)?,
        source: image.clone(),
    }))
}

/// The list with one more entry at `place`.
pub(super) fn inserted<T: Copy + Default>(values: &Dims<T>, place: usize, value: T) -> Result<Dims<T>> {
    let mut values = values.to_vec();
    values.insert(place, value);
    Dims::new(&values)
}

#[derive(Clone)]
struct Assembled {
    source: Image,
    axis: usize,
    count: u64,
    scalar: DataType,
    vector: DataType,
    shape: Shape,
    properties: Arc<ImageProperties>,
    capabilities: ImageCapability,
    adapters: usize,
}

impl Assembled {
    /// The source's region behind a region of vectors.
    fn below(&self, region: &Region) -> Result<Region> {
        Ok(Region {
            origin: inserted(&region.origin, self.axis, 0)?,
            size: inserted(&region.size, self.axis, self.count)?,
        })
    }

    /// Byte strides of the components of vectors.
    fn spread(&self, strides: &Strides) -> Result<Strides> {
        inserted(strides, self.axis, self.scalar.byte_count() as i64)
    }
}

impl ImageView for Assembled {
    fn capabilities(&self) -> ImageCapability {
        self.capabilities
    }

    fn shape(&self) -> Shape {
        self.shape
    }

    fn data_type(&self) -> DataType {
        self.vector
    }

    fn properties(&self) -> Arc<ImageProperties> {
        self.properties.clone()
    }

    fn metadata(&self) -> Arc<MetadataNode> {
        self.source.metadata()
    }

    fn memory(&self) -> Result<Memory> {
        require(self.capabilities, ImageCapability::MEMORY_ACCESS)?;
        let lent = self.source.memory()?;
        if lent.shape != self.below(&Region::full(&self.shape))?.size || lent.data_type != self.scalar {
            fail!(InvalidArgument, "the source now is {} of {}: adapt it anew", lent.shape, lent.data_type);
        }
        if self.count > 1 && lent.strides[self.axis] != self.scalar.byte_count() as i64 {
            fail!(InvalidArgument, "the source's channels no longer lie side by side: adapt it anew");
        }
        let strides = without(&lent.strides, self.axis)?;
        Ok(Memory { data_type: self.vector, shape: self.shape, strides, ..lent })
    }

    fn read_region(&self, region: &Region, target: &mut BlockMut<'_>, call: &Call<'_>) -> Result<()> {
        require(self.capabilities, ImageCapability::READ)?;
        check_block((region, &self.shape), (target.shape(), target.data_type()), self.vector)?;
        let below = self.below(region)?;
        // SAFETY: the components of the target's samples, while the target is borrowed.
        let parts =
            unsafe { BlockMut::from_raw(target.data(), below.size, self.spread(target.strides())?, self.scalar) };
        self.source.read_region(&below, &mut parts.with_byte_order(target.byte_order()), call)
    }

    fn write_region(&self, region: &Region, source: &Block<'_>, call: &Call<'_>) -> Result<()> {
        require(self.capabilities, ImageCapability::WRITE)?;
        check_block((region, &self.shape), (source.shape(), source.data_type()), self.vector)?;
        let below = self.below(region)?;
        // SAFETY: the components of the block's samples, while the block is borrowed.
        let parts = unsafe { Block::from_raw(source.data(), below.size, self.spread(source.strides())?, self.scalar) };
        self.source.write_region(&below, &parts.with_byte_order(source.byte_order()), call)
    }

    fn adapters(&self) -> usize {
        self.adapters
    }

    fn extension(&self, id: u64) -> Option<View> {
        service::adapted(id, &self.source, || Arc::new(self.clone()), |tile| without(tile, self.axis))
    }

    fn origin(&self) -> Option<String> {
        self.source.origin()
    }
}
