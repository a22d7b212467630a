//! Reading into new `bytes` objects.

use super::errors::{interrupted, would_block};
use super::handle::Handle;
use iolink_sdk::{Error, ErrorKind, Result, StreamAccess, StreamCapability};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// How many bytes are asked for at a time where nobody knows how many there are.
const UNKNOWN: usize = 64 * 1024;

/// Why nothing was read.
pub enum Failed {
    /// The stream.
    Stream(Error),
    /// Python, which has no memory for the result.
    Python(PyErr),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Failed::Stream(error)
    }
}

impl From<PyErr> for Failed {
    fn from(error: PyErr) -> Self {
        Failed::Python(error)
    }
}

/// A `bytes` object of at most `count` bytes that `fill` puts in; it says how many. One that is shorter is copied.
pub(super) fn filled<'py>(
    py: Python<'py>,
    count: usize,
    trusted: bool,
    fill: impl FnOnce(&mut [u8]) -> Result<usize>,
) -> Result<Bound<'py, PyBytes>, Failed> {
    if count == 0 {
        return Ok(PyBytes::new(py, b""));
    }
    if count > isize::MAX as usize {
        return Err(Error::new(ErrorKind::Limit, format!("{count} bytes are more than memory can hold")).into());
    }
    // SAFETY: the new object is nobody else's until it is returned, so its `count` bytes may be written. They are not
    // initialised where `trusted` says that `fill` is our own code, which only writes; a plugin gets zeros, so that what
    // it claims to have written but has not is not somebody's old memory.
    unsafe {
        let raw = ffi::PyBytes_FromStringAndSize(std::ptr::null(), count as ffi::Py_ssize_t);
        let object = Bound::from_owned_ptr_or_err(py, raw)?.cast_into_unchecked::<PyBytes>();
        let data = ffi::PyBytes_AsString(raw) as *mut u8;
        if !trusted {
            std::ptr::write_bytes(data, 0, count);
        }
        let done = fill(std::slice::from_raw_parts_mut(data, count))?;
        if done == count {
            return Ok(object);
        }
        Ok(PyBytes::new(py, std::slice::from_raw_parts(data, done.min(count))))
    }
}

fn trusted(handle: &Handle) -> bool {
    handle.stream().foreign().is_none()
}

/// Bytes between two looks for signals in a long transfer.
const STEP: usize = 64 << 20;

/// Looks for signals in a transfer of several parts.
#[derive(Default)]
struct Signals(usize);

impl Signals {
    /// Looks after a part that had less than was asked for, since a signal cuts a part short and is told of no more then, and
    /// after every [`STEP`] bytes.
    fn after(&mut self, moved: usize, asked: usize) -> Result<()> {
        self.0 += moved;
        if moved == asked && self.0 < STEP {
            return Ok(());
        }
        self.0 = 0;
        interrupted()
    }
}

/// Reads until the buffer is full or the stream ends. What had to wait after something was read ends it too.
fn read_full(stream: &dyn StreamAccess, buffer: &mut [u8]) -> Result<usize> {
    let (mut done, mut signals) = (0, Signals::default());
    while done < buffer.len() {
        match stream.read(&mut buffer[done..]) {
            Ok(0) => break,
            Ok(count) => {
                signals.after(count, buffer.len() - done)?;
                done += count;
            }
            Err(error) if would_block(&error) && done > 0 => break,
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

/// Up to `count` bytes: by one read, or where `whole` by as many as it takes.
pub fn read<'py>(py: Python<'py>, handle: &Handle, count: usize, whole: bool) -> Result<Bound<'py, PyBytes>, Failed> {
    let mut expected = count;
    if count > UNKNOWN && handle.has(StreamCapability::SEEK) {
        // Room for what is there, not for what was asked for.
        if let Some(left) = handle.left(py) {
            expected = count.min((left as usize).max(UNKNOWN));
        }
    }
    let first = filled(py, expected, trusted(handle), |buffer| {
        handle.run(py, expected, |stream| if whole { read_full(stream, buffer) } else { stream.read(buffer) })
    })?;
    // A file may have grown meanwhile, and a device says 0 and has bytes.
    if !whole || expected == count || first.as_bytes().len() < expected {
        return Ok(first);
    }
    let more = handle.run(py, count, |stream| read_on(stream, count - expected, true))?;
    Ok(joined(py, first, &more))
}

/// Everything up to the end.
pub fn read_all<'py>(py: Python<'py>, handle: &Handle) -> Result<Bound<'py, PyBytes>, Failed> {
    let left = handle.left(py).unwrap_or(0);
    let expected = usize::try_from(left).unwrap_or(usize::MAX);
    let first =
        filled(py, expected, trusted(handle), |buffer| handle.run(py, expected, |stream| read_full(stream, buffer)))?;
    if first.as_bytes().len() < expected {
        return Ok(first);
    }
    // Is there more than was to be expected? Usually not.
    let more = handle.run(py, expected.max(1), |stream| read_on(stream, usize::MAX, expected > 0))?;
    Ok(joined(py, first, &more))
}

/// Reads at most `limit` bytes, of which nobody knows how many there are. What has to wait at first is the end if `began`, as
/// something was read before.
fn read_on(stream: &dyn StreamAccess, limit: usize, began: bool) -> Result<Vec<u8>> {
    let (mut more, mut signals) = (Vec::new(), Signals::default());
    let mut chunk = [0; 512];
    let mut asked = chunk.len().min(limit);
    let mut count = match stream.read(&mut chunk[..asked]) {
        Err(error) if would_block(&error) && began => 0,
        result => result?,
    };
    more.extend_from_slice(&chunk[..count]);
    while count > 0 && more.len() < limit {
        signals.after(count, asked)?;
        let used = more.len();
        asked = used.clamp(UNKNOWN, STEP).min(limit - used);
        // Room grows by half, so that no byte is moved often, and is filled in steps.
        let room = if more.capacity() < used + asked { asked.max(used / 2) } else { asked };
        if more.try_reserve_exact(room).is_err() {
            return Err(Error::new(ErrorKind::Limit, format!("{used} bytes and more do not fit into memory")));
        }
        more.resize(used + asked, 0);
        count = match stream.read(&mut more[used..]) {
            Err(error) if would_block(&error) => 0,
            result => result?,
        };
        more.truncate(used + count);
    }
    Ok(more)
}

fn joined<'py>(py: Python<'py>, first: Bound<'py, PyBytes>, more: &[u8]) -> Bound<'py, PyBytes> {
    if more.is_empty() {
        return first;
    }
    let mut parts = first.as_bytes().to_vec();
    parts.extend_from_slice(more);
    PyBytes::new(py, &parts)
}

/// Writes all of it, by as many writes as it takes.
pub fn write_all(stream: &dyn StreamAccess, bytes: &[u8]) -> Result<()> {
    let (mut done, mut signals) = (0, Signals::default());
    while done < bytes.len() {
        let count = match stream.write(&bytes[done..]) {
            Ok(count) => count,
            Err(error) if done > 0 => {
                return Err(error.context(&format!("after {done} of {} bytes were written", bytes.len())))
            }
            Err(error) => return Err(error),
        };
        if count == 0 {
            let words = format!("the stream takes no more after {done} of {} bytes", bytes.len());
            return Err(Error::new(ErrorKind::Io, words).with_code(libc::ENOSPC));
        }
        let asked = bytes.len() - done;
        done += count;
        if done < bytes.len() {
            signals.after(count, asked)?;
        }
    }
    Ok(())
}
