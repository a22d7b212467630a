//! What a provider is asked for.

use crate::abi::*;
use crate::view::{check_name, read_grown};
use crate::{
    fail, Bytes, DataType, Error, ErrorKind, ImageProperties, Kind, Memory, OwnedSchema, OwnedStream, RandomAccess,
    Result, Shape, View,
};
use std::ffi::{CStr, CString};
use std::os::raw::c_char;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is to be opened: a URI, a local path where there is one, and the bytes.
#[derive(Clone, Default)]
pub struct Source {
    uri: String,
    path: Option<PathBuf>,
    bytes: Option<Arc<dyn RandomAccess>>,
    format: Option<String>,
    options: Vec<(String, String)>,
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

    /// Always there: `file:///...`, another scheme, or `stream:NAME`.
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

    /// A source beside this one, for a format in several files: `source.neighbour("brain.img")`. It has the bytes, and a path
    /// where this one has a path.
    ///
    /// # Errors
    /// `InvalidArgument` for a name that leads elsewhere, `NotFound`, `NotImplemented` where the source is a lone stream.
    pub fn neighbour(&self, name: &str) -> Result<Source> {
        check_name(name)?;
        let neighbours = self.bytes.as_ref().and_then(|bytes| bytes.neighbours()).ok_or_else(|| {
            Error::capability(
                &format!("{} (a format in several files)", self.uri),
                "neighbours",
                "give its path, or a DataStorage that holds all its files",
            )
        })?;
        let bytes = neighbours.open(name)?;
        let uri = match self.uri.rfind('/') {
            Some(slash) => format!("{}/{name}", &self.uri[..slash]),
            None => format!("stream:{name}"),
        };
        let mut source = Source::new(uri).with_bytes(bytes);
        source.path = self.path.as_ref().map(|path| path.with_file_name(name));
        Ok(source)
    }

    /// Format asked for by the user.
    pub fn format(&self) -> Option<&str> {
        self.format.as_deref()
    }

    /// Value of an option.
    pub fn option(&self, key: &str) -> Option<&str> {
        self.options.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
    }

    /// Value of an option as a number, or whatever else is written as text; `None` where it is not given.
    ///
    /// # Errors
    /// `InvalidArgument` where the value is not one.
    ///
    /// ```
    /// let source = iolink_sdk::Source::new("stream:x").with_option("page", "12");
    /// assert_eq!(source.parsed("page")?.unwrap_or(0), 12);
    /// assert_eq!(source.parsed::<f64>("scale")?, None);
    /// # Ok::<(), iolink_sdk::Error>(())
    /// ```
    pub fn parsed<T: std::str::FromStr>(&self, key: &str) -> Result<Option<T>> {
        let parse = |value: &str| value.parse().map_err(|_| unfit(key, value, std::any::type_name::<T>()));
        self.option(key).map(parse).transpose()
    }

    /// Value of an option that is true or false; `None` where it is not given.
    ///
    /// # Errors
    /// `InvalidArgument` where the value is neither.
    pub fn flag(&self, key: &str) -> Result<Option<bool>> {
        self.option(key).map(|value| flag(value).ok_or_else(|| unfit(key, value, "true or false"))).transpose()
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
            let mut source = Source::new(
                text(border.uri)?.ok_or_else(|| Error::new(ErrorKind::InvalidArgument, "the source has no URI"))?,
            );
            source.path = path_from(border.path)?;
            if !border.bytes.is_null() {
                source.bytes = Some(View::from_borrowed(border.bytes)?.into_random_access()?);
            }
            source.format = text(border.format)?;
            if border.options.is_null() && border.option_count > 0 {
                fail!(InvalidArgument, "option_count is {}, and options is NULL", border.option_count);
            }
            for index in 0..border.option_count as usize {
                let option = &*border.options.add(index);
                match (text(option.key)?, text(option.value)?) {
                    (Some(key), Some(value)) => source.options.push((key, value)),
                    (Some(key), None) => fail!(InvalidArgument, "the option {key} has no value"),
                    (None, _) => fail!(InvalidArgument, "option {index} has no key"),
                }
            }
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
        let mut texts = Vec::with_capacity(self.options.len());
        for (key, value) in &self.options {
            texts.push((c_text(key)?, c_text(value)?));
        }
        let options: Vec<iolink_option> =
            texts.iter().map(|(key, value)| iolink_option { key: key.as_ptr(), value: value.as_ptr() }).collect();
        let bytes = self.bytes.clone().map(|bytes| Lent(View::RandomAccess(bytes).into_raw("")));
        let border = iolink_source {
            size: std::mem::size_of::<iolink_source>() as u32,
            reserved: 0,
            uri: uri.as_ptr(),
            path: path.as_ref().map_or(std::ptr::null(), |text| text.as_ptr()),
            bytes: bytes.as_ref().map_or(std::ptr::null_mut(), |lent| lent.0),
            format: format.as_ref().map_or(std::ptr::null(), |text| text.as_ptr()),
            options: options.as_ptr(),
            option_count: options.len() as u64,
        };
        body(&border)
    }
}

