//! `__array__` and `__array_interface__`.

use crate::image::ImageView;
use crate::interop::{copy_from, export, lend};
use pyo3::exceptions::{PyAttributeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

#[pymethods]
impl ImageView {
    #[pyo3(signature = (dtype = None, copy = None))]
    fn __array__<'py>(
        slf: &Bound<'py, Self>,
        dtype: Option<&Bound<'py, PyAny>>,
        copy: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let copy = copy_from(copy)?;
        let Some(dtype) = dtype else { return export(slf, None, copy) };
        let py = slf.py();
        let wanted = py.import("numpy")?.call_method1(intern!(py, "dtype"), (dtype,))?;
        let array = export(slf, None, copy)?;
        if array.getattr(intern!(py, "dtype"))?.eq(&wanted)? {
            return Ok(array);
        }
        if copy == Some(false) {
            return Err(PyValueError::new_err("copy=False: another dtype cannot be had without a copy"));
        }
        array.call_method1(intern!(py, "astype"), (wanted,))
    }

    /// Where the samples lie, by version 3 of NumPy's array interface. The address is good as long as this object lives,
    /// even when it is closed; an image in memory cannot be reshaped any more once it was asked for.
    ///
    /// Raises AttributeError without MEMORY_ACCESS, and where the image is closed.
    ///
    /// >>> image = ImageViewFactory.allocate((6, 4), "UINT16")
    /// >>> image.__array_interface__["typestr"], image.__array_interface__["shape"]
    /// ('<u2', (6, 4))
    #[getter]
    fn __array_interface__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyDict>> {
        let py = slf.py();
        // Whoever asks whether there is an interface hears no; NumPy then asks `__array__`, which says the rest.
        if slf.get().closed() {
            return Err(PyAttributeError::new_err("__array_interface__: the image is closed"));
        }
        let Some(lent) = lend(slf.get())? else {
            return Err(PyAttributeError::new_err(
                "__array_interface__: the image has no MEMORY_ACCESS capability; np.asarray(image) reads it",
            ));
        };
        let layout = lent.layout();
        let out = PyDict::new(py);
        out.set_item("version", 3)?;
        out.set_item("typestr", lent.type_text()?)?;
        out.set_item("shape", PyTuple::new(py, layout.shape())?)?;
        out.set_item("strides", PyTuple::new(py, layout.strides())?)?;
        out.set_item("data", (lent.address(), !lent.memory.writable))?;
        slf.get().pin(lent.memory.owner);
        Ok(out)
    }
}
