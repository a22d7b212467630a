//! Stores across the ABI: keys that lead elsewhere, long batches, buffers that are too small, and callees that lie.

mod puppet;

use iolink_sdk::abi::*;
use iolink_sdk::view::{check_key, Got, StoreEntry, StoreGet, StoreMode, StorePut, StoreRange};
use iolink_sdk::{fail, Bytes, Call, ErrorKind, Owner, Result, Store, StoreCapability, View};
use puppet::{base, call, error, message, puppet};
use std::ffi::{CStr, CString};
use std::mem::size_of;
use std::os::raw::{c_char, c_void};
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// A store whose values are computed: under `n/7` lie the eight bytes of 7, under `empty` none, elsewhere nothing.
struct Numbers {
    /// Keys that were written or removed.
    changed: Mutex<Vec<String>>,
    lent: Arc<()>,
}

impl Numbers {
    fn new() -> Self {
        Numbers { changed: Mutex::new(Vec::new()), lent: Arc::new(()) }
    }

    fn value(&self, key: &str) -> Result<Vec<u8>> {
        check_key(key)?;
        match key.strip_prefix("n/").and_then(|number| number.parse::<u64>().ok()) {
            Some(number) => Ok(number.to_le_bytes().to_vec()),
            None if key == "empty" => Ok(Vec::new()),
            None => fail!(NotFound, "there is no {key}"),
        }
    }
}

/// Keeps lent bytes.
struct Lent {
    bytes: Vec<u8>,
    _counted: Arc<()>,
}

impl Store for Numbers {
    fn capabilities(&self) -> StoreCapability {
        StoreCapability::READ.and(StoreCapability::WRITE).and(StoreCapability::LIST)
    }

    fn get(&self, key: &str, range: StoreRange, buffer: Option<&mut [u8]>, _call: &Call<'_>) -> Result<Got> {
        let value = self.value(key)?;
        let value_size = value.len() as u64;
        let (offset, length) = range.within(value_size);
        let wanted = &value[offset as usize..(offset + length) as usize];
        match buffer {
            Some(buffer) if buffer.len() < wanted.len() => Ok(Got::TooSmall { value_size }),
            Some(buffer) => {
                buffer[..wanted.len()].copy_from_slice(wanted);
                Ok(Got::Copied { done: length, value_size })
            }
            None => {
                let kept = Arc::new(Lent { bytes: wanted.to_vec(), _counted: self.lent.clone() });
                let data = kept.bytes.as_ptr() as *mut u8;
                Ok(Got::Lent { bytes: Bytes { data, length, writable: false, owner: Owner::arc(kept) }, value_size })
            }
        }
    }

    fn stat(&self, key: &str, _call: &Call<'_>) -> Result<StoreEntry> {
        Ok(StoreEntry { key: key.to_owned(), value_size: self.value(key)?.len() as u64, ..StoreEntry::default() })
    }

    fn list(
        &self,
        _prefix: &str,
        _after: Option<&str>,
        _recursive: bool,
        visit: &mut dyn FnMut(&StoreEntry) -> bool,
        _call: &Call<'_>,
    ) -> Result<()> {
        let entry = |number: u64| StoreEntry { key: format!("n/{number}"), value_size: 8, ..StoreEntry::default() };
        (0..5).all(|number| visit(&entry(number)));
        Ok(())
    }

    fn open(&self, key: &str, _mode: StoreMode, _call: &Call<'_>) -> Result<View> {
        self.value(key)?;
        fail!(Unsupported, "{key} was found")
    }

    fn put(&self, put: &StorePut<'_>, _call: &Call<'_>) -> Result<()> {
        if put.if_absent && self.value(put.key).is_ok() {
            fail!(Exists, "{} has a value", put.key);
        }
        self.changed.lock().unwrap().push(put.key.to_owned());
        Ok(())
    }

    fn remove(&self, key: &str, _call: &Call<'_>) -> Result<()> {
        self.value(key)?;
        self.changed.lock().unwrap().push(key.to_owned());
        Ok(())
    }
}

/// A store behind its table, and the store itself.
struct Raw {
    raw: *mut iolink_view,
    store: Arc<Numbers>,
}

/// Hands on to the store, so that the test keeps a reference to it.
struct Shared(Arc<Numbers>);

