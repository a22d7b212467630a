//! CSV and TSV, read by polars once the text is known to be well formed: by [`quick`] where the file is local and plain,
//! else as a whole and exactly.

mod quick;

use crate::bytes::Text;
use crate::columns::{names, wanted};
use crate::exact;
use crate::failure::from_polars;
use crate::numbers::{self, bare, float};
use crate::options::Options;
use crate::scan::{self, value};
use iolink_sdk::{fail, Call, Error, ErrorKind, RandomAccess, Result};
use polars_buffer::Buffer;
use polars_core::error::PolarsError;
use polars_core::frame::DataFrame;
use polars_core::prelude::{DataType, PlSmallStr};
use polars_core::schema::{Schema, SchemaRef};
use polars_io::csv::read::{
    read_until_start_and_infer_schema_from_compressed_reader as infer, CsvParseOptions, CsvReadOptions, NullValues,
};
use polars_io::utils::compression::CompressedReader;
use polars_io::SerReader;
use std::io::Cursor;
use std::ops::Range;
use std::sync::Arc;

/// Rows by which the types are guessed at first; a guess that fails is replaced by a look at all rows.
const SAMPLE: usize = 1000;

/// The table in a file, which is read in several places at once where it is a local one.
pub fn read(call: &Call<'_>, file: &(dyn RandomAccess + 'static), options: &Options, local: bool) -> Result<DataFrame> {
    if local {
        if let Some(frame) = quick::read(call, file, options, quick::STEP)? {
            return Ok(frame);
        }
    }
    exactly(&Text::read(call, file, local)?, options)
}

/// The table in a text.
fn exactly(text: &Text, options: &Options) -> Result<DataFrame> {
    let names = names(text.bytes(), options)?;
    // In a table of one column an empty line is a missing value.
    let bytes = if names.len() > 1 { scan::trimmed(text.bytes()) } else { text.bytes() };
    let records = scan::check(bytes, options.dialect, names.len())
        .map_err(|fault| Error::new(ErrorKind::Corrupt, fault.to_string()))?;
    let rows = records - u64::from(options.has_header);
    let chosen = options.selection.rows(rows)?;
    let reading = Reading { text, bytes, plan: Plan::new(names, options)? };
    let frame = reading.frame()?;
    if frame.height() as u64 != rows {
        fail!(Internal, "polars read {} rows of a table of {rows}", frame.height());
    }
    Ok(cut(frame, &chosen))
}

fn cut(frame: DataFrame, rows: &Range<u64>) -> DataFrame {
    let count = (rows.end - rows.start) as usize;
    if count == frame.height() {
        frame
    } else {
        frame.slice(rows.start as i64, count)
    }
}

/// How a text is to be read, apart from the text itself.
struct Plan<'a> {
    options: &'a Options,
    names: Vec<String>,
    /// Columns that are text whatever they hold.
    as_text: Vec<usize>,
    /// Columns wanted, `None` for all.
    wanted: Option<Vec<usize>>,
    polars: CsvReadOptions,
}

impl<'a> Plan<'a> {
    fn new(names: Vec<String>, options: &'a Options) -> Result<Self> {
        let as_text = wanted("text_columns", &options.text_columns, &names)?;
        let columns = options.selection.columns(&names)?;
        let nulls: Vec<PlSmallStr> = options.null_values.iter().map(|word| word.as_str().into()).collect();
        let parse = CsvParseOptions::default()
            .with_separator(options.dialect.separator)
            .with_quote_char(options.dialect.quote)
            .with_null_values((!nulls.is_empty()).then_some(NullValues::AllColumns(nulls)));
        let polars = CsvReadOptions::default().with_has_header(options.has_header).with_parse_options(parse);
        Ok(Plan { options, names, as_text, wanted: columns, polars })
    }

    /// Types by the values in a text, which begins as [`Text::for_polars`] says.
    fn schema(&self, marked: Buffer<u8>) -> Result<SchemaRef> {
        let options = self.polars.clone().with_infer_schema_length(None);
        let guessed = CompressedReader::try_new(marked.clone())
            .and_then(|mut reader| infer(&options, None, None, &mut reader))
            .map_err(|error| from_polars(&error))?
            .0;
        if guessed.len() != self.names.len() {
            fail!(Internal, "polars sees {} columns in a table of {}", guessed.len(), self.names.len());
        }
        let mut guessed: Vec<DataType> = guessed.iter_values().cloned().collect();
        let text = &marked[Text::MARK..];
        numbers::settle(&mut guessed, text, self.options.dialect, self.options.has_header, |value| self.is_null(value));
        let types = guessed.into_iter().enumerate().map(|(number, guessed)| match self.as_text.contains(&number) {
            true => DataType::String,
            false => guessed,
        });
        Ok(Arc::new(Schema::from_iter(self.names.iter().map(|name| name.as_str().into()).zip(types))))
    }

