//! What is particular to memory: loans, limits, the closed state, the provider.

use super::given;
use crate::{stream_over, MemoryAccess, MemoryStream, Streams};
use iolink_sdk::{
    Adopt, Bytes, Call, Create, CreateView, ErrorKind, Host, Owner, Provider, RandomAccess, Result, SeekFrom,
    StreamAccess, StreamCapability, Target, View,
};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

#[test]
fn a_lent_stream_changes_its_bytes_but_not_its_size() {
    let stream = MemoryStream::with_capacity(100).unwrap();
    stream.write(b"abcdef").unwrap();
    let lent = stream.memory().unwrap();
    assert_eq!(stream.write(b"g").unwrap_err().kind(), ErrorKind::Busy);
    assert_eq!(stream.resize(3).unwrap_err().kind(), ErrorKind::Busy);
    stream.resize(6).unwrap();
    stream.seek(SeekFrom::Start(1)).unwrap();
    stream.write(b"BC").unwrap();
    // SAFETY: nobody writes meanwhile.
    assert_eq!(unsafe { lent.as_slice() }, b"aBCdef");
    stream.close().unwrap();
    // SAFETY: as above; the loan outlives the stream.
    assert_eq!(unsafe { lent.as_slice() }, b"aBCdef");
    drop(lent);
}

#[test]
fn a_write_past_the_end_fills_the_gap_with_zeros_even_where_bytes_had_been() {
    let stream = MemoryStream::with_capacity(0).unwrap();
    stream.write(&[7; 50]).unwrap();
    stream.resize(10).unwrap();
    stream.write(b"!").unwrap();
    let lent = stream.memory().unwrap();
    // SAFETY: nobody writes meanwhile.
    let bytes = unsafe { lent.as_slice() };
    assert_eq!((bytes.len(), &bytes[..10], &bytes[10..50]), (51, &[7; 10][..], &[0; 40][..]));
}

#[test]
fn impossible_positions_and_sizes_are_refused() {
    let stream = MemoryStream::with_capacity(0).unwrap();
    for to in [SeekFrom::Current(-1), SeekFrom::End(-1), SeekFrom::Start(1 << 63), SeekFrom::Current(i64::MIN)] {
        assert_eq!(stream.seek(to).unwrap_err().kind(), ErrorKind::InvalidArgument, "{to:?}");
    }
    let furthest = i64::MAX as u64;
    assert_eq!(stream.seek(SeekFrom::Start(furthest)).unwrap(), furthest);
    assert_eq!(stream.seek(SeekFrom::Current(1)).unwrap_err().kind(), ErrorKind::InvalidArgument);
    assert_eq!(stream.write(b"ab").unwrap_err().kind(), ErrorKind::Limit);
    assert_eq!(stream.read(&mut [0; 4]).unwrap(), 0);
    assert_eq!(stream.resize(u64::MAX).unwrap_err().kind(), ErrorKind::Limit);
    assert_eq!(stream.resize(1 << 62).unwrap_err().kind(), ErrorKind::Limit);
    assert_eq!(stream.length().unwrap(), 0);
    assert_eq!(MemoryStream::with_capacity(1 << 62).err().unwrap().kind(), ErrorKind::Limit);
    assert_eq!(MemoryAccess::zeroed(u64::MAX).err().unwrap().kind(), ErrorKind::Limit);
}

#[test]
fn after_closing_everything_is_refused_and_the_memory_is_given_back() {
    struct Counted(Arc<AtomicUsize>);
    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let (dropped, mut kept) = (Arc::new(AtomicUsize::new(0)), [1u8; 4]);
    let owner = Owner::arc(Arc::new(Counted(dropped.clone())));
    let stream = MemoryStream::over(Bytes { data: kept.as_mut_ptr(), length: 4, writable: true, owner });
    stream.close().unwrap();
    stream.close().unwrap();
    assert_eq!(dropped.load(Ordering::Relaxed), 1);
    for kind in [
        stream.read(&mut [0]).unwrap_err().kind(),
        stream.write(b"x").unwrap_err().kind(),
        stream.seek(SeekFrom::Start(0)).unwrap_err().kind(),
        stream.length().unwrap_err().kind(),
        stream.flush().unwrap_err().kind(),
        stream.memory().err().unwrap().kind(),
    ] {
        assert_eq!(kind, ErrorKind::Closed);
    }
}

