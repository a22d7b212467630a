//! A store in memory with every capability.

use super::bytes::{copy_at, write_inside, Random};
use super::locked;
use iolink_sdk::view::{check_key, check_prefix, Got, StoreEntry, StoreMode, StorePut, StoreRange};
use iolink_sdk::{fail, Bytes, Call, Error, ErrorKind, Owner, RandomAccess, Result, StreamAccess, View};
use iolink_sdk::{StoreCapability, StreamCapability};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// One value: its version, and its bytes.
type Value = (u64, Arc<Vec<u8>>);

type Values = Arc<Mutex<BTreeMap<String, Value>>>;

/// Values in memory.
#[derive(Default)]
pub struct Store(Values);

impl Store {
    /// A store with one value under each key.
    pub fn new<'a>(values: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        let value = |(key, bytes): (&str, &[u8])| (key.to_owned(), (1, Arc::new(bytes.to_vec())));
        Store(Arc::new(Mutex::new(values.into_iter().map(value).collect())))
    }

    fn value(&self, key: &str) -> Result<Value> {
        check_key(key)?;
        locked(&self.0).get(key).cloned().ok_or_else(|| absent(key))
    }
}

fn absent(key: &str) -> Error {
    Error::new(ErrorKind::NotFound, format!("there is no {key}"))
}

/// Puts a value in place of the one that is there.
fn replace(values: &Values, key: &str, bytes: &[u8]) {
    let mut values = locked(values);
    let version = values.get(key).map_or(0, |(version, _)| *version) + 1;
    values.insert(key.to_owned(), (version, Arc::new(bytes.to_vec())));
}

fn entry(key: &str, (version, bytes): &Value) -> StoreEntry {
    StoreEntry {
        key: key.to_owned(),
        is_prefix: false,
        version: Some(version.to_string()),
        value_size: bytes.len() as u64,
        modified_ns: 7,
    }
}

impl iolink_sdk::Store for Store {
    fn capabilities(&self) -> StoreCapability {
        StoreCapability::READ.and(StoreCapability::WRITE).and(StoreCapability::LIST).and(StoreCapability::CONDITIONAL)
    }

    fn get(&self, key: &str, range: StoreRange, buffer: Option<&mut [u8]>, _call: &Call<'_>) -> Result<Got> {
        let (_, value) = self.value(key)?;
        let value_size = value.len() as u64;
        let (offset, length) = range.within(value_size);
        match buffer {
            Some(buffer) if (buffer.len() as u64) < length => Ok(Got::TooSmall { value_size }),
            Some(buffer) => {
                copy_at(&value, offset, &mut buffer[..length as usize]);
                Ok(Got::Copied { done: length, value_size })
            }
            None => {
                let data = value[offset as usize..].as_ptr() as *mut u8;
                let bytes = Bytes { data, length, writable: false, owner: Owner::arc(value.clone()) };
                Ok(Got::Lent { bytes, value_size })
            }
        }
    }

    fn stat(&self, key: &str, _call: &Call<'_>) -> Result<StoreEntry> {
        self.value(key).map(|value| entry(key, &value))
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
        let mut entries: Vec<StoreEntry> = Vec::new();
        for (key, value) in locked(&self.0).iter().filter(|(key, _)| key.starts_with(prefix)) {
            let found = match key[prefix.len()..].find('/') {
                Some(slash) if !recursive => StoreEntry {
                    key: key[..prefix.len() + slash + 1].to_owned(),
                    is_prefix: true,
                    ..StoreEntry::default()
                },
                _ => entry(key, value),
            };
            if entries.last() != Some(&found) {
                entries.push(found);
            }
        }
        entries.sort_by(|first, second| first.key.cmp(&second.key));
        let wanted = entries.iter().filter(|entry| after.is_none_or(|after| entry.key.as_str() > after));
        for entry in wanted {
            if !visit(entry) {
                break;
            }
        }
        Ok(())
    }

    fn open(&self, key: &str, mode: StoreMode, _call: &Call<'_>) -> Result<View> {
        check_key(key)?;
        Ok(match mode {
            StoreMode::Read => View::random_access(Random::new(&self.value(key)?.1)),
            StoreMode::Update => {
                self.value(key)?;
                View::random_access(InPlace { values: self.0.clone(), key: key.to_owned() })
            }
            StoreMode::Create if locked(&self.0).contains_key(key) => fail!(Exists, "{key} has a value"),
            StoreMode::Create | StoreMode::Replace => View::stream(Upload {
                values: self.0.clone(),
                key: key.to_owned(),
                bytes: Mutex::new(Some(Vec::new())),
            }),
        })
    }

    fn put(&self, put: &StorePut<'_>, _call: &Call<'_>) -> Result<()> {
        check_key(put.key)?;
        let version = locked(&self.0).get(put.key).map(|(version, _)| version.to_string());
        if put.if_absent && version.is_some() {
            fail!(Exists, "{} has a value", put.key);
        }
        if put.if_version.is_some() && put.if_version != version.as_deref() {
            fail!(Changed, "{} has the version {version:?}", put.key);
        }
        replace(&self.0, put.key, put.data);
        Ok(())
    }

    fn remove(&self, key: &str, _call: &Call<'_>) -> Result<()> {
        check_key(key)?;
        locked(&self.0).remove(key).map(drop).ok_or_else(|| absent(key))
    }
}

/// A value that is written in place.
struct InPlace {
    values: Values,
    key: String,
}

impl RandomAccess for InPlace {
    fn capabilities(&self) -> StreamCapability {
        StreamCapability::READ.and(StreamCapability::WRITE)
    }

    fn length(&self) -> Result<u64> {
        locked(&self.values).get(&self.key).map(|(_, bytes)| bytes.len() as u64).ok_or_else(|| absent(&self.key))
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let values = locked(&self.values);
        values.get(&self.key).map(|(_, bytes)| copy_at(bytes, offset, buffer)).ok_or_else(|| absent(&self.key))
    }

    fn write_at(&self, offset: u64, buffer: &[u8]) -> Result<()> {
        let mut values = locked(&self.values);
        let (version, bytes) = values.get_mut(&self.key).ok_or_else(|| absent(&self.key))?;
        *version += 1;
        write_inside(Arc::make_mut(bytes).as_mut_slice(), offset, buffer)
    }
}

/// A value that is written as a stream: `close` commits it, the last release without `close` drops it.
struct Upload {
    values: Values,
    key: String,
    bytes: Mutex<Option<Vec<u8>>>,
}

impl StreamAccess for Upload {
    fn capabilities(&self) -> StreamCapability {
        StreamCapability::WRITE
    }

    fn write(&self, buffer: &[u8]) -> Result<usize> {
        match &mut *locked(&self.bytes) {
            Some(bytes) => bytes.extend_from_slice(buffer),
            None => fail!(Closed, "{} is committed", self.key),
        }
        Ok(buffer.len())
    }

    fn length(&self) -> Result<u64> {
        Ok(locked(&self.bytes).as_ref().map_or(0, |bytes| bytes.len() as u64))
    }

    fn close(&self) -> Result<()> {
        // A second close does nothing.
        if let Some(bytes) = locked(&self.bytes).take() {
            replace(&self.values, &self.key, &bytes);
        }
        Ok(())
    }
}
