//! Where plugins are looked for, and what is read of them. No library is opened.
//!
//! In this order: the application's plugin folder, each folder in `IOLINK_PLUGIN_PATH`, Python distributions, the system's
//! folders. In a folder every regular file whose name ends with `.so` is looked at, by name, and then every folder inside:
//! a plugin may come as a folder with its library, what that needs, its licence. Deeper folders are not looked at, and
//! libraries in them that are no plugins are passed over in silence.

use crate::builder::RegistryBuilder;
use crate::manifest;
use crate::preflight::{exports, preflight};
use crate::record::{PluginInfo, PluginState};
use crate::trust::{elevated, Trust};
use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};

const VARIABLE: &str = "IOLINK_PLUGIN_PATH";

/// Everything that is there, refused places and files included.
pub(crate) fn discover(settings: &RegistryBuilder) -> Vec<PluginInfo> {
    let trust = Trust::new(settings);
    let mut found = Vec::new();
    if let Some(folder) = &settings.package_dir {
        // An application may come without plugins.
        if folder.exists() {
            look_into(&trust, folder, &mut found);
        }
    }
    if settings.plugin_path_env {
        look_into_variable(&trust, &mut found);
    }
    for site in &settings.python_sites {
        crate::python::look_into(&trust, site, &settings.python_sites, &mut found);
    }
    let system = Trust::of_root();
    for folder in settings.system_dirs.iter().filter(|folder| folder.exists()) {
        look_into(&system, folder, &mut found);
    }
    tracing::debug!(count = found.len(), "looked for plugins");
    found
}

fn look_into_variable(trust: &Trust, found: &mut Vec<PluginInfo>) {
    let Some(value) = std::env::var_os(VARIABLE).filter(|value| !value.is_empty()) else { return };
    if elevated() {
        tracing::warn!("{VARIABLE} is not read: the program runs with more rights than its user");
        return;
    }
    for folder in std::env::split_paths(&value).filter(|folder| !folder.as_os_str().is_empty()) {
        if folder.is_absolute() {
            look_into(trust, &folder, found);
        } else {
            let reason = format!(
                "{} in {VARIABLE} is a relative path, which another working directory would make another folder; give an \
                 absolute one",
                folder.display()
            );
            found.push(refused(&folder, reason));
        }
    }
}

/// A place or file that is not used.
pub(crate) fn refused(path: &Path, reason: String) -> PluginInfo {
    let mut info = PluginInfo::unknown(Some(path));
    if path.extension() != Some(OsStr::new("so")) {
        info.id = path.display().to_string();
    }
    info.reason = Some(reason);
    info
}

/// What lies in one folder, or why the folder is not looked at.
pub(crate) fn in_folder(settings: &RegistryBuilder, folder: &Path) -> Result<Vec<PluginInfo>, String> {
    all_in(&Trust::new(settings), folder)
}

fn all_in(trust: &Trust, folder: &Path) -> Result<Vec<PluginInfo>, String> {
    let (whole, files) = plugin_files(trust, folder)?;
    Ok(files.iter().map(|file| look_at(trust, file, &whole)).collect())
}

fn look_into(trust: &Trust, folder: &Path, found: &mut Vec<PluginInfo>) {
    let inside = match all_in(trust, folder) {
        Ok(all) => {
            found.extend(all);
            folder.canonicalize().map(|whole| folders_with_libraries(&whole)).unwrap_or_default()
        }
        Err(reason) => return found.push(refused(folder, reason)),
    };
    for inside in inside {
        match plugin_files(trust, &inside) {
            Ok((inside, files)) => {
                found.extend(files.iter().filter_map(|file| plugin_at(trust, file, &inside)));
            }
            Err(reason) => found.push(refused(&inside, reason)),
        }
    }
}

/// Folders inside of one that hold a library, by name.
fn folders_with_libraries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = folder.read_dir() else { return Vec::new() };
    let folders = entries.flatten().filter(|entry| {
        !entry.file_name().as_encoded_bytes().starts_with(b".") && entry.file_type().is_ok_and(|known| known.is_dir())
    });
    let has_library = |folder: &PathBuf| {
        let library = |name: std::ffi::OsString| name.as_encoded_bytes().ends_with(b".so");
        folder.read_dir().is_ok_and(|mut entries| entries.any(|entry| entry.is_ok_and(|at| library(at.file_name()))))
    };
    let mut folders: Vec<PathBuf> = folders.map(|entry| entry.path()).filter(has_library).collect();
    folders.sort();
    folders
}

/// [`look_at`], but for libraries that never meant to be plugins.
pub(crate) fn plugin_at(trust: &Trust, file: &Path, judged: &Path) -> Option<PluginInfo> {
    let info = look_at(trust, file, judged);
    (info.state != PluginState::Refused || !is_something_else(file)).then_some(info)
}

/// Is the file a library that never meant to be a plugin: whole, without the symbol and without a manifest?
fn is_something_else(file: &Path) -> bool {
    let Ok(opened) = crate::regular::open(file) else { return false };
    let Ok(known) = opened.metadata() else { return false };
    let Ok(seen) = preflight(&opened, known.len()) else { return false };
    seen.symbol.is_err() && seen.manifest.is_none()
}

