//! Structs of a later minor version, each with fields behind those of today: a callee reads what it knows, and fills no
//! more than that.

mod puppet;

use iolink_sdk::abi::*;
use iolink_sdk::{
    BlockMut, Bytes, Call, DataType, ImageCapability, ImageProperties, ImageView, MetadataNode, Region, Result, Shape,
    StreamAccess, StreamCapability, View,
};
use puppet::{base, call, error, image, puppet};
use std::mem::{size_of, MaybeUninit};
use std::os::raw::{c_char, c_void};
use std::ptr::{null, null_mut};
use std::sync::Arc;

/// A struct of a later version: 32 bytes more.
#[repr(C)]
struct Later<T>(T, [u8; 32]);

const MARK: [u8; 32] = [0xA5; 32];

impl<T> Later<T> {
    /// A struct that is zero but for its size, with marks behind.
    fn place() -> Self {
        let mut later = Later(MaybeUninit::<T>::zeroed(), MARK);
        // SAFETY: every struct of the ABI that grows starts with its size, and its fields may all be zero.
        unsafe {
            (later.0.as_mut_ptr() as *mut u32).write(size_of::<Later<T>>() as u32);
            Later(later.0.assume_init(), MARK)
        }
    }

    /// A struct with the size of the later version.
    fn of(mut value: T) -> Self {
        // SAFETY: every struct of the ABI that grows starts with its size.
        unsafe { (&mut value as *mut T as *mut u32).write(size_of::<Later<T>>() as u32) };
        Later(value, MARK)
    }

    /// The size that the callee wrote, if it left the rest as it was.
    fn filled(&self) -> Option<usize> {
        // SAFETY: every struct of the ABI that grows starts with its size.
        (self.1 == MARK).then(|| unsafe { *(&self.0 as *const T as *const u32) } as usize)
    }
}

/// An image of four bytes.
struct Four;

impl ImageView for Four {
    fn capabilities(&self) -> ImageCapability {
        ImageCapability::READ
    }

    fn shape(&self) -> Shape {
        Shape::filled(1, 4)
    }

    fn data_type(&self) -> DataType {
        DataType::UINT8
    }

    fn metadata(&self) -> Arc<MetadataNode> {
        let mut tree = MetadataNode::default();
        tree.set("/a", 5i32).unwrap();
        Arc::new(tree)
    }

    fn read_region(&self, region: &Region, target: &mut BlockMut<'_>, _call: &Call<'_>) -> Result<()> {
        // SAFETY: the block holds the region, one byte after the other.
        unsafe { target.data().write_bytes(7, region.size[0] as usize) };
        Ok(())
    }
}

#[test]
fn an_image_reads_and_fills_what_it_knows() {
    let raw = View::image(Four).into_raw("test");
    // SAFETY: the view is a live image; every struct lives until the functions return.
    unsafe {
        let table = &*((*raw).vtable as *const iolink_image_vtable);
        let mut description = Later::<iolink_image_description>::place();
        assert_eq!(table.describe.unwrap()(raw, &mut description.0, null_mut()), IOLINK_OK);
        assert_eq!(description.filled(), Some(size_of::<iolink_image_description>()));
        assert_eq!((description.0.dimension_count, description.0.shape[0]), (1, 4));

        let mut properties = Later::<iolink_image_properties>::place();
        assert_eq!(table.properties.unwrap()(raw, &mut properties.0, null_mut()), IOLINK_OK);
        assert_eq!(properties.filled(), Some(size_of::<iolink_image_properties>()));

        let mut bytes = [0u8; 2];
        let mut region = Later::<iolink_region>::place();
        (region.0.dimension_count, region.0.origin[0], region.0.extent[0]) = (1, 1, 2);
        let mut block = Later::<iolink_block>::place();
        (block.0.dimension_count, block.0.data_type) = (1, DataType::UINT8.id());
        (block.0.data, block.0.byte_strides[0]) = (bytes.as_mut_ptr() as *mut c_void, 1);
        let call = Later::of(call());
        let mut failed = Later::of(error());
        assert_eq!(table.read_region.unwrap()(raw, &region.0, &block.0, &call.0, &mut failed.0), IOLINK_OK);
        assert_eq!((bytes, block.filled().is_some(), region.filled().is_some()), ([7; 2], true, true));
        region.0.extent[0] = 9;
        assert_eq!(
            table.read_region.unwrap()(raw, &region.0, &block.0, &call.0, &mut failed.0),
            IOLINK_ERROR_OUT_OF_RANGE
        );
        assert_eq!(
            (failed.0.kind, failed.1, puppet::message(&failed.0).is_empty()),
            (IOLINK_ERROR_OUT_OF_RANGE, MARK, false)
        );

        unsafe extern "C" fn count(context: *mut c_void, value: *const iolink_metadata_value) -> i32 {
            // SAFETY: the context is the number of the frame below.
            unsafe {
                assert_eq!((*value).size as usize, size_of::<iolink_metadata_value>());
                *(context as *mut u32) += 1;
            }
            0
        }
        let mut nodes = 0u32;
        let mut sink = Later::<iolink_metadata_sink>::place();
        sink.0.context = &mut nodes as *mut u32 as *mut c_void;
        sink.0.write = Some(count);
        assert_eq!(table.metadata.unwrap()(raw, &sink.0, null(), null_mut()), IOLINK_OK);
        assert_eq!(nodes, 1);
        drop(View::from_raw(raw));
    }
}

