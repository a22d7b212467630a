//! Arrow IPC, as a file.

use super::{widen, Out, Table};
use crate::failure::from_polars;
use iolink_sdk::{fail, Result};
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
    let schema: Arc<ArrowSchema> = Arc::new(table.incoming.fields.iter().cloned().collect());
    let mut writer = FileWriter::new(out, schema.clone(), None, WriteOptions { compression });
    if let Some(facts) = &table.incoming.facts {
        writer.set_custom_schema_metadata(facts.clone());
    }
    writer.start().map_err(|error| from_polars(&error))?;
    while let Some(batch) = table.batch()? {
        let columns = table.incoming.fields.iter().zip(batch.values()).map(|(field, column)| {
            // The types are kept as they are; looking at them as wider ones proves that texts are texts.
            let proven = widen::column(&**column).and_then(|_| widen::with_keys(&**column));
            proven.map_err(|error| error.context(&format!("column {:?}", field.name.as_str())))
        });
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let batch = RecordBatchT::try_new(batch.len(), schema.clone(), columns).map_err(|error| from_polars(&error))?;
        writer.write(&batch, None).map_err(|error| from_polars(&error))?;
    }
    writer.finish().map_err(|error| from_polars(&error))
}
