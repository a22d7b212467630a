//! The context of a call crosses the ABI twice with every function of bytes, tables, sets and pyramids that takes one.

use iolink_border_tests::{near, plugin};
use iolink_sdk::view::{StoreGet, StoreRange};
use iolink_sdk::{
    fail, Call, DataFrameCapability, DataFrameView, DataType, ErrorKind, ImageView, LodImageView, MultiImageCapability,
    MultiImageView, OwnedArray, OwnedSchema, OwnedStream, RandomAccess, Result, SeekFrom, StreamAccess,
    StreamCapability, View,
};
use plugin::Plugin;
use std::ops::{Range, RangeInclusive};
use std::sync::atomic::{AtomicUsize, Ordering};
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
    mirror().convert(view).unwrap()
}

/// What was called, each with the thread limit of its call.
type Heard = Arc<Mutex<Vec<(&'static str, u32)>>>;

/// A view of any kind that notes the calls it gets.
#[derive(Clone, Default)]
struct Listener(Heard);

impl Listener {
    fn note(&self, name: &'static str, call: &Call<'_>) {
        self.0.lock().unwrap().push((name, call.max_threads()));
    }
}

impl RandomAccess for Listener {
    fn capabilities(&self) -> StreamCapability {
        StreamCapability::READ | StreamCapability::WRITE | StreamCapability::RESIZE
    }
    fn length(&self) -> Result<u64> {
        Ok(9)
    }
    fn read_at(&self, _: u64, _: &mut [u8]) -> Result<usize> {
        fail!(Internal, "called without a context")
    }
    fn length_with(&self, call: &Call<'_>) -> Result<u64> {
        self.note("length", call);
        Ok(9)
    }
    fn read_at_with(&self, _: u64, _: &mut [u8], call: &Call<'_>) -> Result<usize> {
        self.note("read_at", call);
        Ok(0)
    }
    fn write_at_with(&self, _: u64, _: &[u8], call: &Call<'_>) -> Result<()> {
        self.note("write_at", call);
        Ok(())
    }
    fn resize_with(&self, _: u64, call: &Call<'_>) -> Result<()> {
        self.note("resize", call);
        Ok(())
    }
    fn flush_with(&self, call: &Call<'_>) -> Result<()> {
        self.note("flush", call);
        Ok(())
    }
}

struct Stream(Listener);

impl StreamAccess for Stream {
    fn capabilities(&self) -> StreamCapability {
        StreamCapability::READ | StreamCapability::WRITE | StreamCapability::SEEK | StreamCapability::RESIZE
    }
    fn length(&self) -> Result<u64> {
        fail!(Internal, "called without a context")
    }
    fn read_with(&self, _: &mut [u8], call: &Call<'_>) -> Result<usize> {
        self.0.note("read", call);
        Ok(0)
    }
    fn write_with(&self, _: &[u8], call: &Call<'_>) -> Result<usize> {
        self.0.note("write", call);
        Ok(0)
    }
    fn seek_with(&self, _: SeekFrom, call: &Call<'_>) -> Result<u64> {
        self.0.note("seek", call);
        Ok(0)
    }
    fn length_with(&self, call: &Call<'_>) -> Result<u64> {
        self.0.note("length", call);
        Ok(0)
    }
    fn resize_with(&self, _: u64, call: &Call<'_>) -> Result<()> {
        self.0.note("resize", call);
        Ok(())
    }
    fn flush_with(&self, call: &Call<'_>) -> Result<()> {
        self.0.note("flush", call);
        Ok(())
    }
    fn close_with(&self, call: &Call<'_>) -> Result<()> {
        self.0.note("close", call);
        Ok(())
    }
}

struct Frame(Listener, near::Frame);

impl DataFrameView for Frame {
    fn capabilities(&self) -> DataFrameCapability {
        DataFrameCapability::READ | DataFrameCapability::WRITE | DataFrameCapability::RESHAPE
    }
    fn shape(&self) -> Result<(u64, u64)> {
        self.1.shape()
    }
    fn schema(&self) -> Result<OwnedSchema> {
        self.1.schema()
    }
    fn export(&self, columns: Option<&[u64]>, rows: Range<u64>) -> Result<OwnedStream> {
        self.1.export(columns, rows)
    }
    fn shape_with(&self, call: &Call<'_>) -> Result<(u64, u64)> {
        self.0.note("shape", call);
        self.1.shape()
    }
    fn schema_with(&self, call: &Call<'_>) -> Result<OwnedSchema> {
        self.0.note("schema", call);
        self.1.schema()
    }
    fn export_with(
        &self,
        columns: Option<&[u64]>,
        rows: Range<u64>,
        batch_rows: u64,
        call: &Call<'_>,
    ) -> Result<OwnedStream> {
        self.0.note(if batch_rows == 2 { "export in batches of 2" } else { "export" }, call);
        Ok(self.1.export(columns, rows)?.with_batch_rows(batch_rows))
    }
    fn partitions_with(&self, call: &Call<'_>) -> Result<Vec<u64>> {
        self.0.note("partitions", call);
        Ok(vec![5])
    }
    fn write_with(&self, _: u64, _: u64, _: OwnedSchema, _: OwnedArray, call: &Call<'_>) -> Result<()> {
        self.0.note("write", call);
        Ok(())
    }
    fn reshape_with(&self, _: OwnedSchema, _: u64, call: &Call<'_>) -> Result<()> {
        self.0.note("reshape", call);
        Ok(())
    }
}

fn image() -> View {
    View::image(near::Image::new(&[2], DataType::UINT8))
}

struct Set(Listener);

impl MultiImageView for Set {
    fn capabilities(&self) -> MultiImageCapability {
        MultiImageCapability::READ | MultiImageCapability::WRITE
    }
    fn frame_count(&self) -> Result<u64> {
        fail!(Internal, "called without a context")
    }
    fn frame(&self, _: u64) -> Result<View> {
        fail!(Internal, "called without a context")
    }
    fn frame_count_with(&self, call: &Call<'_>) -> Result<u64> {
        self.0.note("frame_count", call);
        Ok(1)
    }
    fn frame_with(&self, _: u64, call: &Call<'_>) -> Result<View> {
        self.0.note("frame", call);
        Ok(image())
    }
    fn insert_with(&self, _: u64, _: View, _: Option<&str>, call: &Call<'_>) -> Result<()> {
        self.0.note("insert", call);
        Ok(())
    }
    fn replace_with(&self, _: u64, _: View, call: &Call<'_>) -> Result<()> {
        self.0.note("replace", call);
        Ok(())
    }
    fn remove_with(&self, _: u64, call: &Call<'_>) -> Result<()> {
        self.0.note("remove", call);
        Ok(())
    }
}

struct Pyramid(Listener);

impl LodImageView for Pyramid {
    fn level_range(&self) -> RangeInclusive<i64> {
        0..=0
    }
    fn resolution(&self, _: i64) -> Result<Arc<dyn ImageView>> {
        fail!(Internal, "called without a context")
    }
    fn resolution_with(&self, _: i64, call: &Call<'_>) -> Result<Arc<dyn ImageView>> {
        self.0.note("resolution", call);
        image().into_image()
    }
}

/// Each of the functions arrived once more, with the thread limit of the test's own call.
fn assert_heard(listener: &Listener, expected: &[&str]) {
    let heard = listener.0.lock().unwrap();
    for name in expected {
        assert!(heard.contains(&(*name, 3)), "{name} is missing in {heard:?}");
    }
}

#[test]
fn bytes_get_the_call() {
    let (listener, call) = (Listener::default(), Call::silent().with_max_threads(3));
    let access = far(View::random_access(listener.clone())).into_random_access().unwrap();
    access.length_with(&call).unwrap();
    access.read_at_with(0, &mut [0], &call).unwrap();
    access.write_at_with(0, &[0], &call).unwrap();
    access.resize_with(3, &call).unwrap();
    access.flush_with(&call).unwrap();
    assert_heard(&listener, &["length", "read_at", "write_at", "resize", "flush"]);
    let late = call.with_deadline(Instant::now() - Duration::from_secs(1));
    assert_eq!(access.read_at_with(0, &mut [0], &late).unwrap_err().kind(), ErrorKind::Timeout);

    let listener = Listener::default();
    let stream = far(View::stream(Stream(listener.clone()))).into_stream().unwrap();
    stream.read_with(&mut [0], &call).unwrap();
    stream.write_with(&[0], &call).unwrap();
    stream.seek_with(SeekFrom::Start(0), &call).unwrap();
    stream.length_with(&call).unwrap();
    stream.resize_with(1, &call).unwrap();
    stream.flush_with(&call).unwrap();
    stream.close_with(&call).unwrap();
    assert_heard(&listener, &["read", "write", "seek", "length", "resize", "flush", "close"]);
    assert_eq!(stream.read_with(&mut [0], &late).unwrap_err().kind(), ErrorKind::Timeout);
}

#[test]
fn tables_get_the_call_and_the_rows_of_a_batch() {
    let (listener, call) = (Listener::default(), Call::silent().with_max_threads(3));
    let frame = Frame(listener.clone(), near::Frame::new(&[1, 2, 3, 4, 5]));
    let (schema, values) = (frame.schema().unwrap(), frame.export(None, 0..2).unwrap().next_batch().unwrap().unwrap());
    let frame = far(View::data_frame(frame)).into_data_frame().unwrap();
    frame.shape_with(&call).unwrap();
    frame.schema_with(&call).unwrap();
    let mut stream = frame.export_with(None, 0..5, 2, &call).unwrap();
    let mut lengths = Vec::new();
    while let Some(batch) = stream.next_batch().unwrap() {
        lengths.push(batch.as_raw().length);
    }
    // The table stores three rows in a batch.
    assert_eq!(lengths, [2, 1, 2]);
    frame.partitions_with(&call).unwrap();
    frame.write_with(0, 0, schema, values, &call).unwrap();
    frame.reshape_with(frame.schema().unwrap(), 1, &call).unwrap();
    assert_heard(&listener, &["shape", "schema", "export in batches of 2", "partitions", "write", "reshape"]);
}

#[test]
fn sets_and_pyramids_get_the_call() {
    let (listener, call) = (Listener::default(), Call::silent().with_max_threads(3));
    let set = far(View::multi_image(Set(listener.clone()))).into_multi_image().unwrap();
    set.frame_count_with(&call).unwrap();
    set.frame_with(0, &call).unwrap();
    set.insert_with(0, image(), Some("a"), &call).unwrap();
    set.replace_with(0, image(), &call).unwrap();
    set.remove_with(0, &call).unwrap();
    assert_heard(&listener, &["frame_count", "frame", "insert", "replace", "remove"]);
    let listener = Listener::default();
    let pyramid = far(View::lod_image(Pyramid(listener.clone()))).into_lod_image().unwrap();
    pyramid.resolution_with(0, &call).unwrap();
    assert_heard(&listener, &["resolution"]);
}

#[test]
fn items_of_a_batch_are_completed_while_others_are_still_read() {
    let store = far(View::store(near::Store::new([("a", &b"one"[..])]))).into_store().unwrap();
    let mut rooms = [[0u8; 3]; 8];
    let mut gets: Vec<StoreGet<'_>> = rooms
        .iter_mut()
        .map(|room| StoreGet { key: "a".into(), range: StoreRange::All, buffer: Some(&mut room[..]), result: None })
        .collect();
    let completed = AtomicUsize::new(0);
    // The store asks before each item: as many as it says are done must have been completed then.
    let behind = AtomicUsize::new(0);
    let listen = |done, _| {
        if completed.load(Ordering::SeqCst) < done as usize {
            behind.fetch_add(1, Ordering::SeqCst);
        }
        true
    };
    let complete = |_: usize, get: &StoreGet<'_>| {
        assert!(matches!(get.result, Some(Ok(_))));
        completed.fetch_add(1, Ordering::SeqCst);
    };
    store.get_many(&mut gets, &complete, &Call::new(&listen)).unwrap();
    assert_eq!((completed.into_inner(), behind.into_inner()), (8, 0));
}
