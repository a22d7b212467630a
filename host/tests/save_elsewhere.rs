//! Views written into stores and streams, and images created at a target.

use iolink_host::{source, Registry};
use iolink_sdk::stores::MemoryStore;
use iolink_sdk::view::StoreMode;
use iolink_sdk::{
    fail, Call, Create, CreateView, DataType, ErrorKind, Host, ImageCapability, ImageView, Kind, Layout, Offer,
    OptionInfo, Options, Provider, ProviderInfo, RandomAccess, Result, Shape, Store, StreamAccess, StreamCapability,
    Target, View,
};
use std::sync::{Arc, Mutex};

struct Bytes;

impl RandomAccess for Bytes {
    fn capabilities(&self) -> StreamCapability {
        StreamCapability::READ
    }
    fn length(&self) -> Result<u64> {
        Ok(3)
    }
    fn read_at(&self, _: u64, buffer: &mut [u8]) -> Result<usize> {
        buffer[..3].copy_from_slice(b"new");
        Ok(3)
    }
}

const NEEDS: u64 = StreamCapability::READ.value();
const FAIL: &[OptionInfo] = &[OptionInfo::boolean("fail", "false", "whether to fail half-way")];

/// Writes the format's name: FILED into a file, FLOWING into a stream, SPREAD into several files.
struct Writer;

impl Provider for Writer {
    const INFO: ProviderInfo = ProviderInfo::new("org.test.elsewhere", "Writes").offers(&[
        Offer::save(Kind::RandomAccess, "FILED", NEEDS).extensions("filed").options(FAIL),
        Offer::save(Kind::RandomAccess, "FLOWING", NEEDS).extensions("flowing").options(FAIL).sequential(),
        Offer::save(Kind::RandomAccess, "SPREAD", NEEDS).extensions("spread").layout(Layout::Files),
        Offer::create_at(Kind::Image, "GRID")
            .extensions("grid")
            .image_capabilities(ImageCapability::WRITE)
            .data_types(&[DataType::UINT8])
            .dimensions(2, 3),
    ]);

    fn save(&self, _: &Host, _: View, target: &Target, _: &Call<'_>) -> Result<()> {
        let format = target.format().unwrap();
        match (format, target.stream()) {
            ("FLOWING", Some(stream)) => {
                assert!(target.path().is_err() && target.store().is_none());
                stream.write(format.as_bytes())?;
            }
            ("FILED", None) => {
                assert!(target.is_overwrite() && target.store().is_none());
                std::fs::write(target.path()?, format).unwrap();
            }
            other => panic!("{}", other.0),
        }
        match target.option("fail") {
            Some("true") => fail!(Corrupt, "half-way"),
            _ => Ok(()),
        }
    }

    fn create(&self, _: &Host, request: Create, _: &Call<'_>) -> Result<View> {
        match (request.view, request.target) {
            (CreateView::Image { shape, .. }, Some(target)) => Ok(View::image(Grid(shape, target.uri().to_owned()))),
            _ => fail!(NotImplemented, "images at a target only"),
        }
    }
}

iolink_sdk::builtin!(Writer);

/// A created image, whose origin is where.
struct Grid(Shape, String);

impl ImageView for Grid {
    fn capabilities(&self) -> ImageCapability {
        ImageCapability::WRITE
    }
    fn shape(&self) -> Shape {
        self.0
    }
    fn data_type(&self) -> DataType {
        DataType::UINT8
    }
    fn origin(&self) -> Option<String> {
        Some(self.1.clone())
    }
}

/// A stream that keeps what it gets.
#[derive(Default)]
struct Sink(Mutex<Vec<u8>>);

impl StreamAccess for Sink {
    fn capabilities(&self) -> StreamCapability {
        StreamCapability::WRITE
    }
    fn write(&self, buffer: &[u8]) -> Result<usize> {
        let count = buffer.len().min(2);
        self.0.lock().unwrap().extend_from_slice(&buffer[..count]);
        Ok(count)
    }
    fn length(&self) -> Result<u64> {
        Ok(self.0.lock().unwrap().len() as u64)
    }
    fn close(&self) -> Result<()> {
        panic!("the stream is the caller's")
    }
}

