//! From the Arrow C structs to columns, sharing the buffers. What a producer says is checked as far as it costs nothing;
//! the rest before this crate reads a value itself.

use crate::arrow_error;
use crate::column::{Chunk, Column};
use crate::storage::Form;
use arrow_array::ffi::{from_ffi_and_data_type, FFI_ArrowArray, FFI_ArrowSchema};
use arrow_array::{make_array, Array, ArrayRef};
use arrow_data::ArrayData;
use arrow_schema::{DataType, Field, Schema};
use iolink_sdk::abi::{ArrowArray, ArrowSchema};
use iolink_sdk::{fail, Error, ErrorKind, OwnedArray, OwnedSchema, OwnedStream, Result};
use std::ffi::CStr;
use std::sync::Arc;

/// Field metadata that names the [`Form`] in which a column is handed over; it is never handed out.
pub(crate) const STORAGE: &str = "iolink.storage";

/// Types nested deeper than this are refused.
const MAX_DEPTH: usize = 64;

/// Proves that a schema can be read at all.
///
/// # Safety
/// `raw` is a live schema.
unsafe fn check_schema(raw: &ArrowSchema, depth: usize) -> Result<()> {
    let fault = |what: &str| Err(Error::new(ErrorKind::Corrupt, format!("the Arrow schema is damaged: {what}")));
    if depth > MAX_DEPTH {
        return fault("its types are nested too deeply");
    }
    if raw.release.is_none() {
        return fault("a part of it was released already");
    }
    if raw.n_children < 0 || raw.n_children > 0 && raw.children.is_null() || raw.format.is_null() {
        return fault("it has no format or no children where it says so");
    }
    // SAFETY: a live schema's texts are NUL-terminated, and it has that many children.
    unsafe {
        let name_is_text = raw.name.is_null() || CStr::from_ptr(raw.name).to_str().is_ok();
        if !name_is_text || CStr::from_ptr(raw.format).to_str().is_err() {
            return fault("a name is not UTF-8");
        }
        for index in 0..raw.n_children as usize {
            match (*raw.children.add(index)).as_ref() {
                Some(child) => check_schema(child, depth + 1)?,
                None => return fault("a child is NULL"),
            }
        }
        match raw.dictionary.as_ref() {
            Some(dictionary) => check_schema(dictionary, depth + 1),
            None => Ok(()),
        }
    }
}

/// Proves that an array has the parts of its type.
///
/// # Safety
/// `raw` is a live array.
unsafe fn check_array(raw: &ArrowArray, data_type: &DataType) -> Result<()> {
    let fault = |what: &str| fail!(Corrupt, "the Arrow array of type {data_type} is damaged: {what}");
    if raw.release.is_none() {
        return fault("it was released too early");
    }
    let rows = raw.length.checked_add(raw.offset);
    if raw.length < 0 || raw.offset < 0 || rows.is_none_or(|rows| rows > isize::MAX as i64 / 32) {
        return fault(&format!("it claims {} rows from {} on", raw.length, raw.offset));
    }
    if raw.n_buffers < 0 || raw.n_buffers > 0 && raw.buffers.is_null() {
        return fault("it has no buffers where it says so");
    }
    let children = child_types(data_type);
    if raw.n_children != children.len() as i64 || raw.n_children > 0 && raw.children.is_null() {
        return fault(&format!("it has {} children instead of {}", raw.n_children, children.len()));
    }
    // SAFETY: a live array has that many children.
    unsafe {
        for (index, child) in children.into_iter().enumerate() {
            match (*raw.children.add(index)).as_ref() {
                Some(array) => check_array(array, child)?,
                None => return fault("a child is NULL"),
            }
        }
        match (data_type, raw.dictionary.as_ref()) {
            (DataType::Dictionary(_, value), Some(dictionary)) => check_array(dictionary, value),
            (DataType::Dictionary(..), None) => fault("it has no dictionary"),
            _ => Ok(()),
        }
    }
}

/// The schema of a table.
pub(crate) fn schema_from(schema: &OwnedSchema) -> Result<Schema> {
    // SAFETY: an owned schema is live.
    unsafe { check_schema(schema.as_raw(), 0)? };
    // SAFETY: the two structs are the same one of the published standard; the schema outlives the reference.
    let raw = unsafe { &*(schema.as_raw() as *const ArrowSchema as *const FFI_ArrowSchema) };
    if raw.format() != "+s" {
        fail!(Type, "a table's schema must be a struct with one child for each column, not {:?}", raw.format());
    }
    // Which of the columns it is, the library does not say.
    for column in raw.children() {
        known_field(column)
            .map_err(|failed| failed.context(&format!("column {:?}", column.name().unwrap_or_default())))?;
    }
    Schema::try_from(raw).map_err(arrow_error)
}

/// The field of one column.
pub(crate) fn field_from(schema: &OwnedSchema) -> Result<Field> {
    // SAFETY: an owned schema is live.
    unsafe { check_schema(schema.as_raw(), 0)? };
    // SAFETY: as in `schema_from`.
    let raw = unsafe { &*(schema.as_raw() as *const ArrowSchema as *const FFI_ArrowSchema) };
    known_field(raw)
}

