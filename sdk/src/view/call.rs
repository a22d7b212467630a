//! The context of a long call: progress, cancellation, deadline and thread limit.

use super::{check_flags, read_grown, stop_panic};
use crate::abi::iolink_call;
use crate::{fail, Result};
use std::os::raw::c_void;
use std::time::{Duration, Instant};

/// The context of a call. [`Call::silent`] has no listener, no deadline and no limit.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    progress: Option<&'a (dyn Fn(u64, u64) -> bool + Sync)>,
    deadline: Option<Instant>,
    max_threads: u32,
}

impl<'a> Call<'a> {
    /// A call without listener, deadline and limit.
    pub const fn silent() -> Self {
        Call { progress: None, deadline: None, max_threads: 0 }
    }

    /// `progress(done, total)` in bytes is called now and then; `false` asks the call to stop.
    pub fn new(progress: &'a (dyn Fn(u64, u64) -> bool + Sync)) -> Self {
        Call { progress: Some(progress), ..Call::silent() }
    }

    /// The same call, to end with `Timeout` after `deadline`.
    pub fn with_deadline(mut self, deadline: Instant) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// The same call, to be worked on by at most `count` threads; 0: as the callee decides.
    pub fn with_max_threads(mut self, count: u32) -> Self {
        self.max_threads = count;
        self
    }

    /// True without a listener and a deadline: [`Call::step`] then never fails.
    pub fn is_silent(&self) -> bool {
        self.progress.is_none() && self.deadline.is_none()
    }

    /// The time by which the call must have ended.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Maximum number of threads that work on the call; 0: as the callee decides.
    pub fn max_threads(&self) -> u32 {
        self.max_threads
    }

    /// Reports the progress of the call.
    ///
    /// # Errors
    /// `Cancelled` if the listener asks to stop, `Timeout` after the deadline: return it to the caller.
    pub fn step(&self, done: u64, total: u64) -> Result<()> {
        if let Some(deadline) = self.deadline {
            if Instant::now() >= deadline {
                fail!(Timeout, "the deadline passed after {done} of {total} bytes; allow more time, or read less");
            }
        }
        match self.progress {
            Some(progress) if !progress(done, total) => {
                fail!(Cancelled, "stopped on request after {done} of {total} bytes")
            }
            _ => Ok(()),
        }
    }

    /// Runs `body` with the ABI's form of this call; NULL if nothing is set.
    pub(crate) fn with_border<R>(&self, body: impl FnOnce(*const iolink_call) -> R) -> R {
        unsafe extern "C" fn forward(context: *mut c_void, done: u64, total: u64) -> i32 {
            // SAFETY: `context` is the `&&dyn Fn` of the frame below, which outlives the call.
            let progress = unsafe { *(context as *const &(dyn Fn(u64, u64) -> bool + Sync)) };
            // A listener that panics asks to stop.
            stop_panic(|| progress(done, total)).map_or(1, |go_on| i32::from(!go_on))
        }
        if self.progress.is_none() && self.deadline.is_none() && self.max_threads == 0 {
            return body(std::ptr::null());
        }
        body(&iolink_call {
            size: std::mem::size_of::<iolink_call>() as u32,
            flags: 0,
            context: self.progress.as_ref().map_or(std::ptr::null_mut(), |progress| {
                progress as *const &(dyn Fn(u64, u64) -> bool + Sync) as *mut c_void
            }),
            progress: self.progress.map(|_| forward as unsafe extern "C" fn(*mut c_void, u64, u64) -> i32),
            deadline_ns: self.deadline.map_or(0, to_monotonic),
            max_threads: self.max_threads,
            reserved: 0,
        })
    }

    /// Runs `body` with a call that came over the ABI.
    ///
    /// # Errors
    /// `InvalidArgument` for a struct without its size, `NotImplemented` for a required flag that is unknown, `Timeout` if
    /// the deadline has passed already; what `body` fails with.
    ///
    /// # Safety
    /// `border` is NULL or a call that lives until this returns.
    #[inline]
    pub(crate) unsafe fn from_border<R>(
        border: *const iolink_call,
        body: impl FnOnce(&Call<'_>) -> Result<R>,
    ) -> Result<R> {
        if border.is_null() {
            return body(&Call::silent());
        }
        // SAFETY: the caller vouches for the pointer.
        let far = Far(unsafe { read_grown(border) }?);
        check_flags("call", far.0.flags, 0)?;
        let ask = |done, total| far.ask(done, total);
        let call = Call {
            progress: far.0.progress.is_some().then_some(&ask),
            deadline: (far.0.deadline_ns != 0).then(|| from_monotonic(far.0.deadline_ns)),
            max_threads: far.0.max_threads,
        };
        if call.deadline.map_or(false, |deadline| Instant::now() >= deadline) {
            fail!(Timeout, "the deadline of the call had passed when it began");
        }
        body(&call)
    }
}

/// A call of the other side.
struct Far(iolink_call);

// SAFETY: the ABI lets a callee report progress from any thread.
unsafe impl Sync for Far {}

impl Far {
    fn ask(&self, done: u64, total: u64) -> bool {
        match self.0.progress {
            // SAFETY: `context` belongs to this function by the rules of the ABI.
            Some(progress) => unsafe { progress(self.0.context, done, total) == 0 },
            None => true,
        }
    }
}

/// The time on `CLOCK_MONOTONIC` in nanoseconds.
#[cfg(unix)]
fn monotonic_now() -> u64 {
    let mut now = clock::timespec { seconds: 0, nanoseconds: 0 };
    // SAFETY: `now` is ours, and the clock exists on every system that this crate builds for.
    unsafe { clock::clock_gettime(clock::CLOCK_MONOTONIC, &mut now) };
    now.seconds as u64 * 1_000_000_000 + now.nanoseconds as u64
}

/// The one function of the C library that this crate needs without its `libc` feature.
#[cfg(unix)]
mod clock {
    use std::os::raw::{c_int, c_long};

