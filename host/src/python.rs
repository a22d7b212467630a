//! Plugins that come as Python distributions. Nothing is imported: `*.dist-info/entry_points.txt` is read as text,
//! of at most 1 MiB.
//!
//! A distribution declares in the group `iolink.plugins` lines `name = package.path` (a folder: every plugin in it) or
//! `name = package.path:file.so` (one file of it). The folder lies inside the same site folder. Libraries in a package's
//! folder that are no plugins at all, such as its extension modules, are passed over in silence. Its entry points in the
//! group `iolink.providers` are providers written in Python; see `python_provider`.

use crate::discover::{look_at, plugin_at, plugin_files, refused};
use crate::python_provider;
use crate::record::PluginInfo;
use crate::trust::Trust;
use std::path::{Path, PathBuf};

const PLUGINS: &str = "[iolink.plugins]";
const PROVIDERS: &str = "[iolink.providers]";

/// Looks into one folder in which Python finds distributions, of all the `sites` that there are.
pub(crate) fn look_into(trust: &Trust, site: &Path, sites: &[PathBuf], found: &mut Vec<PluginInfo>) {
    // Python lists folders that need not be there.
    let Ok(site) = site.canonicalize() else { return };
    let Ok(entries) = site.read_dir() else { return };
    let mut lists: Vec<PathBuf> = entries
        .flatten()
        .filter(|entry| entry.file_name().as_encoded_bytes().ends_with(b".dist-info"))
        .map(|entry| entry.path().join("entry_points.txt"))
        .collect();
    lists.sort();
    for list in lists {
        let text = match crate::regular::text(&list) {
            Ok(text) => text,
            // A FIFO, a device, or longer than a distribution needs.
            Err(error) if error.kind() == std::io::ErrorKind::InvalidInput => {
                found.push(refused(&list, format!("the entry points in {} are not read: {error}", list.display())));
                continue;
            }
            // Most distributions have none.
            Err(_) => continue,
        };
        for (name, value) in declared(&text, PLUGINS) {
            tracing::debug!(name, value, list = %list.display(), "entry point found");
            if let Err((at, reason)) = follow(trust, &site, value, found) {
                let mut info =
                    refused(&at, format!("the entry point {name} = {value} of {}: {reason}", list.display()));
                info.id = name.to_owned();
                found.push(info);
            }
        }
        for (name, value) in declared(&text, PROVIDERS) {
            tracing::debug!(name, value, list = %list.display(), "entry point found");
            found.push(python_provider::look_at(&site, sites, &list, name, value));
        }
    }
}

/// Names and values of a group.
fn declared<'t>(text: &'t str, group: &str) -> impl Iterator<Item = (&'t str, &'t str)> {
    let mut inside = false;
    let group = group.to_owned();
    text.lines().map(str::trim).filter_map(move |line| {
        if line.starts_with('[') {
            inside = line == group;
            return None;
        }
        if !inside || line.starts_with(['#', ';']) {
            return None;
        }
        let (name, value) = line.split_once('=')?;
        Some((name.trim(), value.trim()))
    })
}

/// What an entry point leads to.
fn follow(trust: &Trust, site: &Path, value: &str, found: &mut Vec<PluginInfo>) -> Result<(), (PathBuf, String)> {
    let (package, file) = match value.split_once(':') {
        Some((package, file)) => (package.trim(), Some(file.trim())),
        None => (value, None),
    };
    let mut folder = site.to_owned();
    for part in package.split('.') {
        if part.is_empty() || !part.chars().all(|letter| letter.is_alphanumeric() || letter == '_') {
            return Err((site.join(value), format!("{package:?} is not the name of a package")));
        }
        folder.push(part);
    }
    let whole = folder.canonicalize().map_err(|_| {
        let reason = format!(
            "there is no folder {}; reinstall the distribution, or, where it is installed for editing, add its folder to \
             IOLINK_PLUGIN_PATH",
            folder.display()
        );
        (folder.clone(), reason)
    })?;
    if !whole.starts_with(site) {
        let reason = format!("{} lies outside {}; reinstall the distribution", whole.display(), site.display());
        return Err((whole, reason));
    }
    let (whole, files) = plugin_files(trust, &whole).map_err(|reason| (whole.clone(), reason))?;
    match file {
        Some(file) => {
            let wanted = whole.join(file);
            if !files.contains(&wanted) {
                let reason = format!("there is no library {file} in {}; reinstall the distribution", whole.display());
                return Err((wanted, reason));
            }
            found.push(look_at(trust, &wanted, &whole));
        }
        None => {
            let before = found.len();
            found.extend(files.iter().filter_map(|file| plugin_at(trust, file, &whole)));
            if found.len() == before {
                let reason = format!("there is no plugin in {}; reinstall the distribution", whole.display());
                return Err((whole, reason));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lines_of_the_group_count() {
        let text =
            "[console_scripts]\na = b:c\n\n[iolink.plugins]\n# x = y\nraw = raw_plugin.lib \n=\n[other]\nz = w\n";
        assert_eq!(declared(text, PLUGINS).collect::<Vec<_>>(), [("raw", "raw_plugin.lib"), ("", "")]);
    }
}
