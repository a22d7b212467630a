//! Every kind of view crosses the ABI twice and does there and back what it did here.

use iolink_border_tests::{near, plugin};
use iolink_sdk::abi::{iolink_view, IOLINK_EXTENSION_TILING, IOLINK_INVALID_TILE_INDEX};
use iolink_sdk::view::services::{parallel_access, tiling, tiling_from, view_origin};
use iolink_sdk::view::with_table;
use iolink_sdk::{
    AxesInterpretation, Axis, AxisProperties, Block, BlockMut, Call, Channel, DataType, ErrorKind, Finish,
    ImageInterpretation, ImageProperties, ImageView, MetadataNode, OwnedArray, OwnedSchema, ParallelAccessCapability,
    RandomAccess, Region, SeekFrom, Shape, Space, StreamCapability, Tiling, Value, ValueScale, View,
};
use plugin::Plugin;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

fn mirror() -> &'static Plugin {
    static MIRROR: OnceLock<Plugin> = OnceLock::new();
    MIRROR.get_or_init(|| {
        let path = plugin::build("iolink-border-mirror", "iolink_border_mirror").unwrap();
        Plugin::load(&path).unwrap()
    })
}

fn far(view: View) -> View {
    let kind = view.kind();
    let there = mirror().convert(view).unwrap();
    assert_eq!(there.kind(), kind);
    there
}

fn far_image(shape: &[u64], data_type: DataType) -> Arc<dyn ImageView> {
    far(View::image(near::Image::new(shape, data_type))).into_image().unwrap()
}

fn region(origin: &[u64], size: &[u64]) -> Region {
    Region::new(origin, size).unwrap()
}

#[test]
fn an_image_is_described_read_and_written_through_the_border() {
    let image = far_image(&[4, 3], DataType::UINT16);
    assert!(image.foreign().is_some());
    assert_eq!((&*image.shape(), image.data_type()), (&[4, 3][..], DataType::UINT16));
    assert_eq!(image.origin().as_deref(), Some("near:/brain.dat"));

    let mut bytes = [0; 8];
    let part = region(&[1, 1], &[2, 2]);
    let mut block = BlockMut::new(&mut bytes, &part.size, DataType::UINT16).unwrap();
    image.read_region(&part, &mut block, &Call::silent()).unwrap();
    assert_eq!(bytes, [10, 11, 12, 13, 18, 19, 20, 21]);

    let source = Block::new(&[7; 8], &part.size, DataType::UINT16).unwrap();
    image.write_region(&part, &source, &Call::silent()).unwrap();
    let memory = image.memory().unwrap();
    // SAFETY: the memory has 24 bytes, and nobody writes them now.
    let lent = unsafe { std::slice::from_raw_parts(memory.data, 24) };
    assert_eq!(lent[8..24], [8, 9, 7, 7, 7, 7, 14, 15, 16, 17, 7, 7, 7, 7, 22, 23]);
}

#[test]
fn memory_outlives_the_view_that_lent_it() {
    let memory = far_image(&[5], DataType::UINT8).memory().unwrap();
    assert!(memory.writable);
    // SAFETY: the memory's owner keeps its five bytes.
    assert_eq!(unsafe { std::slice::from_raw_parts(memory.data, 5) }, [0, 1, 2, 3, 4]);
}

#[test]
fn a_reshape_is_refused_while_memory_is_lent_and_seen_afterwards() {
    let image = far_image(&[4], DataType::UINT8);
    let wanted = Shape::new(&[2, 2, 2]).unwrap();
    let memory = image.memory().unwrap();
    assert_eq!(image.reshape(&wanted, DataType::FLOAT).unwrap_err().kind(), ErrorKind::Busy);
    drop(memory);
    image.reshape(&wanted, DataType::FLOAT).unwrap();
    assert_eq!((image.shape(), image.data_type()), (wanted, DataType::FLOAT));
}

