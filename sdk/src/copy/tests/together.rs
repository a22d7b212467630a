//! Copies by several threads: the same bytes, whoever wrote them, and one account of progress.

use super::super::together::Pieces;
use super::*;
use crate::pool::Run;
use crate::{Call, Result};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicU64, Ordering};

/// Runs tasks on three threads, each of which takes the next one.
fn three_threads(count: u64, task: &(dyn Fn(u64) + Sync), call: &Call<'_>) -> Result<()> {
    let next = AtomicU64::new(0);
    let work = || loop {
        match next.fetch_add(1, Ordering::Relaxed) {
            index if index < count => task(index),
            _ => return,
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..call.max_threads().clamp(1, 3) {
            scope.spawn(work);
        }
        work();
    });
    Ok(())
}

/// Makes those threads the pool of this test program.
fn with_pool() {
    static RUN: Run = three_threads;
    crate::pool::use_pool(&RUN);
}

/// A copy in pieces of `bytes` by three threads; `None` where it is not to be cut.
fn in_pieces(shape: &[u64], element: usize, src: &Side, dst: &mut Side, swap: Swap, bytes: u64) -> Option<()> {
    with_pool();
    let (from, to) = (src.bytes.as_ptr().wrapping_add(src.origin), dst.ptr_mut());
    let plan = Plan::new(shape, element, from, &src.strides, to, &dst.strides)?;
    let pieces = Pieces::of(&plan, element, bytes)?;
    let component = swap.component();
    // SAFETY: the sides hold every element of the shape.
    let complete = pieces.run(3, &mut Ticker::silent(), |part, ticker| unsafe { run(part, component, ticker) });
    complete.then_some(())
}

#[test]
fn pieces_agree_with_the_naive_twin() {
    let mut r = Random(0x51ED_270B);
    let mut cut = 0;
    for _ in 0..rounds(1500) {
        let element = r.pick(SIZES);
        let dims = 1 + r.below(5);
        let shape = shape_for(&mut r, dims, 3000);
        let src = Side::new(&mut r, &shape, element, true);
        let mut got = Side::new(&mut r, &shape, element, false);
        let mut want = got.clone();
        let swap = swap_for(&mut r, element);
        let bytes = r.pick(&[1, 64, 700, 4000]);
        if in_pieces(&shape, element, &src, &mut got, swap, bytes).is_some() {
            naive(&shape, element, &src, &mut want, swap.component());
            cut += 1;
        }
        assert!(got.bytes == want.bytes, "shape {shape:?} element {element} {swap:?} pieces of {bytes}");
    }
    assert!(cut >= rounds(600), "only {cut} copies were cut");
}

#[test]
fn a_copy_is_not_cut_where_threads_would_meet() {
    let (src, mut dst) = ([0u8; 64], [0u8; 64]);
    let mut cut = |shape: &[u64], from: &[i64], to: &[i64]| {
        let plan = Plan::new(shape, 2, src.as_ptr(), from, dst.as_mut_ptr(), to).unwrap();
        Pieces::of(&plan, 2, 4).is_some()
    };
    assert!(cut(&[8], &[4], &[2]));
    // Elements that share bytes, alone or over another axis.
    assert!(!cut(&[8], &[2], &[1]));
    assert!(!cut(&[2, 8], &[16, 2], &[3, 4]));
    // Nothing to cut.
    assert!(!cut(&[1], &[2], &[2]));
}

/// A box of 18 MiB, which several threads copy where there are cores.
fn long(tick: &mut dyn FnMut(u64, u64) -> bool) -> (bool, Vec<u8>) {
    with_pool();
    let (rows, row, step) = (9 << 10, 2048, 2100);
    let src: Vec<u8> = (0..rows * step).map(|at| (at % 251) as u8).collect();
    let mut dst = vec![0xEE; rows * row];
    let (from, to) = (src.as_ptr(), dst.as_mut_ptr());
    let shape = [rows as u64, row as u64];
    // SAFETY: both vectors hold every element.
    let done = unsafe { copy_strided_with(&shape, 1, from, &[step as i64, 1], to, &[row as i64, 1], Swap::None, tick) };
    if done {
        assert!(dst.chunks(row).zip(src.chunks(step)).all(|(to, from)| to == &from[..row]));
    }
    (done, dst)
}

#[test]
fn a_long_copy_tells_how_far_it_is() {
    let mut calls = Vec::new();
    let (done, dst) = long(&mut |done, total| {
        calls.push((done, total));
        true
    });
    let total = dst.len() as u64;
    assert!(done);
    assert_eq!(calls.last(), Some(&(total, total)));
    assert!(calls.windows(2).all(|w| w[0].0 < w[1].0) && calls.iter().all(|call| call.1 == total), "{calls:?}");
}

#[test]
fn a_long_copy_stops_for_its_caller() {
    let mut calls = 0;
    let (done, dst) = long(&mut |done, total| {
        calls += 1;
        done == total
    });
    // The other threads may have been done with everything before the caller could say stop.
    assert!(done || (calls == 1 && dst.contains(&0xEE)));
}

#[test]
fn a_caller_that_panics_takes_no_other_thread_along() {
    let panicked = catch_unwind(AssertUnwindSafe(|| long(&mut |_, _| panic!("enough"))));
    assert_eq!(panicked.unwrap_err().downcast_ref::<&str>(), Some(&"enough"));
}

#[test]
fn a_long_conversion_is_that_of_its_parts() {
    let (rows, row) = (9usize << 10, 500usize);
    let src: Vec<f32> = (0..rows * row).map(|at| (at % 1001) as f32 - 400.5).collect();
    let convert = |from: &[f32], rows: usize, into: &mut [i16]| {
        let (shape, step) = ([rows as u64, row as u64], row as i64);
        let (from, into) = (from.as_ptr().cast(), into.as_mut_ptr().cast());
        let (src, dst) = ([step * 4, 4], [step * 2, 2]);
        // SAFETY: both slices hold so many rows.
        unsafe { convert_strided(&shape, Scalar::F32, from, &src, false, Scalar::I16, into, &dst, 0.5, 3.0) };
    };
    let (mut whole, mut parts) = (vec![0; rows * row], vec![0; rows * row]);
    convert(&src, rows, &mut whole);
    for (from, into) in src.chunks(row).zip(parts.chunks_mut(row)) {
        convert(from, 1, into);
    }
    assert!(whole == parts);
    assert_eq!((whole[0], whole[1000]), (-197, 303));
}

#[test]
fn a_copy_by_one_thread_stays_on_the_callers() {
    with_pool();
    let (src, mut dst) = (vec![7u8; 20 << 20], vec![0u8; 20 << 20]);
    let shape = [20u64 << 10, 1 << 10];
    let plan = Plan::new(&shape, 1, src.as_ptr(), &[1 << 10, 1], dst.as_mut_ptr(), &[1 << 10, 1]);
    let caller = std::thread::current().id();
    if let Some(mut plan) = plan {
        let mut ticker = Ticker::silent().with_max_threads(1);
        super::super::together::run(&mut plan, 1, &mut ticker, |part, ticker| {
            assert_eq!(std::thread::current().id(), caller);
            // SAFETY: the part addresses the two vectors.
            unsafe { run(part, 1, ticker) }
        });
    }
    assert!(dst == src);
}
