//! Paths as Python gives them: text, bytes, or anything with `__fspath__`.

use crate::errors::Naming;
use pyo3::exceptions::PyValueError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// The path, encoded as the file system wants it.
///
/// # Errors
/// `TypeError` for what is no path, `ValueError` for one with a NUL.
pub fn path_from(argument: &str, given: &Bound<'_, PyAny>) -> PyResult<PathBuf> {
    let py = given.py();
    // SAFETY: the object is live, and a result is a new reference to a `str` or `bytes`.
    let path = unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyOS_FSPath(given.as_ptr())) }.naming(py, argument)?;
    let bytes = match path.cast_into::<PyBytes>() {
        Ok(bytes) => bytes,
        // SAFETY: what `PyOS_FSPath` gives and is not `bytes` is `str`; a result is a new reference to `bytes`.
        Err(text) => unsafe {
            let encoded = ffi::PyUnicode_EncodeFSDefault(text.into_inner().as_ptr());
            Bound::from_owned_ptr_or_err(py, encoded)?.cast_into_unchecked::<PyBytes>()
        },
    };
    if bytes.as_bytes().contains(&0) {
        return Err(PyValueError::new_err("embedded null byte"));
    }
    Ok(PathBuf::from(OsStr::from_bytes(bytes.as_bytes())))
}
