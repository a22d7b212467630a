//! Regular files, opened so that nothing waits: a FIFO under the name of a file is an error and never a hang.

use crate::{fail, Error, Result};
use std::ffi::CString;
use std::fs::{File, FileType, OpenOptions};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Component, Path};

/// Opens a regular file for reading.
///
/// The file is looked at before it is opened, so that no device is touched, and once more by its descriptor.
///
/// # Errors
/// The system's error; of kind [`InvalidInput`](io::ErrorKind::InvalidInput) for a FIFO, a device, a socket or a folder.
pub fn open_regular(path: &Path) -> io::Result<File> {
    check_regular(std::fs::metadata(path)?.file_type())?;
    let nonblocking = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path);
    let file = match nonblocking {
        // Another program holds a lease on the file, which it gives up when somebody waits.
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => File::open(path)?,
        opened => opened?,
    };
    check_regular(file.metadata()?.file_type())?;
    Ok(file)
}

fn check_regular(kind: FileType) -> io::Result<()> {
    match word(kind) {
        None => Ok(()),
        Some(word) => Err(io::Error::new(io::ErrorKind::InvalidInput, format!("it is {word}, not a regular file"))),
    }
}

/// The kind of a file in words, unless it is regular.
pub fn word(kind: FileType) -> Option<&'static str> {
    match kind {
        kind if kind.is_file() => None,
        kind if kind.is_dir() => Some("a folder"),
        kind if kind.is_fifo() => Some("a FIFO"),
        kind if kind.is_socket() => Some("a socket"),
        _ => Some("a device"),
    }
}

/// Opens the regular file `name`, which lies in `folder` or below it. `flags` and `permissions` are those of `open(2)`.
///
/// The name comes out of a file that anybody may have written, and an archive can bring a symbolic link as well as a
/// file: a link is followed if it stays in the folder, and is an error if it leads out of it. Where the kernel does not
/// know `openat2`, no link below the folder is followed.
///
/// # Errors
/// `InvalidArgument` for a name or a link that leads out of the folder, and for a FIFO, a device or a socket;
/// `NotFound`; `Io`.
pub fn open_beneath(folder: &Path, name: &str, flags: i32, permissions: u32) -> Result<File> {
    crate::view::check_name(name)?;
    let failed = |error: io::Error| {
        match error.raw_os_error() {
        Some(libc::EXDEV | libc::ELOOP) => Error::new(
            crate::ErrorKind::InvalidArgument,
            format!(
                "{name:?} is or passes a symbolic link that leads out of {}, or in a circle: a neighbour must lie in the same \
                 folder or below it; replace the link by the file",
                folder.display()
            ),
        ),
        _ => Error::io(&format!("opening {}", folder.join(name).display()), &error),
    }
    };
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let flags = flags | libc::O_LARGEFILE;
    let flags = flags | libc::O_CLOEXEC | libc::O_NONBLOCK | libc::O_NOCTTY;
    let file = open_at(folder, name, flags, permissions).map_err(failed)?;
    let kind = file.metadata().map_err(failed)?.file_type();
    match word(kind) {
        None => Ok(file),
        Some(_) if kind.is_dir() => Err(failed(io::Error::from_raw_os_error(libc::EISDIR))),
        Some(word) => {
            fail!(InvalidArgument, "{} is {word}; a neighbour must be a regular file", folder.join(name).display())
        }
    }
}

fn open_at(folder: &Path, name: &str, flags: i32, permissions: u32) -> io::Result<File> {
    let folder = open_part(libc::AT_FDCWD, folder.as_os_str().as_bytes(), FOLDER, 0)?;
    match by_kernel(folder.as_raw_fd(), name, flags, permissions) {
        // The kernel or a sandbox does not know the call, or names kept changing meanwhile.
        Err(error) if matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EPERM | libc::EAGAIN)) => {
            by_parts(folder, name, flags, permissions)
        }
        opened => opened,
    }
    .map(File::from)
}

