//! `RandomAccess` and `RandomAccessFactory` in Python.

use super::access::failed;
use super::buffer::{kept_or_refused, with_source, with_target};
use super::errors::{interrupted, raise};
use super::factory::{opening_failed, size_from};
use super::path::path_from;
use super::transfer::filled;
use super::{capabilities_to_python, export, random_access_of};
use crate::errors::Naming;
use crate::held::Held;
use crate::registry;
use iolink_plugin_stream::FileAccess;
use iolink_sdk::{Adopt, CapabilitySet, CreateView, Result, StreamCapability, View};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::os::raw::c_int;
use std::sync::Arc;

/// Bytes at an offset: no cursor, a size that only `resize` changes, the same answer to the same question, from any thread.
///
/// >>> import iolink
/// >>> access = iolink.RandomAccessFactory.allocate(8)
/// >>> access.write_at(6, b"yz")
/// 2
/// >>> access.read_at(5, 10)
/// b'\x00yz'
#[pyclass(frozen, module = "iolink", name = "RandomAccess", weakref)]
pub struct RandomAccess {
    access: Held<Arc<dyn iolink_sdk::RandomAccess>>,
    /// Do the bytes lie in memory of ours, so that a small transfer is not worth letting other threads run?
    in_memory: bool,
}

impl RandomAccess {
    pub fn new(access: Arc<dyn iolink_sdk::RandomAccess>) -> Self {
        // A mapped file has an origin, and is read by the system's calls.
        let in_memory = access.foreign().is_none()
            && access.capabilities().has(StreamCapability::MEMORY_ACCESS)
            && access.origin().is_none();
        RandomAccess { access: access.into(), in_memory }
    }

    pub fn access(&self) -> Arc<dyn iolink_sdk::RandomAccess> {
        self.access.clone()
    }

    fn run<R: Send>(
        &self,
        py: Python<'_>,
        bytes: usize,
        body: impl FnOnce(&dyn iolink_sdk::RandomAccess) -> Result<R> + Send,
    ) -> Result<R> {
        match self.in_memory && bytes < 64 * 1024 {
            true => body(&**self.access),
            false => py.detach(|| body(&**self.access)),
        }
    }
}

#[pymethods]
impl RandomAccess {
    /// How many bytes there are.
    fn size(&self, py: Python<'_>) -> PyResult<u64> {
        self.run(py, 0, |access| access.length()).map_err(raise)
    }

