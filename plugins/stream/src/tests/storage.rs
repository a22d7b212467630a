//! Storages, and files that somebody else cuts.

use super::{given, Scratch};
use crate::{DataStorage, MemoryAccess, OpenMode};
use iolink_sdk::stores::MemoryStore;
use iolink_sdk::view::StoreMode;
use iolink_sdk::{Call, ErrorKind, RandomAccess, Result, SeekFrom, Source, StreamAccess};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

fn go_on() -> Result<()> {
    Ok(())
}

fn among(names: &[&str], name: &str) -> Result<DataStorage> {
    let bytes = |name: &&str| -> (String, Arc<dyn RandomAccess>) {
        ((*name).to_owned(), Arc::new(MemoryAccess::over(given(name.as_bytes(), false))))
    };
    DataStorage::among(names.iter().map(bytes).collect::<BTreeMap<_, _>>(), name)
}

fn content(access: &dyn RandomAccess) -> String {
    let mut buffer = vec![0; access.length().unwrap() as usize];
    access.read_at(0, &mut buffer).unwrap();
    String::from_utf8(buffer).unwrap()
}

/// A folder that is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn holding(files: &[(&str, &str)]) -> Self {
        let folder = Folder(Scratch::new().0.clone());
        for (name, held) in files {
            let path = folder.0.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, held).unwrap();
        }
        folder
    }

    fn storage(&self, name: &str) -> DataStorage {
        DataStorage::File { path: self.0.join(name), interrupted: go_on }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

#[test]
fn a_source_of_several_files_finds_its_siblings() {
    let header = among(&["scan/a.hdr", "scan/a.img", "b"], "scan/a.hdr").unwrap();
    let call = Call::silent();
    let source = Source::new("stream:scan/a.hdr")
        .with_bytes(header.random_access(false).unwrap())
        .with_store(header.store(false), header.key().unwrap());
    let image = source.sibling("a.img", &call).unwrap();
    assert_eq!((image.key(), content(&*image.bytes().unwrap()).as_str()), (Some("scan/a.img"), "scan/a.img"));
    let same = image.sibling("./a.hdr", &call).unwrap();
    assert_eq!(same.bytes().unwrap().origin().as_deref(), Some("scan/a.hdr"));
    assert_eq!(header.siblings().unwrap(), ["a.hdr", "a.img"]);
    assert_eq!(source.store().unwrap().keys(&call).unwrap(), ["b", "scan/a.hdr", "scan/a.img"]);
    assert_eq!(source.sibling("../b", &call).err().unwrap().kind(), ErrorKind::InvalidArgument);
    assert_eq!(source.sibling("gone", &call).err().unwrap().kind(), ErrorKind::NotFound);
    let lone = Source::new("stream:x").with_bytes(Arc::new(MemoryAccess::over(given(b"x", false))));
    assert_eq!(lone.sibling("y", &call).err().unwrap().kind(), ErrorKind::NotImplemented);
}

#[test]
fn named_bytes_are_written_in_place_but_not_through_their_store() {
    let bytes: Arc<dyn RandomAccess> = Arc::new(MemoryAccess::over(given(b"abc", true)));
    let all = BTreeMap::from([("a".to_owned(), bytes)]);
    let storage = DataStorage::among(all, "a").unwrap();
    storage.random_access(true).unwrap().write_at(1, b"!").unwrap();
    assert_eq!(content(&*storage.random_access(false).unwrap()), "a!c");
    let store = storage.store(true);
    assert_eq!(store.read("a", &Call::silent()).unwrap(), b"a!c");
    let update = store.open("a", StoreMode::Update, &Call::silent()).err().unwrap();
    assert_eq!(update.kind(), ErrorKind::NotImplemented);
    assert_eq!(storage.stream(OpenMode::WRITE).err().unwrap().kind(), ErrorKind::NotImplemented);
}

#[test]
fn a_file_and_its_siblings_lie_in_one_folder() {
    let folder = Folder::holding(&[("one", "one"), ("other", "other"), ("sub/deep", "deep"), ("sub/more", "more")]);
    let storage = folder.storage("one");
    assert_eq!(content(&*storage.sibling("./other").unwrap().random_access(false).unwrap()), "other");
    assert_eq!(storage.siblings().unwrap(), ["one", "other"]);
    let deep = storage.sibling("sub/deep").unwrap();
    assert_eq!(
        (deep.key().unwrap(), deep.siblings().unwrap()),
        ("sub/deep", vec!["deep".to_owned(), "more".to_owned()])
    );
    assert_eq!(content(&*deep.sibling("more").unwrap().random_access(false).unwrap()), "more");
    for name in ["../one", "", "/etc/passwd", "nul\0"] {
        assert_eq!(deep.sibling(name).err().unwrap().kind(), ErrorKind::InvalidArgument, "{name}");
    }
    let new = storage.sibling("new").unwrap();
    new.stream(OpenMode::parse("xb").unwrap()).unwrap().write(b"new").unwrap();
    assert_eq!(storage.store(false).read("new", &Call::silent()).unwrap(), b"new");
    assert_eq!(storage.stream(OpenMode::READ).unwrap().length().unwrap(), 3);
}

#[test]
fn a_link_leads_no_sibling_out_of_its_folder() {
    let folder = Folder::holding(&[("in/one", "one"), ("secret", "secret")]);
    let storage = folder.storage("in/one");
    std::os::unix::fs::symlink("../secret", folder.0.join("in/link")).unwrap();
    let link = storage.sibling("link").unwrap();
    let mode = OpenMode::parse("wb").unwrap();
    for error in [
        link.random_access(false).err().unwrap(),
        link.random_access(true).err().unwrap(),
        link.stream(OpenMode::READ).err().unwrap(),
        link.stream(mode).err().unwrap(),
        storage.store(false).read("link", &Call::silent()).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
    }
    assert_eq!(storage.siblings().unwrap(), ["one"]);
    assert_eq!(std::fs::read(folder.0.join("secret")).unwrap(), b"secret");
}

#[test]
fn a_key_of_a_store_opens_by_every_mode_that_a_store_has() {
    let storage = DataStorage::stored(Arc::new(MemoryStore::new()), "scan/a.hdr").unwrap();
    assert_eq!(storage.random_access(false).err().unwrap().kind(), ErrorKind::NotFound);
    let stream = storage.stream(OpenMode::parse("xb").unwrap()).unwrap();
    stream.write(b"header").unwrap();
    stream.close().unwrap();
    assert_eq!(storage.stream(OpenMode::parse("xb").unwrap()).err().unwrap().kind(), ErrorKind::Exists);
    storage.stream(OpenMode::parse("r+b").unwrap()).unwrap().write(b"H").unwrap();
    assert_eq!(content(&*storage.random_access(false).unwrap()), "Header");
    let image = storage.sibling("a.img").unwrap();
    let stream = image.stream(OpenMode::WRITE).unwrap();
    stream.write(b"samples").unwrap();
    assert_eq!(storage.siblings().unwrap(), ["a.hdr"]);
    stream.close().unwrap();
    assert_eq!(storage.siblings().unwrap(), ["a.hdr", "a.img"]);
    for mode in ["ab", "w+b", "a+b"] {
        let error = storage.stream(OpenMode::parse(mode).unwrap()).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::NotImplemented, "{mode}");
    }
    assert_eq!(DataStorage::stored(storage.store(true), "../x").err().unwrap().kind(), ErrorKind::InvalidArgument);
}

