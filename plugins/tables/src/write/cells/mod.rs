//! Single values in the words of text formats.

pub mod json;
pub mod text;

use iolink_sdk::{fail, Result};
use polars_arrow::array::{Array, BooleanArray, DictionaryArray, PrimitiveArray, Utf8Array, Utf8ViewArray};
use polars_arrow::datatypes::{ArrowDataType, TimeUnit};
use polars_arrow::match_integer_type;
use polars_arrow::temporal_conversions as time;
use polars_arrow::types::{i256, NativeType};
use polars_utils::float16::pf16;
use std::borrow::Cow;
use std::fmt::{Debug, Display};

/// Columns of one batch, all of types that the format has words for.
pub struct Cells<'a> {
    pub columns: Vec<&'a dyn Array>,
    pub rows: usize,
}

impl<'a> Cells<'a> {
    /// Refuses a column by its name.
    pub fn of(names: &[String], columns: &'a [Box<dyn Array>], known: fn(&ArrowDataType) -> bool) -> Result<Self> {
        for (name, column) in names.iter().zip(columns) {
            if !known(column.dtype()) {
                fail!(
                    Unsupported,
                    "column {name:?}: a text format has no words for {}; write Parquet or Arrow IPC",
                    of(column.dtype())
                );
            }
        }
        let rows = columns.first().map_or(0, |column| column.len());
        Ok(Cells { columns: columns.iter().map(|column| &**column).collect(), rows })
    }
}

/// Values of a type, in words.
fn of(dtype: &ArrowDataType) -> &'static str {
    match dtype {
        ArrowDataType::BinaryView | ArrowDataType::LargeBinary | ArrowDataType::FixedSizeBinary(_) => "bytes",
        ArrowDataType::LargeList(item) | ArrowDataType::FixedSizeList(item, _) if plain(&item.dtype) => "lists",
        ArrowDataType::LargeList(item) | ArrowDataType::FixedSizeList(item, _) => of(&item.dtype),
        ArrowDataType::Struct(_) => "structs",
        ArrowDataType::Dictionary(_, values, _) => of(values),
        _ => "values of this type",
    }
}

/// A value that is there.
pub enum Value<'a> {
    Bool(bool),
    /// Digits, as both formats have them.
    Number(String),
    /// A float, written out, and whether it is one that JSON knows.
    Float(String, bool),
    Text(Cow<'a, str>),
}

/// Is there a [`Value`] for each value of this type?
pub fn plain(dtype: &ArrowDataType) -> bool {
    use ArrowDataType::*;
    match dtype {
        Dictionary(_, values, _) => plain(values),
        Null | Boolean | Float16 | Float32 | Float64 | LargeUtf8 | Utf8View | Date32 | Date64 => true,
        Int8 | Int16 | Int32 | Int64 | UInt8 | UInt16 | UInt32 | UInt64 => true,
        Time32(_) | Time64(_) | Timestamp(..) | Duration(_) | Decimal(..) | Decimal256(..) => true,
        _ => false,
    }
}

/// The value of a row; `None` where it is missing, or of a type that is not [`plain`].
pub fn value(array: &dyn Array, row: usize) -> Result<Option<Value<'_>>> {
    if array.is_null(row) {
        return Ok(None);
    }
    let any = array.as_any();
    Ok(match array.dtype() {
        ArrowDataType::Boolean => any.downcast_ref::<BooleanArray>().map(|bits| Value::Bool(bits.value(row))),
        ArrowDataType::Int8 => number::<i8>(array, row),
        ArrowDataType::Int16 => number::<i16>(array, row),
        ArrowDataType::Int32 => number::<i32>(array, row),
        ArrowDataType::Int64 => number::<i64>(array, row),
        ArrowDataType::UInt8 => number::<u8>(array, row),
        ArrowDataType::UInt16 => number::<u16>(array, row),
        ArrowDataType::UInt32 => number::<u32>(array, row),
        ArrowDataType::UInt64 => number::<u64>(array, row),
        ArrowDataType::Float16 => native::<pf16>(array, row).map(|value| float(f32::from(value))),
        ArrowDataType::Float32 => native::<f32>(array, row).map(float),
        ArrowDataType::Float64 => native::<f64>(array, row).map(float),
        ArrowDataType::LargeUtf8 => {
            any.downcast_ref::<Utf8Array<i64>>().map(|texts| Value::Text(texts.value(row).into()))
        }
        ArrowDataType::Utf8View => {
            any.downcast_ref::<Utf8ViewArray>().map(|texts| Value::Text(texts.value(row).into()))
        }
        ArrowDataType::Decimal(_, scale) => native::<i128>(array, row).map(|value| decimal(&value.to_string(), *scale)),
        ArrowDataType::Decimal256(_, scale) => {
            native::<i256>(array, row).map(|value| decimal(&value.to_string(), *scale))
        }
        ArrowDataType::Dictionary(key, ..) => match_integer_type!(key, |$T| {
            match any.downcast_ref::<DictionaryArray<$T>>() {
                Some(words) => value(&**words.values(), words.key_value(row))?,
                None => None,
            }
        }),
        _ => moment(array, row)?,
    })
}

fn native<T: NativeType>(array: &dyn Array, row: usize) -> Option<T> {
    array.as_any().downcast_ref::<PrimitiveArray<T>>().map(|values| values.value(row))
}

