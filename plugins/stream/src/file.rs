//! A stream over a file, a pipe or a terminal.

use crate::cursor::{stand, FURTHEST};
use crate::descriptor::Descriptor;
use crate::memory::closed;
use crate::{FileAccess, OpenMode, RANDOM_ACCESS_EXTENSION};
use iolink_sdk::{fail, Error, Lock, Locked, Result, SeekFrom, StreamAccess, StreamCapability, View};
use std::ffi::CString;
use std::io;
use std::os::fd::RawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

/// Asked when a signal may have come between: `Ok` goes on, an error ends the call with it.
pub type Interrupted = fn() -> Result<()>;

/// Bytes that one system call moves at most. The system tells of no signal before it has moved them all.
pub(crate) const STEP: usize = 64 << 20;

fn go_on() -> Result<()> {
    Ok(())
}

/// A stream over a descriptor.
///
/// A regular file is read and written by position (`pread`, `pwrite`) with a cursor of the stream's own, so that
/// several streams can share one descriptor ([`FileStream::share`]) and a seek costs no system call. Pipes and
/// terminals have no positions, and under `O_APPEND` Linux ignores the position of a `pwrite`: there, and once the
/// descriptor was given out by [`FileStream::descriptor`], the descriptor's own cursor is used.
///
/// A file read by position that somebody else cuts short gives an error from then on where bytes are missing (`EIO`),
/// rather than an end that looks like that of the data. A file that grows is read as far as it goes.
pub struct FileStream {
    state: Lock<State>,
    mode: OpenMode,
    capabilities: StreamCapability,
    path: Option<PathBuf>,
    shared: AtomicBool,
    interrupted: Interrupted,
}

struct State {
    /// None: closed.
    descriptor: Option<Arc<Descriptor>>,
    /// None: the descriptor's own.
    cursor: Option<u64>,
}

impl State {
    fn descriptor(&self) -> Result<&Arc<Descriptor>> {
        self.descriptor.as_ref().ok_or_else(closed)
    }
}

/// Runs a system call until no signal comes between.
pub(crate) fn retried<T>(interrupted: Interrupted, mut call: impl FnMut() -> io::Result<T>) -> Result<io::Result<T>> {
    loop {
        match call() {
            Err(error) if error.raw_os_error() == Some(libc::EINTR) => interrupted()?,
            result => return Ok(result),
        }
    }
}

fn seek_error(error: Error) -> Error {
    match error.code() {
        0 => error.with_code(libc::EINVAL),
        _ => error,
    }
}

impl FileStream {
    /// Opens a file.
    ///
    /// # Errors
    /// `NotFound`, `Io` with the system's number (a directory is `EISDIR`), `InvalidArgument` for a path with a NUL.
    pub fn open(path: &Path, mode: OpenMode) -> Result<Self> {
        FileStream::open_with(path, mode, go_on)
    }

    /// [`FileStream::open`], with somebody to ask when a signal comes between.
    ///
    /// # Errors
    /// As [`FileStream::open`], and what `interrupted` says.
    pub fn open_with(path: &Path, mode: OpenMode, interrupted: Interrupted) -> Result<Self> {
        let doing = |error: &io::Error| Error::io(&format!("opening {}", path.display()), error);
        let text = match CString::new(path.as_os_str().as_bytes()) {
            Ok(text) => text,
            Err(_) => fail!(InvalidArgument, "the path {path:?} holds a NUL"),
        };
        let descriptor =
            retried(interrupted, || Descriptor::open(&text, mode.flags(), false))?.map_err(|error| doing(&error))?;
        if descriptor.facts().map_err(|error| doing(&error))?.directory {
            return Err(doing(&io::Error::from_raw_os_error(libc::EISDIR)));
        }
        FileStream::over_file(descriptor, mode, path, interrupted)
    }

    /// Opens the file `key` in a folder or below it; the key may come out of a file: see
    /// [`open_beneath`](iolink_sdk::files::open_beneath).
    ///
    /// # Errors
    /// As [`FileStream::open`]; `InvalidArgument` for a link that leads out of the folder, and for what is not a regular
    /// file.
    pub fn open_beneath(folder: &Path, key: &str, mode: OpenMode, interrupted: Interrupted) -> Result<Self> {
        let file = iolink_sdk::files::open_beneath(folder, key, mode.flags(), 0o666)?;
        FileStream::over_file(Descriptor::own(file.into()), mode, &folder.join(key), interrupted)
    }

