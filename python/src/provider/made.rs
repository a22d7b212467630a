//! What `open` of a provider may return, as a view.

use super::array::ArrayImage;
use super::layout::Layout;
use crate::errors::OrRaise;
use crate::registry;
use iolink_sdk::{CreateView, View};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};
use std::sync::Arc;

/// The view that an object is or can be shown as; `who` returned it.
///
/// # Errors
/// `TypeError` for anything else; what the object raises when it is asked for its shape and type.
pub fn view_of(made: &Bound<'_, PyAny>, who: &str) -> PyResult<View> {
    let py = made.py();
    if made.hasattr("__iolink_view__")? {
        return crate::capsule::to_view(made);
    }
    let has = |name| made.hasattr(name);
    if has("dtype")? && has("shape")? && has("__getitem__")? {
        return Ok(View::Image(image_of(made, Layout::unnamed())?));
    }
    // A pandas frame shares its memory by another way than Arrow.
    if has("columns")? && made.get_type().module()?.to_str()?.starts_with("pandas.") {
        let interop = py.import("iolink.pandas_interop")?.getattr("PandasInterop")?;
        return crate::capsule::to_view(&interop.call_method1("from_pandas", (made,))?);
    }
    if has("__arrow_c_stream__")? || has("__arrow_c_array__")? {
        let factory = py.import("iolink")?.getattr("DataFrameViewFactory")?;
        return crate::capsule::to_view(&factory.call_method1("from_arrow", (made,))?);
    }
    if has("read")? || has("readinto")? {
        let factory = py.import("iolink")?.getattr("StreamAccessFactory")?;
        return crate::capsule::to_view(&factory.call_method1("from_file_object", (made,))?);
    }
    if made.is_instance_of::<PyList>() || made.is_instance_of::<PyTuple>() {
        let set = registry().create(CreateView::MultiImage.in_memory()).or_raise()?.into_multi_image().or_raise()?;
        for (index, frame) in made.try_iter()?.enumerate() {
            set.insert(index as u64, view_of(&frame?, who)?, None).or_raise()?;
        }
        return Ok(View::MultiImage(set));
    }
    Err(PyTypeError::new_err(format!(
        "{who} returned {}; an array, an object with shape, dtype and [...], a data frame, a file object, a list of images, \
         or a view was expected",
        made.get_type().name()?
    )))
}

/// An array, or an object that is read like one, as an image.
///
/// # Errors
/// As [`view_of`].
pub fn image_of(data: &Bound<'_, PyAny>, layout: Layout) -> PyResult<Arc<dyn iolink_sdk::ImageView>> {
    if data.cast::<numpy::PyUntypedArray>().is_ok() {
        return crate::interop::shared(
            data,
            |dimensions, data_type| layout.place(dimensions, data_type),
            layout.tree()?,
        );
    }
    Ok(Arc::new(ArrayImage::new(data, layout)?))
}
