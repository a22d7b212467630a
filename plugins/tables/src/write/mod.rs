//! Frames into files. The host gives an empty file, and puts it in its place when everything is written.

mod arrow;
mod cells;
mod delimited;
mod json;
mod judge;
mod parquet;
mod widen;

use crate::format::Format;
use crate::interface::Incoming;
use crate::options::{dialect, number};
use iolink_sdk::{fail, Call, DataFrameView, Error, Options, Result, Target};
use polars_arrow::array::{Array, StructArray};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Where the bytes go. It remembers what the file system said, which polars' errors do not.
struct Out {
    file: BufWriter<File>,
    failed: Option<Error>,
}

impl Out {
    fn create(path: &Path) -> Result<Self> {
        let file = File::create(path).map_err(|error| io(&error))?;
        Ok(Out { file: BufWriter::with_capacity(1 << 20, file), failed: None })
    }

    fn noted<T>(&mut self, done: std::io::Result<T>) -> std::io::Result<T> {
        if let Err(error) = &done {
            self.failed.get_or_insert_with(|| io(error));
        }
        done
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let done = self.file.write(bytes);
        self.noted(done)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let done = self.file.flush();
        self.noted(done)
    }
}

/// What an error of the file system is to the border.
fn io(error: &std::io::Error) -> Error {
    Error::io("the file cannot be written", error)
}

/// Writes all of a frame into the target's file, in the target's format.
pub fn write(frame: &dyn DataFrameView, target: &Target, call: &Call<'_>) -> Result<()> {
    let path = target.path()?;
    let Some(format) = target.format() else {
        fail!(InvalidArgument, "the target has no format; name one");
    };
    let format = Format::named(format)?;
    judge::known_to_polars(&frame.schema()?)?;
    let mut table = Table::new(frame, call)?;
    judge::check(&table.incoming.fields, format)?;
    if table.incoming.fields.is_empty()
        && table.rows > 0
        && matches!(format, Format::Csv | Format::Tsv | Format::Parquet)
    {
        fail!(Unsupported, "{} cannot hold {} rows without columns", format.name(), table.rows);
    }
    let mut out = Out::create(path)?;
    let written = match format {
        Format::Csv | Format::Tsv => {
            let header = target.boolean("has_header")?.unwrap_or(true);
            delimited::write(&mut table, dialect(target, format)?, header, &mut out)
        }
        Format::JsonLines => json::write(&mut table, &mut out),
        Format::Parquet => {
            let size = target.option("row_group_size").map(|given| number("row_group_size", given)).transpose()?;
            parquet::write(&mut table, target.option("compression"), size, &mut out)
        }
        Format::Arrow => arrow::write(&mut table, target.option("compression"), &mut out),
    };
    let whole = written.and_then(|()| out.flush().map_err(|error| io(&error)));
    out.failed.take().map_or(whole, Err)
}

/// The rows that are written, with an account of progress.
struct Table<'a> {
    incoming: Incoming,
    call: &'a Call<'a>,
    done: u64,
    rows: u64,
}

impl<'a> Table<'a> {
    fn new(frame: &dyn DataFrameView, call: &'a Call<'a>) -> Result<Self> {
        let rows = frame.shape()?.1;
        Ok(Table { incoming: Incoming::of(frame)?, call, done: 0, rows })
    }

    /// The next rows, of the few kinds that the writers know.
    fn next(&mut self) -> Result<Option<Vec<Box<dyn Array>>>> {
        let Some(batch) = self.batch()? else { return Ok(None) };
        let columns = self.incoming.fields.iter().zip(batch.values());
        let wide = columns.map(|(field, column)| {
            widen::column(&**column).map_err(|error| error.context(&format!("column {:?}", field.name.as_str())))
        });
        wide.collect::<Result<_>>().map(Some)
    }

    fn batch(&mut self) -> Result<Option<StructArray>> {
        let Some(batch) = self.incoming.next()? else { return Ok(None) };
        self.call.step(self.done, self.rows)?;
        self.done += batch.len() as u64;
        Ok(Some(batch))
    }
}
