//! A mutex that a fork cannot leave locked for ever.

use crate::{Error, ErrorKind, Result};
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

/// A mutex for what may be held long: while a source is read, or a callback runs. In a forked child, a lock that another thread
/// held at the fork has nobody to release it: [`Lock::lock`] fails there instead of waiting.
///
/// ```
/// let count = iolink_sdk::Lock::new(1);
/// *count.lock()? += 1;
/// assert_eq!(*count.lock()?, 2);
/// # Ok::<(), iolink_sdk::Error>(())
/// ```
#[derive(Debug)]
pub struct Lock<T> {
    /// The generation of processes in which the lock was taken last.
    taken_in: AtomicU32,
    value: Mutex<T>,
}

/// The value of a [`Lock`], until this is dropped.
#[derive(Debug)]
pub struct Locked<'a, T>(MutexGuard<'a, T>);

/// Counts the forks from the first process that used a lock to this one.
static GENERATION: AtomicU32 = AtomicU32::new(1);

/// How long a thread that took the lock may be about to note it.
const GRACE: Duration = Duration::from_millis(50);

/// Returns the generation of this process.
fn generation() -> u32 {
    static WATCHED: AtomicBool = AtomicBool::new(false);
    if !WATCHED.load(Ordering::Relaxed) && !WATCHED.swap(true, Ordering::Relaxed) {
        watch_forks();
    }
    GENERATION.load(Ordering::Relaxed)
}

#[cfg(unix)]
fn watch_forks() {
    use std::os::raw::c_int;
    type Handler = Option<unsafe extern "C" fn()>;
    extern "C" {
        fn pthread_atfork(prepare: Handler, parent: Handler, child: Handler) -> c_int;
    }
    unsafe extern "C" fn child() {
        GENERATION.fetch_add(1, Ordering::Relaxed);
    }
    // SAFETY: the handler is a function of this library, which is never unloaded, and only adds to a number.
    unsafe { pthread_atfork(None, None, Some(child)) };
}

#[cfg(not(unix))]
fn watch_forks() {}

impl<T> Lock<T> {
    /// Makes an unlocked one.
    pub const fn new(value: T) -> Self {
        Lock { taken_in: AtomicU32::new(0), value: Mutex::new(value) }
    }

    /// Waits for the value. A panic while it was locked is ignored, as the value stays usable.
    ///
    /// # Errors
    /// `Closed` in a forked child, if another thread held the lock at the fork.
    #[inline]
    pub fn lock(&self) -> Result<Locked<'_, T>> {
        match self.try_lock() {
            Some(locked) => Ok(locked),
            None => self.wait(),
        }
    }

    /// Returns the value, if it is not locked.
    #[inline]
    pub fn try_lock(&self) -> Option<Locked<'_, T>> {
        match self.value.try_lock() {
            Ok(guard) => Some(self.taken(guard)),
            Err(TryLockError::Poisoned(poisoned)) => Some(self.taken(poisoned.into_inner())),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    #[inline]
    fn taken<'a>(&self, guard: MutexGuard<'a, T>) -> Locked<'a, T> {
        self.taken_in.store(generation(), Ordering::Relaxed);
        Locked(guard)
    }

    #[cold]
    fn wait(&self) -> Result<Locked<'_, T>> {
        let begun = Instant::now();
        while self.taken_in.load(Ordering::Relaxed) != generation() {
            match self.try_lock() {
                Some(locked) => return Ok(locked),
                None if begun.elapsed() > GRACE => return Err(lost()),
                None => std::thread::sleep(Duration::from_millis(1)),
            }
        }
        // A thread of this process has it, and gives it back.
        Ok(self.taken(self.value.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl<T: Default> Default for Lock<T> {
    fn default() -> Self {
        Lock::new(T::default())
    }
}

#[cold]
fn lost() -> Error {
    Error::new(
        ErrorKind::Closed,
        "the process was forked while another thread used this, so that it is locked for ever here; open it anew in the child, or \
         use the spawn or forkserver start method",
    )
}

impl<T> Deref for Locked<'_, T> {
    type Target = T;
    #[inline]
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Locked<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn threads_take_turns() {
        let count = Arc::new(Lock::new(0));
        std::thread::scope(|threads| {
            for _ in 0..4 {
                threads.spawn(|| (0..2000).for_each(|_| *count.lock().unwrap() += 1));
            }
        });
        assert_eq!(*count.lock().unwrap(), 8000);
    }

    #[test]
    fn a_lock_that_was_taken_before_a_fork_is_lost() {
        let lock = Lock::new(());
        let guard = lock.lock().unwrap();
        // As in a child: this process is another generation than the one that took it.
        lock.taken_in.store(0, Ordering::Relaxed);
        assert_eq!(lock.lock().unwrap_err().kind(), ErrorKind::Closed);
        drop(guard);
        assert!(lock.lock().is_ok());
    }

    #[test]
    fn a_panic_leaves_the_value_usable() {
        let lock = Lock::new(1);
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _guard = lock.lock().unwrap();
            panic!("on purpose");
        }));
        assert!(panicked.is_err() && *lock.lock().unwrap() == 1);
    }
}
