//! A provider of stores in memory, right but for the fault that was planted.

use iolink_sdk::stores::MemoryStore;
use iolink_sdk::view::{check_key, Got, StoreEntry, StoreGet, StoreMode, StorePut, StoreRange};
use iolink_sdk::{
    fail, Bytes, Call, Create, CreateView, Host, Kind, Offer, Owner, Provider, ProviderInfo, Result, Store,
    StoreCapability, StreamAccess, StreamCapability, View,
};
use std::sync::{Arc, Mutex};

/// The fault of a store. Each name is the false behaviour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    None,
    ClaimsMoreThanItHas,
    ReadsPartsFromTheStart,
    FailsTheBatchForOneItem,
    FillsSmallBuffers,
    HidesTheSizeOfWhatDoesNotFit,
    CompletesTwice,
    CompletesBeforeTheResult,
    CompletesNothing,
    NeverStops,
    TakesAnyKey,
    ThreadsShareARange,
    ListsInReverse,
    IgnoresAfter,
    ListsDeeperKeys,
    ListsToTheEnd,
    ChangesLentBytes,
    KeepsTheVersion,
    IgnoresIfAbsent,
    IgnoresIfVersion,
    RemovesTwice,
    UpdatesACopy,
    MakesWhatUpdateMisses,
    CommitsWithoutClose,
    CommitsEveryClose,
    CreatesOverAValue,
}

/// Threads of the suite read too: they ask here.
static FAULT: Mutex<Fault> = Mutex::new(Fault::None);

/// Plants a fault in the stores that are created from now on.
pub fn plant(fault: Fault) {
    *FAULT.lock().unwrap() = fault;
}

const WHOLE: StoreCapability =
    StoreCapability::READ.and(StoreCapability::WRITE).and(StoreCapability::LIST).and(StoreCapability::CONDITIONAL);

/// A store in memory and the fault around it.
struct Faulty {
    fault: Fault,
    inner: Arc<MemoryStore>,
    /// Bytes that are lent and then changed. They are never freed: a test may still look at them.
    lent: Mutex<Option<&'static [std::sync::atomic::AtomicU8]>>,
    range: Mutex<String>,
}

impl Faulty {
    fn key<'a>(&self, key: &'a str) -> &'a str {
        match self.fault == Fault::TakesAnyKey && check_key(key).is_err() {
            true => "b",
            false => key,
        }
    }
}

impl Store for Faulty {
    fn capabilities(&self) -> StoreCapability {
        match self.fault {
            Fault::ClaimsMoreThanItHas => StoreCapability::READ | StoreCapability::WRITE | StoreCapability::LIST,
            _ => WHOLE,
        }
    }

    fn get(&self, key: &str, range: StoreRange, buffer: Option<&mut [u8]>, call: &Call<'_>) -> Result<Got> {
        let mut key = self.key(key).to_owned();
        let range = match (self.fault, range) {
            (Fault::ReadsPartsFromTheStart, StoreRange::From { length, .. }) => StoreRange::From { offset: 0, length },
            (_, range) => range,
        };
        if self.fault == Fault::ThreadsShareARange {
            *self.range.lock().unwrap() = key;
            std::thread::yield_now();
            key = self.range.lock().unwrap().clone();
        }
        match (self.fault, buffer) {
            (Fault::FillsSmallBuffers, Some(buffer)) => {
                let Got::Lent { bytes, value_size } = self.inner.get(&key, range, None, call)? else {
                    fail!(Internal, "nothing was lent")
                };
                let count = buffer.len().min(bytes.length as usize);
                // SAFETY: the store keeps what it lends.
                buffer[..count].copy_from_slice(&unsafe { bytes.as_slice() }[..count]);
                Ok(Got::Copied { done: count as u64, value_size })
            }
            (Fault::HidesTheSizeOfWhatDoesNotFit, buffer) => match self.inner.get(&key, range, buffer, call)? {
                Got::TooSmall { .. } => Ok(Got::TooSmall { value_size: 0 }),
                other => Ok(other),
            },
            (Fault::ChangesLentBytes, None) if key == "b" => {
                let value = (&*self.inner as &dyn Store).read(&key, call)?;
                let length = value.len() as u64;
                let copy: Vec<_> = value.into_iter().map(std::sync::atomic::AtomicU8::new).collect();
                let copy: &'static [_] = copy.leak();
                *self.lent.lock().unwrap() = Some(copy);
                let data = copy.as_ptr() as *mut u8;
                let bytes = Bytes { data, length, writable: false, owner: Owner::none() };
                Ok(Got::Lent { bytes, value_size: length })
            }
            (_, buffer) => self.inner.get(&key, range, buffer, call),
        }
    }

