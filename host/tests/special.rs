//! FIFOs, devices and sockets under the name of a file: the host rejects them at once and reads none of them. Folders above a
//! plugin that others may write to. Libraries with crafted tables.
#![cfg(target_os = "linux")]

use iolink_host::{inspect, PluginInfo, PluginState, Registry};
use iolink_sdk::{ErrorKind, Result};
use std::ffi::CString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{chown, symlink, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;

/// Far longer than any of this takes: a hang, not slowness, is the fault.
const HANG: Duration = Duration::from_secs(60);

fn within<T: Send + 'static>(what: &str, run: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, wait) = mpsc::channel();
    std::thread::spawn(move || done.send(run()));
    wait.recv_timeout(HANG).unwrap_or_else(|_| panic!("{what} hangs"))
}

fn fifo(path: &Path) {
    let path = CString::new(path.as_os_str().as_bytes()).unwrap();
    // SAFETY: the path ends with a NUL.
    assert_eq!(unsafe { libc::mkfifo(path.as_ptr(), 0o600) }, 0);
}

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

fn registry() -> Registry {
    Registry::builder().builtin(false).plugin_path_env(false).build()
}

fn load(path: &Path) -> Result<PluginInfo> {
    let path = path.to_owned();
    within(&format!("loading {}", path.display()), move || registry().load_plugin(&path))
}

fn listed(folder: &Path) -> Vec<PluginInfo> {
    let folder = folder.to_owned();
    let builder = Registry::builder().builtin(false).plugin_path_env(false).system_dirs(Vec::new());
    within("listing", move || builder.package_dir(folder).build().plugins(true))
}

#[test]
fn what_is_not_a_regular_file_is_refused_and_never_waited_for() {
    let top = tempfile::tempdir().unwrap();
    let at = |name: &str| top.path().join(name);
    fifo(&at("fifo.so"));
    fs::create_dir(at("folder.so")).unwrap();
    symlink("/dev/zero", at("zero.so")).unwrap();
    symlink("fifo.so", at("link.so")).unwrap();
    let _socket = UnixListener::bind(at("socket.so")).unwrap();
    for (name, word) in [
        ("fifo.so", "a FIFO"),
        ("folder.so", "a folder"),
        ("zero.so", "a device"),
        ("link.so", "a FIFO"),
        ("socket.so", "a socket"),
    ] {
        let error = load(&at(name)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused, "{name}");
        let expected = format!("the file cannot be opened: it is {word}, not a regular file");
        assert!(error.message().ends_with(&expected), "{name}: {error}");
        let file = at(name);
        assert!(within("inspecting", move || inspect(&file)).is_err(), "{name}");
    }
    assert_eq!(listed(top.path()).len(), 0);
}

#[test]
fn a_registry_goes_on_while_a_fifo_is_loaded() {
    let top = tempfile::tempdir().unwrap();
    let pipe = top.path().join("fifo.so");
    fifo(&pipe);
    let shared = registry();
    let other = shared.clone();
    within("loading", move || {
        std::thread::scope(|scope| {
            scope.spawn(|| shared.load_plugin(&pipe).unwrap_err());
            scope.spawn(|| other.plugins(false));
        });
    });
}

fn distribution(site: &Path) -> PathBuf {
    let folder = site.join("x-1.dist-info");
    fs::create_dir(&folder).unwrap();
    fs::create_dir(site.join("x")).unwrap();
    fs::write(site.join("x/__init__.py"), "").unwrap();
    folder.join("entry_points.txt")
}

fn distributed(site: &Path) -> Vec<PluginInfo> {
    let sites = vec![site.to_owned()];
    let builder = Registry::builder().builtin(false).plugin_path_env(false).system_dirs(Vec::new());
    within("listing", move || builder.python_sites(sites).build().plugins(false))
}