#[test]
fn a_file_that_was_cut_is_an_error_where_bytes_are_missing() {
    let file = Scratch::holding(b"0123456789");
    let stream = file.open("r+b").unwrap();
    let cut = |length| std::fs::OpenOptions::new().write(true).open(&file.0).unwrap().set_len(length).unwrap();
    let mut buffer = [0; 8];
    cut(5);
    let error = stream.read(&mut buffer).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Corrupt, libc::EIO));
    assert_eq!(stream.read(&mut buffer[..5]).unwrap(), 5, "what is there can be read");
    assert_eq!(stream.read(&mut buffer).unwrap_err().kind(), ErrorKind::Corrupt);
    // What the stream itself did to the file is no surprise.
    stream.resize(3).unwrap();
    assert_eq!(stream.read(&mut buffer).unwrap(), 0);
    stream.seek(SeekFrom::Start(6)).unwrap();
    assert_eq!(stream.write(b"").unwrap(), 0);
    stream.seek(SeekFrom::Start(0)).unwrap();
    assert_eq!(stream.read(&mut buffer).unwrap(), 3);
    stream.write(b"more").unwrap();
    cut(4);
    stream.seek(SeekFrom::Start(0)).unwrap();
    assert_eq!(stream.read(&mut buffer).unwrap_err().kind(), ErrorKind::Corrupt);
}
