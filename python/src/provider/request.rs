//! The view that a provider written in Python is asked to convert to.

use super::source::CallSlot;
use crate::errors::OrRaise;
use iolink_host::OptionRecord;
use iolink_sdk::Convert;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use std::sync::Arc;

/// What a conversion shall lead to: the kind of the view, and capabilities that it must have.
#[pyclass(frozen, module = "iolink", name = "ConvertRequest")]
pub struct ConvertRequest {
    request: Convert,
    /// The options that the provider declares for conversions.
    declared: Vec<OptionRecord>,
    call: Arc<CallSlot>,
}

impl ConvertRequest {
    pub fn new(request: Convert, declared: Vec<OptionRecord>, call: Arc<CallSlot>) -> Self {
        ConvertRequest { request, declared, call }
    }
}

#[pymethods]
impl ConvertRequest {
    /// The kind of the view to return: `image`, `data-frame` and so on.
    #[getter]
    fn kind(&self) -> &'static str {
        self.request.kind.word()
    }

    /// The names of the capabilities that the view must have: `READ`, `MEMORY_ACCESS` and so on.
    #[getter]
    fn capabilities<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.request.kind.capability_names(self.request.capabilities))
    }

    /// The options in their types: those that the user gave, and the defaults of the others.
    #[getter]
    fn options<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        super::options::in_types(py, &self.declared, iolink_sdk::provider::Options::pairs(&self.request))
    }

    /// Reports how far `convert` is. Raises CancelledError if the caller asks to stop: let it pass.
    fn progress(&self, py: Python<'_>, done: u64, total: u64) -> PyResult<()> {
        py.detach(|| self.call.step(done, total)).or_raise()
    }

    fn __repr__(&self) -> String {
        format!("ConvertRequest({:?})", self.request.kind.word())
    }
}
