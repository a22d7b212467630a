//! The plugin ABI: the structs and tables that pass between a host and a plugin.
//!
//! Only this module is frozen, at version 1.0; until then it is a draft whose number must be equal on both sides. Its
//! rules:
//!
//! * Every type is `#[repr(C)]`; every struct starts with its own size, so that a newer side can append fields and an
//!   older side can tell that they are absent. Fields are only ever added at the end.
//! * Everything a caller may hold is an [`iolink_view`]: one object, one pointer, counted by `retain` and `release`.
//! * Who allocates frees: what is owned carries its own release function; text and samples go into memory that the
//!   caller brings, or through a callback that the caller brings.
//! * A function that may block takes an [`iolink_call`]: progress, cancellation, deadline, thread limit.
//! * A function returns `IOLINK_OK` or an error kind, and then fills the caller's [`iolink_error`]. No panic, no C++
//!   exception and no `longjmp` may leave a function of a table.
//! * A plugin exports one data symbol, [`iolink_plugin`], read and judged before any of its functions is called.
//! * What a view answers for kind, flags and capabilities is constant for its life. Shape and data type change only by
//!   `reshape`.
//!
//! `include/iolink_abi.h` is generated from these files.
#![allow(non_camel_case_types)]

mod arrow;
mod collections;
mod common;
mod frame;
mod image;
mod layout;
mod provider;
mod services;
mod store;
mod stream;

pub use arrow::*;
pub use collections::*;
pub use common::*;
pub use frame::*;
pub use image::*;
pub use layout::{layout, FieldLayout, StructLayout};
pub use provider::*;
pub use services::*;
pub use store::*;
pub use stream::*;
