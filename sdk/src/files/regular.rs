//! Opens regular files without waiting: a FIFO under the name of a file is an error, never a hang.

use std::fs::{File, FileType, OpenOptions};
use std::io;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

/// Opens a regular file for reading, and for writing too if `writable`.
///
/// The type is checked before the file is opened, so that no device is touched, and again on the open descriptor.
///
/// # Errors
/// The system's error; of kind [`InvalidInput`](io::ErrorKind::InvalidInput) for a FIFO, a device, a socket or a folder.
pub fn open_regular(path: &Path, writable: bool) -> io::Result<File> {
    check_regular(std::fs::metadata(path)?.file_type())?;
    let mut options = OpenOptions::new();
    options.read(true).write(writable);
    let file = match options.clone().custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path) {
        // Another program holds a lease on the file, and gives it up only to an open that waits.
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => options.open(path)?,
        opened => opened?,
    };
    check_regular(file.metadata()?.file_type())?;
    Ok(file)
}

fn check_regular(kind: FileType) -> io::Result<()> {
    match name_of_kind(kind) {
        None => Ok(()),
        Some(name) => Err(io::Error::new(io::ErrorKind::InvalidInput, format!("it is {name}, not a regular file"))),
    }
}

/// Name of a file's type with its article; `None` for a regular file.
pub fn name_of_kind(kind: FileType) -> Option<&'static str> {
    match kind {
        kind if kind.is_file() => None,
        kind if kind.is_dir() => Some("a folder"),
        kind if kind.is_fifo() => Some("a FIFO"),
        kind if kind.is_socket() => Some("a socket"),
        kind if kind.is_symlink() => Some("a symbolic link"),
        _ => Some("a device"),
    }
}