#[test]
fn a_region_outside_and_a_block_of_another_type_are_refused() {
    let image = far_image(&[4, 3], DataType::UINT16);
    let mut bytes = [0; 8];
    let outside = region(&[3, 0], &[2, 2]);
    let mut block = BlockMut::new(&mut bytes, &outside.size, DataType::UINT16).unwrap();
    let refused = image.read_region(&outside, &mut block, &Call::silent()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::OutOfRange);
    let part = region(&[0, 0], &[1, 1]);
    let mut block = BlockMut::new(&mut bytes, &part.size, DataType::DOUBLE).unwrap();
    let refused = image.read_region(&part, &mut block, &Call::silent()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Type);
    let mut block = BlockMut::new(&mut bytes[..4], &Shape::filled(1, 2), DataType::UINT16).unwrap();
    let refused = image.read_region(&part, &mut block, &Call::silent()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidArgument);
}

#[test]
fn progress_is_told_to_the_caller_who_may_stop() {
    let image = far_image(&[2048, 2048], DataType::UINT32);
    let all = Region::full(&image.shape());
    let mut bytes = vec![0; 2048 * 2048 * 4];
    let (told, listeners_total) = (AtomicU64::new(0), bytes.len() as u64);
    let listen = |_done, total| {
        assert_eq!(total, listeners_total);
        told.fetch_add(1, Ordering::Relaxed) < 1
    };
    let mut block = BlockMut::new(&mut bytes, &all.size, DataType::UINT32).unwrap();
    let stopped = image.read_region(&all, &mut block, &Call::new(&listen));
    assert!(told.load(Ordering::Relaxed) >= 1);
    if told.load(Ordering::Relaxed) > 1 {
        assert_eq!(stopped.unwrap_err().kind(), ErrorKind::Cancelled);
    }
    // A listener that panics stops the call; the panic stays on its side.
    let panics = |_, _| panic!("a listener panics");
    let mut block = BlockMut::new(&mut bytes, &all.size, DataType::UINT32).unwrap();
    assert_eq!(image.read_region(&all, &mut block, &Call::new(&panics)).unwrap_err().kind(), ErrorKind::Cancelled);
}

#[test]
fn properties_and_metadata_come_back_as_they_went() {
    let image = far_image(&[4, 3], DataType::INT16);
    let properties = ImageProperties {
        axes_interpretation: AxesInterpretation::Image,
        image_interpretation: ImageInterpretation::Label,
        axes: vec![
            AxisProperties {
                axis: Some(Axis::Column),
                spacing: 0.25,
                origin: -7.5,
                unit: "µm".into(),
                coordinates: None,
            },
            AxisProperties {
                axis: Some(Axis::Row),
                spacing: 1.0,
                origin: 1e9,
                unit: "x".repeat(31),
                coordinates: Some([0.0, 0.5, 8.0].into()),
            },
        ],
        direction: [[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]],
        space: Space::Lps,
        position: [0.0, 0.0, 12.5],
        value_scale: ValueScale { slope: 0.5, intercept: -1024.0, unit: "HU".into() },
        channels: vec![Channel {
            name: "Größe".into(),
            color: Some([1, 2, 3, 4]),
            display_range: Some((-5.0, 1e6)),
            excitation_nm: Some(405.5),
            emission_nm: None,
        }],
    };
    image.set_properties(properties.clone()).unwrap();
    assert_eq!(*image.properties(), properties);
    let even = ImageProperties { channels: Vec::new(), ..properties.clone() };
    image.set_properties(even.clone()).unwrap();
    assert_eq!(*image.properties(), even, "an empty table removes the channels");

    let mut tree = MetadataNode::default();
    tree.set("/empty/text", "").unwrap();
    tree.set("/empty/list", Value::from(&[][..] as &[f64])).unwrap();
    tree.set("/text", "ein Wort mit Umläuten\0 und NUL").unwrap();
    tree.set("/numbers", Value::from(&[1i16, -2, 3][..])).unwrap();
    tree.set("/deep/er/and/deeper", f64::NEG_INFINITY).unwrap();
    tree.set("/flag", true).unwrap();
    let matrix = Value::from(&[1.0f64, 2.0, 3.0, 4.0, 5.0, 6.0][..]).with_shape(&[2, 3]).unwrap();
    tree.set("/matrix", matrix).unwrap();
    let names = Value::from_strings(DataType::UTF8_STRING, "dapiüber".as_bytes(), &[4, 4, 9]).unwrap();
    tree.set("/names", names).unwrap();
    image.set_metadata(tree.clone()).unwrap();
    assert_eq!(*image.metadata(), tree);
    let back = image.metadata();
    let value = |path: &str| back.get(path).unwrap().value().unwrap();
    assert_eq!((value("/matrix").shape(), value("/names").shape()), (&[2, 3][..], &[3][..]));
    assert_eq!(value("/names").strings().unwrap(), ["dapi", "", "über"]);
}

