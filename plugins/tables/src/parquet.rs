//! Parquet: the footer is read at first, columns of row groups when they are asked for.

mod footer;
mod pages;
mod thrift;
mod times;

use crate::arrow;
use crate::depth;
use crate::failure::from_polars;
use crate::interface::Facts;
use crate::pieces::Pieces;
use crate::words::in_order_of;
use base64::engine::general_purpose::STANDARD;
use base64::Engine as _;
use iolink_sdk::{fail, out_of_memory, RandomAccess, Result};
use polars_arrow::array::{new_empty_array, Array};
use polars_arrow::compute::concatenate::concatenate;
use polars_arrow::datatypes::{ArrowDataType, Field, Metadata, TimeUnit};
use polars_buffer::Buffer;
use polars_core::error::PolarsResult;
use polars_parquet::parquet::read::deserialize_metadata;
use polars_parquet::parquet::schema::types::{PhysicalType, PrimitiveType};
use polars_parquet::read::schema::{infer_schema_with_options, read_custom_key_value_metadata, SchemaInferenceOptions};
use polars_parquet::read::{column_iter_to_arrays, BasicDecompressor, ColumnChunkMetadata, FileMetadata, PageReader};
use rayon::prelude::*;
use std::io::Cursor;
use std::sync::Arc;

const MAGIC: &[u8; 4] = b"PAR1";
/// Magic at both ends, and the footer's length.
const LEAST: u64 = 12;
/// The key of the schema of Arrow among what a file says of itself.
const ARROW_SCHEMA: &str = "ARROW:schema";

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
    /// Reads the footer. Times of INT96 are read in a unit.
    pub fn open(bytes: Arc<dyn RandomAccess>, int96: TimeUnit) -> Result<Self> {
        let footer = footer(&*bytes)?;
        footer::check(&footer)?;
        let metadata = deserialize_metadata(Buffer::from_vec(footer)).map_err(|error| from_polars(&error.into()))?;
        for known in metadata.key_value_metadata().iter().flatten() {
            if let (ARROW_SCHEMA, Some(value)) = (known.key.as_str(), &known.value) {
                check_arrow_schema(value)?;
            }
        }
        let options = Some(SchemaInferenceOptions { int96_coerce_to_timeunit: int96 });
        let schema = infer_schema_with_options(&metadata, &options).map_err(|error| from_polars(&error))?;
        let fields: Vec<Field> = schema.iter_values().cloned().collect();
        depth::check(&fields)?;
        let rows: Vec<usize> = metadata.row_groups.iter().map(|group| group.num_rows()).collect();
        let counted = rows.iter().try_fold(0usize, |all, rows| all.checked_add(*rows));
        if counted != Some(metadata.num_rows) {
            fail!(Corrupt, "the footer counts {} rows, its row groups have others", metadata.num_rows);
        }
        let mut facts: Metadata = read_custom_key_value_metadata(metadata.key_value_metadata());
        facts.remove(ARROW_SCHEMA);
        let facts = (!facts.is_empty()).then(|| Arc::new(facts));
        let mut leaves = times::Leaves::new(metadata.schema_descr.columns(), int96);
        let fields = fields.iter().map(|field| field.with_dtype(leaves.read_as(&field.dtype, false))).collect();
        Ok(Parquet { bytes, metadata, fields, facts, rows, calls_back: false })
    }

    /// Says whether reading calls back, see [`Pieces::calls_back`].
    pub fn calling_back(self, calls_back: bool) -> Self {
        Parquet { calls_back, ..self }
    }

    /// The bytes of a column in a row group.
    fn chunk(&self, column: &ColumnChunkMetadata) -> Result<Buffer<u8>> {
        let range = column.byte_range();
        let length = self.bytes.length()?;
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
        let (mut pages, mut types, mut words, mut chunks) = (Vec::new(), Vec::new(), None, Vec::new());
        let mut int96 = false;
        for part in parts {
            claimed(part.num_values(), &field.name)?;
            let leaf = &part.descriptor().descriptor;
            if leaf.max_rep_level == 0 && part.num_values() != group.num_rows() as i64 {
                let (values, rows) = (part.num_values(), group.num_rows());
                fail!(Corrupt, "column {:?} claims {values} values in a row group of {rows} rows", field.name.as_str());
            }
            int96 |= leaf.primitive_type.physical_type == PhysicalType::Int96;
            let bytes = self.chunk(part)?;
            pages::check(&bytes, part.num_values(), part.compression())
                .map_err(|error| error.context(&format!("column {:?}", field.name.as_str())))?;
            if matches!(field.dtype, ArrowDataType::Dictionary(..)) {
                let page = pages_of(bytes.clone(), part).read_dict_page().map_err(|error| failed(error.into()))?;
                words = page.map(|page| words_of(&page.buffer, page.num_values)).transpose()?;
            }
            pages.push(pages_of(bytes.clone(), part));
            chunks.push((bytes, part));
            types.push(&part.descriptor().descriptor.primitive_type);
        }
        let again = int96.then(|| (chunks, types.clone()));
        let array = whole(pages, types, field.clone()).map_err(failed)?;
        if let Some((chunks, types)) = again {
            // polars gives other times for those that the unit does not hold; in milliseconds it has them all.
            let pages = chunks.into_iter().map(|(bytes, part)| pages_of(bytes, part)).collect();
            let all = whole(pages, types, times::in_milliseconds(field)).map_err(failed)?;
            times::check_same(&*array, &*all, &field.name)?;
        }
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

/// The pages of a column chunk.
fn pages_of(bytes: Buffer<u8>, part: &ColumnChunkMetadata) -> BasicDecompressor {
    BasicDecompressor::new(PageReader::new(Cursor::new(bytes), part, Vec::new(), usize::MAX), Vec::new())
}

/// The values of pages as one array.
fn whole(pages: Vec<BasicDecompressor>, types: Vec<&PrimitiveType>, field: Field) -> PolarsResult<Box<dyn Array>> {
    let (mut arrays, _) = column_iter_to_arrays(pages, types, field, None)?;
    if arrays.len() == 1 {
        return Ok(arrays.remove(0));
    }
    let parts: Vec<&dyn Array> = arrays.iter().map(|array| &**array).collect();
    concatenate(&parts)
}

/// Refuses a schema of Arrow that polars would read by too deep a recursion.
fn check_arrow_schema(encoded: &str) -> Result<()> {
    let Ok(bytes) = STANDARD.decode(encoded) else {
        fail!(Corrupt, "the schema of Arrow among the metadata is not written in base64")
    };
    let message = if bytes.starts_with(&[255; 4]) { bytes.get(8..) } else { Some(bytes.as_slice()) };
    arrow::check_schema_message(message.unwrap_or_default())
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

/// Returns the footer, of a file that begins and ends as Parquet does.
fn footer(bytes: &(dyn RandomAccess + 'static)) -> Result<Vec<u8>> {
    let length = bytes.length()?;
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
    let mut read = Vec::new();
    read.try_reserve_exact(footer as usize).map_err(|_| out_of_memory(footer as usize))?;
    read.resize(footer as usize, 0);
    bytes.read_exact_at(length - 8 - footer, &mut read)?;
    Ok(read)
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
