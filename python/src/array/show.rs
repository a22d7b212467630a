//! How notebooks show an image, and the array that it hands to the ecosystem.

use crate::errors::OrRaise;
use crate::image::ImageView;
use crate::lent::{type_text, Lent, Order};
use iolink_sdk::abi::IOLINK_EXTENSION_TILING;
use iolink_sdk::view::services::tiling_from;
use iolink_sdk::{ByteOrder, ImageCapability};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

#[pymethods]
impl ImageView {
    /// The image as the libraries around NumPy expect an array: with `shape`, `dtype`, `ndim`, `size`, `nbytes`, `chunks`,
    /// `dims` and `coords` in NumPy's order, and indexing that reads. For `dask.array.from_array`, `xarray.DataArray` and
    /// napari's layers.
    ///
    /// >>> image = ImageViewFactory.allocate((6, 4), "UINT8")
    /// >>> image.array.shape, image.array.dtype, image.array[1, :2]
    /// ((6, 4), dtype('uint8'), array([0, 0], dtype=uint8))
    #[getter]
    fn array<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        slf.py().import("iolink._array")?.getattr(intern!(slf.py(), "ImageArray"))?.call1((slf,))
    }

    /// NumPy's shape and type text of the image, without reading it.
    fn _described<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyTuple>, String)> {
        let view = self.open()?;
        let (shape, data_type) = (view.shape(), view.data_type());
        let sizes = Order::numpy(&view.properties(), shape.len(), data_type).sizes(&shape, data_type);
        let text = match view.capabilities().has(ImageCapability::MEMORY_ACCESS) {
            true => Lent::of(&*view)?.type_text()?,
            false => type_text(data_type, ByteOrder::NATIVE)?,
        };
        Ok((PyTuple::new(py, sizes)?, text))
    }

    /// Sizes in NumPy's order of the blocks in which the image is best read, where its maker says so.
    fn _chunks<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        let view = self.open()?;
        let Some(own) = view.extension(IOLINK_EXTENSION_TILING) else { return Ok(None) };
        let tile = tiling_from(&own).or_raise()?.max_tile_size();
        let data_type = view.data_type();
        let sizes = Order::numpy(&view.properties(), tile.len(), data_type).sizes(&tile, data_type);
        PyTuple::new(py, sizes).map(Some)
    }

    /// A picture of the middle of the image, and what is known of it, for notebooks. Reads no more than the picture needs.
    fn _repr_html_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        slf.py().import("iolink._show")?.getattr(intern!(slf.py(), "html"))?.call1((slf,))
    }

    /// The picture alone, as PNG; `None` where there is nothing to show.
    fn _repr_png_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        slf.py().import("iolink._show")?.getattr(intern!(slf.py(), "png"))?.call1((slf,))
    }
}
