//! Providers that are linked in: found by themselves, chosen, called, and explained.

use iolink_host::{PluginState, Registry};
use iolink_sdk::provider::OfferKind;
use iolink_sdk::{
    fail, Adopt, BlockMut, Bytes, Call, Convert, Cost, Create, CreateView, DataType, ErrorKind, Host, ImageCapability,
    ImageView, Kind, Offer, OptionInfo, Options, Owner, Provider, ProviderInfo, RandomAccess, Region, Result, Shape,
    Source, StreamCapability, View,
};
use std::io::Write;
use std::sync::Arc;

struct Grey(ImageCapability);

impl ImageView for Grey {
    fn capabilities(&self) -> ImageCapability {
        self.0
    }
    fn shape(&self) -> Shape {
        Shape::new(&[4, 3]).unwrap()
    }
    fn data_type(&self) -> DataType {
        DataType::UINT16
    }
    fn read_region(&self, _: &Region, _: &mut BlockMut<'_>, _: &Call<'_>) -> Result<()> {
        Ok(())
    }
}

struct Held(Bytes);

impl RandomAccess for Held {
    fn capabilities(&self) -> StreamCapability {
        StreamCapability::READ
    }
    fn length(&self) -> Result<u64> {
        Ok(self.0.length)
    }
    fn read_at(&self, _: u64, _: &mut [u8]) -> Result<usize> {
        Ok(0)
    }
}

/// Creates, adopts and copies.
struct Maker;

const READ: ImageCapability = ImageCapability::READ;
const MEMORY: ImageCapability = ImageCapability::READ.and(ImageCapability::MEMORY_ACCESS);

impl Provider for Maker {
    const INFO: ProviderInfo = ProviderInfo::new("org.test.maker", "Makes").offers(&[
        Offer::create(Kind::Image).image_capabilities(MEMORY),
        Offer::adopt(Kind::RandomAccess).stream_capabilities(StreamCapability::READ),
        Offer::convert(Kind::Image, Kind::Image, Cost::Copy).needs(READ.value()).image_capabilities(MEMORY),
    ]);

    fn create(&self, host: &Host, _: Create, _call: &Call<'_>) -> Result<View> {
        host.log(iolink_sdk::LogLevel::Info, "org_test", "made");
        Ok(View::image(Grey(MEMORY)))
    }
    fn adopt(&self, _: &Host, given: Adopt, _call: &Call<'_>) -> Result<View> {
        match given {
            Adopt::RandomAccess(bytes) => Ok(View::random_access(Held(bytes))),
            _ => fail!(NotImplemented, "bytes only"),
        }
    }
    fn convert(&self, _: &Host, _: View, _: &Convert, _call: &Call<'_>) -> Result<View> {
        Ok(View::image(Grey(MEMORY)))
    }
}

const OTHER: &[OptionInfo] = &[OptionInfo::string("other", "", "URI of the source that is opened instead")];

/// Opens files by ending and magic, frames as images, and may be sure or not.
struct Reader;

impl Provider for Reader {
    const INFO: ProviderInfo = ProviderInfo::new("org.test.reader", "Reads").offers(&[
        Offer::open(Kind::Image, "GREY").extensions("grey,grey.gz").magic("0:47524559,2000:4747"),
        Offer::open(Kind::Image, "PAIR").extensions("pair").options(OTHER),
        Offer::convert(Kind::DataFrame, Kind::Image, Cost::Lazy).image_capabilities(READ),
    ]);

    fn open(&self, host: &Host, source: &Source, call: &Call<'_>) -> Result<View> {
        if let Some(other) = source.option("other") {
            return host.open(&Source::new(other), call);
        }
        if source.uri().ends_with(".pair") {
            return host.open(source, call);
        }
        let mut start = [0; 2];
        if source.bytes()?.read_at(0, &mut start)? < 2 {
            fail!(Corrupt, "the file is too short for a header");
        }
        Ok(View::image(Grey(READ)))
    }
}

/// Claims everything that ends with gz, by looking, and then fails.
struct Boaster;

impl Provider for Boaster {
    const INFO: ProviderInfo = ProviderInfo::new("org.test.boaster", "Claims")
        .offers(&[Offer::open(Kind::Image, "GZ").extensions("gz"), Offer::open(Kind::Image, "WEB").schemes("web")]);

    fn identify(&self, _: &Host, _: &Source, _call: &Call<'_>) -> Result<Option<u32>> {
        Ok(Some(100))
    }
    fn open(&self, _: &Host, source: &Source, _call: &Call<'_>) -> Result<View> {
        fail!(Unsupported, "no header in {}", source.uri())
    }
}

iolink_sdk::builtin!(Maker, Reader, Boaster);

fn registry() -> Registry {
    Registry::builder().plugin_path_env(false).build()
}

fn file(folder: &tempfile::TempDir, name: &str, content: &[u8]) -> Source {
    let path = folder.path().join(name);
    std::fs::File::create(&path).unwrap().write_all(content).unwrap();
    iolink_host::source::from_path(&path).unwrap()
}

fn in_memory() -> Convert {
    Convert::new(Kind::Image, MEMORY.value())
}

