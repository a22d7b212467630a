//! An image of one value.

use super::Image;
use iolink_sdk::{
    fail, ByteOrder, DataType, ImageCapability, ImageProperties, ImageView, Limits, Memory, Owner, Result, Shape,
    Strides,
};
use std::sync::Arc;

struct Uniform {
    value: Arc<Vec<u8>>,
    shape: Shape,
    data_type: DataType,
    properties: Arc<ImageProperties>,
}

/// An image every sample of which is `value`, one sample's bytes in this machine's order. It takes the memory of one
/// sample, which it shares: READ and MEMORY_ACCESS.
///
/// # Errors
/// `Type` for a value of another size or samples without one; `InvalidArgument` for properties that do not fit.
pub fn uniform(shape: &Shape, data_type: DataType, value: &[u8], properties: Option<ImageProperties>) -> Result<Image> {
    if value.len() != data_type.byte_count() || value.is_empty() || data_type.is_string() {
        fail!(Type, "a value of {} bytes is no sample of type {data_type}", value.len());
    }
    Limits::unallocated().image_bytes(shape, data_type)?;
    let properties = properties.unwrap_or_else(|| ImageProperties::from_data_type(data_type)).fitted(shape.len())?;
    properties.check_sizes(shape, data_type)?;
    let image = Uniform { value: Arc::new(value.to_vec()), shape: *shape, data_type, properties: Arc::new(properties) };
    image.memory()?.check()?;
    Ok(Arc::new(image))
}

impl ImageView for Uniform {
    fn capabilities(&self) -> ImageCapability {
        ImageCapability::READ | ImageCapability::MEMORY_ACCESS
    }

    fn shape(&self) -> Shape {
        self.shape
    }

    fn data_type(&self) -> DataType {
        self.data_type
    }

    fn properties(&self) -> Arc<ImageProperties> {
        self.properties.clone()
    }

    fn memory(&self) -> Result<Memory> {
        Ok(Memory {
            data: self.value.as_ptr() as *mut u8,
            data_type: self.data_type,
            shape: self.shape,
            strides: Strides::filled(self.shape.len(), 0),
            byte_order: ByteOrder::NATIVE,
            writable: false,
            owner: Owner::arc(self.value.clone()),
        })
    }
}
