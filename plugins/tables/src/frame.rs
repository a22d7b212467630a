//! A table in memory, in the pieces in which it was read, lent to whoever asks.

use crate::failure::{self, from_polars};
use crate::interface::{run, schema, stream, table_field};
use crate::CAPABILITIES;
use iolink_sdk::{fail, DataFrameCapability, DataFrameView, OwnedSchema, OwnedStream, Result};
use polars_arrow::array::{Array, StructArray};
use polars_arrow::compute::concatenate::concatenate;
use polars_arrow::datatypes::{ArrowDataType, Field};
use polars_core::frame::DataFrame;
use polars_core::prelude::CompatLevel;
use rayon::prelude::*;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// Smaller pieces are made one.
const LEAST: usize = 1 << 14;

/// A frame that was read from a file. It never changes.
pub struct Frame {
    fields: Vec<Field>,
    columns: Vec<Column>,
    /// Rows of each piece.
    pieces: Vec<usize>,
    rows: usize,
    origin: String,
}

/// A column: an array for each piece of the table, or one of all rows once somebody asked for the column alone.
struct Column(Mutex<Vec<Box<dyn Array>>>);

impl Column {
    /// The arrays, the same buffers each time; in one piece where that is asked for or was before.
    fn arrays(&self, whole: bool) -> Result<Vec<Box<dyn Array>>> {
        let mut arrays = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if whole && arrays.len() > 1 {
            let pieces: Vec<&dyn Array> = arrays.iter().map(|array| &**array).collect();
            *arrays = vec![concatenate(&pieces).map_err(|error| from_polars(&error))?];
        }
        Ok(arrays.clone())
    }
}

impl Frame {
    /// Takes a table over. Texts become large_utf8, which every reader of Arrow knows.
    pub fn new(mut table: DataFrame, origin: &str) -> Result<Self> {
        let (rows, mut pieces) = (table.height(), Vec::new());
        match rows / table.first_col_n_chunks().max(1) < LEAST {
            true => table.rechunk_mut_par(),
            false => table.align_chunks_par(),
        };
        let (mut fields, mut columns) = (Vec::new(), Vec::new());
        for column in table.into_columns() {
            let series = column.take_materialized_series();
            let field = series.field().to_arrow(CompatLevel::oldest());
            if field.name.contains('\0') {
                fail!(Corrupt, "the column name {:?} has a NUL, which no Arrow column can have", field.name.as_str());
            }
            let numbers = (0..series.n_chunks()).into_par_iter();
            let arrays: Vec<_> = numbers.map(|piece| series.to_arrow(piece, CompatLevel::oldest())).collect();
            pieces = arrays.iter().map(|array| array.len()).collect();
            fields.push(field);
            columns.push(Column(Mutex::new(arrays)));
        }
        Ok(Frame { fields, columns, pieces, rows, origin: origin.to_owned() })
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

    /// Some rows of some columns: of one column in one piece, of several in the pieces of the table.
    fn batches(&self, chosen: &[usize], rows: Range<u64>) -> Result<Vec<StructArray>> {
        if rows.start > rows.end || rows.end > self.rows as u64 {
            fail!(OutOfRange, "there are no rows {} to {}: the frame has {}", rows.start, rows.end, self.rows);
        }
        let rows = if rows.is_empty() { 0..0 } else { rows.start as usize..rows.end as usize };
        let arrays = |column: &usize| self.columns[*column].arrays(chosen.len() == 1);
        let columns = chosen.par_iter().map(arrays).collect::<Result<Vec<_>>>()?;
        let fields: Vec<Field> = chosen.iter().map(|column| self.fields[*column].clone()).collect();
        let cut = columns.iter().any(|arrays| arrays.len() > 1);
        let (mut first, mut batches) = (0, Vec::new());
        let pieces = if cut { self.pieces.as_slice() } else { std::slice::from_ref(&self.rows) };
        for (piece, count) in pieces.iter().enumerate() {
            let (start, end) = (rows.start.max(first), rows.end.min(first + count));
            // Of no rows there is a batch of none.
            if start < end || rows.is_empty() && piece == 0 {
                let part = |arrays: &Vec<Box<dyn Array>>| match arrays.as_slice() {
                    [whole] => run(&**whole, start, end - start),
                    pieces => run(&*pieces[piece], start - first, end - start),
                };
                let (dtype, arrays) = (ArrowDataType::Struct(fields.clone()), columns.iter().map(part).collect());
                let batch = StructArray::try_new(dtype, end - start, arrays, None);
                batches.push(batch.map_err(|error| from_polars(&error))?);
            }
            first += count;
        }
        Ok(batches)
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
        failure::read(|| schema(&table_field(self.fields.clone(), None)))
    }

    fn export(&self, columns: Option<&[u64]>, rows: Range<u64>) -> Result<OwnedStream> {
        failure::read(|| {
            let chosen = self.chosen(columns)?;
            let batches = self.batches(&chosen, rows)?;
            let fields = chosen.iter().map(|column| self.fields[*column].clone()).collect();
            // The stream's own functions catch no panic: all that can fail is done by now.
            stream(table_field(fields, None), batches.into_iter().map(|batch| Ok(batch.boxed())))
        })
    }

    fn origin(&self) -> Option<String> {
        Some(self.origin.clone())
    }
}
