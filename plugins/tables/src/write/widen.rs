//! The few kinds of arrays that polars' writers know, out of all that a frame may hold; texts are proven to be UTF-8.

use crate::failure::from_polars;
use crate::words::dictionary;
use iolink_sdk::{fail, Error, ErrorKind, Result};
use polars_arrow::array::{
    Array, BinaryArray, DictionaryArray, FixedSizeListArray, ListArray, MapArray, PrimitiveArray, StructArray,
    Utf8Array, Utf8ViewArray,
};
use polars_arrow::datatypes::{ArrowDataType, Field, TimeUnit};
use polars_arrow::match_integer_type;
use polars_arrow::offset::OffsetsBuffer;
use polars_arrow::types::NativeType;

/// The same values with offsets of 64 bits, and texts and bytes as views of none but themselves.
pub fn column(array: &dyn Array) -> Result<Box<dyn Array>> {
    let any = array.as_any();
    Ok(match array.dtype() {
        ArrowDataType::Utf8 => {
            let Some(texts) = any.downcast_ref::<Utf8Array<i32>>() else { return strange(array) };
            utf8(OffsetsBuffer::<i64>::from(texts.offsets()), texts.values(), texts.validity())?
        }
        ArrowDataType::LargeUtf8 => {
            let Some(texts) = any.downcast_ref::<Utf8Array<i64>>() else { return strange(array) };
            utf8(texts.offsets().clone(), texts.values(), texts.validity())?
        }
        ArrowDataType::Utf8View => {
            let Some(texts) = any.downcast_ref::<Utf8ViewArray>() else { return strange(array) };
            // Looked at as bytes, and turned back into texts with a check.
            texts.to_binview().to_utf8view().map_err(|error| from_polars(&error))?.boxed()
        }
        ArrowDataType::Binary => {
            let Some(bytes) = any.downcast_ref::<BinaryArray<i32>>() else { return strange(array) };
            let offsets = OffsetsBuffer::<i64>::from(bytes.offsets());
            let (values, validity) = (bytes.values().clone(), bytes.validity().cloned());
            BinaryArray::<i64>::new(ArrowDataType::LargeBinary, offsets, values, validity).boxed()
        }
        ArrowDataType::List(item) => {
            let Some(list) = any.downcast_ref::<ListArray<i32>>() else { return strange(array) };
            lists(item, OffsetsBuffer::<i64>::from(list.offsets()), &**list.values(), list.validity())?
        }
        ArrowDataType::LargeList(item) => {
            let Some(list) = any.downcast_ref::<ListArray<i64>>() else { return strange(array) };
            lists(item, list.offsets().clone(), &**list.values(), list.validity())?
        }
        ArrowDataType::Map(item, _) => {
            let Some(map) = any.downcast_ref::<MapArray>() else { return strange(array) };
            lists(item, OffsetsBuffer::<i64>::from(map.offsets()), &**map.field(), map.validity())?
        }
        ArrowDataType::FixedSizeList(item, size) => {
            let Some(list) = any.downcast_ref::<FixedSizeListArray>() else { return strange(array) };
            let values = column(&**list.values())?;
            let dtype = ArrowDataType::FixedSizeList(Box::new(item.with_dtype(values.dtype().clone())), *size);
            FixedSizeListArray::new(dtype, list.len(), values, list.validity().cloned()).boxed()
        }
        ArrowDataType::Struct(fields) => {
            let Some(record) = any.downcast_ref::<StructArray>() else { return strange(array) };
            let values = record.values().iter().map(|part| column(&**part)).collect::<Result<Vec<_>>>()?;
            let fields = fields.iter().zip(&values).map(|(field, part)| field.with_dtype(part.dtype().clone()));
            let dtype = ArrowDataType::Struct(fields.collect());
            StructArray::new(dtype, record.len(), values, record.validity().cloned()).boxed()
        }
        ArrowDataType::Dictionary(key, _, ordered) => match_integer_type!(key, |$T| {
            let Some(words) = any.downcast_ref::<DictionaryArray<$T>>() else { return strange(array) };
            let values = column(&**words.values())?;
            let dtype = ArrowDataType::Dictionary(*key, Box::new(values.dtype().clone()), *ordered);
            dictionary(dtype, words.keys(), values)?
        }),
        ArrowDataType::Decimal32(precision, scale) | ArrowDataType::Decimal64(precision, scale) => {
            let dtype = ArrowDataType::Decimal(*precision, *scale);
            wide_decimal(array, dtype)?
        }
        ArrowDataType::Union(_) | ArrowDataType::Interval(_) | ArrowDataType::Extension(_) | ArrowDataType::Unknown => {
            return strange(array)
        }
        _ => array.to_boxed(),
    })
}

