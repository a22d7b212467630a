//! Changing which columns and rows a frame has, at once for everybody who shares it.

use crate::build::Part;
use crate::column::Column;
use crate::frame::{Frame, State};
use crate::import::values_from;
use crate::types::{name_is_taken, with_unit, TableType};
use crate::write::splice;
use arrow_schema::FieldRef;
use iolink_sdk::{fail, Result};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// A column by its number, and by its name where it was asked for by that: another thread may have moved it since.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Where it was.
    pub index: u64,
    /// What it is called.
    pub name: Option<&'a str>,
}

impl Wanted<'_> {
    pub(crate) fn find(&self, state: &State) -> Result<usize> {
        let Some(name) = self.name else { return state.column(self.index) };
        let is_named = |column: &Column| column.field.name() == name;
        match state.column(self.index) {
            Ok(index) if is_named(&state.columns[index]) => Ok(index),
            _ => match state.columns.iter().position(is_named) {
                Some(index) => Ok(index),
                None => fail!(OutOfRange, "there is no column {name:?}"),
            },
        }
    }
}

/// A column that is to be added to a frame.
pub struct NewColumn {
    field: FieldRef,
    values: Option<Column>,
}

impl NewColumn {
    /// The only column of a table, with values of its type, or else with 0, false and "".
    ///
    /// # Errors
    /// `Type` for values of another type, `Limit` where there is no memory for them.
    pub fn new(table: &TableType, values: Option<&Part>) -> Result<NewColumn> {
        let Some(field) = table.only_field() else {
            fail!(InvalidArgument, "a column to be added is one, not {}", table.len());
        };
        let column = values.map(|part| -> Result<Column> {
            let (schema, array) = part.to_c()?;
            let (given, chunk) = values_from(&schema, array)?;
            let mut column = Column::zeroed(field.clone(), part.rows())?;
            splice(&mut column, 0..part.rows(), &given, &chunk)?;
            Ok(column)
        });
        Ok(NewColumn { field: field.clone(), values: column.transpose()? })
    }
}

/// A frame while it is changed: nobody sees the change before it is whole, or where it fails.
pub struct Edit(State);

impl Frame {
    /// Changes the frame, where it still has the number that was `seen`; else nothing is changed and the answer is false. What
    /// is done neither calls out nor waits, and owns nothing that calls out when it is dropped.
    ///
    /// # Errors
    /// Those of the change, after which the frame is what it was.
    pub fn edit(&self, seen: Option<u64>, change: impl FnOnce(&mut Edit) -> Result<()>) -> Result<bool> {
        // What is replaced may be the last reference to much, with owners that call back: it is dropped unlocked.
        let _replaced;
        {
            let mut state = self.state_mut();
            if seen.is_some_and(|seen| seen != state.number) {
                return Ok(false);
            }
            let mut edit = Edit(state.again());
            change(&mut edit)?;
            _replaced = std::mem::replace(&mut *state, edit.0);
        }
        Ok(true)
    }
}

impl Edit {
    /// How many rows there are.
    pub fn rows(&self) -> u64 {
        self.0.rows as u64
    }

    /// The table's own metadata.
    pub fn metadata(&mut self) -> &mut HashMap<String, String> {
        &mut self.0.metadata
    }

    /// Changes one word about each column that has it, where `change` answers with another one.
    pub fn change_words(&mut self, key: &str, change: impl Fn(&str) -> Option<String>) {
        self.0.change_words(key, change);
    }

    /// Sets a column's unit; "" takes it away.
    ///
    /// # Errors
    /// `OutOfRange` where there is no such column.
    pub fn set_unit(&mut self, wanted: Wanted<'_>, unit: &str) -> Result<()> {
        let index = wanted.find(&self.0)?;
        let column = &mut self.0.columns[index];
        column.field = Arc::new(with_unit(&column.field, unit));
        Ok(())
    }

    /// Adds a column at the end.
    ///
    /// # Errors
    /// `InvalidArgument` for a name that is there already, and for another number of values than there are rows.
    pub fn add_column(&mut self, new: &NewColumn) -> Result<()> {
        let (name, rows) = (new.field.name(), self.0.rows);
        if self.0.columns.iter().any(|column| column.field.name() == name) {
            return Err(name_is_taken(name));
        }
        self.0.columns.push(match &new.values {
            None => Column::zeroed(new.field.clone(), rows)?,
            Some(column) if column.rows() == rows => column.clone(),
            Some(column) => fail!(
                InvalidArgument,
                "column {name:?} has {} values where the frame has {rows} rows; give one value for each row",
                column.rows()
            ),
        });
        Ok(())
    }

    /// Takes a column away.
    ///
    /// # Errors
    /// `OutOfRange` where there is no such column.
    pub fn remove_column(&mut self, wanted: Wanted<'_>) -> Result<()> {
        let index = wanted.find(&self.0)?;
        self.0.columns.remove(index);
        Ok(())
    }

    /// Puts `count` rows of 0, false and "" in the place of some rows. No value is copied.
    ///
    /// # Errors
    /// `OutOfRange` for rows that are not there, `Limit` for more than can be addressed.
    pub fn replace_rows(&mut self, rows: Range<u64>, count: u64) -> Result<()> {
        if rows.is_empty() && rows.start > self.rows() {
            fail!(OutOfRange, "rows cannot be put in at {}; the frame has {}", rows.start, self.rows());
        }
        let gone = self.0.range(&rows)?;
        let left = self.0.rows - gone.len();
        let total = crate::frame::row_count((left as u64).saturating_add(count))?;
        for column in &mut self.0.columns {
            *column = column.with_rows_replaced(&gone, total - left)?;
        }
        self.0.rows = total;
        Ok(())
    }
}
