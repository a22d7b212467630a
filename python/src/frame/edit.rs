//! Changing a frame: what Python gives is made a column first, by code that may do anything, and then put in at once.

use super::cells::from_python;
use super::factory::ColumnType;
use super::parts::{arrow_part, in_order};
use super::scan::{at_row, type_words, words_of_cut, MISSING};
use super::select::{facts_of_cut, PANDAS};
use super::view::{Asked, DataFrameView};
use crate::errors::OrRaise;
use crate::interop::python_owner;
use crate::signals::detached;
use iolink_plugin_dataframe::build::{Lent, Part};
use iolink_plugin_dataframe::{far, Cell, Form, Frame as Near, NewColumn, TableType, Wanted};
use iolink_sdk::{DataFrameView as Frame, Result};
use pyo3::buffer::PyUntypedBuffer;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use std::ops::Range;

/// Changes a frame of our own at once, and one of another maker step by step, while no other thread changes it through the same
/// object.
fn change(
    py: Python<'_>,
    frame: &DataFrameView,
    near: impl FnOnce(&Near) -> Result<()> + Send,
    far: impl FnOnce(&dyn Frame) -> Result<()> + Send,
) -> PyResult<()> {
    let step_by_step = || match Near::of(&**frame.view) {
        Some(own) => near(&own),
        None => frame.alone(|| far(&**frame.view)),
    };
    detached(py, step_by_step)
}

