//! What is particular to files, pipes and devices.

use super::Scratch;
use crate::{random_access_over, temporary_file, FileAccess, FileStream, OpenMode};
use iolink_sdk::{ErrorKind, RandomAccess, Result, SeekFrom, StreamAccess, StreamCapability};
use std::os::fd::{FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::path::Path;
use std::sync::Arc;

fn go_on() -> Result<()> {
    Ok(())
}

fn pipe() -> (RawFd, RawFd) {
    let mut ends = [0; 2];
    // SAFETY: `ends` has room for two descriptors.
    assert_eq!(unsafe { libc::pipe(ends.as_mut_ptr()) }, 0);
    (ends[0], ends[1])
}

fn over(raw: RawFd, mode: OpenMode) -> FileStream {
    // SAFETY: the descriptor is the test's own and is handed over.
    unsafe { FileStream::over_descriptor(raw, mode, true, go_on) }.unwrap()
}

#[test]
fn streams_that_share_a_descriptor_have_their_own_cursors() {
    let file = Scratch::holding(b"0123456789");
    let first = file.open("rb").unwrap();
    let second = first.share().unwrap();
    let mut buffer = [0; 3];
    first.read(&mut buffer).unwrap();
    second.seek(SeekFrom::End(-2)).unwrap();
    assert_eq!(second.read(&mut buffer).unwrap(), 2);
    first.close().unwrap();
    second.seek(SeekFrom::Start(0)).unwrap();
    second.read(&mut buffer).unwrap();
    assert_eq!(&buffer, b"012");
    assert_eq!(second.descriptor().unwrap_err().kind(), ErrorKind::NotImplemented);
    assert_eq!(first.descriptor().unwrap_err().kind(), ErrorKind::Closed);
}

#[test]
fn whoever_gets_the_descriptor_stands_where_the_stream_stands() {
    let file = Scratch::holding(b"0123456789");
    let stream = file.open("rb").unwrap();
    stream.seek(SeekFrom::Start(4)).unwrap();
    let raw = stream.descriptor().unwrap();
    let mut buffer = [0u8; 2];
    // SAFETY: the buffer has two bytes.
    assert_eq!(unsafe { libc::read(raw, buffer.as_mut_ptr().cast(), 2) }, 2);
    assert_eq!(&buffer, b"45");
    assert_eq!(stream.seek(SeekFrom::Current(0)).unwrap(), 6);
}

#[test]
fn appending_goes_to_the_end_whatever_the_cursor_says() {
    let file = Scratch::holding(b"start");
    let stream = file.open("ab+").unwrap();
    assert_eq!(stream.seek(SeekFrom::Current(0)).unwrap(), 5);
    stream.seek(SeekFrom::Start(0)).unwrap();
    stream.write(b"-end").unwrap();
    assert_eq!(stream.seek(SeekFrom::Current(0)).unwrap(), 9);
    assert_eq!(std::fs::read(&file.0).unwrap(), b"start-end");
    assert_eq!(stream.share().err().unwrap().kind(), ErrorKind::NotImplemented);
}

#[test]
fn a_pipe_reads_and_writes_but_has_no_positions() {
    let (out, into) = pipe();
    let (out, into) = (over(out, OpenMode::READ), over(into, OpenMode::WRITE));
    assert_eq!(out.capabilities(), StreamCapability::READ);
    assert_eq!(into.capabilities(), StreamCapability::WRITE);
    assert_eq!(into.write(b"through").unwrap(), 7);
    let mut buffer = [0; 20];
    assert_eq!(out.read(&mut buffer).unwrap(), 7);
    assert_eq!(out.seek(SeekFrom::Start(0)).unwrap_err().code(), libc::ESPIPE);
    assert_eq!(out.length().unwrap_err().kind(), ErrorKind::NotImplemented);
    assert_eq!(out.resize(0).unwrap_err().kind(), ErrorKind::NotImplemented);
    into.close().unwrap();
    assert_eq!(out.read(&mut buffer).unwrap(), 0);
    assert_eq!(out.read(&mut []).unwrap(), 0);
}

#[test]
fn a_pipe_can_be_closed_while_a_read_waits() {
    let (raw, into) = pipe();
    let stream = over(raw, OpenMode::READ);
    let into = over(into, OpenMode::WRITE);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| stream.read(&mut [0; 4]));
        std::thread::sleep(std::time::Duration::from_millis(20));
        stream.close().unwrap();
        assert_eq!(stream.read(&mut [0; 4]).unwrap_err().kind(), ErrorKind::Closed);
        into.write(b"late").unwrap();
        // Either the read began before the close and its descriptor stayed, or it found the stream closed.
        match waiting.join().unwrap() {
            Ok(count) => assert_eq!(count, 4),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Closed),
        }
    });
}

