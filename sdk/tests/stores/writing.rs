//! Putting, removing, and the streams and random accesses that write.

use crate::kit::{get, put, put_if_absent, writable, CALL};
use iolink_sdk::view::{StoreMode, StorePut, StoreRange};
use iolink_sdk::{ErrorKind, Result, SeekFrom, Store, StoreCapability, StreamAccess};
use std::sync::Arc;

fn writer(store: &dyn Store, key: &str, mode: StoreMode) -> Result<Arc<dyn StreamAccess>> {
    store.open(key, mode, &CALL)?.into_stream()
}

#[test]
fn a_value_is_put_replaced_and_removed() {
    for subject in writable() {
        let (store, name) = (&*subject.store, subject.name);
        let large: Vec<u8> = (0..20_000_000u32).map(|index| (index >> 7) as u8).collect();
        let mut versions = Vec::new();
        for data in [&b"one"[..], b"", &large, b"two"] {
            put(store, "deep/in/it", data).unwrap();
            assert_eq!(store.read("deep/in/it", &CALL).unwrap(), data, "{name}");
            let entry = store.stat("deep/in/it", &CALL).unwrap();
            assert_eq!((entry.key.as_str(), entry.value_size), ("deep/in/it", data.len() as u64), "{name}");
            assert!(!entry.is_prefix && entry.modified_ns > 1_500_000_000_000_000_000, "{name}");
            versions.push(entry.version.unwrap());
        }
        versions.sort();
        versions.dedup();
        assert_eq!(versions.len(), 4, "{name}: each value has a version of its own");
        assert_eq!(put_if_absent(store, "deep/in/it", b"x").unwrap_err().kind(), ErrorKind::Exists, "{name}");
        assert_eq!(store.read("deep/in/it", &CALL).unwrap(), b"two", "{name}");
        store.remove("deep/in/it", &CALL).unwrap();
        assert_eq!(store.remove("deep/in/it", &CALL).unwrap_err().kind(), ErrorKind::NotFound, "{name}");
        assert_eq!(store.stat("deep/in/it", &CALL).unwrap_err().kind(), ErrorKind::NotFound, "{name}");
        put_if_absent(store, "deep/in/it", b"x").unwrap();
        assert!(!versions.contains(&store.stat("deep/in/it", &CALL).unwrap().version.unwrap()), "{name}");
        assert_eq!(store.keys(&CALL).unwrap(), ["deep/in/it"], "{name}");
    }
}

#[test]
fn a_value_is_written_on_condition_of_its_version_where_that_is_claimed() {
    for subject in writable() {
        let (store, name) = (&*subject.store, subject.name);
        put(store, "value", b"one").unwrap();
        let version = store.stat("value", &CALL).unwrap().version;
        let put = |key, if_version| {
            store
                .put(&StorePut { key, data: b"two", if_absent: false, if_version }, &CALL)
                .map_err(|error| error.kind())
        };
        if !store.capabilities().has(StoreCapability::CONDITIONAL) {
            assert_eq!(put("value", version.as_deref()), Err(ErrorKind::NotImplemented), "{name}");
            continue;
        }
        assert_eq!(put("gone", version.as_deref()), Err(ErrorKind::Changed), "{name}");
        assert_eq!(put("value", Some("another")), Err(ErrorKind::Changed), "{name}");
        assert_eq!(put("value", version.as_deref()), Ok(()), "{name}");
        assert_eq!(put("value", version.as_deref()), Err(ErrorKind::Changed), "{name}");
        assert_eq!(store.keys(&CALL).unwrap(), ["value"], "{name}");
    }
}

#[test]
fn a_stream_commits_on_close_and_aborts_when_it_is_dropped() {
    for subject in writable() {
        let (store, name) = (&*subject.store, subject.name);
        for mode in [StoreMode::Create, StoreMode::Replace] {
            let stream = writer(store, "a/b", mode).unwrap();
            stream.write(b"lost").unwrap();
            drop(stream);
            assert_eq!(store.stat("a/b", &CALL).unwrap_err().kind(), ErrorKind::NotFound, "{name}");
        }
        let stream = writer(store, "a/b", StoreMode::Create).unwrap();
        assert_eq!(stream.write(b"0123456789").unwrap(), 10, "{name}");
        assert_eq!(stream.seek(SeekFrom::Start(4)).unwrap(), 4, "{name}");
        stream.write(b"xy").unwrap();
        assert_eq!(stream.seek(SeekFrom::End(2)).unwrap(), 12, "{name}");
        stream.write(b"!").unwrap();
        assert_eq!(stream.seek(SeekFrom::Current(-99)).unwrap_err().kind(), ErrorKind::InvalidArgument, "{name}");
        assert_eq!(stream.length().unwrap(), 13, "{name}");
        stream.flush().unwrap();
        assert_eq!(store.stat("a/b", &CALL).unwrap_err().kind(), ErrorKind::NotFound, "{name}: not closed yet");
        assert!(store.keys(&CALL).unwrap().is_empty(), "{name}");
        stream.close().unwrap();
        stream.close().unwrap();
        for error in [
            stream.write(b"late").unwrap_err(),
            stream.seek(SeekFrom::Start(0)).unwrap_err(),
            stream.resize(0).unwrap_err(),
            stream.length().unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Closed, "{name}");
        }
        drop(stream);
        assert_eq!(store.read("a/b", &CALL).unwrap(), b"0123xy6789\0\0!", "{name}");
        assert_eq!(writer(store, "a/b", StoreMode::Create).err().unwrap().kind(), ErrorKind::Exists, "{name}");
        let stream = writer(store, "a/b", StoreMode::Replace).unwrap();
        stream.resize(3).unwrap();
        stream.close().unwrap();
        assert_eq!(store.read("a/b", &CALL).unwrap(), b"\0\0\0", "{name}");
        assert_eq!(store.keys(&CALL).unwrap(), ["a/b"], "{name}");
    }
}

#[test]
fn a_value_is_updated_in_place_and_resized() {
    for subject in writable() {
        let (store, name) = (&*subject.store, subject.name);
        assert_eq!(store.open("value", StoreMode::Update, &CALL).unwrap_err().kind(), ErrorKind::NotFound, "{name}");
        put(store, "value", b"0123456789").unwrap();
        let update = store.open("value", StoreMode::Update, &CALL).unwrap().into_random_access().unwrap();
        update.write_at(8, b"xy").unwrap();
        for (offset, count) in [(9, 2), (10, 1), (u64::MAX, 1), (11, 0)] {
            let error = update.write_at(offset, &[0; 2][..count]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::OutOfRange, "{name}, {offset}");
        }
        update.resize(12).unwrap();
        update.write_at(11, b"!").unwrap();
        update.flush().unwrap();
        let mut buffer = [9; 20];
        assert_eq!((update.length().unwrap(), update.read_at(6, &mut buffer).unwrap()), (12, 6), "{name}");
        assert_eq!(store.read("value", &CALL).unwrap(), b"01234567xy\0!", "{name}");
        update.resize(2).unwrap();
        assert_eq!(get(store, "value", StoreRange::All, Some(2)).unwrap().unwrap(), (b"01".to_vec(), 2), "{name}");
    }
}
