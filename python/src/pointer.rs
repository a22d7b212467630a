//! Addresses of views: taken from, and lent to, the program that embeds Python.

use crate::errors::raise;
use crate::held::Held;
use iolink_sdk::abi::iolink_view;
use iolink_sdk::{ErrorKind, Kind, View};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyInt;
use std::os::raw::c_void;
use std::sync::{Mutex, PoisonError};

extern "C" {
    fn iolink_shared_pointer_new(
        view: *mut iolink_view,
        release: unsafe extern "C" fn(view: *mut iolink_view),
    ) -> *mut c_void;
    fn iolink_shared_pointer_delete(pointer: *mut c_void);
}

/// A shared pointer made when first asked for and kept as long as the Python object.
#[derive(Default)]
pub struct LentAddress(Mutex<Option<Held<Address>>>);

struct Address(*mut c_void);

// SAFETY: the address is only handed out as a number and deleted once.
unsafe impl Send for Address {}

impl Drop for Address {
    fn drop(&mut self) {
        // SAFETY: the pointer came from `iolink_shared_pointer_new`.
        unsafe { iolink_shared_pointer_delete(self.0) }
    }
}

impl LentAddress {
    /// The address of a `std::shared_ptr` to the view.
    pub fn address(&self, view: impl FnOnce() -> PyResult<View>) -> PyResult<usize> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(address) = &*held {
            return Ok(address.0 as usize);
        }
        let raw = view()?.into_raw("org.iolink.python");
        // SAFETY: the reference is handed to the shared pointer, which gives it up by the view's own release.
        let made = unsafe {
            match (*(*raw).vtable).release {
                Some(release) => iolink_shared_pointer_new(raw, release),
                None => std::ptr::null_mut(),
            }
        };
        if made.is_null() {
            return Err(pyo3::exceptions::PyMemoryError::new_err("no memory for a shared pointer"));
        }
        *held = Some(Address(made).into());
        Ok(made as usize)
    }
}

/// The view at an address, with a reference of its own.
///
/// # Errors
/// `TypeError` for what is no integer, `ValueError` for an integer that is not the address of a live view of this kind.
pub fn view_from_address(pointer: &Bound<'_, PyAny>, kind: Kind) -> PyResult<View> {
    if !pointer.is_instance_of::<PyInt>() {
        return Err(PyTypeError::new_err(format!(
            "pointer: expected an integer, the address of a view, not {}",
            pointer.get_type().name()?
        )));
    }
    let Ok(address) = pointer.extract::<u64>() else {
        return Err(PyValueError::new_err(format!("pointer: no address is negative or that large: {pointer}")));
    };
    // SAFETY: whoever passes the address of a live view holds a reference to it, by the documentation.
    unsafe { iolink_host::view_at(address, kind) }.map_err(|refused| match refused.kind() {
        ErrorKind::InvalidArgument => PyValueError::new_err(format!("pointer: {}", refused.message())),
        _ => raise(refused),
    })
}
