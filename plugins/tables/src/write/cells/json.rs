//! Values as JSON has them.

use super::{plain, value, Value};
use iolink_sdk::{fail, Result};
use polars_arrow::array::{Array, FixedSizeListArray, ListArray, StructArray};
use polars_arrow::datatypes::ArrowDataType;

/// Has JSON words for values of this type?
pub fn supports(dtype: &ArrowDataType) -> bool {
    match dtype {
        ArrowDataType::LargeList(item) | ArrowDataType::FixedSizeList(item, _) => supports(&item.dtype),
        ArrowDataType::Struct(fields) => fields.iter().all(|field| supports(&field.dtype)),
        other => plain(other),
    }
}

/// A name with its colon.
pub fn key(name: &str) -> Vec<u8> {
    let mut out = Vec::new();
    quoted(&mut out, name);
    out.push(b':');
    out
}

/// Writes a value, or null.
pub fn write(out: &mut Vec<u8>, array: &dyn Array, row: usize) -> Result<()> {
    if array.is_null(row) {
        out.extend_from_slice(b"null");
        return Ok(());
    }
    let any = array.as_any();
    if let Some(list) = any.downcast_ref::<ListArray<i64>>() {
        return items(out, &*list.value(row));
    }
    if let Some(list) = any.downcast_ref::<FixedSizeListArray>() {
        return items(out, &*list.value(row));
    }
    if let Some(record) = any.downcast_ref::<StructArray>() {
        out.push(b'{');
        for (at, (field, part)) in record.fields().iter().zip(record.values()).enumerate() {
            if at > 0 {
                out.push(b',');
            }
            quoted(out, &field.name);
            out.push(b':');
            write(out, &**part, row)?;
        }
        out.push(b'}');
        return Ok(());
    }
    match value(array, row)? {
        Some(Value::Bool(value)) => out.extend_from_slice(if value { b"true" } else { b"false" }),
        Some(Value::Number(digits) | Value::Float(digits, true)) => out.extend_from_slice(digits.as_bytes()),
        Some(Value::Float(words, false)) => {
            fail!(Unsupported, "JSON has no {words}; make it a missing value, or write another format")
        }
        Some(Value::Text(text)) => quoted(out, &text),
        None => out.extend_from_slice(b"null"),
    }
    Ok(())
}

fn items(out: &mut Vec<u8>, items: &dyn Array) -> Result<()> {
    out.push(b'[');
    for row in 0..items.len() {
        if row > 0 {
            out.push(b',');
        }
        write(out, items, row)?;
    }
    out.push(b']');
    Ok(())
}

fn quoted(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            0..=31 => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}
