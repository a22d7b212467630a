//! A plugin for the tests of the ABI.
//!
//! CONVERT returns every view behind one of this plugin's own, so that each call crosses the ABI twice. OPEN takes
//! `mirror:errors`, `mirror:panics` and `mirror:counter`, for what a well-behaved view cannot show, and `mirror:tiles`.
//! CREATE and SAVE record in the target's store what they received.

mod count;
mod reflect;
mod tiles;
mod unruly;

use iolink_sdk::view::StorePut;
use iolink_sdk::{
    fail, Call, Convert, Cost, Create, CreateView, Host, Kind, Offer, OptionInfo, Options, Provider, ProviderInfo,
    Result, Source, Target, View,
};

/// A host takes a plugin's id once, so a second build of this one gets another.
const ID: &str = match option_env!("IOLINK_MIRROR_ID") {
    Some(id) => id,
    None => "test.mirror",
};

/// The options of a target.
const OPTIONS: &[OptionInfo] = &[OptionInfo::integer("level", "0", "a number to be recorded")];

/// Writes what was received, and the target's facts, under the target's key.
fn record(target: &Target, received: &str, call: &Call<'_>) -> Result<()> {
    let (store, key) = match target.store() {
        Some(place) => place,
        None => fail!(Unsupported, "{} is not in a store", target.uri()),
    };
    let level = target.parsed::<i64>("level")?.unwrap_or(0);
    let text = format!("{received}, level {level}, {}", target.uri());
    let put = StorePut { key, data: text.as_bytes(), if_absent: !target.is_overwrite(), if_version: None };
    store.put(&put, call)
}

/// The provider.
pub struct Mirror;

impl Provider for Mirror {
    const INFO: ProviderInfo = ProviderInfo::new(ID, "Gives views back").offers(&[
        Offer::open(Kind::RandomAccess, "MIRROR").schemes("mirror"),
        Offer::convert(Kind::Image, Kind::Image, Cost::Shared),
        Offer::convert(Kind::MultiImage, Kind::MultiImage, Cost::Shared),
        Offer::convert(Kind::LodImage, Kind::LodImage, Cost::Shared),
        Offer::convert(Kind::DataFrame, Kind::DataFrame, Cost::Shared),
        Offer::convert(Kind::Stream, Kind::Stream, Cost::Shared),
        Offer::convert(Kind::RandomAccess, Kind::RandomAccess, Cost::Shared),
        Offer::convert(Kind::Extension, Kind::Extension, Cost::Shared),
        Offer::convert(Kind::Store, Kind::Store, Cost::Shared),
        Offer::create_at(Kind::Image, "MIRROR").options(OPTIONS),
        Offer::save(Kind::Image, "MIRROR", 0).options(OPTIONS),
    ]);

    fn open(&self, _host: &Host, source: &Source, _call: &Call<'_>) -> Result<View> {
        // These panics are wanted; the hook is this shared object's own.
        std::panic::set_hook(Box::new(|_| {}));
        match source.uri() {
            "mirror:errors" => Ok(View::random_access(unruly::Errors)),
            "mirror:panics" => match source.format() {
                Some("frame") => Ok(View::data_frame(unruly::Panics)),
                Some("stream") => Ok(View::stream(unruly::Panics)),
                Some("multi") => Ok(View::multi_image(unruly::Panics)),
                Some("store") => Ok(View::store(unruly::Panics)),
                Some("open") => panic!("opening panics too"),
                _ => Ok(View::image(unruly::Panics)),
            },
            "mirror:tiles" => Ok(View::image(tiles::Tiled)),
            "mirror:counter" => Ok(View::random_access(count::Counter)),
            "mirror:dropped" => Ok(View::random_access(unruly::DropPanics)),
            other => fail!(NotFound, "there is no {other}"),
        }
    }

    fn create(&self, host: &Host, request: Create, call: &Call<'_>) -> Result<View> {
        let target = match request.target {
            Some(target) => target,
            None => fail!(InvalidArgument, "a target is wanted"),
        };
        let received = match request.view {
            CreateView::Image { shape, data_type, metadata, tile_shape, .. } => {
                let nodes = metadata.map_or(0, |tree| tree.node_count());
                let tiles = tile_shape.map_or_else(|| "none".to_owned(), |tile| tile.to_string());
                format!("image {shape} of {data_type} in tiles {tiles}, {nodes} nodes")
            }
            _ => fail!(Unsupported, "only an image is created"),
        };
        record(&target, &received, call)?;
        self.open(host, &Source::new("mirror:tiles"), call)
    }

    fn save(&self, _host: &Host, view: View, target: &Target, call: &Call<'_>) -> Result<()> {
        record(target, &format!("{view:?}, {} threads", call.max_threads()), call)
    }

    fn convert(&self, _host: &Host, view: View, _request: &Convert, _call: &Call<'_>) -> Result<View> {
        Ok(match view {
            View::Image(inner) => View::image(reflect::Image(inner)),
            View::MultiImage(inner) => View::multi_image(reflect::MultiImage(inner)),
            View::LodImage(inner) => View::lod_image(reflect::LodImage(inner)),
            View::DataFrame(inner) => View::data_frame(reflect::Frame(inner)),
            View::Stream(inner) => View::stream(reflect::Stream(inner)),
            View::RandomAccess(inner) => View::random_access(reflect::Random(inner)),
            View::Extension(inner) => View::extension(reflect::Service(inner)),
            View::Store(inner) => View::store(reflect::Store(inner)),
        })
    }
}

iolink_sdk::export_plugin!(Mirror);
