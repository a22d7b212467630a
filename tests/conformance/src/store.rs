//! Promises of stores.

use crate::make::pattern;
use crate::report::{Held, Report};
use crate::{claims, hold, words, Subject};
use iolink_sdk::view::{Got, StoreEntry, StoreGet, StoreMode, StorePut, StoreRange};
use iolink_sdk::{Call, CapabilitySet, CreateView, ErrorKind, Result as Made, Store, StoreCapability, View};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

const SILENT: Call<'static> = Call::silent();

/// Strings that are not keys: absolute, climbing, with an empty part, with a NUL.
const NOT_KEYS: [&str; 9] = ["", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a\0b"];

/// Values of a store under test, in byte order of their keys.
const VALUES: [(&str, &[u8]); 7] = [
    ("a-b", b"before the folder"),
    ("a/1", b"one"),
    ("a/2", b""),
    ("a/b/3", b"three"),
    ("a/b/4", b"four"),
    ("b", b"0123456789"),
    ("µ", b"after the letters"),
];

/// Makes an empty store.
pub(crate) type Make<'a> = &'a dyn Fn() -> Result<Arc<dyn Store>, String>;

fn put(store: &dyn Store, key: &str, data: &[u8]) -> Held {
    store.put(&StorePut { key, data, if_absent: false, if_version: None }, &SILENT).map_err(words)
}

fn filled(make: Make<'_>) -> Result<Arc<dyn Store>, String> {
    let store = make()?;
    // Not in the order in which they are listed.
    for (key, data) in VALUES.iter().rev() {
        put(&*store, key, data)?;
    }
    Ok(store)
}

fn kind<T>(result: Made<T>) -> Option<ErrorKind> {
    result.err().map(|error| error.kind())
}

fn read(store: &dyn Store, key: &str) -> Result<Vec<u8>, String> {
    store.read(key, &SILENT).map_err(words)
}

fn is_value(store: &dyn Store, key: &str, expected: &[u8], when: &str) -> Held {
    let found = read(store, key)?;
    hold!(found == expected, "{when} {key:?} holds {} bytes that are not the {} expected", found.len(), expected.len());
    Ok(())
}

fn is_kind<T>(result: Made<T>, expected: ErrorKind, what: &str) -> Held {
    let found = kind(result);
    hold!(found == Some(expected), "{what} gave {found:?}, not {expected:?}");
    Ok(())
}

/// Tests the stores that a provider creates.
pub(crate) fn check_offer(report: &mut Report<'_>, subject: &Subject<'_>, claimed: u64) {
    check(report, "store (create)", claimed, &|| {
        subject.provider.create(CreateView::Store.in_memory()).and_then(View::into_store).map_err(words)
    });
}

/// Tests the stores that `make` makes by what they claim.
pub(crate) fn check(report: &mut Report<'_>, name: &str, claimed: u64, make: Make<'_>) {
    let has = |capability| StoreCapability::from_bits(claimed).has(capability);
    report.test(&format!("{name}: has what its offer promises, also over the border"), || {
        claims(&View::Store(make()?), claimed)
    });
    if !has(StoreCapability::READ) || !has(StoreCapability::WRITE) {
        return report.untested(&format!("{name}: its values"), "the suite tests stores that it can fill and read");
    }
    reading(report, name, make);
    if has(StoreCapability::LIST) {
        listing(report, name, make);
    }
    writing(report, name, make, has(StoreCapability::CONDITIONAL));
    opening(report, name, make);
}

fn reading(report: &mut Report<'_>, name: &str, make: Make<'_>) {
    report.test(&format!("{name} READ: a value whole and in part, copied and lent"), || {
        let store = filled(make)?;
        for (key, value) in VALUES {
            is_value(&*store, key, value, "after it was written")?;
        }
        for (range, expected) in [
            (StoreRange::All, &b"0123456789"[..]),
            (StoreRange::From { offset: 2, length: 3 }, b"234"),
            (StoreRange::From { offset: 8, length: 99 }, b"89"),
            (StoreRange::From { offset: 10, length: 1 }, b""),
            (StoreRange::From { offset: u64::MAX, length: u64::MAX }, b""),
            (StoreRange::Last(4), b"6789"),
            (StoreRange::Last(99), b"0123456789"),
            (StoreRange::Last(0), b""),
        ] {
            let mut room = [0xAA; 16];
            match store.get("b", range, Some(&mut room), &SILENT).map_err(words)? {
                Got::Copied { done, value_size: 10 } if room.get(..done as usize) == Some(expected) => {}
                _ => return Err(format!("{range:?} was not copied as it is, with the size of the whole")),
            }
            hold!(room[expected.len()..].iter().all(|byte| *byte == 0xAA), "{range:?} wrote behind its bytes");
            match store.get("b", range, None, &SILENT).map_err(words)? {
                // SAFETY: nothing writes the value during the test.
                Got::Lent { bytes, value_size: 10 } if unsafe { bytes.as_slice() } == expected => {}
                _ => return Err(format!("{range:?} was not lent as it is, with the size of the whole")),
            }
        }
        Ok(())
    });
    report.test(&format!("{name} READ: a missing key is the fault of its item alone"), || {
        let store = filled(make)?;
        let keys = ["b", "gone", "a/1", "a/../b", "a/b", "µ"];
        let mut gets: Vec<StoreGet<'_>> = keys
            .iter()
            .map(|key| StoreGet { key: (*key).to_owned(), range: StoreRange::All, buffer: None, result: None })
            .collect();
        store.get_many(&mut gets, &|_, _| {}, &SILENT).map_err(|error| format!("the whole batch failed: {error}"))?;
        let expected =
            [None, Some(ErrorKind::NotFound), None, Some(ErrorKind::InvalidArgument), Some(ErrorKind::NotFound), None];
        for (get, expected) in gets.iter().zip(expected) {
            let found = match &get.result {
                None => return Err(format!("{:?} has no result", get.key)),
                Some(result) => result.as_ref().err().map(|error| error.kind()),
            };
            hold!(found == expected, "{:?} gave {found:?}, not {expected:?}", get.key);
        }
        Ok(())
    });
    report.test(&format!("{name} READ: a buffer that is too small takes nothing, and learns the size"), || {
        let store = filled(make)?;
        for (range, room) in
            [(StoreRange::All, 9), (StoreRange::From { offset: 2, length: 5 }, 4), (StoreRange::All, 0)]
        {
            let mut buffer = vec![0xAA; room];
            match store.get("b", range, Some(&mut buffer), &SILENT).map_err(words)? {
                Got::TooSmall { value_size: 10 } => {}
                Got::TooSmall { value_size } => return Err(format!("the value of 10 bytes has {value_size}")),
                _ => return Err(format!("{range:?} fitted into {room} bytes")),
            }
            hold!(buffer.iter().all(|byte| *byte == 0xAA), "part of it was copied");
        }
        match store.get("a/2", StoreRange::All, Some(&mut []), &SILENT).map_err(words)? {
            Got::Copied { done: 0, value_size: 0 } => Ok(()),
            _ => Err("a buffer of no bytes was too small for an empty value".to_owned()),
        }
    });
    report.test(&format!("{name} READ: completes each item of a batch once, with its result"), || {
        const COUNT: usize = 10_000;
        let store = filled(make)?;
        let keys = ["b", "gone", "a/1", "a/../b"];
        let mut rooms = vec![[0u8; 10]; COUNT];
        let mut gets: Vec<StoreGet<'_>> = (0..COUNT)
            .zip(&mut rooms)
            .map(|(index, room)| StoreGet {
                key: keys[index % 4].to_owned(),
                range: StoreRange::All,
                // Every second one of those that are there is lent.
                buffer: (index % 8 < 4).then_some(&mut room[..]),
                result: None,
            })
            .collect();
        let completed: Vec<AtomicUsize> = (0..COUNT).map(|_| AtomicUsize::new(0)).collect();
        let early = AtomicUsize::new(0);
        let complete = |index: usize, get: &StoreGet<'_>| {
            if get.result.is_none() || get.key != keys[index % 4] {
                early.fetch_add(1, Ordering::Relaxed);
            }
            completed[index].fetch_add(1, Ordering::Relaxed);
        };
        store.get_many(&mut gets, &complete, &SILENT).map_err(words)?;
        let wrong = completed.iter().position(|times| times.load(Ordering::Relaxed) != 1);
        if let Some(index) = wrong {
            return Err(format!("item {index} was completed {} times", completed[index].load(Ordering::Relaxed)));
        }
        let early = early.load(Ordering::Relaxed);
        hold!(early == 0, "{early} items were completed without their result");
        Ok(())
    });
    report.test(&format!("{name} READ: stops a batch when it is asked to"), || {
        let store = filled(make)?;
        let mut gets: Vec<StoreGet<'_>> = (0..1000)
            .map(|_| StoreGet { key: "b".to_owned(), range: StoreRange::All, buffer: None, result: None })
            .collect();
        let asked = AtomicUsize::new(0);
        let stop = |_, _| asked.fetch_add(1, Ordering::Relaxed) < 3;
        let stopped = store.get_many(&mut gets, &|_, _| {}, &Call::new(&stop));
        // One that does not ask is slow, not wrong.
        hold!(
            stopped.is_ok() && asked.load(Ordering::Relaxed) <= 3 || kind(stopped) == Some(ErrorKind::Cancelled),
            "it was asked to stop, and did not end with Cancelled"
        );
        Ok(())
    });
    report.test(&format!("{name} READ: rejects what is not a key"), || {
        let store = filled(make)?;
        for key in NOT_KEYS {
            is_kind(
                store.get(key, StoreRange::All, None, &SILENT),
                ErrorKind::InvalidArgument,
                &format!("get {key:?}"),
            )?;
            is_kind(store.stat(key, &SILENT), ErrorKind::InvalidArgument, &format!("stat {key:?}"))?;
            is_kind(store.open(key, StoreMode::Read, &SILENT), ErrorKind::InvalidArgument, &format!("open {key:?}"))?;
        }
        let long = "k".repeat(4097);
        is_kind(store.stat(&long, &SILENT), ErrorKind::InvalidArgument, "a key of 4097 bytes")
    });
    report.test(&format!("{name} READ: many threads read the same"), || {
        let store = filled(make)?;
        std::thread::scope(|scope| {
            let one = || VALUES.iter().cycle().take(500).all(|(key, value)| read(&*store, key).as_deref() == Ok(value));
            let readers: Vec<_> = (0..4).map(|_| scope.spawn(one)).collect();
            let same = readers.into_iter().all(|reader| reader.join().unwrap_or(false));
            hold!(same, "a thread read something else");
            Ok(())
        })
    });
}

