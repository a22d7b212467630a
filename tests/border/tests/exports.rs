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
        assert_eq!(exports(&library), ["iolink_plugin_v1"], "{}", library.display());
    }
    let mirror = plugin::build("iolink-border-mirror", "iolink_border_mirror").unwrap();
    assert_eq!(exports(&mirror), ["iolink_plugin_v1"]);
    // polars is built by a command of its own, and checked where that has been run.
    let tables = root().join("target/release/libiolink_tables.so");
    if tables.exists() {
        assert_eq!(exports(&tables), ["iolink_plugin_v1"]);
    }
}
