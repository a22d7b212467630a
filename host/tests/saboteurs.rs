//! Bad plugins, each built from `tests/saboteurs`: refused with the reason of the tables below, the host alive, and the
//! good one beside them loaded. Whatever a library is opened for happens in a child process.
#![cfg(target_os = "linux")]

use iolink_host::{PluginInfo, PluginState, Registry};
use iolink_sdk::{CreateView, Kind};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{symlink, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Refused by what the file says, without opening it. `FILE`, `FOLDER` and `LENGTH` stand for those of the case.
const SEEN: &[(&str, &str)] = &[
    ("text", "the file is not a library: it starts with the bytes 68 65 6c 6c; expected an ELF shared library"),
    ("empty", "the file is empty; expected an ELF shared library"),
    ("header_only", "the file is truncated or damaged: its tables point behind its 18 bytes; copy it again"),
    ("half", "the file is truncated: its segments need END bytes and it has LENGTH; copy it again"),
    ("no_tables", "the file is truncated or damaged: its tables point behind its LENGTH bytes; copy it again"),
    ("other_machine", "the library is for OTHER, this program runs on HERE; use the plugin's build for this machine"),
    ("other_class", "the library is of 32 bits, this program of 64; use the plugin's build for this machine"),
    ("object", "the file is ELF of type 1, not a shared library; link it with -shared"),
    (
        "no_symbol",
        "the library does not export the symbol iolink_plugin_v1, so it is not a plugin; use export_plugin! or \
         IOLINK_EXPORT",
    ),
    (
        "plain_library",
        "the library does not export the symbol iolink_plugin_v1, so it is not a plugin; use export_plugin! or \
         IOLINK_EXPORT",
    ),
    (
        "function_symbol",
        "iolink_plugin_v1 is a function; expected the data that export_plugin! or IOLINK_EXPORT writes",
    ),
    (
        "thread_local",
        "iolink_plugin_v1 is data of each thread; expected the data that export_plugin! or IOLINK_EXPORT writes",
    ),
    (
        "absolute",
        "iolink_plugin_v1 lies outside of the library's segments; expected the data that export_plugin! or IOLINK_EXPORT \
         writes",
    ),
    (
        "behind_the_end",
        "iolink_plugin_v1 lies outside of the library's segments; expected the data that export_plugin! or IOLINK_EXPORT \
         writes",
    ),
    (
        "no_type",
        "iolink_plugin_v1 is a symbol of type 0; expected the data that export_plugin! or IOLINK_EXPORT writes",
    ),
    (
        "short_symbol",
        "iolink_plugin_v1 has 4 bytes, a descriptor of version 1 has 56; rebuild the plugin with the SDK's header",
    ),
    (
        "no_manifest",
        "the library has no section .iolink.manifest, so what it offers is unknown before it runs; build it with \
         export_plugin! or IOLINK_MANIFEST, or name the file to load_plugin",
    ),
    (
        "broken_manifest",
        "its manifest is broken: provider[0].offer[0].capabilities is a TOML string, not a number; rebuild the plugin \
         with the SDK's macro",
    ),
    (
        "world_writable",
        "the file FILE can be written by everybody (mode 0757), who could run code in this process; run chmod go-w FILE, \
         if you know where it comes from",
    ),
    ("twice", "the plugin org.saboteur.good already comes from FOLDER/libgood.so; keep one of the two"),
    (
        "same_provider",
        "its provider org.saboteur.good is already one of org.saboteur.good, which comes from FOLDER/libgood.so; keep one \
         of the two",
    ),
];

/// Refused for its descriptor, which is read from the file when the plugin is needed: none of it runs.
const JUDGED: &[(&str, &str)] = &[
    (
        "wrong_magic",
        "the symbol iolink_plugin_v1 does not start with the magic of a plugin descriptor; export it with export_plugin! \
         or IOLINK_EXPORT",
    ),
    (
        "other_major",
        "the plugin was built for version 2.2 of the plugin ABI, this host has version 0.2 (a draft, which must be equal); \
         rebuild the plugin with the SDK of this host",
    ),
    (
        "short_struct",
        "the descriptor says it has 24 bytes, 56 were expected; rebuild the plugin with the SDK's header",
    ),
    (
        "panic_abort",
        "the plugin was built with panic=abort, so a panic in it would end this process; build it with panic = \
         \"unwind\", or let the host allow it (allow_abort)",
    ),
    (
        "disagrees",
        "its manifest says org.saboteur.disagrees 0.9.0, its descriptor org.saboteur.disagrees 1.0.0; rebuild the plugin \
         from scratch",
    ),
    (
        "null_function",
        "provider 0 of org.saboteur.null_function: org.saboteur.null_function offers to create but its function create is \
         NULL; set it or drop the offer",
    ),
    ("null_provider", "the list of providers of org.saboteur.null_provider has a NULL or misaligned pointer at 0"),
    ("long_id", "the plugin's id is longer than 63 bytes or has no NUL"),
    ("bad_text", "provider 0 of org.saboteur.bad_text: the title of org.saboteur.bad_text is not UTF-8"),
    (
        "bad_magic",
        "provider 0 of org.saboteur.bad_magic: offer 0 of org.saboteur.bad_magic: magic \"0:4G\" is not of the form \
         OFFSET:HEX, such as \"344:6e2b3100\"",
    ),
    ("other_panic", "the descriptor names panic strategy 9; 1, 2 and 3 are known"),
    ("far_pointer", "the plugin's id leads out of the library"),
    ("far_provider", "provider 0 of org.saboteur.far_provider: its struct leads out of the library"),
    ("other_library", "the list of providers of org.saboteur.other_library leads out of the library"),
];

/// Refused by the system's loader.
const OPENED: &[(&str, &str)] = &[(
    "missing_dependency",
    "the system cannot load it: libdependency.so: cannot open shared object file: No such file or directory; ldd FILE \
         shows what it needs",
)];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Compiles a saboteur; `more` are arguments for the compiler.
fn build(folder: &Path, source: &str, name: &str, more: &[&str]) -> PathBuf {
    let out = folder.join(name);
    let done = Command::new("cc")
        .args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-fPIC", "-fvisibility=hidden", "-I"])
        .arg(root().join("sdk/include"))
        .arg(root().join("tests/saboteurs").join(source))
        .args(more)
        .arg("-o")
        .arg(&out)
        .output()
        .expect("the C compiler cc is needed");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    out
}

fn good(folder: &Path) -> PathBuf {
    build(folder, "good.c", "libgood.so", &["-shared"])
}

/// Makes the file of a case, `zNAME.so`, so that the good one comes first.
fn make(case: &str, folder: &Path) -> PathBuf {
    let name = format!("z{case}.so");
    let file = folder.join(&name);
    let from_good = |change: &dyn Fn(Vec<u8>) -> Vec<u8>| {
        fs::write(&file, change(fs::read(folder.join("libgood.so")).unwrap())).unwrap();
        file.clone()
    };
    match case {
        "text" => fs::write(&file, "hello, world").map(|()| file).unwrap(),
        "empty" => fs::write(&file, "").map(|()| file).unwrap(),
        "header_only" => from_good(&|bytes| bytes[..18].to_vec()),
        "half" => from_good(&|bytes| bytes[..bytes.len() / 2].to_vec()),
        "no_tables" => from_good(&|bytes| bytes[..segments_end(&bytes) as usize].to_vec()),
        "other_machine" => from_good(&|mut bytes| {
            bytes[18..20].copy_from_slice(&u16::to_ne_bytes(if cfg!(target_arch = "aarch64") { 62 } else { 183 }));
            bytes
        }),
        "other_class" => from_good(&|mut bytes| {
            bytes[4] = 1;
            bytes
        }),
        "object" => build(folder, "good.c", &name, &["-c"]),
        "world_writable" => {
            let file = build(folder, "no_view.c", &name, &["-shared"]);
            fs::set_permissions(&file, fs::Permissions::from_mode(0o757)).unwrap();
            file
        }
        "twice" => build(folder, "good.c", &name, &["-shared"]),
        "missing_dependency" => {
            let needed = build(folder, "dependency.c", "libdependency.so", &["-shared", "-fvisibility=default"]);
            let file = build(
                folder,
                "missing_dependency.c",
                &name,
                &["-shared", "-L", folder.to_str().unwrap(), "-ldependency"],
            );
            fs::remove_file(needed).unwrap();
            file
        }
        source => build(folder, &format!("{source}.c"), &name, &["-shared"]),
    }
}

/// Where the last PT_LOAD of a 64-bit library ends.
fn segments_end(bytes: &[u8]) -> u64 {
    let number = |at: usize| u64::from_ne_bytes(bytes[at..at + 8].try_into().unwrap());
    let count = u16::from_ne_bytes(bytes[56..58].try_into().unwrap()) as usize;
    let at = |index: usize| number(32) as usize + 56 * index;
    let loads = (0..count).map(at).filter(|at| bytes[*at..*at + 4] == 1u32.to_ne_bytes());
    loads.map(|at| number(at + 8) + number(at + 32)).max().unwrap()
}

fn expected(reason: &str, folder: &Path, file: &Path) -> String {
    let folder = folder.canonicalize().unwrap();
    let here = std::env::consts::ARCH;
    let other = if here == "aarch64" { "x86_64" } else { "aarch64" };
    let end = segments_end(&fs::read(folder.join("libgood.so")).unwrap()).to_string();
    let length = fs::metadata(file).unwrap().len().to_string();
    reason
        .replace("FILE", &folder.join(file.file_name().unwrap()).display().to_string())
        .replace("FOLDER", &folder.display().to_string())
        .replace("OTHER", other)
        .replace("HERE", here)
        .replace("END", &end)
        .replace("LENGTH", &length)
}

/// What a registry in a child process knows: state and reason by file name, or by id if there is no file.
fn in_child(mode: &str, plugin_path: &str) -> BTreeMap<String, (String, String)> {
    in_child_noting(mode, plugin_path).0
}

/// The same, and the names of the saboteurs whose constructors ran.
fn in_child_noting(mode: &str, plugin_path: &str) -> (BTreeMap<String, (String, String)>, Vec<String>) {
    let notes = tempfile::NamedTempFile::new().unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_child", "--nocapture", "--test-threads=1"])
        .env("IOLINK_SABOTEUR_CHILD", mode)
        .env("IOLINK_PLUGIN_PATH", plugin_path)
        .env("IOLINK_SABOTEUR_NOTES", notes.path())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "the host died: {}\n{text}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    let lines = text.lines().filter_map(|line| line.split_once("@@ ")).map(|(_, line)| line);
    let plugins = lines.map(|line| {
        let parts: Vec<&str> = line.split('\t').collect();
        (parts[0].to_owned(), (parts[1].to_owned(), parts[2].to_owned()))
    });
    let started = fs::read_to_string(notes.path()).unwrap().lines().map(str::to_owned).collect();
    (plugins.collect(), started)
}

fn print(plugins: &[PluginInfo]) {
    for plugin in plugins {
        let name = match &plugin.path {
            Some(path) if path.extension().is_some() => path.file_name().unwrap().to_string_lossy().into_owned(),
            _ => plugin.id.clone(),
        };
        println!("@@ {name}\t{}\t{}", plugin.state.word(), plugin.reason.clone().unwrap_or_default());
    }
}

fn mapped(name: &str) -> bool {
    fs::read_to_string("/proc/self/maps").unwrap().contains(name)
}

fn three_bytes(registry: &Registry) {
    let view =
        registry.create(CreateView::RandomAccess { length: 3 }.in_memory()).unwrap().into_random_access().unwrap();
    let mut bytes = [0; 3];
    view.read_exact_at(0, &mut bytes).unwrap();
    assert_eq!(&bytes, b"abc");
}

/// What runs in the child processes; alone it does nothing.
#[test]
fn the_child() {
    let Ok(mode) = std::env::var("IOLINK_SABOTEUR_CHILD") else { return };
    let registry = Registry::builder().builtin(false).allow_abort(mode == "allow_abort").build();
    match mode.as_str() {
        "list" => {
            let plugins = registry.plugins(false);
            assert!(!mapped("libgood.so"), "listing plugins opened a library");
            print(&plugins);
        }
        "lazy" => {
            assert_eq!(registry.plugins(false)[0].state, PluginState::Available);
            assert!(!mapped("libgood.so"));
            three_bytes(&registry);
            assert!(mapped("libgood.so"));
            print(&registry.plugins(false));
        }
        "threads" => {
            std::thread::scope(|scope| {
                for index in 0..8 {
                    let registry = &registry;
                    scope.spawn(move || match index % 4 {
                        0 => drop(registry.plugins(true)),
                        1 => registry.set_provider_priority(vec!["org.saboteur.good".into()]),
                        _ => (0..100).for_each(|_| three_bytes(registry)),
                    });
                }
            });
            print(&registry.plugins(false));
        }
        "no_view" => {
            let error = registry.create(CreateView::RandomAccess { length: 3 }.in_memory()).err().unwrap();
            assert_eq!(error.to_string(), "the provider claims success but made no view [org.saboteur.no_view]");
        }
        "load_plugin" => {
            let path = std::env::var("IOLINK_PLUGIN_PATH").unwrap();
            let relative = registry.load_plugin(Path::new("libgood.so")).err().unwrap();
            assert!(relative.message().starts_with("libgood.so is a relative path, "), "{relative}");
            let absent = registry.load_plugin(Path::new("/nowhere/libgood.so")).err().unwrap();
            assert_eq!(absent.kind(), iolink_sdk::ErrorKind::NotFound);
            for _ in 0..2 {
                let info = registry.load_plugin(&Path::new(&path).join("libgood.so")).unwrap();
                assert_eq!((info.id.as_str(), info.state), ("org.saboteur.good", PluginState::Loaded));
            }
            let info = registry.load_plugin(&Path::new(&path).join("zno_manifest.so")).unwrap();
            assert_eq!(info.providers[0].offers[0].kind, Kind::RandomAccess);
            let twin = registry.load_plugin(&Path::new(&path).join("ztwice.so")).err().unwrap();
            assert_eq!(twin.kind(), iolink_sdk::ErrorKind::Refused);
            assert!(!mapped("ztwice.so"), "a twin was opened");
            for hidden in ["zhidden_twin.so", "zhidden_provider.so"] {
                let twin = registry.load_plugin(&Path::new(&path).join(hidden)).err().unwrap();
                assert_eq!(twin.kind(), iolink_sdk::ErrorKind::Refused);
                assert!(!mapped(hidden), "{hidden} was opened");
            }
            print(&registry.plugins(true));
        }
        _ => {
            print(&registry.plugins(true));
            three_bytes(&registry);
        }
    }
}

#[test]
fn what_the_file_gives_away_is_refused_without_opening_it() {
    for (case, reason) in SEEN {
        let folder = tempfile::tempdir().unwrap();
        good(folder.path());
        let file = make(case, folder.path());
        let plugins = in_child("list", folder.path().to_str().unwrap());
        let wanted = ("refused".to_owned(), expected(reason, folder.path(), &file));
        assert_eq!(plugins[&format!("z{case}.so")], wanted, "{case}");
        assert_eq!(plugins["libgood.so"].0, "available", "{case}");
    }
}

#[test]
fn what_the_descriptor_gives_away_is_refused_before_it_runs_and_the_host_lives_on() {
    for (case, reason) in JUDGED.iter().chain(OPENED) {
        let folder = tempfile::tempdir().unwrap();
        good(folder.path());
        let file = make(case, folder.path());
        let path = folder.path().to_str().unwrap();
        assert_eq!(in_child("list", path)[&format!("z{case}.so")].0, "available", "{case}");
        let (plugins, started) = in_child_noting("check", path);
        let wanted = ("refused".to_owned(), expected(reason, folder.path(), &file));
        assert_eq!(plugins[&format!("z{case}.so")], wanted, "{case}");
        assert_eq!(plugins["libgood.so"], ("loaded".to_owned(), String::new()), "{case}");
        assert_eq!(started, ["good"], "{case}");
    }
}

#[test]
fn all_of_them_together_leave_the_good_one_working() {
    let folder = tempfile::tempdir().unwrap();
    good(folder.path());
    for (case, _) in SEEN.iter().chain(JUDGED).chain(OPENED) {
        make(case, folder.path());
    }
    let plugins = in_child("check", folder.path().to_str().unwrap());
    assert_eq!(plugins.len(), SEEN.len() + JUDGED.len() + OPENED.len() + 1);
    for (name, (state, reason)) in &plugins {
        assert_eq!(state == "loaded", name == "libgood.so", "{name}: {reason}");
        assert!(!reason.contains('\n') && (state == "loaded") == reason.is_empty(), "{name}: {reason:?}");
    }
}

#[test]
fn a_plugin_that_aborts_on_panic_is_taken_where_the_host_allows_it() {
    let folder = tempfile::tempdir().unwrap();
    good(folder.path());
    make("panic_abort", folder.path());
    assert_eq!(in_child("allow_abort", folder.path().to_str().unwrap())["zpanic_abort.so"].0, "loaded");
}

#[test]
fn a_plugin_is_opened_when_it_is_first_needed() {
    let folder = tempfile::tempdir().unwrap();
    good(folder.path());
    assert_eq!(in_child("lazy", folder.path().to_str().unwrap())["libgood.so"].0, "loaded");
}

#[test]
fn threads_that_need_the_same_plugin_at_once_load_it_once() {
    let folder = tempfile::tempdir().unwrap();
    good(folder.path());
    make("twice", folder.path());
    make("panic_abort", folder.path());
    let plugins = in_child("threads", folder.path().to_str().unwrap());
    let states: Vec<&str> = plugins.values().map(|(state, _)| state.as_str()).collect();
    assert_eq!(states, ["loaded", "refused", "refused"], "{plugins:?}");
}

#[test]
fn a_function_that_claims_success_and_makes_nothing_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    make("no_view", folder.path());
    in_child("no_view", folder.path().to_str().unwrap());
}

