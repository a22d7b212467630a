//! The text of a source, read once and by position.

use iolink_sdk::{fail, out_of_memory, Call, Limits, RandomAccess, Result};
use polars_buffer::Buffer;
use rayon::prelude::*;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
const STEP: usize = 8 << 20;

/// Runs of lines, about as long as each other, for all threads.
fn parts(text: &[u8]) -> Vec<&[u8]> {
    let (mut parts, mut rest) = (Vec::new(), text);
    let size = text.len() / rayon::current_num_threads() + 1;
    while let Some(line_end) = rest.get(size..).and_then(|more| more.iter().position(|byte| *byte == b'\n')) {
        let (part, more) = rest.split_at(size + line_end + 1);
        parts.push(part);
        rest = more;
    }
    parts.push(rest);
    parts
}

/// A text, in UTF-8.
pub struct Text {
    /// Begins with a byte order mark, which polars skips: without it polars takes a text that begins with `x^` for a
    /// compressed one.
    marked: Buffer<u8>,
}

impl Text {
    /// Bytes of the byte order mark.
    pub const MARK: usize = BYTE_ORDER_MARK.len();

    /// Reads all bytes; those of a local file several pieces at a time.
    pub fn read(call: &Call<'_>, source: &(dyn RandomAccess + 'static), local: bool) -> Result<Self> {
        let length = source.length()?;
        let limit = Limits::default().max_bytes - Text::MARK as u64;
        if length > limit {
            fail!(Limit, "the text has {length} bytes, more than the {limit} that fit into memory");
        }
        let length = length as usize;
        let total = length + Text::MARK;
        // Asked for before: memory that comes zeroed ends the process where there is none.
        Vec::<u8>::new().try_reserve_exact(total).map_err(|_| out_of_memory(total))?;
        let mut bytes = vec![0; total];
        bytes[..Text::MARK].copy_from_slice(BYTE_ORDER_MARK);
        // Other sources may call back, and are read by who asked.
        let wave = if local { STEP * rayon::current_num_threads() } else { STEP };
        for (start, part) in (0..length).step_by(wave).zip(bytes[Text::MARK..].chunks_mut(wave)) {
            let read = |(at, piece): (usize, &mut [u8])| source.read_exact_at((start + at * STEP) as u64, piece);
            match part.len() {
                0..=STEP => read((0, part))?,
                _ => part.par_chunks_mut(STEP).enumerate().try_for_each(read)?,
            }
            call.step((start + wave).min(length) as u64, length as u64)?;
        }
        Text::judged(bytes)
    }

    /// A text that is in memory already.
    pub fn of(text: &[u8]) -> Result<Self> {
        Text::judged([BYTE_ORDER_MARK, text].concat())
    }

    fn judged(mut bytes: Vec<u8>) -> Result<Self> {
        let text = &bytes[Text::MARK..];
        match text {
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => fail!(Unsupported, "the text is in UTF-16; save it in UTF-8"),
            [0x1f, 0x8b, ..] => fail!(Unsupported, "the file is compressed with gzip; unpack it first"),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => fail!(Unsupported, "the file is compressed with zstd; unpack it first"),
            _ => {}
        }
        if !parts(text).par_iter().all(|part| std::str::from_utf8(part).is_ok()) {
            let Err(error) = std::str::from_utf8(text) else { return Ok(Text { marked: Buffer::from_vec(bytes) }) };
            let before = &text[..error.valid_up_to()];
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            fail!(Corrupt, "line {line}: byte {} of the file is not UTF-8; save the file in UTF-8", before.len());
        }
        if text.starts_with(BYTE_ORDER_MARK) {
            bytes.drain(..Text::MARK);
        }
        Ok(Text { marked: Buffer::from_vec(bytes) })
    }

    /// The bytes of the text.
    pub fn bytes(&self) -> &[u8] {
        &self.marked[Text::MARK..]
    }

    /// The first `length` bytes of the text, for polars.
    pub fn for_polars(&self, length: usize) -> Buffer<u8> {
        self.marked.clone().sliced(..Text::MARK + length)
    }
}
