//! Zeroed memory of a given size: of the allocator, or of a temporary file.

use iolink_sdk::{out_of_memory, Error, Result};
use memmap2::{MmapOptions, MmapRaw};
use std::alloc::{alloc_zeroed, dealloc, Layout};
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// The alignment that the system's allocator gives for nothing, so that zeroed pages come untouched.
const ALIGNMENT: usize = 16;

static ALLOCATED: AtomicU64 = AtomicU64::new(0);

/// Bytes that images of this provider take at this moment, with those that arrays still share.
pub fn allocated_bytes() -> u64 {
    ALLOCATED.load(Ordering::Relaxed)
}

/// Zeroed bytes in one place.
pub(crate) enum Buffer {
    Heap(Heap),
    OnDisk(OnDisk),
}

impl Buffer {
    /// Zeroed memory, refused where it cannot be had; in a temporary file of a folder where there is one.
    pub(crate) fn zeroed(bytes: usize, folder: Option<&Path>) -> Result<Self> {
        match folder {
            Some(folder) if bytes > 0 => OnDisk::zeroed(bytes, folder).map(Buffer::OnDisk),
            _ => Heap::zeroed(bytes).map(Buffer::Heap),
        }
    }

    pub(crate) fn data(&self) -> *mut u8 {
        match self {
            Buffer::Heap(heap) => heap.data,
            Buffer::OnDisk(file) => file.map.as_mut_ptr(),
        }
    }
}

/// Bytes of the allocator.
pub(crate) struct Heap {
    data: *mut u8,
    layout: Layout,
}

// SAFETY: the buffer is plain memory; whoever shares it is told that nothing orders reads and writes.
unsafe impl Send for Heap {}
// SAFETY: as above.
unsafe impl Sync for Heap {}

impl Heap {
    fn zeroed(bytes: usize) -> Result<Self> {
        let layout = Layout::from_size_align(bytes.max(1), ALIGNMENT).map_err(|_| out_of_memory(bytes))?;
        // SAFETY: the layout has at least one byte.
        let data = unsafe { alloc_zeroed(layout) };
        if data.is_null() {
            return Err(out_of_memory(bytes));
        }
        ALLOCATED.fetch_add(layout.size() as u64, Ordering::Relaxed);
        Ok(Heap { data, layout })
    }
}

impl Drop for Heap {
    fn drop(&mut self) {
        ALLOCATED.fetch_sub(self.layout.size() as u64, Ordering::Relaxed);
        // SAFETY: the memory came from `alloc_zeroed` with this layout.
        unsafe { dealloc(self.data, self.layout) }
    }
}

/// Bytes of a temporary file, which goes with them.
pub(crate) struct OnDisk {
    map: MmapRaw,
    _file: Temporary,
}

/// A file that is removed when this is dropped, by the process that made it alone: a forked child has a copy of this.
struct Temporary {
    path: PathBuf,
    maker: u32,
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if self.maker == std::process::id() {
            // A file that is gone already needs no removal.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

impl OnDisk {
    fn zeroed(bytes: usize, folder: &Path) -> Result<Self> {
        let (file, temporary) = create(folder)?;
        let doing = |error: &std::io::Error| {
            Error::io(&format!("{bytes} bytes of the folder {} cannot be had", folder.display()), error)
        };
        reserve(&file, bytes).map_err(|error| doing(&error))?;
        let map = MmapOptions::new().len(bytes).map_raw(&file).map_err(|error| doing(&error))?;
        Ok(OnDisk { map, _file: temporary })
    }
}

/// A new file with a name of its own, for this user alone.
fn create(folder: &Path) -> Result<(File, Temporary)> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    loop {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("iolink-{}-{number}.raw", std::process::id()));
        match options.open(&path) {
            Ok(file) => return Ok((file, Temporary { path, maker: std::process::id() })),
            // Left behind by a process of that number that was killed.
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => {
                return Err(Error::io(&format!("a file in the folder {} cannot be made", folder.display()), &error))
            }
        }
    }
}

/// Makes the file that long, with room on the disk for all of it: a full disk is an error now and no signal later.
fn reserve(file: &File, bytes: usize) -> std::io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use std::os::fd::AsRawFd;
        let length = libc::off_t::try_from(bytes).map_err(|_| std::io::Error::from_raw_os_error(libc::EFBIG))?;
        // SAFETY: the descriptor is open.
        match unsafe { libc::posix_fallocate(file.as_raw_fd(), 0, length) } {
            0 => Ok(()),
            code => Err(std::io::Error::from_raw_os_error(code)),
        }
    }
    #[cfg(not(target_os = "linux"))]
    file.set_len(bytes as u64)
}
