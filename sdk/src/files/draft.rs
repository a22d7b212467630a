//! A draft: a file that becomes a value when it is whole.

use super::beneath::{sync_folder, Folder};
use crate::{fail, Error, Lock, Result};
use std::collections::HashSet;
use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::raw::c_uint;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::io::{AsRawFd, FromRawFd, OwnedFd};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

/// Start of the name of every draft; the number of its process and a counter follow.
const START: &str = ".iolink-";
/// End of the name of every draft.
const END: &str = ".draft";

static COUNT: AtomicU64 = AtomicU64::new(0);

/// True for the name of a draft, which is never a key.
pub(super) fn is_draft(name: &str) -> bool {
    name.starts_with(START) && name.ends_with(END)
}

/// Number of the process that made a draft.
fn process_of(name: &str) -> Option<i32> {
    name.strip_prefix(START)?.split('-').next()?.parse().ok()
}

/// The folders from which the drafts of ended processes were removed.
#[derive(Default)]
pub(super) struct SweptFolders(Lock<HashSet<String>>);

impl SweptFolders {
    /// Removes drafts of ended processes the first time that a draft is made in a folder.
    fn sweep(&self, key: &str, folder: &OwnedFd) {
        // If another thread is here, that one removes them; a child made by fork never waits.
        let is_first = match self.0.try_lock() {
            Some(mut swept) => swept.insert(key.to_owned()),
            None => false,
        };
        if !is_first {
            return;
        }
        // What cannot be listed or removed stays: it is not in the way.
        for name in super::folder_entries::names(folder).unwrap_or_default() {
            if is_draft(&name) && process_of(&name).map_or(false, has_ended) {
                remove_if_unlocked(folder, &name);
            }
        }
    }
}

fn has_ended(process: i32) -> bool {
    // SAFETY: signal 0 only asks whether the process exists.
    process > 0
        && unsafe { libc::kill(process, 0) } != 0
        && io::Error::last_os_error().raw_os_error() == Some(libc::ESRCH)
}

/// Removes a draft unless its maker, perhaps in another container, still holds its lock.
fn remove_if_unlocked(folder: &OwnedFd, name: &str) {
    let name = match CString::new(name) {
        Ok(name) => name,
        Err(_) => return,
    };
    let flags = libc::O_WRONLY | libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY | libc::O_CLOEXEC;
    if let Ok(file) = open_at(folder, &name, flags, 0) {
        if lock(&file) {
            // SAFETY: the name ends with a NUL.
            unsafe { libc::unlinkat(folder.as_raw_fd(), name.as_ptr(), 0) };
        }
    }
}

/// Takes the lock of a file, which is given up with its last descriptor.
fn lock(file: &File) -> bool {
    // SAFETY: no memory is involved.
    unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) == 0 }
}