fn known_field(raw: &FFI_ArrowSchema) -> Result<Field> {
    Field::try_from(raw).map_err(|failed| {
        let failed = arrow_error(failed);
        match failed.kind() {
            ErrorKind::Unsupported => {
                let what = format!("{}; convert it to a type of the Arrow standard first", failed.message());
                Error::new(ErrorKind::Unsupported, what)
            }
            _ => failed,
        }
    })
}

/// The children of an array of this type, in order.
fn child_types(data_type: &DataType) -> Vec<&DataType> {
    match data_type {
        DataType::Struct(fields) => fields.iter().map(|field| field.data_type()).collect(),
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::FixedSizeList(item, _)
        | DataType::Map(item, _) => vec![item.data_type()],
        DataType::Union(fields, _) => fields.iter().map(|(_, field)| field.data_type()).collect(),
        DataType::RunEndEncoded(ends, values) => vec![ends.data_type(), values.data_type()],
        _ => Vec::new(),
    }
}

/// Takes the buffer away that polars gives an array of the null type, which has none.
///
/// # Safety
/// `raw` is a live array that was checked against its type.
unsafe fn without_buffers(raw: &mut ArrowArray, data_type: &DataType) {
    if data_type == &DataType::Null {
        raw.n_buffers = 0;
    }
    for (index, child) in child_types(data_type).into_iter().enumerate() {
        // SAFETY: a checked array has that many children, none of them NULL; they are ours until they are released.
        unsafe { without_buffers(&mut **raw.children.add(index), child) }
    }
}

/// The data of an array, sharing its buffers.
pub(crate) fn data_from(array: OwnedArray, data_type: &DataType) -> Result<ArrayData> {
    // SAFETY: an owned array is live.
    unsafe { check_array(array.as_raw(), data_type)? };
    let mut raw = array.into_raw();
    // SAFETY: the array was checked against its type.
    unsafe { without_buffers(&mut raw, data_type) };
    // SAFETY: the two structs are the same one of the published standard; the data is checked as far as it can be, and
    // that it is laid out as it says is the producer's promise.
    unsafe {
        let taken = FFI_ArrowArray::from_raw(&mut raw as *mut ArrowArray as *mut FFI_ArrowArray);
        from_ffi_and_data_type(taken, data_type.clone()).map_err(arrow_error)
    }
}

/// One column's values, as a write hands them over.
pub(crate) fn values_from(schema: &OwnedSchema, array: OwnedArray) -> Result<(Field, Chunk)> {
    let given = field_from(schema)?;
    let data = data_from(array, given.data_type())?;
    let (field, form) = Form::split(given);
    Ok((field, Chunk::new(make_array(data), form, false)))
}

/// A table's schema metadata, columns and number of rows.
pub(crate) fn table_from(mut stream: OwnedStream) -> Result<(Schema, Vec<Column>, usize)> {
    let given = schema_from(&stream.schema()?)?;
    let (mut fields, mut columns) = (Vec::new(), Vec::new());
    for field in given.fields() {
        let (field, form) = Form::split(field.as_ref().clone());
        let field = Arc::new(field);
        fields.push(field.clone());
        columns.push(Column { field, form, chunks: Vec::new() });
    }
    let table = DataType::Struct(given.fields().clone());
    let mut rows = 0usize;
    while let Some(batch) = stream.next_batch()? {
        let data = data_from(batch, &table)?;
        if data.null_count() > 0 {
            fail!(Unsupported, "whole rows of the table are missing: only the values of columns can be");
        }
        rows = match rows.checked_add(data.len()) {
            Some(rows) => rows,
            None => fail!(Limit, "the table has more rows than can be addressed"),
        };
        for (column, child) in columns.iter_mut().zip(data.child_data()) {
            column.push(child_rows(child, data.offset(), data.len(), column.field.name())?);
        }
    }
    let metadata = given.metadata().clone();
    for column in &mut columns {
        let missing = column.chunks.iter().any(|chunk| chunk.stored.array.null_count() > 0);
        if missing && !column.field.is_nullable() {
            column.field = Arc::new(column.field.as_ref().clone().with_nullable(true));
        }
    }
    let fields: Vec<_> = columns.iter().map(|column| column.field.clone()).collect();
    Ok((Schema::new_with_metadata(fields, metadata), columns, rows))
}

fn child_rows(child: &ArrayData, offset: usize, len: usize, column: &str) -> Result<ArrayRef> {
    match offset.checked_add(len) {
        Some(end) if end <= child.len() => {}
        _ => fail!(Corrupt, "column {column:?} has {} rows where the table has {len} from {offset} on", child.len()),
    }
    if offset == 0 && len == child.len() {
        Ok(make_array(child.clone()))
    } else {
        Ok(make_array(child.slice(offset, len)))
    }
}
