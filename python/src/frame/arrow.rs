//! The Arrow PyCapsule protocol, both ways.

use super::column::DataFrameColumn;
use super::view::DataFrameView;
use crate::errors::OrRaise;
use iolink_plugin_dataframe::build;
use iolink_sdk::abi::{ArrowArray, ArrowArrayStream, ArrowSchema};
use iolink_sdk::{OwnedArray, OwnedSchema, OwnedStream};
use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use std::ffi::CStr;
use std::os::raw::c_void;

const SCHEMA: &CStr = c"arrow_schema";
const ARRAY: &CStr = c"arrow_array";
const STREAM: &CStr = c"arrow_array_stream";

/// The structs that capsules carry.
trait Carried: Sized {
    const NAME: &'static CStr;
    type Raw;
    fn hand_over(self) -> Self::Raw;
    /// # Safety
    /// `raw` points to a struct of this kind, live or released.
    unsafe fn take_back(raw: *mut Self::Raw) -> iolink_sdk::Result<Self>;
}

macro_rules! carried {
    ($($owned:ident, $raw:ident, $name:ident;)*) => {$(
        impl Carried for $owned {
            const NAME: &'static CStr = $name;
            type Raw = $raw;
            fn hand_over(self) -> $raw {
                self.into_raw()
            }
            unsafe fn take_back(raw: *mut $raw) -> iolink_sdk::Result<Self> {
                // SAFETY: by the caller's promise.
                unsafe { $owned::take(raw) }
            }
        }
    )*};
}

carried! {
    OwnedSchema, ArrowSchema, SCHEMA;
    OwnedArray, ArrowArray, ARRAY;
    OwnedStream, ArrowArrayStream, STREAM;
}

unsafe extern "C" fn destroy<T: Carried>(capsule: *mut ffi::PyObject) {
    // SAFETY: Python calls this once for a capsule of `carry`, whose pointer is a box of the struct. A consumer that took
    // the struct out left a released one behind, of which nothing is to be taken back.
    unsafe {
        let raw = ffi::PyCapsule_GetPointer(capsule, T::NAME.as_ptr()) as *mut T::Raw;
        if raw.is_null() {
            ffi::PyErr_Clear();
        } else {
            drop(T::take_back(raw));
            drop(Box::from_raw(raw));
        }
    }
}

/// A capsule around a struct.
fn carry<'py, T: Carried>(py: Python<'py>, value: T) -> PyResult<Bound<'py, PyAny>> {
    let raw = Box::into_raw(Box::new(value.hand_over()));
    // SAFETY: name and destructor are static; the capsule owns the box, and without a capsule it is taken back here.
    unsafe {
        let made = ffi::PyCapsule_New(raw as *mut c_void, T::NAME.as_ptr(), Some(destroy::<T>));
        if made.is_null() {
            drop(T::take_back(raw));
            drop(Box::from_raw(raw));
        }
        Bound::from_owned_ptr_or_err(py, made)
    }
}

pub fn schema_capsule<'py>(py: Python<'py>, schema: OwnedSchema) -> PyResult<Bound<'py, PyAny>> {
    carry(py, schema)
}

pub fn array_capsule<'py>(py: Python<'py>, array: OwnedArray) -> PyResult<Bound<'py, PyAny>> {
    carry(py, array)
}

pub fn stream_capsule<'py>(py: Python<'py>, stream: OwnedStream) -> PyResult<Bound<'py, PyAny>> {
    carry(py, stream)
}

/// The schema that a consumer asks for.
pub fn requested(capsule: &Bound<'_, PyAny>) -> PyResult<OwnedSchema> {
    let raw = pointer(capsule, SCHEMA)? as *mut ArrowSchema;
    // SAFETY: a capsule of this name points to such a struct, which stays there until the capsule goes.
    unsafe { OwnedSchema::take(raw) }.or_raise()
}

/// The pointer of a capsule of this name.
fn pointer(capsule: &Bound<'_, PyAny>, name: &CStr) -> PyResult<*mut c_void> {
    // SAFETY: any object may be asked; the name is NUL-terminated.
    unsafe {
        if ffi::PyCapsule_IsValid(capsule.as_ptr(), name.as_ptr()) == 0 {
            return Err(PyTypeError::new_err(format!(
                "expected a capsule named {name:?}, not {}; its producer does not follow the Arrow PyCapsule protocol",
                capsule.get_type().name()?
            )));
        }
        Ok(ffi::PyCapsule_GetPointer(capsule.as_ptr(), name.as_ptr()))
    }
}

/// What an object hands out by the protocol.
pub enum Given {
    Stream(OwnedStream),
    Array(OwnedSchema, OwnedArray),
}

impl Given {
    /// As a table.
    pub fn into_table(self) -> iolink_sdk::Result<OwnedStream> {
        match self {
            Given::Stream(stream) => Ok(stream),
            Given::Array(schema, array) => build::batch(&schema, array),
        }
    }
}

/// Asks an object for Arrow data; `None` where it does not know the protocol.
pub fn given(object: &Bound<'_, PyAny>) -> PyResult<Option<Given>> {
    let py = object.py();
    // What is our own keeps its types.
    if let Ok(frame) = object.cast_exact::<DataFrameView>() {
        return Ok(Some(Given::Stream(frame.get().exact_table(py)?)));
    }
    if let Ok(column) = object.cast_exact::<DataFrameColumn>() {
        let (schema, array) = column.get().exact_values(py)?.to_c().or_raise()?;
        return Ok(Some(Given::Array(schema, array)));
    }
    if let Some(export) = object.getattr_opt(intern!(py, "__arrow_c_stream__"))? {
        let capsule = export.call0()?;
        let raw = pointer(&capsule, STREAM)? as *mut ArrowArrayStream;
        // SAFETY: a capsule of this name points to such a struct, which stays there until the capsule goes.
        let stream = unsafe { OwnedStream::take(raw) };
        return Ok(Some(Given::Stream(stream.or_raise()?)));
    }
    match object.getattr_opt(intern!(py, "__arrow_c_array__"))? {
        Some(export) => array_from(&export.call0()?).map(Some),
        None => Ok(None),
    }
}

/// The error in the place of a panic of polars, which is no `Exception` and so is caught by nobody.
pub fn without_panic(py: Python<'_>, failed: PyErr) -> PyErr {
    match failed.get_type(py).name() {
        Ok(name) if name == "PanicException" => crate::errors::raise(iolink_sdk::Error::new(
            iolink_sdk::ErrorKind::Unsupported,
            format!(
                "polars cannot take a type of the frame: {}; leave the column out, or convert it with to_arrow() first",
                failed.value(py)
            ),
        )),
        _ => failed,
    }
}

/// One chunk of pyarrow's, which answers as an array alone.
pub fn chunk(array: &Bound<'_, PyAny>) -> PyResult<Given> {
    array_from(&array.call_method0(intern!(array.py(), "__arrow_c_array__"))?)
}

fn array_from(pair: &Bound<'_, PyAny>) -> PyResult<Given> {
    let (schema, array) = (pair.get_item(0)?, pair.get_item(1)?);
    let schema = pointer(&schema, SCHEMA)? as *mut ArrowSchema;
    let array = pointer(&array, ARRAY)? as *mut ArrowArray;
    // SAFETY: capsules of these names point to such structs, which stay there until the capsules go; `pair` keeps both.
    let (schema, array) = unsafe { (OwnedSchema::take(schema), OwnedArray::take(array)) };
    Ok(Given::Array(schema.or_raise()?, array.or_raise()?))
}
