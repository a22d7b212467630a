//! Streams over random access, and random access over streams.

use crate::cursor::stand;
use crate::file::shorter;
use crate::memory::{closed, full};
use crate::memory_access::check_inside;
use crate::{MemoryAccess, MemoryStream, RANDOM_ACCESS_EXTENSION, UNMAPPED_EXTENSION};
use iolink_sdk::{fail, Error, Lock, Locked, RandomAccess, Result, SeekFrom, StreamAccess, StreamCapability, View};
use std::sync::Arc;

/// A stream over random access: over its memory where it lends that, else by [`RandomAccessStream`].
pub fn stream_over(access: Arc<dyn RandomAccess>) -> Arc<dyn StreamAccess> {
    // Reads of a mapped file go by position all the same: the file may be cut meanwhile.
    if let Some(View::RandomAccess(plain)) = access.extension(UNMAPPED_EXTENSION) {
        return Arc::new(RandomAccessStream::new(plain));
    }
    // A view made elsewhere stays behind its own functions, which know when it is gone.
    if access.foreign().is_none() && access.capabilities().has(StreamCapability::MEMORY_ACCESS) {
        if let Ok(bytes) = access.memory() {
            return Arc::new(MemoryStream::over(bytes));
        }
    }
    Arc::new(RandomAccessStream::new(access))
}

/// A stream over random access, with a cursor of its own; as long as that and never longer. Closing it lets go of what it is
/// over.
pub struct RandomAccessStream {
    capabilities: StreamCapability,
    origin: Option<String>,
    /// None: closed.
    open: Lock<Option<Open>>,
}

struct Open {
    access: Arc<dyn RandomAccess>,
    cursor: u64,
}

impl RandomAccessStream {
    /// A stream that starts at the first byte.
    pub fn new(access: Arc<dyn RandomAccess>) -> Self {
        let known = access.capabilities().only(StreamCapability::READ | StreamCapability::WRITE);
        RandomAccessStream {
            capabilities: known | StreamCapability::SEEK,
            origin: access.origin(),
            open: Lock::new(Some(Open { access, cursor: 0 })),
        }
    }

    fn with<R>(&self, body: impl FnOnce(&mut Open) -> Result<R>) -> Result<R> {
        body(self.open.lock()?.as_mut().ok_or_else(closed)?)
    }
}

impl StreamAccess for RandomAccessStream {
    fn capabilities(&self) -> StreamCapability {
        self.capabilities
    }

    fn read(&self, buffer: &mut [u8]) -> Result<usize> {
        self.with(|open| {
            let count = open.access.read_at(open.cursor, buffer)?;
            open.cursor += count as u64;
            Ok(count)
        })
    }

    fn write(&self, buffer: &[u8]) -> Result<usize> {
        self.with(|open| {
            if !self.capabilities.has(StreamCapability::WRITE) {
                return Err(Error::capability("the stream", "WRITE", "what it is over was opened for reading only"));
            }
            let length = open.access.length()?;
            let left = length.saturating_sub(open.cursor).min(usize::MAX as u64) as usize;
            let count = buffer.len().min(left);
            match (count, buffer.len()) {
                (0, 0) => return Ok(0),
                (0, _) => return Err(full(length)),
                _ => {}
            }
            open.access.write_at(open.cursor, &buffer[..count])?;
            open.cursor += count as u64;
            Ok(count)
        })
    }

    fn seek(&self, to: SeekFrom) -> Result<u64> {
        self.with(|open| {
            open.cursor = stand(to, open.cursor, || open.access.length())?;
            Ok(open.cursor)
        })
    }

    fn length(&self) -> Result<u64> {
        self.with(|open| open.access.length())
    }

    fn flush(&self) -> Result<()> {
        self.with(|open| if self.capabilities.has(StreamCapability::WRITE) { open.access.flush() } else { Ok(()) })
    }

    fn close(&self) -> Result<()> {
        // What goes may do much: that happens with the lock free.
        let _open = self.open.lock()?.take();
        Ok(())
    }

    fn extension(&self, id: u64) -> Option<View> {
        match id {
            RANDOM_ACCESS_EXTENSION => self.with(|open| Ok(View::RandomAccess(open.access.clone()))).ok(),
            _ => None,
        }
    }

    fn origin(&self) -> Option<String> {
        self.origin.clone()
    }
}

/// Random access to what a stream is over: the file's or memory's own where it has that, else by
/// [`StreamRandomAccess`].
///
/// # Errors
/// As [`StreamRandomAccess::new`].
pub fn random_access_over(stream: Arc<dyn StreamAccess>) -> Result<Arc<dyn RandomAccess>> {
    if let Some(View::RandomAccess(access)) = stream.extension(RANDOM_ACCESS_EXTENSION) {
        return Ok(access);
    }
    if stream.foreign().is_none() && stream.capabilities().has(StreamCapability::MEMORY_ACCESS) {
        return Ok(Arc::new(MemoryAccess::over(stream.memory()?)));
    }
    Ok(Arc::new(StreamRandomAccess::new(stream)?))
}

/// Random access over a stream that can seek, one call at a time. The stream's cursor moves: nobody else should use it.
pub struct StreamRandomAccess {
    stream: Arc<dyn StreamAccess>,
    length: u64,
    one_at_a_time: Lock<()>,
}

impl StreamRandomAccess {
    /// Takes the stream's size of now as its own.
    ///
    /// # Errors
    /// `NotImplemented` where the stream cannot seek; what its [`StreamAccess::length`] fails with.
    pub fn new(stream: Arc<dyn StreamAccess>) -> Result<Self> {
        if !stream.capabilities().has(StreamCapability::SEEK) {
            return Err(Error::capability("the stream", "SEEK", "read it into memory and give that"));
        }
        let length = stream.length()?;
        Ok(StreamRandomAccess { stream, length, one_at_a_time: Lock::new(()) })
    }

    fn at(&self, offset: u64) -> Result<Locked<'_, ()>> {
        let guard = self.one_at_a_time.lock()?;
        self.stream.seek(SeekFrom::Start(offset))?;
        Ok(guard)
    }
}

impl RandomAccess for StreamRandomAccess {
    fn capabilities(&self) -> StreamCapability {
        self.stream.capabilities().only(StreamCapability::READ | StreamCapability::WRITE)
    }

    fn length(&self) -> Result<u64> {
        Ok(self.length)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let wanted = buffer.len().min(self.length.saturating_sub(offset).min(isize::MAX as u64) as usize);
        if wanted == 0 {
            return Ok(0);
        }
        let _guard = self.at(offset)?;
        let mut done = 0;
        while done < wanted {
            match self.stream.read(&mut buffer[done..wanted])? {
                0 => return Err(shorter(None, self.length, offset + done as u64)),
                count => done += count,
            }
        }
        Ok(done)
    }

    fn write_at(&self, offset: u64, buffer: &[u8]) -> Result<()> {
        check_inside(offset, buffer.len(), self.length)?;
        let _guard = self.at(offset)?;
        let mut done = 0;
        while done < buffer.len() {
            match self.stream.write(&buffer[done..])? {
                0 => fail!(Io, "the stream takes no more bytes after {done} of {}", buffer.len()),
                count => done += count,
            }
        }
        Ok(())
    }

    fn flush(&self) -> Result<()> {
        let _guard = self.one_at_a_time.lock()?;
        self.stream.flush()
    }

    fn origin(&self) -> Option<String> {
        self.stream.origin()
    }
}