fn registry() -> Registry {
    Registry::builder().plugin_path_env(false).build()
}

fn save(target: Target) -> Result<String> {
    registry().save(View::random_access(Bytes), target, None)
}

const SILENT: Call<'static> = Call::silent();

#[test]
fn a_key_holds_the_new_value_whole_or_the_old_one() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let text = |key: &str| store.read(key, &SILENT).map(|bytes| String::from_utf8(bytes).unwrap());
    for (ending, format) in [("filed", "FILED"), ("flowing", "FLOWING")] {
        let key = format!("a/b.{ending}");
        let target = || Target::new(format!("memory:{key}")).with_store(store.clone(), key.clone());
        let failed = save(target().with_option("fail", "true")).unwrap_err();
        assert_eq!((failed.kind(), text(&key).is_err()), (ErrorKind::Corrupt, true), "{failed}");
        let old = store.open(&key, StoreMode::Create, &SILENT).unwrap().into_stream().unwrap();
        old.write(b"old").unwrap();
        old.close().unwrap();
        assert_eq!(save(target().with_option("fail", "true")).unwrap_err().kind(), ErrorKind::Corrupt);
        assert_eq!(text(&key).unwrap(), "old");
        assert_eq!(save(target()).unwrap(), "org.test.elsewhere");
        assert_eq!(text(&key).unwrap(), format);
    }
    let named = Target::new("memory:plain").with_store(store.clone(), "plain").with_format("filed");
    save(named).unwrap();
    assert_eq!(text("plain").unwrap(), "FILED");
}

#[test]
fn a_stream_gets_the_bytes_and_stays_open() {
    for (name, expected) in [("stream:a.filed", "FILED"), ("stream:a.flowing", "FL")] {
        let sink = Arc::new(Sink::default());
        save(Target::new(name).with_stream(sink.clone())).unwrap();
        assert_eq!(sink.0.lock().unwrap().as_slice(), expected.as_bytes());
    }
    // A format that is not written in order gives nothing if it fails.
    let sink = Arc::new(Sink::default());
    let failed = save(Target::new("stream:a.filed").with_stream(sink.clone()).with_option("fail", "true"));
    assert_eq!(failed.unwrap_err().kind(), ErrorKind::Corrupt);
    assert!(sink.0.lock().unwrap().is_empty());
}

#[test]
fn what_has_no_place_is_rejected() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let kind = |target| save(target).unwrap_err().kind();
    assert_eq!(kind(Target::new("s3://bucket/a.filed")), ErrorKind::InvalidArgument);
    assert_eq!(kind(Target::new("x.filed").with_store(store.clone(), "")), ErrorKind::InvalidArgument);
    let several = Target::new("a.spread").with_store(store.clone(), "a.spread");
    assert_eq!(kind(several), ErrorKind::Unsupported);
    assert!(store.keys(&SILENT).unwrap().is_empty());
}

#[test]
fn images_are_created_by_the_provider_of_the_format_if_it_takes_them() {
    let create = |target: Target, shape: &[u64], data_type| {
        let request = CreateView::image(Shape::new(shape).unwrap(), data_type, None).at(target);
        registry().create(request).and_then(View::into_image)
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.grid");
    let local = || Target::from(source::from_path(&path).unwrap());
    create(local(), &[2, 2], DataType::UINT8).unwrap();
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let stored = Target::new("memory:a").with_store(store, "a").with_format("grid");
    assert_eq!(create(stored, &[2, 2], DataType::UINT8).unwrap().origin().as_deref(), Some("memory:a"));
    for (shape, data_type) in [(&[2, 2][..], DataType::FLOAT), (&[2], DataType::UINT8), (&[1; 4], DataType::UINT8)] {
        let refused = create(local(), shape, data_type).err().map(|error| error.kind());
        assert_eq!(refused, Some(ErrorKind::Unsupported), "{shape:?} {data_type}");
    }
    let stream = Target::new("stream:a.grid").with_stream(Arc::new(Sink::default()));
    let refused = create(stream, &[2, 2], DataType::UINT8).err().map(|error| error.kind());
    assert_eq!(refused, Some(ErrorKind::InvalidArgument));
}
