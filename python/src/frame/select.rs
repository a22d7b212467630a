//! Parts of a frame: a column, some columns, a run of rows. None of them copies a value.

use super::scan::{words_of_cut, MISSING};
use super::view::DataFrameView;
use crate::registry;
use crate::signals::detached;
use iolink_plugin_dataframe::build::{table, Part};
use iolink_plugin_dataframe::{Frame as Near, Values};
use iolink_sdk::{Adopt, DataFrameView as Frame, OwnedStream, Result};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyList, PySlice, PyString, PyTuple};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// Some columns and rows as a frame of their own.
fn cut(view: &Arc<dyn Frame>, columns: Option<&[u64]>, rows: Option<Range<u64>>) -> Result<Arc<dyn Frame>> {
    if let Some(near) = Near::of(&**view) {
        return Ok(Arc::new(near.select(columns, rows)?));
    }
    let rows = match rows {
        Some(rows) => rows,
        None => 0..view.shape()?.1,
    };
    registry().adopt(Adopt::DataFrame(view.export(columns, rows)?))?.into_data_frame()
}

/// The frame as it is now, which nobody changes any more where it is one of our own.
pub(super) fn as_it_is(view: &Arc<dyn Frame>) -> Result<Arc<dyn Frame>> {
    match Near::of(&**view) {
        Some(_) => cut(view, None, None),
        None => Ok(view.clone()),
    }
}

/// All of it.
pub(super) fn whole(view: &Arc<dyn Frame>) -> Result<OwnedStream> {
    match Near::of(&**view) {
        Some(own) => own.export_all(),
        None => view.export(None, 0..view.shape()?.1),
    }
}

/// Field and schema metadata in which pandas' own facts travel.
pub(super) const PANDAS: &str = "iolink.pandas";

/// What pandas knows of a frame, of whose `rows` a run is left. Nothing is known of their numbers any more where none of them is.
pub(super) fn facts_of_cut(py: Python<'_>, near: &Near, rows: u64, run: &Range<u64>) -> PyResult<Option<String>> {
    let Some(facts) = near.metadata().remove(PANDAS) else { return Ok(None) };
    let module = py.import("iolink._frame_cut")?;
    module.call_method1("facts_of_cut", (facts, rows, run.start, run.end))?.extract()
}

/// Tells a frame, which is a run of so many rows, which of pandas' numbers its rows have, and which of them are missing in which
/// way.
fn renumber(py: Python<'_>, made: &dyn Frame, rows: u64, run: &Range<u64>) -> PyResult<()> {
    let Some(near) = Near::of(made) else { return Ok(()) };
    near.change_words(MISSING, |words| words_of_cut(words, rows, run));
    if let Some(facts) = facts_of_cut(py, &near, rows, run)? {
        near.set_word(PANDAS, facts);
    }
    Ok(())
}

/// `frame[key]`.
pub fn item<'py>(frame: &Bound<'py, DataFrameView>, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let (py, this) = (frame.py(), frame.get());
    if let Ok(name) = key.cast::<PyString>() {
        let column = this.index_of(py, key)?;
        let name = name.to_cow()?.into_owned();
        return Ok(Bound::new(py, this.column_of(column, name))?.into_any());
    }
    loop {
        let seen = this.number();
        let made = part(this, key);
        // Where another thread changed the frame in between, names and places from the end mean others by now.
        if this.number() == seen {
            return Ok(Bound::new(py, this.derived(py, made?))?.into_any());
        }
    }
}

/// Some rows or columns.
fn part(frame: &DataFrameView, key: &Bound<'_, PyAny>) -> PyResult<Arc<dyn Frame>> {
    let py = key.py();
    if let Ok(slice) = key.cast::<PySlice>() {
        let rows = frame.sizes(py)?.1;
        let indices = slice.indices(rows as isize)?;
        if indices.step != 1 {
            return Err(PyValueError::new_err(format!(
                "a run of rows has step 1, not {}; take the column's to_numpy() to skip rows",
                indices.step
            )));
        }
        let (start, stop) = (indices.start as u64, indices.stop.max(indices.start) as u64);
        let made = detached(py, || cut(&frame.view, None, Some(start..stop)))?;
        renumber(py, &*made, rows, &(start..stop))?;
        Ok(made)
    } else if key.is_instance_of::<PyList>() || key.is_instance_of::<PyTuple>() {
        let columns: Vec<u64> = key.try_iter()?.map(|column| frame.index_of(py, &column?)).collect::<PyResult<_>>()?;
        detached(py, || cut(&frame.view, Some(&columns), None))
    } else {
        Err(PyTypeError::new_err(format!(
            "key: expected a column's name, a slice of rows or a list of names, not {}",
            key.get_type().name()?
        )))
    }
}

fn one_column(values: &Values) -> Result<DataFrameView> {
    let (schema, array) = values.to_c()?;
    let part = Part::foreign("values", &schema, array)?;
    Ok(DataFrameView::new(Arc::new(table(vec![part], HashMap::new(), None)?.into_frame())))
}

/// The keys and the values of a dictionary, each as a frame of one column.
pub fn dictionary(py: Python<'_>, values: &Values) -> PyResult<Option<(DataFrameView, DataFrameView)>> {
    let Some((keys, values)) = values.dictionary() else { return Ok(None) };
    detached(py, || Ok(Some((one_column(&keys)?, one_column(&values)?))))
}

/// The fields of a struct, each as a frame of one column.
pub fn fields(py: Python<'_>, values: &Values) -> PyResult<Option<Vec<DataFrameView>>> {
    let Some(fields) = values.fields() else { return Ok(None) };
    detached(py, || fields.iter().map(one_column).collect::<Result<_>>()).map(Some)
}
