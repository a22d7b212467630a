//! Random access to a file.

use crate::descriptor::Descriptor;
use crate::file::{no_positions, retried, shorter, FileStream, Interrupted, STEP};
use crate::mapping::Mapping;
use crate::memory_access::check_inside;
use crate::storage::folder_of;
use crate::{OpenMode, FOLDER_EXTENSION, UNMAPPED_EXTENSION};
use iolink_sdk::files::FolderStore;
use iolink_sdk::{ahead, Bytes, Error, RandomAccess, Result, StreamCapability, View};
use std::ops::Range;
use std::os::fd::AsFd;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

/// Random access to a regular file by `pread` and `pwrite`, from any number of threads at once.
///
/// Its size is that at opening. A file that is cut shorter meanwhile gives an error, never zeros and never a signal. One that
/// is mapped as well ([`FileAccess::map`]) lends its memory, and is still read and written by the two calls.
#[derive(Clone)]
pub struct FileAccess {
    descriptor: Arc<Descriptor>,
    length: Arc<AtomicU64>,
    capabilities: StreamCapability,
    path: Option<PathBuf>,
    interrupted: Interrupted,
    mapping: Option<Arc<Mapping>>,
}

impl FileAccess {
    /// Opens a file, for writing too where `writable`.
    ///
    /// # Errors
    /// As [`FileStream::open`]; `NotImplemented` for what is no regular file.
    pub fn open(path: &Path, writable: bool, interrupted: Interrupted) -> Result<Self> {
        // Opening a FIFO would wait for its other end, and it has no positions. The call below reports a missing file.
        if std::fs::metadata(path).is_ok_and(|known| known.file_type().is_fifo()) {
            return Err(no_positions());
        }
        let mode = OpenMode { write: writable, ..OpenMode::READ };
        FileStream::open_with(path, mode, interrupted)?.random_access()
    }

    /// [`FileAccess::open`], and the file as memory: MEMORY_ACCESS. Whoever cuts the file makes accesses to the memory beyond
    /// its new end kill the process; reading and writing by position stays an error.
    ///
    /// # Errors
    /// As [`FileAccess::open`]; `Io` for what cannot be mapped.
    pub fn map(path: &Path, writable: bool, interrupted: Interrupted) -> Result<Self> {
        let mut access = FileAccess::open(path, writable, interrupted)?;
        access.mapping = Some(Arc::new(Mapping::new(&access.descriptor, access.size(), writable)?));
        // A mapping keeps its size.
        let kept = access.capabilities.only(StreamCapability::READ | StreamCapability::WRITE);
        access.capabilities = kept | StreamCapability::MEMORY_ACCESS;
        Ok(access)
    }

    pub(crate) fn over(
        descriptor: Arc<Descriptor>,
        mode: OpenMode,
        path: Option<PathBuf>,
        interrupted: Interrupted,
    ) -> Result<Self> {
        let facts = descriptor.facts().map_err(|error| Error::io("sizing the file", &error))?;
        let mut capabilities = StreamCapability::NONE;
        if mode.read {
            capabilities = capabilities | StreamCapability::READ;
        }
        if mode.write {
            capabilities = capabilities | StreamCapability::WRITE | StreamCapability::RESIZE;
        }
        let length = Arc::new(AtomicU64::new(facts.length));
        Ok(FileAccess { descriptor, length, capabilities, path, interrupted, mapping: None })
    }

    fn size(&self) -> u64 {
        self.length.load(Ordering::Relaxed)
    }

    /// Checks for signals after a short transfer: a signal may have cut it short, and the system does not report that signal again.
    fn ask_before_more(&self, done: usize, wanted: usize) -> Result<()> {
        if done < wanted {
            (self.interrupted)()?;
        }
        Ok(())
    }

