//! An image that shows less than it could.

use super::{Block, BlockMut, Call, Finish, ImageView, Memory};
use crate::{DataType, Error, ImageCapability, ImageProperties, MetadataNode, Region, Result, Shape};
use std::sync::Arc;

/// An image with fewer capabilities: to hand out one that must not be written, or whose memory must not be lent.
///
/// ```
/// use iolink_sdk::{DataType, ImageCapability, ImageView, Restricted, Shape};
/// # struct Mine;
/// # impl ImageView for Mine {
/// #     fn capabilities(&self) -> ImageCapability { ImageCapability::READ | ImageCapability::WRITE }
/// #     fn shape(&self) -> Shape { Shape::filled(2, 4) }
/// #     fn data_type(&self) -> DataType { DataType::UINT8 }
/// # }
/// let image = Restricted::new(Mine, ImageCapability::READ);
/// assert!(!image.capabilities().has(ImageCapability::WRITE));
/// assert!(image.set_metadata(Default::default()).unwrap_err().message().contains("WRITE"));
/// ```
pub struct Restricted<V> {
    image: V,
    allowed: ImageCapability,
}

impl<V: ImageView> Restricted<V> {
    /// The image with what it has of `allowed`.
    pub fn new(image: V, allowed: ImageCapability) -> Self {
        Restricted { image, allowed }
    }

    fn need(&self, capability: ImageCapability, name: &str) -> Result<()> {
        match self.allowed.has(capability) {
            true => Ok(()),
            false => Err(Error::capability("the image", name, "it was withheld by whoever opened it; copy the image")),
        }
    }
}

impl<V: ImageView> ImageView for Restricted<V> {
    fn capabilities(&self) -> ImageCapability {
        self.image.capabilities().only(self.allowed)
    }

    fn shape(&self) -> Shape {
        self.image.shape()
    }

    fn data_type(&self) -> DataType {
        self.image.data_type()
    }

    fn properties(&self) -> Arc<ImageProperties> {
        self.image.properties()
    }

    fn metadata(&self) -> Arc<MetadataNode> {
        self.image.metadata()
    }

    fn memory(&self) -> Result<Memory> {
        self.need(ImageCapability::MEMORY_ACCESS, "MEMORY_ACCESS")?;
        let memory = self.image.memory()?;
        let writable = memory.writable && self.allowed.has(ImageCapability::WRITE);
        Ok(Memory { writable, ..memory })
    }

    fn read_region(&self, region: &Region, target: &mut BlockMut<'_>, call: &Call<'_>) -> Result<()> {
        self.need(ImageCapability::READ, "READ")?;
        self.image.read_region(region, target, call)
    }

    fn write_region(&self, region: &Region, source: &Block<'_>, call: &Call<'_>) -> Result<()> {
        self.need(ImageCapability::WRITE, "WRITE")?;
        self.image.write_region(region, source, call)
    }

    fn reshape(&self, shape: &Shape, data_type: DataType) -> Result<()> {
        self.need(ImageCapability::RESHAPE, "RESHAPE")?;
        self.image.reshape(shape, data_type)
    }

    fn set_properties(&self, properties: ImageProperties) -> Result<()> {
        self.need(ImageCapability::WRITE, "WRITE")?;
        self.image.set_properties(properties)
    }

    fn set_metadata(&self, metadata: MetadataNode) -> Result<()> {
        self.need(ImageCapability::WRITE, "WRITE")?;
        self.image.set_metadata(metadata)
    }

    fn prefetch(&self, regions: &[Region], call: &Call<'_>) {
        self.image.prefetch(regions, call);
    }

    fn flush(&self, call: &Call<'_>) -> Result<()> {
        self.image.flush(call)
    }

    fn finish(&self, action: Finish, call: &Call<'_>) -> Result<()> {
        self.need(ImageCapability::WRITE, "WRITE")?;
        self.image.finish(action, call)
    }

    // No services: one that writes tiles would go around what is withheld.

    fn adapters(&self) -> usize {
        self.image.adapters()
    }

    fn origin(&self) -> Option<String> {
        self.image.origin()
    }
}
