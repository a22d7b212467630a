//! What data frames promise.

use crate::cells::{cells, cells_of, content, difference, read, types, Cell, Cells};
use crate::report::Report;
use crate::table::{schema, COLUMNS};
use crate::{claims, hold, words, Subject};
use iolink_host::OfferRecord;
use iolink_sdk::abi::ArrowArray;
use iolink_sdk::provider::OfferKind;
use iolink_sdk::{
    columns, Adopt, Call, CapabilitySet, Convert, CreateView, DataFrameCapability, DataFrameView, ErrorKind, Kind,
    OwnedSchema, OwnedStream, View,
};
use std::sync::Arc;

/// Rows, and columns one by one, that a test compares at most.
const MOST: u64 = 2000;
const MANY: u64 = 64;

fn made(subject: &Subject<'_>, offer: OfferKind, rows: u64) -> Result<Arc<dyn DataFrameView>, String> {
    let wanted = CreateView::DataFrame { schema: schema(&COLUMNS), rows }.in_memory();
    let view = if offer == OfferKind::Create {
        subject.provider.create(wanted)
    } else {
        // What is adopted may come from whoever makes frames here.
        let stream = subject.registry.create(wanted).and_then(View::into_data_frame);
        stream.and_then(|frame| frame.export(None, 0..rows)).and_then(|it| subject.provider.adopt(Adopt::DataFrame(it)))
    };
    view.and_then(View::into_data_frame).map_err(words)
}

/// Rows of a stream and sum of its first column, which must be int64 without missing values.
fn totals(mut stream: OwnedStream) -> Result<(i64, i64), String> {
    let (mut rows, mut sum) = (0, 0);
    while let Some(batch) = stream.next_batch().map_err(words)? {
        let raw = batch.as_raw();
        rows += raw.length;
        // SAFETY: a struct array's children are live; an int64 column without missing values has its values in buffer 1.
        unsafe {
            let first: &ArrowArray = &**raw.children;
            let values = *first.buffers.add(1) as *const i64;
            for index in 0..raw.length {
                sum += values.add((raw.offset + first.offset + index) as usize).read();
            }
        }
    }
    Ok((rows, sum))
}

pub(crate) fn check(report: &mut Report<'_>, subject: &Subject<'_>, offer: OfferKind, claimed: u64) {
    let name = format!("data-frame ({})", offer.word());
    report.test(&format!("{name}: has what its offer promises, also over the border"), || {
        claims(&View::DataFrame(made(subject, offer, 4)?), claimed)
    });
    report.test(&format!("{name}: says its shape and columns"), || {
        let frame = made(subject, offer, 5)?;
        hold!(frame.shape().map_err(words)? == (3, 5), "its shape is {:?}", frame.shape());
        let known = columns(&frame.schema().map_err(words)?).map_err(words)?;
        let names: Vec<&str> = known.iter().map(|(name, _)| name.as_str()).collect();
        hold!(names == ["count", "share", "name"], "its columns are {names:?}");
        Ok(())
    });
    report.test(&format!("{name} READ: rows start at 0, also in part"), || {
        let frame = made(subject, offer, 10)?;
        hold!(totals(frame.export(None, 0..10).map_err(words)?)? == (10, 0), "not ten rows of zero");
        hold!(totals(frame.export(Some(&[0]), 3..7).map_err(words)?)? == (4, 0), "not four rows of zero");
        Ok(())
    });
    check_parts(report, &name, &|| made(subject, offer, 10));
    if offer == OfferKind::Create {
        report.test(&format!("{name}: refuses sizes that cannot be"), || {
            match subject.provider.create(CreateView::DataFrame { schema: schema(&COLUMNS), rows: 1 << 60 }.in_memory())
            {
                Err(refused) if refused.kind() == ErrorKind::Limit => Ok(()),
                Err(refused) => Err(format!("it gave {refused:?}")),
                Ok(_) => Err("it was allocated".to_owned()),
            }
        });
    }
}