#[test]
fn linked_in_providers_are_there_without_any_search() {
    let plugins = registry().plugins(true);
    assert_eq!(plugins.len(), 1);
    let plugin = &plugins[0];
    assert_eq!((plugin.id.as_str(), plugin.builtin, plugin.state), ("org.test.maker", true, PluginState::Loaded));
    assert!(plugin.path.is_none() && plugin.reason.is_none());
    let ids: Vec<&str> = plugin.providers.iter().map(|provider| provider.id.as_str()).collect();
    assert_eq!(ids, ["org.test.maker", "org.test.reader", "org.test.boaster"]);
    let offer = &plugin.providers[1].offers[0];
    assert_eq!(offer.offer, OfferKind::Open);
    assert_eq!(offer.extensions, ["grey", "grey.gz"]);
    assert_eq!(offer.magic, [(0, b"GREY".to_vec()), (2000, b"GG".to_vec())]);
    assert_eq!(plugin.providers[0].offers[2].cost, Some(Cost::Copy));
}

#[test]
fn views_are_created_adopted_and_converted() {
    let registry = registry();
    let wanted = || CreateView::image(Shape::new(&[4, 3]).unwrap(), DataType::UINT16, None).in_memory();
    for _ in 0..2 {
        assert_eq!(registry.create(wanted()).unwrap().capability_bits(), MEMORY.value());
    }
    let kept = Arc::new(vec![7u8; 5]);
    let bytes = Bytes { data: kept.as_ptr() as *mut u8, length: 5, writable: false, owner: Owner::arc(kept.clone()) };
    assert_eq!(registry.adopter(Kind::RandomAccess).unwrap(), "org.test.maker");
    assert_eq!(registry.adopter(Kind::Image).err().unwrap().kind(), ErrorKind::NotImplemented);
    let view = registry.adopt(Adopt::RandomAccess(bytes)).unwrap();
    assert_eq!((view.kind(), Arc::strong_count(&kept)), (Kind::RandomAccess, 2));
    drop(view);
    assert_eq!(Arc::strong_count(&kept), 1);
    let view = View::image(Grey(READ));
    for _ in 0..2 {
        assert_eq!(registry.convert(view.clone(), in_memory()).unwrap().capability_bits(), MEMORY.value());
    }
    let refused = registry.create(CreateView::Stream { capacity: 1 }.in_memory()).err().unwrap();
    assert_eq!(
        refused.message(),
        "nothing installed creates views of kind stream; installed: org.test.maker, org.test.reader, org.test.boaster"
    );
    assert_eq!(refused.kind(), ErrorKind::NotImplemented);
}

#[test]
fn a_view_that_has_it_already_is_handed_back() {
    let image: Arc<dyn ImageView> = Arc::new(Grey(MEMORY));
    let same = registry().convert(View::Image(image.clone()), in_memory()).unwrap().into_image().unwrap();
    assert!(Arc::ptr_eq(&image, &same));
}

#[test]
fn what_cannot_be_converted_names_what_is_missing_and_the_way_out() {
    let blind = View::image(Grey(ImageCapability::NONE));
    let error = registry().convert(blind, in_memory()).err().unwrap();
    assert_eq!(
        error.message(),
        "the view is image and has no READ | MEMORY_ACCESS; org.test.maker would provide it if the view had READ"
    );
    assert_eq!(error.kind(), ErrorKind::NotImplemented);
}

#[test]
fn files_are_opened_by_magic_and_by_ending() {
    let (registry, folder) = (registry(), tempfile::tempdir().unwrap());
    let mut late = vec![0; 2002];
    late[2000..].copy_from_slice(b"GG");
    for source in [
        file(&folder, "a.grey", b"??"),
        file(&folder, "b.unknown", b"GREY"),
        file(&folder, "c.GREY.GZ", b"GREY"),
        file(&folder, "d", &late),
    ] {
        let opened = registry.open(source, None).unwrap();
        assert_eq!((opened.provider.as_str(), opened.view.kind()), ("org.test.reader", Kind::Image));
    }
}

#[test]
fn who_claims_a_file_and_fails_is_passed_over() {
    let (registry, folder) = (registry(), tempfile::tempdir().unwrap());
    assert_eq!(registry.open(file(&folder, "a.grey.gz", b"??"), None).unwrap().provider, "org.test.reader");
    let source = file(&folder, "b.grey.gz", b"");
    let error = registry.open(source.clone(), None).err().unwrap();
    let path = source.path().unwrap().display().to_string();
    assert_eq!(
        error.message(),
        format!(
            "none of the 2 providers that might open {path} could:\n  org.test.boaster: no header in {}\n  \
             org.test.reader: the file is too short for a header",
            source.uri()
        )
    );
    let only = registry.open(source, Some("org.test.reader")).err().unwrap();
    assert_eq!((only.kind(), only.provider()), (ErrorKind::Corrupt, "org.test.reader"));
}

