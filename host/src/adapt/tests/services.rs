//! Tiles, parallel access and origin through adapters; images of bytes and of one value.

use super::kit::{read_all, refused, region, Source, MEMORY, READ, WRITE};
use crate::adapt::*;
use iolink_sdk::abi::IOLINK_EXTENSION_TILING;
use iolink_sdk::view::services::{parallel_access, tiling, tiling_view, view_origin};
use iolink_sdk::{
    BlockMut, ByteOrder, Call, DataType, Error, ErrorKind, ParallelAccessCapability, RandomAccess, Result,
    StreamCapability, UniformTiling, View,
};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Mutex;

/// A source that its maker cuts into tiles of its own.
struct Tiled(Image);

impl ImageView for Tiled {
    fn capabilities(&self) -> ImageCapability {
        self.0.capabilities()
    }
    fn shape(&self) -> Shape {
        self.0.shape()
    }
    fn data_type(&self) -> DataType {
        self.0.data_type()
    }
    fn read_region(&self, region: &Region, target: &mut BlockMut<'_>, call: &Call<'_>) -> Result<()> {
        self.0.read_region(region, target, call)
    }
    fn extension(&self, id: u64) -> Option<View> {
        let mut tile = vec![8, 4, 3];
        tile.truncate(self.shape().len());
        (id == IOLINK_EXTENSION_TILING)
            .then(|| tiling_view(Arc::new(UniformTiling::new(self.0.clone(), &tile).unwrap())))
    }
    fn origin(&self) -> Option<String> {
        Some("file:/tiled.raw".into())
    }
}

fn tiled(shape: &[u64], data_type: DataType) -> Image {
    Arc::new(Tiled(Source::new(shape, data_type, READ).image()))
}

/// Every tile of an adapted image together is the image.
fn covered(image: &Image) -> Vec<u64> {
    let tiles = tiling(image).unwrap();
    let whole = read_all(image);
    let sample = image.data_type().byte_count();
    let mut seen = vec![0xA5; whole.len()];
    for index in 0..tiles.tile_count() {
        let place = tiles.tile_region(index).unwrap();
        let mut bytes = vec![0; place.element_count().unwrap() as usize * sample];
        let mut block = BlockMut::new(&mut bytes, &place.size, image.data_type()).unwrap();
        tiles.read_tile(index, &mut block, &Call::silent()).unwrap();
        let mut all = BlockMut::new(&mut seen, &image.shape(), image.data_type()).unwrap();
        all.part(&place).unwrap().copy_from(&block.as_block(), &Call::silent()).unwrap();
    }
    assert_eq!(seen, whole);
    tiles.max_tile_size().to_vec()
}

#[test]
fn an_adapter_is_cut_into_tiles_of_its_sources_size_as_it_shows_them() {
    let image = tiled(&[32, 24, 9], DataType::UINT16);
    assert_eq!(covered(&image), [8, 4, 3]);
    assert_eq!(covered(&extract_region(&image, &region(&[3, 3, 3], &[20, 17, 2])).unwrap()), [8, 4, 2]);
    assert_eq!(covered(&sub_sample(&image, &[2, 1, 5]).unwrap()), [4, 4, 1]);
    assert_eq!(covered(&flip(&image, 1).unwrap()), [8, 4, 3]);
    assert_eq!(covered(&adapt_data_type(&image, DataType::UINT8).unwrap()), [8, 4, 3]);
    let turned = mapped(&image, &iolink_sdk::IndexMap::identity(&image.shape()).permute(&[2, 0, 1]).unwrap()).unwrap();
    assert_eq!(covered(&turned), [3, 8, 4]);
    assert_eq!(covered(&stack(&[image.clone(), image.clone()], 1).unwrap()), [8, 1, 4, 3]);
    let vectors = tiled(&[16, 8], DataType::VEC3_UINT8);
    assert_eq!(covered(&disassemble_channels(&vectors).unwrap()), [8, 4, 3]);
    assert_eq!(covered(&assemble_channels(&disassemble_channels(&vectors).unwrap()).unwrap()), [8, 4]);
}

