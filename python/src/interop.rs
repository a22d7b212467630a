//! `NumpyInterop`: the four calls between NumPy arrays and images.

use crate::array::live::OWNERS;
use crate::attached::let_go;
use crate::axes::{axes_from, interpretation_from};
use crate::errors::OrRaise;
use crate::image::ImageView;
use crate::lent::{array, memory_of, refuse_mask, Lent, Order, Shown};
use crate::registry;
use iolink_host::adapt;
use iolink_plugin_numpy::{AdoptedImage, Numpy};
use iolink_sdk::{
    Adopt, AxesInterpretation, Axis, AxisProperties, Call, Convert, CreateView, DataType, Error, ImageCapability,
    ImageProperties, Kind, Memory, Owner, Provider, Shape, Strides, View,
};
use numpy::PyUntypedArray;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use std::os::raw::c_void;
use std::sync::atomic::Ordering;
use std::sync::Arc;

/// Keeps a Python object until some thread lets go of it, which never waits for the interpreter: a thread that does not
/// hold it hands the object to the next one that does, and after the interpreter's end the object is left where it is.
pub fn python_owner(object: &Bound<'_, PyAny>) -> Owner {
    unsafe extern "C" fn release(object: *mut c_void) {
        // SAFETY: the pointer is the reference that `python_owner` took, and is given up once. The token is a marker only:
        // nothing is asked of the interpreter.
        let object = unsafe { Bound::from_owned_ptr(Python::assume_attached(), object as *mut ffi::PyObject).unbind() };
        OWNERS.fetch_sub(1, Ordering::Relaxed);
        let_go(object);
    }
    OWNERS.fetch_add(1, Ordering::Relaxed);
    // SAFETY: `release` gives up the reference taken here, from any thread.
    unsafe { Owner::from_raw(object.clone().into_ptr() as *mut c_void, Some(release)) }
}

/// The argument as an array that lends its memory.
fn lending<'a, 'py>(given: &'a Bound<'py, PyAny>) -> PyResult<&'a Bound<'py, PyUntypedArray>> {
    refuse_mask("array", given)?;
    given.cast::<PyUntypedArray>().map_err(|_| {
        PyTypeError::new_err(format!(
            "array: expected a numpy.ndarray, not {}; np.asarray(...) makes one",
            given.get_type().name().map(|name| name.to_string()).unwrap_or_default()
        ))
    })
}

/// Memory with its axes taken in the order of `canonical`: position in the array of each canonical axis.
pub fn permuted(mut memory: Memory, canonical: &[usize]) -> PyResult<Memory> {
    let shape = Shape::collect(canonical.iter().map(|axis| memory.shape[*axis])).or_raise()?;
    let strides = Strides::collect(canonical.iter().map(|axis| memory.strides[*axis])).or_raise()?;
    (memory.shape, memory.strides) = (shape, strides);
    Ok(memory)
}

fn named(interpretation: AxesInterpretation, axes: &[Axis], data_type: DataType) -> ImageProperties {
    ImageProperties {
        axes_interpretation: interpretation,
        axes: axes.iter().map(|axis| AxisProperties { axis: Some(*axis), ..AxisProperties::default() }).collect(),
        ..ImageProperties::from_data_type(data_type)
    }
}

/// An image over the memory of an array; `place` says where its canonical axes stand.
pub fn shared(
    array: &Bound<'_, PyAny>,
    place: impl FnOnce(usize, DataType) -> PyResult<crate::provider::Placed>,
    metadata: Option<Arc<iolink_sdk::MetadataNode>>,
) -> PyResult<Arc<dyn iolink_sdk::ImageView>> {
    let lent = memory_of(lending(array)?, false)?;
    let placed = place(lent.shape.len(), lent.data_type)?;
    let memory = permuted(lent, &placed.canonical)?;
    let image = adopted(memory, Some(placed.properties)).or_raise()?;
    if let Some(metadata) = metadata {
        image.set_metadata((*metadata).clone()).or_raise()?;
    }
    Ok(image)
}

