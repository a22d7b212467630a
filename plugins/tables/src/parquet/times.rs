//! The units in which times are read: those in which they are stored, so that none is beyond what its unit holds.

use iolink_sdk::{fail, Result};
use polars_arrow::array::{Array, FixedSizeListArray, ListArray, PrimitiveArray, StructArray};
use polars_arrow::datatypes::{ArrowDataType, ExtensionType, Field, TimeUnit};
use polars_parquet::parquet::metadata::ColumnDescriptor;
use polars_parquet::parquet::schema::types::{
    IntegerType, PhysicalType, PrimitiveConvertedType as Converted, PrimitiveLogicalType as Logical, PrimitiveType,
    TimeUnit as Stored,
};

/// The columns of a file in the order in which they lie, those inside lists and structs each for itself.
pub struct Leaves<'a> {
    columns: std::slice::Iter<'a, ColumnDescriptor>,
    int96: TimeUnit,
}

impl<'a> Leaves<'a> {
    /// Times of INT96 are read in a unit.
    pub fn new(columns: &'a [ColumnDescriptor], int96: TimeUnit) -> Self {
        Leaves { columns: columns.iter(), int96 }
    }

    /// The type of a column as its values are read: times and integers as the file stores them, whatever the schema of Arrow in
    /// it says; and `inside` another type no ordered dictionaries, since their words come in the order in which polars meets
    /// them.
    pub fn read_as(&mut self, dtype: &ArrowDataType, inside: bool) -> ArrowDataType {
        let mut part = |field: &Field| field.with_dtype(self.read_as(&field.dtype, true));
        match dtype {
            ArrowDataType::List(item) => ArrowDataType::List(Box::new(part(item))),
            ArrowDataType::LargeList(item) => ArrowDataType::LargeList(Box::new(part(item))),
            ArrowDataType::FixedSizeList(item, size) => ArrowDataType::FixedSizeList(Box::new(part(item)), *size),
            ArrowDataType::Map(item, sorted) => ArrowDataType::Map(Box::new(part(item)), *sorted),
            ArrowDataType::Struct(fields) if !fields.is_empty() => {
                ArrowDataType::Struct(fields.iter().map(part).collect())
            }
            ArrowDataType::Extension(extension) => {
                let inner = self.read_as(&extension.inner, inside);
                let (name, metadata) = (extension.name.clone(), extension.metadata.clone());
                ArrowDataType::Extension(Box::new(ExtensionType { name, inner, metadata }))
            }
            leaf => {
                let stored =
                    self.columns.next().and_then(|column| self.stored(leaf, &column.descriptor.primitive_type));
                match (leaf, stored) {
                    (_, Some(stored)) => stored,
                    (ArrowDataType::Dictionary(key, words, true), None) if inside => {
                        ArrowDataType::Dictionary(*key, words.clone(), false)
                    }
                    _ => leaf.clone(),
                }
            }
        }
    }

    /// The type that a column's own annotation tells, of the kind that is wanted.
    fn stored(&self, wanted: &ArrowDataType, kind: &PrimitiveType) -> Option<ArrowDataType> {
        use ArrowDataType::*;
        let unit = unit(kind);
        match (wanted, kind.physical_type) {
            (Timestamp(_, zone), PhysicalType::Int96) => Some(Timestamp(self.int96, zone.clone())),
            (Timestamp(_, zone), PhysicalType::Int64) => unit.map(|unit| Timestamp(unit, zone.clone())),
            (Time32(_), PhysicalType::Int32) => unit.map(Time32),
            (Time64(_), PhysicalType::Int64) => unit.map(Time64),
            (Int8 | Int16 | Int32 | UInt8 | UInt16 | UInt32, PhysicalType::Int32 | PhysicalType::Int64) => {
                integer(wanted, kind)
            }
            _ => None,
        }
    }
}

/// The unit of a column of times.
fn unit(kind: &PrimitiveType) -> Option<TimeUnit> {
    match (kind.logical_type, kind.converted_type) {
        (Some(Logical::Timestamp { unit, .. } | Logical::Time { unit, .. }), _) => Some(match unit {
            Stored::Milliseconds => TimeUnit::Millisecond,
            Stored::Microseconds => TimeUnit::Microsecond,
            Stored::Nanoseconds => TimeUnit::Nanosecond,
        }),
        (None, Some(Converted::TimestampMillis | Converted::TimeMillis)) => Some(TimeUnit::Millisecond),
        (None, Some(Converted::TimestampMicros | Converted::TimeMicros)) => Some(TimeUnit::Microsecond),
        _ => None,
    }
}

