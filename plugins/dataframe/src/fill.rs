//! From cells to a column of a given type, strictly: what does not fit is refused with its row.

use crate::build::{numbers, Part};
use crate::cells::{unit_of, Cell};
use crate::request::lossless;
use crate::storage::rebuilt;
use crate::types::{words, TableType};
use crate::values::Values;
use arrow_array::{make_array, ArrayRef};
use arrow_buffer::{i256, BooleanBuffer, Buffer, NullBuffer};
use arrow_data::ArrayData;
use arrow_schema::{DataType, Field, TimeUnit};
use iolink_sdk::{Error, ErrorKind, Result};
use std::collections::HashMap;
use std::str::FromStr;

type Half = <arrow_array::types::Float16Type as arrow_array::ArrowPrimitiveType>::Native;

/// Bits of a whole number up to which every integer is such a float.
const EXACT: [(DataType, u32); 3] = [(DataType::Float64, 53), (DataType::Float32, 24), (DataType::Float16, 11)];

/// Milliseconds of a day.
const DAY: i128 = 86_400_000;

fn refuse<T>(kind: ErrorKind, row: usize, what: &str) -> Result<T> {
    Err(Error::new(kind, format!("row {row}: {what}")))
}

fn kind_of(cell: &Cell<'_>) -> &'static str {
    match cell {
        Cell::Missing => "a missing value",
        Cell::Bool(_) => "a boolean",
        Cell::Int(_) => "an integer",
        Cell::Float(value) if value.is_nan() => "NaN (a missing value is None)",
        Cell::Float(_) => "a float",
        Cell::Text(_) => "text",
        Cell::Bytes(_) => "bytes",
        Cell::Date(_) => "a date",
        Cell::Time(_) => "a time of day",
        Cell::Stamp(_, _, Some(_)) => "a point in time with a zone",
        Cell::Stamp(..) => "a point in time",
        Cell::Span(..) => "a length of time",
        Cell::Decimal(_) => "a decimal number",
        Cell::List(_) => "a list",
        Cell::Tuple(_) => "a tuple",
        Cell::Struct(_) => "a mapping",
        Cell::Other(_) => "another object",
    }
}

pub(crate) struct Filler<'a> {
    pub(crate) data_type: &'a DataType,
    pub(crate) cells: &'a [Cell<'a>],
}

