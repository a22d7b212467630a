//! Between polars' Arrow and the border's: the same structs of the published standard, under two names.

use crate::failure::from_polars;
use iolink_sdk::{abi, DataFrameView, OwnedSchema, OwnedStream, Result};
use polars_arrow::array::{Array, BinaryArray, FixedSizeListArray, StructArray, Utf8Array};
use polars_arrow::datatypes::{ArrowDataType, Field, Metadata};
use polars_arrow::ffi::{
    export_field_to_c, export_iterator, import_array_from_c, import_field_from_c, ArrowArray, ArrowArrayStream,
    ArrowSchema,
};
use polars_arrow::offset::{Offset, OffsetsBuffer};
use polars_core::error::PolarsResult;
use polars_core::prelude::PlSmallStr;
use std::sync::Arc;

/// What a table says of itself beside its columns.
pub type Facts = Option<Arc<Metadata>>;

/// A table as one field, which holds its columns.
pub fn table_field(columns: Vec<Field>, facts: Facts) -> Field {
    Field { metadata: facts, ..Field::new(PlSmallStr::EMPTY, ArrowDataType::Struct(columns), false) }
}

/// A table's schema for the border.
pub fn schema(table: &Field) -> Result<OwnedSchema> {
    OwnedSchema::filled(|place| {
        // SAFETY: both types are the ArrowSchema of the Arrow C data interface, and `place` is writable.
        unsafe { place.cast::<ArrowSchema>().write(export_field_to_c(table)) };
        Ok(())
    })
}

/// Batches for the border.
pub fn stream(
    table: Field,
    batches: impl Iterator<Item = PolarsResult<Box<dyn Array>>> + 'static,
) -> Result<OwnedStream> {
    let stream = export_iterator(Box::new(batches), table);
    OwnedStream::filled(|place| {
        // SAFETY: both types are the ArrowArrayStream of the Arrow C stream interface, and `place` is writable.
        unsafe { place.cast::<ArrowArrayStream>().write(stream) };
        Ok(())
    })
}

/// A run of rows that can be exported. polars-arrow 0.55.2 counts the first row of a run of texts or bytes twice at the border: its
/// pointer to the offsets is moved already, and its `offset` says to move it again. So the offsets of such a run are
/// copied; the texts themselves are shared.
pub fn run(column: &dyn Array, first: usize, count: usize) -> Box<dyn Array> {
    if first == 0 && count == column.len() {
        return column.to_boxed();
    }
    let part = column.sliced(first, count);
    let any = part.as_any();
    match column.dtype() {
        ArrowDataType::Utf8 => return texts::<i32>(&*part),
        ArrowDataType::LargeUtf8 => return texts::<i64>(&*part),
        ArrowDataType::Binary => return bytes::<i32>(&*part),
        ArrowDataType::LargeBinary => return bytes::<i64>(&*part),
        _ => {}
    }
    if let Some(record) = any.downcast_ref::<StructArray>() {
        // Its columns were cut, too; they are cut anew from the whole.
        if let Some(whole) = column.as_any().downcast_ref::<StructArray>() {
            let columns = whole.values().iter().map(|column| run(&**column, first, count)).collect();
            return StructArray::new(record.dtype().clone(), count, columns, record.validity().cloned()).boxed();
        }
    }
    if let Some(lists) = any.downcast_ref::<FixedSizeListArray>() {
        if let Some(whole) = column.as_any().downcast_ref::<FixedSizeListArray>() {
            let values = run(&**whole.values(), first * whole.size(), count * whole.size());
            return FixedSizeListArray::new(lists.dtype().clone(), count, values, lists.validity().cloned()).boxed();
        }
    }
    part
}

fn texts<O: Offset>(part: &dyn Array) -> Box<dyn Array> {
    let Some(texts) = part.as_any().downcast_ref::<Utf8Array<O>>() else { return part.to_boxed() };
    let (dtype, validity) = (texts.dtype().clone(), texts.validity().cloned());
    // SAFETY: offsets, texts and validity are those of an array that is sound.
    unsafe { Utf8Array::new_unchecked(dtype, own(texts.offsets()), texts.values().clone(), validity) }.boxed()
}

fn bytes<O: Offset>(part: &dyn Array) -> Box<dyn Array> {
    let Some(bytes) = part.as_any().downcast_ref::<BinaryArray<O>>() else { return part.to_boxed() };
    let (dtype, validity) = (bytes.dtype().clone(), bytes.validity().cloned());
    BinaryArray::new(dtype, own(bytes.offsets()), bytes.values().clone(), validity).boxed()
}

/// The same offsets at the start of a buffer.
fn own<O: Offset>(offsets: &OffsetsBuffer<O>) -> OffsetsBuffer<O> {
    // SAFETY: they are offsets already.
    unsafe { OffsetsBuffer::new_unchecked(offsets.buffer()[..].to_vec().into()) }
}

/// A frame's rows, as they come over the border. The structs are checked before polars, which believes them, sees them.
pub struct Incoming {
    stream: OwnedStream,
    schema: OwnedSchema,
    table: ArrowDataType,
    /// The columns.
    pub fields: Vec<Field>,
    /// What the table says of itself.
    pub facts: Facts,
}

impl Incoming {
    /// All rows of a frame.
    pub fn of(frame: &dyn DataFrameView) -> Result<Self> {
        let mut stream = frame.export(None, 0..frame.shape()?.1)?;
        let schema = stream.schema()?;
        schema.check()?;
        let raw: *const abi::ArrowSchema = schema.as_raw();
        // SAFETY: both types are the ArrowSchema of the Arrow C data interface, and the schema was checked.
        let table = unsafe { import_field_from_c(&*raw.cast::<ArrowSchema>()) }.map_err(|error| from_polars(&error))?;
        let fields = match &table.dtype {
            ArrowDataType::Struct(fields) => fields.clone(),
            _ => iolink_sdk::fail!(Type, "a table's schema must be a struct with one child for each column"),
        };
        let mut names = std::collections::HashSet::new();
        if let Some(twice) = fields.iter().find(|field| !names.insert(field.name.as_str())) {
            iolink_sdk::fail!(
                InvalidArgument,
                "the column name {:?} is there twice; rename one of the two",
                twice.name
            );
        }
        Ok(Incoming { stream, schema, table: table.dtype, fields, facts: table.metadata })
    }

    /// The next rows; `None` at the end.
    pub fn next(&mut self) -> Result<Option<StructArray>> {
        let Some(mut batch) = self.stream.next_batch()? else { return Ok(None) };
        self.schema.check()?.check_array(&mut batch)?;
        let raw = batch.into_raw();
        // SAFETY: both types are the ArrowArray of the Arrow C data interface; the struct is handed over once. It was checked,
        // and its producer keeps to the interface in the buffers.
        let batch = unsafe {
            let taken = std::ptr::read(std::ptr::addr_of!(raw).cast::<ArrowArray>());
            import_array_from_c(taken, self.table.clone())
        };
        let batch = batch.map_err(|error| from_polars(&error))?;
        Ok(batch.as_any().downcast_ref::<StructArray>().cloned())
    }
}
