//! Bytes that were costly to make, kept up to a limit.

use crate::Result;
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes by key, up to a number of bytes in all: what was asked for longest ago goes first.
///
/// It may be asked from many threads. Two that miss the same key at once both make it: nobody waits for another's work.
///
/// ```
/// use iolink_sdk::Cache;
///
/// let tiles = Cache::new(100);
/// let tile = tiles.get_or_try_insert_with(7, || Ok(vec![0; 60]))?;
/// assert_eq!((tile.len(), tiles.bytes()), (60, 60));
/// tiles.get_or_try_insert_with(7, || panic!("it is there"))?;
/// tiles.get_or_try_insert_with(8, || Ok(vec![0; 60]))?; // over the limit: tile 7 goes, and stays good for whoever holds it
/// assert_eq!((tile.len(), tiles.bytes()), (60, 60));
/// # Ok::<(), iolink_sdk::Error>(())
/// ```
pub struct Cache<K> {
    limit: usize,
    kept: Mutex<Kept<K>>,
}

struct Kept<K> {
    entries: HashMap<K, (Arc<Vec<u8>>, u64)>,
    /// Keys by the turn in which they were last asked for.
    turns: BTreeMap<u64, K>,
    turn: u64,
    bytes: usize,
}

impl<K: Eq + Hash + Clone> Cache<K> {
    /// Keeps at most `limit` bytes; 0 keeps nothing.
    pub fn new(limit: usize) -> Self {
        let kept = Kept { entries: HashMap::new(), turns: BTreeMap::new(), turn: 0, bytes: 0 };
        Cache { limit, kept: Mutex::new(kept) }
    }

    fn kept(&self) -> MutexGuard<'_, Kept<K>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes that are kept now.
    pub fn bytes(&self) -> usize {
        self.kept().bytes
    }

    /// What is kept under the key, else what `make` makes. Nothing is locked while it is made.
    ///
    /// # Errors
    /// What `make` fails with; nothing is kept then.
    pub fn get_or_try_insert_with(&self, key: K, make: impl FnOnce() -> Result<Vec<u8>>) -> Result<Arc<Vec<u8>>> {
        if let Some(known) = self.kept().touch(&key) {
            return Ok(known);
        }
        let made = Arc::new(make()?);
        if made.len() <= self.limit {
            self.kept().keep(key, made.clone(), self.limit);
        }
        Ok(made)
    }
}

impl<K: Eq + Hash + Clone> Kept<K> {
    fn touch(&mut self, key: &K) -> Option<Arc<Vec<u8>>> {
        let (bytes, last) = self.entries.get_mut(key)?;
        self.turn += 1;
        self.turns.remove(&std::mem::replace(last, self.turn));
        self.turns.insert(self.turn, key.clone());
        Some(bytes.clone())
    }

    fn keep(&mut self, key: K, bytes: Arc<Vec<u8>>, limit: usize) {
        self.turn += 1;
        self.bytes += bytes.len();
        if let Some((old, last)) = self.entries.insert(key.clone(), (bytes, self.turn)) {
            self.bytes -= old.len();
            self.turns.remove(&last);
        }
        self.turns.insert(self.turn, key);
        while self.bytes > limit {
            let oldest = self.turns.keys().next().copied();
            let gone = oldest.and_then(|turn| self.turns.remove(&turn)).and_then(|key| self.entries.remove(&key));
            match gone {
                Some((bytes, _)) => self.bytes -= bytes.len(),
                None => break,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(cache: &Cache<u32>, key: u32, length: usize) -> bool {
        let mut made = false;
        let make = || {
            made = true;
            Ok(vec![key as u8; length])
        };
        assert_eq!(cache.get_or_try_insert_with(key, make).unwrap().len(), length);
        made
    }

    #[test]
    fn what_was_asked_for_longest_ago_goes_first() {
        let cache = Cache::new(30);
        assert!(ask(&cache, 1, 10) && ask(&cache, 2, 10) && ask(&cache, 3, 10));
        assert!(!ask(&cache, 1, 10));
        assert!(ask(&cache, 4, 10), "2 was the oldest");
        assert!(!ask(&cache, 1, 10) && !ask(&cache, 3, 10) && ask(&cache, 2, 10));
        assert_eq!(cache.bytes(), 30);
    }

    #[test]
    fn what_is_larger_than_the_limit_is_handed_out_and_not_kept() {
        let cache = Cache::new(30);
        assert!(ask(&cache, 1, 31) && ask(&cache, 1, 31));
        assert_eq!(cache.bytes(), 0);
        assert!(cache.get_or_try_insert_with(2, || crate::fail!(Corrupt, "no")).is_err() && ask(&cache, 2, 1));
    }
}
