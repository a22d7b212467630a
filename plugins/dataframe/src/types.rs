//! What a table is made of, in plain words: names, types, units.

use crate::arrow_error;
use crate::build::type_of;
use crate::edit::Wanted;
use crate::export::schema_to;
use crate::import::schema_from;
use arrow_array::ffi::FFI_ArrowSchema;
use arrow_schema::{DataType as Arrow, Field, FieldRef, Schema, TimeUnit};
use iolink_sdk::{fail, DataType, Error, ErrorKind, OwnedSchema, Result};
use std::collections::HashMap;
use std::sync::Arc;

/// Field metadata with the unit of a column.
pub const UNIT: &str = "iolink.unit";
/// Field metadata with the name of a type that Arrow has no word for, such as LABEL16.
pub const TYPE: &str = "iolink.type";

const SAME: [(DataType, Arrow); 13] = [
    (DataType::UINT8, Arrow::UInt8),
    (DataType::UINT16, Arrow::UInt16),
    (DataType::UINT32, Arrow::UInt32),
    (DataType::UINT64, Arrow::UInt64),
    (DataType::INT8, Arrow::Int8),
    (DataType::INT16, Arrow::Int16),
    (DataType::INT32, Arrow::Int32),
    (DataType::INT64, Arrow::Int64),
    (DataType::FLOAT16, Arrow::Float16),
    (DataType::FLOAT, Arrow::Float32),
    (DataType::DOUBLE, Arrow::Float64),
    (DataType::BOOL, Arrow::Boolean),
    (DataType::UTF8_STRING, Arrow::LargeUtf8),
];

const NAMED: [(DataType, Arrow); 5] = [
    (DataType::BINARY, Arrow::UInt8),
    (DataType::LABEL8, Arrow::UInt8),
    (DataType::LABEL16, Arrow::UInt16),
    (DataType::LABEL32, Arrow::UInt32),
    (DataType::LABEL64, Arrow::UInt64),
];

/// The column of a type of this library.
fn field_of(name: &str, data_type: DataType) -> Result<Field> {
    if let Some((_, arrow)) = SAME.iter().find(|(known, _)| *known == data_type) {
        return Ok(Field::new(name, arrow.clone(), true));
    }
    match NAMED.iter().find(|(known, _)| *known == data_type) {
        Some((_, arrow)) => {
            let metadata = HashMap::from([(TYPE.to_owned(), data_type.to_string())]);
            Ok(Field::new(name, arrow.clone(), true).with_metadata(metadata))
        }
        None => fail!(
            Type,
            "column {name:?} cannot have type {data_type}: a data frame has numbers, BOOL and UTF8_STRING; other types \
             come in through Arrow"
        ),
    }
}

fn data_type_of(field: &Field) -> DataType {
    let named = field.metadata().get(TYPE).and_then(|name| DataType::from_name(name));
    if let Some(data_type) = named {
        if NAMED.iter().any(|(known, arrow)| *known == data_type && arrow == field.data_type()) {
            return data_type;
        }
    }
    match field.data_type() {
        Arrow::Utf8 | Arrow::LargeUtf8 | Arrow::Utf8View => DataType::UTF8_STRING,
        other => SAME.iter().find(|(_, arrow)| arrow == other).map_or(DataType::UNKNOWN, |(data_type, _)| *data_type),
    }
}

fn unit_word(unit: &TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Second => "s",
        TimeUnit::Millisecond => "ms",
        TimeUnit::Microsecond => "us",
        TimeUnit::Nanosecond => "ns",
    }
}

