//! `DataStorage` and `DataStorageFactory` in Python: where streams and random access come from, their siblings, and the
//! store that holds them.

use super::access::StreamAccess;
use super::buffer::with_source;
use super::errors::{interrupted, raise};
use super::factory::{open_beneath, open_file, opening_failed};
use super::handle::Handle;
use super::path::path_from;
use super::random::RandomAccess;
use super::random_access_of;
use crate::errors::{Naming, OrRaise};
use crate::registry;
use iolink_plugin_stream::{self as streams, OpenMode};
use iolink_sdk::view::{StoreEntry, StorePut};
use iolink_sdk::{Call, CreateView, Error, ErrorKind, Source, Store};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// A source that opens as a stream or as random access, knows its name, and reaches its siblings, for formats in several
/// files. `iolink.open` takes it too.
///
/// It is a key of a store: the folder of a file, files given by their names, or memory. `keys`, `read`, `write`, `remove`,
/// `stat` and `open` work on the whole store.
///
/// >>> import iolink
/// >>> files = {"brain.hdr": b"header", "brain.img": b"samples"}
/// >>> header = iolink.DataStorageFactory.from_files(files, "brain.hdr")
/// >>> header.siblings()
/// ['brain.hdr', 'brain.img']
/// >>> header.sibling("brain.img").open_stream().read()
/// b'samples'
#[pyclass(frozen, module = "iolink", name = "DataStorage", weakref)]
pub struct DataStorage {
    storage: streams::DataStorage,
    /// The path as it was given.
    given: Option<Py<PyAny>>,
    /// The store, made when it is first used, so that it opens its folder once.
    store: OnceLock<Arc<dyn Store>>,
}

impl DataStorage {
    pub fn new(storage: streams::DataStorage, given: Option<Py<PyAny>>) -> Self {
        DataStorage { storage, given, store: OnceLock::new() }
    }

    pub fn storage(&self) -> &streams::DataStorage {
        &self.storage
    }

    /// The source that `iolink.open` opens, with its bytes and its store.
    pub fn to_source(&self, py: Python<'_>) -> PyResult<Source> {
        let bytes = || py.detach(|| self.storage.random_access(false)).map_err(raise);
        let source = match (&self.storage, self.storage.path()) {
            (streams::DataStorage::Beside { .. }, Some(path)) => {
                // The bytes are opened here, so that no link leads out of the folder.
                iolink_host::source::from_path(&path).or_raise()?.with_bytes(bytes()?)
            }
            (_, Some(path)) => return iolink_host::source::from_path(&path).or_raise(),
            (_, None) => {
                let source = Source::new(format!("stream:{}", self.storage.source()));
                match self.storage.key().map_err(raise)? {
                    "" => source,
                    _ => source.with_bytes(bytes()?),
                }
            }
        };
        Ok(source.with_store(self.storage.store(false), self.storage.key().map_err(raise)?))
    }

    /// The path for messages: as it was given, or as a string.
    fn spelled<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        match &self.given {
            Some(given) => given.bind(py).clone(),
            None => PyString::new(py, &self.storage.source()).into_any(),
        }
    }

    fn store(&self) -> &Arc<dyn Store> {
        self.store.get_or_init(|| self.storage.store(true))
    }

    /// Runs `body` on the store while other threads run.
    fn run<R: Send>(
        &self,
        py: Python<'_>,
        body: impl FnOnce(&dyn Store, &Call<'_>) -> Result<R, Error> + Send,
    ) -> PyResult<R> {
        let store = self.store();
        py.detach(|| body(&**store, &Call::silent())).or_raise()
    }
}

#[pymethods]
impl DataStorage {
    /// Path or name of the source.
    fn source(&self) -> String {
        self.storage.source()
    }

    /// The key of the source in its store: the name of a file in its folder; "" if the source is the store itself.
    fn key(&self) -> PyResult<String> {
        Ok(self.storage.key().map_err(raise)?.to_owned())
    }

