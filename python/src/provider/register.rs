//! How a provider written in Python comes in: by an entry point that the host found, or by `register_provider`.

use super::descriptor::{Description, Format};
use super::object::{Place, Provider};
use super::options;
use super::raised::kept;
use crate::errors::OrRaise;
use crate::registry;
use iolink_host::PluginInfo;
use iolink_sdk::abi::iolink_plugin;
use iolink_sdk::provider::OfferKind;
use iolink_sdk::{Error, ErrorKind, Kind, Result};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyType};

/// The descriptor of a provider that a distribution declares; its module is imported now.
///
/// # Errors
/// `Refused` with the reason for which it cannot be used; `Cancelled` where the user stopped the import.
pub fn bring(info: &PluginInfo) -> Result<&'static iolink_plugin> {
    let refused = |words: String| Error::new(ErrorKind::Refused, words);
    let target = info.python.clone().unwrap_or_default();
    let made = Python::try_attach(|py| {
        let options = info.providers.first().map(|provider| provider.options(Some(OfferKind::Open)));
        let provider = Provider::new(&info.id, &options.unwrap_or_default(), Place::Declared(target.clone()));
        match provider.object(py) {
            Ok(_) => Ok(provider),
            Err(raised) => Err(kept(py, raised)),
        }
    });
    let provider = made.unwrap_or_else(|| Err(refused("the interpreter has ended".to_owned())));
    let provider = provider.map_err(|error| match error.kind() {
        ErrorKind::Cancelled => error,
        _ => refused(format!("{target} cannot be used: {}", one_line(error.message()))),
    })?;
    Description::of(info).descriptor(provider)
}

fn one_line(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

/// Makes a class a provider, for this process: it has `formats`, what it opens, and `open(source)`, which returns what was
/// opened. It is asked from now on like any installed provider. Can be used as a decorator: the class comes back. A class of
/// the same id takes the place of the one before.
///
/// `formats` is the endings of its files, `"raw,bin"`, or a list of dicts with the keys `format`, `extensions`,
/// `media_types`, `schemes`, `magic` (`"OFFSET:HEX"`) and `kind` (`"image"` unless it says otherwise). `id`, `title` and
/// `version` are optional, and so are `identify(source)`: how sure it is, 0 to 100; and `options`, the keyword arguments that
/// `iolink.open` takes for it, as `{"page": (int, 0, "which page to open")}`: another one, or another type, is refused, and
/// `source.options["page"]` is an int.
///
/// `open` returns an array, anything with `shape`, `dtype` and `[...]`, a data frame, a file object, a list of images, or a
/// view of iolink's.
///
/// Raises PluginRefusedError with the reason.
///
/// >>> import numpy
/// >>> @register_provider
/// ... class Raw:
/// ...     formats = "docraw"
/// ...     def open(self, source):
/// ...         return numpy.frombuffer(source.bytes.read_at(0, source.bytes.size()), "uint8")
/// >>> import io
/// >>> open(io.BytesIO(b"\x01\x02\x03"), format="docraw").shape()
/// VectorXu64(3)
#[pyfunction]
pub fn register_provider<'py>(provider: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = provider.py();
    let class = match provider.cast::<PyType>() {
        Ok(class) => class.clone(),
        Err(_) => provider.get_type(),
    };
    let (module, name) = (class.module()?.to_string(), class.name()?.to_string());
    let text = |attribute: &str| match provider.getattr(attribute) {
        Ok(value) => Ok(value.cast::<PyString>().ok().map(|text| text.to_string())),
        Err(_) => Ok::<_, PyErr>(None),
    };
    let title = match text("title")? {
        Some(title) => title,
        None => text("__doc__")?.and_then(|doc| doc.lines().next().map(str::to_owned)).unwrap_or_default(),
    };
    let formats = provider.getattr("formats").map_err(|_| {
        PyTypeError::new_err(format!(
            "{name} has no `formats`, which say what it opens: the endings of its files, such as formats = \"raw,bin\""
        ))
    })?;
    let declared = options::declared_by(provider)?;
    let description = Description {
        id: text("id")?.unwrap_or_else(|| format!("{module}.{name}")),
        version: text("version")?.unwrap_or_else(|| "0".to_owned()),
        title,
        formats: formats_from(&formats)?,
        options: declared.clone(),
    };
    let made = Provider::new(&description.id, &declared, Place::Given(provider.clone().unbind()));
    made.object(py)?;
    let target = format!("{module}:{}", class.qualname()?);
    py.detach(|| {
        registry().withdraw_python(&description.id, &target);
        registry().admit_python(description.descriptor(made)?, &target)
    })
    .or_raise()?;
    Ok(provider.clone())
}

