//! Memory lent to NumPy: the array's base object, and building the array itself.

use crate::errors::OrRaise;
use crate::held::Held;
use crate::image::ImageView;
use iolink_sdk::abi::IOLINK_MAX_DIMS;
use iolink_sdk::{Axis, ByteOrder, DataType, ImageProperties, Interpretation, Memory, Primitive, Shape, Strides};
use numpy::npyffi::{npy_intp, NpyTypes, NPY_ARRAY_WRITEABLE, NPY_TYPES, PY_ARRAY_API};
use pyo3::prelude::*;
use pyo3::{exceptions::PyTypeError, ffi};
use std::os::raw::{c_char, c_int, c_void};

/// Keeps lent samples in place while an array uses them.
#[pyclass(frozen, module = "iolink", name = "_Lease")]
pub struct Lease {
    memory: Option<Held<Memory>>,
    image: Option<Py<ImageView>>,
}

impl Drop for Lease {
    fn drop(&mut self) {
        // The samples go before the image is told: what it counts is still lent until then.
        drop(self.memory.take());
        if let Some(image) = &self.image {
            image.get().export_ended();
        }
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
    Axis(usize),
    /// The components of a vector type.
    Components,
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
            return (0..dimensions).map(Shown::Axis).chain(components).collect();
        }
        Axis::NUMPY_ORDER
            .iter()
            .filter_map(|axis| own.iter().position(|known| known.axis == Some(*axis)).map(Shown::Axis))
            .chain(components)
            .collect()
    }

    /// The shape that an export of samples of this shape and type has.
    pub fn sizes(&self, shape: &Shape, data_type: DataType) -> Vec<u64> {
        self.iter()
            .map(|shown| match shown {
                Shown::Axis(position) => shape[*position],
                Shown::Components => data_type.vector_length().unwrap_or(1),
            })
            .collect()
    }
}

/// An array over lent memory, its axes in the order of `shown`.
pub fn array<'py>(
    py: Python<'py>,
    memory: Memory,
    shown: &Order,
    writable: bool,
    image: Option<Py<ImageView>>,
) -> PyResult<Bound<'py, PyAny>> {
    let data_type = memory.data_type;
    let number = type_number(data_type)
        .ok_or_else(|| PyTypeError::new_err(format!("samples of type {data_type} have no NumPy dtype")))?;
    let component = data_type.scalar().byte_count();
    let mut shape = [0 as npy_intp; IOLINK_MAX_DIMS + 1];
    let mut strides = [0 as npy_intp; IOLINK_MAX_DIMS + 1];
    for (index, axis) in shown.iter().enumerate() {
        (shape[index], strides[index]) = match axis {
            Shown::Axis(position) => (memory.shape[*position] as npy_intp, memory.strides[*position] as npy_intp),
            Shown::Components => (data_type.vector_length().unwrap_or(1) as npy_intp, component as npy_intp),
        };
    }
    let flags = if writable && memory.writable { NPY_ARRAY_WRITEABLE } else { 0 };
    let (data, swapped) = (memory.data, memory.byte_order != ByteOrder::NATIVE && data_type.component_bytes() > 1);
    let order = if memory.byte_order == ByteOrder::Big { b'>' } else { b'<' };
    // An array of no samples may have no address; NumPy would allocate for NULL.
    let data = if data.is_null() { std::ptr::NonNull::<u64>::dangling().as_ptr() as *mut u8 } else { data };
    if let Some(image) = &image {
        image.get().export_begun();
    }
    let lease = Bound::new(py, Lease { memory: Some(memory.into()), image })?;
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
            shape.as_mut_ptr(),
            strides.as_mut_ptr(),
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
pub fn memory_of(array: &Bound<'_, numpy::PyUntypedArray>, vector: bool) -> PyResult<Box<Memory>> {
    use numpy::{PyArrayDescrMethods, PyUntypedArrayMethods};
    let dtype = array.dtype();
    let (mut data_type, byte_order) = described(&dtype, vector)?;
    let (mut sizes, mut steps) = (array.shape(), array.strides());
    // SAFETY: the array object is live.
    let (data, writable) = unsafe {
        let raw = &(*array.as_array_ptr()).fields;
        (raw.data as *mut u8, raw.flags & NPY_ARRAY_WRITEABLE != 0)
    };
    if vector && !dtype.has_fields() {
        let (count, stride) = match (sizes.split_last(), steps.split_last()) {
            (Some((count, other_sizes)), Some((stride, other_steps))) => {
                (sizes, steps) = (other_sizes, other_steps);
                (*count as u64, *stride as i64)
            }
            _ => return Err(pyo3::exceptions::PyValueError::new_err("vector=True needs an axis of components")),
        };
        let fits = u16::try_from(count).ok().filter(|count| *count > 0 && data_type.is_scalar());
        match fits {
            Some(count) if count == 1 || stride == data_type.byte_count() as i64 => {
                let parts = data_type.element_count() as u16;
                data_type = DataType::vector(data_type, count * parts);
            }
            Some(_) => {
                return Err(pyo3::exceptions::PyValueError::new_err(
                    "vector=True: the components of a sample must lie side by side; give np.ascontiguousarray(a)",
                ))
            }
            None => {
                return Err(pyo3::exceptions::PyValueError::new_err(format!(
                    "vector=True: the last axis has {count} components; 1 to 65535 of a scalar type can be a vector"
                )))
            }
        }
    }
    let owner = crate::interop::python_owner(array.as_any());
    Ok(Box::new(Memory {
        data,
        data_type,
        shape: Shape::collect(sizes.iter().map(|size| *size as u64)).or_raise()?,
        strides: Strides::collect(steps.iter().map(|step| *step as i64)).or_raise()?,
        byte_order,
        writable,
        owner,
    }))
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
        let first = dtype.as_any().getattr("fields")?.get_item(dtype.as_any().getattr("names")?.get_item(0)?)?;
        let order = match first.get_item(0)?.getattr("byteorder")?.extract::<char>()? {
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
