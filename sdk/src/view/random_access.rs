//! Random access: the trait, its table, and the wrapper of those made elsewhere.

use super::stream::{believable, buffer, buffer_mut, lent};
use super::{border, guard, hand_out, read_table, Bytes, ForeignView, View};
use crate::abi::*;
use crate::{fail, CapabilitySet, Error, Result, StreamCapability};
use std::ops::Range;
use std::os::raw::c_void;

/// Bytes at an offset: no cursor, a fixed size, the same answer to the same question, from any thread.
pub trait RandomAccess: Send + Sync {
    /// What can be done; the same for its whole life.
    fn capabilities(&self) -> StreamCapability;

    /// How many bytes there are.
    fn length(&self) -> u64;

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

    /// READ: tells that these ranges are read soon. Where they lie on a disk or behind a network they are asked for all at once,
    /// which for the rows of a tile takes a fraction of asking for one after the other. By default nothing happens.
    fn will_need(&self, _ranges: &[Range<u64>]) {}

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
                    self.length(),
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
    { length, read_at, write_at, memory, will_need }
);

unsafe extern "C" fn length(view: *const iolink_view) -> u64 {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    let mut bytes = 0;
    guard(this.provider, std::ptr::null_mut(), || {
        bytes = this.value.length();
        Ok(())
    });
    bytes
}

unsafe extern "C" fn read_at(
    view: *const iolink_view,
    offset: u64,
    target: *mut c_void,
    length: u64,
    done: *mut u64,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    // SAFETY: buffer and `done` are the caller's.
    guard(this.provider, error, || unsafe {
        *done = this.value.read_at(offset, buffer_mut(target, length)?)? as u64;
        Ok(())
    })
}

unsafe extern "C" fn write_at(
    view: *const iolink_view,
    offset: u64,
    source: *const c_void,
    length: u64,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    // SAFETY: the buffer is the caller's.
    guard(this.provider, error, || this.value.write_at(offset, unsafe { buffer(source, length) }?))
}

unsafe extern "C" fn memory(view: *const iolink_view, out: *mut iolink_bytes, error: *mut iolink_error) -> i32 {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    // SAFETY: `out` is the caller's.
    guard(this.provider, error, || unsafe { hand_out(out, || Ok(this.value.memory()?.into_border())) })
}

unsafe extern "C" fn will_need(view: *const iolink_view, ranges: *const iolink_byte_range, count: u64) {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    guard(this.provider, std::ptr::null_mut(), || {
        if count > 0 && !ranges.is_null() {
            // SAFETY: the caller has that many ranges.
            let ranges = unsafe { std::slice::from_raw_parts(ranges, count as usize) };
            let ranges: Vec<_> =
                ranges.iter().map(|range| range.offset..range.offset.saturating_add(range.length)).collect();
            this.value.will_need(&ranges);
        }
        Ok(())
    });
}

/// Random access made elsewhere.
pub struct ForeignRandomAccess {
    foreign: ForeignView,
    table: iolink_random_access_vtable,
    capabilities: StreamCapability,
    length: u64,
}

impl ForeignRandomAccess {
    pub(crate) fn adopt(foreign: ForeignView) -> Result<Self> {
        // SAFETY: the kind was checked, so the head starts a random access table.
        let table: iolink_random_access_vtable = unsafe { read_table(foreign.head()) };
        let capabilities = StreamCapability::from_bits(foreign.bits());
        if capabilities.has(StreamCapability::READ) && table.read_at.is_none() {
            fail!(Internal, "the random access claims READ but has no function read_at");
        }
        let length = match table.length {
            // SAFETY: the view lives until this returns.
            Some(length) => foreign.with(|raw| unsafe { length(raw) }),
            None => fail!(Internal, "the random access has no function length"),
        };
        Ok(ForeignRandomAccess { foreign, table, capabilities, length })
    }
}

fn absent(name: &str) -> Error {
    Error::capability("the random access", name, "its provider does not offer it")
}

impl RandomAccess for ForeignRandomAccess {
    fn capabilities(&self) -> StreamCapability {
        self.capabilities
    }

    fn length(&self) -> u64 {
        self.length
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let read = self.table.read_at.ok_or_else(|| absent("READ"))?;
        let mut done = 0;
        // SAFETY: the view and the buffer live until this returns.
        self.foreign.call(|raw, error| unsafe {
            read(raw, offset, buffer.as_mut_ptr() as *mut c_void, buffer.len() as u64, &mut done, error)
        })?;
        believable(done, buffer.len())
    }

    fn write_at(&self, offset: u64, buffer: &[u8]) -> Result<()> {
        let write = self.table.write_at.ok_or_else(|| absent("WRITE"))?;
        // SAFETY: the view and the buffer live until this returns.
        self.foreign.call(|raw, error| unsafe {
            write(raw, offset, buffer.as_ptr() as *const c_void, buffer.len() as u64, error)
        })
    }

    fn memory(&self) -> Result<Bytes> {
        let memory = match self.table.memory {
            Some(memory) if self.capabilities.has(StreamCapability::MEMORY_ACCESS) => memory,
            _ => return Err(absent("MEMORY_ACCESS")),
        };
        lent(|out| {
            // SAFETY: the view lives and `out` is ours.
            self.foreign.call(|raw, error| unsafe { memory(raw, out, error) })
        })
    }

    fn will_need(&self, ranges: &[Range<u64>]) {
        if let Some(will_need) = self.table.will_need {
            let ranges: Vec<_> = ranges
                .iter()
                .map(|range| iolink_byte_range { offset: range.start, length: range.end.saturating_sub(range.start) })
                .collect();
            // SAFETY: the view and the ranges live until this returns.
            self.foreign.with(|raw| unsafe { will_need(raw, ranges.as_ptr(), ranges.len() as u64) });
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
