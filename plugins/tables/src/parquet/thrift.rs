//! The compact protocol of Thrift, walked before polars reads it: polars asks memory for as many elements as a list claims, and
//! reads a known field as the type that it expects, whatever type the file gives.

use iolink_sdk::{fail, Result};

/// Structs and lists of fields that are not known, one inside the other.
const DEEPEST: usize = 64;

/// The type of a field.
pub enum Type {
    Bool,
    Byte,
    /// An integer of any width: all are written alike.
    Integer,
    Bytes,
    List(&'static Type),
    Struct(&'static [(i16, Type)]),
}

/// Receives what a walk passes. A path holds the numbers of the fields that lead there.
pub trait Visitor {
    /// A struct begins.
    fn begin(&mut self, _path: &[i16]) {}

    /// An integer.
    fn integer(&mut self, _path: &[i16], _value: i64) {}
}

/// A walk over bytes.
pub struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
    path: Vec<i16>,
}

// Types of fields, as the protocol numbers them. A field that is a boolean has its value for a type.
const TRUE: u8 = 1;
const FALSE: u8 = 2;
const BYTE: u8 = 3;
const I16: u8 = 4;
const I64: u8 = 6;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const STRUCT: u8 = 12;

impl<'a> Walk<'a> {
    /// Begins at the first byte.
    pub fn new(bytes: &'a [u8]) -> Self {
        Walk { bytes, at: 0, path: Vec::new() }
    }

    /// Returns the offset of the next byte.
    pub fn at(&self) -> usize {
        self.at
    }

    /// Walks over a struct of these fields, and others.
    pub fn structure(&mut self, fields: &'static [(i16, Type)], visitor: &mut dyn Visitor) -> Result<()> {
        visitor.begin(&self.path);
        let mut last = 0;
        while let Some((id, kind)) = self.field(last)? {
            last = id;
            match fields.iter().find(|(known, _)| *known == id) {
                Some((_, known)) => {
                    self.path.push(id);
                    if !known.matches(kind) {
                        fail!(Corrupt, "the field {:?} of a struct is of type {kind}, which it cannot be", self.path);
                    }
                    if !matches!(known, Type::Bool) {
                        self.value(known, visitor)?;
                    }
                    self.path.pop();
                }
                None => self.unknown(kind, 0)?,
            }
        }
        Ok(())
    }

    fn value(&mut self, kind: &'static Type, visitor: &mut dyn Visitor) -> Result<()> {
        match kind {
            Type::Bool | Type::Byte => self.skip(1),
            Type::Integer => {
                let value = self.varint()?;
                visitor.integer(&self.path, (value >> 1) as i64 ^ -((value & 1) as i64));
                Ok(())
            }
            Type::Bytes => self.binary(),
            Type::List(item) => {
                let (found, count) = self.list()?;
                if count > 0 && !item.matches(found) {
                    fail!(Corrupt, "the list {:?} has items of type {found}, which it cannot have", self.path);
                }
                (0..count).try_for_each(|_| self.value(item, visitor))
            }
            Type::Struct(fields) => self.structure(fields, visitor),
        }
    }

    /// Passes over a value that nothing is known of.
    fn unknown(&mut self, kind: u8, depth: usize) -> Result<()> {
        if depth > DEEPEST {
            fail!(Limit, "structs lie more than {DEEPEST} deep in each other");
        }
        match kind {
            TRUE | FALSE => Ok(()),
            BYTE => self.skip(1),
            I16..=I64 => self.varint().map(drop),
            DOUBLE => self.skip(8),
            BINARY => self.binary(),
            LIST => {
                let (kind, count) = self.list()?;
                if matches!(kind, TRUE | FALSE) && count > 0 {
                    fail!(Corrupt, "a list of booleans stands where there is none in Parquet");
                }
                (0..count).try_for_each(|_| self.unknown(kind, depth + 1))
            }
            STRUCT => {
                let mut last = 0;
                while let Some((id, kind)) = self.field(last)? {
                    last = id;
                    self.unknown(kind, depth + 1)?;
                }
                Ok(())
            }
            other => fail!(Corrupt, "a field has the type {other}, which Parquet does not use"),
        }
    }

