//! Memory layout of each format of the Arrow C data interface.

use crate::{fail, Result};

/// Memory layout of an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// No buffer.
    Null,
    /// Validity and values of this many bits each.
    Fixed(u64),
    /// Validity, offsets and bytes; the offsets have 64 bits if true, else 32.
    Bytes(bool),
    /// Validity, views, any number of buffers, and their lengths.
    View,
    /// Validity and offsets, one child; the offsets as for `Bytes`.
    List(bool),
    /// Validity, offsets and sizes, one child; the offsets as for `Bytes`.
    ListView(bool),
    /// Validity, one child with this many values for each row.
    FixedList(u64),
    /// Validity, one child for each field.
    Struct,
    /// As a list, of structs with two fields.
    Map,
    /// Type ids, and offsets if true; one child for each id.
    Union(bool),
    /// No buffer, two children: the ends of the runs and their values.
    Runs,
}

impl Layout {
    /// Returns the layout of a format; `None` for a format that the standard does not have.
    ///
    /// # Errors
    /// `Corrupt` for a parameter that is out of range.
    pub fn of(format: &str) -> Result<Option<Layout>> {
        Ok(Some(match format {
            "n" => Layout::Null,
            "b" => Layout::Fixed(1),
            "c" | "C" => Layout::Fixed(8),
            "s" | "S" | "e" => Layout::Fixed(16),
            "i" | "I" | "f" | "tdD" | "tts" | "ttm" | "tiM" => Layout::Fixed(32),
            "l" | "L" | "g" | "tdm" | "ttu" | "ttn" | "tDs" | "tDm" | "tDu" | "tDn" | "tiD" => Layout::Fixed(64),
            "tin" => Layout::Fixed(128),
            "z" | "u" => Layout::Bytes(false),
            "Z" | "U" => Layout::Bytes(true),
            "vz" | "vu" => Layout::View,
            "+l" => Layout::List(false),
            "+L" => Layout::List(true),
            "+vl" => Layout::ListView(false),
            "+vL" => Layout::ListView(true),
            "+s" => Layout::Struct,
            "+m" => Layout::Map,
            "+r" => Layout::Runs,
            _ => return Layout::with_parameters(format),
        }))
    }

    fn with_parameters(format: &str) -> Result<Option<Layout>> {
        let Some((name, parameters)) = format.split_once(':') else { return Ok(None) };
        Ok(Some(match name {
            "tss" | "tsm" | "tsu" | "tsn" => Layout::Fixed(64),
            "w" => Layout::Fixed(8 * count(format, parameters)?),
            "+w" => Layout::FixedList(count(format, parameters)?),
            "d" => Layout::Fixed(decimal_bits(format, parameters)?),
            "+ud" => Layout::Union(true),
            "+us" => Layout::Union(false),
            _ => return Ok(None),
        }))
    }

    /// Returns the number of children; `None` if it depends on the type.
    pub fn children(self) -> Option<usize> {
        match self {
            Layout::Struct | Layout::Union(_) => None,
            Layout::Runs => Some(2),
            Layout::List(_) | Layout::ListView(_) | Layout::FixedList(_) | Layout::Map => Some(1),
            _ => Some(0),
        }
    }

    /// Is the first buffer a validity bitmap?
    pub fn has_validity(self) -> bool {
        !matches!(self, Layout::Null | Layout::Union(_) | Layout::Runs)
    }

    /// Returns the least and the largest number of buffers.
    pub fn buffers(self) -> (i64, i64) {
        match self {
            // polars gives the null type a buffer, the standard none.
            Layout::Null => (0, i64::MAX),
            Layout::View => (3, i64::from(i32::MAX)),
            Layout::Fixed(_) | Layout::List(_) | Layout::Map | Layout::Union(true) => (2, 2),
            Layout::Bytes(_) | Layout::ListView(_) => (3, 3),
            // Some producers leave out a validity bitmap that is not needed.
            Layout::FixedList(_) | Layout::Struct => (0, 1),
            Layout::Union(false) => (1, 1),
            Layout::Runs => (0, 0),
        }
    }
}

/// Returns a size in a format, which is not negative.
fn count(format: &str, parameter: &str) -> Result<u64> {
    match parameter.parse::<i32>().map(u64::try_from) {
        Ok(Ok(count)) => Ok(count),
        _ => fail!(Corrupt, "the Arrow format {format:?} has no size of 0 to {}", i32::MAX),
    }
}

/// Returns the bits of a decimal whose precision fits into them.
fn decimal_bits(format: &str, parameters: &str) -> Result<u64> {
    let mut parts = parameters.split(',');
    let precision = parts.next().and_then(|precision| precision.parse::<u8>().ok());
    let scale = parts.next().and_then(|scale| scale.parse::<i8>().ok());
    let (bits, most) = match parts.next() {
        None | Some("128") => (128, 38),
        Some("32") => (32, 9),
        Some("64") => (64, 18),
        Some("256") => (256, 76),
        Some(_) => (0, 0),
    };
    match (precision, scale, parts.next()) {
        (Some(1..), Some(_), None) if precision <= Some(most) => Ok(bits),
        _ => fail!(
            Corrupt,
            "the Arrow format {format:?} is not a decimal of 32, 64, 128 or 256 bits whose precision fits into them"
        ),
    }
}

/// Returns the type ids of a union, which are distinct and not negative.
pub(super) fn type_ids(format: &str) -> Result<Vec<i8>> {
    let list = format.split_once(':').map_or("", |(_, list)| list);
    let mut ids = Vec::new();
    for id in list.split(',').filter(|_| !list.is_empty()) {
        match id.parse::<i8>() {
            Ok(id) if id >= 0 && !ids.contains(&id) => ids.push(id),
            _ => fail!(
                Corrupt,
                "the ids of a union's types are not distinct numbers of 0 to 127, in the Arrow format {format:?}"
            ),
        }
    }
    Ok(ids)
}