/// An image that records the context of each call.
struct Context(Arc<Mutex<Vec<(u32, bool)>>>);

impl ImageView for Context {
    fn capabilities(&self) -> iolink_sdk::ImageCapability {
        iolink_sdk::ImageCapability::READ
    }

    fn shape(&self) -> Shape {
        Shape::filled(1, 4)
    }

    fn data_type(&self) -> DataType {
        DataType::UINT8
    }

    fn read_region(&self, _: &Region, _: &mut BlockMut<'_>, call: &Call<'_>) -> iolink_sdk::Result<()> {
        self.0.lock().unwrap().push((call.max_threads(), call.deadline().is_some()));
        call.step(1, 1)
    }
}

#[test]
fn deadline_and_thread_limit_reach_the_other_side() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let image = far(View::image(Context(seen.clone()))).into_image().unwrap();
    let all = Region::full(&image.shape());
    let mut bytes = [0; 4];
    let mut block = BlockMut::new(&mut bytes, &all.size, DataType::UINT8).unwrap();
    let late = Instant::now() + Duration::from_secs(600);
    image.read_region(&all, &mut block, &Call::silent()).unwrap();
    image.read_region(&all, &mut block, &Call::silent().with_deadline(late).with_max_threads(5)).unwrap();
    let past = Call::silent().with_deadline(Instant::now());
    assert_eq!(image.read_region(&all, &mut block, &past).unwrap_err().kind(), ErrorKind::Timeout);
    let stop = |_, _| false;
    let stopped = image.read_region(&all, &mut block, &Call::new(&stop).with_max_threads(1)).unwrap_err();
    assert_eq!(stopped.kind(), ErrorKind::Cancelled);
    assert_eq!(*seen.lock().unwrap(), [(0, false), (5, true), (1, false)]);
}

#[test]
fn a_created_image_is_flushed_and_finished_once() {
    let events = near::Events::default();
    let image = far(View::image(near::Created::new(&events))).into_image().unwrap();
    let (all, silent) = (Region::full(&image.shape()), Call::silent());
    let samples = Block::new(&[5; 4], &all.size, DataType::UINT8).unwrap();
    image.prefetch(&[all, all], &silent);
    image.write_region(&all, &samples, &silent).unwrap();
    image.flush(&silent).unwrap();
    image.finish(Finish::Commit, &silent).unwrap();
    for action in [Finish::Commit, Finish::Abort] {
        assert_eq!(image.finish(action, &silent).unwrap_err().kind(), ErrorKind::Closed);
    }
    assert_eq!(image.write_region(&all, &samples, &silent).unwrap_err().kind(), ErrorKind::Closed);
    drop(image);
    assert_eq!(*events.lock().unwrap(), ["prefetch", "prefetch", "flush", "commit"]);
    let events = near::Events::default();
    drop(far(View::image(near::Created::new(&events))));
    let aborted = far(View::image(near::Created::new(&events))).into_image().unwrap();
    aborted.finish(Finish::Abort, &silent).unwrap();
    drop(aborted);
    assert_eq!(*events.lock().unwrap(), ["abort by release", "abort"]);
    let plain = far_image(&[2], DataType::UINT8);
    assert_eq!(plain.finish(Finish::Commit, &silent).unwrap_err().kind(), ErrorKind::NotImplemented);
}

