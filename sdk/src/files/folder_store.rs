//! A local folder as a store.

use super::beneath::Folder;
use super::draft::{is_draft, split, Draft, SweptFolders};
use super::folder_entries::{entries, entry_of};
use super::value_writer::ValueWriter;
use super::{file_was_cut, LocalFile};
use crate::view::{check_key, check_prefix, Got, StoreEntry, StoreMode, StorePut, StoreRange};
use crate::{fail, Bytes, Call, Error, ErrorKind, Lock, Owner, Result, Store, StoreCapability, View};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::os::unix::io::AsRawFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes between two looks at the deadline.
const STEP: usize = 16 << 20;

/// The files of a local folder, and of the folders below it, as the values of a store.
///
/// No key leads out of the folder, through a link neither, and only regular files are values. A value is written into a
/// draft beside it that takes its place when it is whole and on the disk: other processes see the old value or the new
/// one. The folder is opened on first use, so that making the store costs no system call.
///
/// Links to files in the folder are followed. A listing does not descend through links to folders, which could lead in
/// circles; a key may pass them.
///
/// ```
/// use iolink_sdk::{files::FolderStore, view::StorePut, Call, Store};
///
/// let path = std::env::temp_dir().join(format!("iolink-folder-store-{}", std::process::id()));
/// std::fs::create_dir_all(&path).unwrap();
/// let store = FolderStore::writable(&path);
/// let put = StorePut { key: "scan/1.raw", data: b"samples", if_absent: true, if_version: None };
/// store.put(&put, &Call::silent())?;
/// let store: &dyn Store = &store;
/// assert_eq!(store.keys(&Call::silent())?, ["scan/1.raw"]);
/// assert_eq!(store.read("scan/1.raw", &Call::silent())?, b"samples");
/// # std::fs::remove_dir_all(&path).unwrap();
/// # Ok::<(), iolink_sdk::Error>(())
/// ```
pub struct FolderStore {
    path: PathBuf,
    /// None: not opened yet.
    folder: Lock<Option<Arc<Folder>>>,
    writable: bool,
    origin: Option<String>,
    swept: SweptFolders,
}

impl FolderStore {
    /// The folder at `path`, to be read. It need not exist yet: then its keys are not found.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let (folder, swept) = (Lock::new(None), SweptFolders::default());
        FolderStore { path: path.into(), folder, writable: false, origin: None, swept }
    }

    /// The folder at `path`, to be read and written. The folder must exist before a value is written.
    pub fn writable(path: impl Into<PathBuf>) -> Self {
        FolderStore { writable: true, ..FolderStore::new(path) }
    }

    /// The same store with the URI that it was opened by.
    pub fn with_origin(mut self, uri: impl Into<String>) -> Self {
        self.origin = Some(uri.into());
        self
    }

    /// Path of the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn folder(&self) -> Result<Arc<Folder>> {
        // A child made by fork does not wait for a thread that it does not have.
        match self.folder.try_lock() {
            Some(mut known) => match &*known {
                Some(folder) => Ok(Arc::clone(folder)),
                None => {
                    let folder = Arc::new(Folder::open(&self.path)?);
                    *known = Some(Arc::clone(&folder));
                    Ok(folder)
                }
            },
            None => Folder::open(&self.path).map(Arc::new),
        }
    }

    fn open_file(&self, key: &str, flags: i32) -> Result<File> {
        self.check(key)?;
        self.folder()?.open_file(key, flags, 0).map_err(without_value)
    }

    fn check(&self, key: &str) -> Result<()> {
        check_key(key)?;
        if key.split('/').any(is_draft) {
            fail!(InvalidArgument, "{key:?} is the name of a draft; choose another key");
        }
        Ok(())
    }

    fn check_writable(&self) -> Result<()> {
        match self.writable {
            true => Ok(()),
            false => Err(Error::capability("the store", "WRITE", "open the folder for writing")),
        }
    }

    fn draft(&self, key: &str) -> Result<Draft> {
        self.check_writable()?;
        self.check(key)?;
        Draft::new(&*self.folder()?, key, &self.swept)
    }

    fn check_absent(&self, key: &str) -> Result<()> {
        match self.folder()?.facts(key) {
            Ok(_) => fail!(Exists, "{} exists already", self.path.join(key).display()),
            // The other faults are found by the draft.
            Err(_) => Ok(()),
        }
    }
}

