//! Parts of a frame: a column, some columns, a run of rows. None of them copies a value.

use super::scan::{words_of_cut, MISSING};
use super::view::DataFrameView;
use crate::errors::OrRaise;
use crate::registry;
use iolink_plugin_dataframe::build::{table, Part};
use iolink_plugin_dataframe::{Frame as Near, Values};
use iolink_sdk::{Adopt, DataFrameView as Frame, Result};
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

/// Field and schema metadata in which pandas' own facts travel.
const PANDAS: &str = "iolink.pandas";

/// Tells a frame, of whose `rows` those from `start` to `stop` are left, which of pandas' numbers its rows have, and which of its
/// rows are missing in which way. Nothing is known of them any more where none of these is left.
pub(super) fn renumber(py: Python<'_>, made: &dyn Frame, rows: u64, start: u64, stop: u64) -> PyResult<()> {
    let Some(near) = Near::of(made) else { return Ok(()) };
    near.change_words(MISSING, |words| words_of_cut(words, rows, &(start..stop)));
    let Some(facts) = near.metadata().remove(PANDAS) else { return Ok(()) };
    let module = py.import("iolink._frame_cut")?;
    near.set_word(PANDAS, module.call_method1("facts_of_cut", (facts, rows, start, stop))?.extract()?);
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
    let made = if let Ok(slice) = key.cast::<PySlice>() {
        let rows = this.sizes(py)?.1;
        let indices = slice.indices(rows as isize)?;
        if indices.step != 1 {
            return Err(PyValueError::new_err(format!(
                "a run of rows has step 1, not {}; take the column's to_numpy() to skip rows",
                indices.step
            )));
        }
        let (start, stop) = (indices.start as u64, indices.stop.max(indices.start) as u64);
        let made = py.detach(|| cut(&this.view, None, Some(start..stop))).or_raise()?;
        renumber(py, &*made, rows, start, stop)?;
        made
    } else if key.is_instance_of::<PyList>() || key.is_instance_of::<PyTuple>() {
        let columns: Vec<u64> = key.try_iter()?.map(|column| this.index_of(py, &column?)).collect::<PyResult<_>>()?;
        py.detach(|| cut(&this.view, Some(&columns), None)).or_raise()?
    } else {
        return Err(PyTypeError::new_err(format!(
            "key: expected a column's name, a slice of rows or a list of names, not {}",
            key.get_type().name()?
        )));
    };
    Ok(Bound::new(py, this.derived(py, made))?.into_any())
}

fn one_column(values: &Values) -> Result<DataFrameView> {
    let (schema, array) = values.to_c()?;
    let part = Part::foreign("values", &schema, array)?;
    Ok(DataFrameView::new(Arc::new(table(vec![part], HashMap::new(), None)?.into_frame())))
}

/// The keys and the values of a dictionary, each as a frame of one column.
pub fn dictionary(py: Python<'_>, values: &Values) -> PyResult<Option<(DataFrameView, DataFrameView)>> {
    let Some((keys, values)) = values.dictionary() else { return Ok(None) };
    py.detach(|| Ok(Some((one_column(&keys)?, one_column(&values)?)))).or_raise()
}
