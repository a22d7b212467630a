//! Columns out of Python objects: what `pandas_interop.py` and `from_columns` hand over.

use super::arrow::{given, Given};
use super::cells::from_python;
use super::scan::{at_row, bytes, mixed, texts, type_words, Missing, MISSING};
use super::view::DataFrameView;
use crate::errors::OrRaise;
use crate::interop::python_owner;
use crate::registry;
use crate::signals::detached;
use iolink_plugin_dataframe::build::{table, Lent, Part};
use iolink_plugin_dataframe::{Cell, Form};
use iolink_sdk::{Convert, DataFrameCapability, Kind, View};
use numpy::{PyArrayDescrMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::buffer::PyUntypedBuffer;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyIterator, PyList, PyMemoryView, PyString, PyTuple};
use std::collections::HashMap;

/// The contiguous bytes of an array or another object that lends its memory, kept by it and by `guard`.
fn lent(name: &str, given: &Bound<'_, PyAny>, guard: Option<&Bound<'_, PyAny>>) -> PyResult<Lent> {
    let apart = || PyValueError::new_err(format!("column {name:?}: the values do not lie one after the other"));
    let owned = |data, bytes, keeper: &Bound<'_, PyAny>| {
        let kept = PyTuple::new(given.py(), [Some(keeper), guard])?;
        Ok(Lent { data, bytes, owner: python_owner(kept.as_any()) })
    };
    if let Ok(array) = given.cast::<PyUntypedArray>() {
        if !array.is_c_contiguous() {
            return Err(apart());
        }
        // SAFETY: the array is alive; its data stay where they are as long as it has owners.
        let data = unsafe { (*array.as_array_ptr()).fields.data } as *const u8;
        return owned(data, array.len() * array.dtype().itemsize(), given);
    }
    // The memoryview holds the export, so that its object neither moves nor frees the bytes.
    let export = PyMemoryView::from(given)?;
    let buffer = PyUntypedBuffer::get(export.as_any())?;
    if !buffer.is_c_contiguous() {
        return Err(apart());
    }
    owned(buffer.buf_ptr() as *const u8, buffer.len_bytes(), export.as_any())
}

pub fn form_from(word: &str) -> PyResult<Form> {
    match word {
        "plain" => Ok(Form::Plain),
        "bool8" => Ok(Form::Bool8),
        "nat" => Ok(Form::Nat),
        other => Err(PyValueError::new_err(format!("{other:?} is no form of values"))),
    }
}

fn mask_from(given: &Bound<'_, PyAny>) -> PyResult<Option<Vec<u8>>> {
    if given.is_none() {
        return Ok(None);
    }
    Ok(Some(given.call_method1("astype", ("u1",))?.call_method0("tobytes")?.extract()?))
}

/// The name of a column that is to be made.
pub fn name_from(name: &Bound<'_, PyString>) -> PyResult<String> {
    name.extract().map_err(|_| {
        let name = name.repr().map_or_else(|_| String::new(), |words| words.to_string());
        PyValueError::new_err(format!(
            "the column name {name} holds a lone surrogate, which UTF-8 cannot carry; give a name without it"
        ))
    })
}

/// One column from its tuple `(kind, name, metadata, ...)`.
pub fn part_from(spec: &Bound<'_, PyAny>) -> PyResult<Part> {
    let spec = spec.cast::<PyTuple>().map_err(|_| PyTypeError::new_err("a column is described by a tuple"))?;
    let item = |index: usize| spec.get_item(index);
    let (kind, name): (String, String) = (item(0)?.extract()?, name_from(item(1)?.cast::<PyString>()?)?);
    let mut part = match kind.as_str() {
        // format, form, rows, data, mask, guard
        "fixed" => {
            let guard = item(8)?;
            let data = lent(&name, &item(6)?, (!guard.is_none()).then_some(&guard))?;
            let mask = mask_from(&item(7)?)?;
            let (format, form, rows): (String, String, usize) =
                (item(3)?.extract()?, item(4)?.extract()?, item(5)?.extract()?);
            Part::fixed(&name, &format, form_from(&form)?, rows, data, mask.as_deref()).or_raise()?
        }
        // values
        "text" => texts(&name, &item(3)?)?,
        "bytes" => bytes(&name, &item(3)?)?,
        // format, rows, keys, ordered, values, guard
        "dictionary" => {
            let guard = item(8)?;
            let keys = lent(&name, &item(5)?, (!guard.is_none()).then_some(&guard))?;
            let values = part_from(&item(7)?)?;
            let (format, rows): (String, usize) = (item(3)?.extract()?, item(4)?.extract()?);
            Part::dictionary(&name, &format, rows, keys, &values, item(6)?.extract()?).or_raise()?
        }
        // parts, mask
        "struct" => {
            let parts = parts_from(&item(3)?)?;
            Part::structure(&name, &parts, mask_from(&item(4)?)?.as_deref()).or_raise()?
        }
        // object
        "arrow" => arrow_part(&name, &item(3)?)?,
        // format or None, values; integers and floats may be mixed
        "cells" => cells_part(&name, item(3)?.extract::<Option<String>>()?, &item(4)?, false)?,
        // values, all of one type
        "objects" => cells_part(&name, None, &item(3)?, true)?,
        "missing" => Part::missing(&name, item(3)?.extract()?),
        other => return Err(PyValueError::new_err(format!("{other:?} is no kind of column"))),
    };
    for (key, value) in item(2)?.cast::<PyDict>()?.iter() {
        part = part.with(&key.extract::<String>()?, &value.extract::<String>()?);
    }
    Ok(part)
}

