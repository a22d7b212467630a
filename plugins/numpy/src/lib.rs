//! Adopts foreign strided memory as images: NumPy arrays, for one. It knows no Python: whoever owns the memory comes as a
//! pointer with a release function.

use iolink_sdk::{
    fail, Adopt, Call, DataType, Host, ImageCapability, ImageProperties, ImageView, Kind, Memory, MetadataNode, Offer,
    Owner, Provider, ProviderInfo, Result, Shape, View,
};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

/// The provider that adopts strided memory.
pub struct Numpy;

impl Provider for Numpy {
    const INFO: ProviderInfo = ProviderInfo::new("org.iolink.numpy", "Foreign strided memory as images").offers(&[
        Offer::adopt(Kind::Image).image_capabilities(ImageCapability::READ.and(ImageCapability::MEMORY_ACCESS)),
    ]);

    fn adopt(&self, _host: &Host, request: Adopt, _call: &Call<'_>) -> Result<View> {
        match request {
            Adopt::Image { memory, properties } => Ok(View::image(AdoptedImage::new(memory, properties)?)),
            other => fail!(NotImplemented, "org.iolink.numpy does not adopt views of kind {}", other.kind().word()),
        }
    }
}

iolink_sdk::builtin!(Numpy);

/// The properties of an image without names, one object for all images of a type: most adopted arrays have them.
fn unnamed(data_type: DataType) -> Arc<ImageProperties> {
    static COMMON: RwLock<Vec<(DataType, Arc<ImageProperties>)>> = RwLock::new(Vec::new());
    let find = |known: &[(DataType, Arc<ImageProperties>)]| {
        known.iter().find(|(own, _)| *own == data_type).map(|(_, properties)| properties.clone())
    };
    if let Some(properties) = find(&COMMON.read().unwrap_or_else(PoisonError::into_inner)) {
        return properties;
    }
    let properties = Arc::new(ImageProperties::from_data_type(data_type));
    let mut known = COMMON.write().unwrap_or_else(PoisonError::into_inner);
    if known.len() < 256 && find(&known).is_none() {
        known.push((data_type, properties.clone()));
    }
    properties
}

/// The empty tree that images without metadata share.
fn no_metadata() -> Arc<MetadataNode> {
    static EMPTY: OnceLock<Arc<MetadataNode>> = OnceLock::new();
    EMPTY.get_or_init(Arc::default).clone()
}

/// An image over memory that somebody else owns.
pub struct AdoptedImage {
    memory: Arc<Memory>,
    described: RwLock<(Arc<ImageProperties>, Arc<MetadataNode>)>,
}

impl AdoptedImage {
    /// The memory as an image; the owner is kept until the image and every export of it are gone.
    ///
    /// # Errors
    /// What [`Memory::check`] refuses, and properties that do not fit.
    pub fn new(memory: impl Into<Arc<Memory>>, properties: Option<Arc<ImageProperties>>) -> Result<Self> {
        let memory = memory.into();
        memory.check()?;
        let properties = match properties {
            Some(properties) if properties.is_fitted(memory.shape.len()) => properties,
            Some(properties) => Arc::new(properties.fitted(memory.shape.len())?),
            None => unnamed(memory.data_type),
        };
        properties.check_sizes(&memory.shape, memory.data_type)?;
        Ok(AdoptedImage { memory, described: RwLock::new((properties, no_metadata())) })
    }
}

impl ImageView for AdoptedImage {
    fn capabilities(&self) -> ImageCapability {
        let fixed = ImageCapability::READ | ImageCapability::MEMORY_ACCESS;
        if self.memory.writable {
            fixed | ImageCapability::WRITE
        } else {
            fixed
        }
    }

    fn shape(&self) -> Shape {
        self.memory.shape
    }

    fn data_type(&self) -> DataType {
        self.memory.data_type
    }

    fn properties(&self) -> Arc<ImageProperties> {
        self.described.read().unwrap_or_else(PoisonError::into_inner).0.clone()
    }

