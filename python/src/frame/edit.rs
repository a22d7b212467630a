//! Changing a frame of any maker by what the border knows: write, and reshape.

use super::cells::from_python;
use super::factory::ColumnType;
use super::parts::arrow_part;
use super::scan::{at_row, type_words};
use crate::errors::OrRaise;
use crate::interop::python_owner;
use iolink_plugin_dataframe::build::{Lent, Part};
use iolink_plugin_dataframe::{Cell, Form, TableType, Values};
use iolink_sdk::{fail, DataFrameView as Frame, Result};
use pyo3::buffer::PyUntypedBuffer;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use std::sync::Arc;

/// Writes values given as an Arrow array, a NumPy array of the column's type, or Python values one by one.
pub fn write(
    py: Python<'_>,
    view: &Arc<dyn Frame>,
    column: u64,
    first: u64,
    values: &Bound<'_, PyAny>,
) -> PyResult<()> {
    let schema = py.detach(|| view.schema()).or_raise()?;
    let index = usize::try_from(column).unwrap_or(usize::MAX);
    let info = TableType::read(&schema).or_raise()?.column(index).or_raise()?;
    let part = if values.hasattr("__arrow_c_array__")? || values.hasattr("__arrow_c_stream__")? {
        arrow_part(&info.name, values)?
    } else if let Some(part) = array_part(&info.name, &info.format, info.dictionary, values)? {
        part
    } else {
        let mut cells = Vec::with_capacity(values.len().unwrap_or(0));
        // NaN is how pandas says that a text or time is missing.
        let numbers = info.dictionary || "bcCsSiIlLefg".contains(&info.format);
        for (row, value) in values.try_iter()?.enumerate() {
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
        Part::cells(&schema, index, &cells).or_raise()?
    };
    py.detach(|| {
        let (schema, values) = part.to_c()?;
        view.write(column, first, schema, values)
    })
    .or_raise()
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

fn table_of(view: &dyn Frame) -> Result<TableType> {
    TableType::read(&view.schema()?)
}

/// Sets a column's unit.
pub fn set_unit(view: &dyn Frame, column: u64, unit: &str) -> Result<()> {
    let mut table = table_of(view)?;
    table.set_unit(usize::try_from(column).unwrap_or(usize::MAX), unit)?;
    view.reshape(table.to_schema()?, view.shape()?.1)
}

/// Adds a column at the end; it goes again where its values do not fit.
pub fn add_column(
    py: Python<'_>,
    view: &Arc<dyn Frame>,
    name: &str,
    column_type: ColumnType,
    values: Option<&Bound<'_, PyAny>>,
) -> PyResult<()> {
    let added = py.detach(|| {
        let (mut table, (columns, rows)) = (table_of(&**view)?, view.shape()?);
        column_type.push(&mut table, name)?;
        view.reshape(table.to_schema()?, rows)?;
        Ok((columns, rows))
    });
    let (column, rows) = added.or_raise()?;
    let Some(values) = values else { return Ok(()) };
    let count = values.len().ok();
    let written = match count {
        Some(count) if count as u64 != rows => Err(pyo3::exceptions::PyValueError::new_err(format!(
            "column {name:?} has {count} values where the frame has {rows} rows"
        ))),
        _ => write(py, view, column, 0, values),
    };
    written.or_else(|failed| {
        py.detach(|| remove_column(&**view, column)).or_raise()?;
        Err(failed)
    })
}

/// Takes a column away.
pub fn remove_column(view: &dyn Frame, column: u64) -> Result<()> {
    let mut table = table_of(view)?;
    table.remove(usize::try_from(column).unwrap_or(usize::MAX))?;
    view.reshape(table.to_schema()?, view.shape()?.1)
}

/// Changes columns and rows; a column kept by name and type keeps what was known of it.
pub fn reshape(view: &dyn Frame, table: &TableType, rows: u64) -> Result<()> {
    view.reshape(table.to_schema()?, rows)
}

/// Puts rows of 0, false and "" in.
pub fn add_rows(view: &dyn Frame, offset: u64, count: u64) -> Result<()> {
    let (columns, rows) = view.shape()?;
    let Some(grown) = rows.checked_add(count).filter(|_| offset <= rows) else {
        fail!(OutOfRange, "rows cannot be put in at {offset}; the frame has {rows}");
    };
    view.reshape(view.schema()?, grown)?;
    if offset == rows || count == 0 {
        return Ok(());
    }
    for column in 0..columns {
        let zeros = Values::read(view, column, rows..grown)?.to_c()?;
        let behind = Values::read(view, column, offset..rows)?.to_c()?;
        view.write(column, offset + count, behind.0, behind.1)?;
        view.write(column, offset, zeros.0, zeros.1)?;
    }
    Ok(())
}

/// Takes rows out.
pub fn remove_rows(view: &dyn Frame, offset: u64, count: u64) -> Result<()> {
    let (columns, rows) = view.shape()?;
    let Some(end) = offset.checked_add(count).filter(|end| *end <= rows) else {
        fail!(OutOfRange, "rows {offset} to {} are not all there; the frame has {rows}", offset.saturating_add(count));
    };
    for column in 0..if end < rows { columns } else { 0 } {
        let behind = Values::read(view, column, end..rows)?.to_c()?;
        view.write(column, offset, behind.0, behind.1)?;
    }
    view.reshape(view.schema()?, rows - count)
}
