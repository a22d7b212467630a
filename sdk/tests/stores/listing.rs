//! Listings, each compared with the plainest one that could be right.

use crate::kit::{holding, CALL};
use iolink_sdk::view::StoreEntry;
use iolink_sdk::{Call, ErrorKind, Store};
use std::collections::BTreeSet;

/// Keys whose byte order is not that of a walk through the folders.
const KEYS: [&str; 12] =
    ["a!", "a.b", "a/b", "a/b!", "a/c/d", "a/c/e/f", "a0", "a b/c", "b", "ä/ö", "z/z/z/z", "a/c.d"];

/// The expected keys by the promise of `list`.
fn expected(prefix: &str, after: Option<&str>, recursive: bool) -> Vec<String> {
    let entry = |key: &&str| {
        let rest = key.strip_prefix(prefix)?;
        match rest.find('/') {
            Some(slash) if !recursive => Some(format!("{prefix}{}/", &rest[..slash])),
            _ => Some((*key).to_owned()),
        }
    };
    let all: BTreeSet<String> = KEYS.iter().filter_map(entry).collect();
    all.into_iter().filter(|key| after.map_or(true, |after| key.as_str() > after)).collect()
}

#[test]
fn keys_come_in_byte_order_below_a_prefix_and_after_a_key() {
    let values: Vec<(&str, &[u8])> = KEYS.iter().map(|key| (*key, key.as_bytes())).collect();
    let prefixes = ["", "a/", "a/c/", "a/c/e/", "ä/", "z/z/", "gone/", "a", "b/"];
    let places = ["", "a", "a/", "a/b", "a/c/", "a/c/d", "a/c/zzz", "a0", "b", "z/", "\u{10FFFF}", "gone"];
    for subject in holding(&values) {
        for prefix in prefixes {
            for recursive in [true, false] {
                for after in places.iter().copied().map(Some).chain([None]) {
                    let mut found = Vec::new();
                    let mut visit = |entry: &StoreEntry| {
                        assert_eq!(entry.is_prefix, entry.key.ends_with('/'));
                        assert_eq!(entry.value_size, if entry.is_prefix { 0 } else { entry.key.len() as u64 });
                        found.push(entry.key.clone());
                        true
                    };
                    let listed = subject.store.list(prefix, after, recursive, &mut visit, &CALL);
                    let words = format!("{}, {prefix:?}, {after:?}, {recursive}", subject.name);
                    if prefix == "a" {
                        assert_eq!(listed.unwrap_err().kind(), ErrorKind::InvalidArgument, "{words}");
                    } else {
                        listed.unwrap();
                        assert_eq!(found, expected(prefix, after, recursive), "{words}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_listing_is_read_in_pages_and_ends_when_it_is_told() {
    let values: Vec<(&str, &[u8])> = KEYS.iter().map(|key| (*key, &b"x"[..])).collect();
    for subject in holding(&values) {
        let (mut all, mut after) = (Vec::new(), None::<String>);
        loop {
            let mut page = Vec::new();
            let mut visit = |entry: &StoreEntry| {
                page.push(entry.key.clone());
                page.len() < 5
            };
            subject.store.list("", after.as_deref(), true, &mut visit, &CALL).unwrap();
            assert!(page.len() <= 5, "{}", subject.name);
            match page.last() {
                Some(last) => after = Some(last.clone()),
                None => break,
            }
            all.append(&mut page);
        }
        assert_eq!(all, expected("", None, true), "{}", subject.name);
    }
}

#[test]
fn a_long_listing_has_each_key_once() {
    let keys: Vec<String> = (0..2500).map(|number| format!("a/{number:04}/b")).collect();
    let store = iolink_sdk::stores::MemoryStore::new();
    keys.iter().for_each(|key| crate::kit::put(&store, key, b"").unwrap());
    let listed = |recursive| {
        let mut found = Vec::new();
        let mut visit = |entry: &StoreEntry| {
            found.push(entry.key.clone());
            true
        };
        store.list("a/", None, recursive, &mut visit, &CALL).unwrap();
        found
    };
    assert_eq!(listed(true), keys);
    let folders: Vec<&str> = keys.iter().map(|key| &key[..key.len() - 1]).collect();
    assert_eq!(listed(false), folders);
}

#[test]
fn a_wrong_prefix_is_rejected() {
    for subject in holding(&[("a/b", b"x")]) {
        for prefix in ["/", "../", "a", "a//", "./", "a/../", "..", "nul\0/"] {
            let listed = subject.store.list(prefix, None, true, &mut |_| true, &CALL);
            assert_eq!(listed.unwrap_err().kind(), ErrorKind::InvalidArgument, "{}, {prefix:?}", subject.name);
        }
    }
}

#[test]
fn a_visitor_may_use_the_store() {
    for subject in holding(&[("a", b"1"), ("b", b"2")]) {
        let mut read = Vec::new();
        let mut visit = |entry: &StoreEntry| {
            read.extend(subject.store.read(&entry.key, &CALL).unwrap());
            true
        };
        subject.store.list("", None, true, &mut visit, &CALL).unwrap();
        assert_eq!(read, b"12", "{}", subject.name);
    }
}

#[test]
fn the_listing_of_a_folder_stops_on_request() {
    for subject in holding(&[("a", b"1"), ("b", b"2")]).iter().filter(|subject| subject.folder.is_some()) {
        let listed = subject.store.list("", None, true, &mut |_| true, &Call::new(&|_, _| false));
        assert_eq!(listed.unwrap_err().kind(), ErrorKind::Cancelled, "{}", subject.name);
    }
}
