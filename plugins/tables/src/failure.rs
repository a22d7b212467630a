//! What goes wrong in polars, as an error: polars panics on much that it does not expect.

use crate::fork;
use iolink_sdk::{Error, ErrorKind, Result};
use polars_core::error::PolarsError;
use std::panic::{catch_unwind, AssertUnwindSafe};

/// How polars' panics and errors begin where it has no way for a type.
const UNKNOWN: [&str; 3] = ["not yet implemented", "not implemented", "operator does not support"];

/// Runs `body`, as [`fork::run`] does; a panic becomes an error.
pub fn contained<T>(body: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(|| fork::run(body))).unwrap_or_else(|payload| {
        let words = match (payload.downcast_ref::<String>(), payload.downcast_ref::<&str>()) {
            (Some(words), _) => words.clone(),
            (_, Some(words)) => (*words).to_owned(),
            _ => "no message".to_owned(),
        };
        // Dropping a payload can panic in its turn.
        std::mem::forget(payload);
        if UNKNOWN.iter().any(|known| words.starts_with(known)) {
            let instead = "leave the column out with the option columns, or cast it in another library";
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!("polars does not know a type of the table ({words}); {instead}"),
            ));
        }
        Err(Error::new(ErrorKind::Internal, format!("polars panicked: {words}")))
    })
}

/// What the source said where it could not be read; else the first line of what polars says: the others are hints at its own
/// Python functions.
pub fn from_polars(error: &PolarsError) -> Error {
    if let PolarsError::IO { error, .. } = error {
        if let Some(said) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
            return said.clone();
        }
    }
    let words = error.to_string();
    let kind =
        if UNKNOWN.iter().any(|known| words.starts_with(known)) { ErrorKind::Unsupported } else { ErrorKind::Corrupt };
    Error::new(kind, words.lines().next().unwrap_or("polars failed"))
}
