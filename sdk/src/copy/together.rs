//! Long copies by several threads of the process's pool, each of which takes the next piece.
//!
//! One core does not keep memory busy. Measured on two cores: a box of 32 MiB out of a volume takes 0.55 of the time by two
//! threads.

use super::plan::Plan;
use super::progress::Ticker;
use crate::{pool, Call};
use std::any::Any;
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Copies of fewer bytes are left to the caller's thread.
const LONG: u64 = 16 << 20;
/// Bytes of a piece.
const PIECE: u64 = 2 << 20;
/// Memory is the limit of more threads than these.
const MOST: usize = 4;

/// Does `copy` for the whole plan, or together with other threads for its pieces where that is worth it. The destination's elements have
/// `width` bytes. `ticker` is told by the caller's thread alone.
///
/// `copy` must be good for every part of the plan, and write to no other elements than the part's.
pub(super) fn run(plan: &mut Plan, width: usize, ticker: &mut Ticker<'_>, copy: impl CopyPart) -> bool {
    if plan.total >= LONG {
        let limit = match ticker.max_threads() {
            0 => MOST,
            limit => MOST.min(limit as usize),
        };
        let threads = thread::available_parallelism().map_or(1, |cores| cores.get().min(limit));
        if threads > 1 {
            if let Some(pieces) = Pieces::of(plan, width, PIECE) {
                return pieces.run(threads, ticker, copy);
            }
        }
    }
    copy(plan, ticker)
}

/// Copies a plan, or a part of one, and tells how far it is; `false` when it was stopped.
pub(super) trait CopyPart: Fn(&mut Plan, &mut Ticker<'_>) -> bool + Sync {}
impl<F: Fn(&mut Plan, &mut Ticker<'_>) -> bool + Sync> CopyPart for F {}

/// A plan cut along one of its axes.
pub(super) struct Pieces<'a> {
    plan: &'a Plan,
    axis: usize,
    /// Elements of the axis in a piece, but for the last one.
    size: usize,
    count: usize,
    next: AtomicUsize,
    done: AtomicU64,
}

// SAFETY: what the threads share are the plan, which none of them changes, and numbers that are atomic. Each piece is handed out
// once, and no two of them write to one byte.
unsafe impl Sync for Pieces<'_> {}

impl<'a> Pieces<'a> {
    /// Pieces of some `bytes`, along the outermost axis of the destination that leaves long runs on both sides. `None` where there is
    /// no such axis, or where elements of the destination, of `width` bytes, could share some.
    pub(super) fn of(plan: &'a Plan, width: usize, bytes: u64) -> Option<Pieces<'a>> {
        if !plan.lie_apart(width) {
            return None;
        }
        let least = (bytes / 1024) as usize;
        plan.axes().iter().enumerate().rev().find_map(|(axis, along)| {
            let one = (plan.total / along.n as u64).max(1);
            let size = (bytes / one).max(1) as usize;
            let long = |step: isize| step == 0 || size.saturating_mul(step.unsigned_abs()) >= least;
            (size < along.n && long(along.src) && long(along.dst)).then(|| Pieces {
                plan,
                axis,
                size,
                count: (along.n + size - 1) / size,
                next: AtomicUsize::new(0),
                done: AtomicU64::new(0),
            })
        })
    }

    /// Copies the next piece; `false` when there is none left.
    fn copy_next(&self, copy: &impl CopyPart) -> bool {
        let index = self.next.fetch_add(1, Ordering::Relaxed);
        if index >= self.count {
            return false;
        }
        let mut piece = self.plan.part(self.axis, index * self.size, self.size);
        let bytes = piece.bytes();
        copy(&mut piece, &mut Ticker::silent());
        self.done.fetch_add(bytes, Ordering::Relaxed);
        true
    }

    /// Copies all pieces by at most so many threads, the caller's one of them.
    pub(super) fn run(&self, threads: usize, ticker: &mut Ticker<'_>, copy: impl CopyPart) -> bool {
        let copy = &copy;
        let caller = thread::current().id();
        let own = Own(Mutex::new(OwnWork { ticker, told: 0, stopped: false, panicked: None }));
        let task = |_: u64| match thread::current().id() == caller {
            true => self.copy_with_ticker(&own, copy),
            false => while self.copy_next(copy) {},
        };
        let call = Call::silent().with_max_threads(threads as u32);
        let ran = pool::run(threads as u64, &task, &call);
        // A pool that started no task leaves all of them to this thread.
        self.copy_with_ticker(&own, copy);
        let OwnWork { stopped, panicked, .. } = own.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(payload) = panicked {
            resume_unwind(payload);
        }
        assert!(
            stopped || self.done.load(Ordering::Relaxed) == self.plan.total,
            "pieces of a copy are missing: {ran:?}"
        );
        !stopped
    }

    /// Copies pieces on the caller's thread, and reports how far all threads are.
    fn copy_with_ticker(&self, own: &Own<'_, '_>, copy: &impl CopyPart) {
        let mut own = own.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = &mut *own;
        let seen = catch_unwind(AssertUnwindSafe(|| {
            while !own.stopped && self.copy_next(copy) {
                let done = self.done.load(Ordering::Relaxed);
                own.stopped = !own.ticker.advance((done - own.told) as usize);
                own.told = done;
            }
        }));
        if let Err(payload) = seen {
            own.stopped = true;
            own.panicked = Some(payload);
        }
        if own.stopped {
            // Nobody takes another piece.
            self.next.store(self.count, Ordering::Relaxed);
        }
    }
}

/// The caller's own part of a copy.
struct OwnWork<'a, 'b> {
    ticker: &'a mut Ticker<'b>,
    /// Bytes that the ticker was told of.
    told: u64,
    stopped: bool,
    panicked: Option<Box<dyn Any + Send>>,
}

struct Own<'a, 'b>(Mutex<OwnWork<'a, 'b>>);

// SAFETY: only the caller's thread locks it.
unsafe impl Sync for Own<'_, '_> {}
