//! Data types: one number that packs primitive, bits, component count and meaning.
//!
//! | bits | field |
//! |---|---|
//! | 0-7 | primitive: 0 opaque, 1 unsigned, 2 signed, 3 float, 4 string |
//! | 8-23 | bits of one component; of one code unit for strings |
//! | 24-39 | components |
//! | 40-47 | interpretation: 0 number or vector, 1 complex, 2 boolean, 3 binary, 4 label |
//!
//! The whole number 0 is the unknown type. The other bits are zero.

use crate::{Error, ErrorKind, Result};
use std::fmt;

/// How one component is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Primitive {
    /// Nothing is known of the bytes.
    Opaque = 0,
    /// Unsigned integer.
    Unsigned = 1,
    /// Signed integer, two's complement.
    Signed = 2,
    /// IEEE 754 floating point.
    Float = 3,
    /// Text; the bit depth is that of a code unit.
    String = 4,
}

/// What the components together mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Interpretation {
    /// A number, or a vector of numbers where there are several components.
    Numeric = 0,
    /// A complex number: real part, imaginary part.
    Complex = 1,
    /// 0 is false, 1 is true.
    Boolean = 2,
    /// A mask: 0 is background, 1 is object.
    Binary = 3,
    /// The number names an object; arithmetic on it means nothing.
    Label = 4,
}

/// Type of one sample or of the values of a column.
///
/// ```
/// use iolink_sdk::DataType;
/// assert_eq!(DataType::vector(DataType::UINT16, 3).byte_count(), 6);
/// assert_eq!(DataType::VEC3_UINT16.to_string(), "VEC3_UINT16");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct DataType(u64);

const fn pack(primitive: Primitive, bits: u64, count: u64, interpretation: Interpretation) -> DataType {
    DataType(primitive as u64 | bits << 8 | count << 24 | (interpretation as u64) << 40)
}

macro_rules! named_types {
    ($($name:ident = ($primitive:ident, $bits:literal, $count:literal, $interpretation:ident);)*) => {
        impl DataType {
            $(#[doc = concat!("The type `", stringify!($name), "`.")]
            pub const $name: DataType = pack(Primitive::$primitive, $bits, $count, Interpretation::$interpretation);)*

            /// Every type that has a name, with it.
            pub const NAMED: &'static [(&'static str, DataType)] = &[$((stringify!($name), DataType::$name)),*];
        }
    };
}

