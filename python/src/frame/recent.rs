//! Answers about the objects that were asked about last.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// No more answers than these are kept.
const KEPT: usize = 16;

/// Answers by what tells their objects apart.
pub struct Recent<K, T>(Mutex<VecDeque<(K, T)>>);

impl<K, T> Default for Recent<K, T> {
    fn default() -> Self {
        Recent(Mutex::new(VecDeque::with_capacity(KEPT)))
    }
}

impl<K, T: Clone> Recent<K, T> {
    fn kept(&self) -> MutexGuard<'_, VecDeque<(K, T)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer about an object that was asked about before.
    pub fn known(&self, is_it: impl Fn(&K) -> bool) -> Option<T> {
        self.kept().iter().find(|(key, _)| is_it(key)).map(|(_, answer)| answer.clone())
    }

    /// Keeps an answer, in the place of the oldest one where there are enough.
    pub fn keep(&self, key: K, answer: &T) {
        let mut kept = self.kept();
        let oldest = if kept.len() == KEPT { kept.pop_front() } else { None };
        kept.push_back((key, answer.clone()));
        drop(kept);
        // Whose end may run code of anybody's.
        drop(oldest);
    }
}
