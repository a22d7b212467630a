//! `save`: a view of any kind, written to a file by a provider of its format.

use crate::errors::Naming;
use crate::open::save_target;
use crate::provider::keeping;
use crate::registry;
use crate::signals::interruptible;
use iolink_sdk::View;
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// Writes a view to the target that `path` names: a path or URI, a `StreamAccess`, or a key of a `DataStorage`.
pub fn save_view(
    view: View,
    path: &Bound<'_, PyAny>,
    format: Option<&str>,
    provider: Option<&str>,
    progress: Option<&Bound<'_, PyAny>>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<()> {
    let py = path.py();
    let mut target = save_target("path", path, options)?;
    if let Some(format) = format {
        target = target.with_format(format);
    }
    keeping(py, || interruptible(progress, |call| py.detach(|| registry().save_with(view, target, provider, call))))?;
    Ok(())
}

/// Writes a view into a file, a key of a `DataStorage` or a `StreamAccess`, in the format that the name ends with, or in
/// `format`. A file that exists is replaced when everything is written, and stays as it was if anything fails. The provider is
/// chosen by the format, unless `provider` (an id) names one. Other keyword arguments are options of the provider.
/// `progress(done, total)` is called if the provider reports how far it is; False stops it with CancelledError.
///
/// Raises UnsupportedFormatError (a ValueError) that lists what can be written.
///
/// >>> import pathlib, tempfile
/// >>> path = pathlib.Path(tempfile.mkdtemp(), "people.parquet")
/// >>> save(DataFrameViewFactory.from_columns({"age": [36, 41]}), path)
/// >>> open(path).at("age", 1)
/// 41
#[pyfunction]
#[pyo3(signature = (view, path, *, format = None, provider = None, progress = None, **options))]
fn save(
    view: &Bound<'_, PyAny>,
    path: &Bound<'_, PyAny>,
    format: Option<&str>,
    provider: Option<&str>,
    progress: Option<&Bound<'_, PyAny>>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<()> {
    let view = match crate::frame::as_it_is(view) {
        Some(frame) => frame?,
        None => crate::capsule::to_view(view).naming(view.py(), "view")?,
    };
    save_view(view, path, format, provider, progress, options)
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(save, module)?)
}
