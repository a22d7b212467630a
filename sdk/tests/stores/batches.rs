//! Many values at once.

use crate::kit::{holding, CALL};
use iolink_sdk::view::{Got, StoreGet, StoreRange};
use iolink_sdk::{Call, ErrorKind};
use std::sync::atomic::{AtomicU64, AtomicU8, Ordering};

const COUNT: usize = 100_000;

#[test]
fn a_large_batch_completes_each_item_once() {
    let keys: Vec<String> = (0..64).map(|number| format!("folder/{number}")).collect();
    let values: Vec<(&str, &[u8])> = keys.iter().map(|key| (key.as_str(), key.as_bytes())).collect();
    for subject in holding(&values) {
        let mut memory = vec![0u8; COUNT * 16];
        // Each eighth key has no value, each eighth buffer is too small, each eighth item has none.
        let mut gets: Vec<StoreGet<'_>> = memory
            .chunks_exact_mut(16)
            .enumerate()
            .map(|(index, room)| StoreGet {
                key: if index % 8 == 1 { format!("gone/{index}") } else { keys[index % 64].clone() },
                range: StoreRange::All,
                buffer: match index % 8 {
                    2 => Some(&mut room[..3]),
                    3 => None,
                    _ => Some(room),
                },
                result: None,
            })
            .collect();
        gets[77].key = "../out".to_owned();
        gets[78].range = StoreRange::From { offset: 3, length: 0 };
        let completions: Vec<AtomicU8> = (0..COUNT).map(|_| AtomicU8::new(0)).collect();
        let completed = |index: usize, get: &StoreGet<'_>| {
            assert!(get.result.is_some());
            completions[index].fetch_add(1, Ordering::Relaxed);
        };
        subject.store.get_many(&mut gets, &completed, &CALL).unwrap();
        assert!(completions.iter().all(|count| count.load(Ordering::Relaxed) == 1), "{}", subject.name);
        for (index, get) in gets.iter().enumerate() {
            let expected = keys[index % 64].as_bytes();
            let words = format!("{}, item {index}", subject.name);
            match (index, get.result.as_ref().unwrap()) {
                (77, Err(error)) => assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{words}"),
                (78, Ok(Got::Copied { done: 0, value_size })) => assert_eq!(*value_size, expected.len() as u64),
                (_, Err(error)) => assert_eq!((index % 8, error.kind()), (1, ErrorKind::NotFound), "{words}: {error}"),
                (_, Ok(Got::TooSmall { value_size })) => {
                    assert_eq!((index % 8, *value_size), (2, expected.len() as u64), "{words}")
                }
                (_, Ok(Got::Lent { bytes, .. })) => {
                    assert_eq!(index % 8, 3, "{words}");
                    // SAFETY: the store keeps lent bytes unchanged.
                    assert_eq!(unsafe { bytes.as_slice() }, expected, "{words}");
                }
                (_, Ok(Got::Copied { done, .. })) => {
                    let buffer = get.buffer.as_ref().unwrap();
                    assert_eq!(&buffer[..*done as usize], expected, "{words}");
                }
            }
        }
    }
}

#[test]
fn a_batch_of_nothing_is_done() {
    for subject in holding(&[]) {
        subject.store.get_many(&mut [], &|_, _| panic!("nothing completes"), &CALL).unwrap();
        subject.store.prefetch(&[], &CALL);
        subject.store.prefetch(&[("gone", StoreRange::All), ("../out", StoreRange::Last(3))], &CALL);
    }
}

#[test]
fn a_batch_stops_on_request() {
    for subject in holding(&[("value", b"value")]) {
        let steps = AtomicU64::new(0);
        let go_on = |_, _| steps.fetch_add(1, Ordering::Relaxed) < 10;
        let get = || StoreGet { key: "value".to_owned(), range: StoreRange::All, buffer: None, result: None };
        let mut gets: Vec<_> = (0..100).map(|_| get()).collect();
        let stopped = subject.store.get_many(&mut gets, &|_, _| {}, &Call::new(&go_on)).unwrap_err();
        assert_eq!(stopped.kind(), ErrorKind::Cancelled, "{}", subject.name);
        assert!(steps.load(Ordering::Relaxed) < 30, "{}", subject.name);
    }
}
