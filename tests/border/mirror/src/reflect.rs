//! One view of each kind that does what another one does.

use iolink_sdk::{
    Block, BlockMut, Bytes, Call, DataFrameCapability, DataFrameView, DataType, Extension, ImageCapability,
    ImageProperties, ImageView, LodImageView, Memory, MetadataNode, MultiImageCapability, MultiImageView, OwnedArray,
    OwnedSchema, OwnedStream, RandomAccess, Region, Result, SeekFrom, Shape, StreamAccess, StreamCapability, View,
};
use std::ops::{Range, RangeInclusive};
use std::os::raw::c_void;
use std::sync::Arc;

/// Writes methods that hand on to the inner view.
macro_rules! hand_on {
    ($($name:ident($($argument:ident: $kind:ty),*) $(-> $result:ty)?;)*) => {
        $(fn $name(&self $(, $argument: $kind)*) $(-> $result)? {
            self.0.$name($($argument),*)
        })*

        fn extension(&self, id: u64) -> Option<View> {
            self.0.extension(id)
        }

        fn origin(&self) -> Option<String> {
            self.0.origin()
        }
    };
}

pub struct Image(pub Arc<dyn ImageView>);

impl ImageView for Image {
    hand_on! {
        capabilities() -> ImageCapability;
        shape() -> Shape;
        data_type() -> DataType;
        properties() -> Arc<ImageProperties>;
        metadata() -> Arc<MetadataNode>;
        memory() -> Result<Memory>;
        read_region(region: &Region, target: &mut BlockMut<'_>, call: &Call<'_>) -> Result<()>;
        write_region(region: &Region, source: &Block<'_>, call: &Call<'_>) -> Result<()>;
        reshape(shape: &Shape, data_type: DataType) -> Result<()>;
        set_properties(properties: ImageProperties) -> Result<()>;
        set_metadata(metadata: MetadataNode) -> Result<()>;
    }
}

pub struct MultiImage(pub Arc<dyn MultiImageView>);

impl MultiImageView for MultiImage {
    hand_on! {
        capabilities() -> MultiImageCapability;
        frame_count() -> u64;
        frame(index: u64) -> Result<Arc<dyn ImageView>>;
        insert(index: u64, frame: Arc<dyn ImageView>) -> Result<()>;
        replace(index: u64, frame: Arc<dyn ImageView>) -> Result<()>;
        remove(index: u64) -> Result<()>;
    }
}

pub struct LodImage(pub Arc<dyn LodImageView>);

impl LodImageView for LodImage {
    hand_on! {
        level_range() -> RangeInclusive<i64>;
        resolution(level: i64) -> Result<Arc<dyn ImageView>>;
    }
}

pub struct Frame(pub Arc<dyn DataFrameView>);

impl DataFrameView for Frame {
    hand_on! {
        capabilities() -> DataFrameCapability;
        shape() -> Result<(u64, u64)>;
        schema() -> Result<OwnedSchema>;
        export(columns: Option<&[u64]>, rows: Range<u64>) -> Result<OwnedStream>;
        write(column: u64, first_row: u64, schema: OwnedSchema, values: OwnedArray) -> Result<()>;
        reshape(schema: OwnedSchema, rows: u64) -> Result<()>;
    }
}

pub struct Stream(pub Arc<dyn StreamAccess>);

impl StreamAccess for Stream {
    hand_on! {
        capabilities() -> StreamCapability;
        read(buffer: &mut [u8]) -> Result<usize>;
        write(buffer: &[u8]) -> Result<usize>;
        seek(to: SeekFrom) -> Result<u64>;
        length() -> Result<u64>;
        resize(length: u64) -> Result<()>;
        flush() -> Result<()>;
        close() -> Result<()>;
        memory() -> Result<Bytes>;
    }
}

pub struct Random(pub Arc<dyn RandomAccess>);

impl RandomAccess for Random {
    hand_on! {
        capabilities() -> StreamCapability;
        length() -> u64;
        read_at(offset: u64, buffer: &mut [u8]) -> Result<usize>;
        write_at(offset: u64, buffer: &[u8]) -> Result<()>;
        memory() -> Result<Bytes>;
        will_need(ranges: &[Range<u64>]);
    }
}

pub struct Service(pub Arc<dyn Extension>);

impl Extension for Service {
    hand_on! {
        id() -> u64;
        table() -> *const c_void;
    }
}
