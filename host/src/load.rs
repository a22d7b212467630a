//! The one place that opens a library.
//!
//! Everything a plugin needs is bound at once and kept to itself (`RTLD_NOW | RTLD_LOCAL`), so that what is missing shows
//! here and not in the middle of a call. A library is never closed: views, threads and callbacks of it may outlive every
//! count that could be kept.
//!
//! It is opened by its path and not by the descriptor that was judged (`/proc/self/fd/N`): the loader would know every
//! plugin by such a name, take the next one of the same number for the same library, and look for what a run path of
//! `$ORIGIN` names in `/proc`. The host judges the folders so that nobody can exchange the file meanwhile, and
//! compares the file that the loader took with the one that it judged.

use crate::record::PluginInfo;
use iolink_sdk::abi::iolink_plugin;
use std::fs::File;
use std::path::Path;

/// Opens a library that was judged by the descriptor `judged`, and finds its own descriptor, which stays for the life of
/// the process.
#[cfg(unix)]
pub(crate) fn load(path: &Path, judged: &File) -> Result<*const iolink_plugin, String> {
    use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
    // SAFETY: constructors of the library run here. Its owner and its permissions were judged, it is whole and for this
    // machine; SECURITY.md says that a plugin owns the process from here on.
    let library = unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) };
    let library = library.map_err(|error| {
        format!("the system cannot load it: {}; ldd {} shows what it needs", words(&error), path.display())
    })?;
    // SAFETY: the symbol is data, as the preflight saw; its address is taken, nothing is read.
    let found = unsafe { library.get::<*const iolink_plugin>(b"iolink_plugin_v1\0").map(|symbol| *symbol) };
    std::mem::forget(library);
    let at = found.map_err(|error| format!("the symbol iolink_plugin_v1 cannot be had: {}", words(&error)))?;
    if at.is_null() || !at.is_aligned() {
        return Err("the symbol iolink_plugin_v1 has no address that a descriptor could have".into());
    }
    if is_another_file(judged, at as usize) {
        return Err(format!(
            "the process has another file loaded as {} than the one that was judged: it was exchanged; restart the program",
            path.display()
        ));
    }
    Ok(at)
}

/// Is the mapping at `address` one of another file? Told by the kernel's list of mappings, in which both stand: the numbers
/// that `fstat` gives may be others (overlayfs, btrfs). If there is no such list, the answer is no.
#[cfg(target_os = "linux")]
fn is_another_file(judged: &File, address: usize) -> bool {
    use std::os::fd::AsRawFd;
    // SAFETY: a new mapping of the file's first page at any address, unmapped below and never read.
    let page =
        unsafe { libc::mmap(std::ptr::null_mut(), 1, libc::PROT_READ, libc::MAP_PRIVATE, judged.as_raw_fd(), 0) };
    if page == libc::MAP_FAILED {
        return false;
    }
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    // SAFETY: the mapping is ours.
    unsafe { libc::munmap(page, 1) };
    match (mapped_at(&maps, page as usize), mapped_at(&maps, address)) {
        (Some(expected), Some(found)) => expected != found,
        _ => false,
    }
}

#[cfg(all(unix, not(target_os = "linux")))]
fn is_another_file(_judged: &File, _address: usize) -> bool {
    false
}

/// Device and inode of the file that is mapped at an address, as `/proc/self/maps` tells; nothing for memory of no file.
#[cfg(target_os = "linux")]
fn mapped_at(maps: &str, address: usize) -> Option<(&str, &str)> {
    maps.lines().find_map(|line| {
        let mut fields = line.split_ascii_whitespace();
        let (start, end) = fields.next()?.split_once('-')?;
        let bound = |text: &str| usize::from_str_radix(text, 16).ok();
        if !(bound(start)?..bound(end)?).contains(&address) {
            return None;
        }
        let (_mode, _offset, device, inode) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        (inode != "0").then_some((device, inode))
    })
}

/// Elsewhere no file passes the preflight.
#[cfg(not(unix))]
pub(crate) fn load(_path: &Path, _judged: &File) -> Result<*const iolink_plugin, String> {
    Err("plugins in files are not supported on this system".into())
}

/// The system's own words: libloading only says that a call failed, and keeps the text as its cause.
#[cfg(unix)]
fn words(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string().replace('\n', " ")
}

/// Does the library say the same in its manifest as in its descriptor?
pub(crate) fn agree(manifest: Option<&PluginInfo>, id: &str, version: &str) -> Result<(), String> {
    match manifest {
        Some(manifest) if (manifest.id.as_str(), manifest.version.as_str()) != (id, version) => Err(format!(
            "its manifest says {} {}, its descriptor {id} {version}; rebuild the plugin from scratch",
            manifest.id, manifest.version
        )),
        _ => Ok(()),
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_a_mapping_is_told_from_another() {
        let own = File::open("/proc/self/exe").unwrap();
        let address = the_file_of_a_mapping_is_told_from_another as *const () as usize;
        assert!(!is_another_file(&own, address));
        assert!(is_another_file(&File::open("/etc/passwd").unwrap(), address));
        let maps = "7f00-7f10 r--p 00000000 00:1f 42 /a b\n7f10-7f20 rw-p 00000000 00:00 0\n";
        assert_eq!(mapped_at(maps, 0x7f0f), Some(("00:1f", "42")));
        assert_eq!(mapped_at(maps, 0x7f10), None);
    }
}
