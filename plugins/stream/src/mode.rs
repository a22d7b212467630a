//! How a file is opened.

use iolink_sdk::{fail, Result};

/// How a file is opened: the five facts behind Python's and C's mode texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OpenMode {
    /// It will be read.
    pub read: bool,
    /// It will be written.
    pub write: bool,
    /// Every write goes to the end.
    pub append: bool,
    /// It is made where it is missing.
    pub create: bool,
    /// What was in it goes.
    pub truncate: bool,
    /// It must not be there yet.
    pub exclusive: bool,
}

fn malformed(text: &str) -> Result<OpenMode> {
    fail!(
        InvalidArgument,
        "mode {text:?} must have exactly one of create/read/write/append mode (x, r, w, a), at most one + and one b"
    )
}

impl OpenMode {
    /// `"r"`: reading what is there.
    pub const READ: OpenMode =
        OpenMode { read: true, write: false, append: false, create: false, truncate: false, exclusive: false };
    /// `"w"`: writing, from nothing.
    pub const WRITE: OpenMode =
        OpenMode { read: false, write: true, append: false, create: true, truncate: true, exclusive: false };
    /// `"w+"`: writing from nothing, and reading.
    pub const NEW: OpenMode = OpenMode { read: true, ..OpenMode::WRITE };

    /// From one of `r`, `w`, `a`, `x`, with or without `+` and `b`, in any order.
    ///
    /// # Errors
    /// `InvalidArgument` for anything else, `t` (text) among it.
    ///
    /// ```
    /// use iolink_plugin_stream::OpenMode;
    ///
    /// assert_eq!(OpenMode::parse("rb")?, OpenMode::READ);
    /// assert!(OpenMode::parse("rt").is_err());
    /// # Ok::<(), iolink_sdk::Error>(())
    /// ```
    pub fn parse(text: &str) -> Result<OpenMode> {
        let mut mode = OpenMode::default();
        let (mut base, mut both, mut binary) = (None, false, false);
        for letter in text.chars() {
            match letter {
                'r' | 'w' | 'a' | 'x' if base.is_none() => base = Some(letter),
                '+' if !both => both = true,
                'b' if !binary => binary = true,
                't' => {
                    fail!(InvalidArgument, "mode {text:?} asks for text; a stream has bytes: io.TextIOWrapper decodes")
                }
                _ => return malformed(text),
            }
        }
        match base {
            Some('r') => mode.read = true,
            Some('w') => (mode.write, mode.create, mode.truncate) = (true, true, true),
            Some('a') => (mode.write, mode.create, mode.append) = (true, true, true),
            Some(_) => (mode.write, mode.create, mode.exclusive) = (true, true, true),
            None => return malformed(text),
        }
        mode.read |= both;
        mode.write |= both;
        Ok(mode)
    }

    /// The text that `io.FileIO` would show: `"rb"`, `"rb+"`, `"wb"`, `"ab+"`, `"xb"`.
    pub fn text(self) -> &'static str {
        match (self.exclusive, self.append, self.read, self.write) {
            (true, _, false, _) => "xb",
            (true, _, true, _) => "xb+",
            (_, true, false, _) => "ab",
            (_, true, true, _) => "ab+",
            (_, _, true, true) => "rb+",
            (_, _, false, true) => "wb",
            (_, _, _, false) => "rb",
        }
    }

    /// The flags of `open(2)`.
    pub(crate) fn flags(self) -> libc::c_int {
        let access = match (self.read, self.write) {
            (_, false) => libc::O_RDONLY,
            (false, true) => libc::O_WRONLY,
            (true, true) => libc::O_RDWR,
        };
        let mut flags = access | libc::O_CLOEXEC;
        for (wanted, flag) in [
            (self.append, libc::O_APPEND),
            (self.create, libc::O_CREAT),
            (self.truncate, libc::O_TRUNC),
            (self.exclusive, libc::O_EXCL),
        ] {
            if wanted {
                flags |= flag;
            }
        }
        flags
    }
}
