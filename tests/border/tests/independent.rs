//! A producer and a consumer written from `docs/spec/abi-v1.md` alone, without a header or crate of ours.

use iolink_border_tests::{frozen, plugin, root};
use iolink_host::Registry;
use iolink_sdk::{BlockMut, Call, DataType, ErrorKind, ImageProperties, Region, Source};
use std::process::Command;

#[test]
fn a_plugin_written_from_the_specification_works_in_our_host() {
    let folder = tempfile::tempdir().unwrap();
    let library = folder.path().join("ramp.so");
    plugin::compile_c(&root().join("tests/border/independent/producer.c"), folder.path(), &[], &library).unwrap();
    let host = Registry::builder().builtin(false).plugin_path_env(false).build();
    host.load_plugin(&library).unwrap();
    let opened = host.open(Source::new("ramp:"), None).unwrap();
    assert_eq!(opened.provider, "org.example.ramp");
    let image = opened.view.into_image().unwrap();
    assert_eq!(&*image.shape(), &[3, 2]);
    let part = Region::new(&[1, 0], &[2, 2]).unwrap();
    let mut bytes = [0; 16];
    let mut block = BlockMut::new(&mut bytes, &part.size, DataType::FLOAT).unwrap();
    image.read_region(&part, &mut block, &Call::silent()).unwrap();
    assert_eq!(bytes[..], [1f32, 2.0, 11.0, 12.0].map(f32::to_ne_bytes).concat()[..]);
    assert_eq!(image.memory().err().map(|refused| refused.kind()), Some(ErrorKind::NotImplemented));
    assert_eq!(*image.properties(), ImageProperties::from_data_type(DataType::FLOAT));
    let refused = host.open(Source::new("ramp:steep"), None).map(drop).unwrap_err();
    assert!(refused.message().contains("ramp: is all that can be opened"), "{refused}");
}

#[test]
fn a_host_written_from_the_specification_reads_our_plugin() {
    let folder = tempfile::tempdir().unwrap();
    let (library, program) = (folder.path().join("frozen.so"), folder.path().join("consumer"));
    plugin::compile_c(&frozen("plugin.c"), &root().join("tests/border/v1"), &[], &library).unwrap();
    let mut cc = Command::new("cc");
    cc.args(["-std=c99", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE", "-fsanitize=address,undefined", "-o"]);
    plugin::run(cc.arg(&program).arg(root().join("tests/border/independent/consumer.c")).arg("-ldl")).unwrap();
    let said = plugin::run(Command::new(&program).arg(&library).arg("frozen:4x3")).unwrap();
    assert_eq!(said, "test.frozen 1.0.0: 2 axes, 4 x 3, type 0x1001001\n0 1 2 3\n4 5 6 7\n8 9 10 11\n");
    let refused = plugin::run(Command::new(&program).arg(&library).arg("frozen:0x0")).unwrap_err();
    assert!(refused.message().contains("error 7: frozen:COLUMNSxROWS is wanted"), "{refused}");
}
