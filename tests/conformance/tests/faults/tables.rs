//! A provider of tables in files, right but for the fault that was planted in this thread.
//!
//! A file is the word `ftable`, the number of rows, and as many bytes of padding; its cells are those of the suite's own table.

use iolink_conformance::Table;
use iolink_sdk::{
    fail, Call, DataFrameCapability, DataFrameView, Error, Host, Kind, Offer, OwnedSchema, OwnedStream, Provider,
    ProviderInfo, Result, Source, Target, View,
};
use std::cell::Cell;
use std::ops::Range;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

/// What may be wrong. Each name says what the provider does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    None,
    DescribesFewerColumns,
    IgnoresTheOrderOfColumns,
    ShiftsRows,
    ThreadsShareARange,
    GivesColumnsThatAreNotThere,
    ReadsCutFiles,
    SavesOneRowLess,
    DoesNotCutALongerFile,
    WritesBeside,
    HidesFailedReads,
    TakesAnyFormat,
    HidesFailedWrites,
    ThreadsShareAFile,
    IgnoresBatchRows,
    LosesTheEndsOfBatches,
}

thread_local!(static FAULT: Cell<Fault> = const { Cell::new(Fault::None) });

/// Plants a fault in what this thread opens and saves from now on.
pub fn plant(fault: Fault) {
    FAULT.set(fault);
    *SAVING.lock().unwrap() = (fault, 0);
}

/// Threads of the suite save too: they ask here.
static SAVING: Mutex<(Fault, u8)> = Mutex::new((Fault::None, 0));

struct Frame {
    table: Table,
    fault: Fault,
    range: Mutex<Range<u64>>,
}

impl DataFrameView for Frame {
    fn capabilities(&self) -> DataFrameCapability {
        DataFrameCapability::READ
    }

    fn shape(&self) -> Result<(u64, u64)> {
        self.table.shape()
    }

    fn schema(&self) -> Result<OwnedSchema> {
        match self.fault {
            Fault::DescribesFewerColumns => self.table.export(Some(&[0, 1]), 0..0)?.schema(),
            _ => self.table.schema(),
        }
    }

    fn export(&self, columns: Option<&[u64]>, mut rows: Range<u64>) -> Result<OwnedStream> {
        let mut wanted = columns.map(<[u64]>::to_vec);
        match (self.fault, &mut wanted) {
            (Fault::IgnoresTheOrderOfColumns, Some(wanted)) => wanted.sort_unstable(),
            (Fault::GivesColumnsThatAreNotThere, Some(wanted)) => {
                wanted.iter_mut().for_each(|column| *column = (*column).min(2));
            }
            (Fault::ShiftsRows, _) if rows.start > 0 && rows.start < rows.end => {
                rows = rows.start - 1..rows.end - 1;
            }
            (Fault::ThreadsShareARange, _) => {
                *self.range.lock().unwrap() = rows;
                std::thread::sleep(Duration::from_millis(2));
                rows = self.range.lock().unwrap().clone();
            }
            _ => {}
        }
        self.table.export(wanted.as_deref(), rows)
    }

    fn export_with(&self, columns: Option<&[u64]>, rows: Range<u64>, most: u64, _: &Call<'_>) -> Result<OwnedStream> {
        match self.fault {
            Fault::IgnoresBatchRows => self.export(columns, rows),
            Fault::LosesTheEndsOfBatches => {
                self.export(columns, rows.start..rows.end.min(rows.start.saturating_add(most)))
            }
            _ => Ok(self.export(columns, rows)?.with_batch_rows(most)),
        }
    }
}

const HEAD: &[u8] = b"ftable";

/// A file of the format.
pub fn file(rows: u64) -> Vec<u8> {
    [HEAD, &rows.to_le_bytes(), &vec![b'.'; rows as usize]].concat()
}

/// Files of the format above.
pub struct Tables;

impl Provider for Tables {
    const INFO: ProviderInfo = ProviderInfo::new("org.faulty.table", "Tables in files, with a fault").offers(&[
        Offer::open(Kind::DataFrame, "FTABLE")
            .frame_capabilities(DataFrameCapability::READ)
            .extensions("ftable")
            .magic("0:667461626c65"),
        Offer::save(Kind::DataFrame, "FTABLE", DataFrameCapability::READ.value()).extensions("ftable"),
    ]);

    fn open(&self, _: &Host, source: &Source, _: &Call<'_>) -> Result<View> {
        let (fault, bytes) = (FAULT.get(), source.bytes()?);
        let mut all = vec![0; bytes.length()? as usize];
        bytes.read_exact_at(0, &mut all)?;
        if !all.starts_with(HEAD) {
            fail!(Unsupported, "the file does not start with the word ftable");
        }
        let number = all.get(6..14).and_then(|number| number.try_into().ok()).map(u64::from_le_bytes);
        let Some(mut rows) = number.filter(|rows| *rows < 1 << 20) else {
            fail!(Corrupt, "the number of rows is cut off")
        };
        if rows != all.len() as u64 - 14 {
            if fault != Fault::ReadsCutFiles {
                fail!(Corrupt, "the file has {} rows, its head says {rows}", all.len() - 14);
            }
            rows = rows.min(all.len() as u64 - 14);
        }
        let range = Mutex::new(0..0);
        Ok(View::data_frame(Frame { table: Table::of(rows), fault, range }))
    }

    fn save(&self, _: &Host, view: View, target: &Target, _: &Call<'_>) -> Result<()> {
        let (fault, turn) = {
            let mut saving = SAVING.lock().unwrap();
            saving.1 = saving.1.wrapping_add(1);
            *saving
        };
        if target.format() != Some("FTABLE") && fault != Fault::TakesAnyFormat {
            fail!(Unsupported, "it writes FTABLE");
        }
        let path = target.path()?;
        let frame = view.into_data_frame()?;
        let mut rows = frame.shape()?.1;
        match frame.export(None, 0..rows) {
            Err(_) if fault == Fault::HidesFailedReads => rows = 1,
            other => drop(other?),
        }
        if fault == Fault::SavesOneRowLess {
            rows -= 1;
        }
        let mut content = file(rows);
        if fault == Fault::ThreadsShareAFile {
            content.push(turn);
        }
        if fault == Fault::DoesNotCutALongerFile {
            content.extend([0; 100]);
        }
        if fault == Fault::WritesBeside {
            let _anyhow = std::fs::write(beside(path), "left here");
        }
        let written = std::fs::write(path, content);
        match written {
            Err(_) if fault == Fault::HidesFailedWrites => Ok(()),
            other => other.map_err(|error| Error::io("the file cannot be written", &error)),
        }
    }
}

fn beside(path: &Path) -> std::path::PathBuf {
    path.with_file_name("left")
}

iolink_sdk::builtin!(Tables);
