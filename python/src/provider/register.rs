//! How a provider written in Python comes in: by an entry point that the host found, or by `register_provider`.

use super::descriptor::Description;
use super::object::{Place, Provider};
use super::options;
use super::raised::kept;
use crate::errors::OrRaise;
use crate::registry;
use iolink_host::{OfferRecord, PluginInfo};
use iolink_sdk::abi::iolink_plugin;
use iolink_sdk::provider::OfferKind;
use iolink_sdk::{Error, ErrorKind, Kind, Result};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyInt, PyString, PyType};

/// The descriptor of a provider that a distribution declares; its module is imported now.
///
/// # Errors
/// `Refused` with the reason for which it cannot be used; `Cancelled` where the user stopped the import.
pub fn bring(info: &PluginInfo) -> Result<&'static iolink_plugin> {
    let refused = |words: String| Error::new(ErrorKind::Refused, words);
    let target = info.python.clone().unwrap_or_default();
    let made = Python::try_attach(|py| {
        let provider = Provider::new(&info.id, &Description::of(info).offers, Place::Declared(target.clone()));
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

/// Makes a class a provider, for this process, which is asked from now on like any installed provider. Can be used as a
/// decorator: the class comes back. A class of the same id takes the place of the one before.
///
/// `formats` is the endings of the files that it opens, `"raw,bin"`, or a list of dicts with the keys `format`, `extensions`,
/// `media_types`, `schemes`, `magic` (`"OFFSET:HEX"`), `keys`, `kind` (`"image"` unless it says otherwise) and `offer`:
/// `"open"` unless it says `"save"`, `"convert"`, or several, as `"open,save"`. `id`, `title` and `version` are optional, and so
/// are `identify(source)`: how sure it is, 0 to 100; and `options`, the keyword arguments that `iolink.open` and `iolink.save`
/// take for it, as `{"page": Option(int, 0, "which page to open")}` with `iolink.providers.Option`: another one, or another
/// type, is rejected, and `source.options["page"]` is an int.
///
/// It has a method for each offer. `open(source)` and `convert(view, request)` return an array, anything with `shape`, `dtype`
/// and `[...]`, a data frame, a file object, a list of images, or a view of iolink's. `save(view, target)` writes the view to
/// `target.path`, and returns nothing.
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
            "{name} has no `formats`: give the endings of the files that it opens, such as formats = \"raw,bin\""
        ))
    })?;
    let mut offers = offers_from(&formats)?;
    let shared = options::declared_by("options", provider.getattr("options").ok().as_ref())?;
    offers.iter_mut().for_each(|offer| offer.options.splice(0..0, shared.iter().cloned()).for_each(drop));
    let description = Description {
        id: text("id")?.unwrap_or_else(|| format!("{module}.{name}")),
        version: text("version")?.unwrap_or_else(|| "0".to_owned()),
        title,
        offers,
    };
    let made = Provider::new(&description.id, &description.offers, Place::Given(provider.clone().unbind()));
    made.object(py)?;
    let target = format!("{module}:{}", class.qualname()?);
    py.detach(|| {
        registry().withdraw_python(&description.id, &target);
        registry().admit_python(description.descriptor(made)?, &target)
    })
    .or_raise()?;
    Ok(provider.clone())
}

/// The offers that `formats` declares.
fn offers_from(given: &Bound<'_, PyAny>) -> PyResult<Vec<OfferRecord>> {
    if let Ok(endings) = given.cast::<PyString>() {
        return Ok(vec![of_endings(&endings.to_cow()?)]);
    }
    if given.is_instance_of::<PyDict>() {
        return Err(PyTypeError::new_err(format!(
            "formats: {} is a dict; give a list of them, one for each format, or a string of endings",
            given.repr()?
        )));
    }
    let mut offers = Vec::new();
    for (index, one) in given.try_iter()?.enumerate() {
        let one = one?;
        if let Ok(endings) = one.cast::<PyString>() {
            offers.push(of_endings(&endings.to_cow()?));
            continue;
        }
        let Ok(one) = one.cast::<PyDict>() else {
            return Err(PyTypeError::new_err(format!("formats[{index}]: expected a dict or a string of endings")));
        };
        offers.extend(of_dict(&format!("formats[{index}]"), one)?);
    }
    // A provider that names no format is asked about every source.
    if offers.is_empty() {
        offers.push(of_endings(""));
    }
    Ok(offers)
}

/// Opens images of files with these endings.
fn of_endings(endings: &str) -> OfferRecord {
    let extensions: Vec<String> =
        endings.split(',').map(str::trim).filter(|ending| !ending.is_empty()).map(str::to_lowercase).collect();
    OfferRecord {
        format: extensions.first().map(|first| first.to_uppercase()).unwrap_or_default(),
        extensions,
        ..OfferRecord::new(OfferKind::Open, Kind::Image)
    }
}

fn of_dict(path: &str, one: &Bound<'_, PyDict>) -> PyResult<Vec<OfferRecord>> {
    let (mut fields, mut options) = (Vec::new(), Vec::new());
    for (key, value) in one.iter() {
        let key: String = key.extract()?;
        if key == "options" {
            options = options::declared_by(&format!("{path}.options"), Some(&value))?;
            continue;
        }
        let counts = key.ends_with("_dimensions") && value.is_instance_of::<PyInt>();
        if !counts && !value.is_instance_of::<PyString>() {
            return Err(PyTypeError::new_err(format!("{path}.{key}: {} is not a string", value.repr()?)));
        }
        fields.push((key, value.str()?.to_string()));
    }
    let mut offers = OfferRecord::from_fields(path, &fields).map_err(PyValueError::new_err)?;
    offers.iter_mut().for_each(|offer| offer.options.clone_from(&options));
    Ok(offers)
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
