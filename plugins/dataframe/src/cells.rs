//! One value of any type.

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef, RunArray, StructArray};
use arrow_schema::{DataType, IntervalUnit, TimeUnit};
use std::borrow::Cow;

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell<'a> {
    /// There is none.
    Missing,
    /// A boolean.
    Bool(bool),
    /// An integer of any width.
    Int(i128),
    /// A float of any width.
    Float(f64),
    /// Text.
    Text(Cow<'a, str>),
    /// Bytes.
    Bytes(Cow<'a, [u8]>),
    /// Days since 1970-01-01.
    Date(i64),
    /// Time of day in nanoseconds.
    Time(i64),
    /// A point in time: count since 1970-01-01, unit ("s", "ms", "us", "ns"), zone.
    Stamp(i64, &'static str, Option<Cow<'a, str>>),
    /// A length of time: count, unit.
    Span(i64, &'static str),
    /// A decimal number, written out.
    Decimal(String),
    /// A list.
    List(Vec<Cell<'a>>),
    /// A fixed number of values: a key and its value of a map; months, days and nanoseconds of an interval.
    Tuple(Vec<Cell<'a>>),
    /// Fields by name.
    Struct(Vec<(Cow<'a, str>, Cell<'a>)>),
    /// A value of a type that is only carried, named here.
    Other(String),
}

pub(crate) fn unit_of(unit: &TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Second => "s",
        TimeUnit::Millisecond => "ms",
        TimeUnit::Microsecond => "us",
        TimeUnit::Nanosecond => "ns",
    }
}

/// `value` x 10^-scale, written out.
fn decimal(digits: &str, scale: i8) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |digits| ("-", digits));
    if scale <= 0 {
        let zeros = if digits == "0" { 0 } else { usize::from(scale.unsigned_abs()) };
        return format!("{sign}{digits}{}", "0".repeat(zeros));
    }
    let scale = scale as usize;
    let padded = format!("{digits:0>width$}", width = scale + 1);
    let (whole, part) = padded.split_at(padded.len() - scale);
    format!("{sign}{whole}.{part}")
}

impl Cell<'_> {
    /// The same value, borrowed from nobody.
    pub fn into_owned(self) -> Cell<'static> {
        match self {
            Cell::Missing => Cell::Missing,
            Cell::Bool(value) => Cell::Bool(value),
            Cell::Int(value) => Cell::Int(value),
            Cell::Float(value) => Cell::Float(value),
            Cell::Text(text) => Cell::Text(text.into_owned().into()),
            Cell::Bytes(bytes) => Cell::Bytes(bytes.into_owned().into()),
            Cell::Date(days) => Cell::Date(days),
            Cell::Time(count) => Cell::Time(count),
            Cell::Stamp(count, unit, zone) => Cell::Stamp(count, unit, zone.map(|zone| zone.into_owned().into())),
            Cell::Span(count, unit) => Cell::Span(count, unit),
            Cell::Decimal(text) => Cell::Decimal(text),
            Cell::List(cells) => Cell::List(cells.into_iter().map(Cell::into_owned).collect()),
            Cell::Tuple(cells) => Cell::Tuple(cells.into_iter().map(Cell::into_owned).collect()),
            Cell::Struct(fields) => Cell::Struct(
                fields.into_iter().map(|(name, cell)| (name.into_owned().into(), cell.into_owned())).collect(),
            ),
            Cell::Other(words) => Cell::Other(words),
        }
    }
}

/// An integer of any width.
fn number(array: &dyn Array, row: usize) -> Cell<'static> {
    macro_rules! int {
        ($kind:ty) => {
            Cell::Int(i128::from(array.as_primitive::<$kind>().value(row)))
        };
    }
    match array.data_type() {
        DataType::Int8 => int!(Int8Type),
        DataType::Int16 => int!(Int16Type),
        DataType::Int32 => int!(Int32Type),
        DataType::Int64 => int!(Int64Type),
        DataType::UInt8 => int!(UInt8Type),
        DataType::UInt16 => int!(UInt16Type),
        DataType::UInt32 => int!(UInt32Type),
        DataType::UInt64 => int!(UInt64Type),
        _ => Cell::Missing,
    }
}

/// The count of a timestamp or duration.
fn count(array: &ArrayRef, row: usize) -> i64 {
    macro_rules! any {
        ($($kind:ty),*) => {
            $(if let Some(array) = array.as_primitive_opt::<$kind>() {
                return array.value(row);
            })*
        };
    }
    any!(TimestampNanosecondType, TimestampMicrosecondType, TimestampMillisecondType, TimestampSecondType);
    any!(DurationNanosecondType, DurationMicrosecondType, DurationMillisecondType, DurationSecondType);
    0
}

/// Months, days and nanoseconds of an interval.
fn interval(array: &ArrayRef, unit: IntervalUnit, row: usize) -> Cell<'static> {
    let (months, days, nanos) = match unit {
        IntervalUnit::YearMonth => (array.as_primitive::<IntervalYearMonthType>().value(row), 0, 0),
        IntervalUnit::DayTime => {
            let value = array.as_primitive::<IntervalDayTimeType>().value(row);
            (0, value.days, i64::from(value.milliseconds) * 1_000_000)
        }
        IntervalUnit::MonthDayNano => {
            let value = array.as_primitive::<IntervalMonthDayNanoType>().value(row);
            (value.months, value.days, value.nanoseconds)
        }
    };
    Cell::Tuple([i128::from(months), i128::from(days), i128::from(nanos)].map(Cell::Int).into())
}

