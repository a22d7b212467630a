//! Stores that need no file system: values in memory, and random accesses under names.

mod memory_store;
mod named_store;

pub use memory_store::MemoryStore;
pub use named_store::NamedStore;

use crate::view::StoreEntry;
use std::collections::BTreeMap;
use std::ops::Bound;

/// Passes the entries of a sorted map to `visit`, as [`Store::list`](crate::Store::list) promises.
fn list_map<V>(
    map: &BTreeMap<String, V>,
    prefix: &str,
    after: Option<&str>,
    recursive: bool,
    entry_of: impl Fn(&str, &V) -> StoreEntry,
    visit: &mut dyn FnMut(&StoreEntry) -> bool,
) {
    let start = match after {
        Some(after) if after >= prefix => Bound::Excluded(after),
        _ => Bound::Included(prefix),
    };
    // The key of the folder that was passed last.
    let mut passed = String::new();
    for (key, value) in map.range::<str, _>((start, Bound::Unbounded)).take_while(|(key, _)| key.starts_with(prefix)) {
        let go_on = match key[prefix.len()..].find('/') {
            Some(slash) if !recursive => {
                let folder = &key[..=prefix.len() + slash];
                if folder == passed || after.map_or(false, |after| folder <= after) {
                    continue;
                }
                passed = folder.to_owned();
                visit(&StoreEntry { key: passed.clone(), is_prefix: true, ..StoreEntry::default() })
            }
            _ => visit(&entry_of(key, value)),
        };
        if !go_on {
            return;
        }
    }
}