/// The type of a column of integers, if it is another than the one wanted: polars would cut its values off.
fn integer(wanted: &ArrowDataType, kind: &PrimitiveType) -> Option<ArrowDataType> {
    let own = match (kind.logical_type, kind.converted_type, kind.physical_type) {
        (Some(Logical::Integer(IntegerType::Int8)), ..) | (None, Some(Converted::Int8), _) => ArrowDataType::Int8,
        (Some(Logical::Integer(IntegerType::Int16)), ..) | (None, Some(Converted::Int16), _) => ArrowDataType::Int16,
        (Some(Logical::Integer(IntegerType::UInt8)), ..) | (None, Some(Converted::Uint8), _) => ArrowDataType::UInt8,
        (Some(Logical::Integer(IntegerType::UInt16)), ..) | (None, Some(Converted::Uint16), _) => ArrowDataType::UInt16,
        (Some(Logical::Integer(IntegerType::UInt32)), ..) | (None, Some(Converted::Uint32), _) => ArrowDataType::UInt32,
        (Some(Logical::Integer(IntegerType::UInt64)), ..) | (None, Some(Converted::Uint64), _) => ArrowDataType::UInt64,
        (None | Some(Logical::Integer(_)), None | Some(Converted::Int32 | Converted::Int64), PhysicalType::Int32) => {
            ArrowDataType::Int32
        }
        (None | Some(Logical::Integer(_)), None | Some(Converted::Int32 | Converted::Int64), PhysicalType::Int64) => {
            ArrowDataType::Int64
        }
        _ => return None,
    };
    (own != *wanted).then_some(own)
}

/// The field with all its points in time in milliseconds.
pub fn in_milliseconds(field: &Field) -> Field {
    let part = |item: &Field| Box::new(in_milliseconds(item));
    let dtype = match &field.dtype {
        ArrowDataType::Timestamp(_, zone) => ArrowDataType::Timestamp(TimeUnit::Millisecond, zone.clone()),
        ArrowDataType::List(item) => ArrowDataType::List(part(item)),
        ArrowDataType::LargeList(item) => ArrowDataType::LargeList(part(item)),
        ArrowDataType::FixedSizeList(item, size) => ArrowDataType::FixedSizeList(part(item), *size),
        ArrowDataType::Map(item, sorted) => ArrowDataType::Map(part(item), *sorted),
        ArrowDataType::Struct(fields) => ArrowDataType::Struct(fields.iter().map(in_milliseconds).collect()),
        other => other.clone(),
    };
    field.with_dtype(dtype)
}

/// Refuses points in time that are others in milliseconds: they are beyond what their unit counts.
pub fn check_same(array: &dyn Array, milliseconds: &dyn Array, column: &str) -> Result<()> {
    let (any, other) = (array.as_any(), milliseconds.as_any());
    if let (ArrowDataType::Timestamp(unit, _), Some(counts), Some(all)) =
        (array.dtype(), any.downcast_ref::<PrimitiveArray<i64>>(), other.downcast_ref::<PrimitiveArray<i64>>())
    {
        let same = |count: i64, all: i64| match unit {
            TimeUnit::Second => count.abs_diff(all.div_euclid(1000)) < 2,
            TimeUnit::Millisecond => count == all,
            TimeUnit::Microsecond => count.div_euclid(1000).abs_diff(all) < 2,
            TimeUnit::Nanosecond => count.div_euclid(1_000_000).abs_diff(all) < 2,
        };
        let beyond = counts.iter().zip(all.iter()).position(|pair| match pair {
            (Some(count), Some(all)) => !same(*count, *all),
            _ => false,
        });
        if let Some(row) = beyond {
            fail!(
                OutOfRange,
                "column {column:?}: value {row} of a row group is a time of INT96 that 64 bits do not hold in {unit:?}s, {} \
                 milliseconds from 1970; open the file with the option int96, as \"us\" or \"ms\"",
                all.value(row)
            );
        }
        return Ok(());
    }
    let pairs: Vec<(&dyn Array, &dyn Array)> = if let (Some(list), Some(all)) =
        (any.downcast_ref::<ListArray<i64>>(), other.downcast_ref::<ListArray<i64>>())
    {
        vec![(&**list.values(), &**all.values())]
    } else if let (Some(list), Some(all)) =
        (any.downcast_ref::<FixedSizeListArray>(), other.downcast_ref::<FixedSizeListArray>())
    {
        vec![(&**list.values(), &**all.values())]
    } else if let (Some(record), Some(all)) = (any.downcast_ref::<StructArray>(), other.downcast_ref::<StructArray>()) {
        record.values().iter().zip(all.values()).map(|(part, all)| (&**part, &**all)).collect()
    } else {
        Vec::new()
    };
    pairs.into_iter().try_for_each(|(part, all)| check_same(part, all, column))
}
