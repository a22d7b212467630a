//! A Python file object as a stream.

use super::buffer::with_source;
use crate::errors::from_python;
use crate::provider::note_of_source;
use iolink_sdk::{Error, ErrorKind, Result, SeekFrom, StreamAccess, StreamCapability};
use pyo3::exceptions::{PyOSError, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyByteArray, PyBytes, PyInt, PyString};
use std::sync::atomic::{AtomicBool, Ordering};

/// A stream whose bytes a Python object has. It never lets the object see memory of ours: what it reads is copied out of
/// an object of its own, so that one that keeps what it was given keeps nothing that goes.
pub struct PythonFile {
    object: Py<PyAny>,
    read: Option<Py<PyAny>>,
    readinto: Option<Py<PyAny>>,
    write: Option<Py<PyAny>>,
    seek: Option<Py<PyAny>>,
    capabilities: StreamCapability,
    raw: bool,
    closed: AtomicBool,
}

fn is_instance(object: &Bound<'_, PyAny>, class: &'static str) -> PyResult<bool> {
    static TEXT: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    static RAW: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let cell = if class == "TextIOBase" { &TEXT } else { &RAW };
    object.is_instance(cell.import(object.py(), "io", class)?)
}

/// What the object says of itself, where it does; else what it has must do.
fn says(object: &Bound<'_, PyAny>, question: &str, otherwise: bool) -> PyResult<bool> {
    match object.getattr(PyString::intern(object.py(), question)) {
        Ok(method) if method.is_callable() => method.call0()?.is_truthy(),
        _ => Ok(otherwise),
    }
}

impl PythonFile {
    /// # Errors
    /// `TypeError` for an object in text mode and for one that neither reads nor writes; what the object raises when it
    /// is asked what it can do.
    pub fn new(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        let class = object.get_type().name()?;
        if is_instance(object, "TextIOBase")?
            || (object.hasattr(intern!(object.py(), "encoding"))?
                && object.hasattr(intern!(object.py(), "newlines"))?)
        {
            return Err(PyTypeError::new_err(format!(
                "{class} is in text mode and gives characters, not bytes; open it with \"b\" in its mode, or give \
                 its .buffer"
            )));
        }
        let method = |name| {
            object
                .getattr(PyString::intern(object.py(), name))
                .ok()
                .filter(|method| method.is_callable())
                .map(Bound::unbind)
        };
        let (read, readinto, write, seek) = (method("read"), method("readinto"), method("write"), method("seek"));
        let mut capabilities = StreamCapability::NONE;
        let mut grant = |has, capability| {
            if has {
                capabilities = capabilities | capability;
            }
        };
        let reads = (read.is_some() || readinto.is_some()) && says(object, "readable", true)?;
        let writes = write.is_some() && says(object, "writable", true)?;
        let seeks = seek.is_some() && says(object, "seekable", true)?;
        if !reads && !writes {
            return Err(PyTypeError::new_err(format!(
                "{class} can neither be read nor written; an object with read(n), readinto(buffer) or \
                 write(bytes) is needed"
            )));
        }
        grant(reads, StreamCapability::READ);
        grant(writes, StreamCapability::WRITE);
        grant(seeks, StreamCapability::SEEK);
        grant(writes && seeks && object.hasattr(intern!(object.py(), "truncate"))?, StreamCapability::RESIZE);
        Ok(PythonFile {
            raw: is_instance(object, "RawIOBase")?,
            object: object.clone().unbind(),
            read,
            readinto,
            write,
            seek,
            capabilities,
            closed: AtomicBool::new(false),
        })
    }

    /// The object's `name`, where it is a text.
    pub fn name(&self) -> Option<String> {
        Python::attach(|py| self.object.bind(py).getattr(intern!(py, "name")).ok()?.extract().ok())
    }