impl Store for Shared {
    fn capabilities(&self) -> StoreCapability {
        self.0.capabilities()
    }
    fn get(&self, key: &str, range: StoreRange, buffer: Option<&mut [u8]>, call: &Call<'_>) -> Result<Got> {
        self.0.get(key, range, buffer, call)
    }
    fn stat(&self, key: &str, call: &Call<'_>) -> Result<StoreEntry> {
        self.0.stat(key, call)
    }
    fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        recursive: bool,
        visit: &mut dyn FnMut(&StoreEntry) -> bool,
        call: &Call<'_>,
    ) -> Result<()> {
        self.0.list(prefix, after, recursive, visit, call)
    }
    fn open(&self, key: &str, mode: StoreMode, call: &Call<'_>) -> Result<View> {
        self.0.open(key, mode, call)
    }
    fn put(&self, put: &StorePut<'_>, call: &Call<'_>) -> Result<()> {
        self.0.put(put, call)
    }
    fn remove(&self, key: &str, call: &Call<'_>) -> Result<()> {
        self.0.remove(key, call)
    }
}

impl Raw {
    fn new() -> Self {
        let store = Arc::new(Numbers::new());
        Raw { raw: View::store(Shared(store.clone())).into_raw("test.store"), store }
    }

    fn table(&self) -> &iolink_store_vtable {
        // SAFETY: the view is a live store.
        unsafe { &*((*self.raw).vtable as *const iolink_store_vtable) }
    }

    fn get_many(&self, gets: &mut [iolink_store_get], flags: u32) -> i32 {
        let list: Vec<*mut iolink_store_get> = gets.iter_mut().map(|get| get as *mut _).collect();
        let mut batch = batch(&list, flags);
        // SAFETY: batch, items and the view live until the function returns.
        unsafe { self.table().get_many.unwrap()(self.raw, &mut batch, null(), null_mut()) }
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // SAFETY: the view is live and its one reference is ours.
        drop(unsafe { View::from_raw(self.raw) });
    }
}

fn batch(list: &[*mut iolink_store_get], flags: u32) -> iolink_store_batch {
    iolink_store_batch {
        size: size_of::<iolink_store_batch>() as u32,
        flags,
        gets: list.as_ptr(),
        count: list.len() as u64,
        context: null_mut(),
        completed: None,
    }
}

fn get(key: &CStr, buffer: &mut [u8]) -> iolink_store_get {
    iolink_store_get {
        size: size_of::<iolink_store_get>() as u32,
        range: IOLINK_STORE_RANGE_ALL,
        key: key.as_ptr(),
        offset: 0,
        length: 0,
        buffer: buffer.as_mut_ptr() as *mut c_void,
        capacity: buffer.len() as u64,
        lent: null_mut(),
        status: -1,
        code: -1,
        done: 99,
        value_size: 99,
    }
}

fn put(key: &CStr, flags: u32) -> iolink_store_put {
    iolink_store_put {
        size: size_of::<iolink_store_put>() as u32,
        flags,
        key: key.as_ptr(),
        if_version: null(),
        data: b"x".as_ptr() as *const c_void,
        length: 1,
        status: -1,
        code: -1,
    }
}

fn c(text: &str) -> CString {
    CString::new(text).unwrap()
}

/// Keys that are wrong at the ABI, where a NUL ends a key.
fn wrong_keys() -> Vec<CString> {
    let mut keys: Vec<CString> =
        ["", "/", "/etc/passwd", "..", "../up", "a/../../b", "a/..", ".", "a/./b", "a//b", "a/", "n/1/"].map(c).into();
    keys.push(c(&"k".repeat(64 << 10)));
    keys.push(CString::new(&b"caf\xe9"[..]).unwrap());
    keys
}