#[test]
fn the_systems_refusals_keep_their_numbers() {
    let missing = FileStream::open(Path::new("/nowhere/at/all"), OpenMode::READ).err().unwrap();
    assert_eq!((missing.kind(), missing.code()), (ErrorKind::NotFound, libc::ENOENT));
    let folder = FileStream::open(&std::env::temp_dir(), OpenMode::READ).err().unwrap();
    assert_eq!((folder.kind(), folder.code()), (ErrorKind::Io, libc::EISDIR));
    let nul = FileStream::open(Path::new("a\0b"), OpenMode::READ).err().unwrap();
    assert_eq!(nul.kind(), ErrorKind::InvalidArgument);
    let there = Scratch::holding(b"");
    assert_eq!(there.open("xb").err().unwrap().code(), libc::EEXIST);
    // SAFETY: no memory is involved; the number is no open descriptor.
    let bad = unsafe { FileStream::over_descriptor(-1, OpenMode::READ, true, go_on) }.err().unwrap();
    assert_eq!(bad.code(), libc::EBADF);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_an_error_of_the_write_itself() {
    let full = FileStream::open(Path::new("/dev/full"), OpenMode::parse("rb+").unwrap()).unwrap();
    let refused = full.write(b"lost?").unwrap_err();
    assert_eq!((refused.kind(), refused.code()), (ErrorKind::Io, libc::ENOSPC));
    assert!(refused.message().contains("/dev/full"), "{refused}");
}

#[test]
fn modes_are_kept() {
    let file = Scratch::holding(b"abc");
    let reading = file.open("rb").unwrap();
    assert_eq!(reading.write(b"x").unwrap_err().kind(), ErrorKind::NotImplemented);
    assert_eq!(reading.resize(0).unwrap_err().kind(), ErrorKind::NotImplemented);
    let writing = file.open("wb").unwrap();
    assert_eq!(writing.length().unwrap(), 0);
    assert_eq!(writing.read(&mut [0]).unwrap_err().kind(), ErrorKind::NotImplemented);
    for (text, shown) in [("r", "rb"), ("b+r", "rb+"), ("w+", "rb+"), ("a", "ab"), ("a+b", "ab+"), ("x+", "xb+")] {
        assert_eq!(OpenMode::parse(text).unwrap().text(), shown);
    }
    for text in ["", "b", "+", "rw", "rr", "r++", "rbb", "rt", "U", "r ", "rb+x"] {
        assert_eq!(OpenMode::parse(text).unwrap_err().kind(), ErrorKind::InvalidArgument, "{text:?}");
    }
}

#[test]
fn impossible_positions_are_refused_with_either_cursor() {
    let file = Scratch::holding(b"abc");
    for own in [true, false] {
        let stream = file.open("rb+").unwrap();
        if !own {
            stream.descriptor().unwrap();
        }
        for to in [SeekFrom::Current(-1), SeekFrom::End(-4), SeekFrom::Start(1 << 63)] {
            assert_eq!(stream.seek(to).unwrap_err().code(), libc::EINVAL, "{to:?}");
        }
        assert_ne!(stream.resize(u64::MAX).unwrap_err().code(), 0);
        if own {
            let before = stream.seek(SeekFrom::Start(i64::MAX as u64)).unwrap();
            assert_eq!((before, stream.read(&mut [0; 9]).unwrap()), (i64::MAX as u64, 0));
            assert_ne!(stream.write(b"xy").unwrap_err().code(), 0);
            stream.seek(SeekFrom::Start(0)).unwrap();
        }
        assert_eq!(stream.seek(SeekFrom::Current(0)).unwrap(), 0);
    }
}

#[test]
fn a_file_that_was_cut_is_an_error_and_not_zeros() {
    let file = Scratch::holding(&[1; 5000]);
    let access = FileAccess::open(&file.0, false, go_on).unwrap();
    std::fs::OpenOptions::new().write(true).open(&file.0).unwrap().set_len(1000).unwrap();
    let mut buffer = [0; 2000];
    assert_eq!(access.read_at(0, &mut buffer[..1000]).unwrap(), 1000);
    assert_eq!(access.read_at(500, &mut buffer).unwrap_err().kind(), ErrorKind::Corrupt);
    assert_eq!(access.read_at(4000, &mut buffer).unwrap_err().kind(), ErrorKind::Corrupt);
    assert_eq!(access.read_at(5000, &mut buffer).unwrap(), 0);
}

#[test]
fn random_access_to_a_file_is_read_by_many_threads() {
    let bytes: Vec<u8> = (0..100_000u32).map(|index| ((index * 7) >> 3) as u8).collect();
    let file = Scratch::holding(&bytes);
    let access = FileAccess::open(&file.0, true, go_on).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4u64 {
            let (access, bytes) = (&access, &bytes);
            scope.spawn(move || {
                for step in 0..500 {
                    let at = (thread * 7919 + step * 131) % 99_000;
                    let mut buffer = [0; 777];
                    access.read_at(at, &mut buffer).unwrap();
                    assert_eq!(buffer, bytes[at as usize..][..777]);
                }
            });
        }
    });
    access.write_at(99_998, b"zz").unwrap();
    assert_eq!(access.write_at(99_999, b"zz").unwrap_err().kind(), ErrorKind::OutOfRange);
}

