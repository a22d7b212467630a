//! Random access to one local file.

use crate::{fail, Error, ErrorKind, RandomAccess, Result, StreamCapability};
use std::fs::File;
#[cfg(unix)]
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Random access to a local file by `pread` and `pwrite`, from any number of threads at once.
///
/// Its size is that at opening. A file that another program cuts shorter meanwhile gives an error for the missing bytes,
/// never zeros and never fewer bytes.
pub struct LocalFile {
    #[cfg(any(unix, windows))]
    file: File,
    #[cfg(not(any(unix, windows)))]
    file: std::sync::Mutex<File>,
    length: AtomicU64,
    writable: bool,
    path: PathBuf,
    origin: Option<String>,
}

/// The error for a file that had `promised` bytes when it was opened and now ends at or before `missing_at`.
#[cold]
pub fn file_was_cut(name: &str, promised: u64, missing_at: u64) -> Error {
    Error::new(
        ErrorKind::Corrupt,
        format!("{name} had {promised} bytes when it was opened and now ends at {missing_at} or before"),
    )
}

impl LocalFile {
    /// Opens a regular file for reading, and for writing too if `writable`. It never waits, for a FIFO neither.
    ///
    /// # Errors
    /// `InvalidArgument` for what is not a regular file, `NotFound`, `Permission`, `Io`.
    pub fn open(path: &Path, writable: bool) -> Result<Self> {
        #[cfg(unix)]
        let opened = super::regular::open_with_facts(path, writable);
        #[cfg(not(unix))]
        let opened = std::fs::OpenOptions::new().read(true).write(writable).open(path).and_then(|file| {
            let facts = file.metadata()?;
            Ok((file, facts))
        });
        match opened {
            Ok((file, facts)) => Ok(LocalFile::new(file, facts.len(), path, writable)),
            Err(error) if error.kind() == std::io::ErrorKind::InvalidInput => {
                fail!(InvalidArgument, "opening {}: {error}", path.display())
            }
            Err(error) => Err(Error::io(&format!("opening {}", path.display()), &error)),
        }
    }

    /// Random access to a file that is open already. `path` stands in messages, and is the origin.
    ///
    /// # Errors
    /// `Io` if the file cannot be sized.
    pub fn over(file: File, path: &Path, writable: bool) -> Result<Self> {
        let facts = file.metadata().map_err(|error| Error::io(&format!("sizing {}", path.display()), &error))?;
        Ok(LocalFile::new(file, facts.len(), path, writable))
    }

    fn new(file: File, length: u64, path: &Path, writable: bool) -> Self {
        #[cfg(not(any(unix, windows)))]
        let file = std::sync::Mutex::new(file);
        LocalFile { file, length: AtomicU64::new(length), writable, path: path.to_owned(), origin: None }
    }

    /// The same file with the URI that it was opened by.
    pub fn with_origin(mut self, uri: impl Into<String>) -> Self {
        self.origin = Some(uri.into());
        self
    }

    #[cold]
    fn error(&self, doing: &str, error: &std::io::Error) -> Error {
        Error::io(&format!("{doing} {}", self.path.display()), error)
    }

    fn check_writable(&self, capability: &str) -> Result<()> {
        match self.writable {
            true => Ok(()),
            false => Err(Error::capability("the random access", capability, "open the file for writing")),
        }
    }

    #[cfg(unix)]
    fn read_some(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(&self.file, buffer, offset)
    }

    #[cfg(windows)]
    fn read_some(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(&self.file, buffer, offset)
    }