named_types! {
    UNKNOWN = (Opaque, 0, 0, Numeric);
    UINT8 = (Unsigned, 8, 1, Numeric);
    UINT16 = (Unsigned, 16, 1, Numeric);
    UINT32 = (Unsigned, 32, 1, Numeric);
    UINT64 = (Unsigned, 64, 1, Numeric);
    INT8 = (Signed, 8, 1, Numeric);
    INT16 = (Signed, 16, 1, Numeric);
    INT32 = (Signed, 32, 1, Numeric);
    INT64 = (Signed, 64, 1, Numeric);
    FLOAT16 = (Float, 16, 1, Numeric);
    FLOAT = (Float, 32, 1, Numeric);
    DOUBLE = (Float, 64, 1, Numeric);
    COMPLEX_FLOAT = (Float, 32, 2, Complex);
    COMPLEX_DOUBLE = (Float, 64, 2, Complex);
    BOOL = (Unsigned, 8, 1, Boolean);
    BINARY = (Unsigned, 8, 1, Binary);
    LABEL8 = (Unsigned, 8, 1, Label);
    LABEL16 = (Unsigned, 16, 1, Label);
    LABEL32 = (Unsigned, 32, 1, Label);
    LABEL64 = (Unsigned, 64, 1, Label);
    UTF8_STRING = (String, 8, 1, Numeric);
    UTF16_STRING = (String, 16, 1, Numeric);
    VEC2_UINT8 = (Unsigned, 8, 2, Numeric);
    VEC2_UINT16 = (Unsigned, 16, 2, Numeric);
    VEC2_UINT32 = (Unsigned, 32, 2, Numeric);
    VEC2_UINT64 = (Unsigned, 64, 2, Numeric);
    VEC2_INT8 = (Signed, 8, 2, Numeric);
    VEC2_INT16 = (Signed, 16, 2, Numeric);
    VEC2_INT32 = (Signed, 32, 2, Numeric);
    VEC2_INT64 = (Signed, 64, 2, Numeric);
    VEC2_FLOAT16 = (Float, 16, 2, Numeric);
    VEC2_FLOAT = (Float, 32, 2, Numeric);
    VEC2_DOUBLE = (Float, 64, 2, Numeric);
    VEC3_UINT8 = (Unsigned, 8, 3, Numeric);
    VEC3_UINT16 = (Unsigned, 16, 3, Numeric);
    VEC3_UINT32 = (Unsigned, 32, 3, Numeric);
    VEC3_UINT64 = (Unsigned, 64, 3, Numeric);
    VEC3_INT8 = (Signed, 8, 3, Numeric);
    VEC3_INT16 = (Signed, 16, 3, Numeric);
    VEC3_INT32 = (Signed, 32, 3, Numeric);
    VEC3_INT64 = (Signed, 64, 3, Numeric);
    VEC3_FLOAT16 = (Float, 16, 3, Numeric);
    VEC3_FLOAT = (Float, 32, 3, Numeric);
    VEC3_DOUBLE = (Float, 64, 3, Numeric);
    VEC4_UINT8 = (Unsigned, 8, 4, Numeric);
    VEC4_UINT16 = (Unsigned, 16, 4, Numeric);
    VEC4_UINT32 = (Unsigned, 32, 4, Numeric);
    VEC4_UINT64 = (Unsigned, 64, 4, Numeric);
    VEC4_INT8 = (Signed, 8, 4, Numeric);
    VEC4_INT16 = (Signed, 16, 4, Numeric);
    VEC4_INT32 = (Signed, 32, 4, Numeric);
    VEC4_INT64 = (Signed, 64, 4, Numeric);
    VEC4_FLOAT16 = (Float, 16, 4, Numeric);
    VEC4_FLOAT = (Float, 32, 4, Numeric);
    VEC4_DOUBLE = (Float, 64, 4, Numeric);
}

impl DataType {
    /// The type with this id, refused where no such type can be.
    pub fn from_id(id: u64) -> Result<Self> {
        let fault = |what: &str| {
            Err(Error::new(ErrorKind::Type, format!("{id:#x} is not the id of a data type: {what}; see DataType.id")))
        };
        let (bits, count) = (id >> 8 & 0xFFFF, id >> 24 & 0xFFFF);
        if id == 0 {
            return Ok(DataType::UNKNOWN);
        }
        if id >> 48 != 0 || id >> 40 & 0xFF > Interpretation::Label as u64 {
            return fault("the interpretation is none of 0 to 4");
        }
        let wide_enough = match id & 0xFF {
            0 => bits != 0 && bits % 8 == 0,
            1 | 2 => matches!(bits, 8 | 16 | 32 | 64),
            3 => matches!(bits, 16 | 32 | 64),
            4 => matches!(bits, 8 | 16),
            _ => return fault("the primitive is none of 0 to 4"),
        };
        if !wide_enough {
            return fault("the primitive has no such bit depth");
        }
        if count == 0 || id >> 40 & 0xFF == Interpretation::Complex as u64 && count % 2 != 0 {
            return fault("the component count does not fit");
        }
        Ok(DataType(id))
    }

    /// The type made of these fields.
    pub fn from_fields(primitive: Primitive, count: u64, bits: u64, interpretation: Interpretation) -> Result<Self> {
        if bits > 0xFFFF || count > 0xFFFF {
            crate::fail!(Type, "a data type has at most 65535 components of 65535 bits, not {count} of {bits}");
        }
        DataType::from_id(pack(primitive, bits, count, interpretation).0)
    }

    /// A vector of `count` components of a scalar type.
    pub const fn vector(scalar: DataType, count: u16) -> DataType {
        DataType(scalar.0 & !(0xFFFF << 24) | (count as u64) << 24)
    }

    /// The packed id.
    pub const fn id(self) -> u64 {
        self.0
    }

    /// How one component is stored.
    pub fn primitive(self) -> Primitive {
        match self.0 & 0xFF {
            1 => Primitive::Unsigned,
            2 => Primitive::Signed,
            3 => Primitive::Float,
            4 => Primitive::String,
            _ => Primitive::Opaque,
        }
    }

