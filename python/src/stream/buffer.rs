//! Buffers that Python objects lend: for the length of a call, or until somebody lets go.

use crate::lent::{pinned, refuse_mask};
use iolink_sdk::{Bytes, Owner};
use pyo3::exceptions::{PyBufferError, PyTypeError};
use pyo3::ffi;
use pyo3::prelude::*;
use std::os::raw::{c_int, c_void};

/// A filled-in buffer that stays where it is until it is dropped.
struct Held<'a>(&'a mut ffi::Py_buffer);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        // SAFETY: the buffer was filled in, and is released once, by the attached thread that took it.
        unsafe { ffi::PyBuffer_Release(self.0) }
    }
}

#[cold]
fn refused(given: &Bound<'_, PyAny>, wanted: &str) -> PyErr {
    let reason = PyErr::fetch(given.py());
    let name = given.get_type().name().map_or_else(|_| "object".to_owned(), |name| name.to_string());
    let why = if reason.is_instance_of::<PyTypeError>(given.py()) {
        String::new()
    } else {
        format!(" ({})", reason.value(given.py()))
    };
    PyTypeError::new_err(format!("expected {wanted}, not '{name}'{why}"))
}

#[inline]
fn take<'a>(given: &Bound<'_, PyAny>, view: &'a mut ffi::Py_buffer, flags: c_int, wanted: &str) -> PyResult<Held<'a>> {
    // SAFETY: object and struct are live, and the struct does not move while `Held` has it.
    match unsafe { ffi::PyObject_GetBuffer(given.as_ptr(), view, flags) } {
        0 => Ok(Held(view)),
        _ => Err(refused(given, wanted)),
    }
}

/// Runs `body` on the memory of a writable buffer, of any number of dimensions, in the order in which it lies.
#[inline]
pub fn with_target<R>(given: &Bound<'_, PyAny>, body: impl FnOnce(&mut [u8]) -> R) -> PyResult<R> {
    let mut view = ffi::Py_buffer::new();
    let held = take(given, &mut view, ffi::PyBUF_WRITABLE, "a contiguous read-write bytes-like object")?;
    if held.0.len <= 0 {
        return Ok(body(&mut []));
    }
    // SAFETY: the exporter keeps `len` bytes in place and writable while the buffer is held. Others may see them change,
    // as with every buffer in Python.
    Ok(body(unsafe { std::slice::from_raw_parts_mut(held.0.buf.cast(), held.0.len as usize) }))
}

/// Runs `body` on the memory of a buffer.
#[inline]
pub fn with_source<R>(given: &Bound<'_, PyAny>, body: impl FnOnce(&[u8]) -> R) -> PyResult<R> {
    let mut view = ffi::Py_buffer::new();
    let held = take(given, &mut view, ffi::PyBUF_SIMPLE, "a contiguous bytes-like object")?;
    if held.0.len <= 0 {
        return Ok(body(&[]));
    }
    // SAFETY: the exporter keeps `len` bytes in place while the buffer is held.
    Ok(body(unsafe { std::slice::from_raw_parts(held.0.buf.cast(), held.0.len as usize) }))
}

/// A buffer that is kept, and what [`pinned`] holds below it.
struct Kept {
    view: ffi::Py_buffer,
    _pins: Option<Py<PyAny>>,
}

unsafe extern "C" fn release(kept: *mut c_void) {
    // After the interpreter's end nothing can be given back: the buffer is left where it is.
    // SAFETY: the pointer is the box of `kept`, and is given up once.
    unsafe {
        Python::try_attach(|_| {
            let mut kept = Box::from_raw(kept as *mut Kept);
            ffi::PyBuffer_Release(&mut kept.view);
        });
    }
}

/// The memory of a bytes-like object, shared, with the object's export as its owner; None for anything else.
///
/// # Errors
/// `TypeError` for an array with a mask.
pub fn kept(name: &str, given: &Bound<'_, PyAny>) -> PyResult<Option<Bytes>> {
    refuse_mask(name, given)?;
    let pins = pinned(given)?.map(Bound::unbind);
    let mut kept = Box::new(Kept { view: ffi::Py_buffer::new(), _pins: pins });
    let mut taken = |flags| {
        // SAFETY: object and struct are live; the struct stays in its box until it is released.
        let refused = unsafe { ffi::PyObject_GetBuffer(given.as_ptr(), &mut kept.view, flags) } != 0;
        if refused {
            drop(PyErr::take(given.py()));
        }
        !refused
    };
    if !taken(ffi::PyBUF_WRITABLE) && !taken(ffi::PyBUF_SIMPLE) {
        return Ok(None);
    }
    let view = &kept.view;
    let (data, length, writable) = (view.buf.cast(), view.len.max(0) as u64, view.readonly == 0);
    // SAFETY: `release` gives the buffer back, from any thread.
    let owner = unsafe { Owner::from_raw(Box::into_raw(kept).cast(), Some(release)) };
    Ok(Some(Bytes { data, length, writable, owner }))
}

/// [`kept`], refused with a reason where there is nothing to share.
pub fn kept_or_refused(given: &Bound<'_, PyAny>) -> PyResult<Bytes> {
    kept("buffer", given)?.ok_or_else(|| {
        let name = given.get_type().name().map_or_else(|_| "object".to_owned(), |name| name.to_string());
        PyTypeError::new_err(format!("buffer: expected a contiguous bytes-like object, not '{name}'"))
    })
}

/// The buffer protocol's refusal.
#[cold]
pub fn no_buffer(reason: &str) -> PyErr {
    PyBufferError::new_err(reason.to_owned())
}
