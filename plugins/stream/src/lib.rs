//! Streams and random access over memory and files.
//!
//! | here | is |
//! |---|---|
//! | [`MemoryStream`] | a stream in memory of its own, which grows, or over memory that somebody lends |
//! | [`MemoryAccess`] | random access to the same two |
//! | [`FileStream`] | a stream over a file, a pipe, a terminal |
//! | [`FileAccess`] | random access to a regular file |
//! | [`RandomAccessStream`], [`StreamRandomAccess`] | the one over the other |
//! | [`DataStorage`] | where either comes from: a key of a store, and the siblings beside it |
//!
//! The provider itself offers what needs no path: creation and adoption. Files are opened by [`FileStream::open`].
#[cfg(not(unix))]
compile_error!("iolink-plugin-stream needs pread, pwrite and descriptors, which only Unix has");

mod buffer;
mod cursor;
mod descriptor;
mod file;
mod file_access;
mod mapping;
mod memory;
mod memory_access;
mod mode;
mod over;
mod place;
mod storage;
mod temporary;

pub use file::{FileStream, Interrupted};
pub use file_access::FileAccess;
pub use memory::MemoryStream;
pub use memory_access::MemoryAccess;
pub use mode::OpenMode;
pub use over::{random_access_over, stream_over, RandomAccessStream, StreamRandomAccess};
pub use storage::DataStorage;
pub use temporary::temporary_file;

use iolink_sdk::stores::MemoryStore;
use iolink_sdk::{
    fail, Adopt, Call, Create, CreateView, Host, Kind, Offer, Provider, ProviderInfo, RandomAccess, Result, Store,
    StoreCapability, StreamCapability, View,
};
use std::sync::Arc;

/// Id of the extension by which a stream hands out random access to the bytes it is over.
pub const RANDOM_ACCESS_EXTENSION: u64 = u64::from_be_bytes(*b"randacc1");

/// Id of the extension by which a mapped file hands out random access that leaves the mapping alone.
pub(crate) const UNMAPPED_EXTENSION: u64 = u64::from_be_bytes(*b"unmapped");

/// Id of the extension by which a file hands out the store of its folder.
pub(crate) const FOLDER_EXTENSION: u64 = u64::from_be_bytes(*b"folder_1");

/// Returns the store of the folder that holds a file, and the file's key in it; `None` for other random access.
pub fn store_of(access: &dyn RandomAccess) -> Option<(Arc<dyn Store>, String)> {
    let store = access.extension(FOLDER_EXTENSION)?.into_store().ok()?;
    let path = std::path::PathBuf::from(access.origin()?);
    Some((store, path.file_name()?.to_str()?.to_owned()))
}

const RANDOM: StreamCapability =
    StreamCapability::READ.and(StreamCapability::WRITE).and(StreamCapability::MEMORY_ACCESS);
const LENT: StreamCapability = StreamCapability::READ.and(StreamCapability::SEEK).and(StreamCapability::MEMORY_ACCESS);
const WHOLE: StreamCapability = RANDOM.and(StreamCapability::SEEK).and(StreamCapability::RESIZE);
const STORE: StoreCapability =
    StoreCapability::READ.and(StoreCapability::WRITE).and(StoreCapability::LIST).and(StoreCapability::CONDITIONAL);

/// The provider of streams, random access and stores in memory.
pub struct Streams;

impl Provider for Streams {
    const INFO: ProviderInfo = ProviderInfo::new("org.iolink.stream", "Streams and random access").offers(&[
        Offer::create(Kind::Stream).stream_capabilities(WHOLE),
        Offer::create(Kind::RandomAccess).stream_capabilities(RANDOM),
        Offer::create(Kind::Store).store_capabilities(STORE),
        Offer::adopt(Kind::Stream).stream_capabilities(LENT),
        Offer::adopt(Kind::RandomAccess)
            .stream_capabilities(StreamCapability::READ.and(StreamCapability::MEMORY_ACCESS)),
    ]);

    fn create(&self, _host: &Host, request: Create, _call: &Call<'_>) -> Result<View> {
        if request.target.is_some() {
            fail!(NotImplemented, "org.iolink.stream creates views in memory only, not at a target");
        }
        match request.view {
            CreateView::Stream { capacity } => Ok(View::stream(MemoryStream::with_capacity(capacity)?)),
            CreateView::RandomAccess { length } => Ok(View::random_access(MemoryAccess::zeroed(length)?)),
            CreateView::Store => Ok(View::store(MemoryStore::new())),
            other => fail!(NotImplemented, "org.iolink.stream does not create views of kind {}", other.kind().word()),
        }
    }

    fn adopt(&self, _host: &Host, given: Adopt, _call: &Call<'_>) -> Result<View> {
        match given {
            Adopt::Stream(bytes) => Ok(View::stream(MemoryStream::over(bytes))),
            Adopt::RandomAccess(bytes) => Ok(View::random_access(MemoryAccess::over(bytes))),
            other => fail!(NotImplemented, "org.iolink.stream does not adopt memory of kind {}", other.kind().word()),
        }
    }
}

iolink_sdk::builtin!(Streams);

#[cfg(test)]
mod tests;
