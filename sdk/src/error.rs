//! One error type for the whole library: a kind, a message for people, and the provider that refused.

use crate::abi;
use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// What sort of thing went wrong. The numbers are those of the border.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An argument has a value that the function cannot take.
    InvalidArgument,
    /// A capability is absent, or nothing offers this.
    NotImplemented,
    /// An index, region, level or path lies outside what is there.
    OutOfRange,
    /// A data type is not the one needed.
    Type,
    /// The operating system refused; [`Error::code`] is its error number.
    Io,
    /// No such file, key or provider.
    NotFound,
    /// The data is not of a format that the provider reads.
    Unsupported,
    /// The data is damaged or contradicts itself.
    Corrupt,
    /// Somebody still holds the memory that would have to move or go.
    Busy,
    /// The caller asked to stop.
    Cancelled,
    /// A size is over the limit, or over what can be addressed.
    Limit,
    /// The object was closed.
    Closed,
    /// A plugin panicked or broke a rule of the border.
    Internal,
    /// A plugin was refused before it ran.
    Refused,
    /// The caller may not do this: a permission or a credential is missing.
    Permission,
    /// The target exists, and the caller did not ask to overwrite it.
    Exists,
    /// The file or object is not the one that was opened: it changed since.
    Changed,
    /// The deadline of the call has passed.
    Timeout,
    /// A service or device does not respond; the same call may succeed later.
    Unavailable,
}

const KINDS: [(ErrorKind, i32); 19] = [
    (ErrorKind::InvalidArgument, abi::IOLINK_ERROR_INVALID_ARGUMENT),
    (ErrorKind::NotImplemented, abi::IOLINK_ERROR_NOT_IMPLEMENTED),
    (ErrorKind::OutOfRange, abi::IOLINK_ERROR_OUT_OF_RANGE),
    (ErrorKind::Type, abi::IOLINK_ERROR_TYPE),
    (ErrorKind::Io, abi::IOLINK_ERROR_IO),
    (ErrorKind::NotFound, abi::IOLINK_ERROR_NOT_FOUND),
    (ErrorKind::Unsupported, abi::IOLINK_ERROR_UNSUPPORTED),
    (ErrorKind::Corrupt, abi::IOLINK_ERROR_CORRUPT),
    (ErrorKind::Busy, abi::IOLINK_ERROR_BUSY),
    (ErrorKind::Cancelled, abi::IOLINK_ERROR_CANCELLED),
    (ErrorKind::Limit, abi::IOLINK_ERROR_LIMIT),
    (ErrorKind::Closed, abi::IOLINK_ERROR_CLOSED),
    (ErrorKind::Internal, abi::IOLINK_ERROR_INTERNAL),
    (ErrorKind::Refused, abi::IOLINK_ERROR_REFUSED),
    (ErrorKind::Permission, abi::IOLINK_ERROR_PERMISSION),
    (ErrorKind::Exists, abi::IOLINK_ERROR_EXISTS),
    (ErrorKind::Changed, abi::IOLINK_ERROR_CHANGED),
    (ErrorKind::Timeout, abi::IOLINK_ERROR_TIMEOUT),
    (ErrorKind::Unavailable, abi::IOLINK_ERROR_UNAVAILABLE),
];

impl ErrorKind {
    /// The border's number of this kind.
    pub fn number(self) -> i32 {
        KINDS.iter().find(|(kind, _)| *kind == self).map_or(abi::IOLINK_ERROR_INTERNAL, |(_, number)| *number)
    }

    /// The kind of an ABI number; an unknown number is `Io`.
    pub fn from_number(number: i32) -> Self {
        KINDS.iter().find(|(_, known)| *known == number).map_or(ErrorKind::Io, |(kind, _)| *kind)
    }
}

/// What went wrong: what was wrong, what was expected, what to do.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    message: String,
    provider: String,
    code: i32,
    payload: Option<Arc<dyn Any + Send + Sync>>,
}

/// Result of everything that can fail here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of a kind with its message.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error(Box::new(Inner { kind, message: message.into(), provider: String::new(), code: 0, payload: None }))
    }

    /// The capability `name` is absent from `what`; `way_out` says what would give it.
    pub fn capability(what: &str, name: &str, way_out: &str) -> Self {
        Error::new(ErrorKind::NotImplemented, format!("{what} has no {name} capability; {way_out}"))
    }

    /// Source and target of a copy share memory, so that it would read what it wrote.
    #[cold]
    pub fn shared_memory() -> Self {
        Error::new(
            ErrorKind::InvalidArgument,
            "source and target share memory: copy the source into memory of its own first",
        )
    }

    /// The operating system's error, with what was being done.
    pub fn io(doing: &str, source: &std::io::Error) -> Self {
        let kind = match source.kind() {
            std::io::ErrorKind::NotFound => ErrorKind::NotFound,
            std::io::ErrorKind::PermissionDenied => ErrorKind::Permission,
            std::io::ErrorKind::AlreadyExists => ErrorKind::Exists,
            _ => ErrorKind::Io,
        };
        Error::new(kind, format!("{doing}: {source}")).with_code(source.raw_os_error().unwrap_or(0))
    }

    /// The same error with the operating system's number.
    pub fn with_code(mut self, code: i32) -> Self {
        self.0.code = code;
        self
    }

    /// The same error, said by a provider, unless it already names one.
    pub fn with_provider(mut self, provider: &str) -> Self {
        if self.0.provider.is_empty() {
            self.0.provider = provider.to_owned();
        }
        self
    }

    /// The same error as another kind.
    pub fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    /// The same error with words before its message.
    pub fn context(mut self, words: &str) -> Self {
        self.0.message = format!("{words}: {}", self.0.message);
        self
    }

    /// The same error carrying a value of the caller's own, such as a Python exception. It waits beside the
    /// border while the error crosses, and is lost if the error comes back on another thread or without its text.
    pub fn with_payload(mut self, payload: Arc<dyn Any + Send + Sync>) -> Self {
        self.0.payload = Some(payload);
        self
    }

    /// The same error without what [`Error::with_payload`] put in.
    pub fn without_payload(mut self) -> Self {
        self.0.payload = None;
        self
    }

    /// What sort of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The message for people.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Id of the provider that refused, or "".
    pub fn provider(&self) -> &str {
        &self.0.provider
    }

    /// The operating system's error number, or 0.
    pub fn code(&self) -> i32 {
        self.0.code
    }

    /// What [`Error::with_payload`] put in.
    pub fn payload(&self) -> Option<&Arc<dyn Any + Send + Sync>> {
        self.0.payload.as_ref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.provider.is_empty() {
            f.write_str(&self.0.message)
        } else {
            write!(f, "{} [{}]", self.0.message, self.0.provider)
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.0.kind)
    }
}

impl std::error::Error for Error {}

/// Shorthand for `Err(Error::new(ErrorKind::$kind, format!(...)))`.
#[macro_export]
macro_rules! fail {
    ($kind:ident, $($text:tt)+) => {
        return Err($crate::Error::new($crate::ErrorKind::$kind, format!($($text)+)))
    };
}