#[test]
fn a_source_without_tiles_of_its_own_leaves_the_adapters_to_the_usual_ones() {
    let image = Source::new(&[64, 48], DataType::UINT8, READ | MEMORY).image();
    assert_eq!(covered(&extract_region(&image, &region(&[1, 1], &[9, 7])).unwrap()), [9, 7]);
    assert_eq!(covered(&stack(&[image.clone(), image], 2).unwrap()), [64, 48, 2]);
}

#[test]
fn parallel_access_and_origin_are_the_sources() {
    let all =
        ParallelAccessCapability::THREAD_SAFE | ParallelAccessCapability::BY_TILE | ParallelAccessCapability::BY_REGION;
    let memory = Source::new(&[8, 4], DataType::UINT8, READ | MEMORY).image();
    let lazy = tiled(&[8, 4], DataType::UINT8);
    let safe = ParallelAccessCapability::THREAD_SAFE;
    for (image, wanted) in [(&memory, all), (&lazy, safe)] {
        assert_eq!(parallel_access(&flip(image, 0).unwrap()), wanted);
        assert_eq!(parallel_access(&adapt_data_type(image, DataType::FLOAT).unwrap()), wanted);
        assert_eq!(parallel_access(&stack(&[image.clone(), image.clone()], 2).unwrap()), wanted);
    }
    assert_eq!(parallel_access(&stack(&[memory, lazy.clone()], 2).unwrap()), safe);
    let seen = |image: &Image| view_origin(image).and_then(|origin| origin.uri);
    assert_eq!(seen(&flip(&lazy, 0).unwrap()).as_deref(), Some("file:/tiled.raw"));
    assert_eq!(seen(&stack(&[lazy.clone(), lazy], 2).unwrap()), None);
}

/// Bytes that count what is asked of them.
struct File {
    bytes: Mutex<Vec<u8>>,
    calls: AtomicU64,
    announced: Mutex<Vec<Range<u64>>>,
}

impl RandomAccess for File {
    fn capabilities(&self) -> StreamCapability {
        StreamCapability::READ | StreamCapability::WRITE
    }
    fn length(&self) -> Result<u64> {
        Ok(self.bytes.lock().unwrap().len() as u64)
    }
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let bytes = self.bytes.lock().unwrap();
        let rest = &bytes[(offset as usize).min(bytes.len())..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }
    fn write_at(&self, offset: u64, buffer: &[u8]) -> Result<()> {
        let mut bytes = self.bytes.lock().unwrap();
        match bytes.get_mut(offset as usize..offset as usize + buffer.len()) {
            Some(room) => room.copy_from_slice(buffer),
            None => return Err(Error::new(ErrorKind::OutOfRange, "past the end")),
        }
        Ok(())
    }
    fn prefetch(&self, ranges: &[Range<u64>]) {
        assert_eq!(self.calls.load(Ordering::Relaxed), 0, "announced before anything is read");
        self.announced.lock().unwrap().extend_from_slice(ranges);
    }
    fn origin(&self) -> Option<String> {
        Some("file:/raw".into())
    }
}

fn raw(shape: &[u64], byte_order: ByteOrder, length: usize) -> (Arc<File>, Result<Image>) {
    let bytes = (0..length).map(|index| ((index * 7) >> 2) as u8).collect();
    let file = Arc::new(File { bytes: Mutex::new(bytes), calls: AtomicU64::new(0), announced: Mutex::default() });
    let layout = RawLayout { shape: Shape::new(shape).unwrap(), data_type: DataType::UINT16, offset: 5, byte_order };
    let access: Arc<dyn RandomAccess> = file.clone();
    (file, from_random_access(&access, &layout, None))
}

