//! The options of a source.

use crate::scan::{value, Dialect, Walker};
use iolink_sdk::{fail, Error, ErrorKind, Result, Source};

const KNOWN: [&str; 8] =
    ["separator", "quote", "has_header", "null_values", "text_columns", "columns", "first_row", "row_count"];

/// How a text is to be read.
#[derive(Debug)]
pub struct Options {
    pub dialect: Dialect,
    pub has_header: bool,
    pub null_values: Vec<String>,
    pub text_columns: Vec<String>,
    pub columns: Option<Vec<String>>,
    pub first_row: u64,
    pub row_count: Option<u64>,
}

impl Options {
    /// Those of a source.
    pub fn of(source: &Source) -> Result<Self> {
        if let Some((key, _)) = source.options().iter().find(|(key, _)| !KNOWN.contains(&key.as_str())) {
            fail!(InvalidArgument, "there is no option {key:?} for CSV and TSV; there are {}", KNOWN.join(", "));
        }
        let separator = match source.option("separator") {
            Some("tab") => b'\t',
            Some(given) => character("separator", given)?,
            None if is_tsv(source)? => b'\t',
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
        Ok(Options {
            dialect: Dialect { separator, quote },
            has_header: match source.option("has_header") {
                None | Some("true" | "True" | "1") => true,
                Some("false" | "False" | "0") => false,
                Some(other) => fail!(InvalidArgument, "the option has_header is {other:?}, not true or false"),
            },
            null_values: source.option("null_values").map_or(Ok(Vec::new()), |given| list("null_values", given))?,
            text_columns: source.option("text_columns").map_or(Ok(Vec::new()), |given| list("text_columns", given))?,
            columns: source.option("columns").map(|given| list("columns", given)).transpose()?,
            first_row: source.option("first_row").map_or(Ok(0), |given| number("first_row", given))?,
            row_count: source.option("row_count").map(|given| number("row_count", given)).transpose()?,
        })
    }
}

/// By the source's format, else by its name.
fn is_tsv(source: &Source) -> Result<bool> {
    if let Some(format) = source.format() {
        return match format.to_ascii_lowercase().as_str() {
            "csv" => Ok(false),
            "tsv" | "tab" => Ok(true),
            _ => fail!(Unsupported, "the format {format} is not read here; CSV and TSV are"),
        };
    }
    let name = source.uri().split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    Ok(name.ends_with(".tsv") || name.ends_with(".tab"))
}

fn character(option: &str, given: &str) -> Result<u8> {
    match given.as_bytes() {
        [byte] if byte.is_ascii() && !matches!(byte, b'\n' | b'\r' | 0) => Ok(*byte),
        _ => fail!(InvalidArgument, "the option {option} is {given:?}, not one ASCII character of a line"),
    }
}

fn number(option: &str, given: &str) -> Result<u64> {
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
