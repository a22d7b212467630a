//! Files opened through the provider, read back through the Arrow C stream interface.

mod good;
mod refused;

use iolink_plugin_tables::Tables;
use iolink_sdk::{Call, DataFrameView, Host, Provider, RandomAccess, Result, Source, StreamCapability};
use polars_arrow::array::{Array, BooleanArray, PrimitiveArray, StructArray, Utf8Array};
use polars_arrow::ffi::{ArrowArrayStream, ArrowArrayStreamReader};
use std::ops::Range;
use std::sync::Arc;

/// A file that gives a few bytes at a time and lends no memory.
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
        let count = rest.len().min(buffer.len()).min(1000);
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }
}

fn source(name: &str, text: impl AsRef<[u8]>, options: &[(&str, &str)]) -> Source {
    let source = Source::new(format!("file:///{name}")).with_bytes(Arc::new(File(text.as_ref().to_vec())));
    options.iter().fold(source, |source, (key, value)| source.with_option(*key, *value))
}

fn open(name: &str, text: impl AsRef<[u8]>, options: &[(&str, &str)]) -> Result<Arc<dyn DataFrameView>> {
    Tables.open(&Host::none(), &source(name, text, options), &Call::silent())?.into_data_frame()
}

/// Name, type and values of a column; a missing value is "-".
#[derive(Debug, PartialEq)]
struct Column(String, String, Vec<String>);

fn column(name: &str, format: &str, values: &[&str]) -> Column {
    Column(name.to_owned(), format.to_owned(), values.iter().map(|value| (*value).to_owned()).collect())
}

fn values(array: &dyn Array) -> Vec<String> {
    let any = array.as_any();
    let text = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    if let Some(array) = any.downcast_ref::<PrimitiveArray<i64>>() {
        array.iter().map(|value| text(value.map(|value| value.to_string()))).collect()
    } else if let Some(array) = any.downcast_ref::<PrimitiveArray<f64>>() {
        array.iter().map(|value| text(value.map(|value| format!("{value:?}")))).collect()
    } else if let Some(array) = any.downcast_ref::<BooleanArray>() {
        array.iter().map(|value| text(value.map(|value| value.to_string()))).collect()
    } else if let Some(array) = any.downcast_ref::<Utf8Array<i64>>() {
        array.iter().map(|value| text(value.map(str::to_owned))).collect()
    } else {
        panic!("a column of type {:?}", array.dtype())
    }
}

/// The columns as a consumer of the C stream gets them.
fn read(frame: &dyn DataFrameView, columns: Option<&[u64]>, rows: Range<u64>) -> Vec<Column> {
    let formats = iolink_sdk::columns(&frame.schema().unwrap()).unwrap();
    let stream = frame.export(columns, rows).unwrap().into_raw();
    // SAFETY: both types are the ArrowArrayStream of the Arrow C stream interface.
    let stream: ArrowArrayStream = unsafe { std::mem::transmute(stream) };
    // SAFETY: the stream is live, and its producer keeps to the interface.
    let mut reader = unsafe { ArrowArrayStreamReader::try_new(Box::new(stream)) }.unwrap();
    let mut all: Vec<Column> = Vec::new();
    // SAFETY: as above.
    while let Some(batch) = unsafe { reader.next() } {
        let batch = batch.unwrap();
        let batch = batch.as_any().downcast_ref::<StructArray>().unwrap();
        for (number, (field, array)) in batch.fields().iter().zip(batch.values()).enumerate() {
            if number == all.len() {
                let format = formats.iter().find(|(name, _)| name == field.name.as_str()).unwrap().1.clone();
                all.push(Column(field.name.to_string(), format, Vec::new()));
            }
            all[number].2.extend(values(&**array));
        }
    }
    all
}

fn all(frame: &dyn DataFrameView) -> Vec<Column> {
    read(frame, None, 0..frame.shape().unwrap().1)
}

/// Text of a column of `rows` rows in which a few are different.
fn long(rows: usize, usual: impl Fn(usize) -> String, others: &[(usize, &str)]) -> String {
    let mut text = "a,b\n".to_owned();
    for row in 0..rows {
        let other = others.iter().find(|(other, _)| *other == row);
        text += &other.map_or_else(|| usual(row), |(_, line)| (*line).to_owned());
        text += "\n";
    }
    text
}
