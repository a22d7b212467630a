//! A descriptor and its system calls, which give the system's error as it is.

use std::ffi::CStr;
use std::io::{Error, Result};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicU64, Ordering};

/// An open descriptor; closed with the last reference unless it is only borrowed.
pub(crate) struct Descriptor {
    fd: Option<OwnedFd>,
    raw: RawFd,
    /// How many bytes a regular file was seen to have, or was made to have through this descriptor: fewer means that
    /// somebody else cut it.
    length: AtomicU64,
}

/// What `fstat` tells and we need.
pub(crate) struct Facts {
    pub(crate) directory: bool,
    pub(crate) regular: bool,
    pub(crate) length: u64,
}

fn count(result: libc::ssize_t) -> Result<usize> {
    usize::try_from(result).map_err(|_| Error::last_os_error())
}

fn offset(at: u64) -> Result<libc::off_t> {
    libc::off_t::try_from(at).map_err(|_| Error::from_raw_os_error(libc::EOVERFLOW))
}

fn done(result: libc::c_int) -> Result<()> {
    if result < 0 {
        return Err(Error::last_os_error());
    }
    Ok(())
}

impl AsFd for Descriptor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        // SAFETY: ours, or somebody's who keeps it open as long as this.
        unsafe { BorrowedFd::borrow_raw(self.raw) }
    }
}

impl Descriptor {
    /// `open(2)`; a new file is everybody's as far as the process's mask lets it, a `private` one its owner's alone.
    pub(crate) fn open(path: &CStr, flags: libc::c_int, private: bool) -> Result<Self> {
        let permissions: libc::c_uint = if private { 0o600 } else { 0o666 };
        // SAFETY: the path ends with a NUL.
        let fd = unsafe { libc::open(path.as_ptr(), flags, permissions) };
        done(fd)?;
        // SAFETY: the descriptor is new and nobody else's.
        Ok(Descriptor::own(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    pub(crate) fn own(fd: OwnedFd) -> Self {
        Descriptor { raw: fd.as_raw_fd(), fd: Some(fd), length: AtomicU64::new(0) }
    }

    /// A descriptor that somebody else closes.
    pub(crate) fn borrow(raw: RawFd) -> Self {
        Descriptor { fd: None, raw, length: AtomicU64::new(0) }
    }

    pub(crate) fn raw(&self) -> RawFd {
        self.raw
    }

    pub(crate) fn read(&self, buffer: &mut [u8]) -> Result<usize> {
        // SAFETY: the buffer has that many bytes.
        count(unsafe { libc::read(self.raw, buffer.as_mut_ptr().cast(), buffer.len()) })
    }

    pub(crate) fn write(&self, buffer: &[u8]) -> Result<usize> {
        // SAFETY: the buffer has that many bytes.
        count(unsafe { libc::write(self.raw, buffer.as_ptr().cast(), buffer.len()) })
    }

    pub(crate) fn read_at(&self, at: u64, buffer: &mut [u8]) -> Result<usize> {
        // SAFETY: the buffer has that many bytes.
        count(unsafe { libc::pread(self.raw, buffer.as_mut_ptr().cast(), buffer.len(), offset(at)?) })
    }

    pub(crate) fn write_at(&self, at: u64, buffer: &[u8]) -> Result<usize> {
        // SAFETY: the buffer has that many bytes.
        let count = count(unsafe { libc::pwrite(self.raw, buffer.as_ptr().cast(), buffer.len(), offset(at)?) })?;
        if count > 0 {
            self.length.fetch_max(at + count as u64, Ordering::Relaxed);
        }
        Ok(count)
    }

    /// The length that the file is known to have had: see [`Descriptor::remember`].
    pub(crate) fn known_length(&self) -> u64 {
        self.length.load(Ordering::Relaxed)
    }

    /// Takes the length of now as known.
    pub(crate) fn remember(&self, length: u64) {
        self.length.store(length, Ordering::Relaxed);
    }

    pub(crate) fn seek(&self, by: i64, origin: libc::c_int) -> Result<u64> {
        // SAFETY: no memory is involved.
        let stands = unsafe { libc::lseek(self.raw, by as libc::off_t, origin) };
        u64::try_from(stands).map_err(|_| Error::last_os_error())
    }

    pub(crate) fn resize(&self, length: u64) -> Result<()> {
        // SAFETY: no memory is involved.
        done(unsafe { libc::ftruncate(self.raw, offset(length)?) })?;
        self.remember(length);
        Ok(())
    }

    /// `fdatasync(2)`, which gives the errors of earlier writes.
    pub(crate) fn sync(&self) -> Result<()> {
        #[cfg(target_os = "linux")]
        // SAFETY: no memory is involved.
        let result = unsafe { libc::fdatasync(self.raw) };
        #[cfg(not(target_os = "linux"))]
        // SAFETY: as above.
        let result = unsafe { libc::fsync(self.raw) };
        done(result)
    }

    pub(crate) fn facts(&self) -> Result<Facts> {
        let mut stat = MaybeUninit::<libc::stat>::zeroed();
        // SAFETY: `stat` is ours; it is filled in on success, and all zeros are a value before that.
        let stat = unsafe {
            done(libc::fstat(self.raw, stat.as_mut_ptr()))?;
            stat.assume_init()
        };
        let format = stat.st_mode & libc::S_IFMT;
        Ok(Facts {
            directory: format == libc::S_IFDIR,
            regular: format == libc::S_IFREG,
            length: stat.st_size.max(0) as u64,
        })
    }

    /// The flags that the descriptor was opened with.
    pub(crate) fn flags(&self) -> Result<libc::c_int> {
        // SAFETY: no memory is involved.
        let flags = unsafe { libc::fcntl(self.raw, libc::F_GETFL) };
        done(flags).map(|()| flags)
    }

    pub(crate) fn is_terminal(&self) -> bool {
        // SAFETY: no memory is involved.
        unsafe { libc::isatty(self.raw) == 1 }
    }

    /// `close(2)`, whose error tells that something written was lost. Never repeated: the descriptor is gone either way.
    pub(crate) fn close(self) -> Result<()> {
        match self.fd {
            // SAFETY: the descriptor was ours and is handed over.
            Some(fd) => match done(unsafe { libc::close(fd.into_raw_fd()) }) {
                Err(error) if error.raw_os_error() == Some(libc::EINTR) => Ok(()),
                result => result,
            },
            None => Ok(()),
        }
    }
}