    /// Runs `body` in Python; what it raises goes out unchanged, but for that of an object that was closed.
    fn ask<R>(&self, body: impl FnOnce(Python<'_>) -> PyResult<R>) -> Result<R> {
        if self.closed.load(Ordering::Acquire) {
            return Err(Error::new(ErrorKind::Closed, "the stream is closed"));
        }
        let done = Python::try_attach(|py| body(py).map_err(|raised| self.failed(py, raised)));
        done.unwrap_or_else(|| Err(Error::new(ErrorKind::Closed, "the interpreter has ended")))
    }

    /// What the object raised, as an error; of one that somebody closed, an error that says so.
    fn failed(&self, py: Python<'_>, raised: PyErr) -> Error {
        let closed = || self.object.bind(py).getattr(intern!(py, "closed")).and_then(|closed| closed.is_truthy());
        let gone = raised.is_instance_of::<PyValueError>(py) && closed().unwrap_or(false);
        if !gone {
            note_of_source(py, &raised);
            return from_python(py, raised);
        }
        let error = from_python(py, raised);
        let words = "the file object was closed; it must stay open as long as what was opened from it is read";
        Error::new(ErrorKind::Closed, format!("{words} ({})", error.message()))
    }

    fn method<'a>(&'a self, method: &'a Option<Py<PyAny>>, name: &str) -> Result<&'a Py<PyAny>> {
        method.as_ref().ok_or_else(|| Error::capability("the file object", name, "give an object that can"))
    }

    fn check(&self, capability: StreamCapability, name: &str) -> Result<()> {
        match self.capabilities.has(capability) {
            true => Ok(()),
            false => Err(Error::capability("the file object", name, "give an object that can")),
        }
    }

    fn position(&self, py: Python<'_>, given: Bound<'_, PyAny>) -> PyResult<u64> {
        // Some objects' seek gives nothing: then tell knows.
        let given = if given.is_none() { self.object.bind(py).call_method0(intern!(py, "tell"))? } else { given };
        let position: i64 = given.extract()?;
        u64::try_from(position).map_err(|_| lie(py, format!("seek() says the cursor stands at {position}")))
    }

    fn seek_to(&self, py: Python<'_>, offset: i64, whence: i32) -> PyResult<u64> {
        let seek = self.method(&self.seek, "SEEK").map_err(crate::errors::raise)?;
        let stands = match whence {
            0 => call(py, seek, PyInt::new(py, offset).as_any())?,
            _ => seek.bind(py).call1((offset, whence))?,
        };
        self.position(py, stands)
    }
}

/// Calls with one argument and without a tuple for it, which takes a good part of a small read.
fn call<'py>(py: Python<'py>, method: &Py<PyAny>, argument: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let end = std::ptr::null_mut::<ffi::PyObject>();
    // SAFETY: method and argument are live and NULL ends the list; a result is a new reference.
    unsafe {
        let given = ffi::PyObject_CallFunctionObjArgs(method.as_ptr(), argument.as_ptr(), end);
        Bound::from_owned_ptr_or_err(py, given)
    }
}

/// What a file object must not do.
#[cold]
fn lie(_py: Python<'_>, words: String) -> PyErr {
    PyOSError::new_err((libc::EIO, format!("the file object breaks its promise: {words}")))
}

#[cold]
fn would_wait(method: &str) -> PyErr {
    PyOSError::new_err((libc::EAGAIN, format!("{method}() gave None: the file object has nothing at the moment")))
}

fn type_name(object: &Bound<'_, PyAny>) -> String {
    object.get_type().name().map_or_else(|_| "object".to_owned(), |name| name.to_string())
}

/// Copies what a `read` gave, if it is what it should be.
fn copied(given: &Bound<'_, PyAny>, target: &mut [u8]) -> PyResult<usize> {
    let py = given.py();
    let asked = target.len();
    let mut copy = |bytes: &[u8]| match target.get_mut(..bytes.len()) {
        Some(target) => {
            target.copy_from_slice(bytes);
            Ok(bytes.len())
        }
        None => Err(lie(py, format!("read({asked}) gave {} bytes", bytes.len()))),
    };
    if let Ok(bytes) = given.cast::<PyBytes>() {
        return copy(bytes.as_bytes());
    }
    if given.is_none() {
        return Err(would_wait("read"));
    }
    if given.is_instance_of::<PyString>() {
        return Err(PyTypeError::new_err(
            "the file object's read() gave str, not bytes: it is in text mode; open it with \"b\" in its mode",
        ));
    }
    match with_source(given, copy) {
        Ok(result) => result,
        Err(_) => Err(PyTypeError::new_err(format!("the file object's read() gave {}, not bytes", type_name(given)))),
    }
}

/// The count that a `readinto` or `write` gave, if it can be true.
fn counted(given: &Bound<'_, PyAny>, method: &str, asked: usize) -> PyResult<usize> {
    let count: i64 = given.extract().map_err(|_| {
        PyTypeError::new_err(format!("the file object's {method}() gave {}, not a count", type_name(given)))
    })?;
    match usize::try_from(count) {
        Ok(count) if count <= asked => Ok(count),
        _ => Err(lie(given.py(), format!("{method}() says {count} bytes where {asked} were asked for"))),
    }
}

impl StreamAccess for PythonFile {
    fn capabilities(&self) -> StreamCapability {
        self.capabilities
    }