#[test]
fn plugins_are_loaded_by_their_absolute_path() {
    let folder = tempfile::tempdir().unwrap();
    good(folder.path());
    for case in ["no_manifest", "twice", "hidden_twin", "hidden_provider"] {
        make(case, folder.path());
    }
    let (_, twice) = SEEN.iter().find(|(case, _)| *case == "twice").unwrap();
    let (plugins, started) = in_child_noting("load_plugin", folder.path().to_str().unwrap());
    assert_eq!(started, ["good", "no_manifest"]);
    assert_eq!(plugins["libgood.so"].0, "loaded");
    assert_eq!(plugins["zno_manifest.so"].0, "loaded");
    assert_eq!(plugins["ztwice.so"].1, expected(twice, folder.path(), &folder.path().join("ztwice.so")));
}

#[test]
fn folders_of_the_plugin_path_must_be_absolute_and_there() {
    let folder = tempfile::tempdir().unwrap();
    good(folder.path());
    fs::write(folder.path().join("file"), "").unwrap();
    let path = folder.path().display();
    let plugins = in_child("list", &format!("plugins:/nowhere/at/all::{path}/file:{path}"));
    let reason = |name: &str| plugins[name].1.clone();
    assert_eq!(
        reason("plugins"),
        "plugins in IOLINK_PLUGIN_PATH is a relative path, which another working directory would make another folder; \
         give an absolute one"
    );
    assert_eq!(reason("/nowhere/at/all"), "there is no folder /nowhere/at/all; create it or take it out of the list");
    assert_eq!(
        reason(&format!("{path}/file")),
        format!("{path}/file is not a folder; name the folder that holds the plugins")
    );
    assert_eq!(plugins["libgood.so"].0, "available");
}

