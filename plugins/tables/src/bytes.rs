//! The text of a source, read once and by position.

use iolink_sdk::{fail, out_of_memory, Host, Limits, RandomAccess, Result};
use polars_buffer::Buffer;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
const STEP: usize = 8 << 20;

/// A text, in UTF-8.
pub struct Text {
    /// Begins with a byte order mark, which polars skips: without it polars takes a text that begins with `x^` for a
    /// compressed one.
    marked: Buffer<u8>,
}

impl Text {
    /// Reads all bytes.
    pub fn read(host: &Host, source: &(dyn RandomAccess + 'static)) -> Result<Self> {
        let length = source.length();
        let limit = Limits::default().max_bytes - BYTE_ORDER_MARK.len() as u64;
        if length > limit {
            fail!(Limit, "the text has {length} bytes, more than the {limit} that fit into memory");
        }
        let (length, mut bytes) = (length as usize, Vec::new());
        let total = length + BYTE_ORDER_MARK.len();
        bytes.try_reserve_exact(total).map_err(|_| out_of_memory(total))?;
        bytes.extend_from_slice(BYTE_ORDER_MARK);
        for start in (0..length).step_by(STEP) {
            let place = bytes.len();
            bytes.resize(place + STEP.min(length - start), 0);
            source.read_exact_at(start as u64, &mut bytes[place..])?;
            host.progress((start + bytes.len() - place) as u64, length as u64)?;
        }
        Text::judged(bytes)
    }

    fn judged(mut bytes: Vec<u8>) -> Result<Self> {
        let text = &bytes[BYTE_ORDER_MARK.len()..];
        match text {
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => fail!(Unsupported, "the text is in UTF-16; save it in UTF-8"),
            [0x1f, 0x8b, ..] => fail!(Unsupported, "the file is compressed with gzip; unpack it first"),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => fail!(Unsupported, "the file is compressed with zstd; unpack it first"),
            _ => {}
        }
        if let Err(error) = std::str::from_utf8(text) {
            let before = &text[..error.valid_up_to()];
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            fail!(Corrupt, "line {line}: byte {} of the file is not UTF-8; save the file in UTF-8", before.len());
        }
        if text.starts_with(BYTE_ORDER_MARK) {
            bytes.drain(..BYTE_ORDER_MARK.len());
        }
        Ok(Text { marked: Buffer::from_vec(bytes) })
    }

    /// The bytes of the text.
    pub fn bytes(&self) -> &[u8] {
        &self.marked[BYTE_ORDER_MARK.len()..]
    }

    /// The first `length` bytes of the text, for polars.
    pub fn for_polars(&self, length: usize) -> Buffer<u8> {
        self.marked.clone().sliced(..BYTE_ORDER_MARK.len() + length)
    }
}
