//! Places where plugins are looked for beside the plain folder: folders inside of one, and the system's own.
#![cfg(target_os = "linux")]

use iolink_host::{PluginInfo, PluginState, Registry, SYSTEM_DIRS};
use std::fs;
use std::os::unix::fs::{chown, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Compiles a file of `tests/saboteurs`.
fn build(source: &str, out: &Path) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let done = Command::new("cc")
        .args(["-std=c11", "-fPIC", "-shared", "-fvisibility=hidden", "-I"])
        .arg(root.join("sdk/include"))
        .arg(root.join("tests/saboteurs").join(source))
        .arg("-o")
        .arg(out)
        .output()
        .expect("the C compiler cc is needed");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

fn folder(path: PathBuf) -> PathBuf {
    fs::create_dir(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn found(package: Option<&Path>, system: Vec<PathBuf>) -> Vec<PluginInfo> {
    let mut builder = Registry::builder().builtin(false).plugin_path_env(false).system_dirs(system);
    if let Some(package) = package {
        builder = builder.package_dir(package.to_owned());
    }
    builder.build().plugins(false)
}

fn states(plugins: &[PluginInfo]) -> Vec<(&str, PluginState)> {
    plugins.iter().map(|plugin| (plugin.id.as_str(), plugin.state)).collect()
}

#[test]
fn a_plugin_may_be_a_folder_with_its_library_and_what_that_needs() {
    let top = tempfile::tempdir().unwrap();
    let inside = folder(top.path().join("good"));
    build("good.c", &inside.join("libgood.so"));
    build("plain_library.c", &inside.join("libneeded.so"));
    fs::write(inside.join("LICENSE"), "as you like").unwrap();
    let deeper = folder(inside.join("deeper"));
    build("long_id.c", &deeper.join("libdeeper.so"));
    folder(top.path().join("data"));
    let hidden = folder(top.path().join(".hidden"));
    build("good.c", &hidden.join("libhidden.so"));
    assert_eq!(states(&found(Some(top.path()), Vec::new())), [("org.saboteur.good", PluginState::Available)]);
}

#[test]
fn a_folder_inside_that_others_may_write_to_is_refused_and_the_rest_is_found() {
    let top = tempfile::tempdir().unwrap();
    build("good.c", &top.path().join("libgood.so"));
    let open = folder(top.path().join("open"));
    build("long_id.c", &open.join("libx.so"));
    fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
    let plugins = found(Some(top.path()), Vec::new());
    assert_eq!(states(&plugins).iter().filter(|(_, state)| *state == PluginState::Available).count(), 1);
    let reason = plugins.iter().find_map(|plugin| plugin.reason.clone()).unwrap();
    assert!(reason.contains("can be written by everybody"), "{reason}");
}

#[test]
fn in_the_systems_folders_only_roots_plugins_are_taken() {
    let top = tempfile::tempdir().unwrap();
    let system = folder(top.path().join("plugins"));
    build("good.c", &system.join("libgood.so"));
    let seen = || found(None, vec![system.clone(), top.path().join("nowhere")]);
    let is_root = chown(&system, Some(0), None).is_ok();
    let mine = fs::metadata(&system).map(|known| std::os::unix::fs::MetadataExt::uid(&known)).unwrap();
    if is_root {
        assert_eq!(states(&seen()), [("org.saboteur.good", PluginState::Available)]);
        chown(system.join("libgood.so"), Some(1000), None).unwrap();
    }
    // Whoever runs this without being root is that other user.
    let owner = if is_root { 1000 } else { mine };
    let plugins = seen();
    assert_eq!(plugins[0].state, PluginState::Refused);
    let reason = plugins[0].reason.clone().unwrap();
    let words = format!("belongs to user {owner}; in a folder of the system only root's plugins are loaded");
    assert!(reason.contains(&words), "{reason}");
}

#[test]
fn the_documented_folders_are_the_default_and_need_not_exist() {
    assert_eq!(SYSTEM_DIRS, ["/usr/local/lib/iolink/plugins", "/usr/lib/iolink/plugins"]);
    let plugins = Registry::builder().builtin(false).plugin_path_env(false).build().plugins(false);
    assert!(plugins.iter().all(|plugin| plugin.path.as_ref().is_some_and(|path| path.starts_with("/usr"))));
}
