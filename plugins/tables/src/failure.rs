//! Errors of polars: it panics on much that it does not expect.

use crate::fork;
use iolink_sdk::{Error, ErrorKind, Result};
use polars_core::error::PolarsError;
use std::panic::{catch_unwind, set_hook, take_hook, AssertUnwindSafe};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Once;

/// The starts of polars' panics and errors about a type that it cannot handle.
const UNKNOWN: [&str; 3] = ["not yet implemented", "not implemented", "operator does not support"];

/// Parts of the paths of code that is not of this repository: of other crates, and of the standard library.
const FOREIGN: [&str; 3] = ["/registry/src/", "/rustc/", "library/"];

/// Calls of [`contained`] under way, on any thread.
static CONTAINED: AtomicUsize = AtomicUsize::new(0);

/// Counts a call of [`contained`] as long as it lives.
struct Guard;

impl Guard {
    fn new() -> Self {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let before = take_hook();
            // The error tells the user of the panic: nothing is written to the terminal as well.
            set_hook(Box::new(move |panic| {
                let foreign =
                    panic.location().is_some_and(|place| FOREIGN.iter().any(|part| place.file().contains(part)));
                if !foreign || CONTAINED.load(Ordering::Relaxed) == 0 {
                    before(panic);
                }
            }));
        });
        CONTAINED.fetch_add(1, Ordering::Relaxed);
        Guard
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        CONTAINED.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Reads by `body`; a panic becomes an error of damaged data, as which polars meets what it does not expect.
pub fn read<T>(body: impl FnOnce() -> Result<T>) -> Result<T> {
    contained(ErrorKind::Corrupt, "the file is damaged, or of a kind that polars does not know: it panicked", body)
}

/// Writes by `body`; a panic becomes an internal error.
pub fn written<T>(body: impl FnOnce() -> Result<T>) -> Result<T> {
    contained(ErrorKind::Internal, "polars panicked", body)
}

fn contained<T>(kind: ErrorKind, meaning: &str, body: impl FnOnce() -> Result<T>) -> Result<T> {
    let _guard = Guard::new();
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
        Err(Error::new(kind, format!("{meaning}: {words}")))
    })
}

/// Returns the source's own error if it could not be read; else the first line of polars' error: the others are hints at its
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
