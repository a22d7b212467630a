//! What `iolink.plugins()` tells of each plugin.

use iolink_host::{PluginInfo as Known, ProviderRecord};
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use std::path::PathBuf;

/// One plugin: who it is, what it offers, and whether it can be used.
///
/// `kind` is "built-in", "plugin", or "python", a provider written in Python; `state` is "available" (known by its manifest,
/// not loaded), "loaded" or "refused", and then `reason` says why in one line. `offers` and `options` are lines for people.
///
/// >>> plugins()[0]
/// PluginInfo(org.iolink.dataframe ..., built-in, loaded)
#[pyclass(frozen, module = "iolink", name = "PluginInfo")]
pub struct PluginInfo(pub Known);

impl PluginInfo {
    fn lines<'py>(&self, py: Python<'py>, of: fn(&ProviderRecord) -> Vec<String>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.providers.iter().flat_map(of).collect::<Vec<_>>())
    }
}

#[pymethods]
impl PluginInfo {
    #[getter]
    fn id(&self) -> &str {
        &self.0.id
    }

    #[getter]
    fn version(&self) -> &str {
        &self.0.version
    }

    #[getter]
    fn kind(&self) -> &'static str {
        match (self.0.builtin, &self.0.python) {
            (true, _) => "built-in",
            (false, None) => "plugin",
            (false, Some(_)) => "python",
        }
    }

    #[getter]
    fn state(&self) -> &'static str {
        self.0.state.word()
    }

    #[getter]
    fn path(&self) -> Option<PathBuf> {
        self.0.path.clone()
    }

    #[getter]
    fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// What it opens, creates, adopts, converts and saves.
    #[getter]
    fn offers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        self.lines(py, |provider| provider.offers.iter().map(ToString::to_string).collect())
    }

    /// The keyword arguments of `open` that its providers declare.
    #[getter]
    fn options<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        self.lines(py, |provider| provider.options(None).iter().map(ToString::to_string).collect())
    }

    fn __repr__(&self) -> String {
        let why = self.0.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        format!("PluginInfo({} {}, {}, {}{why})", self.0.id, self.0.version, self.kind(), self.state())
    }
}
