//! Opens files beneath a folder: no name and no link leads out of it.

use super::name_of_kind;
use crate::{fail, Error, ErrorKind, Result};
use std::ffi::CString;
use std::fs::{File, Metadata};
use std::io;
use std::os::raw::c_uint;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::io::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::path::{Path, PathBuf};

/// Opens the regular file `key` in `folder` or below it. `flags` and `permissions` are those of `open(2)`.
///
/// The key may come out of a file that anyone has written, and an archive can bring a symbolic link as well as a file: a
/// link is followed if it stays in the folder, and is an error if it leads out of it. If the kernel does not know
/// `openat2`, no link below the folder is followed.
///
/// # Errors
/// `InvalidArgument` for a key that [`check_key`](crate::view::check_key) rejects, a link that leads out of the folder, a
/// FIFO, a device or a socket; `NotFound`; `Permission`; `Io`, for a folder with the code EISDIR.
pub fn open_beneath(folder: &Path, key: &str, flags: i32, permissions: u32) -> Result<File> {
    crate::view::check_key(key)?;
    Folder::open(folder)?.open_file(key, flags, permissions)
}

/// An open folder, which stays the same one if it is renamed.
pub(super) struct Folder {
    fd: OwnedFd,
    path: PathBuf,
}

/// Flags for a folder that is only walked through.
#[cfg(any(target_os = "linux", target_os = "android"))]
const WALK: i32 = libc::O_PATH | libc::O_DIRECTORY | libc::O_CLOEXEC;
/// Flags for a folder that is only walked through.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const WALK: i32 = libc::O_RDONLY | libc::O_DIRECTORY | libc::O_CLOEXEC;

/// Flags for a file whose facts are read, and nothing else.
#[cfg(any(target_os = "linux", target_os = "android"))]
const FACTS: i32 = libc::O_PATH | libc::O_CLOEXEC;
/// Flags for a file whose facts are read, and nothing else.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const FACTS: i32 = libc::O_RDONLY | libc::O_CLOEXEC | libc::O_NONBLOCK | libc::O_NOCTTY;

impl Folder {
    pub(super) fn open(path: &Path) -> Result<Folder> {
        match open_part(libc::AT_FDCWD, path.as_os_str().as_bytes(), WALK, 0) {
            Ok(fd) => Ok(Folder { fd, path: path.to_owned() }),
            Err(error) => Err(Error::io(&format!("opening the folder {}", path.display()), &error)),
        }
    }

    /// Path of a key, for messages.
    pub(super) fn path_of(&self, key: &str) -> PathBuf {
        self.path.join(key)
    }

    /// Opens a regular file.
    ///
    /// # Errors
    /// As [`open_beneath`].
    pub(super) fn open_file(&self, key: &str, flags: i32, permissions: u32) -> Result<File> {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        let flags = flags | libc::O_LARGEFILE;
        let flags = flags | libc::O_CLOEXEC | libc::O_NONBLOCK | libc::O_NOCTTY;
        let failed = |error: io::Error| self.error("opening", key, &error);
        let file = File::from(self.open_at(key, flags, permissions).map_err(failed)?);
        self.check_regular(key, &file.metadata().map_err(failed)?)?;
        Ok(file)
    }

    /// Returns the facts of a regular file.
    ///
    /// # Errors
    /// As [`open_beneath`].
    pub(super) fn facts(&self, key: &str) -> Result<Metadata> {
        let failed = |error: io::Error| self.error("sizing", key, &error);
        let facts = self.open_at(key, FACTS, 0).and_then(|fd| File::from(fd).metadata()).map_err(failed)?;
        self.check_regular(key, &facts)?;
        Ok(facts)
    }

    fn check_regular(&self, key: &str, facts: &Metadata) -> Result<()> {
        match name_of_kind(facts.file_type()) {
            None => Ok(()),
            Some(_) if facts.is_dir() => Err(self.error("opening", key, &io::Error::from_raw_os_error(libc::EISDIR))),
            Some(name) => {
                fail!(InvalidArgument, "{} is {name}; it must be a regular file", self.path_of(key).display())
            }
        }
    }

    /// Opens a folder below this one to be listed and synced; "" is this one.
    pub(super) fn open_folder(&self, key: &str) -> io::Result<OwnedFd> {
        let flags = libc::O_RDONLY | libc::O_DIRECTORY | libc::O_CLOEXEC;
        self.open_at(if key.is_empty() { "." } else { key }, flags, 0)
    }

    /// Opens a folder below this one, and makes it and those above it that are missing.
    pub(super) fn make_folder(&self, key: &str) -> io::Result<OwnedFd> {
        match self.open_folder(key) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            opened => return opened,
        }
        let mut parent = self.open_folder("")?;
        let ends = key.match_indices('/').map(|(slash, _)| slash).chain([key.len()]);
        for end in ends {
            let made = self.open_folder(&key[..end]).or_else(|error| {
                if error.kind() != io::ErrorKind::NotFound {
                    return Err(error);
                }
                let start = key[..end].rfind('/').map_or(0, |slash| slash + 1);
                let part = CString::new(&key[start..end])?;
                // SAFETY: the name ends with a NUL.
                let result = unsafe { libc::mkdirat(parent.as_raw_fd(), part.as_ptr(), 0o777) };
                match if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) } {
                    // Another writer made it meanwhile.
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                    made => made?,
                }
                sync_folder(&parent)?;
                self.open_folder(&key[..end])
            })?;
            parent = made;
        }
        Ok(parent)
    }

    /// An error of the system, with the key.
    pub(super) fn error(&self, doing: &str, key: &str, error: &io::Error) -> Error {
        let path = self.path_of(key);
        let path = path.display();
        match error.raw_os_error() {
            Some(libc::EXDEV | libc::ELOOP) => Error::new(
                ErrorKind::InvalidArgument,
                format!(
                    "{doing} {path}: it is or passes a symbolic link that leads out of {}, or in a circle; replace the link \
                     by the file",
                    self.path.display()
                ),
            ),
            // Something on the way is a file: nothing lies beneath it.
            Some(libc::ENOTDIR) => Error::io(&format!("{doing} {path}"), error).with_kind(ErrorKind::NotFound),
            // A socket, or a FIFO to be written that nothing reads.
            Some(libc::ENXIO) => {
                Error::new(ErrorKind::InvalidArgument, format!("{doing} {path}: it is not a regular file"))
            }
            _ => Error::io(&format!("{doing} {path}"), error),
        }
    }

    fn open_at(&self, key: &str, flags: i32, permissions: u32) -> io::Result<OwnedFd> {
        match by_kernel(self.fd.as_raw_fd(), key, flags, permissions) {
            // The kernel or a sandbox does not know the call, or names kept changing meanwhile.
            Err(error) if matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EPERM | libc::EAGAIN)) => {
                by_parts(self.fd.as_raw_fd(), key, flags, permissions)
            }
            opened => opened,
        }
    }
}