    fn get_many(
        &self,
        gets: &mut [StoreGet<'_>],
        completed: &(dyn Fn(usize, &StoreGet<'_>) + Sync),
        call: &Call<'_>,
    ) -> Result<()> {
        let total = gets.len() as u64;
        for (index, get) in gets.iter_mut().enumerate() {
            match self.fault {
                Fault::NeverStops => drop(call.step(index as u64, total)),
                _ => call.step(index as u64, total)?,
            }
            if self.fault == Fault::CompletesBeforeTheResult {
                completed(index, get);
            }
            let result = self.get(&get.key, get.range, get.buffer.as_deref_mut(), call);
            if self.fault == Fault::FailsTheBatchForOneItem {
                get.result = Some(Ok(result?));
            } else {
                get.result = Some(result);
            }
            match self.fault {
                Fault::CompletesBeforeTheResult | Fault::CompletesNothing => {}
                Fault::CompletesTwice => {
                    completed(index, get);
                    completed(index, get);
                }
                _ => completed(index, get),
            }
        }
        Ok(())
    }

    fn stat(&self, key: &str, call: &Call<'_>) -> Result<StoreEntry> {
        let mut entry = self.inner.stat(self.key(key), call)?;
        if self.fault == Fault::KeepsTheVersion {
            entry.version = Some("1".to_owned());
        }
        Ok(entry)
    }

    fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        recursive: bool,
        visit: &mut dyn FnMut(&StoreEntry) -> bool,
        call: &Call<'_>,
    ) -> Result<()> {
        let after = after.filter(|_| self.fault != Fault::IgnoresAfter);
        let recursive = recursive || self.fault == Fault::ListsDeeperKeys;
        match self.fault {
            Fault::ListsInReverse => {
                let mut all = Vec::new();
                let mut keep = |entry: &StoreEntry| {
                    all.push(entry.clone());
                    true
                };
                self.inner.list(prefix, after, recursive, &mut keep, call)?;
                all.iter().rev().all(visit);
                Ok(())
            }
            Fault::ListsToTheEnd => {
                let mut anyhow = |entry: &StoreEntry| {
                    visit(entry);
                    true
                };
                self.inner.list(prefix, after, recursive, &mut anyhow, call)
            }
            _ => self.inner.list(prefix, after, recursive, visit, call),
        }
    }

    fn open(&self, key: &str, mode: StoreMode, call: &Call<'_>) -> Result<View> {
        let key = self.key(key);
        match (self.fault, mode) {
            (Fault::UpdatesACopy, StoreMode::Update) => {
                let copy = MemoryStore::new();
                let data = (&*self.inner as &dyn Store).read(key, call)?;
                copy.put(&StorePut { key, data: &data, if_absent: false, if_version: None }, call)?;
                copy.open(key, mode, call)
            }
            (Fault::MakesWhatUpdateMisses, StoreMode::Update) => {
                let empty = StorePut { key, data: b"", if_absent: true, if_version: None };
                drop(self.inner.put(&empty, call));
                self.inner.open(key, mode, call)
            }
            (Fault::CreatesOverAValue, StoreMode::Create) => self.inner.open(key, StoreMode::Replace, call),
            (Fault::CommitsWithoutClose | Fault::CommitsEveryClose, StoreMode::Create | StoreMode::Replace) => {
                self.inner.open(key, mode, call)?;
                let state = Mutex::new((Vec::new(), false));
                Ok(View::stream(Writer { fault: self.fault, store: self.inner.clone(), key: key.to_owned(), state }))
            }
            _ => self.inner.open(key, mode, call),
        }
    }

    fn put(&self, put: &StorePut<'_>, call: &Call<'_>) -> Result<()> {
        if let (Some(lent), "b") = (*self.lent.lock().unwrap(), put.key) {
            for (byte, new) in lent.iter().zip(put.data) {
                byte.store(*new, std::sync::atomic::Ordering::SeqCst);
            }
        }
        let if_absent = put.if_absent && self.fault != Fault::IgnoresIfAbsent;
        let if_version = put.if_version.filter(|_| self.fault != Fault::IgnoresIfVersion);
        self.inner.put(&StorePut { key: self.key(put.key), data: put.data, if_absent, if_version }, call)
    }

    fn remove(&self, key: &str, call: &Call<'_>) -> Result<()> {
        match (self.fault, self.inner.remove(self.key(key), call)) {
            (Fault::RemovesTwice, Err(failed)) if check_key(key).is_ok() => {
                drop(failed);
                Ok(())
            }
            (_, removed) => removed,
        }
    }
}

/// A stream that commits more often than it should.
struct Writer {
    fault: Fault,
    store: Arc<MemoryStore>,
    key: String,
    state: Mutex<(Vec<u8>, bool)>,
}

impl Writer {
    fn commit(&self) -> Result<()> {
        let data = self.state.lock().unwrap().0.clone();
        let put = StorePut { key: &self.key, data: &data, if_absent: false, if_version: None };
        self.store.put(&put, &Call::silent())
    }
}

impl StreamAccess for Writer {
    fn capabilities(&self) -> StreamCapability {
        StreamCapability::WRITE
    }

    fn write(&self, buffer: &[u8]) -> Result<usize> {
        let mut state = self.state.lock().unwrap();
        if state.1 {
            fail!(Closed, "the stream is closed");
        }
        state.0.extend_from_slice(buffer);
        Ok(buffer.len())
    }

    fn length(&self) -> Result<u64> {
        Ok(self.state.lock().unwrap().0.len() as u64)
    }

    fn close(&self) -> Result<()> {
        let before = std::mem::replace(&mut self.state.lock().unwrap().1, true);
        if before && self.fault != Fault::CommitsEveryClose {
            return Ok(());
        }
        self.commit()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let closed = self.state.lock().unwrap().1;
        if !closed && self.fault == Fault::CommitsWithoutClose {
            drop(self.commit());
        }
    }
}

/// Stores in memory.
pub struct Stores;

impl Provider for Stores {
    const INFO: ProviderInfo = ProviderInfo::new("org.faulty.store", "Stores in memory, with a fault")
        .offers(&[Offer::create(Kind::Store).store_capabilities(WHOLE)]);

    fn create(&self, _: &Host, request: Create, _: &Call<'_>) -> Result<View> {
        match request.view {
            CreateView::Store => Ok(View::store(Faulty {
                fault: *FAULT.lock().unwrap(),
                inner: Arc::new(MemoryStore::new()),
                lent: Mutex::new(None),
                range: Mutex::new(String::new()),
            })),
            _ => fail!(NotImplemented, "stores only"),
        }
    }
}

iolink_sdk::builtin!(Stores);
