//! A typed value: numbers or a text, as metadata has them.

use crate::copy::half_to_f64;
use crate::{fail, DataType, Interpretation, Primitive, Result};
use std::fmt::Write as _;

/// A typed value: a number or a string, or a list or matrix of either.
#[derive(Debug, Clone, PartialEq)]
pub struct Value {
    data_type: DataType,
    bytes: Vec<u8>,
    /// Number of values along each dimension, the last one fastest; empty for a single value.
    shape: Vec<u64>,
    /// Strings in a list: the offset in `bytes` behind each of them.
    string_ends: Option<Vec<u64>>,
}

macro_rules! value_from {
    ($($number:ty => $data_type:ident),*) => {$(
        impl From<$number> for Value {
            fn from(number: $number) -> Self {
                Value::single(DataType::$data_type, number.to_ne_bytes().to_vec())
            }
        }
        impl From<&[$number]> for Value {
            fn from(numbers: &[$number]) -> Self {
                Value {
                    data_type: DataType::$data_type,
                    bytes: numbers.iter().flat_map(|number| number.to_ne_bytes()).collect(),
                    shape: vec![numbers.len() as u64],
                    string_ends: None,
                }
            }
        }
    )*};
}

value_from! {
    u8 => UINT8, u16 => UINT16, u32 => UINT32, u64 => UINT64, i8 => INT8, i16 => INT16, i32 => INT32, i64 => INT64,
    f32 => FLOAT, f64 => DOUBLE
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::single(DataType::UTF8_STRING, text.as_bytes().to_vec())
    }
}

impl From<&[&str]> for Value {
    fn from(strings: &[&str]) -> Self {
        let ends = strings.iter().scan(0, |end, string| {
            *end += string.len() as u64;
            Some(*end)
        });
        Value {
            data_type: DataType::UTF8_STRING,
            bytes: strings.concat().into_bytes(),
            shape: vec![strings.len() as u64],
            string_ends: Some(ends.collect()),
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::single(DataType::BOOL, vec![u8::from(value)])
    }
}

/// One component of a value.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Number {
    Whole(i128),
    Real(f64),
}

impl Value {
    fn single(data_type: DataType, bytes: Vec<u8>) -> Self {
        Value { data_type, bytes, shape: Vec::new(), string_ends: None }
    }

    /// Makes a value of its bytes, in native byte order: a single one, or a list if there are several.
    ///
    /// # Errors
    /// `Type` if they are not whole samples, or not UTF-8.
    pub fn from_bytes(data_type: DataType, bytes: &[u8]) -> Result<Self> {
        let whole = match (data_type.is_string(), data_type.byte_count()) {
            (true, _) => data_type == DataType::UTF8_STRING && std::str::from_utf8(bytes).is_ok(),
            (false, 0) => false,
            (false, size) => bytes.len() % size == 0,
        };
        if !whole {
            fail!(Type, "{} bytes are not values of type {data_type}", bytes.len());
        }
        let mut value = Value::single(data_type, bytes.to_vec());
        if !data_type.is_string() && bytes.len() != data_type.byte_count() {
            value.shape = vec![(bytes.len() / data_type.byte_count()) as u64];
        }
        Ok(value)
    }

    /// Makes a list of strings of their bytes, one behind the other, and the offset behind each.
    ///
    /// # Errors
    /// `Type` for another type than UTF8_STRING, for offsets that fall, leave the bytes or cut a letter, and for bytes that
    /// are not UTF-8.
    pub fn from_strings(data_type: DataType, bytes: &[u8], ends: &[u64]) -> Result<Self> {
        let text = match std::str::from_utf8(bytes) {
            Ok(text) if data_type == DataType::UTF8_STRING => text,
            _ => fail!(Type, "{} bytes are not strings of type {data_type}", bytes.len()),
        };
        let mut start = 0;
        for end in ends {
            match usize::try_from(*end) {
                Ok(end) if end >= start && text.is_char_boundary(end) => start = end,
                _ => fail!(Type, "the end {end} of a string does not lie in the {} bytes", bytes.len()),
            }
        }
        if start != bytes.len() {
            fail!(Type, "{} bytes behind the last string belong to none", bytes.len() - start);
        }
        Ok(Value { data_type, bytes: bytes.to_vec(), shape: vec![ends.len() as u64], string_ends: Some(ends.to_vec()) })
    }

    /// The same values in another shape, the last dimension fastest; `&[]` for a single value.
    ///
    /// # Errors
    /// `InvalidArgument` if the shape has another number of values, or more than 8 dimensions.
    pub fn with_shape(mut self, shape: &[u64]) -> Result<Self> {
        let count = shape.iter().try_fold(1u64, |count, size| count.checked_mul(*size));
        if count != Some(self.count() as u64) || shape.len() > crate::abi::IOLINK_MAX_DIMS {
            fail!(InvalidArgument, "{} values do not have the shape {shape:?}", self.count());
        }
        if self.data_type.is_string() {
            let end = self.bytes.len() as u64;
            self.string_ends = if shape.is_empty() { None } else { self.string_ends.or_else(|| Some(vec![end])) };
        }
        self.shape = shape.to_vec();
        Ok(self)
    }

