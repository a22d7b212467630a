//! `DataStorage` and `DataStorageFactory` in Python: where streams and random access come from, and what lies beside it.

use super::access::StreamAccess;
use super::errors::{interrupted, raise};
use super::factory::{open_beneath, open_file, opening_failed};
use super::handle::Handle;
use super::path::path_from;
use super::random::RandomAccess;
use super::random_access_of;
use crate::errors::Naming;
use iolink_plugin_stream::{self as streams, OpenMode};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A source that opens as a stream or as random access, knows its name, and reaches what lies beside it, for formats in
/// several files. `iolink.open` takes it too.
///
/// >>> import iolink
/// >>> files = {"brain.hdr": b"header", "brain.img": b"samples"}
/// >>> header = iolink.DataStorageFactory.from_files(files, "brain.hdr")
/// >>> header.neighbours()
/// ['brain.hdr', 'brain.img']
/// >>> header.neighbour("brain.img").open_stream().read()
/// b'samples'
#[pyclass(frozen, module = "iolink", name = "DataStorage", weakref)]
pub struct DataStorage {
    storage: streams::DataStorage,
    /// The path as it was given.
    given: Option<Py<PyAny>>,
}

impl DataStorage {
    /// Local path, if there is one.
    pub fn path(&self) -> Option<PathBuf> {
        match &self.storage {
            streams::DataStorage::File { path, .. } => Some(path.clone()),
            streams::DataStorage::Beside { folder, name, .. } => Some(folder.join(name)),
            streams::DataStorage::Among { .. } => None,
        }
    }

    /// Is it a neighbour of a file, which no link may lead out of the folder?
    pub fn is_beside(&self) -> bool {
        matches!(self.storage, streams::DataStorage::Beside { .. })
    }

    pub fn storage(&self) -> &streams::DataStorage {
        &self.storage
    }

    /// The path for messages: as it was given, or as text.
    fn spelled<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        match &self.given {
            Some(given) => given.bind(py).clone(),
            None => PyString::new(py, &self.storage.source()).into_any(),
        }
    }
}

#[pymethods]
impl DataStorage {
    /// Path or name of the source.
    fn source(&self) -> String {
        self.storage.source()
    }

    /// A new stream over the source, by one of the binary modes of `open`. Named bytes keep their size: `"rb"` and `"r+b"`.
    #[pyo3(signature = (mode = "rb"))]
    fn open_stream(&self, py: Python<'_>, mode: &str) -> PyResult<StreamAccess> {
        let mode = OpenMode::parse(mode).map_err(raise)?;
        match &self.storage {
            streams::DataStorage::File { path, .. } => open_file(path, &self.spelled(py), mode),
            streams::DataStorage::Beside { folder, name, interrupted } => {
                open_beneath(folder, name, &self.spelled(py), mode, *interrupted)
            }
            streams::DataStorage::Among { .. } => {
                let stream = py.detach(|| self.storage.stream(mode)).map_err(raise)?;
                Ok(StreamAccess::new(Handle::of(stream)))
            }
        }
    }

    /// The source by position; for writing too where `writable`.
    #[pyo3(signature = (writable = false))]
    fn open_random_access(&self, py: Python<'_>, writable: bool) -> PyResult<RandomAccess> {
        let opened = py.detach(|| self.storage.random_access(writable));
        let access = opened.map_err(|error| opening_failed(error, &self.spelled(py)))?;
        Ok(RandomAccess::new(access))
    }

    /// The source of another name beside this one. A file need not be there yet; a name that leads out of the folder is a
    /// `ValueError`, and so is, when it is opened, a symbolic link that leads out of it.
    fn neighbour(&self, name: &str) -> PyResult<DataStorage> {
        Ok(DataStorage { storage: self.storage.neighbour(name).map_err(raise)?, given: None })
    }

    /// What lies beside the source, itself among it.
    fn neighbours(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        py.detach(|| self.storage.neighbours()).map_err(raise)
    }

    fn __repr__(&self) -> String {
        format!("<iolink.DataStorage {:?}>", self.storage.source())
    }
}

/// Makes storages: over files in their folder, and over bytes that belong together.
#[pyclass(frozen, module = "iolink", name = "DataStorageFactory")]
pub struct DataStorageFactory;

#[pymethods]
impl DataStorageFactory {
    /// A file, which need not be there yet, in its folder.
    #[staticmethod]
    fn from_path(path: &Bound<'_, PyAny>) -> PyResult<DataStorage> {
        let storage = streams::DataStorage::File { path: path_from("path", path)?, interrupted };
        Ok(DataStorage { storage, given: Some(path.clone().unbind()) })
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
        Ok(DataStorage { storage, given: None })
    }
}
