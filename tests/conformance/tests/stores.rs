//! Stores that no provider creates hold the promises of stores: folders.

use iolink_conformance::{check_stores, Finding, Outcome};
use iolink_sdk::files::FolderStore;
use iolink_sdk::stores::MemoryStore;
use iolink_sdk::{Result, Store, View};
use std::sync::{Arc, Mutex};

fn assert_held(findings: &[Finding]) {
    let missed: Vec<String> =
        findings.iter().filter(|finding| finding.outcome != Outcome::Held).map(ToString::to_string).collect();
    assert!(missed.is_empty() && findings.len() >= 18, "{} promises\n{}", findings.len(), missed.join("\n"));
}

#[test]
fn folders() {
    let folders = Mutex::new(Vec::new());
    let make = || -> Result<Arc<dyn Store>> {
        let folder = tempfile::tempdir().unwrap();
        let store = FolderStore::writable(folder.path());
        folders.lock().unwrap().push(folder);
        Ok(Arc::new(store))
    };
    assert_held(&check_stores("folder", &make));
}

#[test]
fn stores_in_memory() {
    let make = || View::store(MemoryStore::new()).into_store();
    assert_held(&check_stores("memory", &make));
}