fn package(folder: &Path) -> Vec<PluginInfo> {
    Registry::builder().builtin(false).plugin_path_env(false).package_dir(folder.to_owned()).build().plugins(false)
}

#[test]
fn folders_that_others_may_write_to_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().canonicalize().unwrap();
    let inside = whole.join("plugins");
    fs::create_dir(&inside).unwrap();
    good(&inside);
    for mode in [0o777, 0o1777, 0o757] {
        fs::set_permissions(&inside, fs::Permissions::from_mode(mode)).unwrap();
        let plugins = package(&inside);
        assert_eq!(
            plugins[0].reason.as_deref().unwrap(),
            format!(
                "the folder {0} can be written by everybody (mode {mode:04o}), who could run code in this process; run \
                 chmod go-w {0}, or move the plugin to a folder of your own",
                inside.display()
            )
        );
        assert_eq!(plugins.len(), 1);
    }
    fs::set_permissions(&inside, fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(&whole, fs::Permissions::from_mode(0o777)).unwrap();
    let reason = package(&inside)[0].reason.clone().unwrap();
    assert!(
        reason.starts_with(&format!("the folder {} above it can be written by everybody (mode 0777)", whole.display())),
        "{reason}"
    );
    fs::set_permissions(&whole, fs::Permissions::from_mode(0o1777)).unwrap();
    assert_eq!(package(&inside)[0].state, PluginState::Available);
}