/// The usual words for an Arrow type: `int64`, `timestamp[ns, tz=UTC]`, `list<item: string>`.
pub(crate) fn words(data_type: &Arrow) -> String {
    let of = |field: &FieldRef| format!("{}: {}", field.name(), words(field.data_type()));
    match data_type {
        Arrow::Null => "null".to_owned(),
        Arrow::Boolean => "bool".to_owned(),
        Arrow::Float16 => "halffloat".to_owned(),
        Arrow::Float32 => "float".to_owned(),
        Arrow::Float64 => "double".to_owned(),
        Arrow::Utf8 => "string".to_owned(),
        Arrow::LargeUtf8 => "large_string".to_owned(),
        Arrow::Utf8View => "string_view".to_owned(),
        Arrow::Binary => "binary".to_owned(),
        Arrow::LargeBinary => "large_binary".to_owned(),
        Arrow::BinaryView => "binary_view".to_owned(),
        Arrow::FixedSizeBinary(size) => format!("fixed_size_binary[{size}]"),
        Arrow::Date32 => "date32[day]".to_owned(),
        Arrow::Date64 => "date64[ms]".to_owned(),
        Arrow::Time32(unit) => format!("time32[{}]", unit_word(unit)),
        Arrow::Time64(unit) => format!("time64[{}]", unit_word(unit)),
        Arrow::Duration(unit) => format!("duration[{}]", unit_word(unit)),
        Arrow::Timestamp(unit, None) => format!("timestamp[{}]", unit_word(unit)),
        Arrow::Timestamp(unit, Some(zone)) => format!("timestamp[{}, tz={zone}]", unit_word(unit)),
        Arrow::Decimal32(precision, scale) => format!("decimal32({precision}, {scale})"),
        Arrow::Decimal64(precision, scale) => format!("decimal64({precision}, {scale})"),
        Arrow::Decimal128(precision, scale) => format!("decimal128({precision}, {scale})"),
        Arrow::Decimal256(precision, scale) => format!("decimal256({precision}, {scale})"),
        Arrow::List(item) => format!("list<{}>", of(item)),
        Arrow::LargeList(item) => format!("large_list<{}>", of(item)),
        Arrow::ListView(item) => format!("list_view<{}>", of(item)),
        Arrow::LargeListView(item) => format!("large_list_view<{}>", of(item)),
        Arrow::FixedSizeList(item, size) => format!("fixed_size_list<{}>[{size}]", of(item)),
        Arrow::Struct(fields) => format!("struct<{}>", fields.iter().map(of).collect::<Vec<_>>().join(", ")),
        Arrow::Dictionary(key, value) => format!("dictionary<values={}, indices={}>", words(value), words(key)),
        other => other.to_string().to_lowercase(),
    }
}

/// One column of a table.
#[derive(Debug, Clone)]
pub struct ColumnInfo {
    /// Its name.
    pub name: String,
    /// Its type in this library, UNKNOWN where there is none.
    pub data_type: DataType,
    /// Its Arrow type in the usual words.
    pub arrow_type: String,
    /// Its Arrow type as a format of the C data interface; of a dictionary, that of the keys.
    pub format: String,
    /// Are its values numbers in a dictionary?
    pub dictionary: bool,
    /// Is the dictionary's order one of the values?
    pub ordered: bool,
    /// May values be missing?
    pub nullable: bool,
    /// Everything else that is known of it.
    pub metadata: HashMap<String, String>,
}

impl ColumnInfo {
    pub(crate) fn new(field: &Field) -> Result<Self> {
        let raw = FFI_ArrowSchema::try_from(field).map_err(arrow_error)?;
        Ok(ColumnInfo {
            name: field.name().clone(),
            data_type: data_type_of(field),
            arrow_type: words(field.data_type()),
            format: raw.format().to_owned(),
            dictionary: matches!(field.data_type(), Arrow::Dictionary(..)),
            ordered: field.dict_is_ordered() == Some(true),
            nullable: field.is_nullable(),
            metadata: field.metadata().clone().into(),
        })
    }

    /// Are its values points in time that know their zone?
    pub fn zoned(&self) -> bool {
        self.format.starts_with("ts") && self.format.len() > 4 && !self.dictionary
    }

    /// The column's unit, or "".
    pub fn unit(&self) -> &str {
        self.metadata.get(UNIT).map_or("", String::as_str)
    }
}

/// The column with another unit; "" is none.
pub(crate) fn with_unit(field: &Field, unit: &str) -> Field {
    let mut metadata = field.metadata().clone();
    if unit.is_empty() {
        metadata.remove(UNIT);
    } else {
        metadata.insert(UNIT.to_owned(), unit.to_owned());
    }
    field.clone().with_metadata(metadata)
}

pub(crate) fn name_is_taken(name: &str) -> Error {
    let what = format!("there is a column {name:?} already; the names of a frame's columns must differ");
    Error::new(ErrorKind::InvalidArgument, what)
}

/// The columns of a table, to be read and changed.
#[derive(Debug, Clone, Default)]
pub struct TableType {
    fields: Vec<FieldRef>,
    metadata: HashMap<String, String>,
}

