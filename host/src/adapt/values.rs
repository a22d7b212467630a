//! Adapters of values: quantities, other types, other ranges.

use super::convert::{converted, Linear};
use super::Image;
use iolink_sdk::{fail, DataType, Interpretation, Primitive, Result};

/// The quantities behind the stored samples: `stored * slope + intercept` in double precision, by component. Always of type
/// DOUBLE (a vector or complex type of doubles where the samples are), also where the scale is the identity. READ, and WRITE
/// where the source has it: quantities are then turned back into stored samples, rounded and saturated.
///
/// # Errors
/// `Type` for samples that are not numbers; `InvalidArgument` where the slope is 0 or the scale is not finite.
pub fn scaled(image: &Image) -> Result<Image> {
    let from = image.data_type();
    if !from.is_numeric() {
        fail!(Type, "samples of type {from} are not numbers and have no scale");
    }
    let complex = from.interpretation() == Interpretation::Complex;
    let kind = if complex { Interpretation::Complex } else { Interpretation::Numeric };
    let to = DataType::from_fields(Primitive::Float, from.element_count(), 64, kind)?;
    let scale = image.properties().value_scale.clone();
    let line = match scale.is_identity() {
        true => Linear::IDENTITY,
        false => Linear { factor: scale.slope, offset: scale.intercept }.checked()?,
    };
    converted(image, to, line)
}

/// The image in another type, its type's whole range spread over the whole range of the other: 0 to 255 becomes 0 to 65535,
/// or 0 to 1 in floats. Labels keep their numbers. The value scale is turned so that quantities stay what they are. READ
/// and WRITE as the source; writing rounds and saturates.
///
/// # Errors
/// `Type` for types that are not numbers or differ in their component count, and for labels in a type that has not all their
/// numbers.
pub fn adapt_data_type(image: &Image, data_type: DataType) -> Result<Image> {
    let from = image.data_type();
    let labels = [from, data_type].iter().any(|one| one.interpretation() == Interpretation::Label);
    if labels && whole_numbers(data_type) < whole_numbers(from) {
        fail!(
            Type,
            "labels of type {from} do not all fit {data_type}, and labels keep their numbers: give a wider type"
        );
    }
    if labels || from == data_type {
        return converted(image, data_type, Linear::IDENTITY);
    }
    match (from.standard_range(), data_type.standard_range()) {
        (Some(input), Some(output)) => adapt_dynamic_range(image, data_type, input, output),
        _ => fail!(Type, "values of type {from} have no usual range to be spread over that of {data_type}"),
    }
}

/// Bits of the whole numbers from 0 on that a component holds each by itself.
fn whole_numbers(data_type: DataType) -> u64 {
    match (data_type.primitive(), data_type.bit_depth()) {
        (Primitive::Float, 16) => 11,
        (Primitive::Float, 32) => 24,
        (Primitive::Float, _) => 53,
        (Primitive::Signed, bits) => bits - 1,
        (_, bits) => bits,
    }
}

/// The image in another type, `input.0` becoming `output.0` and `input.1` becoming `output.1`; what is outside goes on
/// along the same line and is saturated only by the type. A range whose first number is the larger one inverts. The value
/// scale is turned so that quantities stay what they are. READ and WRITE as the source.
///
/// # Errors
/// As [`adapt_data_type`], and `InvalidArgument` for a range that is a point or not finite.
pub fn adapt_dynamic_range(image: &Image, data_type: DataType, input: (f64, f64), output: (f64, f64)) -> Result<Image> {
    converted(image, data_type, Linear::between(input, output)?)
}
