//! Messages of Arrow IPC: a length, a flatbuffer of this length, and a body.

use super::damaged;
use iolink_sdk::{fail, out_of_memory, RandomAccess, Result};
use polars_arrow::io::ipc::format::ipc::planus::ReadAsRoot;
use polars_arrow::io::ipc::format::ipc::{MessageHeaderRef, MessageRef};
use std::ops::Range;

const CONTINUATION: [u8; 4] = [255; 4];

/// A message whose body lies in the file.
pub struct Message {
    bytes: Vec<u8>,
    /// Where the body is.
    pub body: Range<u64>,
}

impl Message {
    /// Reads the message at an offset, all but its body, which begins `metadata` bytes later or right behind; `None` if a
    /// length of 0 ends the stream.
    pub fn read(file: &(dyn RandomAccess + 'static), at: u64, metadata: Option<u64>) -> Result<Option<Message>> {
        let length = file.length()?;
        let left = length.saturating_sub(at);
        let (mut head, mut start) = ([0; 8], at.saturating_add(4));
        if left < 4 {
            fail!(Corrupt, "a message begins at byte {at}, and the file has {length}");
        }
        file.read_exact_at(at, &mut head[..4])?;
        if head[..4] == CONTINUATION && left >= 8 {
            file.read_exact_at(at + 4, &mut head[..4])?;
            start += 4;
        }
        let count = i32::from_le_bytes([head[0], head[1], head[2], head[3]]);
        let room = metadata.map_or(length, |metadata| at.saturating_add(metadata)).min(length);
        let count = match u64::try_from(count) {
            Ok(0) => return Ok(None),
            Ok(count) if count <= room.saturating_sub(start) => count,
            _ => fail!(
                Corrupt,
                "the message at byte {at} claims {count} bytes, and there are {}",
                room.saturating_sub(start)
            ),
        };
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(count as usize).map_err(|_| out_of_memory(count as usize))?;
        bytes.resize(count as usize, 0);
        file.read_exact_at(start, &mut bytes)?;
        let body = metadata.map_or(start + count, |metadata| at + metadata);
        let size = MessageRef::read_as_root(&bytes).and_then(|root| root.body_length()).map_err(damaged)?;
        match u64::try_from(size).ok().and_then(|size| body.checked_add(size)) {
            Some(end) if end <= length => Ok(Some(Message { bytes, body: body..end })),
            _ => fail!(Corrupt, "the message at byte {at} claims a body of {size} bytes, beyond the file's {length}"),
        }
    }

    /// The flatbuffer.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The flatbuffer's root.
    pub fn root(&self) -> Result<MessageRef<'_>> {
        MessageRef::read_as_root(&self.bytes).map_err(damaged)
    }

    /// What the message holds.
    pub fn header<'a>(root: &MessageRef<'a>) -> Result<MessageHeaderRef<'a>> {
        match root.header().map_err(damaged)? {
            Some(header) => Ok(header),
            None => fail!(Corrupt, "a message has no header"),
        }
    }
}