/// A column of an object that answers the Arrow protocol.
pub fn arrow_part(name: &str, object: &Bound<'_, PyAny>) -> PyResult<Part> {
    match given(object)? {
        Some(given) => given_part(name, object.py(), given),
        None => Err(PyTypeError::new_err(format!(
            "column {name:?}: {} answers neither __arrow_c_stream__ nor __arrow_c_array__",
            object.get_type().name()?
        ))),
    }
}

/// A column of what such an object answered.
pub fn given_part(name: &str, py: Python<'_>, given: Given) -> PyResult<Part> {
    match given {
        Given::Stream(stream) => detached(py, || Part::of_stream(name, stream)),
        Given::Array(schema, array) => Part::foreign(name, &schema, array).or_raise(),
    }
}

/// The finest of some units of time.
fn finest<'a>(units: impl Iterator<Item = &'a str>) -> &'static str {
    const FINE: [(&str, &str); 4] = [("s", "s"), ("ms", "m"), ("us", "u"), ("ns", "n")];
    let place = |unit| FINE.iter().position(|(known, _)| *known == unit).unwrap_or(FINE.len() - 1);
    FINE[units.map(place).max().unwrap_or(FINE.len() - 1)].1
}

/// The Arrow format for values like the first one that is there, in which each of them can be told.
fn format_for(cells: &[Cell<'_>]) -> Option<String> {
    let first = cells.iter().find(|cell| **cell != Cell::Missing)?;
    let floats = cells.iter().any(|cell| matches!(cell, Cell::Float(_)));
    let large = cells.iter().any(|cell| matches!(cell, Cell::Int(value) if *value > i128::from(i64::MAX)));
    let unit = || {
        finest(cells.iter().filter_map(|cell| match cell {
            Cell::Stamp(_, unit, _) | Cell::Span(_, unit) => Some(*unit),
            _ => None,
        }))
    };
    Some(match first {
        Cell::Bool(_) => "b".to_owned(),
        Cell::Int(_) if floats => "g".to_owned(),
        Cell::Int(_) if large => "L".to_owned(),
        Cell::Int(_) => "l".to_owned(),
        Cell::Float(_) => "g".to_owned(),
        Cell::Text(_) => "U".to_owned(),
        Cell::Bytes(_) => "Z".to_owned(),
        Cell::Date(_) => "tdD".to_owned(),
        Cell::Time(_) => "ttn".to_owned(),
        Cell::Stamp(_, _, None) => format!("ts{}:", unit()),
        Cell::Stamp(_, _, Some(zone)) => format!("ts{}:{zone}", unit()),
        Cell::Span(..) => format!("tD{}", unit()),
        Cell::Decimal(_) => decimal_format(cells),
        Cell::Missing | Cell::List(_) | Cell::Tuple(_) | Cell::Struct(_) | Cell::Other(_) => return None,
    })
}

/// A decimal type in which every value fits.
fn decimal_format(cells: &[Cell<'_>]) -> String {
    let scale = cells.iter().filter_map(|cell| match cell {
        Cell::Decimal(text) => Some(text.split_once('.').map_or(0, |(_, part)| part.len())),
        _ => None,
    });
    format!("d:38,{}", scale.max().unwrap_or(0).min(38))
}

/// Can two values stand in one column?
fn alike(first: &Cell<'_>, other: &Cell<'_>) -> bool {
    match (first, other) {
        (Cell::Int(_) | Cell::Float(_), Cell::Int(_) | Cell::Float(_)) => true,
        (Cell::Stamp(_, _, zone), Cell::Stamp(_, _, other)) => zone.is_some() == other.is_some(),
        _ => std::mem::discriminant(first) == std::mem::discriminant(other),
    }
}

/// The values of a column, one after the other; what has no order, or is one value itself, is refused.
pub fn in_order<'py>(name: &str, values: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyIterator>> {
    if values.is_instance_of::<PyList>() || values.is_instance_of::<PyTuple>() {
        return values.try_iter();
    }
    values.py().import("iolink._columns")?.call_method1("in_order", (name, values))?.try_iter()
}

/// A column of Python objects, one after the other; where it is `strict`, all of one class.
fn cells_part(name: &str, format: Option<String>, values: &Bound<'_, PyAny>, strict: bool) -> PyResult<Part> {
    let (mut cells, mut missing) = (Vec::with_capacity(values.len().unwrap_or(0)), Missing::default());
    let mut first = None;
    for (row, value) in values.try_iter()?.enumerate() {
        let value = value?;
        let floats = matches!(format.as_deref(), Some("e" | "f" | "g")) || matches!(first, Some((Cell::Float(_), _)));
        let nan_is_value = floats && value.is_instance_of::<pyo3::types::PyFloat>();
        if !nan_is_value && missing.note(row, &value)? {
            cells.push(Cell::Missing);
            continue;
        }
        let cell = from_python(&value).map_err(|failed| at_row(name, row, failed, &value))?;
        if matches!(cell, Cell::Other(_)) {
            return Err(PyTypeError::new_err(format!(
                "column {name:?}, row {row}: a value of type {} cannot be carried",
                type_words(&value)
            )));
        }
        let (first, class) = first.get_or_insert_with(|| (cell.clone(), value.get_type()));
        if !(alike(first, &cell) && (!strict || value.get_type().is(&*class))) {
            let words = first_words(values, &missing)?;
            return Err(mixed(name, row, &value, &words));
        }
        cells.push(cell);
    }
    let part = match format.or_else(|| format_for(&cells)) {
        Some(format) => Part::typed(name, &format, &cells).or_raise()?,
        None if first.is_none() => Part::missing(name, cells.len()),
        None => return Err(PyTypeError::new_err(format!("column {name:?}: lists and mappings come in through Arrow"))),
    };
    Ok(match missing.words(cells.len()) {
        Some(words) => part.with(MISSING, &words),
        None => part,
    })
}

/// Name of the type of the first value that is there.
fn first_words(values: &Bound<'_, PyAny>, missing: &Missing) -> PyResult<String> {
    for (row, value) in values.try_iter()?.enumerate() {
        if !missing.has(row) {
            return Ok(type_words(&value?));
        }
    }
    Ok("nothing".to_owned())
}

/// What a frame in memory has: what is asked of whoever converts the columns of others into one.
const WHOLE: DataFrameCapability = DataFrameCapability::READ
    .and(DataFrameCapability::WRITE)
    .and(DataFrameCapability::RESHAPE)
    .and(DataFrameCapability::ARROW);
fn target() -> Convert {
    Convert::new(Kind::DataFrame, WHOLE.value())
}

/// A frame of such columns, by whichever provider the router finds best.
pub fn whole(
    py: Python<'_>,
    parts: Vec<Part>,
    metadata: HashMap<String, String>,
    rows: Option<usize>,
) -> PyResult<DataFrameView> {
    let given = table(parts, metadata, rows).or_raise().map(View::data_frame)?;
    let made = py.detach(|| registry().convert(given, target())?.into_data_frame());
    Ok(DataFrameView::new(made.or_raise()?))
}

/// Columns described by tuples.
fn parts_from(columns: &Bound<'_, PyAny>) -> PyResult<Vec<Part>> {
    let mut parts = Vec::with_capacity(columns.len()?);
    for spec in columns.try_iter()? {
        parts.push(part_from(&spec?)?);
    }
    Ok(parts)
}

/// A frame out of columns described by tuples; for `pandas_interop.py` and `from_columns`.
#[pyfunction]
#[pyo3(name = "_frame_from_columns", signature = (columns, metadata = None, rows = None))]
pub fn frame_from_columns(
    py: Python<'_>,
    columns: &Bound<'_, PyAny>,
    metadata: Option<HashMap<String, String>>,
    rows: Option<usize>,
) -> PyResult<DataFrameView> {
    whole(py, parts_from(columns)?, metadata.unwrap_or_default(), rows)
}

/// What the router says of the same; for `pandas_interop.py`.
#[pyfunction]
#[pyo3(name = "_explain_columns", signature = (columns, metadata = None, rows = None))]
pub fn explain_columns(
    py: Python<'_>,
    columns: &Bound<'_, PyAny>,
    metadata: Option<HashMap<String, String>>,
    rows: Option<usize>,
) -> PyResult<String> {
    let given = table(parts_from(columns)?, metadata.unwrap_or_default(), rows).or_raise().map(View::data_frame)?;
    Ok(py.detach(|| registry().explain_view(&given, &target())).to_string())
}
