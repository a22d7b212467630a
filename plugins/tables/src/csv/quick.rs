//! The common case, fast: a local file is read, judged and parsed run by run on all threads, each run while its bytes are
//! in the processor's caches. Whatever is not plain is left to the exact way, which also finds the lines of faults.
//!
//! A run starts behind a newline, of which nobody knows yet whether it stands inside quotes. But the first run starts with
//! a record; and a run that starts with a record and is well formed ends with one, so that the next one starts with one.

use super::{cut, Plan, SAMPLE};
use crate::bytes::Text;
use crate::columns::names;
use crate::exact;
use crate::failure::{self, from_polars};
use crate::options::Options;
use crate::scan::{self, Dialect, Walker};
use iolink_sdk::{Call, Error, RandomAccess, Result};
use polars_core::frame::DataFrame;
use polars_core::schema::SchemaRef;
use polars_core::utils::accumulate_dataframes_vertical_unchecked;
use polars_io::csv::read::_csv_read_internal::{read_chunk, NullValuesCompiled};
use polars_io::csv::read::CsvParseOptions;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;

/// Bytes of a run: two of them, for two threads, fit in a processor's last cache.
pub const STEP: u64 = 2 << 20;
/// The longest head in which names and types are looked for.
const HEAD: u64 = 16 << 20;
/// Arrays that the columns of all runs may have together; wide tables get longer runs.
const ARRAYS: u64 = 500_000;

/// The table; `None` where it has to be read exactly.
pub fn read(
    call: &Call<'_>,
    file: &(dyn RandomAccess + 'static),
    options: &Options,
    step: u64,
) -> Result<Option<DataFrame>> {
    let length = file.length()?;
    let Some(head) = head(file, length, options)? else { return Ok(None) };
    let Ok(text) = Text::of(&head) else { return Ok(None) };
    let Ok(names) = names(text.bytes(), options) else { return Ok(None) };
    let plan = Plan::new(names, options)?;
    let Ok(schema) = plan.schema(text.for_polars(text.bytes().len())) else { return Ok(None) };
    let mark = (head.len() - text.bytes().len()) as u64;
    let first = mark + if options.has_header { first_record(&text, options) } else { 0 };
    let runs = Runs::new(file, first..length, step, &plan, schema)?;
    let Some(frame) = runs.read(call)? else { return Ok(None) };
    if (head.len() as u64) < length && plan.undecided(&frame) {
        return Ok(None);
    }
    let rows = options.selection.rows(frame.height() as u64)?;
    Ok(Some(cut(plan.ordered(frame)?, &rows)))
}

/// The first records of the file, all of a short one; `None` where they are too long.
fn head(file: &(dyn RandomAccess + 'static), length: u64, options: &Options) -> Result<Option<Vec<u8>>> {
    let mut size = length.min(256 << 10);
    loop {
        let mut bytes = vec![0; size as usize];
        file.read_exact_at(0, &mut bytes)?;
        let sample = scan::head(&bytes, options.dialect, SAMPLE + 1);
        if sample < bytes.len() || size == length {
            bytes.truncate(sample);
            return Ok(Some(bytes));
        }
        if size >= HEAD {
            return Ok(None);
        }
        size = length.min(size * 4);
    }
}

/// Bytes of the first record, with its newline.
fn first_record(text: &Text, options: &Options) -> u64 {
    let mut walker = Walker::new(text.bytes(), options.dialect);
    // The names were read: the record is well formed.
    let _ = walker.record(|_, _| ());
    walker.at() as u64
}

/// A file in runs of records.
struct Runs<'a> {
    file: &'a (dyn RandomAccess + 'static),
    /// Where the records are.
    records: Range<u64>,
    step: u64,
    width: usize,
    dialect: Dialect,
    parse: CsvParseOptions,
    nulls: Option<NullValuesCompiled>,
    schema: SchemaRef,
    projection: Vec<usize>,
}