/// A frame with no more than a conversion needs: what it gets to convert.
struct Lazy(Arc<dyn DataFrameView>, DataFrameCapability);

impl DataFrameView for Lazy {
    fn capabilities(&self) -> DataFrameCapability {
        self.1
    }

    fn shape(&self) -> iolink_sdk::Result<(u64, u64)> {
        self.0.shape()
    }

    fn schema(&self) -> iolink_sdk::Result<OwnedSchema> {
        self.0.schema()
    }

    fn export(&self, columns: Option<&[u64]>, rows: std::ops::Range<u64>) -> iolink_sdk::Result<OwnedStream> {
        self.0.export(columns, rows)
    }
}

pub(crate) fn check_conversion(report: &mut Report<'_>, subject: &Subject<'_>, offer: &OfferRecord) {
    let name = format!("data-frame (convert from {})", offer.from_kind.unwrap_or(Kind::DataFrame).word());
    let known = DataFrameCapability::READ | DataFrameCapability::ARROW;
    if offer.from_kind != Some(Kind::DataFrame) || offer.from_capabilities & !known.value() != 0 {
        return report.untested(&name, "the suite converts from frames that can be read");
    }
    report.test(&format!("{name}: the columns and the rows stay"), || {
        let wanted = CreateView::DataFrame { schema: schema(&COLUMNS), rows: 10 }.in_memory();
        let source = subject.registry.create(wanted).and_then(View::into_data_frame).map_err(words)?;
        let has = DataFrameCapability::from_bits(offer.from_capabilities) | DataFrameCapability::READ;
        let lazy = Arc::new(Lazy(source, has));
        let target = Convert::new(Kind::DataFrame, offer.capabilities);
        let made = subject.provider.convert(View::DataFrame(lazy.clone()), &target).map_err(words)?;
        claims(&made, offer.capabilities)?;
        let made = made.into_data_frame().map_err(words)?;
        hold!(content(&*made).map_err(words)? == content(&*lazy).map_err(words)?, "its columns or rows changed");
        hold!(totals(made.export(None, 0..10).map_err(words)?)? == (10, 0), "not ten rows of zero");
        Ok(())
    });
}

