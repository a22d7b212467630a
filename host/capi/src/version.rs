//! Versions, names of error kinds, and deadlines.

use iolink_sdk::abi::{IOLINK_ABI_MAJOR, IOLINK_ABI_MINOR};
use iolink_sdk::{host_api, Call};
use std::ffi::{c_char, CStr};
use std::time::{Duration, Instant};

/// Version of the library, `MAJOR.MINOR.PATCH`. For ever good, from any thread.
#[no_mangle]
pub extern "C" fn iolink_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr() as *const c_char
}

/// Major version of the plugin ABI that the library speaks; a program compares it with `IOLINK_ABI_MAJOR`. From any
/// thread.
#[no_mangle]
pub extern "C" fn iolink_abi_major() -> u32 {
    IOLINK_ABI_MAJOR
}

/// Minor version of the plugin ABI that the library speaks; while the major version is 0, the number of its draft. From
/// any thread.
#[no_mangle]
pub extern "C" fn iolink_abi_minor() -> u32 {
    IOLINK_ABI_MINOR
}

/// Returns the name of an error kind, such as "not found"; "unknown" for a number of a later version. For ever good,
/// from any thread.
#[no_mangle]
pub extern "C" fn iolink_error_name(kind: i32) -> *const c_char {
    const NAMES: [&CStr; 20] = [
        c"success",
        c"invalid argument",
        c"not implemented",
        c"out of range",
        c"wrong type",
        c"input/output error",
        c"not found",
        c"unsupported",
        c"corrupt data",
        c"busy",
        c"cancelled",
        c"over the limit",
        c"closed",
        c"internal error",
        c"refused",
        c"permission denied",
        c"exists already",
        c"changed",
        c"timed out",
        c"unavailable",
    ];
    usize::try_from(kind).ok().and_then(|kind| NAMES.get(kind)).unwrap_or(&c"unknown").as_ptr()
}

/// Returns the time that lies `nanoseconds` ahead, for `deadline_ns` of an `iolink_call`. From any thread.
#[no_mangle]
pub extern "C" fn iolink_deadline_after(nanoseconds: u64) -> u64 {
    // 100 years: the clock cannot count much further.
    let ahead = Duration::from_nanos(nanoseconds).min(Duration::from_secs(3_155_760_000));
    let Some(deadline) = Instant::now().checked_add(ahead) else { return u64::MAX };
    host_api::with_raw_call(&Call::silent().with_deadline(deadline), |call| {
        // SAFETY: a call with a deadline is not NULL, and lives until this returns.
        unsafe { call.as_ref() }.map_or(u64::MAX, |call| call.deadline_ns)
    })
}