impl<'a> Runs<'a> {
    fn new(
        file: &'a (dyn RandomAccess + 'static),
        records: Range<u64>,
        step: u64,
        plan: &Plan<'_>,
        schema: SchemaRef,
    ) -> Result<Self> {
        let width = plan.names.len();
        let parse = plan.polars.get_parse_options().as_ref().clone();
        let nulls = parse.null_values.clone().map(|nulls| nulls.compile(&schema)).transpose();
        let nulls = nulls.map_err(|error| from_polars(&error))?;
        let projection = plan.projection().unwrap_or_else(|| (0..width).collect());
        let step = step.max((records.end - records.start) / (ARRAYS / projection.len() as u64).max(1));
        let dialect = plan.options.dialect;
        Ok(Runs { file, records, step, width, dialect, parse, nulls, schema, projection })
    }

    /// All of them; `None` where one is not plain.
    fn read(&self, call: &Call<'_>) -> Result<Option<DataFrame>> {
        let total = self.records.end - self.records.start;
        let count = total.div_ceil(self.step);
        let mut read: Vec<Option<DataFrame>> = vec![None; count as usize];
        let next = AtomicU64::new(0);
        let plain = std::thread::scope(|scope| {
            let (finished, results) = mpsc::channel();
            for _ in 0..count.min(rayon::current_num_threads() as u64) {
                let (finished, next) = (finished.clone(), &next);
                scope.spawn(move || {
                    let mut buffer = Vec::new();
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        // Nobody listens any more once a run was not plain.
                        if number >= count || finished.send((number, self.run(number, &mut buffer))).is_err() {
                            break;
                        }
                    }
                });
            }
            drop(finished);
            let mut done = 0;
            for (number, made) in results {
                let Some(frame) = made? else { return Ok(false) };
                read[number as usize] = Some(frame);
                done += 1;
                call.step((done * self.step).min(total), total)?;
            }
            Ok::<_, Error>(true)
        })?;
        let frames: Vec<DataFrame> = read.into_iter().flatten().filter(|frame| frame.height() > 0).collect();
        Ok((plain && !frames.is_empty()).then(|| accumulate_dataframes_vertical_unchecked(frames)))
    }

    /// One of them, in memory that is used again for the next.
    fn run(&self, number: u64, buffer: &mut Vec<u8>) -> Result<Option<DataFrame>> {
        let start = self.records.start + number * self.step;
        let end = (start + self.step).min(self.records.end);
        let Some(bytes) = self.bytes(start, end, buffer)? else { return Ok(None) };
        // In a table of one column an empty line is a missing value.
        let last = end == self.records.end && self.width > 1;
        let bytes = if last { scan::trimmed(bytes) } else { bytes };
        let Ok(records) = scan::check(bytes, self.dialect, self.width) else { return Ok(None) };
        if std::str::from_utf8(bytes).is_err() {
            return Ok(None);
        }
        let frame = failure::read(|| self.parsed(bytes, records as usize));
        Ok(frame.ok().filter(|frame| frame.height() as u64 == records && exact::certain(frame)))
    }

    /// The records that start from `start` to `end`; `None` where one is too long.
    fn bytes<'b>(&self, start: u64, end: u64, buffer: &'b mut Vec<u8>) -> Result<Option<&'b [u8]>> {
        // The byte before tells whether a record starts right here.
        let from = if start == self.records.start { start } else { start - 1 };
        let mut to = end;
        buffer.clear();
        let last = loop {
            let known = buffer.len();
            buffer.resize((to - from) as usize, 0);
            self.file.read_exact_at(from + known as u64, &mut buffer[known..])?;
            let looked = known.max((end - 1 - from) as usize);
            if let Some(newline) = newline(&buffer[looked..]).filter(|_| end < self.records.end) {
                break looked + newline + 1;
            }
            if to == self.records.end {
                break buffer.len();
            }
            if to - end > self.step {
                return Ok(None);
            }
            to = (to + 4096).max(to + (to - end)).min(self.records.end);
        };
        let first = match (start == from, newline(&buffer[..last])) {
            (true, _) => 0,
            (false, Some(newline)) => newline + 1,
            (false, None) => last,
        };
        Ok(Some(&buffer[first..last]))
    }

    fn parsed(&self, bytes: &[u8], records: usize) -> Result<DataFrame> {
        let (all, nulls) = (usize::MAX, self.nulls.as_ref());
        read_chunk(
            bytes,
            &self.parse,
            &self.schema,
            false,
            &self.projection,
            0,
            records,
            nulls,
            all,
            bytes.len(),
            Some(0),
        )
        .map_err(|error| from_polars(&error))
    }
}

