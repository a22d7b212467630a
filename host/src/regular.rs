//! Files that are found by a name: regular ones only, opened without waiting, and read as far as a limit.

#[cfg(not(unix))]
use std::fs::File;
use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;

/// Longest list of entry points, or other text of a distribution, that is read.
pub(crate) const MAX_TEXT: u64 = 1 << 20;

#[cfg(unix)]
pub(crate) use iolink_sdk::files::open_regular as open;

/// Elsewhere a FIFO has no place among files.
#[cfg(not(unix))]
pub(crate) fn open(path: &Path) -> Result<File> {
    File::open(path)
}

/// The text of a regular file.
///
/// # Errors
/// The system's error; of kind `InvalidInput` for what is not a regular file or has more than [`MAX_TEXT`] bytes, of
/// kind `InvalidData` for what is not UTF-8.
pub(crate) fn text(path: &Path) -> Result<String> {
    let mut bytes = Vec::new();
    open(path)?.take(MAX_TEXT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_TEXT {
        return Err(Error::new(ErrorKind::InvalidInput, format!("it is longer than {MAX_TEXT} bytes")));
    }
    String::from_utf8(bytes).map_err(|error| Error::new(ErrorKind::InvalidData, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_up_to_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("text");
        std::fs::write(&file, vec![b'x'; MAX_TEXT as usize]).unwrap();
        assert_eq!(text(&file).unwrap().len() as u64, MAX_TEXT);
        std::fs::write(&file, vec![b'x'; MAX_TEXT as usize + 1]).unwrap();
        assert_eq!(text(&file).unwrap_err().kind(), ErrorKind::InvalidInput);
        std::fs::write(&file, [0xff]).unwrap();
        assert_eq!(text(&file).unwrap_err().kind(), ErrorKind::InvalidData);
        assert_eq!(text(&folder.path().join("gone")).unwrap_err().kind(), ErrorKind::NotFound);
    }
}