/// Passes the names in a folder to the disk.
pub(super) fn sync_folder(folder: &OwnedFd) -> io::Result<()> {
    // SAFETY: no memory is involved.
    if unsafe { libc::fsync(folder.as_raw_fd()) } == 0 {
        return Ok(());
    }
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        // The file system cannot sync a folder.
        Some(libc::EINVAL | libc::EROFS) => Ok(()),
        _ => Err(error),
    }
}

fn open_part(folder: RawFd, name: &[u8], flags: i32, permissions: u32) -> io::Result<OwnedFd> {
    let name = CString::new(name)?;
    loop {
        // SAFETY: the name ends with a NUL.
        let fd = unsafe { libc::openat(folder, name.as_ptr(), flags, permissions as c_uint) };
        if fd >= 0 {
            // SAFETY: the descriptor is new, and only this function has it.
            return Ok(unsafe { OwnedFd::from_raw_fd(fd) });
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

/// `openat2` with RESOLVE_BENEATH: the kernel resolves every link and stays below the folder.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn by_kernel(folder: RawFd, key: &str, flags: i32, permissions: u32) -> io::Result<OwnedFd> {
    const TRIES: usize = 8;
    let name = CString::new(key)?;
    // SAFETY: the struct has only numbers.
    let mut how: libc::open_how = unsafe { std::mem::zeroed() };
    how.flags = flags as u64;
    how.mode = if flags & libc::O_CREAT != 0 { u64::from(permissions) } else { 0 };
    how.resolve = libc::RESOLVE_BENEATH | libc::RESOLVE_NO_MAGICLINKS;
    let mut tried = 0;
    loop {
        // SAFETY: the name ends with a NUL, and the struct has the size that is given.
        let fd = unsafe {
            let size = std::mem::size_of::<libc::open_how>();
            libc::syscall(libc::SYS_openat2, folder, name.as_ptr(), &how as *const libc::open_how, size)
        };
        if fd >= 0 {
            // SAFETY: the descriptor is new, and only this function has it.
            return Ok(unsafe { OwnedFd::from_raw_fd(fd as RawFd) });
        }
        let error = io::Error::last_os_error();
        tried += 1;
        match error.raw_os_error() {
            Some(libc::EINTR) => {}
            // A folder was renamed meanwhile.
            Some(libc::EAGAIN) if tried < TRIES => {}
            _ => return Err(error),
        }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn by_kernel(_folder: RawFd, _key: &str, _flags: i32, _permissions: u32) -> io::Result<OwnedFd> {
    Err(io::Error::from_raw_os_error(libc::ENOSYS))
}

/// Opens one part of the key after the other, none of which may be a link.
fn by_parts(top: RawFd, key: &str, flags: i32, permissions: u32) -> io::Result<OwnedFd> {
    let mut inside: Option<OwnedFd> = None;
    let (above, last) = match key.rfind('/') {
        Some(slash) => (&key[..slash], &key[slash + 1..]),
        None => ("", key),
    };
    for part in above.split('/').filter(|part| !part.is_empty()) {
        let at = inside.as_ref().map_or(top, |folder| folder.as_raw_fd());
        let opened = open_part(at, part.as_bytes(), WALK | libc::O_NOFOLLOW, 0);
        inside = Some(opened.map_err(|error| if_link(at, part, error))?);
    }
    let at = inside.as_ref().map_or(top, |folder| folder.as_raw_fd());
    let opened = open_part(at, last.as_bytes(), flags | libc::O_NOFOLLOW, permissions);
    let opened = opened.map_err(|error| if_link(at, last, error))?;
    // With O_PATH, O_NOFOLLOW gives the link itself.
    let file = File::from(opened);
    match file.metadata()?.file_type().is_symlink() {
        true => Err(io::Error::from_raw_os_error(libc::ELOOP)),
        false => Ok(file.into()),
    }
}

/// ELOOP for a link, which some calls report as something that is not a folder.
fn if_link(folder: RawFd, part: &str, error: io::Error) -> io::Error {
    let part = match CString::new(part) {
        Ok(part) => part,
        Err(_) => return error,
    };
    let mut one = [0u8; 1];
    // SAFETY: the name ends with a NUL, and the buffer has one byte.
    let read = unsafe { libc::readlinkat(folder, part.as_ptr(), one.as_mut_ptr().cast(), one.len()) };
    match read {
        1.. => io::Error::from_raw_os_error(libc::ELOOP),
        _ => error,
    }
}

#[cfg(test)]
mod tests;