fn list(store: &dyn Store, prefix: &str, after: Option<&str>, recursive: bool) -> Result<Vec<StoreEntry>, String> {
    let mut found = Vec::new();
    let mut visit = |entry: &StoreEntry| {
        found.push(entry.clone());
        true
    };
    store.list(prefix, after, recursive, &mut visit, &SILENT).map_err(words)?;
    Ok(found)
}

fn keys_of(entries: &[StoreEntry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.key.as_str()).collect()
}

fn listing(report: &mut Report<'_>, name: &str, make: Make<'_>) {
    report.test(&format!("{name} LIST: in byte order, behind a key, below a prefix"), || {
        let store = filled(make)?;
        let all = VALUES.map(|(key, _)| key);
        for (prefix, after, recursive, expected) in [
            ("", None, true, &all[..]),
            ("", Some("a/2"), true, &all[3..]),
            ("", Some("a/2x"), true, &all[3..]),
            ("", Some("µ"), true, &[]),
            ("a/", None, true, &all[1..5]),
            ("a/b/", Some("a/b/3"), true, &all[4..5]),
            ("gone/", None, true, &[]),
        ] {
            let found = list(&*store, prefix, after, recursive)?;
            hold!(
                keys_of(&found) == expected,
                "below {prefix:?} behind {after:?} it lists {:?}, not {expected:?}",
                keys_of(&found)
            );
            for entry in &found {
                let size = VALUES.iter().find(|(key, _)| *key == entry.key).map(|(_, value)| value.len() as u64);
                hold!(!entry.is_prefix && Some(entry.value_size) == size, "it lists {entry:?}");
            }
        }
        is_kind(store.list("a", None, true, &mut |_| true, &SILENT), ErrorKind::InvalidArgument, "the prefix a")
    });
    report.test(&format!("{name} LIST: deeper keys stand together as one prefix"), || {
        let store = filled(make)?;
        for (prefix, after, expected) in [
            ("", None, &["a-b", "a/", "b", "µ"][..]),
            ("", Some("a/"), &["b", "µ"]),
            ("a/", None, &["a/1", "a/2", "a/b/"]),
            ("a/", Some("a/2"), &["a/b/"]),
        ] {
            let found = list(&*store, prefix, after, false)?;
            hold!(
                keys_of(&found) == expected,
                "below {prefix:?} behind {after:?} it lists {:?}, not {expected:?}",
                keys_of(&found)
            );
            let marked = found.iter().all(|entry| entry.is_prefix == entry.key.ends_with('/'));
            hold!(marked, "prefixes are not marked as such: {found:?}");
        }
        Ok(())
    });
    report.test(&format!("{name} LIST: a reader that has enough ends it, which is no error"), || {
        let store = filled(make)?;
        let mut found = 0;
        let mut visit = |_: &StoreEntry| {
            found += 1;
            found < 2
        };
        store.list("", None, true, &mut visit, &SILENT).map_err(words)?;
        hold!(found == 2, "it went on to {found} entries");
        Ok(())
    });
}