#[test]
fn the_group_may_write_only_where_it_is_the_users_own() {
    let folder = tempfile::tempdir().unwrap();
    let file = good(folder.path());
    fs::set_permissions(&file, fs::Permissions::from_mode(0o775)).unwrap();
    // SAFETY: neither has arguments nor can fail.
    let own = unsafe { libc::geteuid() == libc::getegid() };
    let state = package(folder.path())[0].state;
    assert_eq!(state == PluginState::Available, own);
    // Another group can only be set by root.
    if std::os::unix::fs::chown(&file, None, Some(65533)).is_ok() {
        let reason = package(folder.path())[0].reason.clone().unwrap();
        assert!(reason.contains("can be written by its group (mode 0775)"), "{reason}");
    }
}

#[test]
fn a_file_of_another_user_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = good(folder.path()).canonicalize().unwrap();
    // Only root can give files away; anybody else sees that their own are taken.
    if std::os::unix::fs::chown(&file, Some(65533), None).is_ok() {
        let reason = package(folder.path())[0].reason.clone().unwrap();
        let expected = format!(
            "the file {0} belongs to user 65533, neither to root nor to user 0; run chown 0 {0}, if you know where it \
             comes from",
            file.display()
        );
        assert_eq!(reason, expected);
        // Whoever owns the folder that the application named runs code in it anyway.
        std::os::unix::fs::chown(folder.path(), Some(65533), None).unwrap();
        assert_eq!(package(folder.path())[0].state, PluginState::Available);
    } else {
        assert_eq!(package(folder.path())[0].state, PluginState::Available);
    }
}

