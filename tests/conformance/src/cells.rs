//! The cells of a frame, one by one, for comparing frames that lay out their memory in different ways.

use crate::words;
use iolink_sdk::abi::{ArrowArray, ArrowSchema};
use iolink_sdk::{DataFrameView, OwnedSchema, OwnedStream};
use std::ffi::CStr;
use std::ops::Range;

/// One value's bytes; nothing where it is missing.
pub(crate) type Cell = Option<Vec<u8>>;

/// Columns as (name, type, cells). Types of text that differ only in how it lies in memory are one.
pub(crate) type Cells = Vec<(String, String, Vec<Cell>)>;

/// The cells of some rows of the columns named by number, or of all columns.
pub(crate) fn cells(
    frame: &dyn DataFrameView,
    columns: Option<&[u64]>,
    rows: Range<u64>,
) -> Result<Cells, iolink_sdk::Error> {
    cells_of(frame.export(columns, rows)?, u64::MAX)
}

/// The cells of a stream, no batch of which may have more than `most` rows.
pub(crate) fn cells_of(mut stream: OwnedStream, most: u64) -> Result<Cells, iolink_sdk::Error> {
    let schema = stream.schema()?;
    let mut all: Cells = types(&schema)?.into_iter().map(|(name, kind)| (name, kind, Vec::new())).collect();
    while let Some(batch) = stream.next_batch()? {
        let (schema, raw) = (schema.as_raw(), batch.as_raw());
        if raw.length as u64 > most {
            let why = format!("a batch has {} rows, more than {most}", raw.length);
            return Err(iolink_sdk::Error::new(iolink_sdk::ErrorKind::Internal, why));
        }
        for (at, (_, _, cells)) in all.iter_mut().enumerate() {
            for row in 0..raw.length {
                // SAFETY: both are live, the batch is of this schema, and the row lies inside of it.
                let value = unsafe { value(&**schema.children.add(at), &**raw.children.add(at), raw.offset + row) };
                cells.push(value.map_err(|why| iolink_sdk::Error::new(iolink_sdk::ErrorKind::Type, why))?);
            }
        }
    }
    Ok(all)
}

/// Names and types of the columns.
pub(crate) fn types(schema: &OwnedSchema) -> Result<Vec<(String, String)>, iolink_sdk::Error> {
    let plain = |kind: String| match kind.as_str() {
        "u" | "U" | "vu" => "text".to_owned(),
        "z" | "Z" | "vz" => "bytes".to_owned(),
        _ => kind,
    };
    Ok(iolink_sdk::columns(schema)?.into_iter().map(|(name, kind)| (name, plain(kind))).collect())
}

/// All of a frame's cells, in one run of bytes.
pub(crate) fn content(frame: &dyn DataFrameView) -> Result<Vec<u8>, iolink_sdk::Error> {
    let rows = frame.shape()?.1;
    Ok(format!("{rows} rows, {:?}", cells(frame, None, 0..rows)?).into_bytes())
}