    /// What the components together mean.
    pub fn interpretation(self) -> Interpretation {
        match self.0 >> 40 & 0xFF {
            1 => Interpretation::Complex,
            2 => Interpretation::Boolean,
            3 => Interpretation::Binary,
            4 => Interpretation::Label,
            _ => Interpretation::Numeric,
        }
    }

    /// Bits of one component.
    pub const fn bit_depth(self) -> u64 {
        self.0 >> 8 & 0xFFFF
    }

    /// Number of components; 2 for a complex number.
    pub const fn element_count(self) -> u64 {
        self.0 >> 24 & 0xFFFF
    }

    /// Bytes of one component.
    pub const fn component_bytes(self) -> usize {
        (self.bit_depth() / 8) as usize
    }

    /// Bytes of a whole sample.
    pub const fn byte_count(self) -> usize {
        self.component_bytes() * self.element_count() as usize
    }

    /// Is it made of numbers?
    pub fn is_numeric(self) -> bool {
        matches!(self.primitive(), Primitive::Unsigned | Primitive::Signed | Primitive::Float)
    }

    /// Is it one number (complex ones included)?
    pub fn is_scalar(self) -> bool {
        self.is_numeric()
            && self.element_count() == if self.interpretation() == Interpretation::Complex { 2 } else { 1 }
    }

    /// Is it several numbers?
    pub fn is_vector(self) -> bool {
        self.is_numeric() && !self.is_scalar()
    }

    /// Is it text, which has no fixed size?
    pub fn is_string(self) -> bool {
        self.primitive() == Primitive::String
    }

    /// Components that an export shows as an axis of their own: those of a vector, else none.
    pub fn vector_length(self) -> Option<u64> {
        let parts = if self.interpretation() == Interpretation::Complex { 2 } else { 1 };
        self.is_vector().then(|| self.element_count() / parts)
    }

    /// The type of one component of a vector; other types are their own.
    pub fn scalar(self) -> DataType {
        let parts = if self.interpretation() == Interpretation::Complex { 2 } else { 1 };
        if self.is_numeric() {
            DataType::vector(self, parts)
        } else {
            self
        }
    }

    /// Can samples be converted by arithmetic alone: numbers both, with as many components?
    pub fn is_convertible_to(self, other: DataType) -> bool {
        self == other || (self.is_numeric() && other.is_numeric() && self.element_count() == other.element_count())
    }

    /// The usual values of one component: whole range of integers, 0 to 1 for floats and booleans.
    pub fn standard_range(self) -> Option<(f64, f64)> {
        let bits = self.bit_depth() as i32;
        match (self.primitive(), self.interpretation()) {
            (_, Interpretation::Boolean | Interpretation::Binary) | (Primitive::Float, _) => Some((0.0, 1.0)),
            (Primitive::Unsigned, _) => Some((0.0, 2f64.powi(bits) - 1.0)),
            (Primitive::Signed, _) => Some((-(2f64.powi(bits - 1)), 2f64.powi(bits - 1) - 1.0)),
            _ => None,
        }
    }

    /// The type with this name; `FLOAT32`, `FLOAT64`, `COMPLEX64` and `COMPLEX128` are names too.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = match name {
            "FLOAT32" => "FLOAT",
            "FLOAT64" => "DOUBLE",
            "COMPLEX64" => "COMPLEX_FLOAT",
            "COMPLEX128" => "COMPLEX_DOUBLE",
            other => other,
        };
        DataType::NAMED.iter().find(|(known, _)| *known == name).map(|(_, data_type)| *data_type)
    }

    /// The type's name, where it has one.
    pub fn name(self) -> Option<&'static str> {
        DataType::NAMED.iter().find(|(_, known)| *known == self).map(|(name, _)| *name)
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(
                f,
                "DataType({:?}, {} x {} bits, {:?})",
                self.primitive(),
                self.element_count(),
                self.bit_depth(),
                self.interpretation()
            ),
        }
    }
}

impl fmt::Debug for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Which byte of a component comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ByteOrder {
    /// Least significant byte first.
    Little,
    /// Most significant byte first.
    Big,
}

impl ByteOrder {
    /// This machine's.
    pub const NATIVE: ByteOrder = if cfg!(target_endian = "big") { ByteOrder::Big } else { ByteOrder::Little };
}
