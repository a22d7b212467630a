//! `iolink.h`, from the C library's source.

use crate::header::{declared, typedefs};
use crate::root;

/// Files of the library in the order of the header.
#[rustfmt::skip]
const FILES: [&str; 12] = [
    "version", "registry", "listing", "open", "save", "make", "view", "image", "collections", "frame", "stream", "store",
];

const TOP: &str = "\
/*
 * iolink.h - libiolinkrs: providers, views and streams for programs in C and C++.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Generated from host/capi/src by `make refreeze`; do not edit. C99 and C++17. How to use it: docs/hosting.md.
 *
 * Names. iolink_NOUN_VERB: the noun says what the first argument is. Functions of a kind of view take views of that
 * kind and reject others with IOLINK_ERROR_TYPE. Arguments come in one order: what the function works on, what goes
 * in, `call`, what comes out, `error`.
 *
 * Results. A function that can fail returns IOLINK_OK or an error kind, and fills the caller's iolink_error, whose
 * `size` is set, or which may be NULL. On failure nothing is put into the other places. NULL for a pointer is
 * IOLINK_ERROR_INVALID_ARGUMENT, unless the function says that it may be NULL.
 *
 * Calls. A function that may block takes an iolink_call: progress, cancellation, deadline (see iolink_deadline_after)
 * and thread limit. NULL is a silent call without limits. The struct is used until the function returns, and not
 * after that; `progress` may be called from several threads at once.
 *
 * Ownership. `out` arguments of type iolink_view ** get one reference, which the caller gives to iolink_view_release.
 * Views that go in are lent: a view that keeps one takes a reference of its own. Structs are the caller's and are
 * only read or filled during the call, except for what a function says it takes over. Their `size` is set by the
 * caller: see IOLINK_SIZED.
 *
 * Exceptions. None may leave a callback (log, progress, write, completed, release), nor may longjmp: the library
 * cannot catch a foreign exception, and aborts the program. Catch it there, end the call by what the callback
 * returns, and throw it again afterwards.
 *
 * Threads. Every function may be called from any thread. Views that a registry gives out may be used by several
 * threads at once; a view that another maker made without IOLINK_VIEW_FLAG_THREAD_SAFE by one at a time. Release
 * functions run on whichever thread gives up the last reference. There is no state outside registries and views.
 */";

const TAIL: &str = r#"
/*
 * A struct of the caller's with its size set and the rest zero:
 *
 *     IOLINK_SIZED(iolink_error, error);
 */
#ifdef __cplusplus
#define IOLINK_SIZED(type, name)                                                                                       \
  type name{};                                                                                                         \
  name.size = sizeof(type)
#else
#define IOLINK_SIZED(type, name) type name = { .size = sizeof(type) }
#endif

/* Programs compiled without NDEBUG are told where a view is released too often. */
#ifndef NDEBUG
#define iolink_view_release(view) iolink_view_release_checked((view), __FILE__, (uint32_t) __LINE__)
#endif
"#;

/// The header's text.
///
/// # Errors
/// Where a source file cannot be read or parsed.
pub fn generate() -> Result<String, String> {
    let found = declared(&root().join("host/capi/src"), &FILES)?;
    let (guard, names) = ("IOLINK_H", typedefs(&found.structs));
    let body = found.body.trim();
    Ok(format!(
        "{TOP}\n#ifndef {guard}\n#define {guard}\n\n#include \"iolink_abi.h\"\n\n#ifdef __cplusplus\nextern \"C\" {{\n\
         #endif\n\n{names}\n{body}\n{TAIL}\n#ifdef __cplusplus\n}}\n#endif\n\n#endif /* {guard} */\n"
    ))
}
