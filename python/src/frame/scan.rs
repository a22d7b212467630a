//! Texts and bytes out of Python objects, in one pass over an object array or a sequence.

use iolink_plugin_dataframe::build::{Item, Part, Texts};
use pyo3::buffer::PyUntypedBuffer;
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyFloat, PyString};

use crate::errors::raise;
use iolink_sdk::{Error, ErrorKind};
use std::ops::Range;

/// Field metadata that says by which objects missing values were written: `NaN`, or `None;NaN:3,7@9` (rows 3
/// and 7 of 9) where they differ.
pub const MISSING: &str = "iolink.missing";

/// Names of the objects that stand for a missing value.
const NAMES: [&str; 4] = ["None", "NaN", "NA", "NaT"];

/// Which of [`NAMES`] an object is.
fn missing_kind(value: &Bound<'_, PyAny>) -> PyResult<Option<usize>> {
    if value.is_none() {
        return Ok(Some(0));
    }
    if let Ok(number) = value.cast::<PyFloat>() {
        return Ok(number.value().is_nan().then_some(1));
    }
    let name = value.get_type().name()?;
    Ok(match &*name.to_cow()? {
        "NAType" => Some(2),
        "NaTType" => Some(3),
        _ => None,
    })
}

/// Which objects stood for missing values, and where.
#[derive(Default)]
pub struct Missing {
    rows: [Vec<usize>; 4],
}

impl Missing {
    /// Notes the row where its value is missing.
    pub fn note(&mut self, row: usize, value: &Bound<'_, PyAny>) -> PyResult<bool> {
        let kind = missing_kind(value)?;
        if let Some(kind) = kind {
            self.rows[kind].push(row);
        }
        Ok(kind.is_some())
    }

    /// Is the row one that was noted?
    pub fn has(&self, row: usize) -> bool {
        self.rows.iter().any(|rows| rows.binary_search(&row).is_ok())
    }

    /// The words for the field's metadata: the most frequent kind, then the rows of the others.
    pub fn words(&self, count: usize) -> Option<String> {
        let most = (0..NAMES.len()).rev().max_by_key(|kind| self.rows[*kind].len())?;
        if self.rows[most].is_empty() {
            return None;
        }
        let mut words = NAMES[most].to_owned();
        let alone = words.len();
        for (kind, rows) in self.rows.iter().enumerate() {
            if kind != most && !rows.is_empty() {
                let rows: Vec<String> = rows.iter().map(ToString::to_string).collect();
                words.push_str(&format!(";{}:{}", NAMES[kind], rows.join(",")));
            }
        }
        if words.len() > alone {
            words.push_str(&format!("@{count}"));
        }
        Some(words)
    }
}

/// The same words about a run of the rows; `None` where they say nothing of rows, or of other ones.
pub fn words_of_cut(words: &str, rows: u64, run: &Range<u64>) -> Option<String> {
    let (kinds, count) = words.rsplit_once('@')?;
    if count.parse() != Ok(rows) {
        return None;
    }
    let mut kinds = kinds.split(';');
    let mut made = kinds.next()?.to_owned();
    let alone = made.len();
    for (name, listed) in kinds.filter_map(|kind| kind.split_once(':')) {
        let kept = listed.split(',').filter_map(|row| row.parse().ok()).filter(|row| run.contains(row));
        let kept: Vec<String> = kept.map(|row: u64| (row - run.start).to_string()).collect();
        if !kept.is_empty() {
            made.push_str(&format!(";{name}:{}", kept.join(",")));
        }
    }
    if made.len() > alone {
        made.push_str(&format!("@{}", run.end - run.start));
    }
    Some(made)
}

/// Strings as a column; anything else that is not a missing value is refused with its row and type.
pub fn texts(name: &str, values: &Bound<'_, PyAny>) -> PyResult<Part> {
    column(name, values, "str", |row, value, into: &mut Texts<str>| match value.cast::<PyString>() {
        Ok(text) => utf8(name, row, text).map(|text| into.push(Some(text))).map(|()| true),
        Err(_) => Ok(false),
    })
}

