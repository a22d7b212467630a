//! Single values: from Python to cells and back.

use iolink_plugin_dataframe::Cell;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

/// Day number of 1970-01-01 in `datetime.date.toordinal`.
const EPOCH: i64 = 719_163;

/// A value as Python has it; times of NumPy where Python's own would lose digits.
pub fn to_python<'py>(py: Python<'py>, cell: &Cell<'_>) -> PyResult<Bound<'py, PyAny>> {
    let numpy = |kind: &str, count: i64, unit: &str| py.import("numpy")?.getattr(kind)?.call1((count, unit));
    Ok(match cell {
        Cell::Missing => py.None().into_bound(py),
        Cell::Bool(value) => PyBool::new(py, *value).to_owned().into_any(),
        Cell::Int(value) => value.into_pyobject(py)?.into_any(),
        Cell::Float(value) => PyFloat::new(py, *value).into_any(),
        Cell::Text(text) => PyString::new(py, text).into_any(),
        Cell::Bytes(bytes) => PyBytes::new(py, bytes).into_any(),
        Cell::Date(days) if (1 - EPOCH..=3_652_059 - EPOCH).contains(days) => {
            py.import("datetime")?.getattr("date")?.call_method1("fromordinal", (days + EPOCH,))?
        }
        Cell::Date(days) => numpy("datetime64", *days, "D")?,
        Cell::Time(nanos) if nanos % 1000 == 0 && (0..86_400_000_000_000).contains(nanos) => {
            let micros = nanos / 1000;
            let (seconds, micros) = (micros / 1_000_000, micros % 1_000_000);
            let parts = (seconds / 3600, seconds / 60 % 60, seconds % 60, micros);
            py.import("datetime")?.getattr("time")?.call1(parts)?
        }
        Cell::Time(nanos) => numpy("timedelta64", *nanos, "ns")?,
        Cell::Stamp(count, unit, _) => numpy("datetime64", *count, unit)?,
        Cell::Span(count, unit) => numpy("timedelta64", *count, unit)?,
        Cell::Decimal(text) => py.import("decimal")?.getattr("Decimal")?.call1((text,))?,
        Cell::List(cells) => {
            let items: Vec<_> = cells.iter().map(|cell| to_python(py, cell)).collect::<PyResult<_>>()?;
            PyList::new(py, items)?.into_any()
        }
        Cell::Struct(fields) => {
            let dict = PyDict::new(py);
            for (name, cell) in fields {
                dict.set_item(name.as_ref(), to_python(py, cell)?)?;
            }
            dict.into_any()
        }
        Cell::Tuple(cells) => {
            let items: Vec<_> = cells.iter().map(|cell| to_python(py, cell)).collect::<PyResult<_>>()?;
            PyTuple::new(py, items)?.into_any()
        }
        Cell::Other(words) => {
            return Err(PyTypeError::new_err(format!("a value of type {words} has no Python type; use to_arrow()")))
        }
    })
}

fn too_long(value: &Bound<'_, PyAny>, unit: &str) -> PyErr {
    PyValueError::new_err(format!("{value} does not fit 64 bits of {unit}"))
}

/// Microseconds of a `datetime.timedelta`.
fn micros(span: &Bound<'_, PyAny>) -> PyResult<i64> {
    let part = |name: &str| -> PyResult<i64> { span.getattr(name)?.extract() };
    let (days, seconds, rest) = (part("days")?, part("seconds")?, part("microseconds")?);
    let seconds = days.checked_mul(86_400).and_then(|days| days.checked_add(seconds));
    let whole = seconds.and_then(|seconds| seconds.checked_mul(1_000_000)?.checked_add(rest));
    whole.ok_or_else(|| too_long(span, "us"))
}

/// A NumPy time: its count and unit, or nothing for NaT.
fn numpy_time(value: &Bound<'_, PyAny>) -> PyResult<Option<(i64, &'static str)>> {
    let numpy = value.py().import("numpy")?;
    if numpy.call_method1("isnat", (value,))?.extract()? {
        return Ok(None);
    }
    let (unit, step): (String, i64) = numpy.call_method1("datetime_data", (value.getattr("dtype")?,))?.extract()?;
    let dated = value.get_type().name()? == "datetime64";
    let (unit, factor) = match unit.as_str() {
        // A year or month of the calendar begins at a second; a span of them has no length.
        "Y" | "M" if dated => return numpy_time(&value.call_method1("astype", ("datetime64[s]",))?),
        "W" => ("s", 604_800),
        "D" => ("s", 86_400),
        "h" => ("s", 3600),
        "m" => ("s", 60),
        "s" => ("s", 1),
        "ms" => ("ms", 1),
        "us" => ("us", 1),
        "ns" => ("ns", 1),
        other => {
            let kind = value.get_type().name()?;
            return Err(PyTypeError::new_err(format!(
                "{value}: a {kind} in {other} has no Arrow type; give s, ms, us or ns"
            )));
        }
    };
    let count: i64 = value.call_method1("astype", ("int64",))?.call_method0("item")?.extract()?;
    let whole = count.checked_mul(factor).and_then(|count| count.checked_mul(step));
    whole.map(|count| Some((count, unit))).ok_or_else(|| too_long(value, unit))
}

