//! Versions, and the words of error kinds.

use iolink_sdk::abi::*;
use std::ffi::{c_char, CStr};

/// Version of the library, `MAJOR.MINOR.PATCH`. For ever good, from any thread.
#[no_mangle]
pub extern "C" fn iolink_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr() as *const c_char
}

/// Major version of the border that the library speaks; a program compares it with `IOLINK_ABI_MAJOR`. From any thread.
#[no_mangle]
pub extern "C" fn iolink_abi_major() -> u32 {
    IOLINK_ABI_MAJOR
}

/// Minor version of the border that the library speaks. From any thread.
#[no_mangle]
pub extern "C" fn iolink_abi_minor() -> u32 {
    IOLINK_ABI_MINOR
}

/// An error's kind in words, such as "not found"; "unknown" for a number of a later version. For ever good, from any
/// thread.
#[no_mangle]
pub extern "C" fn iolink_error_word(kind: i32) -> *const c_char {
    const WORDS: [&CStr; 15] = [
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
    ];
    usize::try_from(kind).ok().and_then(|kind| WORDS.get(kind)).unwrap_or(&c"unknown").as_ptr()
}
