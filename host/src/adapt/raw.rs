//! Plain bytes as an image.

use super::mapped::part_of;
use super::slabs::{relative, Parts, Room, Slabs, BUDGET};
use super::{check_block, require, Image};
use iolink_sdk::abi::IOLINK_EXTENSION_PARALLEL_ACCESS;
use iolink_sdk::view::services::parallel_access_view;
use iolink_sdk::{
    fail, Block, BlockMut, ByteOrder, Bytes, Call, DataType, ImageCapability, ImageProperties, ImageView, Memory,
    ParallelAccessCapability, RandomAccess, Region, Result, Shape, StreamCapability, Strides, View,
};
use std::iter::Peekable;
use std::ops::Range;
use std::sync::Arc;

/// Unwanted bytes between two wanted ones that are cheaper read than jumped over.
const WORTH_READING: u64 = 4096;
/// Bytes of one read into the caller's own memory.
const PIECE: u64 = 8 << 20;
/// Reads that are announced together, and bytes from the first one's start to the last one's end.
const ANNOUNCED: (usize, u64) = (1024, 32 << 20);

/// How the samples of an image lie among bytes: densely, column fastest.
#[derive(Debug, Clone, Copy)]
pub struct RawLayout {
    /// Samples along each axis.
    pub shape: Shape,
    /// Type of a sample.
    pub data_type: DataType,
    /// Where the first sample starts.
    pub offset: u64,
    /// Byte order of each component.
    pub byte_order: ByteOrder,
}

struct Raw {
    bytes: Arc<dyn RandomAccess>,
    layout: RawLayout,
    strides: Strides,
    length: u64,
    capabilities: ImageCapability,
    in_memory: bool,
    properties: Arc<ImageProperties>,
}

/// The image whose samples are the bytes from `layout.offset` on. READ, WRITE and MEMORY_ACCESS as the bytes have them;
/// memory is shared. Regions of a file are read by position, also where it is mapped.
///
/// # Errors
/// `InvalidArgument` where the bytes are too few or properties do not fit, `Type` for samples without a size, `Limit` for
/// sizes beyond 64 bits.
pub fn from_random_access(
    bytes: &Arc<dyn RandomAccess>,
    layout: &RawLayout,
    properties: Option<ImageProperties>,
) -> Result<Image> {
    let RawLayout { shape, data_type, offset, .. } = *layout;
    if data_type.byte_count() == 0 || data_type.is_string() {
        fail!(Type, "an image cannot have samples of type {data_type}: they have no fixed size");
    }
    let length = iolink_sdk::Limits::default().image_bytes(&shape, data_type)? as u64;
    let there = bytes.length()?;
    if offset.checked_add(length).is_none_or(|end| end > there) {
        fail!(
            InvalidArgument,
            "an image of shape {shape} and type {data_type} takes {length} bytes from {offset} on; there are {there}"
        );
    }
    let known = bytes.capabilities();
    let capabilities = [
        (StreamCapability::READ, ImageCapability::READ),
        (StreamCapability::WRITE, ImageCapability::WRITE),
        (StreamCapability::MEMORY_ACCESS, ImageCapability::MEMORY_ACCESS),
    ]
    .into_iter()
    .filter(|(needed, _)| known.has(*needed))
    .fold(ImageCapability::NONE, |all, (_, capability)| all | capability);
    let properties = properties.unwrap_or_else(|| ImageProperties::from_data_type(data_type)).fitted(shape.len())?;
    Ok(Arc::new(Raw {
        strides: shape.column_fastest(data_type.byte_count()),
        in_memory: capabilities.has(ImageCapability::MEMORY_ACCESS) && bytes.origin().is_none(),
        bytes: bytes.clone(),
        layout: *layout,
        length,
        capabilities,
        properties: Arc::new(properties),
    }))
}

impl Raw {
    /// Pieces of a region that lie together but for gaps of at most `gap` bytes, none longer than `budget`.
    fn pieces(&self, region: &Region, gap: u64, budget: u64) -> Slabs {
        let sample = self.layout.data_type.byte_count() as u64;
        let mut piece = Shape::filled(region.size.len(), 1);
        let mut extent = sample;
        for axis in 0..piece.len() {
            let stride = self.strides[axis] as u64;
            if stride - extent.min(stride) > gap {
                break;
            }
            piece[axis] = region.size[axis].min(1 + budget.saturating_sub(extent) / stride);
            extent += (piece[axis] - 1) * stride;
            if piece[axis] < region.size[axis] {
                break;
            }
        }
        Slabs::new(region, &piece)
    }

    /// Where a region starts among the bytes, and how many there are from its first sample to its last.
    fn span(&self, region: &Region) -> (u64, usize) {
        let sample = self.layout.data_type.byte_count() as u64;
        let at = |index: &[u64]| -> u64 { index.iter().zip(&*self.strides).map(|(at, step)| at * *step as u64).sum() };
        let last: Vec<u64> = region.size.iter().map(|size| size - 1).collect();
        (self.layout.offset + at(&region.origin), (at(&last) + sample) as usize)
    }

