//! The same tests on providers that are linked in and on the same providers loaded as plugins.

use iolink_conformance::{check, Outcome};
use iolink_host::{PluginState, Registry};
use std::path::PathBuf;

// Linked-in providers: naming the crates keeps their descriptors in this program.
use iolink_plugin_dataframe as _;
use iolink_plugin_memory as _;
use iolink_plugin_numpy as _;
use iolink_plugin_stream as _;

const PROVIDERS: [&str; 5] =
    ["org.iolink.dataframe", "org.iolink.memory", "org.iolink.numpy", "org.iolink.raw", "org.iolink.stream"];

/// Where cargo puts libraries: two folders above this program, or one.
fn library(name: &str) -> PathBuf {
    let program = std::env::current_exe().expect("this program has a path");
    program
        .ancestors()
        .skip(1)
        .map(|folder| folder.join(format!("libiolink_{name}.so")))
        .find(|file| file.exists())
        .unwrap_or_else(|| {
            panic!("libiolink_{name}.so is not built: `cargo build --release` makes it, `make test` does")
        })
}

fn assert_held(registry: &Registry) {
    let findings = check(registry);
    for provider in PROVIDERS {
        let tested = findings.iter().filter(|finding| finding.provider == provider).count();
        assert!(tested >= 4, "only {tested} promises of {provider} were tested");
    }
    let broken: Vec<String> =
        findings.iter().filter(|finding| finding.outcome != Outcome::Held).map(ToString::to_string).collect();
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn near() {
    let registry = Registry::builder().plugin_path_env(false).build();
    assert_held(&registry);
}

#[test]
fn far() {
    let registry = Registry::builder().builtin(false).plugin_path_env(false).build();
    for name in ["memory", "numpy", "stream", "dataframe"] {
        let loaded = registry.load_plugin(&library(name)).unwrap_or_else(|refused| panic!("{name}: {refused}"));
        assert_eq!(loaded.state, PluginState::Loaded, "{name}");
        assert!(!loaded.builtin);
    }
    assert_held(&registry);
}
