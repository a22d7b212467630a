//! All that a provider of iolink views needs, and no more.
//!
//! To write a provider, begin with [`guide`]. To look something up, read in this order: [`Provider`] (what you write),
//! [`ImageView`] and its sister traits (what you make), [`TiledImage`] (the shortest way to an image), [`Memory`],
//! [`Block`] and [`Region`] (samples), [`ImageProperties`] and [`MetadataNode`] (what is known of them), and, only if
//! you write no Rust, [`abi`] (what crosses the border).
//!
//! The crate has no dependency by default. Features: `tracing`, `ndarray`, `files`, `builtin`, `abi-check`.
#![warn(missing_docs)]

pub mod abi;
#[cfg(all(unix, feature = "files"))]
pub mod ahead;
mod arrow;
mod cache;
mod capability;
mod closable;
pub mod copy;
mod directions;
mod dtype;
mod error;
#[cfg(feature = "tracing")]
mod events;
#[cfg(feature = "files")]
pub mod files;
mod geometry;
pub mod guide;
pub mod host_api;
mod length;
mod limits;
mod lock;
mod metadata;
#[cfg(feature = "ndarray")]
mod nd;
mod owner;
pub mod pool;
mod properties;
pub mod provider;
pub mod stores;
mod value;
pub mod view;

pub use arrow::{columns, CheckedSchema, OwnedArray, OwnedSchema, OwnedStream, MAX_TYPE_DEPTH};
pub use cache::Cache;
pub use capability::{
    CapabilitySet, DataFrameCapability, ImageCapability, Kind, MultiImageCapability, ParallelAccessCapability,
    StoreCapability, StreamCapability,
};
pub use closable::{Closable, Use};
pub use directions::SpatialDirections;
pub use dtype::{ByteOrder, DataType, Interpretation, Primitive};
pub use error::{Error, ErrorKind, Result};
pub use geometry::{AxesInterpretation, Axis, AxisMap, Dims, IndexMap, Indexer, Region, Shape, Strides};
pub use length::{normal_unit, unit_ratio};
pub use limits::{out_of_memory, Limits};
pub use lock::{Lock, Locked};
pub use metadata::MetadataNode;
#[cfg(feature = "ndarray")]
pub use nd::{array_view, ArrayMemory, Sample};
pub use owner::Owner;
pub use properties::{
    AxisProperties, Channel, ImageInterpretation, ImageProperties, Space, ValueScale, World, MAX_COORDINATES,
};
pub use provider::{
    Adopt, Convert, Cost, Create, CreateView, Host, Layout, LogLevel, Offer, OptionInfo, Options, Provider,
    ProviderInfo, Source, Target,
};
pub use value::Value;
pub use view::services::{Tiling, UniformTiling, ViewOrigin};
pub use view::{
    Block, BlockMut, Bytes, Call, DataFrameView, Extension, Finish, ImageView, LodImageView, Memory, MultiImageView,
    RandomAccess, Restricted, SeekFrom, Store, StreamAccess, Tile, Tiled, TiledImage, View,
};
