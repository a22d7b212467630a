//! A column: its field and its values, in one or several pieces.

use crate::arrow_error;
use crate::dictionary::{missing_rows, unified};
use crate::storage::{validated, Form, Stored};
use crate::zeros::zeros;
use arrow_array::{make_array, Array, ArrayRef};
use arrow_schema::{DataType, Field, FieldRef};
use iolink_sdk::{fail, Result};
use std::ops::Range;
use std::sync::Arc;

/// More pieces than this are made one.
const MAX_CHUNKS: usize = 64;

/// A run of stored values.
#[derive(Debug, Clone)]
pub(crate) struct Chunk {
    pub(crate) stored: Arc<Stored>,
    pub(crate) offset: usize,
    pub(crate) len: usize,
}

impl Chunk {
    pub(crate) fn new(array: ArrayRef, form: Form, own: bool) -> Self {
        let len = array.len();
        Chunk { stored: Arc::new(Stored::new(array, form, own)), offset: 0, len }
    }

    pub(crate) fn slice(&self, rows: Range<usize>) -> Self {
        Chunk { stored: self.stored.clone(), offset: self.offset + rows.start, len: rows.len() }
    }

    /// The values as Arrow has them.
    pub(crate) fn exported(&self) -> ArrayRef {
        cut(self.stored.exported(), self.offset, self.len)
    }

    /// Proves that offsets, text and keys are what Arrow demands. `first` is the row of the column where the run begins.
    pub(crate) fn check(&self, column: &str, first: usize) -> Result<()> {
        if self.stored.sound() {
            return Ok(());
        }
        // What is damaged may lie outside this run.
        let raw = self.raw();
        let Err(fault) = validated(&raw.to_data()) else { return Ok(()) };
        let place = match raw.data_type() {
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
                format!(", row {},", first + first_damaged(&raw))
            }
            _ => String::new(),
        };
        fail!(
            Corrupt,
            "column {column:?}{place} is damaged: {fault}; texts that are not UTF-8 can be had as binary alone"
        )
    }

    /// The values as they lie.
    pub(crate) fn raw(&self) -> ArrayRef {
        cut(&self.stored.array, self.offset, self.len)
    }
}

/// The first text that is damaged, of some of which one is.
fn first_damaged(texts: &ArrayRef) -> usize {
    let (mut first, mut count) = (0, texts.len());
    while count > 1 {
        let half = count / 2;
        if validated(&texts.slice(first, half).to_data()).is_err() {
            count = half;
        } else {
            (first, count) = (first + half, count - half);
        }
    }
    first
}

fn cut(array: &ArrayRef, offset: usize, len: usize) -> ArrayRef {
    if offset == 0 && len == array.len() {
        array.clone()
    } else {
        array.slice(offset, len)
    }
}

/// A column of a frame. Copying it copies no value.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) field: FieldRef,
    pub(crate) form: Form,
    pub(crate) chunks: Vec<Chunk>,
}

impl Column {
    /// A column that starts at 0, false and "".
    pub(crate) fn zeroed(field: FieldRef, rows: usize) -> Result<Self> {
        let form = Form::of_new(field.data_type());
        let mut column = Column { field, form, chunks: Vec::new() };
        column.extend(rows)?;
        Ok(column)
    }

    /// A column of the values of a part, in the form that its field tells.
    pub(crate) fn of_part(field: Field, values: Chunk) -> Self {
        let (field, form) = Form::split(field);
        let mut column = Column { field: Arc::new(field), form, chunks: Vec::new() };
        if form == values.stored.form {
            column.push_chunk(values);
        } else {
            column.push(values.raw());
        }
        column
    }

    /// A column without values, of a field but with another type.
    pub(crate) fn of_type(field: &Field, data_type: &DataType) -> Self {
        let field = Arc::new(field.clone().with_data_type(data_type.clone()));
        Column { field, form: Form::Plain, chunks: Vec::new() }
    }

    /// Adds values of somebody else, in the column's form.
    pub(crate) fn push(&mut self, array: ArrayRef) {
        self.push_chunk(Chunk::new(array, self.form, false));
    }

    fn push_chunk(&mut self, chunk: Chunk) {
        let dictionary = matches!(self.field.data_type(), DataType::Dictionary(..)) && self.chunks.is_empty();
        if chunk.len > 0 || dictionary {
            self.chunks.push(chunk);
        }
    }

