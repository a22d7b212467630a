//! The host, as a provider sees it.

use super::Source;
use crate::abi::*;
use crate::view::{check_status, new_error, read_grown};
use crate::{fail, Result, View};
use std::ffi::CString;

/// How important an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub enum LogLevel {
    /// Something failed.
    Error = IOLINK_LOG_ERROR,
    /// Something is odd.
    Warn = IOLINK_LOG_WARN,
    /// Something happened.
    Info = IOLINK_LOG_INFO,
    /// For whoever looks for a fault.
    Debug = IOLINK_LOG_DEBUG,
    /// Every step.
    Trace = IOLINK_LOG_TRACE,
}

/// The host of the running call. A view that needs it later keeps a clone.
pub struct Host {
    raw: *const iolink_host,
}

// SAFETY: the border lets every function of a host be called from any thread.
unsafe impl Send for Host {}
// SAFETY: as above.
unsafe impl Sync for Host {}

impl Host {
    /// A reference to a host.
    ///
    /// # Safety
    /// `raw` is NULL or a live host that stays good while references to it are held.
    pub(crate) unsafe fn from_raw(raw: *const iolink_host) -> Self {
        let host = Host { raw };
        host.count(|table| table.retain);
        host
    }

    /// A host that hears nothing and opens nothing, for tests.
    pub const fn none() -> Self {
        Host { raw: std::ptr::null() }
    }

    fn table(&self) -> Option<iolink_host> {
        // SAFETY: a live host stays good while this reference is held.
        unsafe { read_grown(self.raw) }.ok()
    }

    fn count(&self, function: impl FnOnce(&iolink_host) -> Option<unsafe extern "C" fn(*mut std::os::raw::c_void)>) {
        if let Some(table) = self.table() {
            if let Some(function) = function(&table) {
                // SAFETY: the context belongs to the function.
                unsafe { function(table.context) }
            }
        }
    }

    /// Tells an event.
    pub fn log(&self, level: LogLevel, target: &str, message: &str) {
        let texts = (CString::new(target.replace('\0', " ")), CString::new(message.replace('\0', " ")));
        if let (Some(table), (Ok(target), Ok(message))) = (self.table(), texts) {
            if let Some(log) = table.log {
                // SAFETY: context and texts live until this returns.
                unsafe { log(table.context, level as u32, target.as_ptr(), message.as_ptr()) }
            }
        }
    }

    /// Tells how far the running call is.
    ///
    /// # Errors
    /// `Cancelled` where the caller asks to stop: hand it on.
    pub fn progress(&self, done: u64, total: u64) -> Result<()> {
        if let Some(table) = self.table() {
            if let Some(progress) = table.progress {
                // SAFETY: the context belongs to the function.
                if unsafe { progress(table.context, done, total) } != 0 {
                    fail!(Cancelled, "stopped on request after {done} of {total}");
                }
            }
        }
        Ok(())
    }

    /// Opens another source by whichever provider fits.
    ///
    /// # Errors
    /// `NotImplemented` where the host opens nothing; what the provider fails with.
    pub fn open(&self, source: &Source) -> Result<View> {
        let (context, open) = match self.table() {
            Some(iolink_host { context, open: Some(open), .. }) => (context, open),
            _ => fail!(NotImplemented, "the host opens no sources for its providers"),
        };
        source.with_border(|border| {
            let (mut out, mut error) = (std::ptr::null_mut(), new_error());
            // SAFETY: context, source, out and error live until this returns.
            let status = unsafe { open(context, border, &mut out, error.as_mut_ptr()) };
            check_status(status, &error)?;
            // SAFETY: on success one reference is ours.
            unsafe { View::from_raw(out) }
        })
    }

    /// Runs a provider's function; with the feature `tracing` its events reach this host's log.
    pub(crate) fn during<R>(&self, body: impl FnOnce() -> R) -> R {
        #[cfg(feature = "tracing")]
        {
            crate::events::with_host(self, body)
        }
        #[cfg(not(feature = "tracing"))]
        {
            body()
        }
    }
}

impl Clone for Host {
    fn clone(&self) -> Self {
        self.count(|table| table.retain);
        Host { raw: self.raw }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.count(|table| table.release);
    }
}
