//! A tensor as an image.

use super::tensor::{Legacy, Managed, Tensor, Versioned, IS_COPIED, READABLE, READ_ONLY, VERSION};
use crate::axes::interpretation_from;
use crate::errors::OrRaise;
use crate::image::ImageView;
use crate::interop::{copied, copy_from, image_of, python_owner};
use crate::lent::{pinned, refuse_mask, vector_type};
use iolink_sdk::abi::IOLINK_MAX_DIMS;
use iolink_sdk::{fail, ByteOrder, Error, Memory, Owner, Result, Shape, Strides};
use pyo3::exceptions::{PyBufferError, PyTypeError};
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyTuple};
use std::os::raw::c_void;
use std::sync::Arc;

/// Takes a tensor over from its capsule, which is renamed: whoever holds it finds it used. `None` under another name.
fn taken<M: Managed>(capsule: &Bound<'_, PyAny>) -> PyResult<Option<*mut M>> {
    // SAFETY: the pointer is only taken where the capsule has the name of a tensor that nobody took over yet.
    unsafe {
        if ffi::PyCapsule_IsValid(capsule.as_ptr(), M::FRESH.as_ptr()) == 0 {
            return Ok(None);
        }
        let managed = ffi::PyCapsule_GetPointer(capsule.as_ptr(), M::FRESH.as_ptr()) as *mut M;
        if ffi::PyCapsule_SetName(capsule.as_ptr(), M::USED.as_ptr()) != 0 {
            return Err(PyErr::fetch(capsule.py()));
        }
        Ok(Some(managed))
    }
}

/// Calls a tensor's deleter when the last user of its memory is gone.
fn owner<M: Managed>(managed: *mut M) -> Owner {
    unsafe extern "C" fn release<M: Managed>(managed: *mut c_void) {
        // SAFETY: the tensor was taken over and lives until its deleter is called, once.
        unsafe {
            if let Some(deleter) = (*(managed as *mut M)).deleter() {
                deleter(managed as *mut M);
            }
        }
    }
    // SAFETY: DLPack lets a deleter be called from any thread; those of Python libraries attach themselves.
    unsafe { Owner::from_raw(managed as *mut c_void, Some(release::<M>)) }
}

/// The samples of a tensor; of a `vector` type its last axis holds the components.
///
/// # Safety
/// The tensor is one that was taken over, and `owner` keeps it.
unsafe fn memory(tensor: &Tensor, vector: bool, writable: bool, owner: Owner) -> Result<Memory> {
    if !READABLE.contains(&tensor.device.kind) {
        fail!(
            NotImplemented,
            "the tensor lies on a device of kind {}, not in the processor's memory",
            tensor.device.kind
        );
    }
    let Some(mut data_type) = tensor.item.data_type() else {
        fail!(
            Type,
            "the tensor's items (code {}, {} bits, {} lanes) are no samples of an image; convert them first",
            tensor.item.code,
            tensor.item.bits,
            tensor.item.lanes
        );
    };
    // A number of axes that is a lie would have sizes read that are not there.
    let most = IOLINK_MAX_DIMS + usize::from(vector);
    let Some(count) = usize::try_from(tensor.ndim).ok().filter(|count| *count <= most) else {
        fail!(InvalidArgument, "the tensor has {} axes; give one of at most {most}", tensor.ndim)
    };
    let size = data_type.byte_count();
    // SAFETY: a tensor has as many sizes and strides as axes, or NULL.
    let (mut sizes, mut steps) = unsafe { (numbers(tensor.shape, count), numbers(tensor.strides, count)) };
    if count > 0 && (sizes.is_empty() || sizes.iter().any(|size| *size < 0)) {
        fail!(InvalidArgument, "the tensor has {count} axes without a size, or with a negative one");
    }
    if vector {
        let step = steps.last().map_or(size as i64, |step| step.saturating_mul(size as i64));
        let last = sizes.last().map(|count| (*count as u64, step));
        data_type = vector_type(data_type, last, sizes.contains(&0))?;
        sizes = &sizes[..sizes.len() - 1];
        steps = &steps[..steps.len().min(sizes.len())];
    }
    let shape = Shape::collect(sizes.iter().map(|size| *size as u64))?;
    if tensor.data.is_null() && !shape.contains(&0) {
        fail!(InvalidArgument, "the tensor has samples of shape {shape} and no address of them");
    }
    let strides = if steps.is_empty() {
        shape.dense_strides(data_type.byte_count(), (0..shape.len()).rev())
    } else {
        Strides::collect(steps.iter().map(|step| step.saturating_mul(size as i64)))?
    };
    let data = (tensor.data as *mut u8).wrapping_add(tensor.byte_offset as usize);
    Ok(Memory { data, data_type, shape, strides, byte_order: ByteOrder::NATIVE, writable, owner })
}

/// # Safety
/// `at` is NULL or has `count` numbers.
unsafe fn numbers<'a>(at: *const i64, count: usize) -> &'a [i64] {
    if at.is_null() || count == 0 {
        return &[];
    }
    // SAFETY: by the caller's promise.
    unsafe { std::slice::from_raw_parts(at, count) }
}

extern "C" {
    /// Of the stable interface from 3.12 on; 3.11 has the same function, beside its stable interface.
    fn PyObject_VectorcallMethod(
        name: *mut ffi::PyObject,
        arguments: *const *mut ffi::PyObject,
        positional: usize,
        keywords: *mut ffi::PyObject,
    ) -> *mut ffi::PyObject;
}

