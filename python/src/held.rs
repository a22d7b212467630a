//! What Python objects hold of the world outside: given up without disturbing the interpreter.

use pyo3::ffi;
use pyo3::prelude::*;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr::null_mut;

/// A value whose end may run code of anybody's: a release function that calls Python and leaves an exception behind
/// would otherwise raise it in whatever runs next. One that was raised before stays; one that is left behind is told to
/// `sys.unraisablehook`.
pub struct Held<T>(ManuallyDrop<T>);

impl<T> From<T> for Held<T> {
    fn from(value: T) -> Self {
        Held(ManuallyDrop::new(value))
    }
}

impl<T> Deref for Held<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

/// What is raised on this thread, if anything.
type Raised = (*mut ffi::PyObject, *mut ffi::PyObject, *mut ffi::PyObject);

/// Takes what is raised, so that nothing is.
fn take(_py: Python<'_>) -> Option<Raised> {
    // SAFETY: the thread is attached.
    if unsafe { ffi::PyErr_Occurred() }.is_null() {
        return None;
    }
    let mut raised = (null_mut(), null_mut(), null_mut());
    // SAFETY: the thread is attached; three references, or NULL, are put into the places.
    unsafe { ffi::PyErr_Fetch(&mut raised.0, &mut raised.1, &mut raised.2) };
    Some(raised)
}

/// Raises again what was taken.
fn restore(_py: Python<'_>, raised: Raised) {
    // SAFETY: the thread is attached; the references of `take` are given back.
    unsafe { ffi::PyErr_Restore(raised.0, raised.1, raised.2) }
}

impl<T> Drop for Held<T> {
    fn drop(&mut self) {
        // After the interpreter's end nothing is raised, and a release may have ended it.
        let before = Python::try_attach(take);
        // SAFETY: dropped here and nowhere else.
        unsafe { ManuallyDrop::drop(&mut self.0) };
        if let Some(before) = before {
            Python::try_attach(|py| {
                if let Some(left) = take(py) {
                    restore(py, left);
                    // SAFETY: the thread is attached and an exception is raised, which this takes.
                    unsafe { ffi::PyErr_WriteUnraisable(null_mut()) };
                }
                if let Some(before) = before {
                    restore(py, before);
                }
            });
        }
    }
}
