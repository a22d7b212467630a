//! `libiolinkrs`: what a program in C or C++ needs to load providers and to hold, read and pass on views.
//!
//! Every function is thin: it validates its pointers, then calls the host (`registry`, `open`, `save`, `make`) or the
//! view's own table (`view`, `image`, `collections`, `frame`, `stream`, `store`). `include/iolink.h` is generated from
//! these files by `make refreeze`; what a comment says of a function is what its users read. Arguments that may be NULL
//! are marked so there, and `tests/capi` calls every function with NULL for each of the others.
#![allow(non_camel_case_types)] // C's names.
#![allow(clippy::missing_safety_doc)] // Every function of the border trusts its caller in the same way: see iolink.h.

mod collections;
mod frame;
mod image;
mod listing;
mod log;
mod make;
mod metadata;
mod open;
mod place;
mod registry;
mod save;
mod store;
mod stream;
mod through;
mod version;
mod view;

// An rlib that nobody names is dropped by the linker, and its providers with it.
use iolink_plugin_dataframe as _;
use iolink_plugin_memory as _;
use iolink_plugin_numpy as _;
