//! Signals during long calls of providers: Python's handlers run when a provider tells of its progress, and what they raise ends
//! the call.

use crate::progress::heard;
use iolink_sdk::Call;
use pyo3::ffi;
use pyo3::prelude::*;
use std::cell::RefCell;
use std::time::{Duration, Instant};

/// Time between two looks: each takes the GIL.
const PAUSE: Duration = Duration::from_millis(30);

/// What a thread does about signals.
struct Watch {
    /// Running calls that can raise what a handler raised.
    calls: u32,
    looked: Option<Instant>,
    raised: Option<PyErr>,
}

thread_local! {
    static WATCH: RefCell<Watch> = const { RefCell::new(Watch { calls: 0, looked: None, raised: None }) };
}

struct Watching;

impl Watching {
    fn new() -> Self {
        WATCH.with_borrow_mut(|watch| watch.calls += 1);
        Watching
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        WATCH.with_borrow_mut(|watch| watch.calls -= 1);
    }
}

/// Runs `body`. If a signal's handler raises meanwhile, that comes out instead of its result.
pub fn watched<R>(body: impl FnOnce() -> PyResult<R>) -> PyResult<R> {
    let done = {
        let _watching = Watching::new();
        body()
    };
    match WATCH.with_borrow_mut(|watch| watch.raised.take()) {
        Some(raised) => Err(raised),
        None => done,
    }
}

/// [`watched`] for a call of a provider: where it steps, signals are looked for and the callable is told of its progress.
pub fn interruptible<R>(
    progress: Option<&Bound<'_, PyAny>>,
    body: impl FnOnce(&Call<'_>) -> iolink_sdk::Result<R>,
) -> PyResult<R> {
    use crate::errors::OrRaise;
    heard(progress, |listener| {
        watched(|| {
            let go_on = |done, total| listener.is_none_or(|listener| listener(done, total)) && !ask_to_stop();
            body(&Call::new(&go_on)).or_raise()
        })
    })
}

/// [`watched`] for a call that leaves the GIL to others.
pub fn detached<R: Send>(py: Python<'_>, body: impl FnOnce() -> iolink_sdk::Result<R> + Send) -> PyResult<R> {
    use crate::errors::OrRaise;
    watched(|| py.detach(body).or_raise())
}

/// [`watched`] for another library's call that reads a view of ours by C functions: an error comes back from there as a text, and
/// what a Python object raised below it is raised again.
pub fn by_library<'py>(
    py: Python<'py>,
    body: impl FnOnce() -> PyResult<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    watched(|| apart(py, body)).map_err(|failed| {
        let carried = iolink_sdk::host_api::recall(&failed.to_string());
        match carried.as_ref().and_then(|carried| carried.downcast_ref::<Py<PyAny>>()) {
            Some(raised) => PyErr::from_value(raised.bind(py).clone()),
            None => failed,
        }
    })
}

/// What goes to the same thread and back.
struct Here<T>(T);

// SAFETY: `apart` runs the body on the thread that calls it.
unsafe impl<T> Send for Here<T> {}

impl<T> Here<T> {
    fn take(self) -> T {
        self.0
    }
}

/// The GIL, which PyO3 does not know to be held.
struct Held(ffi::PyGILState_STATE);

impl Drop for Held {
    fn drop(&mut self) {
        // SAFETY: the state is that of `apart`, on the same thread.
        unsafe { ffi::PyGILState_Release(self.0) };
    }
}

/// Runs `body` with the GIL, but not as a call of PyO3: a library that gives the GIL up while it reads calls back without it, and PyO3
/// would take it for held.
pub fn apart<R>(py: Python<'_>, body: impl FnOnce() -> R) -> R {
    let body = Here(body);
    let done = py.detach(move || {
        // SAFETY: the interpreter runs: `py` was there a moment ago, and the thread belongs to it.
        let _held = Held(unsafe { ffi::PyGILState_Ensure() });
        Here(body.take()())
    });
    done.take()
}

/// Returns whether a provider that tells of its progress has to stop.
fn ask_to_stop() -> bool {
    let due = WATCH.with_borrow_mut(|watch| {
        let now = Instant::now();
        let due = watch.looked.is_none_or(|looked| now.duration_since(looked) >= PAUSE);
        let due = watch.calls > 0 && watch.raised.is_none() && due;
        if due {
            watch.looked = Some(now);
        }
        due
    });
    if due {
        // Handlers may run anything, so that nothing is borrowed meanwhile.
        if let Some(Err(raised)) = Python::try_attach(|py| py.check_signals()) {
            WATCH.with_borrow_mut(|watch| watch.raised = Some(raised));
        }
    }
    WATCH.with_borrow(|watch| watch.calls > 0 && watch.raised.is_some())
}