    fn metadata(&self) -> Arc<MetadataNode> {
        self.described.read().unwrap_or_else(PoisonError::into_inner).1.clone()
    }

    fn memory(&self) -> Result<Memory> {
        let Memory { data, data_type, shape, strides, byte_order, writable, .. } = *self.memory;
        Ok(Memory { data, data_type, shape, strides, byte_order, writable, owner: Owner::arc(self.memory.clone()) })
    }

    fn serves_regions_from_memory(&self) -> bool {
        true
    }

    fn set_properties(&self, properties: ImageProperties) -> Result<()> {
        let properties = properties.fitted(self.memory.shape.len())?;
        properties.check_sizes(&self.memory.shape, self.memory.data_type)?;
        self.described.write().unwrap_or_else(PoisonError::into_inner).0 = Arc::new(properties);
        Ok(())
    }

    fn set_metadata(&self, metadata: MetadataNode) -> Result<()> {
        self.described.write().unwrap_or_else(PoisonError::into_inner).1 = Arc::new(metadata);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use iolink_sdk::{BlockMut, ByteOrder, Call, ErrorKind, Region, Strides};

    fn adopt(
        samples: Vec<u8>,
        shape: &[u64],
        strides: &[i64],
        order: ByteOrder,
        writable: bool,
    ) -> Result<AdoptedImage> {
        let samples = Arc::new(samples);
        let memory = Memory {
            data: samples.as_ptr() as *mut u8,
            data_type: DataType::UINT16,
            shape: Shape::new(shape)?,
            strides: Strides::new(strides)?,
            byte_order: order,
            writable,
            owner: Owner::arc(samples.clone()),
        };
        AdoptedImage::new(memory, None)
    }

    #[test]
    fn big_endian_memory_is_shared_as_it_is_and_read_in_native_order() {
        let image = adopt(vec![0, 1, 0, 2], &[2], &[2], ByteOrder::Big, false).unwrap();
        assert_eq!(image.memory().unwrap().byte_order, ByteOrder::Big);
        let mut out = [0u8; 4];
        let mut target = BlockMut::new(&mut out, &image.shape(), DataType::UINT16).unwrap();
        image.read_region(&Region::full(&image.shape()), &mut target, &Call::silent()).unwrap();
        assert_eq!([u16::from_ne_bytes([out[0], out[1]]), u16::from_ne_bytes([out[2], out[3]])], [1, 2]);
    }

    #[test]
    fn read_only_memory_has_no_write() {
        let image = adopt(vec![0; 4], &[2], &[2], ByteOrder::Little, false).unwrap();
        assert!(!image.capabilities().has(ImageCapability::WRITE));
        let refused = image.memory().unwrap().block_mut(&Region::full(&image.shape())).err().unwrap();
        assert_eq!(refused.kind(), ErrorKind::NotImplemented);
    }

    #[test]
    fn the_owner_goes_with_the_last_of_image_and_exports() {
        let samples = Arc::new(vec![0u8; 4]);
        let memory = Memory {
            data: samples.as_ptr() as *mut u8,
            data_type: DataType::UINT8,
            shape: Shape::new(&[4]).unwrap(),
            strides: Strides::new(&[1]).unwrap(),
            byte_order: ByteOrder::NATIVE,
            writable: false,
            owner: Owner::arc(samples.clone()),
        };
        let image = AdoptedImage::new(memory, None).unwrap();
        let export = image.memory().unwrap();
        drop(image);
        assert_eq!(Arc::strong_count(&samples), 2);
        drop(export);
        assert_eq!(Arc::strong_count(&samples), 1);
    }

    #[test]
    fn strides_beyond_the_address_space_are_refused() {
        let refused = adopt(vec![0; 4], &[1 << 60, 16], &[1 << 58, 2], ByteOrder::Little, false).err().unwrap();
        assert_eq!(refused.kind(), ErrorKind::Limit);
    }
}