/// What every frame that can be read promises of its parts.
pub(crate) fn check_parts(
    report: &mut Report<'_>,
    name: &str,
    make: &dyn Fn() -> Result<Arc<dyn DataFrameView>, String>,
) {
    report.test(&format!("{name} READ: a batch has at most the rows that are asked for"), || {
        let frame = make()?;
        let rows = frame.shape().map_err(words)?.1.min(MOST);
        let expected = cells(&*frame, None, 0..rows).map_err(words)?;
        for most in [1, 3, 7, rows.max(1), u64::MAX] {
            let stream = frame.export_with(None, 0..rows, most, &Call::silent()).map_err(words)?;
            let found = cells_of(stream, most).map_err(words)?;
            hold!(found == expected, "in batches of {most} the cells are others");
        }
        Ok(())
    });
    report.test(&format!("{name} READ: its schema is that of its data"), || {
        let frame = make()?;
        let (columns, rows) = frame.shape().map_err(words)?;
        let said = types(&frame.schema().map_err(words)?).map_err(words)?;
        hold!(said.len() as u64 == columns, "it says {columns} columns and describes {}", said.len());
        let whole = read(&*frame, None, 0..rows.min(MOST))?;
        let given: Vec<(String, String)> = whole.iter().map(|(name, kind, _)| (name.clone(), kind.clone())).collect();
        hold!(given == said, "it describes {said:?} and gives {given:?}");
        let long = whole.iter().find(|(_, _, cells)| cells.len() as u64 != rows.min(MOST));
        hold!(long.is_none(), "column {:?} has not as many rows as it says", long.map(|(name, ..)| name));
        Ok(())
    });
    report.test(&format!("{name} READ: some columns are those of the whole, in the order that is asked for"), || {
        let frame = make()?;
        let (columns, rows) = frame.shape().map_err(words)?;
        let rows = rows.min(MOST);
        let whole = read(&*frame, None, 0..rows)?;
        let mut asked: Vec<Vec<u64>> = (0..columns.min(MANY)).map(|column| vec![column]).collect();
        asked.extend([(0..columns).rev().collect(), (0..columns).step_by(2).collect()]);
        for asked in asked {
            let expected: Cells = asked.iter().map(|column| whole[*column as usize].clone()).collect();
            let seen = read(&*frame, Some(&asked), 0..rows)?;
            hold!(seen == expected, "of columns {asked:?} {}", difference(&seen, &expected).unwrap_or_default());
        }
        Ok(())
    });
    report.test(&format!("{name} READ: some rows are those of the whole"), || {
        let frame = make()?;
        let rows = frame.shape().map_err(words)?.1.min(MOST);
        let whole = read(&*frame, None, 0..rows)?;
        for part in [0..rows / 2, rows / 3..rows, rows / 2..rows / 2 + rows.min(1), rows..rows] {
            let cut = |cells: &Vec<Cell>| cells[part.start as usize..part.end as usize].to_vec();
            let expected: Cells =
                whole.iter().map(|(name, kind, cells)| (name.clone(), kind.clone(), cut(cells))).collect();
            let seen = read(&*frame, None, part.clone())?;
            hold!(seen == expected, "of rows {part:?} {}", difference(&seen, &expected).unwrap_or_default());
        }
        hold!(read(&*frame, None, 0..rows)? == whole, "read twice it differs");
        Ok(())
    });
    report.test(&format!("{name} READ: many threads read the same"), || {
        let frame = make()?;
        let rows = frame.shape().map_err(words)?.1.min(MOST);
        let half = || read(&*frame, None, rows / 2..rows);
        let (whole, part) = (read(&*frame, None, 0..rows)?, half()?);
        std::thread::scope(|scope| {
            let reader = |turn: usize| match turn % 2 {
                0 => read(&*frame, None, 0..rows).as_ref() == Ok(&whole),
                _ => half().as_ref() == Ok(&part),
            };
            let readers: Vec<_> = (0..4).map(|first| scope.spawn(move || (first..first + 8).all(reader))).collect();
            let same = readers.into_iter().all(|reader| reader.join().unwrap_or(false));
            hold!(same, "a thread read something else");
            Ok(())
        })
    });
    report.test(&format!("{name} READ: refuses columns and rows that are not there"), || {
        let frame = make()?;
        let (columns, rows) = frame.shape().map_err(words)?;
        for (wanted, part) in [(None, 0..rows + 1), (Some(&[columns][..]), 0..rows)] {
            let refused = frame.export(wanted, part.clone()).err().map(|refused| refused.kind());
            hold!(refused == Some(ErrorKind::OutOfRange), "columns {wanted:?}, rows {part:?} gave {refused:?}");
        }
        Ok(())
    });
}

/// Are the rows of `part`, but for the last, which may be cut, the first rows of `whole`? Columns may be missing or of another
/// type where the cut took what told them.
pub(crate) fn is_the_first_of(part: &dyn DataFrameView, whole: &dyn DataFrameView) -> Result<(), String> {
    let (rows, all) = (part.shape().map_err(words)?.1, whole.shape().map_err(words)?.1);
    hold!(rows <= all, "it gave {rows} rows of {all}");
    let rows = rows.saturating_sub(1).min(MOST);
    let (seen, expected) = (read(part, None, 0..rows)?, read(whole, None, 0..rows)?);
    let same_columns = seen.iter().zip(&expected).all(|(one, other)| (&one.0, &one.1) == (&other.0, &other.1));
    hold!(
        seen.len() != expected.len() || !same_columns || seen == expected,
        "{} without an error",
        difference(&seen, &expected).unwrap_or_default()
    );
    Ok(())
}
