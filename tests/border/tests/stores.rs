//! A store crosses the ABI twice; a target in a store reaches the provider.

use iolink_border_tests::{near, plugin};
use iolink_sdk::view::{Got, StoreEntry, StoreGet, StoreMode, StorePut, StoreRange};
use iolink_sdk::{
    fail, Call, CreateView, DataType, ErrorKind, MetadataNode, Result, Shape, Store, StoreCapability, Target, View,
};
use plugin::Plugin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

fn mirror() -> &'static Plugin {
    static MIRROR: OnceLock<Plugin> = OnceLock::new();
    MIRROR.get_or_init(|| {
        let path = plugin::build("iolink-border-mirror", "iolink_border_mirror").unwrap();
        Plugin::load(&path).unwrap()
    })
}

fn far(store: impl Store + 'static) -> Arc<dyn Store> {
    mirror().convert(View::store(store)).unwrap().into_store().unwrap()
}

fn folder() -> Arc<dyn Store> {
    far(near::Store::new([("a/1", &b"one"[..]), ("a/2", b""), ("a/b/3", b"three"), ("c", b"0123456789")]))
}

fn kind<T>(result: Result<T>) -> Option<ErrorKind> {
    result.err().map(|error| error.kind())
}

const SILENT: Call<'static> = Call::silent();

#[test]
fn values_are_read_whole_and_in_part() {
    let store = folder();
    assert!(store.foreign().is_some());
    assert!(store.capabilities().has(StoreCapability::READ.and(StoreCapability::CONDITIONAL)));
    assert_eq!(store.read("a/b/3", &SILENT).unwrap(), b"three");
    assert_eq!(store.read("a/2", &SILENT).unwrap(), b"");
    assert_eq!(kind(store.read("a/b", &SILENT)), Some(ErrorKind::NotFound));
    for key in ["", "../a", "a//1", "/a/1", "a/1/"] {
        assert_eq!(kind(store.read(key, &SILENT)), Some(ErrorKind::InvalidArgument), "{key:?}");
    }
    let mut room = [0; 4];
    for (range, wanted) in [
        (StoreRange::From { offset: 2, length: 3 }, &b"234"[..]),
        (StoreRange::From { offset: 8, length: 99 }, b"89"),
        (StoreRange::From { offset: u64::MAX, length: u64::MAX }, b""),
        (StoreRange::Last(4), b"6789"),
        (StoreRange::Last(0), b""),
    ] {
        match store.get("c", range, Some(&mut room), &SILENT).unwrap() {
            Got::Copied { done, value_size: 10 } => assert_eq!(&room[..done as usize], wanted, "{range:?}"),
            _ => panic!("{range:?} was not copied"),
        }
        match store.get("c", range, None, &SILENT).unwrap() {
            // SAFETY: nothing writes the bytes.
            Got::Lent { bytes, value_size: 10 } => assert_eq!(unsafe { bytes.as_slice() }, wanted, "{range:?}"),
            _ => panic!("{range:?} was not lent"),
        }
    }
    let small = store.get("c", StoreRange::All, Some(&mut room), &SILENT).unwrap();
    assert!(matches!(small, Got::TooSmall { value_size: 10 }));
}

#[test]
fn lent_bytes_outlive_the_store() {
    let store = folder();
    let lent = store.get("c", StoreRange::All, None, &SILENT).unwrap();
    store.remove("c", &SILENT).unwrap();
    drop(store);
    match lent {
        // SAFETY: nothing writes the bytes.
        Got::Lent { bytes, .. } => assert_eq!(unsafe { bytes.as_slice() }, b"0123456789"),
        _ => panic!("the bytes were not lent"),
    }
}

#[test]
fn many_values_are_read_together_and_each_is_completed_once() {
    const COUNT: usize = 100_000;
    let store = folder();
    let keys = ["c", "gone", "a/1", "a/../c"];
    let mut rooms = vec![[0u8; 10]; COUNT];
    let mut gets: Vec<StoreGet<'_>> = rooms
        .iter_mut()
        .enumerate()
        .map(|(index, room)| StoreGet {
            key: keys[index % 4].to_owned(),
            range: StoreRange::All,
            buffer: Some(&mut room[..]),
            result: None,
        })
        .collect();
    let completed: Vec<AtomicUsize> = (0..COUNT).map(|_| AtomicUsize::new(0)).collect();
    let complete = |index: usize, get: &StoreGet<'_>| {
        assert!(get.result.is_some());
        completed[index].fetch_add(1, Ordering::SeqCst);
    };
    store.get_many(&mut gets, &complete, &SILENT).unwrap();
    assert!(completed.iter().all(|times| times.load(Ordering::SeqCst) == 1));
    for (index, get) in gets.iter().enumerate() {
        let result = get.result.as_ref().unwrap();
        match index % 4 {
            0 => assert!(matches!(result, Ok(Got::Copied { done: 10, .. }))),
            2 => assert!(matches!(result, Ok(Got::Copied { done: 3, .. }))),
            1 => assert_eq!(result.as_ref().err().map(|error| error.kind()), Some(ErrorKind::NotFound)),
            _ => assert_eq!(result.as_ref().err().map(|error| error.kind()), Some(ErrorKind::InvalidArgument)),
        }
    }
    drop(gets);
    assert_eq!((&rooms[0], &rooms[2][..3]), (b"0123456789", &b"one"[..]));
}

