//! A stream as the Python classes share it: with the file under it, when to let other threads run, and the closed state.

use super::errors::raise;
use crate::held::Held;
use iolink_plugin_stream::FileStream;
use iolink_sdk::{Result, SeekFrom, StreamAccess, StreamCapability};
use pyo3::exceptions::{PyResourceWarning, PyValueError};
use pyo3::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

/// From here on a copy in memory takes longer than letting other threads run.
const SMALL: usize = 64 * 1024;

/// What a call to the stream does to other Python threads.
#[derive(Clone, Copy, PartialEq)]
enum Others {
    /// They wait for small transfers: the bytes lie in memory of ours, and nothing is waited for.
    WaitForSmall,
    /// They wait: the stream is a Python object, which lets them run itself.
    Wait,
    /// They run: the call may take long, or wait for a lock that another thread holds while it waits for Python.
    Run,
}

/// One stream.
pub struct Handle {
    stream: Held<Arc<dyn StreamAccess>>,
    file: Option<Arc<FileStream>>,
    capabilities: StreamCapability,
    others: Others,
    closed: AtomicBool,
    /// Does closing the stream make what was written a value, so that an error before that must not close it?
    commits: bool,
    /// What the stream was opened by, as it was given.
    name: Option<Py<PyAny>>,
}

impl Handle {
    /// Any stream.
    pub fn of(stream: Arc<dyn StreamAccess>) -> Self {
        // A view made elsewhere may wait for whatever its maker likes.
        let capabilities = stream.capabilities();
        let ours = stream.foreign().is_none() && capabilities.has(StreamCapability::MEMORY_ACCESS);
        let others = if ours { Others::WaitForSmall } else { Others::Run };
        let closed = AtomicBool::new(false);
        Handle { stream: stream.into(), file: None, capabilities, others, closed, commits: false, name: None }
    }

    /// A stream that writes a new value of a store, which is there when the stream is closed.
    pub fn of_writer(stream: Arc<dyn StreamAccess>) -> Self {
        let mut handle = Handle::of(stream);
        handle.commits = true;
        handle
    }

    /// A file that is closed with its last user, with a warning where nobody closed it before.
    pub fn of_file(file: FileStream, name: Option<Py<PyAny>>) -> Self {
        let file = Arc::new(file);
        let mut handle = Handle::of(file.clone());
        (handle.file, handle.name) = (Some(file), name);
        handle
    }

    /// A Python object.
    pub fn of_python(stream: Arc<dyn StreamAccess>, name: Option<Py<PyAny>>) -> Self {
        let mut handle = Handle::of(stream);
        (handle.others, handle.name) = (Others::Wait, name);
        handle
    }

    pub fn stream(&self) -> &Arc<dyn StreamAccess> {
        &self.stream
    }

    /// The file under the stream, where it is one.
    pub fn file(&self) -> Option<&FileStream> {
        self.file.as_deref()
    }

    pub fn name(&self) -> Option<&Py<PyAny>> {
        self.name.as_ref()
    }

    pub fn capabilities(&self) -> StreamCapability {
        self.capabilities
    }

    #[inline]
    pub fn has(&self, capability: StreamCapability) -> bool {
        self.capabilities.has(capability)
    }

    /// Runs `body` on the stream; `bytes` is how many it moves.
    #[inline]
    pub fn run<R: Send>(
        &self,
        py: Python<'_>,
        bytes: usize,
        body: impl FnOnce(&dyn StreamAccess) -> Result<R> + Send,
    ) -> Result<R> {
        match self.others {
            Others::WaitForSmall if bytes < SMALL => body(&**self.stream),
            Others::Wait => body(&**self.stream),
            _ => py.detach(|| body(&**self.stream)),
        }
    }

    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    #[inline]
    pub fn check_open(&self) -> PyResult<()> {
        if self.is_closed() {
            return Err(PyValueError::new_err("I/O operation on closed file."));
        }
        Ok(())
    }

    /// Closes the stream for all that share it; only the first one's error is told, since nothing is left after it.
    pub fn close(&self, py: Python<'_>) -> PyResult<()> {
        if self.closed.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        self.run(py, SMALL, |stream| stream.close()).map_err(raise)
    }

    /// Ends a `with` block that raised: what was written to a new value of a store is dropped with the stream, every other
    /// stream is closed.
    pub fn end_after_error(&self, py: Python<'_>) -> PyResult<()> {
        if self.commits {
            self.closed.store(true, Ordering::Release);
            return Ok(());
        }
        self.close(py)
    }

    /// Path, URI or name.
    pub fn source(&self, py: Python<'_>) -> Option<String> {
        py.detach(|| self.stream.origin())
    }

    /// Is it cheap to ask for the size? A Python object seeks for it, and a compressed file is then read to its end.
    pub fn knows_size(&self) -> bool {
        self.has(StreamCapability::SEEK) && self.others != Others::Wait
    }

    /// Bytes from the cursor to the end, where that is known for little.
    pub fn left(&self, py: Python<'_>) -> Option<u64> {
        if !self.knows_size() {
            return None;
        }
        let (length, at) = self.run(py, 0, |stream| Ok((stream.length()?, stream.seek(SeekFrom::Current(0))?))).ok()?;
        Some(length.saturating_sub(at))
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let text = match &self.file {
            _ if self.is_closed() => return,
            Some(file) => {
                let path = file.path().map(|path| format!("{:?}", path.display().to_string()));
                format!("unclosed file: a stream of iolink over {}", path.as_deref().unwrap_or("without a name"))
            }
            None if self.commits => {
                let key = self.stream.origin().unwrap_or_default();
                format!("unclosed stream: the value of {key:?} is not written, for its stream was not closed")
            }
            None => return,
        };
        let text = std::ffi::CString::new(text).unwrap_or_default();
        Python::try_attach(|py| {
            // Whatever is being raised while the object goes stays what it was.
            let raised = PyErr::take(py);
            let class = py.get_type::<PyResourceWarning>();
            if let Err(refused) = PyErr::warn(py, class.as_any(), &text, 1) {
                refused.write_unraisable(py, None);
            }
            if let Some(raised) = raised {
                raised.restore(py);
            }
        });
    }
}
