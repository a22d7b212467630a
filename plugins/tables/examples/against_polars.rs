//! The same files read by this plugin and by polars' own readers, in turns, in one build: what the plugin costs on top.
//!
//! `against_polars FOLDER ROWS`; the files are written into the folder.

use iolink_plugin_tables::Tables;
use iolink_sdk::{
    Call, DataFrameView, Host, OwnedStream, Provider, RandomAccess, Result, Source, StreamCapability, Target,
};
use polars_core::frame::DataFrame;
use polars_io::csv::read::CsvReadOptions;
use polars_io::parquet::read::{ParallelStrategy, ParquetReader};
use polars_io::SerReader;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// A file read by position, as the host hands files out.
struct Positional(File);

impl RandomAccess for Positional {
    fn capabilities(&self) -> StreamCapability {
        StreamCapability::READ
    }
    fn length(&self) -> Result<u64> {
        self.0.metadata().map(|known| known.len()).map_err(|error| iolink_sdk::Error::io("reading", &error))
    }
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        self.0.read_at(buffer, offset).map_err(|error| iolink_sdk::Error::io("reading", &error))
    }
}

fn open(path: &Path) -> Arc<dyn DataFrameView> {
    let bytes = Positional(File::open(path).expect("the file"));
    let source = Source::new(format!("file://{}", path.display())).with_path(path).with_bytes(Arc::new(bytes));
    let view = Tables.open(&Host::none(), &source, &Call::silent()).expect("a table");
    view.into_data_frame().expect("a frame")
}

/// Every value of the file, in memory.
fn ours(path: &Path) -> usize {
    let frame = open(path);
    let mut stream: OwnedStream = frame.export(None, 0..frame.shape().expect("a shape").1).expect("rows");
    let mut rows = 0;
    let mut kept = Vec::new();
    while let Some(batch) = stream.next_batch().expect("a batch") {
        rows += batch.as_raw().length as usize;
        kept.push(batch);
    }
    rows
}

fn csv(path: &Path) -> DataFrame {
    let options = CsvReadOptions::default().with_infer_schema_length(Some(1000));
    options.try_into_reader_with_file_path(Some(path.to_owned())).expect("a file").finish().expect("a table")
}

fn parquet(path: &Path) -> DataFrame {
    let reader = ParquetReader::new(File::open(path).expect("a file"));
    reader.read_parallel(ParallelStrategy::Auto).finish().expect("a table")
}

fn write(folder: &Path, rows: usize) -> std::io::Result<()> {
    let mut out = std::io::BufWriter::new(File::create(folder.join("table.csv"))?);
    writeln!(out, "id,value,name,flag")?;
    let mut state = 88_172_645_463_325_252u64;
    for row in 0..rows {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let (value, name) = (state as f64 / u64::MAX as f64, ["cell", "nucleus", "membrane", "x"][state as usize % 4]);
        writeln!(out, "{row},{value},{name},{}", state % 3 == 0)?;
    }
    out.flush()
}

fn race(what: &str, path: &Path, peer: fn(&Path) -> DataFrame) {
    let (mut one, mut other) = (Vec::new(), Vec::new());
    assert_eq!(ours(path), peer(path).height());
    for _ in 0..15 {
        let start = Instant::now();
        ours(path);
        one.push(start.elapsed());
        let start = Instant::now();
        std::hint::black_box(peer(path).height());
        other.push(start.elapsed());
    }
    one.sort_unstable();
    other.sort_unstable();
    let (one, other) = (one[7].as_secs_f64() * 1e3, other[7].as_secs_f64() * 1e3);
    println!("{what:<48} {one:>8.2} ms {other:>8.2} ms ratio {:>6.2}  vs polars-io  (target <= 1.1)", one / other);
}

fn main() {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(folder), Some(rows)) = (arguments.next(), arguments.next()) else {
        eprintln!("against_polars FOLDER ROWS");
        std::process::exit(2);
    };
    let rows = rows.to_string_lossy().parse().expect("a number of rows");
    let folder = Path::new(&folder);
    write(folder, rows).expect("the folder is writable");
    race("CSV file -> frame", &folder.join("table.csv"), csv);
    let frame = open(&folder.join("table.csv"));
    let target = Target::new("file:///table.parquet").with_path(folder.join("table.parquet")).with_format("Parquet");
    let view = iolink_sdk::View::DataFrame(frame);
    Tables.save(&Host::none(), view, &target, &Call::silent()).expect("a Parquet file");
    race("Parquet file -> frame", &folder.join("table.parquet"), parquet);
}
