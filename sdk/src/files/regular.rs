//! Opens regular files without waiting: a FIFO under the name of a file is an error, never a hang.

use std::fs::{File, FileType, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

/// Opens a regular file for reading.
///
/// The type is checked before the file is opened, so that no device is touched, and again on the open descriptor.
///
/// # Errors
/// The system's error; of kind [`InvalidInput`](io::ErrorKind::InvalidInput) for a FIFO, a device, a socket or a folder.
pub fn open_regular(path: &Path) -> io::Result<File> {
    open_with_facts(path, false).map(|(file, _)| file)
}

/// [`open_regular`], for writing too if `writable`; returns the file's facts with it.
pub(super) fn open_with_facts(path: &Path, writable: bool) -> io::Result<(File, Metadata)> {
    check_regular(std::fs::metadata(path)?.file_type())?;
    let mut options = OpenOptions::new();
    options.read(true).write(writable);
    let file = match options.clone().custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path) {
        // Another program holds a lease on the file, and gives it up only to an open that waits.
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => options.open(path)?,
        opened => opened?,
    };
    let facts = file.metadata()?;
    check_regular(facts.file_type())?;
    Ok((file, facts))
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStrExt;
    use std::path::PathBuf;

    #[test]
    fn only_regular_files_are_opened_and_a_fifo_never_waits() {
        let folder = std::env::temp_dir().join(format!("iolink-regular-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let fifo = folder.join("fifo");
        let name = std::ffi::CString::new(fifo.as_os_str().as_bytes()).unwrap();
        // SAFETY: the path ends with a NUL.
        assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
        std::os::unix::fs::symlink("fifo", folder.join("link")).unwrap();
        for (path, name) in [
            (fifo, "a FIFO"),
            (folder.join("link"), "a FIFO"),
            (folder.clone(), "a folder"),
            (PathBuf::from("/dev/null"), "a device"),
        ] {
            let error = open_regular(&path).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
            assert_eq!(error.to_string(), format!("it is {name}, not a regular file"));
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
