//! One suite for every store: in memory, a folder, named bytes; each as it is and through the ABI.
#![cfg(all(unix, feature = "files"))]

mod batches;
mod folders;
mod kit;
mod listing;
mod races;
mod reading;
mod writing;
