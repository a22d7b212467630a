use super::*;
use std::io::Read;
use std::os::unix::fs::symlink;

/// A folder `in` with a file, links that stay and links that leave, and a secret beside it.
struct Tree(PathBuf);

impl Tree {
    fn new(name: &str) -> Self {
        let top = std::env::temp_dir().join(format!("iolink-beneath-{name}-{}", std::process::id()));
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
    let mut held = String::new();
    file.read_to_string(&mut held).unwrap();
    held
}

const OUT: [&str; 5] = ["leaves", "absolute", "away/secret", "circle", "magic"];

#[test]
fn a_file_lies_in_the_folder_whatever_links_say() {
    let tree = Tree::new("links");
    let open = |key: &str| open_beneath(&tree.folder(), key, libc::O_RDONLY, 0);
    for (key, expected) in [("file", "file"), ("sub/deep", "deep")] {
        assert_eq!(content(open(key).unwrap()), expected, "{key}");
    }
    for key in OUT.iter().chain(&["fifo", "link-to-fifo", "../out/secret", "", "/etc/passwd"]) {
        assert_eq!(open(key).unwrap_err().kind(), ErrorKind::InvalidArgument, "{key}");
    }
    for key in ["gone", "gone/file", "file/below"] {
        assert_eq!(open(key).unwrap_err().kind(), ErrorKind::NotFound, "{key}");
    }
    assert_eq!(open("sub").unwrap_err().code(), libc::EISDIR);
}

#[test]
fn a_fifo_is_not_opened_for_writing_either() {
    let tree = Tree::new("fifo");
    for flags in [libc::O_WRONLY, libc::O_RDWR] {
        let error = open_beneath(&tree.folder(), "fifo", flags, 0).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_link_that_stays_in_the_folder_is_followed() {
    let tree = Tree::new("stays");
    for (key, expected) in [("sub/stays", "file"), ("folder/deep", "deep"), ("folder/stays", "file")] {
        assert_eq!(content(open_beneath(&tree.folder(), key, libc::O_RDONLY, 0).unwrap()), expected, "{key}");
    }
}

#[test]
fn without_openat2_no_link_is_followed() {
    let tree = Tree::new("parts");
    let folder = Folder::open(&tree.folder()).unwrap();
    for flags in [libc::O_RDONLY | libc::O_CLOEXEC, FACTS] {
        let open = |key: &str| by_parts(folder.fd.as_raw_fd(), key, flags, 0).map(File::from);
        assert!(open("sub/deep").unwrap().metadata().unwrap().is_file());
        for key in OUT.iter().chain(&["folder/deep", "sub/stays"]) {
            assert_eq!(open(key).unwrap_err().raw_os_error(), Some(libc::ELOOP), "{key}");
        }
        assert_eq!(open("file/x").unwrap_err().raw_os_error(), Some(libc::ENOTDIR));
    }
}

#[test]
fn folders_are_made_beneath_and_nowhere_else() {
    let tree = Tree::new("made");
    let folder = Folder::open(&tree.folder()).unwrap();
    for key in ["", "sub", "new/of/three", "sub/one"] {
        folder.make_folder(key).unwrap();
        assert!(tree.folder().join(key).is_dir(), "{key}");
    }
    for key in ["away/new", "file/new"] {
        folder.make_folder(key).unwrap_err();
    }
    assert!(!tree.0.join("out/new").exists());
}
