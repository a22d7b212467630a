//! Makes sources of paths and URIs, and gives local ones their bytes and their store.
//!
//! A text with `://`, or one that starts with `file:` or `stream:`, is a URI; everything else is a path.

#[cfg(unix)]
use iolink_sdk::files::FolderStore;
use iolink_sdk::files::LocalFile;
use iolink_sdk::{fail, Error, Result, Source, Target};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A source from what a user typed: a URI or a path.
///
/// ```
/// let source = iolink_host::source::from_text("file:///data/a%20b.nii")?;
/// assert_eq!(source.path(), Some(std::path::Path::new("/data/a b.nii")));
/// # Ok::<(), iolink_sdk::Error>(())
/// ```
///
/// # Errors
/// As [`from_uri`] and [`from_path`].
pub fn from_text(text: &str) -> Result<Source> {
    match scheme(text) {
        Some(scheme) if text[scheme.len()..].starts_with("://") => from_uri(text),
        Some(scheme) if ["file", "stream"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) => from_uri(text),
        _ => from_path(Path::new(text)),
    }
}

/// A source by its path; a relative one counts from the working directory of this moment.
///
/// # Errors
/// `InvalidArgument` for an empty path, `Io` where there is no working directory.
pub fn from_path(path: &Path) -> Result<Source> {
    if path.as_os_str().is_empty() {
        fail!(InvalidArgument, "an empty text is neither a path nor a URI");
    }
    let path = std::path::absolute(path).map_err(|error| Error::io(&format!("{}", path.display()), &error))?;
    Ok(Source::new(file_uri(&path)).with_path(path))
}

/// A source by its URI; `file:` URIs get their path, percent signs decoded.
///
/// # Errors
/// `InvalidArgument` where there is no scheme, where a `file:` URI names another host, and where an escape is damaged.
pub fn from_uri(uri: &str) -> Result<Source> {
    let Some(scheme) = scheme(uri) else {
        fail!(InvalidArgument, "{uri:?} is not a URI: it has no scheme such as file:// before its name");
    };
    if !scheme.eq_ignore_ascii_case("file") {
        return Ok(Source::new(uri));
    }
    Ok(Source::new(uri).with_path(path_of(uri)?))
}

/// The scheme of a URI, as it is written. One letter is a drive, not a scheme.
pub(crate) fn scheme(uri: &str) -> Option<&str> {
    let (scheme, _) = uri.split_once(':')?;
    let fits = |letter: u8| letter.is_ascii_alphanumeric() || b"+-.".contains(&letter);
    (scheme.len() > 1 && scheme.as_bytes()[0].is_ascii_alphabetic() && scheme.bytes().all(fits)).then_some(scheme)
}

/// The local path of a `file:` URI.
fn path_of(uri: &str) -> Result<PathBuf> {
    let rest = &uri["file:".len()..];
    let path = match rest.strip_prefix("//") {
        Some(rest) => {
            let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            if !host.is_empty() && !host.eq_ignore_ascii_case("localhost") {
                fail!(
                    InvalidArgument,
                    "{uri:?} names the host {host:?}, but file: is for local files; write file:///PATH"
                );
            }
            path
        }
        None => rest,
    };
    if !path.starts_with('/') {
        fail!(InvalidArgument, "{uri:?} has no absolute path; write file:///PATH, or give the relative path as it is");
    }
    let path = path.split(['?', '#']).next().unwrap_or(path);
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        rest = more;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let digit = |at: usize| rest.get(at).and_then(|letter| (*letter as char).to_digit(16));
        let (Some(high), Some(low)) = (digit(0), digit(1)) else {
            fail!(InvalidArgument, "{uri:?} holds a % that two hexadecimal digits do not follow; write %25 for %");
        };
        bytes.push((high * 16 + low) as u8);
        rest = &rest[2..];
    }
    if bytes.contains(&0) {
        fail!(InvalidArgument, "{uri:?} holds %00, which no path can");
    }
    path_from(bytes, uri)
}