impl Filler<'_> {
    fn wrong<T>(&self, row: usize, cell: &Cell<'_>) -> Result<T> {
        refuse(ErrorKind::Type, row, &format!("{} is not a value of type {}", kind_of(cell), words(self.data_type)))
    }

    fn nulls(&self) -> Option<NullBuffer> {
        let bits = BooleanBuffer::collect_bool(self.cells.len(), |at| self.cells[at] != Cell::Missing);
        Some(NullBuffer::new(bits)).filter(|nulls| nulls.null_count() > 0)
    }

    /// One number for each cell; missing ones are the default.
    fn each<T: Default + arrow_buffer::ArrowNativeType>(
        &self,
        number: impl Fn(usize, &Cell<'_>) -> Result<T>,
    ) -> Result<ArrayRef> {
        let mut values = Vec::with_capacity(self.cells.len());
        for (row, cell) in self.cells.iter().enumerate() {
            values.push(if *cell == Cell::Missing { T::default() } else { number(row, cell)? });
        }
        Ok(numbers(self.data_type, values, self.nulls()))
    }

    fn ints<T: TryFrom<i128> + Default + arrow_buffer::ArrowNativeType>(&self) -> Result<ArrayRef> {
        self.each(|row, cell| match cell {
            Cell::Int(value) => match T::try_from(*value) {
                Ok(value) => Ok(value),
                Err(_) => refuse(
                    ErrorKind::InvalidArgument,
                    row,
                    &format!("{value} does not fit into type {}", words(self.data_type)),
                ),
            },
            other => self.wrong(row, other),
        })
    }

    fn float(&self, row: usize, cell: &Cell<'_>) -> Result<f64> {
        match cell {
            Cell::Float(value) => Ok(*value),
            Cell::Int(value) => {
                let bits = EXACT.iter().find(|(known, _)| known == self.data_type).map_or(0, |(_, bits)| *bits);
                if value.unsigned_abs() <= 1 << bits {
                    return Ok(*value as f64);
                }
                let kind = words(self.data_type);
                let what =
                    format!("{value} is not exact as a {kind}: it has more than {bits} bits; give a float to round it");
                refuse(ErrorKind::InvalidArgument, row, &what)
            }
            other => self.wrong(row, other),
        }
    }

    fn bytes(&self, text: bool, wide: bool) -> Result<ArrayRef> {
        let (mut offsets, mut data) = (vec![0i64], Vec::new());
        for (row, cell) in self.cells.iter().enumerate() {
            match cell {
                Cell::Missing => {}
                Cell::Text(value) if text => data.extend_from_slice(value.as_bytes()),
                Cell::Bytes(value) if !text => data.extend_from_slice(value),
                other => return self.wrong(row, other),
            }
            offsets.push(data.len() as i64);
        }
        let offsets = if wide {
            Buffer::from_vec(offsets)
        } else {
            let narrow: Result<Vec<i32>, _> = offsets.into_iter().map(i32::try_from).collect();
            Buffer::from_vec(narrow.map_err(|_| Error::new(ErrorKind::Limit, "the texts are longer than 2 GiB"))?)
        };
        let builder = ArrayData::builder(self.data_type.clone()).len(self.cells.len()).nulls(self.nulls());
        // SAFETY: the offsets grow and end at the end of the data, which is whole texts where it has to be.
        Ok(make_array(unsafe { builder.add_buffer(offsets).add_buffer(Buffer::from_vec(data)).build_unchecked() }))
    }

    /// A count in one unit as a count in another, refused where it is no whole number of them.
    fn count(&self, row: usize, count: i64, from: &str, to: &TimeUnit) -> Result<i64> {
        let nanos = |unit: &str| match unit {
            "s" => 1_000_000_000i128,
            "ms" => 1_000_000,
            "us" => 1_000,
            _ => 1,
        };
        let (total, unit) = (i128::from(count) * nanos(from), nanos(unit_of(to)));
        match i64::try_from(total / unit) {
            Ok(count) if total % unit == 0 => Ok(count),
            _ => refuse(
                ErrorKind::InvalidArgument,
                row,
                &format!("{count} {from} is no whole number of {} that fits into 64 bits", unit_of(to)),
            ),
        }
    }

    /// Milliseconds since 1970-01-01 of a date, or of a midnight that has no zone: NumPy has no other dates.
    fn midnight(&self, row: usize, cell: &Cell<'_>) -> Result<i128> {
        match cell {
            Cell::Date(days) => Ok(i128::from(*days) * DAY),
            Cell::Stamp(count, unit, None) => {
                match self.count(row, *count, unit, &TimeUnit::Millisecond).map(i128::from) {
                    Ok(millis) if millis % DAY == 0 => Ok(millis),
                    _ => refuse(ErrorKind::InvalidArgument, row, "a point in time that is not midnight is no date"),
                }
            }
            other => self.wrong(row, other),
        }
    }

    /// A time of day, or the length of time since midnight, in a unit.
    fn time(&self, row: usize, cell: &Cell<'_>, unit: &TimeUnit) -> Result<i64> {
        match cell {
            Cell::Time(count) => self.count(row, *count, "ns", unit),
            Cell::Span(count, from) => {
                let nanos = self.count(row, *count, from, &TimeUnit::Nanosecond)?;
                if !(0..DAY as i64 * 1_000_000).contains(&nanos) {
                    let what = format!("{count} {from} after midnight is no time of a day");
                    return refuse(ErrorKind::InvalidArgument, row, &what);
                }
                self.count(row, nanos, "ns", unit)
            }
            other => self.wrong(row, other),
        }
    }

    /// Decimal numbers as integers of a scale, refused where they have more digits.
    fn decimals<T: FromStr + Default + arrow_buffer::ArrowNativeType>(
        &self,
        precision: u8,
        scale: i8,
    ) -> Result<ArrayRef> {
        self.each(|row, cell| match cell {
            Cell::Decimal(text) => match scaled(text, precision, scale).and_then(|digits| digits.parse::<T>().ok()) {
                Some(value) => Ok(value),
                None => refuse(
                    ErrorKind::InvalidArgument,
                    row,
                    &format!("{text} does not fit into type {}", words(self.data_type)),
                ),
            },
            other => self.wrong(row, other),
        })
    }

    /// Bytes of one length.
    fn blocks(&self, size: usize) -> Result<ArrayRef> {
        let mut data = vec![0u8; self.cells.len() * size];
        for (row, cell) in self.cells.iter().enumerate() {
            match cell {
                Cell::Missing => {}
                Cell::Bytes(bytes) if bytes.len() == size => data[row * size..][..size].copy_from_slice(bytes),
                Cell::Bytes(bytes) => {
                    let what = format!("{} bytes are not a value of type {}", bytes.len(), words(self.data_type));
                    return refuse(ErrorKind::InvalidArgument, row, &what);
                }
                other => return self.wrong(row, other),
            }
        }
        Ok(rebuilt(self.data_type.clone(), self.cells.len(), Buffer::from_vec(data), self.nulls()))
    }

    fn dictionary(&self, key: &DataType, value: &DataType) -> Result<ArrayRef> {
        let mut known: HashMap<String, i128> = HashMap::new();
        let (mut keys, mut values) = (Vec::new(), Vec::new());
        for cell in self.cells {
            keys.push(match cell {
                Cell::Missing => Cell::Missing,
                cell => Cell::Int(*known.entry(format!("{cell:?}")).or_insert_with(|| {
                    values.push(cell.clone());
                    values.len() as i128 - 1
                })),
            });
        }
        let keys = Filler { data_type: key, cells: &keys }.array()?.to_data();
        let values = Filler { data_type: value, cells: &values }.array()?.to_data();
        let builder = ArrayData::builder(self.data_type.clone()).len(self.cells.len()).nulls(self.nulls());
        // SAFETY: each key is the number of a value.
        Ok(make_array(unsafe { builder.buffers(keys.buffers().to_vec()).add_child_data(values).build_unchecked() }))
    }

    pub(crate) fn array(&self) -> Result<ArrayRef> {
        match self.data_type {
            DataType::Int8 => self.ints::<i8>(),
            DataType::Int16 => self.ints::<i16>(),
            DataType::Int32 => self.ints::<i32>(),
            DataType::Int64 => self.ints::<i64>(),
            DataType::UInt8 => self.ints::<u8>(),
            DataType::UInt16 => self.ints::<u16>(),
            DataType::UInt32 => self.ints::<u32>(),
            DataType::UInt64 => self.ints::<u64>(),
            DataType::Float64 => self.each(|row, cell| self.float(row, cell)),
            DataType::Float32 => self.each(|row, cell| {
                let value = self.float(row, cell)?;
                match value as f32 {
                    narrow if narrow.is_infinite() && value.is_finite() => {
                        refuse(ErrorKind::InvalidArgument, row, &format!("{value} does not fit into type float"))
                    }
                    narrow => Ok(narrow),
                }
            }),
            DataType::Float16 => self.each(|row, cell| {
                let value = self.float(row, cell)?;
                match Half::from_f64(value) {
                    narrow if narrow.is_infinite() && value.is_finite() => {
                        refuse(ErrorKind::InvalidArgument, row, &format!("{value} does not fit into type halffloat"))
                    }
                    narrow => Ok(narrow),
                }
            }),
            DataType::Boolean => {
                for (row, cell) in self.cells.iter().enumerate() {
                    if !matches!(cell, Cell::Bool(_) | Cell::Missing) {
                        return self.wrong(row, cell);
                    }
                }
                let bits = BooleanBuffer::collect_bool(self.cells.len(), |at| self.cells[at] == Cell::Bool(true));
                Ok(std::sync::Arc::new(arrow_array::BooleanArray::new(bits, self.nulls())))
            }
            DataType::Utf8 => self.bytes(true, false),
            DataType::LargeUtf8 => self.bytes(true, true),
            DataType::Binary => self.bytes(false, false),
            DataType::LargeBinary => self.bytes(false, true),
            DataType::Date32 => self.each(|row, cell| match i32::try_from(self.midnight(row, cell)? / DAY) {
                Ok(days) => Ok(days),
                Err(_) => refuse(ErrorKind::InvalidArgument, row, "the date does not fit into 32 bits"),
            }),
            DataType::Date64 => self.each(|row, cell| match i64::try_from(self.midnight(row, cell)?) {
                Ok(millis) => Ok(millis),
                Err(_) => refuse(ErrorKind::InvalidArgument, row, "the date does not fit into 64 bits"),
            }),
            DataType::Time32(unit) => self.each(|row, cell| match i32::try_from(self.time(row, cell, unit)?) {
                Ok(count) => Ok(count),
                Err(_) => self.wrong(row, cell),
            }),
            DataType::Time64(unit) => self.each(|row, cell| self.time(row, cell, unit)),
            DataType::Timestamp(unit, zone) => self.each(|row, cell| match cell {
                Cell::Stamp(count, from, known) if zone.is_some() || known.is_none() => {
                    self.count(row, *count, from, unit)
                }
                other => self.wrong(row, other),
            }),
            DataType::Duration(unit) => self.each(|row, cell| match cell {
                Cell::Span(count, from) => self.count(row, *count, from, unit),
                other => self.wrong(row, other),
            }),
            DataType::Decimal32(precision, scale) => self.decimals::<i32>(*precision, *scale),
            DataType::Decimal64(precision, scale) => self.decimals::<i64>(*precision, *scale),
            DataType::Decimal128(precision, scale) => self.decimals::<i128>(*precision, *scale),
            DataType::Decimal256(precision, scale) => self.decimals::<i256>(*precision, *scale),
            DataType::FixedSizeBinary(size) => self.blocks(*size as usize),
            DataType::Dictionary(key, value) => self.dictionary(key, value),
            DataType::Utf8View | DataType::BinaryView | DataType::Null => self.views(),
            other => Err(Error::new(
                ErrorKind::Unsupported,
                format!("values of type {} are only carried; hand new ones over through Arrow", words(other)),
            )),
        }
    }

    fn views(&self) -> Result<ArrayRef> {
        for (row, cell) in self.cells.iter().enumerate() {
            match (self.data_type, cell) {
                (_, Cell::Missing) | (DataType::Utf8View, Cell::Text(_)) | (DataType::BinaryView, Cell::Bytes(_)) => {}
                _ => return self.wrong(row, cell),
            }
        }
        let text = |cell: &Cell<'_>| if let Cell::Text(text) = cell { Some(text.to_string()) } else { None };
        let bytes = |cell: &Cell<'_>| if let Cell::Bytes(bytes) = cell { Some(bytes.to_vec()) } else { None };
        Ok(match self.data_type {
            DataType::Utf8View => {
                std::sync::Arc::new(arrow_array::StringViewArray::from_iter(self.cells.iter().map(text)))
            }
            DataType::BinaryView => {
                std::sync::Arc::new(arrow_array::BinaryViewArray::from_iter(self.cells.iter().map(bytes)))
            }
            _ => arrow_array::new_null_array(&DataType::Null, self.cells.len()),
        })
    }
}