/// `thing.__dlpack__(max_version=..., copy=...)`, the latter where it is given.
fn called<'py>(thing: &Bound<'py, PyAny>, copy: Option<bool>) -> PyResult<Bound<'py, PyAny>> {
    type Shared = PyOnceLock<Py<PyTuple>>;
    static NEWEST: Shared = PyOnceLock::new();
    static KEYWORDS: [Shared; 2] = [const { Shared::new() }; 2];
    let py = thing.py();
    let newest = NEWEST.get_or_try_init(py, || tuple((VERSION.major, VERSION.minor).into_pyobject(py)))?;
    let keywords = match copy {
        None => KEYWORDS[0].get_or_try_init(py, || tuple((intern!(py, "max_version"),).into_pyobject(py)))?,
        Some(_) => {
            let names = || tuple((intern!(py, "max_version"), intern!(py, "copy")).into_pyobject(py));
            KEYWORDS[1].get_or_try_init(py, names)?
        }
    };
    let arguments = [thing.as_ptr(), newest.as_ptr(), PyBool::new(py, copy == Some(true)).as_ptr()];
    // SAFETY: the arguments are live; one is positional, and as many as there are names follow.
    unsafe {
        let name = intern!(py, "__dlpack__").as_ptr();
        Bound::from_owned_ptr_or_err(py, PyObject_VectorcallMethod(name, arguments.as_ptr(), 1, keywords.as_ptr()))
    }
}

fn tuple(made: PyResult<Bound<'_, PyTuple>>) -> PyResult<Py<PyTuple>> {
    made.map(Bound::unbind)
}

/// What an object answers to `__dlpack__`; one of a version that does not know `copy`, or `max_version` either, is asked without.
fn asked<'py>(thing: &Bound<'py, PyAny>, copy: Option<bool>) -> PyResult<Bound<'py, PyAny>> {
    let py = thing.py();
    let mut answer = called(thing, copy);
    if copy == Some(true) && answer.as_ref().is_err_and(|refused| refused.is_instance_of::<PyTypeError>(py)) {
        answer = called(thing, None);
    }
    let refused = match answer {
        Ok(capsule) => return Ok(capsule),
        Err(refused) => refused,
    };
    let Ok(method) = thing.getattr(intern!(py, "__dlpack__")) else {
        return Err(PyTypeError::new_err(format!(
            "expected an object with __dlpack__, such as an array of NumPy, PyTorch or CuPy, not {}",
            thing.get_type().name().map(|name| name.to_string()).unwrap_or_default()
        )));
    };
    match refused.is_instance_of::<PyTypeError>(py) && copy != Some(false) {
        true => method.call0(),
        false => Err(refused),
    }
}

/// An image over the memory of a tensor: any object with `__dlpack__`, without a copy. The axes are read as those of an
/// array by `NumpyInterop.from_numpy_array`. A tensor that is read-only stays so, and so does one of a library that cannot
/// tell.
///
/// `copy=True` makes an image in memory of its own, `copy=False` refuses a tensor that its library would have to copy, or
/// says it copied.
///
/// Raises TypeError for an object without `__dlpack__` and for masked arrays, BufferError for tensors that are not in the
/// processor's memory and for copies that were not allowed.
///
/// >>> import numpy as np
/// >>> array = np.zeros((2, 3), np.uint16)
/// >>> from_dlpack(array, "IMAGE").shape()
/// VectorXu64(3, 2)
#[pyfunction]
#[pyo3(signature = (thing, interpretation = None, *, vector = false, copy = None))]
fn from_dlpack(
    thing: &Bound<'_, PyAny>,
    interpretation: Option<&Bound<'_, PyAny>>,
    vector: bool,
    copy: Option<&Bound<'_, PyAny>>,
) -> PyResult<ImageView> {
    let (py, copy) = (thing.py(), copy_from(copy)?);
    let interpretation = interpretation_from("interpretation", interpretation)?;
    refuse_mask("thing", thing)?;
    let pins = pinned(thing)?;
    let capsule = asked(thing, copy)?;
    let memory = if let Some(managed) = taken::<Versioned>(&capsule)? {
        // SAFETY: the struct was taken over; version and flags lie at the same place in every version.
        let (version, flags) = unsafe { ((*managed).version, (*managed).flags) };
        let owner = owner(managed);
        if version.major > VERSION.major {
            return Err(PyBufferError::new_err(format!(
                "the tensor is of DLPack version {}.{}, which is newer than {}",
                version.major, version.minor, VERSION.major
            )));
        }
        if copy == Some(false) && flags & IS_COPIED != 0 {
            return Err(PyBufferError::new_err(
                "copy=False: the library copied the tensor all the same; give copy=None to take the copy",
            ));
        }
        // SAFETY: the struct was taken over, and the owner keeps it.
        unsafe { memory(&(*managed).tensor, vector, flags & READ_ONLY == 0, owner) }
    } else if let Some(managed) = taken::<Legacy>(&capsule)? {
        // SAFETY: the struct was taken over, and the owner keeps it.
        unsafe { memory(&(*managed).tensor, vector, false, owner(managed)) }
    } else {
        return Err(PyTypeError::new_err("__dlpack__ gave no tensor, or one that somebody else took over"));
    };
    let memory = memory.map_err(|refused: Error| match refused.kind() {
        iolink_sdk::ErrorKind::NotImplemented => PyBufferError::new_err(refused.message().to_owned()),
        _ => crate::errors::raise(refused),
    })?;
    let memory = match pins {
        Some(pins) => Memory { owner: Owner::arc(Arc::new((memory.owner, python_owner(&pins)))), ..memory },
        None => memory,
    };
    let image = image_of(memory, interpretation)?;
    if copy == Some(true) {
        let view = image.open()?;
        return py.detach(|| copied(&view)).or_raise().map(ImageView::new);
    }
    Ok(image)
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(from_dlpack, module)?)
}
