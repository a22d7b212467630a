//! The one view behind all adapters that do not touch values: a map, other properties, fewer capabilities.

use super::convert::Converted;
use super::own::{opened, Adapter};
use super::slabs::{fill, relative, Parts, Room, Slabs, BUDGET};
use super::{adapters_over, by_memory, check_block, require, service, Image, ADAPTABLE};
use iolink_sdk::{
    fail, Block, BlockMut, Call, DataType, ImageCapability, ImageProperties, ImageView, IndexMap, Memory, MetadataNode,
    Region, Result, Shape, Strides, View,
};
use std::sync::Arc;

/// A source seen through a map.
#[derive(Clone)]
pub(super) struct Mapped {
    source: Image,
    map: IndexMap,
    data_type: DataType,
    pub(super) properties: Arc<ImageProperties>,
    /// Instead of the source's.
    pub(super) metadata: Option<Arc<MetadataNode>>,
    pub(super) capabilities: ImageCapability,
    by_memory: bool,
    adapters: usize,
}

impl Adapter for Mapped {
    const ID: u64 = 0x9f3c_51d7_0e86_b24b;
}

impl Mapped {
    /// The image as a map: opened up where it is one, else under the identity.
    pub(super) fn over(image: &Image) -> Result<Mapped> {
        if let Some(mapped) = opened::<Mapped>(image) {
            return Ok(mapped);
        }
        let shape = image.shape();
        Ok(Mapped {
            source: image.clone(),
            map: IndexMap::identity(&shape),
            data_type: image.data_type(),
            properties: Arc::new(image.properties().fitted(shape.len())?),
            metadata: None,
            capabilities: image.capabilities().only(ADAPTABLE),
            by_memory: by_memory(image),
            adapters: adapters_over(image)?,
        })
    }

    /// As a view.
    pub(super) fn image(self) -> Image {
        Arc::new(self)
    }

    /// The source and how it is seen.
    #[cfg(test)]
    pub(super) fn parts(&self) -> (&Image, &IndexMap) {
        (&self.source, &self.map)
    }

    /// A tile of the source, in samples of this view.
    fn tile(&self, source: &Shape) -> Result<Shape> {
        Shape::collect(
            self.map
                .axes()
                .iter()
                .map(|walk| walk.source.map_or(1, |axis| source[axis].div_ceil(walk.step.unsigned_abs()))),
        )
    }

    /// Cuts a region of this view into pieces that the source can be asked for. `walked(axis)`: one index at a time.
    /// Samples of other sparse axes count with those between them.
    fn pieces(&self, region: &Region, walked: impl Fn(usize) -> bool) -> Slabs {
        let mut piece = region.size;
        let mut between = 1u64;
        for (axis, walk) in self.map.axes().iter().enumerate() {
            if axis_is_sparse(walk.step, region.size[axis]) {
                if walked(axis) {
                    piece[axis] = 0;
                } else {
                    between = between.saturating_mul(walk.step.unsigned_abs());
                }
            }
        }
        let room = match between {
            1 => u64::MAX,
            _ => (BUDGET / self.data_type.byte_count().max(1)) as u64 / between,
        };
        fill(&mut piece, &region.size, room.max(1));
        Slabs::new(region, &piece)
    }
}

fn axis_is_sparse(step: i64, size: u64) -> bool {
    size > 1 && step.unsigned_abs() > 1
}

/// The image through a map: ten maps over each other are one. Keeps READ, WRITE and MEMORY_ACCESS.
///
/// A read asks the source for the bounding box of the region only: straight into the caller's block where the map skips
/// nothing; else one index at a time along axes that skip samples, and along the source's first axis through a buffer of at
/// most one MiB. A write never touches samples that are not part of the view.
///
/// # Errors
/// `InvalidArgument` where the map is one of another shape, or the image's properties do not fit it.
pub fn mapped(image: &Image, map: &IndexMap) -> Result<Image> {
    if let Some(converted) = opened::<Converted>(image) {
        return converted.mapped(map);
    }
    let below = Mapped::over(image)?;
    let properties = Arc::new(map.properties(&below.properties)?);
    Ok(Mapped { map: below.map.then(map)?, properties, ..below }.image())
}

/// Where the samples of a source's box lie in a block of the view: distance of the box's first sample from the block's,
/// and byte strides along the source's axes.
fn placed(rest: &IndexMap, strides: &Strides, sample: usize) -> (isize, Strides) {
    let mut out = Strides::filled(rest.source_shape().len(), sample as i64);
    let mut offset = 0;
    for (axis, stride) in rest.axes().iter().zip(&**strides) {
        if let Some(source) = axis.source {
            out[source] = if axis.step < 0 { -stride } else { *stride };
            if axis.step < 0 {
                offset += (axis.size - 1) as i64 * stride;
            }
        }
    }
    (offset as isize, out)
}

impl ImageView for Mapped {
    fn capabilities(&self) -> ImageCapability {
        self.capabilities
    }

    fn shape(&self) -> Shape {
        self.map.shape()
    }

    fn data_type(&self) -> DataType {
        self.data_type
    }

    fn properties(&self) -> Arc<ImageProperties> {
        self.properties.clone()
    }

    fn metadata(&self) -> Arc<MetadataNode> {
        self.metadata.clone().unwrap_or_else(|| self.source.metadata())
    }

