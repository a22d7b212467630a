//! What is allocated for ten thousand round trips is given back, on both sides of the border. One test in this file: the
//! counters belong to the process.

use iolink_border_tests::{near, plugin};
use iolink_sdk::view::{StoreMode, StoreRange};
use iolink_sdk::{Adopt, BlockMut, Call, DataType, Finish, ImageProperties, MetadataNode, Region, View};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::Arc;

struct Counting;

static LIVE: AtomicI64 = AtomicI64::new(0);

// SAFETY: everything is handed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promise is handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        LIVE.fetch_sub(1, Ordering::Relaxed);
        // SAFETY: the caller's promise is handed on.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The table behind the mirror's extension.
#[repr(C)]
struct CounterTable {
    live: extern "C" fn() -> i64,
}

fn round_trip(mirror: &plugin::Plugin) {
    let there = |view: View| mirror.convert(view).unwrap();

    let image = there(View::image(near::Image::new(&[3, 2], DataType::UINT16))).into_image().unwrap();
    let mut tree = MetadataNode::default();
    tree.set("/a/b", "text").unwrap();
    image.set_metadata(tree).unwrap();
    image.set_properties(ImageProperties::default()).unwrap();
    assert_eq!(image.metadata().node_count(), 3);
    assert_eq!(image.properties().axes.len(), 0);
    assert!(image.origin().is_some() && image.extension(near::Service::ID).is_some());
    let mut bytes = [0; 12];
    let all = Region::full(&image.shape());
    let mut block = BlockMut::new(&mut bytes, &all.size, DataType::UINT16).unwrap();
    image.read_region(&all, &mut block, &Call::silent()).unwrap();
    let outside = Region::new(&[9, 9], &[3, 2]).unwrap();
    assert!(image.read_region(&outside, &mut block, &Call::silent()).is_err());
    let tiles = iolink_sdk::view::services::tiling(&image).unwrap();
    assert_eq!(tiles.tile_region(0).unwrap(), all);
    assert!(tiles.tile_region(1).is_err());
    drop(tiles.image());
    let memory = image.memory().unwrap();
    let given = Adopt::Image { memory: Box::new(memory), properties: None };
    drop(given);

    let frames = there(View::multi_image(near::MultiImage::default())).into_multi_image().unwrap();
    frames.insert(0, View::Image(image.clone()), Some("first")).unwrap();
    frames.insert(0, View::Image(image), None).unwrap();
    assert!(frames.frame_name(1).unwrap().is_some() && frames.metadata().node_count() > 1);
    frames.remove(0).unwrap();
    drop(frames.frame(0).unwrap());
    assert!(frames.frame(7).is_err());

    let pyramid = there(View::lod_image(near::Pyramid)).into_lod_image().unwrap();
    drop(pyramid.resolution(1).unwrap());

    let frame = there(View::data_frame(near::Frame::new(&[1, 2, 3, 4]))).into_data_frame().unwrap();
    drop(frame.schema().unwrap());
    let mut stream = frame.export(None, 0..4).unwrap();
    assert_eq!(near::all_numbers(&mut stream).unwrap().len(), 4);
    // A stream that nobody reads to its end, and a write that is refused.
    drop(frame.export(None, 0..4).unwrap());
    let (mut schema, mut values) = (near::column_schema(), near::column(vec![1; 9]));
    // SAFETY: both structs are what they say.
    let (schema, values) =
        unsafe { (iolink_sdk::OwnedSchema::take(&mut schema), iolink_sdk::OwnedArray::take(&mut values)) };
    assert!(frame.write(0, 0, schema.unwrap(), values.unwrap()).is_err());

    let stream = there(View::stream(near::Stream::default())).into_stream().unwrap();
    stream.write(b"bytes").unwrap();
    stream.close().unwrap();

    let access = there(View::random_access(near::Random::new(b"0123"))).into_random_access().unwrap();
    drop(access.memory().unwrap());

    let store = there(View::store(near::Store::new([("a", &b"1"[..]), ("b", b"2")]))).into_store().unwrap();
    assert_eq!(store.read("a", &Call::silent()).unwrap(), b"1");
    drop(store.get("b", StoreRange::All, None, &Call::silent()).unwrap());
    assert!(store.read("c", &Call::silent()).is_err() && store.read("../c", &Call::silent()).is_err());
    assert_eq!(store.keys(&Call::silent()).unwrap().len(), 2);
    drop(store.open("a", StoreMode::Replace, &Call::silent()).unwrap());

    let created = there(View::image(near::Created::new(&near::Events::default()))).into_image().unwrap();
    created.flush(&Call::silent()).unwrap();
    created.finish(Finish::Commit, &Call::silent()).unwrap();
    assert!(created.finish(Finish::Commit, &Call::silent()).is_err());

    assert!(mirror.open("mirror:nothing", "").is_err());
    let errors = mirror.open("mirror:errors", "").unwrap().into_random_access().unwrap();
    assert!(errors.read_at(2000, &mut [0]).is_err());
}

#[test]
fn ten_thousand_round_trips_leave_nothing_behind() {
    let path = plugin::build("iolink-border-mirror", "iolink_border_mirror").unwrap();
    let mirror = plugin::Plugin::load(&path).unwrap();
    let counter = mirror.open("mirror:counter", "").unwrap().into_random_access().unwrap();
    let service = counter.extension(0x1_0001).unwrap().into_extension().unwrap();
    // SAFETY: the mirror's extension has this table.
    let table = unsafe { &*(service.table() as *const CounterTable) };
    let image: Arc<dyn iolink_sdk::ImageView> = Arc::new(near::Image::new(&[2], DataType::UINT8));
    let trips = if std::env::var_os("IOLINK_FEW_TRIPS").is_some() { 50 } else { 10_000 };

    // Whatever is made once is made in the first trips.
    (0..3).for_each(|_| round_trip(&mirror));
    let before = (LIVE.load(Ordering::Relaxed), (table.live)());
    assert!(before.1 > 0, "the plugin counts nothing");
    for _ in 0..trips {
        round_trip(&mirror);
        drop(mirror.convert(View::Image(image.clone())).unwrap());
    }
    assert_eq!((LIVE.load(Ordering::Relaxed), (table.live)()), before);
    assert_eq!(Arc::strong_count(&image), 1);
}
