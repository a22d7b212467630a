//! Progress of a long call, and the way to stop it.

use super::{read_grown, stop_panic};
use crate::abi::iolink_call;
use crate::{fail, Result};
use std::os::raw::c_void;

/// Whoever listens to a long call. `Call::silent()` is nobody.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    progress: Option<&'a (dyn Fn(u64, u64) -> bool + Sync)>,
}

impl<'a> Call<'a> {
    /// Nobody listens.
    pub const fn silent() -> Self {
        Call { progress: None }
    }

    /// `progress(done, total)` in bytes is called now and then; `false` asks the call to stop.
    pub fn new(progress: &'a (dyn Fn(u64, u64) -> bool + Sync)) -> Self {
        Call { progress: Some(progress) }
    }

    /// Does anybody listen?
    pub fn is_silent(&self) -> bool {
        self.progress.is_none()
    }

    /// Tells how far the call is.
    ///
    /// # Errors
    /// `Cancelled` where the listener asks to stop: hand it on.
    pub fn step(&self, done: u64, total: u64) -> Result<()> {
        match self.progress {
            Some(progress) if !progress(done, total) => {
                fail!(Cancelled, "stopped on request after {done} of {total} bytes")
            }
            _ => Ok(()),
        }
    }

    /// Runs `body` with the border's form of this call, NULL where nobody listens.
    pub(crate) fn with_border<R>(&self, body: impl FnOnce(*const iolink_call) -> R) -> R {
        unsafe extern "C" fn forward(context: *mut c_void, done: u64, total: u64) -> i32 {
            // SAFETY: `context` is the `&&dyn Fn` of the frame below, which outlives the call.
            let progress = unsafe { *(context as *const &(dyn Fn(u64, u64) -> bool + Sync)) };
            // A listener that panics asks to stop.
            stop_panic(|| progress(done, total)).map_or(1, |go_on| i32::from(!go_on))
        }
        match &self.progress {
            None => body(std::ptr::null()),
            Some(progress) => body(&iolink_call {
                size: std::mem::size_of::<iolink_call>() as u32,
                context: progress as *const &(dyn Fn(u64, u64) -> bool + Sync) as *mut c_void,
                progress: Some(forward),
            }),
        }
    }

    /// Runs `body` with what listens on the other side of the border.
    ///
    /// # Safety
    /// `border` is NULL (nobody listens) or a call that lives until this returns.
    #[inline]
    pub(crate) unsafe fn from_border<R>(border: *const iolink_call, body: impl FnOnce(&Call<'_>) -> R) -> R {
        struct Far(iolink_call);
        // SAFETY: the border lets a callee report progress from any thread.
        unsafe impl Sync for Far {}
        impl Far {
            fn ask(&self, done: u64, total: u64) -> bool {
                match self.0.progress {
                    // SAFETY: `context` belongs to this function by the border's rules.
                    Some(progress) => unsafe { progress(self.0.context, done, total) == 0 },
                    None => true,
                }
            }
        }
        // SAFETY: the caller vouches for the pointer.
        let far = if border.is_null() { None } else { unsafe { read_grown(border) }.ok().map(Far) };
        let ask = |done, total| far.as_ref().map_or(true, |far| far.ask(done, total));
        body(&Call { progress: far.is_some().then_some(&ask) })
    }
}