/// What `formats` says.
fn formats_from(given: &Bound<'_, PyAny>) -> PyResult<Vec<Format>> {
    if let Ok(endings) = given.cast::<PyString>() {
        return Ok(vec![of_endings(&endings.to_cow()?)]);
    }
    if given.is_instance_of::<PyDict>() {
        return Err(PyTypeError::new_err(format!(
            "formats: {} is a dict; give a list of them, one for each format, or a text of endings",
            given.repr()?
        )));
    }
    let mut formats = Vec::new();
    for (index, one) in given.try_iter()?.enumerate() {
        let one = one?;
        if let Ok(endings) = one.cast::<PyString>() {
            formats.push(of_endings(&endings.to_cow()?));
            continue;
        }
        let Ok(one) = one.cast::<PyDict>() else {
            return Err(PyTypeError::new_err(format!("formats[{index}]: expected a dict or a text of endings")));
        };
        formats.push(of_dict(one, index)?);
    }
    // A provider that names no format is asked about every source.
    if formats.is_empty() {
        formats.push(of_endings(""));
    }
    Ok(formats)
}

fn of_endings(endings: &str) -> Format {
    Format {
        kind: Kind::Image,
        format: endings.split(',').next().unwrap_or_default().trim().to_uppercase(),
        extensions: endings.to_owned(),
        media_types: String::new(),
        schemes: String::new(),
        magic: String::new(),
        keys: String::new(),
    }
}

fn of_dict(one: &Bound<'_, PyDict>, index: usize) -> PyResult<Format> {
    let mut format = of_endings("");
    for (key, value) in one.iter() {
        let (key, value): (String, String) = match (key.extract(), value.extract()) {
            (Ok(key), Ok(value)) => (key, value),
            _ => return Err(PyTypeError::new_err(format!("formats[{index}]: {} is not a text", value.repr()?))),
        };
        match key.as_str() {
            "format" => format.format = value,
            "extensions" => format.extensions = value,
            "media_types" => format.media_types = value,
            "schemes" => format.schemes = value,
            "magic" => format.magic = value,
            "keys" => format.keys = value,
            "kind" => {
                format.kind = Kind::from_word(&value).ok_or_else(|| {
                    let words: Vec<&str> = Kind::ALL.iter().map(|kind| kind.word()).collect();
                    PyValueError::new_err(format!(
                        "formats[{index}]: kind {value:?} is not one of {}",
                        words.join(", ")
                    ))
                })?;
            }
            other => return Err(PyValueError::new_err(format!(
                "formats[{index}]: {other:?} is not one of format, extensions, media_types, schemes, magic, keys, kind"
            ))),
        }
    }
    Ok(format)
}

/// The registry of this module as a capsule named `iolink_host_v1` around a `const iolink_host *`, good for the life of the
/// process: a program in C that embeds Python opens files by its function `open`, through every provider that Python knows,
/// those written in Python too.
#[pyfunction]
pub fn _host(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    let table = registry().host_table();
    // SAFETY: the table lives as long as the registry, which is never dropped; the name is static.
    unsafe {
        let made = ffi::PyCapsule_New(table.cast_mut().cast(), c"iolink_host_v1".as_ptr(), None);
        Bound::from_owned_ptr_or_err(py, made)
    }
}
