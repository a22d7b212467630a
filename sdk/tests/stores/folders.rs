//! What is particular to folders: links, special files, drafts, permissions, full disks.

use crate::kit::{far, put, put_if_absent, Scratch, CALL};
use iolink_sdk::files::FolderStore;
use iolink_sdk::view::StoreMode;
use iolink_sdk::{ErrorKind, Store, StoreCapability, StreamAccess};
use std::ffi::CString;
use std::fs::{create_dir, create_dir_all, write, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{symlink, PermissionsExt};
use std::os::unix::io::AsRawFd;
use std::path::Path;
use std::sync::Arc;

fn near_and_far(path: &Path) -> [Arc<dyn Store>; 2] {
    [Arc::new(FolderStore::writable(path)), far(Arc::new(FolderStore::writable(path)))]
}

/// Every error that a key can give.
fn errors_of(store: &dyn Store, key: &str) -> Vec<iolink_sdk::Error> {
    let open = |mode| store.open(key, mode, &CALL).unwrap_err();
    vec![
        store.read(key, &CALL).unwrap_err(),
        store.stat(key, &CALL).unwrap_err(),
        open(StoreMode::Read),
        open(StoreMode::Update),
        open(StoreMode::Create),
        open(StoreMode::Replace),
        put(store, key, b"x").unwrap_err(),
        put_if_absent(store, key, b"x").unwrap_err(),
        store.remove(key, &CALL).unwrap_err(),
    ]
}

#[test]
fn no_link_leads_out_of_the_folder() {
    let scratch = Scratch::new();
    let (inside, outside) = (scratch.0.join("in"), scratch.0.join("out"));
    create_dir(&inside).unwrap();
    create_dir(&outside).unwrap();
    write(outside.join("secret"), "secret").unwrap();
    write(inside.join("file"), "file").unwrap();
    symlink("../out/secret", inside.join("leaves")).unwrap();
    symlink(outside.join("secret"), inside.join("absolute")).unwrap();
    symlink("../out", inside.join("away")).unwrap();
    symlink("circle", inside.join("circle")).unwrap();
    symlink("file", inside.join("stays")).unwrap();
    symlink(".", inside.join("self")).unwrap();
    for store in near_and_far(&inside) {
        for key in ["leaves", "absolute", "away/secret", "away/new", "circle"] {
            for error in errors_of(&*store, key) {
                assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{key}: {error}");
            }
        }
        let listed = store.list("away/", None, true, &mut |_| true, &CALL);
        assert_eq!(listed.unwrap_err().kind(), ErrorKind::InvalidArgument);
        assert_eq!(store.keys(&CALL).unwrap(), ["file", "stays"]);
    }
    assert_eq!(std::fs::read(outside.join("secret")).unwrap(), b"secret");
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 1);
}

#[cfg(target_os = "linux")]
#[test]
fn a_link_that_stays_is_read_and_is_replaced_by_a_value() {
    let scratch = Scratch::new();
    write(scratch.0.join("file"), "file").unwrap();
    symlink("file", scratch.0.join("link")).unwrap();
    let store: &dyn Store = &FolderStore::writable(&scratch.0);
    assert_eq!(store.read("link", &CALL).unwrap(), b"file");
    put(store, "link", b"new").unwrap();
    assert_eq!(
        (store.read("link", &CALL).unwrap(), store.read("file", &CALL).unwrap()),
        (b"new".to_vec(), b"file".to_vec())
    );
}

#[test]
fn special_files_are_not_values_and_never_wait() {
    let scratch = Scratch::new();
    let fifo = CString::new(scratch.0.join("fifo").as_os_str().as_bytes()).unwrap();
    // SAFETY: the path ends with a NUL.
    assert_eq!(unsafe { libc::mkfifo(fifo.as_ptr(), 0o600) }, 0);
    let _socket = std::os::unix::net::UnixListener::bind(scratch.0.join("socket")).unwrap();
    create_dir(scratch.0.join("folder")).unwrap();
    for store in near_and_far(&scratch.0) {
        for key in ["fifo", "socket"] {
            for error in errors_of(&*store, key) {
                assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{key}: {error}");
            }
        }
        for error in errors_of(&*store, "folder") {
            assert!([ErrorKind::NotFound, ErrorKind::InvalidArgument].contains(&error.kind()), "{error}");
        }
        assert!(store.keys(&CALL).unwrap().is_empty());
    }
    assert_eq!(scratch.names(), ["fifo", "folder", "socket"]);
}

