//! Opening sources.

use crate::place::source_at;
use crate::registry::{iolink_registry, with};
use crate::through::{check, given, hand_out, optional_text, path, text};
use iolink_host::source;
use iolink_plugin_stream::{random_access_over, FileStream, OpenMode};
use iolink_sdk::abi::{iolink_call, iolink_error, iolink_source, iolink_view};
use iolink_sdk::{fail, host_api, Source, View};
use std::ffi::c_char;

/// Opens a path or URI by whichever provider fits, as the view it makes of it: ask `iolink_view_get_kind`. `call` may
/// be NULL. The caller owns `*out`. Fails with `IOLINK_ERROR_NOT_FOUND` for no such file, `IOLINK_ERROR_UNSUPPORTED`
/// and a list of what is installed if no provider knows the source. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_registry_open(
    registry: *mut iolink_registry,
    location: *const c_char,
    call: *const iolink_call,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: registry, text, call and place are the caller's and live until this returns.
    unsafe {
        with(registry, error, |registry| {
            check(given!(out))?;
            let source = source::from_text(text(location, "location")?)?;
            hand_out(out, host_api::with_call(call, |call| registry.open_with(source, None, call))?.view);
            Ok(())
        })
    }
}

/// Opens a source with everything that can be said of it: URI or path, bytes, store and key, format, provider, options,
/// options of the storage, kind. A path may stand in `uri`, and a value of a store needs no `bytes`. `call` may be
/// NULL. The caller owns `*out`; the source is lent. Fails as `iolink_registry_open`. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_registry_open_source(
    registry: *mut iolink_registry,
    source: *const iolink_source,
    call: *const iolink_call,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: registry, source, call and place are the caller's and live until this returns.
    unsafe {
        with(registry, error, |registry| {
            check(given!(source, out))?;
            let opened = host_api::with_call(call, |call| registry.open_with(source_at(source, call)?, None, call))?;
            hand_out(out, opened.view);
            Ok(())
        })
    }
}

/// Opens what a stream or random access holds. `name` may be NULL, or the name that a file of it would have, ending
/// included. The view opened keeps a reference to `bytes` if it needs one. `call` may be NULL. The caller owns `*out`.
/// From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_registry_open_stream(
    registry: *mut iolink_registry,
    bytes: *mut iolink_view,
    name: *const c_char,
    call: *const iolink_call,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: registry, view, text, call and place are the caller's and live until this returns.
    unsafe {
        with(registry, error, |registry| {
            check(given!(out))?;
            let bytes = match View::from_borrowed(bytes)? {
                View::RandomAccess(bytes) => bytes,
                View::Stream(stream) => random_access_over(stream)?,
                other => fail!(Type, "bytes is of kind {}, neither a stream nor random access", other.kind().word()),
            };
            let name = optional_text(name, "name")?.unwrap_or_default();
            let source = Source::new(format!("stream:{name}")).with_bytes(bytes);
            hand_out(out, host_api::with_call(call, |call| registry.open_with(source, None, call))?.view);
            Ok(())
        })
    }
}

/// Opens a file as a stream; `mode` is one of r, w, a, x, with or without + and b, as for fopen. `call` may be NULL.
/// The caller owns `*out`. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_stream_open(
    file: *const c_char,
    mode: *const c_char,
    call: *const iolink_call,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: texts, call and place are the caller's and live until this returns.
    host_api::catch_into(error, || unsafe {
        check(given!(out))?;
        let (file, mode) = (path(file, "file")?, OpenMode::parse(text(mode, "mode")?)?);
        hand_out(out, View::stream(host_api::with_call(call, |_| FileStream::open(&file, mode))?));
        Ok(())
    })
}
