//! Images in memory: allocates them, copies anything readable into them, and keeps sets of images. Images in plain files:
//! creates them, to be written by regions.

mod buffer;
mod form;
mod image;
mod multi;
mod raw;

pub use buffer::allocated_bytes;
pub use image::MemoryImage;
pub use multi::MemoryMultiImage;
pub use raw::Raw;

use iolink_sdk::{
    fail, BlockMut, Call, Convert, Cost, Create, CreateView, Host, ImageCapability, ImageView, Kind, Offer, Provider,
    ProviderInfo, Region, Result, View,
};

const WHOLE: ImageCapability =
    ImageCapability::READ.and(ImageCapability::WRITE).and(ImageCapability::MEMORY_ACCESS).and(ImageCapability::RESHAPE);

/// The provider of images in memory.
pub struct Memory;

impl Provider for Memory {
    const INFO: ProviderInfo = ProviderInfo::new("org.iolink.memory", "Images in memory").offers(&[
        Offer::create(Kind::Image).image_capabilities(WHOLE),
        Offer::create(Kind::MultiImage),
        Offer::convert(Kind::Image, Kind::Image, Cost::Copy)
            .needs(ImageCapability::READ.value())
            .image_capabilities(WHOLE),
    ]);

    fn create(&self, _host: &Host, request: Create, _call: &Call<'_>) -> Result<View> {
        if request.target.is_some() {
            fail!(NotImplemented, "org.iolink.memory creates views in memory only, not at a target");
        }
        match request.view {
            CreateView::Image { shape, data_type, properties, metadata, .. } => {
                let image = MemoryImage::new(&shape, data_type, properties)?;
                if let Some(metadata) = metadata {
                    image.set_metadata(metadata)?;
                }
                Ok(View::image(image))
            }
            CreateView::MultiImage => Ok(View::multi_image(MemoryMultiImage::default())),
            other => fail!(NotImplemented, "org.iolink.memory does not create views of kind {}", other.kind().word()),
        }
    }

    fn convert(&self, _host: &Host, view: View, request: &Convert, call: &Call<'_>) -> Result<View> {
        if request.kind != Kind::Image || request.capabilities & !WHOLE.value() != 0 {
            fail!(NotImplemented, "org.iolink.memory only makes images in memory");
        }
        Ok(View::image(copy(&*view.into_image()?, call)?))
    }
}

iolink_sdk::builtin!(Memory, Raw);

/// A copy of an image in memory, with its properties and metadata.
///
/// # Errors
/// `Limit` where it is too large, and what the source's reading fails with.
pub fn copy(source: &dyn ImageView, call: &Call<'_>) -> Result<MemoryImage> {
    let (shape, data_type) = (source.shape(), source.data_type());
    let image = MemoryImage::new(&shape, data_type, Some((*source.properties()).clone()))?;
    if shape.element_count() != Some(0) {
        let memory = image.memory()?;
        let whole = Region::full(&shape);
        let mut target: BlockMut<'_> = memory.block_mut(&whole)?;
        source.read_region(&whole, &mut target, call)?;
    }
    image.set_metadata((*source.metadata()).clone())?;
    Ok(image)
}

#[cfg(test)]
mod raw_tests;
#[cfg(test)]
mod tests;
