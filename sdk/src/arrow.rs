//! Owned Arrow structs: released when dropped, handed over with `into_raw`.

mod check;
mod cut;
mod layout;
#[cfg(test)]
mod tests;

pub use check::{CheckedSchema, MAX_TYPE_DEPTH};

use crate::abi::{ArrowArray, ArrowArrayStream, ArrowSchema};
use crate::{fail, Error, ErrorKind, Result};
use std::ffi::CStr;

/// Start of the messages of errors that a producer reports.
const FAILED: &str = "the table's producer failed: ";

macro_rules! owned {
    ($(#[$doc:meta])* $name:ident, $raw:ident) => {
        $(#[$doc])*
        pub struct $name($raw);

        // SAFETY: the Arrow C data interface lets a struct be moved between threads and released on any.
        unsafe impl Send for $name {}

        impl $name {
            /// Takes over a struct by its address, leaving a released one behind, as the interface says.
            ///
            /// # Errors
            /// `InvalidArgument` where it was released already.
            ///
            /// # Safety
            /// `raw` is NULL or points to a struct that is what it says.
            pub unsafe fn take(raw: *mut $raw) -> Result<Self> {
                // SAFETY: by the caller's promise.
                match unsafe { raw.as_mut() } {
                    Some(given) if given.release.is_some() => Ok($name(std::mem::replace(given, $name::released()))),
                    _ => fail!(InvalidArgument, concat!("the ", stringify!($raw), " was released already")),
                }
            }

            /// A struct that holds nothing: the place for a producer to fill.
            pub fn released() -> $raw {
                // SAFETY: zero is a valid value of every field: numbers, NULL, no function.
                unsafe { std::mem::zeroed() }
            }

            /// Lets `fill` write a struct and takes it over.
            ///
            /// # Errors
            /// What `fill` fails with; `Internal` where it leaves a released struct.
            pub fn filled(fill: impl FnOnce(*mut $raw) -> Result<()>) -> Result<Self> {
                let mut raw = $name::released();
                fill(&mut raw)?;
                if raw.release.is_none() {
                    return Err(Error::new(
                        ErrorKind::Internal,
                        concat!("the producer left a released ", stringify!($raw)),
                    ));
                }
                Ok($name(raw))
            }

            /// Hands the struct over with the duty to release it.
            pub fn into_raw(self) -> $raw {
                // SAFETY: `self` is forgotten at once, so the struct has one owner.
                let raw = unsafe { std::ptr::read(&self.0) };
                std::mem::forget(self);
                raw
            }

            /// Moves the struct to `out`.
            ///
            /// # Safety
            /// `out` is writable; what it held is overwritten, not released.
            pub unsafe fn move_to(self, out: *mut $raw) {
                // SAFETY: by the caller's promise.
                unsafe { out.write(self.into_raw()) }
            }

            /// Address of the struct, for a function that fills or reads it.
            pub fn as_mut_ptr(&mut self) -> *mut $raw {
                &mut self.0
            }

            /// The struct.
            pub fn as_raw(&self) -> &$raw {
                &self.0
            }
        }

        impl Drop for $name {
            fn drop(&mut self) {
                if let Some(release) = self.0.release {
                    // SAFETY: the struct is released once, by its owner.
                    unsafe { release(&mut self.0) }
                }
            }
        }
    };
}

owned!(
    /// Type of a table or column.
    OwnedSchema,
    ArrowSchema
);
owned!(
    /// Values of a column, or of a struct with a column a child.
    OwnedArray,
    ArrowArray
);
owned!(
    /// A table as a run of record batches.
    OwnedStream,
    ArrowArrayStream
);

impl OwnedStream {
    /// A producer may only let go of its stream when it is asked to; one that did so within a call is never called again.
    fn check_live(&self) -> Result<()> {
        match self.0.release {
            Some(_) => Ok(()),
            None => fail!(Corrupt, "the table's producer released its stream before the end"),
        }
    }

    /// Type of the table.
    ///
    /// # Errors
    /// What the producer says; `Corrupt` where it released the stream early.
    pub fn schema(&mut self) -> Result<OwnedSchema> {
        self.check_live()?;
        let get = self.0.get_schema.ok_or_else(|| Error::new(ErrorKind::Corrupt, "the stream has no get_schema"))?;
        let mut out = OwnedSchema::released();
        // SAFETY: the stream is live and `out` is ours.
        match unsafe { get(&mut self.0, &mut out) } {
            0 if out.release.is_none() => fail!(Corrupt, "the table's producer gave a schema that is released already"),
            0 => Ok(OwnedSchema(out)),
            number => Err(self.last_error(number)),
        }
    }

    /// The next record batch; `None` at the end.
    ///
    /// # Errors
    /// What the producer says; `Corrupt` where it released the stream early.
    pub fn next_batch(&mut self) -> Result<Option<OwnedArray>> {
        self.check_live()?;
        let get = self.0.get_next.ok_or_else(|| Error::new(ErrorKind::Corrupt, "the stream has no get_next"))?;
        let mut out = OwnedArray::released();
        // SAFETY: the stream is live and `out` is ours.
        match unsafe { get(&mut self.0, &mut out) } {
            0 if out.release.is_none() => Ok(None),
            0 => Ok(Some(OwnedArray(out))),
            number => Err(self.last_error(number)),
        }
    }

    fn last_error(&mut self, number: i32) -> Error {
        let words = self.0.get_last_error.and_then(|last| {
            // SAFETY: the stream is live; its text is good until the next call.
            unsafe {
                let text = last(&mut self.0);
                (!text.is_null()).then(|| CStr::from_ptr(text).to_string_lossy().into_owned())
            }
        });
        let words = words.unwrap_or_else(|| "no message".to_owned());
        let carried = crate::view::recall(&words);
        let error = Error::new(ErrorKind::Corrupt, format!("{FAILED}{words}")).with_code(number);
        match carried {
            Some(payload) => error.with_payload(payload),
            None => error,
        }
    }
}

/// Columns of a struct schema: name and format string of each.
///
/// # Errors
/// `Type` for a schema that is not a struct; those of [`OwnedSchema::check`].
pub fn columns(schema: &OwnedSchema) -> Result<Vec<(String, String)>> {
    schema.check()?;
    let raw = schema.as_raw();
    // SAFETY: a checked schema's strings are NUL-terminated, and its children are live schemas.
    unsafe {
        if raw.format.is_null() || CStr::from_ptr(raw.format).to_bytes() != b"+s" {
            fail!(Type, "a table's schema must be a struct with one child for each column");
        }
        Ok((0..raw.n_children.max(0) as usize)
            .map(|index| {
                let child = &**raw.children.add(index);
                let text = |pointer: *const std::os::raw::c_char| {
                    if pointer.is_null() {
                        String::new()
                    } else {
                        CStr::from_ptr(pointer).to_string_lossy().into_owned()
                    }
                };
                (text(child.name), text(child.format))
            })
            .collect())
    }
}
