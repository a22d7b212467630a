//! From the Arrow C structs to columns, sharing the buffers. The structs are checked against each other; the values within the
//! buffers before this crate reads one of them.

use crate::column::{Chunk, Column};
use crate::storage::Form;
use crate::{arrow_error, contained};
use arrow_array::ffi::{from_ffi_and_data_type, FFI_ArrowArray, FFI_ArrowSchema};
use arrow_array::{make_array, ArrayRef};
use arrow_data::ArrayData;
use arrow_schema::{DataType, Field, Schema};
use iolink_sdk::abi::ArrowSchema;
use iolink_sdk::{fail, Call, CheckedSchema, Error, ErrorKind, OwnedArray, OwnedSchema, OwnedStream, Result};
use std::sync::Arc;

/// Field metadata that names the [`Form`] in which a column is handed over; it is never handed out.
pub(crate) const STORAGE: &str = "iolink.storage";

/// The schema of a table.
pub(crate) fn schema_from(schema: &OwnedSchema) -> Result<Schema> {
    schema.check()?;
    // SAFETY: the two structs are the same one of the published standard; the schema outlives the reference.
    let raw = unsafe { &*(schema.as_raw() as *const ArrowSchema as *const FFI_ArrowSchema) };
    contained(|| {
        if raw.format() != "+s" || raw.dictionary().is_some() {
            fail!(Type, "a table's schema must be a struct with one child for each column, not {:?}", raw.format());
        }
        // The library does not tell which of the columns it rejects.
        for column in raw.children() {
            known_field(column)
                .map_err(|failed| failed.context(&format!("column {:?}", column.name().unwrap_or_default())))?;
        }
        Schema::try_from(raw).map_err(arrow_error)
    })
}

/// The field of one column.
pub(crate) fn field_from(schema: &OwnedSchema) -> Result<Field> {
    schema.check()?;
    // SAFETY: as in `schema_from`.
    let raw = unsafe { &*(schema.as_raw() as *const ArrowSchema as *const FFI_ArrowSchema) };
    contained(|| known_field(raw))
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

/// The values of an array, sharing its buffers.
pub(crate) fn array_from(mut array: OwnedArray, schema: CheckedSchema<'_>, data_type: &DataType) -> Result<ArrayRef> {
    let data = data_from(&mut array, schema, data_type)?;
    contained(|| Ok(make_array(data)))
}

/// The data of an array, sharing its buffers; the array is released with the last of them.
pub(crate) fn data_from(array: &mut OwnedArray, schema: CheckedSchema<'_>, data_type: &DataType) -> Result<ArrayData> {
    schema.check_array(array)?;
    contained(|| {
        // SAFETY: the two structs are the same one of the published standard, and a released one is left behind. The array was
        // checked against its type; the producer promises that the buffers are as long as that says.
        unsafe {
            let taken = FFI_ArrowArray::from_raw(array.as_mut_ptr() as *mut FFI_ArrowArray);
            from_ffi_and_data_type(taken, data_type.clone()).map_err(arrow_error)
        }
    })
}

/// One column's values, as a write hands them over.
pub(crate) fn values_from(schema: &OwnedSchema, array: OwnedArray) -> Result<(Field, Chunk)> {
    let given = field_from(schema)?;
    let array = array_from(array, schema.check()?, given.data_type())?;
    let (field, form) = Form::split(given);
    Ok((field, Chunk::new(array, form, false)))
}

/// A table's schema metadata, columns and number of rows.
pub(crate) fn table_from(mut stream: OwnedStream, call: &Call<'_>) -> Result<(Schema, Vec<Column>, usize)> {
    let schema = stream.schema()?;
    let given = schema_from(&schema)?;
    let checked = schema.check()?;
    let (mut fields, mut columns) = (Vec::new(), Vec::new());
    for field in given.fields() {
        let (field, form) = Form::split(field.as_ref().clone());
        let field = Arc::new(field);
        fields.push(field.clone());
        columns.push(Column { field, form, chunks: Vec::new() });
    }
    let table = DataType::Struct(given.fields().clone());
    let mut rows = 0usize;
    while let Some(mut batch) = stream.next_batch()? {
        let data = data_from(&mut batch, checked, &table)?;
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
        call.step(rows as u64, 0)?;
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
    let whole = offset == 0 && len == child.len();
    contained(|| Ok(make_array(if whole { child.clone() } else { child.slice(offset, len) })))
}