fn newline(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| *byte == b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csv::exactly;
    use crate::format::Format;
    use iolink_sdk::{Source, StreamCapability};

    struct File(Vec<u8>);

    impl RandomAccess for File {
        fn capabilities(&self) -> StreamCapability {
            StreamCapability::READ
        }
        fn length(&self) -> Result<u64> {
            Ok(self.0.len() as u64)
        }
        fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
            let rest = &self.0[offset as usize..];
            let count = rest.len().min(buffer.len());
            buffer[..count].copy_from_slice(&rest[..count]);
            Ok(count)
        }
    }

    /// The table by the quick way in runs of some length, where there is one; it must then be what the exact way reads.
    fn agreed(text: &[u8], options: &Options, step: u64) -> Option<DataFrame> {
        let frame = read(&Call::silent(), &File(text.to_vec()), options, step).expect("a file in memory is read")?;
        let exact = exactly(&Text::of(text).expect("plain text is UTF-8"), options).expect("plain text is a table");
        assert!(frame.equals_missing(&exact), "{:?} by {step}", String::from_utf8_lossy(text));
        assert_eq!(frame.dtypes(), exact.dtypes());
        Some(frame)
    }

    fn options(given: &[(&str, &str)]) -> Options {
        let source =
            given.iter().fold(Source::new("file:///t.csv"), |source, (key, value)| source.with_option(*key, *value));
        Options::of(&source, Format::Csv).expect("options of CSV")
    }

    #[test]
    fn runs_of_any_length_make_the_same_table_as_the_whole() {
        let mut seed = 4711_u64;
        let mut random = move |below: u64| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed % below
        };
        let pool = ["1", "", "\"q\"", "\"a,b\"", "\"l\nm\"", "\"e\"\"f\"", "2.5", "x\u{e9}", "true", "\"\n\""];
        let kinds = [
            options(&[]),
            options(&[("columns", "c,a"), ("first_row", "1"), ("row_count", "3")]),
            options(&[("null_values", "1,x"), ("text_columns", "b")]),
            options(&[("has_header", "false")]),
        ];
        let (mut good, mut whole, mut runs, mut others) = (0, 0, 0, 0);
        for round in 0..4000 {
            let mut text = b"a,b,c\n".to_vec();
            for _ in 0..2 + random(8) {
                let width = if random(40) == 0 { 2 } else { 3 };
                let row: Vec<&str> = (0..width).map(|_| pool[random(pool.len() as u64) as usize]).collect();
                text.extend(row.join(",").bytes());
                text.extend(if random(5) == 0 { &b"\r\n"[..] } else { &b"\n"[..] });
            }
            match random(6) {
                0 => text.truncate(text.len() - 1),
                1 => text.extend(b"\n\n"),
                2 => drop(text.splice(0..0, *b"\xef\xbb\xbf")),
                _ => {}
            }
            let one = &kinds[round % kinds.len()];
            let step = 1 + random(40);
            if exactly(&Text::of(&text).expect("UTF-8"), one).is_ok() {
                good += 1;
                whole += usize::from(agreed(&text, one, STEP).is_some());
                runs += usize::from(agreed(&text, one, step).is_some());
            } else {
                others += 1;
                assert!(left(&text, one, step), "{:?}", String::from_utf8_lossy(&text));
            }
        }
        // A run that starts inside quotes is not well formed.
        assert!(whole * 50 > good * 49 && runs * 4 > good && others > 300, "{whole}, {runs} of {good}; {others}");
    }

    /// Is a text that is no table left to the exact way?
    fn left(text: &[u8], options: &Options, step: u64) -> bool {
        !matches!(read(&Call::silent(), &File(text.to_vec()), options, step), Ok(Some(_)))
    }

    #[test]
    fn what_the_sample_does_not_tell_is_left_to_the_exact_way() {
        let rows = |late: &str| format!("a,b\n{}{late}\n", "1,\n".repeat(SAMPLE + 10));
        assert!(agreed(rows("2,").as_bytes(), &options(&[]), 100).is_some());
        for late in ["2,7", "x,", "1.5,", "9007199254740993,", "3"] {
            let text = rows(late).replace("1,\n", if late.starts_with('9') { "1.5,\n" } else { "1,\n" });
            assert!(left(text.as_bytes(), &options(&[]), 100), "{late}");
        }
    }

    #[test]
    fn a_record_longer_than_its_run_and_the_next_is_left_to_the_exact_way() {
        let text = format!("a,b\n1,{}\n2,y\n", "x".repeat(20_000));
        assert!(agreed(text.as_bytes(), &options(&[]), 100).is_none());
        assert!(agreed(text.as_bytes(), &options(&[]), 9_000).is_some());
    }
}