fn number<T: NativeType + Display>(array: &dyn Array, row: usize) -> Option<Value<'static>> {
    native::<T>(array, row).map(|value| Value::Number(value.to_string()))
}

fn float<T: Debug + Into<f64> + Copy>(value: T) -> Value<'static> {
    // The shortest digits that lead back to the same number.
    Value::Float(format!("{value:?}"), value.into().is_finite())
}

/// `digits` x 10^-scale, written out.
fn decimal(digits: &str, scale: usize) -> Value<'static> {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |digits| ("-", digits));
    if scale == 0 {
        return Value::Number(format!("{sign}{digits}"));
    }
    let digits = format!("{digits:0>width$}", width = scale + 1);
    let (whole, part) = digits.split_at(digits.len() - scale);
    Value::Number(format!("{sign}{whole}.{part}"))
}

/// A date, time of day, point in time or length of time, by ISO 8601.
fn moment(array: &dyn Array, row: usize) -> Result<Option<Value<'static>>> {
    let short = native::<i32>(array, row);
    let Some(count) = short.map(i64::from).or_else(|| native::<i64>(array, row)) else { return Ok(None) };
    let words = |found: Option<&dyn Debug>| match found {
        Some(moment) => Ok(format!("{moment:?}")),
        None => fail!(OutOfRange, "{count} of {:?} is beyond the calendar", array.dtype()),
    };
    let day_part = |units: i64| {
        Some(count).filter(|count| (0..86_400 * units).contains(count)).map(|count| count * (1_000_000_000 / units))
    };
    let text = match array.dtype() {
        ArrowDataType::Date32 => {
            words(short.and_then(time::date32_to_date_opt).as_ref().map(|date| date as &dyn Debug))?
        }
        ArrowDataType::Date64 => {
            let date = time::date32_to_date_opt(super::widen::day(count)?);
            words(date.as_ref().map(|date| date as &dyn Debug))?
        }
        ArrowDataType::Time32(unit) | ArrowDataType::Time64(unit) => {
            let clock = day_part(per_second(*unit)).and_then(time::time64ns_to_time_opt);
            words(clock.as_ref().map(|clock| clock as &dyn Debug))?
        }
        ArrowDataType::Timestamp(unit, zone) => {
            let stamp = match unit {
                TimeUnit::Second => time::timestamp_s_to_datetime_opt(count),
                TimeUnit::Millisecond => time::timestamp_ms_to_datetime_opt(count),
                TimeUnit::Microsecond => time::timestamp_us_to_datetime_opt(count),
                TimeUnit::Nanosecond => time::timestamp_ns_to_datetime_opt(count),
            };
            let text = words(stamp.as_ref().map(|stamp| stamp as &dyn Debug))?;
            if zone.is_some() {
                text + "Z"
            } else {
                text
            }
        }
        ArrowDataType::Duration(unit) => {
            let (units, sign) = (per_second(*unit) as u64, if count < 0 { "-" } else { "" });
            let (seconds, part) = (count.unsigned_abs() / units, count.unsigned_abs() % units);
            match part {
                0 => format!("{sign}PT{seconds}S"),
                part => {
                    let digits = format!("{part:0>width$}", width = units.ilog10() as usize);
                    format!("{sign}PT{seconds}.{}S", digits.trim_end_matches('0'))
                }
            }
        }
        _ => return Ok(None),
    };
    Ok(Some(Value::Text(text.into())))
}

fn per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(array: &dyn Array) -> String {
        match value(array, 0).unwrap() {
            Some(Value::Number(words) | Value::Float(words, _)) => words,
            Some(Value::Text(words)) => words.into_owned(),
            Some(Value::Bool(value)) => value.to_string(),
            None => "-".to_owned(),
        }
    }

    #[test]
    fn times_and_numbers_are_written_by_iso_8601_and_digit_by_digit() {
        let long = |count: i64, dtype: ArrowDataType| PrimitiveArray::<i64>::from_vec(vec![count]).to(dtype);
        let stamp = |count, unit| long(count, ArrowDataType::Timestamp(unit, None));
        assert_eq!(words(&stamp(-1, TimeUnit::Millisecond)), "1969-12-31T23:59:59.999");
        assert_eq!(words(&stamp(86_400, TimeUnit::Second)), "1970-01-02T00:00:00");
        assert_eq!(
            words(&long(1, ArrowDataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())))),
            "1970-01-01T00:00:00.000000001Z"
        );
        assert_eq!(words(&long(-1500, ArrowDataType::Duration(TimeUnit::Millisecond))), "-PT1.5S");
        assert_eq!(words(&long(3, ArrowDataType::Duration(TimeUnit::Second))), "PT3S");
        assert_eq!(words(&long(3_600_000_000, ArrowDataType::Time64(TimeUnit::Microsecond))), "01:00:00");
        let digits = |value: i128| PrimitiveArray::<i128>::from_vec(vec![value]).to(ArrowDataType::Decimal(9, 3));
        assert_eq!([words(&digits(-5)), words(&digits(12_345))], ["-0.005", "12.345"]);
        assert_eq!(words(&PrimitiveArray::<f32>::from_vec(vec![0.1])), "0.1");
        assert!(value(&stamp(i64::MAX, TimeUnit::Second), 0).is_err());
    }
}
