//! Options of providers written in Python: checked before the provider is called, and given to it in their types.

use iolink_host::OptionRecord;
use iolink_sdk::abi::{IOLINK_OPTION_FLAG_LIST, IOLINK_OPTION_FLAG_SECRET};
use iolink_sdk::provider::OptionKind;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyType};

/// Rejects options that are not among those declared, and values of another type.
///
/// # Errors
/// `InvalidArgument`, with the options that there are.
pub fn check(id: &str, declared: &[OptionRecord], given: &[(String, String)]) -> iolink_sdk::Result<()> {
    let rules: Vec<_> = declared.iter().map(OptionRecord::rule).collect();
    iolink_sdk::provider::check_options(id, &rules, given)
}

/// The options in their types: those that were given, and the defaults of the others.
pub fn in_types<'py>(
    py: Python<'py>,
    declared: &[OptionRecord],
    given: &[(String, String)],
) -> PyResult<Bound<'py, PyDict>> {
    let options = PyDict::new(py);
    for option in declared {
        let value = given.iter().find(|(key, _)| *key == option.name).map(|(_, value)| value);
        match value {
            Some(value) => options.set_item(&option.name, typed(py, option, value)?)?,
            None if option.default_value.is_empty() => {}
            None => options.set_item(&option.name, typed(py, option, &option.default_value)?)?,
        }
    }
    Ok(options)
}

fn typed<'py>(py: Python<'py>, option: &OptionRecord, value: &str) -> PyResult<Bound<'py, PyAny>> {
    if option.flags & IOLINK_OPTION_FLAG_LIST == 0 {
        return one_typed(py, option.value_type, value);
    }
    let items = PyList::empty(py);
    for item in items_of(value) {
        items.append(one_typed(py, option.value_type, &item)?)?;
    }
    Ok(items.into_any())
}

fn one_typed<'py>(py: Python<'py>, kind: OptionKind, value: &str) -> PyResult<Bound<'py, PyAny>> {
    Ok(match (kind, value.parse::<i64>(), value.parse::<f64>(), kind.boolean(value)) {
        (OptionKind::Integer, Ok(number), ..) => number.into_pyobject(py)?.into_any(),
        (OptionKind::Number, _, Ok(number), _) => number.into_pyobject(py)?.into_any(),
        (OptionKind::Boolean, .., Some(flag)) => PyBool::new(py, flag).to_owned().into_any(),
        _ => PyString::new(py, value).into_any(),
    })
}

/// The items of a list: separated by commas, and in double quotes if they hold one.
fn items_of(list: &str) -> Vec<String> {
    let (mut items, mut item, mut quoted) = (Vec::new(), String::new(), false);
    let mut letters = list.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => item.extend(letters.next()),
            '"' if quoted || item.is_empty() => quoted = !quoted,
            ',' if !quoted => items.push(std::mem::take(&mut item)),
            other => item.push(other),
        }
    }
    if !list.is_empty() {
        items.push(item);
    }
    items.iter_mut().for_each(|item| *item = item.trim().to_owned());
    items
}

/// The options of a dict of `iolink.providers.Option`; none for `None`. `path` stands before the name in errors.
///
/// # Errors
/// `TypeError` or `ValueError` that names the option.
pub fn declared_by(path: &str, declared: Option<&Bound<'_, PyAny>>) -> PyResult<Vec<OptionRecord>> {
    let Some(declared) = declared else { return Ok(Vec::new()) };
    let Ok(declared) = declared.cast::<PyDict>() else {
        return Err(PyTypeError::new_err(format!(
            "{path}: expected a dict, such as {{\"page\": Option(int, 0, \"which page to open\")}}, not {}",
            declared.get_type().name()?
        )));
    };
    declared.iter().map(|(name, option)| record(path, &name.str()?.to_string(), &option)).collect()
}

fn record(path: &str, name: &str, option: &Bound<'_, PyAny>) -> PyResult<OptionRecord> {
    static OPTION: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let py = option.py();
    if !option.is_instance(OPTION.import(py, "iolink.providers", "Option")?)? {
        return Err(PyTypeError::new_err(format!(
            "{path}[{name:?}]: expected an iolink.providers.Option, such as Option(int, 0, \"which page to open\"), not {}",
            option.repr()?
        )));
    }
    let class = option.getattr("type")?;
    let types = [
        (py.get_type::<PyString>(), OptionKind::String),
        (py.get_type::<PyInt>(), OptionKind::Integer),
        (py.get_type::<PyFloat>(), OptionKind::Number),
        (py.get_type::<PyBool>(), OptionKind::Boolean),
    ];
    let known = types.into_iter().find_map(|(known, kind)| known.is(&class).then_some(kind));
    let flag = |name: &str, bit: u32| Ok::<_, PyErr>(if option.getattr(name)?.is_truthy()? { bit } else { 0 });
    let record = OptionRecord {
        name: name.to_owned(),
        value_type: known.unwrap_or(OptionKind::String),
        default_value: written("default", &option.getattr("default")?)?,
        description: option.getattr("description")?.extract()?,
        choices: written("choices", &option.getattr("choices")?)?,
        flags: flag("is_list", IOLINK_OPTION_FLAG_LIST)? | flag("secret", IOLINK_OPTION_FLAG_SECRET)?,
    };
    record.check().map_err(|why| PyValueError::new_err(format!("{path}[{name:?}]: {why}")))?;
    Ok(record)
}

/// A value of an option as `open` takes it from a user; "" for `None`.
fn written(field: &str, value: &Bound<'_, PyAny>) -> PyResult<String> {
    if value.is_none() {
        return Ok(String::new());
    }
    crate::open::option_text(field, value)
}
