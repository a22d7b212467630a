//! A read-only store over random accesses with names.

use super::list_map;
use crate::view::{check_key, check_prefix, Got, StoreEntry, StoreMode, StoreRange};
use crate::{fail, Bytes, Call, Error, Owner, RandomAccess, Result, Store, StoreCapability, StreamCapability, View};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A store whose values are random accesses: the files of a format that come from somewhere without a folder.
pub struct NamedStore {
    values: BTreeMap<String, Arc<dyn RandomAccess>>,
}

impl NamedStore {
    /// The store of these values.
    ///
    /// # Errors
    /// `InvalidArgument` for a name that is not a key.
    pub fn new(values: BTreeMap<String, Arc<dyn RandomAccess>>) -> Result<Self> {
        values.keys().try_for_each(|key| check_key(key))?;
        Ok(NamedStore { values })
    }

    /// The values by their keys.
    pub fn values(&self) -> &BTreeMap<String, Arc<dyn RandomAccess>> {
        &self.values
    }

    /// Returns the value of a key.
    ///
    /// # Errors
    /// `InvalidArgument` for what is not a key, `NotFound`.
    pub fn value(&self, key: &str) -> Result<&Arc<dyn RandomAccess>> {
        check_key(key)?;
        match self.values.get(key) {
            Some(value) => Ok(value),
            None => {
                let known: Vec<&str> = self.values.keys().map(String::as_str).take(20).collect();
                let more = if self.values.len() > known.len() { ", ..." } else { "" };
                fail!(NotFound, "there is no {key:?} among {}{more}", known.join(", "))
            }
        }
    }
}

/// Lends part of a value that lies in memory which is not written.
fn lend(value: &dyn RandomAccess, offset: u64, length: u64) -> Option<Bytes> {
    if !value.capabilities().has(StreamCapability::MEMORY_ACCESS) {
        return None;
    }
    let bytes = value.memory().ok().filter(|bytes| !bytes.writable)?;
    match offset.checked_add(length) {
        Some(end) if end <= bytes.length => {
            // SAFETY: the part lies inside the bytes.
            let data = unsafe { bytes.data.add(offset as usize) };
            Some(Bytes { data, length, ..bytes })
        }
        _ => None,
    }
}

impl Store for NamedStore {
    fn capabilities(&self) -> StoreCapability {
        StoreCapability::READ | StoreCapability::LIST
    }

    fn get(&self, key: &str, range: StoreRange, buffer: Option<&mut [u8]>, _call: &Call<'_>) -> Result<Got> {
        let value = self.value(key)?;
        let value_size = value.length()?;
        let (offset, length) = range.within(value_size);
        match buffer {
            Some(buffer) if (buffer.len() as u64) < length => Ok(Got::TooSmall { value_size }),
            Some(buffer) => {
                value.read_exact_at(offset, &mut buffer[..length as usize])?;
                Ok(Got::Copied { done: length, value_size })
            }
            None => {
                if let Some(bytes) = lend(&**value, offset, length) {
                    return Ok(Got::Lent { bytes, value_size });
                }
                let mut bytes = Vec::new();
                let room = usize::try_from(length).unwrap_or(usize::MAX);
                if bytes.try_reserve_exact(room).is_err() {
                    fail!(Limit, "{length} bytes of {key:?} do not fit into memory; read it in ranges");
                }
                bytes.resize(room, 0);
                value.read_exact_at(offset, &mut bytes)?;
                let data = bytes.as_mut_ptr();
                let bytes = Bytes { data, length, writable: false, owner: Owner::arc(Arc::new(bytes)) };
                Ok(Got::Lent { bytes, value_size })
            }
        }
    }

    fn stat(&self, key: &str, _call: &Call<'_>) -> Result<StoreEntry> {
        let value_size = self.value(key)?.length()?;
        Ok(StoreEntry { key: key.to_owned(), value_size, ..StoreEntry::default() })
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
        let entry_of = |key: &str, value: &Arc<dyn RandomAccess>| StoreEntry {
            key: key.to_owned(),
            value_size: value.length().unwrap_or(0),
            ..StoreEntry::default()
        };
        list_map(&self.values, prefix, after, recursive, entry_of, visit);
        Ok(())
    }

    fn open(&self, key: &str, mode: StoreMode, _call: &Call<'_>) -> Result<View> {
        let value = self.value(key)?;
        match mode {
            StoreMode::Read => Ok(View::random_access(Named { value: Arc::clone(value), key: key.to_owned() })),
            _ => Err(Error::capability("the store of named bytes", "WRITE", "copy them into a store that is writable")),
        }
    }
}

/// A value that knows its name and is read-only.
struct Named {
    value: Arc<dyn RandomAccess>,
    key: String,
}

impl RandomAccess for Named {
    fn capabilities(&self) -> StreamCapability {
        self.value.capabilities().only(StreamCapability::READ | StreamCapability::MEMORY_ACCESS)
    }

    fn length(&self) -> Result<u64> {
        self.value.length()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        self.value.read_at(offset, buffer)
    }

    fn length_with(&self, call: &Call<'_>) -> Result<u64> {
        self.value.length_with(call)
    }

    fn read_at_with(&self, offset: u64, buffer: &mut [u8], call: &Call<'_>) -> Result<usize> {
        self.value.read_at_with(offset, buffer, call)
    }

    fn memory(&self) -> Result<Bytes> {
        self.value.memory()
    }

    fn prefetch(&self, ranges: &[std::ops::Range<u64>]) {
        self.value.prefetch(ranges);
    }

    fn extension(&self, id: u64) -> Option<View> {
        self.value.extension(id)
    }

    fn origin(&self) -> Option<String> {
        Some(self.key.clone())
    }
}
