//! The Python object that a getter answered last, to be answered again while it is still true.

use pyo3::prelude::*;
use std::sync::{Mutex, PoisonError};

/// An object that cannot change, and what it was made of.
pub struct Remembered<K, T>(Mutex<Option<(K, Py<T>)>>);

impl<K, T> Default for Remembered<K, T> {
    fn default() -> Self {
        Remembered(Mutex::new(None))
    }
}

impl<K: PartialEq, T> Remembered<K, T> {
    /// The object made of `key`: the last one, or one that `make` makes. No lock is held while Python runs.
    pub fn answer(&self, py: Python<'_>, key: K, make: impl FnOnce() -> PyResult<Py<T>>) -> PyResult<Py<T>> {
        if let Some((known, object)) = &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            if *known == key {
                return Ok(object.clone_ref(py));
            }
        }
        let made = make()?;
        let kept = (key, made.clone_ref(py));
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner).replace(kept);
        drop(last);
        Ok(made)
    }
}
