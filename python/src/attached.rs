//! Whether this thread holds the interpreter, and letting go of Python objects where it may not.

use pyo3::ffi;
use pyo3::prelude::*;
use std::os::raw::{c_int, c_void};
use std::sync::OnceLock;

type Running = unsafe extern "C" fn() -> *mut ffi::PyThreadState;

/// The interpreter's function that names the thread it runs, or none. Every version has it, under one of two names, and no
/// version has it in the stable interface: it is looked up.
fn running() -> Option<Running> {
    static RUNNING: OnceLock<Option<Running>> = OnceLock::new();
    *RUNNING.get_or_init(|| {
        [c"PyThreadState_GetUnchecked", c"_PyThreadState_UncheckedGet"].iter().find_map(|name| {
            // SAFETY: any name may be looked up, and a function of either name has this signature; NULL becomes `None`.
            unsafe {
                let found = libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr());
                std::mem::transmute::<*mut c_void, Option<Running>>(found)
            }
        })
    })
}

/// Does this thread hold the interpreter? Asks without waiting; where it cannot be told, the answer is no.
fn holds_interpreter() -> bool {
    let Some(running) = running() else { return false };
    // SAFETY: both may be called on any thread at any time. Where versions up to 3.11 name the thread that runs anywhere,
    // and later ones this thread where it runs, only a thread that runs finds itself named.
    unsafe {
        let named = running();
        !named.is_null() && named == ffi::PyGILState_GetThisThreadState()
    }
}

/// Lets go of an object on any thread, and never waits: at once where the thread holds the interpreter. Else it is put
/// aside for the next thread that holds it, and the main thread is told to look after it soon; where that has too much to
/// do, the next call into this module does. After the interpreter's end the object is left where it is.
pub fn let_go<T>(object: Py<T>) {
    extern "C" fn look_after(_: *mut c_void) -> c_int {
        // Attaching is all: it gives up what was put aside.
        let _ = Python::try_attach(|_| ());
        0
    }
    if holds_interpreter() {
        // SAFETY: this thread holds the interpreter.
        drop(object.into_bound(unsafe { Python::assume_attached() }));
        return;
    }
    drop(object);
    // SAFETY: both may be called on any thread at any time; the function lives as long as the process.
    unsafe {
        if ffi::Py_IsInitialized() != 0 {
            ffi::Py_AddPendingCall(Some(look_after), std::ptr::null_mut());
        }
    }
}
