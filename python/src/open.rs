//! The registry behind the module, and what asks it: `open`, `plugins`, `load_plugin`, `explain`.

use crate::array::Opening;
use crate::errors::{Naming, OrRaise};
use crate::image::ImageView;
use crate::multi::{LodImageView, MultiImageView};
use crate::plugin_info::PluginInfo;
use crate::provider;
use crate::signals::interruptible;
use crate::stream::TargetPlace;
use iolink_host::Registry;
use iolink_sdk::{Convert, DataFrameCapability, ImageCapability, Kind, Source, Target, View};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::OnceLockExt;
use pyo3::types::{PyByteArray, PyBytes, PyDict, PyFrozenSet, PyInt, PySet, PyString};
use std::path::PathBuf;
use std::sync::OnceLock;

static REGISTRY: OnceLock<Registry> = OnceLock::new();

/// The process's registry for Python. It knows what is linked in; the rest is found when first asked for.
pub fn registry() -> &'static Registry {
    match REGISTRY.get() {
        Some(known) => known,
        // Whoever waits for another thread to make it must not keep that thread from Python.
        None => Python::attach(|py| REGISTRY.get_or_init_py_attached(py, || built(py))),
    }
}

fn built(py: Python<'_>) -> Registry {
    let sites = site_folders(py).unwrap_or_default();
    let mut builder = Registry::builder().python_sites(sites).bring_python(provider::bring);
    if let Ok(folder) = package_folder(py) {
        builder = builder.package_dir(folder.join("plugins"));
    }
    builder.build()
}

fn package_folder(py: Python<'_>) -> PyResult<PathBuf> {
    let file: PathBuf = py.import("iolink")?.getattr("__file__")?.extract()?;
    Ok(file.parent().map(PathBuf::from).unwrap_or_default())
}

/// Folders of `sys.path` that can hold installed distributions.
fn site_folders(py: Python<'_>) -> PyResult<Vec<PathBuf>> {
    let entries: Vec<PathBuf> = py.import("sys")?.getattr("path")?.extract()?;
    Ok(entries.into_iter().filter(|entry| entry.is_absolute()).collect())
}

/// A view of any kind as its Python class.
pub fn to_python<'py>(py: Python<'py>, view: View, opening: Option<Opening>) -> PyResult<Bound<'py, PyAny>> {
    Ok(match view {
        View::Image(view) => Bound::new(py, ImageView::made(view, opening))?.into_any(),
        View::MultiImage(view) => Bound::new(py, MultiImageView::new(view))?.into_any(),
        View::LodImage(view) => Bound::new(py, LodImageView::new(view))?.into_any(),
        View::DataFrame(view) => crate::frame::to_python(py, view)?,
        View::Stream(view) => crate::stream::stream_to_python(py, view)?,
        View::RandomAccess(view) => crate::stream::random_access_to_python(py, view)?,
        View::Store(store) => crate::stream::store_to_python(py, store, "")?,
        View::Extension(_) => return Err(PyTypeError::new_err("an extension has no class of its own in Python")),
    })
}

/// A source given as a path, a URI, or an object that can be read.
pub fn source_from(argument: &str, given: &Bound<'_, PyAny>) -> PyResult<Source> {
    let py = given.py();
    if let Ok(text) = given.cast::<PyString>() {
        let text = text.to_cow()?;
        if has_scheme(&text) {
            return iolink_host::source::from_uri(&text).or_raise();
        }
    }
    if let Some(uri) = crate::uri::text_of(given) {
        return iolink_host::source::from_uri(uri).or_raise();
    }
    if let Ok(path) = py.import("os")?.getattr("fspath")?.call1((given,)) {
        let path: PathBuf = py.import("os")?.getattr("fsdecode")?.call1((path,))?.extract()?;
        return iolink_host::source::from_path(&path).or_raise();
    }
    if let Some(source) = crate::stream::source_of_storage(given) {
        return source;
    }
    let (bytes, name) = crate::stream::random_access_of(argument, given).naming(py, argument)?;
    let source = Source::new(format!("stream:{name}"));
    Ok(match iolink_plugin_stream::store_of(&*bytes) {
        Some((store, key)) => source.with_bytes(bytes).with_store(store, key),
        None => source.with_bytes(bytes),
    })
}

/// A source with the keyword arguments that are no arguments of ours.
pub fn with_options(mut source: Source, options: Option<&Bound<'_, PyDict>>) -> PyResult<Source> {
    for (key, value) in options.into_iter().flatten() {
        if !value.is_none() {
            let key = key.extract::<String>()?;
            let text = option_text(&key, &value)?;
            source = source.with_option(key, text);
        }
    }
    Ok(source)
}

