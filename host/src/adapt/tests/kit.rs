//! A source that counts what is asked of it, random numbers, and reading by one call.

use crate::adapt::Image;
use iolink_sdk::{
    Block, BlockMut, ByteOrder, Call, DataType, ErrorKind, ImageCapability, ImageProperties, ImageView, Memory, Owner,
    Region, Result, Shape,
};
use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// xorshift64*: random enough, the same on every run.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// Below `limit`.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// A box inside an image of this shape.
    pub(crate) fn region(&mut self, shape: &Shape) -> Region {
        let mut region = Region::full(shape);
        for axis in 0..shape.len() {
            region.origin[axis] = self.below(shape[axis]);
            region.size[axis] = 1 + self.below(shape[axis] - region.origin[axis]);
        }
        region
    }
}

struct Store(UnsafeCell<Vec<u8>>);
// SAFETY: the tests do not write what they read at the same time.
unsafe impl Sync for Store {}

/// A dense image of bytes; what it can do is the test's choice.
pub(crate) struct Source {
    shape: Shape,
    data_type: DataType,
    capabilities: ImageCapability,
    properties: Mutex<Arc<ImageProperties>>,
    store: Arc<Store>,
    origin: Option<String>,
    /// Samples handed out by region calls, and the largest call.
    pub(crate) samples: AtomicU64,
    pub(crate) largest: AtomicU64,
    pub(crate) calls: AtomicU64,
}

pub(crate) const READ: ImageCapability = ImageCapability::READ;
pub(crate) const WRITE: ImageCapability = ImageCapability::WRITE;
pub(crate) const MEMORY: ImageCapability = ImageCapability::MEMORY_ACCESS;

impl Source {
    /// Samples that count up byte by byte, so that neighbours differ.
    pub(crate) fn new(shape: &[u64], data_type: DataType, capabilities: ImageCapability) -> Self {
        let shape = Shape::new(shape).unwrap();
        let bytes = (shape.element_count().unwrap() as usize) * data_type.byte_count();
        let store = (0..bytes).map(|index| (index.wrapping_mul(151) >> 3) as u8 ^ index as u8).collect();
        Source {
            shape,
            data_type,
            capabilities,
            properties: Mutex::new(Arc::new(ImageProperties::from_data_type(data_type))),
            store: Arc::new(Store(UnsafeCell::new(store))),
            origin: None,
            samples: AtomicU64::new(0),
            largest: AtomicU64::new(0),
            calls: AtomicU64::new(0),
        }
    }

    pub(crate) fn with_properties(self, properties: ImageProperties) -> Self {
        *self.properties.lock().unwrap() = Arc::new(properties);
        self
    }

    /// As if it had been opened from there.
    pub(crate) fn with_origin(mut self, origin: &str) -> Self {
        self.origin = Some(origin.to_owned());
        self
    }

    pub(crate) fn share(self) -> (Arc<Source>, Image) {
        let shared = Arc::new(self);
        (shared.clone(), shared)
    }

    pub(crate) fn image(self) -> Image {
        Arc::new(self)
    }

    /// All bytes.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        // SAFETY: nobody writes meanwhile.
        unsafe { (*self.store.0.get()).clone() }
    }

    fn whole(&self) -> Memory {
        Memory {
            // SAFETY: the vector is never resized.
            data: unsafe { (*self.store.0.get()).as_mut_ptr() },
            data_type: self.data_type,
            shape: self.shape,
            strides: self.shape.column_fastest(self.data_type.byte_count()),
            byte_order: ByteOrder::NATIVE,
            writable: self.capabilities.has(WRITE),
            owner: Owner::arc(self.store.clone()),
        }
    }

    fn count(&self, region: &Region) {
        let samples = region.element_count().unwrap();
        self.samples.fetch_add(samples, Ordering::Relaxed);
        self.largest.fetch_max(samples, Ordering::Relaxed);
        self.calls.fetch_add(1, Ordering::Relaxed);
    }
}