    /// Opens the source as a new stream, by one of the binary modes of `open`. Named bytes keep their size: their modes are
    /// `"rb"` and `"r+b"`. The modes of a key of a store are those of `DataStorage.open`.
    #[pyo3(signature = (mode = "rb"))]
    fn open_stream(&self, py: Python<'_>, mode: &str) -> PyResult<StreamAccess> {
        let mode = OpenMode::parse(mode).map_err(raise)?;
        match &self.storage {
            streams::DataStorage::File { path, .. } | streams::DataStorage::Folder { path, .. } => {
                open_file(path, &self.spelled(py), mode)
            }
            streams::DataStorage::Beside { folder, key, interrupted } => {
                open_beneath(folder, key, &self.spelled(py), mode, *interrupted)
            }
            storage => open_stored(py, storage, mode),
        }
    }

    /// Opens the source as random access, to be written too if `writable`.
    #[pyo3(signature = (writable = false))]
    fn open_random_access(&self, py: Python<'_>, writable: bool) -> PyResult<RandomAccess> {
        let opened = py.detach(|| self.storage.random_access(writable));
        let access = opened.map_err(|error| opening_failed(error, &self.spelled(py)))?;
        Ok(RandomAccess::new(access))
    }

    /// Returns the source of another name beside this one. A file need not exist yet; a name that leads out of the folder
    /// is a `ValueError`, and so is, when it is opened, a symbolic link that leads out of it.
    fn sibling(&self, name: &str) -> PyResult<DataStorage> {
        Ok(DataStorage::new(self.storage.sibling(name).map_err(raise)?, None))
    }

    /// Returns the names of the files beside the source, its own among them.
    fn siblings(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        py.detach(|| self.storage.siblings()).map_err(raise)
    }

    /// Returns the keys of the store below `prefix`, which is empty or ends with `/`, in byte order. Without `recursive`,
    /// deeper keys stand together as one key that ends with `/`.
    ///
    /// >>> import iolink
    /// >>> storage = iolink.DataStorageFactory.allocate()
    /// >>> for key in ("zarr.json", "c/0/0", "c/0/1"):
    /// ...     storage.write(key, key.encode())
    /// >>> storage.keys()
    /// ['c/0/0', 'c/0/1', 'zarr.json']
    /// >>> storage.keys(recursive=False)
    /// ['c/', 'zarr.json']
    #[pyo3(signature = (prefix = "", recursive = true))]
    fn keys(&self, py: Python<'_>, prefix: &str, recursive: bool) -> PyResult<Vec<String>> {
        self.run(py, |store, call| {
            let mut keys = Vec::new();
            let mut visit = |entry: &StoreEntry| {
                keys.push(entry.key.clone());
                true
            };
            store.list(prefix, None, recursive, &mut visit, call)?;
            Ok(keys)
        })
    }

    /// Returns the value of a key of the store.
    fn read<'py>(&self, py: Python<'py>, key: &str) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = self.run(py, |store, call| store.read(key, call))?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// Writes a value of the store, which is there whole or as before. Without `overwrite`, a key that has a value already
    /// is a `FileExistsError`.
    #[pyo3(signature = (key, data, *, overwrite = true))]
    fn write(&self, py: Python<'_>, key: &str, data: &Bound<'_, PyAny>, overwrite: bool) -> PyResult<()> {
        with_source(data, |data| {
            let put = StorePut { key, data, if_absent: !overwrite, if_version: None };
            self.run(py, |store, call| store.put(&put, call))
        })
        .naming(py, "data")?
    }

    /// Removes a value of the store; a key without a value is a `FileNotFoundError`.
    fn remove(&self, py: Python<'_>, key: &str) -> PyResult<()> {
        self.run(py, |store, call| store.remove(key, call))
    }

    /// Returns size and version of a value of the store.
    ///
    /// >>> import iolink
    /// >>> storage = iolink.DataStorageFactory.from_files({"a": b"12345"}, "a")
    /// >>> storage.stat("a")
    /// <iolink.DataStorageEntry 'a', 5 bytes>
    fn stat(&self, py: Python<'_>, key: &str) -> PyResult<DataStorageEntry> {
        self.run(py, |store, call| store.stat(key, call)).map(DataStorageEntry)
    }

    /// Opens a key of the store as a stream: `"rb"` and `"r+b"` an existing value, `"wb"` a value that is replaced, `"xb"`
    /// one that must not exist. What `"wb"` and `"xb"` write becomes the value when the stream is closed, whole, and is
    /// dropped if the `with` block raises or the stream is never closed.
    ///
    /// >>> import iolink
    /// >>> storage = iolink.DataStorageFactory.allocate()
    /// >>> with storage.open("a", "wb") as stream:
    /// ...     _ = stream.write(b"value")
    /// >>> storage.read("a")
    /// b'value'
    #[pyo3(signature = (key, mode = "rb"))]
    fn open(&self, py: Python<'_>, key: &str, mode: &str) -> PyResult<StreamAccess> {
        let mode = OpenMode::parse(mode).map_err(raise)?;
        if key.is_empty() {
            return Err(crate::errors::raise(Error::new(ErrorKind::InvalidArgument, "\"\" is not a key of the store")));
        }
        let storage = streams::DataStorage::stored(self.store().clone(), key).or_raise()?;
        open_stored(py, &storage, mode)
    }

    fn __repr__(&self) -> String {
        format!("<iolink.DataStorage {:?}>", self.storage.source())
    }
}