/// Bytes as a column; anything else that is not a missing value is refused with its row and type.
pub fn bytes(name: &str, values: &Bound<'_, PyAny>) -> PyResult<Part> {
    column(name, values, "bytes", |_, value, into: &mut Texts<[u8]>| match value.cast::<PyBytes>() {
        Ok(bytes) => {
            into.push(Some(bytes.as_bytes()));
            Ok(true)
        }
        Err(_) => Ok(false),
    })
}

/// A column of the values that `take` takes: it says whether a value was one.
fn column<T: ?Sized + Item>(
    name: &str,
    values: &Bound<'_, PyAny>,
    expected: &str,
    take: impl Fn(usize, &Bound<'_, PyAny>, &mut Texts<T>) -> PyResult<bool>,
) -> PyResult<Part> {
    let rows = values.len()?;
    let (mut made, mut missing) = (Texts::with_capacity(rows), Missing::default());
    each(values, |row, value| {
        if !take(row, value, &mut made)? {
            if !missing.note(row, value)? {
                return Err(mixed(name, row, value, expected));
            }
            made.push(None);
        }
        Ok(())
    })?;
    if made.rows() != rows {
        let what = format!("column {name:?} has {} values, and had {rows} when they were counted", made.rows());
        return Err(PyTypeError::new_err(what));
    }
    let part = made.part(name);
    Ok(match missing.words(rows) {
        Some(words) => part.with(MISSING, &words),
        None => part,
    })
}

/// Calls `body` with every item.
fn each<'py>(
    values: &Bound<'py, PyAny>,
    mut body: impl FnMut(usize, &Bound<'py, PyAny>) -> PyResult<()>,
) -> PyResult<()> {
    let py = values.py();
    if let Some(export) = PyUntypedBuffer::get(values).ok().filter(is_objects) {
        // The array's own pointers: a call of Python for each would take most of the time.
        let (items, count) = (export.buf_ptr() as *const *mut ffi::PyObject, export.item_count());
        let none = py.None().into_bound(py);
        for row in 0..count {
            // SAFETY: the export keeps `count` pointers to objects, of which NULL stands for None; nothing that `body`
            // calls writes to the array, and no other thread does while this one is attached.
            let item = unsafe { Borrowed::from_ptr_or_opt(py, *items.add(row)) };
            body(row, item.as_deref().unwrap_or(&none))?;
        }
        return Ok(());
    }
    for (row, value) in values.try_iter()?.enumerate() {
        body(row, &value?)?;
    }
    Ok(())
}

fn is_objects(export: &PyUntypedBuffer) -> bool {
    export.format().to_bytes() == b"O" && export.dimensions() == 1 && export.is_c_contiguous()
}

fn utf8<'a>(name: &str, row: usize, text: &'a Bound<'_, PyString>) -> PyResult<&'a str> {
    text.to_str().map_err(|_| {
        raise(Error::new(
            ErrorKind::InvalidArgument,
            format!("column {name:?}, row {row}: the text holds a lone surrogate, which UTF-8 cannot carry"),
        ))
    })
}

/// The name of a value's type, and whether it knows its time zone.
pub fn type_words(value: &Bound<'_, PyAny>) -> String {
    let name = value.get_type().name().map(|name| name.to_string()).unwrap_or_default();
    match value.getattr_opt("tzinfo") {
        Ok(Some(zone)) if !zone.is_none() => format!("{name} with a time zone"),
        _ => name,
    }
}

/// What was raised about a value, with its place.
pub fn at_row(name: &str, row: usize, failed: PyErr, value: &Bound<'_, PyAny>) -> PyErr {
    let py = value.py();
    let words = format!("column {name:?}, row {row}: {}", failed.value(py));
    if failed.is_instance_of::<PyTypeError>(py) {
        PyTypeError::new_err(words)
    } else if failed.is_instance_of::<PyValueError>(py) || failed.is_instance_of::<PyOverflowError>(py) {
        PyValueError::new_err(words)
    } else {
        failed
    }
}

/// The refusal of a column of several types.
pub fn mixed(name: &str, row: usize, value: &Bound<'_, PyAny>, expected: &str) -> PyErr {
    let found = type_words(value);
    raise(Error::new(
        ErrorKind::Type,
        format!("column {name:?}, row {row}: {found} among {expected}; a column of a data frame has one type"),
    ))
}
