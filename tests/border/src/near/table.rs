//! A table of one column in memory, by the Arrow C data interface.

use super::locked;
use iolink_sdk::abi::{ArrowArray, ArrowArrayStream, ArrowSchema};
use iolink_sdk::{
    fail, DataFrameCapability, DataFrameView, Error, ErrorKind, OwnedArray, OwnedSchema, OwnedStream, Result,
};
use std::ops::Range;
use std::os::raw::{c_char, c_int, c_void};
use std::sync::Mutex;

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

    fn partitions(&self) -> Result<Vec<u64>> {
        let rows = locked(&self.0).len() as u64;
        Ok((1..=rows.div_ceil(3)).map(|number| rows.min(3 * number)).collect())
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
