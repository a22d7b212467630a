//! A table in the types that its consumer asks for, where not a single value changes by it. Types that cannot be had that
//! way stay what they are: the protocol leaves the rest of the cast to the consumer.

use crate::column::Column;
use crate::export::{batches, stream_to};
use crate::import::{field_from, schema_from, table_from};
use crate::values::Values;
use crate::widen::{wide, widened};
use arrow_array::builder::{LargeBinaryBuilder, LargeStringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{make_array, Array, ArrayRef, ArrowPrimitiveType, BinaryViewArray, Int64Array, StringViewArray};
use arrow_buffer::Buffer;
use arrow_schema::{DataType, FieldRef, Schema, TimeUnit};
use iolink_sdk::{fail, Call, OwnedSchema, OwnedStream, Result};
use std::sync::Arc;

/// The table of a stream in the types of a schema, as far as that loses nothing.
///
/// # Errors
/// `InvalidArgument` where the schema has other columns; what the stream's producer fails with.
pub fn stream(stream: OwnedStream, requested: OwnedSchema) -> Result<OwnedStream> {
    let wanted = schema_from(&requested)?;
    let names = |fields: &[FieldRef]| fields.iter().map(|field| field.name().clone()).collect::<Vec<_>>();
    stream_as(stream, |fields| {
        let (asked, there) = (names(wanted.fields()), names(fields));
        if asked != there {
            fail!(InvalidArgument, "the schema asks for the columns {asked:?}, and the frame has {there:?}");
        }
        Ok(wanted.fields().iter().map(|field| field.data_type().clone()).collect())
    })
}

/// The table of a stream in the types that `choose` returns for its fields, as far as that loses nothing.
pub(crate) fn stream_as(
    stream: OwnedStream,
    choose: impl FnOnce(&[FieldRef]) -> Result<Vec<DataType>>,
) -> Result<OwnedStream> {
    let (schema, columns, rows) = table_from(stream, &Call::silent())?;
    let wanted = choose(schema.fields())?;
    let cast = columns.into_iter().zip(&wanted).map(|(column, wanted)| column_as(column, wanted));
    let columns: Vec<Column> = cast.collect::<Result<_>>()?;
    let fields: Vec<FieldRef> = columns.iter().map(|column| column.field.clone()).collect();
    let schema = Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()));
    let made = batches(&schema, &columns.iter().collect::<Vec<_>>(), &(0..rows))?;
    stream_to(schema, made)
}

/// Values in the type of a schema, as far as that loses nothing.
///
/// # Errors
/// Where the schema is none.
pub fn values(values: Values, requested: OwnedSchema) -> Result<Values> {
    let wanted = field_from(&requested)?;
    Ok(match lossless(&values.array, wanted.data_type()) {
        Some(array) => {
            let field = values.field.as_ref().clone().with_data_type(wanted.data_type().clone());
            Values { field: Arc::new(field), array }
        }
        None => values.widened(),
    })
}

fn column_as(column: Column, wanted: &DataType) -> Result<Column> {
    if column.field.data_type() == wanted {
        return Ok(column);
    }
    let mut made = Column::of_type(&column.field, wanted);
    for chunk in &column.chunks {
        chunk.check(column.field.name(), 0)?;
        match lossless(&chunk.exported(), wanted) {
            Some(array) => made.push(array),
            None => {
                let wide = wide(column.field.data_type()).filter(|wide| wide != wanted);
                return wide.map_or(Ok(column.clone()), |wide| column_as(column, &wide));
            }
        }
    }
    Ok(made)
}

/// The same values in another type; `None` where there is no such way, or a value would change.
pub(crate) fn lossless(array: &ArrayRef, to: &DataType) -> Option<ArrayRef> {
    use DataType::{Decimal128, Decimal32, Decimal64, Dictionary, Duration, Float32, Float64, Timestamp};
    let from = array.data_type();
    match (from, to) {
        _ if from == to => Some(array.clone()),
        (Dictionary(..), Dictionary(..)) => wide(from).filter(|wide| wide == to).map(|_| widened(array, to)),
        (Dictionary(..), to) => {
            let dictionary = array.as_any_dictionary();
            let plain = arrow_select::take::take(dictionary.values(), dictionary.keys(), None).ok()?;
            lossless(&plain, to)
        }
        (Timestamp(one, zone), Timestamp(other, wanted)) if zone.is_some() == wanted.is_some() => {
            counts(array, per_second(one), per_second(other), to)
        }
        (Duration(one), Duration(other)) => counts(array, per_second(one), per_second(other), to),
        (Float32, Float64) => {
            Some(Arc::new(array.as_primitive::<Float32Type>().unary::<_, Float64Type>(f64::from)) as ArrayRef)
        }
        (Decimal32(digits, scale) | Decimal64(digits, scale), Decimal128(room, wanted)) => {
            (scale == wanted && digits <= room).then(|| widened(array, to))
        }
        (from, to) if wide(from).as_ref() == Some(to) => Some(widened(array, to)),
        (from, to) if from.is_integer() && to.is_integer() => integers(array, to),
        (from, to) => texts(array, layout(from)?, layout(to)?, to),
    }
}

fn per_second(unit: &TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}