fn writing(report: &mut Report<'_>, name: &str, make: Make<'_>, conditional: bool) {
    report.test(&format!("{name} WRITE: a value is replaced, and what was lent stays"), || {
        let store = filled(make)?;
        let lent = store.get("b", StoreRange::All, None, &SILENT).map_err(words)?;
        put(&*store, "b", b"9876543210")?;
        is_value(&*store, "b", b"9876543210", "after it was replaced")?;
        put(&*store, "b", b"short")?;
        is_value(&*store, "b", b"short", "after it was replaced by less")?;
        is_value(&*store, "a/1", b"one", "after another value was replaced")?;
        match &lent {
            // SAFETY: the store keeps what it lent as it was.
            Got::Lent { bytes, .. } => hold!(unsafe { bytes.as_slice() } == b"0123456789", "lent bytes have changed"),
            _ => return Err("without a buffer nothing was lent".to_owned()),
        }
        drop(store);
        match lent {
            // SAFETY: as above; they may outlive the store.
            Got::Lent { bytes, .. } if unsafe { bytes.as_slice() } == b"0123456789" => Ok(()),
            _ => Err("lent bytes went with the store".to_owned()),
        }
    });
    report.test(&format!("{name}: the version changes with the value, and only then"), || {
        let store = filled(make)?;
        let version = |key: &str| store.stat(key, &SILENT).map(|entry| entry.version).map_err(words);
        let before = version("b")?;
        hold!(version("b")? == before, "it changed although the value did not");
        put(&*store, "a/1", b"another")?;
        hold!(version("b")? == before, "it changed with the value of another key");
        let mut seen = vec![before];
        // Of the same length, and back to what it was.
        for value in [b"9876543210", b"abcdefghij", b"0123456789"] {
            put(&*store, "b", value)?;
            let now = version("b")?;
            hold!(now.is_none() || seen.last() != Some(&now), "another value has the version {now:?} too");
            seen.push(now);
        }
        let entry = store.stat("b", &SILENT).map_err(words)?;
        hold!(entry.key == "b" && entry.value_size == 10 && !entry.is_prefix, "it says {entry:?}");
        is_kind(store.stat("gone", &SILENT), ErrorKind::NotFound, "stat of a missing key")
    });
    report.test(&format!("{name} WRITE: IF_ABSENT keeps what is there"), || {
        let store = filled(make)?;
        let absent = |key| store.put(&StorePut { key, data: b"new", if_absent: true, if_version: None }, &SILENT);
        is_kind(absent("b"), ErrorKind::Exists, "a key that has a value")?;
        is_value(&*store, "b", b"0123456789", "after IF_ABSENT failed")?;
        absent("new").map_err(words)?;
        is_value(&*store, "new", b"new", "after IF_ABSENT")
    });
    if conditional {
        report.test(&format!("{name} CONDITIONAL: writes over the version that is named only"), || {
            let store = filled(make)?;
            let version = store.stat("b", &SILENT).map_err(words)?.version;
            let version = version.ok_or("it has no version to name")?;
            let over =
                |key, data| store.put(&StorePut { key, data, if_absent: false, if_version: Some(&version) }, &SILENT);
            over("b", &b"second"[..]).map_err(words)?;
            is_kind(over("b", b"third"), ErrorKind::Changed, "a version that is gone")?;
            is_value(&*store, "b", b"second", "after if_version failed")?;
            is_kind(over("gone", b"third"), ErrorKind::Changed, "a version of a missing key")?;
            is_kind(store.stat("gone", &SILENT), ErrorKind::NotFound, "a key that was not written")
        });
    }
    report.test(&format!("{name} WRITE: removes values, each once"), || {
        let store = filled(make)?;
        store.remove("b", &SILENT).map_err(words)?;
        is_kind(store.stat("b", &SILENT), ErrorKind::NotFound, "a removed key")?;
        is_kind(store.remove("b", &SILENT), ErrorKind::NotFound, "removing it again")?;
        store.remove("a/b/3", &SILENT).map_err(words)?;
        is_value(&*store, "a/b/4", b"four", "after the key beside it was removed")?;
        is_value(&*store, "a/1", b"one", "after another key was removed")
    });
    report.test(&format!("{name} WRITE: rejects what is not a key"), || {
        let store = filled(make)?;
        for key in NOT_KEYS {
            let put = StorePut { key, data: b"x", if_absent: false, if_version: None };
            is_kind(store.put(&put, &SILENT), ErrorKind::InvalidArgument, &format!("put {key:?}"))?;
            is_kind(store.remove(key, &SILENT), ErrorKind::InvalidArgument, &format!("remove {key:?}"))?;
            for mode in [StoreMode::Update, StoreMode::Create, StoreMode::Replace] {
                let opened = store.open(key, mode, &SILENT);
                is_kind(opened, ErrorKind::InvalidArgument, &format!("{mode:?} of {key:?}"))?;
            }
        }
        Ok(())
    });
}

