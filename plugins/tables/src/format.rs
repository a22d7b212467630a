//! The formats, and how one is told from another.

use iolink_sdk::{fail, RandomAccess, Result, Source};

/// A format of table files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Csv,
    Tsv,
    JsonLines,
    Parquet,
    Arrow,
}

impl Format {
    const ALL: [Format; 5] = [Format::Csv, Format::Tsv, Format::JsonLines, Format::Parquet, Format::Arrow];

    /// The name in offers, options and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Format::Csv => "CSV",
            Format::Tsv => "TSV",
            Format::JsonLines => "JSON lines",
            Format::Parquet => "Parquet",
            Format::Arrow => "Arrow IPC",
        }
    }

    /// File name endings.
    pub const fn endings(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Tsv => "tsv,tab",
            Format::JsonLines => "ndjson,jsonl",
            Format::Parquet => "parquet,pq",
            Format::Arrow => "arrow,feather,ipc,arrows",
        }
    }

    /// Media types.
    pub const fn media_types(self) -> &'static str {
        match self {
            Format::Csv => "text/csv",
            Format::Tsv => "text/tab-separated-values",
            Format::JsonLines => "application/x-ndjson,application/jsonl",
            Format::Parquet => "application/vnd.apache.parquet",
            Format::Arrow => "application/vnd.apache.arrow.file,application/vnd.apache.arrow.stream",
        }
    }

    /// The format that the user asked for, else the one that the first bytes tell, else the one that the name ends with.
    pub fn of(source: &Source, bytes: &(dyn RandomAccess + 'static)) -> Result<Format> {
        if let Some(asked) = source.format() {
            return Format::named(asked);
        }
        let mut head = [0; 64];
        let count = bytes.read_at(0, &mut head)?;
        match &head[..count] {
            [b'P', b'A', b'R', b'1', ..] => return Ok(Format::Parquet),
            [b'A', b'R', b'R', b'O', b'W', b'1', ..] => return Ok(Format::Arrow),
            _ => {}
        }
        let name = source.uri().split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
        let ending = name.rsplit('.').next().unwrap_or_default();
        match Format::ALL.into_iter().find(|format| format.ends(ending)) {
            Some(format) => Ok(format),
            None if head[..count].contains(&0) => {
                let known = Format::ALL.map(Format::name).join(", ");
                fail!(
                    Unsupported,
                    "neither its name nor its first bytes tell a table, and it is no text; known are {known}"
                )
            }
            // A provider that was asked by name takes a text that it cannot tell for CSV.
            None => Ok(Format::Csv),
        }
    }

    /// The format of this name, ending or media type.
    pub fn named(name: &str) -> Result<Format> {
        let same = |known: &str| known.eq_ignore_ascii_case(name);
        let called = |format: &Format| {
            same(format.name())
                || format.ends(name.trim_start_matches('.'))
                || format.media_types().split(',').any(same)
        };
        match Format::ALL.into_iter().find(called) {
            Some(format) => Ok(format),
            None => {
                let known = Format::ALL.map(Format::name).join(", ");
                fail!(Unsupported, "the format {name} is none of {known}")
            }
        }
    }

    fn ends(self, ending: &str) -> bool {
        self.endings().split(',').any(|known| known.eq_ignore_ascii_case(ending))
    }
}
