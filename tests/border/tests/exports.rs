//! Every plugin exports its descriptor and nothing else.

use iolink_border_tests::{plugin, root};
use std::path::Path;
use std::process::Command;

fn exports(library: &Path) -> Vec<String> {
    let listed = plugin::run(Command::new("nm").args(["-D", "--defined-only", "-f", "posix"]).arg(library)).unwrap();
    listed.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

#[test]
fn every_plugin_exports_one_symbol() {
    for name in ["memory", "numpy", "stream", "dataframe"] {
        let library = root().join(format!("target/release/libiolink_{name}.so"));
        if !library.exists() {
            plugin::build(&format!("iolink-plugin-{name}-so"), &format!("iolink_{name}")).unwrap();
        }
    }
    plugin::build("iolink-border-mirror", "iolink_border_mirror").unwrap();
    // All that lie there: polars and the example are built by commands of their own, and checked where those were run.
    let mut checked = 0;
    for folder in ["target/release", "examples/nifti-plugin/target/release"] {
        let Ok(files) = std::fs::read_dir(root().join(folder)) else { continue };
        for file in files {
            let library = file.unwrap().path();
            let name = library.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.starts_with("libiolink_") && name.ends_with(".so") {
                assert_eq!(exports(&library), ["iolink_plugin_v1"], "{}", library.display());
                checked += 1;
            }
        }
    }
    assert!(checked >= 5, "{checked} libraries were found");
}