/// Times or durations in another unit.
fn counts(array: &ArrayRef, from: i64, to: i64, data_type: &DataType) -> Option<ArrayRef> {
    let retyped = |array: &dyn Array, data_type: DataType| {
        // SAFETY: each of these types is 64 bits wide, and any number is a value of it.
        unsafe { array.to_data().into_builder().data_type(data_type).build_unchecked() }
    };
    let counts = Int64Array::from(retyped(array, DataType::Int64));
    let counts = match to >= from {
        true => counts.try_unary::<_, Int64Type, _>(|count| count.checked_mul(to / from).ok_or(())),
        false => counts.try_unary(|count| if count % (from / to) == 0 { Ok(count / (from / to)) } else { Err(()) }),
    };
    Some(make_array(retyped(&counts.ok()?, data_type.clone())))
}

/// Integers of another width or sign.
fn integers(array: &ArrayRef, to: &DataType) -> Option<ArrayRef> {
    fn fitting<F: ArrowPrimitiveType, T: ArrowPrimitiveType>(array: &ArrayRef) -> Option<ArrayRef>
    where
        F::Native: Into<i128>,
        T::Native: TryFrom<i128>,
    {
        let fits = |value: F::Native| T::Native::try_from(value.into()).map_err(drop);
        Some(Arc::new(array.as_primitive::<F>().try_unary::<_, T, _>(fits).ok()?))
    }
    macro_rules! each {
        ($($variant:ident $kind:ty),*) => {{
            fn of<F: ArrowPrimitiveType>(array: &ArrayRef, to: &DataType) -> Option<ArrayRef>
            where
                F::Native: Into<i128>,
            {
                match to {
                    $(DataType::$variant => fitting::<F, $kind>(array),)*
                    _ => None,
                }
            }
            match array.data_type() {
                $(DataType::$variant => of::<$kind>(array, to),)*
                _ => None,
            }
        }};
    }
    each!(
        Int8 Int8Type, Int16 Int16Type, Int32 Int32Type, Int64 Int64Type,
        UInt8 UInt8Type, UInt16 UInt16Type, UInt32 UInt32Type, UInt64 UInt64Type
    )
}

/// How texts or bytes lie.
#[derive(Clone, Copy, PartialEq)]
enum Lie {
    Small,
    Large,
    View,
}

/// Is it text, and how does it lie?
fn layout(data_type: &DataType) -> Option<(bool, Lie)> {
    Some(match data_type {
        DataType::Utf8 => (true, Lie::Small),
        DataType::LargeUtf8 => (true, Lie::Large),
        DataType::Utf8View => (true, Lie::View),
        DataType::Binary => (false, Lie::Small),
        DataType::LargeBinary => (false, Lie::Large),
        DataType::BinaryView => (false, Lie::View),
        _ => return None,
    })
}

/// Texts, or bytes, that lie in another way.
fn texts(array: &ArrayRef, from: (bool, Lie), to: (bool, Lie), data_type: &DataType) -> Option<ArrayRef> {
    match (from, to) {
        ((true, _), (false, _)) | ((false, _), (true, _)) => None,
        ((text, Lie::View), _) => {
            let whole: ArrayRef = if text {
                let (views, mut made) = (array.as_string_view(), LargeStringBuilder::new());
                views.iter().for_each(|value| made.append_option(value));
                Arc::new(made.finish())
            } else {
                let (views, mut made) = (array.as_binary_view(), LargeBinaryBuilder::new());
                views.iter().for_each(|value| made.append_option(value));
                Arc::new(made.finish())
            };
            lossless(&whole, data_type)
        }
        ((true, Lie::Small), (_, Lie::View)) => Some(Arc::new(StringViewArray::from(array.as_string::<i32>()))),
        ((true, Lie::Large), (_, Lie::View)) => Some(Arc::new(StringViewArray::from(array.as_string::<i64>()))),
        ((false, Lie::Small), (_, Lie::View)) => Some(Arc::new(BinaryViewArray::from(array.as_binary::<i32>()))),
        ((false, Lie::Large), (_, Lie::View)) => Some(Arc::new(BinaryViewArray::from(array.as_binary::<i64>()))),
        ((_, from), _) => offsets(array, from == Lie::Large, data_type),
    }
}

/// The same bytes behind offsets of the other width.
fn offsets(array: &ArrayRef, large: bool, data_type: &DataType) -> Option<ArrayRef> {
    let data = array.to_data();
    let places = data.offset()..data.offset() + data.len() + 1;
    let known = &data.buffers()[0];
    let offsets = match (data.is_empty(), large) {
        (true, true) => Buffer::from_vec(vec![0i32]),
        (true, false) => Buffer::from_vec(vec![0i64]),
        (false, true) => {
            let narrow = known.typed_data::<i64>()[places].iter().map(|at| i32::try_from(*at).ok());
            Buffer::from_vec(narrow.collect::<Option<Vec<i32>>>()?)
        }
        (false, false) => {
            Buffer::from_vec(known.typed_data::<i32>()[places].iter().map(|at| i64::from(*at)).collect::<Vec<i64>>())
        }
    };
    let made = arrow_data::ArrayData::builder(data_type.clone()).len(data.len()).nulls(data.nulls().cloned());
    // SAFETY: the same offsets in the width of the type, into the same bytes.
    Some(make_array(unsafe { made.add_buffer(offsets).add_buffer(data.buffers()[1].clone()).build_unchecked() }))
}
