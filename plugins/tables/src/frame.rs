//! A table in memory, one Arrow array for each column, lent to whoever asks.

use crate::failure::{contained, from_polars};
use crate::CAPABILITIES;
use iolink_sdk::{fail, DataFrameCapability, DataFrameView, OwnedSchema, OwnedStream, Result};
use polars_arrow::array::{Array, StructArray, Utf8Array};
use polars_arrow::datatypes::{ArrowDataType, Field};
use polars_arrow::ffi::{export_field_to_c, export_iterator, ArrowArrayStream, ArrowSchema};
use polars_arrow::offset::OffsetsBuffer;
use polars_core::frame::DataFrame;
use polars_core::prelude::{CompatLevel, PlSmallStr, Series};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// A frame that was read from a file. It never changes.
pub struct Frame {
    fields: Vec<Field>,
    columns: Vec<Column>,
    rows: usize,
    origin: String,
}

/// A column, in polars' form until it is asked for.
struct Column(Mutex<Form>);

enum Form {
    Read(Series),
    Lent(Box<dyn Array>),
}

impl Column {
    /// One array of all rows, the same buffers each time. Texts become large_utf8, which every reader of Arrow knows.
    fn array(&self) -> Box<dyn Array> {
        let mut form = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let array = match &*form {
            Form::Lent(array) => return array.clone(),
            Form::Read(series) => series.rechunk().to_arrow(0, CompatLevel::oldest()),
        };
        *form = Form::Lent(array.clone());
        array
    }
}

impl Frame {
    /// Takes a table over.
    pub fn new(table: DataFrame, origin: &str) -> Result<Self> {
        let rows = table.height();
        let (mut fields, mut columns) = (Vec::new(), Vec::new());
        for column in table.into_columns() {
            let series = column.take_materialized_series();
            let field = series.field().to_arrow(CompatLevel::oldest());
            if field.name.contains('\0') {
                fail!(Corrupt, "the column name {:?} has a NUL, which no Arrow column can have", field.name.as_str());
            }
            fields.push(field);
            columns.push(Column(Mutex::new(Form::Read(series))));
        }
        Ok(Frame { fields, columns, rows, origin: origin.to_owned() })
    }

    fn chosen(&self, columns: Option<&[u64]>) -> Result<Vec<usize>> {
        let Some(columns) = columns else { return Ok((0..self.columns.len()).collect()) };
        for column in columns {
            if *column >= self.columns.len() as u64 {
                fail!(OutOfRange, "there is no column {column}: the frame has {}", self.columns.len());
            }
        }
        Ok(columns.iter().map(|column| *column as usize).collect())
    }

    fn batch(&self, columns: Option<&[u64]>, rows: Range<u64>) -> Result<StructArray> {
        if rows.start > rows.end || rows.end > self.rows as u64 {
            fail!(OutOfRange, "there are no rows {} to {}: the frame has {}", rows.start, rows.end, self.rows);
        }
        let (first, count) = (rows.start as usize, (rows.end - rows.start) as usize);
        let chosen = self.chosen(columns)?;
        let arrays = chosen.iter().map(|column| part(&*self.columns[*column].array(), first, count)).collect();
        let fields = chosen.iter().map(|column| self.fields[*column].clone()).collect();
        StructArray::try_new(ArrowDataType::Struct(fields), count, arrays, None).map_err(|error| from_polars(&error))
    }
}

/// A run of rows that can be exported. polars-arrow 0.55.2 counts the first row of a run of texts twice at the border:
/// its pointer to the offsets is moved already, and its `offset` says to move it again. So the offsets of such a run
/// are copied, 8 bytes a row; the texts themselves are shared.
fn part(column: &dyn Array, first: usize, count: usize) -> Box<dyn Array> {
    let part = column.sliced(first, count);
    match part.as_any().downcast_ref::<Utf8Array<i64>>() {
        Some(texts) if texts.offsets().buffer().offset() != 0 => {
            let offsets = texts.offsets().buffer()[..].to_vec();
            // SAFETY: offsets, texts and validity are those of an array that is sound.
            unsafe {
                let offsets = OffsetsBuffer::new_unchecked(offsets.into());
                let (dtype, validity) = (texts.dtype().clone(), texts.validity().cloned());
                Utf8Array::new_unchecked(dtype, offsets, texts.values().clone(), validity).boxed()
            }
        }
        _ => part,
    }
}

fn table_field(dtype: ArrowDataType) -> Field {
    Field::new(PlSmallStr::EMPTY, dtype, false)
}

impl DataFrameView for Frame {
    fn capabilities(&self) -> DataFrameCapability {
        CAPABILITIES
    }

    fn shape(&self) -> Result<(u64, u64)> {
        Ok((self.columns.len() as u64, self.rows as u64))
    }

    fn schema(&self) -> Result<OwnedSchema> {
        contained(|| {
            let field = table_field(ArrowDataType::Struct(self.fields.clone()));
            OwnedSchema::filled(|place| {
                // SAFETY: both types are the ArrowSchema of the Arrow C data interface, and `place` is writable.
                unsafe { place.cast::<ArrowSchema>().write(export_field_to_c(&field)) };
                Ok(())
            })
        })
    }

    fn export(&self, columns: Option<&[u64]>, rows: Range<u64>) -> Result<OwnedStream> {
        contained(|| {
            let batch = self.batch(columns, rows)?;
            let field = table_field(batch.dtype().clone());
            // The stream's own functions catch no panic: all that can fail is done by now.
            let stream = export_iterator(Box::new(std::iter::once(Ok(batch.boxed()))), field);
            OwnedStream::filled(|place| {
                // SAFETY: both types are the ArrowArrayStream of the Arrow C stream interface, and `place` is writable.
                unsafe { place.cast::<ArrowArrayStream>().write(stream) };
                Ok(())
            })
        })
    }

    fn origin(&self) -> Option<String> {
        Some(self.origin.clone())
    }
}
