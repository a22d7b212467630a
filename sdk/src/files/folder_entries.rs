//! The entries of one folder.

use super::beneath::Folder;
use crate::view::StoreEntry;
use std::ffi::{CStr, CString};
use std::fs::Metadata;
use std::io;
use std::mem::MaybeUninit;
use std::os::unix::fs::MetadataExt;
use std::os::unix::io::{AsRawFd, IntoRawFd, OwnedFd};

#[cfg(not(any(target_os = "linux", target_os = "android")))]
use libc::readdir as next_entry;
#[cfg(any(target_os = "linux", target_os = "android"))]
use libc::readdir64 as next_entry;

/// An open listing of a folder.
struct Listing(*mut libc::DIR);

impl Drop for Listing {
    fn drop(&mut self) {
        // SAFETY: opened by `fdopendir`, and closed once.
        unsafe { libc::closedir(self.0) };
    }
}

/// Sets the thread's error number to 0, by which the end of a listing differs from an error.
fn clear_error() {
    #[cfg(target_os = "linux")]
    // SAFETY: the address is that of this thread's own number.
    unsafe {
        *libc::__errno_location() = 0
    }
    #[cfg(any(target_vendor = "apple", target_os = "freebsd"))]
    // SAFETY: as above.
    unsafe {
        *libc::__error() = 0
    }
    #[cfg(any(target_os = "android", target_os = "netbsd", target_os = "openbsd"))]
    // SAFETY: as above.
    unsafe {
        *libc::__errno() = 0
    }
}

/// Returns the names in a folder, in no order, without `.`, `..` and names that are not UTF-8, which no key can have.
pub(super) fn names(folder: &OwnedFd) -> io::Result<Vec<String>> {
    let own = folder.try_clone()?.into_raw_fd();
    // SAFETY: the descriptor is a copy of this function's own, and handed over if the call succeeds.
    let listing = unsafe { libc::fdopendir(own) };
    if listing.is_null() {
        let error = io::Error::last_os_error();
        // SAFETY: the call failed, so the copy is still this function's.
        unsafe { libc::close(own) };
        return Err(error);
    }
    let listing = Listing(listing);
    // The copy shares its position with the descriptor it was made of.
    // SAFETY: the listing is open.
    unsafe { libc::rewinddir(listing.0) };
    let mut names = Vec::new();
    loop {
        clear_error();
        // SAFETY: the listing is open, and only this function uses it.
        let entry = unsafe { next_entry(listing.0) };
        if entry.is_null() {
            return match io::Error::last_os_error() {
                error if error.raw_os_error() == Some(0) => Ok(names),
                error => Err(error),
            };
        }
        // SAFETY: the entry is good until the next call, and its name ends with a NUL.
        let name = unsafe { CStr::from_ptr(std::ptr::addr_of!((*entry).d_name).cast()) };
        match name.to_str() {
            Ok("." | "..") | Err(_) => {}
            Ok(name) => names.push(name.to_owned()),
        }
    }
}

/// Returns the values and folders in a folder in byte order of their keys; a folder's key ends with `/`. Links are
/// followed to values that lie in the store; links to folders, and whatever is neither file nor folder, are left out.
pub(super) fn entries(top: &Folder, folder: &OwnedFd, prefix: &str) -> io::Result<Vec<StoreEntry>> {
    let mut found = Vec::new();
    for name in names(folder)? {
        let key = format!("{prefix}{name}");
        if super::draft::is_draft(&name) || crate::view::check_key(&key).is_err() {
            continue;
        }
        let facts = match facts_of(folder, &name) {
            Ok(facts) => facts,
            // Removed meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        match facts.st_mode & libc::S_IFMT {
            libc::S_IFREG => found.push(value(key, facts.st_size as u64, modified_of(&facts), facts.st_ino as u64)),
            libc::S_IFDIR => found.push(StoreEntry { key: key + "/", is_prefix: true, ..StoreEntry::default() }),
            libc::S_IFLNK => {
                if let Ok(facts) = top.facts(&key) {
                    found.push(entry_of(key, &facts));
                }
            }
            _ => {}
        }
    }
    found.sort_unstable_by(|one, other| one.key.cmp(&other.key));
    Ok(found)
}

/// The entry of a value.
pub(super) fn entry_of(key: String, facts: &Metadata) -> StoreEntry {
    let modified = nanoseconds(facts.mtime(), facts.mtime_nsec());
    value(key, facts.len(), modified, facts.ino())
}

fn value(key: String, size: u64, modified_ns: i64, inode: u64) -> StoreEntry {
    let version = Some(format!("{size}-{modified_ns}-{inode}"));
    StoreEntry { key, is_prefix: false, version, value_size: size, modified_ns }
}

fn nanoseconds(seconds: i64, rest: i64) -> i64 {
    seconds.saturating_mul(1_000_000_000).saturating_add(rest)
}

#[cfg(any(target_os = "linux", target_os = "android"))]
type Stat = libc::stat64;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
type Stat = libc::stat;

#[allow(clippy::unnecessary_cast)] // The types differ between systems.
fn modified_of(facts: &Stat) -> i64 {
    nanoseconds(facts.st_mtime as i64, facts.st_mtime_nsec as i64)
}

/// Returns the facts of a name itself, without following a link.
fn facts_of(folder: &OwnedFd, name: &str) -> io::Result<Stat> {
    let name = CString::new(name)?;
    let mut facts = MaybeUninit::<Stat>::zeroed();
    let flags = libc::AT_SYMLINK_NOFOLLOW;
    // SAFETY: the name ends with a NUL, and the struct is filled in on success.
    unsafe {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        let result = libc::fstatat64(folder.as_raw_fd(), name.as_ptr(), facts.as_mut_ptr(), flags);
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        let result = libc::fstatat(folder.as_raw_fd(), name.as_ptr(), facts.as_mut_ptr(), flags);
        match result {
            0 => Ok(facts.assume_init()),
            _ => Err(io::Error::last_os_error()),
        }
    }
}
