//! Addresses of views: taken from, and lent to, the program that embeds Python.
//!
//! An address is judged before it is believed: is it readable, does a live view begin there, is it of the kind asked
//! for? What cannot be told is whether a freed address has become another live view since.

use crate::errors::OrRaise;
use iolink_sdk::abi::{iolink_view, iolink_view_head, IOLINK_VIEW_MAGIC};
use iolink_sdk::{Kind, View};
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
pub struct LentAddress(Mutex<Option<Address>>);

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
        *held = Some(Address(made));
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
    let refuse = |why: &str| {
        Err(PyValueError::new_err(format!(
            "pointer: {} is not the address of a live {}, nor of a shared pointer to one: {why}",
            pointer,
            kind.word()
        )))
    };
    let Ok(address) = pointer.extract::<usize>() else { return refuse("no address is negative or that large") };
    let Some(first) = probe::<u64>(address) else { return refuse("the memory there cannot be read") };
    let at = if first == IOLINK_VIEW_MAGIC { address } else { first as usize };
    match probe::<[usize; 3]>(at) {
        Some([magic, table, _]) if magic as u64 == IOLINK_VIEW_MAGIC => match probe::<[u32; 2]>(table) {
            Some([size, number]) if size as usize >= std::mem::size_of::<iolink_view_head>() => {
                match Kind::from_number(number) {
                    Some(found) if found == kind => {
                        // SAFETY: the address is readable, begins with the magic of a live view and leads to a table of
                        // this kind; the caller of `create_from_pointer` holds a reference, by its documentation.
                        unsafe { View::from_borrowed(at as *mut iolink_view) }.or_raise()
                    }
                    Some(found) => refuse(&format!("the view there is of kind {}", found.word())),
                    None => refuse("the view there is of an unknown kind"),
                }
            }
            _ => refuse("the view there has no table"),
        },
        _ => refuse("no live view begins there"),
    }
}

/// Reads a value of plain numbers at an address that may not be readable.
fn probe<T: Copy>(address: usize) -> Option<T> {
    if address == 0 || !address.is_multiple_of(std::mem::align_of::<usize>()) {
        return None;
    }
    let mut out = std::mem::MaybeUninit::<T>::uninit();
    let size = std::mem::size_of::<T>();
    read_other(address, out.as_mut_ptr() as *mut u8, size).then(|| {
        // SAFETY: every byte was written, and callers ask for plain numbers.
        unsafe { out.assume_init() }
    })
}

/// Copies bytes that may not be there: the kernel looks, so a bad address is an error and not a signal.
#[cfg(target_os = "linux")]
fn read_other(address: usize, out: *mut u8, size: usize) -> bool {
    let local = libc::iovec { iov_base: out as *mut c_void, iov_len: size };
    let remote = libc::iovec { iov_base: address as *mut c_void, iov_len: size };
    // SAFETY: the kernel checks the remote range; the local one is ours.
    let read = unsafe { libc::process_vm_readv(libc::getpid(), &local, 1, &remote, 1, 0) };
    read == size as isize || through_pipe(address, out, size)
}

#[cfg(all(unix, not(target_os = "linux")))]
fn read_other(address: usize, out: *mut u8, size: usize) -> bool {
    through_pipe(address, out, size)
}

/// Where a sandbox forbids the direct way: `write` to a pipe fails with EFAULT for memory that is not there.
#[cfg(unix)]
fn through_pipe(address: usize, out: *mut u8, size: usize) -> bool {
    let mut ends = [0; 2];
    // SAFETY: `ends` takes two descriptors, closed below; the kernel checks the address.
    unsafe {
        if libc::pipe(ends.as_mut_ptr()) != 0 {
            return false;
        }
        let written = libc::write(ends[1], address as *const c_void, size);
        let copied = written == size as isize && libc::read(ends[0], out as *mut c_void, size) == size as isize;
        libc::close(ends[0]);
        libc::close(ends[1]);
        copied
    }
}

#[cfg(not(unix))]
compile_error!("create_from_pointer needs a way to ask whether memory is readable; none is written for this system");
