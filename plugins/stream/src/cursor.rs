//! Where a seek ends.

use iolink_sdk::view::SeekFrom;
use iolink_sdk::{fail, Result};

/// The last position that a stream can stand at: what `off_t` and `i64` hold.
pub(crate) const FURTHEST: u64 = i64::MAX as u64;

/// The position that a seek leads to. `end` is only asked for a seek from there.
///
/// # Errors
/// `InvalidArgument` before the first byte and past 2^63 - 1; what `end` fails with.
pub(crate) fn stand(to: SeekFrom, at: u64, end: impl FnOnce() -> Result<u64>) -> Result<u64> {
    let (from, by) = match to {
        SeekFrom::Start(offset) => (offset, 0),
        SeekFrom::Current(by) => (at, by),
        SeekFrom::End(by) => (end()?, by),
    };
    let stands = i128::from(from) + i128::from(by);
    if stands < 0 {
        fail!(InvalidArgument, "a seek to {stands} goes before the first byte");
    }
    if stands > i128::from(FURTHEST) {
        fail!(InvalidArgument, "a seek to {stands} goes past 2^63 - 1, where no stream reaches");
    }
    Ok(stands as u64)
}
