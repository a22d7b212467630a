//! One Python exception for each kind of error; each is also the built-in one that a user would catch.

use iolink_sdk::{Error, ErrorKind};
use pyo3::exceptions::{
    PyFileExistsError, PyFileNotFoundError, PyKeyboardInterrupt, PyMemoryError, PyNotImplementedError, PyOSError,
    PyPermissionError, PyTimeoutError, PyTypeError,
};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use std::any::Any;
use std::sync::Arc;

static CLASSES: PyOnceLock<Py<PyModule>> = PyOnceLock::new();

fn class_name(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidArgument => "InvalidArgumentError",
        ErrorKind::NotImplemented => "CapabilityError",
        ErrorKind::OutOfRange => "OutOfRangeError",
        ErrorKind::Type => "DataTypeError",
        ErrorKind::Io => "StreamError",
        ErrorKind::NotFound => "NotFoundError",
        ErrorKind::Unsupported => "UnsupportedFormatError",
        ErrorKind::Corrupt => "CorruptDataError",
        ErrorKind::Busy => "BusyError",
        ErrorKind::Cancelled => "CancelledError",
        ErrorKind::Limit => "LimitError",
        ErrorKind::Closed => "ClosedError",
        ErrorKind::Refused => "PluginRefusedError",
        ErrorKind::Permission => "PermissionDeniedError",
        ErrorKind::Exists => "AlreadyExistsError",
        ErrorKind::Changed => "ChangedError",
        ErrorKind::Timeout => "DeadlineError",
        ErrorKind::Unavailable => "UnavailableError",
        _ => "InternalError",
    }
}

/// The Python exception of an error. One that a Python callback raised comes out as it was.
pub fn raise(error: Error) -> PyErr {
    let class = class_name(error.kind());
    raise_as(error, class)
}

/// The exception for a path of metadata that does not exist, which is a KeyError too.
pub fn missing_key(error: Error) -> PyErr {
    raise_as(error, "MissingKeyError")
}

fn raise_as(error: Error, class_name: &str) -> PyErr {
    Python::attach(|py| {
        if let Some(raised) = error.payload().and_then(|payload| payload.downcast_ref::<Py<PyAny>>()) {
            return PyErr::from_value(raised.bind(py).clone());
        }
        let made = || -> PyResult<PyErr> {
            let classes = CLASSES.get_or_try_init(py, || py.import("iolink.errors").map(Bound::unbind))?;
            let class = classes.bind(py).getattr(class_name)?;
            let text = error.to_string();
            let value = match error.kind() {
                ErrorKind::Io | ErrorKind::NotFound | ErrorKind::Permission | ErrorKind::Exists
                    if error.code() != 0 =>
                {
                    class.call1((error.code(), text))?
                }
                _ => class.call1((text,))?,
            };
            Ok(PyErr::from_value(value))
        };
        made().unwrap_or_else(|failed| failed)
    })
}

/// The error of a Python exception, which comes out unchanged when it is raised again.
pub fn from_python(py: Python<'_>, raised: PyErr) -> Error {
    let text = raised.to_string();
    let (kind, code) = kind_of(py, &raised);
    let value: Py<PyAny> = raised.into_value(py).into_any();
    Error::new(kind, text).with_code(code).with_payload(Arc::new(value) as Arc<dyn Any + Send + Sync>)
}

const KINDS: [ErrorKind; 19] = [
    ErrorKind::InvalidArgument,
    ErrorKind::NotImplemented,
    ErrorKind::OutOfRange,
    ErrorKind::Type,
    ErrorKind::NotFound,
    ErrorKind::Io,
    ErrorKind::Unsupported,
    ErrorKind::Corrupt,
    ErrorKind::Busy,
    ErrorKind::Cancelled,
    ErrorKind::Limit,
    ErrorKind::Closed,
    ErrorKind::Internal,
    ErrorKind::Refused,
    ErrorKind::Permission,
    ErrorKind::Exists,
    ErrorKind::Changed,
    ErrorKind::Timeout,
    ErrorKind::Unavailable,
];

/// What sort of error an exception is: that of our own classes, or the built-in one that says the same; and its errno.
fn kind_of(py: Python<'_>, raised: &PyErr) -> (ErrorKind, i32) {
    let errno = || raised.value(py).getattr("errno").and_then(|errno| errno.extract()).unwrap_or(0);
    let own = raised.get_type(py).name().ok().and_then(|name| {
        let name = name.to_str().ok()?;
        KINDS.into_iter().find(|kind| class_name(*kind) == name)
    });
    let is_ours = raised.get_type(py).module().is_ok_and(|module| module == "iolink.errors");
    match own {
        Some(kind) if is_ours => (kind, if kind == ErrorKind::Io { errno() } else { 0 }),
        _ if raised.is_instance_of::<PyKeyboardInterrupt>(py) => (ErrorKind::Cancelled, 0),
        _ if raised.is_instance_of::<PyFileNotFoundError>(py) => (ErrorKind::NotFound, errno()),
        _ if raised.is_instance_of::<PyPermissionError>(py) => (ErrorKind::Permission, errno()),
        _ if raised.is_instance_of::<PyFileExistsError>(py) => (ErrorKind::Exists, errno()),
        _ if raised.is_instance_of::<PyTimeoutError>(py) => (ErrorKind::Timeout, errno()),
        _ if raised.is_instance_of::<PyOSError>(py) => (ErrorKind::Io, errno()),
        _ if raised.is_instance_of::<PyNotImplementedError>(py) => (ErrorKind::NotImplemented, 0),
        _ if raised.is_instance_of::<PyMemoryError>(py) => (ErrorKind::Limit, 0),
        _ => (ErrorKind::Internal, 0),
    }
}

/// Names the argument that an error is about, by a note under it, as PyO3 does for those that it converts itself.
pub trait Naming {
    /// The same result, with a note where it is a `TypeError`.
    fn naming(self, py: Python<'_>, argument: &str) -> Self;
}

impl<T> Naming for PyResult<T> {
    fn naming(self, py: Python<'_>, argument: &str) -> Self {
        self.inspect_err(|raised| {
            if raised.is_instance_of::<PyTypeError>(py) {
                // An error that takes no notes is told without one.
                raised.add_note(py, format!("while processing '{argument}'")).ok();
            }
        })
    }
}

/// `Result::map_err(raise)` with a shorter name.
pub trait OrRaise<T> {
    /// The value, or the Python exception.
    fn or_raise(self) -> PyResult<T>;
}

impl<T> OrRaise<T> for iolink_sdk::Result<T> {
    #[inline]
    fn or_raise(self) -> PyResult<T> {
        self.map_err(raise)
    }
}
