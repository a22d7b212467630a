//! Progress of long calls, told to a Python callable `progress(done, total)`.

use crate::signals::watched;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use std::sync::{Mutex, PoisonError};

/// Is told how much is done of how much; `false` asks to stop.
pub type Listener<'a> = &'a (dyn Fn(u64, u64) -> bool + Sync);

/// Runs `body` with a listener that asks the callable; the exception that it raises comes out.
pub fn heard<R>(
    progress: Option<&Bound<'_, PyAny>>,
    body: impl FnOnce(Option<Listener<'_>>) -> PyResult<R>,
) -> PyResult<R> {
    let Some(progress) = progress else { return body(None) };
    if !progress.is_callable() {
        return Err(PyTypeError::new_err(format!(
            "progress: expected a callable progress(done, total), not {}",
            progress.get_type().name()?
        )));
    }
    let callable = progress.clone().unbind();
    let raised: Mutex<Option<PyErr>> = Mutex::new(None);
    let listener = |done: u64, total: u64| {
        Python::attach(|py| match callable.bind(py).call1((done, total)) {
            // Only False stops: a callback that returns nothing is content.
            Ok(answer) => !answer.extract::<bool>().is_ok_and(|go_on| !go_on),
            Err(failed) => {
                *raised.lock().unwrap_or_else(PoisonError::into_inner) = Some(failed);
                false
            }
        })
    };
    let done = body(Some(&listener));
    match raised.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(failed) => Err(failed),
        None => done,
    }
}

/// Runs `body`; what providers tell of their progress in it goes to the callable.
pub fn of_providers<R>(progress: Option<&Bound<'_, PyAny>>, body: impl FnOnce() -> PyResult<R>) -> PyResult<R> {
    heard(progress, |listener| {
        watched(|| match listener {
            Some(listener) => iolink_host::with_progress(&|done, total| listener(done, total), body),
            None => body(),
        })
    })
}
