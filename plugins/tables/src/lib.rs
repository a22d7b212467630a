//! Table files, by polars: CSV, TSV, JSON lines, Parquet and Arrow IPC are opened as data frames, and frames written.
//!
//! The format is the one asked for, else the one that the first bytes tell, else what the file name ends with. Every byte
//! is read by position. A text is read when it is opened, a local CSV file in runs on all threads; Parquet and Arrow IPC are
//! read a part at a time, when rows are exported: such a file must not change as long as its frame is used.
//!
//! **Texts** are judged before polars reads them, and what polars would accept in silence is refused with its line: rows
//! of another length, empty lines, quotes that never end, text that is not UTF-8, names that occur twice; in JSON a text
//! among numbers. A column's type is that of all its values, wherever they stand: whole numbers are int64, or float64
//! where one of them has a fraction; true and false are bool; everything else is text. A whole number that its column's
//! type cannot hold exactly is refused, and a number that is beyond every float64.
//!
//! In CSV an empty field is missing, a quoted empty one is the text "". A number may have a sign, zeros in front (`007` is 7, as
//! pandas and polars have it), spaces in front and an exponent; `nan`, `inf` and `infinity` in any case are floats. Among numbers
//! a quoted empty field is missing, and spaces alone are; among `true` and `false`, in any case, a quoted empty field is. What else
//! a field says is text: dates, hexadecimal digits, digits of other scripts, `1,000`, `NA`. The option `text_columns` keeps any
//! column as it is written, with its zeros and spaces.
//!
//! Options of the source:
//!
//! | option | default | meaning |
//! |---|---|---|
//! | `columns` | all | columns wanted, in this order, separated by commas; quoted where the name has a comma |
//! | `first_row` | 0 | rows to leave out at the start |
//! | `row_count` | all | rows wanted at most |
//!
//! and of CSV and TSV alone:
//!
//! | option | default | meaning |
//! |---|---|---|
//! | `separator` | `,`, for TSV a tab | one ASCII character, or `tab` |
//! | `quote` | `"` | one ASCII character, or nothing: no field is quoted |
//! | `has_header` | `true` | `false`: the first line holds values, the columns are `column_1`, `column_2` ... |
//! | `null_values` | | words that stand for a missing value, separated by commas: `NA,n/a` |
//! | `text_columns` | | columns kept as text whatever they hold, separated by commas |
//!
//! and of Parquet alone `int96`: the unit of times of INT96, `ns`, `us` or `ms`; by default `ns`, which holds those from 1677 to 2262.
//! Others are refused by their column's name. Other times, and integers, are read as the file stores them, whatever the schema of Arrow in
//! it says.
//!
//! **Limits.** Types and values nested more than 64 levels deep are refused, read and written. A JSON text may have 32 values for each of
//! its bytes and 8 million in any case, those counted that are missing because a name stands in other lines alone.
//!
//! Options of writing: `separator`, `quote` and `has_header` for CSV and TSV; `compression` for Parquet (`zstd`, `snappy`,
//! `gzip`, `lz4`, `brotli`, `none`) and Arrow IPC (`none`, `zstd`, `lz4`); `row_group_size` in rows for Parquet.
//!
//! **What is written** comes back with the values it had, or is refused by the column's name before the first byte. Text
//! formats take what they have words for: times by ISO 8601, decimals digit by digit; bytes, and in CSV lists and structs,
//! are refused. Arrow IPC keeps every type, but has offsets for the views of a list with offsets of 32 bits or of a map. Parquet
//! has wider ones: views for texts and bytes, lists of keys and values for maps, decimals of 128 bits for smaller ones,
//! milliseconds for seconds, days for midnights, and of dictionaries those of texts, with all words in their order unless they
//! stand inside another type; others become their values. No format
//! takes intervals, unions, extension types, list views, run-end encoded values, decimals of 256 bits or of a negative scale,
//! nor bytes and lists of a fixed size of 0.

mod arrow;
mod bytes;
mod columns;
mod csv;
mod depth;
mod exact;
mod failure;
mod fork;
mod format;
mod frame;
mod inflation;
mod interface;
mod json;
mod numbers;
mod options;
mod parquet;
mod pieces;
mod place;
mod scan;
mod words;
mod write;

use format::Format;
use iolink_sdk::{
    Call, DataFrameCapability, Host, Kind, Offer, OptionInfo, Provider, ProviderInfo, Result, Source, Target, View,
};
use options::{Options, Selection};
use pieces::Lazy;

const CAPABILITIES: DataFrameCapability = DataFrameCapability::READ.and(DataFrameCapability::ARROW);
const READ: DataFrameCapability = DataFrameCapability::READ;

/// The provider.
pub struct Tables;

