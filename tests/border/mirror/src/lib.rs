//! A plugin for the border's tests.
//!
//! CONVERT gives every view back behind one of this plugin's own, so that each call crosses the border twice. OPEN takes
//! `mirror:errors`, `mirror:panics` and `mirror:counter`, for what a well-behaved view cannot show, and `mirror:tiles`.

mod count;
mod reflect;
mod tiles;
mod unruly;

use iolink_sdk::{Cost, Host, Kind, Offer, Provider, ProviderInfo, Result, Source, Target, View};

/// A host takes a plugin's id once, so a second build of this one gets another.
const ID: &str = match option_env!("IOLINK_MIRROR_ID") {
    Some(id) => id,
    None => "test.mirror",
};

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
    ]);

    fn open(&self, _host: &Host, source: &Source) -> Result<View> {
        // These panics are wanted; the hook is this shared object's own.
        std::panic::set_hook(Box::new(|_| {}));
        match source.uri() {
            "mirror:errors" => Ok(View::random_access(unruly::Errors)),
            "mirror:panics" => match source.format() {
                Some("frame") => Ok(View::data_frame(unruly::Panics)),
                Some("stream") => Ok(View::stream(unruly::Panics)),
                Some("multi") => Ok(View::multi_image(unruly::Panics)),
                Some("open") => panic!("opening panics too"),
                _ => Ok(View::image(unruly::Panics)),
            },
            "mirror:tiles" => Ok(View::image(tiles::Tiled)),
            "mirror:counter" => Ok(View::random_access(count::Counter)),
            "mirror:dropped" => Ok(View::random_access(unruly::DropPanics)),
            other => iolink_sdk::fail!(NotFound, "there is no {other}"),
        }
    }

    fn convert(&self, _host: &Host, view: View, _target: Target) -> Result<View> {
        Ok(match view {
            View::Image(inner) => View::image(reflect::Image(inner)),
            View::MultiImage(inner) => View::multi_image(reflect::MultiImage(inner)),
            View::LodImage(inner) => View::lod_image(reflect::LodImage(inner)),
            View::DataFrame(inner) => View::data_frame(reflect::Frame(inner)),
            View::Stream(inner) => View::stream(reflect::Stream(inner)),
            View::RandomAccess(inner) => View::random_access(reflect::Random(inner)),
            View::Extension(inner) => View::extension(reflect::Service(inner)),
        })
    }
}

iolink_sdk::export_plugin!(Mirror);