/// The same of one column, which may be gone by now.
fn change_column(
    frame: &DataFrameView,
    column: &Bound<'_, PyAny>,
    asked: &Asked,
    near: impl FnOnce(&Near, Wanted<'_>) -> Result<()> + Send,
    far: impl FnOnce(&dyn Frame, Wanted<'_>) -> Result<()> + Send,
) -> PyResult<()> {
    let py = column.py();
    let changed = change(py, frame, |own| near(own, asked.wanted()), |view| far(view, asked.wanted()));
    changed.map_err(|failed| frame.index_of(py, column).err().unwrap_or(failed))
}

/// Writes values given as an Arrow array, a NumPy array of the column's type, or Python values one by one.
pub fn write(frame: &DataFrameView, column: &Bound<'_, PyAny>, first: u64, values: &Bound<'_, PyAny>) -> PyResult<()> {
    let (py, asked) = (column.py(), frame.asked(column.py(), column)?);
    let schema = detached(py, || frame.view.schema())?;
    let table = TableType::read(&schema).or_raise()?;
    let part = part_from(&table, table.find(asked.wanted()).or_raise()?, values)?;
    change_column(
        frame,
        column,
        &asked,
        |own, wanted| {
            let (schema, values) = part.to_c()?;
            own.write_wanted(wanted, first, schema, values)
        },
        |view, wanted| far::write(view, wanted, first, &part),
    )
}

/// Values for a column of a table.
fn part_from(table: &TableType, index: usize, values: &Bound<'_, PyAny>) -> PyResult<Part> {
    let py = values.py();
    let info = table.column(index).or_raise()?;
    if values.hasattr("__arrow_c_array__")? || values.hasattr("__arrow_c_stream__")? {
        let part = arrow_part(&info.name, values)?;
        return detached(py, || part.in_type_of(table, index));
    }
    if let Some(part) = array_part(&info.name, &info.format, info.dictionary, values)? {
        return Ok(part);
    }
    let mut cells = Vec::with_capacity(values.len().unwrap_or(0));
    // NaN is how pandas says that a text or time is missing.
    let numbers = info.dictionary || "bcCsSiIlLefg".contains(&info.format);
    for (row, value) in in_order(&info.name, values)?.enumerate() {
        let value = value?;
        let cell = from_python(&value).map_err(|failed| at_row(&info.name, row, failed, &value))?;
        if info.zoned() && matches!(cell, Cell::Stamp(_, _, None)) && value.hasattr("tzinfo")? {
            return Err(PyTypeError::new_err(format!(
                "column {:?}, row {row}: a {} without a time zone is no point in time of type {}; give it one",
                info.name,
                type_words(&value),
                info.arrow_type
            )));
        }
        let nan = matches!(cell, Cell::Float(value) if value.is_nan());
        cells.push(if nan && !numbers { Cell::Missing } else { cell });
    }
    Part::cells(table, index, &cells).or_raise()
}

/// A one-dimensional NumPy array whose type is the column's: its bytes are taken as they are.
fn array_part(name: &str, format: &str, dictionary: bool, values: &Bound<'_, PyAny>) -> PyResult<Option<Part>> {
    let Some((lies, means)) = super::numbers::dtype_of(format).filter(|_| !dictionary) else { return Ok(None) };
    if lies != means || !values.hasattr("__array_interface__")? || values.hasattr("mask")? {
        return Ok(None);
    }
    let dtype = values.getattr("dtype")?;
    let wanted = values.py().import("numpy")?.getattr("dtype")?.call1((&means,))?;
    if !dtype.eq(&wanted)? || values.getattr("ndim")?.extract::<usize>()? != 1 {
        return Ok(None);
    }
    let kind: char = wanted.getattr("kind")?.extract()?;
    let form = match kind {
        'b' => Form::Bool8,
        'M' | 'm' if format != "tdm" => Form::Nat,
        'M' => return Ok(None),
        _ => Form::Plain,
    };
    let flat = values.py().import("numpy")?.call_method1("ascontiguousarray", (values,))?;
    let bytes = flat.call_method1("view", ("u1",))?;
    let buffer = PyUntypedBuffer::get(&bytes)?;
    let rows: usize = values.len()?;
    let lent = Lent { data: buffer.buf_ptr() as *const u8, bytes: buffer.len_bytes(), owner: python_owner(&bytes) };
    Part::fixed(name, format, form, rows, lent, None).or_raise().map(Some)
}

/// Sets a column's unit.
pub fn set_unit(frame: &DataFrameView, column: &Bound<'_, PyAny>, unit: &str) -> PyResult<()> {
    change_column(
        frame,
        column,
        &frame.asked(column.py(), column)?,
        |own, wanted| own.edit(None, |edit| edit.set_unit(wanted, unit)).map(drop),
        |view, wanted| far::set_unit(view, wanted, unit),
    )
}

/// Adds a column at the end.
pub fn add_column(
    py: Python<'_>,
    frame: &DataFrameView,
    name: &str,
    column_type: ColumnType,
    values: Option<&Bound<'_, PyAny>>,
) -> PyResult<()> {
    let mut table = TableType::default();
    column_type.push(&mut table, name).or_raise()?;
    let part = values.map(|values| part_from(&table, 0, values)).transpose()?;
    change(
        py,
        frame,
        |own| {
            let new = NewColumn::new(&table, part.as_ref())?;
            own.edit(None, |edit| edit.add_column(&new)).map(drop)
        },
        |view| far::add_column(view, &table, part.as_ref()),
    )
}

/// Takes a column away.
pub fn remove_column(frame: &DataFrameView, column: &Bound<'_, PyAny>) -> PyResult<()> {
    change_column(
        frame,
        column,
        &frame.asked(column.py(), column)?,
        |own, wanted| own.edit(None, |edit| edit.remove_column(wanted)).map(drop),
        far::remove_column,
    )
}

/// Changes columns and rows; a column kept by name and type keeps what was known of it.
pub fn reshape(py: Python<'_>, frame: &DataFrameView, table: &TableType, rows: u64) -> PyResult<()> {
    let reshape = |view: &dyn Frame| view.reshape(table.to_schema()?, rows);
    change(py, frame, |own| reshape(own), |view| reshape(view))
}

/// Puts rows of 0, false and "" in.
pub fn add_rows(py: Python<'_>, frame: &DataFrameView, offset: u64, count: u64) -> PyResult<()> {
    match Near::of(&**frame.view) {
        // New rows have no number of pandas.
        Some(own) => replace_rows(py, &own, offset..offset, count, |rows| if count == 0 { 0..rows } else { 0..0 }),
        None => change(py, frame, |_| Ok(()), |view| far::add_rows(view, offset, count)),
    }
}

/// Takes rows out.
pub fn remove_rows(py: Python<'_>, frame: &DataFrameView, offset: u64, count: u64) -> PyResult<()> {
    let end = offset.saturating_add(count);
    // A range of numbers has no gap.
    let kept = |rows| match (offset, end) {
        _ if count == 0 => 0..rows,
        (0, end) => end..rows,
        (offset, end) if end == rows => 0..offset,
        _ => 0..0,
    };
    match Near::of(&**frame.view) {
        Some(own) => replace_rows(py, &own, offset..end, 0, kept),
        None => change(py, frame, |_| Ok(()), |view| far::remove_rows(view, offset, count)),
    }
}

/// Puts other rows in the place of some; `kept` says of all rows, which of pandas' numbers and kinds of missing values stay known.
fn replace_rows(
    py: Python<'_>,
    own: &Near,
    gone: Range<u64>,
    count: u64,
    kept: impl Fn(u64) -> Range<u64>,
) -> PyResult<()> {
    loop {
        let (number, rows) = own.number_and_rows();
        let run = kept(rows);
        let facts = facts_of_cut(py, own, rows, &run)?;
        let (words, gone, run) = (facts.as_deref(), gone.clone(), &run);
        let replaced = py.detach(|| {
            own.edit(Some(number), |edit| {
                edit.replace_rows(gone, count)?;
                edit.change_words(MISSING, |words| words_of_cut(words, rows, run));
                if let Some(facts) = words {
                    edit.metadata().insert(PANDAS.to_owned(), facts.to_owned());
                }
                Ok(())
            })
        });
        // Another thread changed the frame in between, for which all of this is asked again.
        if replaced.or_raise()? {
            return Ok(());
        }
    }
}
