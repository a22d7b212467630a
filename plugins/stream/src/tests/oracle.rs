//! Random runs of operations, each compared with the plainest thing that could be right: a vector and a number.

use super::{given, Scratch};
use crate::{temporary_file, MemoryAccess, MemoryStream, RandomAccessStream};
use iolink_sdk::{RandomAccess, SeekFrom, StreamAccess, StreamCapability};
use std::sync::Arc;

/// What a stream should do. One that cannot grow has a fixed size.
struct Plain {
    bytes: Vec<u8>,
    at: usize,
    grows: bool,
}

impl Plain {
    fn read(&mut self, count: usize) -> Vec<u8> {
        let from = self.at.min(self.bytes.len());
        let read = self.bytes[from..(from + count).min(self.bytes.len())].to_vec();
        self.at += read.len();
        read
    }

    /// None: no room.
    fn write(&mut self, new: &[u8]) -> Option<usize> {
        if new.is_empty() {
            return Some(0);
        }
        let mut count = new.len();
        if self.grows {
            if self.bytes.len() < self.at + count {
                self.bytes.resize(self.at + count, 0);
            }
        } else {
            count = count.min(self.bytes.len().saturating_sub(self.at));
            if count == 0 {
                return None;
            }
        }
        self.bytes[self.at..self.at + count].copy_from_slice(&new[..count]);
        self.at += count;
        Some(count)
    }

    /// None: before the first byte.
    fn seek(&mut self, from: usize, by: i64) -> Option<u64> {
        self.at = usize::try_from(from as i64 + by).ok()?;
        Some(self.at as u64)
    }
}

/// A generator of numbers (xorshift), the same ones in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }
}

fn compare(stream: &dyn StreamAccess, start: &[u8], seed: u64) {
    let grows = stream.capabilities().has(StreamCapability::RESIZE);
    let mut plain = Plain { bytes: start.to_vec(), at: 0, grows };
    let mut dice = Dice(seed);
    for step in 0..2000 {
        let words = format!("seed {seed}, step {step}");
        match dice.roll(if grows { 8 } else { 7 }) {
            0 | 1 => {
                let mut buffer = vec![0xAA; dice.roll(300) as usize];
                let count = stream.read(&mut buffer).unwrap();
                assert_eq!(buffer[..count], plain.read(buffer.len()), "{words}");
                assert!(buffer[count..].iter().all(|byte| *byte == 0xAA), "{words}");
            }
            2 | 3 => {
                let new: Vec<u8> = (0..dice.roll(200)).map(|_| dice.roll(256) as u8).collect();
                assert_eq!(stream.write(&new).ok(), plain.write(&new), "{words}");
            }
            4 => {
                let to = dice.roll(2000);
                assert_eq!(stream.seek(SeekFrom::Start(to)).ok(), plain.seek(0, to as i64), "{words}");
            }
            origin @ (5 | 6) => {
                let by = dice.roll(600) as i64 - 300;
                let (to, from) = match origin {
                    5 => (SeekFrom::Current(by), plain.at),
                    _ => (SeekFrom::End(by), plain.bytes.len()),
                };
                let before = plain.at;
                let expected = plain.seek(from, by);
                if expected.is_none() {
                    plain.at = before;
                }
                assert_eq!(stream.seek(to).ok(), expected, "{words}");
            }
            _ => {
                let length = dice.roll(1500);
                stream.resize(length).unwrap();
                plain.bytes.resize(length as usize, 0);
            }
        }
        assert_eq!(stream.length().unwrap(), plain.bytes.len() as u64, "{words}");
        assert_eq!(stream.seek(SeekFrom::Current(0)).unwrap(), plain.at as u64, "{words}");
    }
    stream.seek(SeekFrom::Start(0)).unwrap();
    let mut all = vec![0; plain.bytes.len() + 1];
    assert_eq!(stream.read(&mut all).unwrap(), plain.bytes.len());
    assert_eq!(all[..plain.bytes.len()], plain.bytes);
}

const SEEDS: [u64; 4] = [1, 77, 4711, 0x9E37_79B9_7F4A_7C15];

#[test]
fn a_growing_memory_stream_is_a_vector() {
    for seed in SEEDS {
        compare(&MemoryStream::with_capacity(seed % 3 * 100).unwrap(), &[], seed);
    }
}

#[test]
fn a_stream_over_given_memory_is_a_vector_of_fixed_size() {
    let start: Vec<u8> = (0..=255).collect();
    for seed in SEEDS {
        compare(&MemoryStream::over(given(&start, true)), &start, seed);
    }
}

#[test]
fn a_stream_over_random_access_is_a_vector_of_fixed_size() {
    for seed in SEEDS {
        compare(&RandomAccessStream::new(Arc::new(MemoryAccess::zeroed(700).unwrap())), &[0; 700], seed);
        let file = Scratch::holding(&[5; 700]);
        let access = crate::FileAccess::open(&file.0, true, || Ok(())).unwrap();
        compare(&RandomAccessStream::new(Arc::new(access)), &[5; 700], seed);
    }
}

#[test]
fn a_file_stream_is_a_vector_with_either_cursor() {
    for seed in SEEDS {
        let file = Scratch::holding(b"what was there");
        compare(&file.open("rb+").unwrap(), b"what was there", seed);
        let file = Scratch::new();
        let stream = file.open("wb+").unwrap();
        stream.descriptor().unwrap();
        compare(&stream, &[], seed);
        compare(&temporary_file(&std::env::temp_dir(), || Ok(())).unwrap(), &[], seed);
    }
}

#[test]
fn random_access_over_a_stream_reads_what_the_stream_has() {
    let file = Scratch::holding(&(0..=255).collect::<Vec<u8>>());
    let over = crate::StreamRandomAccess::new(Arc::new(file.open("rb").unwrap())).unwrap();
    let mut dice = Dice(9);
    for _ in 0..500 {
        let (at, count) = (dice.roll(300), dice.roll(80) as usize);
        let mut buffer = vec![0; count];
        let got = over.read_at(at, &mut buffer).unwrap();
        let expected: Vec<u8> = (at..256).take(count).map(|byte| byte as u8).collect();
        assert_eq!(buffer[..got], expected);
    }
}
