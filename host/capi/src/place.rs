//! Sources and targets of C programs: a path may stand where a URI is expected.

use iolink_host::source;
use iolink_sdk::abi::{iolink_source, iolink_target};
use iolink_sdk::{host_api, Call, Create, Result, Source, Target};
use std::path::Path;

/// A source of the caller's. A path in `uri` becomes a URI and a path; a value of a store gets its bytes.
///
/// # Safety
/// `border` is NULL or a live source.
pub unsafe fn source_at(border: *const iolink_source, call: &Call<'_>) -> Result<Source> {
    // SAFETY: by the caller's promise.
    let given = unsafe { host_api::source(border)? };
    if let (Ok(store), Some(key), Err(_), None) = (given.store(), given.key(), given.bytes(), given.path()) {
        if !key.is_empty() {
            let bytes = store.open_bytes(key, call)?;
            return Ok(given.with_bytes(bytes));
        }
    }
    if !names_a_path(given.uri(), given.path()) || given.bytes().is_ok() || given.store().is_ok() {
        return Ok(given);
    }
    let mut place = source::from_path(Path::new(given.uri()))?.with_writable(given.is_writable());
    for (key, value) in given.options() {
        place = place.with_option(key, value);
    }
    for (key, value) in given.storage_options() {
        place = place.with_storage_option(key, value);
    }
    if let Some(format) = given.format() {
        place = place.with_format(format);
    }
    if let Some(provider) = given.provider() {
        place = place.with_provider(provider);
    }
    Ok(match given.kind() {
        Some(kind) => place.with_kind(kind),
        None => place,
    })
}

/// A target of the caller's. A path in `uri` becomes a URI and a path.
///
/// # Safety
/// `border` is NULL or a live target.
pub unsafe fn target_at(border: *const iolink_target) -> Result<Target> {
    // SAFETY: by the caller's promise.
    located(unsafe { host_api::target(border)? })
}

/// A request to create a view, with its target as [`target_at`] makes it.
pub fn create_at(wanted: Create) -> Result<Create> {
    Ok(match wanted.target {
        Some(target) => Create { target: Some(located(target)?), ..wanted },
        None => wanted,
    })
}

fn located(given: Target) -> Result<Target> {
    let path = given.path().ok();
    if !names_a_path(given.uri(), path) || given.stream().is_some() || given.store().is_some() {
        return Ok(given);
    }
    let place = source::from_path(Path::new(given.uri()))?;
    let mut target = Target::from(place).with_overwrite(given.is_overwrite());
    for (key, value) in given.options() {
        target = target.with_option(key, value);
    }
    Ok(match given.format() {
        Some(format) => target.with_format(format),
        None => target,
    })
}

/// True if the caller gives a path in place of a URI: the same string as `uri` and `path`, or a `uri` without a scheme.
fn names_a_path(uri: &str, path: Option<&Path>) -> bool {
    match path {
        Some(path) => path == Path::new(uri),
        None => !has_scheme(uri),
    }
}

/// One letter is a drive, not a scheme.
fn has_scheme(uri: &str) -> bool {
    let fits = |letter: u8| letter.is_ascii_alphanumeric() || b"+-.".contains(&letter);
    let scheme = uri.split_once(':').map_or("", |(scheme, _)| scheme).as_bytes();
    scheme.len() > 1 && scheme[0].is_ascii_alphabetic() && scheme.iter().copied().all(fits)
}
