//! Parquet: the footer is read at first, columns of row groups when they are asked for.

use crate::failure::from_polars;
use crate::interface::Facts;
use crate::pieces::Pieces;
use crate::place::Place;
use crate::words::in_order_of;
use iolink_sdk::{fail, out_of_memory, RandomAccess, Result};
use polars_arrow::array::{new_empty_array, Array};
use polars_arrow::compute::concatenate::concatenate;
use polars_arrow::datatypes::{ArrowDataType, Field, Metadata, TimeUnit};
use polars_buffer::Buffer;
use polars_parquet::parquet::metadata::ColumnDescriptor;
use polars_parquet::parquet::schema::types::{PrimitiveConvertedType, PrimitiveLogicalType, TimeUnit as StoredUnit};
use polars_parquet::read::schema::read_custom_key_value_metadata;
use polars_parquet::read::{
    column_iter_to_arrays, infer_schema, read_metadata, BasicDecompressor, ColumnChunkMetadata, FileMetadata,
    PageReader,
};
use rayon::prelude::*;
use std::io::Cursor;
use std::sync::Arc;

const MAGIC: &[u8; 4] = b"PAR1";
/// Magic at both ends, and the footer's length.
const LEAST: u64 = 12;

/// A Parquet file.
pub struct Parquet {
    bytes: Arc<dyn RandomAccess>,
    metadata: FileMetadata,
    fields: Vec<Field>,
    facts: Facts,
    rows: Vec<usize>,
    calls_back: bool,
}

impl Parquet {
    /// Reads the footer.
    pub fn open(bytes: Arc<dyn RandomAccess>) -> Result<Self> {
        check_ends(&*bytes)?;
        let metadata = read_metadata(&mut Place::new(&*bytes)).map_err(|error| from_polars(&error))?;
        let schema = infer_schema(&metadata).map_err(|error| from_polars(&error))?;
        let rows: Vec<usize> = metadata.row_groups.iter().map(|group| group.num_rows()).collect();
        let counted = rows.iter().try_fold(0usize, |all, rows| all.checked_add(*rows));
        if counted != Some(metadata.num_rows) {
            fail!(Corrupt, "the footer counts {} rows, its row groups have others", metadata.num_rows);
        }
        let mut facts: Metadata = read_custom_key_value_metadata(metadata.key_value_metadata());
        facts.remove("ARROW:schema");
        let facts = (!facts.is_empty()).then(|| Arc::new(facts));
        let mut leaves = Leaves(metadata.schema_descr.columns().iter());
        let read_as = |field: &Field| field.with_dtype(leaves.read_as(&field.dtype, false));
        let fields = schema.iter_values().map(read_as).collect();
        Ok(Parquet { bytes, metadata, fields, facts, rows, calls_back: false })
    }

    /// Says whether reading calls back, see [`Pieces::calls_back`].
    pub fn calling_back(self, calls_back: bool) -> Self {
        Parquet { calls_back, ..self }
    }

    /// The bytes of a column in a row group.
    fn chunk(&self, column: &ColumnChunkMetadata) -> Result<Buffer<u8>> {
        let range = column.byte_range();
        let length = self.bytes.length();
        if range.start > range.end || range.end > length {
            fail!(Corrupt, "the footer says that bytes {range:?} hold a column, and the file has {length}");
        }
        let count = (range.end - range.start) as usize;
        // Asked for before: memory that comes zeroed, and need not be cleared, ends the process where there is none.
        Vec::<u8>::new().try_reserve_exact(count).map_err(|_| out_of_memory(count))?;
        let mut bytes = vec![0; count];
        self.bytes.read_exact_at(range.start, &mut bytes)?;
        Ok(Buffer::from_vec(bytes))
    }

    fn column(&self, group: usize, field: &Field) -> Result<Box<dyn Array>> {
        let group = &self.metadata.row_groups[group];
        if group.num_rows() == 0 {
            return Ok(new_empty_array(field.dtype.clone()));
        }
        let Some(parts) = group.columns_under_root_iter(&field.name) else {
            fail!(Corrupt, "a row group has no column {:?}", field.name.as_str())
        };
        let failed = |error| from_polars(&error).context(&format!("column {:?}", field.name.as_str()));
        let (mut pages, mut types, mut words) = (Vec::new(), Vec::new(), None);
        for part in parts {
            claimed(part.num_values(), &field.name)?;
            let bytes = self.chunk(part)?;
            let pages_of = || {
                let reader = PageReader::new(Cursor::new(bytes.clone()), part, Vec::new(), usize::MAX);
                BasicDecompressor::new(reader, Vec::new())
            };
            if matches!(field.dtype, ArrowDataType::Dictionary(..)) {
                let page = pages_of().read_dict_page().map_err(|error| failed(error.into()))?;
                words = page.map(|page| words_of(&page.buffer, page.num_values)).transpose()?;
            }
            pages.push(pages_of());
            types.push(&part.descriptor().descriptor.primitive_type);
        }
        let (mut arrays, _) = column_iter_to_arrays(pages, types, field.clone(), None).map_err(failed)?;
        let array = if arrays.len() == 1 {
            arrays.remove(0)
        } else {
            let parts: Vec<&dyn Array> = arrays.iter().map(|array| &**array).collect();
            concatenate(&parts).map_err(failed)?
        };
        match words {
            // polars keeps the words that it met, in the order in which it met them.
            Some(words) => in_order_of(&*array, &words),
            None => Ok(array),
        }
    }
}

