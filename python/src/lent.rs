//! Memory lent to NumPy: the array's base object, and building the array itself.

use crate::array::Hold;
use crate::dtype::numpy_code;
use crate::errors::OrRaise;
use crate::held::Held;
use crate::image::ImageView;
use iolink_sdk::abi::IOLINK_MAX_DIMS;
use iolink_sdk::{
    fail, Axis, ByteOrder, DataType, Error, ErrorKind, ImageProperties, Interpretation, Memory, Primitive, Shape,
    Strides,
};
use numpy::npyffi::{npy_intp, NpyTypes, NPY_ARRAY_WRITEABLE, NPY_TYPES, PY_ARRAY_API};
use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyMemoryView, PyTuple};
use std::os::raw::{c_char, c_int, c_void};
use std::sync::atomic::{AtomicBool, Ordering};

/// Keeps lent samples in place while an array uses them.
#[pyclass(frozen, module = "iolink", name = "_Lease")]
pub struct Lease {
    _hold: Held<Hold>,
}

/// Axes of an export at most: those of an image and its components.
const MAX_AXES: usize = IOLINK_MAX_DIMS + 1;

/// Sizes and byte strides of an export, in its order.
pub struct Layout {
    pub length: usize,
    pub shape: [npy_intp; MAX_AXES],
    pub strides: [npy_intp; MAX_AXES],
}

impl Layout {
    /// The layout of samples whose axes come in the order of `shown`.
    pub fn new(memory: &Memory, shown: &Order) -> Self {
        let data_type = memory.data_type;
        let mut layout = Layout { length: shown.len(), shape: [0; MAX_AXES], strides: [0; MAX_AXES] };
        for (index, axis) in shown.iter().enumerate() {
            (layout.shape[index], layout.strides[index]) = match axis {
                Shown::Axis(position) => {
                    let position = usize::from(*position);
                    (memory.shape[position] as npy_intp, memory.strides[position] as npy_intp)
                }
                Shown::Components => {
                    (data_type.vector_length().unwrap_or(1) as npy_intp, data_type.scalar().byte_count() as npy_intp)
                }
            };
        }
        layout
    }

    pub fn shape(&self) -> &[npy_intp] {
        &self.shape[..self.length]
    }

    pub fn strides(&self) -> &[npy_intp] {
        &self.strides[..self.length]
    }

    /// Do items of this many bytes lie without gaps, the last axis fastest (`c`) or the first?
    pub fn is_contiguous(&self, item: npy_intp, c: bool) -> bool {
        if self.shape().contains(&0) {
            return true;
        }
        let mut step = item;
        let mut axes: Vec<_> = self.shape().iter().zip(self.strides()).collect();
        if c {
            axes.reverse();
        }
        axes.into_iter().all(|(size, stride)| {
            let fits = *size == 1 || *stride == step;
            step = step.saturating_mul(*size);
            fits
        })
    }
}

/// Samples that an image lends, and the order in which NumPy sees their axes.
pub struct Lent {
    pub memory: Memory,
    pub shown: Order,
}

impl Lent {
    /// What an image with MEMORY_ACCESS lends.
    #[inline(always)]
    pub fn of(view: &dyn iolink_sdk::ImageView) -> PyResult<Self> {
        match view.memory() {
            Ok(memory) => {
                let shown = Order::numpy(&view.properties(), memory.shape.len(), memory.data_type);
                Ok(Lent { memory, shown })
            }
            Err(refused) => Err(crate::errors::raise(refused)),
        }
    }

    pub fn layout(&self) -> Layout {
        Layout::new(&self.memory, &self.shown)
    }

    /// Bytes of one item: of a component.
    pub fn component(&self) -> usize {
        self.memory.data_type.scalar().byte_count()
    }

    /// Are the samples in the other byte order?
    pub fn is_swapped(&self) -> bool {
        is_swapped(&self.memory)
    }

    /// Where the first sample lies; an image of no samples may have no address, for which this is one.
    pub fn address(&self) -> usize {
        address(&self.memory) as usize
    }

    /// NumPy's text of the type of one item: `<u2`.
    pub fn type_text(&self) -> PyResult<String> {
        type_text(self.memory.data_type, self.memory.byte_order)
    }

