//! Views of this side of the border, one of each kind, for the tests to send across.

use iolink_sdk::abi::{ArrowArray, ArrowArrayStream, ArrowSchema, IOLINK_EXTENSION_NEIGHBOURS};
use iolink_sdk::view::Neighbours;
use iolink_sdk::{
    fail, Bytes, DataFrameCapability, DataFrameView, DataType, Error, ErrorKind, Extension, ImageCapability,
    ImageProperties, ImageView, LodImageView, Memory, MetadataNode, MultiImageCapability, MultiImageView, OwnedArray,
    OwnedSchema, OwnedStream, Owner, RandomAccess, Result, SeekFrom, Shape, StreamAccess, StreamCapability, View,
};
use std::ops::{Range, RangeInclusive};
use std::os::raw::{c_char, c_int, c_void};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Bytes that stay where they are while anybody holds them.
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

/// An ordered set of images in memory.
#[derive(Default)]
pub struct MultiImage(Mutex<Vec<Arc<dyn ImageView>>>);

impl MultiImageView for MultiImage {
    fn capabilities(&self) -> MultiImageCapability {
        MultiImageCapability::READ.and(MultiImageCapability::WRITE)
    }

    fn frame_count(&self) -> u64 {
        locked(&self.0).len() as u64
    }

    fn frame(&self, index: u64) -> Result<Arc<dyn ImageView>> {
        let frames = locked(&self.0);
        match frames.get(index as usize) {
            Some(frame) => Ok(frame.clone()),
            None => fail!(OutOfRange, "there is no frame {index} of {}", frames.len()),
        }
    }

    fn insert(&self, index: u64, frame: Arc<dyn ImageView>) -> Result<()> {
        let mut frames = locked(&self.0);
        if index > frames.len() as u64 {
            fail!(OutOfRange, "frame {index} would leave a gap");
        }
        frames.insert(index as usize, frame);
        Ok(())
    }

    fn replace(&self, index: u64, frame: Arc<dyn ImageView>) -> Result<()> {
        match locked(&self.0).get_mut(index as usize) {
            Some(place) => *place = frame,
            None => fail!(OutOfRange, "there is no frame {index}"),
        }
        Ok(())
    }

    fn remove(&self, index: u64) -> Result<()> {
        let mut frames = locked(&self.0);
        if index >= frames.len() as u64 {
            fail!(OutOfRange, "there is no frame {index}");
        }
        frames.remove(index as usize);
        Ok(())
    }
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
}

/// Bytes with a cursor.
#[derive(Default)]
pub struct Stream(Mutex<(Vec<u8>, usize, bool)>);

impl StreamAccess for Stream {
    fn capabilities(&self) -> StreamCapability {
        StreamCapability::READ.and(StreamCapability::WRITE).and(StreamCapability::SEEK).and(StreamCapability::RESIZE)
    }

    fn read(&self, buffer: &mut [u8]) -> Result<usize> {
        let mut state = locked(&self.0);
        let (bytes, at, _) = &mut *state;
        let left = bytes.get(*at..).unwrap_or(&[]);
        let count = left.len().min(buffer.len());
        buffer[..count].copy_from_slice(&left[..count]);
        *at += count;
        Ok(count)
    }

    fn write(&self, buffer: &[u8]) -> Result<usize> {
        let mut state = locked(&self.0);
        let (bytes, at, closed) = &mut *state;
        if *closed {
            fail!(Closed, "the stream is closed");
        }
        let end = *at + buffer.len();
        if bytes.len() < end {
            bytes.resize(end, 0);
        }
        bytes[*at..end].copy_from_slice(buffer);
        *at = end;
        Ok(buffer.len())
    }

    fn seek(&self, to: SeekFrom) -> Result<u64> {
        let mut state = locked(&self.0);
        let stands = match to {
            SeekFrom::Start(offset) => i64::try_from(offset).ok(),
            SeekFrom::Current(offset) => (state.1 as i64).checked_add(offset),
            SeekFrom::End(offset) => (state.0.len() as i64).checked_add(offset),
        };
        match stands {
            Some(stands) if stands >= 0 => {
                state.1 = stands as usize;
                Ok(stands as u64)
            }
            _ => fail!(InvalidArgument, "the cursor cannot stand before the first byte"),
        }
    }

    fn length(&self) -> Result<u64> {
        Ok(locked(&self.0).0.len() as u64)
    }

    fn resize(&self, length: u64) -> Result<()> {
        locked(&self.0).0.resize(length as usize, 0);
        Ok(())
    }

    fn close(&self) -> Result<()> {
        locked(&self.0).2 = true;
        Ok(())
    }
}

/// Bytes that can be lent.
pub struct Random(Arc<Vec<u8>>);

impl Random {
    /// Random access to these bytes.
    pub fn new(bytes: &[u8]) -> Self {
        Random(Arc::new(bytes.to_vec()))
    }
}