/// The target that something to write to names: a path or URI, a StreamAccess, or a key of a DataStorage.
pub fn save_target(argument: &str, given: &Bound<'_, PyAny>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Target> {
    Ok(match crate::stream::target_place(given)? {
        None => with_options(source_from(argument, given)?, options)?.into(),
        Some((source, TargetPlace::Stream(stream))) => Target::from(with_options(source, options)?).with_stream(stream),
        Some((source, TargetPlace::Key(store, key))) => {
            Target::from(with_options(source, options)?).with_store(store, key)
        }
    })
}

/// An option's value as text; of values in an order, these separated by commas and quoted where they hold one.
pub fn option_text(key: &str, value: &Bound<'_, PyAny>) -> PyResult<String> {
    let refused = |what: &Bound<'_, PyAny>| {
        PyTypeError::new_err(format!(
            "{key}: expected a text, a number, or a list of texts, not {}",
            what.get_type().name().map_or_else(|_| String::new(), |name| name.to_string())
        ))
    };
    if value.is_instance_of::<PyBytes>() || value.is_instance_of::<PyByteArray>() {
        return Err(refused(value));
    }
    if value.is_instance_of::<PyString>() || value.is_instance_of::<PyInt>() || value.try_iter().is_err() {
        return Ok(value.str()?.to_string());
    }
    if value.is_instance_of::<PyDict>() || value.is_instance_of::<PySet>() || value.is_instance_of::<PyFrozenSet>() {
        return Err(PyTypeError::new_err(format!(
            "{key}: expected values in an order, such as a list, not a dict or set"
        )));
    }
    let mut parts = Vec::new();
    for part in value.try_iter()? {
        let part = part?;
        let number = part.hasattr("__float__")? && part.try_iter().is_err();
        if !number && !part.is_instance_of::<PyString>() {
            return Err(refused(&part));
        }
        let text = part.str()?.to_string();
        let plain = !text.is_empty() && !text.contains([',', '"', '\n', '\r']);
        parts.push(if plain { text } else { format!("\"{}\"", text.replace('"', "\"\"")) });
    }
    Ok(parts.join(","))
}

/// `scheme://...`; a single letter is a drive.
fn has_scheme(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, _)| {
        scheme.len() > 1 && scheme.chars().all(|letter| letter.is_ascii_alphanumeric() || "+-.".contains(letter))
    })
}

/// Opens whatever an installed provider can, as the view it makes of it: a path, a URI, or an object that can be read and
/// moved in. The provider is chosen by the file's name and first bytes, unless `provider` (an id) or `format` names one.
/// Other keyword arguments are options of the provider. `progress(done, total)` is called where a provider tells how far it
/// is; False stops it with CancelledError.
///
/// Raises FileNotFoundError for no such file; UnsupportedFormatError (a ValueError) that lists what is installed and what
/// each provider opens.
#[pyfunction]
#[pyo3(signature = (source, *, provider = None, format = None, progress = None, **options))]
fn open<'py>(
    py: Python<'py>,
    source: &Bound<'py, PyAny>,
    provider: Option<&str>,
    format: Option<&str>,
    progress: Option<&Bound<'py, PyAny>>,
    options: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let mut wanted = source_from("source", source)?;
    if let Some(format) = format {
        wanted = wanted.with_format(format);
    }
    wanted = with_options(wanted, options)?;
    let (uri, format) = (wanted.uri().to_owned(), wanted.format().map(str::to_owned));
    let mut options = wanted.options().to_vec();
    let opened = provider::keeping(py, || {
        interruptible(progress, |call| py.detach(|| registry().open_with(wanted, provider, call)))
    })?;
    // A secret goes into no recipe.
    let declared = registry().options(&opened.provider);
    options.retain(|(key, _)| !declared.iter().any(|option| option.name == *key && option.is_secret()));
    let opening = Opening { provider: opened.provider, uri, format, options, steps: Some(Vec::new()) };
    to_python(py, opened.view, Some(opening))
}

/// What is installed, as a list of PluginInfo. No library is opened for it, unless `check=True` asks to load everything
/// that can be loaded and to say why the rest cannot.
///
/// >>> [info.id for info in plugins() if info.kind == "built-in"]
/// ['org.iolink.dataframe', 'org.iolink.memory', 'org.iolink.numpy', 'org.iolink.stream']
#[pyfunction]
#[pyo3(signature = (check = false))]
fn plugins(py: Python<'_>, check: bool) -> Vec<PluginInfo> {
    py.detach(|| registry().plugins(check)).into_iter().map(PluginInfo).collect()
}

