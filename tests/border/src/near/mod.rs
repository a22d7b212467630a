//! Views of this side of the ABI, one of each kind, for the tests to pass to a plugin.

mod bytes;
mod store;
mod table;

pub use bytes::{Random, Stream, Writable};
pub use store::Store;
pub use table::{all_numbers, column, column_schema, numbers, Frame};

use iolink_sdk::{
    fail, Block, BlockMut, Call, DataType, Error, ErrorKind, Extension, Finish, ImageCapability, ImageProperties,
    ImageView, LodImageView, Memory, MetadataNode, MultiImageCapability, MultiImageView, Owner, Region, Result, Shape,
    View,
};
use std::ops::RangeInclusive;
use std::os::raw::c_void;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Bytes that stay in place while a reference is held.
struct Fixed(Mutex<Box<[u8]>>);

/// An image in memory with every capability.
pub struct Image(Mutex<ImageState>);

struct ImageState {
    shape: Shape,
    data_type: DataType,
    bytes: Arc<Fixed>,
    properties: Arc<ImageProperties>,
    metadata: Arc<MetadataNode>,
}

impl Image {
    /// An image whose n-th byte is n.
    pub fn new(shape: &[u64], data_type: DataType) -> Self {
        let shape = Shape::new(shape).expect("a shape of a test");
        let count = shape.element_count().expect("a small shape") as usize * data_type.byte_count();
        let bytes: Box<[u8]> = (0..count).map(|index| index as u8).collect();
        Image(Mutex::new(ImageState {
            shape,
            data_type,
            bytes: Arc::new(Fixed(Mutex::new(bytes))),
            properties: Arc::new(ImageProperties::from_data_type(data_type)),
            metadata: Arc::new(MetadataNode::default()),
        }))
    }
}

impl ImageView for Image {
    fn capabilities(&self) -> ImageCapability {
        ImageCapability::READ
            .and(ImageCapability::WRITE)
            .and(ImageCapability::MEMORY_ACCESS)
            .and(ImageCapability::RESHAPE)
    }

    fn shape(&self) -> Shape {
        locked(&self.0).shape
    }

    fn data_type(&self) -> DataType {
        locked(&self.0).data_type
    }

    fn properties(&self) -> Arc<ImageProperties> {
        locked(&self.0).properties.clone()
    }

    fn metadata(&self) -> Arc<MetadataNode> {
        locked(&self.0).metadata.clone()
    }

    fn memory(&self) -> Result<Memory> {
        let state = locked(&self.0);
        let data = locked(&state.bytes.0).as_mut_ptr();
        Ok(Memory {
            data,
            data_type: state.data_type,
            shape: state.shape,
            strides: state.shape.column_fastest(state.data_type.byte_count()),
            byte_order: iolink_sdk::ByteOrder::NATIVE,
            writable: true,
            owner: Owner::arc(state.bytes.clone()),
        })
    }

    fn reshape(&self, shape: &Shape, data_type: DataType) -> Result<()> {
        let mut state = locked(&self.0);
        if Arc::strong_count(&state.bytes) > 1 {
            fail!(Busy, "the memory is lent");
        }
        let count = shape.element_count().unwrap_or(0) as usize * data_type.byte_count();
        state.bytes = Arc::new(Fixed(Mutex::new(vec![0; count].into_boxed_slice())));
        state.shape = *shape;
        state.data_type = data_type;
        Ok(())
    }

    fn set_properties(&self, properties: ImageProperties) -> Result<()> {
        locked(&self.0).properties = Arc::new(properties);
        Ok(())
    }

    fn set_metadata(&self, metadata: MetadataNode) -> Result<()> {
        locked(&self.0).metadata = Arc::new(metadata);
        Ok(())
    }

    fn extension(&self, id: u64) -> Option<View> {
        (id == Service::ID).then(|| View::extension(Service))
    }

    fn origin(&self) -> Option<String> {
        Some("near:/brain.dat".into())
    }
}

/// A service whose table is one number.
pub struct Service;

impl Service {
    /// Its id.
    pub const ID: u64 = 0x1_0002;
    /// What its table holds.
    pub const NUMBER: u64 = 0xCAFE;
}

static SERVICE_TABLE: u64 = Service::NUMBER;

impl Extension for Service {
    fn id(&self) -> u64 {
        Service::ID
    }

    fn table(&self) -> *const c_void {
        &SERVICE_TABLE as *const u64 as *const c_void
    }
}

/// A set of frames in memory, with names and metadata.
#[derive(Default)]
pub struct MultiImage(Mutex<Vec<(View, Option<String>)>>);

