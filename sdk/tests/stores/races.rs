//! Several threads on one key.

use crate::kit::{put, put_if_absent, writable, CALL};
use iolink_sdk::view::{StoreMode, StorePut};
use iolink_sdk::{ErrorKind, StoreCapability};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Barrier;

const THREADS: usize = 6;

#[test]
fn a_reader_sees_one_whole_value_while_others_write() {
    for subject in writable() {
        let (store, done) = (&*subject.store, AtomicBool::new(false));
        put(store, "value", &[0; 1000]).unwrap();
        std::thread::scope(|scope| {
            let writers: Vec<_> = (0..THREADS as u8)
                .map(|writer| {
                    scope.spawn(move || {
                        for round in 0..20 {
                            // Each writer has a length of its own, and one byte again and again.
                            let data = vec![writer; 1000 + usize::from(writer) * 100];
                            match round % 2 {
                                0 => put(store, "value", &data).unwrap(),
                                _ => {
                                    let opened = store.open("value", StoreMode::Replace, &CALL);
                                    let stream = opened.unwrap().into_stream().unwrap();
                                    data.chunks(300)
                                        .for_each(|part| assert_eq!(stream.write(part).unwrap(), part.len()));
                                    stream.close().unwrap();
                                }
                            }
                        }
                    })
                })
                .collect();
            for _ in 0..2 {
                scope.spawn(|| {
                    while !done.load(Ordering::Relaxed) {
                        let value = store.read("value", &CALL).unwrap();
                        let writer = value[0];
                        assert_eq!(value, vec![writer; 1000 + usize::from(writer) * 100], "{}", subject.name);
                    }
                });
            }
            let ended: Vec<_> = writers.into_iter().map(|writer| writer.join()).collect();
            done.store(true, Ordering::Relaxed);
            assert!(ended.iter().all(|writer| writer.is_ok()));
        });
        assert_eq!(store.keys(&CALL).unwrap(), ["value"], "{}", subject.name);
    }
}

#[test]
fn one_of_many_makes_the_value_that_must_not_exist() {
    for subject in writable() {
        let store = &*subject.store;
        for round in 0..20 {
            let (key, barrier) = (format!("round/{round}"), Barrier::new(THREADS));
            let results: Vec<_> = std::thread::scope(|scope| {
                let make = |writer: usize| {
                    let (key, barrier) = (&key, &barrier);
                    scope.spawn(move || {
                        barrier.wait();
                        if writer % 2 == 0 {
                            return put_if_absent(store, key, &[writer as u8]);
                        }
                        let stream = store.open(key, StoreMode::Create, &CALL)?.into_stream()?;
                        stream.write(&[writer as u8])?;
                        stream.close()
                    })
                };
                let threads: Vec<_> = (0..THREADS).map(make).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            let winners: Vec<_> = (0..THREADS).filter(|writer| results[*writer].is_ok()).collect();
            assert_eq!(winners.len(), 1, "{}: {results:?}", subject.name);
            assert_eq!(store.read(&key, &CALL).unwrap(), [winners[0] as u8], "{}", subject.name);
            let lost = results.iter().filter_map(|result| result.as_ref().err());
            lost.for_each(|error| assert_eq!(error.kind(), ErrorKind::Exists, "{}: {error}", subject.name));
        }
    }
}

#[test]
fn a_counter_written_on_condition_loses_no_step() {
    for subject in writable() {
        let store = &*subject.store;
        if !store.capabilities().has(StoreCapability::CONDITIONAL) {
            continue;
        }
        put(store, "count", b"0").unwrap();
        let step = || loop {
            let version = store.stat("count", &CALL).unwrap().version;
            let count: u64 = String::from_utf8(store.read("count", &CALL).unwrap()).unwrap().parse().unwrap();
            let data = (count + 1).to_string();
            let put =
                StorePut { key: "count", data: data.as_bytes(), if_absent: false, if_version: version.as_deref() };
            match store.put(&put, &CALL) {
                Ok(()) => break,
                Err(error) => assert_eq!(error.kind(), ErrorKind::Changed),
            }
        };
        std::thread::scope(|scope| {
            (0..THREADS).for_each(|_| drop(scope.spawn(|| (0..100).for_each(|_| step()))));
        });
        assert_eq!(store.read("count", &CALL).unwrap(), b"600", "{}", subject.name);
    }
}
