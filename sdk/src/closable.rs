//! What an object holds until it is closed.

use std::cell::UnsafeCell;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::sync::atomic::{fence, AtomicUsize, Ordering};

/// The bit of `uses` that says closed; a use under way counts `ONE_USE`.
const CLOSED: usize = 1;
const ONE_USE: usize = 2;

/// A value that may be closed while others use it: nobody begins to, then, and the last who does drops the value.
/// Neither side waits for the other, so that whoever uses it may close it, and may hold any lock meanwhile.
///
/// ```
/// let file = iolink_sdk::Closable::new(String::from("open"));
/// let in_use = file.get().expect("nobody closed it");
/// file.close();
/// assert!(file.get().is_none());
/// assert_eq!(*in_use, "open");
/// ```
pub struct Closable<T> {
    uses: AtomicUsize,
    value: UnsafeCell<ManuallyDrop<T>>,
}

// SAFETY: the value is lent to any thread, and dropped by any.
unsafe impl<T: Send + Sync> Sync for Closable<T> {}

/// The value of a [`Closable`], which stays for as long as this does.
pub struct Use<'a, T>(&'a Closable<T>);

impl<T> Closable<T> {
    /// An open one.
    pub fn new(value: T) -> Self {
        Closable { uses: AtomicUsize::new(0), value: UnsafeCell::new(ManuallyDrop::new(value)) }
    }

    /// The value, unless it was closed.
    #[inline]
    pub fn get(&self) -> Option<Use<'_, T>> {
        let mut known = self.uses.load(Ordering::Relaxed);
        while known & CLOSED == 0 {
            match self.uses.compare_exchange_weak(known, known + ONE_USE, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return Some(Use(self)),
                Err(other) => known = other,
            }
        }
        None
    }

    /// Was it closed?
    pub fn is_closed(&self) -> bool {
        self.uses.load(Ordering::Acquire) & CLOSED != 0
    }

    /// Closes it, for good. The value is dropped at once, or with the last use.
    pub fn close(&self) {
        if self.uses.fetch_or(CLOSED, Ordering::AcqRel) == 0 {
            self.drop_value();
        }
    }

    #[cold]
    fn drop_value(&self) {
        fence(Ordering::Acquire);
        // SAFETY: closed, so no use begins, and the last one has ended: that happens once.
        unsafe { ManuallyDrop::drop(&mut *self.value.get()) };
    }
}

impl<T> Drop for Closable<T> {
    fn drop(&mut self) {
        // No use is left: they borrow this.
        self.close();
    }
}

impl<T> Deref for Use<'_, T> {
    type Target = T;
    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: it is not dropped before this use has ended.
        unsafe { &*self.0.value.get() }
    }
}

impl<T> Drop for Use<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if self.0.uses.fetch_sub(ONE_USE, Ordering::Release) == ONE_USE | CLOSED {
            self.0.drop_value();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn a_value_is_dropped_when_it_is_closed() {
        let (token, closable) = closable();
        assert!(closable.get().is_some() && !closable.is_closed());
        closable.close();
        assert!(closable.get().is_none() && closable.is_closed());
        assert_eq!(Arc::strong_count(&token), 1);
        closable.close();
        drop(closable);
        assert_eq!(Arc::strong_count(&token), 1);
    }

    #[test]
    fn a_value_in_use_stays_until_the_last_use_ends() {
        let (token, closable) = closable();
        let (first, second) = (closable.get().unwrap(), closable.get().unwrap());
        closable.close();
        drop(first);
        assert_eq!(Arc::strong_count(&second), 2);
        assert!(closable.get().is_none());
        drop(second);
        assert_eq!(Arc::strong_count(&token), 1);
    }

    #[test]
    fn a_value_that_nobody_closed_goes_with_its_holder() {
        let (token, closable) = closable();
        drop(closable);
        assert_eq!(Arc::strong_count(&token), 1);
    }

    #[test]
    fn many_threads_use_it_while_one_closes() {
        for _ in 0..20 {
            let (token, closable) = closable();
            let look = || {
                while closable.get().is_some_and(|value| Arc::strong_count(&value) == 2) {
                    std::thread::yield_now();
                }
            };
            std::thread::scope(|scope| {
                (0..3).for_each(|_| drop(scope.spawn(look)));
                scope.spawn(|| closable.close());
            });
            assert_eq!(Arc::strong_count(&token), 1);
        }
    }

    fn closable() -> (Arc<()>, Closable<Arc<()>>) {
        let token = Arc::new(());
        (Arc::clone(&token), Closable::new(token))
    }
}