    /// Reads up to `n` bytes at `offset`; fewer come back only at the end.
    fn read_at<'py>(&self, py: Python<'py>, offset: i64, n: i64) -> PyResult<Bound<'py, PyBytes>> {
        let (offset, n) = (size_from("offset", offset)?, size_from("n", n)?);
        let left = self.size(py)?.saturating_sub(offset);
        let count = n.min(left) as usize;
        let trusted = self.access.foreign().is_none();
        let read = |buffer: &mut [u8]| self.run(py, count, |access| access.read_at(offset, buffer));
        filled(py, count, trusted, read).map_err(failed)
    }

    /// Reads at `offset` into a writable buffer of any shape, as it lies in memory; says how many bytes there were.
    fn readinto_at(&self, py: Python<'_>, offset: i64, buffer: &Bound<'_, PyAny>) -> PyResult<usize> {
        let offset = size_from("offset", offset)?;
        with_target(buffer, |target| self.run(py, target.len(), |access| access.read_at(offset, target)))
            .naming(py, "buffer")?
            .map_err(raise)
    }

    /// Writes all bytes at `offset`, or nothing: past the end is an `OutOfRangeError`. Says how many bytes there were.
    fn write_at(&self, py: Python<'_>, offset: i64, data: &Bound<'_, PyAny>) -> PyResult<usize> {
        let offset = size_from("offset", offset)?;
        with_source(data, |source| {
            self.run(py, source.len(), |access| access.write_at(offset, source)).map(|()| source.len())
        })
        .naming(py, "data")?
        .map_err(raise)
    }

    /// RESIZE: cuts the bytes off or fills them with zeros.
    fn resize(&self, py: Python<'_>, size: i64) -> PyResult<()> {
        let length = size_from("size", size)?;
        self.run(py, usize::MAX, |access| access.resize(length)).map_err(raise)
    }

    /// WRITE: passes everything written to the disk, so that an error such as a full disk is raised here.
    fn flush(&self, py: Python<'_>) -> PyResult<()> {
        self.run(py, usize::MAX, |access| access.flush()).map_err(raise)
    }

    /// What can be done, as a `StreamCapability`.
    fn capabilities<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        capabilities_to_python(py, self.access.capabilities().value())
    }

    /// Can it do all of `flags`?
    fn support(&self, flags: u64) -> bool {
        self.access.capabilities().value() & flags == flags
    }

    /// Path, URI or name that it was opened by; None for memory.
    fn source(&self, py: Python<'_>) -> Option<String> {
        py.detach(|| self.access.origin())
    }

    /// The view as a capsule, for packages that take iolink views without our classes.
    fn __iolink_view__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        crate::capsule::of_view(py, View::RandomAccess(self.access.clone()))
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        let names = self.access.capabilities().names().join("|");
        let (source, length) = py.detach(|| (self.access.origin(), self.access.length()));
        let source = source.map(|source| format!(" {source:?}")).unwrap_or_default();
        let length = length.map_or_else(|_| "unknown".to_owned(), |length| length.to_string());
        format!("<iolink.RandomAccess{source} {names}, {length} bytes>")
    }

    /// MEMORY_ACCESS: `memoryview(access)`.
    ///
    /// # Safety
    /// Called by Python, with the struct of its request.
    unsafe fn __getbuffer__(slf: Bound<'_, Self>, view: *mut ffi::Py_buffer, flags: c_int) -> PyResult<()> {
        let access = &slf.get().access;
        let memory = slf.py().detach(|| access.memory());
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

/// Makes random access: in memory, over buffers, files, streams.
#[pyclass(frozen, module = "iolink", name = "RandomAccessFactory")]
pub struct RandomAccessFactory;

#[pymethods]
impl RandomAccessFactory {
    /// So many zeros in memory.
    #[staticmethod]
    fn allocate(py: Python<'_>, size: i64) -> PyResult<RandomAccess> {
        let length = size_from("size", size)?;
        let made =
            py.detach(|| registry().create(CreateView::RandomAccess { length }.in_memory())?.into_random_access());
        Ok(RandomAccess::new(made.map_err(raise)?))
    }

    /// The memory of a bytes-like object, shared and kept. A read-only object gives no WRITE.
    #[staticmethod]
    fn from_buffer(py: Python<'_>, buffer: &Bound<'_, PyAny>) -> PyResult<RandomAccess> {
        let bytes = kept_or_refused(buffer)?;
        let made = py.detach(|| registry().adopt(Adopt::RandomAccess(bytes))?.into_random_access());
        Ok(RandomAccess::new(made.map_err(raise)?))
    }

    /// A regular file, read by position from any number of threads; for writing too where `writable`. Its size is that
    /// of now: a file that is cut meanwhile gives an error where bytes are missing.
    ///
    /// With `mapped` it has MEMORY_ACCESS too: `memoryview(access)`, and images made of it, share the file's own pages. Who
    /// touches such memory beyond the new end of a file that was cut kills the process; reading by position never does.
    #[staticmethod]
    #[pyo3(signature = (path, writable = false, *, mapped = false))]
    fn open_file(path: &Bound<'_, PyAny>, writable: bool, mapped: bool) -> PyResult<RandomAccess> {
        let at = path_from("path", path)?;
        let open = if mapped { FileAccess::map } else { FileAccess::open };
        let opened = path.py().detach(|| open(&at, writable, interrupted));
        let access = opened.map_err(|error| opening_failed(error, path))?;
        Ok(RandomAccess::new(Arc::new(access)))
    }

    /// What a stream, or a Python file object that can seek, is over. A file's descriptor and a memory's bytes are
    /// shared; the cursor of any other stream moves with every read, so that nobody else should use it.
    #[staticmethod]
    fn from_stream(stream: &Bound<'_, PyAny>) -> PyResult<RandomAccess> {
        Ok(RandomAccess::new(random_access_of("stream", stream).naming(stream.py(), "stream")?.0))
    }
}
