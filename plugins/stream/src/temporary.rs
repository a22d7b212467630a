//! A file that is gone when it is closed.

use crate::descriptor::Descriptor;
use crate::file::{retried, FileStream, Interrupted};
use crate::OpenMode;
use iolink_sdk::{fail, Error, Result};
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

static COUNT: AtomicU64 = AtomicU64::new(0);

/// A stream over a file in `folder` that has no name, so that it is gone with its last descriptor whatever happens.
///
/// # Errors
/// `NotFound` for a missing folder, `Io` where the system refuses.
pub fn temporary_file(folder: &Path, interrupted: Interrupted) -> Result<FileStream> {
    let doing = |error: &std::io::Error| Error::io(&format!("making a temporary file in {}", folder.display()), error);
    let text = |path: &Path| match CString::new(path.as_os_str().as_bytes()) {
        Ok(text) => Ok(text),
        Err(_) => fail!(InvalidArgument, "the path {path:?} holds a NUL"),
    };
    #[cfg(target_os = "linux")]
    {
        let flags = libc::O_TMPFILE | libc::O_EXCL | libc::O_RDWR | libc::O_CLOEXEC;
        let folder = text(folder)?;
        // Not every file system can: the older way follows.
        if let Ok(descriptor) = retried(interrupted, || Descriptor::open(&folder, flags, true))? {
            return FileStream::new(descriptor, OpenMode::NEW, true, None, interrupted);
        }
    }
    let flags = libc::O_CREAT | libc::O_EXCL | libc::O_RDWR | libc::O_CLOEXEC | libc::O_NOFOLLOW;
    loop {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!(".iolink-{}-{number}", std::process::id()));
        let name = text(&path)?;
        match retried(interrupted, || Descriptor::open(&name, flags, true))? {
            Ok(descriptor) => {
                std::fs::remove_file(&path).map_err(|error| doing(&error))?;
                return FileStream::new(descriptor, OpenMode::NEW, true, None, interrupted);
            }
            Err(error) if error.raw_os_error() == Some(libc::EEXIST) => {}
            Err(error) => return Err(doing(&error)),
        }
    }
}