fn opening(report: &mut Report<'_>, name: &str, make: Make<'_>) {
    report.test(&format!("{name} READ: opens a value as random access"), || {
        let store = filled(make)?;
        let opened = store.open_bytes("b", &SILENT).map_err(words)?;
        let mut room = [0; 16];
        let length = opened.length().map_err(words)?;
        let count = opened.read_at(3, &mut room).map_err(words)?;
        hold!(length == 10 && room.get(..count) == Some(b"3456789"), "of {length} bytes it read {count} from 3 on");
        is_kind(opened.write_at(0, b"x"), ErrorKind::NotImplemented, "writing what was opened for reading")?;
        is_kind(store.open("gone", StoreMode::Read, &SILENT), ErrorKind::NotFound, "READ of a missing key")
    });
    report.test(&format!("{name} WRITE: UPDATE changes a value in place"), || {
        let store = filled(make)?;
        let opened = store.open("b", StoreMode::Update, &SILENT).and_then(View::into_random_access).map_err(words)?;
        opened.write_at(8, b"xy").map_err(words)?;
        opened.flush().map_err(words)?;
        is_kind(opened.write_at(9, b"abc"), ErrorKind::OutOfRange, "writing past the end")?;
        drop(opened);
        is_value(&*store, "b", b"01234567xy", "after UPDATE")?;
        is_kind(store.open("gone", StoreMode::Update, &SILENT), ErrorKind::NotFound, "UPDATE of a missing key")?;
        is_kind(store.stat("gone", &SILENT), ErrorKind::NotFound, "a key that UPDATE did not find")
    });
    let stream = |store: &dyn Store, key: &str, mode| store.open(key, mode, &SILENT).and_then(View::into_stream);
    report.test(&format!("{name} WRITE: CREATE and REPLACE commit when they are closed"), || {
        let store = filled(make)?;
        let value = pattern(100_000, 3);
        for (key, mode) in [("new", StoreMode::Create), ("b", StoreMode::Replace), ("c/d/e", StoreMode::Replace)] {
            let before = read(&*store, key).ok();
            let writer = stream(&*store, key, mode).map_err(words)?;
            let mut left = &value[..];
            while !left.is_empty() {
                let taken = writer.write(&left[..left.len().min(33_333)]).map_err(words)?;
                hold!(taken > 0, "a write took nothing");
                left = &left[taken..];
            }
            hold!(read(&*store, key).ok() == before, "{key:?} is seen before {mode:?} was closed");
            writer.close().map_err(words)?;
            is_value(&*store, key, &value, "after close")?;
            is_kind(writer.write(b"more"), ErrorKind::Closed, "a write after close")?;
            let version = store.stat(key, &SILENT).map_err(words)?.version;
            writer.close().map_err(words)?;
            hold!(store.stat(key, &SILENT).map_err(words)?.version == version, "a second close wrote again");
        }
        is_kind(stream(&*store, "b", StoreMode::Create), ErrorKind::Exists, "CREATE of a key that has a value")
    });
    report.test(&format!("{name} WRITE: a stream that is dropped without close leaves what was there"), || {
        let store = filled(make)?;
        for (key, mode) in [("b", StoreMode::Replace), ("new", StoreMode::Create)] {
            let writer = stream(&*store, key, mode).map_err(words)?;
            writer.write(b"lost").map_err(words)?;
        }
        is_value(&*store, "b", b"0123456789", "after REPLACE was dropped")?;
        is_kind(store.stat("new", &SILENT), ErrorKind::NotFound, "a key whose CREATE was dropped")?;
        let found = list(&*store, "", None, true);
        hold!(found.map_or(true, |found| found.len() == VALUES.len()), "it left a key beside the others");
        Ok(())
    });
}
