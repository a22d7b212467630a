//! An image as a tensor.

use super::super::Hold;
use super::tensor::{Device, ItemType, Legacy, Managed, Tensor, Versioned, CPU, IS_COPIED, READ_ONLY, VERSION};
use crate::errors::OrRaise;
use crate::image::ImageView;
use crate::interop::{copied, copy_from, lend};
use crate::lent::Lent;
use iolink_sdk::abi::IOLINK_MAX_DIMS;
use pyo3::exceptions::{PyBufferError, PyTypeError};
use pyo3::ffi;
use pyo3::prelude::*;
use std::os::raw::c_void;

/// A number for each axis of an export.
type Axes = [i64; IOLINK_MAX_DIMS + 1];

/// A tensor struct with all that it points into.
#[repr(C)]
struct Owned<M> {
    managed: M,
    shape: Axes,
    strides: Axes,
    hold: Hold,
}

unsafe extern "C" fn delete<M>(managed: *mut M) {
    // SAFETY: the struct is the first field of the box that `capsule` leaked; a consumer calls this once.
    unsafe { drop(Box::from_raw(managed as *mut Owned<M>)) }
}

unsafe extern "C" fn give_up<M: Managed>(capsule: *mut ffi::PyObject) {
    // SAFETY: Python calls this once, when the capsule goes; one that was taken over has another name by then.
    unsafe {
        if ffi::PyCapsule_IsValid(capsule, M::FRESH.as_ptr()) != 0 {
            let managed = ffi::PyCapsule_GetPointer(capsule, M::FRESH.as_ptr()) as *mut M;
            if let Some(deleter) = (*managed).deleter() {
                deleter(managed);
            }
        }
    }
}

/// A capsule that owns a tensor of the samples, until somebody takes it over.
fn capsule<'py, M: Managed>(
    py: Python<'py>,
    lent: &mut Lent,
    image: Option<Py<ImageView>>,
    managed: impl FnOnce(Tensor) -> M,
) -> PyResult<Bound<'py, PyAny>> {
    let (tensor, layout, item) = (described(lent)?, lent.layout(), lent.component() as i64);
    let hold = Hold::new(std::mem::take(&mut lent.memory.owner), image);
    let (shape, strides): (Axes, Axes) = Default::default();
    let mut owned = Box::new(Owned { managed: managed(tensor), shape, strides, hold });
    let is_empty = layout.shape().contains(&0);
    for (axis, (count, stride)) in layout.shape().iter().zip(layout.strides()).enumerate() {
        (owned.shape[axis], owned.strides[axis]) = (*count as i64, *stride as i64 / item);
        if *count > 1 && !is_empty && owned.strides[axis] * item != *stride as i64 {
            return Err(refused("the samples' strides are no multiples of their size, which DLPack cannot tell"));
        }
    }
    let (shape, strides) = (owned.shape.as_mut_ptr(), owned.strides.as_mut_ptr());
    let tensor = owned.managed.tensor();
    (tensor.shape, tensor.strides) = (shape, strides);
    let raw = Box::into_raw(owned);
    // SAFETY: name and destructor are static; the capsule owns the struct, which it gives up itself where making it fails.
    unsafe {
        let made = ffi::PyCapsule_New(raw as *mut c_void, M::FRESH.as_ptr(), Some(give_up::<M>));
        if made.is_null() {
            drop(Box::from_raw(raw));
        }
        Bound::from_owned_ptr_or_err(py, made)
    }
}

fn refused(words: &str) -> PyErr {
    PyBufferError::new_err(format!("{words}; give copy=True for a tensor of its own"))
}

/// The tensor, without the lists of its axes.
fn described(lent: &Lent) -> PyResult<Tensor> {
    let Some(item) = ItemType::of(lent.memory.data_type) else {
        return Err(PyBufferError::new_err(format!(
            "samples of type {} are no items of DLPack",
            lent.memory.data_type
        )));
    };
    if lent.is_swapped() {
        return Err(refused("the samples are not in native byte order, which DLPack cannot tell"));
    }
    let alignment = lent.memory.data_type.component_bytes();
    if !lent.address().is_multiple_of(alignment) {
        return Err(refused("the samples are not aligned, which DLPack cannot tell"));
    }
    Ok(Tensor {
        data: lent.address() as *mut c_void,
        device: Device { kind: CPU, id: 0 },
        ndim: lent.shown.len() as i32,
        item,
        shape: std::ptr::null_mut(),
        strides: std::ptr::null_mut(),
        byte_offset: 0,
    })
}