    fn read(&self, buffer: &mut [u8]) -> Result<usize> {
        self.check(StreamCapability::READ, "READ")?;
        if buffer.is_empty() {
            return self.ask(|_| Ok(0));
        }
        if let Some(read) = &self.read {
            return self.ask(|py| copied(&call(py, read, PyInt::new(py, buffer.len()).as_any())?, buffer));
        }
        let readinto = self.method(&self.readinto, "READ")?;
        self.ask(|py| {
            let room = PyByteArray::new_with(py, buffer.len(), |_| Ok(()))?;
            let given = call(py, readinto, room.as_any())?;
            if given.is_none() {
                return Err(would_wait("readinto"));
            }
            let count = counted(&given, "readinto", buffer.len())?;
            with_source(&room, |bytes| match bytes.get(..count) {
                Some(bytes) => {
                    buffer[..count].copy_from_slice(bytes);
                    Ok(count)
                }
                None => Err(lie(py, "readinto() made the buffer shorter".to_owned())),
            })?
        })
    }

    fn write(&self, buffer: &[u8]) -> Result<usize> {
        self.check(StreamCapability::WRITE, "WRITE")?;
        let write = self.method(&self.write, "WRITE")?;
        self.ask(|py| {
            let given = call(py, write, PyBytes::new(py, buffer).as_any())?;
            match given.is_none() {
                false => counted(&given, "write", buffer.len()),
                // Of a raw stream None means that nothing could be written; others give nothing when all went well.
                true if self.raw => Err(would_wait("write")),
                true => Ok(buffer.len()),
            }
        })
    }

    fn seek(&self, to: SeekFrom) -> Result<u64> {
        self.check(StreamCapability::SEEK, "SEEK")?;
        let (offset, whence) = match to {
            SeekFrom::Start(offset) => match i64::try_from(offset) {
                Ok(offset) => (offset, 0),
                Err(_) => {
                    let words = format!("{offset} is past 2^63 - 1, where no stream reaches");
                    return Err(Error::new(ErrorKind::InvalidArgument, words));
                }
            },
            SeekFrom::Current(0) => {
                return self.ask(|py| {
                    let given = self.object.bind(py).call_method0(intern!(py, "tell"))?;
                    self.position(py, given)
                })
            }
            SeekFrom::Current(by) => (by, 1),
            SeekFrom::End(by) => (by, 2),
        };
        self.ask(|py| self.seek_to(py, offset, whence))
    }

    fn length(&self) -> Result<u64> {
        self.check(StreamCapability::SEEK, "SEEK")?;
        self.ask(|py| {
            let given = self.object.bind(py).call_method0(intern!(py, "tell"))?;
            let here = self.position(py, given)?;
            let end = self.seek_to(py, 0, 2);
            self.seek_to(py, here as i64, 0)?;
            end
        })
    }

    fn resize(&self, length: u64) -> Result<()> {
        self.check(StreamCapability::RESIZE, "RESIZE")?;
        let before = self.length()?;
        self.ask(|py| {
            let object = self.object.bind(py);
            object.call_method1(intern!(py, "truncate"), (length,))?;
            Ok(())
        })?;
        // Some objects (io.BytesIO is one) cut but do not fill.
        if length > before && self.length()? < length {
            return self.ask(|py| {
                let given = self.object.bind(py).call_method0(intern!(py, "tell"))?;
                let here = self.position(py, given)?;
                self.seek_to(py, length as i64 - 1, 0)?;
                let write = self.method(&self.write, "WRITE").map_err(crate::errors::raise)?;
                write.bind(py).call1((PyBytes::new(py, b"\0"),))?;
                self.seek_to(py, here as i64, 0)?;
                Ok(())
            });
        }
        Ok(())
    }

    fn flush(&self) -> Result<()> {
        self.ask(|py| {
            let object = self.object.bind(py);
            if object.hasattr(intern!(py, "flush"))? {
                object.call_method0(intern!(py, "flush"))?;
            }
            Ok(())
        })
    }

    fn close(&self) -> Result<()> {
        if self.closed.load(Ordering::Acquire) {
            return Ok(());
        }
        // The object belongs to whoever gave it and stays open; what it has buffered goes out, or its error does. One
        // that was closed meanwhile did that itself.
        let gone = self.ask(|py| match self.object.bind(py).getattr(intern!(py, "closed")) {
            Ok(closed) => closed.is_truthy(),
            Err(_) => Ok(false),
        });
        let flushed = match gone {
            Ok(true) => Ok(()),
            Ok(false) if self.capabilities.has(StreamCapability::WRITE) => self.flush(),
            other => other.map(|_| ()),
        };
        self.closed.store(true, Ordering::Release);
        flushed
    }

    fn origin(&self) -> Option<String> {
        self.name()
    }
}
