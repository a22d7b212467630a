//! A column's bytes as an object with the buffer protocol, and what keeps pandas from writing to them unseen.

use crate::interop::python_owner;
use iolink_plugin_dataframe::{Keeper, Storage};
use iolink_sdk::Owner;
use pyo3::exceptions::PyBufferError;
use pyo3::ffi;
use pyo3::prelude::*;
use std::os::raw::{c_int, c_void};

/// Bytes of a column; base object of the arrays that share them.
#[pyclass(frozen, module = "iolink._iolink", name = "_FrameBytes")]
pub struct FrameBytes {
    data: *mut u8,
    length: usize,
    writable: bool,
    _owner: Owner,
}

// SAFETY: the bytes are kept by the owner; who writes to them is the business of those that they are lent to.
unsafe impl Send for FrameBytes {}
// SAFETY: as above.
unsafe impl Sync for FrameBytes {}

impl FrameBytes {
    /// The bytes of a column. Whoever asks for `writable` ones puts a guard into the keeper.
    pub fn new(data: *const u8, length: usize, writable: bool, owner: Owner) -> Self {
        FrameBytes { data: data as *mut u8, length, writable, _owner: owner }
    }
}

#[pymethods]
impl FrameBytes {
    unsafe fn __getbuffer__(slf: Bound<'_, Self>, view: *mut ffi::Py_buffer, flags: c_int) -> PyResult<()> {
        let this = slf.get();
        if flags & ffi::PyBUF_WRITABLE != 0 && !this.writable {
            return Err(PyBufferError::new_err("the column is read-only here; take a copy to write"));
        }
        // SAFETY: Python gives a struct to fill; the bytes live as long as `slf`, which the struct now holds.
        let filled = unsafe {
            ffi::PyBuffer_FillInfo(
                view,
                slf.as_ptr(),
                this.data as *mut c_void,
                this.length as ffi::Py_ssize_t,
                c_int::from(!this.writable),
                flags,
            )
        };
        if filled != 0 {
            return Err(PyErr::fetch(slf.py()));
        }
        Ok(())
    }

    fn __len__(&self) -> usize {
        self.length
    }
}

/// Takes guards for the bytes of one column: kept while anybody but the borrower sees them.
#[pyclass(frozen, module = "iolink._iolink", name = "_FrameKeeper")]
pub struct FrameKeeper(Keeper);

#[pymethods]
impl FrameKeeper {
    fn keep(&self, guard: &Bound<'_, PyAny>) {
        self.0.keep(python_owner(guard));
    }
}

/// A storage's bytes, and its keeper.
pub fn split(py: Python<'_>, storage: Storage, writable: bool) -> PyResult<(Py<FrameBytes>, Py<FrameKeeper>)> {
    let length = storage.rows * storage.width;
    let bytes = FrameBytes::new(storage.data, length, writable && storage.own, storage.owner);
    Ok((Py::new(py, bytes)?, Py::new(py, FrameKeeper(storage.keeper))?))
}
