//! Data frames in Python: the view, its columns, its factory, and what `pandas_interop.py` is built on.

mod arrow;
mod blocks;
mod bytes;
mod cells;
mod column;
mod edit;
mod exact;
mod factory;
mod lasting;
mod numbers;
mod parts;
mod recent;
mod scan;
mod select;
mod show;
mod view;

pub use view::DataFrameView;

use crate::errors::OrRaise;
use iolink_sdk::{DataFrameView as Frame, View};
use pyo3::prelude::*;
use std::sync::Arc;

/// A frame as its Python class.
pub fn to_python<'py>(py: Python<'py>, frame: Arc<dyn Frame>) -> PyResult<Bound<'py, PyAny>> {
    Ok(Bound::new(py, DataFrameView::new(frame))?.into_any())
}

/// The view of a data frame of ours, as it is now; `None` for another object.
pub fn as_it_is(given: &Bound<'_, PyAny>) -> Option<PyResult<View>> {
    let frame = given.cast::<DataFrameView>().ok()?;
    Some(select::as_it_is(&frame.get().view).map(View::DataFrame).or_raise())
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<DataFrameView>()?;
    module.add_class::<column::DataFrameColumn>()?;
    module.add_class::<exact::ExactColumn>()?;
    module.add_class::<exact::ExactFrame>()?;
    module.add_class::<factory::DataFrameViewFactory>()?;
    module.add_class::<bytes::FrameBytes>()?;
    module.add_class::<bytes::FrameKeeper>()?;
    module.add_class::<blocks::Blocks>()?;
    module.add_function(wrap_pyfunction!(parts::explain_columns, module)?)?;
    module.add_function(wrap_pyfunction!(parts::frame_from_columns, module)?)
}