#[test]
fn keys_that_lead_elsewhere_are_rejected_by_every_function() {
    let raw = Raw::new();
    let table = raw.table();
    for key in wrong_keys() {
        let good = c("n/5");
        let (mut first, mut second) = ([0; 8], [0; 8]);
        let mut gets = [get(&key, &mut first), get(&good, &mut second)];
        assert_eq!(raw.get_many(&mut gets, 0), IOLINK_OK, "{key:?}");
        assert_eq!((gets[0].status, gets[1].status), (IOLINK_ERROR_INVALID_ARGUMENT, IOLINK_OK), "{key:?}");
        assert_eq!((gets[1].done, gets[1].value_size, second), (8, 8, 5u64.to_le_bytes()));

        let (mut bad, mut fine) = (put(&key, 0), put(&good, 0));
        let list: [*mut iolink_store_put; 2] = [&mut bad, &mut fine];
        let (keys, mut statuses) = ([key.as_ptr(), good.as_ptr()], [-1; 2]);
        let mut visit: Visit = &mut |_| panic!("an entry was written");
        let (mut out, sink) = (null_mut(), entries(&mut visit));
        // SAFETY: everything lives until the functions return.
        let status = unsafe {
            [
                table.put_many.unwrap()(raw.raw, list.as_ptr(), 2, null(), null_mut()),
                table.remove.unwrap()(raw.raw, keys.as_ptr(), 2, statuses.as_mut_ptr(), null(), null_mut()),
                table.stat.unwrap()(raw.raw, key.as_ptr(), &sink, null(), null_mut()),
                table.open.unwrap()(raw.raw, key.as_ptr(), IOLINK_STORE_OPEN_READ, null(), &mut out, null_mut()),
            ]
        };
        let wrong = IOLINK_ERROR_INVALID_ARGUMENT;
        assert_eq!(status, [IOLINK_OK, IOLINK_OK, wrong, wrong], "{key:?}");
        assert_eq!((bad.status, fine.status, statuses), (wrong, IOLINK_OK, [wrong, IOLINK_OK]), "{key:?}");
        assert!(out.is_null());
    }
    let written = std::mem::take(&mut *raw.store.changed.lock().unwrap());
    assert!(written.iter().all(|key| key == "n/5"), "{written:?}");
    // SAFETY: NULL is passed on purpose.
    let status = unsafe { table.stat.unwrap()(raw.raw, null(), null(), null(), null_mut()) };
    assert_eq!(status, IOLINK_ERROR_INVALID_ARGUMENT);
}

/// Takes a key, and returns whether there may be more.
type Visit<'a> = &'a mut dyn FnMut(String) -> bool;

