//! Where this program is installed, and so what belongs to it.
//!
//! A wheel puts it into the `bin` of an environment: the plugins of the package lie in `lib/python3.x/site-packages`
//! beside it, and so do the distributions that bring plugins. In a build tree the plugins lie beside the program.

use iolink_host::Registry;
use std::path::{Path, PathBuf};

/// The registry of this installation.
pub fn registry() -> Registry {
    let program = std::env::current_exe().and_then(std::fs::canonicalize).unwrap_or_default();
    let sites = sites(&program);
    let mut builder = Registry::builder().python_sites(sites.clone());
    if let Some(package) = sites.iter().map(|site| site.join("iolink/plugins")).find(|folder| folder.is_dir()) {
        builder = builder.package_dir(package);
    }
    builder.build()
}

/// Folders of Python packages of the environment that the program is installed in.
fn sites(program: &Path) -> Vec<PathBuf> {
    let Some(root) = program.parent().filter(|folder| folder.ends_with("bin")).and_then(Path::parent) else {
        return Vec::new();
    };
    let mut sites = Vec::new();
    for library in ["lib", "lib64"] {
        let Ok(entries) = root.join(library).read_dir() else { continue };
        let python = entries.flatten().filter(|entry| entry.file_name().as_encoded_bytes().starts_with(b"python3"));
        sites.extend(python.flat_map(|entry| ["site-packages", "dist-packages"].map(|name| entry.path().join(name))));
    }
    sites.retain(|site| site.is_dir());
    // lib64 is often a link to lib.
    let mut seen = Vec::new();
    sites.retain(|site| {
        let real = site.canonicalize().ok();
        let new = !seen.contains(&real);
        seen.push(real);
        new
    });
    sites.sort();
    sites
}
