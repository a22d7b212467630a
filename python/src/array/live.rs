//! How much of ours is alive in this process: what a check for leaks asks before and after.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::sync::atomic::{AtomicIsize, Ordering};

/// Images that Python holds.
pub static IMAGES: AtomicIsize = AtomicIsize::new(0);
/// Arrays, buffers and tensors that share the memory of an image.
pub static EXPORTS: AtomicIsize = AtomicIsize::new(0);
/// Python objects that images keep: arrays whose memory they use, and functions that they ask.
pub static OWNERS: AtomicIsize = AtomicIsize::new(0);

/// One more of something, until this is dropped.
pub struct Counted(&'static AtomicIsize);

impl Counted {
    pub fn new(what: &'static AtomicIsize) -> Self {
        what.fetch_add(1, Ordering::Relaxed);
        Counted(what)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Images, exports and kept Python objects that are alive, and bytes that images in memory take.
#[pyfunction]
fn _live(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let out = PyDict::new(py);
    for (name, what) in [("images", &IMAGES), ("exports", &EXPORTS), ("owners", &OWNERS)] {
        out.set_item(name, what.load(Ordering::Relaxed))?;
    }
    out.set_item("bytes", iolink_plugin_memory::allocated_bytes())?;
    Ok(out)
}

/// Hands out an object as it is: what the figures of getters are measured against.
#[pyclass(frozen, module = "iolink")]
struct _Prebuilt(Py<PyAny>);

#[pymethods]
impl _Prebuilt {
    #[new]
    fn new(object: Py<PyAny>) -> Self {
        _Prebuilt(object)
    }

    fn get(&self, py: Python<'_>) -> Py<PyAny> {
        self.0.clone_ref(py)
    }
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<_Prebuilt>()?;
    module.add_function(wrap_pyfunction!(_live, module)?)
}
