//! Options when a source is opened: they are for the provider that fits best, and no other opens something else instead.

use iolink_host::Registry;
use iolink_sdk::{
    fail, Call, DataType, Error, ErrorKind, Host, ImageCapability, ImageView, Kind, Offer, OptionInfo, Options,
    Provider, ProviderInfo, Result, Shape, Source, View,
};

/// An image whose width says who opened it, and with which page.
struct Page(u64);

impl ImageView for Page {
    fn capabilities(&self) -> ImageCapability {
        ImageCapability::NONE
    }
    fn shape(&self) -> Shape {
        Shape::new(&[self.0]).unwrap()
    }
    fn data_type(&self) -> DataType {
        DataType::UINT8
    }
}

/// Opens pages 1 to 3 of its files.
struct Pages;

impl Provider for Pages {
    const INFO: ProviderInfo =
        ProviderInfo::new("org.test.pages", "Pages").offers(&[Offer::open(Kind::Image, "PAGES")
            .extensions("pages")
            .magic("0:50414745")
            .options(&[OptionInfo::integer("page", "1", "which page to open")])]);

    fn open(&self, _: &Host, source: &Source, _call: &Call<'_>) -> Result<View> {
        let mut head = [0; 5];
        source.bytes()?.read_exact_at(0, &mut head)?;
        match (head[4], source.parsed::<u64>("page")?.unwrap_or(1)) {
            (b'?', _) => fail!(Unsupported, "these are no pages"),
            (b'!', _) => fail!(Corrupt, "the pages are torn"),
            (_, page @ 1..=3) => Ok(View::image(Page(page))),
            (_, page) => fail!(NotFound, "there is no page {page}; there are 3"),
        }
    }
}

/// Opens everything that ends so, and takes no options.
struct Anything;

impl Provider for Anything {
    const INFO: ProviderInfo =
        ProviderInfo::new("org.test.anything", "Anything")
            .offers(&[Offer::open(Kind::Image, "PICTURE").extensions("pages,picture")]);

    fn open(&self, _: &Host, _: &Source, _call: &Call<'_>) -> Result<View> {
        Ok(View::image(Page(99)))
    }
}

/// Rejects an option when it looks at a source.
struct Strict;

impl Provider for Strict {
    const INFO: ProviderInfo =
        ProviderInfo::new("org.test.strict", "Strict").offers(&[Offer::open(Kind::Image, "STRICT")
            .extensions("strict.picture")
            .options(&[OptionInfo::string("part", "", "which part to open")])]);

    fn identify(&self, _: &Host, source: &Source, _call: &Call<'_>) -> Result<Option<u32>> {
        match source.option("part") {
            None | Some("a" | "b") => Ok(None),
            Some(part) => fail!(InvalidArgument, "there is no part {part}; there are a and b"),
        }
    }
    fn open(&self, _: &Host, _: &Source, _call: &Call<'_>) -> Result<View> {
        Ok(View::image(Page(7)))
    }
}

iolink_sdk::builtin!(Pages, Anything, Strict);

fn open(name: &str, content: &[u8], options: &[(&str, &str)]) -> Result<u64> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    let source = iolink_host::source::from_path(&path)?;
    let source = options.iter().fold(source, |source, (key, value)| source.with_option(*key, *value));
    let opened = Registry::builder().plugin_path_env(false).build().open(source, None)?;
    Ok(opened.view.into_image()?.shape()[0])
}

fn refusal(name: &str, content: &[u8], options: &[(&str, &str)]) -> Error {
    open(name, content, options).map(|width| panic!("{options:?} opened {width}")).unwrap_err()
}

#[test]
fn an_option_that_the_best_provider_refuses_ends_the_opening() {
    assert_eq!(open("a.pages", b"PAGES", &[("page", "3")]).unwrap(), 3);
    for (option, kind, words) in [
        (("pages", "3"), ErrorKind::InvalidArgument, "org.test.pages has no option pages; it takes page (integer)"),
        (("page", "two"), ErrorKind::InvalidArgument, "the option page is \"two\", not an integer"),
        (("page", "7"), ErrorKind::NotFound, "there is no page 7; there are 3"),
    ] {
        let error = refusal("a.pages", b"PAGES", &[option]);
        assert_eq!((error.kind(), error.provider()), (kind, "org.test.pages"), "{error}");
        assert!(error.message().contains(words), "{error}");
    }
    let twice = refusal("a.pages", b"PAGES", &[("page", "1"), ("page", "2")]);
    assert!(twice.message().contains("the option page is given twice"), "{twice}");
}

#[test]
fn another_provider_is_asked_without_options_and_if_the_format_is_another() {
    assert_eq!(open("a.pages", b"PAGE!", &[]).unwrap(), 99);
    assert_eq!(refusal("a.pages", b"PAGE!", &[("page", "1")]).kind(), ErrorKind::Corrupt);
    assert_eq!(open("a.pages", b"PAGE?", &[]).unwrap(), 99);
    // The next one does not have the option either.
    let error = refusal("a.pages", b"PAGE?", &[("page", "1")]);
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(
        error.message().contains("these are no pages") && error.message().contains("no option page; it takes none")
    );
}

#[test]
fn a_provider_that_says_that_it_has_no_option_takes_none() {
    let error = refusal("a.picture", b"", &[("provder", "x")]);
    assert_eq!((error.kind(), error.provider()), (ErrorKind::InvalidArgument, "org.test.anything"));
    assert_eq!(error.message(), "org.test.anything has no option provder; it takes none");
}

#[test]
fn a_refusal_while_a_source_is_looked_at_ends_the_opening_too() {
    assert_eq!(open("a.strict.picture", b"", &[("part", "b")]).unwrap(), 7);
    let error = refusal("a.strict.picture", b"", &[("part", "c")]);
    assert_eq!((error.kind(), error.message()), (ErrorKind::InvalidArgument, "there is no part c; there are a and b"));
}
