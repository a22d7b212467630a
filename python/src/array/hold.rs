//! What keeps lent samples in place while somebody else uses them.

use super::live::{Counted, EXPORTS};
use crate::image::ImageView;
use iolink_sdk::Memory;
use pyo3::ffi;
use pyo3::prelude::*;
use std::cell::Cell;
use std::os::raw::{c_int, c_void};

thread_local! {
    /// How often this thread is inside a function that Python called to let go of something.
    static ATTACHED: Cell<u32> = const { Cell::new(0) };
}

/// Says, until it is dropped, that this thread holds the interpreter: references go at once then.
pub struct Attached(());

impl Attached {
    pub fn here(_py: Python<'_>) -> Self {
        let _ = ATTACHED.try_with(|depth| depth.set(depth.get() + 1));
        Attached(())
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        let _ = ATTACHED.try_with(|depth| depth.set(depth.get().saturating_sub(1)));
    }
}

/// To be called where references to Python objects were dropped on a thread that may not hold the interpreter, and so were
/// put aside: the main thread shall look after them soon. Where it has too much to do, or there is none any more, the next
/// call into this module does. Never waits.
pub fn look_after_soon() {
    extern "C" fn look_after(_: *mut c_void) -> c_int {
        // Attaching is all: it gives up what was put aside.
        let _ = Python::try_attach(|_| ());
        0
    }
    if ATTACHED.try_with(Cell::get).unwrap_or(0) > 0 {
        return;
    }
    // SAFETY: both may be called on any thread at any time; the function lives as long as the process.
    unsafe {
        if ffi::Py_IsInitialized() != 0 {
            ffi::Py_AddPendingCall(Some(look_after), std::ptr::null_mut());
        }
    }
}

/// Lent samples, counted as an export of the image that lends them. May be dropped on any thread.
pub struct Hold {
    memory: Option<Memory>,
    image: Option<Py<ImageView>>,
    _counted: Counted,
}

impl Hold {
    /// Keeps the memory; `image` cannot be closed until this is dropped.
    pub fn new(memory: Memory, image: Option<Py<ImageView>>) -> Self {
        if let Some(image) = &image {
            image.get().export_begun();
        }
        Hold { memory: Some(memory), image, _counted: Counted::new(&EXPORTS) }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        // The samples go before the image is told: what it counts is still lent until then.
        drop(self.memory.take());
        if let Some(image) = self.image.take() {
            image.get().export_ended();
            drop(image);
            look_after_soon();
        }
    }
}
