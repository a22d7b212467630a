//! Stores: the trait, its table, and the wrapper of stores made elsewhere.

use super::{border, check_flags, guard, hand_out, read_grown, read_table, Bytes, Call, ForeignView, View};
use crate::abi::*;
use crate::provider::text;
use crate::{fail, CapabilitySet, Error, ErrorKind, RandomAccess, Result, StoreCapability};
use std::ffi::{CStr, CString};
use std::os::raw::{c_char, c_void};
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

/// Maximum length of a key in bytes.
const MAX_KEY_BYTES: usize = 4096;

/// Part of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreRange {
    /// All bytes.
    All,
    /// `length` bytes from `offset` on; fewer at the end.
    From {
        /// First byte.
        offset: u64,
        /// Number of bytes.
        length: u64,
    },
    /// The last bytes; all of a shorter value.
    Last(u64),
}

impl StoreRange {
    /// The bytes of a value of `size` bytes, as offset and length.
    pub fn within(self, size: u64) -> (u64, u64) {
        match self {
            StoreRange::All => (0, size),
            StoreRange::From { offset, length } => {
                let offset = offset.min(size);
                (offset, length.min(size - offset))
            }
            StoreRange::Last(length) => (size - length.min(size), length.min(size)),
        }
    }
}

/// How a value is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreMode {
    /// Random access to an existing value, read-only.
    Read,
    /// Random access to an existing value that may be written in place.
    Update,
    /// A stream that writes a new value; `Exists` if there is one. `close` commits it, dropping it without `close` aborts.
    Create,
    /// A stream that writes a value and replaces the existing one. `close` commits, as above.
    Replace,
}

const MODES: [(StoreMode, u32); 4] = [
    (StoreMode::Read, IOLINK_STORE_OPEN_READ),
    (StoreMode::Update, IOLINK_STORE_OPEN_UPDATE),
    (StoreMode::Create, IOLINK_STORE_OPEN_CREATE),
    (StoreMode::Replace, IOLINK_STORE_OPEN_REPLACE),
];

/// The bytes that a read gave.
pub enum Got {
    /// This many bytes were copied into the caller's buffer.
    Copied {
        /// Number of bytes.
        done: u64,
        /// Size of the whole value.
        value_size: u64,
    },
    /// The store lends its bytes.
    Lent {
        /// The bytes.
        bytes: Bytes,
        /// Size of the whole value.
        value_size: u64,
    },
    /// The caller's buffer is too small; nothing was copied.
    TooSmall {
        /// Size of the whole value.
        value_size: u64,
    },
}

/// One value of a batch to be read, and its result.
pub struct StoreGet<'a> {
    /// The key.
    pub key: String,
    /// Part of the value.
    pub range: StoreRange,
    /// The caller's memory; `None`: the store lends its own.
    pub buffer: Option<&'a mut [u8]>,
    /// The result, once it is there.
    pub result: Option<Result<Got>>,
}

/// One value to be written.
pub struct StorePut<'a> {
    /// The key.
    pub key: &'a str,
    /// The bytes.
    pub data: &'a [u8],
    /// Fails with `Exists` if the key has a value.
    pub if_absent: bool,
    /// CONDITIONAL: the version that the value must still have, else `Changed`.
    pub if_version: Option<&'a str>,
}

/// One key of a store.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoreEntry {
    /// The key; it ends with `/` for a prefix.
    pub key: String,
    /// True for a prefix of further keys, false for a value.
    pub is_prefix: bool,
    /// A string that changes whenever the value does.
    pub version: Option<String>,
    /// Size of the value in bytes.
    pub value_size: u64,
    /// Time of the last change in nanoseconds since 1970 UTC; 0 if unknown.
    pub modified_ns: i64,
}

/// Values under keys. Every function may be called from several threads at once.
///
/// An implementer gives `capabilities`, `get` and `stat`, and what its capabilities claim beside them.
pub trait Store: Send + Sync {
    /// Returns the capabilities; the same for the store's whole life.
    fn capabilities(&self) -> StoreCapability;