#[test]
fn a_region_of_a_file_is_read_in_few_calls() {
    let shape = [1000, 800];
    let (file, image) = raw(&shape, ByteOrder::NATIVE, 5 + 1_600_000);
    let image = image.unwrap();
    let calls = |origin: &[u64], size: &[u64]| {
        file.calls.store(0, Ordering::Relaxed);
        super::kit::read(&image, &region(origin, size));
        file.calls.load(Ordering::Relaxed)
    };
    assert_eq!(calls(&[0, 0], &[1000, 800]), 1, "all of it in one call");
    assert_eq!(calls(&[100, 100], &[256, 256]), 1, "what lies between the rows costs less than 256 calls");
    assert_eq!(view_origin(&image).unwrap().uri.as_deref(), Some("file:/raw"));
    let (wide, image) = raw(&[100_000, 4], ByteOrder::NATIVE, 5 + 800_000);
    super::kit::read(&image.unwrap(), &region(&[7, 0], &[10, 4]));
    assert_eq!(wide.calls.load(Ordering::Relaxed), 4, "rows that lie far apart are read one by one");
    let rows: Vec<_> = (0..4).map(|row| 5 + 200_000 * row + 14).map(|start| start..start + 20).collect();
    assert_eq!(*wide.announced.lock().unwrap(), rows);
}

#[test]
fn a_write_to_a_file_touches_the_region_alone_in_its_byte_order() {
    for byte_order in [ByteOrder::Little, ByteOrder::Big] {
        let (file, image) = raw(&[6, 5], byte_order, 5 + 60 + 3);
        let image = image.unwrap();
        let mut wanted = file.bytes.lock().unwrap().clone();
        let part = region(&[2, 1], &[3, 2]);
        let samples: Vec<u8> = (0..6u16).flat_map(|index| (0x0102 + index).to_ne_bytes()).collect();
        super::kit::write(&image, &part, &samples);
        for (number, (x, y)) in [(2, 1), (3, 1), (4, 1), (2, 2), (3, 2), (4, 2)].into_iter().enumerate() {
            let value = 0x0102 + number as u16;
            let stored = if byte_order == ByteOrder::Big { value.to_be_bytes() } else { value.to_le_bytes() };
            wanted[5 + (y * 6 + x) * 2..][..2].copy_from_slice(&stored);
        }
        assert_eq!(*file.bytes.lock().unwrap(), wanted);
        assert_eq!(super::kit::read(&image, &part), samples);
    }
}

#[test]
fn bytes_that_are_too_few_are_refused_when_the_image_is_made_and_when_they_are_cut() {
    assert_eq!(refused(raw(&[6, 5], ByteOrder::NATIVE, 64).1), ErrorKind::InvalidArgument);
    assert_eq!(refused(raw(&[u64::MAX, 5], ByteOrder::NATIVE, 64).1), ErrorKind::Limit);
    let (file, image) = raw(&[6, 5], ByteOrder::NATIVE, 65);
    file.bytes.lock().unwrap().truncate(40);
    let mut bytes = [0; 60];
    let shape = Shape::new(&[6, 5]).unwrap();
    let mut block = BlockMut::new(&mut bytes, &shape, DataType::UINT16).unwrap();
    assert_eq!(
        refused(image.unwrap().read_region(&Region::full(&shape), &mut block, &Call::silent())),
        ErrorKind::Corrupt
    );
}

#[test]
fn an_image_of_one_value_takes_the_memory_of_one_sample() {
    let shape = Shape::new(&[1 << 20, 1 << 20, 3]).unwrap();
    let image = uniform(&shape, DataType::UINT16, &7u16.to_ne_bytes(), None).unwrap();
    assert_eq!(super::kit::read(&image, &region(&[9, 1 << 19, 2], &[2, 2, 1])), 7u16.to_ne_bytes().repeat(4));
    assert_eq!(image.capabilities(), READ | MEMORY);
    assert!(!image.capabilities().has(WRITE) && !image.memory().unwrap().writable);
    let cut = flip(&extract_region(&image, &region(&[5, 5, 0], &[3, 2, 1])).unwrap(), 0).unwrap();
    assert_eq!(super::kit::memory_of(&cut), 7u16.to_ne_bytes().repeat(6));
    assert_eq!(refused(uniform(&shape, DataType::UINT16, &[1], None)), ErrorKind::Type);
    assert_eq!(refused(uniform(&shape, DataType::UTF8_STRING, &[1], None)), ErrorKind::Type);
}