/// Times in units that Parquet has a type for, which other readers know: milliseconds for seconds, dates for midnights.
pub fn known_to_parquet(array: Box<dyn Array>) -> Result<Box<dyn Array>> {
    let milli = TimeUnit::Millisecond;
    match array.dtype() {
        ArrowDataType::Timestamp(TimeUnit::Second, zone) => {
            scaled::<i64>(&*array, ArrowDataType::Timestamp(milli, zone.clone()), |count| count.checked_mul(1000))
        }
        ArrowDataType::Time32(TimeUnit::Second) => {
            scaled::<i32>(&*array, ArrowDataType::Time32(milli), |count| count.checked_mul(1000))
        }
        ArrowDataType::Date64 => {
            let Some(stamps) = array.as_any().downcast_ref::<PrimitiveArray<i64>>() else { return strange(&*array) };
            let days = stamps.values().iter().map(|count| i32::try_from(count.div_euclid(86_400_000)));
            let days = days.collect::<std::result::Result<Vec<i32>, _>>();
            let days = days.map_err(|_| Error::new(ErrorKind::OutOfRange, "a date is beyond what Parquet counts"))?;
            let made = PrimitiveArray::<i32>::new(ArrowDataType::Date32, days.into(), stamps.validity().cloned());
            Ok(made.boxed())
        }
        _ => Ok(array),
    }
}

fn scaled<T: NativeType>(array: &dyn Array, dtype: ArrowDataType, by: fn(T) -> Option<T>) -> Result<Box<dyn Array>> {
    let Some(counts) = array.as_any().downcast_ref::<PrimitiveArray<T>>() else { return strange(array) };
    let mut scaled = Vec::with_capacity(counts.len());
    for (row, count) in counts.values().iter().enumerate() {
        scaled.push(match by(*count) {
            Some(count) => count,
            None if counts.is_null(row) => T::default(),
            None => fail!(OutOfRange, "row {row}: {count} seconds are more milliseconds than 64 bits count"),
        });
    }
    Ok(PrimitiveArray::<T>::new(dtype, scaled.into(), counts.validity().cloned()).boxed())
}

/// The field of a column that was made wider.
pub fn field(field: &Field, column: &dyn Array) -> Field {
    field.with_dtype(column.dtype().clone())
}

/// The same column; of a dictionary, with keys of missing values that other readers take.
pub fn with_keys(array: &dyn Array) -> Result<Box<dyn Array>> {
    let ArrowDataType::Dictionary(key, ..) = array.dtype() else { return Ok(array.to_boxed()) };
    match_integer_type!(key, |$T| {
        let Some(words) = array.as_any().downcast_ref::<DictionaryArray<$T>>() else { return strange(array) };
        dictionary(array.dtype().clone(), words.keys(), words.values().clone())
    })
}

fn strange<T>(array: &dyn Array) -> Result<T> {
    fail!(Unsupported, "values of type {:?} are written into no file", array.dtype())
}

fn utf8(
    offsets: OffsetsBuffer<i64>,
    values: &polars_buffer::Buffer<u8>,
    validity: Option<&polars_arrow::bitmap::Bitmap>,
) -> Result<Box<dyn Array>> {
    let made = Utf8Array::<i64>::try_new(ArrowDataType::LargeUtf8, offsets, values.clone(), validity.cloned());
    Ok(made.map_err(|error| from_polars(&error))?.boxed())
}

fn lists(
    item: &Field,
    offsets: OffsetsBuffer<i64>,
    values: &dyn Array,
    validity: Option<&polars_arrow::bitmap::Bitmap>,
) -> Result<Box<dyn Array>> {
    let values = column(values)?;
    let dtype = ArrowDataType::LargeList(Box::new(item.with_dtype(values.dtype().clone())));
    let made = ListArray::<i64>::try_new(dtype, offsets, values, validity.cloned());
    Ok(made.map_err(|error| from_polars(&error))?.boxed())
}

fn wide_decimal(array: &dyn Array, dtype: ArrowDataType) -> Result<Box<dyn Array>> {
    let any = array.as_any();
    let made = if let Some(digits) = any.downcast_ref::<PrimitiveArray<i32>>() {
        let values: Vec<i128> = digits.values().iter().map(|digits| i128::from(*digits)).collect();
        PrimitiveArray::<i128>::try_new(dtype, values.into(), digits.validity().cloned())
    } else if let Some(digits) = any.downcast_ref::<PrimitiveArray<i64>>() {
        let values: Vec<i128> = digits.values().iter().map(|digits| i128::from(*digits)).collect();
        PrimitiveArray::<i128>::try_new(dtype, values.into(), digits.validity().cloned())
    } else {
        return strange(array);
    };
    Ok(made.map_err(|error| from_polars(&error))?.boxed())
}
