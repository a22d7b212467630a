//! A source that opens as a stream or as random access: a file in its folder, named bytes, or a key of a store.

use crate::file::Interrupted;
use crate::{stream_over, FileAccess, FileStream, OpenMode};
use iolink_sdk::files::FolderStore;
use iolink_sdk::stores::NamedStore;
use iolink_sdk::view::{check_key, sibling_key, StoreEntry, StoreMode};
use iolink_sdk::{
    fail, Bytes, Call, Error, ErrorKind, RandomAccess, Result, Store, StreamAccess, StreamCapability, View,
};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A source that opens as a stream or as random access, knows its name, and reaches its siblings: the files beside it. It
/// is a key of a store.
#[derive(Clone)]
pub enum DataStorage {
    /// A file; its siblings are those of its folder.
    File {
        /// Path of the file.
        path: PathBuf,
        /// Called when a signal interrupts a system call.
        interrupted: Interrupted,
    },
    /// A file beside one that was opened by its path: no link leads it out of the folder.
    Beside {
        /// The folder.
        folder: PathBuf,
        /// The key in the folder.
        key: String,
        /// Called when a signal interrupts a system call.
        interrupted: Interrupted,
    },
    /// A folder, which is its own store.
    Folder {
        /// Path of the folder.
        path: PathBuf,
        /// Called when a signal interrupts a system call.
        interrupted: Interrupted,
    },
    /// One of several random accesses that have names and no folder.
    Among {
        /// Name of this one.
        name: String,
        /// All of them.
        all: Arc<NamedStore>,
    },
    /// A key of any store, or the store itself.
    Stored {
        /// The store.
        store: Arc<dyn Store>,
        /// The key, which need not have a value yet; "" for the store itself.
        key: String,
    },
}

impl DataStorage {
    /// Random accesses by their names, of which `name` is the source.
    ///
    /// # Errors
    /// `NotFound` if there is no such name, `InvalidArgument` for a name that is not a key.
    pub fn among(all: BTreeMap<String, Arc<dyn RandomAccess>>, name: &str) -> Result<Self> {
        let all = Arc::new(NamedStore::new(all)?);
        all.value(name)?;
        Ok(DataStorage::Among { name: name.to_owned(), all })
    }

    /// A key of a store; "" for the store itself.
    ///
    /// # Errors
    /// `InvalidArgument` for what is not a key.
    pub fn stored(store: Arc<dyn Store>, key: &str) -> Result<Self> {
        if !key.is_empty() {
            check_key(key)?;
        }
        Ok(DataStorage::Stored { store, key: key.to_owned() })
    }

    /// Path or name of the source.
    pub fn source(&self) -> String {
        match self {
            DataStorage::File { path, .. } | DataStorage::Folder { path, .. } => path.display().to_string(),
            DataStorage::Beside { folder, key, .. } => folder.join(key).display().to_string(),
            DataStorage::Among { name, .. } => name.clone(),
            DataStorage::Stored { key, .. } => key.clone(),
        }
    }

    /// Local path, if the source is a file or a folder.
    pub fn path(&self) -> Option<PathBuf> {
        match self {
            DataStorage::File { path, .. } | DataStorage::Folder { path, .. } => Some(path.clone()),
            DataStorage::Beside { folder, key, .. } => Some(folder.join(key)),
            DataStorage::Among { .. } | DataStorage::Stored { .. } => None,
        }
    }

    /// The store that holds the source: for a file its folder, to be written too if `writable`.
    pub fn store(&self, writable: bool) -> Arc<dyn Store> {
        let folder = |path: &Path| -> Arc<dyn Store> {
            match writable {
                true => Arc::new(FolderStore::writable(path)),
                false => Arc::new(FolderStore::new(path)),
            }
        };
        match self {
            DataStorage::File { path, .. } => folder(folder_of(path)),
            DataStorage::Beside { folder: path, .. } | DataStorage::Folder { path, .. } => folder(path),
            DataStorage::Among { all, .. } => all.clone(),
            DataStorage::Stored { store, .. } => store.clone(),
        }
    }

