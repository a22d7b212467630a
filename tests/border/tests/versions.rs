//! Plugins of other versions, compilers and profiles in one host.

use iolink_border_tests::{frozen, layout, plugin, root};
use iolink_host::{PluginState, Registry};
use iolink_sdk::{
    AxesInterpretation, Axis, BlockMut, Call, CapabilitySet, DataType, ErrorKind, ImageCapability, ImageProperties,
    ImageView, MetadataNode, Region, Source, View,
};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

fn host() -> Registry {
    Registry::builder().builtin(false).plugin_path_env(false).build()
}

/// The frozen plugin, built from the header in `include`.
fn frozen_plugin(folder: &Path, include: &Path, id: &str, defines: &[&str]) -> PathBuf {
    let out = folder.join(format!("{id}.so"));
    let id = format!("PLUGIN_ID=\"{id}\"");
    let defines: Vec<&str> = defines.iter().copied().chain([id.as_str()]).collect();
    plugin::compile_c(&frozen("plugin.c"), include, &defines, &out).unwrap();
    out
}

fn open_image(host: &Registry, uri: &str, provider: &str) -> Arc<dyn ImageView> {
    let opened = host.open(Source::new(uri), Some(provider)).unwrap();
    assert_eq!(opened.provider, provider);
    opened.view.into_image().unwrap()
}

/// The image of 4 columns and 3 rows whose samples are 0, 1, 2 ...
fn check_samples(image: &dyn ImageView) {
    assert_eq!((&*image.shape(), image.data_type()), (&[4, 3][..], DataType::UINT16));
    assert_eq!(image.capabilities().names(), ["READ", "MEMORY_ACCESS"]);
    let memory = image.memory().unwrap();
    // SAFETY: the memory holds 12 samples of 16 bits, and nobody writes them.
    let samples = unsafe { std::slice::from_raw_parts(memory.data as *const u16, 12) };
    assert_eq!(samples, (0..12).collect::<Vec<u16>>());
    let part = Region::new(&[1, 1], &[2, 2]).unwrap();
    let mut bytes = [0; 8];
    let mut block = BlockMut::new(&mut bytes, &part.size, DataType::UINT16).unwrap();
    image.read_region(&part, &mut block, &Call::silent()).unwrap();
    let stopped = image.read_region(&part, &mut block, &Call::new(&|_, _| false)).unwrap_err();
    assert_eq!(stopped.kind(), ErrorKind::Cancelled);
    assert_eq!(bytes, [5u16.to_ne_bytes(), 6u16.to_ne_bytes(), 9u16.to_ne_bytes(), 10u16.to_ne_bytes()].concat()[..]);
    assert_eq!(image.origin().as_deref(), Some("frozen:origin"));
}

fn check_properties(image: &dyn ImageView) {
    let properties = image.properties();
    assert_eq!(properties.axes_interpretation, AxesInterpretation::Image);
    assert_eq!(properties.named_axes(2), Some(vec![Axis::Column, Axis::Row]));
    let (first, second) = (&properties.axes[0], &properties.axes[1]);
    assert_eq!((first.spacing, first.unit.as_str(), second.spacing, second.unit.as_str()), (0.5, "mm", 1.0, ""));
    assert_eq!((properties.value_scale.slope, properties.value_scale.intercept), (2.0, 0.0));
    let tree = image.metadata();
    assert_eq!(tree.get("/frozen/text").unwrap().value().unwrap().as_str(), Some("abc"));
    assert_eq!(tree.get("/frozen/number").unwrap().value().unwrap().as_f64(), Some(vec![42.0]));
}

#[test]
fn a_plugin_of_the_frozen_header_loads_and_works() {
    let folder = tempfile::tempdir().unwrap();
    let path = frozen_plugin(folder.path(), &root().join("tests/border/v1"), "test.frozen", &[]);
    let host = host();
    let info = host.load_plugin(&path).unwrap();
    assert_eq!((info.id.as_str(), info.version.as_str(), info.state), ("test.frozen", "1.0.0", PluginState::Loaded));
    let image = open_image(&host, "frozen:4x3", "test.frozen");
    check_samples(&*image);
    check_properties(&*image);
    let refused = host.open(Source::new("frozen:9x9"), Some("test.frozen")).map(drop).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unsupported);
    assert!(refused.message().contains("COLUMNSxROWS"), "{refused}");
    assert_eq!(refused.provider(), "test.frozen");
}

#[test]
fn its_source_still_compiles_with_todays_header() {
    let folder = tempfile::tempdir().unwrap();
    let path = frozen_plugin(folder.path(), &root().join("sdk/include"), "test.recompiled", &[]);
    let host = host();
    host.load_plugin(&path).unwrap();
    check_samples(&*open_image(&host, "frozen:4x3", "test.recompiled"));
}

