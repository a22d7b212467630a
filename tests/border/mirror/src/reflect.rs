//! One view of each kind that does what another one does.

use iolink_sdk::view::{Got, StoreEntry, StoreGet, StoreMode, StorePut, StoreRange};
use iolink_sdk::{
    Block, BlockMut, Bytes, Call, DataFrameCapability, DataFrameView, DataType, Extension, Finish, ImageCapability,
    ImageProperties, ImageView, LodImageView, Memory, MetadataNode, MultiImageCapability, MultiImageView, OwnedArray,
    OwnedSchema, OwnedStream, RandomAccess, Region, Result, SeekFrom, Shape, StoreCapability, StreamAccess,
    StreamCapability, View,
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
        prefetch(regions: &[Region], call: &Call<'_>);
        flush(call: &Call<'_>) -> Result<()>;
        finish(action: Finish, call: &Call<'_>) -> Result<()>;
    }
}

pub struct MultiImage(pub Arc<dyn MultiImageView>);

impl MultiImageView for MultiImage {
    hand_on! {
        capabilities() -> MultiImageCapability;
        frame_count() -> Result<u64>;
        frame(index: u64) -> Result<View>;
        frame_name(index: u64) -> Result<Option<String>>;
        insert(index: u64, frame: View, name: Option<&str>) -> Result<()>;
        replace(index: u64, frame: View) -> Result<()>;
        remove(index: u64) -> Result<()>;
        frame_count_with(call: &Call<'_>) -> Result<u64>;
        frame_with(index: u64, call: &Call<'_>) -> Result<View>;
        insert_with(index: u64, frame: View, name: Option<&str>, call: &Call<'_>) -> Result<()>;
        replace_with(index: u64, frame: View, call: &Call<'_>) -> Result<()>;
        remove_with(index: u64, call: &Call<'_>) -> Result<()>;
        metadata() -> Arc<MetadataNode>;
    }
}

pub struct LodImage(pub Arc<dyn LodImageView>);

impl LodImageView for LodImage {
    hand_on! {
        level_range() -> RangeInclusive<i64>;
        resolution(level: i64) -> Result<Arc<dyn ImageView>>;
        resolution_with(level: i64, call: &Call<'_>) -> Result<Arc<dyn ImageView>>;
        metadata() -> Arc<MetadataNode>;
    }
}

pub struct Frame(pub Arc<dyn DataFrameView>);

impl DataFrameView for Frame {
    hand_on! {
        capabilities() -> DataFrameCapability;
        shape() -> Result<(u64, u64)>;
        schema() -> Result<OwnedSchema>;
        export(columns: Option<&[u64]>, rows: Range<u64>) -> Result<OwnedStream>;
        partitions() -> Result<Vec<u64>>;
        write(column: u64, first_row: u64, schema: OwnedSchema, values: OwnedArray) -> Result<()>;
        reshape(schema: OwnedSchema, rows: u64) -> Result<()>;
        shape_with(call: &Call<'_>) -> Result<(u64, u64)>;
        schema_with(call: &Call<'_>) -> Result<OwnedSchema>;
        export_with(
            columns: Option<&[u64]>, rows: Range<u64>, batch_rows: u64, call: &Call<'_>
        ) -> Result<OwnedStream>;
        partitions_with(call: &Call<'_>) -> Result<Vec<u64>>;
        write_with(
            column: u64, first_row: u64, schema: OwnedSchema, values: OwnedArray, call: &Call<'_>
        ) -> Result<()>;
        reshape_with(schema: OwnedSchema, rows: u64, call: &Call<'_>) -> Result<()>;
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
        read_with(buffer: &mut [u8], call: &Call<'_>) -> Result<usize>;
        write_with(buffer: &[u8], call: &Call<'_>) -> Result<usize>;
        seek_with(to: SeekFrom, call: &Call<'_>) -> Result<u64>;
        length_with(call: &Call<'_>) -> Result<u64>;
        resize_with(length: u64, call: &Call<'_>) -> Result<()>;
        flush_with(call: &Call<'_>) -> Result<()>;
        close_with(call: &Call<'_>) -> Result<()>;
        memory() -> Result<Bytes>;
    }
}

pub struct Random(pub Arc<dyn RandomAccess>);

impl RandomAccess for Random {
    hand_on! {
        capabilities() -> StreamCapability;
        length() -> Result<u64>;
        read_at(offset: u64, buffer: &mut [u8]) -> Result<usize>;
        write_at(offset: u64, buffer: &[u8]) -> Result<()>;
        memory() -> Result<Bytes>;
        prefetch(ranges: &[Range<u64>]);
        resize(length: u64) -> Result<()>;
        flush() -> Result<()>;
        length_with(call: &Call<'_>) -> Result<u64>;
        read_at_with(offset: u64, buffer: &mut [u8], call: &Call<'_>) -> Result<usize>;
        write_at_with(offset: u64, buffer: &[u8], call: &Call<'_>) -> Result<()>;
        resize_with(length: u64, call: &Call<'_>) -> Result<()>;
        flush_with(call: &Call<'_>) -> Result<()>;
    }
}

pub struct Service(pub Arc<dyn Extension>);

impl Extension for Service {
    hand_on! {
        id() -> u64;
        table() -> *const c_void;
    }
}

pub struct Store(pub Arc<dyn iolink_sdk::Store>);

impl iolink_sdk::Store for Store {
    hand_on! {
        capabilities() -> StoreCapability;
        get(key: &str, range: StoreRange, buffer: Option<&mut [u8]>, call: &Call<'_>) -> Result<Got>;
        get_many(
            gets: &mut [StoreGet<'_>], completed: &(dyn Fn(usize, &StoreGet<'_>) + Sync), call: &Call<'_>
        ) -> Result<()>;
        prefetch(gets: &[(&str, StoreRange)], call: &Call<'_>);
        stat(key: &str, call: &Call<'_>) -> Result<StoreEntry>;
        list(
            prefix: &str, after: Option<&str>, recursive: bool, visit: &mut dyn FnMut(&StoreEntry) -> bool,
            call: &Call<'_>
        ) -> Result<()>;
        open(key: &str, mode: StoreMode, call: &Call<'_>) -> Result<View>;
        put(put: &StorePut<'_>, call: &Call<'_>) -> Result<()>;
        remove(key: &str, call: &Call<'_>) -> Result<()>;
    }
}
