//! Columns that a format has no place for, or polars no word: refused by their types, before a byte is written.

use crate::depth::{too_deep, DEEPEST};
use crate::format::Format;
use iolink_sdk::abi::ArrowSchema;
use iolink_sdk::{fail, OwnedSchema, Result};
use polars_arrow::datatypes::{ArrowDataType, Field};
use std::collections::HashSet;
use std::ffi::{c_char, CStr};

/// What there is no place for, and what the user can do instead.
type Lack = (String, &'static str);

fn lack(what: impl Into<String>, instead: &'static str) -> Option<Lack> {
    Some((what.into(), instead))
}

/// Refuses a column of a type that polars cannot take in at all.
pub fn known_to_polars(table: &OwnedSchema) -> Result<()> {
    for column in Type(table.as_raw()).parts() {
        if column.is_deeper_than(DEEPEST) {
            return Err(too_deep(column.name()));
        }
        if let Some((what, instead)) = column.unknown() {
            fail!(Unsupported, "column {:?}: no table file is written with {what}; {instead}", column.name());
        }
    }
    Ok(())
}

/// A part of an Arrow schema, as it came over the border.
#[derive(Clone, Copy)]
struct Type<'a>(&'a ArrowSchema);

impl<'a> Type<'a> {
    fn name(self) -> &'a str {
        self.text(self.0.name)
    }

    /// A text of the schema, "" for none.
    fn text(self, raw: *const c_char) -> &'a str {
        if raw.is_null() {
            return "";
        }
        // SAFETY: the texts of a live schema are NUL-terminated, and live as long as it does.
        unsafe { CStr::from_ptr(raw) }.to_str().unwrap_or("")
    }

    /// Its children, and the values of a dictionary.
    fn parts(self) -> impl Iterator<Item = Type<'a>> {
        let count = if self.0.children.is_null() { 0 } else { usize::try_from(self.0.n_children).unwrap_or(0) };
        // SAFETY: a live schema has that many children, and lives as long as they do.
        let children = (0..count).filter_map(move |at| unsafe { (*self.0.children.add(at)).as_ref() });
        // SAFETY: a dictionary is NULL or lives as long as its schema.
        children.chain(unsafe { self.0.dictionary.as_ref() }).map(Type)
    }

    /// Has the type more levels below it? Looks no further down than that.
    fn is_deeper_than(self, levels: usize) -> bool {
        self.parts().any(|part| levels == 0 || part.is_deeper_than(levels - 1))
    }

    fn unknown(self) -> Option<Lack> {
        let format = self.text(self.0.format);
        match format {
            "+r" => return lack("run-end encoded values", "decode them, as pyarrow.compute.run_end_decode() does"),
            "+vl" | "+vL" => return lack("list views", "cast the column to list or large_list"),
            _ => {}
        }
        if format.starts_with("d:") && format.split(',').nth(1).is_some_and(|scale| scale.starts_with('-')) {
            return lack("decimals of a negative scale", "cast the column to decimals of scale 0");
        }
        self.parts().find_map(Type::unknown)
    }
}

/// Refuses a column that the format has no place for.
pub fn check(columns: &[Field], format: Format) -> Result<()> {
    for column in columns {
        if let Some((what, instead)) = missing(&column.dtype, format, false) {
            fail!(Unsupported, "column {:?}: {} is not written with {what}; {instead}", column.name, format.name());
        }
    }
    Ok(())
}

/// `inside` another type?
fn missing(dtype: &ArrowDataType, format: Format, inside: bool) -> Option<Lack> {
    use ArrowDataType::*;
    match dtype {
        Extension(kind) => {
            lack(format!("the extension type {}", kind.name), "cast the column to the storage type of its type")
        }
        Interval(_) => lack("intervals", "make columns of their months, days and nanoseconds"),
        Union(_) => lack("unions", "make a column of each of their types"),
        Decimal256(..) => lack("decimals of 256 bits", "cast the column to decimal128, of 38 digits, or to text"),
        FixedSizeBinary(0) => lack("bytes of fixed size 0", "cast the column to binary"),
        FixedSizeBinary(_) if inside && format == Format::Parquet => {
            lack("bytes of fixed size inside another type", "cast them to binary")
        }
        FixedSizeList(_, 0) => lack("lists of fixed size 0", "cast the column to list"),
        Struct(fields) if fields.is_empty() && format == Format::Parquet => {
            lack("structs without fields", "leave the column out, or write Arrow IPC")
        }
        Struct(fields) if format == Format::JsonLines && twice(fields) => {
            lack("structs that have two fields of one name", "rename one of them")
        }
        Dictionary(_, values, _) => missing(values, format, inside).or_else(|| dictionary(values, format)),
        List(item) | LargeList(item) | FixedSizeList(item, _) | Map(item, _) => missing(&item.dtype, format, true),
        Struct(fields) => fields.iter().find_map(|field| missing(&field.dtype, format, true)),
        _ => None,
    }
}

fn dictionary(values: &ArrowDataType, format: Format) -> Option<Lack> {
    match format {
        Format::Parquet | Format::JsonLines if values.is_nested() => {
            lack("dictionaries of lists or structs", "cast the column to the type of its values")
        }
        // polars loses its way among the children of such a dictionary.
        Format::Arrow if values.is_nested() && !only_lists(values) => {
            lack("dictionaries of structs, maps or dictionaries", "cast the column to the type of its values")
        }
        _ => None,
    }
}

fn twice(fields: &[Field]) -> bool {
    let mut names = HashSet::new();
    !fields.iter().all(|field| names.insert(field.name.as_str()))
}

/// Lists of lists of plain values?
fn only_lists(dtype: &ArrowDataType) -> bool {
    match dtype {
        ArrowDataType::List(item) | ArrowDataType::LargeList(item) | ArrowDataType::FixedSizeList(item, _) => {
            only_lists(&item.dtype)
        }
        ArrowDataType::Dictionary(..) => false,
        other => !other.is_nested(),
    }
}
