//! The stores under test.

use iolink_sdk::abi::{iolink_store_vtable, iolink_view_base};
use iolink_sdk::files::FolderStore;
use iolink_sdk::stores::{MemoryStore, NamedStore};
use iolink_sdk::view::{Got, StorePut, StoreRange};
use iolink_sdk::{Bytes, Call, Owner, RandomAccess, Result, Store, StreamCapability, View};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

pub const CALL: Call<'static> = Call::silent();

/// A folder that is removed at the end.
pub struct Scratch(pub PathBuf);

impl Scratch {
    pub fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("iolink-stores-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    /// Names in the folder, in order.
    pub fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A store with its name for messages, and the folder that it lies in.
pub struct Subject {
    pub name: &'static str,
    pub store: Arc<dyn Store>,
    pub folder: Option<Scratch>,
}

/// The same store as a view made elsewhere: every call passes the ABI.
pub fn far(store: Arc<dyn Store>) -> Arc<dyn Store> {
    static OTHER_MAKER: u8 = 1;
    let raw = View::Store(store).into_raw("org.example.far");
    // SAFETY: the view is live; its table is copied whole, and only says that another maker made it. The copy lives for ever.
    unsafe {
        let table = std::ptr::read((*raw).vtable as *const iolink_store_vtable);
        let base = iolink_view_base { maker: std::ptr::addr_of!(OTHER_MAKER).cast(), ..table.base };
        let table = Box::leak(Box::new(iolink_store_vtable { base, ..table }));
        (*raw).vtable = std::ptr::addr_of!(*table).cast();
        let view = View::from_raw(raw).unwrap().into_store().unwrap();
        assert!(view.foreign().is_some());
        view
    }
}

/// Every kind of store that can be written, empty.
pub fn writable() -> Vec<Subject> {
    let (near, away) = (Scratch::new(), Scratch::new());
    let store = |path: &PathBuf| -> Arc<dyn Store> { Arc::new(FolderStore::writable(path)) };
    vec![
        Subject { name: "memory", store: Arc::new(MemoryStore::new()), folder: None },
        Subject { name: "memory, far", store: far(Arc::new(MemoryStore::new())), folder: None },
        Subject { name: "folder", store: store(&near.0), folder: Some(near) },
        Subject { name: "folder, far", store: far(store(&away.0)), folder: Some(away) },
    ]
}

/// Every kind of store, with these values.
pub fn holding(values: &[(&str, &[u8])]) -> Vec<Subject> {
    let mut subjects = writable();
    for subject in &subjects {
        for (key, data) in values {
            put(&*subject.store, key, data).unwrap();
        }
    }
    let named = || -> Arc<dyn Store> {
        let value = |bytes: &[u8]| -> Arc<dyn RandomAccess> { Arc::new(Held(Arc::new(bytes.to_vec()))) };
        let values: BTreeMap<_, _> = values.iter().map(|(key, data)| ((*key).to_owned(), value(data))).collect();
        Arc::new(NamedStore::new(values).unwrap())
    };
    subjects.push(Subject { name: "named", store: named(), folder: None });
    subjects.push(Subject { name: "named, far", store: far(named()), folder: None });
    subjects
}

pub fn put(store: &dyn Store, key: &str, data: &[u8]) -> Result<()> {
    store.put(&StorePut { key, data, if_absent: false, if_version: None }, &CALL)
}

pub fn put_if_absent(store: &dyn Store, key: &str, data: &[u8]) -> Result<()> {
    store.put(&StorePut { key, data, if_absent: true, if_version: None }, &CALL)
}

/// The bytes of a value, read into a buffer of `room` bytes, or lent.
pub fn get(store: &dyn Store, key: &str, range: StoreRange, room: Option<usize>) -> Result<Option<(Vec<u8>, u64)>> {
    let mut buffer = vec![0xAA; room.unwrap_or(0)];
    match store.get(key, range, room.map(|_| &mut *buffer), &CALL)? {
        Got::Copied { done, value_size } => {
            assert!(buffer[done as usize..].iter().all(|byte| *byte == 0xAA), "bytes behind the value were written");
            buffer.truncate(done as usize);
            Ok(Some((buffer, value_size)))
        }
        // SAFETY: the store keeps lent bytes unchanged.
        Got::Lent { bytes, value_size } => Ok(Some((unsafe { bytes.as_slice() }.to_vec(), value_size))),
        Got::TooSmall { .. } => {
            assert!(buffer.iter().all(|byte| *byte == 0xAA), "too small a buffer was written");
            Ok(None)
        }
    }
}

/// Random access to bytes that are lent read-only.
struct Held(Arc<Vec<u8>>);

impl RandomAccess for Held {
    fn capabilities(&self) -> StreamCapability {
        StreamCapability::READ | StreamCapability::MEMORY_ACCESS
    }

    fn length(&self) -> Result<u64> {
        Ok(self.0.len() as u64)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let start = (offset as usize).min(self.0.len());
        let count = buffer.len().min(self.0.len() - start);
        buffer[..count].copy_from_slice(&self.0[start..start + count]);
        Ok(count)
    }

    fn memory(&self) -> Result<Bytes> {
        let owner = Owner::arc(Arc::clone(&self.0));
        Ok(Bytes { data: self.0.as_ptr() as *mut u8, length: self.0.len() as u64, writable: false, owner })
    }
}