#[test]
fn given_memory_keeps_its_size_and_read_only_memory_its_bytes() {
    let stream = MemoryStream::over(given(b"fixed", true));
    assert!(!stream.capabilities().has(StreamCapability::RESIZE));
    assert_eq!(stream.resize(9).unwrap_err().kind(), ErrorKind::NotImplemented);
    assert_eq!(stream.write(b"longer than it is").unwrap(), 5);
    assert_eq!(stream.write(b"x").unwrap_err().code(), libc::ENOSPC);
    let still = MemoryStream::over(given(b"still", false));
    assert!(!still.capabilities().has(StreamCapability::WRITE));
    assert_eq!(still.write(b"x").unwrap_err().kind(), ErrorKind::NotImplemented);
    assert!(!still.memory().unwrap().writable);
    let access = MemoryAccess::over(given(b"still", false));
    assert_eq!(access.write_at(0, b"x").unwrap_err().kind(), ErrorKind::NotImplemented);
}

#[test]
fn random_access_has_a_fixed_size() {
    let access = MemoryAccess::zeroed(8).unwrap();
    access.write_at(6, b"yz").unwrap();
    assert_eq!(access.write_at(7, b"yz").unwrap_err().kind(), ErrorKind::OutOfRange);
    assert_eq!(access.write_at(u64::MAX, b"yz").unwrap_err().kind(), ErrorKind::OutOfRange);
    let mut buffer = [9; 4];
    assert_eq!(access.read_at(5, &mut buffer).unwrap(), 3);
    assert_eq!(buffer, [0, b'y', b'z', 9]);
    assert_eq!(access.read_at(u64::MAX, &mut buffer).unwrap(), 0);
    let stream = stream_over(Arc::new(access));
    assert!(stream.capabilities().has(StreamCapability::MEMORY_ACCESS | StreamCapability::WRITE));
    assert_eq!(stream.length().unwrap(), 8);
}

#[test]
fn several_threads_lose_nothing_on_one_stream() {
    let stream = Arc::new(MemoryStream::with_capacity(0).unwrap());
    std::thread::scope(|scope| {
        for letter in b'a'..=b'd' {
            let stream = stream.clone();
            scope.spawn(move || (0..5000).for_each(|_| assert_eq!(stream.write(&[letter; 3]).unwrap(), 3)));
        }
    });
    let lent = stream.memory().unwrap();
    // SAFETY: every writer is done.
    let bytes = unsafe { lent.as_slice() };
    for letter in b'a'..=b'd' {
        let runs = bytes.chunks(3).filter(|run| *run == [letter; 3]).count();
        assert_eq!(runs, 5000);
    }
}

#[test]
fn the_provider_creates_and_adopts_what_it_offers() {
    let host = Host::none();
    let call = Call::silent();
    let create = |view| Streams.create(&host, Create { view, target: None }, &call);
    let stream = create(CreateView::Stream { capacity: 10 }).unwrap().into_stream().unwrap();
    assert_eq!(stream.length().unwrap(), 0);
    let access = create(CreateView::RandomAccess { length: 10 }).unwrap();
    assert_eq!(access.into_random_access().unwrap().length().unwrap(), 10);
    let store = create(CreateView::Store).unwrap().into_store().unwrap();
    assert!(store.capabilities().has(crate::STORE) && store.keys(&call).unwrap().is_empty());
    let adopt = |given| -> Result<View> { Streams.adopt(&host, given, &call) };
    let stream = adopt(Adopt::Stream(given(b"abc", false))).unwrap().into_stream().unwrap();
    let mut buffer = [0; 8];
    assert_eq!(stream.read(&mut buffer).unwrap(), 3);
    let access = adopt(Adopt::RandomAccess(given(b"abc", true))).unwrap();
    access.into_random_access().unwrap().write_at(1, b"!").unwrap();
    let target = Some(Target::new("file:///x").with_path("/x"));
    for request in [
        Create { view: CreateView::MultiImage, target: None },
        Create { view: CreateView::Stream { capacity: 0 }, target },
    ] {
        let error = Streams.create(&host, request, &call).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::NotImplemented);
    }
}
