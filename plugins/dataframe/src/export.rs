//! From columns to the Arrow C structs, sharing the buffers.

use crate::arrow_error;
use crate::column::{Chunk, Column};
use crate::lend::lent;
use arrow_array::ffi::FFI_ArrowSchema;
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{new_empty_array, ArrayRef, RecordBatch, RecordBatchIterator, RecordBatchOptions};
use arrow_schema::{ArrowError, Field, Schema, SchemaRef};
use iolink_sdk::abi::{ArrowArray, ArrowArrayStream, ArrowSchema};
use iolink_sdk::{OwnedArray, OwnedSchema, OwnedStream, Result};
use std::ops::Range;

fn owned_schema(mut raw: FFI_ArrowSchema) -> Result<OwnedSchema> {
    // SAFETY: the two structs are the same one of the published standard; `take` leaves a released one behind.
    unsafe { OwnedSchema::take(&mut raw as *mut FFI_ArrowSchema as *mut ArrowSchema) }
}

/// A table's schema as a C struct.
pub(crate) fn schema_to(schema: &Schema) -> Result<OwnedSchema> {
    owned_schema(FFI_ArrowSchema::try_from(schema).map_err(arrow_error)?)
}

/// A column's values as C structs.
pub(crate) fn array_to(field: &Field, array: &ArrayRef) -> Result<(OwnedSchema, OwnedArray)> {
    let schema = owned_schema(FFI_ArrowSchema::try_from(field).map_err(arrow_error)?)?;
    let mut raw = arrow_array::ffi::FFI_ArrowArray::new(&array.to_data());
    // SAFETY: as in `owned_schema`.
    let array = unsafe { OwnedArray::take(&mut raw as *mut arrow_array::ffi::FFI_ArrowArray as *mut ArrowArray)? };
    Ok((schema, array))
}

/// Batches as a C stream.
pub(crate) fn stream_to(schema: SchemaRef, batches: Vec<RecordBatch>) -> Result<OwnedStream> {
    let batches = batches.into_iter().map(Ok::<_, ArrowError>);
    let mut raw = FFI_ArrowArrayStream::new(Box::new(RecordBatchIterator::new(batches, schema)));
    // SAFETY: as in `owned_schema`.
    unsafe { OwnedStream::take(&mut raw as *mut FFI_ArrowArrayStream as *mut ArrowArrayStream) }
}

/// A run of rows of some columns as record batches, cut where any column is cut.
pub(crate) fn batches(schema: &SchemaRef, columns: &[&Column], rows: &Range<usize>) -> Result<Vec<RecordBatch>> {
    let batch = |arrays: Vec<ArrayRef>, len: usize| {
        let options = RecordBatchOptions::new().with_row_count(Some(len));
        RecordBatch::try_new_with_options(schema.clone(), arrays, &options).map_err(arrow_error)
    };
    let pieces: Vec<Vec<Chunk>> = columns.iter().map(|column| column.pieces(rows)).collect();
    if rows.is_empty() {
        if pieces.iter().all(Vec::is_empty) {
            return Ok(Vec::new());
        }
        let arrays = columns.iter().zip(&pieces).map(|(column, pieces)| match pieces.first() {
            Some(chunk) => lent(chunk),
            None => new_empty_array(column.field.data_type()),
        });
        return Ok(vec![batch(arrays.collect(), 0)?]);
    }
    if pieces.iter().all(|pieces| pieces.len() == 1) {
        return Ok(vec![batch(pieces.iter().map(|pieces| lent(&pieces[0])).collect(), rows.len())?]);
    }
    let mut cuts: Vec<usize> = pieces.iter().flat_map(|pieces| ends(pieces)).collect();
    cuts.sort_unstable();
    cuts.dedup();
    let (mut first, mut made) = (0, Vec::with_capacity(cuts.len()));
    let mut place = vec![(0usize, 0usize); pieces.len()];
    for cut in cuts {
        let mut arrays = Vec::with_capacity(pieces.len());
        for ((piece, used), pieces) in place.iter_mut().zip(&pieces) {
            let chunk = &pieces[*piece];
            let part = chunk.slice(*used..*used + (cut - first));
            *used += part.len;
            if *used == chunk.len {
                (*piece, *used) = (*piece + 1, 0);
            }
            arrays.push(lent(&part));
        }
        made.push(batch(arrays, cut - first)?);
        first = cut;
    }
    Ok(made)
}

/// Where each piece ends.
fn ends(pieces: &[Chunk]) -> impl Iterator<Item = usize> + '_ {
    pieces.iter().scan(0, |end, chunk| {
        *end += chunk.len;
        Some(*end)
    })
}
