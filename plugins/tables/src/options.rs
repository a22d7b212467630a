//! The options of a source.

use crate::columns::wanted;
use crate::format::Format;
use crate::scan::{value, Dialect, Walker};
use iolink_sdk::{fail, Error, ErrorKind, Options as Given, Result, Source};
use polars_arrow::datatypes::TimeUnit;
use std::ops::Range;

/// The columns and rows that are wanted of a table.
#[derive(Debug)]
pub struct Selection {
    columns: Option<Vec<String>>,
    first_row: u64,
    row_count: Option<u64>,
}

impl Selection {
    /// Those of a source.
    pub fn of(source: &Source) -> Result<Self> {
        let columns = source.option("columns").map(|given| list("columns", given)).transpose()?;
        if columns.as_ref().is_some_and(Vec::is_empty) {
            fail!(InvalidArgument, "the option columns names no column");
        }
        Ok(Selection {
            columns,
            first_row: source.option("first_row").map_or(Ok(0), |given| number("first_row", given))?,
            row_count: source.option("row_count").map(|given| number("row_count", given)).transpose()?,
        })
    }

    /// Numbers of the columns wanted, of those with these names; `None` for all.
    pub fn columns(&self, names: &[String]) -> Result<Option<Vec<usize>>> {
        self.columns.as_ref().map(|columns| wanted("columns", columns, names)).transpose()
    }

    /// The rows wanted, of so many.
    pub fn rows(&self, rows: u64) -> Result<Range<u64>> {
        if self.first_row > rows {
            fail!(OutOfRange, "the option first_row is {}, and the table has {rows} rows", self.first_row);
        }
        let count = self.row_count.unwrap_or(u64::MAX).min(rows - self.first_row);
        Ok(self.first_row..self.first_row + count)
    }
}

/// How CSV and TSV are to be read.
#[derive(Debug)]
pub struct Options {
    pub dialect: Dialect,
    pub has_header: bool,
    pub null_values: Vec<String>,
    pub text_columns: Vec<String>,
    pub selection: Selection,
}

impl Options {
    /// Those of a source.
    pub fn of(source: &Source, format: Format) -> Result<Self> {
        Ok(Options {
            dialect: dialect(source, format)?,
            has_header: source.boolean("has_header")?.unwrap_or(true),
            null_values: source.option("null_values").map_or(Ok(Vec::new()), |given| list("null_values", given))?,
            text_columns: source.option("text_columns").map_or(Ok(Vec::new()), |given| list("text_columns", given))?,
            selection: Selection::of(source)?,
        })
    }
}

/// How fields are told apart.
pub fn dialect(source: &impl Given, format: Format) -> Result<Dialect> {
    let separator = match source.option("separator") {
        Some("tab") => b'\t',
        Some(given) => character("separator", given)?,
        None if format == Format::Tsv => b'\t',
        None => b',',
    };
    let quote = match source.option("quote") {
        Some("") => None,
        Some(given) => Some(character("quote", given)?),
        None => Some(b'"'),
    };
    if quote == Some(separator) {
        fail!(InvalidArgument, "the options separator and quote are the same character");
    }
    Ok(Dialect { separator, quote })
}

/// The unit of Parquet's times of INT96.
pub fn int96(source: &Source) -> Result<TimeUnit> {
    match source.option("int96") {
        None | Some("ns") => Ok(TimeUnit::Nanosecond),
        Some("us") => Ok(TimeUnit::Microsecond),
        Some("ms") => Ok(TimeUnit::Millisecond),
        Some(other) => fail!(InvalidArgument, "the option int96 is {other:?}, not ns, us or ms"),
    }
}

fn character(option: &str, given: &str) -> Result<u8> {
    match given.as_bytes() {
        [byte] if byte.is_ascii() && !matches!(byte, b'\n' | b'\r' | 0) => Ok(*byte),
        _ => fail!(InvalidArgument, "the option {option} is {given:?}, not one ASCII character of a line"),
    }
}

/// An option that counts rows.
pub fn number(option: &str, given: &str) -> Result<u64> {
    given.parse().map_err(|_| {
        Error::new(ErrorKind::InvalidArgument, format!("the option {option} is {given:?}, not a number of rows"))
    })
}

/// A list is written like a line of CSV.
fn list(option: &str, given: &str) -> Result<Vec<String>> {
    let mut words = Vec::new();
    let dialect = Dialect { separator: b',', quote: Some(b'"') };
    let mut walker = Walker::new(given.as_bytes(), dialect);
    let passed = walker.record(|_, written| words.push(value(written, dialect.quote)));
    match (passed, walker.record(|_, _| ())) {
        (Ok(Some(_)), Ok(None)) => Ok(words.iter().map(|word| String::from_utf8_lossy(word).into_owned()).collect()),
        (Ok(None), _) => Ok(Vec::new()),
        _ => fail!(InvalidArgument, "the option {option} is {given:?}, not a list like a,b,\"c,d\""),
    }
}