impl TableType {
    /// The columns that a C schema describes.
    ///
    /// # Errors
    /// `Type` where it is no table's, `Unsupported` for a type that is not known.
    pub fn read(schema: &OwnedSchema) -> Result<Self> {
        let schema = schema_from(schema)?;
        Ok(TableType { fields: schema.fields().to_vec(), metadata: schema.metadata().clone().into() })
    }

    /// As a C schema.
    ///
    /// # Errors
    /// `InvalidArgument` for a name with a NUL in it.
    pub fn to_schema(&self) -> Result<OwnedSchema> {
        if let Some(field) = self.fields.iter().find(|field| field.name().contains('\0')) {
            fail!(InvalidArgument, "the column name {:?} holds a NUL", field.name());
        }
        schema_to(&Schema::new_with_metadata(self.fields.clone(), self.metadata.clone()))
    }

    /// How many columns.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Has it no columns?
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// One column.
    ///
    /// # Errors
    /// `OutOfRange` where there is no such column.
    pub fn column(&self, index: usize) -> Result<ColumnInfo> {
        ColumnInfo::new(self.field(index)?)
    }

    pub(crate) fn field(&self, index: usize) -> Result<&FieldRef> {
        self.fields.get(index).ok_or_else(|| self.no_column(index))
    }

    /// Number of a column.
    ///
    /// # Errors
    /// `OutOfRange` where there is no such column.
    pub fn find(&self, wanted: Wanted<'_>) -> Result<usize> {
        let index = usize::try_from(wanted.index).unwrap_or(usize::MAX);
        match (wanted.name, self.fields.get(index)) {
            (None, None) => Err(self.no_column(index)),
            (Some(name), field) if field.is_none_or(|field| field.name() != name) => {
                match self.names().position(|known| known == name) {
                    Some(index) => Ok(index),
                    None => fail!(OutOfRange, "there is no column {name:?}"),
                }
            }
            _ => Ok(index),
        }
    }

    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|field| field.name().as_str())
    }

    /// The table's own metadata.
    pub fn metadata(&self) -> &HashMap<String, String> {
        &self.metadata
    }

    /// Replaces the table's own metadata.
    pub fn set_metadata(&mut self, metadata: HashMap<String, String>) {
        self.metadata = metadata;
    }

    /// Adds a column at the end.
    ///
    /// # Errors
    /// `InvalidArgument` for a name that is there already, `Type` for a type that no frame has.
    pub fn push(&mut self, name: &str, data_type: DataType) -> Result<()> {
        self.push_field(field_of(name, data_type)?)
    }

    /// Adds a column of the type that a format of the C data interface names.
    ///
    /// # Errors
    /// `InvalidArgument` for a name that is there already, `Unsupported` for a format of no plain type.
    pub fn push_format(&mut self, name: &str, format: &str) -> Result<()> {
        self.push_field(Field::new(name, type_of(format)?, true))
    }

    fn push_field(&mut self, field: Field) -> Result<()> {
        if self.names().any(|known| known == field.name()) {
            return Err(name_is_taken(field.name()));
        }
        self.fields.push(Arc::new(field));
        Ok(())
    }

    /// Adds all columns of another table at the end.
    pub(crate) fn push_all(&mut self, other: &TableType) -> Result<()> {
        other.fields.iter().try_for_each(|field| self.push_field(field.as_ref().clone()))
    }

    /// The column, where it is the only one.
    pub(crate) fn only_field(&self) -> Option<&FieldRef> {
        self.fields.first().filter(|_| self.fields.len() == 1)
    }

    /// Takes a column away.
    ///
    /// # Errors
    /// `OutOfRange` where there is no such column.
    pub fn remove(&mut self, index: usize) -> Result<()> {
        if index >= self.fields.len() {
            return Err(self.no_column(index));
        }
        self.fields.remove(index);
        Ok(())
    }

    /// Sets the unit of a column; "" takes it away.
    ///
    /// # Errors
    /// `OutOfRange` where there is no such column.
    pub fn set_unit(&mut self, index: usize, unit: &str) -> Result<()> {
        let Some(field) = self.fields.get(index) else { return Err(self.no_column(index)) };
        self.fields[index] = Arc::new(with_unit(field, unit));
        Ok(())
    }

    fn no_column(&self, index: usize) -> Error {
        Error::new(
            ErrorKind::OutOfRange,
            format!("there is no column {index}; the frame has {}, counted from 0", self.fields.len()),
        )
    }
}