impl ImageView for Source {
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
        self.properties.lock().unwrap().clone()
    }
    fn memory(&self) -> Result<Memory> {
        assert!(self.capabilities.has(MEMORY), "the memory of a source without it was asked for");
        Ok(self.whole())
    }
    fn read_region(&self, region: &Region, target: &mut BlockMut<'_>, call: &Call<'_>) -> Result<()> {
        assert!(self.capabilities.has(READ));
        self.count(region);
        target.copy_from(&self.whole().block(region)?, call)
    }
    fn write_region(&self, region: &Region, source: &Block<'_>, call: &Call<'_>) -> Result<()> {
        assert!(self.capabilities.has(WRITE));
        self.count(region);
        self.whole().block_mut(region)?.copy_from(source, call)
    }
    fn origin(&self) -> Option<String> {
        self.origin.clone()
    }
}

/// A region, dense, column fastest.
pub(crate) fn read(image: &Image, region: &Region) -> Vec<u8> {
    let mut bytes = vec![0xA5; region.element_count().unwrap() as usize * image.data_type().byte_count()];
    let mut block = BlockMut::new(&mut bytes, &region.size, image.data_type()).unwrap();
    image.read_region(region, &mut block, &Call::silent()).unwrap();
    bytes
}

/// Everything, dense, column fastest.
pub(crate) fn read_all(image: &Image) -> Vec<u8> {
    read(image, &Region::full(&image.shape()))
}

/// What the image's memory holds, dense, column fastest.
pub(crate) fn memory_of(image: &Image) -> Vec<u8> {
    let memory = image.memory().unwrap();
    memory.check().unwrap();
    assert_eq!((memory.shape, memory.data_type), (image.shape(), image.data_type()));
    let mut bytes = vec![0; memory.shape.element_count().unwrap() as usize * memory.data_type.byte_count()];
    let region = Region::full(&memory.shape);
    let mut block = BlockMut::new(&mut bytes, &memory.shape, memory.data_type).unwrap();
    block.copy_from(&memory.block(&region).unwrap(), &Call::silent()).unwrap();
    bytes
}

/// Writes a region from dense bytes, column fastest.
pub(crate) fn write(image: &Image, region: &Region, bytes: &[u8]) {
    let block = Block::new(bytes, &region.size, image.data_type()).unwrap();
    image.write_region(region, &block, &Call::silent()).unwrap();
}

/// Every index of a shape, column fastest.
pub(crate) fn indices(shape: &Shape) -> Vec<Vec<u64>> {
    let mut out = vec![vec![]];
    for size in shape.iter().rev() {
        out = (0..*size).flat_map(|index| out.iter().map(move |rest| [&[index], rest.as_slice()].concat())).collect();
        out.sort_by(|a: &Vec<u64>, b| a.iter().rev().cmp(b.iter().rev()));
    }
    out
}

/// Byte offset of a sample in a dense image, column fastest.
pub(crate) fn offset(shape: &[u64], index: &[u64], sample: usize) -> usize {
    let (at, _) = index.iter().zip(shape).fold((0, 1), |(at, step), (index, size)| (at + index * step, step * size));
    at as usize * sample
}

/// A box from plain numbers.
pub(crate) fn region(origin: &[u64], size: &[u64]) -> Region {
    Region::new(origin, size).unwrap()
}

/// The kind of the error of something that must not work.
pub(crate) fn refused<T>(result: Result<T>) -> ErrorKind {
    match result {
        Ok(_) => panic!("this must be refused"),
        Err(error) => {
            assert!(!error.message().is_empty());
            error.kind()
        }
    }
}

/// A dense image in memory, all zero: what a provider would allocate.
pub(crate) fn zeroed(shape: &Shape, data_type: DataType) -> Source {
    let source = Source::new(shape, data_type, READ | WRITE | MEMORY);
    // SAFETY: nobody else has the store yet.
    unsafe { (*source.store.0.get()).fill(0) };
    source
}
