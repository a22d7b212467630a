//! Streams: the trait, its table, and the wrapper of those made elsewhere.

use super::{border, guard, hand_out, read_table, Bytes, Call, ForeignView, View};
use crate::abi::*;
use crate::{fail, CapabilitySet, Error, ErrorKind, Result, StreamCapability};
use std::mem::MaybeUninit;
use std::os::raw::c_void;
use std::ptr::null;

pub use std::io::SeekFrom;

/// Bytes with one cursor, which every read and write moves.
pub trait StreamAccess: Send + Sync {
    /// What the stream can do; the same for its whole life.
    fn capabilities(&self) -> StreamCapability;

    /// READ: up to as many bytes as the buffer has; 0 is the end.
    ///
    /// # Errors
    /// `NotImplemented` without the capability, `Closed`, `Io`.
    fn read(&self, _buffer: &mut [u8]) -> Result<usize> {
        Err(Error::capability("the stream", "READ", "open it for reading"))
    }

    /// WRITE: as many bytes as can be taken at once.
    ///
    /// # Errors
    /// `NotImplemented` without the capability, `Closed`, `Io`.
    fn write(&self, _buffer: &[u8]) -> Result<usize> {
        Err(Error::capability("the stream", "WRITE", "open it for writing"))
    }

    /// SEEK: moves the cursor and tells where it stands. It may stand past the end.
    ///
    /// # Errors
    /// `NotImplemented` without the capability, `InvalidArgument` before the first byte, `Closed`, `Io`.
    fn seek(&self, _to: SeekFrom) -> Result<u64> {
        Err(Error::capability("the stream", "SEEK", "copy it into memory to move in it"))
    }

    /// How many bytes there are.
    ///
    /// # Errors
    /// `NotImplemented` where nobody knows.
    fn length(&self) -> Result<u64>;

    /// RESIZE: cuts off or fills with zeros; the cursor stays.
    ///
    /// # Errors
    /// `NotImplemented` without the capability, `Busy` while memory is lent.
    fn resize(&self, _length: u64) -> Result<()> {
        Err(Error::capability("the stream", "RESIZE", "its size is fixed"))
    }

    /// Hands what was written on to where it belongs.
    ///
    /// # Errors
    /// `Io`, `Closed`.
    fn flush(&self) -> Result<()> {
        Ok(())
    }

    /// Ends the stream; a second close does nothing.
    ///
    /// # Errors
    /// `Io` where what was written cannot be kept.
    fn close(&self) -> Result<()> {
        Ok(())
    }

    /// MEMORY_ACCESS: the bytes where they lie.
    ///
    /// # Errors
    /// `NotImplemented` without the capability.
    fn memory(&self) -> Result<Bytes> {
        Err(Error::capability("the stream", "MEMORY_ACCESS", "read it into a buffer"))
    }

    /// [`read`](StreamAccess::read) with a context: deadline, progress, thread limit. By default the context is not used.
    ///
    /// # Errors
    /// As [`read`](StreamAccess::read); `Cancelled`, `Timeout`.
    fn read_with(&self, buffer: &mut [u8], _call: &Call<'_>) -> Result<usize> {
        self.read(buffer)
    }

    /// [`write`](StreamAccess::write) with a context: deadline, progress, thread limit. By default the context is not used.
    ///
    /// # Errors
    /// As [`write`](StreamAccess::write); `Cancelled`, `Timeout`.
    fn write_with(&self, buffer: &[u8], _call: &Call<'_>) -> Result<usize> {
        self.write(buffer)
    }

    /// [`seek`](StreamAccess::seek) with a context: deadline, progress, thread limit. By default the context is not used.
    ///
    /// # Errors
    /// As [`seek`](StreamAccess::seek); `Cancelled`, `Timeout`.
    fn seek_with(&self, to: SeekFrom, _call: &Call<'_>) -> Result<u64> {
        self.seek(to)
    }

    /// [`length`](StreamAccess::length) with a context: deadline, progress, thread limit. By default the context is not used.
    ///
    /// # Errors
    /// As [`length`](StreamAccess::length); `Cancelled`, `Timeout`.
    fn length_with(&self, _call: &Call<'_>) -> Result<u64> {
        self.length()
    }