#[cfg(any(target_os = "linux", target_os = "android"))]
const FOLDER: i32 = libc::O_PATH | libc::O_DIRECTORY | libc::O_CLOEXEC;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const FOLDER: i32 = libc::O_RDONLY | libc::O_DIRECTORY | libc::O_CLOEXEC;

fn open_part(folder: RawFd, name: &[u8], flags: i32, permissions: u32) -> io::Result<OwnedFd> {
    let name = CString::new(name)?;
    loop {
        // SAFETY: the name ends with a NUL.
        let fd = unsafe { libc::openat(folder, name.as_ptr(), flags, permissions) };
        if fd >= 0 {
            // SAFETY: the descriptor is new and ours alone.
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
fn by_kernel(folder: RawFd, name: &str, flags: i32, permissions: u32) -> io::Result<OwnedFd> {
    const TRIES: usize = 8;
    let name = CString::new(name)?;
    // SAFETY: the struct has only numbers.
    let mut how: libc::open_how = unsafe { std::mem::zeroed() };
    how.flags = flags as u64;
    how.mode = if flags & libc::O_CREAT != 0 { u64::from(permissions) } else { 0 };
    how.resolve = libc::RESOLVE_BENEATH | libc::RESOLVE_NO_MAGICLINKS;
    let mut tried = 0;
    loop {
        // SAFETY: the name ends with a NUL, and the struct has the size that is told.
        let fd = unsafe {
            let size = std::mem::size_of::<libc::open_how>();
            libc::syscall(libc::SYS_openat2, folder, name.as_ptr(), &how as *const libc::open_how, size)
        };
        if fd >= 0 {
            // SAFETY: the descriptor is new and ours alone.
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
fn by_kernel(_folder: RawFd, _name: &str, _flags: i32, _permissions: u32) -> io::Result<OwnedFd> {
    Err(io::Error::from_raw_os_error(libc::ENOSYS))
}

/// Opens one part of the name after the other, none of which may be a link.
fn by_parts(mut folder: OwnedFd, name: &str, flags: i32, permissions: u32) -> io::Result<OwnedFd> {
    let parts = Path::new(name).components().filter_map(|part| match part {
        Component::Normal(part) => Some(part.as_bytes()),
        _ => None,
    });
    let parts: Vec<&[u8]> = parts.collect();
    let Some((last, above)) = parts.split_last() else { return Err(io::Error::from_raw_os_error(libc::EISDIR)) };
    for part in above {
        let inside = open_part(folder.as_raw_fd(), part, FOLDER | libc::O_NOFOLLOW, 0);
        folder = inside.map_err(|error| if_link(folder.as_raw_fd(), part, error))?;
    }
    open_part(folder.as_raw_fd(), last, flags | libc::O_NOFOLLOW, permissions)
}

/// ELOOP for a link, which some calls report as something that is not a folder.
fn if_link(folder: RawFd, part: &[u8], error: io::Error) -> io::Error {
    let Ok(part) = CString::new(part) else { return error };
    let mut one = [0u8; 1];
    // SAFETY: the name ends with a NUL, and the buffer has one byte.
    let read = unsafe { libc::readlinkat(folder, part.as_ptr(), one.as_mut_ptr().cast(), one.len()) };
    match read {
        1.. => io::Error::from_raw_os_error(libc::ELOOP),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;
    use std::io::Read;
    use std::os::unix::fs::symlink;
    use std::path::PathBuf;

    /// A folder `in` with a file, links that stay and links that leave, and a secret beside it.
    struct Tree(PathBuf);

    impl Tree {
        fn new(name: &str) -> Self {
            let top = std::env::temp_dir().join(format!("iolink-files-{name}-{}", std::process::id()));
            let _ = std::fs::remove_dir_all(&top);
            let inside = top.join("in");
            std::fs::create_dir_all(inside.join("sub")).unwrap();
            std::fs::create_dir_all(top.join("out")).unwrap();
            std::fs::write(top.join("out/secret"), "secret").unwrap();
            std::fs::write(inside.join("file"), "file").unwrap();
            std::fs::write(inside.join("sub/deep"), "deep").unwrap();
            symlink("../file", inside.join("sub/stays")).unwrap();
            symlink("sub", inside.join("folder")).unwrap();
            symlink("../out/secret", inside.join("leaves")).unwrap();
            symlink(top.join("out/secret"), inside.join("absolute")).unwrap();
            symlink("../out", inside.join("away")).unwrap();
            symlink("circle", inside.join("circle")).unwrap();
            symlink("/proc/self/root/etc/passwd", inside.join("magic")).unwrap();
            let fifo = CString::new(inside.join("fifo").as_os_str().as_bytes()).unwrap();
            // SAFETY: the path ends with a NUL.
            assert_eq!(unsafe { libc::mkfifo(fifo.as_ptr(), 0o600) }, 0);
            symlink("fifo", inside.join("link-to-fifo")).unwrap();
            Tree(top)
        }

        fn folder(&self) -> PathBuf {
            self.0.join("in")
        }
    }

    impl Drop for Tree {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn content(mut file: File) -> String {
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn a_neighbour_lies_in_the_folder_whatever_links_say() {
        let tree = Tree::new("beneath");
        let open = |name: &str| open_beneath(&tree.folder(), name, libc::O_RDONLY, 0);
        for (name, expected) in [("file", "file"), ("sub/deep", "deep"), ("./sub/./deep", "deep")] {
            assert_eq!(content(open(name).unwrap()), expected, "{name}");
        }
        for name in ["leaves", "absolute", "away/secret", "circle", "magic", "fifo", "link-to-fifo", "../out/secret"] {
            assert_eq!(open(name).unwrap_err().kind(), ErrorKind::InvalidArgument, "{name}");
        }
        assert_eq!(open("gone").unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(open("sub").unwrap_err().code(), libc::EISDIR);
        assert_eq!(open(".").unwrap_err().code(), libc::EISDIR);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_link_that_stays_in_the_folder_is_followed() {
        let tree = Tree::new("stays");
        for (name, expected) in [("sub/stays", "file"), ("folder/deep", "deep"), ("folder/stays", "file")] {
            assert_eq!(content(open_beneath(&tree.folder(), name, libc::O_RDONLY, 0).unwrap()), expected, "{name}");
        }
    }

    #[test]
    fn without_openat2_no_link_is_followed() {
        let tree = Tree::new("parts");
        let open = |name: &str| {
            let folder = open_part(libc::AT_FDCWD, tree.folder().as_os_str().as_bytes(), FOLDER, 0).unwrap();
            by_parts(folder, name, libc::O_RDONLY | libc::O_CLOEXEC, 0).map(File::from)
        };
        assert_eq!(content(open("./sub/deep").unwrap()), "deep");
        for name in ["leaves", "absolute", "away/secret", "circle", "magic", "folder/deep", "sub/stays"] {
            assert_eq!(open(name).unwrap_err().raw_os_error(), Some(libc::ELOOP), "{name}");
        }
        assert_eq!(open("file/x").unwrap_err().raw_os_error(), Some(libc::ENOTDIR));
    }

    #[test]
    fn only_regular_files_are_opened() {
        let tree = Tree::new("regular");
        assert_eq!(content(open_regular(&tree.folder().join("leaves")).unwrap()), "secret");
        for (path, word) in [
            (tree.folder().join("fifo"), "a FIFO"),
            (tree.folder().join("link-to-fifo"), "a FIFO"),
            (tree.folder(), "a folder"),
            (PathBuf::from("/dev/null"), "a device"),
        ] {
            let error = open_regular(&path).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
            assert_eq!(error.to_string(), format!("it is {word}, not a regular file"));
        }
    }
}
