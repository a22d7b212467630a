//! A file as its parts are asked for: tables that lie side by side come by one call, and nothing is read twice.

use object::read::ReadRef;
use std::cell::{Cell, OnceCell};
use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;

/// Bytes that come at once.
const PIECE: u64 = 16 << 10;
/// Bytes that are read of one file at most: the tables of the largest libraries are smaller.
const MOST: u64 = 64 << 20;

pub(crate) struct Pieces<'f> {
    file: &'f File,
    length: u64,
    left: Cell<u64>,
    first: OnceCell<Box<Piece>>,
}

struct Piece {
    at: u64,
    bytes: Vec<u8>,
    next: OnceCell<Box<Piece>>,
}

impl Piece {
    /// What it holds from `at` on.
    fn from(&self, at: u64) -> Option<&[u8]> {
        self.bytes.get(usize::try_from(at.checked_sub(self.at)?).ok()?..)
    }
}

impl<'f> Pieces<'f> {
    pub(crate) fn of(file: &'f File, length: u64) -> Self {
        Pieces { file, length, left: Cell::new(MOST), first: OnceCell::new() }
    }

    /// What is known from `at` on: `size` bytes at least, and one.
    pub(crate) fn from(&self, at: u64, size: u64) -> Option<&[u8]> {
        let mut place = &self.first;
        let long_enough = |found: &&[u8]| !found.is_empty() && found.len() as u64 >= size;
        while let Some(piece) = place.get() {
            if let Some(found) = piece.from(at).filter(long_enough) {
                return Some(found);
            }
            place = &piece.next;
        }
        let piece = self.read(at, size)?;
        place.get_or_init(|| Box::new(piece)).from(at).filter(long_enough)
    }

    fn read(&self, at: u64, size: u64) -> Option<Piece> {
        let start = at - at % PIECE;
        let end = at.checked_add(size.max(1)).filter(|end| *end <= self.length)?;
        let end = end.next_multiple_of(PIECE).min(self.length);
        self.left.set(self.left.get().checked_sub(end - start)?);
        let mut bytes = vec![0; usize::try_from(end - start).ok()?];
        self.file.read_exact_at(&mut bytes, start).ok()?;
        Some(Piece { at: start, bytes, next: OnceCell::new() })
    }
}

impl Drop for Pieces<'_> {
    /// One after the other: inside of one another they would need a deep stack.
    fn drop(&mut self) {
        let mut next = self.first.take();
        while let Some(mut piece) = next {
            next = piece.next.take();
        }
    }
}

impl<'a> ReadRef<'a> for &'a Pieces<'_> {
    fn len(self) -> Result<u64, ()> {
        Ok(self.length)
    }

    fn read_bytes_at(self, offset: u64, size: u64) -> Result<&'a [u8], ()> {
        match usize::try_from(size).map_err(|_| ())? {
            0 => Ok(&[]),
            count => Ok(&self.from(offset, size).ok_or(())?[..count]),
        }
    }

    fn read_bytes_at_until(self, range: Range<u64>, delimiter: u8) -> Result<&'a [u8], ()> {
        let mut size = 1;
        loop {
            let found = self.from(range.start, size).ok_or(())?;
            if let Some(end) = found.iter().position(|byte| *byte == delimiter) {
                return if end as u64 <= range.end.saturating_sub(range.start) { Ok(&found[..end]) } else { Err(()) };
            }
            // It goes on in the next piece.
            size = found.len() as u64 + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn parts_are_those_of_the_file_across_pieces_and_never_beyond_it() {
        let mut content: Vec<u8> = (0..3 * PIECE + 5).map(|at| (at % 251) as u8 + 1).collect();
        content[2 * PIECE as usize + 7] = 0;
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&content).unwrap();
        let pieces = Pieces::of(&file, content.len() as u64);
        let data = &pieces;
        for (at, size) in [(0, 1), (PIECE - 1, 2), (3 * PIECE, 5), (5, 2 * PIECE), (0, 3 * PIECE + 5), (PIECE, 0)] {
            assert_eq!(data.read_bytes_at(at, size), Ok(&content[at as usize..(at + size) as usize]), "{size} at {at}");
        }
        for (at, size) in [(3 * PIECE, 6), (4 * PIECE, 1), (u64::MAX, 2), (1, u64::MAX)] {
            assert_eq!(data.read_bytes_at(at, size), Err(()), "{size} at {at}");
        }
        let end = 2 * PIECE as usize + 7;
        let name = data.read_bytes_at_until(PIECE - 3..3 * PIECE, 0);
        assert_eq!(name, Ok(&content[PIECE as usize - 3..end]));
        assert_eq!(data.read_bytes_at_until(PIECE - 3..2 * PIECE, 0), Err(()), "it ends outside the range");
        assert_eq!(data.read_bytes_at_until(2 * PIECE + 8..3 * PIECE, 0), Err(()), "it never ends");
    }

    #[test]
    fn a_file_that_became_shorter_is_no_panic() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"short").unwrap();
        assert_eq!((&Pieces::of(&file, 50_000)).read_bytes_at(0, 4), Err(()));
    }
}
