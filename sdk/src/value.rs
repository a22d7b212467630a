//! A typed value: numbers or a text, as metadata has them.

use crate::copy::half_to_f64;
use crate::{fail, DataType, Interpretation, Primitive, Result};
use std::fmt::Write as _;

/// A typed value: one or more numbers, or a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Value {
    data_type: DataType,
    bytes: Vec<u8>,
}

macro_rules! value_from {
    ($($number:ty => $data_type:ident),*) => {$(
        impl From<$number> for Value {
            fn from(number: $number) -> Self {
                Value { data_type: DataType::$data_type, bytes: number.to_ne_bytes().to_vec() }
            }
        }
        impl From<&[$number]> for Value {
            fn from(numbers: &[$number]) -> Self {
                Value {
                    data_type: DataType::$data_type,
                    bytes: numbers.iter().flat_map(|number| number.to_ne_bytes()).collect(),
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
        Value { data_type: DataType::UTF8_STRING, bytes: text.as_bytes().to_vec() }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value { data_type: DataType::BOOL, bytes: vec![u8::from(value)] }
    }
}

/// One component of a value.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Number {
    Whole(i128),
    Real(f64),
}

impl Value {
    /// A value from its bytes, in native byte order; refused where they are not whole samples or not UTF-8.
    pub fn from_bytes(data_type: DataType, bytes: &[u8]) -> Result<Self> {
        let whole = match (data_type.is_string(), data_type.byte_count()) {
            (true, _) => data_type == DataType::UTF8_STRING && std::str::from_utf8(bytes).is_ok(),
            (false, 0) => false,
            (false, size) => bytes.len() % size == 0,
        };
        if !whole {
            fail!(Type, "{} bytes are not values of type {data_type}", bytes.len());
        }
        Ok(Value { data_type, bytes: bytes.to_vec() })
    }

    /// Type of each value.
    pub fn data_type(&self) -> DataType {
        self.data_type
    }

    /// Number of values; of bytes for a text.
    pub fn count(&self) -> usize {
        self.bytes.len() / self.data_type.byte_count().max(1)
    }

    /// The values as they lie in memory, in native byte order.
    pub fn raw(&self) -> &[u8] {
        &self.bytes
    }

    /// The text, where it is one.
    pub fn as_str(&self) -> Option<&str> {
        if self.data_type == DataType::UTF8_STRING {
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

    /// The value in JSON: one number alone, several as a list, component by component; what is not known to be numbers as
    /// its bytes. Numbers that JSON has not (NaN, infinities) stand as text.
    pub(crate) fn write_json(&self, out: &mut String) {
        if let Some(text) = self.as_str() {
            return write_json_text(text, out);
        }
        let bytes = || self.bytes.iter().map(|byte| Number::Whole(i128::from(*byte))).collect();
        let numbers: Vec<Number> = self.numbers().unwrap_or_else(bytes);
        let alone = numbers.len() == 1 && self.data_type.is_numeric();
        if !alone {
            out.push('[');
        }
        for (index, number) in numbers.iter().enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            let _ = match *number {
                Number::Whole(whole) if self.data_type.interpretation() == Interpretation::Boolean => {
                    write!(out, "{}", whole != 0)
                }
                Number::Whole(whole) => write!(out, "{whole}"),
                Number::Real(real) if real.is_finite() => write!(out, "{real:?}"),
                Number::Real(real) => write!(out, "\"{real}\""),
            };
        }
        if !alone {
            out.push(']');
        }
    }
}

/// A text as JSON has it.
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
    fn bytes_that_are_not_whole_values_are_refused() {
        assert!(Value::from_bytes(DataType::UINT32, &[1, 2, 3]).is_err());
        assert!(Value::from_bytes(DataType::UTF8_STRING, &[0xFF]).is_err());
    }
}
