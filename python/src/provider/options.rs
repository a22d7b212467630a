//! Options of providers written in Python: checked before `open` is called, and given to it in their types.

use iolink_host::OptionRecord;
use iolink_sdk::provider::OptionKind;
use iolink_sdk::Source;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyString, PyType};

/// Rejects options that are not among those declared, and values of another type; a provider that declares nothing gets what
/// is given.
///
/// # Errors
/// `InvalidArgument`, with the options that there are.
pub fn check(id: &str, declared: Option<&[OptionRecord]>, source: &Source) -> iolink_sdk::Result<()> {
    let Some(declared) = declared else { return Ok(()) };
    let known: Vec<_> = declared.iter().map(|one| (one.name.as_str(), one.value, one.about.as_str())).collect();
    iolink_sdk::provider::check_options(id, &known, source)
}

/// The options that were given, then those that hold where they are not; declared ones in their types, others as texts.
pub fn given<'py>(py: Python<'py>, declared: &[OptionRecord], source: &Source) -> PyResult<Bound<'py, PyDict>> {
    let options = PyDict::new(py);
    for one in declared.iter().filter(|one| !one.standard.is_empty()) {
        options.set_item(&one.name, typed(py, one.value, &one.standard)?)?;
    }
    for (key, text) in source.options() {
        let kind = declared.iter().find(|one| one.name == *key).map_or(OptionKind::Text, |one| one.value);
        options.set_item(key, typed(py, kind, text)?)?;
    }
    Ok(options)
}

fn typed<'py>(py: Python<'py>, kind: OptionKind, text: &str) -> PyResult<Bound<'py, PyAny>> {
    Ok(match (kind, text.parse::<i64>(), text.parse::<f64>(), kind.flag(text)) {
        (OptionKind::Integer, Ok(number), ..) => number.into_pyobject(py)?.into_any(),
        (OptionKind::Number, _, Ok(number), _) => number.into_pyobject(py)?.into_any(),
        (OptionKind::Flag, .., Some(flag)) => PyBool::new(py, flag).to_owned().into_any(),
        _ => PyString::new(py, text).into_any(),
    })
}

/// What the attribute `options` of a class says: `{"page": (int, 0, "which page to open")}`; `None` if there is no such attribute.
///
/// # Errors
/// `TypeError` or `ValueError` that names the option.
pub fn declared_by(class: &Bound<'_, PyAny>) -> PyResult<Option<Vec<OptionRecord>>> {
    let Ok(declared) = class.getattr("options") else { return Ok(None) };
    let Ok(declared) = declared.cast_into::<PyDict>() else {
        return Err(PyTypeError::new_err(
            "options: a dict was expected, such as {\"page\": (int, 0, \"which page to open\")}",
        ));
    };
    declared.iter().map(|(name, value)| one(&name.str()?.to_string(), &value)).collect::<PyResult<_>>().map(Some)
}

fn one(name: &str, said: &Bound<'_, PyAny>) -> PyResult<OptionRecord> {
    let words = || {
        PyTypeError::new_err(format!(
            "options[{name:?}]: (type, standard, words) was expected, such as (int, 0, \"which page to open\"), the type \
             one of str, int, float, bool"
        ))
    };
    let (class, standard, about): (Bound<'_, PyType>, Bound<'_, PyAny>, String) =
        said.extract().map_err(|_| words())?;
    let py = said.py();
    let value = [
        (py.get_type::<PyString>(), OptionKind::Text),
        (py.get_type::<PyInt>(), OptionKind::Integer),
        (py.get_type::<PyFloat>(), OptionKind::Number),
        (py.get_type::<PyBool>(), OptionKind::Flag),
    ]
    .into_iter()
    .find_map(|(known, kind)| known.is(&class).then_some(kind))
    .ok_or_else(words)?;
    let standard = if standard.is_none() { String::new() } else { standard.str()?.to_string() };
    let record = OptionRecord { name: name.to_owned(), value, standard, about };
    record.check().map_err(|why| PyValueError::new_err(format!("options[{name:?}]: {why}")))?;
    Ok(record)
}
