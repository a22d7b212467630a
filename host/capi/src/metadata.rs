//! The metadata of a view whose table has no function for it.

use iolink_sdk::abi::{iolink_call, iolink_error, iolink_metadata_sink, iolink_view, IOLINK_OK};

/// Writes nothing into the sink.
pub unsafe extern "C" fn no_metadata(
    _view: *const iolink_view,
    _sink: *const iolink_metadata_sink,
    _call: *const iolink_call,
    _error: *mut iolink_error,
) -> i32 {
    IOLINK_OK
}
