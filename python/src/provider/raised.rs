//! Exceptions of providers. The border carries their kind and text; the exception itself stays on this side, for the
//! caller in Python.

use iolink_sdk::{Error, ErrorKind};
use pyo3::exceptions::{
    PyAssertionError, PyAttributeError, PyException, PyImportError, PyKeyboardInterrupt, PyNameError, PyRecursionError,
    PyTypeError,
};
use pyo3::prelude::*;
use std::cell::RefCell;

/// Exceptions of a running call.
#[derive(Default)]
struct Raised {
    of_providers: Vec<PyErr>,
    of_sources: Vec<PyErr>,
}

thread_local! {
    /// Those of the running call, where there is one.
    static RAISED: RefCell<Option<Raised>> = const { RefCell::new(None) };
}

/// Notes what the file object of a source raised: if the provider lets it pass, it comes out as it was.
pub fn note_of_source(py: Python<'_>, raised: &PyErr) {
    RAISED.with_borrow_mut(|all| all.as_mut().map(|all| all.of_sources.push(raised.clone_ref(py))));
}

/// The error of an exception that a provider raised, which is kept for [`keeping`]; where nobody keeps it, it comes out as
/// it is.
pub fn kept(py: Python<'_>, raised: PyErr) -> Error {
    let says_nothing_of_data = is_a_mistake(py, &raised);
    let is_kept =
        RAISED.with_borrow_mut(|all| all.as_mut().map(|all| all.of_providers.push(raised.clone_ref(py))).is_some());
    let mut error = crate::errors::from_python(py, raised);
    if is_kept {
        error = error.without_payload();
    }
    match error.kind() {
        // Libraries have exceptions of their own for data that they cannot read, or an OSError that no system call gave.
        ErrorKind::Internal if !says_nothing_of_data => error.with_kind(ErrorKind::Corrupt),
        ErrorKind::Io if error.code() == 0 => error.with_kind(ErrorKind::Corrupt),
        _ => error,
    }
}

/// Is it an exception of code that is wrong, whatever the data? A TypeError and its like are one where the provider's own
/// code raised it; deep in a library it is damaged data.
fn is_a_mistake(py: Python<'_>, raised: &PyErr) -> bool {
    let always = raised.is_instance_of::<PyImportError>(py)
        || raised.is_instance_of::<PyRecursionError>(py)
        || !raised.is_instance_of::<PyException>(py);
    let in_own_code = raised.is_instance_of::<PyAttributeError>(py)
        || raised.is_instance_of::<PyNameError>(py)
        || raised.is_instance_of::<PyTypeError>(py)
        || raised.is_instance_of::<PyAssertionError>(py);
    always || (in_own_code && is_in_own_code(py, raised).unwrap_or(true))
}

fn file<'py>(at: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    at.getattr("tb_frame")?.getattr("f_code")?.getattr("co_filename")
}

/// Was it raised in the file that was called first?
fn is_in_own_code(py: Python<'_>, raised: &PyErr) -> PyResult<bool> {
    let Some(mut at) = raised.traceback(py).map(Bound::into_any) else { return Ok(true) };
    let first = file(&at)?;
    loop {
        let next = at.getattr("tb_next")?;
        if next.is_none() {
            return first.eq(file(&at)?);
        }
        at = next;
    }
}

/// Runs `body`; where it fails after a provider, or an image of one, raised, that exception is the cause of what comes out,
/// and a KeyboardInterrupt or what the source's file object raised comes out itself.
pub fn keeping<R>(py: Python<'_>, body: impl FnOnce() -> PyResult<R>) -> PyResult<R> {
    let outer = RAISED.replace(Some(Raised::default()));
    let done = body();
    let Raised { of_providers, of_sources } = RAISED.replace(outer).unwrap_or_default();
    done.map_err(|error| {
        let is_of_source = |raised: &PyErr| of_sources.iter().any(|known| known.value(py).is(raised.value(py)));
        let mut all = of_providers.iter();
        if let Some(own) = all.find(|raised| raised.is_instance_of::<PyKeyboardInterrupt>(py) || is_of_source(raised)) {
            return own.clone_ref(py);
        }
        let first = of_providers.into_iter().next().filter(|_| error.cause(py).is_none());
        if let Some(first) = first.filter(|first| first.is_instance_of::<PyException>(py)) {
            error.set_cause(py, Some(first));
        }
        error
    })
}
