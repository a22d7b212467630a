//! The caller's buffers for regions: checked, then described in canonical axis order.

use crate::dtype::numpy_kind;
use crate::lent::{pinned, refuse_mask, Order, Shown};
use iolink_sdk::{ByteOrder, DataType, ImageProperties, Shape, Strides};
use numpy::npyffi::{NPY_ARRAY_ALIGNED, NPY_ARRAY_WRITEABLE};
use numpy::{PyArrayDescrMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use std::ffi::CStr;
use std::os::raw::c_int;

/// Memory that the caller lends for one call, or as long as this is kept.
pub struct Lent {
    data: *mut u8,
    item: Item,
    keeper: Keeper,
    _pins: Option<Py<PyAny>>,
}

/// What keeps the memory in place.
enum Keeper {
    /// An array that nobody resizes while others hold it, asked without the buffer protocol's way round.
    Array(Py<PyUntypedArray>),
    Buffer(Box<ffi::Py_buffer>),
    /// One that tells no strides although it was asked for them, as those of ctypes, and the strides that it has then.
    Dense(Box<ffi::Py_buffer>, Vec<isize>),
}

/// Bytes from one item to the next along each dimension of a dense buffer, the last one fastest.
fn dense(raw: &ffi::Py_buffer) -> Vec<isize> {
    // SAFETY: the shape was asked for.
    let sizes = unsafe { numbers(raw.shape as *const isize, raw.ndim as usize) };
    let mut steps = vec![raw.itemsize; sizes.len()];
    for axis in (1..sizes.len()).rev() {
        steps[axis - 1] = steps[axis].wrapping_mul(sizes[axis].max(1));
    }
    steps
}

/// One item: NumPy's letter for its kind where it has one, bytes, and byte order.
struct Item {
    kind: Option<char>,
    bytes: usize,
    order: ByteOrder,
}

// SAFETY: while the keeper is held the memory stays in place; it is only touched by this call.
unsafe impl Send for Lent {}
// SAFETY: as above.
unsafe impl Sync for Lent {}

impl Drop for Keeper {
    fn drop(&mut self) {
        if let Keeper::Buffer(raw) | Keeper::Dense(raw, _) = self {
            // After the interpreter's end nothing can be given back: the buffer is left where it is.
            // SAFETY: the buffer was filled by `PyObject_GetBuffer` and is released once, with the interpreter attached.
            Python::try_attach(|_| unsafe { ffi::PyBuffer_Release(&mut **raw) });
        }
    }
}

impl Item {
    /// Of an array of numbers in one of the two byte orders.
    fn of_array(array: &Bound<'_, PyUntypedArray>) -> Option<Self> {
        let dtype = array.dtype();
        let order = match dtype.byteorder() {
            b'=' | b'|' => ByteOrder::NATIVE,
            b'<' => ByteOrder::Little,
            b'>' => ByteOrder::Big,
            _ => return None,
        };
        let kind = char::from(dtype.kind());
        "buifc".contains(kind).then(|| Item { kind: Some(kind), bytes: dtype.itemsize(), order })
    }

    /// By the buffer protocol's text.
    fn of_buffer(raw: &ffi::Py_buffer) -> Self {
        let format = if raw.format.is_null() {
            "B".into()
        } else {
            // SAFETY: a format is NUL-terminated.
            unsafe { CStr::from_ptr(raw.format) }.to_string_lossy()
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
        Item { kind, bytes: raw.itemsize as usize, order }
    }

    fn is_native(&self) -> bool {
        self.bytes < 2 || self.order == ByteOrder::NATIVE
    }
}

impl Lent {
    /// Asks `given` for its memory, for as long as the interpreter is not let go.
    pub fn new(name: &str, given: &Bound<'_, PyAny>, writable: bool) -> PyResult<Self> {
        refuse_mask(name, given)?;
        match Lent::of_array(given, writable) {
            Some(lent) => Ok(lent),
            None => Lent::of_buffer(name, given, if writable { ffi::PyBUF_RECORDS } else { ffi::PyBUF_RECORDS_RO }),
        }
    }

    /// Asks `given` for its memory, which others may try to close meanwhile.
    pub fn kept(name: &str, given: &Bound<'_, PyAny>, writable: bool) -> PyResult<Self> {
        let lent = Lent::new(name, given, writable)?;
        Ok(Lent { _pins: pinned(given)?.map(Bound::unbind), ..lent })
    }

    /// Of an array as most are. Any other answers by the buffer protocol, which knows what is wrong with it.
    fn of_array(given: &Bound<'_, PyAny>, writable: bool) -> Option<Self> {
        let array = given.cast_exact::<PyUntypedArray>().ok()?;
        // SAFETY: the array is alive.
        let fields = unsafe { &(*array.as_array_ptr()).fields };
        let needed = if writable { NPY_ARRAY_ALIGNED | NPY_ARRAY_WRITEABLE } else { NPY_ARRAY_ALIGNED };
        if fields.flags & (needed | WARN_ON_WRITE) != needed {
            return None;
        }
        let (data, item) = (fields.data as *mut u8, Item::of_array(array)?);
        Some(Lent { data, item, keeper: Keeper::Array(array.clone().unbind()), _pins: None })
    }

    fn of_buffer(name: &str, given: &Bound<'_, PyAny>, flags: c_int) -> PyResult<Self> {
        // SAFETY: zero is a valid `Py_buffer` to be filled.
        let mut raw: Box<ffi::Py_buffer> = Box::new(unsafe { std::mem::zeroed() });
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
        let (data, item) = (raw.buf as *mut u8, Item::of_buffer(&raw));
        let keeper = match raw.strides.is_null() {
            true => {
                let steps = dense(&raw);
                Keeper::Dense(raw, steps)
            }
            false => Keeper::Buffer(raw),
        };
        Ok(Lent { data, item, keeper, _pins: None })
    }

    /// Items along each dimension, and bytes from one to the next.
    fn layout<'a>(&'a self, py: Python<'a>) -> (&'a [isize], &'a [isize]) {
        let (sizes, steps, count) = match &self.keeper {
            Keeper::Array(array) => {
                // SAFETY: the array is alive.
                let fields = unsafe { &(*array.bind(py).as_array_ptr()).fields };
                (fields.dimensions as *const isize, fields.strides as *const isize, fields.nd)
            }
            Keeper::Buffer(raw) => (raw.shape as *const isize, raw.strides as *const isize, raw.ndim),
            Keeper::Dense(raw, steps) => (raw.shape as *const isize, steps.as_ptr(), raw.ndim),
        };
        // SAFETY: both say how many numbers there are; PyBUF_RECORDS asks for shape and strides.
        unsafe { (numbers(sizes, count as usize), numbers(steps, count as usize)) }
    }

    pub fn data(&self) -> *mut u8 {
        self.data
    }

    /// The strides, in canonical order, by which the buffer holds a region of `size`.
    ///
    /// A buffer of one dimension is filled column fastest. One of several is in NumPy order, components of vectors last.
    ///
    /// # Errors
    /// `ValueError` where shapes or sizes differ, `TypeError` where the items are of another type.
    pub fn strides_for(
        &self,
        py: Python<'_>,
        name: &str,
        size: &Shape,
        data_type: DataType,
        properties: &ImageProperties,
    ) -> PyResult<Strides> {
        let (sizes, steps) = self.layout(py);
        let (kind, item) = (self.item.kind, self.item.bytes);
        let component = data_type.scalar().byte_count();
        let same = match numpy_kind(data_type) {
            Some(own) => kind == Some(own) && item == component,
            None => item == component,
        };
        let raw_bytes = sizes.len() == 1 && item == 1 && kind == Some('u');
        if (!same && !raw_bytes) || !self.item.is_native() {
            return Err(PyTypeError::new_err(format!(
                "{name}: the buffer's items are not of type {data_type} in native byte order"
            )));
        }
        let flat = sizes.len() == 1 && (size.len() != 1 || raw_bytes || data_type.vector_length().is_some());
        if flat {
            let sample = data_type.byte_count();
            let needed = size.element_count().and_then(|count| count.checked_mul(sample as u64)).unwrap_or(u64::MAX);
            let bytes = (sizes[0] as u64).saturating_mul(item as u64);
            if steps[0] != item as isize || bytes != needed {
                return Err(PyValueError::new_err(format!(
                    "{name}: a flat buffer must be contiguous and have exactly {needed} bytes; this one has {bytes}"
                )));
            }
            return Ok(size.column_fastest(sample));
        }
        let shown = Order::numpy(properties, size.len(), data_type);
        let fits = |(axis, found): (&Shown, &isize)| *found as u64 == axis.size(size, data_type);
        if sizes.len() != shown.len() || !shown.iter().zip(sizes).all(fits) {
            let wanted = shown.sizes(size, data_type);
            return Err(PyValueError::new_err(format!(
                "{name}: the buffer has shape {sizes:?}; the region in NumPy order has shape {wanted:?}"
            )));
        }
        if data_type.vector_length().is_some() && steps.last() != Some(&(component as isize)) {
            return Err(PyValueError::new_err(format!("{name}: the components of a sample must lie side by side")));
        }
        let mut strides = Strides::filled(size.len(), 0);
        for (axis, step) in shown.iter().zip(steps) {
            if let Shown::Axis(position) = axis {
                strides[usize::from(*position)] = *step as i64;
            }
        }
        Ok(strides)
    }
}

/// NumPy's flag of an array that shows an element at several places, and warns whoever writes to it. Its header has this name
/// with `NPY_ARRAY_` before it.
const WARN_ON_WRITE: c_int = 1 << 31;

/// # Safety
/// `at` is NULL or has `count` numbers.
unsafe fn numbers<'a>(at: *const isize, count: usize) -> &'a [isize] {
    if at.is_null() || count == 0 {
        return &[];
    }
    // SAFETY: by the caller's promise.
    unsafe { std::slice::from_raw_parts(at, count) }
}
