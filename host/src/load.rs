//! The one place that opens a library.
//!
//! Everything a plugin needs is bound at once and kept to itself (`RTLD_NOW | RTLD_LOCAL`), so that what is missing shows
//! here and not in the middle of a call. A library is never closed: views, threads and callbacks of it may outlive every
//! count that could be kept.
//!
//! It is opened by its path and not by the descriptor that was judged (`/proc/self/fd/N`): the loader would know every
//! plugin by such a name, take the next one of the same number for the same library, and look for what a run path of
//! `$ORIGIN` names in `/proc`. The host checks the folders so that no other user can exchange the file meanwhile, and
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
    let files = File::open("/proc/self/maps").and_then(|maps| {
        let addresses = [page as usize, address];
        maps_ioctl::mapped_files(&maps, addresses).map_or_else(|| mapped_files(&maps, addresses), Ok)
    });
    // SAFETY: the mapping is ours.
    unsafe { libc::munmap(page, 1) };
    match files.unwrap_or_default() {
        [Some(expected), Some(found)] => expected != found,
        _ => false,
    }
}

#[cfg(all(unix, not(target_os = "linux")))]
fn is_another_file(_judged: &File, _address: usize) -> bool {
    false
}

/// Device (major, minor) and inode of a file that is mapped.
#[cfg(target_os = "linux")]
type FileId = (u32, u32, u64);

/// The files that are mapped at two addresses, as the text of `/proc/self/maps` tells; nothing for memory of no file.
#[cfg(target_os = "linux")]
fn mapped_files(maps: impl std::io::Read, addresses: [usize; 2]) -> std::io::Result<[Option<FileId>; 2]> {
    use std::io::BufRead;
    let mut found = [None, None];
    let mut left = addresses.len();
    let mut lines = std::io::BufReader::new(maps).split(b'\n');
    while left > 0 {
        let Some(line) = lines.next().transpose()? else { break };
        let line = String::from_utf8_lossy(&line);
        let mut fields = line.split_ascii_whitespace();
        let Some((start, end)) = fields.next().and_then(|range| range.split_once('-')) else { continue };
        let hex = |text: &str| usize::from_str_radix(text, 16);
        let (Ok(start), Ok(end)) = (hex(start), hex(end)) else { continue };
        // After its bounds: the mode and the offset, then device and inode.
        let file = fields.nth(2).zip(fields.next()).and_then(|(device, inode)| {
            let (major, minor) = device.split_once(':')?;
            let part = |text: &str| u32::from_str_radix(text, 16).ok();
            Some((part(major)?, part(minor)?, inode.parse().ok().filter(|inode| *inode != 0)?))
        });
        for (_, found) in addresses.iter().zip(&mut found).filter(|(address, _)| (start..end).contains(address)) {
            *found = file;
            left -= 1;
        }
    }
    Ok(found)
}

/// The same by a question for one address, as Linux 6.11 and later answer it: a large process has thousands of mappings,
/// and writing all their lines takes as long as loading a plugin.
#[cfg(target_os = "linux")]
mod maps_ioctl {
    use super::FileId;
    use std::fs::File;
    use std::os::fd::AsRawFd;

    /// `struct procmap_query` of `linux/fs.h`.
    #[repr(C)]
    #[derive(Default)]
    struct Query {
        size: u64,
        query_flags: u64,
        query_addr: u64,
        vma_start: u64,
        vma_end: u64,
        vma_flags: u64,
        vma_page_size: u64,
        vma_offset: u64,
        inode: u64,
        dev_major: u32,
        dev_minor: u32,
        vma_name_size: u32,
        build_id_size: u32,
        vma_name_addr: u64,
        build_id_addr: u64,
    }

    /// As [`super::mapped_files`]; `None` if the kernel does not answer.
    pub(super) fn mapped_files(maps: &File, addresses: [usize; 2]) -> Option<[Option<FileId>; 2]> {
        let [first, second] = addresses.map(|address| mapped_file(maps, address));
        Some([first?, second?])
    }

    fn mapped_file(maps: &File, address: usize) -> Option<Option<FileId>> {
        let size = std::mem::size_of::<Query>() as u64;
        let mut query = Query { size, query_addr: address as u64, ..Query::default() };
        let number = libc::_IOWR::<Query>(u32::from(b'f'), 17);
        // SAFETY: the struct is the kernel's, it lives through the call, and both buffers in it have length 0.
        let answer = unsafe { libc::ioctl(maps.as_raw_fd(), number, &mut query) };
        let file = (query.dev_major, query.dev_minor, query.inode);
        (answer == 0).then_some((query.inode != 0).then_some(file))
    }
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
        let maps = "7f00-7f10 r--p 00000000 00:1f 42 /a b\n7f10-7f20 rw-p 00000000 00:00 0\n7f20-7f30 r--p 0 1:2 7\n";
        let files = |one, other| mapped_files(maps.as_bytes(), [one, other]).unwrap();
        let (first, last) = (Some((0, 0x1f, 42)), Some((1, 2, 7)));
        assert_eq!(files(0x7f2f, 0x7f0f), [last, first]);
        assert_eq!(files(0x7f00, 0x7f00), [first, first]);
        assert_eq!(files(0x7f00, 0x7f10), [first, None], "memory of no file");
        assert_eq!(files(0x7eff, 0x7f30), [None, None]);
    }

    #[test]
    fn the_text_and_the_ioctl_tell_the_same() {
        let maps = || File::open("/proc/self/maps").unwrap();
        let no_file = Box::new(0_u8);
        let addresses = [is_another_file as *const () as usize, &raw const *no_file as usize];
        let text = mapped_files(maps(), addresses).unwrap();
        assert!(matches!(text, [Some(_), None]), "{text:?}");
        // Kernels before 6.11 do not answer.
        if let Some(answer) = maps_ioctl::mapped_files(&maps(), addresses) {
            assert_eq!(answer, text);
        }
    }
}
