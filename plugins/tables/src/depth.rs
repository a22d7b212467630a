//! The depth of nested types: readers and writers go down them by recursion, so a file or a frame must not choose how far.

use iolink_sdk::{Error, ErrorKind, Result};
use polars_arrow::datatypes::{ArrowDataType, Field};

/// Levels of lists, structs, maps and unions that a column can have.
pub const DEEPEST: usize = 64;

/// Refuses a column of more levels. The recursion is as deep as the type: a caller has bounded it already.
pub fn check(fields: &[Field]) -> Result<()> {
    match fields.iter().find(|field| levels(&field.dtype) > DEEPEST) {
        Some(field) => Err(too_deep(&field.name)),
        None => Ok(()),
    }
}

/// The error for a column that is nested deeper.
pub fn too_deep(column: &str) -> Error {
    Error::new(
        ErrorKind::Limit,
        format!("column {column:?}: its type is nested more than {DEEPEST} levels deep; flatten it in another library"),
    )
}

fn levels(dtype: &ArrowDataType) -> usize {
    let deepest = |fields: &[Field]| fields.iter().map(|field| levels(&field.dtype)).max().unwrap_or(0);
    match dtype {
        ArrowDataType::List(item)
        | ArrowDataType::LargeList(item)
        | ArrowDataType::FixedSizeList(item, _)
        | ArrowDataType::Map(item, _) => 1 + levels(&item.dtype),
        ArrowDataType::Struct(fields) => 1 + deepest(fields),
        ArrowDataType::Union(union) => 1 + deepest(&union.fields),
        ArrowDataType::Dictionary(_, values, _) => 1 + levels(values),
        ArrowDataType::Extension(extension) => levels(&extension.inner),
        _ => 0,
    }
}
