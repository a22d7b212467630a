//! The image view, and the bytes below it.

use super::header::Header;
use iolink_sdk::{fail, out_of_memory, Block, BlockMut, Call, DataType, Error, ImageCapability, ImageProperties};
use iolink_sdk::{ImageView, Memory, MetadataNode, Owner, RandomAccess, Region, Result, Shape};
use std::{io::Read, sync::Arc, sync::OnceLock};

pub struct Volume {
    pub uri: String,
    pub header: Header,
    pub bytes: Arc<dyn RandomAccess>,
    /// The same bytes as memory, where they come from a plain file.
    pub map: Option<Arc<memmap2::Mmap>>,
    /// Where they are gzipped: header and samples, inflated by the first read and kept as long as the view.
    pub inflated: Option<OnceLock<Result<Vec<u8>>>>,
}

/// The volume's first `length` bytes, of the file's first `packed`, and whether they are gzipped, which the bytes tell.
pub fn start(bytes: &Arc<dyn RandomAccess>, packed: u64, length: u64) -> Result<(Vec<u8>, bool)> {
    let (mut raw, mut out) = (vec![0; bytes.length()?.min(packed) as usize], Vec::new());
    bytes.read_exact_at(0, &mut raw)?;
    if !raw.starts_with(&[0x1F, 0x8B, 8]) {
        raw.truncate(length as usize);
        return Ok((raw, false));
    }
    out.try_reserve_exact(length as usize + 1).map_err(|_| out_of_memory(length as usize))?;
    // One byte more is asked for: at the end of the stream the checksum is verified.
    if let Err(error) = flate2::read::MultiGzDecoder::new(&raw[..]).take(length + 1).read_to_end(&mut out) {
        fail!(Corrupt, "the gzipped file is damaged or truncated after {} bytes: {error}", out.len());
    }
    out.truncate(length as usize);
    Ok((out, true))
}

impl ImageView for Volume {
    fn capabilities(&self) -> ImageCapability {
        ImageCapability::READ.and(self.map.as_ref().map_or(ImageCapability::NONE, |_| ImageCapability::MEMORY_ACCESS))
    }
    fn shape(&self) -> Shape {
        self.header.shape
    }
    fn data_type(&self) -> DataType {
        self.header.data_type
    }
    fn properties(&self) -> Arc<ImageProperties> {
        self.header.properties.clone()
    }
    fn metadata(&self) -> Arc<MetadataNode> {
        self.header.metadata.clone()
    }
    fn origin(&self) -> Option<String> {
        Some(self.uri.clone())
    }

    fn memory(&self) -> Result<Memory> {
        let lacks = || Error::capability("the volume", "MEMORY_ACCESS", "copy it into memory: it is no plain file");
        let map = self.map.as_ref().ok_or_else(lacks)?;
        let Header { shape, strides, data_type, byte_order, ref samples, .. } = self.header;
        let data = map[samples.start as usize..].as_ptr() as *mut u8;
        Ok(Memory { data, data_type, shape, strides, byte_order, writable: false, owner: Owner::arc(map.clone()) })
    }

    fn read_region(&self, region: &Region, target: &mut BlockMut<'_>, call: &Call<'_>) -> Result<()> {
        let Header { shape, strides, data_type, byte_order, samples, .. } = &self.header;
        region.check_inside(shape)?;
        let inflate = || match start(&self.bytes, u64::MAX, samples.end)?.0 {
            all if all.len() as u64 == samples.end => Ok(all),
            short => fail!(Corrupt, "the volume is truncated: it has {} of {} bytes", short.len(), samples.end),
        };
        let all =
            self.inflated.as_ref().map(|all| all.get_or_init(inflate).as_ref().map_err(Error::clone)).transpose()?;
        // A piece takes in as many whole axes of the region as lie within 256 KiB of the file, and one row at least.
        let reach = |axis: usize| (region.size[axis] - 1) * strides[axis] as u64;
        let bytes = |axes: usize| (0..axes).map(reach).sum::<u64>() + data_type.byte_count() as u64;
        let whole = (1..=shape.len()).rev().find(|axes| bytes(*axes) <= 256 << 10).unwrap_or(1);
        let mut piece = Region { origin: Shape::filled(shape.len(), 0), size: region.size };
        piece.size[whole..].fill(1);
        let (mut buffer, pieces) = (vec![0; bytes(whole) as usize], region.size[whole..].iter().product::<u64>());
        for done in 0..pieces {
            let mut rest = done;
            for axis in whole..shape.len() {
                piece.origin[axis] = rest % region.size[axis];
                rest /= region.size[axis];
            }
            let ahead = |axis: usize| (region.origin[axis] + piece.origin[axis]) * strides[axis] as u64;
            let first = samples.start + (0..shape.len()).map(ahead).sum::<u64>();
            match all {
                None => self.bytes.read_exact_at(first, &mut buffer)?,
                Some(all) => buffer.copy_from_slice(&all[first as usize..][..bytes(whole) as usize]),
            }
            let read = Block::with_strides(&buffer, 0, &piece.size, strides, *data_type)?.with_byte_order(*byte_order);
            target.part(&piece)?.copy_from(&read, &Call::silent())?;
            call.step((done + 1) * buffer.len() as u64, pieces * buffer.len() as u64)?;
        }
        Ok(())
    }
}
