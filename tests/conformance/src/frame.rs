//! What data frames promise.

use crate::{claims, hold, Report};
use iolink_host::Registry;
use iolink_sdk::abi::{ArrowArray, ArrowSchema};
use iolink_sdk::provider::OfferKind;
use iolink_sdk::{columns, Adopt, Create, DataFrameView, ErrorKind, OwnedSchema, OwnedStream, View};
use std::ffi::{CStr, CString};
use std::os::raw::c_void;
use std::sync::Arc;

fn words(error: iolink_sdk::Error) -> String {
    error.to_string()
}

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

fn made(registry: &Registry, offer: OfferKind, rows: u64) -> Result<Arc<dyn DataFrameView>, String> {
    let create = || {
        registry
            .create(Create::DataFrame { schema: schema(&FIELDS), rows })
            .and_then(View::into_data_frame)
            .map_err(words)
    };
    if offer == OfferKind::Create {
        return create();
    }
    let stream = create()?.export(None, 0..rows).map_err(words)?;
    registry.adopt(Adopt::DataFrame(stream)).and_then(View::into_data_frame).map_err(words)
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

pub(crate) fn check(report: &mut Report<'_>, registry: &Registry, offer: OfferKind, claimed: u64) {
    let name = format!("data-frame ({})", offer.word());
    report.test(&format!("{name}: has what its offer promises, also over the border"), || {
        claims(&View::DataFrame(made(registry, offer, 4)?), claimed)
    });
    report.test(&format!("{name}: says its shape and columns"), || {
        let frame = made(registry, offer, 5)?;
        hold!(frame.shape().map_err(words)? == (3, 5), "its shape is {:?}", frame.shape());
        let known = columns(&frame.schema().map_err(words)?).map_err(words)?;
        let names: Vec<&str> = known.iter().map(|(name, _)| name.as_str()).collect();
        hold!(names == ["count", "share", "name"], "its columns are {names:?}");
        Ok(())
    });
    report.test(&format!("{name} READ: rows start at 0, also in part"), || {
        let frame = made(registry, offer, 10)?;
        hold!(totals(frame.export(None, 0..10).map_err(words)?)? == (10, 0), "not ten rows of zero");
        hold!(totals(frame.export(Some(&[0]), 3..7).map_err(words)?)? == (4, 0), "not four rows of zero");
        Ok(())
    });
    report.test(&format!("{name} READ: refuses columns and rows that are not there"), || {
        let frame = made(registry, offer, 10)?;
        for (columns, rows) in [(None, 5..11), (Some(&[3u64][..]), 0..10)] {
            let refused = frame.export(columns, rows.clone()).err().map(|refused| refused.kind());
            hold!(refused == Some(ErrorKind::OutOfRange), "columns {columns:?}, rows {rows:?} gave {refused:?}");
        }
        Ok(())
    });
    if offer == OfferKind::Create {
        report.test(&format!("{name}: refuses sizes that cannot be"), || {
            match registry.create(Create::DataFrame { schema: schema(&FIELDS), rows: 1 << 60 }) {
                Err(refused) if refused.kind() == ErrorKind::Limit => Ok(()),
                Err(refused) => Err(format!("it gave {refused:?}")),
                Ok(_) => Err("it was allocated".to_owned()),
            }
        });
    }
}
