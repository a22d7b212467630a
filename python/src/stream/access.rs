//! `StreamAccess` in Python.

use super::buffer::{with_source, with_target};
use super::errors::raise;
use super::handle::Handle;
use super::raw::{seek_from, RawCore};
use super::transfer::{read, read_all, write_all, Failed};
use super::{capabilities_to_python, export};
use crate::errors::Naming;
use iolink_sdk::{CapabilitySet, SeekFrom, StreamCapability, View};
use pyo3::exceptions::PyValueError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyTuple};
use std::os::raw::c_int;
use std::sync::Arc;

/// Bytes with one cursor, which every read and write moves.
///
/// >>> import iolink
/// >>> with iolink.StreamAccessFactory.allocate() as stream:
/// ...     stream.write(b"some bytes")
/// ...     stream.seek(5)
/// ...     stream.read()
/// 10
/// 5
/// b'bytes'
#[pyclass(frozen, module = "iolink", name = "StreamAccess", weakref)]
pub struct StreamAccess {
    handle: Arc<Handle>,
}

impl StreamAccess {
    pub fn new(handle: Handle) -> Self {
        StreamAccess { handle: Arc::new(handle) }
    }

    pub fn handle(&self) -> &Arc<Handle> {
        &self.handle
    }
}

pub(super) fn failed(failed: Failed) -> PyErr {
    match failed {
        Failed::Stream(error) => raise(error),
        Failed::Python(raised) => raised,
    }
}