#[test]
fn a_folder_is_opened_on_first_use_and_need_not_exist() {
    let scratch = Scratch::new();
    let path = scratch.0.join("later");
    let store: &dyn Store = &FolderStore::writable(&path);
    assert_eq!(store.read("a", &CALL).unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(put(store, "a", b"x").unwrap_err().kind(), ErrorKind::NotFound);
    create_dir(&path).unwrap();
    put(store, "a", b"x").unwrap();
    // The store stays in the folder that it has opened.
    std::fs::rename(&path, scratch.0.join("moved")).unwrap();
    assert_eq!(store.read("a", &CALL).unwrap(), b"x");
    let plain: &dyn Store = &FolderStore::new(scratch.0.join("moved"));
    assert!(!plain.capabilities().has(StoreCapability::WRITE));
    assert_eq!(put(plain, "a", b"x").unwrap_err().kind(), ErrorKind::NotImplemented);
    assert_eq!(plain.open("a", StoreMode::Update, &CALL).unwrap_err().kind(), ErrorKind::NotImplemented);
}

#[test]
fn names_that_cannot_be_keys_are_left_out() {
    let scratch = Scratch::new();
    write(scratch.0.join("ü"), "x").unwrap();
    write(scratch.0.join(std::ffi::OsStr::from_bytes(b"\xff")), "x").unwrap();
    write(scratch.0.join("back\\slash\nline"), "x").unwrap();
    let store: &dyn Store = &FolderStore::new(&scratch.0);
    assert_eq!(store.keys(&CALL).unwrap(), ["back\\slash\nline", "ü"]);
}

#[test]
fn a_folder_deeper_than_a_key_is_listed_as_far_as_keys_reach() {
    let scratch = Scratch::new();
    let part = "x".repeat(200);
    let mut path = scratch.0.clone();
    for _ in 0..15 {
        path.push(&part);
    }
    create_dir_all(&path).unwrap();
    write(path.join("file"), "x").unwrap();
    let store: &dyn Store = &FolderStore::new(&scratch.0);
    assert_eq!(store.keys(&CALL).unwrap().len(), 1);
}

#[test]
fn a_value_keeps_its_permissions() {
    let scratch = Scratch::new();
    let path = scratch.0.join("value");
    write(&path, "old").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    put(&FolderStore::writable(&scratch.0), "value", b"new").unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
}

#[test]
fn a_draft_is_hidden_and_is_gone_after_an_error() {
    let scratch = Scratch::new();
    let store = FolderStore::writable(&scratch.0);
    let stream = store.open("value", StoreMode::Create, &CALL).unwrap().into_stream().unwrap();
    stream.write(b"whole").unwrap();
    let draft = scratch.names().remove(0);
    assert!(draft.starts_with(".iolink-"), "{draft}");
    let shared: &dyn Store = &store;
    assert!(shared.keys(&CALL).unwrap().is_empty());
    for error in errors_of(&store, &draft) {
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
    }
    // Another writer is first: this one fails, and leaves nothing behind.
    put(&store, "value", b"first").unwrap();
    assert_eq!(stream.close().unwrap_err().kind(), ErrorKind::Exists);
    assert_eq!(scratch.names(), ["value"]);
    assert_eq!(shared.read("value", &CALL).unwrap(), b"first");
}

#[test]
fn drafts_of_ended_processes_are_removed_and_others_stay() {
    let scratch = Scratch::new();
    let mut child = std::process::Command::new("true").spawn().unwrap();
    let ended = child.id();
    child.wait().unwrap();
    let draft = |process: u32, number: u32| format!(".iolink-{process}-{number}.draft");
    let (left, locked, living) = (draft(ended, 0), draft(ended, 1), draft(1, 0));
    let own = draft(std::process::id(), 4_000_000_000);
    for name in [&left, &locked, &living, &own] {
        write(scratch.0.join(name), "draft").unwrap();
    }
    // The maker may live where this process does not see it.
    let held = File::open(scratch.0.join(&locked)).unwrap();
    // SAFETY: no memory is involved.
    assert_eq!(unsafe { libc::flock(held.as_raw_fd(), libc::LOCK_EX) }, 0);
    put(&FolderStore::writable(&scratch.0), "value", b"x").unwrap();
    let mut expected = vec![locked, living, own, "value".to_owned()];
    expected.sort();
    assert_eq!(scratch.names(), expected);
}

#[test]
fn a_child_made_by_fork_neither_removes_nor_commits_a_draft() {
    let scratch = Scratch::new();
    let store = FolderStore::writable(&scratch.0);
    let open = |key| store.open(key, StoreMode::Create, &CALL).unwrap().into_stream().unwrap();
    let (dropped, closed) = (open("dropped"), open("closed"));
    dropped.write(b"by the parent").unwrap();
    closed.write(b"by the parent").unwrap();
    // SAFETY: the child calls nothing that waits for a lock of another thread, and ends at once.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let failed = closed.write(b"child").is_err() & closed.close().is_err();
        drop(dropped);
        // SAFETY: nothing of this process is needed any more.
        unsafe { libc::_exit(if failed { 0 } else { 1 }) };
    }
    let mut status = 0;
    // SAFETY: the child is this process's own.
    assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
    assert_eq!(status, 0, "the child wrote to its parent's draft");
    dropped.close().unwrap();
    closed.close().unwrap();
    assert_eq!(scratch.names(), ["closed", "dropped"]);
    assert_eq!((&store as &dyn Store).read("closed", &CALL).unwrap(), b"by the parent");
}