/// An image over memory, by the provider that is chosen; the one that is linked in is called as the Rust that it is.
pub fn adopted(
    memory: Memory,
    properties: Option<Arc<ImageProperties>>,
) -> iolink_sdk::Result<Arc<dyn iolink_sdk::ImageView>> {
    if registry().adopter(Kind::Image)? == Numpy::INFO.id() {
        let image = AdoptedImage::new(memory, properties).map_err(|error| error.with_provider(Numpy::INFO.id()))?;
        return Ok(Arc::new(image));
    }
    registry().adopt(Adopt::Image { memory: Box::new(memory), properties })?.into_image()
}

fn adopt(memory: Memory, properties: Option<ImageProperties>) -> PyResult<ImageView> {
    adopted(memory, properties.map(Arc::new)).or_raise().map(ImageView::new)
}

/// An image over memory whose axes are in NumPy's order of an interpretation; of UNKNOWN they are as they stand.
///
/// # Errors
/// `ValueError` for more axes than the interpretation names.
pub fn image_of(lent: Memory, interpretation: AxesInterpretation) -> PyResult<ImageView> {
    if interpretation == AxesInterpretation::Unknown {
        return adopt(lent, None);
    }
    let dimensions = lent.shape.len();
    let own: Vec<Axis> = match interpretation.axes_for(dimensions) {
        Ok(axes) => axes.into_iter().flatten().collect(),
        Err(refused) => {
            let count = interpretation.axes().len();
            let colours = matches!(lent.shape.last(), Some(2..=4)) && dimensions == count + 1;
            let with_channel = format!("MULTISPECTRAL_{}", interpretation.name());
            let hint = match AxesInterpretation::all().any(|known| known.name() == with_channel) {
                _ if !colours => String::new(),
                true => format!(
                    "; for an array whose last axis holds colours give {with_channel} to keep them as a CHANNEL axis, or \
                     vector=True to make each pixel a vector"
                ),
                false => "; for an array whose last axis holds the components of vectors give vector=True".to_owned(),
            };
            return Err(PyValueError::new_err(format!("{}{hint}", refused.message())));
        }
    };
    // Canonical axis k stands in the array where NumPy's order has it.
    let order: Vec<Axis> = Axis::NUMPY_ORDER.into_iter().filter(|axis| own.contains(axis)).collect();
    let canonical: Vec<usize> = own.iter().filter_map(|axis| order.iter().position(|shown| shown == axis)).collect();
    let data_type = lent.data_type;
    adopt(permuted(lent, &canonical)?, Some(named(interpretation, &own, data_type)))
}

/// Services between NumPy arrays and images. Memory is shared both ways: a change on one side shows on the other.
#[pyclass(frozen, module = "iolink", name = "NumpyInterop")]
pub struct NumpyInterop;

#[pymethods]
impl NumpyInterop {
    /// An image over the memory of an array, without a copy: a change on one side shows on the other.
    ///
    /// Without an interpretation the axes keep their order and have no names. With one the array is taken in NumPy's order of
    /// its axes (T, Z, Y, X, C) and the image is canonical, COLUMN first; an array with fewer axes than the interpretation has
    /// its first ones. `vector=True` makes the last axis, or the fields of a structured type that are all alike, the components
    /// of one vector sample. Strides, byte order, alignment and the read-only flag are kept.
    ///
    /// Raises TypeError for masked arrays and for types that no image has, ValueError for more axes than the interpretation
    /// names.
    ///
    /// >>> import numpy as np
    /// >>> array = np.zeros((2, 3), np.uint16)
    /// >>> NumpyInterop.from_numpy_array(array).shape()
    /// VectorXu64(2, 3)
    /// >>> NumpyInterop.from_numpy_array(array, AxesInterpretationId.IMAGE).shape()
    /// VectorXu64(3, 2)
    #[staticmethod]
    #[pyo3(signature = (array, interpretation = None, *, vector = false))]
    fn from_numpy_array(
        array: &Bound<'_, PyAny>,
        interpretation: Option<&Bound<'_, PyAny>>,
        vector: bool,
    ) -> PyResult<ImageView> {
        let lent = memory_of(lending(array)?, vector)?;
        image_of(lent, interpretation_from("interpretation", interpretation)?)
    }