#[test]
fn a_batch_is_stopped_on_request() {
    let store = folder();
    let mut gets: Vec<StoreGet<'_>> =
        (0..10).map(|_| StoreGet { key: "c".into(), range: StoreRange::All, buffer: None, result: None }).collect();
    let stop = |done, _| done < 4;
    let stopped = store.get_many(&mut gets, &|_, _| (), &Call::new(&stop));
    assert_eq!(kind(stopped), Some(ErrorKind::Cancelled));
    assert!(gets.iter().all(|get| get.result.is_some()));
    assert_eq!(gets.iter().filter(|get| matches!(get.result, Some(Ok(_)))).count(), 4);
}

#[test]
fn keys_are_listed_in_byte_order() {
    let store = folder();
    let list = |prefix: &str, after: Option<&str>, recursive: bool, most: usize| {
        let mut found: Vec<String> = Vec::new();
        let mut visit = |entry: &StoreEntry| {
            assert_eq!(entry.is_prefix, entry.key.ends_with('/'));
            found.push(entry.key.clone());
            found.len() < most
        };
        store.list(prefix, after, recursive, &mut visit, &SILENT).map(|()| found)
    };
    assert_eq!(store.keys(&SILENT).unwrap(), ["a/1", "a/2", "a/b/3", "c"]);
    assert_eq!(list("", None, false, 9).unwrap(), ["a/", "c"]);
    assert_eq!(list("a/", None, false, 9).unwrap(), ["a/1", "a/2", "a/b/"]);
    assert_eq!(list("", Some("a/2"), true, 9).unwrap(), ["a/b/3", "c"]);
    assert_eq!(list("", None, true, 2).unwrap(), ["a/1", "a/2"]);
    assert_eq!(list("x/", None, true, 9).unwrap(), [""; 0]);
    assert_eq!(kind(list("a", None, true, 9)), Some(ErrorKind::InvalidArgument));
    let entry = store.stat("c", &SILENT).unwrap();
    assert_eq!((entry.version.as_deref(), entry.value_size, entry.modified_ns), (Some("1"), 10, 7));
}

#[test]
fn values_are_written_on_conditions_and_removed() {
    let store = folder();
    let put = |key: &str, if_absent, if_version| {
        kind(store.put(&StorePut { key, data: b"new", if_absent, if_version }, &SILENT))
    };
    assert_eq!((put("c", true, None), put("d", true, None)), (Some(ErrorKind::Exists), None));
    assert_eq!((put("c", false, Some("2")), put("c", false, Some("1"))), (Some(ErrorKind::Changed), None));
    assert_eq!(put("a/../c", false, None), Some(ErrorKind::InvalidArgument));
    assert_eq!(
        (store.read("c", &SILENT).unwrap(), store.stat("c", &SILENT).unwrap().version),
        (b"new".to_vec(), Some("2".into()))
    );
    store.remove("d", &SILENT).unwrap();
    assert_eq!(kind(store.remove("d", &SILENT)), Some(ErrorKind::NotFound));
    assert_eq!(kind(store.remove("..", &SILENT)), Some(ErrorKind::InvalidArgument));
}

#[test]
fn values_are_opened_for_reading_updating_and_writing() {
    let store = folder();
    let stream = |key: &str, mode| store.open(key, mode, &SILENT).and_then(View::into_stream);
    let bytes = store.open_bytes("c", &SILENT).unwrap();
    assert_eq!(bytes.length().unwrap(), 10);
    let updated = store.open("c", StoreMode::Update, &SILENT).unwrap().into_random_access().unwrap();
    updated.write_at(8, b"xy").unwrap();
    assert_eq!(store.read("c", &SILENT).unwrap(), b"01234567xy");
    assert_eq!(kind(store.open("gone", StoreMode::Update, &SILENT)), Some(ErrorKind::NotFound));
    assert_eq!(kind(stream("c", StoreMode::Create)), Some(ErrorKind::Exists));

    // `close` commits, the last release without it drops what was written.
    let dropped = stream("c", StoreMode::Replace).unwrap();
    dropped.write(b"lost").unwrap();
    drop(dropped);
    assert_eq!(store.read("c", &SILENT).unwrap(), b"01234567xy");
    let kept = stream("c", StoreMode::Replace).unwrap();
    kept.write(b"ke").unwrap();
    kept.write(b"pt").unwrap();
    assert_eq!(store.read("c", &SILENT).unwrap(), b"01234567xy");
    kept.close().unwrap();
    assert_eq!(store.read("c", &SILENT).unwrap(), b"kept");
    assert_eq!(kind(kept.write(b"more")), Some(ErrorKind::Closed));
    kept.close().unwrap();
    assert_eq!(store.stat("c", &SILENT).unwrap().version.as_deref(), Some("3"), "a second close does nothing");
}