#[test]
fn links_are_followed_before_judging_and_other_names_ignored() {
    let folder = tempfile::tempdir().unwrap();
    let (far, near) = (folder.path().join("far"), folder.path().join("near"));
    fs::create_dir(&far).unwrap();
    fs::create_dir(&near).unwrap();
    let file = good(&far);
    symlink(&file, near.join("libgood.so")).unwrap();
    symlink(folder.path().join("nothing"), near.join("libdangling.so")).unwrap();
    symlink(&far, near.join("folder.so")).unwrap();
    for name in ["libgood.so.1", "README.txt", ".hidden.so"] {
        fs::write(near.join(name), "no plugin").unwrap();
    }
    let plugins = package(&near);
    assert_eq!(plugins.len(), 1);
    assert_eq!(plugins[0].path.as_deref(), Some(file.canonicalize().unwrap().as_path()));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    assert!(package(&near)[0].reason.as_deref().unwrap().contains("mode 0666"));
}

#[test]
fn a_folder_behind_a_link_must_be_safe_too() {
    let folder = tempfile::tempdir().unwrap();
    let (far, near) = (folder.path().join("far"), folder.path().join("near"));
    fs::create_dir(&far).unwrap();
    fs::create_dir(&near).unwrap();
    symlink(good(&far), near.join("libgood.so")).unwrap();
    fs::set_permissions(&far, fs::Permissions::from_mode(0o777)).unwrap();
    let reason = package(&near)[0].reason.clone().unwrap();
    assert!(reason.contains("far can be written by everybody (mode 0777)"), "{reason}");
}