#[test]
fn a_unit_that_does_not_fit_is_refused_and_nothing_changes() {
    let image = far_image(&[4], DataType::UINT8);
    let mut properties = ImageProperties::default();
    properties.value_scale.unit = "x".repeat(32);
    assert_eq!(image.set_properties(properties).unwrap_err().kind(), ErrorKind::InvalidArgument);
    assert_eq!(image.properties().value_scale.unit, "");
}

#[test]
fn a_view_that_comes_home_is_itself_again() {
    let home: Arc<dyn ImageView> = Arc::new(near::Image::new(&[2], DataType::UINT8));
    let frames = far(View::multi_image(near::MultiImage::default())).into_multi_image().unwrap();
    frames.insert(0, View::Image(home.clone()), None).unwrap();
    let back = frames.frame(0).unwrap().into_image().unwrap();
    assert!(Arc::ptr_eq(&home, &back), "the frame was wrapped on its way");
}

#[test]
fn frames_are_added_replaced_and_removed() {
    let frames = far(View::multi_image(near::MultiImage::default())).into_multi_image().unwrap();
    let image = |shape: &[u64], data_type| View::Image(far_image(shape, data_type));
    assert_eq!(frames.frame_count().unwrap(), 0);
    frames.insert(0, image(&[2], DataType::UINT8), Some("A/1/0")).unwrap();
    frames.insert(1, image(&[3], DataType::FLOAT), None).unwrap();
    frames.replace(0, image(&[4, 4], DataType::INT8)).unwrap();
    let shape = frames.frame(0).unwrap().into_image().unwrap().shape();
    assert_eq!((frames.frame_count().unwrap(), &*shape), (2, &[4, 4][..]));
    assert_eq!((frames.frame_name(0).unwrap().as_deref(), frames.frame_name(1).unwrap()), (Some("A/1/0"), None));
    frames.remove(0).unwrap();
    assert_eq!(frames.frame(0).unwrap().into_image().unwrap().data_type(), DataType::FLOAT);
    let refused = [
        frames.frame(5).err(),
        frames.frame_name(5).err(),
        frames.remove(9).err(),
        frames.insert(7, image(&[1], DataType::UINT8), None).err(),
    ];
    for refused in refused {
        assert_eq!(refused.map(|refused| refused.kind()), Some(ErrorKind::OutOfRange));
    }
    assert_eq!(frames.metadata().get("/set/name").unwrap().value().unwrap().as_str(), Some("plate"));
}

#[test]
fn a_frame_is_an_image_a_pyramid_or_a_set_and_nothing_else() {
    let frames = far(View::multi_image(near::MultiImage::default())).into_multi_image().unwrap();
    frames.insert(0, far(View::lod_image(near::Pyramid)), Some("slide")).unwrap();
    frames.insert(1, far(View::multi_image(near::MultiImage::default())), Some("plate/A")).unwrap();
    assert_eq!(frames.frame(0).unwrap().into_lod_image().unwrap().level_range(), -1..=2);
    assert_eq!(frames.frame(1).unwrap().into_multi_image().unwrap().frame_count().unwrap(), 0);
    let table = View::data_frame(near::Frame::new(&[1]));
    assert_eq!(frames.insert(2, table.clone(), None).unwrap_err().kind(), ErrorKind::Type);
    assert_eq!(frames.replace(0, table).unwrap_err().kind(), ErrorKind::Type);
    assert_eq!(
        frames.insert(0, View::lod_image(near::Pyramid), Some("a\0b")).unwrap_err().kind(),
        ErrorKind::InvalidArgument
    );
}

#[test]
fn every_level_of_a_pyramid_is_an_image() {
    let pyramid = far(View::lod_image(near::Pyramid)).into_lod_image().unwrap();
    assert_eq!(pyramid.level_range(), -1..=2);
    for (level, side) in [(-1, 16), (0, 8), (1, 4), (2, 2)] {
        assert_eq!(&*pyramid.resolution(level).unwrap().shape(), &[side, side]);
    }
    assert_eq!(pyramid.resolution(3).err().map(|refused| refused.kind()), Some(ErrorKind::OutOfRange));
    assert_eq!(pyramid.metadata().get("/pyramid/name").unwrap().value().unwrap().as_str(), Some("slide"));
    assert_eq!(pyramid.resolution(i64::MIN).err().map(|refused| refused.kind()), Some(ErrorKind::OutOfRange));
}

