//! Where bytes come from: a file in its folder, or named bytes that belong together.

use crate::file::Interrupted;
use crate::{stream_over, FileAccess, FileStream, OpenMode};
use iolink_sdk::view::check_key;
use iolink_sdk::{Bytes, Error, ErrorKind, RandomAccess, Result, StreamAccess, StreamCapability, View};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

type Named = BTreeMap<String, Arc<dyn RandomAccess>>;

/// A source that opens as a stream or as random access, knows its name, and reaches what lies beside it.
#[derive(Clone)]
pub enum DataStorage {
    /// A file; its neighbours are those of its folder.
    File {
        /// Where it is.
        path: PathBuf,
        /// Asked when a signal came between.
        interrupted: Interrupted,
    },
    /// A file beside one that was opened by its path: no link leads it out of the folder.
    Beside {
        /// The folder.
        folder: PathBuf,
        /// The name, from the folder on.
        name: String,
        /// Asked when a signal came between.
        interrupted: Interrupted,
    },
    /// One of several bytes that have names and no folder.
    Among {
        /// Name of this one.
        name: String,
        /// All of them.
        all: Arc<Named>,
    },
}

impl DataStorage {
    /// Bytes by their names, of which `name` is the source.
    ///
    /// # Errors
    /// `NotFound` where there is no such name, `InvalidArgument` for a name that leads out of where all are.
    pub fn among(all: Named, name: &str) -> Result<Self> {
        all.keys().try_for_each(|name| check_key(name))?;
        let all = Arc::new(all);
        find(&all, name)?;
        Ok(DataStorage::Among { name: name.to_owned(), all })
    }

    /// Path or name of the source.
    pub fn source(&self) -> String {
        match self {
            DataStorage::File { path, .. } => path.display().to_string(),
            DataStorage::Beside { folder, name, .. } => folder.join(name).display().to_string(),
            DataStorage::Among { name, .. } => name.clone(),
        }
    }

    /// The source by position.
    ///
    /// # Errors
    /// As [`FileAccess::open`]; `NotImplemented` where it shall be written and cannot.
    pub fn random_access(&self, writable: bool) -> Result<Arc<dyn RandomAccess>> {
        match self {
            DataStorage::File { path, interrupted } => Ok(Arc::new(FileAccess::open(path, writable, *interrupted)?)),
            DataStorage::Beside { folder, name, interrupted } => {
                let mode = OpenMode { write: writable, ..OpenMode::READ };
                Ok(Arc::new(FileStream::open_beneath(folder, name, mode, *interrupted)?.random_access()?))
            }
            DataStorage::Among { name, all } => {
                let bytes = find(all, name)?;
                if writable && !bytes.capabilities().has(StreamCapability::WRITE) {
                    return Err(Error::capability(name, "WRITE", "its bytes are read-only: copy them to change them"));
                }
                Ok(Arc::new(Surrounded { bytes, name: name.clone(), all: all.clone() }))
            }
        }
    }

    /// The source as a stream of its own.
    ///
    /// # Errors
    /// As [`FileStream::open`]; named bytes keep their size, so that only `r` and `r+` are modes for them.
    pub fn stream(&self, mode: OpenMode) -> Result<Arc<dyn StreamAccess>> {
        match self {
            DataStorage::File { path, interrupted } => Ok(Arc::new(FileStream::open_with(path, mode, *interrupted)?)),
            DataStorage::Beside { folder, name, interrupted } => {
                Ok(Arc::new(FileStream::open_beneath(folder, name, mode, *interrupted)?))
            }
            DataStorage::Among { name, .. } if mode.create => {
                Err(Error::capability(name, "RESIZE", "named bytes keep their size: open them with mode r or r+"))
            }
            DataStorage::Among { .. } => Ok(stream_over(self.random_access(mode.write)?)),
        }
    }

    /// A source beside this one. A file need not be there yet.
    ///
    /// # Errors
    /// `InvalidArgument` for a name that leads elsewhere, `NotFound` among named bytes. A link that leads out of the folder
    /// is an error once the neighbour is opened.
    pub fn neighbour(&self, name: &str) -> Result<DataStorage> {
        check_key(name)?;
        match self {
            DataStorage::File { path, interrupted } => Ok(DataStorage::Beside {
                folder: folder_path(path).to_owned(),
                name: name.to_owned(),
                interrupted: *interrupted,
            }),
            // The folder stays that of the file that was opened: a name in it leads no further up.
            DataStorage::Beside { folder, name: own, interrupted } => {
                Ok(DataStorage::Beside { folder: folder.clone(), name: beside(own, name), interrupted: *interrupted })
            }
            DataStorage::Among { name: own, all } => {
                let name = beside(own, name);
                find(all, &name)?;
                Ok(DataStorage::Among { name, all: all.clone() })
            }
        }
    }

    /// Names that [`DataStorage::neighbour`] takes, the source's own among them.
    ///
    /// # Errors
    /// `Io`.
    pub fn neighbours(&self) -> Result<Vec<String>> {
        match self {
            DataStorage::File { path, .. } => names_in_folder(path),
            DataStorage::Beside { folder, name, .. } => names_in_folder(&folder.join(name)),
            DataStorage::Among { name, all } => Ok(names_beside(name, all)),
        }
    }
}

/// Names of the files beside a file.
fn names_in_folder(path: &Path) -> Result<Vec<String>> {
    let folder = folder_path(path);
    let failed = |error: std::io::Error| Error::io(&format!("listing {}", folder.display()), &error);
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        // A name that is not Unicode cannot be asked for.
        names.extend(entry.map_err(failed)?.file_name().into_string());
    }
    names.sort();
    Ok(names)
}

/// The folder in which a file lies.
fn folder_path(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn find(all: &Named, name: &str) -> Result<Arc<dyn RandomAccess>> {
    all.get(name).cloned().ok_or_else(|| {
        let known: Vec<&str> = all.keys().map(String::as_str).collect();
        Error::new(ErrorKind::NotFound, format!("there is no {name:?} among {}", known.join(", ")))
    })
}

fn folder(name: &str) -> &str {
    name.rfind('/').map_or("", |slash| &name[..=slash])
}

/// A name as seen from another one.
fn beside(own: &str, name: &str) -> String {
    let plain = Path::new(name).components().filter(|part| !matches!(part, Component::CurDir));
    format!("{}{}", folder(own), plain.collect::<PathBuf>().display())
}

fn names_beside(own: &str, all: &Named) -> Vec<String> {
    all.keys().filter_map(|name| name.strip_prefix(folder(own))).map(str::to_owned).collect()
}

/// Bytes that know the others.
struct Surrounded {
    bytes: Arc<dyn RandomAccess>,
    name: String,
    all: Arc<Named>,
}

impl RandomAccess for Surrounded {
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

    fn extension(&self, id: u64) -> Option<View> {
        self.bytes.extension(id)
    }

    fn origin(&self) -> Option<String> {
        Some(self.name.clone())
    }
}
