//! A record batch of Arrow IPC, looked at before polars reads it: polars asks memory for what the file claims.

use super::damaged;
use super::message::Message;
use crate::inflation::{self, Codec};
use iolink_sdk::{fail, RandomAccess, Result};
use polars_arrow::datatypes::{ArrowDataType, IntegerType, PhysicalType};
use polars_arrow::io::ipc::format::ipc::planus::Vector;
use polars_arrow::io::ipc::format::ipc::{BufferRef, CompressionType, FieldNodeRef, MetadataVersion, RecordBatchRef};
use polars_arrow::types::PrimitiveType;
use std::ops::Range;

/// Bytes before a packed buffer, which count those that it unpacks to.
const PREFIX: u64 = 8;

/// Refuses a batch whose lengths are negative, beyond its body, or less than its rows need. `wanted` tells the columns that
/// are read: of others only the order of their buffers counts.
pub fn check<'a>(
    file: &(dyn RandomAccess + 'static),
    batch: RecordBatchRef<'_>,
    version: MetadataVersion,
    body: &Range<u64>,
    columns: impl Iterator<Item = (&'a ArrowDataType, bool)>,
) -> Result<()> {
    rows(batch)?;
    let codec = match batch.compression().map_err(damaged)? {
        Some(compression) => Some(match compression.codec().map_err(damaged)? {
            CompressionType::Zstd => Codec::Zstd,
            CompressionType::Lz4Frame => Codec::Ratio(256),
        }),
        None => None,
    };
    let (Some(nodes), Some(buffers)) = (batch.nodes().map_err(damaged)?, batch.buffers().map_err(damaged)?) else {
        fail!(Corrupt, "a batch has no list of nodes or buffers")
    };
    let views = batch.variadic_buffer_counts().map_err(damaged)?;
    let left = body.end - body.start;
    let mut walk = Walk {
        file,
        body: body.clone(),
        codec,
        version,
        nodes: Turns::new(nodes),
        buffers: Turns::new(buffers),
        views: views.map(|counts| counts.iter().collect::<Vec<i64>>().into_iter()).unwrap_or_default(),
        left,
    };
    columns.into_iter().try_for_each(|(dtype, wanted)| walk.column(dtype, wanted))
}

/// Returns the rows of a batch.
pub fn rows(batch: RecordBatchRef<'_>) -> Result<usize> {
    let rows = batch.length().map_err(damaged)?;
    match usize::try_from(rows) {
        Ok(rows) => Ok(rows),
        Err(_) => fail!(Corrupt, "a batch claims to have {rows} rows"),
    }
}

/// Returns the rows of the record batch in a message.
pub fn rows_of(message: &Message) -> Result<usize> {
    match Message::header(&message.root()?)? {
        polars_arrow::io::ipc::format::ipc::MessageHeaderRef::RecordBatch(batch) => rows(batch),
        _ => fail!(Corrupt, "a message holds another thing than the record batch that the footer tells"),
    }
}

/// The items of a list, one after the other.
struct Turns<'a, T: ?Sized> {
    items: Vector<'a, T>,
    next: usize,
}

impl<'a, T> Turns<'a, T> {
    fn new(items: Vector<'a, T>) -> Self {
        Turns { items, next: 0 }
    }
}

struct Walk<'a> {
    file: &'a (dyn RandomAccess + 'static),
    body: Range<u64>,
    codec: Option<Codec>,
    version: MetadataVersion,
    nodes: Turns<'a, FieldNodeRef<'a>>,
    buffers: Turns<'a, BufferRef<'a>>,
    views: std::vec::IntoIter<i64>,
    /// Bytes of the body that no buffer has had: buffers do not share any.
    left: u64,
}

