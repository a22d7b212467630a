//! Writing views into files.

use crate::registry::{iolink_registry, with};
use crate::through::{optional_text, text};
use iolink_host::source;
use iolink_sdk::abi::{iolink_error, iolink_source, iolink_view};
use iolink_sdk::{hosting, View};
use std::ffi::c_char;

/// Writes a view into the local file at a path or `file:` URI, in the format that its name ends with, by whichever
/// provider offers to. What was there before is replaced when everything is written, and left alone when anything
/// fails. Fails with `IOLINK_ERROR_UNSUPPORTED` and a list of what is installed where nobody writes the view so. From
/// any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_registry_save(
    registry: *mut iolink_registry,
    view: *mut iolink_view,
    location: *const c_char,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: registry, view and text are the caller's and live until this returns.
    unsafe {
        with(registry, error, |registry| {
            registry.save(View::from_borrowed(view)?, source::from_text(text(location, "location")?)?, None).map(drop)
        })
    }
}

/// Writes a view into a local file with all that can be said of it: URI, path, format, options; bytes are not looked at.
/// `provider` may be NULL, or the id of a provider or plugin. The target is lent. Otherwise as `iolink_registry_save`.
/// From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_registry_save_to(
    registry: *mut iolink_registry,
    view: *mut iolink_view,
    target: *const iolink_source,
    provider: *const c_char,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: registry, view, target and text are the caller's and live until this returns.
    unsafe {
        with(registry, error, |registry| {
            let (view, target) = (View::from_borrowed(view)?, hosting::source(target)?);
            registry.save(view, target, optional_text(provider, "provider")?).map(drop)
        })
    }
}
