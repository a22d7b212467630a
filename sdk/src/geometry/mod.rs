//! All shape, region and stride arithmetic, checked.

mod axes;
mod dims;
mod index_map;
mod indexer;
mod region;

pub use axes::{AxesInterpretation, Axis};
pub(crate) use dims::no_axis;
pub use dims::{Dims, Shape, Strides};
pub use index_map::{AxisMap, IndexMap};
pub(crate) use indexer::checked_extent;
pub use indexer::Indexer;
pub use region::Region;