impl RandomAccess for Random {
    fn capabilities(&self) -> StreamCapability {
        StreamCapability::READ.and(StreamCapability::MEMORY_ACCESS)
    }

    fn length(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let left = usize::try_from(offset).ok().and_then(|offset| self.0.get(offset..)).unwrap_or(&[]);
        let count = left.len().min(buffer.len());
        buffer[..count].copy_from_slice(&left[..count]);
        Ok(count)
    }

    fn memory(&self) -> Result<Bytes> {
        Ok(Bytes {
            data: self.0.as_ptr() as *mut u8,
            length: self.length(),
            writable: false,
            owner: Owner::arc(self.0.clone()),
        })
    }

    fn extension(&self, id: u64) -> Option<View> {
        (id == IOLINK_EXTENSION_NEIGHBOURS).then(|| View::neighbours(Beside))
    }
}

/// Two neighbours whose bytes are their names.
struct Beside;

impl Neighbours for Beside {
    fn open(&self, name: &str) -> Result<Arc<dyn RandomAccess>> {
        match self.names()?.iter().any(|known| known == name) {
            true => Ok(Arc::new(Random::new(name.as_bytes()))),
            false => fail!(NotFound, "there is no {name}"),
        }
    }

    fn names(&self) -> Result<Vec<String>> {
        Ok(vec!["first".to_owned(), "second".to_owned()])
    }
}

/// A table with one column `n` of 64-bit integers.
pub struct Frame(Mutex<Vec<i64>>);

impl Frame {
    /// A table with these rows.
    pub fn new(rows: &[i64]) -> Self {
        Frame(Mutex::new(rows.to_vec()))
    }
}

impl DataFrameView for Frame {
    fn capabilities(&self) -> DataFrameCapability {
        DataFrameCapability::READ.and(DataFrameCapability::WRITE)
    }

    fn shape(&self) -> Result<(u64, u64)> {
        Ok((1, locked(&self.0).len() as u64))
    }

    fn schema(&self) -> Result<OwnedSchema> {
        table_schema()
    }

    fn export(&self, columns: Option<&[u64]>, rows: Range<u64>) -> Result<OwnedStream> {
        if columns.is_some_and(|columns| columns != [0]) {
            fail!(OutOfRange, "the table has column 0 alone, not {columns:?}");
        }
        let all = locked(&self.0);
        match all.get(rows.start as usize..rows.end as usize) {
            Some(rows) => Ok(table_stream(rows.to_vec())),
            None => fail!(OutOfRange, "the table has {} rows, not {rows:?}", all.len()),
        }
    }

    fn write(&self, column: u64, first_row: u64, schema: OwnedSchema, values: OwnedArray) -> Result<()> {
        let given = numbers(&values, format_of(&schema))?;
        let mut rows = locked(&self.0);
        match rows.get_mut(first_row as usize..first_row as usize + given.len()) {
            Some(place) if column == 0 => place.copy_from_slice(&given),
            _ => fail!(OutOfRange, "the values do not fit column {column} from row {first_row} on"),
        }
        Ok(())
    }
}

fn format_of(schema: &OwnedSchema) -> &[u8] {
    // SAFETY: a live schema's format is NUL-terminated.
    unsafe { std::ffi::CStr::from_ptr(schema.as_raw().format) }.to_bytes()
}

/// The numbers of a column.
///
/// # Errors
/// `Type` for another column than one of 64-bit integers.
pub fn numbers(values: &OwnedArray, format: &[u8]) -> Result<Vec<i64>> {
    let raw = values.as_raw();
    if format != b"l" || raw.n_buffers != 2 {
        return Err(Error::new(ErrorKind::Type, "a column of 64-bit integers is wanted"));
    }
    // SAFETY: the format says that the second buffer holds that many 64-bit integers.
    let all =
        unsafe { std::slice::from_raw_parts(*raw.buffers.add(1) as *const i64, (raw.offset + raw.length) as usize) };
    Ok(all[raw.offset as usize..].to_vec())
}

/// The numbers of every batch of a table's only column.
///
/// # Errors
/// What the producer says.
pub fn all_numbers(stream: &mut OwnedStream) -> Result<Vec<i64>> {
    let mut all = Vec::new();
    while let Some(batch) = stream.next_batch()? {
        // SAFETY: a live struct array has live children; the column is taken out of the batch as the interface allows.
        let column = unsafe { OwnedArray::take(*batch.as_raw().children) }?;
        all.extend(numbers(&column, b"l")?);
    }
    Ok(all)
}

struct SchemaParts {
    child: *mut ArrowSchema,
}

unsafe extern "C" fn release_child_schema(schema: *mut ArrowSchema) {
    // SAFETY: the consumer releases a live schema once.
    unsafe { (*schema).release = None }
}

