//! The process's one pool of threads, as seen from here: by the host's own code at once, by a plugin through the host that
//! called it first. Long copies use it, and the code of providers may.

use crate::view::stop_panic;
use crate::{Call, Error, ErrorKind, Host, Result};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};

/// Runs `task(index)` for each index below a count, and returns when all have ended.
pub type Run = fn(u64, &(dyn Fn(u64) + Sync), &Call<'_>) -> Result<()>;

/// The function of a pool in this program, behind a reference.
static OWN: AtomicPtr<Run> = AtomicPtr::new(null_mut());

/// The host that called this plugin first. It is kept for the life of the process, as plugins are.
static HOST: AtomicPtr<Host> = AtomicPtr::new(null_mut());

/// Makes a function the pool of all code that is linked with this copy of the SDK. The first one stays.
pub fn use_pool(run: &'static Run) {
    let run = run as *const Run as *mut Run;
    let _ = OWN.compare_exchange(null_mut(), run, Ordering::AcqRel, Ordering::Acquire);
}

/// Keeps the host of a call if no pool is known yet.
pub(crate) fn keep(host: &Host) {
    if !OWN.load(Ordering::Acquire).is_null() || !HOST.load(Ordering::Acquire).is_null() || !host.has_pool() {
        return;
    }
    let kept = Box::into_raw(Box::new(host.clone()));
    if HOST.compare_exchange(null_mut(), kept, Ordering::AcqRel, Ordering::Acquire).is_err() {
        // SAFETY: another thread was first, and nobody has seen this one.
        drop(unsafe { Box::from_raw(kept) });
    }
}

/// Runs `task(index)` for each index below `count` on this thread and on free threads of the pool, and returns when all have
/// ended. A task may call this again. Without a pool this thread runs all of them.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// let sum = AtomicU64::new(0);
/// let add = |index| {
///     sum.fetch_add(index, Ordering::Relaxed);
/// };
/// iolink_sdk::pool::run(5, &add, &iolink_sdk::Call::silent())?;
/// assert_eq!(sum.into_inner(), 10);
/// # Ok::<(), iolink_sdk::Error>(())
/// ```
///
/// # Errors
/// `Cancelled` or `Timeout` by `call`, after which no further task starts; `Internal` if a task panicked.
pub fn run(count: u64, task: &(dyn Fn(u64) + Sync), call: &Call<'_>) -> Result<()> {
    // SAFETY: the function is static, and a kept host is never freed.
    let (own, host) = unsafe { (OWN.load(Ordering::Acquire).as_ref(), HOST.load(Ordering::Acquire).as_ref()) };
    match (own, host) {
        (Some(run), _) => run(count, task, call),
        (None, Some(host)) => {
            let task = |index: usize| {
                task(index as u64);
                Ok(())
            };
            host.run(usize::try_from(count).unwrap_or(usize::MAX), &task, call)
        }
        (None, None) => here(count, task, call),
    }
}

/// Runs all tasks on this thread.
fn here(count: u64, task: &(dyn Fn(u64) + Sync), call: &Call<'_>) -> Result<()> {
    for index in 0..count {
        call.step(index, count)?;
        if stop_panic(|| task(index)).is_none() {
            return Err(Error::new(ErrorKind::Internal, "a task of the thread pool panicked"));
        }
    }
    Ok(())
}