    #[cold]
    fn error(&self, doing: &str, error: &std::io::Error) -> Error {
        let name = self.path.as_ref().map_or_else(|| "the file".to_owned(), |path| path.display().to_string());
        Error::io(&format!("{doing} {name}"), error)
    }
}

impl RandomAccess for FileAccess {
    fn capabilities(&self) -> StreamCapability {
        self.capabilities
    }

    fn length(&self) -> Result<u64> {
        Ok(self.size())
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        if !self.capabilities.has(StreamCapability::READ) {
            return Err(Error::capability("the random access", "READ", "the file was opened for writing only"));
        }
        let length = self.size();
        let wanted = buffer.len().min(length.saturating_sub(offset).min(isize::MAX as u64) as usize);
        let mut done = 0;
        while done < wanted {
            let at = offset + done as u64;
            let rest = &mut buffer[done..wanted.min(done + STEP)];
            match retried(self.interrupted, || self.descriptor.read_at(at, rest))? {
                Ok(0) => return Err(shorter(self.path.as_deref(), length, at)),
                Ok(count) => done += count,
                Err(error) => return Err(self.error("reading", &error)),
            }
            self.ask_before_more(done, wanted)?;
        }
        Ok(done)
    }

    fn write_at(&self, offset: u64, buffer: &[u8]) -> Result<()> {
        if !self.capabilities.has(StreamCapability::WRITE) {
            return Err(Error::capability("the random access", "WRITE", "open the file for writing"));
        }
        check_inside(offset, buffer.len(), self.size())?;
        let mut done = 0;
        while done < buffer.len() {
            let at = offset + done as u64;
            let rest = &buffer[done..buffer.len().min(done + STEP)];
            match retried(self.interrupted, || self.descriptor.write_at(at, rest))? {
                Ok(count) => done += count,
                Err(error) => return Err(self.error("writing", &error)),
            }
            self.ask_before_more(done, buffer.len())?;
        }
        Ok(())
    }

    fn memory(&self) -> Result<Bytes> {
        let mapping = self.mapping.as_ref().ok_or_else(|| {
            Error::capability("the random access", "MEMORY_ACCESS", "open the file mapped, or read it into a buffer")
        })?;
        let now = self.descriptor.facts().map_err(|error| self.error("sizing", &error))?.length;
        if now < self.size() {
            return Err(shorter(self.path.as_deref(), self.size(), now));
        }
        Ok(mapping.lend())
    }

    fn resize(&self, length: u64) -> Result<()> {
        if !self.capabilities.has(StreamCapability::RESIZE) {
            return Err(Error::capability(
                "the random access",
                "RESIZE",
                "open the file for writing, and without a mapping, to change its size",
            ));
        }
        retried(self.interrupted, || self.descriptor.resize(length))?
            .map_err(|error| self.error("resizing", &error))?;
        self.length.store(length, Ordering::Relaxed);
        Ok(())
    }

    fn flush(&self) -> Result<()> {
        if !self.capabilities.has(StreamCapability::WRITE) {
            return Ok(());
        }
        retried(self.interrupted, || self.descriptor.sync())?.map_err(|error| self.error("flushing", &error))
    }

    fn prefetch(&self, ranges: &[Range<u64>]) {
        if self.capabilities.has(StreamCapability::READ) {
            ahead::prefetch(self.descriptor.as_fd(), ranges);
        }
    }

    fn extension(&self, id: u64) -> Option<View> {
        match id {
            UNMAPPED_EXTENSION if self.mapping.is_some() => {
                let capabilities = self.capabilities.only(StreamCapability::READ | StreamCapability::WRITE);
                Some(View::random_access(FileAccess { capabilities, mapping: None, ..self.clone() }))
            }
            FOLDER_EXTENSION => self.path.as_ref().map(|path| View::store(FolderStore::new(folder_of(path)))),
            _ => None,
        }
    }

    fn origin(&self) -> Option<String> {
        self.path.as_ref().map(|path| path.display().to_string())
    }
}
