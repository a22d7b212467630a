//! Images as arrays: each protocol by which NumPy and its neighbours take samples, and give them, is a file.
//!
//! Everything n-dimensional here is in NumPy's order. What shares memory says so and keeps it in place; what has to read
//! says so too, and nothing reads behind the caller's back.

mod buffer;
mod dlpack;
mod function;
mod hold;
mod index;
mod interface;
pub mod live;
mod pickle;
mod select;
mod show;

pub use hold::Hold;
pub use pickle::Opening;

use pyo3::prelude::*;

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    dlpack::register(module)?;
    live::register(module)?;
    pickle::register(module)
}