#[test]
fn the_error_for_an_unknown_file_lists_who_opens_what() {
    let (registry, folder) = (registry(), tempfile::tempdir().unwrap());
    let source = file(&folder, "x.tar.xyz", b"\x01\x02\x03");
    let error = registry.open(source.clone(), None).err().unwrap();
    assert_eq!(
        error.message(),
        format!(
            "nothing installed opens {}: its name ends with .tar.xyz, it starts with the bytes 01 02 03\ninstalled:\n  \
             org.test.reader (Reads) opens GREY (.grey .grey.gz); PAIR (.pair)\n  \
             org.test.boaster (Claims) opens GZ (.gz); WEB (web:)",
            source.path().unwrap().display()
        )
    );
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let remote = registry.open(Source::new("s3://bucket/a.grey"), None).err().unwrap();
    assert!(remote.message().starts_with("nothing installed opens s3://bucket/a.grey: its scheme is s3:"), "{remote}");
    let format = registry.open(source.clone().with_format("dicom"), None).err().unwrap();
    assert!(format.message().starts_with("nothing installed opens the format \"dicom\""), "{format}");
    let nobody = registry.open(source, Some("org.other")).err().unwrap();
    assert_eq!(nobody.kind(), ErrorKind::NotFound);
    assert!(nobody.message().starts_with("there is no provider org.other; installed: org.test.maker"), "{nobody}");
}

#[test]
fn formats_providers_and_schemes_can_be_asked_for() {
    let (registry, folder) = (registry(), tempfile::tempdir().unwrap());
    let source = file(&folder, "plain", b"no magic");
    assert_eq!(registry.open(source.clone().with_format("grey"), None).unwrap().provider, "org.test.reader");
    assert_eq!(registry.open(source, Some("org.test.reader")).unwrap().provider, "org.test.reader");
    let error = registry.open(Source::new("web://host/a"), None).err().unwrap();
    assert_eq!((error.provider(), error.message()), ("org.test.boaster", "no header in web://host/a"));
}

#[test]
fn a_missing_file_is_not_found_and_named() {
    let source = iolink_host::source::from_text("/nowhere/brain.nii").unwrap();
    let error = registry().open(source, None).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.message().starts_with("there is no file /nowhere/brain.nii: "), "{error}");
}

#[test]
fn a_provider_opens_another_source_through_the_host() {
    let (registry, folder) = (registry(), tempfile::tempdir().unwrap());
    let inner = file(&folder, "a.grey", b"??");
    let outer = file(&folder, "b.pair", b"??").with_option("other", inner.uri());
    assert_eq!(registry.open(outer, None).unwrap().view.kind(), Kind::Image);
}

#[test]
fn providers_that_go_in_circles_are_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let error = registry().open(file(&folder, "a.pair", b"??"), None).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Limit);
    assert!(error.message().ends_with("opened inside one another; a provider goes in circles"), "{error}");
}

#[test]
fn the_choice_is_explained() {
    let (registry, folder) = (registry(), tempfile::tempdir().unwrap());
    let told = registry.explain_view(&View::image(Grey(READ)), &in_memory());
    assert_eq!(
        told.to_string(),
        "wanted  image (READ) as image with READ | MEMORY_ACCESS\n\
         chosen  org.test.maker\n\
         why     it is the only way; everything is copied\n\
         copied  24 bytes\n  \
         candidate       cost  copied  score  state   verdict  does\n  \
         org.test.maker  copy  24      -      loaded  chosen   image with READ to image with READ | MEMORY_ACCESS"
    );
    let told = registry.explain_view(&View::image(Grey(MEMORY)), &in_memory());
    assert_eq!((told.chosen, told.bytes_copied), (None, Some(0)));
    let told = registry.explain_view(&View::image(Grey(ImageCapability::NONE)), &in_memory());
    assert!(told.why.contains("would provide it if the view had READ"));
    let source = file(&folder, "a.grey.gz", b"GREY");
    let told = registry.explain_open(&source, None);
    assert_eq!(told.chosen.as_deref(), Some("org.test.reader"));
    assert_eq!(
        told.to_string().lines().skip(1).collect::<Vec<_>>().join("\n"),
        "chosen  org.test.reader\n\
         why     it is the best of 2 by its magic bytes at 0 and the ending .grey.gz; both are asked before one opens\n\
         copied  known only to the provider\noptions other: string: URI of the source that is opened instead\n  \
         candidate         cost  copied  score  state   verdict                                                  does\n  \
         org.test.reader   open  -       95     loaded  chosen, by its magic bytes at 0 and the ending .grey.gz  GREY as image\n  \
         org.test.boaster  open  -       60     loaded  next, by the ending .gz                                  GZ as image"
    );
    let told = registry.explain_open(&Source::new("s3://bucket/a"), None);
    assert!(told.chosen.is_none() && told.why.contains("installed:"));
}

#[test]
fn the_users_preference_comes_before_the_score() {
    let (registry, folder) = (registry(), tempfile::tempdir().unwrap());
    registry.set_provider_priority(vec!["org.test.boaster".into()]);
    let told = registry.explain_open(&file(&folder, "a.grey.gz", b"GREY"), None);
    assert_eq!(told.chosen.as_deref(), Some("org.test.boaster"));
}