fn open_stored(py: Python<'_>, storage: &streams::DataStorage, mode: OpenMode) -> PyResult<StreamAccess> {
    let stream = py.detach(|| storage.stream(mode)).or_raise()?;
    let is_new = mode.create && matches!(storage, streams::DataStorage::Stored { .. });
    Ok(StreamAccess::new(if is_new { Handle::of_writer(stream) } else { Handle::of(stream) }))
}

/// Size and version of a value of a store.
#[pyclass(frozen, module = "iolink", name = "DataStorageEntry")]
pub struct DataStorageEntry(StoreEntry);

#[pymethods]
impl DataStorageEntry {
    /// The key.
    #[getter]
    fn key(&self) -> &str {
        &self.0.key
    }

    /// Number of bytes.
    #[getter]
    fn size(&self) -> u64 {
        self.0.value_size
    }

    /// A string that changes whenever the value does; None if the store has none.
    #[getter]
    fn version(&self) -> Option<&str> {
        self.0.version.as_deref()
    }

    /// Time of the last change in nanoseconds since 1970 UTC; None if the store does not know it.
    #[getter]
    fn modified_ns(&self) -> Option<i64> {
        Some(self.0.modified_ns).filter(|time| *time != 0)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let key = PyString::new(py, &self.0.key).repr()?;
        Ok(format!("<iolink.DataStorageEntry {key}, {} bytes>", self.0.value_size))
    }
}

/// Makes storages: over files in their folder, over folders, over bytes that belong together, and in memory.
#[pyclass(frozen, module = "iolink", name = "DataStorageFactory")]
pub struct DataStorageFactory;

#[pymethods]
impl DataStorageFactory {
    /// A file, which need not exist yet, in its folder.
    #[staticmethod]
    fn from_path(path: &Bound<'_, PyAny>) -> PyResult<DataStorage> {
        let storage = streams::DataStorage::File { path: path_from("path", path)?, interrupted };
        Ok(DataStorage::new(storage, Some(path.clone().unbind())))
    }

    /// A folder, as the store of the files in it and below it. No key and no symbolic link leads out of it.
    #[staticmethod]
    fn from_folder(path: &Bound<'_, PyAny>) -> PyResult<DataStorage> {
        let storage = streams::DataStorage::Folder { path: path_from("path", path)?, interrupted };
        Ok(DataStorage::new(storage, Some(path.clone().unbind())))
    }

    /// Bytes by their names, of which `name` is the source: bytes-like objects, streams, random access, or Python file
    /// objects that can seek.
    #[staticmethod]
    fn from_files(py: Python<'_>, files: &Bound<'_, PyDict>, name: &str) -> PyResult<DataStorage> {
        let mut all = BTreeMap::new();
        for (key, value) in files {
            all.insert(key.extract::<String>()?, random_access_of("files", &value).naming(py, "files")?.0);
        }
        let storage = py.detach(|| streams::DataStorage::among(all, name)).map_err(raise)?;
        Ok(DataStorage::new(storage, None))
    }

    /// An empty store in memory, to be written.
    #[staticmethod]
    fn allocate(py: Python<'_>) -> PyResult<DataStorage> {
        let store = py.detach(|| registry().create(CreateView::Store.in_memory())?.into_store()).or_raise()?;
        Ok(DataStorage::new(streams::DataStorage::stored(store, "").or_raise()?, None))
    }
}
