//! What a provider written in Python is asked to open.

use crate::errors::OrRaise;
use iolink_host::OptionRecord;
use iolink_sdk::{Call, Host};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::sync::{Arc, PoisonError, RwLock};

/// The source that a provider opens: `path` if it is a local file, `bytes` and `file()` for every source.
#[pyclass(frozen, module = "iolink", name = "Source")]
pub struct Source {
    /// Kept as long as the source: a view may open further files by it.
    _host: Host,
    source: iolink_sdk::Source,
    /// The options that the provider declares for opening.
    declared: Vec<OptionRecord>,
    call: Arc<CallSlot>,
}

impl Source {
    pub fn new(host: Host, source: iolink_sdk::Source, declared: Vec<OptionRecord>, call: Arc<CallSlot>) -> Self {
        Source { _host: host, source, declared, call }
    }
}

/// The call that a provider works on, for the objects of Python that may outlive it.
pub struct CallSlot(RwLock<Option<Call<'static>>>);

impl CallSlot {
    /// Runs `body` with a slot that holds the call until it returns.
    pub fn with<R>(call: &Call<'_>, body: impl FnOnce(Arc<CallSlot>) -> R) -> R {
        struct Clear(Arc<CallSlot>);
        impl Drop for Clear {
            fn drop(&mut self) {
                *self.0 .0.write().unwrap_or_else(PoisonError::into_inner) = None;
            }
        }
        // SAFETY: only the lifetime is changed; the slot is cleared before `call` ends, and that waits for its users.
        let call = unsafe { std::mem::transmute::<Call<'_>, Call<'static>>(*call) };
        let slot = Clear(Arc::new(CallSlot(RwLock::new(Some(call)))));
        body(slot.0.clone())
    }

    /// Reports progress; does nothing after the call.
    ///
    /// # Errors
    /// As [`Call::step`].
    pub fn step(&self, done: u64, total: u64) -> iolink_sdk::Result<()> {
        match &*self.0.read().unwrap_or_else(PoisonError::into_inner) {
            Some(call) => call.step(done, total),
            None => Ok(()),
        }
    }
}

#[pymethods]
impl Source {
    /// Always there: `file:///...`, another scheme, or `stream:NAME`.
    #[getter]
    fn uri(&self) -> &str {
        self.source.uri()
    }

    /// The path, where the source is a local file or folder; else `None`.
    #[getter]
    fn path(&self) -> Option<String> {
        self.source.path().map(|path| path.to_string_lossy().into_owned())
    }

    /// The format that the user asked for, or `None`.
    #[getter]
    fn format(&self) -> Option<&str> {
        self.source.format()
    }

    /// The options in their types: those that the user gave to `open`, and the defaults of the others.
    #[getter]
    fn options<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        super::options::in_types(py, &self.declared, self.source.options())
    }

    /// The bytes, as a RandomAccess. UnsupportedFormatError where there are none: of a folder, or where only the URI is
    /// known.
    #[getter]
    fn bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        crate::stream::random_access_to_python(py, self.source.bytes().or_raise()?)
    }

    /// The DataStorage that holds the source, with `key`: the folder of a local file, or the source itself if it is a folder.
    /// Read other files of the format through it: `source.store.sibling("brain.img")`, `source.store.read("brain.img")`.
    /// CapabilityError for a lone stream.
    #[getter]
    fn store<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let store = self.source.store().or_raise()?;
        crate::stream::store_to_python(py, store, self.source.key().unwrap_or_default())
    }

    /// The key of the source in its store: the name of the file; "" for a folder, `None` for a lone stream.
    #[getter]
    fn key(&self) -> Option<&str> {
        self.source.key()
    }

    /// The bytes as a buffered binary file with a cursor of its own.
    fn file<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let stream = py.import("iolink")?.getattr("StreamAccessFactory")?;
        let raw = stream.call_method1("from_random_access", (self.bytes(py)?,))?.call_method0("to_raw_io")?;
        // Some libraries ask a buffered file for its name.
        raw.setattr("name", self.uri())?;
        py.import("io")?.call_method1("BufferedReader", (raw,))
    }

    /// The path where there is one, else the bytes as a file: what most libraries open.
    fn path_or_file<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self.path() {
            Some(path) => Ok(path.into_pyobject(py)?.into_any()),
            None => self.file(py),
        }
    }

    /// Reports how far `open` is. Raises CancelledError if the caller asks to stop: let it pass.
    fn progress(&self, py: Python<'_>, done: u64, total: u64) -> PyResult<()> {
        py.detach(|| self.call.step(done, total)).or_raise()
    }

    /// The path, so that `open(source)` of Python itself works.
    fn __fspath__(&self) -> PyResult<String> {
        self.path().ok_or_else(|| {
            PyTypeError::new_err(format!("{} is not a local file: use source.file() or source.bytes", self.uri()))
        })
    }

    fn __repr__(&self) -> String {
        format!("Source({:?})", self.source.uri())
    }
}