impl MultiImageView for MultiImage {
    fn capabilities(&self) -> MultiImageCapability {
        MultiImageCapability::READ.and(MultiImageCapability::WRITE)
    }

    fn frame_count(&self) -> Result<u64> {
        Ok(locked(&self.0).len() as u64)
    }

    fn frame(&self, index: u64) -> Result<View> {
        locked(&self.0).get(index as usize).map(|(frame, _)| frame.clone()).ok_or_else(|| missing(index))
    }

    fn frame_name(&self, index: u64) -> Result<Option<String>> {
        locked(&self.0).get(index as usize).map(|(_, name)| name.clone()).ok_or_else(|| missing(index))
    }

    fn insert(&self, index: u64, frame: View, name: Option<&str>) -> Result<()> {
        let mut frames = locked(&self.0);
        if index > frames.len() as u64 {
            fail!(OutOfRange, "frame {index} would leave a gap");
        }
        frames.insert(index as usize, (frame, name.map(str::to_owned)));
        Ok(())
    }

    fn replace(&self, index: u64, frame: View) -> Result<()> {
        locked(&self.0).get_mut(index as usize).map(|place| place.0 = frame).ok_or_else(|| missing(index))
    }

    fn remove(&self, index: u64) -> Result<()> {
        let mut frames = locked(&self.0);
        if index >= frames.len() as u64 {
            return Err(missing(index));
        }
        frames.remove(index as usize);
        Ok(())
    }

    fn metadata(&self) -> Arc<MetadataNode> {
        tree("/set/name", "plate")
    }
}

fn missing(index: u64) -> Error {
    Error::new(ErrorKind::OutOfRange, format!("there is no frame {index}"))
}

/// A metadata tree with one value.
fn tree(path: &str, value: &str) -> Arc<MetadataNode> {
    let mut tree = MetadataNode::default();
    tree.set(path, value).expect("a path of a test");
    Arc::new(tree)
}

/// Levels -1 to 2; level n has 8 / 2^n samples a side.
pub struct Pyramid;

impl LodImageView for Pyramid {
    fn level_range(&self) -> RangeInclusive<i64> {
        -1..=2
    }

    fn resolution(&self, level: i64) -> Result<Arc<dyn ImageView>> {
        if !self.level_range().contains(&level) {
            fail!(OutOfRange, "there is no level {level}");
        }
        let side = 16 >> (level + 1);
        Ok(Arc::new(Image::new(&[side, side], DataType::UINT8)))
    }

    fn metadata(&self) -> Arc<MetadataNode> {
        tree("/pyramid/name", "slide")
    }
}

/// What a created image was asked, in order.
pub type Events = Arc<Mutex<Vec<&'static str>>>;

/// An image of four bytes that was created at a target: it records flushes, how its writing ended, and an end by release.
pub struct Created {
    image: Image,
    events: Events,
    finished: Mutex<bool>,
}

impl Created {
    /// An image that is not finished.
    pub fn new(events: &Events) -> Self {
        Created { image: Image::new(&[4], DataType::UINT8), events: events.clone(), finished: Mutex::new(false) }
    }

    fn record(&self, event: &'static str) {
        locked(&self.events).push(event);
    }
}

impl ImageView for Created {
    fn capabilities(&self) -> ImageCapability {
        ImageCapability::READ.and(ImageCapability::WRITE)
    }

    fn shape(&self) -> Shape {
        self.image.shape()
    }

    fn data_type(&self) -> DataType {
        self.image.data_type()
    }

    fn read_region(&self, region: &Region, target: &mut BlockMut<'_>, call: &Call<'_>) -> Result<()> {
        self.image.read_region(region, target, call)
    }

    fn write_region(&self, region: &Region, source: &Block<'_>, call: &Call<'_>) -> Result<()> {
        if *locked(&self.finished) {
            fail!(Closed, "the image is finished: it cannot be written");
        }
        self.image.write_region(region, source, call)
    }

    fn prefetch(&self, regions: &[Region], _call: &Call<'_>) {
        regions.iter().for_each(|_| self.record("prefetch"));
    }

    fn flush(&self, _call: &Call<'_>) -> Result<()> {
        self.record("flush");
        Ok(())
    }

    fn finish(&self, action: Finish, _call: &Call<'_>) -> Result<()> {
        if std::mem::replace(&mut *locked(&self.finished), true) {
            fail!(Closed, "the image is finished already");
        }
        self.record(if action == Finish::Commit { "commit" } else { "abort" });
        Ok(())
    }
}

impl Drop for Created {
    fn drop(&mut self) {
        if !*locked(&self.finished) {
            self.record("abort by release");
        }
    }
}
