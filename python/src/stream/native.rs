//! Methods of one argument by Python's shortest way, for the two calls that are made most often.
//!
//! A method of a class goes through the parsing of arguments and keywords, which at 4 KiB costs a tenth of the whole
//! call. Here the function gets its one argument as it is. It is bound to the object once and kept by whoever calls it.

use super::raw::RawCore;
use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi;
use pyo3::prelude::*;
use std::panic::{catch_unwind, AssertUnwindSafe};

/// A method's description in static memory; Python only reads it.
pub struct Method(ffi::PyMethodDef);

// SAFETY: the description is immutable, and what it points to is static.
unsafe impl Sync for Method {}

pub static READINTO: Method = Method(ffi::PyMethodDef {
    ml_name: c"readinto".as_ptr(),
    ml_meth: ffi::PyMethodDefPointer { PyCFunction: readinto },
    ml_flags: ffi::METH_O,
    ml_doc: c"readinto($self, buffer, /)\n--\n\nRead into a writable buffer.".as_ptr(),
});

pub static WRITE: Method = Method(ffi::PyMethodDef {
    ml_name: c"write".as_ptr(),
    ml_meth: ffi::PyMethodDefPointer { PyCFunction: write },
    ml_flags: ffi::METH_O,
    ml_doc: c"write($self, b, /)\n--\n\nWrite as many bytes as the stream takes at once.".as_ptr(),
});

/// The method, bound to the object.
pub fn bind<'py>(core: &Bound<'py, RawCore>, method: &'static Method) -> PyResult<Bound<'py, PyAny>> {
    let description = &method.0 as *const ffi::PyMethodDef as *mut ffi::PyMethodDef;
    // SAFETY: the description lives for ever and is only read; the new function holds the object, of the class that its
    // code expects.
    unsafe {
        let function = ffi::PyCFunction_NewEx(description, core.as_ptr(), std::ptr::null_mut());
        Bound::from_owned_ptr_or_err(core.py(), function)
    }
}

type Body = for<'py> fn(&RawCore, Python<'py>, &Bound<'py, PyAny>) -> PyResult<Option<usize>>;

/// # Safety
/// Python calls a function made by [`bind`]: `core` is a live `RawCore`, `argument` a live object, the thread attached.
#[inline(always)]
unsafe fn call(core: *mut ffi::PyObject, argument: *mut ffi::PyObject, body: Body) -> *mut ffi::PyObject {
    // SAFETY: by the caller's promise; both objects outlive the call.
    let (py, core, argument) = unsafe {
        let py = Python::assume_attached();
        (py, Borrowed::from_ptr(py, core).cast_unchecked::<RawCore>(), Borrowed::from_ptr(py, argument))
    };
    let result = catch_unwind(AssertUnwindSafe(|| body(core.get(), py, &argument)));
    let raised = match result {
        // SAFETY: the thread is attached.
        Ok(Ok(Some(count))) => return unsafe { ffi::PyLong_FromSize_t(count) },
        Ok(Ok(None)) => return py.None().into_ptr(),
        Ok(Err(raised)) => raised,
        Err(payload) => {
            // A payload may itself panic when it is dropped.
            std::mem::forget(payload);
            PyRuntimeError::new_err("a stream panicked; this is a fault of iolink")
        }
    };
    raised.restore(py);
    std::ptr::null_mut()
}

unsafe extern "C" fn readinto(core: *mut ffi::PyObject, buffer: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: only `bind` makes functions with this code.
    unsafe { call(core, buffer, RawCore::read_into) }
}

unsafe extern "C" fn write(core: *mut ffi::PyObject, bytes: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: only `bind` makes functions with this code.
    unsafe { call(core, bytes, RawCore::write_from) }
}