    /// An image over the memory of an array whose axes are listed in the array's own order; the image is canonical.
    ///
    /// Raises ValueError unless each axis of the array is listed once.
    ///
    /// >>> import numpy as np
    /// >>> NumpyInterop.order_from_numpy_array(np.zeros((2, 3)), [ImageAxes.ROW, ImageAxes.COLUMN]).shape()
    /// VectorXu64(3, 2)
    #[staticmethod]
    #[pyo3(signature = (array, axes, *, vector = false))]
    fn order_from_numpy_array(array: &Bound<'_, PyAny>, axes: &Bound<'_, PyAny>, vector: bool) -> PyResult<ImageView> {
        let lent = memory_of(lending(array)?, vector)?;
        let listed = axes_from("axes", axes)?;
        if listed.len() != lent.shape.len() {
            return Err(PyValueError::new_err(format!(
                "axes: {} are listed, the array has {}; list each of its axes once, in its own order",
                listed.len(),
                lent.shape.len()
            )));
        }
        let mut own = listed.clone();
        own.sort();
        let canonical: Vec<usize> =
            own.iter().filter_map(|axis| listed.iter().position(|shown| shown == axis)).collect();
        let interpretation = AxesInterpretation::from_axes(&own).unwrap_or_default();
        let data_type = lent.data_type;
        adopt(permuted(lent, &canonical)?, Some(named(interpretation, &own, data_type)))
    }

    /// The samples of an image as an array. Axes come in NumPy's order (T, Z, Y, X, C) where all are named, else as they are;
    /// the components of vector samples are one more axis at the end.
    ///
    /// `copy=None` shares memory where the image has MEMORY_ACCESS, and else reads a copy that is read-only, so that a write
    /// that would be lost fails. `copy=True` gives a writable copy. `copy=False` raises CapabilityError (a NotImplementedError
    /// and ValueError) where memory cannot be shared.
    ///
    /// >>> image = ImageViewFactory.allocate((6, 4), DataTypeId.VEC3_UINT16)
    /// >>> NumpyInterop.to_numpy_array(image).shape
    /// (6, 4, 3)
    #[staticmethod]
    #[pyo3(signature = (image, copy = None))]
    fn to_numpy_array<'py>(
        image: &Bound<'py, ImageView>,
        copy: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        export(image, None, copy_from(copy)?)
    }

    /// The samples of an image as an array with its axes in the order listed. Vector samples need CHANNEL in the list, which
    /// then means their components. `copy` is that of `to_numpy_array`.
    ///
    /// Raises ValueError where an axis of the image has no name, or the list does not name each axis once.
    ///
    /// >>> properties = ImageProperties.from_data_type("UINT8")
    /// >>> properties.image_info.set_axes_interpretation("VOLUME")
    /// >>> image = ImageViewFactory.allocate((6, 5, 4), "UINT8", properties)
    /// >>> NumpyInterop.order_to_numpy_array(image, ["ROW", "SLICE", "COLUMN"]).shape
    /// (5, 4, 6)
    #[staticmethod]
    #[pyo3(signature = (image, axes, copy = None))]
    fn order_to_numpy_array<'py>(
        image: &Bound<'py, ImageView>,
        axes: &Bound<'py, PyAny>,
        copy: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let view = image.get().open()?;
        let shown = listed_order(&view.properties(), view.shape().len(), view.data_type(), &axes_from("axes", axes)?)?;
        export(image, Some(shown), copy_from(copy)?)
    }
}

/// What `copy=` means: `None`, `True` or `False`, nothing else.
pub fn copy_from(given: Option<&Bound<'_, PyAny>>) -> PyResult<Option<bool>> {
    match given {
        None => Ok(None),
        Some(value) => value.extract::<bool>().map(Some).map_err(|_| {
            PyTypeError::new_err("copy: expected None (share where possible), True (copy) or False (never copy)")
        }),
    }
}