#[test]
fn a_table_is_exported_in_batches_and_written() {
    let frame = far(View::data_frame(near::Frame::new(&[1, 2, 3, 4, 5]))).into_data_frame().unwrap();
    assert_eq!((frame.shape().unwrap(), frame.partitions().unwrap()), ((1, 5), vec![3, 5]));
    assert_eq!(iolink_sdk::columns(&frame.schema().unwrap()).unwrap(), [("n".to_owned(), "l".to_owned())]);
    assert_eq!(near::all_numbers(&mut frame.export(None, 0..5).unwrap()).unwrap(), [1, 2, 3, 4, 5]);
    assert_eq!(near::all_numbers(&mut frame.export(Some(&[0]), 1..3).unwrap()).unwrap(), [2, 3]);
    let refused = |result: iolink_sdk::Result<iolink_sdk::OwnedStream>| result.err().map(|refused| refused.kind());
    assert_eq!(refused(frame.export(None, 0..6)), Some(ErrorKind::OutOfRange));
    assert_eq!(refused(frame.export(Some(&[]), 0..1)), Some(ErrorKind::OutOfRange));

    let give = |rows: Vec<i64>| {
        let (mut schema, mut values) = (near::column_schema(), near::column(rows));
        // SAFETY: both structs are what they say.
        unsafe { (OwnedSchema::take(&mut schema).unwrap(), OwnedArray::take(&mut values).unwrap()) }
    };
    let (schema, values) = give(vec![30, 40]);
    frame.write(0, 2, schema, values).unwrap();
    assert_eq!(near::all_numbers(&mut frame.export(None, 0..5).unwrap()).unwrap(), [1, 2, 30, 40, 5]);
    let (schema, values) = give(vec![0; 9]);
    assert_eq!(frame.write(0, 2, schema, values).unwrap_err().kind(), ErrorKind::OutOfRange);
    let (schema, values) = give(vec![0]);
    drop(values);
    assert_eq!(frame.reshape(schema, 3).unwrap_err().kind(), ErrorKind::NotImplemented);
}

#[test]
fn a_stream_is_written_sought_read_and_closed() {
    let stream = far(View::stream(near::Stream::default())).into_stream().unwrap();
    assert_eq!(stream.write(b"hello border").unwrap(), 12);
    assert_eq!(stream.seek(SeekFrom::End(-6)).unwrap(), 6);
    let mut buffer = [0; 16];
    assert_eq!(stream.read(&mut buffer).unwrap(), 6);
    assert_eq!(&buffer[..6], b"border");
    assert_eq!(stream.read(&mut buffer).unwrap(), 0);
    assert_eq!(stream.read(&mut []).unwrap(), 0);
    stream.resize(5).unwrap();
    assert_eq!((stream.length().unwrap(), stream.seek(SeekFrom::Current(0)).unwrap()), (5, 12));
    assert_eq!(stream.seek(SeekFrom::Current(-99)).unwrap_err().kind(), ErrorKind::InvalidArgument);
    assert_eq!(stream.seek(SeekFrom::Start(u64::MAX)).unwrap_err().kind(), ErrorKind::InvalidArgument);
    let refused = stream.memory().err().unwrap();
    assert_eq!(refused.kind(), ErrorKind::NotImplemented);
    assert!(refused.message().contains("MEMORY_ACCESS"), "{refused}");
    stream.flush().unwrap();
    stream.close().unwrap();
    assert_eq!(stream.write(b"x").unwrap_err().kind(), ErrorKind::Closed);
}

