//! Writing views to targets.

use crate::place::target_at;
use crate::registry::{iolink_registry, with};
use crate::through::{check, given, optional_text, text};
use iolink_host::source;
use iolink_sdk::abi::{iolink_call, iolink_error, iolink_target, iolink_view};
use iolink_sdk::{host_api, Target, View};
use std::ffi::c_char;

/// Writes a view into the local file at a path or `file:` URI, in the format that its name ends with, by whichever
/// provider offers to. The file that was there is replaced when everything is written, and left alone if anything
/// fails. `call` may be NULL. Fails with `IOLINK_ERROR_UNSUPPORTED` and a list of what is installed if no provider
/// writes the view so. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_registry_save(
    registry: *mut iolink_registry,
    view: *mut iolink_view,
    location: *const c_char,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: registry, view, text and call are the caller's and live until this returns.
    unsafe {
        with(registry, error, |registry| {
            let target = Target::from(source::from_text(text(location, "location")?)?).with_overwrite(true);
            let view = View::from_borrowed(view)?;
            host_api::with_call(call, |call| registry.save_with(view, target, None, call)).map(drop)
        })
    }
}

/// Writes a view to a target with everything that can be said of it: URI or path, store and key, format, options,
/// `IOLINK_TARGET_OVERWRITE`. `provider` may be NULL, or the id of a provider or plugin. `call` may be NULL. The target
/// is lent. Otherwise as `iolink_registry_save`. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_registry_save_to(
    registry: *mut iolink_registry,
    view: *mut iolink_view,
    target: *const iolink_target,
    provider: *const c_char,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: registry, view, target, text and call are the caller's and live until this returns.
    unsafe {
        with(registry, error, |registry| {
            check(given!(target))?;
            let (view, target) = (View::from_borrowed(view)?, target_at(target)?);
            let provider = optional_text(provider, "provider")?;
            host_api::with_call(call, |call| registry.save_with(view, target, provider, call)).map(drop)
        })
    }
}