    /// READ: reads a value or a part of it, into `buffer` or, if there is none, into memory that the store lends.
    ///
    /// # Errors
    /// `InvalidArgument` for a key that [`check_key`] rejects, `NotFound` for a key without a value, `Io`.
    fn get(&self, key: &str, range: StoreRange, buffer: Option<&mut [u8]>, call: &Call<'_>) -> Result<Got>;

    /// READ: reads several values. Each item gets its result, and `completed(index)` is called once when it is there. By
    /// default one after the other.
    ///
    /// # Errors
    /// `Cancelled`, `Timeout`; the fault of one item is its result.
    fn get_many(
        &self,
        gets: &mut [StoreGet<'_>],
        completed: &(dyn Fn(usize, &StoreGet<'_>) + Sync),
        call: &Call<'_>,
    ) -> Result<()> {
        let total = gets.len() as u64;
        for (index, get) in gets.iter_mut().enumerate() {
            call.step(index as u64, total)?;
            get.result = Some(self.get(&get.key, get.range, get.buffer.as_deref_mut(), call));
            completed(index, get);
        }
        Ok(())
    }

    /// READ: says that these values are read soon. By default nothing happens.
    fn prefetch(&self, _gets: &[(&str, StoreRange)], _call: &Call<'_>) {}

    /// Returns the entry of a key.
    ///
    /// # Errors
    /// As [`get`](Store::get).
    fn stat(&self, key: &str, call: &Call<'_>) -> Result<StoreEntry>;

    /// LIST: passes the entries below `prefix` ("": all; else it ends with `/`) that sort behind `after` to `visit`, in byte
    /// order of their keys, until it returns `false`. Without `recursive`, deeper keys stand together as one prefix.
    ///
    /// # Errors
    /// `NotImplemented` without the capability, `InvalidArgument`, `Io`.
    fn list(
        &self,
        _prefix: &str,
        _after: Option<&str>,
        _recursive: bool,
        _visit: &mut dyn FnMut(&StoreEntry) -> bool,
        _call: &Call<'_>,
    ) -> Result<()> {
        Err(Error::capability("the store", "LIST", "name the keys"))
    }

    /// Opens a value: random access (READ, UPDATE) or a stream that writes (CREATE, REPLACE).
    ///
    /// # Errors
    /// As [`get`](Store::get), `Exists`, `NotImplemented` without the capability.
    fn open(&self, key: &str, mode: StoreMode, call: &Call<'_>) -> Result<View>;

    /// WRITE: writes a value. It is there whole, or as before.
    ///
    /// # Errors
    /// `NotImplemented` without the capability, `Exists`, `Changed`, `Io`.
    fn put(&self, _put: &StorePut<'_>, _call: &Call<'_>) -> Result<()> {
        Err(Error::capability("the store", "WRITE", "open it for writing"))
    }

    /// WRITE: removes a value.
    ///
    /// # Errors
    /// `NotImplemented` without the capability, `NotFound`, `Io`.
    fn remove(&self, _key: &str, _call: &Call<'_>) -> Result<()> {
        Err(Error::capability("the store", "WRITE", "open it for writing"))
    }

    /// Returns a service by its id.
    fn extension(&self, _id: u64) -> Option<View> {
        None
    }

    /// URI that the store was opened by.
    fn origin(&self) -> Option<String> {
        None
    }

    /// The view made elsewhere that this is, if it is one.
    fn foreign(&self) -> Option<&ForeignView> {
        None
    }
}

impl dyn Store + '_ {
    /// Reads a whole value.
    ///
    /// # Errors
    /// As [`Store::get`]; `Limit` if it does not fit into memory.
    pub fn read(&self, key: &str, call: &Call<'_>) -> Result<Vec<u8>> {
        match self.get(key, StoreRange::All, None, call)? {
            // SAFETY: the store keeps the bytes in place and unchanged while they are lent.
            Got::Lent { bytes, .. } => Ok(unsafe { bytes.as_slice() }.to_vec()),
            _ => fail!(Internal, "the store lent nothing for {key:?}"),
        }
    }

    /// Opens a value for reading at offsets.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_bytes(&self, key: &str, call: &Call<'_>) -> Result<Arc<dyn RandomAccess>> {
        self.open(key, StoreMode::Read, call)?.into_random_access()
    }

    /// Returns every key, values only, in byte order.
    ///
    /// # Errors
    /// As [`Store::list`].
    pub fn keys(&self, call: &Call<'_>) -> Result<Vec<String>> {
        let mut keys = Vec::new();
        let mut visit = |entry: &StoreEntry| {
            keys.push(entry.key.clone());
            true
        };
        self.list("", None, true, &mut visit, call)?;
        Ok(keys)
    }
}

/// Rejects a string that is not a key: keys come out of files that anyone may have written, and one that is absolute or
/// climbs would read what the process may read.
///
/// # Errors
/// `InvalidArgument`.
///
/// ```
/// use iolink_sdk::view::check_key;
///
/// assert!(check_key("slices/001.raw").is_ok());
/// for key in ["", "/etc/passwd", "../secret", "a/../../secret", "a//b", "./a", "a/", "nul\0"] {
///     assert!(check_key(key).is_err());
/// }
/// ```
pub fn check_key(key: &str) -> Result<()> {
    let valid = |part: &str| !part.is_empty() && part != "." && part != ".." && !part.contains('\0');
    if key.len() > MAX_KEY_BYTES {
        fail!(InvalidArgument, "a key has {} bytes, more than the {MAX_KEY_BYTES} that are allowed", key.len());
    }
    if !key.split('/').all(valid) {
        fail!(
            InvalidArgument,
            "{key:?} is not a key: it must be parts with '/' between them, none of them empty, '.' or '..', without NUL"
        );
    }
    Ok(())
}

/// Rejects a string that is not a prefix of keys: "" or parts, each with `/` behind it.
///
/// # Errors
/// `InvalidArgument`.
pub fn check_prefix(prefix: &str) -> Result<()> {
    match prefix.strip_suffix('/') {
        None if prefix.is_empty() => Ok(()),
        Some(key) => check_key(key),
        None => fail!(InvalidArgument, "the prefix {prefix:?} must be empty or end with '/'"),
    }
}

border!(
    Store, Store, iolink_store_vtable, |this| this.capabilities().value(), |this, id| this.extension(id),
    { get_many, prefetch, stat, list, open, put_many, remove }
);

/// A key of the other side.
///
/// # Safety
/// `key` is NULL or NUL-terminated.
unsafe fn key_from(key: *const c_char) -> Result<String> {
    // SAFETY: by the caller's promise.
    match unsafe { text(key) }? {
        Some(key) => check_key(&key).map(|()| key),
        None => fail!(InvalidArgument, "the key is NULL"),
    }
}

fn range_from(get: &iolink_store_get) -> Result<StoreRange> {
    match get.range {
        IOLINK_STORE_RANGE_ALL => Ok(StoreRange::All),
        IOLINK_STORE_RANGE_FROM => Ok(StoreRange::From { offset: get.offset, length: get.length }),
        IOLINK_STORE_RANGE_LAST => Ok(StoreRange::Last(get.length)),
        other => fail!(NotImplemented, "the range {other} is not known to this version"),
    }
}

/// Lists of pointers of the other side.
///
/// # Safety
/// `list` is NULL, or has `count` pointers that are good for `'a`.
unsafe fn pointers<'a, T>(list: *const T, count: u64) -> Result<&'a [T]> {
    if count == 0 {
        return Ok(&[]);
    }
    if list.is_null() || count > isize::MAX as u64 / 64 {
        fail!(InvalidArgument, "a list of {count} items has no address, or is too long");
    }
    // SAFETY: by the caller's promise.
    Ok(unsafe { std::slice::from_raw_parts(list, count as usize) })
}

/// One item of the other side; its results are written through the pointer.
#[derive(Clone, Copy)]
struct GetPlace(*mut iolink_store_get);

// SAFETY: the batch lends each item to the callee, which writes it from one thread at a time.
unsafe impl Send for GetPlace {}
// SAFETY: as above.
unsafe impl Sync for GetPlace {}

impl GetPlace {
    /// # Safety
    /// The item lives, has the fields of the first version, and nothing else writes it now.
    unsafe fn set(self, result: &Result<Got>) {
        // SAFETY: by the caller's promise.
        let get = unsafe { &mut *self.0 };
        (get.status, get.code, get.done) = (IOLINK_OK, 0, 0);
        match result {
            Ok(Got::Copied { done, value_size }) => (get.done, get.value_size) = (*done, *value_size),
            Ok(Got::Lent { bytes, value_size }) => (get.done, get.value_size) = (bytes.length, *value_size),
            Ok(Got::TooSmall { value_size }) => (get.status, get.value_size) = (IOLINK_ERROR_LIMIT, *value_size),
            Err(error) => (get.status, get.code) = (error.kind().number(), error.code()),
        }
    }
}

unsafe extern "C" fn get_many(
    view: *const iolink_view,
    batch: *mut iolink_store_batch,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    // SAFETY: batch, items, buffers and call are the caller's and outlive this function.
    guard(this.provider, error, || unsafe {
        let batch = read_grown(batch)?;
        check_flags("batch", batch.flags, 0)?;
        let places = pointers(batch.gets, batch.count)?;
        let first = std::mem::size_of::<iolink_store_get>();
        if places.iter().any(|place| place.is_null() || ((**place).size as usize) < first) {
            fail!(InvalidArgument, "an item of the batch is NULL, or does not say its size");
        }
        struct Listener(*mut c_void, Option<unsafe extern "C" fn(*mut c_void, u64)>);
        // SAFETY: the ABI lets `completed` be called from any thread.
        unsafe impl Sync for Listener {}
        impl Listener {
            fn tell(&self, index: usize) {
                if let Some(completed) = self.1 {
                    // SAFETY: the context belongs to the function.
                    unsafe { completed(self.0, index as u64) }
                }
            }
        }
        let completion = Listener(batch.context, batch.completed);
        // An item with a wrong key or range has its result at once; the others form the batch of the store.
        let (mut gets, mut numbers, mut targets) = (Vec::new(), Vec::new(), Vec::new());
        for (index, place) in places.iter().enumerate() {
            let item = &**place;
            let parsed = key_from(item.key).and_then(|key| Ok((key, range_from(item)?)));
            let parsed = parsed.and_then(|(key, range)| {
                if item.buffer.is_null() && item.lent.is_null() {
                    fail!(InvalidArgument, "an item has neither a buffer nor a place for lent bytes");
                }
                Ok((key, range))
            });
            match parsed {
                Ok((key, range)) => {
                    let buffer = match item.buffer.is_null() {
                        true => None,
                        false => Some(super::stream::buffer_mut(item.buffer, item.capacity)?),
                    };
                    gets.push(StoreGet { key, range, buffer, result: None });
                    numbers.push(index);
                    targets.push(GetPlace(*place));
                }
                Err(failed) => {
                    GetPlace(*place).set(&Err(failed));
                    completion.tell(index);
                }
            }
        }
        Call::from_border(call, |call| {
            // Lent bytes are handed over after the whole batch, results of copies as they come in.
            let done = |index: usize, get: &StoreGet<'_>| {
                if let Some(result) = get.result.as_ref().filter(|result| !matches!(result, Ok(Got::Lent { .. }))) {
                    // The store completes each item once, so that nothing else writes it.
                    targets[index].set(result);
                    completion.tell(numbers[index]);
                }
            };
            let read = this.value.get_many(&mut gets, &done, call);
            for (index, get) in gets.into_iter().enumerate() {
                match get.result {
                    Some(Ok(Got::Lent { bytes, value_size })) => {
                        let place = targets[index];
                        let length = bytes.length;
                        // The item lives; without a buffer it has a place for lent bytes.
                        match hand_out((*place.0).lent, || Ok(bytes.into_border())) {
                            Ok(()) => place.set(&Ok(Got::Copied { done: length, value_size })),
                            Err(failed) => place.set(&Err(failed)),
                        }
                        completion.tell(numbers[index]);
                    }
                    Some(_) => {}
                    // The store gave up before this item.
                    None => targets[index].set(&Err(Error::new(ErrorKind::Cancelled, "the batch was stopped"))),
                }
            }
            read
        })
    })
}

unsafe extern "C" fn prefetch(
    view: *const iolink_view,
    gets: *const *const iolink_store_get,
    count: u64,
    call: *const iolink_call,
) {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    // SAFETY: items and call are the caller's and outlive this function.
    guard(this.provider, null_mut(), || unsafe {
        let mut wanted = Vec::new();
        for get in pointers(gets, count)? {
            let get = read_grown(*get)?;
            wanted.push((key_from(get.key)?, range_from(&get)?));
        }
        let wanted: Vec<_> = wanted.iter().map(|(key, range)| (key.as_str(), *range)).collect();
        Call::from_border(call, |call| {
            this.value.prefetch(&wanted, call);
            Ok(())
        })
    });
}

/// Writes an entry into a sink of the other side; `false` if it wants no more.
fn write_entry(sink: &iolink_store_sink, entry: &StoreEntry) -> Result<bool> {
    let text = |text: &str| CString::new(text).map_err(|_| Error::new(ErrorKind::Internal, "a key holds a NUL"));
    let (key, version) = (text(&entry.key)?, entry.version.as_deref().map(text).transpose()?);
    let border = iolink_store_entry {
        size: std::mem::size_of::<iolink_store_entry>() as u32,
        flags: if entry.is_prefix { IOLINK_STORE_ENTRY_PREFIX } else { 0 },
        key: key.as_ptr(),
        version: version.as_ref().map_or(null(), |version| version.as_ptr()),
        value_size: entry.value_size,
        modified_ns: entry.modified_ns,
    };
    match sink.write {
        // SAFETY: the entry and its strings outlive the call.
        Some(write) => Ok(unsafe { write(sink.context, &border) } == 0),
        None => fail!(InvalidArgument, "the sink of entries has no function"),
    }
}

unsafe extern "C" fn stat(
    view: *const iolink_view,
    key: *const c_char,
    sink: *const iolink_store_sink,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    // SAFETY: key, sink and call are the caller's.
    guard(this.provider, error, || unsafe {
        let (key, sink) = (key_from(key)?, read_grown(sink)?);
        let entry = Call::from_border(call, |call| this.value.stat(&key, call))?;
        write_entry(&sink, &entry).map(drop)
    })
}

unsafe extern "C" fn list(
    view: *const iolink_view,
    prefix: *const c_char,
    after: *const c_char,
    flags: u32,
    sink: *const iolink_store_sink,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    // SAFETY: strings, sink and call are the caller's.
    guard(this.provider, error, || unsafe {
        check_flags("listing", flags, IOLINK_STORE_LIST_RECURSIVE)?;
        let (prefix, after) = (text(prefix)?.unwrap_or_default(), text(after)?);
        check_prefix(&prefix)?;
        let sink = read_grown(sink)?;
        let mut written = Ok(());
        let mut visit = |entry: &StoreEntry| match write_entry(&sink, entry) {
            Ok(go_on) => go_on,
            Err(failed) => {
                written = Err(failed);
                false
            }
        };
        let recursive = flags & IOLINK_STORE_LIST_RECURSIVE != 0;
        Call::from_border(call, |call| this.value.list(&prefix, after.as_deref(), recursive, &mut visit, call))?;
        written
    })
}

unsafe extern "C" fn open(
    view: *const iolink_view,
    key: *const c_char,
    mode: u32,
    call: *const iolink_call,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    // SAFETY: key, call and `out` are the caller's.
    guard(this.provider, error, || unsafe {
        let key = key_from(key)?;
        let mode = match MODES.iter().find(|(_, number)| *number == mode) {
            Some((mode, _)) => *mode,
            None => fail!(NotImplemented, "the mode {mode} is not known to this version"),
        };
        *out = Call::from_border(call, |call| this.value.open(&key, mode, call))?.into_raw(this.provider);
        Ok(())
    })
}

unsafe extern "C" fn put_many(
    view: *const iolink_view,
    puts: *const *mut iolink_store_put,
    count: u64,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    // SAFETY: items, bytes and call are the caller's.
    guard(this.provider, error, || unsafe {
        let puts = pointers(puts, count)?;
        let first = std::mem::size_of::<iolink_store_put>();
        if puts.iter().any(|put| put.is_null() || ((**put).size as usize) < first) {
            fail!(InvalidArgument, "an item to be written is NULL, or does not say its size");
        }
        Call::from_border(call, |call| {
            for (index, put) in puts.iter().enumerate() {
                call.step(index as u64, count)?;
                let item = &mut **put;
                let written = key_from(item.key).and_then(|key| {
                    check_flags("put", item.flags, IOLINK_STORE_PUT_IF_ABSENT)?;
                    let if_version = text(item.if_version)?;
                    check_conditional(this.value.capabilities(), if_version.as_deref())?;
                    let put = StorePut {
                        key: &key,
                        data: super::stream::buffer(item.data, item.length)?,
                        if_absent: item.flags & IOLINK_STORE_PUT_IF_ABSENT != 0,
                        if_version: if_version.as_deref(),
                    };
                    this.value.put(&put, call)
                });
                (item.status, item.code) = status_of(&written);
            }
            Ok(())
        })
    })
}

/// Rejects a condition that the store would ignore.
fn check_conditional(capabilities: StoreCapability, if_version: Option<&str>) -> Result<()> {
    match if_version {
        Some(_) if !capabilities.has(StoreCapability::CONDITIONAL) => {
            Err(Error::capability("the store", "CONDITIONAL", "write without a version"))
        }
        _ => Ok(()),
    }
}

fn status_of(result: &Result<()>) -> (i32, i32) {
    match result {
        Ok(()) => (IOLINK_OK, 0),
        Err(error) => (error.kind().number(), error.code()),
    }
}

unsafe extern "C" fn remove(
    view: *const iolink_view,
    keys: *const *const c_char,
    count: u64,
    statuses: *mut i32,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    // SAFETY: keys, statuses and call are the caller's.
    guard(this.provider, error, || unsafe {
        let keys = pointers(keys, count)?;
        if statuses.is_null() && count > 0 {
            fail!(InvalidArgument, "the statuses have no address");
        }
        Call::from_border(call, |call| {
            for (index, key) in keys.iter().enumerate() {
                call.step(index as u64, count)?;
                let removed = key_from(*key).and_then(|key| this.value.remove(&key, call));
                *statuses.add(index) = status_of(&removed).0;
            }
            Ok(())
        })
    })
}

/// A store made elsewhere.
pub struct ForeignStore {
    foreign: ForeignView,
    table: iolink_store_vtable,
    capabilities: StoreCapability,
}

impl ForeignStore {
    pub(crate) fn adopt(foreign: ForeignView) -> Result<Self> {
        // SAFETY: the kind was checked, so the base starts a store's table.
        let table: iolink_store_vtable = unsafe { read_table(foreign.base()) };
        let capabilities = StoreCapability::from_bits(foreign.bits());
        if foreign.is_serialised() {
            fail!(Internal, "the store does not claim THREAD_SAFE, which a store must");
        }
        let needed = [
            (StoreCapability::NONE, table.stat.is_some(), "stat"),
            (StoreCapability::READ, table.get_many.is_some() && table.open.is_some(), "get_many or open"),
            (StoreCapability::WRITE, table.put_many.is_some() && table.remove.is_some(), "put_many or remove"),
            (StoreCapability::LIST, table.list.is_some(), "list"),
        ];
        for (capability, present, function) in needed {
            if capabilities.has(capability) && !present {
                fail!(Internal, "the store claims {capability:?} but has no function {function}");
            }
        }
        Ok(ForeignStore { foreign, table, capabilities })
    }

    fn item(&self, key: &CStr, range: StoreRange) -> iolink_store_get {
        let (range, offset, length) = match range {
            StoreRange::All => (IOLINK_STORE_RANGE_ALL, 0, 0),
            StoreRange::From { offset, length } => (IOLINK_STORE_RANGE_FROM, offset, length),
            StoreRange::Last(length) => (IOLINK_STORE_RANGE_LAST, 0, length),
        };
        iolink_store_get {
            size: std::mem::size_of::<iolink_store_get>() as u32,
            range,
            key: key.as_ptr(),
            offset,
            length,
            buffer: null_mut(),
            capacity: 0,
            lent: null_mut(),
            status: IOLINK_ERROR_INTERNAL,
            code: 0,
            done: 0,
            value_size: 0,
        }
    }
}

fn absent(name: &str) -> Error {
    Error::capability("the store", name, "its provider does not offer it")
}

fn c_key(key: &str) -> Result<CString> {
    check_key(key)?;
    CString::new(key).map_err(|_| Error::new(ErrorKind::InvalidArgument, format!("the key {key:?} holds a NUL")))
}

/// The error of one item, of which the ABI carries kind and code.
fn item_error(doing: &str, key: &str, status: i32, code: i32) -> Error {
    let kind = ErrorKind::from_number(status);
    let why = match kind {
        ErrorKind::NotFound => "the store has no such key".to_owned(),
        ErrorKind::Exists => "the key has a value already".to_owned(),
        ErrorKind::Changed => "the value has another version now".to_owned(),
        _ if code != 0 => std::io::Error::from_raw_os_error(code).to_string(),
        _ => format!("the store failed with error kind {status}"),
    };
    Error::new(kind, format!("{doing} {key:?}: {why}")).with_code(code)
}

fn no_bytes() -> iolink_bytes {
    iolink_bytes {
        size: std::mem::size_of::<iolink_bytes>() as u32,
        flags: 0,
        data: null_mut(),
        length: 0,
        owner: null_mut(),
        release: None,
    }
}

/// Reads the results of an item of our own batch.
fn take_result(key: &str, item: &iolink_store_get, lent: iolink_bytes, room: Option<usize>) -> Result<Got> {
    // SAFETY: the callee filled the struct in, or left it empty.
    let bytes = unsafe { Bytes::from_border(lent) };
    let value_size = item.value_size;
    match (item.status, room) {
        (IOLINK_OK, Some(room)) if item.done > room as u64 => {
            fail!(Internal, "the store claims {} bytes in a buffer of {room}", item.done)
        }
        (IOLINK_OK, Some(_)) => Ok(Got::Copied { done: item.done, value_size }),
        (IOLINK_OK, None) => Ok(Got::Lent { bytes: bytes?, value_size }),
        (IOLINK_ERROR_LIMIT, Some(_)) => Ok(Got::TooSmall { value_size }),
        (status, _) => Err(item_error("reading", key, status, item.code)),
    }
}

/// A batch of our own while a store works on it.
struct Completion<'a, 'b> {
    done: Vec<AtomicBool>,
    gets: *mut StoreGet<'b>,
    items: &'a [*mut iolink_store_get],
    lent: *const iolink_bytes,
    completed: &'a (dyn Fn(usize, &StoreGet<'_>) + Sync),
}

// SAFETY: each item is touched once, by the thread that completes it.
unsafe impl Sync for Completion<'_, '_> {}

impl Completion<'_, '_> {
    /// Takes the result of an item over, and passes it on; the second time nothing happens.
    ///
    /// # Safety
    /// Items, places and batch live, and the store is done with this item.
    unsafe fn complete(&self, index: usize) {
        match self.done.get(index) {
            Some(done) if !done.swap(true, Ordering::AcqRel) => {}
            _ => return,
        }
        // SAFETY: by the caller's promise; no other thread gets past the flag above.
        unsafe {
            let (get, item, lent) = (&mut *self.gets.add(index), &*self.items[index], self.lent.add(index).read());
            let room = get.buffer.as_ref().map(|buffer| buffer.len());
            // What lies in the place is taken over in any case, so that it is released.
            let taken = take_result(&get.key, item, lent, room);
            get.result = Some(check_key(&get.key).and(taken));
            (self.completed)(index, get);
        }
    }
}

unsafe extern "C" fn complete_item(context: *mut c_void, index: u64) {
    super::stop_panic(|| {
        // SAFETY: the context is the completion of a batch whose `get_many` has not returned.
        unsafe { (*(context as *const Completion<'_, '_>)).complete(usize::try_from(index).unwrap_or(usize::MAX)) }
    });
}

impl Store for ForeignStore {
    fn capabilities(&self) -> StoreCapability {
        self.capabilities
    }

    fn get(&self, key: &str, range: StoreRange, buffer: Option<&mut [u8]>, call: &Call<'_>) -> Result<Got> {
        let mut gets = [StoreGet { key: key.to_owned(), range, buffer, result: None }];
        self.get_many(&mut gets, &|_, _| {}, call)?;
        let [get] = gets;
        get.result.unwrap_or_else(|| fail_internal(key))
    }

    fn get_many(
        &self,
        gets: &mut [StoreGet<'_>],
        completed: &(dyn Fn(usize, &StoreGet<'_>) + Sync),
        call: &Call<'_>,
    ) -> Result<()> {
        let get_many = self.table.get_many.ok_or_else(|| absent("READ"))?;
        let mut keys = Vec::with_capacity(gets.len());
        for get in &*gets {
            // A wrong key is the result of its item, and crosses as "", which every store rejects.
            keys.push(c_key(&get.key).unwrap_or_default());
        }
        let mut lent: Vec<iolink_bytes> = gets.iter().map(|_| no_bytes()).collect();
        let mut items: Vec<iolink_store_get> =
            gets.iter().zip(&keys).map(|(get, key)| self.item(key, get.range)).collect();
        for ((item, get), lent) in items.iter_mut().zip(gets.iter_mut()).zip(&mut lent) {
            match &mut get.buffer {
                Some(buffer) => {
                    item.buffer = buffer.as_mut_ptr() as *mut c_void;
                    item.capacity = buffer.len() as u64;
                }
                None => item.lent = lent,
            }
        }
        let pointers: Vec<*mut iolink_store_get> = items.iter_mut().map(|item| item as *mut _).collect();
        let completion = Completion {
            done: gets.iter().map(|_| AtomicBool::new(false)).collect(),
            gets: gets.as_mut_ptr(),
            items: &pointers,
            lent: lent.as_ptr(),
            completed,
        };
        let mut batch = iolink_store_batch {
            size: std::mem::size_of::<iolink_store_batch>() as u32,
            flags: 0,
            gets: pointers.as_ptr(),
            count: pointers.len() as u64,
            context: &completion as *const Completion<'_, '_> as *mut c_void,
            completed: Some(complete_item),
        };
        // SAFETY: batch, items, keys, buffers, completion and call live until this returns.
        let read = self.foreign.call_with(call, |raw, call, error| unsafe { get_many(raw, &mut batch, call, error) });
        for index in 0..pointers.len() {
            // What the store did not complete, such as the rest of a batch that was stopped.
            // SAFETY: the store has returned, so that nothing else uses the items.
            unsafe { completion.complete(index) };
        }
        read
    }

    fn prefetch(&self, gets: &[(&str, StoreRange)], call: &Call<'_>) {
        let prefetch = match self.table.prefetch {
            Some(prefetch) => prefetch,
            None => return,
        };
        let keys: Vec<_> = gets.iter().filter_map(|(key, range)| Some((c_key(key).ok()?, *range))).collect();
        let items: Vec<_> = keys.iter().map(|(key, range)| self.item(key, *range)).collect();
        let list: Vec<*const iolink_store_get> = items.iter().map(|item| item as *const _).collect();
        call.with_border(|call| {
            // SAFETY: the view, the items and the call live until this returns.
            self.foreign.with(|raw| unsafe { prefetch(raw, list.as_ptr(), list.len() as u64, call) });
        });
    }

    fn stat(&self, key: &str, call: &Call<'_>) -> Result<StoreEntry> {
        let stat = self.table.stat.ok_or_else(|| absent("stat"))?;
        let name = c_key(key)?;
        let mut found = None;
        with_sink(
            &mut |entry| {
                found = Some(entry);
                true
            },
            |sink| {
                call.with_border(|call| {
                    // SAFETY: the view, the key, the sink and the call live until this returns.
                    self.foreign.call(|raw, error| unsafe { stat(raw, name.as_ptr(), sink, call, error) })
                })
            },
        )?;
        match found {
            Some(entry) => Ok(entry),
            None => fail!(Internal, "the store says nothing of the key {key:?}"),
        }
    }

    fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        recursive: bool,
        visit: &mut dyn FnMut(&StoreEntry) -> bool,
        call: &Call<'_>,
    ) -> Result<()> {
        let list = self.table.list.ok_or_else(|| absent("LIST"))?;
        check_prefix(prefix)?;
        let text =
            |text: &str| CString::new(text).map_err(|_| Error::new(ErrorKind::InvalidArgument, "a NUL in a key"));
        let (prefix, after) = (text(prefix)?, after.map(text).transpose()?);
        let after = after.as_ref().map_or(null(), |after| after.as_ptr());
        let flags = if recursive { IOLINK_STORE_LIST_RECURSIVE } else { 0 };
        with_sink(&mut |entry| visit(&entry), |sink| {
            call.with_border(|call| {
                // SAFETY: the view, the strings, the sink and the call live until this returns.
                self.foreign.call(|raw, error| unsafe { list(raw, prefix.as_ptr(), after, flags, sink, call, error) })
            })
        })
    }

    fn open(&self, key: &str, mode: StoreMode, call: &Call<'_>) -> Result<View> {
        let open = self.table.open.ok_or_else(|| absent("READ"))?;
        let key = c_key(key)?;
        let mode = MODES.iter().find(|(known, _)| *known == mode).map_or(0, |(_, number)| *number);
        let mut out = null_mut();
        call.with_border(|call| {
            // SAFETY: the view, the key, the call and `out` live until this returns.
            self.foreign.call(|raw, error| unsafe { open(raw, key.as_ptr(), mode, call, &mut out, error) })
        })?;
        // SAFETY: on success the callee gave us one reference.
        unsafe { View::from_raw(out) }
    }

    fn put(&self, put: &StorePut<'_>, call: &Call<'_>) -> Result<()> {
        let put_many = self.table.put_many.ok_or_else(|| absent("WRITE"))?;
        check_conditional(self.capabilities, put.if_version)?;
        let (key, version) = (c_key(put.key)?, put.if_version.map(CString::new).transpose());
        let version = version.map_err(|_| Error::new(ErrorKind::InvalidArgument, "the version holds a NUL"))?;
        let mut item = iolink_store_put {
            size: std::mem::size_of::<iolink_store_put>() as u32,
            flags: if put.if_absent { IOLINK_STORE_PUT_IF_ABSENT } else { 0 },
            key: key.as_ptr(),
            if_version: version.as_ref().map_or(null(), |version| version.as_ptr()),
            data: put.data.as_ptr() as *const c_void,
            length: put.data.len() as u64,
            status: IOLINK_ERROR_INTERNAL,
            code: 0,
        };
        let list: [*mut iolink_store_put; 1] = [&mut item];
        call.with_border(|call| {
            // SAFETY: the view, the item, its strings and bytes, and the call live until this returns.
            self.foreign.call(|raw, error| unsafe { put_many(raw, list.as_ptr(), 1, call, error) })
        })?;
        match item.status {
            IOLINK_OK => Ok(()),
            status => Err(item_error("writing", put.key, status, item.code)),
        }
    }

    fn remove(&self, key: &str, call: &Call<'_>) -> Result<()> {
        let remove = self.table.remove.ok_or_else(|| absent("WRITE"))?;
        let name = c_key(key)?;
        let (list, mut status) = ([name.as_ptr()], IOLINK_ERROR_INTERNAL);
        call.with_border(|call| {
            // SAFETY: the view, the key, the status and the call live until this returns.
            self.foreign.call(|raw, error| unsafe { remove(raw, list.as_ptr(), 1, &mut status, call, error) })
        })?;
        match status {
            IOLINK_OK => Ok(()),
            status => Err(item_error("removing", key, status, 0)),
        }
    }

    fn extension(&self, id: u64) -> Option<View> {
        self.foreign.extension(id)
    }

    fn origin(&self) -> Option<String> {
        self.foreign.origin()
    }

    fn foreign(&self) -> Option<&ForeignView> {
        Some(&self.foreign)
    }
}

#[cold]
fn fail_internal(key: &str) -> Result<Got> {
    fail!(Internal, "the store has no result for the key {key:?}")
}

/// Runs `body` with a sink that passes each entry to `visit`.
fn with_sink(
    mut visit: &mut dyn FnMut(StoreEntry) -> bool,
    body: impl FnOnce(*const iolink_store_sink) -> Result<()>,
) -> Result<()> {
    unsafe extern "C" fn write(context: *mut c_void, entry: *const iolink_store_entry) -> i32 {
        let go_on = super::stop_panic(|| {
            // SAFETY: `context` is the `visit` of the frame below; the callee vouches for the entry.
            unsafe {
                let visit = &mut *(context as *mut &mut dyn FnMut(StoreEntry) -> bool);
                let entry = read_grown(entry).ok()?;
                Some(visit(StoreEntry {
                    key: text(entry.key).ok()??,
                    is_prefix: entry.flags & IOLINK_STORE_ENTRY_PREFIX != 0,
                    version: text(entry.version).ok()?,
                    value_size: entry.value_size,
                    modified_ns: entry.modified_ns,
                }))
            }
        });
        i32::from(go_on.flatten() != Some(true))
    }
    let sink = iolink_store_sink {
        size: std::mem::size_of::<iolink_store_sink>() as u32,
        reserved: 0,
        context: &mut visit as *mut &mut dyn FnMut(StoreEntry) -> bool as *mut c_void,
        write: Some(write),
    };
    body(&sink)
}