    /// Key of the source in its store; "" for the store itself.
    ///
    /// # Errors
    /// `InvalidArgument` for a path without a name, or with one that is not UTF-8.
    pub fn key(&self) -> Result<&str> {
        match self {
            DataStorage::File { path, .. } => match path.file_name().map(|name| name.to_str()) {
                Some(Some(name)) => Ok(name),
                _ => fail!(InvalidArgument, "{} does not end with the name of a file in UTF-8", path.display()),
            },
            DataStorage::Folder { .. } => Ok(""),
            DataStorage::Beside { key, .. } | DataStorage::Stored { key, .. } => Ok(key),
            DataStorage::Among { name, .. } => Ok(name),
        }
    }

    /// Opens the source as random access.
    ///
    /// # Errors
    /// As [`FileAccess::open`]; `NotImplemented` if it is to be written and cannot be.
    pub fn random_access(&self, writable: bool) -> Result<Arc<dyn RandomAccess>> {
        match self {
            DataStorage::File { path, interrupted } | DataStorage::Folder { path, interrupted } => {
                Ok(Arc::new(FileAccess::open(path, writable, *interrupted)?))
            }
            DataStorage::Beside { folder, key, interrupted } => {
                let mode = OpenMode { write: writable, ..OpenMode::READ };
                Ok(Arc::new(FileStream::open_beneath(folder, key, mode, *interrupted)?.random_access()?))
            }
            DataStorage::Among { name, all } => {
                let bytes = all.value(name)?.clone();
                if writable && !bytes.capabilities().has(StreamCapability::WRITE) {
                    return Err(Error::capability(name, "WRITE", "its bytes are read-only: copy them to change them"));
                }
                Ok(Arc::new(Named { bytes, name: name.clone() }))
            }
            DataStorage::Stored { key, .. } if key.is_empty() => Err(itself()),
            DataStorage::Stored { store, key } => {
                let mode = if writable { StoreMode::Update } else { StoreMode::Read };
                store.open(key, mode, &Call::silent())?.into_random_access()
            }
        }
    }

    /// Opens the source as a new stream.
    ///
    /// # Errors
    /// As [`FileStream::open`]. Named bytes keep their size, so that their modes are `r` and `r+`; the modes of a key of a
    /// store are `r`, `r+`, `w` and `x`.
    pub fn stream(&self, mode: OpenMode) -> Result<Arc<dyn StreamAccess>> {
        match self {
            DataStorage::File { path, interrupted } | DataStorage::Folder { path, interrupted } => {
                Ok(Arc::new(FileStream::open_with(path, mode, *interrupted)?))
            }
            DataStorage::Beside { folder, key, interrupted } => {
                Ok(Arc::new(FileStream::open_beneath(folder, key, mode, *interrupted)?))
            }
            DataStorage::Among { name, .. } if mode.create => {
                Err(Error::capability(name, "RESIZE", "named bytes keep their size: open them with mode r or r+"))
            }
            DataStorage::Stored { key, .. } if key.is_empty() => Err(itself()),
            DataStorage::Stored { key, .. } if mode.append || (mode.create && mode.read) => {
                Err(Error::capability(key, "such a mode", "open a key of a store with mode r, r+, w or x"))
            }
            DataStorage::Stored { store, key } if mode.create => {
                let mode = if mode.exclusive { StoreMode::Create } else { StoreMode::Replace };
                store.open(key, mode, &Call::silent())?.into_stream()
            }
            DataStorage::Among { .. } | DataStorage::Stored { .. } => Ok(stream_over(self.random_access(mode.write)?)),
        }
    }

