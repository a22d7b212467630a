//! Views that fail, and views that panic.

use iolink_sdk::view::{Got, StoreEntry, StoreMode, StoreRange};
use iolink_sdk::{
    Block, BlockMut, Call, DataFrameCapability, DataFrameView, DataType, Error, ErrorKind, ImageCapability,
    ImageProperties, ImageView, Memory, MetadataNode, MultiImageCapability, MultiImageView, OwnedSchema, OwnedStream,
    RandomAccess, Region, Result, SeekFrom, Shape, Store, StoreCapability, StreamAccess, StreamCapability, View,
};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

/// `read_at(n)` fails with the n-th kind of error; from 1000 on with a message of that many letters.
pub struct Errors;

impl RandomAccess for Errors {
    fn capabilities(&self) -> StreamCapability {
        StreamCapability::READ
    }

    fn length(&self) -> Result<u64> {
        Ok(u64::MAX)
    }

    fn read_at(&self, offset: u64, _buffer: &mut [u8]) -> Result<usize> {
        if offset >= 1000 {
            return Err(Error::new(ErrorKind::Corrupt, "ü".repeat(offset as usize)).with_provider(&"π".repeat(99)));
        }
        Err(Error::new(ErrorKind::from_number(offset as i32), format!("number {offset}")).with_code(17))
    }
}

/// Panics wherever it can; shape and type are asked once in peace, so that it can be adopted.
pub struct Panics;

/// A payload that panics itself when it is dropped.
struct Vicious;

impl Drop for Vicious {
    fn drop(&mut self) {
        panic!("and again when the payload goes");
    }
}

fn vicious() -> ! {
    std::panic::panic_any(Vicious)
}

impl ImageView for Panics {
    fn capabilities(&self) -> ImageCapability {
        ImageCapability::READ.and(ImageCapability::WRITE).and(ImageCapability::MEMORY_ACCESS)
    }

    fn shape(&self) -> Shape {
        Shape::filled(2, 4)
    }

    fn data_type(&self) -> DataType {
        DataType::UINT8
    }

    fn properties(&self) -> Arc<ImageProperties> {
        static ASKED: AtomicBool = AtomicBool::new(false);
        if ASKED.swap(true, Ordering::Relaxed) {
            panic!("properties panic");
        }
        Arc::new(ImageProperties::default())
    }

    fn metadata(&self) -> Arc<MetadataNode> {
        panic!("metadata panics")
    }

    fn memory(&self) -> Result<Memory> {
        vicious()
    }

    fn read_region(&self, _region: &Region, _target: &mut BlockMut<'_>, _call: &Call<'_>) -> Result<()> {
        panic!("read_region panics with {} words", 5)
    }

    fn write_region(&self, _region: &Region, _source: &Block<'_>, _call: &Call<'_>) -> Result<()> {
        vicious()
    }
}

impl DataFrameView for Panics {
    fn capabilities(&self) -> DataFrameCapability {
        DataFrameCapability::READ
    }

    fn shape(&self) -> Result<(u64, u64)> {
        panic!("shape panics")
    }

    fn schema(&self) -> Result<OwnedSchema> {
        vicious()
    }

    fn export(&self, _columns: Option<&[u64]>, _rows: Range<u64>) -> Result<OwnedStream> {
        panic!("export panics")
    }
}

impl StreamAccess for Panics {
    fn capabilities(&self) -> StreamCapability {
        StreamCapability::READ.and(StreamCapability::SEEK)
    }

    fn read(&self, _buffer: &mut [u8]) -> Result<usize> {
        panic!("read panics")
    }

    fn seek(&self, _to: SeekFrom) -> Result<u64> {
        vicious()
    }

    fn length(&self) -> Result<u64> {
        panic!("length panics")
    }

    fn flush(&self) -> Result<()> {
        panic!("flush panics")
    }

    fn close(&self) -> Result<()> {
        panic!("close panics")
    }
}

impl MultiImageView for Panics {
    fn capabilities(&self) -> MultiImageCapability {
        MultiImageCapability::READ
    }

    fn frame_count(&self) -> Result<u64> {
        panic!("frame_count panics")
    }

    fn frame(&self, _index: u64) -> Result<View> {
        panic!("frame panics")
    }
}

impl Store for Panics {
    fn capabilities(&self) -> StoreCapability {
        StoreCapability::READ.and(StoreCapability::LIST)
    }

    fn get(&self, _key: &str, _range: StoreRange, _buffer: Option<&mut [u8]>, _call: &Call<'_>) -> Result<Got> {
        panic!("get panics")
    }

    fn stat(&self, _key: &str, _call: &Call<'_>) -> Result<StoreEntry> {
        vicious()
    }

    fn open(&self, _key: &str, _mode: StoreMode, _call: &Call<'_>) -> Result<View> {
        panic!("open panics")
    }
}

/// Panics when its last reference goes.
pub struct DropPanics;

impl Drop for DropPanics {
    fn drop(&mut self) {
        vicious()
    }
}

impl RandomAccess for DropPanics {
    fn capabilities(&self) -> StreamCapability {
        StreamCapability::NONE
    }

    fn length(&self) -> Result<u64> {
        panic!("length panics")
    }

    fn read_at(&self, _offset: u64, _buffer: &mut [u8]) -> Result<usize> {
        Ok(0)
    }
}
