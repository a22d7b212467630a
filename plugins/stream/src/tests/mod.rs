mod files;
mod memory;
mod oracle;
mod storage;

use crate::{FileStream, OpenMode};
use iolink_sdk::{Bytes, Owner, Result};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

/// A path of its own, removed at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        Scratch(std::env::temp_dir().join(format!("iolink-stream-{}-{number}", std::process::id())))
    }

    fn holding(bytes: &[u8]) -> Self {
        let scratch = Scratch::new();
        std::fs::write(&scratch.0, bytes).unwrap();
        scratch
    }

    fn open(&self, mode: &str) -> Result<FileStream> {
        FileStream::open(&self.0, OpenMode::parse(mode)?)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).ok();
    }
}

/// Bytes that somebody lends.
fn given(bytes: &[u8], writable: bool) -> Bytes {
    let kept: Arc<Box<[u8]>> = Arc::new(bytes.into());
    Bytes { data: kept.as_ptr() as *mut u8, length: kept.len() as u64, writable, owner: Owner::arc(kept) }
}
