//! Values, ranges, buffers, keys that are not there or are not keys.

use crate::kit::{get, holding, put, writable, CALL};
use iolink_sdk::view::{StoreMode, StorePut, StoreRange};
use iolink_sdk::{ErrorKind, StoreCapability, StreamCapability};

const VALUE: &[u8] = b"0123456789";

#[test]
fn a_range_gives_the_same_bytes_copied_and_lent() {
    let ranges = [
        (StoreRange::All, VALUE),
        (StoreRange::From { offset: 0, length: 3 }, b"012"),
        (StoreRange::From { offset: 4, length: 3 }, b"456"),
        (StoreRange::From { offset: 8, length: 9 }, b"89"),
        (StoreRange::From { offset: 8, length: u64::MAX }, b"89"),
        (StoreRange::From { offset: 10, length: 1 }, b""),
        (StoreRange::From { offset: u64::MAX, length: u64::MAX }, b""),
        (StoreRange::From { offset: 3, length: 0 }, b""),
        (StoreRange::Last(0), b""),
        (StoreRange::Last(4), b"6789"),
        (StoreRange::Last(u64::MAX), VALUE),
    ];
    for subject in holding(&[("a/value", VALUE), ("empty", b"")]) {
        for (range, expected) in ranges {
            for room in [None, Some(expected.len()), Some(64)] {
                let read = get(&*subject.store, "a/value", range, room).unwrap().unwrap();
                assert_eq!(read, (expected.to_vec(), 10), "{}, {range:?}, {room:?}", subject.name);
                let read = get(&*subject.store, "empty", range, room).unwrap().unwrap();
                assert_eq!(read, (Vec::new(), 0), "{}, {range:?}, {room:?}", subject.name);
            }
        }
    }
}

#[test]
fn too_small_a_buffer_stays_as_it_is() {
    for subject in holding(&[("value", VALUE)]) {
        for room in 0..10 {
            assert!(get(&*subject.store, "value", StoreRange::All, Some(room)).unwrap().is_none(), "{}", subject.name);
        }
        assert!(get(&*subject.store, "value", StoreRange::Last(3), Some(2)).unwrap().is_none(), "{}", subject.name);
    }
}

#[test]
fn a_key_without_a_value_is_not_found() {
    for subject in holding(&[("a/value", VALUE)]) {
        // A folder is not a value, and nothing lies below a value.
        for key in ["gone", "a", "a/gone", "a/value/below", "b/c/d"] {
            let store = &*subject.store;
            for error in [
                get(store, key, StoreRange::All, None).unwrap_err(),
                get(store, key, StoreRange::All, Some(4)).unwrap_err(),
                store.stat(key, &CALL).unwrap_err(),
                store.open(key, StoreMode::Read, &CALL).unwrap_err(),
            ] {
                assert_eq!(error.kind(), ErrorKind::NotFound, "{}, {key}: {error}", subject.name);
            }
        }
    }
}

#[test]
fn what_is_not_a_key_is_rejected_by_every_function() {
    let long = "x".repeat(64 << 10);
    let wrong = ["", ".", "..", "/", "/etc/passwd", "../x", "a/../../x", "a//b", "./a", "a/", "a/.", "nul\0", &long];
    for subject in holding(&[("a/value", VALUE)]) {
        let store = &*subject.store;
        for key in wrong {
            let put = StorePut { key, data: b"x", if_absent: false, if_version: None };
            let mut errors = vec![
                get(store, key, StoreRange::All, None).unwrap_err(),
                store.stat(key, &CALL).unwrap_err(),
                store.open(key, StoreMode::Read, &CALL).unwrap_err(),
            ];
            if store.capabilities().has(StoreCapability::WRITE) {
                errors.push(store.put(&put, &CALL).unwrap_err());
                errors.push(store.remove(key, &CALL).unwrap_err());
                for mode in [StoreMode::Update, StoreMode::Create, StoreMode::Replace] {
                    errors.push(store.open(key, mode, &CALL).unwrap_err());
                }
            }
            for error in errors {
                let key = &key[..key.len().min(20)];
                assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{}, {key:?}: {error}", subject.name);
            }
        }
        assert_eq!(store.keys(&CALL).unwrap(), ["a/value"], "{}", subject.name);
    }
}

#[test]
fn a_read_only_store_is_not_written() {
    for subject in holding(&[("value", VALUE)]) {
        let store = &*subject.store;
        if store.capabilities().has(StoreCapability::WRITE) {
            continue;
        }
        assert_eq!(put(store, "value", b"x").unwrap_err().kind(), ErrorKind::NotImplemented, "{}", subject.name);
        assert_eq!(store.remove("value", &CALL).unwrap_err().kind(), ErrorKind::NotImplemented, "{}", subject.name);
        for mode in [StoreMode::Update, StoreMode::Create, StoreMode::Replace] {
            let error = store.open("value", mode, &CALL).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotImplemented, "{}, {mode:?}", subject.name);
        }
    }
}

#[test]
fn a_value_opens_as_random_access() {
    for subject in holding(&[("a/value", VALUE), ("empty", b"")]) {
        let bytes = subject.store.open_bytes("a/value", &CALL).unwrap();
        let mut buffer = [0; 20];
        assert_eq!((bytes.length().unwrap(), bytes.read_at(7, &mut buffer).unwrap()), (10, 3), "{}", subject.name);
        assert_eq!(&buffer[..3], b"789", "{}", subject.name);
        assert_eq!(bytes.read_at(u64::MAX, &mut buffer).unwrap(), 0, "{}", subject.name);
        assert!(!bytes.capabilities().has(StreamCapability::WRITE), "{}", subject.name);
        assert_eq!(subject.store.open_bytes("empty", &CALL).unwrap().length().unwrap(), 0, "{}", subject.name);
    }
}

#[test]
fn lent_bytes_outlive_their_value_and_their_store() {
    for subject in writable() {
        let store = subject.store;
        put(&*store, "value", VALUE).unwrap();
        let lent = |key| match store.get(key, StoreRange::From { offset: 2, length: 5 }, None, &CALL).unwrap() {
            iolink_sdk::view::Got::Lent { bytes, .. } => bytes,
            _ => panic!("{}: nothing was lent", subject.name),
        };
        let loans = [lent("value"), lent("value")];
        let opened = store.open_bytes("value", &CALL).unwrap();
        let update = store.open("value", StoreMode::Update, &CALL).unwrap().into_random_access().unwrap();
        update.write_at(0, b"XXXXXXXXXX").unwrap();
        put(&*store, "value", b"other").unwrap();
        store.remove("value", &CALL).unwrap();
        drop((store, update));
        for bytes in &loans {
            // SAFETY: the store keeps lent bytes unchanged.
            assert_eq!(unsafe { bytes.as_slice() }, b"23456", "{}", subject.name);
        }
        assert_eq!(opened.length().unwrap(), 10, "{}", subject.name);
    }
}
