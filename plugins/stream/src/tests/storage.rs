//! Storages, and files that somebody else cuts.

use super::{given, Scratch};
use crate::{DataStorage, MemoryAccess, OpenMode};
use iolink_sdk::{ErrorKind, RandomAccess, Result, SeekFrom, Source, StreamAccess};
use std::collections::BTreeMap;
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

fn text(access: &dyn RandomAccess) -> String {
    let mut buffer = vec![0; access.length() as usize];
    access.read_at(0, &mut buffer).unwrap();
    String::from_utf8(buffer).unwrap()
}

#[test]
fn a_source_of_several_files_finds_the_others() {
    let header = among(&["scan/a.hdr", "scan/a.img", "b"], "scan/a.hdr").unwrap();
    let source = Source::new("stream:scan/a.hdr").with_bytes(header.random_access(false).unwrap());
    let image = source.neighbour("a.img").unwrap();
    assert_eq!((image.uri(), text(&*image.bytes().unwrap()).as_str()), ("stream:scan/a.img", "scan/a.img"));
    assert_eq!(image.neighbour("./a.hdr").unwrap().bytes().unwrap().origin().as_deref(), Some("scan/a.hdr"));
    assert_eq!(source.bytes().unwrap().neighbours().unwrap().names().unwrap(), ["a.hdr", "a.img"]);
    assert_eq!(source.neighbour("../b").err().unwrap().kind(), ErrorKind::InvalidArgument);
    assert_eq!(source.neighbour("gone").err().unwrap().kind(), ErrorKind::NotFound);
    let lone = Source::new("stream:x").with_bytes(Arc::new(MemoryAccess::over(given(b"x", false))));
    assert_eq!(lone.neighbour("y").err().unwrap().kind(), ErrorKind::NotImplemented);
}

#[test]
fn a_file_and_its_neighbours_lie_in_one_folder() {
    let (one, other) = (Scratch::holding(b"one"), Scratch::holding(b"other"));
    let name = |file: &Scratch| file.0.file_name().unwrap().to_str().unwrap().to_owned();
    let storage = DataStorage::File { path: one.0.clone(), interrupted: go_on };
    let beside = storage.neighbour(&name(&other)).unwrap();
    assert_eq!(text(&*beside.random_access(false).unwrap()), "other");
    let found = storage.random_access(false).unwrap().neighbours().unwrap();
    assert_eq!(text(&*found.open(&name(&other)).unwrap()), "other");
    assert!(found.names().unwrap().contains(&name(&one)));
    assert_eq!(storage.stream(OpenMode::READ).unwrap().length().unwrap(), 3);
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
