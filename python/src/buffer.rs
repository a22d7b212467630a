//! The caller's buffers for regions: checked, then described in canonical axis order.

use crate::lent::{Order, Shown};
use iolink_sdk::{ByteOrder, DataType, ImageProperties, Shape, Strides};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use std::ffi::CStr;

/// A buffer that the caller lends for one call, or as long as this is kept.
pub struct Lent {
    raw: Box<ffi::Py_buffer>,
}

// SAFETY: while the buffer is held its exporter keeps the memory in place; the memory is only touched by this call.
unsafe impl Send for Lent {}
// SAFETY: as above.
unsafe impl Sync for Lent {}

impl Drop for Lent {
    fn drop(&mut self) {
        // After the interpreter's end nothing can be given back: the buffer is left where it is.
        // SAFETY: the buffer was filled by `PyObject_GetBuffer` and is released once, with the interpreter attached.
        Python::try_attach(|_| unsafe { ffi::PyBuffer_Release(&mut *self.raw) });
    }
}

impl Lent {
    /// Asks `given` for its memory.
    pub fn new(name: &str, given: &Bound<'_, PyAny>, writable: bool) -> PyResult<Self> {
        // SAFETY: zero is a valid `Py_buffer` to be filled.
        let mut raw: Box<ffi::Py_buffer> = Box::new(unsafe { std::mem::zeroed() });
        let flags = if writable { ffi::PyBUF_RECORDS } else { ffi::PyBUF_RECORDS_RO };
        // SAFETY: object and struct are live; the struct does not move until it is released.
        if unsafe { ffi::PyObject_GetBuffer(given.as_ptr(), &mut *raw, flags) } != 0 {
            let reason = PyErr::fetch(given.py());
            if reason.is_instance_of::<PyTypeError>(given.py()) {
                return Err(PyTypeError::new_err(format!(
                    "{name}: expected an object with the buffer protocol, such as a NumPy array or a bytearray, not {}",
                    given.get_type().name()?
                )));
            }
            return Err(PyValueError::new_err(format!("{name}: {reason}")));
        }
        Ok(Lent { raw })
    }

    fn dimensions(&self) -> usize {
        self.raw.ndim as usize
    }

    fn sizes(&self) -> &[isize] {
        // SAFETY: PyBUF_RECORDS asks for shape and strides, of `ndim` numbers each.
        unsafe { numbers(self.raw.shape, self.dimensions()) }
    }

    fn steps(&self) -> &[isize] {
        // SAFETY: as above.
        unsafe { numbers(self.raw.strides, self.dimensions()) }
    }

    pub fn data(&self) -> *mut u8 {
        self.raw.buf as *mut u8
    }

    /// The code (kind, bytes) of one item and its byte order.
    fn item(&self) -> (Option<char>, ByteOrder) {
        let format = if self.raw.format.is_null() {
            "B".into()
        } else {
            // SAFETY: a format is NUL-terminated.
            unsafe { CStr::from_ptr(self.raw.format) }.to_string_lossy()
        };
        let order = match format.chars().next() {
            Some('>' | '!') => ByteOrder::Big,
            Some('<') => ByteOrder::Little,
            _ => ByteOrder::NATIVE,
        };
        let kind = match format.trim_start_matches(['<', '>', '=', '@', '!', '|']) {
            "?" => Some('b'),
            "B" | "H" | "I" | "L" | "Q" | "N" => Some('u'),
            "b" | "h" | "i" | "l" | "q" | "n" => Some('i'),
            "e" | "f" | "d" => Some('f'),
            "Zf" | "Zd" => Some('c'),
            _ => None,
        };
        (kind, order)
    }

    /// The strides, in canonical order, by which the buffer holds a region of `size`.
    ///
    /// A buffer of one dimension is filled column fastest. One of several is in NumPy order, components of vectors last.
    ///
    /// # Errors
    /// `ValueError` where shapes or sizes differ, `TypeError` where the items are of another type.
    pub fn strides_for(
        &self,
        name: &str,
        size: &Shape,
        data_type: DataType,
        properties: &ImageProperties,
    ) -> PyResult<Strides> {
        let sample = data_type.byte_count();
        let component = data_type.scalar().byte_count();
        let (kind, order) = self.item();
        let own = crate::dtype::from_kind(kind.unwrap_or('?'), self.raw.itemsize as u64);
        let same = match crate::dtype::numpy_code(data_type) {
            Some(code) => own.and_then(crate::dtype::numpy_code) == Some(code),
            None => self.raw.itemsize as usize == component,
        };
        let raw_bytes = self.dimensions() == 1 && self.raw.itemsize == 1 && kind == Some('u');
        if (!same && !raw_bytes) || (order != ByteOrder::NATIVE && self.raw.itemsize > 1) {
            return Err(PyTypeError::new_err(format!(
                "{name}: the buffer's items are not of type {data_type} in native byte order"
            )));
        }
        let flat = self.dimensions() == 1 && (size.len() != 1 || raw_bytes || data_type.vector_length().is_some());
        if flat {
            let needed = size.element_count().and_then(|count| count.checked_mul(sample as u64)).unwrap_or(u64::MAX);
            if self.steps()[0] != self.raw.itemsize || self.raw.len as u64 != needed {
                return Err(PyValueError::new_err(format!(
                    "{name}: a flat buffer must be contiguous and have exactly {needed} bytes; this one has {}",
                    self.raw.len
                )));
            }
            return Ok(size.column_fastest(sample));
        }
        let shown = Order::numpy(properties, size.len(), data_type);
        let wanted = shown.sizes(size, data_type);
        let sizes: Vec<u64> = self.sizes().iter().map(|size| *size as u64).collect();
        if sizes != wanted {
            return Err(PyValueError::new_err(format!(
                "{name}: the buffer has shape {sizes:?}; the region in NumPy order has shape {wanted:?}"
            )));
        }
        if data_type.vector_length().is_some() && self.steps().last() != Some(&(component as isize)) {
            return Err(PyValueError::new_err(format!("{name}: the components of a sample must lie side by side")));
        }
        let mut strides = Strides::filled(size.len(), 0);
        for (axis, step) in shown.iter().zip(self.steps()) {
            if let Shown::Axis(position) = axis {
                strides[usize::from(*position)] = *step as i64;
            }
        }
        Ok(strides)
    }
}

/// # Safety
/// `at` is NULL or has `count` numbers.
unsafe fn numbers<'a>(at: *const isize, count: usize) -> &'a [isize] {
    if at.is_null() || count == 0 {
        return &[];
    }
    // SAFETY: by the caller's promise.
    unsafe { std::slice::from_raw_parts(at, count) }
}
