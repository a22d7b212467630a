//! Whoever keeps foreign memory in place: a pointer with its release function.

use std::os::raw::c_void;
use std::sync::Arc;

/// Keeps something alive until it is dropped; crosses the border as it is.
pub struct Owner {
    data: *mut c_void,
    release: Option<unsafe extern "C" fn(*mut c_void)>,
}

// SAFETY: the border demands that a release function may be called from any thread; the pointer is only handed to it.
unsafe impl Send for Owner {}
// SAFETY: a shared owner does nothing.
unsafe impl Sync for Owner {}

unsafe extern "C" fn drop_arc<T>(data: *mut c_void) {
    // A panic in `T`'s drop must not cross the border.
    // SAFETY: `data` came from `Arc::into_raw` in `Owner::arc` and is released once.
    crate::view::stop_panic(|| drop(unsafe { Arc::from_raw(data as *const T) }));
}

impl Owner {
    /// Keeps nothing: for memory that lives for ever.
    pub const fn none() -> Self {
        Owner { data: std::ptr::null_mut(), release: None }
    }

    /// Keeps a reference to `value`.
    pub fn arc<T: Send + Sync + 'static>(value: Arc<T>) -> Self {
        Owner { data: Arc::into_raw(value) as *mut c_void, release: Some(drop_arc::<T>) }
    }

    /// Keeps whatever `release(data)` frees.
    ///
    /// # Safety
    /// `release` may be called once with `data`, from any thread.
    pub unsafe fn from_raw(data: *mut c_void, release: Option<unsafe extern "C" fn(*mut c_void)>) -> Self {
        Owner { data, release }
    }

    /// Hands the duty to release over to the caller.
    pub fn into_raw(self) -> (*mut c_void, Option<unsafe extern "C" fn(*mut c_void)>) {
        let parts = (self.data, self.release);
        std::mem::forget(self);
        parts
    }
}

impl Default for Owner {
    fn default() -> Self {
        Owner::none()
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        if let Some(release) = self.release {
            // SAFETY: whoever made the owner promised that this one call is allowed.
            unsafe { release(self.data) }
        }
    }
}