/// A written decimal number as a written integer of a scale; `None` where digits would be lost.
fn scaled(text: &str, precision: u8, scale: i8) -> Option<String> {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let part = part.trim_end_matches('0');
    let places = usize::try_from(scale).unwrap_or(0);
    if whole.is_empty()
        || part.len() > places
        || !digits.bytes().all(|letter| letter.is_ascii_digit() || letter == b'.')
    {
        return None;
    }
    let all = format!("{whole}{part:0<places$}");
    // A negative scale leaves zeros at the end away.
    let (kept, zeros) = all.split_at_checked(all.len().saturating_sub(usize::from(scale.min(0).unsigned_abs())))?;
    let kept = kept.trim_start_matches('0');
    if zeros.bytes().any(|digit| digit != b'0' && scale < 0) || kept.len() > usize::from(precision) {
        return None;
    }
    Some(if kept.is_empty() { "0".to_owned() } else { format!("{sign}{kept}") })
}

/// Can values of the type be written one by one?
fn has_cells(data_type: &DataType) -> bool {
    Filler { data_type, cells: &[] }.array().is_ok()
}

fn of_field(field: &Field, cells: &[Cell<'_>]) -> Result<Part> {
    let array = Filler { data_type: field.data_type(), cells }
        .array()
        .map_err(|failed| failed.context(&format!("column {:?}", field.name())))?;
    Ok(Part::of(Field::new(field.name(), field.data_type().clone(), true), array))
}

impl Part {
    /// Cells as values of the type that a table's column has.
    ///
    /// # Errors
    /// `Type` or `InvalidArgument` with the row of the first cell that does not fit.
    pub fn cells(table: &TableType, column: usize, cells: &[Cell<'_>]) -> Result<Part> {
        of_field(table.field(column)?, cells)
    }

    /// The same values in the type that a table's column has, as a list of them would be taken.
    ///
    /// # Errors
    /// `Type` or `InvalidArgument` with the row of the first value that does not fit; `Corrupt` for values that are damaged.
    pub fn in_type_of(self, table: &TableType, column: usize) -> Result<Part> {
        let wanted = table.field(column)?;
        let (given, array) = self.to_c()?;
        let values = Values::of_array(&given, array)?;
        let (from, to) = (values.array.data_type(), wanted.data_type());
        if from == to {
            return Ok(self);
        }
        if let Some(array) = lossless(&values.array, to) {
            return Ok(Part::of(Field::new(wanted.name(), to.clone(), true), array));
        }
        let naive = matches!((from, to), (DataType::Timestamp(_, None), DataType::Timestamp(_, Some(_))));
        if naive || !has_cells(to) {
            let (name, from, to) = (wanted.name(), words(from), words(to));
            let what = format!("column {name:?} has values of type {to}, not {from}; convert them first");
            return Err(Error::new(ErrorKind::Type, what));
        }
        let cells: Vec<Cell<'_>> = (0..values.len()).filter_map(|row| values.cell(row)).collect();
        of_field(wanted, &cells)
    }

    /// Cells as values of the type that a C format names.
    ///
    /// # Errors
    /// As [`Part::cells`].
    pub fn typed(name: &str, format: &str, cells: &[Cell<'_>]) -> Result<Part> {
        let data_type = crate::build::type_of(format)?;
        let array = Filler { data_type: &data_type, cells }
            .array()
            .map_err(|failed| failed.context(&format!("column {name:?}")))?;
        Ok(Part::own(name, &array))
    }
}