    /// Numbers of the columns wanted in the order of the file, which polars keeps; `None` for all.
    fn projection(&self) -> Option<Vec<usize>> {
        self.wanted.clone().map(|mut columns| {
            columns.sort_unstable();
            columns
        })
    }

    /// The columns in the order wanted.
    fn ordered(&self, frame: DataFrame) -> Result<DataFrame> {
        match &self.wanted {
            Some(columns) => {
                frame.select(columns.iter().map(|number| self.names[*number].as_str())).map_err(|e| from_polars(&e))
            }
            None => Ok(frame),
        }
    }

    /// Is there a column of which the sample holds no value and the rest does? It was taken for text.
    fn undecided(&self, frame: &DataFrame) -> bool {
        let sample = SAMPLE.min(frame.height());
        frame.columns().iter().any(|column| {
            column.dtype() == &DataType::String
                && !self.as_text.iter().any(|number| self.names[*number] == column.name().as_str())
                && column.slice(0, sample).null_count() == sample
                && column.null_count() != column.len()
        })
    }

    /// Is it one of the words for a missing value?
    fn is_null(&self, value: &[u8]) -> bool {
        self.options.null_values.iter().any(|null| null.as_bytes() == value)
    }

    fn number(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }
}

/// A well-formed text and what is wanted of it.
struct Reading<'a> {
    text: &'a Text,
    bytes: &'a [u8],
    plan: Plan<'a>,
}

impl Reading<'_> {
    fn frame(&self) -> Result<DataFrame> {
        let sample = scan::head(self.bytes, self.plan.options.dialect, SAMPLE + 1);
        let schema = self.schema(sample)?;
        let first = self.parse(&schema);
        let (schema, frame) = match first {
            Ok(frame) if sample == self.bytes.len() || !self.plan.undecided(&frame) => (schema, Ok(frame)),
            Err(error) if sample == self.bytes.len() => (schema, Err(error)),
            _ => {
                let schema = self.schema(self.bytes.len())?;
                let frame = self.parse(&schema);
                (schema, frame)
            }
        };
        let frame = frame.map_err(|error| self.explained(&error, &schema))?;
        exact::check(&frame, |name, wanted| self.line(self.plan.number(name)?, wanted))?;
        self.plan.ordered(frame)
    }

    /// Types by the values in the first `length` bytes.
    fn schema(&self, length: usize) -> Result<SchemaRef> {
        self.plan.schema(self.text.for_polars(length))
    }

    fn parse(&self, schema: &SchemaRef) -> Result<DataFrame, PolarsError> {
        let bytes = self.text.for_polars(self.bytes.len());
        let projection = self.plan.projection().map(Arc::new);
        let options = self.plan.polars.clone().with_schema(Some(schema.clone())).with_projection(projection);
        options.into_reader_with_file_handle(Cursor::new(&bytes[..])).finish()
    }

    /// Line of the first value of a column that `wanted` finds, without spaces before it; missing ones are not asked for.
    fn line(&self, column: usize, wanted: &dyn Fn(&[u8]) -> bool) -> Option<(u64, String)> {
        let dialect = self.plan.options.dialect;
        let mut found = None;
        let line = scan::find(self.bytes, dialect, self.plan.options.has_header, column, |written| {
            let value = value(written, dialect.quote);
            let hit = wanted(bare(&value)) && !self.plan.is_null(&value);
            if hit {
                found = Some(String::from_utf8_lossy(&value).into_owned());
            }
            hit
        })?;
        Some((line, found?))
    }

    /// polars: "could not parse `X` as dtype `T` at column 'NAME' (column number 2)", with an offset inside a chunk.
    fn explained(&self, error: &PolarsError, schema: &Schema) -> Error {
        let words = error.to_string();
        let column = words.split_once("' (column number ").and_then(|(_, rest)| {
            let number: usize = rest.split_once(')')?.0.parse().ok()?;
            let (name, dtype) = schema.get_at_index(number.checked_sub(1)?)?;
            let judge: &dyn Fn(&[u8]) -> bool = match dtype {
                DataType::Int64 => &|value| !value.is_empty() && !fits(value),
                DataType::Float64 => &|value| !value.is_empty() && float(value).is_none(),
                _ => return None,
            };
            let (line, value) = self.line(number - 1, judge)?;
            Some((line, name, value))
        });
        match column {
            Some((line, name, value)) => exact::refused(line, name, &value),
            None => from_polars(error),
        }
    }
}

fn fits(value: &[u8]) -> bool {
    std::str::from_utf8(value).is_ok_and(|value| value.parse::<i64>().is_ok())
}
