//! Waiting for another thread without the GIL, which that thread may need.

use pyo3::ffi;
use pyo3::prelude::*;

/// A wait that stays on its thread, though it goes through a function that asks for what may be sent.
struct Here<'a>(&'a mut dyn FnMut());

// SAFETY: `Python::detach` runs what it is given on the same thread.
unsafe impl Send for Here<'_> {}

impl Here<'_> {
    fn run(&mut self) {
        (self.0)();
    }
}

fn without_gil(wait: &mut dyn FnMut()) {
    // SAFETY: may be asked on any thread at any time.
    let knows_python = unsafe { !ffi::PyGILState_GetThisThreadState().is_null() };
    let mut here = Here(wait);
    if !knows_python || Python::try_attach(|py| py.detach(|| here.run())).is_none() {
        here.run();
    }
}

pub fn register() {
    iolink_sdk::host_api::set_wait_hook(without_gil);
}
