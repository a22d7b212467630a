//! Random access as a file that is read from where one stands, for readers that want one.

use iolink_sdk::RandomAccess;
use std::io::{Error, ErrorKind, Read, Result, Seek, SeekFrom};

/// A place in a source.
pub struct Place<'a> {
    bytes: &'a (dyn RandomAccess + 'static),
    at: u64,
}

impl<'a> Place<'a> {
    /// The start.
    pub fn new(bytes: &'a (dyn RandomAccess + 'static)) -> Self {
        Place { bytes, at: 0 }
    }
}

impl Read for Place<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let count = self.bytes.read_at(self.at, buffer).map_err(Error::other)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Place<'_> {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        let target = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.bytes.length().checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at =
            target.ok_or_else(|| Error::new(ErrorKind::InvalidInput, "there is nothing before the first byte"))?;
        Ok(self.at)
    }
}