#[test]
fn random_access_reads_and_lends() {
    let access = far(View::random_access(near::Random::new(b"0123456789"))).into_random_access().unwrap();
    assert_eq!(access.length().unwrap(), 10);
    let mut buffer = [0; 4];
    assert_eq!(access.read_at(8, &mut buffer).unwrap(), 2);
    assert_eq!(&buffer[..2], b"89");
    assert_eq!(access.read_at(u64::MAX, &mut buffer).unwrap(), 0);
    assert_eq!(access.read_exact_at(8, &mut buffer).unwrap_err().kind(), ErrorKind::Corrupt);
    assert_eq!(access.write_at(0, b"x").unwrap_err().kind(), ErrorKind::NotImplemented);
    let bytes = access.memory().unwrap();
    drop(access);
    // SAFETY: nobody writes the bytes.
    assert_eq!(unsafe { bytes.as_slice() }, b"0123456789");
}

#[test]
fn random_access_is_resized_written_and_flushed() {
    let access = far(View::random_access(near::Writable::default())).into_random_access().unwrap();
    assert_eq!(access.length().unwrap_err().kind(), ErrorKind::NotImplemented, "the length is not known yet");
    assert_eq!(access.write_at(0, b"abc").unwrap_err().kind(), ErrorKind::OutOfRange);
    access.resize(4).unwrap();
    access.write_at(1, b"abc").unwrap();
    access.flush().unwrap();
    let mut buffer = [9; 8];
    assert_eq!((access.length().unwrap(), access.read_at(0, &mut buffer).unwrap()), (4, 4));
    assert_eq!(&buffer[..4], b"\0abc");
    let fixed = far(View::random_access(near::Random::new(b"0"))).into_random_access().unwrap();
    assert_eq!(fixed.resize(3).unwrap_err().kind(), ErrorKind::NotImplemented);
    fixed.flush().unwrap();
}

/// Bytes that write down what they are told.
struct Listener(Arc<Mutex<Vec<Range<u64>>>>);

impl RandomAccess for Listener {
    fn capabilities(&self) -> StreamCapability {
        StreamCapability::READ
    }

    fn length(&self) -> iolink_sdk::Result<u64> {
        Ok(0)
    }

    fn read_at(&self, _: u64, _: &mut [u8]) -> iolink_sdk::Result<usize> {
        Ok(0)
    }

    fn prefetch(&self, ranges: &[Range<u64>]) {
        self.0.lock().unwrap().extend_from_slice(ranges);
    }
}

#[test]
fn bytes_hear_what_is_read_soon() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let access = far(View::random_access(Listener(heard.clone()))).into_random_access().unwrap();
    access.prefetch(&[]);
    access.prefetch(&[0..10, 20..u64::MAX]);
    assert_eq!(*heard.lock().unwrap(), [0..10, 20..u64::MAX]);
    far(View::random_access(near::Random::new(b"deaf"))).into_random_access().unwrap().prefetch(&[0..4, 2..9]);
}

#[test]
fn a_service_is_found_by_its_id() {
    let image = far_image(&[1], DataType::UINT8);
    assert!(image.extension(0x1_0003).is_none());
    let service = image.extension(near::Service::ID).unwrap();
    let again = far(service.clone());
    for service in [service, again] {
        let service = service.into_extension().unwrap();
        assert_eq!(service.id(), near::Service::ID);
        // SAFETY: who knows the id knows that its table is one number.
        assert_eq!(unsafe { *(service.table() as *const u64) }, near::Service::NUMBER);
    }
}

#[test]
fn a_service_of_a_plugins_own_is_called_by_its_table_with_its_own_view() {
    #[repr(C)]
    struct Table {
        greet: unsafe extern "C" fn(extension: *const iolink_view, more: u64) -> u64,
    }
    let image = mirror().open("mirror:tiles", "").unwrap().into_image().unwrap();
    let service = image.extension(0x6A09_E667_F3BC_C908).unwrap();
    drop(image);
    // Handed on to another plugin and back it is the same object.
    // SAFETY: a live view that was just handed out.
    let again = unsafe { View::from_raw(service.clone().into_raw("")) }.unwrap();
    for service in [service, again] {
        let service = service.into_extension().unwrap();
        // SAFETY: who knows the id knows the table.
        assert_eq!(unsafe { with_table(&service, |table: *const Table, raw| ((*table).greet)(raw, 2)) }, 42);
    }
}