/// The frozen header with one more field at the end of every struct that may grow, and one more function at the end of the
/// image's table and of the provider.
fn later_header(folder: &Path) {
    let mut text = std::fs::read_to_string(frozen("iolink_abi.h")).unwrap();
    for known in iolink_sdk::abi::layout() {
        if layout::FIXED.contains(&known.name) {
            continue;
        }
        let field = match known.name {
            "iolink_image_vtable" => "int32_t (*later)(const struct iolink_view *view);",
            "iolink_provider" => "void (*later)(const struct iolink_host *host);",
            _ => "uint64_t later;",
        };
        let start = text.find(&format!("struct {} {{", known.name)).unwrap();
        let end = start + text[start..].find("\n};").unwrap();
        text.insert_str(end, &format!("\n  {field}"));
    }
    std::fs::write(folder.join("iolink_abi.h"), text).unwrap();
}

#[test]
fn a_plugin_of_a_later_header_loads_in_todays_host() {
    let folder = tempfile::tempdir().unwrap();
    later_header(folder.path());
    let path = frozen_plugin(folder.path(), folder.path(), "test.later", &["LATER"]);
    let host = host();
    host.load_plugin(&path).unwrap();
    let image = open_image(&host, "frozen:4x3", "test.later");
    check_samples(&*image);
    check_properties(&*image);
}

#[test]
fn functions_that_an_older_plugin_lacks_are_absent() {
    let folder = tempfile::tempdir().unwrap();
    let path = frozen_plugin(folder.path(), &root().join("tests/border/v1"), "test.older", &["OLDER"]);
    let host = host();
    host.load_plugin(&path).unwrap();
    let image = open_image(&host, "frozen:4x3", "test.older");
    check_samples(&*image);
    assert_eq!(*image.properties(), ImageProperties::from_data_type(DataType::UINT16));
    assert_eq!(*image.metadata(), MetadataNode::default());
    assert_eq!(image.set_metadata(MetadataNode::default()).unwrap_err().kind(), ErrorKind::NotImplemented);
    assert!(!image.capabilities().has(ImageCapability::WRITE));
}

/// The mirror of the debug profile, under another id, beside the workspace's own build.
fn debug_mirror() -> PathBuf {
    let folder = root().join("target/border-debug");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "--package", "iolink-border-mirror", "--target-dir"]).arg(&folder);
    cargo.env("IOLINK_MIRROR_ID", "test.mirror.debug").current_dir(root());
    plugin::run(&mut cargo).unwrap();
    folder.join("debug/libiolink_border_mirror.so")
}

#[test]
fn debug_and_release_and_c_plugins_share_one_host() {
    let folder = tempfile::tempdir().unwrap();
    let host = host();
    host.load_plugin(&debug_mirror()).unwrap();
    host.load_plugin(&plugin::build("iolink-border-mirror", "iolink_border_mirror").unwrap()).unwrap();
    let path = frozen_plugin(folder.path(), &root().join("tests/border/v1"), "test.together", &[]);
    host.load_plugin(&path).unwrap();
    let mut ids: Vec<String> = host.plugins(false).into_iter().map(|info| info.id).collect();
    ids.sort();
    assert_eq!(ids, ["test.mirror", "test.mirror.debug", "test.together"]);

    // A view made in C goes through both Rust builds, called without a host between them.
    let release = plugin::Plugin::load(&root().join("target/release/libiolink_border_mirror.so")).unwrap();
    let debug = plugin::Plugin::load(&root().join("target/border-debug/debug/libiolink_border_mirror.so")).unwrap();
    let image = open_image(&host, "frozen:4x3", "test.together");
    let image = release.convert(debug.convert(View::Image(image)).unwrap()).unwrap().into_image().unwrap();
    check_samples(&*image);
    check_properties(&*image);
    for id in ["test.mirror", "test.mirror.debug"] {
        let panicking = host.open(Source::new("mirror:panics").with_format("frame"), Some(id));
        // A format that no offer names is refused by the host before the plugin is asked.
        if let Ok(opened) = panicking {
            let frame = opened.view.into_data_frame().unwrap();
            assert_eq!(frame.shape().unwrap_err().kind(), ErrorKind::Internal);
        }
        let errors = host.open(Source::new("mirror:errors"), Some(id)).unwrap().view.into_random_access().unwrap();
        assert_eq!(errors.read_at(8, &mut [0]).unwrap_err().provider(), id);
    }
}