unsafe extern "C" fn release_schema(schema: *mut ArrowSchema) {
    // SAFETY: the consumer releases a live schema once; its private data is the box of `table_schema`.
    unsafe {
        let mut parts = Box::from_raw((*schema).private_data as *mut SchemaParts);
        let child = Box::from_raw(parts.child);
        if let Some(release) = child.release {
            release(parts.child);
        }
        parts.child = std::ptr::null_mut();
        (*schema).release = None;
    }
}

/// Type of one column of 64-bit integers named `n`.
pub fn column_schema() -> ArrowSchema {
    let mut child = OwnedSchema::released();
    child.format = c"l".as_ptr();
    child.name = c"n".as_ptr();
    child.release = Some(release_child_schema);
    child
}

fn table_schema() -> Result<OwnedSchema> {
    OwnedSchema::filled(|out| {
        let mut parts = Box::new(SchemaParts { child: Box::into_raw(Box::new(column_schema())) });
        // SAFETY: `out` is the new owner's place.
        unsafe {
            (*out).format = c"+s".as_ptr();
            (*out).name = c"".as_ptr();
            (*out).n_children = 1;
            (*out).children = &mut parts.child;
            (*out).private_data = Box::into_raw(parts) as *mut c_void;
            (*out).release = Some(release_schema);
        }
        Ok(())
    })
}

struct ArrayParts {
    _rows: Vec<i64>,
    buffers: [*const c_void; 2],
    child: *mut ArrowArray,
}

unsafe extern "C" fn release_array(array: *mut ArrowArray) {
    // SAFETY: the consumer releases a live array once; its private data is the box of `column` or `batch`.
    unsafe {
        let parts = Box::from_raw((*array).private_data as *mut ArrayParts);
        if !parts.child.is_null() {
            let mut child = Box::from_raw(parts.child);
            if let Some(release) = child.release {
                release(&mut *child);
            }
        }
        (*array).release = None;
    }
}

/// A column with these numbers.
pub fn column(rows: Vec<i64>) -> ArrowArray {
    let mut array = OwnedArray::released();
    let buffers = [std::ptr::null(), rows.as_ptr() as *const c_void];
    array.length = rows.len() as i64;
    array.n_buffers = 2;
    let mut parts = Box::new(ArrayParts { _rows: rows, buffers, child: std::ptr::null_mut() });
    array.buffers = parts.buffers.as_mut_ptr();
    array.private_data = Box::into_raw(parts) as *mut c_void;
    array.release = Some(release_array);
    array
}

fn batch(rows: Vec<i64>) -> ArrowArray {
    let mut array = OwnedArray::released();
    array.length = rows.len() as i64;
    array.n_buffers = 1;
    array.n_children = 1;
    let child = Box::into_raw(Box::new(column(rows)));
    let mut parts = Box::new(ArrayParts { _rows: Vec::new(), buffers: [std::ptr::null(); 2], child });
    array.buffers = parts.buffers.as_mut_ptr();
    array.children = &mut parts.child;
    array.private_data = Box::into_raw(parts) as *mut c_void;
    array.release = Some(release_array);
    array
}

unsafe extern "C" fn stream_schema(_: *mut ArrowArrayStream, out: *mut ArrowSchema) -> c_int {
    match table_schema() {
        // SAFETY: `out` is the consumer's place.
        Ok(schema) => unsafe { schema.move_to(out) },
        Err(_) => return 12,
    }
    0
}

unsafe extern "C" fn stream_next(stream: *mut ArrowArrayStream, out: *mut ArrowArray) -> c_int {
    // SAFETY: a live stream's private data is the box of `table_stream`; `out` is the consumer's place.
    unsafe {
        let rows = &mut *((*stream).private_data as *mut Vec<i64>);
        let next: Vec<i64> = rows.drain(..rows.len().min(3)).collect();
        out.write(if next.is_empty() { OwnedArray::released() } else { batch(next) });
    }
    0
}

unsafe extern "C" fn stream_error(_: *mut ArrowArrayStream) -> *const c_char {
    std::ptr::null()
}

unsafe extern "C" fn stream_release(stream: *mut ArrowArrayStream) {
    // SAFETY: the consumer releases a live stream once; its private data is the box of `table_stream`.
    unsafe {
        drop(Box::from_raw((*stream).private_data as *mut Vec<i64>));
        (*stream).release = None;
    }
}

/// A table in batches of three rows.
fn table_stream(rows: Vec<i64>) -> OwnedStream {
    let mut raw = ArrowArrayStream {
        get_schema: Some(stream_schema),
        get_next: Some(stream_next),
        get_last_error: Some(stream_error),
        release: Some(stream_release),
        private_data: Box::into_raw(Box::new(rows)) as *mut c_void,
    };
    // SAFETY: the struct is what it says.
    unsafe { OwnedStream::take(&mut raw) }.expect("a live stream")
}