    #[cfg(target_vendor = "apple")]
    pub const CLOCK_MONOTONIC: c_int = 6;
    #[cfg(not(target_vendor = "apple"))]
    pub const CLOCK_MONOTONIC: c_int = 1;

    #[repr(C)]
    #[allow(non_camel_case_types)]
    pub struct timespec {
        pub seconds: c_long,
        pub nanoseconds: c_long,
    }

    extern "C" {
        pub fn clock_gettime(clock: c_int, out: *mut timespec) -> c_int;
    }
}

/// Nanoseconds since the first call of this function.
#[cfg(not(unix))]
fn monotonic_now() -> u64 {
    static START: std::sync::Mutex<Option<Instant>> = std::sync::Mutex::new(None);
    let mut start = START.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    start.get_or_insert_with(Instant::now).elapsed().as_nanos() as u64 + 1
}

fn to_monotonic(deadline: Instant) -> u64 {
    let left = deadline.saturating_duration_since(Instant::now());
    monotonic_now().saturating_add(u64::try_from(left.as_nanos()).unwrap_or(u64::MAX)).max(1)
}

fn from_monotonic(deadline_ns: u64) -> Instant {
    let now = Instant::now();
    let left = Duration::from_nanos(deadline_ns.saturating_sub(monotonic_now()));
    now.checked_add(left).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn a_call_crosses_the_abi_whole() {
        let seen = AtomicU64::new(0);
        let listen = |done, total| {
            seen.store(done * 100 + total, Ordering::Relaxed);
            done < 2
        };
        let deadline = Instant::now() + Duration::from_secs(3600);
        let call = Call::new(&listen).with_deadline(deadline).with_max_threads(3);
        // SAFETY: the call lives until `body` returns.
        call.with_border(|border| unsafe {
            Call::from_border(border, |far| {
                assert_eq!(far.max_threads(), 3);
                let left = far.deadline().unwrap().saturating_duration_since(Instant::now()).as_secs();
                assert!((3590..=3600).contains(&left));
                far.step(1, 7).unwrap();
                assert_eq!(far.step(2, 7).unwrap_err().kind(), ErrorKind::Cancelled);
                Ok(())
            })
        })
        .unwrap();
        assert_eq!(seen.into_inner(), 207);
        // SAFETY: NULL is allowed.
        assert!(unsafe { Call::from_border(std::ptr::null(), |far| Ok(far.is_silent())) }.unwrap());
    }

    #[test]
    fn a_passed_deadline_ends_the_call() {
        let past = Call::silent().with_deadline(Instant::now());
        assert_eq!(past.step(0, 1).unwrap_err().kind(), ErrorKind::Timeout);
        // SAFETY: the call lives until `body` returns.
        let late = past.with_border(|border| unsafe { Call::from_border(border, |_| Ok(())) });
        assert_eq!(late.unwrap_err().kind(), ErrorKind::Timeout);
    }

    #[test]
    fn flags_are_hints_from_bit_16_on() {
        let mut border = iolink_call {
            size: std::mem::size_of::<iolink_call>() as u32,
            flags: 1 << 16,
            context: std::ptr::null_mut(),
            progress: None,
            deadline_ns: 0,
            max_threads: 0,
            reserved: 0,
        };
        // SAFETY: the struct lives and has the size it says.
        unsafe { Call::from_border(&border, |_| Ok(())) }.unwrap();
        border.flags = 1;
        // SAFETY: as above.
        let refused = unsafe { Call::from_border(&border, |_| Ok(())) }.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::NotImplemented);
        border.size = 8;
        // SAFETY: as above.
        assert!(unsafe { Call::from_border(&border, |_| Ok(())) }.is_err());
    }
}
