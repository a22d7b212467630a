//! What data frames promise.

use crate::report::Report;
use crate::{claims, hold, words, Subject};
use iolink_host::OfferRecord;
use iolink_sdk::abi::{ArrowArray, ArrowSchema};
use iolink_sdk::provider::OfferKind;
use iolink_sdk::{
    columns, Adopt, CapabilitySet, Create, DataFrameCapability, DataFrameView, ErrorKind, Kind, OwnedSchema,
    OwnedStream, Target, View,
};
use std::ffi::{CStr, CString};
use std::os::raw::c_void;
use std::sync::Arc;

/// A struct type with these columns, as (name, Arrow format).
fn schema(fields: &[(&str, &CStr)]) -> OwnedSchema {
    struct Kept {
        _names: Vec<CString>,
        children: Vec<*mut ArrowSchema>,
    }
    unsafe extern "C" fn release_child(schema: *mut ArrowSchema) {
        // SAFETY: the interface calls this once for a live child; its memory belongs to the parent.
        unsafe { (*schema).release = None }
    }
    unsafe extern "C" fn release(schema: *mut ArrowSchema) {
        // SAFETY: the interface calls this once for a live schema; its private data is the box made below.
        unsafe {
            let kept = Box::from_raw((*schema).private_data as *mut Kept);
            for child in &kept.children {
                let child = Box::from_raw(*child);
                if let Some(release) = child.release {
                    release(Box::into_raw(child));
                }
            }
            (*schema).release = None;
        }
    }
    let names: Vec<CString> = fields.iter().map(|(name, _)| CString::new(*name).expect("no NUL")).collect();
    let children: Vec<*mut ArrowSchema> = fields
        .iter()
        .zip(&names)
        .map(|((_, format), name)| {
            Box::into_raw(Box::new(ArrowSchema {
                format: format.as_ptr(),
                name: name.as_ptr(),
                flags: 2,
                release: Some(release_child),
                ..OwnedSchema::released()
            }))
        })
        .collect();
    let mut kept = Box::new(Kept { _names: names, children });
    let list = kept.children.as_mut_ptr();
    OwnedSchema::filled(|out| {
        // SAFETY: `out` is the new owner's place.
        unsafe {
            out.write(ArrowSchema {
                format: c"+s".as_ptr(),
                n_children: fields.len() as i64,
                children: list,
                release: Some(release),
                private_data: Box::into_raw(kept) as *mut c_void,
                ..OwnedSchema::released()
            });
        }
        Ok(())
    })
    .expect("a schema with a release function")
}

const FIELDS: [(&str, &CStr); 3] = [("count", c"l"), ("share", c"g"), ("name", c"U")];

fn made(subject: &Subject<'_>, offer: OfferKind, rows: u64) -> Result<Arc<dyn DataFrameView>, String> {
    let wanted = Create::DataFrame { schema: schema(&FIELDS), rows };
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
    report.test(&format!("{name} READ: refuses columns and rows that are not there"), || {
        let frame = made(subject, offer, 10)?;
        for (columns, rows) in [(None, 5..11), (Some(&[3u64][..]), 0..10)] {
            let refused = frame.export(columns, rows.clone()).err().map(|refused| refused.kind());
            hold!(refused == Some(ErrorKind::OutOfRange), "columns {columns:?}, rows {rows:?} gave {refused:?}");
        }
        Ok(())
    });
    if offer == OfferKind::Create {
        report.test(&format!("{name}: refuses sizes that cannot be"), || {
            match subject.provider.create(Create::DataFrame { schema: schema(&FIELDS), rows: 1 << 60 }) {
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
        let wanted = Create::DataFrame { schema: schema(&FIELDS), rows: 10 };
        let source = subject.registry.create(wanted).and_then(View::into_data_frame).map_err(words)?;
        let has = DataFrameCapability::from_bits(offer.from_capabilities) | DataFrameCapability::READ;
        let lazy = Arc::new(Lazy(source, has));
        let target = Target { kind: Kind::DataFrame, capabilities: offer.capabilities };
        let made = subject.provider.convert(View::DataFrame(lazy.clone()), target).map_err(words)?;
        claims(&made, offer.capabilities)?;
        let made = made.into_data_frame().map_err(words)?;
        hold!(content(&*made).map_err(words)? == content(&*lazy).map_err(words)?, "its columns or rows changed");
        hold!(totals(made.export(None, 0..10).map_err(words)?)? == (10, 0), "not ten rows of zero");
        Ok(())
    });
}

/// The values of every batch, in the order of the stream: lengths and buffers of fixed width. For comparing.
pub(crate) fn content(frame: &dyn DataFrameView) -> iolink_sdk::Result<Vec<u8>> {
    let (columns, rows) = frame.shape()?;
    let mut all = [columns.to_le_bytes(), rows.to_le_bytes()].concat();
    for (name, data_type) in columns_of(frame)? {
        all.extend(format!("{name}:{data_type};").bytes());
    }
    let mut stream = frame.export(None, 0..rows)?;
    let mut seen = 0;
    while let Some(batch) = stream.next_batch()? {
        seen += batch.as_raw().length;
    }
    all.extend(seen.to_le_bytes());
    Ok(all)
}

fn columns_of(frame: &dyn DataFrameView) -> iolink_sdk::Result<Vec<(String, String)>> {
    columns(&frame.schema()?)
}

fn rows_of(mut stream: OwnedStream) -> Result<i64, String> {
    let mut rows = 0;
    while let Some(batch) = stream.next_batch().map_err(words)? {
        rows += batch.as_raw().length;
    }
    Ok(rows)
}

/// What every frame that can be read promises of its parts.
pub(crate) fn check_parts(
    report: &mut Report<'_>,
    name: &str,
    make: &dyn Fn() -> Result<Arc<dyn DataFrameView>, String>,
) {
    report.test(&format!("{name} READ: its shape, its columns and its rows agree"), || {
        let frame = make()?;
        let (columns, rows) = frame.shape().map_err(words)?;
        let named = columns_of(&*frame).map_err(words)?.len() as u64;
        hold!(named == columns, "it says {columns} columns and describes {named}");
        for part in [0..rows, 0..rows / 2, rows / 3..rows, rows..rows] {
            let expected = (part.end - part.start) as i64;
            let seen = rows_of(frame.export(None, part.clone()).map_err(words)?)?;
            hold!(seen == expected, "rows {part:?} gave {seen} rows");
        }
        Ok(())
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