/// The tensor in its capsule, in the struct of version 1 or the one before; without an `image` it is a copy.
fn tensor<'py>(
    py: Python<'py>,
    lent: &mut Lent,
    image: Option<Py<ImageView>>,
    versioned: bool,
) -> PyResult<Bound<'py, PyAny>> {
    if versioned {
        let read_only = if lent.memory.writable { 0 } else { READ_ONLY };
        let flags = read_only | if image.is_none() { IS_COPIED } else { 0 };
        return capsule(py, lent, image, |tensor| Versioned {
            version: VERSION,
            context: std::ptr::null_mut(),
            deleter: Some(delete::<Versioned>),
            flags,
            tensor,
        });
    }
    if !lent.memory.writable {
        return Err(PyBufferError::new_err(
            "the samples are read-only, which DLPack cannot tell before version 1; give copy=True, or ask with \
             max_version=(1, 0)",
        ));
    }
    capsule(py, lent, image, |tensor| Legacy { tensor, context: std::ptr::null_mut(), deleter: Some(delete::<Legacy>) })
}

#[pymethods]
impl ImageView {
    /// The samples as a tensor of DLPack, in a capsule, as `from_dlpack` of array libraries asks for it. Memory is shared
    /// where the image has MEMORY_ACCESS; else the tensor is a read-only copy, or with `copy=True` one that can be written.
    ///
    /// Raises BufferError for what DLPack cannot tell: read-only memory to a consumer of a version before 1, other byte
    /// order, and for another device, and where `copy=False` cannot be met.
    ///
    /// >>> import numpy as np
    /// >>> image = ImageViewFactory.allocate((6, 4), "UINT16")
    /// >>> np.shares_memory(np.from_dlpack(image), np.asarray(image))
    /// True
    #[pyo3(signature = (*, dl_device = None, copy = None, max_version = None, stream = None))]
    fn __dlpack__<'py>(
        slf: &Bound<'py, Self>,
        dl_device: Option<&Bound<'py, PyAny>>,
        copy: Option<&Bound<'py, PyAny>>,
        max_version: Option<&Bound<'py, PyAny>>,
        stream: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        if stream.is_some() {
            return Err(PyBufferError::new_err(
                "stream: the samples lie in the processor's memory, which has no streams",
            ));
        }
        if let Some(device) = dl_device {
            let (kind, id): (i32, i32) = pair("dl_device", device)?;
            if (kind, id) != (CPU, 0) {
                return Err(PyBufferError::new_err(format!(
                    "dl_device: ({kind}, {id}) is not (1, 0), the processor; samples go to no other device"
                )));
            }
        }
        let versioned = max_version.map(|version| pair::<u32>("max_version", version)).transpose()?;
        let versioned = versioned.is_some_and(|(major, _)| major >= VERSION.major);
        let copy = copy_from(copy)?;
        let py = slf.py();
        if copy != Some(true) {
            if let Some(lent) = &mut lend(slf.get())? {
                return tensor(py, lent, Some(slf.clone().unbind()), versioned);
            }
        }
        if copy == Some(false) {
            return Err(PyBufferError::new_err(
                "copy=False: the image has no MEMORY_ACCESS capability, so its samples must be read; give copy=None",
            ));
        }
        let view = slf.get().open()?;
        let made = py.detach(|| copied(&view)).or_raise()?;
        let mut lent = Lent::of(&*made)?;
        lent.memory.writable = copy == Some(true);
        tensor(py, &mut lent, None, versioned)
    }

    /// The device that holds the samples: always (1, 0), the processor.
    fn __dlpack_device__(&self) -> (i32, i32) {
        (CPU, 0)
    }
}

/// A pair of numbers.
fn pair<'py, N>(name: &str, given: &Bound<'py, PyAny>) -> PyResult<(N, N)>
where
    (N, N): for<'a> FromPyObject<'a, 'py>,
{
    given.extract::<(N, N)>().map_err(|_| {
        let text = given.repr().map(|text| text.to_string()).unwrap_or_default();
        PyTypeError::new_err(format!("{name}: expected a pair of numbers, not {text}"))
    })
}