impl Walk<'_> {
    fn column(&mut self, dtype: &ArrowDataType, wanted: bool) -> Result<()> {
        let dtype = dtype.to_storage();
        let (rows, nulls) = self.node()?;
        let validity = |walk: &mut Self| walk.buffer(if nulls > 0 { Some(rows.div_ceil(8)) } else { None }, wanted);
        match dtype.to_physical_type() {
            PhysicalType::Null => Ok(()),
            PhysicalType::Boolean => {
                validity(self)?;
                self.buffer(Some(rows.div_ceil(8)), wanted)
            }
            PhysicalType::Primitive(kind) => {
                validity(self)?;
                self.values(rows, primitive(kind), wanted)
            }
            PhysicalType::Dictionary(key) => {
                validity(self)?;
                self.values(rows, integer(key), wanted)
            }
            PhysicalType::FixedSizeBinary => {
                validity(self)?;
                let ArrowDataType::FixedSizeBinary(size) = dtype else { return odd(dtype) };
                self.values(rows, *size as u64, wanted)
            }
            PhysicalType::Binary | PhysicalType::Utf8 => {
                validity(self)?;
                self.offsets(rows, 4, wanted)?;
                self.buffer(None, wanted)
            }
            PhysicalType::LargeBinary | PhysicalType::LargeUtf8 => {
                validity(self)?;
                self.offsets(rows, 8, wanted)?;
                self.buffer(None, wanted)
            }
            PhysicalType::BinaryView | PhysicalType::Utf8View => {
                validity(self)?;
                self.values(rows, 16, wanted)?;
                let Some(count) = self.views.next().filter(|count| *count >= 0) else {
                    fail!(Corrupt, "a batch does not count the buffers of a column of views")
                };
                (0..count).try_for_each(|_| self.buffer(None, wanted))
            }
            PhysicalType::List | PhysicalType::LargeList | PhysicalType::Map => {
                validity(self)?;
                let (item, size) = match dtype {
                    ArrowDataType::List(item) | ArrowDataType::Map(item, _) => (item, 4),
                    ArrowDataType::LargeList(item) => (item, 8),
                    _ => return odd(dtype),
                };
                self.offsets(rows, size, wanted)?;
                self.column(&item.dtype, wanted)
            }
            PhysicalType::FixedSizeList => {
                validity(self)?;
                let ArrowDataType::FixedSizeList(item, _) = dtype else { return odd(dtype) };
                self.column(&item.dtype, wanted)
            }
            PhysicalType::Struct => {
                validity(self)?;
                let ArrowDataType::Struct(fields) = dtype else { return odd(dtype) };
                fields.iter().try_for_each(|field| self.column(&field.dtype, wanted))
            }
            PhysicalType::Union => {
                let ArrowDataType::Union(union) = dtype else { return odd(dtype) };
                // Before version 5 a union had a validity.
                if self.version != MetadataVersion::V5 {
                    self.buffer(None, wanted)?;
                }
                self.values(rows, 1, wanted)?;
                if !union.mode.is_sparse() {
                    self.values(rows, 4, wanted)?;
                }
                union.fields.iter().try_for_each(|field| self.column(&field.dtype, wanted))
            }
        }
    }

    /// Rows and missing values of the next node.
    fn node(&mut self) -> Result<(u64, u64)> {
        let Some(node) = self.nodes.items.get(self.nodes.next) else {
            fail!(Corrupt, "a batch has nodes for fewer columns than its schema")
        };
        self.nodes.next += 1;
        match (u64::try_from(node.length()), u64::try_from(node.null_count())) {
            (Ok(rows), Ok(nulls)) if nulls <= rows => Ok((rows, nulls)),
            _ => fail!(Corrupt, "a column claims {} rows, {} of them missing", node.length(), node.null_count()),
        }
    }

    fn values(&mut self, rows: u64, size: u64, wanted: bool) -> Result<()> {
        self.buffer(Some(rows.saturating_mul(size)), wanted)
    }

    /// Offsets, of which there need not be any for no rows.
    fn offsets(&mut self, rows: u64, size: u64, wanted: bool) -> Result<()> {
        let needed = if rows == 0 { 0 } else { rows.saturating_add(1).saturating_mul(size) };
        self.buffer(Some(needed), wanted)
    }

    /// The next buffer, of which so many bytes are needed.
    fn buffer(&mut self, needed: Option<u64>, wanted: bool) -> Result<()> {
        let Some(buffer) = self.buffers.items.get(self.buffers.next) else {
            fail!(Corrupt, "a batch has fewer buffers than its columns need")
        };
        self.buffers.next += 1;
        let (Ok(offset), Ok(length)) = (u64::try_from(buffer.offset()), u64::try_from(buffer.length())) else {
            fail!(Corrupt, "a buffer claims {} bytes at {}", buffer.length(), buffer.offset())
        };
        let size = self.body.end - self.body.start;
        if offset.checked_add(length).is_none_or(|end| end > size) {
            fail!(Corrupt, "a buffer claims {length} bytes at {offset}, and the body has {size}");
        }
        let Some(left) = self.left.checked_sub(length) else {
            fail!(Corrupt, "the buffers of a batch have more bytes than its body")
        };
        self.left = left;
        if !wanted {
            return Ok(());
        }
        let holds = match self.codec {
            Some(codec) if length > 0 => self.unpacked(self.body.start + offset, length, codec)?,
            _ => length,
        };
        match needed {
            Some(needed) if holds < needed => {
                fail!(Corrupt, "a buffer holds {holds} bytes, and its rows need {needed}")
            }
            _ => Ok(()),
        }
    }

    /// The bytes that a packed buffer claims to hold, if it can.
    fn unpacked(&self, start: u64, length: u64, codec: Codec) -> Result<u64> {
        let Some(packed) = length.checked_sub(PREFIX) else {
            fail!(Corrupt, "a packed buffer has {length} bytes, and its length alone takes {PREFIX}")
        };
        let mut prefix = [0; PREFIX as usize];
        self.file.read_exact_at(start, &mut prefix)?;
        let claimed = match i64::from_le_bytes(prefix) {
            -1 => return Ok(packed),
            claimed => match u64::try_from(claimed) {
                Ok(claimed) => claimed,
                Err(_) => fail!(Corrupt, "a packed buffer claims to hold {claimed} bytes"),
            },
        };
        let read = |at: u64, buffer: &mut [u8]| match at.checked_add(buffer.len() as u64) {
            Some(end) if end <= packed => self.file.read_exact_at(start + PREFIX + at, buffer).map(|()| true),
            _ => Ok(false),
        };
        inflation::check_with(packed, claimed, codec, read)?;
        Ok(claimed)
    }
}

fn odd<T>(dtype: &ArrowDataType) -> Result<T> {
    fail!(Internal, "the type {dtype:?} is stored as another")
}

fn primitive(kind: PrimitiveType) -> u64 {
    use PrimitiveType::*;
    match kind {
        Int8 | UInt8 => 1,
        Int16 | UInt16 | Float16 => 2,
        Int32 | UInt32 | Float32 => 4,
        Int64 | UInt64 | Float64 | DaysMs => 8,
        MonthDayMillis => 12,
        Int128 | UInt128 | MonthDayNano => 16,
        Int256 => 32,
    }
}

fn integer(key: IntegerType) -> u64 {
    use IntegerType::*;
    match key {
        Int8 | UInt8 => 1,
        Int16 | UInt16 => 2,
        Int32 | UInt32 => 4,
        Int64 | UInt64 => 8,
        Int128 | UInt128 => 16,
    }
}
