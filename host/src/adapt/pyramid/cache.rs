//! Computed tiles, kept up to a number of bytes: the one that was not used for longest goes first.

use iolink_sdk::Result;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

/// Level and tile.
pub(super) type Key = (u64, u64);

#[derive(Default)]
struct Kept {
    tiles: HashMap<Key, (Arc<Vec<u8>>, u64)>,
    by_use: BTreeMap<u64, Key>,
    bytes: u64,
    uses: u64,
}

impl Kept {
    fn used(&mut self, key: Key) -> Option<Arc<Vec<u8>>> {
        let (tile, last) = self.tiles.get_mut(&key)?;
        self.uses += 1;
        self.by_use.remove(last);
        self.by_use.insert(self.uses, key);
        *last = self.uses;
        Some(tile.clone())
    }

    fn keep(&mut self, key: Key, tile: &Arc<Vec<u8>>, limit: u64) {
        let bytes = tile.len() as u64;
        if bytes > limit || self.tiles.contains_key(&key) {
            return;
        }
        while self.bytes + bytes > limit {
            let Some((_, oldest)) = self.by_use.pop_first() else { break };
            self.bytes -= self.tiles.remove(&oldest).map_or(0, |(gone, _)| gone.len() as u64);
        }
        self.uses += 1;
        self.by_use.insert(self.uses, key);
        self.tiles.insert(key, (tile.clone(), self.uses));
        self.bytes += bytes;
    }
}

/// The tiles of a pyramid.
pub(super) struct Cache {
    limit: u64,
    kept: Mutex<Kept>,
}

impl Cache {
    pub(super) fn new(limit: u64) -> Self {
        Cache { limit, kept: Mutex::default() }
    }

    /// The tile as it was kept, else as it is made, by several threads at once where they ask at once.
    pub(super) fn tile(&self, key: Key, make: impl FnOnce() -> Result<Vec<u8>>) -> Result<Arc<Vec<u8>>> {
        let kept = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tile) = kept().used(key) {
            return Ok(tile);
        }
        let tile = Arc::new(make()?);
        kept().keep(key, &tile, self.limit);
        Ok(tile)
    }

    /// Bytes kept now.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> u64 {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).bytes
    }
}