    /// The buffer protocol's text of the type of one item: `H`, and `>H` for the other byte order.
    pub fn format(&self) -> PyResult<String> {
        let code = numpy_code(self.memory.data_type).ok_or_else(|| no_dtype(self.memory.data_type))?;
        // What takes 8 bytes is `L` where that is the processor's own, and always `Q` where a byte order is given.
        let long = std::mem::size_of::<std::os::raw::c_long>() == 8 && !self.is_swapped();
        let letter = match code.as_str() {
            "b1" => "?",
            "u1" => "B",
            "u2" => "H",
            "u4" => "I",
            "u8" if long => "L",
            "u8" => "Q",
            "i1" => "b",
            "i2" => "h",
            "i4" => "i",
            "i8" if long => "l",
            "i8" => "q",
            "f2" => "e",
            "f4" => "f",
            "f8" => "d",
            "c8" => "Zf",
            "c16" => "Zd",
            _ => return Err(no_dtype(self.memory.data_type)),
        };
        Ok(match (self.is_swapped(), self.memory.byte_order) {
            (false, _) => letter.to_owned(),
            (true, ByteOrder::Little) => format!("<{letter}"),
            (true, ByteOrder::Big) => format!(">{letter}"),
        })
    }
}

/// NumPy's text of the type of one component in a byte order: `<u2`.
pub fn type_text(data_type: DataType, byte_order: ByteOrder) -> PyResult<String> {
    let code = numpy_code(data_type).ok_or_else(|| no_dtype(data_type))?;
    let order = match byte_order {
        _ if data_type.component_bytes() == 1 => '|',
        ByteOrder::Little => '<',
        ByteOrder::Big => '>',
    };
    Ok(format!("{order}{code}"))
}

fn no_dtype(data_type: DataType) -> PyErr {
    PyTypeError::new_err(format!("samples of type {data_type} have no NumPy dtype"))
}

fn is_swapped(memory: &Memory) -> bool {
    memory.byte_order != ByteOrder::NATIVE && memory.data_type.component_bytes() > 1
}

/// An array of no samples may have no address; NumPy would allocate for NULL.
fn address(memory: &Memory) -> *mut u8 {
    if memory.data.is_null() {
        std::ptr::NonNull::<u64>::dangling().as_ptr() as *mut u8
    } else {
        memory.data
    }
}

/// NumPy's number of one component.
fn type_number(data_type: DataType) -> Option<NPY_TYPES> {
    use NPY_TYPES::*;
    Some(match (data_type.primitive(), data_type.bit_depth(), data_type.interpretation()) {
        (_, 8, Interpretation::Boolean) => NPY_BOOL,
        (Primitive::Float, 32, Interpretation::Complex) => NPY_CFLOAT,
        (Primitive::Float, 64, Interpretation::Complex) => NPY_CDOUBLE,
        (Primitive::Unsigned, 8, _) => NPY_UBYTE,
        (Primitive::Unsigned, 16, _) => NPY_USHORT,
        (Primitive::Unsigned, 32, _) => NPY_UINT,
        (Primitive::Unsigned, 64, _) if cfg!(target_pointer_width = "64") && cfg!(unix) => NPY_ULONG,
        (Primitive::Unsigned, 64, _) => NPY_ULONGLONG,
        (Primitive::Signed, 8, _) => NPY_BYTE,
        (Primitive::Signed, 16, _) => NPY_SHORT,
        (Primitive::Signed, 32, _) => NPY_INT,
        (Primitive::Signed, 64, _) if cfg!(target_pointer_width = "64") && cfg!(unix) => NPY_LONG,
        (Primitive::Signed, 64, _) => NPY_LONGLONG,
        (Primitive::Float, 16, _) => NPY_HALF,
        (Primitive::Float, 32, _) => NPY_FLOAT,
        (Primitive::Float, 64, _) => NPY_DOUBLE,
        _ => return None,
    })
}

/// Where an axis of an export comes from.
#[derive(Clone, Copy, PartialEq)]
pub enum Shown {
    /// A canonical axis by its position.
    Axis(u8),
    /// The components of a vector type.
    Components,
}

