//! A table whose cells are known: what frames are compared with, and what is saved.

use crate::words;
use iolink_sdk::abi::{ArrowArray, ArrowArrayStream, ArrowSchema};
use iolink_sdk::{fail, DataFrameCapability, DataFrameView, OwnedArray, OwnedSchema, OwnedStream, Result};
use std::ffi::{c_void, CStr, CString};
use std::ops::Range;
use std::os::raw::{c_char, c_int};

/// Names and Arrow formats of the columns.
pub const COLUMNS: [(&str, &CStr); 3] = [("count", c"l"), ("share", c"g"), ("name", c"U")];

/// Whole numbers with one missing, numbers, and texts, all different from their neighbours.
pub struct Table {
    /// Rows.
    pub rows: u64,
    /// The row where reading fails, if any.
    pub fails_at: Option<u64>,
}

impl Table {
    /// A table of so many rows that can be read.
    pub const fn of(rows: u64) -> Self {
        Table { rows, fails_at: None }
    }

    /// The whole number in a row.
    pub fn count(row: u64) -> Option<i64> {
        (row != 2).then_some(row as i64 * 1_000_003 - 7)
    }

    /// The number in a row: an exact binary fraction.
    pub fn share(row: u64) -> f64 {
        row as f64 * 0.25 - 1.5
    }

    /// The text in a row.
    pub fn name(row: u64) -> String {
        format!("row \u{e9} {}", row * 37 % 101)
    }
}

impl DataFrameView for Table {
    fn capabilities(&self) -> DataFrameCapability {
        DataFrameCapability::READ
    }

    fn shape(&self) -> Result<(u64, u64)> {
        Ok((COLUMNS.len() as u64, self.rows))
    }

    fn schema(&self) -> Result<OwnedSchema> {
        Ok(schema(&COLUMNS))
    }

    fn export(&self, columns: Option<&[u64]>, rows: Range<u64>) -> Result<OwnedStream> {
        let all: Vec<u64> = (0..COLUMNS.len() as u64).collect();
        let columns = columns.unwrap_or(&all);
        if rows.end > self.rows || rows.start > rows.end || columns.iter().any(|column| *column >= all.len() as u64) {
            fail!(OutOfRange, "there are {} columns and {} rows", all.len(), self.rows);
        }
        if self.fails_at.is_some_and(|row| rows.contains(&row)) {
            fail!(Corrupt, "the test makes reading fail");
        }
        let fields: Vec<_> = columns.iter().map(|column| COLUMNS[*column as usize]).collect();
        let children = columns.iter().map(|column| column_of(*column, rows.clone())).collect();
        Ok(stream(schema(&fields), array(rows.end - rows.start, 0, vec![None], children)))
    }
}

fn column_of(column: u64, rows: Range<u64>) -> OwnedArray {
    let length = rows.end - rows.start;
    match column {
        0 => {
            let mut known = vec![0u8; (length as usize).div_ceil(8)];
            for (at, _) in rows.clone().enumerate().filter(|(_, row)| Table::count(*row).is_some()) {
                known[at / 8] |= 1 << (at % 8);
            }
            let missing = rows.clone().filter(|row| Table::count(*row).is_none()).count();
            let values = rows.flat_map(|row| Table::count(row).unwrap_or(0).to_ne_bytes()).collect();
            array(length, missing as i64, vec![Some(known), Some(values)], Vec::new())
        }
        1 => {
            let values = rows.flat_map(|row| Table::share(row).to_ne_bytes()).collect();
            array(length, 0, vec![None, Some(values)], Vec::new())
        }
        _ => {
            let (mut ends, mut text) = (0i64.to_ne_bytes().to_vec(), Vec::new());
            for row in rows {
                text.extend(Table::name(row).bytes());
                ends.extend((text.len() as i64).to_ne_bytes());
            }
            array(length, 0, vec![None, Some(ends), Some(text)], Vec::new())
        }
    }
}

/// What an array or a schema points to; its release function frees it.
struct Kept<T> {
    /// Whole words, so that every buffer is aligned.
    _buffers: Vec<Vec<u64>>,
    _pointers: Vec<*const c_void>,
    _names: Vec<CString>,
    children: Vec<*mut T>,
}

macro_rules! release {
    ($name:ident, $raw:ident) => {
        unsafe extern "C" fn $name(this: *mut $raw) {
            // SAFETY: the interface calls this once for a live struct; its private data and its children are boxes of ours.
            unsafe {
                let kept = Box::from_raw((*this).private_data as *mut Kept<$raw>);
                for child in &kept.children {
                    let child = Box::from_raw(*child);
                    if let Some(release) = child.release {
                        release(Box::into_raw(child));
                    }
                }
                (*this).release = None;
            }
        }
    };
}

release!(release_array, ArrowArray);
release!(release_schema, ArrowSchema);