/// A read-only store that records what is read soon.
struct Soon(Arc<Mutex<Vec<(String, StoreRange)>>>);

impl Store for Soon {
    fn capabilities(&self) -> StoreCapability {
        StoreCapability::READ
    }

    fn get(&self, key: &str, _: StoreRange, _: Option<&mut [u8]>, _: &Call<'_>) -> Result<Got> {
        fail!(NotFound, "there is no {key}")
    }

    fn prefetch(&self, gets: &[(&str, StoreRange)], _: &Call<'_>) {
        self.0.lock().unwrap().extend(gets.iter().map(|(key, range)| ((*key).to_owned(), *range)));
    }

    fn stat(&self, key: &str, _: &Call<'_>) -> Result<StoreEntry> {
        fail!(NotFound, "there is no {key}")
    }

    fn open(&self, key: &str, _: StoreMode, _: &Call<'_>) -> Result<View> {
        fail!(NotFound, "there is no {key}")
    }
}

#[test]
fn a_store_hears_what_is_read_soon_and_rejects_what_it_cannot() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let store = far(Soon(heard.clone()));
    let ranges = [StoreRange::All, StoreRange::From { offset: 5, length: 7 }, StoreRange::Last(9)];
    store.prefetch(&[("a", ranges[0]), ("../b", ranges[0]), ("b", ranges[1]), ("c", ranges[2])], &SILENT);
    let wanted = [("a".to_owned(), ranges[0]), ("b".to_owned(), ranges[1]), ("c".to_owned(), ranges[2])];
    assert_eq!(*heard.lock().unwrap(), wanted);
    let put = StorePut { key: "a", data: b"", if_absent: false, if_version: None };
    assert_eq!(kind(store.put(&put, &SILENT)), Some(ErrorKind::NotImplemented));
    assert_eq!(kind(store.remove("a", &SILENT)), Some(ErrorKind::NotImplemented));
    assert_eq!(kind(store.keys(&SILENT)), Some(ErrorKind::NotImplemented));
}

#[test]
fn a_store_that_comes_home_is_itself_again() {
    let home: Arc<dyn Store> = Arc::new(near::Store::new([("a", &b"1"[..])]));
    let raw = View::Store(home.clone()).into_raw("");
    // SAFETY: the view was just handed out with one reference.
    let back = unsafe { View::from_raw(raw) }.unwrap().into_store().unwrap();
    assert!(Arc::ptr_eq(&home, &back));
}

#[test]
fn a_target_reaches_the_provider_with_its_store_options_and_flags() {
    let store: Arc<dyn Store> = Arc::new(near::Store::new([("taken", &b"here"[..])]));
    let target = |key: &str| Target::new("mirror:target").with_format("MIRROR").with_store(store.clone(), key);
    let text = |key: &str| String::from_utf8(store.read(key, &SILENT).unwrap()).unwrap();
    let image = || View::image(near::Image::new(&[4, 2], DataType::UINT8));
    let call = SILENT.with_max_threads(2);
    mirror().save(image(), &target("a/b").with_option("level", "7"), &call).unwrap();
    assert_eq!(text("a/b"), "image (READ | WRITE | MEMORY_ACCESS | RESHAPE), 2 threads, level 7, mirror:target");
    assert_eq!(kind(mirror().save(image(), &target("taken"), &call)), Some(ErrorKind::Exists));
    mirror().save(image(), &target("taken").with_overwrite(true), &call).unwrap();
    assert!(text("taken").contains("level 0"));
    assert_eq!(kind(mirror().save(image(), &target("../up"), &call)), Some(ErrorKind::InvalidArgument));
    assert_eq!(
        kind(mirror().save(image(), &target("x").with_option("levels", "7"), &call)),
        Some(ErrorKind::InvalidArgument)
    );

    let mut metadata = MetadataNode::default();
    metadata.set("/a/b", 1).unwrap();
    let (shape, tile) = (Shape::new(&[8, 8]).unwrap(), Shape::new(&[4, 2]).unwrap());
    let view = CreateView::Image {
        shape,
        data_type: DataType::UINT16,
        properties: None,
        metadata: Some(metadata),
        tile_shape: Some(tile),
    };
    mirror().create(view.at(target("created"))).unwrap();
    assert_eq!(text("created"), "image (8, 8) of UINT16 in tiles (4, 2), 3 nodes, level 0, mirror:target");
    mirror().create(CreateView::image(shape, DataType::UINT16, None).at(target("plain"))).unwrap();
    assert_eq!(text("plain"), "image (8, 8) of UINT16 in tiles none, 0 nodes, level 0, mirror:target");
    let lone = mirror().create(CreateView::image(shape, DataType::UINT16, None).in_memory());
    assert_eq!(kind(lone), Some(ErrorKind::InvalidArgument));
}
