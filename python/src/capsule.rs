//! Views as capsules: the way by which packages that do not use our crates make and take views.

use crate::errors::OrRaise;
use iolink_sdk::abi::{iolink_view, IOLINK_VIEW_MAGIC};
use iolink_sdk::View;
use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use std::ffi::CStr;

/// The capsule's name carries the border's major version.
const NAME: &CStr = c"iolink_view_v1";

unsafe extern "C" fn release(capsule: *mut ffi::PyObject) {
    // SAFETY: Python calls this once, for a capsule of this name; one that was taken over is dead or renamed.
    unsafe {
        let raw = ffi::PyCapsule_GetPointer(capsule, NAME.as_ptr()) as *mut iolink_view;
        if raw.is_null() {
            ffi::PyErr_Clear();
        } else if (*raw).magic == IOLINK_VIEW_MAGIC {
            if let Some(release) = (*(*raw).vtable).release {
                release(raw);
            }
        }
    }
}

/// A capsule that holds one reference to the view.
pub fn of_view<'py>(py: Python<'py>, view: View) -> PyResult<Bound<'py, PyAny>> {
    let raw = view.into_raw("org.iolink.python");
    // SAFETY: name and destructor are static; the capsule owns the reference.
    unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyCapsule_New(raw as *mut _, NAME.as_ptr(), Some(release))) }
}

/// The view of an object that answers `__iolink_view__`, or of a capsule.
pub fn to_view(given: &Bound<'_, PyAny>) -> PyResult<View> {
    let capsule = match given.getattr(intern!(given.py(), "__iolink_view__")) {
        Ok(method) => method.call0()?,
        Err(_) => given.clone(),
    };
    // SAFETY: the pointer is only used where the capsule has our name, and the capsule lives until the view has a
    // reference of its own.
    unsafe {
        if ffi::PyCapsule_IsValid(capsule.as_ptr(), NAME.as_ptr()) == 0 {
            return Err(PyTypeError::new_err(format!(
                "expected an iolink view or an object with __iolink_view__, not {}",
                given.get_type().name()?
            )));
        }
        let raw = ffi::PyCapsule_GetPointer(capsule.as_ptr(), NAME.as_ptr()) as *mut iolink_view;
        View::from_borrowed(raw).or_raise()
    }
}