/// The keys of a map with their values.
fn entries(map: &StructArray) -> Cell<'static> {
    let entry = |row| Cell::Tuple(map.columns().iter().map(|column| cell(column, row).into_owned()).collect());
    Cell::List((0..map.len()).map(entry).collect())
}

/// The value of a row whose run tells it.
fn of_run<'a, R: RunEndIndexType>(array: &'a RunArray<R>, row: usize) -> Cell<'a> {
    cell(array.values(), array.get_physical_index(row))
}

/// Value of a row that is there; the array was checked.
pub(crate) fn cell(array: &ArrayRef, row: usize) -> Cell<'_> {
    if array.is_null(row) {
        return Cell::Missing;
    }
    let list = |values: ArrayRef| Cell::List((0..values.len()).map(|at| cell(&values, at).into_owned()).collect());
    match array.data_type() {
        DataType::Null => Cell::Missing,
        DataType::Boolean => Cell::Bool(array.as_boolean().value(row)),
        kind if kind.is_integer() => number(array, row),
        DataType::Float16 => Cell::Float(array.as_primitive::<Float16Type>().value(row).to_f64()),
        DataType::Float32 => Cell::Float(f64::from(array.as_primitive::<Float32Type>().value(row))),
        DataType::Float64 => Cell::Float(array.as_primitive::<Float64Type>().value(row)),
        DataType::Utf8 => Cell::Text(array.as_string::<i32>().value(row).into()),
        DataType::LargeUtf8 => Cell::Text(array.as_string::<i64>().value(row).into()),
        DataType::Utf8View => Cell::Text(array.as_string_view().value(row).into()),
        DataType::Binary => Cell::Bytes(array.as_binary::<i32>().value(row).into()),
        DataType::LargeBinary => Cell::Bytes(array.as_binary::<i64>().value(row).into()),
        DataType::BinaryView => Cell::Bytes(array.as_binary_view().value(row).into()),
        DataType::FixedSizeBinary(_) => Cell::Bytes(array.as_fixed_size_binary().value(row).into()),
        DataType::Date32 => Cell::Date(i64::from(array.as_primitive::<Date32Type>().value(row))),
        DataType::Date64 => Cell::Date(array.as_primitive::<Date64Type>().value(row).div_euclid(86_400_000)),
        DataType::Time32(TimeUnit::Second) => {
            Cell::Time(i64::from(array.as_primitive::<Time32SecondType>().value(row)).saturating_mul(1_000_000_000))
        }
        DataType::Time32(_) => {
            Cell::Time(i64::from(array.as_primitive::<Time32MillisecondType>().value(row)).saturating_mul(1_000_000))
        }
        DataType::Time64(TimeUnit::Microsecond) => {
            Cell::Time(array.as_primitive::<Time64MicrosecondType>().value(row).saturating_mul(1_000))
        }
        DataType::Time64(_) => Cell::Time(array.as_primitive::<Time64NanosecondType>().value(row)),
        // What NumPy has for a missing time, which some producers hand over as if it were one.
        DataType::Timestamp(..) | DataType::Duration(_) if count(array, row) == i64::MIN => Cell::Missing,
        DataType::Timestamp(unit, zone) => {
            Cell::Stamp(count(array, row), unit_of(unit), zone.as_deref().map(Cow::from))
        }
        DataType::Duration(unit) => Cell::Span(count(array, row), unit_of(unit)),
        DataType::Decimal32(_, scale) => {
            Cell::Decimal(decimal(&array.as_primitive::<Decimal32Type>().value(row).to_string(), *scale))
        }
        DataType::Decimal64(_, scale) => {
            Cell::Decimal(decimal(&array.as_primitive::<Decimal64Type>().value(row).to_string(), *scale))
        }
        DataType::Decimal128(_, scale) => {
            Cell::Decimal(decimal(&array.as_primitive::<Decimal128Type>().value(row).to_string(), *scale))
        }
        DataType::Decimal256(_, scale) => {
            Cell::Decimal(decimal(&array.as_primitive::<Decimal256Type>().value(row).to_string(), *scale))
        }
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            let Cell::Int(key) = number(dictionary.keys(), row) else { return Cell::Missing };
            match usize::try_from(key) {
                Ok(key) if key < dictionary.values().len() => cell(dictionary.values(), key),
                _ => Cell::Missing,
            }
        }
        DataType::List(_) => list(array.as_list::<i32>().value(row)),
        DataType::LargeList(_) => list(array.as_list::<i64>().value(row)),
        DataType::FixedSizeList(..) => list(array.as_fixed_size_list().value(row)),
        DataType::Struct(fields) => {
            let columns = array.as_struct().columns();
            Cell::Struct(
                fields.iter().zip(columns).map(|(field, column)| (field.name().into(), cell(column, row))).collect(),
            )
        }
        DataType::ListView(_) => list(array.as_list_view::<i32>().value(row)),
        DataType::LargeListView(_) => list(array.as_list_view::<i64>().value(row)),
        DataType::Map(..) => entries(&array.as_map().value(row)),
        DataType::Interval(unit) => interval(array, *unit, row),
        DataType::RunEndEncoded(ends, _) => match ends.data_type() {
            DataType::Int16 => of_run(array.as_run::<Int16Type>(), row),
            DataType::Int32 => of_run(array.as_run::<Int32Type>(), row),
            _ => of_run(array.as_run::<Int64Type>(), row),
        },
        DataType::Union(..) => cell(&array.as_union().value(row), 0).into_owned(),
        other => Cell::Other(crate::types::words(other)),
    }
}
