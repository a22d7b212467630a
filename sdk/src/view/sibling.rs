//! Names of files beside others.

use super::check_key;
use crate::Result;

/// Returns the key of a file by its name beside the file with the key `key`, or in the folder itself if `key` is "". Parts
/// that are `.` are dropped, for headers write `./brain.img`.
///
/// # Errors
/// `InvalidArgument` for a name that leads out of the folder of `key`.
///
/// ```
/// use iolink_sdk::view::sibling_key;
///
/// assert_eq!(sibling_key("scan/brain.hdr", "./brain.img")?, "scan/brain.img");
/// assert_eq!(sibling_key("", "raw/brain.img")?, "raw/brain.img");
/// assert!(sibling_key("scan/brain.hdr", "../brain.img").is_err());
/// # Ok::<(), iolink_sdk::Error>(())
/// ```
pub fn sibling_key(key: &str, name: &str) -> Result<String> {
    let parts: Vec<&str> = name.split('/').filter(|part| *part != ".").collect();
    let name = parts.join("/");
    check_key(&name)?;
    let folder = key.rfind('/').map_or("", |slash| &key[..=slash]);
    let sibling = format!("{folder}{name}");
    check_key(&sibling)?;
    Ok(sibling)
}
