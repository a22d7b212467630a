//! `StreamAccessFactory` in Python: where streams come from.

use super::access::StreamAccess;
use super::buffer::kept_or_refused;
use super::errors::{interrupted, raise};
use super::file_object::PythonFile;
use super::handle::Handle;
use super::path::path_from;
use super::random_access_of;
use crate::errors::Naming;
use crate::registry;
use iolink_plugin_stream::{stream_over, FileStream, Interrupted, OpenMode};
use iolink_sdk::{Adopt, CreateView, Error};
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use std::path::Path;
use std::sync::Arc;

/// Makes streams: in memory, over buffers, files, Python's file objects.
#[pyclass(frozen, module = "iolink", name = "StreamAccessFactory")]
pub struct StreamAccessFactory;

fn open(path: &Bound<'_, PyAny>, mode: OpenMode) -> PyResult<StreamAccess> {
    open_file(&path_from("path", path)?, path, mode)
}

/// A stream over the file at a path, which was `given` in this form.
pub fn open_file(at: &Path, given: &Bound<'_, PyAny>, mode: OpenMode) -> PyResult<StreamAccess> {
    let opened = given.py().detach(|| FileStream::open_with(at, mode, interrupted));
    let file = opened.map_err(|error| opening_failed(error, given))?;
    Ok(StreamAccess::new(Handle::of_file(file, Some(given.clone().unbind()))))
}

/// [`open_file`] for a sibling, by its key in a folder.
pub fn open_beneath(
    folder: &Path,
    key: &str,
    given: &Bound<'_, PyAny>,
    mode: OpenMode,
    interrupted: Interrupted,
) -> PyResult<StreamAccess> {
    let opened = given.py().detach(|| FileStream::open_beneath(folder, key, mode, interrupted));
    let file = opened.map_err(|error| opening_failed(error, given))?;
    Ok(StreamAccess::new(Handle::of_file(file, Some(given.clone().unbind()))))
}

/// As the built-in `open` says it: the system's words and the path.
pub fn opening_failed(error: Error, path: &Bound<'_, PyAny>) -> PyErr {
    if error.payload().is_some() || error.code() == 0 {
        return raise(error);
    }
    let words = std::io::Error::from_raw_os_error(error.code()).to_string();
    let words = words.split(" (os error").next().unwrap_or_default().to_owned();
    PyOSError::new_err((error.code(), words, path.clone().unbind()))
}

/// A size or offset that is not negative.
pub fn size_from(name: &str, value: i64) -> PyResult<u64> {
    u64::try_from(value).map_err(|_| PyValueError::new_err(format!("{name}: a size cannot be negative: {value}")))
}

#[pymethods]
impl StreamAccessFactory {
    /// An empty stream in memory, which grows as it is written, with room for `capacity` bytes to begin with.
    ///
    /// >>> import iolink
    /// >>> iolink.StreamAccessFactory.allocate()
    /// <iolink.StreamAccess READ|WRITE|SEEK|RESIZE|MEMORY_ACCESS, 0 bytes>
    #[staticmethod]
    #[pyo3(signature = (capacity = 0))]
    fn allocate(py: Python<'_>, capacity: i64) -> PyResult<StreamAccess> {
        let capacity = size_from("capacity", capacity)?;
        let made = py.detach(|| registry().create(CreateView::Stream { capacity }.in_memory())?.into_stream());
        Ok(StreamAccess::new(Handle::of(made.map_err(raise)?)))
    }

    /// A stream over the memory of a bytes-like object, which it shares and keeps. A read-only object gives a stream
    /// without WRITE; the size is the object's and does not change.
    ///
    /// >>> import iolink
    /// >>> shared = bytearray(b"abc")
    /// >>> iolink.StreamAccessFactory.from_buffer(shared).write(b"X")
    /// 1
    /// >>> shared
    /// bytearray(b'Xbc')
    #[staticmethod]
    fn from_buffer(py: Python<'_>, buffer: &Bound<'_, PyAny>) -> PyResult<StreamAccess> {
        let bytes = kept_or_refused(buffer)?;
        let made = py.detach(|| registry().adopt(Adopt::Stream(bytes))?.into_stream());
        Ok(StreamAccess::new(Handle::of(made.map_err(raise)?)))
    }

