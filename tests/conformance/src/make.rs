//! Views to be tested, made through the registry.

use iolink_host::Registry;
use iolink_sdk::provider::OfferKind;
use iolink_sdk::{
    Adopt, AxesInterpretation, ByteOrder, Bytes, Create, DataType, ImageProperties, ImageView, Memory, Owner, Shape,
    View,
};
use std::sync::Arc;

/// Shapes that a provider must take: of no, one and several axes, with sizes of 1 and primes.
pub(crate) const SHAPES: [&[u64]; 6] = [&[], &[7], &[5, 3], &[1, 11, 2], &[4, 1, 3, 2], &[2, 3, 1, 2, 3]];
/// Types of one, several and odd bytes.
pub(crate) const TYPES: [DataType; 6] = [
    DataType::UINT8,
    DataType::INT16,
    DataType::FLOAT,
    DataType::COMPLEX_DOUBLE,
    DataType::VEC3_UINT8,
    DataType::VEC3_UINT16,
];

/// Bytes that are all different from their neighbours.
pub(crate) fn pattern(length: usize, seed: u8) -> Vec<u8> {
    (0..length)
        .map(|index| (index as u8).wrapping_mul(37).wrapping_add((index >> 8) as u8).wrapping_add(seed))
        .collect()
}

pub(crate) fn properties(dimensions: usize) -> ImageProperties {
    let axes_interpretation = match dimensions {
        2 => AxesInterpretation::Image,
        3 => AxesInterpretation::MultispectralImage,
        5 => AxesInterpretation::MultispectralVolumeSequence,
        _ => AxesInterpretation::Unknown,
    };
    ImageProperties { axes_interpretation, ..ImageProperties::default() }
}

/// Who owns adopted memory in a test: tells when it is let go.
pub(crate) type Owned = Arc<Vec<u8>>;

/// An image of zeros, by creating it or by adopting memory.
pub(crate) fn image(
    registry: &Registry,
    offer: OfferKind,
    shape: &[u64],
    data_type: DataType,
) -> Result<(Arc<dyn ImageView>, Option<Owned>), String> {
    let shape = Shape::new(shape).map_err(|error| error.to_string())?;
    let known = Some(properties(shape.len()));
    let (view, owned) = if offer == OfferKind::Create {
        (registry.create(Create::Image { shape, data_type, properties: known }), None)
    } else {
        let count = shape.element_count().ok_or("too many samples")? as usize;
        let owned: Owned = Arc::new(vec![0; count * data_type.byte_count()]);
        let memory = Memory {
            data: owned.as_ptr() as *mut u8,
            data_type,
            shape,
            strides: shape.dense_strides(data_type.byte_count(), (0..shape.len()).rev()),
            byte_order: ByteOrder::NATIVE,
            writable: true,
            owner: Owner::arc(owned.clone()),
        };
        (registry.adopt(Adopt::Image { memory: Box::new(memory), properties: known.map(Arc::new) }), Some(owned))
    };
    let view = view.and_then(View::into_image).map_err(|error| error.to_string())?;
    Ok((view, owned))
}

/// Bytes that somebody owns.
pub(crate) fn bytes(content: &[u8], writable: bool) -> (Bytes, Owned) {
    let owned: Owned = Arc::new(content.to_vec());
    let bytes = Bytes {
        data: owned.as_ptr() as *mut u8,
        length: content.len() as u64,
        writable,
        owner: Owner::arc(owned.clone()),
    };
    (bytes, owned)
}
