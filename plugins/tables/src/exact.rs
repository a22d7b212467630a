//! Numbers that a column's type cannot hold: whole ones not exactly, others not at all.

use crate::numbers::{bare, float, is_whole};
use iolink_sdk::{Error, ErrorKind, Result};
use polars_core::frame::DataFrame;
use polars_core::prelude::Column;

/// Characters of a value that an error shows.
const SHOWN: usize = 60;
/// Up to here a float64 holds every whole number.
const EXACT: u64 = 1 << 53;

/// Refuses a whole number beyond 2^53, and any number beyond all float64, in a column of float64. `find` gives line and text of
/// the first value of a column that is as asked.
pub fn check(frame: &DataFrame, find: impl Fn(&str, &dyn Fn(&[u8]) -> bool) -> Option<(u64, String)>) -> Result<()> {
    for column in frame.columns().iter().filter(|column| large(column)) {
        if let Some((line, value)) = find(column.name(), &|value| beyond(value) || overflows(value)) {
            return Err(refused(line, column.name(), &value));
        }
    }
    Ok(())
}

/// Can no value of the table have been such a number?
pub fn certain(frame: &DataFrame) -> bool {
    !frame.columns().iter().any(large)
}

fn large(column: &Column) -> bool {
    let Ok(values) = column.f64() else { return false };
    values.downcast_iter().any(|chunk| chunk.values_iter().any(|value| value.abs() >= EXACT as f64))
}

/// Is this a whole number beyond 2^53?
fn beyond(value: &[u8]) -> bool {
    if !is_whole(value) {
        return false;
    }
    let digits = value.strip_prefix(b"-").or_else(|| value.strip_prefix(b"+")).unwrap_or(value);
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    let digits = String::from_utf8_lossy(&digits[zeros..]);
    !digits.is_empty() && digits.parse::<u64>().map_or(true, |number| number > EXACT)
}

/// Is this a number that float64 has no room for, which polars would make infinite?
fn overflows(value: &[u8]) -> bool {
    value.iter().any(u8::is_ascii_digit) && float(value).is_some_and(f64::is_infinite)
}

/// The error for a number that cannot be held exactly.
pub fn refused(line: u64, column: &str, value: &str) -> Error {
    let lacks = match overflows(bare(value.as_bytes())) {
        true => "is beyond every float64",
        false => "neither int64 nor float64 holds exactly beside its other values",
    };
    let value = match value.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", &value[..end]),
        None => value.to_owned(),
    };
    let message = format!(
        "line {line}: the column {column:?} holds {value}, which {lacks}; read the column as text with the option text_columns"
    );
    Error::new(ErrorKind::Unsupported, message)
}

#[cfg(test)]
mod tests {
    use super::{beyond, overflows};

    #[test]
    fn whole_numbers_beyond_2_to_the_53() {
        for value in ["9007199254740993", "-9007199254740993", "0009007199254740993", "99999999999999999999999999"] {
            assert!(beyond(value.as_bytes()), "{value}");
        }
        for value in ["", "-", "9007199254740992", "00000000000000000000001", "9007199254740993.0", "1e300", "abc"] {
            assert!(!beyond(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn numbers_beyond_every_float64() {
        for value in ["1e400", "-1e309", "1.8e308", "1E+400", &"9".repeat(310)] {
            assert!(overflows(value.as_bytes()), "{value}");
        }
        for value in ["", "1e308", "1e-400", "inf", "-inf", "nan", "abc1"] {
            assert!(!overflows(value.as_bytes()), "{value}");
        }
    }
}
