//! The target that a provider written in Python saves a view to.

use super::source::CallSlot;
use crate::errors::OrRaise;
use iolink_host::OptionRecord;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::sync::Arc;

/// A place to save a view at: a local file by its `path`, else a `stream` or a key of a `store`.
///
/// The host gives the path of a draft, which it puts in place when `save` returns, and removes if it raises.
///
/// >>> import numpy
/// >>> @register_provider
/// ... class Raw:
/// ...     formats = [{"extensions": "doctarget", "offer": "save"}]
/// ...     def save(self, view, target):
/// ...         numpy.asarray(view).tofile(target)
/// >>> import pathlib, tempfile
/// >>> path = pathlib.Path(tempfile.mkdtemp(), "x.doctarget")
/// >>> save(ImageViewFactory.uniform((3, 2), "UINT8", 7), path)
/// >>> path.read_bytes() == bytes([7] * 6)
/// True
#[pyclass(frozen, module = "iolink", name = "Target")]
pub struct Target {
    target: iolink_sdk::Target,
    /// The options that the provider declares for saving.
    declared: Vec<OptionRecord>,
    call: Arc<CallSlot>,
}

impl Target {
    pub fn new(target: iolink_sdk::Target, declared: Vec<OptionRecord>, call: Arc<CallSlot>) -> Self {
        Target { target, declared, call }
    }
}

#[pymethods]
impl Target {
    /// The final name, never empty: `file:///...` or another scheme.
    #[getter]
    fn uri(&self) -> &str {
        self.target.uri()
    }

    /// The path to write to if the target is a local file; else `None`.
    #[getter]
    fn path(&self) -> Option<String> {
        self.target.path().ok().map(|path| path.to_string_lossy().into_owned())
    }

    /// The format, one of those that the provider saves.
    #[getter]
    fn format(&self) -> Option<&str> {
        self.target.format()
    }

    /// The options of the format in their types: those that the user gave, and the defaults of the others.
    #[getter]
    fn options<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        super::options::in_types(py, &self.declared, self.target.options())
    }

    /// Whether what exists at the target is replaced.
    #[getter]
    fn overwrite(&self) -> bool {
        self.target.is_overwrite()
    }

    /// The StreamAccess to write to, or `None`.
    #[getter]
    fn stream<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.target.stream().map(|stream| crate::stream::stream_to_python(py, stream.clone())).transpose()
    }

    /// The DataStorage to write into, at the target's key, or `None`.
    #[getter]
    fn store<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let store = self.target.store();
        store.map(|(store, key)| crate::stream::store_to_python(py, store.clone(), key)).transpose()
    }

    /// The key of the target in `store`, or `None`.
    #[getter]
    fn key(&self) -> Option<&str> {
        self.target.store().map(|(_, key)| key)
    }

    /// Reports how far `save` is. Raises CancelledError if the caller asks to stop: let it pass.
    fn progress(&self, py: Python<'_>, done: u64, total: u64) -> PyResult<()> {
        py.detach(|| self.call.step(done, total)).or_raise()
    }

    /// The path, so that `open(target, "wb")` of Python itself works.
    fn __fspath__(&self) -> PyResult<String> {
        self.path().ok_or_else(|| {
            PyTypeError::new_err(format!("{} is not a local file: write to target.stream or target.store", self.uri()))
        })
    }

    fn __repr__(&self) -> String {
        format!("Target({:?})", self.target.uri())
    }
}
