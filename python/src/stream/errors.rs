//! Errors of streams as Python's `io` raises them: `OSError` with its number where the system refused.

use iolink_sdk::{Error, ErrorKind};
use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

/// The Python exception of a stream's error. One with a system's number is the `OSError` of that number
/// (`FileNotFoundError`, `BlockingIOError` ...); everything else goes the library's way.
#[cold]
pub fn raise(error: Error) -> PyErr {
    if error.payload().is_none() && error.code() != 0 {
        return PyOSError::new_err((error.code(), error.to_string()));
    }
    crate::errors::raise(error)
}

/// The same for a class of `io`: what cannot be done is `io.UnsupportedOperation`.
#[cold]
pub fn raise_io(error: Error) -> PyErr {
    match error.kind() {
        ErrorKind::NotImplemented if error.payload().is_none() && error.code() == 0 => unsupported(error.message()),
        _ => raise(error),
    }
}

/// `io.UnsupportedOperation` with a message.
#[cold]
pub fn unsupported(message: &str) -> PyErr {
    static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    Python::attach(|py| {
        match CLASS.import(py, "io", "UnsupportedOperation").and_then(|class| class.call1((message,))) {
            Ok(raised) => PyErr::from_value(raised),
            Err(failed) => failed,
        }
    })
}

/// Would the call have had to wait, on a descriptor that must not?
pub fn would_block(error: &Error) -> bool {
    error.code() == libc::EAGAIN || error.code() == libc::EWOULDBLOCK
}

/// Asked when a signal came between a system call: Python's handlers run, and what they raise ends the call.
pub fn interrupted() -> iolink_sdk::Result<()> {
    Python::try_attach(|py| py.check_signals().map_err(|raised| crate::errors::from_python(py, raised)))
        .unwrap_or(Ok(()))
}
