//! Single samples of an image, as values.

use super::{Block, BlockMut, Call, ImageView};
use crate::{fail, Region, Result, Value};

/// The sample at an index, in canonical axis order.
///
/// # Errors
/// As [`ImageView::read_region`].
pub fn read_sample(image: &dyn ImageView, index: &[u64]) -> Result<Value> {
    let (one, data_type) = (one_sample(image, index)?, image.data_type());
    let mut bytes = vec![0; data_type.byte_count()];
    image.read_region(&one, &mut BlockMut::new(&mut bytes, &one.size, data_type)?, &Call::silent())?;
    Value::from_bytes(data_type, &bytes)
}

/// Writes the sample at an index, in canonical axis order.
///
/// # Errors
/// As [`ImageView::write_region`]; `Type` for a value of another type than the image's, `InvalidArgument` where it is not
/// exactly one.
pub fn write_sample(image: &dyn ImageView, index: &[u64], value: &Value) -> Result<()> {
    let (one, data_type) = (one_sample(image, index)?, image.data_type());
    if value.data_type() != data_type {
        fail!(Type, "a value of type {} is no sample of an image of type {data_type}", value.data_type());
    }
    if value.count() != 1 {
        fail!(InvalidArgument, "{} values of type {data_type} are not one sample", value.count());
    }
    image.write_region(&one, &Block::new(value.raw(), &one.size, data_type)?, &Call::silent())
}

/// The region of the one sample at an index, which the image must have.
fn one_sample(image: &dyn ImageView, index: &[u64]) -> Result<Region> {
    let one = Region::new(index, &vec![1; index.len()])?;
    one.check_inside(&image.shape())?;
    Ok(one)
}