/// A folder under the key is not a value.
fn without_value(error: Error) -> Error {
    match error.code() {
        libc::EISDIR => error.with_kind(ErrorKind::NotFound),
        _ => error,
    }
}

/// Fills the buffer from a place in a file that had `size` bytes a moment ago.
fn fill(file: &File, offset: u64, buffer: &mut [u8], size: u64, path: &Path, call: &Call<'_>) -> Result<()> {
    let (mut done, total) = (0, buffer.len());
    while done < total {
        call.step(done as u64, total as u64)?;
        let end = total.min(done + STEP);
        match file.read_at(&mut buffer[done..end], offset + done as u64) {
            Ok(0) => return Err(file_was_cut(&path.display().to_string(), size, offset + done as u64)),
            Ok(count) => done += count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Error::io(&format!("reading {}", path.display()), &error)),
        }
    }
    Ok(())
}

/// Reads part of a file into memory of its own.
fn read_owned(file: &mut File, offset: u64, length: u64, size: u64, path: &Path, call: &Call<'_>) -> Result<Vec<u8>> {
    let failed = |error: std::io::Error| Error::io(&format!("reading {}", path.display()), &error);
    let room = usize::try_from(length).unwrap_or(usize::MAX);
    let mut bytes = Vec::new();
    if bytes.try_reserve_exact(room).is_err() {
        fail!(Limit, "{length} bytes of {} do not fit into memory; read it in ranges", path.display());
    }
    if offset > 0 {
        file.seek(SeekFrom::Start(offset)).map_err(failed)?;
    }
    while bytes.len() < room {
        call.step(bytes.len() as u64, length)?;
        let wanted = (room - bytes.len()).min(STEP) as u64;
        if file.take(wanted).read_to_end(&mut bytes).map_err(failed)? == 0 {
            return Err(file_was_cut(&path.display().to_string(), size, offset + bytes.len() as u64));
        }
    }
    Ok(bytes)
}

impl Store for FolderStore {
    fn capabilities(&self) -> StoreCapability {
        let read = StoreCapability::READ | StoreCapability::LIST;
        if self.writable {
            read | StoreCapability::WRITE
        } else {
            read
        }
    }

    fn get(&self, key: &str, range: StoreRange, buffer: Option<&mut [u8]>, call: &Call<'_>) -> Result<Got> {
        let mut file = self.open_file(key, libc::O_RDONLY)?;
        let path = self.path.join(key);
        let facts = file.metadata().map_err(|error| Error::io(&format!("sizing {}", path.display()), &error))?;
        let value_size = facts.len();
        let (offset, length) = range.within(value_size);
        match buffer {
            Some(buffer) if (buffer.len() as u64) < length => Ok(Got::TooSmall { value_size }),
            Some(buffer) => {
                fill(&file, offset, &mut buffer[..length as usize], value_size, &path, call)?;
                Ok(Got::Copied { done: length, value_size })
            }
            None => {
                let mut bytes = read_owned(&mut file, offset, length, value_size, &path, call)?;
                let data = bytes.as_mut_ptr();
                let bytes = Bytes { data, length, writable: false, owner: Owner::arc(Arc::new(bytes)) };
                Ok(Got::Lent { bytes, value_size })
            }
        }
    }

    fn stat(&self, key: &str, _call: &Call<'_>) -> Result<StoreEntry> {
        self.check(key)?;
        let facts = self.folder()?.facts(key).map_err(without_value)?;
        Ok(entry_of(key.to_owned(), &facts))
    }

    fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        recursive: bool,
        visit: &mut dyn FnMut(&StoreEntry) -> bool,
        call: &Call<'_>,
    ) -> Result<()> {
        check_prefix(prefix)?;
        let top = self.folder()?;
        let listed = |prefix: &str| -> Result<std::vec::IntoIter<StoreEntry>> {
            let key = prefix.trim_end_matches('/');
            let found = top.open_folder(key).and_then(|folder| entries(&top, &folder, prefix));
            match found {
                Ok(found) => Ok(found.into_iter()),
                // There is no such folder, or it was removed meanwhile.
                Err(error) if matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ENOTDIR)) => {
                    Ok(Vec::new().into_iter())
                }
                Err(error) => Err(top.error("listing", key, &error)),
            }
        };
        let is_after = |key: &str| after.map_or(true, |after| key > after);
        let mut seen = 0;
        let mut stack = vec![listed(prefix)?];
        while let Some(level) = stack.last_mut() {
            let entry = match level.next() {
                Some(entry) => entry,
                None => {
                    stack.pop();
                    continue;
                }
            };
            seen += 1;
            call.step(seen, 0)?;
            if entry.is_prefix && recursive {
                // Each key below starts with the prefix: all of them lie behind `after`, or only some, or none.
                if is_after(&entry.key) || after.map_or(false, |after| after.starts_with(&entry.key)) {
                    stack.push(listed(&entry.key)?);
                }
            } else if is_after(&entry.key) && !visit(&entry) {
                return Ok(());
            }
        }
        Ok(())
    }

    fn open(&self, key: &str, mode: StoreMode, _call: &Call<'_>) -> Result<View> {
        let path = self.path.join(key);
        match mode {
            StoreMode::Read => {
                Ok(View::random_access(LocalFile::over(self.open_file(key, libc::O_RDONLY)?, &path, false)?))
            }
            StoreMode::Update => {
                self.check_writable()?;
                Ok(View::random_access(LocalFile::over(self.open_file(key, libc::O_RDWR)?, &path, true)?))
            }
            StoreMode::Create | StoreMode::Replace => {
                let exclusive = mode == StoreMode::Create;
                let draft = self.draft(key)?;
                if exclusive {
                    self.check_absent(key)?;
                }
                Ok(View::stream(ValueWriter::new(draft, exclusive, path.display().to_string())))
            }
        }
    }

    fn put(&self, put: &StorePut<'_>, call: &Call<'_>) -> Result<()> {
        if put.if_version.is_some() {
            return Err(Error::capability("the store of a folder", "CONDITIONAL", "write without a version"));
        }
        let mut draft = self.draft(put.key)?;
        if put.if_absent {
            self.check_absent(put.key)?;
        }
        let total = put.data.len();
        for (index, part) in put.data.chunks(STEP).enumerate() {
            call.step((index * STEP) as u64, total as u64)?;
            let failed = |error| Error::io(&format!("writing {}", self.path.join(put.key).display()), &error);
            draft.file.write_all(part).map_err(failed)?;
        }
        draft.commit(put.if_absent)
    }

    fn remove(&self, key: &str, _call: &Call<'_>) -> Result<()> {
        self.check_writable()?;
        self.check(key)?;
        let top = self.folder()?;
        // A link that leads out is not a value of this store.
        top.facts(key).map_err(without_value)?;
        let (above, name) = split(key);
        let failed = |error: std::io::Error| top.error("removing", key, &error);
        let folder = top.open_folder(above).map_err(failed)?;
        let name = std::ffi::CString::new(name).map_err(|error| failed(error.into()))?;
        // SAFETY: the name ends with a NUL.
        match unsafe { libc::unlinkat(folder.as_raw_fd(), name.as_ptr(), 0) } {
            0 => Ok(()),
            _ => Err(failed(std::io::Error::last_os_error())),
        }
    }

    fn origin(&self) -> Option<String> {
        Some(self.origin.clone().unwrap_or_else(|| self.path.display().to_string()))
    }
}