    /// Number of values along each dimension, the last one fastest; empty for a single value.
    pub fn shape(&self) -> &[u64] {
        &self.shape
    }

    /// The strings, one for each value, if these are strings.
    pub fn strings(&self) -> Option<Vec<&str>> {
        let text = match self.data_type == DataType::UTF8_STRING {
            true => std::str::from_utf8(&self.bytes).ok()?,
            false => return None,
        };
        let ends = match &self.string_ends {
            Some(ends) => ends,
            None => return Some(vec![text]),
        };
        let mut start = 0;
        Some(ends.iter().map(|end| &text[std::mem::replace(&mut start, *end as usize)..*end as usize]).collect())
    }

    /// The offset in [`raw`](Value::raw) behind each string of a list.
    pub(crate) fn string_ends(&self) -> Option<&[u64]> {
        self.string_ends.as_deref()
    }

    /// Type of each value.
    pub fn data_type(&self) -> DataType {
        self.data_type
    }

    /// Number of values.
    pub fn count(&self) -> usize {
        match (&self.string_ends, self.data_type.is_string()) {
            (Some(ends), _) => ends.len(),
            (None, true) => 1,
            (None, false) => self.bytes.len() / self.data_type.byte_count().max(1),
        }
    }

    /// The values as they lie in memory, in native byte order.
    pub fn raw(&self) -> &[u8] {
        &self.bytes
    }

    /// The string, if this is a single one.
    pub fn as_str(&self) -> Option<&str> {
        if self.data_type == DataType::UTF8_STRING && self.string_ends.is_none() {
            std::str::from_utf8(&self.bytes).ok()
        } else {
            None
        }
    }

    /// The numbers, component by component, where it is numbers. 64-bit integers may be rounded.
    pub fn as_f64(&self) -> Option<Vec<f64>> {
        let number = |number: &Number| match *number {
            Number::Whole(whole) => whole as f64,
            Number::Real(real) => real,
        };
        Some(self.numbers()?.iter().map(number).collect())
    }

    /// The numbers, component by component, where it is integers.
    pub fn as_i128(&self) -> Option<Vec<i128>> {
        let number = |number: &Number| match *number {
            Number::Whole(whole) => Some(whole),
            Number::Real(_) => None,
        };
        self.numbers()?.iter().map(number).collect()
    }

    fn numbers(&self) -> Option<Vec<Number>> {
        macro_rules! read {
            ($number:ty, $make:expr) => {
                self.bytes
                    .chunks_exact(std::mem::size_of::<$number>())
                    .map(|bytes| $make(<$number>::from_ne_bytes(bytes.try_into().expect("a whole number"))))
                    .collect()
            };
        }
        Some(match (self.data_type.primitive(), self.data_type.bit_depth()) {
            (Primitive::Unsigned, 8) => read!(u8, |number| Number::Whole(i128::from(number))),
            (Primitive::Unsigned, 16) => read!(u16, |number| Number::Whole(i128::from(number))),
            (Primitive::Unsigned, 32) => read!(u32, |number| Number::Whole(i128::from(number))),
            (Primitive::Unsigned, 64) => read!(u64, |number| Number::Whole(i128::from(number))),
            (Primitive::Signed, 8) => read!(i8, |number| Number::Whole(i128::from(number))),
            (Primitive::Signed, 16) => read!(i16, |number| Number::Whole(i128::from(number))),
            (Primitive::Signed, 32) => read!(i32, |number| Number::Whole(i128::from(number))),
            (Primitive::Signed, 64) => read!(i64, |number| Number::Whole(i128::from(number))),
            (Primitive::Float, 16) => read!(u16, |bits| Number::Real(half_to_f64(bits))),
            (Primitive::Float, 32) => read!(f32, |number| Number::Real(f64::from(number))),
            (Primitive::Float, 64) => read!(f64, Number::Real),
            _ => return None,
        })
    }

    /// Writes the value as JSON: a single number or string, or nested lists in its shape; a value of several components is
    /// a list of them, and an opaque value a list of its bytes. NaN and infinities are strings.
    pub(crate) fn write_json(&self, out: &mut String) {
        if let Some(strings) = self.strings() {
            return write_nested(&self.shape, &strings, out, &mut |string: &&str, out| write_json_text(string, out));
        }
        let bytes = || self.bytes.iter().map(|byte| Number::Whole(i128::from(*byte))).collect();
        let numbers: Vec<Number> = self.numbers().unwrap_or_else(bytes);
        let boolean = self.data_type.interpretation() == Interpretation::Boolean;
        let mut write_number = |number: &Number, out: &mut String| {
            let _ = match *number {
                Number::Whole(whole) if boolean => write!(out, "{}", whole != 0),
                Number::Whole(whole) => write!(out, "{whole}"),
                Number::Real(real) if real.is_finite() => write!(out, "{real:?}"),
                Number::Real(real) => write!(out, "\"{real}\""),
            };
        };
        let components = numbers.len() / self.count().max(1);
        let mut shape = self.shape.clone();
        if components > 1 {
            shape.push(components as u64);
        }
        write_nested(&shape, &numbers, out, &mut write_number);
    }
}

