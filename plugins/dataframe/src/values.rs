//! The values of one column, read out of any frame.

use crate::cells::{cell, Cell};
use crate::column::Chunk;
use crate::edit::Wanted;
use crate::export::array_to;
use crate::far;
use crate::frame::Frame;
use crate::import::{table_from, values_from};
use crate::lend::{storage, Storage};
use crate::storage::{into_form, Form};
use crate::types::ColumnInfo;
use arrow_array::cast::AsArray;
use arrow_array::{make_array, Array, ArrayRef};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, Field, FieldRef};
use iolink_sdk::{fail, Call, DataFrameView, OwnedArray, OwnedSchema, OwnedStream, Result};
use std::ops::Range;
use std::sync::Arc;

/// A run of one column's values in one piece, as Arrow has them. The buffers are the frame's where it has one piece.
#[derive(Clone)]
pub struct Values {
    pub(crate) field: FieldRef,
    pub(crate) array: ArrayRef,
}

impl Values {
    /// Reads a run of rows of a column.
    ///
    /// # Errors
    /// `OutOfRange` for a column or row that is not there, `Corrupt` for values that are not what Arrow demands.
    pub fn read(view: &dyn DataFrameView, column: u64, rows: Range<u64>) -> Result<Values> {
        let count = rows.end.saturating_sub(rows.start);
        Values::read_wanted(view, Wanted { index: column, name: None }, rows.start, Some(count))
    }

    /// Reads some rows of a column, without a count all that follow the first one.
    ///
    /// # Errors
    /// As [`Values::read`].
    pub fn read_wanted(view: &dyn DataFrameView, wanted: Wanted<'_>, first: u64, count: Option<u64>) -> Result<Values> {
        let mut all = match Frame::of(view) {
            // What a frame of this crate hands out was looked at.
            Some(own) => Values::of_columns(own.export_wanted(wanted, first, count)?, true)?,
            None => Values::of_columns(far::export(view, wanted, first, count)?, false)?,
        };
        let values = match all.pop() {
            Some(values) if all.is_empty() => values,
            other => fail!(
                Corrupt,
                "the frame handed out {} columns instead of one; it is damaged, or its provider is",
                all.len() + usize::from(other.is_some())
            ),
        };
        match count {
            Some(count) if values.len() as u64 != count => fail!(
                Corrupt,
                "the frame handed out {} rows instead of {count}; it is damaged, or its provider is",
                values.len()
            ),
            _ => Ok(values),
        }
    }

    /// Every column of a table.
    ///
    /// # Errors
    /// What the table's producer says; `Corrupt` for values that are not what Arrow demands.
    pub fn of_stream(stream: OwnedStream) -> Result<Vec<Values>> {
        Values::of_columns(stream, false)
    }

    fn of_columns(stream: OwnedStream, known: bool) -> Result<Vec<Values>> {
        let (_, columns, _) = table_from(stream, &Call::silent())?;
        let mut all = Vec::with_capacity(columns.len());
        for mut column in columns {
            if !known {
                column.check(&(0..column.rows()))?;
            }
            column.join()?;
            let array = match column.chunks.first() {
                Some(chunk) => chunk.exported(),
                None => arrow_array::new_empty_array(column.field.data_type()),
            };
            all.push(Values { field: column.field, array });
        }
        Ok(all)
    }

    /// The values of a C array.
    ///
    /// # Errors
    /// As [`Values::of_stream`].
    pub fn of_array(schema: &OwnedSchema, array: OwnedArray) -> Result<Values> {
        let (field, chunk) = values_from(schema, array)?;
        chunk.check(field.name(), 0)?;
        Ok(Values { field: Arc::new(field), array: chunk.exported() })
    }

    /// As C structs.
    ///
    /// # Errors
    /// Where a name has a NUL in it.
    pub fn to_c(&self) -> Result<(OwnedSchema, OwnedArray)> {
        array_to(&self.field, &self.array)
    }

    /// The column that they are of.
    ///
    /// # Errors
    /// Where its type has no C format.
    pub fn info(&self) -> Result<ColumnInfo> {
        ColumnInfo::new(&self.field)
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.array.len()
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.array.is_empty()
    }

    /// How many are missing.
    pub fn missing(&self) -> usize {
        self.array.logical_null_count()
    }

    /// One value; `None` past the end.
    pub fn cell(&self, row: usize) -> Option<Cell<'_>> {
        (row < self.array.len()).then(|| cell(&self.array, row))
    }

    /// The bytes of numbers, times and booleans (one byte each); `None` for other types.
    pub fn storage(&self) -> Option<Storage> {
        let form = if self.array.data_type() == &DataType::Boolean { Form::Bool8 } else { Form::Plain };
        storage(&Chunk::new(into_form(&self.array, form), form, false))
    }

    /// Of a dictionary: the numbers and what they stand for.
    pub fn dictionary(&self) -> Option<(Values, Values)> {
        let dictionary = self.array.as_any_dictionary_opt()?;
        let part = |array: ArrayRef| Values { field: Arc::new(Field::new("", array.data_type().clone(), true)), array };
        let keys = make_array(dictionary.keys().to_data());
        Some((part(keys), part(dictionary.values().clone())))
    }

    /// Of a dictionary of numbers, booleans or times: the value of each row. `None` for anything else.
    pub fn unpacked(&self) -> Option<Values> {
        let dictionary = self.array.as_any_dictionary_opt()?;
        let of = dictionary.values().data_type();
        if of.primitive_width().is_none() && of != &DataType::Boolean {
            return None;
        }
        let array = arrow_select::take::take(dictionary.values(), dictionary.keys(), None).ok()?;
        Some(Values { field: Arc::new(self.field.as_ref().clone().with_data_type(of.clone())), array })
    }

    /// Of a struct: its fields, missing where the whole is.
    pub fn fields(&self) -> Option<Vec<Values>> {
        let whole = self.array.as_struct_opt()?;
        let field = |(field, array): (&FieldRef, &ArrayRef)| {
            let field = Arc::new(field.as_ref().clone().with_nullable(true));
            if matches!(array.data_type(), DataType::Null | DataType::Union(..) | DataType::RunEndEncoded(..)) {
                return Values { field, array: array.clone() }; // which have no bits to say so
            }
            let nulls = NullBuffer::union(whole.nulls(), array.nulls());
            // SAFETY: the same values, some more of them missing.
            let array = make_array(unsafe { array.to_data().into_builder().nulls(nulls).build_unchecked() });
            Values { field, array }
        };
        Some(whole.fields().iter().zip(whole.columns()).map(field).collect())
    }
}
