//! The frozen border, held against today's: what writes the C header and the layout table, and what the tests share.
//!
//! `make refreeze` runs the binary `refreeze`, which writes `sdk/include/iolink_abi.h` and the copies in
//! `tests/border/v1`. The tests fail where the committed files are not what this crate writes.

pub mod header;
pub mod host_header;
pub mod layout;
pub mod near;
pub mod plugin;
#[cfg(feature = "abi-check")]
pub mod types;

use std::path::PathBuf;

/// Root of the repository.
pub fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().and_then(|tests| tests.parent()).map(PathBuf::from).unwrap_or(here)
}

/// The header that authors include.
pub fn header_path() -> PathBuf {
    root().join("sdk/include/iolink_abi.h")
}

/// The header that programs include.
pub fn host_header_path() -> PathBuf {
    root().join("host/capi/include/iolink.h")
}

/// A file of the frozen copy.
pub fn frozen(name: &str) -> PathBuf {
    root().join("tests/border/v1").join(name)
}

/// The border in words.
pub fn specification() -> PathBuf {
    root().join("docs/spec/abi-v1.md")
}
