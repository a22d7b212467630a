//! Scattered parts of a file, asked for at once.

use std::ops::Range;
use std::os::fd::{AsRawFd, BorrowedFd};

/// What is asked for at a time. Measured, a tile of 256 rows on a cold disk: 16 to 64 KiB bring it in a tenth of the time of page
/// after page, and in half of that of one request for all.
const REQUEST: u64 = 64 << 10;
/// Places that are tried before anything is asked for.
const TRIED: u64 = 8;

/// Asks the system to bring these ranges of a file into its page cache, all of them at once, and does not wait. Where they seem to
/// be there already, nothing is asked; where the system has no such call, nothing happens.
pub fn prefetch(file: BorrowedFd<'_>, ranges: &[Range<u64>]) {
    let total: u64 = ranges.iter().map(length).sum();
    if total == 0 || (ranges.len() == 1 && total <= REQUEST) || is_there(file, ranges, total) {
        return;
    }
    let mut asked = 0;
    for range in ranges {
        let mut at = range.start.max(asked);
        while at < range.end {
            let end = range.end.min((at | (REQUEST - 1)).saturating_add(1));
            ask(file, at, end - at);
            asked = end;
            at = end;
        }
    }
}

fn length(range: &Range<u64>) -> u64 {
    range.end.saturating_sub(range.start)
}

/// Are some bytes, evenly spread over the ranges, in the page cache?
fn is_there(file: BorrowedFd<'_>, ranges: &[Range<u64>], total: u64) -> bool {
    let (mut before, mut next) = (0, 0);
    for range in ranges {
        let end = before + length(range);
        while next < end {
            if !is_cached(file, range.start + (next - before)) {
                return false;
            }
            next += (total / TRIED).max(1);
        }
        before = end;
    }
    true
}

#[cfg(target_os = "linux")]
fn ask(file: BorrowedFd<'_>, at: u64, length: u64) {
    if let (Ok(at), Ok(length)) = (libc::off64_t::try_from(at), libc::off64_t::try_from(length)) {
        // SAFETY: no memory is involved, and the descriptor is open. It is advice: a refusal changes nothing.
        let _ = unsafe { libc::posix_fadvise64(file.as_raw_fd(), at, length, libc::POSIX_FADV_WILLNEED) };
    }
}

/// Can a byte be read without waiting? What the system cannot tell counts as no.
#[cfg(target_os = "linux")]
fn is_cached(file: BorrowedFd<'_>, at: u64) -> bool {
    let mut byte = 0_u8;
    let part = libc::iovec { iov_base: (&mut byte as *mut u8).cast(), iov_len: 1 };
    match libc::off64_t::try_from(at) {
        // SAFETY: the byte is ours.
        Ok(at) => unsafe { libc::preadv64v2(file.as_raw_fd(), &part, 1, at, libc::RWF_NOWAIT) >= 0 },
        Err(_) => false,
    }
}

#[cfg(not(target_os = "linux"))]
fn ask(_: BorrowedFd<'_>, _: u64, _: u64) {}

#[cfg(not(target_os = "linux"))]
fn is_cached(_: BorrowedFd<'_>, _: u64) -> bool {
    true
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::fd::AsFd;

    const SIZE: u64 = 4 << 20;

    /// A file none of whose pages is in memory, unless the system keeps them all the same.
    fn file() -> std::fs::File {
        let path = std::env::temp_dir().join(format!("iolink-ahead-{}", std::process::id()));
        let mut file =
            std::fs::OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&path).unwrap();
        file.write_all(&vec![7; SIZE as usize]).unwrap();
        file.sync_all().unwrap();
        std::fs::remove_file(&path).unwrap();
        // SAFETY: no memory is involved, and the descriptor is open.
        unsafe { libc::posix_fadvise64(file.as_raw_fd(), 0, 0, libc::POSIX_FADV_DONTNEED) };
        file
    }

    #[test]
    fn what_is_needed_comes_and_nothing_breaks() {
        let file = file();
        let rows: Vec<_> = (0..64).map(|row| row * 65_536..row * 65_536 + 512).collect();
        let total = rows.iter().map(length).sum();
        prefetch(file.as_fd(), &rows);
        let started = std::time::Instant::now();
        while !is_there(file.as_fd(), &rows, total) {
            assert!(started.elapsed().as_secs() < 60, "the rows never came");
            std::thread::yield_now();
        }
        for strange in [0..0, Range { start: 5, end: 3 }, u64::MAX - 5..u64::MAX, SIZE..SIZE + 100_000] {
            prefetch(file.as_fd(), &[strange]);
        }
    }
}
