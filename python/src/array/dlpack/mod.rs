//! DLPack, version 1, both ways: the exchange of tensors between array libraries.

mod export;
mod import;
mod tensor;

use pyo3::prelude::*;

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    import::register(module)
}