#[pymethods]
impl StreamAccess {
    /// Reads up to `n` bytes; without `n`, or with a negative one, everything up to the end.
    ///
    /// Fewer bytes come back only at the end, and from a pipe or terminal, which gives what it has. `b""` is the end.
    ///
    /// >>> import iolink
    /// >>> iolink.StreamAccessFactory.from_buffer(b"abcdef").read(4)
    /// b'abcd'
    #[pyo3(signature = (n = -1))]
    fn read<'py>(&self, py: Python<'py>, n: isize) -> PyResult<Bound<'py, PyBytes>> {
        self.handle.check_open()?;
        match usize::try_from(n) {
            Ok(count) => read(py, &self.handle, count, self.handle.has(StreamCapability::SEEK)).map_err(failed),
            Err(_) => read_all(py, &self.handle).map_err(failed),
        }
    }

    /// Reads into a writable buffer of any shape, as it lies in memory, and says how many bytes there were.
    ///
    /// >>> import iolink
    /// >>> target = bytearray(4)
    /// >>> iolink.StreamAccessFactory.from_buffer(b"abc").readinto(target), target
    /// (3, bytearray(b'abc\x00'))
    fn readinto(&self, py: Python<'_>, buffer: &Bound<'_, PyAny>) -> PyResult<usize> {
        self.handle.check_open()?;
        with_target(buffer, |target| self.handle.run(py, target.len(), |stream| stream.read(target)))
            .naming(py, "buffer")?
            .map_err(raise)
    }

    /// Writes all bytes of a bytes-like object, or raises; says how many there were.
    ///
    /// >>> import iolink
    /// >>> iolink.StreamAccessFactory.allocate().write(b"abc")
    /// 3
    fn write(&self, py: Python<'_>, data: &Bound<'_, PyAny>) -> PyResult<usize> {
        self.handle.check_open()?;
        with_source(data, |source| {
            self.handle.run(py, source.len(), |stream| write_all(stream, source)).map(|()| source.len())
        })
        .naming(py, "data")?
        .map_err(raise)
    }

    /// Moves the cursor to `offset` bytes from the start (`origin` 0), the cursor (1) or the end (2), and says where it
    /// stands. It may stand past the end; a write there fills the gap with zeros.
    #[pyo3(signature = (offset, origin = 0))]
    fn seek(&self, py: Python<'_>, offset: i64, origin: i32) -> PyResult<u64> {
        self.handle.check_open()?;
        let to = seek_from(&self.handle, offset, origin)?;
        self.handle.run(py, 0, |stream| stream.seek(to)).map_err(raise)
    }

    /// Where the cursor stands.
    fn tell(&self, py: Python<'_>) -> PyResult<u64> {
        self.handle.check_open()?;
        self.handle.run(py, 0, |stream| stream.seek(SeekFrom::Current(0))).map_err(raise)
    }

    /// How many bytes there are. Pipes and terminals do not know: `CapabilityError`.
    fn size(&self, py: Python<'_>) -> PyResult<u64> {
        self.handle.check_open()?;
        self.handle.run(py, 0, |stream| stream.length()).map_err(raise)
    }

    /// Cuts off behind `n` bytes, or fills up to `n` with zeros; the cursor stays.
    ///
    /// >>> import iolink
    /// >>> stream = iolink.StreamAccessFactory.allocate()
    /// >>> stream.resize(3)
    /// >>> stream.read()
    /// b'\x00\x00\x00'
    fn resize(&self, py: Python<'_>, n: i64) -> PyResult<()> {
        self.handle.check_open()?;
        let length =
            u64::try_from(n).map_err(|_| PyValueError::new_err(format!("n: a size cannot be negative: {n}")))?;
        self.handle.run(py, length as usize, |stream| stream.resize(length)).map_err(raise)
    }

    /// Hands what was written on to where it belongs.
    fn flush(&self, py: Python<'_>) -> PyResult<()> {
        self.handle.check_open()?;
        self.handle.run(py, usize::MAX, |stream| stream.flush()).map_err(raise)
    }

    /// Ends the stream: whatever is asked of it later is a `ValueError`. Closing again does nothing.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.handle.close(py)
    }

    /// Was the stream closed?
    #[getter]
    fn closed(&self) -> bool {
        self.handle.is_closed()
    }

    /// What the stream can do, as a `StreamCapability`.
    fn capabilities<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        capabilities_to_python(py, self.handle.capabilities().value())
    }

    /// Can the stream do all of `flags`?
    ///
    /// >>> import iolink
    /// >>> stream = iolink.StreamAccessFactory.from_buffer(b"read-only")
    /// >>> stream.support(iolink.StreamCapability.READ), stream.support(iolink.StreamCapability.WRITE)
    /// (True, False)
    fn support(&self, flags: u64) -> bool {
        self.handle.capabilities().value() & flags == flags
    }

    /// Path, URI or name that the stream was opened by; None for memory.
    fn source(&self, py: Python<'_>) -> Option<String> {
        self.handle.source(py)
    }

    /// The stream as an `io.RawIOBase`, for everything that takes a binary file.
    ///
    /// Both share the cursor. Closing the raw stream closes this one too, unless `closefd` is False; a raw stream that is
    /// only dropped closes nothing.
    ///
    /// >>> import io, iolink
    /// >>> raw = iolink.StreamAccessFactory.allocate().to_raw_io()
    /// >>> isinstance(raw, io.RawIOBase), raw.write(b"two\nlines\n"), raw.seek(0)
    /// (True, 10, 0)
    /// >>> [line for line in io.TextIOWrapper(io.BufferedReader(raw))]
    /// ['two\n', 'lines\n']
    #[pyo3(signature = (*, closefd = true))]
    fn to_raw_io<'py>(slf: &Bound<'py, Self>, closefd: bool) -> PyResult<Bound<'py, PyAny>> {
        static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        CLASS.import(slf.py(), "iolink._raw_io", "RawStream")?.call1((slf, closefd))
    }

    /// The native half of `to_raw_io`.
    fn _raw_core(&self, closefd: bool) -> RawCore {
        RawCore::new(self.handle.clone(), closefd)
    }

    /// The stream as a capsule, for packages that take iolink views without our classes.
    fn __iolink_view__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        crate::capsule::of_view(py, View::Stream(self.handle.stream().clone()))
    }

    fn __enter__<'py>(slf: Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        slf.get().handle.check_open()?;
        Ok(slf)
    }

    #[pyo3(signature = (*exception))]
    fn __exit__(&self, py: Python<'_>, exception: &Bound<'_, PyTuple>) -> PyResult<()> {
        match exception.get_item(0).is_ok_and(|class| !class.is_none()) {
            true => self.handle.end_after_error(py),
            false => self.handle.close(py),
        }
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        if self.handle.is_closed() {
            return "<iolink.StreamAccess closed>".to_owned();
        }
        let names = self.handle.capabilities().names().join("|");
        let source = self.handle.source(py).map(|source| format!(" {source:?}")).unwrap_or_default();
        let size = match self.handle.knows_size() {
            true => self.handle.run(py, 0, |stream| stream.length()).ok(),
            false => None,
        };
        let size = size.map(|size| format!(", {size} bytes")).unwrap_or_default();
        format!("<iolink.StreamAccess{source} {names}{size}>")
    }

    /// MEMORY_ACCESS: `memoryview(stream)`. The size cannot change as long as the view lives.
    ///
    /// # Safety
    /// Called by Python, with the struct of its request.
    unsafe fn __getbuffer__(slf: Bound<'_, Self>, view: *mut ffi::Py_buffer, flags: c_int) -> PyResult<()> {
        let memory = slf.get().handle.run(slf.py(), usize::MAX, |stream| stream.memory());
        // SAFETY: by the caller's promise.
        unsafe { export::lend(slf.as_any(), memory, view, flags) }
    }

    /// # Safety
    /// Called by Python, with the struct of an earlier request.
    unsafe fn __releasebuffer__(&self, view: *mut ffi::Py_buffer) {
        // SAFETY: by the caller's promise.
        unsafe { export::take_back(view) }
    }
}