#[cfg(unix)]
fn path_from(bytes: Vec<u8>, _uri: &str) -> Result<PathBuf> {
    use std::os::unix::ffi::OsStringExt;
    Ok(PathBuf::from(std::ffi::OsString::from_vec(bytes)))
}

#[cfg(not(unix))]
fn path_from(bytes: Vec<u8>, uri: &str) -> Result<PathBuf> {
    match String::from_utf8(bytes) {
        // file:///C:/data is C:/data.
        Ok(text) => Ok(PathBuf::from(match text.as_bytes() {
            [b'/', drive, b':', ..] if drive.is_ascii_alphabetic() => &text[1..],
            _ => &text,
        })),
        Err(_) => fail!(InvalidArgument, "{uri:?} is not Unicode"),
    }
}

/// The `file:` URI of an absolute path.
fn file_uri(path: &Path) -> String {
    let mut uri = String::from("file://");
    if !path.to_string_lossy().starts_with('/') {
        uri.push('/');
    }
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' | b':' | b'+' | b'@' | b',' | b'=' => uri.push(*byte as char),
            byte if byte.is_ascii_alphanumeric() => uri.push(*byte as char),
            b'\\' if cfg!(windows) => uri.push('/'),
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

/// What people call the source: the path where there is one.
pub(crate) fn name(source: &Source) -> String {
    source.path().map_or_else(|| source.uri().to_owned(), |path| path.display().to_string())
}

/// The source with the path of a `file:` URI.
pub(crate) fn located(source: Source) -> Result<Source> {
    if source.path().is_none() && scheme(source.uri()).is_some_and(|scheme| scheme.eq_ignore_ascii_case("file")) {
        let path = path_of(source.uri())?;
        return Ok(source.with_path(path));
    }
    Ok(source)
}

/// The target with the path of a `file:` URI.
pub(crate) fn located_target(target: Target) -> Result<Target> {
    if target.path().is_err() && scheme(target.uri()).is_some_and(|scheme| scheme.eq_ignore_ascii_case("file")) {
        let path = path_of(target.uri())?;
        return Ok(target.with_path(path));
    }
    Ok(target)
}

/// The source with everything that a provider may want: the path of a `file:` URI, the bytes of a local file, and the store
/// that holds it, which is its folder. A folder is its own store.
pub(crate) fn complete(source: Source) -> Result<Source> {
    let source = located(source)?;
    let Some(path) = source.path().map(Path::to_owned) else { return Ok(source) };
    if source.bytes().is_ok() {
        return Ok(with_folder(source, &path));
    }
    match LocalFile::open(&path, false) {
        Ok(file) => {
            let bytes = Arc::new(file.with_origin(source.uri()));
            Ok(with_folder(source.with_bytes(bytes), &path))
        }
        Err(error) => match std::fs::metadata(&path) {
            Ok(known) if known.is_dir() => Ok(with_itself(source, &path)),
            Ok(known) if !known.is_file() => Err(no_positions(&path, known.file_type())),
            Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => {
                Err(Error::io(&format!("there is no file {}", path.display()), &missing))
            }
            _ => Err(error),
        },
    }
}

#[cold]
fn no_positions(path: &Path, kind: std::fs::FileType) -> Error {
    #[cfg(unix)]
    let kind = iolink_sdk::files::name_of_kind(kind).unwrap_or("a file");
    #[cfg(not(unix))]
    let kind = format!("{kind:?}");
    Error::new(
        iolink_sdk::ErrorKind::Unsupported,
        format!(
            "{} is {kind}, which has no positions to read at; read it as a StreamAccess, and open a file, or a StreamAccess \
             in memory, that holds its bytes",
            path.display()
        ),
    )
}

/// The source in the store of the folder that its file lies in; no system call is made until the store is used. A file
/// whose name is not UTF-8 has no key, and so no store.
#[cfg(unix)]
fn with_folder(source: Source, path: &Path) -> Source {
    match (source.store(), path.parent(), path.file_name().and_then(|name| name.to_str())) {
        (Err(_), Some(folder), Some(key)) => source.with_store(Arc::new(FolderStore::new(folder)), key),
        _ => source,
    }
}

/// The folder as its own store.
#[cfg(unix)]
fn with_itself(source: Source, path: &Path) -> Source {
    if source.store().is_ok() {
        return source;
    }
    let store = Arc::new(FolderStore::new(path).with_origin(source.uri()));
    source.with_store(store, "")
}

#[cfg(not(unix))]
fn with_folder(source: Source, _path: &Path) -> Source {
    source
}

#[cfg(not(unix))]
fn with_itself(source: Source, _path: &Path) -> Source {
    source
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_goes_to_a_uri_and_back() {
        let source = from_path(Path::new("/data/a b%ä.nii")).unwrap();
        assert_eq!(source.uri(), "file:///data/a%20b%25%C3%A4.nii");
        assert_eq!(from_uri(source.uri()).unwrap().path(), Some(Path::new("/data/a b%ä.nii")));
    }

    #[test]
    fn local_uris_are_decoded_and_others_left_alone() {
        for (uri, path) in
            [("file:///a%2fb", "/a/b"), ("file://localhost/a", "/a"), ("FILE:/a", "/a"), ("file:///a?x=1#y", "/a")]
        {
            assert_eq!(from_text(uri).unwrap().path(), Some(Path::new(path)), "{uri}");
        }
        assert_eq!(from_text("s3://bucket/a%20b").unwrap().uri(), "s3://bucket/a%20b");
        assert!(from_text("s3://bucket/a").unwrap().path().is_none());
        assert_eq!(from_text("/x/a:b.nii").unwrap().path(), Some(Path::new("/x/a:b.nii")));
    }

    #[cfg(unix)]
    #[test]
    fn a_local_file_has_its_folder_as_store_and_a_folder_has_itself() {
        let folder = tempfile::tempdir().unwrap();
        for (name, held) in [("a.hdr", "header"), ("a.img", "samples"), ("b %ü.raw", "more")] {
            std::fs::write(folder.path().join(name), held).unwrap();
        }
        let call = iolink_sdk::Call::silent();
        let header = complete(from_path(&folder.path().join("a.hdr")).unwrap()).unwrap();
        assert_eq!((header.key(), header.bytes().unwrap().length().unwrap()), (Some("a.hdr"), 6));
        assert_eq!(header.bytes().unwrap().origin().as_deref(), Some(header.uri()));
        let image = header.sibling("./a.img", &call).unwrap();
        assert_eq!(image.path(), Some(&*folder.path().join("a.img")));
        assert_eq!((image.key(), image.bytes().unwrap().length().unwrap()), (Some("a.img"), 7));
        assert!(image.uri().ends_with("/a.img"));
        let more = header.sibling("b %ü.raw", &call).unwrap();
        assert_eq!(from_uri(more.uri()).unwrap().path(), more.path());
        let whole = complete(from_path(folder.path()).unwrap()).unwrap();
        assert!(whole.bytes().is_err());
        assert_eq!(whole.key(), Some(""));
        assert_eq!(whole.store().unwrap().keys(&call).unwrap(), ["a.hdr", "a.img", "b %ü.raw"]);
        assert_eq!(whole.sibling("a.img", &call).unwrap().uri(), format!("{}/a.img", whole.uri()));
        let missing = complete(from_path(&folder.path().join("gone")).unwrap()).err().unwrap();
        assert_eq!(missing.kind(), iolink_sdk::ErrorKind::NotFound);
        assert!(missing.message().starts_with("there is no file"), "{missing}");
    }

    #[test]
    fn damaged_uris_say_what_to_write() {
        for (uri, words) in [
            ("file:///a%2", "write %25 for %"),
            ("file:///a%zz", "write %25 for %"),
            ("file:///a%00b", "holds %00"),
            ("file://server/a", "names the host \"server\""),
            ("file:a", "has no absolute path"),
            ("", "neither a path nor a URI"),
        ] {
            let error = from_text(uri).err().unwrap();
            assert!(error.message().contains(words), "{uri}: {error}");
        }
    }
}