impl Pieces for Parquet {
    fn fields(&self) -> &[Field] {
        &self.fields
    }

    fn facts(&self) -> Facts {
        self.facts.clone()
    }

    fn rows(&self) -> &[usize] {
        &self.rows
    }

    fn read(&self, piece: usize, columns: &[usize]) -> Result<Vec<Box<dyn Array>>> {
        let read = |column: &usize| self.column(piece, &self.fields[*column]);
        match self.calls_back {
            true => columns.iter().map(read).collect(),
            false => columns.par_iter().map(read).collect(),
        }
    }

    fn calls_back(&self) -> bool {
        self.calls_back
    }
}

/// The columns of a file in the order in which they lie, those inside lists and structs each for itself.
struct Leaves<'a>(std::slice::Iter<'a, ColumnDescriptor>);

impl Leaves<'_> {
    /// The type of a column as its values are read: milliseconds where the file has them, whatever the schema of Arrow in it
    /// says; and `inside` another type no ordered dictionaries, since their words come in the order in which polars meets them.
    fn read_as(&mut self, dtype: &ArrowDataType, inside: bool) -> ArrowDataType {
        let mut part = |field: &Field| field.with_dtype(self.read_as(&field.dtype, true));
        match dtype {
            ArrowDataType::List(item) => ArrowDataType::List(Box::new(part(item))),
            ArrowDataType::LargeList(item) => ArrowDataType::LargeList(Box::new(part(item))),
            ArrowDataType::FixedSizeList(item, size) => ArrowDataType::FixedSizeList(Box::new(part(item)), *size),
            ArrowDataType::Map(item, sorted) => ArrowDataType::Map(Box::new(part(item)), *sorted),
            ArrowDataType::Struct(fields) => ArrowDataType::Struct(fields.iter().map(part).collect()),
            leaf => match (leaf, self.0.next().is_some_and(counts_milliseconds)) {
                (ArrowDataType::Time32(TimeUnit::Second), true) => ArrowDataType::Time32(TimeUnit::Millisecond),
                (ArrowDataType::Dictionary(key, words, true), _) if inside => {
                    ArrowDataType::Dictionary(*key, words.clone(), false)
                }
                _ => leaf.clone(),
            },
        }
    }
}

fn counts_milliseconds(column: &ColumnDescriptor) -> bool {
    let kind = &column.descriptor.primitive_type;
    let logical = matches!(kind.logical_type, Some(PrimitiveLogicalType::Time { unit: StoredUnit::Milliseconds, .. }));
    logical || kind.converted_type == Some(PrimitiveConvertedType::TimeMillis)
}

/// The texts of a dictionary page, each behind its length.
fn words_of(page: &[u8], count: usize) -> Result<Vec<String>> {
    let (mut words, mut rest) = (Vec::new(), page);
    for _ in 0..count {
        let length = rest.get(..4).and_then(|length| length.try_into().ok()).map(u32::from_le_bytes);
        let word = length.and_then(|length| rest.get(4..)?.get(..length as usize));
        let Some(text) = word.and_then(|word| std::str::from_utf8(word).ok()) else {
            fail!(Corrupt, "a dictionary has not the {count} texts that it claims")
        };
        words.push(text.to_owned());
        rest = &rest[4 + text.len()..];
    }
    Ok(words)
}

/// Does the file begin and end as Parquet does?
fn check_ends(bytes: &(dyn RandomAccess + 'static)) -> Result<()> {
    let length = bytes.length();
    if length < LEAST {
        fail!(Corrupt, "{length} bytes are no Parquet file; the shortest has {LEAST}");
    }
    let (mut head, mut tail) = ([0; 4], [0; 8]);
    bytes.read_exact_at(0, &mut head)?;
    bytes.read_exact_at(length - 8, &mut tail)?;
    if &head == b"PARE" || &tail[4..] == b"PARE" {
        fail!(Unsupported, "the Parquet file is encrypted; decrypt it first");
    }
    if &head != MAGIC {
        fail!(Corrupt, "the file does not begin with PAR1, as Parquet does");
    }
    if &tail[4..] != MAGIC {
        fail!(Corrupt, "the file does not end with PAR1, as Parquet does: its end is missing");
    }
    let footer = u64::from(u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]));
    if footer > length - LEAST {
        fail!(Corrupt, "the file's last bytes claim a footer of {footer} bytes, and the file has {length}");
    }
    Ok(())
}

/// Refuses values for which there is no room, before polars asks for it: that would end the process.
fn claimed(values: i64, column: &str) -> Result<()> {
    let bytes = usize::try_from(values).ok().and_then(|values| values.checked_mul(16));
    let room = bytes.is_some_and(|bytes| Vec::<u8>::new().try_reserve_exact(bytes).is_ok());
    match room {
        true => Ok(()),
        false => fail!(Limit, "column {column:?} claims {values} values, for which there is no memory"),
    }
}
