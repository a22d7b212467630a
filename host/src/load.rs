//! The one place that opens a library.
//!
//! Everything a plugin needs is bound at once and kept to itself (`RTLD_NOW | RTLD_LOCAL`), so that what is missing shows
//! here and not in the middle of a call. A library is never closed: views, threads and callbacks of it may outlive every
//! count that could be kept.

use crate::judge::Judged;
use crate::record::PluginInfo;
use iolink_sdk::abi::iolink_plugin;
use std::path::Path;

/// Opens a library that was judged and finds its descriptor, which stays for the life of the process.
#[cfg(unix)]
pub(crate) fn load(path: &Path) -> Result<&'static iolink_plugin, String> {
    use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
    // SAFETY: constructors of the library run here. Its owner and its permissions were judged, it is whole and for this
    // machine; SECURITY.md says that a plugin owns the process from here on.
    let library = unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) };
    let library = library.map_err(|error| {
        format!("the system cannot load it: {}; ldd {} shows what it needs", words(&error), path.display())
    })?;
    // SAFETY: the symbol is data, as the preflight saw; its address is taken, nothing is read.
    let found = unsafe { library.get::<*const iolink_plugin>(b"iolink_plugin_v1\0").map(|symbol| *symbol) };
    std::mem::forget(library);
    let at = found.map_err(|error| format!("the symbol iolink_plugin_v1 cannot be had: {}", words(&error)))?;
    if at.is_null() || !at.is_aligned() {
        return Err("the symbol iolink_plugin_v1 has no address that a descriptor could have".into());
    }
    // SAFETY: the descriptor is static data of a library that is never closed, large enough by the preflight.
    Ok(unsafe { &*at })
}

/// Elsewhere no file passes the preflight.
#[cfg(not(unix))]
pub(crate) fn load(_path: &Path) -> Result<&'static iolink_plugin, String> {
    Err("plugins in files are not supported on this system".into())
}

/// The system's own words: libloading only says that a call failed, and keeps the text as its cause.
#[cfg(unix)]
fn words(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string().replace('\n', " ")
}

/// Does the library say the same in its manifest as in its descriptor?
pub(crate) fn agree(manifest: Option<&PluginInfo>, judged: &Judged) -> Result<(), String> {
    match manifest {
        Some(manifest) if (&manifest.id, &manifest.version) != (&judged.id, &judged.version) => Err(format!(
            "its manifest says {} {}, its descriptor {} {}; rebuild the plugin from scratch",
            manifest.id, manifest.version, judged.id, judged.version
        )),
        _ => Ok(()),
    }
}