    /// A stream over a descriptor that was opened by a path.
    fn over_file(descriptor: Descriptor, mode: OpenMode, path: &Path, interrupted: Interrupted) -> Result<Self> {
        let facts = descriptor.facts().map_err(|error| Error::io(&format!("sizing {}", path.display()), &error))?;
        let positional = facts.regular && !mode.append;
        descriptor.remember(facts.length);
        FileStream::new(descriptor, mode, positional, Some(path.to_owned()), interrupted)
    }

    /// A stream over a descriptor that is open already, with the descriptor's own cursor. With `close` it is closed with
    /// the stream.
    ///
    /// # Errors
    /// `Io` for what is not an open descriptor, or is a directory.
    ///
    /// # Safety
    /// With `close` the descriptor is handed over, unless this fails; without, it stays open as long as the stream.
    pub unsafe fn over_descriptor(raw: RawFd, mode: OpenMode, close: bool, interrupted: Interrupted) -> Result<Self> {
        use std::os::fd::{FromRawFd, OwnedFd};
        let doing = |error: &io::Error| Error::io(&format!("taking the descriptor {raw}"), error);
        let borrowed = Descriptor::borrow(raw);
        if borrowed.facts().map_err(|error| doing(&error))?.directory {
            return Err(doing(&io::Error::from_raw_os_error(libc::EISDIR)));
        }
        let descriptor = match close {
            // SAFETY: the caller hands it over, and it is open: its facts were told.
            true => Descriptor::own(unsafe { OwnedFd::from_raw_fd(raw) }),
            false => borrowed,
        };
        FileStream::new(descriptor, mode, false, None, interrupted)
    }

    pub(crate) fn new(
        descriptor: Descriptor,
        mode: OpenMode,
        positional: bool,
        path: Option<PathBuf>,
        interrupted: Interrupted,
    ) -> Result<Self> {
        let seekable = positional || descriptor.seek(0, libc::SEEK_CUR).is_ok();
        if mode.append && seekable {
            descriptor
                .seek(0, libc::SEEK_END)
                .map_err(|error| Error::io("moving to the end, as mode \"a\" asks", &error))?;
        }
        let mut capabilities = StreamCapability::NONE;
        for (has, capability) in [
            (mode.read, StreamCapability::READ),
            (mode.write, StreamCapability::WRITE),
            (seekable, StreamCapability::SEEK),
            (seekable && mode.write, StreamCapability::RESIZE),
        ] {
            if has {
                capabilities = capabilities | capability;
            }
        }
        let state = State { descriptor: Some(Arc::new(descriptor)), cursor: positional.then_some(0) };
        Ok(FileStream {
            state: Lock::new(state),
            mode,
            capabilities,
            path,
            shared: AtomicBool::new(false),
            interrupted,
        })
    }

