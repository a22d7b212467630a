//! A column's values as NumPy arrays.

use super::bytes::split;
use super::cells::to_python;
use crate::errors::OrRaise;
use iolink_plugin_dataframe::{Form, Storage, Values};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList};

/// NumPy's name for the values of an Arrow format: of the bytes as they lie, and of what they mean.
pub fn dtype_of(format: &str) -> Option<(String, String)> {
    let plain = |code: &str| Some((code.to_owned(), code.to_owned()));
    let unit = |letter: &str| match letter {
        "s" => Some("s"),
        "m" => Some("ms"),
        "u" => Some("us"),
        "n" => Some("ns"),
        _ => None,
    };
    match format {
        "b" => plain("?"),
        "c" => plain("i1"),
        "C" => plain("u1"),
        "s" => plain("i2"),
        "S" => plain("u2"),
        "i" => plain("i4"),
        "I" => plain("u4"),
        "l" => plain("i8"),
        "L" => plain("u8"),
        "e" => plain("f2"),
        "f" => plain("f4"),
        "g" => plain("f8"),
        "tdD" => Some(("i4".to_owned(), "M8[D]".to_owned())),
        "tdm" => plain("M8[ms]"),
        other => match other.split_at_checked(3)? {
            (kind @ ("tss" | "tsm" | "tsu" | "tsn"), _) => plain(&format!("M8[{}]", unit(&kind[2..])?)),
            (kind @ ("tDs" | "tDm" | "tDu" | "tDn"), "") => plain(&format!("m8[{}]", unit(&kind[2..])?)),
            _ => None,
        },
    }
}

/// An array over an object with the buffer protocol.
pub fn array_over<'py>(buffer: &Bound<'py, PyAny>, rows: usize, dtype: &str) -> PyResult<Bound<'py, PyAny>> {
    let options = PyDict::new(buffer.py());
    options.set_item("buffer", buffer)?;
    buffer.py().import("numpy")?.getattr("ndarray")?.call(((rows,), dtype), Some(&options))
}

/// One byte for each row, 1 where the value is missing.
pub fn mask_of<'py>(py: Python<'py>, validity: &[u8], rows: usize) -> PyResult<Bound<'py, PyAny>> {
    let mask = PyBytes::new_with(py, rows, |mask| {
        for (row, byte) in mask.iter_mut().enumerate() {
            *byte = u8::from(validity[row / 8] >> (row % 8) & 1 == 0);
        }
        Ok(())
    })?;
    array_over(mask.as_any(), rows, "?")
}

/// The stored values, and which of them are missing where some are.
type ArrayAndMask<'py> = (Bound<'py, PyAny>, Option<Bound<'py, PyAny>>);

/// The values as they are shared: a read-only array, and where values are missing, a mask.
pub fn shared<'py>(py: Python<'py>, storage: Storage, format: &str) -> PyResult<Option<ArrayAndMask<'py>>> {
    let Some((lies, means)) = dtype_of(format) else { return Ok(None) };
    let rows = storage.rows;
    let mask = storage.validity.as_deref().map(|validity| mask_of(py, validity, rows)).transpose()?;
    let (bytes, _) = split(py, storage, false)?;
    let array = array_over(bytes.bind(py).as_any(), rows, &lies)?;
    let array = if lies == means { array } else { array.call_method1("astype", (means,))? };
    Ok(Some((array, mask)))
}

/// Values as an array of their own (`copy`) or one that shares the column; a list where NumPy has no such type. Missing
/// numbers make it a masked array, missing times are NaT.
pub fn to_numpy<'py>(py: Python<'py>, values: &Values, copy: bool) -> PyResult<Bound<'py, PyAny>> {
    let unpacked = py.detach(|| values.unpacked());
    let values = unpacked.as_ref().unwrap_or(values);
    let format = values.info().or_raise()?.format;
    let stored = if values.dictionary().is_some() { None } else { py.detach(|| values.storage()) };
    if let Some(stored) = stored {
        let form = stored.form;
        if let Some((array, mask)) = shared(py, stored, &format)? {
            let array = if copy || (form == Form::Bool8) { array.call_method0("copy")? } else { array };
            let Some(mask) = mask else { return Ok(array) };
            let kind: String = array.getattr("dtype")?.getattr("kind")?.extract()?;
            if kind == "M" || kind == "m" {
                let name = if kind == "M" { "datetime64" } else { "timedelta64" };
                let array = array.call_method0("copy")?;
                array.set_item(mask, py.import("numpy")?.getattr(name)?.call1(("NaT",))?)?;
                return Ok(array);
            }
            return py.import("numpy")?.getattr("ma")?.call_method1("masked_array", (array, mask));
        }
    }
    Ok(to_list(py, values)?.into_any())
}

/// Values as Python objects; `None` where they are missing.
pub fn to_list<'py>(py: Python<'py>, values: &Values) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for row in 0..values.len() {
        match values.cell(row) {
            Some(cell) => list.append(to_python(py, &cell)?)?,
            None => break,
        }
    }
    Ok(list)
}
