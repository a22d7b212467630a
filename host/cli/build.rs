//! Puts the templates, the SDK's source and its header into the program: `new-plugin` needs no network and no checkout.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn main() {
    let here = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the crate lies"));
    let root = here.join("../..").canonicalize().expect("the crate lies in its repository");
    let mut text = String::new();
    for (name, folder) in [
        ("RUST", here.join("templates/rust")),
        ("C", here.join("templates/c")),
        ("PYTHON", here.join("templates/python")),
        ("WHEEL", here.join("templates/wheel")),
        ("SDK", root.join("sdk/src")),
    ] {
        println!("cargo:rerun-if-changed={}", folder.display());
        let mut files = Vec::new();
        walk(&folder, &mut files);
        // Tests of the SDK stay at home.
        files.retain(|file| name != "SDK" || !file.components().any(|part| part.as_os_str() == "tests"));
        files.retain(|file| name != "SDK" || !file.ends_with("tests.rs"));
        files.sort();
        let _ = writeln!(text, "/// Files of `{name}`, by their path.\npub const {name}: &[(&str, &str)] = &[");
        for file in files {
            let inside = file.strip_prefix(&folder).expect("a file of the folder").display().to_string();
            let _ = writeln!(text, "    ({inside:?}, include_str!({:?})),", file.display().to_string());
        }
        text.push_str("];\n");
    }
    for (name, file) in [("HEADER", "sdk/include/iolink_abi.h"), ("LICENSE", "LICENSE-MIT")] {
        let path = root.join(file);
        println!("cargo:rerun-if-changed={}", path.display());
        let _ = writeln!(
            text,
            "/// The file `{file}`.\npub const {name}: &str = include_str!({:?});",
            path.display().to_string()
        );
    }
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo says where to write"));
    std::fs::write(out.join("brought.rs"), text).expect("the list can be written");
}

/// Every file below a folder.
fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = folder.read_dir() else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && name != "__pycache__" {
            walk(&path, files);
        } else if path.is_file() {
            files.push(path);
        }
    }
}
