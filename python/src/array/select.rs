//! `image[key]`, `image[key] = values` and `isel`.

use super::index::{parts, select};
use crate::image::ImageView;
use crate::interop::export;
use crate::lent::{refuse_mask, Order, Shown};
use iolink_sdk::{Axis, Error, ImageCapability};
use pyo3::basic::CompareOp;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PySlice, PyString, PyTuple};

/// The module that does what NumPy alone can: keys with arrays in them.
fn by_numpy<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    py.import("iolink._fancy")?.getattr(PyString::intern(py, name))
}

/// All samples, as `np.asarray` gives them.
fn as_array<'py>(image: &Bound<'py, ImageView>) -> PyResult<Bound<'py, PyAny>> {
    image.py().import("numpy")?.getattr(intern!(image.py(), "asarray"))?.call1((image,))
}

#[pymethods]
impl ImageView {
    /// What NumPy's indexing shows, in NumPy's order of axes: integers, slices of any step, `...` and `None` give a lazy
    /// image of those samples, without reading; `np.asarray(image[key])` equals `np.asarray(image)[key]`. Integer and boolean
    /// arrays and lists read what they name into a new array.
    ///
    /// Raises IndexError for an index that is not there.
    ///
    /// >>> image = ImageViewFactory.allocate((6, 4), "UINT8")
    /// >>> image[1:4, ::-2].shape()
    /// VectorXu64(3, 2)
    fn __getitem__<'py>(slf: &Bound<'py, Self>, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let (py, this) = (slf.py(), slf.get());
        match parts(key)? {
            Some(parts) => {
                let view = select(&this.open()?, &parts)?;
                let opening = this.opening().map(|opening| opening.part(key)).transpose()?;
                Ok(Bound::new(py, ImageView::made(view, opening))?.into_any())
            }
            None => by_numpy(py, "read")?.call1((slf, key)),
        }
    }

    /// Lazy images along NumPy's first axis.
    ///
    /// Raises TypeError for an image without axes.
    fn __iter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let view = slf.get().open()?;
        if view.shape().is_empty() && view.data_type().vector_length().is_none() {
            return Err(PyTypeError::new_err(
                "iteration over an image without axes (0-d), which has one sample; np.asarray(image)[()] reads it",
            ));
        }
        // SAFETY: the image is live, and has items by number.
        unsafe { Bound::from_owned_ptr_or_err(slf.py(), ffi::PySeqIter_New(slf.as_ptr())) }
    }

    /// Writes through to the samples that `image[key]` shows, values being broadcast and converted as by NumPy.
    ///
    /// Raises CapabilityError without WRITE.
    fn __setitem__<'py>(slf: &Bound<'py, Self>, key: &Bound<'py, PyAny>, values: &Bound<'py, PyAny>) -> PyResult<()> {
        let capabilities = slf.get().open()?.capabilities();
        if !capabilities.has(ImageCapability::WRITE) {
            return Err(crate::errors::raise(Error::capability(
                "the image",
                "WRITE",
                "copy it into memory to change it (ImageViewFactory.copy_in_memory)",
            )));
        }
        refuse_mask("values", values)?;
        if capabilities.has(ImageCapability::MEMORY_ACCESS) {
            return export(slf, None, Some(false))?.set_item(key, values);
        }
        let lazy = parts(key)?.is_some();
        by_numpy(slf.py(), if lazy { "write" } else { "write_some" })?.call1((slf, key, values)).map(|_| ())
    }

    /// The samples compared as NumPy compares them: an array of truth values, so that `image[image > 5] = 0` does what it says.
    /// Images are the same one where `is` says so.
    fn __richcmp__<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
        operator: CompareOp,
    ) -> PyResult<Bound<'py, PyAny>> {
        as_array(slf)?.rich_compare(other, operator)
    }

    fn __hash__(slf: &Bound<'_, Self>) -> isize {
        slf.as_ptr() as isize
    }

    fn __contains__(slf: &Bound<'_, Self>, item: &Bound<'_, PyAny>) -> PyResult<bool> {
        as_array(slf)?.contains(item)
    }

    fn __int__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        as_array(slf)?.call_method0(intern!(slf.py(), "__int__"))
    }

    fn __float__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        as_array(slf)?.call_method0(intern!(slf.py(), "__float__"))
    }

    fn __complex__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        as_array(slf)?.call_method0(intern!(slf.py(), "__complex__"))
    }

    fn __index__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        as_array(slf)?.call_method0(intern!(slf.py(), "__index__"))
    }

    /// A lazy image of those samples that integers and slices name by the name of an axis: `column`, `row`, `slice`,
    /// `channel`, `sequence`. `channel` names the components where samples are vectors.
    ///
    /// Raises ValueError for an axis that the image has not, IndexError for an index that is not there, TypeError for what
    /// is neither an integer nor a slice.
    ///
    /// >>> stack = ImageViewFactory.stack([ImageViewFactory.allocate((6, 4), "UINT8")] * 9)
    /// >>> reading = ImageViewFactory.reinterpret(stack, "VOLUME")
    /// >>> reading.isel(slice=3, row=slice(0, 2)).shape()
    /// VectorXu64(6, 2)
    #[pyo3(signature = (**indexers))]
    fn isel<'py>(slf: &Bound<'py, Self>, indexers: Option<&Bound<'py, PyDict>>) -> PyResult<Bound<'py, PyAny>> {
        let (py, view) = (slf.py(), slf.get().open()?);
        let (properties, data_type) = (view.properties(), view.data_type());
        let order = Order::numpy(&properties, view.shape().len(), data_type);
        let has_channel = properties.axes.iter().any(|axis| axis.axis == Some(Axis::Channel));
        let names: Vec<Option<Axis>> = order
            .iter()
            .map(|shown| match shown {
                Shown::Axis(position) => properties.axis((*position).into()),
                Shown::Components if has_channel => None,
                Shown::Components => Some(Axis::Channel),
            })
            .collect();
        let mut key: Vec<Bound<'py, PyAny>> = order.iter().map(|_| PySlice::full(py).into_any()).collect();
        for (name, index) in indexers.into_iter().flatten() {
            let name: String = name.extract()?;
            let wanted = names.iter().position(|own| own.is_some_and(|own| own.name().to_lowercase() == name));
            let Some(place) = wanted else {
                let own: Vec<String> = names.iter().flatten().map(|axis| axis.name().to_lowercase()).collect();
                let own = if own.is_empty() { "they have no names".to_owned() } else { own.join(", ") };
                return Err(PyValueError::new_err(format!("isel: the image has no axis {name}; its axes: {own}")));
            };
            let is_number =
                !index.is_instance_of::<PyBool>() && index.call_method0(intern!(index.py(), "__index__")).is_ok();
            if !index.is_instance_of::<PySlice>() && !is_number {
                return Err(PyTypeError::new_err(format!(
                    "isel: {name}: expected an integer or a slice, not {}",
                    index.get_type().name()?
                )));
            }
            key[place] = index;
        }
        ImageView::__getitem__(slf, PyTuple::new(py, key)?.as_any())
    }
}