/// A tile's bytes.
fn tile(tiles: &dyn Tiling, index: u64) -> iolink_sdk::Result<Vec<u8>> {
    let size = tiles.tile_region(index)?.size;
    let mut bytes = vec![0; size.element_count().unwrap() as usize];
    tiles.read_tile(index, &mut BlockMut::new(&mut bytes, &size, DataType::UINT8)?, &Call::silent())?;
    Ok(bytes)
}

#[test]
fn tiles_of_a_plugins_own_are_read_through_the_border() {
    let image = mirror().open("mirror:tiles", "").unwrap().into_image().unwrap();
    let tiles = tiling(&image).unwrap();
    assert_eq!((tiles.tile_count(), &*tiles.max_tile_size(), &*tiles.grid_size()), (2, &[5][..], &[3][..]));
    let mut grid = [7; 3];
    tiles.grid(0, &mut grid).unwrap();
    assert_eq!(grid, [0, IOLINK_INVALID_TILE_INDEX, 1]);
    assert_eq!(tile(&*tiles, 0).unwrap(), [0, 1, 2, 3, 4]);
    let damaged = tile(&*tiles, 1).unwrap_err();
    assert_eq!((damaged.kind(), damaged.provider()), (ErrorKind::Corrupt, "test.mirror"));
    assert_eq!(tile(&*tiles, 2).unwrap_err().kind(), ErrorKind::OutOfRange);
    assert_eq!(&*tiles.image().shape(), &[12]);
    assert!(tiles.image().foreign().is_some());
}

#[test]
fn every_image_has_tiles_and_an_origin_on_the_other_side_too() {
    let image = far_image(&[2000, 1000], DataType::UINT16);
    let raw = image.foreign().and_then(|_| image.extension(IOLINK_EXTENSION_TILING)).unwrap();
    let tiles = tiling_from(&raw).unwrap();
    assert_eq!((tiles.tile_count(), &*tiles.max_tile_size()), (4, &[1000, 500][..]));
    let part = tiles.tile_region(1).unwrap();
    let mut bytes = vec![0; 1_000_000];
    let mut block = BlockMut::new(&mut bytes, &part.size, DataType::UINT16).unwrap();
    tiles.read_tile(1, &mut block, &Call::silent()).unwrap();
    assert_eq!(bytes[..4], [208, 209, 210, 211], "tile 1 starts at byte 2000");
    tiles
        .write_tile(1, &Block::new(&vec![9; 1_000_000], &part.size, DataType::UINT16).unwrap(), &Call::silent())
        .unwrap();
    let mut block = BlockMut::new(&mut bytes, &part.size, DataType::UINT16).unwrap();
    tiles.read_tile(1, &mut block, &Call::silent()).unwrap();
    assert!(bytes.iter().all(|byte| *byte == 9));
    assert_eq!(view_origin(&image).unwrap().uri.as_deref(), Some("near:/brain.dat"));
    assert!(parallel_access(&image).has(ParallelAccessCapability::THREAD_SAFE | ParallelAccessCapability::BY_REGION));
}

#[test]
fn errors_keep_their_kind_code_and_words() {
    let errors = mirror().open("mirror:errors", "").unwrap().into_random_access().unwrap();
    for number in 1..=19 {
        let error = errors.read_at(number, &mut [0]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::from_number(number as i32));
        assert_eq!(error.kind().number(), number as i32);
        assert_eq!((error.code(), error.message()), (17, format!("number {number}").as_str()));
        assert_eq!(error.provider(), "test.mirror");
    }
    // A number of a later version reads as IO.
    assert_eq!(errors.read_at(900, &mut [0]).unwrap_err().kind(), ErrorKind::Io);
}

#[test]
fn texts_that_are_too_long_are_cut_between_letters() {
    let errors = mirror().open("mirror:errors", "").unwrap().into_random_access().unwrap();
    let error = errors.read_at(5000, &mut [0]).unwrap_err();
    assert_eq!(error.message(), "ü".repeat(503));
    assert_eq!(error.provider(), "π".repeat(31));
}

