//! Parquet.

use super::{widen, Out, Table};
use crate::failure::from_polars;
use iolink_sdk::{fail, Result};
use polars_arrow::array::Array;
use polars_arrow::compute::concatenate::concatenate;
use polars_arrow::datatypes::{ArrowDataType, ArrowSchema, Field};
use polars_core::error::PolarsError;
use polars_parquet::write::{
    array_to_columns, compress, fallible_streaming_iterator, get_dtype_encoding, schema_to_metadata_key,
    CompressedPage, CompressionOptions, DynIter, DynStreamingIterator, Encoding, FileWriter, KeyValue, ParquetType,
    StatisticsOptions, Version, WriteOptions,
};
use rayon::prelude::*;

/// Rows of a row group, where nothing is asked for.
const ROWS: u64 = 1 << 18;

/// Writes all rows.
pub fn write(table: &mut Table<'_>, compression: Option<&str>, group: Option<u64>, out: &mut Out) -> Result<()> {
    let options = WriteOptions {
        statistics: StatisticsOptions::default(),
        version: Version::V1,
        compression: codec(compression)?,
        data_page_size: None,
    };
    let group = match group.unwrap_or(ROWS) {
        0 => fail!(InvalidArgument, "the option row_group_size is 0; a row group has rows"),
        rows => usize::try_from(rows).unwrap_or(usize::MAX),
    };
    let mut groups = Groups::default();
    let mut writer: Option<(FileWriter<&mut Out>, Vec<ParquetType>)> = None;
    let mut out = Some(out);
    loop {
        let batch = table.next()?;
        let last = batch.is_none();
        if let Some(columns) = batch {
            let columns = columns.into_iter().zip(&table.incoming.fields).map(|(column, field)| {
                widen::known_to_parquet(column)
                    .map_err(|error| error.context(&format!("column {:?}", field.name.as_str())))
            });
            groups.push(columns.collect::<Result<_>>()?);
        } else if writer.is_none() && groups.rows == 0 {
            groups.push(empty(&table.incoming.fields)?);
        }
        if let (Some(out), Some(columns)) = (out.take_if(|_| writer.is_none()), groups.waiting.first()) {
            let fields = table.incoming.fields.iter().zip(columns);
            let schema: ArrowSchema = fields.map(|(field, column)| widen::field(field, &**column)).collect();
            let made = FileWriter::try_new(out, schema, options).map_err(|error| from_polars(&error))?;
            let types = made.parquet_schema().fields().to_vec();
            writer = Some((made, types));
        }
        let Some((writer, types)) = &mut writer else { continue };
        while groups.rows >= group || last && groups.rows > 0 {
            let (rows, columns) = groups.take(group)?;
            let columns = encoded(columns, types, options)?;
            let columns = columns.iter().map(|pages| {
                let pages = pages.iter().map(Ok::<_, PolarsError>);
                Ok(DynStreamingIterator::new(fallible_streaming_iterator::convert(pages)))
            });
            writer.write(rows as u64, DynIter::new(columns)).map_err(|error| from_polars(&error))?;
        }
        if last {
            let mut facts = vec![schema_to_metadata_key(writer.schema())];
            for (key, value) in table.incoming.facts.iter().flat_map(|facts| facts.iter()) {
                facts.push(KeyValue { key: key.to_string(), value: Some(value.to_string()) });
            }
            writer.end(Some(facts)).map_err(|error| from_polars(&error))?;
            return Ok(());
        }
    }
}

fn codec(name: Option<&str>) -> Result<CompressionOptions> {
    Ok(match name {
        None | Some("zstd") => CompressionOptions::Zstd(None),
        Some("snappy") => CompressionOptions::Snappy,
        Some("gzip") => CompressionOptions::Gzip(None),
        Some("lz4") => CompressionOptions::Lz4Raw,
        Some("brotli") => CompressionOptions::Brotli(None),
        Some("none") => CompressionOptions::Uncompressed,
        Some(other) => {
            fail!(InvalidArgument, "the option compression is {other:?}, not zstd, snappy, gzip, lz4, brotli or none")
        }
    })
}

fn empty(fields: &[Field]) -> Result<Vec<Box<dyn Array>>> {
    let none = |field: &Field| polars_arrow::array::new_empty_array(field.dtype.clone());
    fields.iter().map(|field| widen::known_to_parquet(widen::column(&*none(field))?)).collect()
}

/// Columns, each on a thread, into compressed pages.
fn encoded(
    columns: Vec<Box<dyn Array>>,
    types: &[ParquetType],
    options: WriteOptions,
) -> Result<Vec<Vec<CompressedPage>>> {
    let encoded = columns.into_par_iter().zip(types).map(|(column, of)| {
        let encodings: Vec<Encoding> = get_dtype_encoding(column.dtype());
        let parts = array_to_columns(column, of.clone(), options, &encodings)?;
        let pages = parts.into_iter().map(|pages| {
            pages.map(|page| Ok(compress(page?, Vec::new(), options.compression)?)).collect::<Result<Vec<_>, _>>()
        });
        pages.collect::<Result<Vec<_>, PolarsError>>()
    });
    let encoded: Vec<Vec<Vec<CompressedPage>>> =
        encoded.collect::<Result<_, PolarsError>>().map_err(|error| from_polars(&error))?;
    Ok(encoded.into_iter().flatten().collect())
}

fn has_dictionary(dtype: &ArrowDataType) -> bool {
    match dtype {
        ArrowDataType::Dictionary(..) => true,
        ArrowDataType::LargeList(item) | ArrowDataType::FixedSizeList(item, _) => has_dictionary(&item.dtype),
        ArrowDataType::Struct(fields) => fields.iter().any(|field| has_dictionary(&field.dtype)),
        _ => false,
    }
}

/// Batches that wait until there are enough rows for a row group.
#[derive(Default)]
struct Groups {
    waiting: Vec<Vec<Box<dyn Array>>>,
    rows: usize,
}

impl Groups {
    fn push(&mut self, columns: Vec<Box<dyn Array>>) {
        self.rows += columns.first().map_or(0, |column| column.len());
        self.waiting.push(columns);
    }

    /// At most so many rows.
    fn take(&mut self, most: usize) -> Result<(usize, Vec<Box<dyn Array>>)> {
        let (mut rows, mut parts) = (0, Vec::new());
        while rows < most && !self.waiting.is_empty() {
            let mut columns = self.waiting.remove(0);
            let count = columns.first().map_or(0, |column| column.len());
            let wanted = count.min(most - rows);
            if wanted < count {
                let rest = columns.iter().map(|column| column.sliced(wanted, count - wanted)).collect();
                columns.iter_mut().for_each(|column| column.slice(0, wanted));
                self.waiting.insert(0, rest);
            }
            rows += wanted;
            // Dictionaries of two batches are two, and polars does not make them one: a row group for each.
            let alone = columns.iter().any(|column| has_dictionary(column.dtype()));
            parts.push(columns);
            if alone {
                break;
            }
        }
        self.rows -= rows;
        let width = parts.first().map_or(0, Vec::len);
        let whole = (0..width).map(|at| match parts.as_slice() {
            [one] => Ok(one[at].clone()),
            many => {
                let pieces: Vec<&dyn Array> = many.iter().map(|columns| &*columns[at]).collect();
                concatenate(&pieces).map_err(|error| from_polars(&error))
            }
        });
        Ok((rows, whole.collect::<Result<_>>()?))
    }
}
