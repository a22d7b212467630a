//! Streams and random access in memory.

use super::locked;
use iolink_sdk::{fail, Bytes, Owner, RandomAccess, Result, SeekFrom, StreamAccess, StreamCapability};
use std::sync::{Arc, Mutex};

/// Bytes with a cursor.
#[derive(Default)]
pub struct Stream(Mutex<(Vec<u8>, usize, bool)>);

impl StreamAccess for Stream {
    fn capabilities(&self) -> StreamCapability {
        StreamCapability::READ.and(StreamCapability::WRITE).and(StreamCapability::SEEK).and(StreamCapability::RESIZE)
    }

    fn read(&self, buffer: &mut [u8]) -> Result<usize> {
        let mut state = locked(&self.0);
        let (bytes, at, _) = &mut *state;
        let left = bytes.get(*at..).unwrap_or(&[]);
        let count = left.len().min(buffer.len());
        buffer[..count].copy_from_slice(&left[..count]);
        *at += count;
        Ok(count)
    }

    fn write(&self, buffer: &[u8]) -> Result<usize> {
        let mut state = locked(&self.0);
        let (bytes, at, closed) = &mut *state;
        if *closed {
            fail!(Closed, "the stream is closed");
        }
        let end = *at + buffer.len();
        if bytes.len() < end {
            bytes.resize(end, 0);
        }
        bytes[*at..end].copy_from_slice(buffer);
        *at = end;
        Ok(buffer.len())
    }

    fn seek(&self, to: SeekFrom) -> Result<u64> {
        let mut state = locked(&self.0);
        let stands = match to {
            SeekFrom::Start(offset) => i64::try_from(offset).ok(),
            SeekFrom::Current(offset) => (state.1 as i64).checked_add(offset),
            SeekFrom::End(offset) => (state.0.len() as i64).checked_add(offset),
        };
        match stands {
            Some(stands) if stands >= 0 => {
                state.1 = stands as usize;
                Ok(stands as u64)
            }
            _ => fail!(InvalidArgument, "the cursor cannot stand before the first byte"),
        }
    }

    fn length(&self) -> Result<u64> {
        Ok(locked(&self.0).0.len() as u64)
    }

    fn resize(&self, length: u64) -> Result<()> {
        locked(&self.0).0.resize(length as usize, 0);
        Ok(())
    }

    fn close(&self) -> Result<()> {
        locked(&self.0).2 = true;
        Ok(())
    }
}

/// Copies what there is at `offset` into the buffer.
pub(super) fn copy_at(bytes: &[u8], offset: u64, buffer: &mut [u8]) -> usize {
    let left = usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..)).unwrap_or(&[]);
    let count = left.len().min(buffer.len());
    buffer[..count].copy_from_slice(&left[..count]);
    count
}

/// Writes the buffer at `offset`, inside what there is.
pub(super) fn write_inside(bytes: &mut [u8], offset: u64, buffer: &[u8]) -> Result<()> {
    let length = bytes.len();
    let start = usize::try_from(offset).ok();
    let place = start.and_then(|start| bytes.get_mut(start..start.checked_add(buffer.len())?));
    match place {
        Some(place) => place.copy_from_slice(buffer),
        None => fail!(OutOfRange, "{} bytes at {offset} lie outside of {length}", buffer.len()),
    }
    Ok(())
}

/// Bytes that can be lent.
pub struct Random(Arc<Vec<u8>>);

impl Random {
    /// Random access to these bytes.
    pub fn new(bytes: &[u8]) -> Self {
        Random(Arc::new(bytes.to_vec()))
    }
}

impl RandomAccess for Random {
    fn capabilities(&self) -> StreamCapability {
        StreamCapability::READ.and(StreamCapability::MEMORY_ACCESS)
    }

    fn length(&self) -> Result<u64> {
        Ok(self.0.len() as u64)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        Ok(copy_at(&self.0, offset, buffer))
    }

    fn memory(&self) -> Result<Bytes> {
        Ok(Bytes {
            data: self.0.as_ptr() as *mut u8,
            length: self.0.len() as u64,
            writable: false,
            owner: Owner::arc(self.0.clone()),
        })
    }
}

/// Bytes that can be written and resized; the length is unknown until they were flushed once.
#[derive(Default)]
pub struct Writable(Mutex<(Vec<u8>, bool)>);

impl RandomAccess for Writable {
    fn capabilities(&self) -> StreamCapability {
        StreamCapability::READ.and(StreamCapability::WRITE).and(StreamCapability::RESIZE)
    }

    fn length(&self) -> Result<u64> {
        let state = locked(&self.0);
        if !state.1 {
            fail!(NotImplemented, "the length is unknown before the end was read");
        }
        Ok(state.0.len() as u64)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        Ok(copy_at(&locked(&self.0).0, offset, buffer))
    }

    fn write_at(&self, offset: u64, buffer: &[u8]) -> Result<()> {
        write_inside(&mut locked(&self.0).0, offset, buffer)
    }

    fn resize(&self, length: u64) -> Result<()> {
        locked(&self.0).0.resize(length as usize, 0);
        Ok(())
    }

    fn flush(&self) -> Result<()> {
        locked(&self.0).1 = true;
        Ok(())
    }
}