impl Shown {
    /// The canonical axis at a position, which is below [`IOLINK_MAX_DIMS`].
    pub fn axis(position: usize) -> Self {
        Shown::Axis(position as u8)
    }

    /// How long the axis is in an export of samples of this shape and type.
    pub fn size(self, shape: &Shape, data_type: DataType) -> u64 {
        match self {
            Shown::Axis(position) => shape[usize::from(position)],
            Shown::Components => data_type.vector_length().unwrap_or(1),
        }
    }
}

/// The axes of an export in their order: those of an image, and one for components.
pub struct Order {
    length: usize,
    axes: [Shown; IOLINK_MAX_DIMS + 1],
}

impl FromIterator<Shown> for Order {
    fn from_iter<I: IntoIterator<Item = Shown>>(shown: I) -> Self {
        let mut order = Order { length: 0, axes: [Shown::Components; IOLINK_MAX_DIMS + 1] };
        for (slot, axis) in order.axes.iter_mut().zip(shown) {
            *slot = axis;
            order.length += 1;
        }
        order
    }
}

impl std::ops::Deref for Order {
    type Target = [Shown];
    fn deref(&self) -> &[Shown] {
        &self.axes[..self.length]
    }
}

impl Order {
    /// T, Z, Y, X, C where all axes are named, else as they stand; components last.
    pub fn numpy(properties: &ImageProperties, dimensions: usize, data_type: DataType) -> Self {
        let components = data_type.vector_length().map(|_| Shown::Components);
        let own = &properties.axes;
        if own.len() < dimensions || own.iter().any(|axis| axis.axis.is_none()) {
            return (0..dimensions).map(Shown::axis).chain(components).collect();
        }
        Axis::NUMPY_ORDER
            .iter()
            .filter_map(|axis| own.iter().position(|known| known.axis == Some(*axis)).map(Shown::axis))
            .chain(components)
            .collect()
    }

    /// The shape that an export of samples of this shape and type has.
    pub fn sizes(&self, shape: &Shape, data_type: DataType) -> Vec<u64> {
        self.iter().map(|shown| shown.size(shape, data_type)).collect()
    }
}

/// An array over lent memory, whose owner it takes, with its axes in the order of `shown`.
pub fn array<'py>(
    py: Python<'py>,
    memory: &mut Memory,
    shown: &Order,
    writable: bool,
    image: Option<Py<ImageView>>,
) -> PyResult<Bound<'py, PyAny>> {
    let number = type_number(memory.data_type).ok_or_else(|| no_dtype(memory.data_type))?;
    let mut layout = Layout::new(memory, shown);
    let flags = if writable && memory.writable { NPY_ARRAY_WRITEABLE } else { 0 };
    let (data, swapped) = (address(memory), is_swapped(memory));
    let order = if memory.byte_order == ByteOrder::Big { b'>' } else { b'<' };
    let lease = Bound::new(py, Lease { _hold: Hold::new(std::mem::take(&mut memory.owner), image).into() })?;
    // SAFETY: the attached thread calls NumPy's own functions. `PyArray_NewFromDescr` takes over the descriptor, copies
    // shape and strides, and leaves data and lifetime to us; `PyArray_SetBaseObject` takes over the lease, which keeps
    // the samples in place for as long as the array or a view of it lives.
    unsafe {
        let mut descriptor = PY_ARRAY_API.PyArray_DescrFromType(py, number as c_int);
        if swapped {
            let native = descriptor;
            descriptor = PY_ARRAY_API.PyArray_DescrNewByteorder(py, native, order as c_char);
            ffi::Py_DECREF(native as *mut ffi::PyObject);
        }
        if descriptor.is_null() {
            return Err(PyErr::fetch(py));
        }
        let made = PY_ARRAY_API.PyArray_NewFromDescr(
            py,
            numpy::npyffi::get_type_object(py, NpyTypes::PyArray_Type),
            descriptor,
            shown.len() as c_int,
            layout.shape.as_mut_ptr(),
            layout.strides.as_mut_ptr(),
            data as *mut c_void,
            flags,
            std::ptr::null_mut(),
        );
        let made = Bound::from_owned_ptr_or_err(py, made)?;
        let base = lease.into_ptr();
        if PY_ARRAY_API.PyArray_SetBaseObject(py, made.as_ptr() as *mut _, base) != 0 {
            return Err(PyErr::fetch(py));
        }
        Ok(made)
    }
}