/// Writes items as nested JSON lists of a shape, the last dimension fastest.
fn write_nested<T>(shape: &[u64], items: &[T], out: &mut String, write: &mut dyn FnMut(&T, &mut String)) {
    let (size, inner) = match shape.split_first() {
        Some((size, inner)) => (*size as usize, inner),
        None => return items.iter().for_each(|item| write(item, out)),
    };
    let step = items.len() / size.max(1);
    out.push('[');
    for index in 0..size {
        if index > 0 {
            out.push_str(", ");
        }
        write_nested(inner, &items[index * step..(index + 1) * step], out, write);
    }
    out.push(']');
}

/// Writes a string as JSON.
pub(crate) fn write_json_text(text: &str, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            control if control < ' ' => {
                let _ = write!(out, "\\u{:04x}", control as u32);
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(value: &Value) -> String {
        let mut out = String::new();
        value.write_json(&mut out);
        out
    }

    #[test]
    fn numbers_are_read_as_what_they_are() {
        assert_eq!(Value::from(u64::MAX).as_i128(), Some(vec![i128::from(u64::MAX)]));
        assert_eq!(Value::from(&[1.5f32, -2.0][..]).as_f64(), Some(vec![1.5, -2.0]));
        assert_eq!(Value::from(1.0f64).as_i128(), None);
        assert_eq!(Value::from("text").as_f64(), None);
        let halves = Value::from_bytes(DataType::FLOAT16, &[0x3C00u16, 0xC000].map(u16::to_ne_bytes).concat()).unwrap();
        assert_eq!((halves.as_f64(), halves.count()), (Some(vec![1.0, -2.0]), 2));
    }

    #[test]
    fn every_type_has_its_json() {
        assert_eq!(json(&Value::from(u64::MAX)), "18446744073709551615");
        assert_eq!(json(&Value::from(&[1i8, -1][..])), "[1, -1]");
        assert_eq!(json(&Value::from(true)), "true");
        assert_eq!(json(&Value::from(1e300)), "1e300");
        assert_eq!(json(&Value::from(f64::NAN)), "\"NaN\"");
        assert_eq!(json(&Value::from("a\u{1}\"")), "\"a\\u0001\\\"\"");
        assert_eq!(json(&Value::from_bytes(DataType::FLOAT16, &0x3800u16.to_ne_bytes()).unwrap()), "0.5");
        let opaque = DataType::from_fields(Primitive::Opaque, 1, 16, Interpretation::Numeric).unwrap();
        assert_eq!(json(&Value::from_bytes(opaque, &[7, 8]).unwrap()), "[7, 8]");
        assert_eq!(json(&Value::from_bytes(DataType::COMPLEX_FLOAT, &[0; 8]).unwrap()), "[0.0, 0.0]");
    }

    #[test]
    fn lists_and_matrices_keep_their_shape() {
        let matrix = Value::from(&[1i16, 2, 3, 4, 5, 6][..]).with_shape(&[2, 3]).unwrap();
        assert_eq!((json(&matrix), matrix.count()), ("[[1, 2, 3], [4, 5, 6]]".to_owned(), 6));
        assert_eq!(json(&Value::from(&[7u8][..])), "[7]");
        assert!(matrix.clone().with_shape(&[4]).is_err());
        let strings = Value::from(&["a", "", "µm"][..]);
        assert_eq!(strings.strings(), Some(vec!["a", "", "µm"]));
        assert_eq!((json(&strings), strings.as_str()), ("[\"a\", \"\", \"µm\"]".to_owned(), None));
        let again = Value::from_strings(DataType::UTF8_STRING, strings.raw(), strings.string_ends().unwrap()).unwrap();
        assert_eq!(again, strings);
        for ends in [&[2, 1][..], &[1, 9], &[1, 2], &[1]] {
            assert!(Value::from_strings(DataType::UTF8_STRING, "aµ".as_bytes(), ends).is_err(), "{ends:?}");
        }
    }

    #[test]
    fn bytes_that_are_not_whole_values_are_refused() {
        assert!(Value::from_bytes(DataType::UINT32, &[1, 2, 3]).is_err());
        assert!(Value::from_bytes(DataType::UTF8_STRING, &[0xFF]).is_err());
    }
}