    /// [`resize`](StreamAccess::resize) with a context: deadline, progress, thread limit. By default the context is not used.
    ///
    /// # Errors
    /// As [`resize`](StreamAccess::resize); `Cancelled`, `Timeout`.
    fn resize_with(&self, length: u64, _call: &Call<'_>) -> Result<()> {
        self.resize(length)
    }

    /// [`flush`](StreamAccess::flush) with a context: deadline, progress, thread limit. By default the context is not used.
    ///
    /// # Errors
    /// As [`flush`](StreamAccess::flush); `Cancelled`, `Timeout`.
    fn flush_with(&self, _call: &Call<'_>) -> Result<()> {
        self.flush()
    }

    /// [`close`](StreamAccess::close) with a context: deadline, progress, thread limit. By default the context is not used.
    ///
    /// # Errors
    /// As [`close`](StreamAccess::close); `Cancelled`, `Timeout`.
    fn close_with(&self, _call: &Call<'_>) -> Result<()> {
        self.close()
    }

    /// A service by its id.
    fn extension(&self, _id: u64) -> Option<View> {
        None
    }

    /// URI or path that the stream was opened by.
    fn origin(&self) -> Option<String> {
        None
    }

    /// The view made elsewhere that this is, where it is one.
    fn foreign(&self) -> Option<&ForeignView> {
        None
    }
}

border!(
    StreamAccess, Stream, iolink_stream_vtable, |this| this.capabilities().value(), |this, id| this.extension(id),
    { read, write, seek, length, resize, flush, close, memory }
);

/// The caller's buffer as a slice.
///
/// # Safety
/// The buffer has that many bytes, good for `'a`.
pub(super) unsafe fn buffer_mut<'a>(buffer: *mut c_void, length: u64) -> Result<&'a mut [u8]> {
    if length == 0 {
        return Ok(&mut []);
    }
    if buffer.is_null() || length > isize::MAX as u64 {
        fail!(InvalidArgument, "the buffer has no address, or {length} bytes");
    }
    // SAFETY: by the caller's promise; bytes of any value are bytes.
    Ok(unsafe { std::slice::from_raw_parts_mut(buffer as *mut u8, length as usize) })
}

/// The caller's bytes as a slice.
///
/// # Safety
/// There are that many bytes, good for `'a`.
pub(super) unsafe fn buffer<'a>(buffer: *const c_void, length: u64) -> Result<&'a [u8]> {
    // SAFETY: by the caller's promise; the slice is only read.
    unsafe { buffer_mut(buffer as *mut c_void, length) }.map(|slice| &*slice)
}

unsafe extern "C" fn read(
    view: *const iolink_view,
    target: *mut c_void,
    length: u64,
    done: *mut u64,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    // SAFETY: buffer, `done` and `call` are the caller's.
    guard(this.provider, error, || unsafe {
        let target = buffer_mut(target, length)?;
        *done = Call::from_border(call, |call| this.value.read_with(target, call))? as u64;
        Ok(())
    })
}

unsafe extern "C" fn write(
    view: *const iolink_view,
    source: *const c_void,
    length: u64,
    done: *mut u64,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    // SAFETY: buffer, `done` and `call` are the caller's.
    guard(this.provider, error, || unsafe {
        let source = buffer(source, length)?;
        *done = Call::from_border(call, |call| this.value.write_with(source, call))? as u64;
        Ok(())
    })
}

unsafe extern "C" fn seek(
    view: *const iolink_view,
    offset: i64,
    origin: u32,
    position: *mut u64,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    guard(this.provider, error, || {
        let to = match origin {
            IOLINK_SEEK_SET if offset >= 0 => SeekFrom::Start(offset as u64),
            IOLINK_SEEK_SET => fail!(InvalidArgument, "{offset} is before the first byte"),
            IOLINK_SEEK_CUR => SeekFrom::Current(offset),
            IOLINK_SEEK_END => SeekFrom::End(offset),
            _ => fail!(InvalidArgument, "a seek starts from 0 (start), 1 (cursor) or 2 (end), not {origin}"),
        };
        // SAFETY: `position` and `call` are the caller's.
        unsafe { *position = Call::from_border(call, |call| this.value.seek_with(to, call))? };
        Ok(())
    })
}

