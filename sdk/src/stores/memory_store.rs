//! A store in memory.

use super::list_map;
use crate::view::{check_key, check_prefix, Got, StoreEntry, StoreMode, StorePut, StoreRange};
use crate::{
    fail, Bytes, Call, Error, ErrorKind, Lock, Locked, Owner, RandomAccess, Result, SeekFrom, Store, StoreCapability,
    StreamAccess, StreamCapability, View,
};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Entries of a listing that are copied while the store is locked.
const PAGE: usize = 1000;

/// A writable store in memory. Bytes that it lends stay as they are when their value is written or removed.
///
/// ```
/// use iolink_sdk::{stores::MemoryStore, view::StorePut, Call, Store};
///
/// let store = MemoryStore::new();
/// store.put(&StorePut { key: "a/b", data: b"12", if_absent: false, if_version: None }, &Call::silent())?;
/// let first = store.stat("a/b", &Call::silent())?.version;
/// let put = StorePut { key: "a/b", data: b"3", if_absent: false, if_version: first.as_deref() };
/// store.put(&put, &Call::silent())?;
/// assert_eq!(store.put(&put, &Call::silent()).unwrap_err().kind(), iolink_sdk::ErrorKind::Changed);
/// # Ok::<(), iolink_sdk::Error>(())
/// ```
#[derive(Default)]
pub struct MemoryStore {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    values: Lock<BTreeMap<String, Value>>,
    /// The version that was given out last.
    version: AtomicU64,
}

#[derive(Clone)]
struct Value {
    bytes: Arc<Vec<u8>>,
    version: u64,
    modified_ns: i64,
}

impl Value {
    fn entry(&self, key: &str) -> StoreEntry {
        StoreEntry {
            key: key.to_owned(),
            is_prefix: false,
            version: Some(self.version.to_string()),
            value_size: self.bytes.len() as u64,
            modified_ns: self.modified_ns,
        }
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// Lends part of a value.
fn lend(bytes: &Arc<Vec<u8>>, offset: u64, length: u64) -> Bytes {
    let data = bytes[offset as usize..(offset + length) as usize].as_ptr() as *mut u8;
    Bytes { data, length, writable: false, owner: Owner::arc(Arc::clone(bytes)) }
}

/// Makes room for more bytes in a value.
fn reserve(bytes: &mut Vec<u8>, length: u64) -> Result<usize> {
    let room = usize::try_from(length).unwrap_or(usize::MAX);
    match bytes.try_reserve(room.saturating_sub(bytes.len())) {
        Ok(()) => Ok(room),
        Err(_) => fail!(Limit, "{length} bytes are more than memory can hold; a folder has more room"),
    }
}

fn copy_of(data: &[u8]) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reserve(&mut bytes, data.len() as u64)?;
    bytes.extend_from_slice(data);
    Ok(bytes)
}

impl Shared {
    /// The values, locked for as long as a lookup takes: bytes are copied with the lock free, unless they are changed in place.
    fn values(&self) -> Result<Locked<'_, BTreeMap<String, Value>>> {
        self.values.lock()
    }

    fn next_version(&self) -> u64 {
        self.version.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn value(&self, key: &str) -> Result<Value> {
        check_key(key)?;
        match self.values()?.get(key) {
            Some(value) => Ok(value.clone()),
            None => fail!(NotFound, "the store in memory has no key {key:?}"),
        }
    }

    /// Puts a value under a key if what is there allows it.
    fn place(&self, key: &str, bytes: Vec<u8>, if_absent: bool, if_version: Option<&str>) -> Result<()> {
        let mut value = Value { bytes: Arc::new(bytes), version: 0, modified_ns: now() };
        let mut values = self.values()?;
        let known = values.get(key).map(|value| value.version.to_string());
        if if_absent && known.is_some() {
            fail!(Exists, "the key {key:?} has a value already");
        }
        if if_version.is_some() && known.as_deref() != if_version {
            fail!(Changed, "the key {key:?} has the version {known:?}, not {if_version:?}; read it again");
        }
        value.version = self.next_version();
        let before = values.insert(key.to_owned(), value);
        drop(values);
        // A large value is freed with the lock free.
        drop(before);
        Ok(())
    }

    /// Changes the bytes of a value; lent ones are copied first.
    fn change<R>(&self, key: &str, body: impl FnOnce(&mut Vec<u8>) -> Result<R>) -> Result<R> {
        let mut values = self.values()?;
        let value = match values.get_mut(key) {
            Some(value) => value,
            None => fail!(NotFound, "the key {key:?} was removed from the store"),
        };
        if Arc::get_mut(&mut value.bytes).is_none() {
            value.bytes = Arc::new(copy_of(&value.bytes)?);
        }
        match Arc::get_mut(&mut value.bytes) {
            Some(bytes) => {
                let result = body(bytes)?;
                (value.version, value.modified_ns) = (self.next_version(), now());
                Ok(result)
            }
            None => fail!(Busy, "the bytes of {key:?} are lent"),
        }
    }
}

impl MemoryStore {
    /// A store without values.
    pub fn new() -> Self {
        MemoryStore::default()
    }
}

impl Store for MemoryStore {
    fn capabilities(&self) -> StoreCapability {
        StoreCapability::READ | StoreCapability::WRITE | StoreCapability::LIST | StoreCapability::CONDITIONAL
    }