/// A folder that may be trusted, links resolved, and its `.so` files in the order of their names, links resolved.
pub(crate) fn plugin_files(trust: &Trust, folder: &Path) -> Result<(PathBuf, Vec<PathBuf>), String> {
    let shown = folder.display();
    let whole = folder.canonicalize().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("there is no folder {shown}; create it or take it out of the list"),
        _ => format!("the folder {shown} cannot be reached: {error}"),
    })?;
    if !whole.is_dir() {
        return Err(format!("{shown} is not a folder; name the folder that holds the plugins"));
    }
    trust.check_folder(&whole)?;
    let entries = whole.read_dir().map_err(|error| format!("the folder {shown} cannot be read: {error}"))?;
    let mut files = Vec::new();
    for entry in entries.flatten() {
        let name = entry.file_name();
        let bytes = name.as_encoded_bytes();
        if !bytes.ends_with(b".so") || bytes.starts_with(b".") {
            continue;
        }
        match entry.file_type() {
            Ok(known) if known.is_file() => files.push(entry.path()),
            Ok(known) if known.is_symlink() => {
                // A link that leads nowhere, or to a folder, is no file.
                files.extend(entry.path().canonicalize().ok().filter(|file| file.is_file()));
            }
            _ => {}
        }
    }
    // By their letters: comparing part by part, as paths do, is slower.
    files.sort_by(|one, other| one.as_os_str().cmp(other.as_os_str()));
    files.dedup();
    Ok((whole, files))
}

/// What a file is, whatever it is. `file` is a canonical path, `judged` a folder that may be trusted.
pub(crate) fn look_at(trust: &Trust, file: &Path, judged: &Path) -> PluginInfo {
    match describe(trust, file, Some(judged)) {
        Ok(Some(info)) => info,
        Ok(None) => refused(
            file,
            "the library has no section .iolink.manifest, so what it offers is unknown before it runs; build it with \
             export_plugin! or IOLINK_MANIFEST, or name the file to load_plugin"
                .into(),
        ),
        Err((reason, info)) => {
            let known =
                info.map(|info| PluginInfo { state: PluginState::Refused, reason: Some(reason.clone()), ..*info });
            known.unwrap_or_else(|| refused(file, reason))
        }
    }
}

/// Why a file is refused, and what is known of it all the same.
pub(crate) type Why = (String, Option<Box<PluginInfo>>);

/// Judges a file, and its folder unless that is `judged`, and reads the manifest, if there is one.
pub(crate) fn describe(trust: &Trust, path: &Path, judged: Option<&Path>) -> Result<Option<PluginInfo>, Why> {
    Ok(open_judged(trust, path, judged)?.manifest)
}

/// The file of a plugin, judged by the descriptor that is kept: who may change it, its tables, its manifest.
pub(crate) struct Judged {
    pub(crate) file: File,
    pub(crate) length: u64,
    /// Address of the plugin's descriptor in the library.
    pub(crate) symbol: u64,
    pub(crate) manifest: Option<PluginInfo>,
}

/// As [`describe`]. What is not a regular file is an error, and nothing waits for it.
pub(crate) fn open_judged(trust: &Trust, path: &Path, judged: Option<&Path>) -> Result<Judged, Why> {
    let plain = |reason: String| (reason, None);
    if let Some(folder) = path.parent().filter(|folder| Some(*folder) != judged) {
        trust.check_folder(folder).map_err(plain)?;
    }
    let file = crate::regular::open(path).map_err(|error| plain(format!("the file cannot be opened: {error}")))?;
    let known = file.metadata().map_err(|error| plain(format!("the file cannot be looked at: {error}")))?;
    trust.check_file(path, &known).map_err(plain)?;
    let found = preflight(&file, known.len()).map_err(plain)?;
    let manifest = match found.manifest {
        Some(bytes) => Some(manifest::parse(&bytes, path).map_err(plain)?),
        None => None,
    };
    match found.symbol {
        Ok(symbol) => Ok(Judged { file, length: known.len(), symbol, manifest }),
        Err(reason) => Err((reason, manifest.map(Box::new))),
    }
}

/// What a file says of itself. Nothing of it runs.
#[derive(Debug, Clone)]
pub struct Inspection {
    /// What is known of the plugin; refused with a reason where it cannot be used.
    pub info: PluginInfo,
    /// Symbols that it exports beside the one that it must: the first 10,000, each of at most 1 KiB.
    pub exports: Vec<String>,
}

/// Looks at the file of a plugin as a registry does that finds it, and at what it exports.
///
/// # Errors
/// Where there is no such file.
pub fn inspect(path: &Path) -> iolink_sdk::Result<Inspection> {
    let named = |error| iolink_sdk::Error::io(&path.display().to_string(), &error);
    let whole = path.canonicalize().map_err(named)?;
    let file = crate::regular::open(&whole).map_err(named)?;
    let exports = exports(&file, file.metadata().map_err(named)?.len());
    let info = look_at(&Trust::new(&RegistryBuilder::default()), &whole, Path::new(""));
    Ok(Inspection { info, exports: exports.unwrap_or_default() })
}