/// # Safety
/// Schema and array are live and belong together, and `index` lies inside of the array.
unsafe fn value(schema: &ArrowSchema, array: &ArrowArray, index: i64) -> Result<Cell, String> {
    let at = usize::try_from(array.offset + index).map_err(|_| "a negative offset".to_owned())?;
    // SAFETY: by the caller's promise buffers and texts are those of the format.
    unsafe {
        let format = CStr::from_ptr(schema.format).to_str().map_err(|_| "a type that is not UTF-8".to_owned())?;
        let buffer = |number: usize| *array.buffers.add(number) as *const u8;
        if array.n_buffers > 0 && !buffer(0).is_null() && *buffer(0).add(at / 8) >> (at % 8) & 1 == 0 {
            return Ok(None);
        }
        let bytes = |from: *const u8, count: usize| match count {
            0 => Vec::new(),
            _ => std::slice::from_raw_parts(from, count).to_vec(),
        };
        let short = |number: usize, at: usize| (buffer(number) as *const i32).add(at).read_unaligned() as usize;
        let long = |number: usize, at: usize| (buffer(number) as *const i64).add(at).read_unaligned() as usize;
        if !schema.dictionary.is_null() {
            let Some(width) = width(format) else { return Err(format!("a dictionary by {format}")) };
            let key = bytes(buffer(1).add(at * width), width)
                .iter()
                .rev()
                .fold(0i64, |key, byte| key << 8 | i64::from(*byte));
            return value(&*schema.dictionary, &*array.dictionary, key);
        }
        let joined = |range: Range<usize>| -> Result<Cell, String> {
            let (schema, array) = (&**schema.children, &**array.children);
            let parts = range.map(|at| value(schema, array, at as i64)).collect::<Result<Vec<Cell>, String>>()?;
            Ok(Some(format!("{parts:?}").into_bytes()))
        };
        Ok(match format {
            "n" => None,
            "b" => Some(vec![*buffer(1).add(at / 8) >> (at % 8) & 1]),
            "u" | "z" => Some(bytes(buffer(2).wrapping_add(short(1, at)), short(1, at + 1) - short(1, at))),
            "U" | "Z" => Some(bytes(buffer(2).wrapping_add(long(1, at)), long(1, at + 1) - long(1, at))),
            "vu" | "vz" => Some(match (short(1, at * 4), short(1, at * 4 + 2), short(1, at * 4 + 3)) {
                (count @ 0..=12, ..) => bytes(buffer(1).add(at * 16 + 4), count),
                (count, number, start) => bytes(buffer(2 + number).add(start), count),
            }),
            "+l" => return joined(short(1, at)..short(1, at + 1)),
            "+L" => return joined(long(1, at)..long(1, at + 1)),
            "+s" => {
                let child =
                    |number: usize| value(&**schema.children.add(number), &**array.children.add(number), at as i64);
                let parts = (0..schema.n_children as usize).map(child).collect::<Result<Vec<Cell>, String>>()?;
                Some(format!("{parts:?}").into_bytes())
            }
            other => match other.strip_prefix("+w:").and_then(|count| count.parse::<usize>().ok()) {
                Some(count) => return joined(at * count..(at + 1) * count),
                None => {
                    let width = width(other).ok_or_else(|| format!("cells of the type {other} are not known here"))?;
                    Some(bytes(buffer(1).add(at * width), width))
                }
            },
        })
    }
}

/// Bytes of a value of fixed width.
fn width(format: &str) -> Option<usize> {
    let bits = |text: &str| -> Option<usize> { text.split(',').nth(2).map_or(Some(128), |bits| bits.parse().ok()) };
    Some(match format {
        "c" | "C" => 1,
        "s" | "S" | "e" => 2,
        "i" | "I" | "f" | "tdD" | "tts" | "ttm" | "tiM" => 4,
        "l" | "L" | "g" | "tdm" | "ttu" | "ttn" | "tiD" => 8,
        "tin" => 16,
        _ if format.starts_with("ts") || format.starts_with("tD") => 8,
        _ if format.starts_with("w:") => format[2..].parse().ok()?,
        _ if format.starts_with("d:") => bits(&format[2..])? / 8,
        _ => return None,
    })
}

/// Where two frames' cells differ, in words.
pub(crate) fn difference(seen: &Cells, expected: &Cells) -> Option<String> {
    let head =
        |cells: &Cells| -> Vec<String> { cells.iter().map(|(name, kind, _)| format!("{name}: {kind}")).collect() };
    if head(seen) != head(expected) {
        return Some(format!("the columns are {}, not {}", head(seen).join(", "), head(expected).join(", ")));
    }
    seen.iter().zip(expected).find_map(|((name, _, seen), (_, _, expected))| {
        if seen.len() != expected.len() {
            return Some(format!("column {name} has {} rows, not {}", seen.len(), expected.len()));
        }
        let row = seen.iter().zip(expected).position(|(one, other)| one != other)?;
        Some(format!("column {name} differs in row {row}: {:?}, not {:?}", seen[row], expected[row]))
    })
}

/// [`cells`] with the error in words.
pub(crate) fn read(frame: &dyn DataFrameView, columns: Option<&[u64]>, rows: Range<u64>) -> Result<Cells, String> {
    cells(frame, columns, rows).map_err(words)
}
