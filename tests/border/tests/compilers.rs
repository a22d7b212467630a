//! A plugin built by another version of the compiler, in debug and in release, in today's host. The compiler is Debian's
//! `rustc-web`, unpacked beside the toolchain by `.ci/other-rustc`; where it cannot be had the test says so.
#![cfg(target_os = "linux")]

use iolink_border_tests::{plugin, root};
use iolink_host::{PluginState, Registry};
use iolink_sdk::{BlockMut, Call, DataType, ErrorKind, Region, Source, View};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A provider whose image is tiled, has an option, and panics on demand.
const PLUGIN: &str = r#"
use iolink_sdk::*;
struct Count(u8);
impl TiledImage for Count {
    fn shape(&self) -> Shape { Shape::new(&[10, 6]).unwrap() }
    fn data_type(&self) -> DataType { DataType::UINT8 }
    fn tile_shape(&self) -> Shape { Shape::new(&[4, 4]).unwrap() }
    fn read_tile(&self, tile: &Tile, samples: &mut [u8]) -> Result<()> {
        assert!(self.0 != 99, "on demand");
        samples.fill(self.0 + tile.number as u8);
        Ok(())
    }
}
struct Other;
impl Provider for Other {
    const INFO: ProviderInfo = ProviderInfo::new(ID, "Built elsewhere")
        .offers(&[Offer::open(Kind::Image, "OTHER")
            .schemes("other")
            .image_capabilities(ImageCapability::READ)
            .options(&[OptionInfo::integer("first", "0", "value of the first tile")])]);
    fn open(&self, _: &Host, source: &Source, _: &Call<'_>) -> Result<View> {
        Tiled::view(Count(source.parsed("first")?.unwrap_or(0)))
    }
}
export_plugin!(Other);
"#;

struct Compiler {
    rustc: PathBuf,
    libraries: String,
}

impl Compiler {
    /// The other compiler, or why there is none.
    fn find() -> Result<Compiler, String> {
        let out = Command::new(root().join(".ci/other-rustc")).output().map_err(|error| error.to_string())?;
        if !out.status.success() {
            return Err(String::from_utf8_lossy(&out.stderr).trim().to_owned());
        }
        let rustc = PathBuf::from(String::from_utf8_lossy(&out.stdout).trim());
        let lib = rustc.ancestors().nth(2).unwrap_or(Path::new("/")).join("lib");
        let multi = lib.join(format!("{}-linux-gnu", std::env::consts::ARCH));
        Ok(Compiler { libraries: format!("{}:{}", multi.display(), lib.display()), rustc })
    }

    fn run(&self, arguments: &[&str]) -> String {
        let mut rustc = Command::new(&self.rustc);
        rustc.env("LD_LIBRARY_PATH", &self.libraries).env("CARGO_PKG_VERSION", "1.2.3").args(arguments);
        plugin::run(&mut rustc).unwrap()
    }

    /// The plugin, with an SDK that this compiler built.
    fn build(&self, folder: &Path, id: &str, profile: &[&str]) -> PathBuf {
        let place = folder.to_str().unwrap();
        let sdk = root().join("sdk/src/lib.rs");
        let common = ["--edition", "2021", "--out-dir", place, "-A", "warnings"];
        let library = [&common[..], profile, &["--crate-type", "rlib", "--crate-name", "iolink_sdk"]].concat();
        self.run(&[&library[..], &[sdk.to_str().unwrap()]].concat());
        let source = folder.join(format!("{id}.rs"));
        std::fs::write(&source, format!("const ID: &str = \"test.{id}\";{PLUGIN}")).unwrap();
        let rlib = format!("iolink_sdk={place}/libiolink_sdk.rlib");
        let last = ["--crate-type", "cdylib", "--crate-name", id, "--extern", &rlib, source.to_str().unwrap()];
        self.run(&[&common[..], profile, &last].concat());
        folder.join(format!("lib{id}.so"))
    }
}

fn check(host: &Registry, id: &str) {
    let open = |first: &str| {
        let source = Source::new("other:image").with_option("first", first);
        host.open(source, Some(id)).map(|opened| opened.view)
    };
    let image = open("5").and_then(View::into_image).unwrap();
    let region = Region::new(&[3, 3], &[2, 2]).unwrap();
    let mut out = [0; 4];
    let mut block = BlockMut::new(&mut out, &region.size, DataType::UINT8).unwrap();
    image.read_region(&region, &mut block, &Call::silent()).unwrap();
    let stopped = image.read_region(&region, &mut block, &Call::new(&|_, _| false)).unwrap_err();
    assert_eq!(stopped.kind(), ErrorKind::Cancelled);
    assert_eq!(out, [5, 6, 8, 9]);
    assert_eq!(open("five").unwrap_err().kind(), ErrorKind::InvalidArgument);
    let image = open("99").and_then(View::into_image).unwrap();
    let mut block = BlockMut::new(&mut out, &region.size, DataType::UINT8).unwrap();
    let panicked = image.read_region(&region, &mut block, &Call::silent()).unwrap_err();
    assert_eq!((panicked.kind(), panicked.provider()), (ErrorKind::Internal, id));
}

#[test]
fn plugins_of_another_compiler_load_in_debug_and_in_release() {
    let compiler = match Compiler::find() {
        Ok(compiler) => compiler,
        Err(why) => return println!("NOT CHECKED, no compiler of another version: {why}"),
    };
    println!("built by {}", compiler.run(&["--version"]).trim());
    let folder = tempfile::tempdir().unwrap();
    let host = Registry::builder().builtin(false).plugin_path_env(false).build();
    for (id, profile) in [("debug", &["-Cdebuginfo=0"][..]), ("release", &["-Copt-level=2"])] {
        let library = compiler.build(folder.path(), id, profile);
        let info = host.load_plugin(&library).unwrap();
        assert_eq!((info.version.as_str(), info.state), ("1.2.3", PluginState::Loaded));
        assert_eq!(info.providers[0].offers[0].options[0].name, "first");
        check(&host, &format!("test.{id}"));
    }
}
