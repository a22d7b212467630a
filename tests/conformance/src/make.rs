//! Views to be tested, and what they are made of.

use crate::Subject;
use iolink_sdk::provider::OfferKind;
use iolink_sdk::{
    Adopt, AxesInterpretation, Block, BlockMut, ByteOrder, Bytes, Call, CreateView, DataType, ImageCapability,
    ImageProperties, ImageView, Memory, MetadataNode, Owner, RandomAccess, Region, Result as Made, Shape,
    StreamCapability, View,
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
    subject: &Subject<'_>,
    offer: OfferKind,
    shape: &[u64],
    data_type: DataType,
) -> Result<(Arc<dyn ImageView>, Option<Owned>), String> {
    let shape = Shape::new(shape).map_err(|error| error.to_string())?;
    let known = Some(properties(shape.len()));
    let (view, owned) = if offer == OfferKind::Create {
        (subject.provider.create(CreateView::image(shape, data_type, known).in_memory()), None)
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
        (
            subject.provider.adopt(Adopt::Image { memory: Box::new(memory), properties: known.map(Arc::new) }),
            Some(owned),
        )
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

/// Bytes that tell by their count of references whether they were let go.
pub(crate) struct Counted(pub(crate) Vec<u8>);

impl RandomAccess for Counted {
    fn capabilities(&self) -> StreamCapability {
        StreamCapability::READ
    }

    fn length(&self) -> Made<u64> {
        Ok(self.0.len() as u64)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Made<usize> {
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(self.0.len());
        let count = buffer.len().min(self.0.len() - from);
        buffer[..count].copy_from_slice(&self.0[from..from + count]);
        Ok(count)
    }
}

/// An image that can only be read, region by region: what a conversion gets to convert.
pub(crate) struct Lazy {
    pub(crate) shape: Shape,
    pub(crate) content: Vec<u8>,
    pub(crate) metadata: Arc<MetadataNode>,
}

impl Lazy {
    /// 16-bit samples, all different from their neighbours, calibrated.
    pub(crate) fn new() -> Result<Self, String> {
        let mut metadata = MetadataNode::default();
        metadata.set("/conformance/number", 7i32).map_err(crate::words)?;
        let shape = Shape::new(&[5, 3]).map_err(crate::words)?;
        Ok(Lazy { shape, content: pattern(30, 3), metadata: Arc::new(metadata) })
    }
}

impl ImageView for Lazy {
    fn capabilities(&self) -> ImageCapability {
        ImageCapability::READ
    }

    fn shape(&self) -> Shape {
        self.shape
    }

    fn data_type(&self) -> DataType {
        DataType::INT16
    }

    fn properties(&self) -> Arc<ImageProperties> {
        let mut known = properties(2).fitted(2).unwrap_or_default();
        known.axes[1].spacing = 0.25;
        known.value_scale.slope = 2.0;
        Arc::new(known)
    }

    fn metadata(&self) -> Arc<MetadataNode> {
        self.metadata.clone()
    }

    fn read_region(&self, region: &Region, target: &mut BlockMut<'_>, call: &Call<'_>) -> Made<()> {
        region.check_inside(&self.shape)?;
        let strides = self.shape.column_fastest(2);
        let first: i64 = region.origin.iter().zip(&*strides).map(|(at, step)| *at as i64 * step).sum();
        let block = Block::with_strides(&self.content, first as usize, &region.size, &strides, DataType::INT16)?;
        target.copy_from(&block, call)
    }
}