fn site(entry_points: &str) -> tempfile::TempDir {
    let site = tempfile::tempdir().unwrap();
    let about = site.path().join("raw_plugin-1.0.dist-info");
    fs::create_dir(&about).unwrap();
    fs::write(about.join("entry_points.txt"), entry_points).unwrap();
    fs::create_dir_all(site.path().join("raw_plugin/lib")).unwrap();
    site
}

fn distributed(site: &Path) -> Vec<PluginInfo> {
    let sites = vec![PathBuf::from("/nowhere/site-packages"), site.to_owned()];
    Registry::builder().builtin(false).plugin_path_env(false).python_sites(sites).build().plugins(false)
}

#[test]
fn python_distributions_bring_plugins_by_their_entry_points() {
    let site = site("[console_scripts]\nx = y:z\n[iolink.plugins]\nraw = raw_plugin.lib\n");
    let lib = site.path().join("raw_plugin/lib");
    good(&lib);
    build(&lib, "plain_library.c", "extension.cpython-311.so", &["-shared"]);
    make("no_manifest", &lib);
    let plugins = distributed(site.path());
    let known: Vec<(&str, &str)> = plugins.iter().map(|plugin| (plugin.id.as_str(), plugin.state.word())).collect();
    assert_eq!(known, [("org.saboteur.good", "available"), ("zno_manifest.so", "refused")]);
}