unsafe extern "C" fn length(
    view: *const iolink_view,
    out: *mut u64,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    // SAFETY: `out` and `call` are the caller's.
    guard(this.provider, error, || unsafe {
        *out = Call::from_border(call, |call| this.value.length_with(call))?;
        Ok(())
    })
}

unsafe extern "C" fn resize(
    view: *const iolink_view,
    length: u64,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    // SAFETY: the call is the caller's.
    guard(this.provider, error, || unsafe { Call::from_border(call, |call| this.value.resize_with(length, call)) })
}

unsafe extern "C" fn flush(view: *const iolink_view, call: *const iolink_call, error: *mut iolink_error) -> i32 {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    // SAFETY: the call is the caller's.
    guard(this.provider, error, || unsafe { Call::from_border(call, |call| this.value.flush_with(call)) })
}

unsafe extern "C" fn close(view: *const iolink_view, call: *const iolink_call, error: *mut iolink_error) -> i32 {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    // SAFETY: the call is the caller's.
    guard(this.provider, error, || unsafe { Call::from_border(call, |call| this.value.close_with(call)) })
}

unsafe extern "C" fn memory(
    view: *const iolink_view,
    call: *const iolink_call,
    out: *mut iolink_bytes,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    // SAFETY: `out` and `call` are the caller's.
    guard(this.provider, error, || unsafe {
        Call::from_border(call, |_| hand_out(out, || Ok(this.value.memory()?.into_border())))
    })
}

/// A stream made elsewhere.
pub struct ForeignStream {
    foreign: ForeignView,
    table: iolink_stream_vtable,
    capabilities: StreamCapability,
}

impl ForeignStream {
    pub(crate) fn adopt(foreign: ForeignView) -> Result<Self> {
        // SAFETY: the kind was checked, so the head starts a stream's table.
        let table: iolink_stream_vtable = unsafe { read_table(foreign.base()) };
        let capabilities = StreamCapability::from_bits(foreign.bits());
        let needed = [
            (StreamCapability::READ, table.read.is_some(), "read"),
            (StreamCapability::WRITE, table.write.is_some(), "write"),
            (StreamCapability::SEEK, table.seek.is_some(), "seek"),
            (StreamCapability::RESIZE, table.resize.is_some(), "resize"),
            (StreamCapability::MEMORY_ACCESS, table.memory.is_some(), "memory"),
        ];
        for (capability, present, function) in needed {
            if capabilities.has(capability) && !present {
                fail!(Internal, "the stream claims {capability:?} but has no function {function}");
            }
        }
        Ok(ForeignStream { foreign, table, capabilities })
    }
}

fn absent(name: &str) -> Error {
    Error::capability("the stream", name, "its provider does not offer it")
}

/// Refuses a count that is more than was asked for.
pub(super) fn believable(done: u64, asked: usize) -> Result<usize> {
    if done > asked as u64 {
        return Err(Error::new(
            ErrorKind::Internal,
            format!("the provider says {done} bytes where at most {asked} were asked for"),
        ));
    }
    Ok(done as usize)
}

impl StreamAccess for ForeignStream {
    fn capabilities(&self) -> StreamCapability {
        self.capabilities
    }

    fn read(&self, buffer: &mut [u8]) -> Result<usize> {
        self.read_with(buffer, &Call::silent())
    }

    fn read_with(&self, buffer: &mut [u8], call: &Call<'_>) -> Result<usize> {
        let read = self.table.read.ok_or_else(|| absent("READ"))?;
        let mut done = 0;
        // SAFETY: the view and the buffer live until this returns.
        self.foreign.call_with(call, |raw, call, error| unsafe {
            read(raw, buffer.as_mut_ptr() as *mut c_void, buffer.len() as u64, &mut done, call, error)
        })?;
        believable(done, buffer.len())
    }

    fn write(&self, buffer: &[u8]) -> Result<usize> {
        self.write_with(buffer, &Call::silent())
    }

    fn write_with(&self, buffer: &[u8], call: &Call<'_>) -> Result<usize> {
        let write = self.table.write.ok_or_else(|| absent("WRITE"))?;
        let mut done = 0;
        // SAFETY: the view and the buffer live until this returns.
        self.foreign.call_with(call, |raw, call, error| unsafe {
            write(raw, buffer.as_ptr() as *const c_void, buffer.len() as u64, &mut done, call, error)
        })?;
        believable(done, buffer.len())
    }

