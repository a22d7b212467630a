//! The Python object that a getter answered first, to be answered again while it is still true.

use pyo3::prelude::*;
use std::sync::OnceLock;

/// An object that cannot change, and what it was made of.
pub struct Remembered<K, T>(OnceLock<(K, Py<T>)>);

impl<K, T> Default for Remembered<K, T> {
    fn default() -> Self {
        Remembered(OnceLock::new())
    }
}

impl<K: PartialEq + Clone, T> Remembered<K, T> {
    /// The object made of `key`: the one that was remembered, or one that `make` makes.
    pub fn answer(&self, py: Python<'_>, key: &K, make: impl FnOnce(&K) -> PyResult<Py<T>>) -> PyResult<Py<T>> {
        match self.0.get() {
            Some((known, object)) if known == key => Ok(object.clone_ref(py)),
            Some(_) => make(key),
            None => {
                let made = make(key)?;
                // Another thread may have been faster.
                let _ = self.0.set((key.clone(), made.clone_ref(py)));
                Ok(made)
            }
        }
    }
}