    /// Does each stored value take the same number of bytes?
    pub(crate) fn has_width(&self) -> bool {
        self.form.stored_type(self.field.data_type()).primitive_width().is_some()
    }

    pub(crate) fn rows(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.len).sum()
    }

    /// Which stored values the column shows: their number, the first row of them and how many; `None` where it is in
    /// several pieces. Values that were written since have another number.
    pub(crate) fn identity(&self) -> Option<(u64, usize, usize)> {
        match self.chunks.as_slice() {
            [chunk] => Some((chunk.stored.id, chunk.offset, chunk.len)),
            _ => None,
        }
    }

    /// The pieces of a run of rows, which lies within the column. Only of no row at all there is a piece without any.
    pub(crate) fn pieces(&self, rows: &Range<usize>) -> Vec<Chunk> {
        let mut first = 0;
        let mut pieces: Vec<Chunk> = Vec::with_capacity(1);
        for chunk in &self.chunks {
            let (start, end) = (rows.start.max(first), rows.end.min(first + chunk.len));
            if start < end {
                pieces.push(chunk.slice(start - first..end - first));
            }
            first += chunk.len;
        }
        if let ([], Some(chunk), DataType::Dictionary(..)) =
            (pieces.as_slice(), self.chunks.first(), self.field.data_type())
        {
            // A dictionary means something without rows, too.
            pieces.push(chunk.slice(0..0));
        }
        pieces
    }

    /// The same column with a run of its rows.
    pub(crate) fn sliced(&self, rows: &Range<usize>) -> Self {
        Column { field: self.field.clone(), form: self.form, chunks: self.pieces(rows) }
    }

    /// Proves that the values of a run of rows are what Arrow demands.
    pub(crate) fn check(&self, rows: &Range<usize>) -> Result<()> {
        let mut first = rows.start;
        for piece in self.pieces(rows) {
            piece.check(self.field.name(), first)?;
            first += piece.len;
        }
        Ok(())
    }

    /// Adds rows of 0, false and "", of a dictionary rows without a value.
    pub(crate) fn extend(&mut self, rows: usize) -> Result<()> {
        if rows > 0 {
            let array = match (self.field.data_type(), self.chunks.first()) {
                // None of the values of a dictionary is the one that stands for nothing.
                (DataType::Dictionary(..), Some(chunk)) => {
                    chunk.check(self.field.name(), 0)?;
                    missing_rows(&chunk.raw(), rows)
                }
                (data_type, _) => {
                    let made = zeros(&self.form.stored_type(data_type), rows);
                    make_array(made.map_err(|failed| failed.context(&format!("column {:?}", self.field.name())))?)
                }
            };
            if array.null_count() > 0 && !self.field.is_nullable() {
                self.field = Arc::new(self.field.as_ref().clone().with_nullable(true));
            }
            self.chunks.retain(|chunk| chunk.len > 0);
            self.chunks.push(Chunk::new(array, self.form, true));
            self.settle()?;
        }
        Ok(())
    }

    /// The same column with rows of 0, false and "" in the place of some.
    pub(crate) fn with_rows_replaced(&self, gone: &Range<usize>, count: usize) -> Result<Self> {
        let mut made = self.sliced(&(0..gone.start));
        made.extend(count)?;
        made.chunks.extend(self.pieces(&(gone.end..self.rows())));
        if made.chunks.iter().any(|chunk| chunk.len > 0) {
            made.chunks.retain(|chunk| chunk.len > 0);
        } else {
            // A dictionary means something without rows, too.
            made.chunks.truncate(1);
        }
        made.settle()?;
        Ok(made)
    }

    /// Makes one piece of very many.
    pub(crate) fn settle(&mut self) -> Result<()> {
        if self.chunks.len() > MAX_CHUNKS {
            self.join()?;
        }
        Ok(())
    }

    /// Makes all pieces one, so that the values lie in one run.
    pub(crate) fn join(&mut self) -> Result<()> {
        if self.chunks.len() > 1 {
            self.check(&(0..self.rows()))?;
            let arrays: Vec<ArrayRef> = self.chunks.iter().map(Chunk::raw).collect();
            let arrays = unified(self.field.name(), &arrays, false)?;
            let parts: Vec<&dyn Array> = arrays.iter().map(|array| array.as_ref()).collect();
            let whole = arrow_select::concat::concat(&parts).map_err(arrow_error)?;
            self.chunks = vec![Chunk::new(whole, self.form, true)];
        }
        Ok(())
    }
}