#[test]
fn random_access_to_a_file_is_resized_unless_it_is_mapped() {
    let file = Scratch::holding(b"0123456789");
    let access = FileAccess::open(&file.0, true, go_on).unwrap();
    let mut buffer = [9; 16];
    access.resize(12).unwrap();
    access.write_at(11, b"!").unwrap();
    access.flush().unwrap();
    assert_eq!((access.length().unwrap(), access.read_at(8, &mut buffer).unwrap()), (12, 4));
    assert_eq!(&buffer[..4], b"89\0!");
    access.resize(2).unwrap();
    assert_eq!(access.read_at(0, &mut buffer).unwrap(), 2);
    assert_eq!(access.write_at(2, b"x").unwrap_err().kind(), ErrorKind::OutOfRange);
    for access in [FileAccess::open(&file.0, false, go_on).unwrap(), FileAccess::map(&file.0, true, go_on).unwrap()] {
        assert!(!access.capabilities().has(StreamCapability::RESIZE));
        assert_eq!(access.resize(1).unwrap_err().kind(), ErrorKind::NotImplemented);
        access.flush().unwrap();
    }
}

#[test]
fn random_access_to_a_fifo_never_waits() {
    let fifo = Scratch::new();
    let name = std::ffi::CString::new(fifo.0.to_str().unwrap()).unwrap();
    // SAFETY: the path ends with a NUL.
    assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
    for writable in [false, true] {
        let error = FileAccess::open(&fifo.0, writable, go_on).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::NotImplemented);
    }
}

#[test]
fn random_access_over_a_file_stream_is_the_files_own() {
    let file = Scratch::holding(b"0123456789");
    let stream: Arc<dyn StreamAccess> = Arc::new(file.open("rb").unwrap());
    let access = random_access_over(stream.clone()).unwrap();
    let mut buffer = [0; 4];
    access.read_at(3, &mut buffer).unwrap();
    assert_eq!(&buffer, b"3456");
    assert_eq!(stream.seek(SeekFrom::Current(0)).unwrap(), 0);
    stream.close().unwrap();
    assert_eq!(access.read_at(8, &mut buffer).unwrap(), 2);
}

#[test]
fn a_temporary_file_has_no_name() {
    let folder = std::env::temp_dir().join(format!("iolink-none-{}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    let stream = temporary_file(&folder, go_on).unwrap();
    stream.write(b"kept").unwrap();
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
    assert_eq!(stream.length().unwrap(), 4);
    std::fs::remove_dir(&folder).unwrap();
    let missing = temporary_file(&folder, go_on).err().unwrap();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
}

#[test]
fn a_borrowed_descriptor_stays_open() {
    let file = Scratch::holding(b"abc");
    let raw = std::fs::File::open(&file.0).unwrap().into_raw_fd();
    // SAFETY: the descriptor stays open until the end of the test, which owns it.
    let stream = unsafe { FileStream::over_descriptor(raw, OpenMode::READ, false, go_on) }.unwrap();
    stream.close().unwrap();
    // SAFETY: it is still ours, and open if the stream left it alone.
    assert!(unsafe { libc::fcntl(raw, libc::F_GETFD) } >= 0);
    // SAFETY: nobody else has it.
    drop(unsafe { OwnedFd::from_raw_fd(raw) });
}

#[test]
fn long_transfers_ask_for_signals_on_the_way() {
    fn stop() -> Result<()> {
        Err(iolink_sdk::Error::new(ErrorKind::Cancelled, "a signal").with_payload(Arc::new(())))
    }
    const LONG: usize = 65 << 20;
    let file = Scratch::holding(b"");
    std::fs::File::options().write(true).open(&file.0).unwrap().set_len(LONG as u64).unwrap();
    let mut buffer = vec![0; LONG];
    let mode = OpenMode::parse("r+b").unwrap();
    let stream = FileStream::open_with(&file.0, mode, stop).unwrap();
    assert_eq!(stream.read(&mut buffer).unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(stream.write(&buffer).unwrap_err().kind(), ErrorKind::Cancelled);
    // The cursor stands behind what was written.
    assert_eq!(stream.seek(SeekFrom::Current(0)).unwrap(), 64 << 20);
    assert_eq!(stream.read(&mut buffer).unwrap(), 1 << 20);
    let access = FileAccess::open(&file.0, true, stop).unwrap();
    assert_eq!(access.read_at(0, &mut buffer).unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(access.write_at(0, &buffer).unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(access.read_at(0, &mut buffer[..64 << 20]).unwrap(), 64 << 20);
    let patient = FileStream::open_with(&file.0, mode, go_on).unwrap();
    assert_eq!(patient.read(&mut buffer).unwrap(), LONG);
    assert_eq!(patient.write(&buffer).unwrap(), LONG);
}