    fn state(&self) -> Result<Locked<'_, State>> {
        self.state.lock()
    }

    #[cold]
    fn error(&self, doing: &str, error: &io::Error) -> Error {
        match &self.path {
            Some(path) => Error::io(&format!("{doing} {}", path.display()), error),
            None => Error::io(&format!("{doing} the descriptor"), error),
        }
    }

    /// Runs a system call until no signal comes between, and names the file in its error.
    fn call<T>(&self, doing: &str, call: impl FnMut() -> io::Result<T>) -> Result<T> {
        retried(self.interrupted, call)?.map_err(|error| self.error(doing, &error))
    }

    /// Moves `length` bytes by calls of at most [`STEP`] each, until one moves fewer; asks for signals between them. Returns how
    /// many were moved, and what ended the transfer early. The error of a later call is left to the next transfer.
    fn stepwise(&self, length: usize, mut call: impl FnMut(usize, usize) -> Result<usize>) -> (usize, Result<()>) {
        let mut done = 0;
        loop {
            let to = length.min(done + STEP);
            match call(done, to) {
                Ok(count) => done += count,
                Err(error) if done == 0 || error.payload().is_some() => return (done, Err(error)),
                Err(_) => return (done, Ok(())),
            }
            if done < to || done == length {
                return (done, Ok(()));
            }
            if let Err(interrupted) = (self.interrupted)() {
                return (done, Err(interrupted));
            }
        }
    }

    /// A read that gave less than a file is known to have: another program cut it, or a signal came between.
    #[cold]
    fn cut(&self, count: usize, end: u64, known: u64, state: &mut State) -> Result<usize> {
        let descriptor = state.descriptor()?;
        let length = self.call("sizing", || descriptor.facts())?.length;
        if length < known {
            return Err(shorter(self.path(), known, length).with_code(libc::EIO));
        }
        state.cursor = Some(end);
        Ok(count)
    }

    /// How it was opened.
    pub fn mode(&self) -> OpenMode {
        self.mode
    }

    /// The path it was opened by.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Is there a terminal at the other end?
    ///
    /// # Errors
    /// `Closed`.
    pub fn is_terminal(&self) -> Result<bool> {
        Ok(self.state()?.descriptor()?.is_terminal())
    }

    /// Another stream on the same descriptor, with a cursor of its own at the start.
    ///
    /// # Errors
    /// `NotImplemented` where there are no positions (pipes, terminals, append mode), `Closed`.
    pub fn share(&self) -> Result<FileStream> {
        let state = self.state()?;
        let descriptor = state.descriptor()?.clone();
        self.check_shareable(&descriptor)?;
        self.shared.store(true, Ordering::Release);
        Ok(FileStream {
            state: Lock::new(State { descriptor: Some(descriptor), cursor: Some(0) }),
            mode: self.mode,
            capabilities: self.capabilities,
            path: self.path.clone(),
            shared: AtomicBool::new(true),
            interrupted: self.interrupted,
        })
    }

    fn check_shareable(&self, descriptor: &Descriptor) -> Result<()> {
        let regular = descriptor.facts().is_ok_and(|facts| facts.regular);
        let appends = descriptor.flags().is_ok_and(|flags| flags & libc::O_APPEND != 0);
        if !regular || appends {
            return Err(no_positions());
        }
        Ok(())
    }

    /// Random access to the same descriptor.
    ///
    /// # Errors
    /// As [`FileStream::share`].
    pub fn random_access(&self) -> Result<FileAccess> {
        let state = self.state()?;
        let descriptor = state.descriptor()?.clone();
        self.check_shareable(&descriptor)?;
        self.shared.store(true, Ordering::Release);
        FileAccess::over(descriptor, self.mode, self.path.clone(), self.interrupted)
    }

    /// The descriptor's number. From then on the stream uses the descriptor's own cursor, as whoever gets the number does.
    ///
    /// # Errors
    /// `NotImplemented` where others share the descriptor, `Closed`.
    pub fn descriptor(&self) -> Result<RawFd> {
        let mut state = self.state()?;
        let raw = state.descriptor()?.raw();
        if self.shared.load(Ordering::Acquire) {
            return Err(Error::capability("the stream", "fileno", "it shares its descriptor with other streams"));
        }
        if let Some(cursor) = state.cursor {
            let descriptor = state.descriptor()?.clone();
            self.call("moving in", || descriptor.seek(cursor as i64, libc::SEEK_SET))?;
            state.cursor = None;
        }
        Ok(raw)
    }
}

impl StreamAccess for FileStream {
    fn capabilities(&self) -> StreamCapability {
        self.capabilities
    }

    fn read(&self, buffer: &mut [u8]) -> Result<usize> {
        let mut state = self.state()?;
        let descriptor = state.descriptor()?;
        if !self.mode.read {
            return Err(Error::capability("the stream", "READ", "it was opened for writing only"));
        }
        if let Some(cursor) = state.cursor {
            // The system refuses a read that would go past 2^63 - 1, though there is nothing: here it is the end.
            let reach = buffer.len().min((FURTHEST - cursor) as usize);
            let (count, ended) = self.stepwise(reach, |from, to| {
                self.call("reading", || descriptor.read_at(cursor + from as u64, &mut buffer[from..to]))
            });
            ended?;
            let end = cursor + count as u64;
            if count < reach && end < descriptor.known_length() {
                return self.cut(count, end, descriptor.known_length(), &mut state);
            }
            state.cursor = Some(end);
            return Ok(count);
        }
        // A read from a pipe may wait for ever: the lock is free meanwhile, and the descriptor stays.
        let descriptor = descriptor.clone();
        drop(state);
        let reach = buffer.len().min(STEP);
        self.call("reading", || descriptor.read(&mut buffer[..reach]))
    }