    /// Number and type of a struct's next field; `None` at its end.
    fn field(&mut self, last: i16) -> Result<Option<(i16, u8)>> {
        let head = self.byte()?;
        let (delta, kind) = (i16::from(head >> 4), head & 15);
        if kind == 0 {
            return Ok(None);
        }
        let id = match delta {
            0 => {
                let value = self.varint()?;
                ((value >> 1) as i64 ^ -((value & 1) as i64)) as i16
            }
            delta => match last.checked_add(delta) {
                Some(id) => id,
                None => fail!(Corrupt, "a struct numbers its fields beyond 16 bits"),
            },
        };
        Ok(Some((id, kind)))
    }

    /// Type and count of a list's items, each of which takes a byte or more.
    fn list(&mut self) -> Result<(u8, usize)> {
        let head = self.byte()?;
        let count = match head >> 4 {
            15 => self.varint()?,
            count => u64::from(count),
        };
        let left = self.bytes.len() - self.at;
        match usize::try_from(count) {
            Ok(count) if count <= left => Ok((head & 15, count)),
            _ => fail!(Corrupt, "a list claims {count} items, and {left} bytes are left"),
        }
    }

    fn binary(&mut self) -> Result<()> {
        let length = self.varint()?;
        self.skip(usize::try_from(length).unwrap_or(usize::MAX))
    }

    fn varint(&mut self) -> Result<u64> {
        let mut value = 0;
        for shift in (0..70).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 127).wrapping_shl(shift);
            if byte < 128 {
                return Ok(value);
            }
        }
        fail!(Corrupt, "an integer has more than 64 bits")
    }

    fn byte(&mut self) -> Result<u8> {
        match self.bytes.get(self.at) {
            Some(byte) => {
                self.at += 1;
                Ok(*byte)
            }
            None => fail!(Corrupt, "a struct ends after the last byte"),
        }
    }

    fn skip(&mut self, count: usize) -> Result<()> {
        let left = self.bytes.len() - self.at;
        if count > left {
            fail!(Corrupt, "a value claims {count} bytes, and {left} are left");
        }
        self.at += count;
        Ok(())
    }
}

impl Type {
    fn matches(&self, kind: u8) -> bool {
        match self {
            Type::Bool => matches!(kind, TRUE | FALSE),
            Type::Byte => kind == BYTE,
            Type::Integer => matches!(kind, I16..=I64),
            Type::Bytes => kind == BINARY,
            Type::List(_) => kind == LIST,
            Type::Struct(_) => kind == STRUCT,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sum(i64);

    impl Visitor for Sum {
        fn integer(&mut self, path: &[i16], value: i64) {
            assert_eq!(path, [2]);
            self.0 += value;
        }
    }

    static FIELDS: &[(i16, Type)] = &[(1, Type::Bytes), (2, Type::List(&Type::Integer)), (3, Type::Bool)];

    fn sum(bytes: &[u8]) -> Result<i64> {
        let mut sum = Sum(0);
        Walk::new(bytes).structure(FIELDS, &mut sum).map(|()| sum.0)
    }

    #[test]
    fn known_and_unknown_fields_are_passed() {
        let known = [0x18, 2, b'a', b'b', 0x19, 0x25, 2, 4, 0x11];
        assert_eq!(sum(&[&known[..], &[0]].concat()).unwrap(), 3);
        // A struct that holds a double and a list of bytes, as field 9.
        let unknown = [0x6c, 0x17, 0, 0, 0, 0, 0, 0, 0, 0, 0x19, 0x13, 7, 0, 0];
        assert_eq!(sum(&[&known[..], &unknown].concat()).unwrap(), 3);
    }

    #[test]
    fn claims_beyond_the_bytes_and_other_types_are_refused() {
        let cases: [(&[u8], &str); 6] = [
            (&[0x29, 0xf5, 0xff, 0xff, 0xff, 0xff, 7, 0], "claims"),
            (&[0x18, 0xff, 0xff, 3, 0], "claims 65535 bytes"),
            (&[0x28, 0, 0], "cannot be"),
            (&[0x29, 0x18, 0, 0], "cannot have"),
            (&[0x49, 0x11, 1, 0], "booleans"),
            (&[0x18, 0], "after the last byte"),
        ];
        for (bytes, words) in cases {
            let error = sum(bytes).unwrap_err();
            assert!(error.message().contains(words), "{bytes:?}: {}", error.message());
        }
        let deep = [[0x4c].as_slice(), &[0x1c; 1000]].concat();
        assert!(sum(&deep).unwrap_err().message().contains("more than 64 deep"));
    }
}