/// The samples that a NumPy array lends, with the array as their owner.
///
/// # Errors
/// `TypeError` for a dtype that no image has.
pub fn memory_of(array: &Bound<'_, numpy::PyUntypedArray>, vector: bool) -> PyResult<Memory> {
    use numpy::{PyArrayDescrMethods, PyUntypedArrayMethods};
    let dtype = array.dtype();
    let (mut data_type, byte_order) = described(&dtype, vector)?;
    // SAFETY: the array object is live.
    let (data, writable) = unsafe {
        let raw = &(*array.as_array_ptr()).fields;
        (raw.data as *mut u8, raw.flags & NPY_ARRAY_WRITEABLE != 0)
    };
    let (mut sizes, mut steps) = (array.shape(), array.strides());
    if vector && !dtype.has_fields() {
        let last = sizes.last().zip(steps.last()).map(|(count, step)| (*count as u64, *step as i64));
        data_type = vector_type(data_type, last, sizes.contains(&0)).or_raise()?;
        (sizes, steps) = (&sizes[..sizes.len() - 1], &steps[..steps.len() - 1]);
    }
    let shape = Shape::collect(sizes.iter().map(|size| *size as u64)).or_raise()?;
    let strides = Strides::collect(steps.iter().map(|step| *step as i64)).or_raise()?;
    let owner = crate::interop::python_owner(&kept(array)?);
    Ok(Memory { data, data_type, shape, strides, byte_order, writable, owner })
}

/// What keeps an array's memory: the array, and what [`pinned`] holds.
fn kept<'py>(array: &Bound<'py, numpy::PyUntypedArray>) -> PyResult<Bound<'py, PyAny>> {
    match pinned(array.as_any())? {
        Some(pins) => Ok(PyTuple::new(array.py(), [array.as_any(), &pins])?.into_any()),
        None => Ok(array.as_any().clone()),
    }
}

/// Buffers of the objects whose memory an array, or a memoryview of one, shows (a mapped file, shared memory, a bytearray):
/// NumPy holds none, and the object could be closed or resized underneath. `None` where there are no such objects.
pub fn pinned<'py>(given: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    let (py, mut buffers) = (given.py(), Vec::new());
    let mut next = below(given)?;
    while let Some(object) = next {
        // SAFETY: any object may be asked.
        let lends = unsafe { ffi::PyObject_CheckBuffer(object.as_ptr()) } != 0;
        if lends && as_array(&object)?.is_none() {
            // SAFETY: the object is live. One that lends no buffer any more keeps the memory no better than it did.
            let buffer = unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyMemoryView_FromObject(object.as_ptr())) };
            buffers.extend(buffer);
        }
        next = below(&object)?;
    }
    match buffers.is_empty() {
        true => Ok(None),
        false => Ok(Some(PyTuple::new(py, buffers)?.into_any())),
    }
}

/// Returns the object as an array, if it is one. There are none before NumPy is imported, which is not done for this: its import
/// takes long, and a signal may end it.
///
/// # Errors
/// What the import raises that another thread began.
fn as_array<'a, 'py>(object: &'a Bound<'py, PyAny>) -> PyResult<Option<&'a Bound<'py, numpy::PyUntypedArray>>> {
    static IMPORTED: AtomicBool = AtomicBool::new(false);
    if !IMPORTED.load(Ordering::Relaxed) {
        let py = object.py();
        if !py.import("sys")?.getattr(intern!(py, "modules"))?.contains(intern!(py, "numpy"))? {
            return Ok(None);
        }
        py.import("numpy")?;
        IMPORTED.store(true, Ordering::Relaxed);
    }
    Ok(object.cast::<numpy::PyUntypedArray>().ok())
}