    fn memory(&self) -> Result<Memory> {
        require(self.capabilities, ImageCapability::MEMORY_ACCESS)?;
        let lent = self.source.memory()?;
        if lent.data_type != self.data_type {
            fail!(InvalidArgument, "the source was {} and now is {}: adapt it anew", self.data_type, lent.data_type);
        }
        let writable = lent.writable && self.capabilities.has(ImageCapability::WRITE);
        Ok(Memory { writable, ..self.map.memory(lent)? })
    }

    fn read_region(&self, region: &Region, target: &mut BlockMut<'_>, call: &Call<'_>) -> Result<()> {
        require(self.capabilities, ImageCapability::READ)?;
        check_block((region, &self.shape()), (target.shape(), target.data_type()), self.data_type)?;
        let (inside, rest) = self.map.bounding(region)?;
        if rest.is_dense() {
            return read_dense(&self.source, (&inside, &rest), target, call);
        }
        if self.by_memory {
            return target.copy_from(&self.map.memory(self.source.memory()?)?.block(region)?, call);
        }
        let sample = self.data_type.byte_count();
        let mut parts = Parts::new(call, &region.size, sample);
        let mut room = Room::new();
        for piece in self.pieces(region, |axis| self.map.axes()[axis].source != Some(0)) {
            let (inside, rest) = self.map.bounding(&piece)?;
            let mut part = target.part(&relative(&piece, region))?;
            parts.run(&piece.size, sample, |call| {
                if rest.is_dense() {
                    return read_dense(&self.source, (&inside, &rest), &mut part, call);
                }
                let mut between = room.block(&inside.size, self.data_type)?;
                self.source.read_region(&inside, &mut between, call)?;
                let (offset, strides) = rest.layout(between.strides())?;
                let first = between.data().wrapping_offset(offset as isize);
                // SAFETY: the map leads from the piece to the bounding box, which the buffer holds and keeps.
                let found = unsafe { Block::from_raw(first, piece.size, strides, self.data_type) };
                part.copy_from(&found, &Call::silent())
            })?;
        }
        Ok(())
    }

    fn write_region(&self, region: &Region, source: &Block<'_>, call: &Call<'_>) -> Result<()> {
        require(self.capabilities, ImageCapability::WRITE)?;
        check_block((region, &self.shape()), (source.shape(), source.data_type()), self.data_type)?;
        let (inside, rest) = self.map.bounding(region)?;
        if rest.is_dense() {
            return write_dense(&self.source, (&inside, &rest), source, call);
        }
        if self.by_memory {
            let memory = self.map.memory(self.source.memory()?)?;
            if memory.writable {
                return memory.block_mut(region)?.copy_from(source, call);
            }
        }
        let sample = self.data_type.byte_count();
        let mut parts = Parts::new(call, &region.size, sample);
        for piece in self.pieces(region, |_| true) {
            let (inside, rest) = self.map.bounding(&piece)?;
            let part = part_of(source, &relative(&piece, region))?;
            parts.run(&piece.size, sample, |call| write_dense(&self.source, (&inside, &rest), &part, call))?;
        }
        Ok(())
    }

    fn adapters(&self) -> usize {
        self.adapters
    }

    fn extension(&self, id: u64) -> Option<View> {
        if id == Mapped::ID {
            return Some(self.open());
        }
        service::adapted(id, &self.source, || self.clone().image(), |tile| self.tile(tile))
    }

    fn origin(&self) -> Option<String> {
        self.source.origin()
    }
}

/// Has the source fill the block, whose samples are all of the source's box.
fn read_dense(
    source: &Image,
    (inside, rest): (&Region, &IndexMap),
    target: &mut BlockMut<'_>,
    call: &Call<'_>,
) -> Result<()> {
    let (offset, strides) = placed(rest, target.strides(), target.data_type().byte_count());
    let first = target.data().wrapping_offset(offset);
    // SAFETY: the same samples as the target's, walked in the source's order, while the target is borrowed.
    let lent = unsafe { BlockMut::from_raw(first, inside.size, strides, target.data_type()) };
    source.read_region(inside, &mut lent.with_byte_order(target.byte_order()), call)
}

/// Has the source take the block, whose samples are all of the source's box.
fn write_dense(
    target: &Image,
    (inside, rest): (&Region, &IndexMap),
    source: &Block<'_>,
    call: &Call<'_>,
) -> Result<()> {
    let (offset, strides) = placed(rest, source.strides(), source.data_type().byte_count());
    let first = source.data().wrapping_offset(offset);
    // SAFETY: the same samples as the block's, walked in the target's order, while the block is borrowed.
    let lent = unsafe { Block::from_raw(first, inside.size, strides, source.data_type()) };
    target.write_region(inside, &lent.with_byte_order(source.byte_order()), call)
}

/// A box of a block.
pub(super) fn part_of<'a>(block: &Block<'a>, region: &Region) -> Result<Block<'a>> {
    region.check_inside(block.shape())?;
    let offset: i64 = region.origin.iter().zip(&**block.strides()).map(|(index, stride)| *index as i64 * stride).sum();
    let first = block.data().wrapping_offset(offset as isize);
    // SAFETY: the box lies inside the block.
    let part = unsafe { Block::from_raw(first, region.size, *block.strides(), block.data_type()) };
    Ok(part.with_byte_order(block.byte_order()))
}
