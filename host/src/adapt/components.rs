//! From vector samples to a channel axis.

use super::channels::inserted;
use super::mapped::part_of;
use super::slabs::{relative, Parts, Room, Slabs, BUDGET};
use super::stack::{canonical_place, interpretation_of, without};
use super::{adapters_over, axis_named, by_memory, check_block, require, service, Image, ADAPTABLE};
use iolink_sdk::{
    fail, Axis, AxisProperties, Block, BlockMut, Call, DataType, ImageCapability, ImageProperties, ImageView, Memory,
    MetadataNode, Region, Result, Shape, View,
};
use std::sync::Arc;

/// The components as a CHANNEL axis: an image of shape (w, h) and type VEC3_UINT8 becomes one of shape (w, h, 3) and type
/// UINT8. The axis stands at its canonical place, at the end where an axis has no name. Keeps READ, WRITE and
/// MEMORY_ACCESS. Writing some channels only reads and writes back the whole vectors where the source has no memory.
///
/// # Errors
/// `Type` for samples that are no vectors; `InvalidArgument` where there is a CHANNEL axis already.
pub fn disassemble_channels(image: &Image) -> Result<Image> {
    let (vector, shape) = (image.data_type(), image.shape());
    let count = match vector.vector_length() {
        Some(count) => count,
        None => fail!(Type, "samples of type {vector} are no vectors: there is nothing to take apart"),
    };
    if axis_named(image, Axis::Channel).is_ok() {
        fail!(InvalidArgument, "the image has a CHANNEL axis already; its vectors cannot become another one");
    }
    let mut properties = image.properties().fitted(shape.len())?;
    let axis = canonical_place(&properties, Axis::Channel);
    properties.axes.insert(axis, AxisProperties { axis: Some(Axis::Channel), ..AxisProperties::default() });
    properties.axes_interpretation = interpretation_of(&properties);
    Ok(Arc::new(Components {
        shape: inserted(&shape, axis, count)?,
        scalar: vector.scalar(),
        vector,
        axis,
        properties: Arc::new(properties),
        capabilities: image.capabilities().only(ADAPTABLE),
        by_memory: by_memory(image),
        adapters: adapters_over(image)?,
        source: image.clone(),
    }))
}

#[derive(Clone)]
struct Components {
    source: Image,
    axis: usize,
    scalar: DataType,
    vector: DataType,
    shape: Shape,
    properties: Arc<ImageProperties>,
    capabilities: ImageCapability,
    by_memory: bool,
    adapters: usize,
}

impl Components {
    /// The region of vectors behind a region of components.
    fn below(&self, region: &Region) -> Result<Region> {
        Ok(Region { origin: without(&region.origin, self.axis)?, size: without(&region.size, self.axis)? })
    }

    /// Does a region hold whole vectors, laid out as such?
    fn is_whole(&self, region: &Region, strides: &[i64]) -> bool {
        region.size[self.axis] == self.shape[self.axis] && strides[self.axis] == self.scalar.byte_count() as i64
    }

    /// Those components of a block of vectors that a region of this view is.
    fn seen<'a>(&self, vectors: &Block<'a>, region: &Region) -> Result<Block<'a>> {
        let shape = inserted(vectors.shape(), self.axis, self.shape[self.axis])?;
        let strides = inserted(vectors.strides(), self.axis, self.scalar.byte_count() as i64)?;
        // SAFETY: the components of the block's own samples.
        let all = unsafe { Block::from_raw(vectors.data(), shape, strides, self.scalar) };
        let mut part = Region::full(&shape);
        part.origin[self.axis] = region.origin[self.axis];
        part.size[self.axis] = region.size[self.axis];
        part_of(&all.with_byte_order(vectors.byte_order()), &part)
    }

    /// Pieces of a region whose vectors fit the budget.
    fn pieces(&self, region: &Region) -> Result<Slabs> {
        let mut piece = Slabs::within(&self.below(region)?, self.vector.byte_count(), BUDGET).piece();
        piece = inserted(&piece, self.axis, region.size[self.axis])?;
        Ok(Slabs::new(region, &piece))
    }
}

impl ImageView for Components {
    fn capabilities(&self) -> ImageCapability {
        self.capabilities
    }

    fn shape(&self) -> Shape {
        self.shape
    }

