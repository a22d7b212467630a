//! Values as the fields of CSV have them.

use super::{plain, value, Value};
use iolink_sdk::Result;
use polars_arrow::array::Array;
use polars_arrow::datatypes::ArrowDataType;

/// Has a field of CSV words for values of this type?
pub fn supports(dtype: &ArrowDataType) -> bool {
    plain(dtype)
}

/// Writes a value that is there. Is it a text?
pub fn write(out: &mut Vec<u8>, array: &dyn Array, row: usize) -> Result<bool> {
    match value(array, row)? {
        Some(Value::Bool(value)) => out.extend_from_slice(if value { b"true" } else { b"false" }),
        Some(Value::Number(words) | Value::Float(words, _)) => out.extend_from_slice(words.as_bytes()),
        Some(Value::Text(text)) => {
            out.extend_from_slice(text.as_bytes());
            return Ok(true);
        }
        None => {}
    }
    Ok(false)
}