/// Name of the variable that gives the folder to the process that has no room.
const NO_ROOM: &str = "IOLINK_TEST_NO_ROOM";

#[test]
fn a_value_is_as_before_if_there_is_no_room_for_the_new_one() {
    let scratch = Scratch::new();
    put(&FolderStore::writable(&scratch.0), "value", b"before").unwrap();
    let this = std::env::current_exe().unwrap();
    let test = "folders::a_process_without_room_for_files";
    let child = std::process::Command::new(this).args(["--exact", test]).env(NO_ROOM, &scratch.0).output().unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
    assert_eq!(scratch.names(), ["value"]);
    assert_eq!(std::fs::read(scratch.0.join("value")).unwrap(), b"before");
}

/// Does something only as a child of the test above.
#[test]
fn a_process_without_room_for_files() {
    let folder = match std::env::var_os(NO_ROOM) {
        Some(folder) => folder,
        None => return,
    };
    let room = libc::rlimit { rlim_cur: 1 << 20, rlim_max: 1 << 20 };
    // SAFETY: the limit is this process's own, and the struct outlives the call.
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
        assert_eq!(libc::setrlimit(libc::RLIMIT_FSIZE, &room), 0);
    }
    let store = FolderStore::writable(folder);
    let large = vec![1; 4 << 20];
    for key in ["value", "new"] {
        let refused = put(&store, key, &large).unwrap_err();
        assert_eq!((refused.kind(), refused.code()), (ErrorKind::Io, libc::EFBIG), "{refused}");
        let stream = store.open(key, StoreMode::Replace, &CALL).unwrap().into_stream().unwrap();
        let written = write_all(&*stream, &large);
        assert_eq!(written.unwrap_err().code(), libc::EFBIG);
        assert!(stream.close().unwrap_err().message().contains("as before"));
    }
    put(&store, "value", b"small").unwrap();
    put(&store, "value", b"before").unwrap();
}

fn write_all(stream: &dyn StreamAccess, mut data: &[u8]) -> iolink_sdk::Result<()> {
    while !data.is_empty() {
        data = &data[stream.write(data)?..];
    }
    Ok(())
}