#[test]
fn lists_of_entry_points_are_regular_files_of_a_megabyte() {
    for (case, words) in [
        ("fifo", "it is a FIFO, not a regular file"),
        ("zero", "it is a device, not a regular file"),
        ("long", "it is longer than 1048576 bytes"),
    ] {
        let site = tempfile::tempdir().unwrap();
        let list = distribution(site.path());
        match case {
            "fifo" => fifo(&list),
            "zero" => symlink("/dev/zero", &list).unwrap(),
            _ => fs::write(&list, vec![b'\n'; (1 << 20) + 1]).unwrap(),
        }
        let plugins = distributed(site.path());
        assert_eq!((plugins.len(), plugins[0].state), (1, PluginState::Refused), "{case}");
        let reason = plugins[0].reason.clone().unwrap();
        assert!(reason.starts_with("the entry points in ") && reason.ends_with(words), "{case}: {reason}");
    }
}

#[test]
fn files_beside_a_provider_in_python_are_regular_ones() {
    let site = tempfile::tempdir().unwrap();
    let list = distribution(site.path());
    fs::write(&list, "[iolink.providers]\nraw = x:Raw\n").unwrap();
    fifo(&list.with_file_name("direct_url.json"));
    fifo(&site.path().join("x/iolink-providers.toml"));
    let plugins = distributed(site.path());
    let reason = plugins[0].reason.clone().unwrap();
    assert!(reason.ends_with("iolink-providers.toml is not read: it is a FIFO, not a regular file"), "{reason}");
    // `direct_url.json` marks an editable installation.
    fs::write(&list, "[iolink.providers]\nraw = absent:Raw\n").unwrap();
    assert!(distributed(site.path())[0].reason.clone().unwrap().contains("there is no module absent"));
}

#[test]
fn a_source_is_a_regular_file_or_a_folder() {
    let top = tempfile::tempdir().unwrap();
    let at = |name: &str| top.path().join(name);
    fifo(&at("a.csv"));
    let _socket = UnixListener::bind(at("b.csv")).unwrap();
    symlink("/dev/zero", at("c.csv")).unwrap();
    for (name, word) in [("a.csv", "a FIFO"), ("b.csv", "a socket"), ("c.csv", "a device")] {
        let file = at(name);
        let error = within("opening", move || {
            let source = iolink_host::source::from_path(&file).unwrap();
            registry().open(source, None).err().unwrap()
        });
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{name}");
        assert!(error.message().contains(word) && error.message().contains("StreamAccess"), "{error}");
    }
}

