//! Table files, by polars: CSV and TSV are opened as data frames.
//!
//! The whole text is judged before polars reads it, and what polars would accept in silence is refused with its line:
//! rows of another length, empty lines, quotes that never end, text that is not UTF-8, names that occur twice. A
//! column's type is that of all its values, wherever they stand: whole numbers are int64, or float64 where one of them
//! has a fraction; true and false are bool; everything else is text. An empty field is missing, a quoted empty one is
//! "".  A whole number that its column's type cannot hold exactly is refused.
//!
//! Options of the source, all texts:
//!
//! | option | default | meaning |
//! |---|---|---|
//! | `separator` | `,`, for TSV a tab | one ASCII character, or `tab` |
//! | `quote` | `"` | one ASCII character, or nothing: no field is quoted |
//! | `has_header` | `true` | `false`: the first line holds values, the columns are `column_1`, `column_2` ... |
//! | `null_values` | | words that stand for a missing value, separated by commas: `NA,n/a` |
//! | `text_columns` | | columns kept as text whatever they hold, separated by commas |
//! | `columns` | all | columns wanted, in this order, separated by commas; quoted where the name has a comma |
//! | `first_row` | 0 | rows to leave out at the start |
//! | `row_count` | all | rows wanted at most |
//!
//! The format is the source's, else what the file name ends with. Every byte is read by position, once: the frame does
//! not notice when the file changes later.

mod bytes;
mod columns;
mod csv;
mod exact;
mod failure;
mod frame;
mod options;
mod scan;

use iolink_sdk::{DataFrameCapability, Host, Kind, Offer, Provider, ProviderInfo, Result, Source, View};

const CAPABILITIES: DataFrameCapability = DataFrameCapability::READ.and(DataFrameCapability::ARROW);

/// The provider.
pub struct Tables;

impl Provider for Tables {
    const INFO: ProviderInfo = ProviderInfo::new("org.iolink.tables", "Table files (polars)").offers(&[
        Offer::open(Kind::DataFrame, "CSV").extensions("csv").media_types("text/csv").frame_capabilities(CAPABILITIES),
        Offer::open(Kind::DataFrame, "TSV")
            .extensions("tsv,tab")
            .media_types("text/tab-separated-values")
            .frame_capabilities(CAPABILITIES),
    ]);

    fn open(&self, host: &Host, source: &Source) -> Result<View> {
        let options = options::Options::of(source)?;
        let read = || {
            let text = bytes::Text::read(host, &*source.bytes()?)?;
            frame::Frame::new(csv::read(&text, &options)?, source.uri())
        };
        failure::contained(read).map(View::data_frame).map_err(|error| error.context(source.uri()))
    }
}
