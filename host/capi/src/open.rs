//! Opening sources.

use crate::registry::{iolink_registry, with};
use crate::through::{check, given, hand_out, optional_text, path, text};
use iolink_host::source;
use iolink_plugin_stream::{random_access_over, FileStream, OpenMode};
use iolink_sdk::abi::{iolink_error, iolink_source, iolink_view};
use iolink_sdk::{fail, hosting, Source, View};
use std::ffi::c_char;

/// Opens a path or URI by whichever provider fits, as the view it makes of it: ask `iolink_view_get_kind`. The caller
/// owns `*out`. Fails with `IOLINK_ERROR_NOT_FOUND` for no such file, `IOLINK_ERROR_UNSUPPORTED` and a list of what is
/// installed where nobody knows the source. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_registry_open(
    registry: *mut iolink_registry,
    location: *const c_char,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: registry, text and place are the caller's and live until this returns.
    unsafe {
        with(registry, error, |registry| {
            check(given!(out))?;
            let source = source::from_text(text(location, "location")?)?;
            hand_out(out, registry.open(source, None)?.view);
            Ok(())
        })
    }
}

/// Opens a source with all that can be said of it: URI, path, bytes, format, options. `provider` may be NULL, or the id
/// of a provider or plugin. The caller owns `*out`; the source is lent. Fails as `iolink_registry_open`. From any
/// thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_registry_open_source(
    registry: *mut iolink_registry,
    source: *const iolink_source,
    provider: *const c_char,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: registry, source, text and place are the caller's and live until this returns.
    unsafe {
        with(registry, error, |registry| {
            check(given!(out))?;
            let opened = registry.open(hosting::source(source)?, optional_text(provider, "provider")?)?;
            hand_out(out, opened.view);
            Ok(())
        })
    }
}

/// Opens what a stream or random access holds. `name` may be NULL, or what a file of it would be called, ending
/// included. The view opened keeps a reference to `bytes` where it needs one. The caller owns `*out`. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_registry_open_stream(
    registry: *mut iolink_registry,
    bytes: *mut iolink_view,
    name: *const c_char,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: registry, view, text and place are the caller's and live until this returns.
    unsafe {
        with(registry, error, |registry| {
            check(given!(out))?;
            let bytes = match View::from_borrowed(bytes)? {
                View::RandomAccess(bytes) => bytes,
                View::Stream(stream) => random_access_over(stream)?,
                other => fail!(Type, "bytes is of kind {}, neither a stream nor random access", other.kind().word()),
            };
            let name = optional_text(name, "name")?.unwrap_or_default();
            hand_out(out, registry.open(Source::new(format!("stream:{name}")).with_bytes(bytes), None)?.view);
            Ok(())
        })
    }
}

/// Opens a file as a stream; `mode` is one of r, w, a, x, with or without + and b, as for fopen. The caller owns
/// `*out`. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_stream_open(
    file: *const c_char,
    mode: *const c_char,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: texts and place are the caller's and live until this returns.
    hosting::answer(error, || unsafe {
        check(given!(out))?;
        let stream = FileStream::open(&path(file, "file")?, OpenMode::parse(text(mode, "mode")?)?)?;
        hand_out(out, View::stream(stream));
        Ok(())
    })
}