/// The axes of an ordered export.
fn listed_order(
    properties: &ImageProperties,
    dimensions: usize,
    data_type: DataType,
    listed: &[Axis],
) -> PyResult<Order> {
    let own = properties.named_axes(dimensions).ok_or_else(|| {
        PyValueError::new_err(
            "the image has unnamed axes (its axes interpretation is UNKNOWN), which cannot be ordered by name; set an \
             interpretation first, or use to_numpy_array",
        )
    })?;
    let vector = data_type.vector_length().is_some();
    if vector && own.contains(&Axis::Channel) {
        return Err(PyValueError::new_err(
            "the image has a CHANNEL axis and samples that are vectors, so CHANNEL would mean both; use to_numpy_array, \
             which puts the components last",
        ));
    }
    let mut needed = own.clone();
    if vector {
        needed.push(Axis::Channel);
    }
    let names = |axes: &[Axis]| axes.iter().map(|axis| axis.name()).collect::<Vec<_>>().join(", ");
    if listed.len() != needed.len() || needed.iter().any(|axis| !listed.contains(axis)) {
        return Err(PyValueError::new_err(format!(
            "axes: the list [{}] must name each of {} once{}",
            names(listed),
            names(&needed),
            if vector { " (CHANNEL are the components of the vectors)" } else { "" }
        )));
    }
    Ok(listed
        .iter()
        .map(|axis| own.iter().position(|known| known == axis).map_or(Shown::Components, Shown::axis))
        .collect())
}

/// The samples of an image where they lie; `None` without MEMORY_ACCESS.
pub fn lend(image: &ImageView) -> PyResult<Option<Lent>> {
    let view = image.open()?;
    if view.capabilities().has(ImageCapability::MEMORY_ACCESS) {
        return match Lent::of(&*view) {
            Ok(lent) => Ok(Some(lent)),
            Err(refused) => Err(refused),
        };
    }
    Ok(None)
}

/// A copy of an image in memory.
pub fn copied(view: &Arc<dyn iolink_sdk::ImageView>) -> iolink_sdk::Result<Arc<dyn iolink_sdk::ImageView>> {
    let create = |shape: &Shape, data_type, properties| {
        registry().create(CreateView::image(*shape, data_type, Some(properties)).in_memory())
    };
    adapt::copy_in_memory(view, &create, &Call::silent())
}

/// The array of an image: shared where its memory can be, else read by whichever provider converts it.
pub fn export<'py>(
    image: &Bound<'py, ImageView>,
    shown: Option<Order>,
    copy: Option<bool>,
) -> PyResult<Bound<'py, PyAny>> {
    let (py, view) = (image.py(), image.get().open()?);
    let made = |memory: &mut Memory, writable, lender| {
        let numpy = || Order::numpy(&view.properties(), memory.shape.len(), memory.data_type);
        let shown = shown.unwrap_or_else(numpy);
        array(py, memory, &shown, writable, lender)
    };
    if view.capabilities().has(ImageCapability::MEMORY_ACCESS) {
        let shared = match &mut view.memory() {
            Ok(memory) => made(memory, true, Some(image.clone().unbind())),
            Err(refused) => Err(crate::errors::raise(refused.clone())),
        };
        return match copy {
            Some(true) => shared?.call_method1(intern!(py, "copy"), ("C",)),
            _ => shared,
        };
    }
    if copy == Some(false) {
        return Err(crate::errors::raise(Error::capability(
            "the image",
            "MEMORY_ACCESS",
            "without a copy it cannot become an array: give copy=None for a read-only copy, copy=True for a writable \
             one, or ImageViewFactory.copy_in_memory(image) for an image in memory",
        )));
    }
    let target = Convert::new(Kind::Image, ImageCapability::MEMORY_ACCESS.value());
    let source = View::Image(view.clone());
    let converted = || py.detach(|| registry().convert(source, target.clone())).or_raise();
    let copied = crate::provider::keeping(py, converted)?.into_image().or_raise()?;
    made(&mut copied.memory().or_raise()?, copy == Some(true), None)
}

/// A new array for a box of an image, in NumPy's order.
pub fn empty<'py>(py: Python<'py>, view: &dyn iolink_sdk::ImageView, size: &Shape) -> PyResult<Bound<'py, PyAny>> {
    let data_type = view.data_type();
    let code = crate::dtype::numpy_code(data_type)
        .ok_or_else(|| PyTypeError::new_err(format!("samples of type {data_type} have no NumPy dtype")))?;
    let sizes = Order::numpy(&view.properties(), size.len(), data_type).sizes(size, data_type);
    py.import("numpy")?.call_method1(intern!(py, "empty"), (pyo3::types::PyTuple::new(py, sizes)?, code))
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<NumpyInterop>()
}
