//! The schema of Arrow IPC, looked at before polars reads it by recursion.

use super::damaged;
use crate::depth::{too_deep, DEEPEST};
use iolink_sdk::{fail, Result};
use polars_arrow::io::ipc::format::ipc::planus::ReadAsRoot;
use polars_arrow::io::ipc::format::ipc::{FieldRef, MessageHeaderRef, MessageRef, SchemaRef, TypeRef};

/// The fewest bytes that a field takes.
const FIELD: usize = 12;
/// Bytes of names and facts that a schema can have beside those that it has room for: writers keep equal ones once.
const TEXT: usize = 64 << 20;

/// Refuses a schema that is nested too deep, or that has more fields than bytes for them: a field can be its own neighbour or
/// child.
pub fn check(schema: SchemaRef<'_>, bytes: usize) -> Result<()> {
    let mut walk = Walk { fields: bytes / FIELD, text: TEXT.saturating_add(bytes) };
    for field in schema.fields().map_err(damaged)?.into_iter().flatten() {
        let field = field.map_err(damaged)?;
        let name = field.name().map_err(damaged)?.unwrap_or_default();
        walk.field(field, 0, name)?;
    }
    for fact in schema.custom_metadata().map_err(damaged)?.into_iter().flatten().flatten() {
        walk.text(fact.key().ok().flatten())?;
        walk.text(fact.value().ok().flatten())?;
    }
    Ok(())
}

/// As [`check`], of a message that holds a schema.
pub fn check_message(message: &[u8]) -> Result<()> {
    match MessageRef::read_as_root(message).and_then(|root| root.header()).map_err(damaged)? {
        Some(MessageHeaderRef::Schema(schema)) => check(schema, message.len()),
        _ => fail!(Corrupt, "the first message is not a schema"),
    }
}

/// What a schema may still have.
struct Walk {
    fields: usize,
    text: usize,
}

impl Walk {
    fn field(&mut self, field: FieldRef<'_>, depth: usize, column: &str) -> Result<()> {
        if depth > DEEPEST {
            return Err(too_deep(column));
        }
        self.fields = match self.fields.checked_sub(1) {
            Some(left) => left,
            None => fail!(Corrupt, "the schema claims more fields than it has bytes for"),
        };
        self.text(field.name().map_err(damaged)?)?;
        for fact in field.custom_metadata().map_err(damaged)?.into_iter().flatten() {
            let fact = fact.map_err(damaged)?;
            self.text(fact.key().map_err(damaged)?)?;
            self.text(fact.value().map_err(damaged)?)?;
        }
        match field.type_().map_err(damaged)? {
            Some(TypeRef::RunEndEncoded(_)) => return unknown(column, "run-end encoded values"),
            Some(TypeRef::ListView(_) | TypeRef::LargeListView(_)) => return unknown(column, "list views"),
            _ => {}
        }
        for child in field.children().map_err(damaged)?.into_iter().flatten() {
            self.field(child.map_err(damaged)?, depth + 1, column)?;
        }
        Ok(())
    }

    fn text(&mut self, text: Option<&str>) -> Result<()> {
        self.text = match self.text.checked_sub(text.map_or(0, str::len)) {
            Some(left) => left,
            None => fail!(Limit, "the schema's names and facts have more than {TEXT} bytes"),
        };
        Ok(())
    }
}

fn unknown<T>(column: &str, values: &str) -> Result<T> {
    fail!(
        Unsupported,
        "polars does not know a type of the table (column {column:?} has {values}); cast the column in another library"
    )
}