/// A table of a later version: more functions behind those of today.
#[test]
fn a_table_of_a_later_version_works_and_its_structs_are_read() {
    unsafe extern "C" fn later() {
        panic!("a function that this version does not know was called");
    }
    /// The image's table with two functions more.
    #[repr(C)]
    struct Table {
        image: iolink_image_vtable,
        more: [unsafe extern "C" fn(); 2],
    }
    /// Lends a struct of a later version: one that says a greater size than the caller's.
    unsafe extern "C" fn properties(
        _: *const iolink_view,
        out: *mut iolink_image_properties,
        _: *mut iolink_error,
    ) -> i32 {
        // SAFETY: the caller brings the struct.
        let out = unsafe { &mut *out };
        // Numbers that a later version may add read as UNKNOWN.
        (out.dimension_count, out.axes_interpretation, out.image_interpretation) = (1, 4711, 4711);
        out.axes[0] = 200;
        out.space = 99;
        IOLINK_OK
    }
    unsafe extern "C" fn metadata(
        _: *const iolink_view,
        sink: *const iolink_metadata_sink,
        _: *const iolink_call,
        _: *mut iolink_error,
    ) -> i32 {
        let number = 42i32;
        let mut value = Later::<iolink_metadata_value>::place();
        value.0.path = b"/later\0".as_ptr() as *const c_char;
        (value.0.data_type, value.0.count, value.0.length) = (DataType::INT32.id(), 1, 4);
        value.0.data = &number as *const i32 as *const c_void;
        // SAFETY: the sink is the caller's, and the value lives until it returns.
        unsafe { (*sink).write.unwrap()((*sink).context, &value.0) }
    }
    let mut base = base::<Table>(IOLINK_KIND_IMAGE);
    // Flags and capabilities that this version does not know are ignored.
    base.flags |= 1 << 40;
    unsafe extern "C" fn capabilities(_: *const iolink_view) -> u64 {
        IOLINK_IMAGE_READ | 1 << 50
    }
    base.capabilities = Some(capabilities);
    let image_table = iolink_image_vtable { base, properties: Some(properties), metadata: Some(metadata), ..image() };
    let mut made = puppet(Table { image: image_table, more: [later as unsafe extern "C" fn(); 2] });
    let image = made.give().unwrap().into_image().unwrap();
    assert_eq!(image.capabilities(), ImageCapability::READ);
    let known = ImageProperties { axes: vec![Default::default()], ..ImageProperties::default() };
    assert_eq!(*image.properties(), known);
    assert_eq!(image.metadata().get("/later").unwrap().value().unwrap().as_f64(), Some(vec![42.0]));
    drop(image);
    assert_eq!(made.references(), 0);
}

/// Bytes that can be lent.
struct Three;

impl StreamAccess for Three {
    fn capabilities(&self) -> StreamCapability {
        StreamCapability::READ | StreamCapability::MEMORY_ACCESS
    }

    fn length(&self) -> Result<u64> {
        Ok(3)
    }

    fn memory(&self) -> Result<Bytes> {
        static BYTES: [u8; 3] = *b"abc";
        let data = BYTES.as_ptr() as *mut u8;
        Ok(Bytes { data, length: 3, writable: false, owner: iolink_sdk::Owner::none() })
    }
}

#[test]
fn lent_bytes_fill_what_they_know() {
    let raw = View::stream(Three).into_raw("test");
    // SAFETY: the view is a live stream; the struct lives until the function returns.
    unsafe {
        let table = &*((*raw).vtable as *const iolink_stream_vtable);
        let mut bytes = Later::<iolink_bytes>::place();
        assert_eq!(table.memory.unwrap()(raw, null(), &mut bytes.0, null_mut()), IOLINK_OK);
        assert_eq!((bytes.filled(), bytes.0.length), (Some(size_of::<iolink_bytes>()), 3));
        drop(View::from_raw(raw));
    }
}