    fn seek(&self, to: SeekFrom) -> Result<u64> {
        self.seek_with(to, &Call::silent())
    }

    fn seek_with(&self, to: SeekFrom, call: &Call<'_>) -> Result<u64> {
        let seek = self.table.seek.ok_or_else(|| absent("SEEK"))?;
        let (offset, origin) = match to {
            SeekFrom::Start(offset) => match i64::try_from(offset) {
                Ok(offset) => (offset, IOLINK_SEEK_SET),
                Err(_) => fail!(InvalidArgument, "{offset} is past 2^63, where no stream reaches"),
            },
            SeekFrom::Current(offset) => (offset, IOLINK_SEEK_CUR),
            SeekFrom::End(offset) => (offset, IOLINK_SEEK_END),
        };
        let mut position = 0;
        self.foreign
            // SAFETY: the view lives and `position` is ours.
            .call_with(call, |raw, call, error| unsafe { seek(raw, offset, origin, &mut position, call, error) })?;
        Ok(position)
    }

    fn length(&self) -> Result<u64> {
        self.length_with(&Call::silent())
    }

    fn length_with(&self, call: &Call<'_>) -> Result<u64> {
        let length = self.table.length.ok_or_else(|| absent("length"))?;
        let mut out = 0;
        // SAFETY: the view lives and `out` is ours.
        self.foreign.call_with(call, |raw, call, error| unsafe { length(raw, &mut out, call, error) })?;
        Ok(out)
    }

    fn resize(&self, length: u64) -> Result<()> {
        self.resize_with(length, &Call::silent())
    }

    fn resize_with(&self, length: u64, call: &Call<'_>) -> Result<()> {
        let resize = self.table.resize.ok_or_else(|| absent("RESIZE"))?;
        // SAFETY: the view lives until this returns.
        self.foreign.call_with(call, |raw, call, error| unsafe { resize(raw, length, call, error) })
    }

    fn flush(&self) -> Result<()> {
        self.flush_with(&Call::silent())
    }

    fn flush_with(&self, call: &Call<'_>) -> Result<()> {
        // SAFETY: the view lives until this returns.
        self.table
            .flush
            .map_or(Ok(()), |flush| self.foreign.call_with(call, |raw, call, error| unsafe { flush(raw, call, error) }))
    }

    fn close(&self) -> Result<()> {
        self.close_with(&Call::silent())
    }

    fn close_with(&self, call: &Call<'_>) -> Result<()> {
        // SAFETY: the view lives until this returns.
        self.table
            .close
            .map_or(Ok(()), |close| self.foreign.call_with(call, |raw, call, error| unsafe { close(raw, call, error) }))
    }

    fn memory(&self) -> Result<Bytes> {
        let memory = match self.table.memory {
            Some(memory) if self.capabilities.has(StreamCapability::MEMORY_ACCESS) => memory,
            _ => return Err(absent("MEMORY_ACCESS")),
        };
        lent(|out| {
            // SAFETY: the view lives and `out` is ours.
            self.foreign.call(|raw, error| unsafe { memory(raw, null(), out, error) })
        })
    }

    fn extension(&self, id: u64) -> Option<View> {
        self.foreign.extension(id)
    }

    fn origin(&self) -> Option<String> {
        self.foreign.origin()
    }

    fn foreign(&self) -> Option<&ForeignView> {
        Some(&self.foreign)
    }
}

/// Lets `fill` lend bytes and takes them over.
pub(crate) fn lent(fill: impl FnOnce(*mut iolink_bytes) -> Result<()>) -> Result<Bytes> {
    let mut out = MaybeUninit::<iolink_bytes>::zeroed();
    // SAFETY: only the size is written; the struct lies in `out`.
    unsafe { std::ptr::addr_of_mut!((*out.as_mut_ptr()).size).write(std::mem::size_of::<iolink_bytes>() as u32) };
    fill(out.as_mut_ptr())?;
    // SAFETY: every field is a number, a pointer or absent, and the callee filled them in.
    unsafe { Bytes::from_border(out.assume_init()) }
}
