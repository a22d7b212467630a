//! Tables in a forked child. The threads of polars stay with the parent, and waiting for them would never end: a child reads
//! and writes on the calling thread alone. A lock that another thread held at the fork is held for ever, so that a child of a
//! fork in the middle of a call is refused.

use iolink_sdk::{fail, Bytes, RandomAccess, Result, StreamCapability, View};
use polars_async::executor::ALLOW_RAYON_THREADS;
use polars_core::runtime::RAYON;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

/// The process that used tables last, in the upper half; [`LOST`], [`ALONE`] and the number of running calls in the lower one.
static STATE: AtomicU64 = AtomicU64::new(0);
/// An ancestor was forked in the middle of a call.
const LOST: u64 = 1 << 31;
/// The threads of polars, if there are any, belong to an ancestor.
const ALONE: u64 = 1 << 30;
const CALLS: u64 = ALONE - 1;

fn process() -> u64 {
    u64::from(std::process::id()) << 32
}

const fn process_of(state: u64) -> u64 {
    state & !(u32::MAX as u64)
}

/// Returns the state with one more call of a process.
const fn entered(state: u64, process: u64) -> u64 {
    match state {
        0 => process | 1,
        state if process_of(state) == process => state + 1,
        state if state & (LOST | CALLS) != 0 => process | LOST | ALONE | 1,
        _ => process | ALONE | 1,
    }
}

/// A running call.
struct Running(u64);

impl Drop for Running {
    fn drop(&mut self) {
        // A call that was left behind by a fork is not counted in the child.
        let left = |state: u64| (process_of(state) == self.0 && state & CALLS > 0).then(|| state - 1);
        let _ = STATE.fetch_update(Ordering::AcqRel, Ordering::Acquire, left);
    }
}

/// Runs `body` by the threads of polars, or in a forked child by this thread alone.
///
/// # Errors
/// `Closed` in a process whose ancestor was forked while a table was read or written.
pub fn run<T>(body: impl FnOnce() -> Result<T>) -> Result<T> {
    let process = process();
    let count = |state| Some(entered(state, process));
    let before = STATE.fetch_update(Ordering::AcqRel, Ordering::Acquire, count).unwrap_or(0);
    let _running = Running(process);
    let state = entered(before, process);
    if state & LOST != 0 {
        return forked();
    }
    if state & ALONE != 0 {
        ALLOW_RAYON_THREADS.set(false);
        // Makes this thread the only worker of a pool of its own, which all that follows on it then uses.
        RAYON.install(|| ());
    }
    body()
}

fn forked<T>() -> Result<T> {
    fail!(
        Closed,
        "the process was forked while a table was read or written, and the child has not the threads that did it; use the spawn or \
         forkserver start method, or fork before"
    )
}

/// A source that calls back, which may fork: the child does not go on with what the parent's threads began.
struct Watched(Arc<dyn RandomAccess>);

/// Returns the source of a running call with a check for a fork behind each read.
pub fn watched(source: Arc<dyn RandomAccess>) -> Arc<dyn RandomAccess> {
    Arc::new(Watched(source))
}

impl RandomAccess for Watched {
    fn capabilities(&self) -> StreamCapability {
        self.0.capabilities()
    }

    fn length(&self) -> Result<u64> {
        self.0.length()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let count = self.0.read_at(offset, buffer)?;
        match process_of(STATE.load(Ordering::Acquire)) == process() {
            true => Ok(count),
            false => forked(),
        }
    }

    fn memory(&self) -> Result<Bytes> {
        self.0.memory()
    }

    fn prefetch(&self, ranges: &[Range<u64>]) {
        self.0.prefetch(ranges);
    }

    fn extension(&self, id: u64) -> Option<View> {
        self.0.extension(id)
    }

    fn origin(&self) -> Option<String> {
        self.0.origin()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: u64 = 7 << 32;
    const CHILD: u64 = 8 << 32;

    #[test]
    fn a_process_of_its_own_uses_the_threads() {
        assert_eq!(entered(0, PARENT), PARENT | 1);
        assert_eq!(entered(PARENT | 1, PARENT), PARENT | 2);
    }

    #[test]
    fn a_child_of_a_fork_between_calls_is_alone() {
        assert_eq!(entered(PARENT, CHILD), CHILD | ALONE | 1);
        assert_eq!(entered(CHILD | ALONE, CHILD + (1 << 32)), (CHILD + (1 << 32)) | ALONE | 1);
        assert_eq!(entered(CHILD | ALONE | 1, CHILD), CHILD | ALONE | 2);
    }

    #[test]
    fn a_child_of_a_fork_in_a_call_is_lost_and_so_are_its_children() {
        let lost = entered(PARENT | 1, CHILD);
        assert_eq!(lost, CHILD | LOST | ALONE | 1);
        assert_ne!(entered(lost - 1, CHILD + (1 << 32)) & LOST, 0);
    }
}