    /// Returns the source of another name beside this one. It need not exist yet.
    ///
    /// # Errors
    /// `InvalidArgument` for a name that leads out of the folder, `NotFound` among named bytes. A link that leads out is
    /// an error once the sibling is opened.
    pub fn sibling(&self, name: &str) -> Result<DataStorage> {
        match self {
            DataStorage::File { path, interrupted } => Ok(DataStorage::Beside {
                folder: folder_of(path).to_owned(),
                key: sibling_key("", name)?,
                interrupted: *interrupted,
            }),
            DataStorage::Folder { path, interrupted } => {
                Ok(DataStorage::Beside { folder: path.clone(), key: sibling_key("", name)?, interrupted: *interrupted })
            }
            // The folder stays that of the file that was opened: a name in it leads no further up.
            DataStorage::Beside { folder, key, interrupted } => Ok(DataStorage::Beside {
                folder: folder.clone(),
                key: sibling_key(key, name)?,
                interrupted: *interrupted,
            }),
            DataStorage::Among { name: own, all } => {
                let name = sibling_key(own, name)?;
                all.value(&name)?;
                Ok(DataStorage::Among { name, all: all.clone() })
            }
            DataStorage::Stored { store, key } => {
                Ok(DataStorage::Stored { store: store.clone(), key: sibling_key(key, name)? })
            }
        }
    }

    /// Returns the names that [`DataStorage::sibling`] takes, the source's own among them: the files of its folder, and
    /// for named bytes those of the folders below it too.
    ///
    /// # Errors
    /// `Io`, `NotImplemented` if the store cannot list its keys.
    pub fn siblings(&self) -> Result<Vec<String>> {
        let key = match self {
            // The name of the file itself need not be a key.
            DataStorage::File { .. } => "",
            _ => self.key()?,
        };
        let prefix = key.rfind('/').map_or("", |slash| &key[..=slash]);
        let mut names = Vec::new();
        let mut visit = |entry: &StoreEntry| {
            if !entry.is_prefix {
                names.push(entry.key[prefix.len()..].to_owned());
            }
            true
        };
        let recursive = matches!(self, DataStorage::Among { .. });
        self.store(false).list(prefix, None, recursive, &mut visit, &Call::silent())?;
        Ok(names)
    }
}

#[cold]
fn itself() -> Error {
    Error::new(ErrorKind::InvalidArgument, "the source is a whole store; open one of its keys")
}

/// The folder that holds a file.
pub(crate) fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Random access with a name.
struct Named {
    bytes: Arc<dyn RandomAccess>,
    name: String,
}

impl RandomAccess for Named {
    fn capabilities(&self) -> StreamCapability {
        self.bytes.capabilities()
    }

    fn length(&self) -> Result<u64> {
        self.bytes.length()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        self.bytes.read_at(offset, buffer)
    }

    fn write_at(&self, offset: u64, buffer: &[u8]) -> Result<()> {
        self.bytes.write_at(offset, buffer)
    }

    fn memory(&self) -> Result<Bytes> {
        self.bytes.memory()
    }

    fn prefetch(&self, ranges: &[Range<u64>]) {
        self.bytes.prefetch(ranges);
    }

    fn resize(&self, length: u64) -> Result<()> {
        self.bytes.resize(length)
    }

    fn flush(&self) -> Result<()> {
        self.bytes.flush()
    }

    fn length_with(&self, call: &Call<'_>) -> Result<u64> {
        self.bytes.length_with(call)
    }

    fn read_at_with(&self, offset: u64, buffer: &mut [u8], call: &Call<'_>) -> Result<usize> {
        self.bytes.read_at_with(offset, buffer, call)
    }

    fn write_at_with(&self, offset: u64, buffer: &[u8], call: &Call<'_>) -> Result<()> {
        self.bytes.write_at_with(offset, buffer, call)
    }

    fn resize_with(&self, length: u64, call: &Call<'_>) -> Result<()> {
        self.bytes.resize_with(length, call)
    }

    fn flush_with(&self, call: &Call<'_>) -> Result<()> {
        self.bytes.flush_with(call)
    }

    fn extension(&self, id: u64) -> Option<View> {
        self.bytes.extension(id)
    }

    fn origin(&self) -> Option<String> {
        Some(self.name.clone())
    }
}