fn array(length: u64, nulls: i64, buffers: Vec<Option<Vec<u8>>>, children: Vec<OwnedArray>) -> OwnedArray {
    let words_of = |bytes: &Vec<u8>| -> Vec<u64> {
        let mut padded = bytes.clone();
        padded.resize(bytes.len().next_multiple_of(8).max(8), 0);
        let word = |part: &[u8]| part.iter().rev().fold(0u64, |word, byte| word << 8 | u64::from(*byte));
        padded.chunks_exact(8).map(|part| word(part).to_le()).collect()
    };
    let kept: Vec<Option<Vec<u64>>> = buffers.iter().map(|buffer| buffer.as_ref().map(words_of)).collect();
    let null = std::ptr::null();
    let pointers = kept.iter().map(|buffer| buffer.as_ref().map_or(null, |buffer| buffer.as_ptr().cast())).collect();
    let children = children.into_iter().map(|child| Box::into_raw(Box::new(child.into_raw()))).collect();
    let buffers = kept.into_iter().flatten().collect();
    let mut kept = Box::new(Kept { _buffers: buffers, _pointers: pointers, _names: Vec::new(), children });
    let raw = ArrowArray {
        length: length as i64,
        null_count: nulls,
        n_buffers: kept._pointers.len() as i64,
        n_children: kept.children.len() as i64,
        buffers: kept._pointers.as_mut_ptr(),
        children: kept.children.as_mut_ptr(),
        release: Some(release_array),
        private_data: Box::into_raw(kept).cast(),
        ..OwnedArray::released()
    };
    made(OwnedArray::filled(|out| {
        // SAFETY: `out` is the new owner's place.
        unsafe { out.write(raw) };
        Ok(())
    }))
}

/// A struct type with these columns, as (name, Arrow format).
pub(crate) fn schema(fields: &[(&str, &'static CStr)]) -> OwnedSchema {
    let leaf = |format: &'static CStr, name: &str, children: Vec<*mut ArrowSchema>| {
        let name = CString::new(name).unwrap_or_default();
        let format: *const c_char = format.as_ptr();
        let mut kept = Box::new(Kept { _buffers: Vec::new(), _pointers: Vec::new(), _names: vec![name], children });
        ArrowSchema {
            format,
            name: kept._names[0].as_ptr(),
            flags: 2,
            n_children: kept.children.len() as i64,
            children: kept.children.as_mut_ptr(),
            release: Some(release_schema),
            private_data: Box::into_raw(kept).cast(),
            ..OwnedSchema::released()
        }
    };
    let children = fields.iter().map(|(name, format)| Box::into_raw(Box::new(leaf(format, name, Vec::new()))));
    let raw = leaf(c"+s", "", children.collect());
    made(OwnedSchema::filled(|out| {
        // SAFETY: `out` is the new owner's place.
        unsafe { out.write(raw) };
        Ok(())
    }))
}

/// A run of one batch.
struct Run {
    schema: OwnedSchema,
    batch: Option<OwnedArray>,
}

/// The fields of a schema that this file made, whose formats are static.
fn copied(known: &OwnedSchema) -> OwnedSchema {
    let raw = known.as_raw();
    // SAFETY: the schema is live and made by `schema` above: every text is NUL-terminated, every format static.
    let fields: Vec<(String, &'static CStr)> = unsafe {
        let children = (0..raw.n_children as usize).map(|at| &**raw.children.add(at));
        let name = |child: &ArrowSchema| CStr::from_ptr(child.name).to_string_lossy().into_owned();
        children.map(|child| (name(child), CStr::from_ptr::<'static>(child.format))).collect()
    };
    let fields: Vec<(&str, &'static CStr)> = fields.iter().map(|(name, format)| (name.as_str(), *format)).collect();
    schema(&fields)
}

unsafe extern "C" fn get_schema(stream: *mut ArrowArrayStream, out: *mut ArrowSchema) -> c_int {
    // SAFETY: the interface gives a live stream of ours and a place to fill.
    unsafe { copied(&(*((*stream).private_data as *const Run)).schema).move_to(out) };
    0
}

unsafe extern "C" fn get_next(stream: *mut ArrowArrayStream, out: *mut ArrowArray) -> c_int {
    // SAFETY: as above; a released array says that there is no more.
    unsafe {
        match (*((*stream).private_data as *mut Run)).batch.take() {
            Some(batch) => batch.move_to(out),
            None => out.write(OwnedArray::released()),
        }
    }
    0
}

unsafe extern "C" fn get_last_error(_: *mut ArrowArrayStream) -> *const c_char {
    std::ptr::null()
}

unsafe extern "C" fn release_stream(stream: *mut ArrowArrayStream) {
    // SAFETY: the interface calls this once for a live stream; its private data is a box of ours.
    unsafe {
        drop(Box::from_raw((*stream).private_data as *mut Run));
        (*stream).release = None;
    }
}

fn stream(schema: OwnedSchema, batch: OwnedArray) -> OwnedStream {
    let run = Box::new(Run { schema, batch: Some(batch) });
    made(OwnedStream::filled(|out| {
        let raw = ArrowArrayStream {
            get_schema: Some(get_schema),
            get_next: Some(get_next),
            get_last_error: Some(get_last_error),
            release: Some(release_stream),
            private_data: Box::into_raw(run).cast(),
        };
        // SAFETY: `out` is the new owner's place.
        unsafe { out.write(raw) };
        Ok(())
    }))
}

/// What was filled with a release function.
fn made<T>(filled: Result<T>) -> T {
    filled.unwrap_or_else(|error| panic!("{}", words(error)))
}
