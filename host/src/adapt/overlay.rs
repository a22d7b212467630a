//! The same samples under other properties, or with fewer capabilities.

use super::convert::Converted;
use super::mapped::Mapped;
use super::own::opened;
use super::Image;
use iolink_sdk::{ImageCapability, ImageProperties, MetadataNode, Result};
use std::sync::Arc;

/// The same samples under other properties and other metadata; `None` keeps what is there. Keeps READ, WRITE and
/// MEMORY_ACCESS.
///
/// # Errors
/// `InvalidArgument` where the properties do not fit the image's axes.
pub fn from_image_view(
    image: &Image,
    properties: Option<ImageProperties>,
    metadata: Option<MetadataNode>,
) -> Result<Image> {
    let properties = properties.map(|given| given.fitted(image.shape().len())).transpose()?;
    if let Some(given) = &properties {
        given.check_sizes(&image.shape(), image.data_type())?;
    }
    if let (Some(converted), None) = (opened::<Converted>(image), &metadata) {
        return Ok(converted.dressed(properties, super::ADAPTABLE));
    }
    let mut view = Mapped::over(image)?;
    if let Some(properties) = properties {
        view.properties = Arc::new(properties);
    }
    if let Some(metadata) = metadata {
        view.metadata = Some(Arc::new(metadata));
    }
    Ok(view.image())
}

/// The same image with those of its capabilities only that are in `allowed`; it never gains one. Without WRITE its memory
/// is lent read-only. RESHAPE is never kept.
///
/// # Errors
/// `InvalidArgument` where the image's properties do not fit it.
pub fn restrict_capabilities(image: &Image, allowed: ImageCapability) -> Result<Image> {
    if image.capabilities().only(allowed) == image.capabilities() {
        return Ok(image.clone());
    }
    if let Some(converted) = opened::<Converted>(image) {
        return Ok(converted.dressed(None, allowed));
    }
    let mut view = Mapped::over(image)?;
    view.capabilities = view.capabilities.only(allowed);
    Ok(view.image())
}

/// The image itself: every view may be used from several threads already. The host puts a lock around views whose maker
/// does not claim that, when it adopts them.
pub fn make_thread_safe(image: &Image) -> Image {
    image.clone()
}
