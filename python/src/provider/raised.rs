//! Exceptions of providers. The border carries their kind and text; the exception itself stays on this side, for the
//! caller in Python.

use iolink_sdk::{Error, ErrorKind};
use pyo3::exceptions::{PyException, PyKeyboardInterrupt, PyValueError};
use pyo3::prelude::*;
use std::cell::RefCell;

thread_local! {
    /// Those of the running call, where there is one.
    static RAISED: RefCell<Option<Vec<PyErr>>> = const { RefCell::new(None) };
}

/// The error of an exception that a provider raised, which is kept for [`keeping`].
pub fn kept(py: Python<'_>, raised: PyErr) -> Error {
    let data_is_damaged = raised.is_instance_of::<PyValueError>(py);
    RAISED.with_borrow_mut(|all| all.iter_mut().for_each(|all| all.push(raised.clone_ref(py))));
    let error = crate::errors::from_python(py, raised);
    if data_is_damaged && error.kind() == ErrorKind::Internal {
        return error.with_kind(ErrorKind::Corrupt);
    }
    error
}

/// Runs `body`; where it fails after a provider, or an image of one, raised, that exception is the cause of what comes out,
/// and a KeyboardInterrupt comes out itself.
pub fn keeping<R>(py: Python<'_>, body: impl FnOnce() -> PyResult<R>) -> PyResult<R> {
    let outer = RAISED.replace(Some(Vec::new()));
    let done = body();
    let raised = RAISED.replace(outer).unwrap_or_default();
    done.map_err(|error| {
        if let Some(stop) = raised.iter().find(|raised| raised.is_instance_of::<PyKeyboardInterrupt>(py)) {
            return stop.clone_ref(py);
        }
        let first = raised.into_iter().next().filter(|_| error.cause(py).is_none());
        if let Some(first) = first.filter(|first| first.is_instance_of::<PyException>(py)) {
            error.set_cause(py, Some(first));
        }
        error
    })
}
