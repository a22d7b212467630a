//! Validation of the views of providers that are linked in: what they say of their images is held to the rules that views
//! from a library are held to when they are adopted.

use iolink_sdk::{
    host_api, Call, Error, ImageView, LodImageView, MetadataNode, MultiImageCapability, MultiImageView, Result, View,
};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// A view of the provider with this id, whose images are validated: an image at once, frames and levels when they are asked
/// for. Units come out as iolink writes them. Views from a library come out as they are.
///
/// # Errors
/// `Internal` for an image whose properties are wrong.
pub(crate) fn checked(view: View, provider: &'static str) -> Result<View> {
    Ok(match view {
        View::Image(image) => View::Image(image_of(image, provider)?),
        View::MultiImage(set) if set.foreign().is_none() => View::multi_image(Frames { set, provider }),
        View::LodImage(pyramid) if pyramid.foreign().is_none() => View::lod_image(Levels { pyramid, provider }),
        other => other,
    })
}

fn image_of(image: Arc<dyn ImageView>, provider: &'static str) -> Result<Arc<dyn ImageView>> {
    if image.foreign().is_none() {
        host_api::check_image(&*image).map_err(|error: Error| error.with_provider(provider))?;
        let known = image.properties();
        if !known.has_normal_units() {
            return crate::adapt::from_image_view(&image, Some((*known).clone()), None);
        }
    }
    Ok(image)
}

/// A set of images.
struct Frames {
    set: Arc<dyn MultiImageView>,
    provider: &'static str,
}

impl MultiImageView for Frames {
    fn capabilities(&self) -> MultiImageCapability {
        self.set.capabilities()
    }

    fn frame_count(&self) -> Result<u64> {
        self.set.frame_count()
    }

    fn frame(&self, index: u64) -> Result<View> {
        checked(self.set.frame(index)?, self.provider)
    }

    fn frame_count_with(&self, call: &Call<'_>) -> Result<u64> {
        self.set.frame_count_with(call)
    }

    fn frame_with(&self, index: u64, call: &Call<'_>) -> Result<View> {
        checked(self.set.frame_with(index, call)?, self.provider)
    }

    fn insert_with(&self, index: u64, frame: View, name: Option<&str>, call: &Call<'_>) -> Result<()> {
        self.set.insert_with(index, frame, name, call)
    }

    fn replace_with(&self, index: u64, frame: View, call: &Call<'_>) -> Result<()> {
        self.set.replace_with(index, frame, call)
    }

    fn remove_with(&self, index: u64, call: &Call<'_>) -> Result<()> {
        self.set.remove_with(index, call)
    }

    fn frame_name(&self, index: u64) -> Result<Option<String>> {
        self.set.frame_name(index)
    }

    fn insert(&self, index: u64, frame: View, name: Option<&str>) -> Result<()> {
        self.set.insert(index, frame, name)
    }

    fn replace(&self, index: u64, frame: View) -> Result<()> {
        self.set.replace(index, frame)
    }

    fn remove(&self, index: u64) -> Result<()> {
        self.set.remove(index)
    }

    fn metadata(&self) -> Arc<MetadataNode> {
        self.set.metadata()
    }

    fn extension(&self, id: u64) -> Option<View> {
        self.set.extension(id)
    }

    fn origin(&self) -> Option<String> {
        self.set.origin()
    }
}

/// A pyramid.
struct Levels {
    pyramid: Arc<dyn LodImageView>,
    provider: &'static str,
}

impl LodImageView for Levels {
    fn level_range(&self) -> RangeInclusive<i64> {
        self.pyramid.level_range()
    }

    fn resolution(&self, level: i64) -> Result<Arc<dyn ImageView>> {
        image_of(self.pyramid.resolution(level)?, self.provider)
    }

    fn resolution_with(&self, level: i64, call: &Call<'_>) -> Result<Arc<dyn ImageView>> {
        image_of(self.pyramid.resolution_with(level, call)?, self.provider)
    }

    fn metadata(&self) -> Arc<MetadataNode> {
        self.pyramid.metadata()
    }

    fn extension(&self, id: u64) -> Option<View> {
        self.pyramid.extension(id)
    }

    fn origin(&self) -> Option<String> {
        self.pyramid.origin()
    }
}
