//! Requests to a provider: a source to open, a view to create, memory to adopt, a conversion, a target to save to.

use crate::abi::*;
use crate::view::{check_flags, check_key, read_grown, sibling_key, tree_from_source, tree_source};
use crate::{
    fail, Bytes, Call, DataType, Error, ErrorKind, ImageProperties, Kind, Memory, MetadataNode, OwnedSchema,
    OwnedStream, RandomAccess, Result, Shape, Store, StreamAccess, View,
};
use std::ffi::{CStr, CString};
use std::os::raw::c_char;
use std::path::{Path, PathBuf};
use std::ptr::{null, null_mut};
use std::sync::Arc;

/// A source to be opened: a URI, a local path if there is one, the bytes, and the store that holds them.
#[derive(Clone, Default)]
pub struct Source {
    uri: String,
    path: Option<PathBuf>,
    bytes: Option<Arc<dyn RandomAccess>>,
    store: Option<(Arc<dyn Store>, String)>,
    format: Option<String>,
    provider: Option<String>,
    options: Vec<(String, String)>,
    storage_options: Vec<(String, String)>,
    kind: Option<Kind>,
    writable: bool,
}

impl Source {
    /// A source by its URI.
    pub fn new(uri: impl Into<String>) -> Self {
        Source { uri: uri.into(), ..Source::default() }
    }

