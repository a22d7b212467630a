//! The host, as a provider sees it.

use super::Source;
use crate::abi::*;
use crate::view::{check_status, new_error, read_grown};
use crate::{fail, Bytes, Call, Error, ErrorKind, Result, View};
use std::ffi::CString;
use std::os::raw::c_void;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::Mutex;

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

    /// True if the host has a pool of threads, and can be kept.
    pub(crate) fn has_pool(&self) -> bool {
        self.table().map_or(false, |table| table.run.is_some() && table.retain.is_some() && table.release.is_some())
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

    /// Opens another source by the provider that fits.
    ///
    /// # Errors
    /// `NotImplemented` if the host opens nothing; what the provider fails with.
    pub fn open(&self, source: &Source, call: &Call<'_>) -> Result<View> {
        let (context, open) = match self.table() {
            Some(iolink_host { context, open: Some(open), .. }) => (context, open),
            _ => fail!(NotImplemented, "the host opens no sources for its providers"),
        };
        source.with_border(|border| {
            let (mut out, mut error) = (std::ptr::null_mut(), new_error());
            // SAFETY: context, source, call, out and error live until this returns.
            let status = call.with_border(|call| unsafe { open(context, border, call, &mut out, error.as_mut_ptr()) });
            check_status(status, &error)?;
            // SAFETY: on success one reference is ours.
            unsafe { View::from_raw(out) }
        })
    }

    /// Runs `task` for each index below `count` on the host's pool of threads and on this one, and returns when all have
    /// ended. Without a pool this thread does all.
    ///
    /// # Errors
    /// The first error of a task, after which no further one starts; `Cancelled` or `Timeout` by `call`.
    pub fn run(&self, count: usize, task: &(dyn Fn(usize) -> Result<()> + Sync), call: &Call<'_>) -> Result<()> {
        struct Job<'a> {
            task: &'a (dyn Fn(usize) -> Result<()> + Sync),
            failed: Mutex<Option<Error>>,
        }
        impl Job<'_> {
            fn work(&self, index: usize) {
                let failed = || self.failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                if failed().is_some() {
                    return;
                }
                let done = catch_unwind(AssertUnwindSafe(|| (self.task)(index)));
                let done =
                    done.unwrap_or_else(|_| Err(Error::new(ErrorKind::Internal, "a task of the provider panicked")));
                if let Err(error) = done {
                    failed().get_or_insert(error);
                }
            }
        }
        unsafe extern "C" fn work(job: *mut c_void, index: u64) {
            // SAFETY: `job` is that of the frame below, which outlives the tasks.
            unsafe { &*(job as *const Job<'_>) }.work(index as usize);
        }
        let job = Job { task, failed: Mutex::new(None) };
        let pool = self.table().and_then(|table| Some((table.context, table.run?)));
        let ran = match pool {
            Some((context, run)) => call.with_border(|call| {
                let mut error = new_error();
                let at = &job as *const Job<'_> as *mut c_void;
                // SAFETY: context, job, call and error live until this returns, when every task has ended.
                let status = unsafe { run(context, count as u64, Some(work), at, call, error.as_mut_ptr()) };
                check_status(status, &error)
            }),
            None => (0..count).try_for_each(|index| {
                call.step(index as u64, count as u64)?;
                job.work(index);
                Ok(())
            }),
        };
        match job.failed.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
            Some(failed) => Err(failed),
            None => ran,
        }
    }

    /// Returns zeroed memory that the host may lend to another process.
    ///
    /// # Errors
    /// `NotImplemented` if the host has none, `Limit`.
    pub fn allocate(&self, length: u64) -> Result<Bytes> {
        let (context, allocate) = match self.table() {
            Some(iolink_host { context, allocate: Some(allocate), .. }) => (context, allocate),
            _ => fail!(NotImplemented, "the host allocates no memory for its providers"),
        };
        crate::view::take_lent(|out| {
            let mut error = new_error();
            // SAFETY: context, out and error live until this returns.
            let status = unsafe { allocate(context, length, out, error.as_mut_ptr()) };
            check_status(status, &error)
        })
    }

    /// Returns the credentials that the host has for a URI, as names and values. Never log them or keep them in a recipe.
    ///
    /// # Errors
    /// `NotFound` if the host has none, `NotImplemented` if it keeps no credentials.
    pub fn credentials(&self, uri: &str) -> Result<Vec<(String, String)>> {
        let (context, credentials) = match self.table() {
            Some(iolink_host { context, credentials: Some(credentials), .. }) => (context, credentials),
            _ => fail!(NotImplemented, "the host keeps no credentials"),
        };
        let uri = CString::new(uri).map_err(|_| Error::new(ErrorKind::InvalidArgument, "the URI holds a NUL"))?;
        let mut found = Vec::new();
        let mut error = new_error();
        let mut take = |line: &[u8]| {
            let line = String::from_utf8_lossy(line);
            if let Some((name, value)) = line.split_once('=') {
                found.push((name.to_owned(), value.to_owned()));
            }
        };
        let status = crate::view::with_text_sink(&mut take, |sink| {
            // SAFETY: context, uri, sink and error live until this returns.
            unsafe { credentials(context, uri.as_ptr(), sink, error.as_mut_ptr()) }
        });
        check_status(status, &error)?;
        Ok(found)
    }

    /// Runs a provider's function; with the feature `tracing` its events reach this host's log.
    pub(crate) fn during<R>(&self, body: impl FnOnce() -> R) -> R {
        crate::pool::keep(self);
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
