//! A stream that writes the value of a folder's key: into a draft, which `close` puts in the value's place.

use super::draft::Draft;
use crate::{fail, Error, ErrorKind, Lock, Result, SeekFrom, StreamAccess, StreamCapability};
use std::os::unix::fs::FileExt;

/// A stream that writes a new value. The value appears whole when the stream is closed, and not at all if a write failed
/// or the stream is dropped without being closed.
pub(super) struct ValueWriter {
    /// None: closed.
    state: Lock<Option<State>>,
    exclusive: bool,
    origin: String,
}

struct State {
    draft: Draft,
    cursor: u64,
    failed: bool,
}

impl ValueWriter {
    pub(super) fn new(draft: Draft, exclusive: bool, origin: String) -> Self {
        let state = State { draft, cursor: 0, failed: false };
        ValueWriter { state: Lock::new(Some(state)), exclusive, origin }
    }

    fn with<R>(&self, body: impl FnOnce(&mut State) -> Result<R>) -> Result<R> {
        match self.state.lock()?.as_mut() {
            Some(state) if state.draft.is_own() => body(state),
            Some(_) => fail!(Closed, "{} is being written by another process, the parent of this one", self.origin),
            None => fail!(Closed, "the stream is closed"),
        }
    }

    #[cold]
    fn error(&self, doing: &str, error: &std::io::Error) -> Error {
        Error::io(&format!("{doing} {}", self.origin), error)
    }
}

impl StreamAccess for ValueWriter {
    fn capabilities(&self) -> StreamCapability {
        StreamCapability::WRITE | StreamCapability::SEEK | StreamCapability::RESIZE
    }

    fn write(&self, buffer: &[u8]) -> Result<usize> {
        self.with(|state| loop {
            match state.draft.file.write_at(buffer, state.cursor) {
                Ok(count) => {
                    state.cursor += count as u64;
                    return Ok(count);
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => {
                    state.failed = true;
                    return Err(self.error("writing", &error));
                }
            }
        })
    }

    fn seek(&self, to: SeekFrom) -> Result<u64> {
        self.with(|state| {
            let (from, by) = match to {
                SeekFrom::Start(offset) => (offset, 0),
                SeekFrom::Current(by) => (state.cursor, by),
                SeekFrom::End(by) => {
                    let facts = state.draft.file.metadata().map_err(|error| self.error("sizing", &error))?;
                    (facts.len(), by)
                }
            };
            match u64::try_from(i128::from(from) + i128::from(by)) {
                Ok(position) if position <= i64::MAX as u64 => {
                    state.cursor = position;
                    Ok(position)
                }
                _ => fail!(InvalidArgument, "a seek by {by} from {from} goes before the first byte or past 2^63 - 1"),
            }
        })
    }

    fn length(&self) -> Result<u64> {
        self.with(|state| match state.draft.file.metadata() {
            Ok(facts) => Ok(facts.len()),
            Err(error) => Err(self.error("sizing", &error)),
        })
    }

    fn resize(&self, length: u64) -> Result<()> {
        self.with(|state| {
            let resized = state.draft.file.set_len(length);
            state.failed |= resized.is_err();
            resized.map_err(|error| self.error("resizing", &error))
        })
    }

    fn flush(&self) -> Result<()> {
        self.with(|_| Ok(()))
    }

    fn close(&self) -> Result<()> {
        let state = self.state.lock()?.take();
        match state {
            None => Ok(()),
            Some(state) if !state.draft.is_own() => {
                fail!(Closed, "{} is being written by another process, the parent of this one", self.origin)
            }
            Some(state) if state.failed => Err(Error::new(
                ErrorKind::Io,
                format!("{} is as before: a write failed, so that the new value would be incomplete", self.origin),
            )),
            Some(state) => state.draft.commit(self.exclusive),
        }
    }

    fn origin(&self) -> Option<String> {
        Some(self.origin.clone())
    }
}
