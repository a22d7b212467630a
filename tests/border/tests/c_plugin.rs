//! The example of a provider in plain C, built by its own Makefile and opened by the host.

use iolink_border_tests::{plugin, root};
use iolink_host::Registry;
use iolink_sdk::{Axis, BlockMut, ByteOrder, Call, DataType, ErrorKind, ImageView, Region, Result, Source};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

struct Pgm {
    folder: tempfile::TempDir,
    host: Registry,
}

impl Pgm {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut make = Command::new("make");
        make.arg("-C").arg(root().join("examples/c-plugin")).arg(format!("OUT={}", folder.path().display()));
        plugin::run(make.arg("CFLAGS=-O1 -g -Wall -Wextra -Wpedantic -Werror")).unwrap();
        let host = Registry::builder().builtin(false).plugin_path_env(false).build();
        host.load_plugin(&folder.path().join("libpgm.so")).unwrap();
        Pgm { folder, host }
    }

    fn open(&self, name: &str, content: &[u8]) -> Result<Arc<dyn ImageView>> {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        let opened = self.host.open(source(&path), None)?;
        assert_eq!(opened.provider, "org.example.pgm");
        opened.view.into_image()
    }
}

fn source(path: &Path) -> Source {
    Source::new(format!("file://{}", path.display())).with_path(path)
}

fn read<const COUNT: usize>(image: &dyn ImageView, region: &Region) -> [u8; COUNT] {
    let mut bytes = [0; COUNT];
    let mut block = BlockMut::new(&mut bytes, &region.size, image.data_type()).unwrap();
    image.read_region(region, &mut block, &Call::silent()).unwrap();
    bytes
}

#[test]
fn eight_bits_are_read_and_lent() {
    let pgm = Pgm::new();
    let image = pgm.open("a.pgm", b"P5 # a comment\n3 2\n# another\n255\nabcdef").unwrap();
    assert_eq!((&*image.shape(), image.data_type()), (&[3, 2][..], DataType::UINT8));
    assert_eq!(image.properties().named_axes(2), Some(vec![Axis::Column, Axis::Row]));
    assert_eq!(&read::<4>(&*image, &Region::new(&[1, 0], &[2, 2]).unwrap()), b"bcef");
    let memory = image.memory().unwrap();
    assert!(!memory.writable);
    drop((image, pgm.host));
    // SAFETY: the memory outlives view and host, as its owner keeps the file's bytes.
    assert_eq!(unsafe { std::slice::from_raw_parts(memory.data, 6) }, b"abcdef");
}

#[test]
fn sixteen_bits_are_lent_big_endian_and_read_native() {
    let pgm = Pgm::new();
    let image = pgm.open("b.pgm", b"P5\n2 1 65535\n\x01\x02\xff\xfe").unwrap();
    assert_eq!(image.data_type(), DataType::UINT16);
    let all = Region::full(&image.shape());
    assert_eq!(read::<4>(&*image, &all)[..], [0x0102u16.to_ne_bytes(), 0xfffeu16.to_ne_bytes()].concat()[..]);
    let memory = image.memory().unwrap();
    assert_eq!(memory.byte_order, ByteOrder::Big);
    // The SDK's own copy out of the lent memory says the same.
    let mut bytes = [0; 4];
    let mut block = BlockMut::new(&mut bytes, &all.size, DataType::UINT16).unwrap();
    block.copy_from(&memory.block(&all).unwrap(), &Call::silent()).unwrap();
    assert_eq!(bytes, read::<4>(&*image, &all));
}

#[test]
fn damaged_files_are_refused_by_name() {
    let pgm = Pgm::new();
    let whole = b"P5\n3 2\n255\nabcdef";
    for length in 0..whole.len() {
        let refused = pgm.open("cut.pgm", &whole[..length]).err().expect("a cut file was opened");
        assert!(
            matches!(refused.kind(), ErrorKind::Corrupt | ErrorKind::Unsupported | ErrorKind::NotFound),
            "{length}: {refused:?}"
        );
    }
    let huge: [&[u8]; 5] = [
        b"P5\n4294967295 4294967295\n65535\nab",
        b"P5\n99999999999999999999999 1\n255\na",
        b"P5\n0 1\n255\n",
        b"P5\n-1 1\n255\na",
        b"P5\n1 1\n70000\naa",
    ];
    for content in huge {
        assert_eq!(pgm.open("huge.pgm", content).err().map(|refused| refused.kind()), Some(ErrorKind::Corrupt));
    }
}
