//! What numbers and truths look like in CSV: polars' guess of a column's type knows fewer spellings than its parser reads, so that one
//! depends on where a value stands. Here both are the same.

use crate::scan::{value, Dialect, Walker};
use polars_core::prelude::DataType;

/// A value without the spaces before it, which do not count where it is a number.
pub fn bare(value: &[u8]) -> &[u8] {
    let spaces = value.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    &value[spaces..]
}

/// Digits alone, perhaps with a sign?
pub fn is_whole(value: &[u8]) -> bool {
    let digits = value.strip_prefix(b"-").or_else(|| value.strip_prefix(b"+")).unwrap_or(value);
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

/// The float that it stands for, "nan" and "inf" among them; `None` where it is no number.
pub fn float(value: &[u8]) -> Option<f64> {
    std::str::from_utf8(value).ok().and_then(|value| value.parse().ok())
}

fn is_truth(value: &[u8]) -> bool {
    value.eq_ignore_ascii_case(b"true") || value.eq_ignore_ascii_case(b"false")
}

/// What the values of a column have been so far.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    Nothing,
    /// Spaces alone, which are missing among numbers.
    Blank,
    Truth,
    Whole,
    Fraction,
    Other,
}

impl Seen {
    fn add(self, value: &[u8]) -> Seen {
        match (self, bare(value)) {
            (seen, _) if value.is_empty() => seen,
            (Seen::Nothing | Seen::Truth, _) if is_truth(value) => Seen::Truth,
            (Seen::Truth | Seen::Other, _) => Seen::Other,
            (Seen::Nothing, b"") => Seen::Blank,
            (seen, b"") => seen,
            (Seen::Nothing | Seen::Blank | Seen::Whole, value) if is_whole(value) => Seen::Whole,
            (_, value) if float(value).is_some() => Seen::Fraction,
            _ => Seen::Other,
        }
    }
}

/// Makes right what polars guessed from a text's values: of a column of each type in `guessed`, the first record apart where it
/// is the header. `is_null` knows the words for missing values.
pub fn settle(guessed: &mut [DataType], text: &[u8], dialect: Dialect, header: bool, is_null: impl Fn(&[u8]) -> bool) {
    // polars takes the digits of every script for digits, and reads those of ASCII.
    let (ascii, count) = (text.is_ascii(), guessed.len());
    let doubtful = |dtype: &DataType| match dtype {
        DataType::String => true,
        DataType::Boolean => false,
        _ => !ascii,
    };
    let doubts: Vec<bool> = guessed.iter().map(doubtful).collect();
    let mut seen = vec![Seen::Nothing; count];
    let mut open = doubts.iter().filter(|doubt| **doubt).count();
    let mut walker = Walker::new(text, dialect);
    if header && !matches!(walker.record(|_, _| ()), Ok(Some(_))) {
        return;
    }
    while open > 0 {
        let passed = walker.record(|index, written| {
            if doubts.get(index) == Some(&true) && seen[index] != Seen::Other {
                let value = value(written, dialect.quote);
                if !is_null(&value) {
                    seen[index] = seen[index].add(&value);
                    open -= usize::from(seen[index] == Seen::Other);
                }
            }
        });
        if !matches!(passed, Ok(Some(_))) {
            break;
        }
    }
    for (dtype, seen) in guessed.iter_mut().zip(seen) {
        match (seen, &*dtype) {
            (Seen::Truth, DataType::String) => *dtype = DataType::Boolean,
            (Seen::Whole, DataType::String) => *dtype = DataType::Int64,
            (Seen::Fraction, DataType::String) => *dtype = DataType::Float64,
            (Seen::Other, _) => *dtype = DataType::String,
            _ => {}
        }
    }
}
