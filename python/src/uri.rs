//! `Uri`: the parts of RFC 3986, and the way between paths and `file:` URIs.

use crate::errors::OrRaise;
use fluent_uri::{Uri as Absolute, UriRef};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyString, PyType};
use std::path::PathBuf;

/// A URI, or a relative reference to be resolved against one, by RFC 3986.
///
/// Takes a text, another Uri, or an `os.PathLike`, which becomes a `file:` URI. Parts are as they are written, percent signs
/// and all; `None` is a part that is not there, "" one that is empty.
///
/// >>> uri = Uri("https://user@example.org:8080/scans/a%20b.tif?level=2#left")
/// >>> uri.scheme, uri.authority, uri.host, uri.port
/// ('https', 'user@example.org:8080', 'example.org', 8080)
/// >>> uri.path, uri.query, uri.fragment
/// ('/scans/a%20b.tif', 'level=2', 'left')
/// >>> uri.resolve("../masks/c.tif")
/// Uri('https://user@example.org:8080/masks/c.tif')
#[pyclass(frozen, module = "iolink", name = "Uri")]
pub struct Uri(UriRef<String>);

impl Uri {
    fn parse(text: &str) -> PyResult<Self> {
        match UriRef::parse(text) {
            Ok(uri) => Ok(Uri(uri.to_owned())),
            Err(reason) => Err(PyValueError::new_err(format!(
                "{text:?} is not a URI: {reason}; percent-encode what RFC 3986 does not allow, or give a pathlib.Path"
            ))),
        }
    }

    /// The URI as what a reference can be resolved against.
    fn absolute(&self) -> PyResult<Absolute<&str>> {
        Absolute::parse(self.0.as_str()).map_err(|_| {
            PyValueError::new_err(format!("{:?} is a relative reference: it has no scheme", self.0.as_str()))
        })
    }
}

#[pymethods]
impl Uri {
    #[new]
    fn new(uri: &Bound<'_, PyAny>) -> PyResult<Self> {
        if let Ok(own) = uri.cast::<Uri>() {
            return Ok(Uri(own.get().0.clone()));
        }
        if let Ok(text) = uri.cast::<PyString>() {
            return Uri::parse(&text.to_cow()?);
        }
        if uri.hasattr("__fspath__")? {
            return Uri::from_path(uri);
        }
        Err(PyTypeError::new_err(format!(
            "uri: expected a text, a Uri or an os.PathLike, not {}",
            uri.get_type().name()?
        )))
    }

    /// The `file:` URI of a path; a relative one counts from the working directory.
    ///
    /// >>> Uri.from_path("/data/a b.nii")
    /// Uri('file:///data/a%20b.nii')
    #[staticmethod]
    fn from_path(path: &Bound<'_, PyAny>) -> PyResult<Self> {
        let path: PathBuf = path.py().import("os")?.getattr("fsdecode")?.call1((path,))?.extract()?;
        Uri::parse(iolink_host::source::from_path(&path).or_raise()?.uri())
    }

    /// The local path of a `file:` URI, percent signs decoded.
    ///
    /// Raises ValueError for other schemes and for files of other hosts.
    fn to_path<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let source = iolink_host::source::from_uri(self.0.as_str()).or_raise()?;
        match source.path() {
            Some(path) => py.import("pathlib")?.getattr("Path")?.call1((path.as_os_str(),)),
            None => {
                Err(PyValueError::new_err(format!("{:?} is not a file: URI and has no local path", self.0.as_str())))
            }
        }
    }

    #[getter]
    fn scheme(&self) -> Option<&str> {
        self.0.scheme().map(|scheme| scheme.as_str())
    }

    /// User, host and port together.
    #[getter]
    fn authority(&self) -> Option<&str> {
        self.0.authority().map(|authority| authority.as_str())
    }

    /// What stands before the host, as in `user@host`.
    #[getter]
    fn userinfo(&self) -> Option<&str> {
        self.0.authority().and_then(|authority| authority.userinfo()).map(|user| user.as_str())
    }

    #[getter]
    fn host(&self) -> Option<&str> {
        self.0.authority().map(|authority| authority.host())
    }

    /// The port as a number.
    #[getter]
    fn port(&self) -> PyResult<Option<u16>> {
        let Some(authority) = self.0.authority() else { return Ok(None) };
        authority
            .port_to_u16()
            .map_err(|_| PyValueError::new_err(format!("{:?} has a port above 65535", self.0.as_str())))
    }

    #[getter]
    fn path(&self) -> &str {
        self.0.path().as_str()
    }

    #[getter]
    fn query(&self) -> Option<&str> {
        self.0.query().map(|query| query.as_str())
    }

    #[getter]
    fn fragment(&self) -> Option<&str> {
        self.0.fragment().map(|fragment| fragment.as_str())
    }

    /// Is it a URI with a scheme, not a relative reference?
    fn is_absolute(&self) -> bool {
        self.0.has_scheme()
    }

    /// The URI that a reference means where it stands in a document at this one.
    ///
    /// Raises ValueError where this is a relative reference itself.
    fn resolve(&self, reference: &Bound<'_, PyAny>) -> PyResult<Self> {
        let reference = Uri::new(reference)?;
        let resolved = reference.0.resolve_against(&self.absolute()?.strip_fragment());
        match resolved {
            Ok(uri) => Ok(Uri(uri.into())),
            Err(reason) => Err(PyValueError::new_err(format!("{:?}: {reason}", reference.0.as_str()))),
        }
    }

    /// The same URI in its usual spelling: lower-case scheme and host, no needless percent signs, no `.` and `..`.
    ///
    /// >>> Uri("HTTP://Example.org/a/./b/../%7Ec").normalized()
    /// Uri('http://example.org/a/~c')
    fn normalized(&self) -> Self {
        Uri(self.0.normalize())
    }

    #[pyo3(name = "to_string")]
    fn as_text(&self) -> &str {
        self.0.as_str()
    }

    fn __str__(&self) -> &str {
        self.0.as_str()
    }

    fn __repr__<'py>(&self, py: Python<'py>) -> PyResult<String> {
        Ok(format!("Uri({})", PyString::new(py, self.0.as_str()).repr()?))
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Uri>().is_ok_and(|other| other.get().0.as_str() == self.0.as_str())
    }

    fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
        PyString::new(py, self.0.as_str()).hash()
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> (Bound<'py, PyType>, (&str,)) {
        (py.get_type::<Uri>(), (self.0.as_str(),))
    }
}

/// The text of a `Uri`, where `given` is one.
pub fn text_of<'a>(given: &'a Bound<'_, PyAny>) -> Option<&'a str> {
    given.cast::<Uri>().ok().map(|uri| uri.get().0.as_str())
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Uri>()
}
