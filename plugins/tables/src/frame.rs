//! A table in memory, one Arrow array for each column, lent to whoever asks.

use crate::failure::{contained, from_polars};
use crate::interface::{run, schema, stream, table_field};
use crate::CAPABILITIES;
use iolink_sdk::{fail, DataFrameCapability, DataFrameView, OwnedSchema, OwnedStream, Result};
use polars_arrow::array::{Array, StructArray};
use polars_arrow::datatypes::{ArrowDataType, Field};
use polars_core::frame::DataFrame;
use polars_core::prelude::{CompatLevel, Series};
use rayon::prelude::*;
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
        // The first export of a column makes its pieces one: columns side by side.
        let arrays = chosen.par_iter().map(|column| run(&*self.columns[*column].array(), first, count)).collect();
        let fields = chosen.iter().map(|column| self.fields[*column].clone()).collect();
        StructArray::try_new(ArrowDataType::Struct(fields), count, arrays, None).map_err(|error| from_polars(&error))
    }
}

impl DataFrameView for Frame {
    fn capabilities(&self) -> DataFrameCapability {
        CAPABILITIES
    }

    fn shape(&self) -> Result<(u64, u64)> {
        Ok((self.columns.len() as u64, self.rows as u64))
    }

    fn schema(&self) -> Result<OwnedSchema> {
        contained(|| schema(&table_field(self.fields.clone(), None)))
    }

    fn export(&self, columns: Option<&[u64]>, rows: Range<u64>) -> Result<OwnedStream> {
        contained(|| {
            let batch = self.batch(columns, rows)?;
            let ArrowDataType::Struct(fields) = batch.dtype() else { fail!(Internal, "a batch is no struct") };
            // The stream's own functions catch no panic: all that can fail is done by now.
            stream(table_field(fields.clone(), None), std::iter::once(Ok(batch.boxed())))
        })
    }

    fn origin(&self) -> Option<String> {
        Some(self.origin.clone())
    }
}
