//! The buffer protocol: the samples of an image where they lie, with their strides and byte order.

use super::Hold;
use crate::held::Held;
use crate::image::ImageView;
use crate::interop::lend;
use crate::lent::{Layout, Lent};
use pyo3::exceptions::PyBufferError;
use pyo3::ffi;
use pyo3::prelude::*;
use std::ffi::CString;
use std::os::raw::{c_int, c_void};

/// What a buffer points into, and what keeps it there.
struct Export {
    layout: Layout,
    format: CString,
    _hold: Hold,
}

/// Refuses what the samples' layout cannot give.
fn check(lent: &Lent, layout: &Layout, flags: c_int) -> PyResult<()> {
    let asked = |flag: c_int| flags & flag == flag;
    if asked(ffi::PyBUF_WRITABLE) && !lent.memory.writable {
        return Err(PyBufferError::new_err("the image's memory is read-only: ask for a read-only buffer, or copy it"));
    }
    let item = lent.component() as isize;
    let (c, f) = (layout.is_contiguous(item, true), layout.is_contiguous(item, false));
    let needs_c = asked(ffi::PyBUF_C_CONTIGUOUS) || !asked(ffi::PyBUF_STRIDES);
    let needs_any = asked(ffi::PyBUF_ANY_CONTIGUOUS);
    if (needs_c && !c) || (asked(ffi::PyBUF_F_CONTIGUOUS) && !f) || (needs_any && !c && !f) {
        return Err(PyBufferError::new_err(
            "the image's samples do not lie in that order without gaps: ask for a buffer with strides, or copy them",
        ));
    }
    if asked(ffi::PyBUF_FORMAT) || !lent.is_swapped() {
        return Ok(());
    }
    Err(PyBufferError::new_err(
        "the image's samples are not in native byte order, which only a buffer with format tells",
    ))
}

#[pymethods]
impl ImageView {
    unsafe fn __getbuffer__(slf: Bound<'_, Self>, view: *mut ffi::Py_buffer, flags: c_int) -> PyResult<()> {
        if view.is_null() {
            return Err(PyBufferError::new_err("there is no Py_buffer to be filled"));
        }
        // SAFETY: Python lends the struct for this call; on failure its object must be NULL.
        unsafe { (*view).obj = std::ptr::null_mut() };
        let Some(lent) = lend(slf.get())? else {
            return Err(PyBufferError::new_err(
                "the image has no MEMORY_ACCESS capability: read regions of it, or copy it into memory \
                 (ImageViewFactory.copy_in_memory)",
            ));
        };
        let layout = lent.layout();
        check(&lent, &layout, flags)?;
        let format = CString::new(lent.format()?).unwrap_or_default();
        let (data, item, writable) = (lent.address() as *mut c_void, lent.component() as isize, lent.memory.writable);
        let hold = Hold::new(lent.memory.owner, Some(slf.clone().unbind()));
        let export = Box::into_raw(Box::new(Export { layout, format, _hold: hold }));
        let asked = |flag: c_int| flags & flag == flag;
        // SAFETY: the struct is lent for this call; what it points into lives in `export` until the buffer is released,
        // and the reference to this object is the buffer's.
        unsafe {
            let (layout, view) = (&mut (*export).layout, &mut *view);
            view.buf = data;
            view.len = layout.shape().iter().product::<isize>() * item;
            view.readonly = c_int::from(!writable);
            view.itemsize = item;
            view.format =
                if asked(ffi::PyBUF_FORMAT) { (*export).format.as_ptr().cast_mut() } else { std::ptr::null_mut() };
            // As of NumPy's arrays: whoever asks for no axes gets plain bytes, and no axes have no lists.
            view.ndim = if asked(ffi::PyBUF_ND) { layout.length as c_int } else { 0 };
            let listed = |flag, list: *mut isize| {
                if asked(flag) && layout.length > 0 {
                    list
                } else {
                    std::ptr::null_mut()
                }
            };
            view.shape = listed(ffi::PyBUF_ND, layout.shape.as_mut_ptr());
            view.strides = listed(ffi::PyBUF_STRIDES, layout.strides.as_mut_ptr());
            view.suboffsets = std::ptr::null_mut();
            view.internal = export as *mut c_void;
            view.obj = slf.into_ptr();
        }
        Ok(())
    }

    unsafe fn __releasebuffer__(&self, view: *mut ffi::Py_buffer) {
        // SAFETY: `internal` is the export of `__getbuffer__`; Python releases a buffer once.
        unsafe { drop(Held::from(Box::from_raw((*view).internal as *mut Export))) }
    }
}
