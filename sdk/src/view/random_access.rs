//! Random access: the trait, its table, and the wrapper of those made elsewhere.

use super::stream::{believable, buffer, buffer_mut, lent};
use super::{border, guard, hand_out, read_table, Bytes, Call, ForeignView, View};
use crate::abi::*;
use crate::{fail, CapabilitySet, Error, Result, StreamCapability};
use std::ops::Range;
use std::os::raw::c_void;
use std::ptr::null;

/// Bytes at an offset, without a cursor, from any thread.
pub trait RandomAccess: Send + Sync {
    /// What can be done; the same for its whole life.
    fn capabilities(&self) -> StreamCapability;

    /// Returns the number of bytes.
    ///
    /// # Errors
    /// `NotImplemented` if it is unknown before the end was read (gzip), `Io`.
    fn length(&self) -> Result<u64>;

    /// READ: as many bytes as the buffer has, fewer only at the end.
    ///
    /// # Errors
    /// `NotImplemented` without the capability, `Io`.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize>;

    /// WRITE: all the bytes.
    ///
    /// # Errors
    /// `NotImplemented` without the capability, `OutOfRange` past the end (nothing is written then), `Io`.
    fn write_at(&self, _offset: u64, _buffer: &[u8]) -> Result<()> {
        Err(Error::capability("the random access", "WRITE", "open it for writing"))
    }

    /// MEMORY_ACCESS: the bytes where they lie.
    ///
    /// # Errors
    /// `NotImplemented` without the capability.
    fn memory(&self) -> Result<Bytes> {
        Err(Error::capability("the random access", "MEMORY_ACCESS", "read it into a buffer"))
    }

    /// READ: says that these ranges are read soon, so that bytes behind a disk or a network can be fetched together: for the
    /// rows of a tile that takes a fraction of fetching one after the other. By default nothing happens.
    fn prefetch(&self, _ranges: &[Range<u64>]) {}

    /// RESIZE: cuts off or fills with zeros.
    ///
    /// # Errors
    /// `NotImplemented` without the capability, `Busy` while memory is lent, `Io`.
    fn resize(&self, _length: u64) -> Result<()> {
        Err(Error::capability("the random access", "RESIZE", "its size is fixed"))
    }

    /// WRITE: passes everything written to the file or object. By default nothing is held back.
    ///
    /// # Errors
    /// `Io`, such as a full disk.
    fn flush(&self) -> Result<()> {
        Ok(())
    }

    /// [`length`](RandomAccess::length) with a context: deadline, progress, thread limit. By default the context is not used.
    ///
    /// # Errors
    /// As [`length`](RandomAccess::length); `Cancelled`, `Timeout`.
    fn length_with(&self, _call: &Call<'_>) -> Result<u64> {
        self.length()
    }

    /// [`read_at`](RandomAccess::read_at) with a context: deadline, progress, thread limit. By default the context is not used.
    ///
    /// # Errors
    /// As [`read_at`](RandomAccess::read_at); `Cancelled`, `Timeout`.
    fn read_at_with(&self, offset: u64, buffer: &mut [u8], _call: &Call<'_>) -> Result<usize> {
        self.read_at(offset, buffer)
    }

    /// [`write_at`](RandomAccess::write_at) with a context: deadline, progress, thread limit. By default the context is not used.
    ///
    /// # Errors
    /// As [`write_at`](RandomAccess::write_at); `Cancelled`, `Timeout`.
    fn write_at_with(&self, offset: u64, buffer: &[u8], _call: &Call<'_>) -> Result<()> {
        self.write_at(offset, buffer)
    }

    /// [`resize`](RandomAccess::resize) with a context: deadline, progress, thread limit. By default the context is not used.
    ///
    /// # Errors
    /// As [`resize`](RandomAccess::resize); `Cancelled`, `Timeout`.
    fn resize_with(&self, length: u64, _call: &Call<'_>) -> Result<()> {
        self.resize(length)
    }

    /// [`flush`](RandomAccess::flush) with a context: deadline, progress, thread limit. By default the context is not used.
    ///
    /// # Errors
    /// As [`flush`](RandomAccess::flush); `Cancelled`, `Timeout`.
    fn flush_with(&self, _call: &Call<'_>) -> Result<()> {
        self.flush()
    }

    /// A service by its id.
    fn extension(&self, _id: u64) -> Option<View> {
        None
    }

    /// URI or path that it was opened by.
    fn origin(&self) -> Option<String> {
        None
    }

    /// The view made elsewhere that this is, where it is one.
    fn foreign(&self) -> Option<&ForeignView> {
        None
    }
}

impl dyn RandomAccess {
    /// Fills the whole buffer from `offset` on.
    ///
    /// # Errors
    /// `Corrupt` where the data ends before, and what [`RandomAccess::read_at`] fails with.
    pub fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.read_at(offset + filled as u64, &mut buffer[filled..])? {
                0 => fail!(
                    Corrupt,
                    "the data ends after {} bytes; {} bytes at {offset} are missing",
                    offset + filled as u64,
                    buffer.len()
                ),
                count => filled += count,
            }
        }
        Ok(())
    }
}

border!(
    RandomAccess, RandomAccess, iolink_random_access_vtable, |this| this.capabilities().value(), |this, id| this.extension(id),
    { length, read_at, write_at, memory, prefetch, resize, flush }
);

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

