//! The border, version 1: what crosses between a host and a plugin built by anyone, at any time.
//!
//! Only this module is frozen. Its rules:
//!
//! * Every type is `#[repr(C)]`; every struct starts with its own size, so that a newer side can append fields and an
//!   older side can tell that they are absent. Fields are only ever added at the end.
//! * Everything a caller may hold is an [`iolink_view`]: one object, one pointer, counted by `retain` and `release`.
//! * Who allocates frees: what is owned carries its own release function; text and samples go into memory that the
//!   caller brings, or through a callback that the caller brings.
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
mod stream;

pub use arrow::*;
pub use collections::*;
pub use common::*;
pub use frame::*;
pub use image::*;
pub use layout::{layout, FieldLayout, StructLayout};
pub use provider::*;
pub use services::*;
pub use stream::*;