/// A truth value, as Python and others write it.
pub(crate) fn flag(value: &str) -> Option<bool> {
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

/// What a conversion shall lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Target {
    /// Kind of the view.
    pub kind: Kind,
    /// Bits of the capabilities it must have.
    pub capabilities: u64,
}

impl Target {
    /// For the border.
    pub fn border(&self) -> iolink_target {
        iolink_target {
            size: std::mem::size_of::<iolink_target>() as u32,
            kind: self.kind.number(),
            capabilities: self.capabilities,
        }
    }
}

/// A view to be created.
#[allow(clippy::large_enum_variant)] // One at a time, handed on at once.
pub enum Create {
    /// An image whose samples start at zero.
    Image {
        /// Samples along each axis.
        shape: Shape,
        /// Type of a sample.
        data_type: DataType,
        /// Axes and calibration.
        properties: Option<ImageProperties>,
    },
    /// An empty set of images.
    MultiImage,
    /// A frame whose values start at 0, false and "".
    DataFrame {
        /// A struct type with one child for each column.
        schema: OwnedSchema,
        /// How many rows.
        rows: u64,
    },
    /// An empty stream that grows.
    Stream {
        /// Bytes to make room for.
        capacity: u64,
    },
    /// Bytes that start at zero.
    RandomAccess {
        /// How many bytes.
        length: u64,
    },
}

impl Create {
    /// Kind of the view.
    pub fn kind(&self) -> Kind {
        match self {
            Create::Image { .. } => Kind::Image,
            Create::MultiImage => Kind::MultiImage,
            Create::DataFrame { .. } => Kind::DataFrame,
            Create::Stream { .. } => Kind::Stream,
            Create::RandomAccess { .. } => Kind::RandomAccess,
        }
    }

    /// # Safety
    /// `border` is NULL or a live request; its schema is handed over.
    pub(crate) unsafe fn from_border(border: *const iolink_create_request) -> Result<Self> {
        // SAFETY: by the caller's promise.
        unsafe {
            let border = read_grown(border)?;
            // Taken before anything is judged, so that a refusal releases it.
            let schema = OwnedSchema::take(border.schema);
            Ok(match Kind::from_number(border.kind) {
                Some(Kind::Image) => {
                    let shape = Shape::from_border(border.dimension_count, &border.shape)?;
                    Create::Image {
                        data_type: DataType::from_id(border.data_type)?,
                        properties: properties_at(border.properties, shape.len())?,
                        shape,
                    }
                }
                Some(Kind::MultiImage) => Create::MultiImage,
                Some(Kind::DataFrame) => Create::DataFrame { schema: schema?, rows: border.length },
                Some(Kind::Stream) => Create::Stream { capacity: border.length },
                Some(Kind::RandomAccess) => Create::RandomAccess { length: border.length },
                _ => fail!(InvalidArgument, "a view of kind {} cannot be created", border.kind),
            })
        }
    }

    /// Runs `body` with the border's form of this request.
    ///
    /// # Errors
    /// `InvalidArgument` where a text does not fit; what `body` fails with.
    pub fn with_border<R>(self, body: impl FnOnce(*const iolink_create_request) -> Result<R>) -> Result<R> {
        let mut border = iolink_create_request {
            size: std::mem::size_of::<iolink_create_request>() as u32,
            kind: self.kind().number(),
            data_type: 0,
            dimension_count: 0,
            reserved: 0,
            shape: [0; IOLINK_MAX_DIMS],
            properties: std::ptr::null(),
            length: 0,
            schema: std::ptr::null_mut(),
        };
        match self {
            Create::Image { shape, data_type, properties } => {
                border.data_type = data_type.id();
                border.dimension_count = shape.len() as u32;
                border.shape = shape.border();
                let known = properties.map(|properties| properties.to_border()).transpose()?;
                border.properties = known.as_ref().map_or(std::ptr::null(), |known| known as *const _);
                body(&border)
            }
            Create::MultiImage => body(&border),
            Create::DataFrame { mut schema, rows } => {
                border.length = rows;
                border.schema = schema.as_mut_ptr();
                body(&border)
            }
            Create::Stream { capacity: length } | Create::RandomAccess { length } => {
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