#[test]
fn a_panic_becomes_an_error_and_the_host_lives() {
    let all = |size| Region::full(&Shape::filled(2, size));
    for _ in 0..100 {
        // The first adoption asks the properties in peace; later ones are refused by the panic.
        let opened = mirror().open("mirror:panics", "image");
        match opened {
            Ok(view) => {
                let image = view.into_image().unwrap();
                let mut bytes = [0; 16];
                let mut block = BlockMut::new(&mut bytes, &all(4).size, DataType::UINT8).unwrap();
                let error = image.read_region(&all(4), &mut block, &Call::silent()).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Internal);
                assert_eq!(error.message(), "the provider panicked: read_region panics with 5 words");
                let error = image.write_region(&all(4), &block.as_block(), &Call::silent()).unwrap_err();
                assert_eq!(error.message(), "the provider panicked: no message");
                assert_eq!(image.memory().err().map(|error| error.kind()), Some(ErrorKind::Internal));
                assert_eq!(*image.metadata(), MetadataNode::default());
                assert_eq!(*image.properties(), ImageProperties::from_data_type(DataType::UINT8));
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Internal);
                assert_eq!(error.message(), "the provider panicked: properties panic");
            }
        }
        let frame = mirror().open("mirror:panics", "frame").unwrap().into_data_frame().unwrap();
        assert_eq!(frame.shape().unwrap_err().kind(), ErrorKind::Internal);
        assert_eq!(frame.schema().err().map(|error| error.kind()), Some(ErrorKind::Internal));
        assert_eq!(frame.export(None, 0..1).err().map(|error| error.kind()), Some(ErrorKind::Internal));
        let stream = mirror().open("mirror:panics", "stream").unwrap().into_stream().unwrap();
        assert_eq!(stream.read(&mut [0]).unwrap_err().kind(), ErrorKind::Internal);
        assert_eq!(stream.seek(SeekFrom::Start(0)).unwrap_err().kind(), ErrorKind::Internal);
        assert_eq!(stream.length().unwrap_err().kind(), ErrorKind::Internal);
        assert_eq!(stream.flush().unwrap_err().kind(), ErrorKind::Internal);
        assert_eq!(stream.close().unwrap_err().kind(), ErrorKind::Internal);
        let frames = mirror().open("mirror:panics", "multi").unwrap().into_multi_image().unwrap();
        assert_eq!(frames.frame_count().unwrap_err().kind(), ErrorKind::Internal);
        assert_eq!(frames.frame(0).err().map(|error| error.kind()), Some(ErrorKind::Internal));
        let store = mirror().open("mirror:panics", "store").unwrap().into_store().unwrap();
        assert_eq!(store.read("a", &Call::silent()).err().map(|error| error.kind()), Some(ErrorKind::Internal));
        assert_eq!(store.stat("a", &Call::silent()).err().map(|error| error.kind()), Some(ErrorKind::Internal));
        assert_eq!(store.open_bytes("a", &Call::silent()).err().map(|error| error.kind()), Some(ErrorKind::Internal));
        assert_eq!(mirror().open("mirror:panics", "open").err().map(|error| error.kind()), Some(ErrorKind::Internal));
        drop(mirror().open("mirror:dropped", "").unwrap());
    }
}

#[test]
fn views_are_used_and_dropped_by_many_threads() {
    let image = far_image(&[64, 64], DataType::UINT8);
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let image = image.clone();
            std::thread::spawn(move || {
                for row in 0..64 {
                    let line = region(&[0, row], &[64, 1]);
                    let mut bytes = [0; 64];
                    let mut block = BlockMut::new(&mut bytes, &line.size, DataType::UINT8).unwrap();
                    image.read_region(&line, &mut block, &Call::silent()).unwrap();
                    assert_eq!(bytes[1], (row * 64 + 1) as u8);
                    drop(image.memory().unwrap());
                }
            })
        })
        .collect();
    drop(image);
    for thread in threads {
        thread.join().unwrap();
    }
}
