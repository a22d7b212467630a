//! Arrow IPC, as a file.

use super::{widen, Out, Table};
use crate::failure::from_polars;
use iolink_sdk::{fail, Result};
use polars_arrow::array::{new_empty_array, Array};
use polars_arrow::datatypes::ArrowSchema;
use polars_arrow::io::ipc::write::{Compression, FileWriter, WriteOptions};
use polars_arrow::record_batch::RecordBatchT;
use std::sync::Arc;

/// Writes all rows, as they come.
pub fn write(table: &mut Table<'_>, compression: Option<&str>, out: &mut Out) -> Result<()> {
    let compression = match compression {
        None | Some("none") => None,
        Some("zstd") => Some(Compression::ZSTD(Default::default())),
        Some("lz4") => Some(Compression::LZ4),
        Some(other) => fail!(InvalidArgument, "the option compression is {other:?}, not zstd, lz4 or none"),
    };
    let fields = table.incoming.fields.clone();
    let written = fields.iter().map(|field| {
        let none = widen::known_to_arrow(new_empty_array(field.dtype.clone()))?;
        Ok(widen::field(field, &*none))
    });
    let schema: Arc<ArrowSchema> = Arc::new(written.collect::<Result<_>>()?);
    let mut writer = FileWriter::new(out, schema.clone(), None, WriteOptions { compression });
    if let Some(facts) = &table.incoming.facts {
        writer.set_custom_schema_metadata(facts.clone());
    }
    writer.start().map_err(|error| from_polars(&error))?;
    let mut words: Vec<Words> = fields.iter().map(|_| Words::default()).collect();
    while let Some(batch) = table.batch()? {
        let columns = fields.iter().zip(batch.values()).zip(&mut words).map(|((field, column), words)| {
            // Looking at the values as wider ones proves that texts are texts.
            let made = widen::column(&**column).and_then(|_| widen::known_to_arrow(column.clone()));
            let made = made.and_then(|made| words.check(&*made).map(|()| made));
            made.map_err(|error| error.context(&format!("column {:?}", field.name.as_str())))
        });
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let batch = RecordBatchT::try_new(batch.len(), schema.clone(), columns).map_err(|error| from_polars(&error))?;
        writer.write(&batch, None).map_err(|error| from_polars(&error))?;
    }
    writer.finish().map_err(|error| from_polars(&error))
}

/// The dictionaries of a column: in a file they are those of all its batches.
#[derive(Default)]
struct Words(Option<Vec<Box<dyn Array>>>);

impl Words {
    fn check(&mut self, column: &dyn Array) -> Result<()> {
        let mut found = Vec::new();
        widen::dictionaries(column, &mut found);
        match &self.0 {
            Some(known) if *known != found => fail!(
                Unsupported,
                "Arrow IPC holds one dictionary for all rows, and the column has several; make it one, as unify_dictionaries() \
                 of a pyarrow.Table does, or write Parquet"
            ),
            _ => self.0 = Some(found),
        }
        Ok(())
    }
}