/// A Python value as a cell. What is of no known kind becomes `Cell::Other` with its type's name.
pub fn from_python(value: &Bound<'_, PyAny>) -> PyResult<Cell<'static>> {
    from_nested(value, DEEPEST)
}

/// Lists in lists, and values that are made of others, to this depth.
const DEEPEST: usize = 64;

fn from_nested(value: &Bound<'_, PyAny>, deeper: usize) -> PyResult<Cell<'static>> {
    let inner = |inner: &Bound<'_, PyAny>| match deeper.checked_sub(1) {
        Some(left) => from_nested(inner, left),
        None => Err(PyValueError::new_err(format!("lists lie in lists more than {DEEPEST} deep, or in themselves"))),
    };
    if value.is_none() {
        return Ok(Cell::Missing);
    }
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(Cell::Text(text.to_cow()?.into_owned().into()));
    }
    if value.is_instance_of::<PyBool>() {
        return Ok(Cell::Bool(value.extract()?));
    }
    if value.is_instance_of::<PyInt>() {
        let fits = value.extract::<i128>().map_err(|_| PyValueError::new_err("the integer does not fit into 64 bits"));
        return fits.map(Cell::Int);
    }
    if let Ok(bytes) = value.cast::<PyBytes>() {
        return Ok(Cell::Bytes(bytes.as_bytes().to_vec().into()));
    }
    let name = value.get_type().name()?.to_string();
    match name.as_str() {
        "NAType" | "NaTType" | "MaskedConstant" => return Ok(Cell::Missing),
        "datetime64" => return Ok(numpy_time(value)?.map_or(Cell::Missing, |(at, unit)| Cell::Stamp(at, unit, None))),
        "timedelta64" => return Ok(numpy_time(value)?.map_or(Cell::Missing, |(span, unit)| Cell::Span(span, unit))),
        "Timestamp" if value.hasattr("asm8")? => {
            let zone = (!value.getattr("tzinfo")?.is_none()).then(|| "UTC".into());
            let time = numpy_time(&value.getattr("asm8")?)?;
            return Ok(time.map_or(Cell::Missing, |(at, unit)| Cell::Stamp(at, unit, zone)));
        }
        "Timedelta" if value.hasattr("asm8")? => return inner(&value.getattr("asm8")?),
        "Decimal" => return Ok(Cell::Decimal(value.call_method1("__format__", ("f",))?.extract()?)),
        _ => {}
    }
    if value.is_instance_of::<PyFloat>() {
        return Ok(Cell::Float(value.extract()?));
    }
    if value.hasattr("dtype")? && value.hasattr("item")? {
        let item = value.call_method0("item")?;
        // A long double has no Python number that is as exact, and stays what it is.
        return if item.get_type().is(value.get_type()) { Ok(Cell::Other(name)) } else { inner(&item) };
    }
    if let Ok(list) = value.cast::<PyList>() {
        return Ok(Cell::List(list.iter().map(|item| inner(&item)).collect::<PyResult<_>>()?));
    }
    from_datetime(value, name)
}

fn from_datetime(value: &Bound<'_, PyAny>, name: String) -> PyResult<Cell<'static>> {
    let datetime = value.py().import("datetime")?;
    if value.is_instance(&datetime.getattr("datetime")?)? {
        let epoch = datetime.getattr("datetime")?.call1((1970, 1, 1))?;
        let zone = value.getattr("tzinfo")?;
        if zone.is_none() {
            return Ok(Cell::Stamp(micros(&value.sub(epoch)?)?, "us", None));
        }
        let utc = datetime.getattr("timezone")?.getattr("utc")?;
        let none = PyDict::new(value.py());
        none.set_item("tzinfo", value.py().None())?;
        let naive = value.call_method1("astimezone", (utc,))?.call_method("replace", (), Some(&none))?;
        return Ok(Cell::Stamp(micros(&naive.sub(epoch)?)?, "us", Some("UTC".into())));
    }
    if value.is_instance(&datetime.getattr("date")?)? {
        return Ok(Cell::Date(value.call_method0("toordinal")?.extract::<i64>()? - EPOCH));
    }
    if value.is_instance(&datetime.getattr("timedelta")?)? {
        return Ok(Cell::Span(micros(value)?, "us"));
    }
    // A time of day in a zone has no Arrow type.
    if value.is_instance(&datetime.getattr("time")?)? && value.getattr("tzinfo")?.is_none() {
        let part = |name: &str| -> PyResult<i64> { value.getattr(name)?.extract() };
        let seconds = part("hour")? * 3600 + part("minute")? * 60 + part("second")?;
        return Ok(Cell::Time((seconds * 1_000_000 + part("microsecond")?) * 1000));
    }
    Ok(Cell::Other(name))
}
