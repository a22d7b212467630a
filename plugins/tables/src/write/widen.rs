//! The few kinds of arrays that polars' writers know, out of all that a frame may hold; texts are proven to be UTF-8.

use crate::failure::from_polars;
use crate::words::{decoded, dictionary, each_word_once};
use iolink_sdk::{fail, Error, ErrorKind, Result};
use polars_arrow::array::{
    Array, BinaryArray, BinaryViewArray, DictionaryArray, FixedSizeListArray, ListArray, MapArray, PrimitiveArray,
    StructArray, Utf8Array, Utf8ViewArray,
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

/// The same array with the innermost ones changed: itself, or what lists and structs hold.
fn innermost(
    array: Box<dyn Array>,
    change: &dyn Fn(Box<dyn Array>) -> Result<Box<dyn Array>>,
) -> Result<Box<dyn Array>> {
    match array.dtype().is_nested() && !matches!(array.dtype(), ArrowDataType::Dictionary(..)) {
        true => parts(array, &|part| innermost(part, change)),
        false => change(array),
    }
}

/// The same list or struct with what it holds changed; any other array as it is.
fn parts(array: Box<dyn Array>, change: &dyn Fn(Box<dyn Array>) -> Result<Box<dyn Array>>) -> Result<Box<dyn Array>> {
    let any = array.as_any();
    let (validity, length) = (array.validity().cloned(), array.len());
    Ok(match array.dtype() {
        ArrowDataType::List(item) => {
            let Some(list) = any.downcast_ref::<ListArray<i32>>() else { return strange(&*array) };
            let values = change(list.values().clone())?;
            let dtype = ArrowDataType::List(Box::new(field(item, &*values)));
            ListArray::<i32>::new(dtype, list.offsets().clone(), values, validity).boxed()
        }
        ArrowDataType::LargeList(item) => {
            let Some(list) = any.downcast_ref::<ListArray<i64>>() else { return strange(&*array) };
            let values = change(list.values().clone())?;
            let dtype = ArrowDataType::LargeList(Box::new(field(item, &*values)));
            ListArray::<i64>::new(dtype, list.offsets().clone(), values, validity).boxed()
        }
        ArrowDataType::FixedSizeList(item, size) => {
            let Some(list) = any.downcast_ref::<FixedSizeListArray>() else { return strange(&*array) };
            let values = change(list.values().clone())?;
            let dtype = ArrowDataType::FixedSizeList(Box::new(field(item, &*values)), *size);
            FixedSizeListArray::new(dtype, length, values, validity).boxed()
        }
        ArrowDataType::Map(item, sorted) => {
            let Some(map) = any.downcast_ref::<MapArray>() else { return strange(&*array) };
            let values = change(map.field().clone())?;
            let dtype = ArrowDataType::Map(Box::new(field(item, &*values)), *sorted);
            MapArray::new(dtype, map.offsets().clone(), values, validity).boxed()
        }
        ArrowDataType::Struct(fields) => {
            let Some(record) = any.downcast_ref::<StructArray>() else { return strange(&*array) };
            let values = record.values().iter().map(|part| change(part.clone())).collect::<Result<Vec<_>>>()?;
            let fields = fields.iter().zip(&values).map(|(known, part)| field(known, &**part)).collect();
            StructArray::new(ArrowDataType::Struct(fields), length, values, validity).boxed()
        }
        _ => array,
    })
}

/// A column as Parquet has it. Of dictionaries it keeps those of texts; others are their values.
pub fn known_to_parquet(array: Box<dyn Array>) -> Result<Box<dyn Array>> {
    innermost(array, &|array| match array.dtype() {
        ArrowDataType::Dictionary(_, words, _) => match **words {
            ArrowDataType::LargeUtf8 | ArrowDataType::Utf8View => each_word_once(&*array),
            _ => units_of_parquet(decoded(&*array)?),
        },
        _ => units_of_parquet(array),
    })
}

/// Times in units that Parquet has a type for, which other readers know: milliseconds for seconds, dates for midnights.
fn units_of_parquet(array: Box<dyn Array>) -> Result<Box<dyn Array>> {
    let milli = TimeUnit::Millisecond;
    match array.dtype() {
        ArrowDataType::Timestamp(TimeUnit::Second, zone) => {
            scaled::<i64>(&*array, ArrowDataType::Timestamp(milli, zone.clone()), |count| count.checked_mul(1000))
        }
        ArrowDataType::Time32(TimeUnit::Second) => {
            scaled::<i32>(&*array, ArrowDataType::Time32(milli), |count| count.checked_mul(1000))
        }
        ArrowDataType::Date64 => days(&*array),
        _ => Ok(array),
    }
}

/// A column as polars can write it to Arrow IPC: below lists with offsets of 32 bits, and below maps, it forgets to count
/// views, which become texts and bytes with offsets there; and keys of missing values are such that other readers take them.
pub fn known_to_arrow(array: Box<dyn Array>) -> Result<Box<dyn Array>> {
    match array.dtype() {
        ArrowDataType::List(_) | ArrowDataType::Map(..) => innermost(array, &|array| with_keys(without_views(array))),
        dtype if dtype.is_nested() && !matches!(dtype, ArrowDataType::Dictionary(..)) => parts(array, &known_to_arrow),
        _ => with_keys(array),
    }
}

fn without_views(array: Box<dyn Array>) -> Box<dyn Array> {
    let any = array.as_any();
    if let Some(texts) = any.downcast_ref::<Utf8ViewArray>() {
        return texts.iter().collect::<Utf8Array<i64>>().boxed();
    }
    match any.downcast_ref::<BinaryViewArray>() {
        Some(bytes) => bytes.iter().collect::<BinaryArray<i64>>().boxed(),
        None => array,
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

fn days(array: &dyn Array) -> Result<Box<dyn Array>> {
    let Some(stamps) = array.as_any().downcast_ref::<PrimitiveArray<i64>>() else { return strange(array) };
    let mut days = Vec::with_capacity(stamps.len());
    for (row, stamp) in stamps.iter().enumerate() {
        days.push(match stamp {
            Some(count) => day(*count).map_err(|error| error.context(&format!("row {row}")))?,
            None => 0,
        });
    }
    Ok(PrimitiveArray::<i32>::new(ArrowDataType::Date32, days.into(), stamps.validity().cloned()).boxed())
}

/// The day that a count of milliseconds stands for, which must be a midnight.
pub fn day(milliseconds: i64) -> Result<i32> {
    if milliseconds % 86_400_000 != 0 {
        fail!(
            InvalidArgument,
            "{milliseconds} milliseconds are no midnight, as date64 counts; cast the column to timestamp(\"ms\")"
        );
    }
    let day = i32::try_from(milliseconds / 86_400_000);
    day.map_err(|_| {
        Error::new(ErrorKind::OutOfRange, format!("{milliseconds} milliseconds are beyond what date32 counts"))
    })
}

/// The field of a column that was made wider.
pub fn field(field: &Field, column: &dyn Array) -> Field {
    field.with_dtype(column.dtype().clone())
}

/// Of a dictionary, one with keys of missing values that other readers take; any other array as it is.
fn with_keys(array: Box<dyn Array>) -> Result<Box<dyn Array>> {
    let ArrowDataType::Dictionary(key, ..) = array.dtype() else { return Ok(array) };
    match_integer_type!(key, |$T| {
        let Some(words) = array.as_any().downcast_ref::<DictionaryArray<$T>>() else { return strange(&*array) };
        dictionary(array.dtype().clone(), words.keys(), words.values().clone())
    })
}

/// The words of all dictionaries in a column, in the order in which they come.
pub fn dictionaries(array: &dyn Array, found: &mut Vec<Box<dyn Array>>) {
    let any = array.as_any();
    if let ArrowDataType::Dictionary(key, ..) = array.dtype() {
        match_integer_type!(key, |$T| if let Some(words) = any.downcast_ref::<DictionaryArray<$T>>() {
            found.push(words.values().clone());
        });
    } else if let Some(record) = any.downcast_ref::<StructArray>() {
        record.values().iter().for_each(|part| dictionaries(&**part, found));
    } else if let Some(list) = any.downcast_ref::<ListArray<i32>>() {
        dictionaries(&**list.values(), found);
    } else if let Some(list) = any.downcast_ref::<ListArray<i64>>() {
        dictionaries(&**list.values(), found);
    } else if let Some(list) = any.downcast_ref::<FixedSizeListArray>() {
        dictionaries(&**list.values(), found);
    } else if let Some(map) = any.downcast_ref::<MapArray>() {
        dictionaries(&**map.field(), found);
    }
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