    #[cfg(not(any(unix, windows)))]
    fn read_some(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<usize> {
        use std::io::{Read, Seek};
        let mut file = self.file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        file.seek(std::io::SeekFrom::Start(offset))?;
        file.read(buffer)
    }

    #[cfg(unix)]
    fn write_some(&self, offset: u64, buffer: &[u8]) -> std::io::Result<usize> {
        std::os::unix::fs::FileExt::write_at(&self.file, buffer, offset)
    }

    #[cfg(windows)]
    fn write_some(&self, offset: u64, buffer: &[u8]) -> std::io::Result<usize> {
        std::os::windows::fs::FileExt::seek_write(&self.file, buffer, offset)
    }

    #[cfg(not(any(unix, windows)))]
    fn write_some(&self, offset: u64, buffer: &[u8]) -> std::io::Result<usize> {
        use std::io::{Seek, Write};
        let mut file = self.file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        file.seek(std::io::SeekFrom::Start(offset))?;
        file.write(buffer)
    }

    fn with_file<R>(&self, body: impl FnOnce(&File) -> R) -> R {
        #[cfg(any(unix, windows))]
        return body(&self.file);
        #[cfg(not(any(unix, windows)))]
        body(&self.file.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

impl RandomAccess for LocalFile {
    fn capabilities(&self) -> StreamCapability {
        match self.writable {
            true => StreamCapability::READ | StreamCapability::WRITE | StreamCapability::RESIZE,
            false => StreamCapability::READ,
        }
    }

    fn length(&self) -> Result<u64> {
        Ok(self.length.load(Ordering::Relaxed))
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let length = self.length.load(Ordering::Relaxed);
        let wanted = length.saturating_sub(offset).min(buffer.len() as u64) as usize;
        let mut done = 0;
        while done < wanted {
            let at = offset + done as u64;
            match self.read_some(at, &mut buffer[done..wanted]) {
                Ok(0) => return Err(file_was_cut(&self.path.display().to_string(), length, at)),
                Ok(count) => done += count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.error(&format!("reading at byte {at} of"), &error)),
            }
        }
        Ok(done)
    }

    fn write_at(&self, offset: u64, buffer: &[u8]) -> Result<()> {
        self.check_writable("WRITE")?;
        let length = self.length.load(Ordering::Relaxed);
        match offset.checked_add(buffer.len() as u64) {
            Some(end) if end <= length => {}
            _ => fail!(
                OutOfRange,
                "{} bytes at {offset} go past the end at {length}; resize the file before writing there",
                buffer.len()
            ),
        }
        let mut done = 0;
        while done < buffer.len() {
            let at = offset + done as u64;
            match self.write_some(at, &buffer[done..]) {
                Ok(0) => fail!(Io, "{} takes no byte at {at}", self.path.display()),
                Ok(count) => done += count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.error(&format!("writing at byte {at} of"), &error)),
            }
        }
        Ok(())
    }

    #[cfg(unix)]
    fn prefetch(&self, ranges: &[Range<u64>]) {
        use std::os::unix::io::AsFd;
        crate::ahead::prefetch(self.file.as_fd(), ranges);
    }

    fn resize(&self, length: u64) -> Result<()> {
        self.check_writable("RESIZE")?;
        self.with_file(|file| file.set_len(length)).map_err(|error| self.error("resizing", &error))?;
        self.length.store(length, Ordering::Relaxed);
        Ok(())
    }

    fn flush(&self) -> Result<()> {
        match self.writable {
            true => self.with_file(File::sync_data).map_err(|error| self.error("flushing", &error)),
            false => Ok(()),
        }
    }

    fn origin(&self) -> Option<String> {
        Some(self.origin.clone().unwrap_or_else(|| self.path.display().to_string()))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    /// A file that is removed at the end.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str, held: &[u8]) -> Self {
            let path = std::env::temp_dir().join(format!("iolink-local-{name}-{}", std::process::id()));
            std::fs::write(&path, held).unwrap();
            Scratch(path)
        }

        fn set_length(&self, length: u64) {
            std::fs::OpenOptions::new().write(true).open(&self.0).unwrap().set_len(length).unwrap();
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = std::fs::remove_file(&self.0);
        }
    }

    #[test]
    fn a_file_that_was_cut_is_an_error_and_a_grown_one_keeps_its_length() {
        let scratch = Scratch::new("cut", &[7; 5000]);
        let file = LocalFile::open(&scratch.0, false).unwrap();
        scratch.set_length(1000);
        let mut buffer = [0; 2000];
        assert_eq!(file.read_at(0, &mut buffer[..1000]).unwrap(), 1000);
        for (offset, count) in [(500, 2000), (1000, 1), (4999, 10)] {
            let error = file.read_at(offset, &mut buffer[..count]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Corrupt, "{offset}");
            assert!(error.message().contains("had 5000 bytes when it was opened"), "{error}");
        }
        assert_eq!(file.read_at(5000, &mut buffer).unwrap(), 0);
        scratch.set_length(9000);
        assert_eq!((file.length().unwrap(), file.read_at(4990, &mut buffer).unwrap()), (5000, 10));
        assert_eq!(file.read_at(u64::MAX, &mut buffer).unwrap(), 0);
        file.prefetch(&[0..100, 4000..5000, u64::MAX - 1..u64::MAX]);
    }

    #[test]
    fn a_writable_file_is_written_within_its_length_and_resized() {
        let scratch = Scratch::new("written", b"0123456789");
        let file = LocalFile::open(&scratch.0, true).unwrap();
        file.write_at(8, b"xy").unwrap();
        for (offset, bytes) in [(9, &b"ab"[..]), (u64::MAX, b"ab"), (11, b"")] {
            assert_eq!(file.write_at(offset, bytes).unwrap_err().kind(), ErrorKind::OutOfRange, "{offset}");
        }
        file.write_at(10, b"").unwrap();
        file.resize(12).unwrap();
        file.write_at(11, b"z").unwrap();
        file.flush().unwrap();
        assert_eq!(std::fs::read(&scratch.0).unwrap(), b"01234567xy\0z");
        file.resize(3).unwrap();
        let mut buffer = [0; 8];
        assert_eq!((file.read_at(0, &mut buffer).unwrap(), file.length().unwrap()), (3, 3));
        let plain = LocalFile::open(&scratch.0, false).unwrap();
        assert_eq!(plain.write_at(0, b"a").unwrap_err().kind(), ErrorKind::NotImplemented);
        assert_eq!(plain.resize(0).unwrap_err().kind(), ErrorKind::NotImplemented);
        plain.flush().unwrap();
        assert!(!plain.capabilities().has(StreamCapability::RESIZE));
    }
}