/// A sink that passes each key on; it lives no longer than `visit`.
fn entries(visit: &mut Visit<'_>) -> iolink_store_sink {
    unsafe extern "C" fn write(context: *mut c_void, entry: *const iolink_store_entry) -> i32 {
        // SAFETY: `context` is the `visit` of the frame below, and the entry is the callee's.
        unsafe {
            let visit = &mut *(context as *mut Visit<'_>);
            i32::from(!visit(CStr::from_ptr((*entry).key).to_str().unwrap().to_owned()))
        }
    }
    iolink_store_sink {
        size: size_of::<iolink_store_sink>() as u32,
        reserved: 0,
        context: visit as *mut Visit<'_> as *mut c_void,
        write: Some(write),
    }
}

#[test]
fn a_hundred_thousand_values_are_read_together_some_of_them_missing() {
    const COUNT: usize = 100_000;
    let raw = Raw::new();
    let keys: Vec<CString> = (0..COUNT)
        .map(|number| c(&if number % 3 == 2 { format!("gone/{number}") } else { format!("n/{number}") }))
        .collect();
    let mut buffers = vec![[0u8; 8]; COUNT];
    let mut gets: Vec<iolink_store_get> = keys.iter().zip(&mut buffers).map(|(key, buffer)| get(key, buffer)).collect();
    let list: Vec<*mut iolink_store_get> = gets.iter_mut().map(|get| get as *mut _).collect();
    let told: Vec<AtomicU64> = (0..COUNT).map(|_| AtomicU64::new(0)).collect();
    unsafe extern "C" fn completed(context: *mut c_void, index: u64) {
        // SAFETY: `context` is the list of the frame below, which has that many numbers.
        unsafe { &*(context as *const AtomicU64).add(index as usize) }.fetch_add(1, Ordering::SeqCst);
    }
    let mut batch =
        iolink_store_batch { context: told.as_ptr() as *mut c_void, completed: Some(completed), ..batch(&list, 0) };
    // SAFETY: batch, items and the view live until the function returns.
    let status = unsafe { raw.table().get_many.unwrap()(raw.raw, &mut batch, null(), null_mut()) };
    assert_eq!(status, IOLINK_OK);
    for (number, (item, buffer)) in gets.iter().zip(&buffers).enumerate() {
        match number % 3 {
            2 => assert_eq!((item.status, item.done), (IOLINK_ERROR_NOT_FOUND, 0)),
            _ => assert_eq!((item.status, item.done, *buffer), (IOLINK_OK, 8, (number as u64).to_le_bytes())),
        }
    }
    assert!(told.iter().all(|times| times.load(Ordering::SeqCst) == 1), "each item is completed once");
}

#[test]
fn a_buffer_that_is_too_small_is_told_the_size_of_the_value() {
    let raw = Raw::new();
    let (seven, empty) = (c("n/7"), c("empty"));
    let (mut small, mut none, mut large, mut spare) = ([9u8; 7], [0u8; 0], [9u8; 12], [9u8; 1]);
    let mut part = get(&seven, &mut spare);
    (part.range, part.offset, part.length) = (IOLINK_STORE_RANGE_FROM, 0, 1);
    let mut last = [9u8; 3];
    let mut tail = get(&seven, &mut last);
    (tail.range, tail.length) = (IOLINK_STORE_RANGE_LAST, 3);
    let mut beyond = get(&seven, &mut []);
    (beyond.range, beyond.offset, beyond.length) = (IOLINK_STORE_RANGE_FROM, u64::MAX, u64::MAX);
    let mut odd = get(&seven, &mut []);
    odd.range = 17;
    let mut gets = [
        get(&seven, &mut small),
        get(&seven, &mut none),
        get(&seven, &mut large),
        get(&empty, &mut []),
        part,
        tail,
        beyond,
        odd,
    ];
    assert_eq!(raw.get_many(&mut gets, 0), IOLINK_OK);
    let results: Vec<_> = gets.iter().map(|get| (get.status, get.done, get.value_size)).collect();
    let (limit, ok) = (IOLINK_ERROR_LIMIT, IOLINK_OK);
    assert_eq!(
        results[..7],
        [(limit, 0, 8), (limit, 0, 8), (ok, 8, 8), (ok, 0, 0), (ok, 1, 8), (ok, 3, 8), (ok, 0, 8)]
    );
    assert_eq!(gets[7].status, IOLINK_ERROR_NOT_IMPLEMENTED);
    assert_eq!((small, &large[..8], large[8], spare, last), ([9; 7], &7u64.to_le_bytes()[..], 9, [7], [0; 3]));
}

#[test]
fn lent_bytes_are_released_once_and_outlive_the_store() {
    let raw = Raw::new();
    let (key, missing) = (c("n/258"), c("no"));
    let mut lent: Vec<iolink_bytes> = (0..2).map(|_| no_bytes()).collect();
    let mut gets = [get(&key, &mut []), get(&missing, &mut []), get(&key, &mut [])];
    for (item, lent) in gets.iter_mut().zip(&mut lent) {
        (item.buffer, item.lent) = (null_mut(), lent);
    }
    // The last item has neither a buffer nor a place for lent bytes.
    gets[2].buffer = null_mut();
    assert_eq!(raw.get_many(&mut gets, 0), IOLINK_OK);
    let statuses: Vec<i32> = gets.iter().map(|get| get.status).collect();
    assert_eq!(statuses, [IOLINK_OK, IOLINK_ERROR_NOT_FOUND, IOLINK_ERROR_INVALID_ARGUMENT]);
    assert!(lent[1].release.is_none());
    let held = Arc::downgrade(&raw.store.lent);
    drop(raw);
    // SAFETY: the bytes are lent until they are released.
    let bytes = unsafe { std::slice::from_raw_parts(lent[0].data as *const u8, lent[0].length as usize) };
    assert_eq!((bytes, held.strong_count()), (&258u64.to_le_bytes()[..], 1));
    // SAFETY: the one release that is owed.
    unsafe { lent[0].release.unwrap()(lent[0].owner) };
    assert_eq!(held.strong_count(), 0);
}

fn no_bytes() -> iolink_bytes {
    iolink_bytes {
        size: size_of::<iolink_bytes>() as u32,
        flags: 0,
        data: null_mut(),
        length: 0,
        owner: null_mut(),
        release: None,
    }
}

#[test]
fn a_batch_with_unknown_flags_or_broken_items_is_rejected_whole() {
    let raw = Raw::new();
    let key = c("n/1");
    let mut buffer = [0; 8];
    let mut gets = [get(&key, &mut buffer)];
    for bit in 0..32 {
        let wanted = if bit < 16 { IOLINK_ERROR_NOT_IMPLEMENTED } else { IOLINK_OK };
        assert_eq!(raw.get_many(&mut gets, 1 << bit), wanted, "bit {bit}");
    }
    let many = raw.table().get_many.unwrap();
    let run = |batch: &mut iolink_store_batch| {
        // SAFETY: batch, items and the view live until the function returns.
        unsafe { many(raw.raw, batch, null(), null_mut()) }
    };
    let mut short = get(&key, &mut []);
    short.size -= 8;
    for list in [[null_mut()], [&mut short as *mut iolink_store_get]] {
        assert_eq!(run(&mut batch(&list, 0)), IOLINK_ERROR_INVALID_ARGUMENT);
    }
    assert_eq!(run(&mut iolink_store_batch { count: 3, gets: null(), ..batch(&[], 0) }), IOLINK_ERROR_INVALID_ARGUMENT);
    assert_eq!(run(&mut iolink_store_batch { size: 24, ..batch(&[], 0) }), IOLINK_ERROR_INVALID_ARGUMENT);
    assert_eq!(run(&mut batch(&[], 0)), IOLINK_OK);
    // SAFETY: NULL is passed on purpose.
    assert_eq!(unsafe { many(raw.raw, null_mut(), null(), null_mut()) }, IOLINK_ERROR_INVALID_ARGUMENT);
}

#[test]
fn each_item_to_be_written_has_its_own_status() {
    let raw = Raw::new();
    let (taken, free) = (c("n/1"), c("new"));
    let mut puts = [
        put(&taken, IOLINK_STORE_PUT_IF_ABSENT),
        put(&free, IOLINK_STORE_PUT_IF_ABSENT),
        put(&free, 2),
        put(&free, 1 << 16),
        iolink_store_put { data: null(), ..put(&free, 0) },
        iolink_store_put { data: null(), length: 0, ..put(&free, 0) },
        // The store would ignore the version: it does not claim CONDITIONAL.
        iolink_store_put { if_version: free.as_ptr(), ..put(&free, 0) },
    ];
    let list: Vec<*mut iolink_store_put> = puts.iter_mut().map(|put| put as *mut _).collect();
    // SAFETY: items and the view live until the function returns.
    let status =
        unsafe { raw.table().put_many.unwrap()(raw.raw, list.as_ptr(), list.len() as u64, null(), null_mut()) };
    assert_eq!(status, IOLINK_OK);
    let statuses: Vec<i32> = puts.iter().map(|put| put.status).collect();
    let wanted = [
        IOLINK_ERROR_EXISTS,
        IOLINK_OK,
        IOLINK_ERROR_NOT_IMPLEMENTED,
        IOLINK_OK,
        IOLINK_ERROR_INVALID_ARGUMENT,
        IOLINK_OK,
        IOLINK_ERROR_NOT_IMPLEMENTED,
    ];
    assert_eq!(statuses, wanted);
    assert_eq!(raw.store.changed.lock().unwrap().len(), 3);
}

#[test]
fn a_listing_stops_when_its_reader_has_enough() {
    let raw = Raw::new();
    let list = |prefix: *const c_char, flags: u32, most: usize| {
        let mut keys = Vec::new();
        let mut visit = |key: String| {
            keys.push(key);
            keys.len() < most
        };
        let mut visit: Visit = &mut visit;
        let sink = entries(&mut visit);
        let mut failed = error();
        // SAFETY: strings, sink and the view live until the function returns.
        let status = unsafe { raw.table().list.unwrap()(raw.raw, prefix, null(), flags, &sink, &call(), &mut failed) };
        (status, keys, message(&failed))
    };
    assert_eq!(list(null(), IOLINK_STORE_LIST_RECURSIVE, 99).1.len(), 5);
    assert_eq!(list(c("n/").as_ptr(), 0, 2).1, ["n/0", "n/1"]);
    for (prefix, flags, wanted) in [
        ("n", 0, IOLINK_ERROR_INVALID_ARGUMENT),
        ("/", 0, IOLINK_ERROR_INVALID_ARGUMENT),
        ("../", 0, IOLINK_ERROR_INVALID_ARGUMENT),
        ("n/", 2, IOLINK_ERROR_NOT_IMPLEMENTED),
        ("n/", 1 << 16, IOLINK_OK),
    ] {
        let (status, _, message) = list(c(prefix).as_ptr(), flags, 99);
        assert_eq!(status, wanted, "{prefix}: {message}");
    }
    let mut visit: Visit = &mut |_| true;
    let mute = iolink_store_sink { write: None, ..entries(&mut visit) };
    // SAFETY: the sink and the view live until the function returns.
    let status = unsafe { raw.table().list.unwrap()(raw.raw, null(), null(), 0, &mute, null(), null_mut()) };
    assert_eq!(status, IOLINK_ERROR_INVALID_ARGUMENT);
    // SAFETY: the view lives, and the mode is unknown on purpose.
    let status =
        unsafe { raw.table().open.unwrap()(raw.raw, c("n/1").as_ptr(), 17, null(), &mut null_mut(), null_mut()) };
    assert_eq!(status, IOLINK_ERROR_NOT_IMPLEMENTED);
}

/// A table made by hand whose `get_many` treats each item with `$treat`.
macro_rules! store {
    ($treat:expr) => {{
        unsafe extern "C" fn get_many(
            _: *const iolink_view,
            batch: *mut iolink_store_batch,
            _: *const iolink_call,
            _: *mut iolink_error,
        ) -> i32 {
            let treat: fn(&mut iolink_store_get) = $treat;
            // SAFETY: batch and items are the caller's.
            unsafe {
                let batch = &*batch;
                std::slice::from_raw_parts(batch.gets, batch.count as usize).iter().for_each(|get| treat(&mut **get));
            }
            IOLINK_OK
        }
        iolink_store_vtable { get_many: Some(get_many), ..store_table() }
    }};
}

fn store_table() -> iolink_store_vtable {
    unsafe extern "C" fn stat(
        _: *const iolink_view,
        _: *const c_char,
        _: *const iolink_store_sink,
        _: *const iolink_call,
        _: *mut iolink_error,
    ) -> i32 {
        IOLINK_OK
    }
    unsafe extern "C" fn open(
        _: *const iolink_view,
        _: *const c_char,
        _: u32,
        _: *const iolink_call,
        _: *mut *mut iolink_view,
        _: *mut iolink_error,
    ) -> i32 {
        IOLINK_OK
    }
    iolink_store_vtable {
        base: base::<iolink_store_vtable>(IOLINK_KIND_STORE),
        get_many: None,
        prefetch: None,
        stat: Some(stat),
        list: None,
        open: Some(open),
        put_many: None,
        remove: None,
    }
}

#[test]
fn a_store_that_is_not_thread_safe_or_lacks_functions_is_rejected() {
    let mut single = store!(|_| ());
    single.base.flags = 0;
    puppet(single).refused(ErrorKind::Internal, "THREAD_SAFE");
    puppet(store_table()).refused(ErrorKind::Internal, "get_many");
    let mut mute = store!(|_| ());
    mute.stat = None;
    puppet(mute).refused(ErrorKind::Internal, "stat");
    let mut greedy = store!(|_| ());
    greedy.base.capabilities = Some(puppet::every_capability);
    puppet(greedy).refused(ErrorKind::Internal, "put_many");
}

#[test]
fn results_of_a_store_that_lies_are_errors() {
    static RELEASED: AtomicU64 = AtomicU64::new(0);
    unsafe extern "C" fn count_release(_: *mut c_void) {
        RELEASED.fetch_add(1, Ordering::SeqCst);
    }
    fn lend(get: &mut iolink_store_get, data: *const u8, length: u64) {
        // SAFETY: the caller of a get without a buffer brings a place for lent bytes.
        let lent = unsafe { &mut *get.lent };
        (lent.data, lent.length) = (data as *mut c_void, length);
        lent.release = Some(count_release);
        (get.status, get.done, get.value_size) = (IOLINK_OK, length, length);
    }
    let read = |table: iolink_store_vtable, buffer: Option<&mut [u8]>| {
        let mut made = puppet(table);
        let store = made.give().unwrap().into_store().unwrap();
        let got = store.get("a/b", StoreRange::All, buffer, &Call::silent());
        got.map(|got| matches!(got, Got::TooSmall { value_size: 5 })).map_err(|error| error.kind())
    };
    let mut room = [0; 4];
    assert_eq!(read(store!(|_| ()), Some(&mut room)), Err(ErrorKind::Internal), "no result was set");
    let too_many = store!(|get| (get.status, get.done) = (IOLINK_OK, get.capacity + 1));
    assert_eq!(read(too_many, Some(&mut room)), Err(ErrorKind::Internal));
    let too_small = store!(|get| (get.status, get.value_size) = (IOLINK_ERROR_LIMIT, 5));
    assert_eq!(read(too_small, Some(&mut room)), Ok(true));
    assert_eq!(read(store!(|get| get.status = 4711), Some(&mut room)), Err(ErrorKind::Io));
    assert_eq!(read(store!(|get| lend(get, std::ptr::null(), 3)), None), Err(ErrorKind::Internal));
    assert_eq!(read(store!(|get| lend(get, b"abc".as_ptr(), u64::MAX)), None), Err(ErrorKind::Internal));
    assert_eq!(read(store!(|get| lend(get, b"abc".as_ptr(), 3)), None), Ok(false));
    let lent_and_failed = store!(|get| {
        lend(get, b"abc".as_ptr(), 3);
        get.status = IOLINK_ERROR_CORRUPT;
    });
    assert_eq!(read(lent_and_failed, None), Err(ErrorKind::Corrupt));
    assert_eq!(RELEASED.load(Ordering::SeqCst), 4, "lent bytes are released once, whatever the result");
    let mut made = puppet(store!(|_| ()));
    let store = made.give().unwrap().into_store().unwrap();
    assert_eq!(store.stat("a", &Call::silent()).unwrap_err().kind(), ErrorKind::Internal, "no entry was written");
    let opened = store.open("a", StoreMode::Read, &Call::silent()).map(drop);
    assert_eq!(opened.unwrap_err().kind(), ErrorKind::InvalidArgument, "no view was made");
    assert_eq!(
        store.list("", None, true, &mut |_| true, &Call::silent()).unwrap_err().kind(),
        ErrorKind::NotImplemented
    );
}

#[test]
fn a_wrong_key_never_reaches_the_store() {
    let mut made = puppet(store!(|get| {
        // SAFETY: a key is NUL-terminated.
        let key = unsafe { CStr::from_ptr(get.key) };
        assert!(key.to_bytes() == b"good" || key.to_bytes().is_empty(), "{key:?}");
        get.status = IOLINK_ERROR_NOT_FOUND;
    }));
    let store = made.give().unwrap().into_store().unwrap();
    let long = "k".repeat(64 << 10);
    let keys = ["good", "a\0b", "../up", "", "good", long.as_str()];
    let mut gets: Vec<StoreGet<'_>> = keys
        .iter()
        .map(|key| StoreGet { key: (*key).to_owned(), range: StoreRange::All, buffer: None, result: None })
        .collect();
    let told = AtomicU64::new(0);
    let completed = |_: usize, _: &StoreGet<'_>| {
        told.fetch_add(1, Ordering::SeqCst);
    };
    store.get_many(&mut gets, &completed, &Call::silent()).unwrap();
    let kinds: Vec<ErrorKind> = gets.into_iter().map(|get| get.result.unwrap().err().unwrap().kind()).collect();
    let (missing, wrong) = (ErrorKind::NotFound, ErrorKind::InvalidArgument);
    assert_eq!((kinds, told.into_inner()), (vec![missing, wrong, wrong, wrong, missing, wrong], 6));
    for key in &keys[1..4] {
        assert_eq!(store.stat(key, &Call::silent()).unwrap_err().kind(), wrong);
        assert_eq!(store.open(key, StoreMode::Read, &Call::silent()).map(drop).unwrap_err().kind(), wrong);
    }
}
