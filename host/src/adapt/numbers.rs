//! Values of one block through a line into a block of another type.

use super::convert::Linear;
use super::half::{self, Component};
use iolink_sdk::copy::{convert_strided, Scalar};
use iolink_sdk::{fail, Block, BlockMut, ByteOrder, DataType, Error, Interpretation, Primitive, Result};

/// The kernel's name for a type's components.
///
/// # Errors
/// `Type` for what is not made of numbers of 8 to 64 bits.
fn component(data_type: DataType) -> Result<Component> {
    let scalar = match (data_type.primitive(), data_type.bit_depth()) {
        (Primitive::Unsigned, 8) => Scalar::U8,
        (Primitive::Unsigned, 16) => Scalar::U16,
        (Primitive::Unsigned, 32) => Scalar::U32,
        (Primitive::Unsigned, 64) => Scalar::U64,
        (Primitive::Signed, 8) => Scalar::I8,
        (Primitive::Signed, 16) => Scalar::I16,
        (Primitive::Signed, 32) => Scalar::I32,
        (Primitive::Signed, 64) => Scalar::I64,
        (Primitive::Float, 32) => Scalar::F32,
        (Primitive::Float, 64) => Scalar::F64,
        (Primitive::Float, 16) => return Ok(Component { scalar: Scalar::U16, half: true }),
        _ => fail!(Type, "values of type {data_type} cannot be converted"),
    };
    Ok(Component { scalar, half: false })
}

/// Refuses types whose values cannot be converted one by one.
pub(super) fn check_pair(from: DataType, to: DataType) -> Result<()> {
    component(from)?;
    component(to)?;
    let complex = |data_type: DataType| data_type.interpretation() == Interpretation::Complex;
    if from.element_count() != to.element_count() || complex(from) != complex(to) {
        fail!(
            Type,
            "values of type {from} cannot become {to}: give a type with {} components of the same kind",
            from.element_count()
        );
    }
    Ok(())
}

/// Converts samples of the same shape. Rules of rounding are the kernel's: half to even, saturating. The offset is added to
/// the real part only of complex numbers.
pub(super) fn convert(source: &Block<'_>, target: &mut BlockMut<'_>, line: Linear) -> Result<()> {
    check_pair(source.data_type(), target.data_type())?;
    if source.shape() != target.shape() {
        fail!(InvalidArgument, "samples of shape {} cannot fill a block of {}", source.shape(), target.shape());
    }
    if target.may_share(source) {
        return Err(Error::shared_memory());
    }
    let parts = source.data_type().element_count();
    if source.data_type().interpretation() == Interpretation::Complex && line.offset != 0.0 {
        every_other(source, target, (0, parts / 2), line)?;
        return every_other(source, target, (1, parts / 2), Linear { offset: 0.0, ..line });
    }
    components(source, target, (0, parts, 1), line)
}

/// Converts every second component from `first` on.
fn every_other(
    source: &Block<'_>,
    target: &mut BlockMut<'_>,
    (first, count): (usize, u64),
    line: Linear,
) -> Result<()> {
    components(source, target, (first, count, 2), line)
}

/// Converts `count` components of each sample, from `first` on by `step`.
fn components(
    source: &Block<'_>,
    target: &mut BlockMut<'_>,
    (first, count, step): (usize, u64, usize),
    line: Linear,
) -> Result<()> {
    let (from, to) = (component(source.data_type())?, component(target.data_type())?);
    let (mut shape, mut out, mut into) = (*source.shape(), *source.strides(), *target.strides());
    if count > 1 {
        shape = shape.with(count)?;
        out = out.with((from.scalar.size() * step) as i64)?;
        into = into.with((to.scalar.size() * step) as i64)?;
    }
    let swap = source.byte_order() != ByteOrder::NATIVE;
    let (data, room) =
        (source.data().wrapping_add(first * from.scalar.size()), target.data().wrapping_add(first * to.scalar.size()));
    // SAFETY: both blocks hold that many samples of their types, and components lie side by side in a sample. The target is
    // borrowed alone, or is a buffer of our own.
    unsafe {
        if (from.half || to.half) && (from != to || line != Linear::IDENTITY) {
            half::convert(&shape, (from, data, &out), swap, (to, room, &into), line)?;
        } else {
            let (factor, offset) = (line.factor, line.offset);
            convert_strided(&shape, from.scalar, data, &out, swap, to.scalar, room, &into, factor, offset);
        }
    }
    Ok(())
}