fn open_at(folder: &OwnedFd, name: &CString, flags: i32, permissions: u32) -> io::Result<File> {
    // SAFETY: the name ends with a NUL.
    let fd = unsafe { libc::openat(folder.as_raw_fd(), name.as_ptr(), flags, permissions as c_uint) };
    match fd {
        // SAFETY: the descriptor is new, and only this function has it.
        0.. => Ok(unsafe { File::from_raw_fd(fd) }),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Splits a key into its folder and its name.
pub(super) fn split(key: &str) -> (&str, &str) {
    key.rfind('/').map_or(("", key), |slash| (&key[..slash], &key[slash + 1..]))
}

/// A file beside the value that it becomes. Dropping it removes it.
pub(super) struct Draft {
    pub(super) file: File,
    folder: OwnedFd,
    name: CString,
    target: CString,
    /// Path of the value, for messages.
    path: PathBuf,
    process: u32,
    placed: bool,
}

impl Draft {
    /// Makes the draft of a value, and the folders above it.
    ///
    /// # Errors
    /// `InvalidArgument` for a key that is a folder, a FIFO, or a link that leads out; `Permission`, `Io`.
    pub(super) fn new(top: &Folder, key: &str, swept: &SweptFolders) -> Result<Draft> {
        let failed = |error: io::Error| top.error("writing", key, &error);
        let (above, target) = split(key);
        let folder = top.make_folder(above).map_err(failed)?;
        let permissions = permissions_before(top, key)?;
        swept.sweep(above, &folder);
        let target = CString::new(target).map_err(|_| Error::capability("the key", "name", "it holds a NUL"))?;
        loop {
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            let process = std::process::id();
            let name = CString::new(format!("{START}{process}-{number}{END}")).unwrap_or_default();
            let flags = libc::O_RDWR | libc::O_CREAT | libc::O_EXCL | libc::O_NOFOLLOW | libc::O_CLOEXEC;
            let file = match open_at(&folder, &name, flags, 0o666) {
                Ok(file) => file,
                // Left by a process with the same number.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(failed(error)),
            };
            // A file system without locks has none to respect either.
            lock(&file);
            let draft = Draft { file, folder, name, target, path: top.path_of(key), process, placed: false };
            if let Some(permissions) = permissions {
                draft.file.set_permissions(permissions).map_err(failed)?;
            }
            return Ok(draft);
        }
    }

    /// True in the process that made the draft, false in a child made by fork.
    pub(super) fn is_own(&self) -> bool {
        self.process == std::process::id()
    }

    /// Puts the draft into the place of the value, whole and on the disk. `exclusive`: only if there is no value yet.
    ///
    /// # Errors
    /// `Exists`, `Io`.
    pub(super) fn commit(mut self, exclusive: bool) -> Result<()> {
        let failed = |error: io::Error| Error::io(&format!("writing {}", self.path.display()), &error);
        self.file.sync_all().map_err(failed)?;
        match exclusive {
            true => self.rename_if_absent(),
            false => self.rename(0),
        }
        .map_err(failed)?;
        self.placed = true;
        sync_folder(&self.folder).map_err(|error| Error::io(&format!("writing {}", self.path.display()), &error))
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn rename(&self, flags: c_uint) -> io::Result<()> {
        let folder = self.folder.as_raw_fd();
        // SAFETY: both names end with a NUL.
        let result = unsafe {
            match flags {
                0 => libc::renameat(folder, self.name.as_ptr(), folder, self.target.as_ptr()) as std::os::raw::c_long,
                _ => {
                    libc::syscall(libc::SYS_renameat2, folder, self.name.as_ptr(), folder, self.target.as_ptr(), flags)
                }
            }
        };
        if result == 0 {
            Ok(())
        } else {
            Err(io::Error::last_os_error())
        }
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn rename(&self, _flags: c_uint) -> io::Result<()> {
        let folder = self.folder.as_raw_fd();
        // SAFETY: both names end with a NUL.
        let result = unsafe { libc::renameat(folder, self.name.as_ptr(), folder, self.target.as_ptr()) };
        if result == 0 {
            Ok(())
        } else {
            Err(io::Error::last_os_error())
        }
    }

    fn rename_if_absent(&self) -> io::Result<()> {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        match self.rename(libc::RENAME_NOREPLACE) {
            // The kernel or the file system does not know the flag.
            Err(error) if matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EINVAL | libc::EPERM)) => {}
            renamed => return renamed,
        }
        let folder = self.folder.as_raw_fd();
        // SAFETY: both names end with a NUL.
        let result = unsafe { libc::linkat(folder, self.name.as_ptr(), folder, self.target.as_ptr(), 0) };
        if result != 0 {
            return Err(io::Error::last_os_error());
        }
        self.unlink();
        Ok(())
    }

    fn unlink(&self) {
        // SAFETY: the name ends with a NUL.
        unsafe { libc::unlinkat(self.folder.as_raw_fd(), self.name.as_ptr(), 0) };
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.placed && self.is_own() {
            self.unlink();
        }
    }
}

/// Permissions of the value that a draft replaces.
fn permissions_before(top: &Folder, key: &str) -> Result<Option<std::fs::Permissions>> {
    match top.facts(key) {
        Ok(facts) => Ok(Some(std::fs::Permissions::from_mode(facts.permissions().mode() & 0o777))),
        Err(error) if error.kind() == crate::ErrorKind::NotFound => Ok(None),
        Err(error) if error.code() == libc::EISDIR => {
            fail!(InvalidArgument, "{} is a folder; a value needs a key of its own", top.path_of(key).display())
        }
        Err(error) => Err(error),
    }
}
