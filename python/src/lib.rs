//! The Python front end: thin classes over the SDK's views, and the host's registry behind them.
#![allow(missing_docs)] // What Python sees is documented in its docstrings and in `_iolink.pyi`.

mod array;
mod attached;
mod axes;
mod blocks;
mod buffer;
mod capsule;
mod conformance;
mod directions;
mod dtype;
mod errors;
mod extension;
mod factory;
mod frame;
mod held;
mod image;
mod indexer;
mod interop;
mod lent;
mod lod;
mod metadata;
mod multi;
mod open;
mod pieces;
mod plugin_info;
mod pointer;
mod progress;
mod properties;
mod provider;
mod region;
mod remembered;
mod samples;
mod save;
mod signals;
mod sources;
mod stream;
mod uri;
mod value;
mod vector;
mod waiting;

// Linked-in providers: naming the crates keeps their descriptors in this shared object.
use iolink_plugin_dataframe as _;
use iolink_plugin_memory as _;
use iolink_plugin_numpy as _;
use iolink_plugin_stream as _;

use pyo3::prelude::*;

pub(crate) use open::registry;

#[pymodule(gil_used = true)]
fn _iolink(module: &Bound<'_, PyModule>) -> PyResult<()> {
    waiting::register();
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    dtype::register(module)?;
    vector::register(module)?;
    region::register(module)?;
    indexer::register(module)?;
    uri::register(module)?;
    value::register(module)?;
    directions::register(module)?;
    properties::register(module)?;
    metadata::register(module)?;
    image::register(module)?;
    multi::register(module)?;
    lod::register(module)?;
    extension::register(module)?;
    factory::register(module)?;
    interop::register(module)?;
    array::register(module)?;
    lent::register(module)?;
    open::register(module)?;
    save::register(module)?;
    provider::register(module)?;
    conformance::register(module)?;
    stream::register(module)?;
    frame::register(module)
}