    /// The pieces that come next, after the bytes have been told of them all.
    fn next_announced(&self, pieces: &mut Peekable<impl Iterator<Item = Region>>) -> Vec<Region> {
        let (most, furthest) = ANNOUNCED;
        let (mut batch, mut ranges): (Vec<Region>, Vec<Range<u64>>) = (Vec::new(), Vec::new());
        while let Some(piece) = pieces.peek() {
            let (start, length) = self.span(piece);
            let end = start + length as u64;
            if batch.len() == most || ranges.first().is_some_and(|first| end - first.start > furthest) {
                break;
            }
            ranges.push(start..end);
            batch.extend(pieces.next());
        }
        self.bytes.prefetch(&ranges);
        batch
    }

    /// Is a piece of this shape without gaps among the bytes?
    fn is_dense(&self, shape: &Shape) -> bool {
        self.strides.is_column_fastest(shape, self.layout.data_type.byte_count())
    }

    fn check(&self, region: &Region, shape: &Shape, data_type: DataType) -> Result<()> {
        check_block((region, &self.layout.shape), (shape, data_type), self.layout.data_type)
    }
}

impl ImageView for Raw {
    fn capabilities(&self) -> ImageCapability {
        self.capabilities
    }

    fn shape(&self) -> Shape {
        self.layout.shape
    }

    fn data_type(&self) -> DataType {
        self.layout.data_type
    }

    fn properties(&self) -> Arc<ImageProperties> {
        self.properties.clone()
    }

    fn memory(&self) -> Result<Memory> {
        require(self.capabilities, ImageCapability::MEMORY_ACCESS)?;
        let Bytes { data, length, writable, owner } = self.bytes.memory()?;
        if length < self.layout.offset + self.length {
            fail!(InvalidArgument, "the bytes were more when the image was made; {length} are left");
        }
        Ok(Memory {
            data: data.wrapping_add(self.layout.offset as usize),
            data_type: self.layout.data_type,
            shape: self.layout.shape,
            strides: self.strides,
            byte_order: self.layout.byte_order,
            writable: writable && self.capabilities.has(ImageCapability::WRITE),
            owner,
        })
    }

    fn read_region(&self, region: &Region, target: &mut BlockMut<'_>, call: &Call<'_>) -> Result<()> {
        require(self.capabilities, ImageCapability::READ)?;
        self.check(region, target.shape(), target.data_type())?;
        if self.in_memory {
            return target.copy_from(&self.memory()?.block(region)?, call);
        }
        let RawLayout { data_type, byte_order, .. } = self.layout;
        let sample = data_type.byte_count();
        let (mut parts, mut room) = (Parts::new(call, &region.size, sample), Room::new());
        // Straight into the caller's memory where the samples lie there as they do here.
        let straight = self.is_dense(&region.size)
            && target.strides().is_column_fastest(&region.size, sample)
            && (target.byte_order() == byte_order || data_type.component_bytes() == 1);
        let mut pieces = match straight {
            true => self.pieces(region, 0, PIECE),
            false => self.pieces(region, WORTH_READING, BUDGET as u64),
        }
        .peekable();
        while pieces.peek().is_some() {
            for piece in self.next_announced(&mut pieces) {
                let (start, length) = self.span(&piece);
                let mut part = target.part(&relative(&piece, region))?;
                parts.run(&piece.size, sample, |_| {
                    if straight {
                        // SAFETY: the part is dense, has exactly that many bytes, and is borrowed.
                        let bytes = unsafe { std::slice::from_raw_parts_mut(part.data(), length) };
                        return self.bytes.read_exact_at(start, bytes);
                    }
                    let bytes = room.bytes(length)?;
                    self.bytes.read_exact_at(start, bytes)?;
                    let found = Block::with_strides(bytes, 0, &piece.size, &self.strides, data_type)?;
                    part.copy_from(&found.with_byte_order(byte_order), &Call::silent())
                })?;
            }
        }
        Ok(())
    }

    fn write_region(&self, region: &Region, source: &Block<'_>, call: &Call<'_>) -> Result<()> {
        require(self.capabilities, ImageCapability::WRITE)?;
        self.check(region, source.shape(), source.data_type())?;
        if self.in_memory {
            return self.memory()?.block_mut(region)?.copy_from(source, call);
        }
        let RawLayout { data_type, byte_order, .. } = self.layout;
        let sample = data_type.byte_count();
        let (mut parts, mut room) = (Parts::new(call, &region.size, sample), Room::new());
        for piece in self.pieces(region, 0, BUDGET as u64) {
            let (start, length) = self.span(&piece);
            let part = part_of(source, &relative(&piece, region))?;
            parts.run(&piece.size, sample, |_| {
                let bytes = room.bytes(length)?;
                let mut stored = BlockMut::new(bytes, &piece.size, data_type)?.with_byte_order(byte_order);
                stored.copy_from(&part, &Call::silent())?;
                self.bytes.write_at(start, room.bytes(length)?)
            })?;
        }
        Ok(())
    }

    fn extension(&self, id: u64) -> Option<View> {
        let all = ParallelAccessCapability::THREAD_SAFE
            | ParallelAccessCapability::BY_TILE
            | ParallelAccessCapability::BY_REGION;
        (id == IOLINK_EXTENSION_PARALLEL_ACCESS).then(|| parallel_access_view(all))
    }

    fn origin(&self) -> Option<String> {
        self.bytes.origin()
    }
}
