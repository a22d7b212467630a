//! The native half of `to_raw_io`: the methods of `io.RawIOBase`, with the rules and errors of `io`.

use super::buffer::{with_source, with_target};
use super::errors::{raise_io, unsupported, would_block};
use super::handle::Handle;
use super::native::{bind, READINTO, WRITE};
use super::transfer::{read, read_all, Failed};
use iolink_sdk::{Error, ErrorKind, SeekFrom, StreamCapability};
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

/// A seek as Python spells it. What goes before the start is refused as the kind of stream does: files by the system's
/// number, memory by `ValueError`.
pub fn seek_from(handle: &Handle, offset: i64, whence: i32) -> PyResult<SeekFrom> {
    match whence {
        0 => match u64::try_from(offset) {
            Ok(offset) => Ok(SeekFrom::Start(offset)),
            Err(_) => Err(negative(handle, "seek", offset)),
        },
        1 => Ok(SeekFrom::Current(offset)),
        2 => Ok(SeekFrom::End(offset)),
        _ => Err(PyValueError::new_err(format!("invalid whence ({whence}, should be 0, 1 or 2)"))),
    }
}

#[cold]
fn negative(handle: &Handle, what: &str, value: i64) -> PyErr {
    let words = format!("negative {what} value {value}");
    match handle.file() {
        Some(_) => PyOSError::new_err((libc::EINVAL, words)),
        None => PyValueError::new_err(words),
    }
}

/// Natively bound methods for `iolink._raw_io.RawStream`, which puts them into its instances.
#[pyclass(frozen, module = "iolink", name = "_RawCore")]
pub struct RawCore {
    handle: Arc<Handle>,
    closes: bool,
    closed: AtomicBool,
}

impl RawCore {
    pub fn new(handle: Arc<Handle>, closes: bool) -> Self {
        RawCore { handle, closes, closed: AtomicBool::new(false) }
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire) || self.handle.is_closed()
    }

    #[inline]
    fn open(&self) -> PyResult<&Handle> {
        if self.is_closed() {
            return Err(PyValueError::new_err("I/O operation on closed file."));
        }
        Ok(&self.handle)
    }

    #[inline]
    fn open_for(&self, capability: StreamCapability) -> PyResult<&Handle> {
        let handle = self.open()?;
        if !handle.has(capability) {
            return Err(self.lacks(capability));
        }
        Ok(handle)
    }

    #[inline]
    pub fn read_into(&self, py: Python<'_>, buffer: &Bound<'_, PyAny>) -> PyResult<Option<usize>> {
        let handle = self.open_for(StreamCapability::READ)?;
        or_none(with_target(buffer, |target| handle.run(py, target.len(), |stream| stream.read(target)))?)
    }

    #[inline]
    pub fn write_from(&self, py: Python<'_>, bytes: &Bound<'_, PyAny>) -> PyResult<Option<usize>> {
        let handle = self.open_for(StreamCapability::WRITE)?;
        or_none(with_source(bytes, |source| handle.run(py, source.len(), |stream| stream.write(source)))?)
    }

    #[cold]
    fn lacks(&self, capability: StreamCapability) -> PyErr {
        unsupported(match capability {
            StreamCapability::READ => "not readable: the stream has no READ capability",
            StreamCapability::WRITE => "not writable: the stream has no WRITE capability",
            StreamCapability::SEEK => "not seekable: the stream has no SEEK capability",
            _ => "the size cannot be changed: the stream has no RESIZE capability",
        })
    }
}

/// What `io` gives where a call would have to wait: None.
fn or_none<T>(result: iolink_sdk::Result<T>) -> PyResult<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) => refused(error),
    }
}

#[cold]
fn refused<T>(error: Error) -> PyResult<Option<T>> {
    match () {
        _ if would_block(&error) && error.payload().is_none() => Ok(None),
        _ if error.kind() == ErrorKind::Closed => Err(PyValueError::new_err("I/O operation on closed file.")),
        _ => Err(raise_io(error)),
    }
}

