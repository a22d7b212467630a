//! Memory of ours, lent through the buffer protocol.

use super::buffer::no_buffer;
use iolink_sdk::Bytes;
use pyo3::ffi;
use pyo3::prelude::*;
use std::os::raw::c_int;
use std::ptr::NonNull;

/// Fills in the buffer that `object` was asked for; the loan ends with [`take_back`].
///
/// # Safety
/// `view` is the struct that Python gave with the request.
pub unsafe fn lend(
    object: &Bound<'_, PyAny>,
    bytes: iolink_sdk::Result<Bytes>,
    view: *mut ffi::Py_buffer,
    flags: c_int,
) -> PyResult<()> {
    if view.is_null() {
        return Err(no_buffer("no room for the buffer's description"));
    }
    // SAFETY: by the caller's promise; a refused request has no object.
    unsafe { (*view).obj = std::ptr::null_mut() };
    let bytes = bytes.map_err(|error| no_buffer(error.message()))?;
    let data = if bytes.data.is_null() { NonNull::dangling().as_ptr() } else { bytes.data };
    let (length, readonly) = (bytes.length as ffi::Py_ssize_t, c_int::from(!bytes.writable));
    // SAFETY: the memory stays in place as long as `bytes`, which the view's private field keeps until it is released.
    unsafe {
        if ffi::PyBuffer_FillInfo(view, object.as_ptr(), data.cast(), length, readonly, flags) != 0 {
            return Err(PyErr::fetch(object.py()));
        }
        (*view).internal = Box::into_raw(Box::new(bytes)).cast();
    }
    Ok(())
}

/// Ends a loan.
///
/// # Safety
/// `view` was filled in by [`lend`] and is released now.
pub unsafe fn take_back(view: *mut ffi::Py_buffer) {
    // SAFETY: by the caller's promise the field holds the box that `lend` made.
    unsafe {
        let bytes = (*view).internal as *mut Bytes;
        (*view).internal = std::ptr::null_mut();
        if !bytes.is_null() {
            drop(Box::from_raw(bytes));
        }
    }
}