    /// A stream that reads a file.
    #[staticmethod]
    fn open_file_read(path: &Bound<'_, PyAny>) -> PyResult<StreamAccess> {
        open(path, OpenMode::READ)
    }

    /// A stream that writes a file: a new one, or one that is emptied.
    #[staticmethod]
    fn open_file_write(path: &Bound<'_, PyAny>) -> PyResult<StreamAccess> {
        open(path, OpenMode::WRITE)
    }

    /// A stream over a file by one of the binary modes of `open`: `"rb"`, `"wb"`, `"ab"`, `"xb"`, each with or without
    /// `+`; the `b` may be left out. Text modes are refused.
    #[staticmethod]
    #[pyo3(signature = (path, mode = "rb"))]
    fn open_file(path: &Bound<'_, PyAny>, mode: &str) -> PyResult<StreamAccess> {
        open(path, OpenMode::parse(mode).map_err(raise)?)
    }

    /// A stream over a descriptor that is open already, such as a pipe's end. With `closefd` it is closed with the
    /// stream; without, whoever opened it must keep it open as long as the stream.
    #[staticmethod]
    #[pyo3(signature = (fd, mode = "rb", closefd = true))]
    fn from_file_descriptor(fd: &Bound<'_, PyAny>, mode: &str, closefd: bool) -> PyResult<StreamAccess> {
        let raw: i32 = fd.extract().naming(fd.py(), "fd")?;
        let mode = OpenMode::parse(mode).map_err(raise)?;
        // SAFETY: as with `os.fdopen`, the caller hands the descriptor over or keeps it open. A number that is reused
        // meanwhile leads to another file, never to memory.
        let file = unsafe { FileStream::over_descriptor(raw, mode, closefd, interrupted) }.map_err(raise)?;
        Ok(StreamAccess::new(Handle::of_file(file, Some(fd.clone().unbind()))))
    }

    /// A stream over any Python object with `read` or `readinto`, `write`, `seek`: its capabilities are what the object
    /// says of itself. The object's exceptions come out unchanged. Closing the stream flushes the object and leaves it
    /// open. Objects in text mode are refused.
    ///
    /// >>> import io, iolink
    /// >>> iolink.StreamAccessFactory.from_file_object(io.BytesIO(b"abc")).read()
    /// b'abc'
    #[staticmethod]
    fn from_file_object(file: &Bound<'_, PyAny>) -> PyResult<StreamAccess> {
        let name = file.getattr(intern!(file.py(), "name")).ok().map(Bound::unbind);
        Ok(StreamAccess::new(Handle::of_python(Arc::new(PythonFile::new(file).naming(file.py(), "file")?), name)))
    }

    /// A stream with a cursor of its own over random access, of which there can be several at once.
    ///
    /// >>> import iolink
    /// >>> access = iolink.RandomAccessFactory.from_buffer(b"shared")
    /// >>> first, second = (iolink.StreamAccessFactory.from_random_access(access) for _ in range(2))
    /// >>> first.read(2), second.read(3)
    /// (b'sh', b'sha')
    #[staticmethod]
    fn from_random_access(random_access: &Bound<'_, PyAny>) -> PyResult<StreamAccess> {
        let (access, _) =
            random_access_of("random_access", random_access).naming(random_access.py(), "random_access")?;
        Ok(StreamAccess::new(Handle::of(random_access.py().detach(|| stream_over(access)))))
    }

    /// A stream over a new file without a name, which is gone when the stream is closed. `directory` is where its bytes
    /// lie; by default where `tempfile` puts them.
    #[staticmethod]
    #[pyo3(signature = (directory = None))]
    fn temporary_file(py: Python<'_>, directory: Option<&Bound<'_, PyAny>>) -> PyResult<StreamAccess> {
        let folder = match directory {
            Some(directory) => path_from("directory", directory)?,
            None => path_from("tempfile.gettempdir()", &py.import("tempfile")?.call_method0("gettempdir")?)?,
        };
        let file = py.detach(|| iolink_plugin_stream::temporary_file(&folder, interrupted)).map_err(raise)?;
        Ok(StreamAccess::new(Handle::of_file(file, None)))
    }
}