    /// The same source with a local path.
    pub fn with_path(mut self, path: impl Into<PathBuf>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// The same source with its bytes.
    pub fn with_bytes(mut self, bytes: Arc<dyn RandomAccess>) -> Self {
        self.bytes = Some(bytes);
        self
    }

    /// The same source, to be read as this format.
    pub fn with_format(mut self, format: impl Into<String>) -> Self {
        self.format = Some(format.into());
        self
    }

    /// The same source with one more option.
    pub fn with_option(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.push((key.into(), value.into()));
        self
    }

    /// The same source in the store that holds it, under its key; "" if the source is the store itself, such as a folder.
    pub fn with_store(mut self, store: Arc<dyn Store>, key: impl Into<String>) -> Self {
        self.store = Some((store, key.into()));
        self
    }

    /// The same source, to be opened by the provider with this id.
    pub fn with_provider(mut self, provider: impl Into<String>) -> Self {
        self.provider = Some(provider.into());
        self
    }

    /// The same source with one more option of its storage.
    pub fn with_storage_option(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.storage_options.push((key.into(), value.into()));
        self
    }

    /// The same source, to be opened as a view of this kind.
    pub fn with_kind(mut self, kind: Kind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// The same source, to be opened for writing too.
    pub fn with_writable(mut self, writable: bool) -> Self {
        self.writable = writable;
        self
    }

    /// Never empty: `file:///...`, another scheme, or `stream:NAME`.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// The path, where the source is a local file.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The bytes.
    ///
    /// # Errors
    /// `Unsupported` where only the URI is known.
    pub fn bytes(&self) -> Result<Arc<dyn RandomAccess>> {
        match &self.bytes {
            Some(bytes) => Ok(bytes.clone()),
            None => fail!(Unsupported, "{} cannot be read by position", self.uri),
        }
    }

    /// The store that holds the source: the folder of a local file, or the source itself if it is a folder.
    ///
    /// # Errors
    /// `NotImplemented` for a lone stream.
    pub fn store(&self) -> Result<Arc<dyn Store>> {
        match &self.store {
            Some((store, _)) => Ok(store.clone()),
            None => Err(Error::capability(
                &format!("{} (a format in several files)", self.uri),
                "store",
                "give its path, or a DataStorage that holds all its files",
            )),
        }
    }

    /// Key of the source in its store: the name of the file; "" for a folder, `None` for a lone stream.
    pub fn key(&self) -> Option<&str> {
        self.store.as_ref().map(|(_, key)| key.as_str())
    }

    /// Returns another file of this source's format, by its name beside this one: `source.sibling("brain.img", call)`. It
    /// has the bytes, and a path if this one has a path.
    ///
    /// # Errors
    /// `InvalidArgument` for a name that leads elsewhere, `NotFound`, `NotImplemented` for a lone stream.
    pub fn sibling(&self, name: &str, call: &Call<'_>) -> Result<Source> {
        let key = self.key().unwrap_or_default();
        let sibling_key = sibling_key(key, name)?;
        // The name without parts that are `.`.
        let name = &sibling_key[key.rfind('/').map_or(0, |slash| slash + 1)..];
        let store = self.store()?;
        let bytes = store.open_bytes(&sibling_key, call)?;
        let uri_name = if self.uri.starts_with("file:") { percent_encoded(name) } else { name.to_owned() };
        let uri = match (key, self.uri.rfind('/')) {
            ("", _) => format!("{}/{uri_name}", self.uri.trim_end_matches('/')),
            (_, Some(slash)) => format!("{}/{uri_name}", &self.uri[..slash]),
            (_, None) => format!("stream:{name}"),
        };
        let path =
            self.path.as_ref().map(|path| if key.is_empty() { path.join(name) } else { path.with_file_name(name) });
        Ok(Source { path, ..Source::new(uri).with_bytes(bytes).with_store(store, sibling_key) })
    }

    /// Id of the provider that the user named.
    pub fn provider(&self) -> Option<&str> {
        self.provider.as_deref()
    }

    /// Options of the storage, such as an endpoint or a profile.
    pub fn storage_options(&self) -> &[(String, String)] {
        &self.storage_options
    }

    /// Kind of view that the caller wants; `None`: any.
    pub fn kind(&self) -> Option<Kind> {
        self.kind
    }

    /// True if the view shall be writable.
    pub fn is_writable(&self) -> bool {
        self.writable
    }

    /// Format asked for by the user.
    pub fn format(&self) -> Option<&str> {
        self.format.as_deref()
    }

    /// Every option.
    pub fn options(&self) -> &[(String, String)] {
        &self.options
    }

    /// # Safety
    /// `border` is NULL or a live source.
    pub(crate) unsafe fn from_border(border: *const iolink_source) -> Result<Self> {
        // SAFETY: by the caller's promise; every text is NULL or NUL-terminated.
        unsafe {
            let border = read_grown(border)?;
            check_flags("source", border.flags, IOLINK_SOURCE_WRITABLE)?;
            let mut source = Source::new(
                text(border.uri)?.ok_or_else(|| Error::new(ErrorKind::InvalidArgument, "the source has no URI"))?,
            );
            source.path = path_from(border.path)?;
            if !border.bytes.is_null() {
                source.bytes = Some(View::from_borrowed(border.bytes)?.into_random_access()?);
            }
            if !border.store.is_null() {
                let key = text(border.key)?.unwrap_or_default();
                if !key.is_empty() {
                    check_key(&key)?;
                }
                source.store = Some((View::from_borrowed(border.store)?.into_store()?, key));
            }
            source.format = text(border.format)?;
            source.provider = text(border.provider)?;
            source.options = options_from(border.options, border.option_count)?;
            source.storage_options = options_from(border.storage_options, border.storage_option_count)?;
            source.kind = match border.kind {
                0 => None,
                number => match Kind::from_number(number) {
                    Some(kind) => Some(kind),
                    None => fail!(NotImplemented, "a view of kind {number} is not known to this version"),
                },
            };
            source.writable = border.flags & IOLINK_SOURCE_WRITABLE != 0;
            Ok(source)
        }
    }

    /// Runs `body` with the border's form of this source.
    ///
    /// # Errors
    /// `InvalidArgument` where a text holds a NUL; what `body` fails with.
    pub fn with_border<R>(&self, body: impl FnOnce(*const iolink_source) -> Result<R>) -> Result<R> {
        let uri = c_text(&self.uri)?;
        let path = self.path.as_deref().map(path_text).transpose()?;
        let format = self.format.as_deref().map(c_text).transpose()?;
        let provider = self.provider.as_deref().map(c_text).transpose()?;
        let key = self.key().map(c_text).transpose()?;
        let options = OptionList::new(&self.options)?;
        let storage_options = OptionList::new(&self.storage_options)?;
        let bytes = self.bytes.clone().map(|bytes| Lent(View::RandomAccess(bytes).into_raw("")));
        let store = self.store.as_ref().map(|(store, _)| Lent(View::Store(store.clone()).into_raw("")));
        let border = iolink_source {
            size: std::mem::size_of::<iolink_source>() as u32,
            flags: if self.writable { IOLINK_SOURCE_WRITABLE } else { 0 },
            uri: uri.as_ptr(),
            path: pointer(&path),
            bytes: bytes.as_ref().map_or(null_mut(), |bytes| bytes.0),
            format: pointer(&format),
            options: options.list.as_ptr(),
            option_count: options.list.len() as u64,
            store: store.as_ref().map_or(null_mut(), |store| store.0),
            key: pointer(&key),
            provider: pointer(&provider),
            storage_options: storage_options.list.as_ptr(),
            storage_option_count: storage_options.list.len() as u64,
            kind: self.kind.map_or(0, Kind::number),
            reserved: 0,
        };
        body(&border)
    }
}

/// A name as `file:` URIs have it.
fn percent_encoded(name: &str) -> String {
    let mut encoded = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' | b':' | b'+' | b'@' | b',' | b'=' => encoded.push(byte as char),
            byte if byte.is_ascii_alphanumeric() => encoded.push(byte as char),
            byte => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// A place to create or to save a view at.
#[derive(Clone, Default)]
pub struct Target {
    uri: String,
    path: Option<PathBuf>,
    format: Option<String>,
    stream: Option<Arc<dyn StreamAccess>>,
    store: Option<(Arc<dyn Store>, String)>,
    options: Vec<(String, String)>,
    overwrite: bool,
}

impl Target {
    /// A target by its URI: the final name.
    pub fn new(uri: impl Into<String>) -> Self {
        Target { uri: uri.into(), ..Target::default() }
    }

    /// The same target with the path to write to.
    pub fn with_path(mut self, path: impl Into<PathBuf>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// The same target in this format.
    pub fn with_format(mut self, format: impl Into<String>) -> Self {
        self.format = Some(format.into());
        self
    }

    /// The same target as a stream to write to.
    pub fn with_stream(mut self, stream: Arc<dyn StreamAccess>) -> Self {
        self.stream = Some(stream);
        self
    }

    /// The same target in a store, under a key.
    pub fn with_store(mut self, store: Arc<dyn Store>, key: impl Into<String>) -> Self {
        self.store = Some((store, key.into()));
        self
    }

    /// The same target with one more option of the format.
    pub fn with_option(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.push((key.into(), value.into()));
        self
    }

    /// The same target; what exists there is replaced.
    pub fn with_overwrite(mut self, overwrite: bool) -> Self {
        self.overwrite = overwrite;
        self
    }

    /// The same target as a stream and nothing else.
    pub fn to_stream_alone(self, stream: Arc<dyn StreamAccess>) -> Self {
        Target { path: None, store: None, stream: Some(stream), ..self }
    }

    /// The same target as a local path and nothing else.
    pub fn to_path_alone(self, path: impl Into<PathBuf>) -> Self {
        Target { path: Some(path.into()), store: None, stream: None, ..self }
    }

    /// Never empty: the final name.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// Local files: the path to write to.
    ///
    /// # Errors
    /// `Unsupported` for a target that is not a local file.
    pub fn path(&self) -> Result<&Path> {
        match &self.path {
            Some(path) => Ok(path),
            None => fail!(Unsupported, "{} is not a local file, which this format needs", self.uri),
        }
    }

    /// The format, one of the offer's.
    pub fn format(&self) -> Option<&str> {
        self.format.as_deref()
    }

    /// The stream to write to.
    pub fn stream(&self) -> Option<&Arc<dyn StreamAccess>> {
        self.stream.as_ref()
    }

    /// The store to write into, and the key in it.
    pub fn store(&self) -> Option<(&Arc<dyn Store>, &str)> {
        self.store.as_ref().map(|(store, key)| (store, key.as_str()))
    }

    /// Every option.
    pub fn options(&self) -> &[(String, String)] {
        &self.options
    }

    /// True if what exists at the target is replaced.
    pub fn is_overwrite(&self) -> bool {
        self.overwrite
    }

    /// # Safety
    /// `border` is NULL or a live target.
    pub(crate) unsafe fn from_border(border: *const iolink_target) -> Result<Self> {
        // SAFETY: by the caller's promise; every string is NULL or NUL-terminated.
        unsafe {
            let border = read_grown(border)?;
            check_flags("target", border.flags, IOLINK_TARGET_OVERWRITE)?;
            let mut target = Target::new(
                text(border.uri)?.ok_or_else(|| Error::new(ErrorKind::InvalidArgument, "the target has no URI"))?,
            );
            target.path = path_from(border.path)?;
            target.format = text(border.format)?;
            if !border.stream.is_null() {
                target.stream = Some(View::from_borrowed(border.stream)?.into_stream()?);
            }
            if !border.store.is_null() {
                let key = text(border.key)?.unwrap_or_default();
                check_key(&key)?;
                target.store = Some((View::from_borrowed(border.store)?.into_store()?, key));
            }
            target.options = options_from(border.options, border.option_count)?;
            target.overwrite = border.flags & IOLINK_TARGET_OVERWRITE != 0;
            Ok(target)
        }
    }

    /// Runs `body` with the ABI's form of this target.
    ///
    /// # Errors
    /// `InvalidArgument` for a string that holds a NUL; what `body` fails with.
    pub fn with_border<R>(&self, body: impl FnOnce(*const iolink_target) -> Result<R>) -> Result<R> {
        let uri = c_text(&self.uri)?;
        let path = self.path.as_deref().map(path_text).transpose()?;
        let format = self.format.as_deref().map(c_text).transpose()?;
        let key = self.store.as_ref().map(|(_, key)| c_text(key)).transpose()?;
        let options = OptionList::new(&self.options)?;
        let stream = self.stream.clone().map(|stream| Lent(View::Stream(stream).into_raw("")));
        let store = self.store.as_ref().map(|(store, _)| Lent(View::Store(store.clone()).into_raw("")));
        let border = iolink_target {
            size: std::mem::size_of::<iolink_target>() as u32,
            flags: if self.overwrite { IOLINK_TARGET_OVERWRITE } else { 0 },
            uri: uri.as_ptr(),
            path: pointer(&path),
            format: pointer(&format),
            stream: stream.as_ref().map_or(null_mut(), |stream| stream.0),
            store: store.as_ref().map_or(null_mut(), |store| store.0),
            key: pointer(&key),
            options: options.list.as_ptr(),
            option_count: options.list.len() as u64,
        };
        body(&border)
    }
}

impl From<Source> for Target {
    /// A target at the place of a source, with its format and options.
    fn from(source: Source) -> Target {
        Target {
            uri: source.uri,
            path: source.path,
            format: source.format,
            stream: None,
            store: source.store.filter(|(_, key)| !key.is_empty()),
            options: source.options,
            overwrite: false,
        }
    }
}

/// The view that a conversion shall make.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Convert {
    /// Kind of the view.
    pub kind: Kind,
    /// Bits of the capabilities that it must have.
    pub capabilities: u64,
    options: Vec<(String, String)>,
}

impl Convert {
    /// A view of this kind with at least these capabilities.
    pub fn new(kind: Kind, capabilities: u64) -> Self {
        Convert { kind, capabilities, options: Vec::new() }
    }

    /// The same conversion with one more option.
    pub fn with_option(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.push((key.into(), value.into()));
        self
    }

    /// Every option.
    pub fn options(&self) -> &[(String, String)] {
        &self.options
    }

    /// # Safety
    /// `border` is NULL or a live request.
    pub(crate) unsafe fn from_border(border: *const iolink_convert_request) -> Result<Self> {
        // SAFETY: by the caller's promise.
        unsafe {
            let border = read_grown(border)?;
            check_flags("conversion", border.flags, 0)?;
            let kind = match Kind::from_number(border.kind) {
                Some(kind) => kind,
                None => fail!(InvalidArgument, "{} is not a kind of view", border.kind),
            };
            let options = options_from(border.options, border.option_count)?;
            Ok(Convert { kind, capabilities: border.capabilities, options })
        }
    }

    /// Runs `body` with the ABI's form of this request.
    ///
    /// # Errors
    /// `InvalidArgument` for a string that holds a NUL; what `body` fails with.
    pub fn with_border<R>(&self, body: impl FnOnce(*const iolink_convert_request) -> Result<R>) -> Result<R> {
        let options = OptionList::new(&self.options)?;
        body(&iolink_convert_request {
            size: std::mem::size_of::<iolink_convert_request>() as u32,
            kind: self.kind.number(),
            capabilities: self.capabilities,
            flags: 0,
            reserved: 0,
            options: options.list.as_ptr(),
            option_count: options.list.len() as u64,
        })
    }
}

/// The options of a request, read by their keys.
pub trait Options {
    /// Every option as key and value.
    fn pairs(&self) -> &[(String, String)];

    /// Value of an option.
    fn option(&self, key: &str) -> Option<&str> {
        self.pairs().iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
    }

    /// Value of an option as a number, or another type that is parsed from a string; `None` if it is not given.
    ///
    /// # Errors
    /// `InvalidArgument` for another value.
    ///
    /// ```
    /// use iolink_sdk::provider::Options;
    ///
    /// let source = iolink_sdk::Source::new("stream:x").with_option("page", "12");
    /// assert_eq!(source.parsed("page")?.unwrap_or(0), 12);
    /// assert_eq!(source.parsed::<f64>("scale")?, None);
    /// # Ok::<(), iolink_sdk::Error>(())
    /// ```
    fn parsed<T: std::str::FromStr>(&self, key: &str) -> Result<Option<T>> {
        let parse = |value: &str| value.parse().map_err(|_| unfit(key, value, std::any::type_name::<T>()));
        self.option(key).map(parse).transpose()
    }

    /// Value of an option that is true or false; `None` if it is not given.
    ///
    /// # Errors
    /// `InvalidArgument` for another value.
    fn boolean(&self, key: &str) -> Result<Option<bool>> {
        let parse = |value| parse_boolean(value).ok_or_else(|| unfit(key, value, "true or false"));
        self.option(key).map(parse).transpose()
    }
}

impl Options for Source {
    fn pairs(&self) -> &[(String, String)] {
        &self.options
    }
}

impl Options for Target {
    fn pairs(&self) -> &[(String, String)] {
        &self.options
    }
}

impl Options for Convert {
    fn pairs(&self) -> &[(String, String)] {
        &self.options
    }
}

/// Options in the form of the ABI.
struct OptionList {
    /// The strings that `list` points to.
    _strings: Vec<(CString, CString)>,
    list: Vec<iolink_option>,
}

impl OptionList {
    fn new(options: &[(String, String)]) -> Result<Self> {
        let mut strings = Vec::with_capacity(options.len());
        for (key, value) in options {
            strings.push((c_text(key)?, c_text(value)?));
        }
        let option = |(key, value): &(CString, CString)| iolink_option { key: key.as_ptr(), value: value.as_ptr() };
        let list = strings.iter().map(option).collect();
        Ok(OptionList { _strings: strings, list })
    }
}

/// Reads the options of a request.
///
/// # Safety
/// `options` is NULL, or has `count` options.
unsafe fn options_from(options: *const iolink_option, count: u64) -> Result<Vec<(String, String)>> {
    if options.is_null() && count > 0 {
        fail!(InvalidArgument, "option_count is {count}, and options is NULL");
    }
    let mut found = Vec::new();
    for index in 0..count as usize {
        // SAFETY: by the caller's promise; strings are NULL or NUL-terminated.
        let (key, value) = unsafe {
            let option = &*options.add(index);
            (text(option.key)?, text(option.value)?)
        };
        match (key, value) {
            (Some(key), Some(value)) => found.push((key, value)),
            (Some(key), None) => fail!(InvalidArgument, "the option {key} has no value"),
            (None, _) => fail!(InvalidArgument, "option {index} has no key"),
        }
    }
    Ok(found)
}

fn pointer(text: &Option<CString>) -> *const c_char {
    text.as_ref().map_or(null(), |text| text.as_ptr())
}

/// Parses a boolean as Python and others write it.
pub(crate) fn parse_boolean(value: &str) -> Option<bool> {
    match value {
        "true" | "True" | "1" => Some(true),
        "false" | "False" | "0" => Some(false),
        _ => None,
    }
}

fn unfit(key: &str, value: &str, expected: &str) -> Error {
    Error::new(ErrorKind::InvalidArgument, format!("the option {key} is {value:?}, not {expected}"))
}

/// One reference, given up at the end of a call.
struct Lent(*mut iolink_view);

impl Drop for Lent {
    fn drop(&mut self) {
        // SAFETY: the reference is ours.
        unsafe {
            if let Some(release) = (*(*self.0).vtable).release {
                release(self.0);
            }
        }
    }
}

fn c_text(text: &str) -> Result<CString> {
    CString::new(text).map_err(|_| Error::new(ErrorKind::InvalidArgument, format!("{text:?} holds a NUL")))
}

/// # Safety
/// `at` is NULL or NUL-terminated.
pub(crate) unsafe fn text(at: *const c_char) -> Result<Option<String>> {
    if at.is_null() {
        return Ok(None);
    }
    // SAFETY: by the caller's promise.
    match unsafe { CStr::from_ptr(at) }.to_str() {
        Ok(text) => Ok(Some(text.to_owned())),
        Err(_) => fail!(InvalidArgument, "a text is not UTF-8"),
    }
}

/// # Safety
/// `at` is NULL or points to properties, which are to be those of an image of `dimensions` axes.
unsafe fn properties_at(at: *const iolink_image_properties, dimensions: usize) -> Result<Option<ImageProperties>> {
    if at.is_null() {
        return Ok(None);
    }
    // SAFETY: by the caller's promise.
    ImageProperties::from_border(&unsafe { read_grown(at) }?)?.settled(dimensions).map(Some)
}

#[cfg(unix)]
fn path_text(path: &Path) -> Result<CString> {
    use std::os::unix::ffi::OsStrExt;
    CString::new(path.as_os_str().as_bytes())
        .map_err(|_| Error::new(ErrorKind::InvalidArgument, format!("the path {path:?} holds a NUL")))
}

#[cfg(not(unix))]
fn path_text(path: &Path) -> Result<CString> {
    match path.to_str() {
        Some(text) => c_text(text),
        None => fail!(InvalidArgument, "the path {path:?} is not Unicode"),
    }
}

/// # Safety
/// `at` is NULL or NUL-terminated.
unsafe fn path_from(at: *const c_char) -> Result<Option<PathBuf>> {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        if at.is_null() {
            return Ok(None);
        }
        // SAFETY: by the caller's promise.
        let bytes = unsafe { CStr::from_ptr(at) }.to_bytes();
        Ok(Some(PathBuf::from(std::ffi::OsStr::from_bytes(bytes))))
    }
    #[cfg(not(unix))]
    {
        // SAFETY: by the caller's promise.
        Ok(unsafe { text(at) }?.map(PathBuf::from))
    }
}

/// A view to be created, in memory or at a target.
pub struct Create {
    /// The view.
    pub view: CreateView,
    /// The place to create it at; `None`: in memory.
    pub target: Option<Target>,
}

/// A view to be created.
#[allow(clippy::large_enum_variant)] // One at a time, passed on at once.
pub enum CreateView {
    /// An image whose samples start at zero.
    Image {
        /// Samples along each axis.
        shape: Shape,
        /// Type of a sample.
        data_type: DataType,
        /// Axes and calibration.
        properties: Option<ImageProperties>,
        /// The metadata tree.
        metadata: Option<MetadataNode>,
        /// Samples along each axis of the tiles to store; `None`: as the provider decides.
        tile_shape: Option<Shape>,
    },
    /// An empty set of images.
    MultiImage,
    /// A frame whose values start at 0, false and "".
    DataFrame {
        /// A struct type with one child for each column.
        schema: OwnedSchema,
        /// Number of rows.
        rows: u64,
    },
    /// An empty stream that grows.
    Stream {
        /// Bytes to make room for.
        capacity: u64,
    },
    /// Bytes that start at zero.
    RandomAccess {
        /// Number of bytes.
        length: u64,
    },
    /// An empty store that can be written.
    Store,
}

impl CreateView {
    /// An image without metadata, in tiles as the provider decides.
    pub fn image(shape: Shape, data_type: DataType, properties: Option<ImageProperties>) -> Self {
        CreateView::Image { shape, data_type, properties, metadata: None, tile_shape: None }
    }

    /// The request to create the view in memory.
    pub fn in_memory(self) -> Create {
        Create { view: self, target: None }
    }

    /// The request to create the view at a target.
    pub fn at(self, target: Target) -> Create {
        Create { view: self, target: Some(target) }
    }

    /// Kind of the view.
    pub fn kind(&self) -> Kind {
        match self {
            CreateView::Image { .. } => Kind::Image,
            CreateView::MultiImage => Kind::MultiImage,
            CreateView::DataFrame { .. } => Kind::DataFrame,
            CreateView::Stream { .. } => Kind::Stream,
            CreateView::RandomAccess { .. } => Kind::RandomAccess,
            CreateView::Store => Kind::Store,
        }
    }
}

impl Create {
    /// Kind of the view.
    pub fn kind(&self) -> Kind {
        self.view.kind()
    }

    /// # Safety
    /// `border` is NULL or a live request; its schema is handed over.
    pub(crate) unsafe fn from_border(border: *const iolink_create_request) -> Result<Self> {
        // SAFETY: by the caller's promise.
        unsafe {
            let border = read_grown(border)?;
            // Taken before anything is checked, so that a refusal releases it.
            let schema = OwnedSchema::take(border.schema);
            check_flags("create request", border.flags, 0)?;
            let target = match border.target.is_null() {
                true => None,
                false => Some(Target::from_border(border.target)?),
            };
            let view = match Kind::from_number(border.kind) {
                Some(Kind::Image) => CreateView::Image {
                    shape: Shape::from_border(border.dimension_count, &border.shape)?,
                    data_type: DataType::from_id(border.data_type)?,
                    properties: properties_at(border.properties, border.dimension_count as usize)?,
                    metadata: match border.metadata.is_null() {
                        true => None,
                        false => Some(tree_from_source(border.metadata)?),
                    },
                    tile_shape: Some(Shape::from_border(border.dimension_count, &border.tile_shape)?)
                        .filter(|tile| !tile.contains(&0)),
                },
                Some(Kind::MultiImage) => CreateView::MultiImage,
                Some(Kind::DataFrame) => CreateView::DataFrame { schema: schema?, rows: border.length },
                Some(Kind::Stream) => CreateView::Stream { capacity: border.length },
                Some(Kind::RandomAccess) => CreateView::RandomAccess { length: border.length },
                Some(Kind::Store) => CreateView::Store,
                _ => fail!(InvalidArgument, "a view of kind {} cannot be created", border.kind),
            };
            Ok(Create { view, target })
        }
    }

    /// Runs `body` with the ABI's form of this request.
    ///
    /// # Errors
    /// `InvalidArgument` for a string that does not fit; what `body` fails with.
    pub fn with_border<R>(self, body: impl FnOnce(*const iolink_create_request) -> Result<R>) -> Result<R> {
        match self.target {
            Some(target) => target.with_border(|target| self.view.with_border(target, body)),
            None => self.view.with_border(null(), body),
        }
    }
}

impl CreateView {
    fn with_border<R>(
        self,
        target: *const iolink_target,
        body: impl FnOnce(*const iolink_create_request) -> Result<R>,
    ) -> Result<R> {
        let mut border = iolink_create_request {
            size: std::mem::size_of::<iolink_create_request>() as u32,
            kind: self.kind().number(),
            data_type: 0,
            dimension_count: 0,
            flags: 0,
            shape: [0; IOLINK_MAX_DIMS],
            properties: null(),
            length: 0,
            schema: null_mut(),
            target,
            metadata: null(),
            tile_shape: [0; IOLINK_MAX_DIMS],
        };
        match self {
            CreateView::Image { shape, data_type, properties, metadata, tile_shape } => {
                border.data_type = data_type.id();
                border.dimension_count = shape.len() as u32;
                border.shape = shape.border();
                let known = properties.map(|properties| properties.to_border()).transpose()?;
                border.properties = known.as_ref().map_or(null(), |known| known as *const _);
                let tree = metadata.as_ref().map(tree_source);
                border.metadata = tree.as_ref().map_or(null(), |tree| tree as *const _);
                border.tile_shape = tile_shape.map_or(border.tile_shape, |tile| tile.border());
                body(&border)
            }
            CreateView::MultiImage | CreateView::Store => body(&border),
            CreateView::DataFrame { mut schema, rows } => {
                border.length = rows;
                border.schema = schema.as_mut_ptr();
                body(&border)
            }
            CreateView::Stream { capacity: length } | CreateView::RandomAccess { length } => {
                border.length = length;
                body(&border)
            }
        }
    }
}

/// Foreign memory to be made a view of.
pub enum Adopt {
    /// Samples.
    Image {
        /// Where they lie and who keeps them.
        memory: Box<Memory>,
        /// Axes and calibration.
        properties: Option<Arc<ImageProperties>>,
    },
    /// Bytes, as a stream that starts at the first one.
    Stream(Bytes),
    /// Bytes.
    RandomAccess(Bytes),
    /// A table as a run of record batches.
    DataFrame(OwnedStream),
}

impl Adopt {
    /// Kind of the view.
    pub fn kind(&self) -> Kind {
        match self {
            Adopt::Image { .. } => Kind::Image,
            Adopt::Stream(_) => Kind::Stream,
            Adopt::RandomAccess(_) => Kind::RandomAccess,
            Adopt::DataFrame(_) => Kind::DataFrame,
        }
    }

    /// # Safety
    /// `border` is NULL or a live request; memory, bytes and stream are handed over.
    #[inline]
    pub(crate) unsafe fn from_border(border: *const iolink_adopt_request) -> Result<Self> {
        // SAFETY: by the caller's promise.
        unsafe {
            let border = read_grown(border)?;
            // All that is given is taken before anything is judged, so that a refusal releases it.
            let memory = (!border.memory.is_null()).then(|| Memory::from_border(read_grown(border.memory)?));
            let bytes = (!border.bytes.is_null()).then(|| Bytes::from_border(read_grown(border.bytes)?));
            let stream = (!border.stream.is_null()).then(|| OwnedStream::take(border.stream));
            check_flags("adopt request", border.flags, 0)?;
            let nothing = || Error::new(ErrorKind::InvalidArgument, "the request has nothing to adopt");
            Ok(match Kind::from_number(border.kind) {
                Some(Kind::Image) => {
                    let memory = memory.ok_or_else(nothing)??;
                    let properties = properties_at(border.properties, memory.shape.len())?.map(Arc::new);
                    Adopt::Image { memory: Box::new(memory), properties }
                }
                Some(Kind::Stream) => Adopt::Stream(bytes.ok_or_else(nothing)??),
                Some(Kind::RandomAccess) => Adopt::RandomAccess(bytes.ok_or_else(nothing)??),
                Some(Kind::DataFrame) => Adopt::DataFrame(stream.ok_or_else(nothing)??),
                _ => fail!(InvalidArgument, "memory cannot be adopted as a view of kind {}", border.kind),
            })
        }
    }

    /// Runs `body`, which hands the request over, with its border form.
    ///
    /// # Errors
    /// `InvalidArgument` where a text does not fit; what `body` fails with.
    #[inline]
    pub fn with_border<R>(self, body: impl FnOnce(*const iolink_adopt_request) -> Result<R>) -> Result<R> {
        let mut border = iolink_adopt_request {
            size: std::mem::size_of::<iolink_adopt_request>() as u32,
            kind: self.kind().number(),
            memory: std::ptr::null_mut(),
            properties: std::ptr::null(),
            bytes: std::ptr::null_mut(),
            stream: std::ptr::null_mut(),
            flags: 0,
            reserved: 0,
        };
        match self {
            Adopt::Image { memory, properties } => {
                let known;
                if let Some(properties) = properties {
                    known = properties.to_border()?;
                    border.properties = &known;
                }
                let mut memory = memory.into_border();
                border.memory = &mut memory;
                body(&border)
            }
            Adopt::Stream(bytes) | Adopt::RandomAccess(bytes) => {
                let mut bytes = bytes.into_border();
                border.bytes = &mut bytes;
                body(&border)
            }
            Adopt::DataFrame(mut stream) => {
                border.stream = stream.as_mut_ptr();
                body(&border)
            }
        }
    }
}
