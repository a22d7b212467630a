//! A stream in memory.

use crate::buffer::Buffer;
use crate::cursor::{stand, FURTHEST};
use crate::place::{lend, Place};
use crate::{LENT, WHOLE};
use iolink_sdk::{fail, Bytes, Error, ErrorKind, Lock, Locked, Result, SeekFrom, StreamAccess, StreamCapability};
use std::ptr;
use std::sync::Arc;

/// A stream in memory of its own, which grows, or over memory that somebody lends, which does not.
///
/// As long as [`StreamAccess::memory`] is held by anybody the length cannot change: what would change it is `Busy`.
///
/// ```
/// use iolink_plugin_stream::MemoryStream;
/// use iolink_sdk::{SeekFrom, StreamAccess};
///
/// let stream = MemoryStream::with_capacity(0)?;
/// stream.write(b"header")?;
/// stream.seek(SeekFrom::Start(2))?;
/// let mut rest = [0; 8];
/// assert_eq!(stream.read(&mut rest)?, 4);
/// assert_eq!(&rest[..4], b"ader");
/// # Ok::<(), iolink_sdk::Error>(())
/// ```
pub struct MemoryStream {
    capabilities: StreamCapability,
    state: Lock<State>,
}

struct State {
    /// None: closed.
    place: Option<Arc<Place>>,
    length: usize,
    cursor: u64,
}

#[cold]
pub(crate) fn closed() -> Error {
    Error::new(ErrorKind::Closed, "the stream is closed")
}

#[cold]
pub(crate) fn full(length: u64) -> Error {
    let words =
        format!("the stream has a fixed size of {length} bytes and its cursor stands at the end: no room to write");
    Error::new(ErrorKind::Io, words).with_code(libc::ENOSPC)
}

impl State {
    fn place(&self) -> Result<&Arc<Place>> {
        self.place.as_ref().ok_or_else(closed)
    }

    /// The buffer, to be moved or made longer.
    fn buffer(&mut self) -> Result<&mut Buffer> {
        match Arc::get_mut(self.place.as_mut().ok_or_else(closed)?) {
            Some(Place::Own(buffer)) => Ok(buffer),
            Some(Place::Given(_)) => Err(Error::capability("the stream", "RESIZE", "its memory belongs to its giver")),
            None => fail!(Busy, "the size cannot change while the memory is shared; release what shares it first"),
        }
    }
}

impl MemoryStream {
    /// An empty stream with room for `capacity` bytes.
    ///
    /// # Errors
    /// `Limit` where so much cannot be had.
    pub fn with_capacity(capacity: u64) -> Result<Self> {
        let capacity = match usize::try_from(capacity) {
            Ok(capacity) if capacity <= isize::MAX as usize => capacity,
            _ => fail!(Limit, "{capacity} bytes are more than memory can hold; a file has more room"),
        };
        Ok(MemoryStream::new(WHOLE, Place::Own(Buffer::with_capacity(capacity)?), 0))
    }

    /// A stream over somebody's bytes, as long as they are and never longer. Read-only bytes give no WRITE.
    pub fn over(bytes: Bytes) -> Self {
        let capabilities = if bytes.writable { LENT | StreamCapability::WRITE } else { LENT };
        let length = bytes.length as usize;
        MemoryStream::new(capabilities, Place::Given(bytes), length)
    }

    fn new(capabilities: StreamCapability, place: Place, length: usize) -> Self {
        MemoryStream { capabilities, state: Lock::new(State { place: Some(Arc::new(place)), length, cursor: 0 }) }
    }

    #[inline]
    fn state(&self) -> Result<Locked<'_, State>> {
        self.state.lock()
    }

    fn grows(&self) -> bool {
        self.capabilities.has(StreamCapability::RESIZE)
    }
}

impl StreamAccess for MemoryStream {
    fn capabilities(&self) -> StreamCapability {
        self.capabilities
    }

    fn read(&self, buffer: &mut [u8]) -> Result<usize> {
        let mut state = self.state()?;
        let from = state.place()?.data();
        let left = (state.length as u64).saturating_sub(state.cursor);
        let count = buffer.len().min(left as usize);
        if count > 0 {
            // SAFETY: `cursor..cursor + count` lies inside the memory, which stays under the lock. The target may be
            // the very memory that the stream lends, hence a copy that minds overlap.
            unsafe { ptr::copy(from.add(state.cursor as usize), buffer.as_mut_ptr(), count) };
            state.cursor += count as u64;
        }
        Ok(count)
    }

    fn write(&self, buffer: &[u8]) -> Result<usize> {
        let mut state = self.state()?;
        if !state.place()?.writable() {
            return Err(Error::capability("the stream", "WRITE", "its memory is read-only: copy it to change it"));
        }
        if buffer.is_empty() {
            return Ok(0);
        }
        let (at, length) = (state.cursor, state.length);
        let mut count = buffer.len();
        let end = at.checked_add(count as u64).filter(|end| *end <= FURTHEST.min(isize::MAX as u64));
        match end {
            Some(end) if end <= length as u64 => {}
            Some(end) if self.grows() => {
                let (at, end) = (at as usize, end as usize);
                let buffer = state.buffer()?;
                if at > length {
                    buffer.zero(length, at)?;
                }
                buffer.reserve(at.max(length), end)?;
            }
            None if self.grows() => {
                fail!(Limit, "{count} bytes at {at} go beyond what memory can hold; a file has more room")
            }
            _ => {
                count = (length as u64).saturating_sub(at) as usize;
                if count == 0 {
                    return Err(full(length as u64));
                }
            }
        }
        let target = state.place()?.data();
        // SAFETY: room for `at..at + count` was there or was made; the source may be the very memory that the stream
        // lends, hence a copy that minds overlap (memory that is lent was not moved above).
        unsafe { ptr::copy(buffer.as_ptr(), target.add(at as usize), count) };
        state.cursor = at + count as u64;
        state.length = length.max(state.cursor as usize);
        Ok(count)
    }

    fn seek(&self, to: SeekFrom) -> Result<u64> {
        let mut state = self.state()?;
        state.place()?;
        state.cursor = stand(to, state.cursor, || Ok(state.length as u64))?;
        Ok(state.cursor)
    }

    fn length(&self) -> Result<u64> {
        let state = self.state()?;
        state.place().map(|_| state.length as u64)
    }

    fn resize(&self, length: u64) -> Result<()> {
        if !self.grows() {
            return Err(Error::capability(
                "the stream",
                "RESIZE",
                "its memory belongs to its giver: copy it to resize it",
            ));
        }
        let mut state = self.state()?;
        let used = state.length;
        if length == used as u64 {
            return state.place().map(|_| ());
        }
        let length = match usize::try_from(length) {
            Ok(length) if length <= isize::MAX as usize => length,
            _ => fail!(Limit, "{length} bytes are more than memory can hold; a file has more room"),
        };
        let buffer = state.buffer()?;
        if length > used {
            buffer.zero(used, length)?;
        } else if length == 0 {
            *buffer = Buffer::empty();
        }
        state.length = length;
        Ok(())
    }

    fn flush(&self) -> Result<()> {
        self.state()?.place().map(|_| ())
    }

    fn close(&self) -> Result<()> {
        // Whoever gave the memory may do much when it goes: that happens with the lock free.
        let _place = self.state()?.place.take();
        Ok(())
    }

    fn memory(&self) -> Result<Bytes> {
        let state = self.state()?;
        Ok(lend(state.place()?, state.length))
    }
}
