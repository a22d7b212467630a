//! Random access as a file that is read from where one stands, for readers that want one.

use iolink_sdk::RandomAccess;
use std::io::{Error, ErrorKind, Read, Result, Seek, SeekFrom};

/// A place in a source.
pub struct Place<'a> {
    bytes: &'a (dyn RandomAccess + 'static),
    at: u64,
    failed: Option<iolink_sdk::Error>,
}

impl<'a> Place<'a> {
    /// The start.
    pub fn new(bytes: &'a (dyn RandomAccess + 'static)) -> Self {
        Place { bytes, at: 0, failed: None }
    }

    /// Returns the first error of the source: polars drops some.
    ///
    /// # Errors
    /// That of the source.
    pub fn check(&self) -> iolink_sdk::Result<()> {
        self.failed.clone().map_or(Ok(()), Err)
    }

    /// Keeps the first error of the source.
    fn keep<T>(&mut self, done: iolink_sdk::Result<T>) -> Result<T> {
        done.map_err(|error| {
            self.failed.get_or_insert_with(|| error.clone());
            Error::other(error)
        })
    }
}

impl Read for Place<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let count = self.keep(self.bytes.read_at(self.at, buffer))?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Place<'_> {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        let target = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.keep(self.bytes.length())?.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at =
            target.ok_or_else(|| Error::new(ErrorKind::InvalidInput, "there is nothing before the first byte"))?;
        Ok(self.at)
    }
}