/// The reasons for which plugins in a folder are refused whose folder above is of `owner` and `group` and has `mode`; nothing
/// if they are taken.
fn above(owner: u32, group: u32, mode: u32) -> Option<String> {
    let top = tempfile::tempdir().unwrap();
    let middle = top.path().canonicalize().unwrap().join("above");
    let folder = middle.join("between").join("plugins");
    fs::create_dir_all(&folder).unwrap();
    for inside in folder.ancestors().take(3) {
        fs::set_permissions(inside, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let file = folder.join("libgood.so");
    build("good.c", &file);
    chown(&middle, Some(owner), Some(group)).unwrap();
    fs::set_permissions(&middle, fs::Permissions::from_mode(mode)).unwrap();
    let error = load(&file).err().map(|error| error.message().to_owned());
    assert_eq!(listed(&folder)[0].reason.is_some(), error.is_some());
    error.map(|reason| reason.replace(&middle.display().to_string(), "ABOVE"))
}

#[test]
fn folders_above_are_judged_by_owner_and_group() {
    // SAFETY: it has no arguments and cannot fail.
    if unsafe { libc::geteuid() } != 0 {
        eprintln!("skipped: only root can give folders away");
        return;
    }
    assert_eq!(above(0, 0, 0o755), None);
    assert_eq!(above(0, 65533, 0o755), None);
    // Others may write, and exchange only what is theirs.
    assert_eq!(above(0, 65533, 0o1777), None);
    let foreign = above(65533, 0, 0o755).unwrap();
    assert!(
        foreign.contains("the folder ABOVE above it belongs to user 65533, neither to root nor to user 0"),
        "{foreign}"
    );
    // The owner of a sticky folder may exchange everything in it.
    assert!(above(65533, 0, 0o1777).unwrap().contains("belongs to user 65533"));
    let group = above(0, 65533, 0o775).unwrap();
    assert!(group.contains("the folder ABOVE above it can be written by its group (mode 0775)"), "{group}");
    assert!(group.contains("who could exchange what lies in it; run chmod go-w ABOVE"), "{group}");
    assert!(above(0, 0, 0o777).unwrap().contains("can be written by everybody (mode 0777)"));
}

#[test]
fn the_owner_of_a_named_folder_may_own_what_lies_above_it() {
    let top = tempfile::tempdir().unwrap();
    let home = top.path().join("home");
    let site = home.join("site");
    let package = site.join("x");
    fs::create_dir_all(&package).unwrap();
    build("good.c", &package.join("libgood.so"));
    let list = site.join("x-1.dist-info");
    fs::create_dir(&list).unwrap();
    fs::write(list.join("entry_points.txt"), "[iolink.plugins]\ngood = x\n").unwrap();
    if chown(&home, Some(65533), None).is_err() {
        eprintln!("skipped: only root can give folders away");
        return;
    }
    let state = || distributed(&site)[0].state;
    assert_eq!(state(), PluginState::Refused);
    chown(&site, Some(65533), None).unwrap();
    assert_eq!(state(), PluginState::Available);
}

/// A library whose table of symbols has `count` more, which share one name of `length` bytes; or, without a count, whose names
/// of sections are so long.
fn crafted(good: &[u8], count: usize, length: usize) -> Vec<u8> {
    let number = |at: usize| u64::from_ne_bytes(good[at..at + 8].try_into().unwrap()) as usize;
    let half = |at: usize| u16::from_ne_bytes(good[at..at + 2].try_into().unwrap()) as usize;
    let word = |at: usize| u32::from_ne_bytes(good[at..at + 4].try_into().unwrap()) as usize;
    let section = |index: usize| number(40) + 64 * index;
    let symbols = (0..half(60)).map(section).find(|at| word(at + 4) == 11).unwrap();
    let strings = section(word(symbols + 40));
    let mut bytes = good.to_vec();
    bytes.resize(bytes.len().next_multiple_of(16), 0);
    let put = |bytes: &mut Vec<u8>, section: usize, content: Vec<u8>| {
        let place = bytes.len() as u64;
        bytes[section + 24..section + 32].copy_from_slice(&place.to_ne_bytes());
        bytes[section + 32..section + 40].copy_from_slice(&(content.len() as u64).to_ne_bytes());
        bytes.extend(content);
        bytes.resize(bytes.len().next_multiple_of(16), 0);
    };
    let content = |section: usize| good[number(section + 24)..number(section + 24) + number(section + 32)].to_vec();
    let mut names = content(strings);
    let mut table = content(symbols);
    for _ in 0..count {
        table.extend((names.len() as u32).to_ne_bytes());
        table.extend([0x11, 0, 5, 0]);
        table.extend(0x1000_u64.to_ne_bytes());
        table.extend(8_u64.to_ne_bytes());
    }
    put(&mut bytes, symbols, table);
    names.extend(vec![b'x'; length]);
    names.push(0);
    put(&mut bytes, strings, names);
    bytes
}

#[test]
fn a_crafted_table_of_symbols_takes_no_more_memory_than_the_file() {
    let top = tempfile::tempdir().unwrap();
    let good = top.path().join("libgood.so");
    build("good.c", &good);
    let good = fs::read(good).unwrap();
    fs::remove_file(top.path().join("libgood.so")).unwrap();
    let file = top.path().join("libcrafted.so");
    // Collected, the names would have 20 and 30 GB.
    for (count, length) in [(20_000, 1_000_000), (1_000, 30_000_000), (1_000_000, 3)] {
        fs::write(&file, crafted(&good, count, length)).unwrap();
        let seen = within("listing", {
            let folder = top.path().to_owned();
            move || Registry::builder().builtin(false).plugin_path_env(false).package_dir(folder).build().plugins(false)
        });
        assert_eq!(seen[0].state, PluginState::Available, "{:?}", seen[0].reason);
        let exports = within("inspecting", {
            let file = file.clone();
            move || inspect(&file).unwrap().exports
        });
        assert_eq!(exports.len(), count.min(10_000));
        assert!(exports.iter().all(|name| name.len() == length.min(1024)));
    }
}