unsafe extern "C" fn read_at(
    view: *const iolink_view,
    offset: u64,
    target: *mut c_void,
    length: u64,
    done: *mut u64,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    // SAFETY: buffer and `done` are the caller's.
    guard(this.provider, error, || unsafe {
        let target = buffer_mut(target, length)?;
        *done = Call::from_border(call, |call| this.value.read_at_with(offset, target, call))? as u64;
        Ok(())
    })
}

unsafe extern "C" fn write_at(
    view: *const iolink_view,
    offset: u64,
    source: *const c_void,
    length: u64,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    // SAFETY: buffer and call are the caller's.
    guard(this.provider, error, || unsafe {
        let source = buffer(source, length)?;
        Call::from_border(call, |call| this.value.write_at_with(offset, source, call))
    })
}

unsafe extern "C" fn memory(
    view: *const iolink_view,
    call: *const iolink_call,
    out: *mut iolink_bytes,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    // SAFETY: `out` is the caller's.
    guard(this.provider, error, || unsafe {
        Call::from_border(call, |_| hand_out(out, || Ok(this.value.memory()?.into_border())))
    })
}

unsafe extern "C" fn prefetch(
    view: *const iolink_view,
    ranges: *const iolink_byte_range,
    count: u64,
    call: *const iolink_call,
) {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    guard(this.provider, std::ptr::null_mut(), || {
        if count == 0 || ranges.is_null() {
            return Ok(());
        }
        // SAFETY: the caller has that many ranges; the call is the caller's.
        unsafe {
            let ranges = std::slice::from_raw_parts(ranges, count as usize);
            let ranges: Vec<_> =
                ranges.iter().map(|range| range.offset..range.offset.saturating_add(range.length)).collect();
            Call::from_border(call, |_| {
                this.value.prefetch(&ranges);
                Ok(())
            })
        }
    });
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

/// Random access made elsewhere.
pub struct ForeignRandomAccess {
    foreign: ForeignView,
    table: iolink_random_access_vtable,
    capabilities: StreamCapability,
    /// The size, which is asked for once unless it can change.
    length: Option<u64>,
}

impl ForeignRandomAccess {
    pub(crate) fn adopt(foreign: ForeignView) -> Result<Self> {
        // SAFETY: the kind was checked, so the head starts a random access table.
        let table: iolink_random_access_vtable = unsafe { read_table(foreign.base()) };
        let capabilities = StreamCapability::from_bits(foreign.bits());
        if capabilities.has(StreamCapability::READ) && table.read_at.is_none() {
            fail!(Internal, "the random access claims READ but has no function read_at");
        }
        if table.length.is_none() {
            fail!(Internal, "the random access has no function length");
        }
        let mut this = ForeignRandomAccess { foreign, table, capabilities, length: None };
        if !capabilities.has(StreamCapability::RESIZE) {
            // One that does not know its size yet is asked again later.
            this.length = this.length().ok();
        }
        Ok(this)
    }
}

fn absent(name: &str) -> Error {
    Error::capability("the random access", name, "its provider does not offer it")
}

impl RandomAccess for ForeignRandomAccess {
    fn capabilities(&self) -> StreamCapability {
        self.capabilities
    }

    fn length(&self) -> Result<u64> {
        self.length_with(&Call::silent())
    }

    fn length_with(&self, call: &Call<'_>) -> Result<u64> {
        if let Some(length) = self.length {
            return Ok(length);
        }
        let length = self.table.length.ok_or_else(|| absent("length"))?;
        let mut out = 0;
        // SAFETY: the view lives and `out` is ours.
        self.foreign.call_with(call, |raw, call, error| unsafe { length(raw, &mut out, call, error) })?;
        Ok(out)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        self.read_at_with(offset, buffer, &Call::silent())
    }

    fn read_at_with(&self, offset: u64, buffer: &mut [u8], call: &Call<'_>) -> Result<usize> {
        let read = self.table.read_at.ok_or_else(|| absent("READ"))?;
        let mut done = 0;
        // SAFETY: the view and the buffer live until this returns.
        self.foreign.call_with(call, |raw, call, error| unsafe {
            read(raw, offset, buffer.as_mut_ptr() as *mut c_void, buffer.len() as u64, &mut done, call, error)
        })?;
        believable(done, buffer.len())
    }

    fn write_at(&self, offset: u64, buffer: &[u8]) -> Result<()> {
        self.write_at_with(offset, buffer, &Call::silent())
    }

    fn write_at_with(&self, offset: u64, buffer: &[u8], call: &Call<'_>) -> Result<()> {
        let write = self.table.write_at.ok_or_else(|| absent("WRITE"))?;
        // SAFETY: the view and the buffer live until this returns.
        self.foreign.call_with(call, |raw, call, error| unsafe {
            write(raw, offset, buffer.as_ptr() as *const c_void, buffer.len() as u64, call, error)
        })
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

    fn prefetch(&self, ranges: &[Range<u64>]) {
        if let Some(prefetch) = self.table.prefetch {
            let ranges: Vec<_> = ranges
                .iter()
                .map(|range| iolink_byte_range { offset: range.start, length: range.end.saturating_sub(range.start) })
                .collect();
            // SAFETY: the view and the ranges live until this returns.
            self.foreign.with(|raw| unsafe { prefetch(raw, ranges.as_ptr(), ranges.len() as u64, null()) });
        }
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
