//! A plugin in C with a view of each kind, built from the header alone: used by a host in C and by this one in Rust.

use iolink_border_tests::{near, plugin, root};
use iolink_sdk::view::{Got, StoreGet, StoreMode, StorePut, StoreRange};
use iolink_sdk::{
    Block, BlockMut, Call, CreateView, DataType, ErrorKind, Finish, ImageInterpretation, Kind, Region, SeekFrom, Shape,
    Source, Store, Target, View,
};
use plugin::Plugin;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};

/// The plugin, built once.
fn library() -> &'static Path {
    static BUILT: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, library) = BUILT.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let library = folder.path().join("kinds.so");
        plugin::compile_folder(&root().join("tests/border/kinds"), &library).unwrap();
        (folder, library)
    });
    library
}

fn kinds() -> Plugin {
    Plugin::load(library()).unwrap()
}

#[test]
fn a_host_in_c_uses_a_view_of_each_kind() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("consumer");
    plugin::compile_program(&root().join("tests/border/kinds/consumer"), &program).unwrap();
    let output = plugin::run(Command::new(&program).arg(library())).unwrap();
    assert_eq!(output, "test.kinds 1.0.0: every kind was used\n");
}

#[test]
fn an_image_in_c_is_read_written_and_described() {
    let image = kinds().open("kinds:image", "").unwrap().into_image().unwrap();
    assert_eq!((&*image.shape(), image.data_type()), (&[4, 3, 2][..], DataType::UINT16));
    let part = Region::new(&[1, 1, 1], &[2, 1, 1]).unwrap();
    let mut bytes = [0; 4];
    let mut block = BlockMut::new(&mut bytes, &part.size, DataType::UINT16).unwrap();
    image.read_region(&part, &mut block, &Call::silent()).unwrap();
    let stopped = image.read_region(&part, &mut block, &Call::new(&|_, _| false)).unwrap_err();
    assert_eq!(stopped.kind(), ErrorKind::Cancelled);
    assert_eq!(bytes[..], [17u16, 18].map(u16::to_ne_bytes).concat()[..]);
    image.write_region(&part, &Block::new(&[1; 4], &part.size, DataType::UINT16).unwrap(), &Call::silent()).unwrap();
    let memory = image.memory().unwrap();
    // SAFETY: the memory holds 24 samples of 16 bits, and nothing writes them now.
    assert_eq!(unsafe { std::slice::from_raw_parts(memory.data as *const u16, 24) }[16..19], [16, 0x0101, 0x0101]);
    let properties = image.properties();
    assert_eq!(properties.image_interpretation, ImageInterpretation::Grayscale);
    assert_eq!((properties.axes[0].spacing, properties.axes[0].unit.as_str()), (0.5, "mm"));
    assert_eq!((properties.value_scale.slope, properties.value_scale.intercept), (2.0, -1.0));
    let tree = image.metadata();
    let value = |path: &str| tree.get(path).unwrap().value().unwrap();
    assert_eq!(value("/KINDS/text").as_str(), Some("abc"));
    assert_eq!(value("/KINDS/matrix").shape(), [2, 3]);
    assert_eq!(value("/KINDS/matrix").as_f64().unwrap(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    assert_eq!(value("/KINDS/names").strings().unwrap(), ["dapi", "", "fitc"]);
    image.prefetch(&[part], &Call::silent());
    image.flush(&Call::silent()).unwrap();
    assert_eq!(image.finish(Finish::Commit, &Call::silent()).unwrap_err().kind(), ErrorKind::NotImplemented);
    assert!(image.extension(5).is_none());
    assert_eq!(image.extension(0x6B_696E_6473).unwrap().into_extension().unwrap().id(), 0x6B_696E_6473);
}

#[test]
fn frames_in_c_have_names_and_may_be_pyramids() {
    let frames = kinds().open("kinds:multi-image", "").unwrap().into_multi_image().unwrap();
    assert_eq!(frames.frame_count().unwrap(), 3);
    let names: Vec<_> = (0..3).map(|index| frames.frame_name(index).unwrap()).collect();
    assert_eq!(names, [Some("A/1/0".to_owned()), Some("A/2/0".to_owned()), None]);
    assert_eq!(frames.frame_name(3).unwrap_err().kind(), ErrorKind::OutOfRange);
    assert_eq!(frames.metadata().get("/KINDS/set").unwrap().value().unwrap().as_str(), Some("plate"));
    let pyramid = frames.frame(1).unwrap().into_lod_image().unwrap();
    assert_eq!(pyramid.level_range(), 0..=1);
    assert_eq!(&*pyramid.resolution(1).unwrap().shape(), &[4, 3, 2]);
    assert_eq!(pyramid.metadata().get("/KINDS/pyramid").unwrap().value().unwrap().as_str(), Some("slide"));
    let refused = frames.insert(0, View::image(near::Image::new(&[1], DataType::UINT8)), None).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NotImplemented);
}

#[test]
fn a_table_in_c_is_exported_by_parts() {
    let frame = kinds().open("kinds:frame", "").unwrap().into_data_frame().unwrap();
    assert_eq!(frame.shape().unwrap(), (1, 7));
    assert_eq!(frame.partitions().unwrap(), [3, 6, 7]);
    assert_eq!(near::all_numbers(&mut frame.export(None, 0..7).unwrap()).unwrap(), [0, 10, 20, 30, 40, 50, 60]);
    assert_eq!(near::all_numbers(&mut frame.export(Some(&[0]), 5..7).unwrap()).unwrap(), [50, 60]);
    assert_eq!(frame.export(None, 0..8).map(drop).unwrap_err().kind(), ErrorKind::OutOfRange);
}

#[test]
fn bytes_in_c_are_read_and_written() {
    let stream = kinds().open("kinds:stream", "").unwrap().into_stream().unwrap();
    assert_eq!(stream.write(b"hello").unwrap(), 5);
    assert_eq!(stream.seek(SeekFrom::End(-3)).unwrap(), 2);
    let mut buffer = [0; 8];
    assert_eq!((stream.read(&mut buffer).unwrap(), &buffer[..3]), (3, &b"llo"[..]));
    stream.close().unwrap();
    assert_eq!(stream.read(&mut buffer).unwrap_err().kind(), ErrorKind::Closed);
    let access = kinds().open("kinds:bytes", "").unwrap().into_random_access().unwrap();
    access.prefetch(&[0..4, 8..10]);
    assert_eq!(access.write_at(9, b"xy").unwrap_err().kind(), ErrorKind::OutOfRange);
    access.resize(11).unwrap();
    access.write_at(9, b"xy").unwrap();
    access.flush().unwrap();
    assert_eq!((access.length().unwrap(), access.read_at(8, &mut buffer).unwrap()), (11, 3));
    assert_eq!(&buffer[..3], b"8xy");
}

#[test]
fn a_store_in_c_is_read_written_and_listed() {
    let store = kinds().open("kinds:store", "").unwrap().into_store().unwrap();
    let silent = Call::silent();
    assert_eq!(store.keys(&silent).unwrap(), ["a/one", "b"]);
    assert_eq!(store.read("b", &silent).unwrap(), b"twelve bytes");
    let mut small = [0; 4];
    let mut gets = [
        StoreGet { key: "b".into(), range: StoreRange::Last(5), buffer: None, result: None },
        StoreGet { key: "b".into(), range: StoreRange::All, buffer: Some(&mut small), result: None },
        StoreGet { key: "gone".into(), range: StoreRange::All, buffer: None, result: None },
    ];
    store.get_many(&mut gets, &|_, _| (), &silent).unwrap();
    let [last, whole, gone] = gets.map(|get| get.result.unwrap());
    assert!(matches!(last, Ok(Got::Lent { value_size: 12, .. })));
    assert!(matches!(whole, Ok(Got::TooSmall { value_size: 12 })));
    assert_eq!(gone.err().map(|error| error.kind()), Some(ErrorKind::NotFound));
    let put = |if_absent, if_version| {
        store.put(&StorePut { key: "c", data: b"3", if_absent, if_version }, &silent).map_err(|error| error.kind())
    };
    assert_eq!((put(false, None), put(true, None)), (Ok(()), Err(ErrorKind::Exists)));
    assert_eq!((put(false, Some("9")), put(false, Some("1"))), (Err(ErrorKind::Changed), Ok(())));
    assert_eq!(store.stat("c", &silent).unwrap().version.as_deref(), Some("2"));
    store.remove("c", &silent).unwrap();
    assert_eq!(store.remove("c", &silent).unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(store.open("b", StoreMode::Create, &silent).map(drop).unwrap_err().kind(), ErrorKind::NotImplemented);
    assert_eq!(store.open_bytes("b", &silent).unwrap().length().unwrap(), 12);
}

#[test]
fn a_provider_in_c_creates_and_saves_in_a_store_of_ours() {
    let plugin = kinds();
    let store: Arc<dyn Store> = Arc::new(near::Store::new([("taken", &b"here"[..])]));
    let silent = Call::silent();
    let text = |key: &str| store.read(key, &silent).map(|bytes| String::from_utf8(bytes).unwrap());
    let target = |key: &str| Target::new("kinds:target").with_format("KINDS").with_store(store.clone(), key);
    let create = |target: Target| {
        let shape = Shape::new(&[4, 3, 2]).unwrap();
        plugin.create(CreateView::image(shape, DataType::UINT16, None).at(target)).and_then(View::into_image)
    };
    assert_eq!(create(target("taken")).map(drop).unwrap_err().kind(), ErrorKind::Exists);
    let image = create(target("new")).unwrap();
    assert_eq!(text("new").unwrap(), "unfinished");
    let one = Region::new(&[0, 0, 0], &[1, 1, 1]).unwrap();
    let sample = 7u16.to_ne_bytes();
    let block = Block::new(&sample, &one.size, DataType::UINT16).unwrap();
    image.write_region(&one, &block, &silent).unwrap();
    image.finish(Finish::Commit, &silent).unwrap();
    assert_eq!(image.finish(Finish::Abort, &silent).unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(image.write_region(&one, &block, &silent).unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(text("new").unwrap(), "committed, first sample 7");
    drop(create(target("new").with_overwrite(true)).unwrap());
    assert_eq!(text("new").unwrap_err().kind(), ErrorKind::NotFound, "the last release aborts");
    let view = View::image(near::Image::new(&[5, 2], DataType::UINT8));
    plugin.save(view, &target("saved").with_option("level", "4"), &silent).unwrap();
    assert_eq!(text("saved").unwrap(), "2 axes, level=4");
}

#[test]
fn a_provider_in_c_reads_beside_its_source() {
    let store: Arc<dyn Store> = Arc::new(near::Store::new([("a", &b"1"[..]), ("b", b"beside")]));
    let source = Source::new("kinds:sibling").with_store(store, "a");
    let opened = kinds().open_source(&source).unwrap();
    assert_eq!(opened.kind(), Kind::RandomAccess);
    assert_eq!(opened.into_random_access().unwrap().length().unwrap(), 6);
    let lone = kinds().open("kinds:sibling", "").map(drop).unwrap_err();
    assert_eq!(lone.kind(), ErrorKind::NotImplemented);
    let writable = kinds().open_source(&Source::new("kinds:image").with_writable(true)).map(drop).unwrap_err();
    assert_eq!(writable.kind(), ErrorKind::NotImplemented, "a required flag that the plugin does not know");
}