/// The object whose memory an array or a memoryview shows.
fn below<'py>(object: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    use numpy::PyUntypedArrayMethods;
    if let Some(array) = as_array(object)? {
        // SAFETY: the array is live, and its base while it is.
        return Ok(unsafe { Bound::from_borrowed_ptr_or_opt(object.py(), (*array.as_array_ptr()).fields.base) });
    }
    // What NumPy's `as_strided` puts between its result and the array.
    if object.get_type().name()?.to_cow()? == "DummyArray" {
        return object.getattr(intern!(object.py(), "base")).map(|base| (!base.is_none()).then_some(base));
    }
    if !object.is_instance_of::<PyMemoryView>() {
        return Ok(None);
    }
    // One that was released shows nothing.
    Ok(object.getattr(intern!(object.py(), "obj")).ok().filter(|below| !below.is_none()))
}

/// Refuses an array with a mask, which would be dropped.
pub fn refuse_mask(name: &str, given: &Bound<'_, PyAny>) -> PyResult<()> {
    match as_array(given)? {
        Some(array) if !array.is_exact_instance_of::<numpy::PyUntypedArray>() => {}
        _ => return Ok(()),
    }
    let masked = given.py().import("numpy.ma")?.getattr(intern!(given.py(), "MaskedArray"))?;
    if !given.is_instance(&masked)? {
        return Ok(());
    }
    Err(crate::errors::raise(Error::new(
        ErrorKind::Type,
        format!(
            "{name}: a masked array has a mask that would be lost; give array.filled(value), or array.data and the mask \
             each by themselves"
        ),
    )))
}

/// The type of vectors whose components are the `last` axis: how many they are, and bytes from one to the next.
///
/// # Errors
/// `InvalidArgument` where there is no such axis, or its samples do not lie side by side.
pub fn vector_type(component: DataType, last: Option<(u64, i64)>, is_empty: bool) -> iolink_sdk::Result<DataType> {
    let Some((count, stride)) = last else { fail!(InvalidArgument, "vector=True: an axis of components is needed") };
    if !component.is_scalar() {
        fail!(InvalidArgument, "vector=True: samples of type {component} are no scalars; give an array of numbers");
    }
    let limit = u64::from(u16::MAX) / component.element_count();
    let parts = count.checked_mul(component.element_count()).and_then(|parts| u16::try_from(parts).ok());
    match parts.filter(|parts| *parts > 0) {
        Some(parts) if count == 1 || stride == component.byte_count() as i64 || is_empty => {
            Ok(DataType::vector(component, parts))
        }
        Some(_) => fail!(
            InvalidArgument,
            "vector=True: the components of a sample must lie side by side; give np.ascontiguousarray(a)"
        ),
        None => fail!(
            InvalidArgument,
            "vector=True: the last axis has {count} components; 1 to {limit} of type {component} can be a vector, so \
             leave vector=True out to keep them as an axis"
        ),
    }
}

fn described(dtype: &Bound<'_, numpy::PyArrayDescr>, vector: bool) -> PyResult<(DataType, ByteOrder)> {
    use numpy::PyArrayDescrMethods;
    let order = match dtype.byteorder() {
        b'>' => ByteOrder::Big,
        b'<' => ByteOrder::Little,
        _ => ByteOrder::NATIVE,
    };
    if dtype.has_fields() && vector {
        let data_type = crate::dtype::from_numpy(dtype.as_any())?;
        // The fields are alike, so the first one's order is that of all.
        let (py, dtype) = (dtype.py(), dtype.as_any());
        let name = dtype.getattr(intern!(py, "names"))?.get_item(0)?;
        let first = dtype.getattr(intern!(py, "fields"))?.get_item(name)?;
        let order = match first.get_item(0)?.getattr(intern!(py, "byteorder"))?.extract::<char>()? {
            '>' => ByteOrder::Big,
            '<' => ByteOrder::Little,
            _ => ByteOrder::NATIVE,
        };
        return Ok((data_type, order));
    }
    if dtype.has_fields() {
        return Err(PyTypeError::new_err(format!(
            "{} is a structured type; with vector=True one whose fields are all alike becomes a vector type",
            dtype.repr()?
        )));
    }
    match crate::dtype::from_kind(dtype.kind() as char, dtype.itemsize() as u64) {
        Some(data_type) => Ok((data_type, order)),
        None => Err(crate::dtype::unsupported(dtype.as_any())),
    }
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Lease>()
}
