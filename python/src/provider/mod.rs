//! Providers written in Python: a class with `open(source)`, `save(view, target)` or `convert(view, request)`, made into a
//! provider like any other.
//!
//! Read in this order: `object` (the class and what is asked of it), `functions` (by which a host calls it),
//! `descriptor` (what the registry admits), `made` (what `open` may return), `array` (an array-like object as an image),
//! `layout` (its axes and calibration), `levels` (pyramids), `source`, `target`, `request` and `options` (the arguments of the
//! methods), `raised` (its exceptions).

mod array;
mod descriptor;
mod functions;
mod layout;
mod levels;
mod made;
mod object;
mod options;
mod raised;
mod register;
mod request;
mod source;
mod target;
mod tree;

pub use layout::Placed;
pub use raised::{keeping, note_of_source};
pub use register::bring;

use pyo3::prelude::*;

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<source::Source>()?;
    module.add_class::<target::Target>()?;
    module.add_class::<request::ConvertRequest>()?;
    module.add_function(wrap_pyfunction!(register::register_provider, module)?)?;
    module.add_function(wrap_pyfunction!(register::_host, module)?)?;
    module.add_function(wrap_pyfunction!(layout::_image, module)?)?;
    module.add_function(wrap_pyfunction!(levels::_pyramid, module)?)
}
