//! Streams and random access in Python: classes over the SDK's traits, Python's file objects as streams, and streams as
//! Python's `io` wants them.

mod access;
mod buffer;
mod errors;
mod export;
mod factory;
mod file_object;
mod handle;
mod native;
mod path;
mod random;
mod raw;
mod storage;
mod transfer;

pub use path::path_from;

use access::StreamAccess;
use handle::Handle;
use iolink_plugin_stream::{random_access_over, MemoryAccess};
use iolink_sdk::Source;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use random::RandomAccess;
use std::sync::Arc;
use storage::DataStorage;

/// A stream as its Python class.
pub fn stream_to_python<'py>(
    py: Python<'py>,
    stream: Arc<dyn iolink_sdk::StreamAccess>,
) -> PyResult<Bound<'py, PyAny>> {
    Ok(Bound::new(py, StreamAccess::new(Handle::of(stream)))?.into_any())
}

/// Random access as its Python class.
pub fn random_access_to_python<'py>(
    py: Python<'py>,
    bytes: Arc<dyn iolink_sdk::RandomAccess>,
) -> PyResult<Bound<'py, PyAny>> {
    Ok(Bound::new(py, RandomAccess::new(bytes))?.into_any())
}

/// A key of a store as its Python class; "" for the store itself.
pub fn store_to_python<'py>(
    py: Python<'py>,
    store: Arc<dyn iolink_sdk::Store>,
    key: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let storage = iolink_plugin_stream::DataStorage::stored(store, key).map_err(errors::raise)?;
    Ok(Bound::new(py, DataStorage::new(storage, None))?.into_any())
}

/// The source of a DataStorage, with its store.
pub fn source_of_storage(given: &Bound<'_, PyAny>) -> Option<PyResult<Source>> {
    Some(given.cast::<DataStorage>().ok()?.get().to_source(given.py()))
}

/// The source at the name of a StreamAccess or a key of a DataStorage without a path, and the place to write to.
pub fn target_place(given: &Bound<'_, PyAny>) -> PyResult<Option<(Source, TargetPlace)>> {
    if let Ok(stream) = given.cast::<StreamAccess>() {
        let handle = stream.get().handle();
        handle.check_open()?;
        let name = handle.source(given.py()).unwrap_or_else(|| "StreamAccess".to_owned());
        return Ok(Some((Source::new(format!("stream:{name}")), TargetPlace::Stream(handle.stream().clone()))));
    }
    match given.cast::<DataStorage>() {
        Ok(storage) if storage.get().storage().path().is_none() => {
            let storage = storage.get().storage();
            let key = storage.key().map_err(errors::raise)?.to_owned();
            let place = TargetPlace::Key(storage.store(true), key);
            Ok(Some((Source::new(format!("stream:{}", storage.source())), place)))
        }
        _ => Ok(None),
    }
}

/// A place to write to that is not a local path.
pub enum TargetPlace {
    Stream(Arc<dyn iolink_sdk::StreamAccess>),
    Key(Arc<dyn iolink_sdk::Store>, String),
}

/// The bytes of a StreamAccess, RandomAccess, DataStorage, bytes-like object or readable, seekable Python file object, and a name for
/// messages (its `name` where it has one).
pub fn random_access_of(
    argument: &str,
    given: &Bound<'_, PyAny>,
) -> PyResult<(Arc<dyn iolink_sdk::RandomAccess>, String)> {
    let py = given.py();
    if let Ok(random) = given.cast::<RandomAccess>() {
        let access = random.get().access();
        let name = py.detach(|| access.origin()).unwrap_or_else(|| "RandomAccess".to_owned());
        return Ok((access, name));
    }
    if let Ok(stream) = given.cast::<StreamAccess>() {
        let handle = stream.get().handle();
        let name = handle.source(py).unwrap_or_else(|| "StreamAccess".to_owned());
        let stream = handle.stream().clone();
        return Ok((py.detach(|| random_access_over(stream)).map_err(errors::raise)?, name));
    }
    if let Ok(storage) = given.cast::<DataStorage>() {
        let storage = storage.get().storage();
        return Ok((py.detach(|| storage.random_access(false)).map_err(errors::raise)?, storage.source()));
    }
    if let Some(bytes) = buffer::kept(argument, given)? {
        return Ok((Arc::new(MemoryAccess::over(bytes)), given.get_type().name()?.to_string()));
    }
    let file = file_object::PythonFile::new(given)?;
    let name = file
        .name()
        .unwrap_or_else(|| given.get_type().name().map_or_else(|_| "object".to_owned(), |name| name.to_string()));
    let access = py.detach(|| random_access_over(Arc::new(file))).map_err(errors::raise)?;
    Ok((access, name))
}

/// Capability bits as the Python flag.
fn capabilities_to_python(py: Python<'_>, bits: u64) -> PyResult<Bound<'_, PyAny>> {
    static FLAG: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    FLAG.import(py, "iolink._stream_enums", "StreamCapability")?.call1((bits,))
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<StreamAccess>()?;
    module.add_class::<raw::RawCore>()?;
    module.add_class::<factory::StreamAccessFactory>()?;
    module.add_class::<RandomAccess>()?;
    module.add_class::<random::RandomAccessFactory>()?;
    module.add_class::<DataStorage>()?;
    module.add_class::<storage::DataStorageEntry>()?;
    module.add_class::<storage::DataStorageFactory>()
}