    fn get(&self, key: &str, range: StoreRange, buffer: Option<&mut [u8]>, _call: &Call<'_>) -> Result<Got> {
        let value = self.shared.value(key)?;
        let value_size = value.bytes.len() as u64;
        let (offset, length) = range.within(value_size);
        match buffer {
            Some(buffer) if (buffer.len() as u64) < length => Ok(Got::TooSmall { value_size }),
            Some(buffer) => {
                buffer[..length as usize].copy_from_slice(&value.bytes[offset as usize..(offset + length) as usize]);
                Ok(Got::Copied { done: length, value_size })
            }
            None => Ok(Got::Lent { bytes: lend(&value.bytes, offset, length), value_size }),
        }
    }

    fn stat(&self, key: &str, _call: &Call<'_>) -> Result<StoreEntry> {
        Ok(self.shared.value(key)?.entry(key))
    }

    fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        recursive: bool,
        visit: &mut dyn FnMut(&StoreEntry) -> bool,
        _call: &Call<'_>,
    ) -> Result<()> {
        check_prefix(prefix)?;
        // The visitor may use the store, so that it is called with the lock free, a page of entries at a time.
        let mut after = after.map(str::to_owned);
        loop {
            let mut page = Vec::new();
            let mut keep = |entry: &StoreEntry| {
                page.push(entry.clone());
                page.len() < PAGE
            };
            let values = self.shared.values()?;
            list_map(&values, prefix, after.as_deref(), recursive, |key, value| value.entry(key), &mut keep);
            drop(values);
            if !page.iter().all(&mut *visit) || page.len() < PAGE {
                return Ok(());
            }
            after = page.pop().map(|entry| entry.key);
        }
    }

    fn open(&self, key: &str, mode: StoreMode, _call: &Call<'_>) -> Result<View> {
        let shared = Arc::clone(&self.shared);
        let key = key.to_owned();
        match mode {
            StoreMode::Read => Ok(View::random_access(Snapshot { bytes: shared.value(&key)?.bytes, key })),
            StoreMode::Update => shared.value(&key).map(|_| View::random_access(InPlace { shared, key })),
            StoreMode::Create | StoreMode::Replace => {
                check_key(&key)?;
                let exclusive = mode == StoreMode::Create;
                if exclusive && shared.values()?.contains_key(&key) {
                    fail!(Exists, "the key {key:?} has a value already");
                }
                Ok(View::stream(ValueWriter { shared, key, exclusive, state: Lock::new(Some((Vec::new(), 0))) }))
            }
        }
    }

    fn put(&self, put: &StorePut<'_>, _call: &Call<'_>) -> Result<()> {
        check_key(put.key)?;
        self.shared.place(put.key, copy_of(put.data)?, put.if_absent, put.if_version)
    }

    fn remove(&self, key: &str, _call: &Call<'_>) -> Result<()> {
        check_key(key)?;
        let removed = self.shared.values()?.remove(key);
        match removed {
            Some(_) => Ok(()),
            None => fail!(NotFound, "the store in memory has no key {key:?}"),
        }
    }
}

/// Copies from `offset` on as many bytes as there are and the buffer has room for.
fn copy_from(bytes: &[u8], offset: u64, buffer: &mut [u8]) -> usize {
    let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
    let count = buffer.len().min(bytes.len() - start);
    buffer[..count].copy_from_slice(&bytes[start..start + count]);
    count
}

/// A value as it was when it was opened.
struct Snapshot {
    bytes: Arc<Vec<u8>>,
    key: String,
}

impl RandomAccess for Snapshot {
    fn capabilities(&self) -> StreamCapability {
        StreamCapability::READ | StreamCapability::MEMORY_ACCESS
    }