/// Loads a plugin by its file, a path or a Uri, and returns its PluginInfo. The plugin's code runs in this process from then
/// on.
///
/// Raises PluginRefusedError (an ImportError) with the reason.
#[pyfunction]
fn load_plugin(py: Python<'_>, path: &Bound<'_, PyAny>) -> PyResult<PluginInfo> {
    let path = match crate::uri::text_of(path) {
        None => path.extract::<PathBuf>().naming(py, "path")?,
        Some(uri) => match iolink_host::source::from_uri(uri).or_raise()?.path() {
            Some(path) => path.to_owned(),
            None => {
                return Err(PyValueError::new_err(format!("path: {uri} is no local file; copy the plugin to a disk")))
            }
        },
    };
    py.detach(|| registry().load_plugin(&path)).or_raise().map(PluginInfo)
}

/// What a target's name means for a view.
fn target_from(name: &str) -> PyResult<Convert> {
    Ok(match name {
        "numpy" | "memory" => Convert::new(Kind::Image, ImageCapability::MEMORY_ACCESS.value()),
        "image" => Convert::new(Kind::Image, ImageCapability::READ.value()),
        "arrow" | "polars" | "frame" => Convert::new(Kind::DataFrame, DataFrameCapability::READ.value()),
        "pandas" => {
            let lending = DataFrameCapability::READ | DataFrameCapability::ARROW;
            Convert::new(Kind::DataFrame, lending.value())
        }
        other => {
            return Err(PyValueError::new_err(format!(
                "target: {other:?} is not one of numpy, memory, image, pandas, arrow, polars, frame"
            )))
        }
    })
}

/// What would happen, before it does: which providers could serve, which is chosen and why, and how many bytes would be
/// copied or decoded. `thing` is a view, with a target (numpy, memory, image, pandas, arrow, polars, frame), a DataFrame of
/// pandas, or a source that `open` takes. Of pandas, every column is told of.
///
/// >>> explain(ImageViewFactory.allocate((6, 4), "UINT8"), "numpy").startswith("wanted")
/// True
#[pyfunction]
#[pyo3(signature = (thing, target = "numpy", *, provider = None))]
fn explain(py: Python<'_>, thing: &Bound<'_, PyAny>, target: &str, provider: Option<&str>) -> PyResult<String> {
    if thing.hasattr("__iolink_view__")? {
        let view = crate::capsule::to_view(thing)?;
        let wanted = target_from(target)?;
        let words = py.detach(|| registry().explain_view(&view, &wanted)).to_string();
        if target == "pandas" && wanted.kind == view.kind() {
            return column_by_column(thing, &words);
        }
        return Ok(words);
    }
    if is_pandas(thing)? {
        let words: String = py.import("iolink._pandas_in")?.call_method1("routed", (thing,))?.extract()?;
        return column_by_column(thing, &words);
    }
    let source = source_from("thing", thing)?;
    Ok(py.detach(|| registry().explain_open(&source, provider)).to_string())
}

fn is_pandas(thing: &Bound<'_, PyAny>) -> PyResult<bool> {
    let modules = thing.py().import("sys")?.getattr("modules")?;
    match modules.call_method1("get", ("pandas",))? {
        pandas if pandas.is_none() => Ok(false),
        pandas => thing.is_instance(&pandas.getattr("DataFrame")?),
    }
}

/// What the router says, and which columns of a frame, or of pandas' own, would be shared.
fn column_by_column(thing: &Bound<'_, PyAny>, routed: &str) -> PyResult<String> {
    let interop = thing.py().import("iolink.pandas_interop")?.getattr("PandasInterop")?;
    let columns: String = interop.call_method1("explain", (thing,))?.extract()?;
    if columns.lines().any(|line| line.contains(": copied, ")) {
        // The route is chosen for the columns as pandas hands them over, or gets them.
        let routed = routed.replace("why     it copies nothing", "why     it copies nothing but what is said below");
        let routed = routed.replace("copied  nothing", "copied  nothing but what is said below");
        return Ok(format!("{routed}\n{columns}"));
    }
    Ok(format!("{routed}\n{columns}"))
}

/// Puts providers in an order of preference, by id. Between equally good ones the first of them is chosen.
#[pyfunction]
fn set_provider_priority(providers: Vec<String>) {
    registry().set_provider_priority(providers);
}

/// The view of a capsule, or of an object that answers `__iolink_view__`: the way in for packages that do not use our
/// crates.
#[pyfunction]
fn from_capsule<'py>(py: Python<'py>, thing: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let view = crate::capsule::to_view(thing).naming(py, "thing")?;
    to_python(py, view, None)
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PluginInfo>()?;
    module.add_function(wrap_pyfunction!(open, module)?)?;
    module.add_function(wrap_pyfunction!(plugins, module)?)?;
    module.add_function(wrap_pyfunction!(load_plugin, module)?)?;
    module.add_function(wrap_pyfunction!(explain, module)?)?;
    module.add_function(wrap_pyfunction!(set_provider_priority, module)?)?;
    module.add_function(wrap_pyfunction!(from_capsule, module)?)
}