const COLUMNS: OptionInfo = OptionInfo::string("columns", "", "columns wanted, in this order, separated by commas");
const FIRST_ROW: OptionInfo = OptionInfo::integer("first_row", "0", "number of rows to leave out at the start");
const ROW_COUNT: OptionInfo = OptionInfo::integer("row_count", "", "maximum number of rows");
const SEPARATOR: OptionInfo = OptionInfo::string("separator", "", "one ASCII character, or tab");
const QUOTE: OptionInfo = OptionInfo::string(
    "quote",
    "",
    "one ASCII character, the double quote if it is not given; an empty string: no field is quoted",
);
const HAS_HEADER: OptionInfo = OptionInfo::boolean("has_header", "true", "whether the first line holds names");

const SELECTION: &[OptionInfo] = &[COLUMNS, FIRST_ROW, ROW_COUNT];
const PARQUET: &[OptionInfo] =
    &[COLUMNS, FIRST_ROW, ROW_COUNT, OptionInfo::string("int96", "ns", "unit of times of INT96").choices("ns,us,ms")];
const DELIMITED: &[OptionInfo] = &[
    COLUMNS,
    FIRST_ROW,
    ROW_COUNT,
    SEPARATOR,
    QUOTE,
    HAS_HEADER,
    OptionInfo::string("null_values", "", "words that stand for a missing value, separated by commas"),
    OptionInfo::string("text_columns", "", "columns kept as text, separated by commas"),
];
const SAVE_DELIMITED: &[OptionInfo] = &[SEPARATOR, QUOTE, HAS_HEADER];
const SAVE_PARQUET: &[OptionInfo] = &[
    OptionInfo::string("compression", "zstd", "how columns are compressed").choices("zstd,snappy,gzip,lz4,brotli,none"),
    OptionInfo::integer("row_group_size", "", "number of rows of a row group"),
];
const SAVE_ARROW: &[OptionInfo] =
    &[OptionInfo::string("compression", "none", "how columns are compressed").choices("none,zstd,lz4")];

const fn open(format: Format, capabilities: DataFrameCapability, options: &'static [OptionInfo]) -> Offer {
    let offer = Offer::open(Kind::DataFrame, format.name()).frame_capabilities(capabilities).options(options);
    offer.extensions(format.endings()).media_types(format.media_types())
}

const fn save(format: Format, options: &'static [OptionInfo]) -> Offer {
    let offer = Offer::save(Kind::DataFrame, format.name(), READ.value()).options(options);
    offer.extensions(format.endings()).media_types(format.media_types())
}

impl Provider for Tables {
    const INFO: ProviderInfo = ProviderInfo::new("org.iolink.tables", "Table files (polars)").offers(&[
        open(Format::Csv, CAPABILITIES, DELIMITED),
        open(Format::Tsv, CAPABILITIES, DELIMITED),
        open(Format::JsonLines, READ, SELECTION),
        open(Format::Parquet, READ, PARQUET).magic("0:50415231"),
        open(Format::Arrow, READ, SELECTION).magic("0:4152524f5731"),
        save(Format::Csv, SAVE_DELIMITED),
        save(Format::Tsv, SAVE_DELIMITED),
        save(Format::JsonLines, &[]),
        save(Format::Parquet, SAVE_PARQUET),
        save(Format::Arrow, SAVE_ARROW),
    ]);

    fn open(&self, _host: &Host, source: &Source, call: &Call<'_>) -> Result<View> {
        let read = || {
            // A source without a path may call back, as a file object of Python's does.
            let calls_back = source.path().is_none();
            let bytes = if calls_back { fork::watched(source.bytes()?) } else { source.bytes()? };
            let format = Format::of(source, &*bytes)?;
            if matches!(format, Format::Csv | Format::Tsv) {
                let options = Options::of(source, format)?;
                let table = csv::read(call, &*bytes, &options, source.path().is_some())?;
                return frame::Frame::new(table, source.uri()).map(View::data_frame);
            }
            let selection = Selection::of(source)?;
            let origin = source.uri();
            Ok(match format {
                Format::Parquet => {
                    let unit = options::int96(source)?;
                    let file = parquet::Parquet::open(bytes, unit)?.calling_back(calls_back);
                    View::data_frame(Lazy::new(file, &selection, origin)?)
                }
                Format::Arrow if arrow::has_footer(&*bytes)? => {
                    let file = arrow::File::open(bytes)?.calling_back(calls_back);
                    View::data_frame(Lazy::new(file, &selection, origin)?)
                }
                Format::Arrow => View::data_frame(Lazy::new(arrow::stream(&*bytes)?, &selection, origin)?),
                _ => {
                    let text = bytes::Text::read(call, &*bytes, source.path().is_some())?;
                    View::data_frame(Lazy::new(json::read(text.bytes(), call)?, &selection, origin)?)
                }
            })
        };
        failure::read(read).map_err(|error| error.context(source.uri()))
    }

    fn save(&self, _host: &Host, view: View, target: &Target, call: &Call<'_>) -> Result<()> {
        let write = || write::write(&*view.clone().into_data_frame()?, target, call);
        failure::written(write).map_err(|error| error.context(target.uri()))
    }
}