    fn write(&self, buffer: &[u8]) -> Result<usize> {
        let mut state = self.state()?;
        let descriptor = state.descriptor()?;
        if !self.mode.write {
            return Err(Error::capability("the stream", "WRITE", "it was opened for reading only"));
        }
        if let Some(cursor) = state.cursor {
            let (count, ended) = self.stepwise(buffer.len(), |from, to| {
                self.call("writing", || descriptor.write_at(cursor + from as u64, &buffer[from..to]))
            });
            state.cursor = Some(cursor + count as u64);
            return ended.map(|()| count);
        }
        let descriptor = descriptor.clone();
        drop(state);
        self.call("writing", || descriptor.write(&buffer[..buffer.len().min(STEP)]))
    }

    fn seek(&self, to: SeekFrom) -> Result<u64> {
        let mut state = self.state()?;
        let descriptor = state.descriptor()?;
        if let Some(cursor) = state.cursor {
            let end = || self.call("sizing", || descriptor.facts()).map(|facts| facts.length);
            let stands = stand(to, cursor, end).map_err(seek_error)?;
            state.cursor = Some(stands);
            return Ok(stands);
        }
        let (by, origin) = match to {
            SeekFrom::Start(offset) if offset > FURTHEST => {
                return stand(to, 0, || Ok(0)).map_err(seek_error);
            }
            SeekFrom::Start(offset) => (offset as i64, libc::SEEK_SET),
            SeekFrom::Current(by) => (by, libc::SEEK_CUR),
            SeekFrom::End(by) => (by, libc::SEEK_END),
        };
        self.call("moving in", || descriptor.seek(by, origin))
    }

    fn length(&self) -> Result<u64> {
        let state = self.state()?;
        let descriptor = state.descriptor()?;
        let facts = self.call("sizing", || descriptor.facts())?;
        if facts.regular {
            return Ok(facts.length);
        }
        if !self.capabilities.has(StreamCapability::SEEK) {
            return Err(Error::capability("the stream", "size", "nobody knows how much a pipe or terminal will give"));
        }
        // A block device tells its size only by its end.
        let here = self.call("sizing", || descriptor.seek(0, libc::SEEK_CUR))?;
        let end = self.call("sizing", || descriptor.seek(0, libc::SEEK_END))?;
        self.call("sizing", || descriptor.seek(here as i64, libc::SEEK_SET))?;
        Ok(end)
    }

    fn resize(&self, length: u64) -> Result<()> {
        let state = self.state()?;
        let descriptor = state.descriptor()?;
        if !self.capabilities.has(StreamCapability::RESIZE) {
            return Err(Error::capability("the stream", "RESIZE", "open a file for writing to change its size"));
        }
        self.call("resizing", || descriptor.resize(length))
    }

    fn flush(&self) -> Result<()> {
        self.state()?.descriptor().map(|_| ())
    }

    fn close(&self) -> Result<()> {
        let descriptor = self.state()?.descriptor.take();
        match descriptor.map(Arc::try_unwrap) {
            Some(Ok(last)) => last.close().map_err(|error| self.error("closing", &error)),
            // A read that still runs, or another stream, closes it when it is done.
            Some(Err(_)) | None => Ok(()),
        }
    }

    fn extension(&self, id: u64) -> Option<View> {
        match id {
            RANDOM_ACCESS_EXTENSION => self.random_access().ok().map(View::random_access),
            _ => None,
        }
    }

    fn origin(&self) -> Option<String> {
        self.path.as_ref().map(|path| path.display().to_string())
    }
}

#[cold]
pub(crate) fn no_positions() -> Error {
    Error::capability(
        "the file",
        "SEEK by position",
        "pipes, terminals and files opened for appending have one cursor only",
    )
}

/// A file that ended before it should.
#[cold]
pub(crate) fn shorter(path: Option<&Path>, promised: u64, missing_at: u64) -> Error {
    let name = path.map_or_else(|| "the file".to_owned(), |path| path.display().to_string());
    iolink_sdk::files::file_was_cut(&name, promised, missing_at)
}