    fn length(&self) -> Result<u64> {
        Ok(self.bytes.len() as u64)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        Ok(copy_from(&self.bytes, offset, buffer))
    }

    fn memory(&self) -> Result<Bytes> {
        Ok(lend(&self.bytes, 0, self.bytes.len() as u64))
    }

    fn origin(&self) -> Option<String> {
        Some(self.key.clone())
    }
}

/// A value that is written in place.
struct InPlace {
    shared: Arc<Shared>,
    key: String,
}

impl RandomAccess for InPlace {
    fn capabilities(&self) -> StreamCapability {
        StreamCapability::READ | StreamCapability::WRITE | StreamCapability::RESIZE
    }

    fn length(&self) -> Result<u64> {
        Ok(self.shared.value(&self.key)?.bytes.len() as u64)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        Ok(copy_from(&self.shared.value(&self.key)?.bytes, offset, buffer))
    }

    fn write_at(&self, offset: u64, buffer: &[u8]) -> Result<()> {
        self.shared.change(&self.key, |bytes| {
            let end = offset.checked_add(buffer.len() as u64).filter(|end| *end <= bytes.len() as u64);
            match end {
                Some(end) => {
                    bytes[offset as usize..end as usize].copy_from_slice(buffer);
                    Ok(())
                }
                None => fail!(
                    OutOfRange,
                    "{} bytes at {offset} go past the end at {}; resize the value before writing there",
                    buffer.len(),
                    bytes.len()
                ),
            }
        })
    }

    fn resize(&self, length: u64) -> Result<()> {
        self.shared.change(&self.key, |bytes| {
            let length = reserve(bytes, length)?;
            bytes.resize(length, 0);
            Ok(())
        })
    }

    fn origin(&self) -> Option<String> {
        Some(self.key.clone())
    }
}

/// A stream that writes a new value, which `close` puts into the store.
struct ValueWriter {
    shared: Arc<Shared>,
    key: String,
    exclusive: bool,
    /// The bytes and the cursor; None: closed.
    state: Lock<Option<(Vec<u8>, u64)>>,
}

impl ValueWriter {
    fn with<R>(&self, body: impl FnOnce(&mut Vec<u8>, &mut u64) -> Result<R>) -> Result<R> {
        match &mut *self.state.lock()? {
            Some((bytes, cursor)) => body(bytes, cursor),
            None => Err(Error::new(ErrorKind::Closed, "the stream is closed")),
        }
    }
}

impl StreamAccess for ValueWriter {
    fn capabilities(&self) -> StreamCapability {
        StreamCapability::WRITE | StreamCapability::SEEK | StreamCapability::RESIZE
    }

    fn write(&self, buffer: &[u8]) -> Result<usize> {
        self.with(|bytes, cursor| {
            if buffer.is_empty() {
                return Ok(0);
            }
            let end = cursor.saturating_add(buffer.len() as u64);
            if end > bytes.len() as u64 {
                let room = reserve(bytes, end)?;
                bytes.resize(room, 0);
            }
            bytes[*cursor as usize..end as usize].copy_from_slice(buffer);
            *cursor = end;
            Ok(buffer.len())
        })
    }

    fn seek(&self, to: SeekFrom) -> Result<u64> {
        self.with(|bytes, cursor| {
            let (from, by) = match to {
                SeekFrom::Start(offset) => (offset, 0),
                SeekFrom::Current(by) => (*cursor, by),
                SeekFrom::End(by) => (bytes.len() as u64, by),
            };
            match u64::try_from(i128::from(from) + i128::from(by)) {
                Ok(position) if position <= i64::MAX as u64 => {
                    *cursor = position;
                    Ok(position)
                }
                _ => fail!(InvalidArgument, "a seek by {by} from {from} goes before the first byte or past 2^63 - 1"),
            }
        })
    }

    fn length(&self) -> Result<u64> {
        self.with(|bytes, _| Ok(bytes.len() as u64))
    }

    fn resize(&self, length: u64) -> Result<()> {
        self.with(|bytes, _| {
            let room = reserve(bytes, length)?;
            bytes.resize(room, 0);
            Ok(())
        })
    }

    fn close(&self) -> Result<()> {
        let state = self.state.lock()?.take();
        match state {
            Some((bytes, _)) => self.shared.place(&self.key, bytes, self.exclusive, None),
            None => Ok(()),
        }
    }

    fn origin(&self) -> Option<String> {
        Some(self.key.clone())
    }
}