#[test]
fn an_entry_point_may_name_one_file() {
    let site = site("[iolink.plugins]\nraw = raw_plugin.lib:libgood.so\n");
    good(&site.path().join("raw_plugin/lib"));
    make("no_view", &site.path().join("raw_plugin/lib"));
    let plugins = distributed(site.path());
    assert_eq!(plugins.len(), 1);
    assert_eq!(plugins[0].id, "org.saboteur.good");
}

#[test]
fn entry_points_that_lead_nowhere_say_so() {
    for (value, expected) in [
        (
            "absent.lib",
            "there is no folder SITE/absent/lib; reinstall the distribution, or, where it is installed for \
                        editing, add its folder to IOLINK_PLUGIN_PATH",
        ),
        ("raw_plugin.lib", "there is no plugin in SITE/raw_plugin/lib; reinstall the distribution"),
        ("raw_plugin.lib:libx.so", "there is no library libx.so in SITE/raw_plugin/lib; reinstall the distribution"),
        (
            "raw_plugin.lib:../../x.so",
            "there is no library ../../x.so in SITE/raw_plugin/lib; reinstall the distribution",
        ),
        ("raw_plugin..lib", "\"raw_plugin..lib\" is not the name of a package"),
        ("../raw_plugin", "\"../raw_plugin\" is not the name of a package"),
        ("outside", "/usr lies outside SITE; reinstall the distribution"),
    ] {
        let site = site(&format!("[iolink.plugins]\nraw = {value}\n"));
        symlink("/usr", site.path().join("outside")).unwrap();
        let plugins = distributed(site.path());
        let whole = site.path().canonicalize().unwrap().display().to_string();
        assert_eq!((plugins.len(), plugins[0].id.as_str(), plugins[0].state), (1, "raw", PluginState::Refused));
        assert_eq!(
            plugins[0].reason.as_deref().unwrap(),
            format!(
                "the entry point raw = {value} of {whole}/raw_plugin-1.0.dist-info/entry_points.txt: {}",
                expected.replace("SITE", &whole)
            )
        );
    }
}