fn bytes_or_none<'py>(result: Result<Bound<'py, PyBytes>, Failed>) -> PyResult<Option<Bound<'py, PyBytes>>> {
    match result {
        Ok(bytes) => Ok(Some(bytes)),
        Err(Failed::Stream(error)) => refused(error),
        Err(Failed::Python(raised)) => Err(raised),
    }
}

#[pymethods]
impl RawCore {
    #[getter]
    fn readinto<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        bind(slf, &READINTO)
    }

    #[getter]
    fn write<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        bind(slf, &WRITE)
    }

    #[pyo3(signature = (size = -1, /))]
    fn read<'py>(&self, py: Python<'py>, size: Option<isize>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let handle = self.open_for(StreamCapability::READ)?;
        bytes_or_none(match usize::try_from(size.unwrap_or(-1)) {
            Ok(count) => read(py, handle, count, false),
            Err(_) => read_all(py, handle),
        })
    }

    fn readall<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        bytes_or_none(read_all(py, self.open_for(StreamCapability::READ)?))
    }

    #[pyo3(signature = (pos, whence = 0, /))]
    fn seek(&self, py: Python<'_>, pos: i64, whence: i32) -> PyResult<u64> {
        let handle = self.open_for(StreamCapability::SEEK)?;
        let to = seek_from(handle, pos, whence)?;
        handle.run(py, 0, |stream| stream.seek(to)).map_err(raise_io)
    }

    fn tell(&self, py: Python<'_>) -> PyResult<u64> {
        let handle = self.open_for(StreamCapability::SEEK)?;
        handle.run(py, 0, |stream| stream.seek(SeekFrom::Current(0))).map_err(raise_io)
    }

    #[pyo3(signature = (size = None, /))]
    fn truncate(&self, py: Python<'_>, size: Option<i64>) -> PyResult<u64> {
        self.open_for(StreamCapability::WRITE)?;
        let handle = self.open_for(StreamCapability::RESIZE)?;
        let length = match size {
            Some(size) => u64::try_from(size).map_err(|_| negative(handle, "size", size))?,
            None => self.tell(py)?,
        };
        handle.run(py, length as usize, |stream| stream.resize(length)).map_err(raise_io)?;
        Ok(length)
    }

    fn flush(&self, py: Python<'_>) -> PyResult<()> {
        self.open()?.run(py, usize::MAX, |stream| stream.flush()).map_err(raise_io)
    }

    fn readable(&self) -> PyResult<bool> {
        Ok(self.open()?.has(StreamCapability::READ))
    }

    fn writable(&self) -> PyResult<bool> {
        Ok(self.open()?.has(StreamCapability::WRITE))
    }

    fn seekable(&self) -> PyResult<bool> {
        Ok(self.open()?.has(StreamCapability::SEEK))
    }

    fn fileno(&self, py: Python<'_>) -> PyResult<i32> {
        let handle = self.open()?;
        match handle.file() {
            Some(file) => py.detach(|| file.descriptor()).map_err(raise_io),
            None => Err(unsupported("fileno: there is no descriptor under this stream")),
        }
    }

    fn isatty(&self, py: Python<'_>) -> PyResult<bool> {
        match self.open()?.file() {
            Some(file) => py.detach(|| file.is_terminal()).map_err(raise_io),
            None => Ok(false),
        }
    }

    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.closed.store(true, Ordering::Release);
        if self.closes {
            return self.handle.close(py);
        }
        Ok(())
    }

    #[getter]
    fn closed(&self) -> bool {
        self.is_closed()
    }

    /// What the stream was opened by, as it was given; None for memory.
    #[getter]
    fn name<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.handle.name().map(|name| name.bind(py).clone())
    }

    /// The mode of a file; None for everything else.
    #[getter]
    fn mode(&self) -> Option<&'static str> {
        self.handle.file().map(|file| file.mode().text())
    }
}