    fn data_type(&self) -> DataType {
        self.scalar
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
        if lent.shape != without(&self.shape, self.axis)? || lent.data_type != self.vector {
            fail!(InvalidArgument, "the source now is {} of {}: adapt it anew", lent.shape, lent.data_type);
        }
        let strides = inserted(&lent.strides, self.axis, self.scalar.byte_count() as i64)?;
        Ok(Memory { data_type: self.scalar, shape: self.shape, strides, ..lent })
    }

    fn read_region(&self, region: &Region, target: &mut BlockMut<'_>, call: &Call<'_>) -> Result<()> {
        require(self.capabilities, ImageCapability::READ)?;
        check_block((region, &self.shape), (target.shape(), target.data_type()), self.scalar)?;
        if self.is_whole(region, target.strides()) {
            let (below, strides) = (self.below(region)?, without(target.strides(), self.axis)?);
            // SAFETY: the target's components lie side by side and are whole vectors; the target is borrowed.
            let vectors = unsafe { BlockMut::from_raw(target.data(), below.size, strides, self.vector) };
            return self.source.read_region(&below, &mut vectors.with_byte_order(target.byte_order()), call);
        }
        if self.by_memory {
            return target.copy_from(&self.memory()?.block(region)?, call);
        }
        let sample = self.scalar.byte_count();
        let (mut parts, mut room) = (Parts::new(call, &region.size, sample), Room::new());
        for piece in self.pieces(region)? {
            let below = self.below(&piece)?;
            let mut part = target.part(&relative(&piece, region))?;
            let mut vectors = room.block(&below.size, self.vector)?;
            parts.run(&piece.size, sample, |call| {
                self.source.read_region(&below, &mut vectors, call)?;
                part.copy_from(&self.seen(&vectors.as_block(), &piece)?, &Call::silent())
            })?;
        }
        Ok(())
    }

    fn write_region(&self, region: &Region, source: &Block<'_>, call: &Call<'_>) -> Result<()> {
        require(self.capabilities, ImageCapability::WRITE)?;
        check_block((region, &self.shape), (source.shape(), source.data_type()), self.scalar)?;
        if self.is_whole(region, source.strides()) {
            let (below, strides) = (self.below(region)?, without(source.strides(), self.axis)?);
            // SAFETY: the block's components lie side by side and are whole vectors; the block is borrowed.
            let vectors = unsafe { Block::from_raw(source.data(), below.size, strides, self.vector) };
            return self.source.write_region(&below, &vectors.with_byte_order(source.byte_order()), call);
        }
        if self.by_memory {
            let memory = self.memory()?;
            if memory.writable {
                return memory.block_mut(region)?.copy_from(source, call);
            }
        }
        let some = region.size[self.axis] < self.shape[self.axis];
        if some {
            require(self.capabilities, ImageCapability::READ)
                .map_err(|error| error.context("to write some channels of vectors, the others must be read"))?;
        }
        let sample = self.scalar.byte_count();
        let (mut parts, mut room) = (Parts::new(call, &region.size, sample), Room::new());
        for piece in self.pieces(region)? {
            let below = self.below(&piece)?;
            let part = part_of(source, &relative(&piece, region))?;
            let mut vectors = room.block(&below.size, self.vector)?;
            parts.run(&piece.size, sample, |call| {
                if some {
                    self.source.read_region(&below, &mut vectors, &Call::silent())?;
                }
                let seen = self.seen(&vectors.as_block(), &piece)?;
                // SAFETY: the components lie in `vectors`, which is ours alone.
                let mut seen =
                    unsafe { BlockMut::from_raw(seen.data() as *mut u8, *seen.shape(), *seen.strides(), self.scalar) };
                seen.copy_from(&part, &Call::silent())?;
                self.source.write_region(&below, &vectors.as_block(), call)
            })?;
        }
        Ok(())
    }

    fn adapters(&self) -> usize {
        self.adapters
    }

    fn extension(&self, id: u64) -> Option<View> {
        let whole = self.shape[self.axis];
        service::adapted(id, &self.source, || Arc::new(self.clone()), |tile| inserted(tile, self.axis, whole))
    }

    fn origin(&self) -> Option<String> {
        self.source.origin()
    }
}
