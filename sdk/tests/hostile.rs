//! Views and requests that break the rules of the ABI: each is rejected by name, and what was handed over is released
//! exactly once.

mod puppet;

use iolink_sdk::abi::*;
use iolink_sdk::{
    Adopt, BlockMut, Call, DataType, ErrorKind, Host, Kind, Offer, Provider, ProviderInfo, RandomAccess, Region,
    Result, Shape, View,
};
use puppet::*;
use std::mem::size_of;
use std::os::raw::c_void;
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicU64, Ordering};

#[test]
fn a_view_without_life_table_or_counting_is_refused() {
    // SAFETY: NULL is asked for on purpose.
    assert_eq!(unsafe { View::from_raw(null_mut()) }.unwrap_err().kind(), ErrorKind::InvalidArgument);
    for magic in [0, IOLINK_VIEW_DEAD, IOLINK_VIEW_MAGIC ^ 1] {
        let mut dead = puppet(image());
        dead.view.magic = magic;
        assert_eq!(dead.give().unwrap_err().kind(), ErrorKind::InvalidArgument);
        assert_eq!(dead.references(), 1, "nothing of a dead view may be called");
    }
    let mut bare = puppet(image());
    bare.view.vtable = null();
    assert_eq!(bare.give().unwrap_err().kind(), ErrorKind::InvalidArgument);
    let mut short = puppet(image());
    short.table.base.size = 16;
    assert_eq!(short.give().unwrap_err().kind(), ErrorKind::Internal);
    let mut uncounted = puppet(image());
    uncounted.table.base.release = None;
    assert_eq!(uncounted.give().unwrap_err().kind(), ErrorKind::Internal);
}

#[test]
fn a_kind_of_a_later_version_is_refused_and_given_back() {
    let mut later = image();
    later.base.kind = 4711;
    puppet(later).refused(ErrorKind::Unsupported, "4711");
}

#[test]
fn an_image_that_claims_what_it_has_not_is_refused() {
    let mut greedy = image();
    greedy.base.capabilities = Some(every_capability);
    puppet(greedy).refused(ErrorKind::Internal, "WRITE");
    let mut mute = image();
    mute.describe = None;
    puppet(mute).refused(ErrorKind::Internal, "describe");
    let mut torn = image();
    torn.base.size = (size_of::<iolink_view_base>() + size_of::<usize>() + 3) as u32;
    puppet(torn).refused(ErrorKind::Internal, "read_region");
}

#[test]
fn an_image_of_impossible_shape_or_type_is_refused() {
    macro_rules! describes {
        ($dimensions:expr, $data_type:expr, $size:expr) => {{
            unsafe extern "C" fn describe(
                _: *const iolink_view,
                out: *mut iolink_image_description,
                _: *mut iolink_error,
            ) -> i32 {
                // SAFETY: the caller brings the struct.
                let out = unsafe { &mut *out };
                out.dimension_count = $dimensions;
                out.data_type = $data_type;
                out.shape = [$size; IOLINK_MAX_DIMS];
                IOLINK_OK
            }
            let mut table = image();
            table.describe = Some(describe);
            puppet(table)
        }};
    }
    describes!(u32::MAX, DataType::UINT8.id(), 1).refused(ErrorKind::Internal, "dimensions");
    describes!(2, DataType::DOUBLE.id(), u64::MAX).refused(ErrorKind::Internal, "64 bits");
    describes!(1, DataType::UTF8_STRING.id(), 1).refused(ErrorKind::Internal, "no fixed size");
    describes!(1, 0, 1).refused(ErrorKind::Internal, "no fixed size");
    describes!(1, u64::MAX, 1).refused(ErrorKind::Type, "not the id of a data type");
}

#[test]
fn memory_that_is_not_the_images_is_refused_and_given_back() {
    static RETURNED: AtomicU64 = AtomicU64::new(0);
    unsafe extern "C" fn give_back(_: *mut c_void) {
        RETURNED.fetch_add(1, Ordering::SeqCst);
    }
    unsafe extern "C" fn memory_access(_: *const iolink_view) -> u64 {
        IOLINK_IMAGE_READ | IOLINK_IMAGE_MEMORY_ACCESS
    }
    /// Fills in what an honest view of four bytes lends.
    unsafe fn honest(out: *mut iolink_memory) {
        static SAMPLES: [u8; 4] = [1, 2, 3, 4];
        // SAFETY: the caller brings the struct.
        let out = unsafe { &mut *out };
        out.dimension_count = 1;
        out.data_type = DataType::UINT8.id();
        out.byte_order = IOLINK_LITTLE_ENDIAN;
        out.flags = 0;
        out.data = SAMPLES.as_ptr() as *mut c_void;
        out.shape[0] = 4;
        out.byte_strides[0] = 1;
        out.owner = null_mut();
        out.release = Some(give_back);
        out.device_type = IOLINK_DEVICE_NOT_GIVEN;
    }
    macro_rules! lends {
        ($lie:expr) => {{
            unsafe extern "C" fn memory(
                _: *const iolink_view,
                _: *const iolink_call,
                out: *mut iolink_memory,
                _: *mut iolink_error,
            ) -> i32 {
                // SAFETY: the caller brings the struct.
                unsafe {
                    honest(out);
                    let lie: fn(&mut iolink_memory) = $lie;
                    lie(&mut *out);
                }
                IOLINK_OK
            }
            let mut table = image();
            table.base.capabilities = Some(memory_access);
            table.memory = Some(memory);
            let mut liar = puppet(table);
            let lent = liar.give().unwrap().into_image().unwrap().memory();
            (
                lent.map(|memory| memory.shape).map_err(|error| (error.kind(), error.message().to_owned())),
                liar.references(),
            )
        }};
    }
    let (honest_one, references) = lends!(|_| ());
    assert_eq!((honest_one.unwrap(), references), (Shape::new(&[4]).unwrap(), 0));
    let lies = [
        (lends!(|out| out.shape[0] = 5), ErrorKind::Internal, "its memory (5)"),
        (lends!(|out| out.shape[0] = 3), ErrorKind::Internal, "its memory (3)"),
        (lends!(|out| out.dimension_count = 2), ErrorKind::Internal, "its memory (4, 0)"),
        (lends!(|out| out.data_type = DataType::UINT16.id()), ErrorKind::Internal, "of UINT16"),
        (lends!(|out| out.data_type = u64::MAX), ErrorKind::Type, "not the id of a data type"),
        (lends!(|out| out.byte_order = 77), ErrorKind::Internal, "neither little nor big"),
        (lends!(|out| out.data = null_mut()), ErrorKind::InvalidArgument, "no address"),
        (lends!(|out| out.byte_strides[0] = i64::MAX), ErrorKind::Limit, ""),
        (lends!(|out| out.device_type = 2), ErrorKind::NotImplemented, "device of type 2"),
    ];
    let count = lies.len() as u64;
    for ((lent, references), kind, words) in lies {
        let (found, message) = lent.unwrap_err();
        assert_eq!((found, references), (kind, 0), "{message}");
        assert!(message.contains(words), "{message}");
    }
    assert_eq!(RETURNED.load(Ordering::SeqCst), count + 1, "what was lent is given back once, refused or not");
}

#[test]
fn a_pyramid_without_its_original_is_refused() {
    unsafe extern "C" fn range(_: *const iolink_view, finest: *mut i64, coarsest: *mut i64) {
        // SAFETY: both places are the caller's.
        unsafe {
            *finest = 2;
            *coarsest = 5;
        }
    }
    unsafe extern "C" fn resolution(
        _: *const iolink_view,
        _: i64,
        _: *const iolink_call,
        _: *mut *mut iolink_view,
        _: *mut iolink_error,
    ) -> i32 {
        IOLINK_OK
    }
    let base = base::<iolink_lod_image_vtable>(IOLINK_KIND_LOD_IMAGE);
    puppet(iolink_lod_image_vtable { base, level_range: Some(range), resolution: Some(resolution), metadata: None })
        .refused(ErrorKind::Internal, "level 0");
}

#[test]
fn a_count_that_cannot_be_is_not_believed() {
    unsafe extern "C" fn length(
        _: *const iolink_view,
        out: *mut u64,
        _: *const iolink_call,
        _: *mut iolink_error,
    ) -> i32 {
        // SAFETY: the place is the caller's.
        unsafe { *out = 10 };
        IOLINK_OK
    }
    unsafe extern "C" fn read_at(
        _: *const iolink_view,
        _: u64,
        _: *mut c_void,
        length: u64,
        done: *mut u64,
        _: *const iolink_call,
        _: *mut iolink_error,
    ) -> i32 {
        // SAFETY: the place is the caller's.
        unsafe { *done = length + 1 };
        IOLINK_OK
    }
    let table = iolink_random_access_vtable {
        base: base::<iolink_random_access_vtable>(IOLINK_KIND_RANDOM_ACCESS),
        length: Some(length),
        read_at: Some(read_at),
        write_at: None,
        memory: None,
        prefetch: None,
        resize: None,
        flush: None,
    };
    let mut liar = puppet(table);
    let access = liar.give().unwrap().into_random_access().unwrap();
    assert_eq!(access.read_at(0, &mut [0; 4]).unwrap_err().kind(), ErrorKind::Internal);
    assert_eq!(access.read_exact_at(0, &mut [0; 4]).unwrap_err().kind(), ErrorKind::Internal);
    drop(access);
    assert_eq!(liar.references(), 0);
}

#[test]
fn a_borrowed_view_leaves_the_lender_its_reference() {
    let mut lent = puppet(image());
    let raw = &mut *lent as *mut Puppet<_> as *mut iolink_view;
    // SAFETY: the puppet is a live view.
    let view = unsafe { View::from_borrowed(raw) }.unwrap();
    assert_eq!((view.kind(), lent.references()), (Kind::Image, 2));
    let again = view.clone().into_raw("");
    assert!(std::ptr::eq(again, raw), "a view made elsewhere goes on as it came");
    // SAFETY: one of our references goes.
    unsafe { release(again) };
    drop(view);
    assert_eq!(lent.references(), 1);
}

static WAITS: AtomicU64 = AtomicU64::new(0);

fn counted(wait: &mut dyn FnMut()) {
    WAITS.fetch_add(1, Ordering::SeqCst);
    wait();
}

#[test]
fn a_maker_without_thread_safety_is_called_one_at_a_time() {
    // The host is told of every wait. The maker yields within a call, so that there are some.
    iolink_sdk::host_api::set_wait_hook(counted);
    let mut table = image();
    table.base.flags = 0;
    let mut single = puppet(table);
    let image = single.give().unwrap().into_image().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let all = Region::full(&Shape::filled(1, 4));
                for _ in 0..500 {
                    let mut bytes = [0; 4];
                    let mut block = BlockMut::new(&mut bytes, &all.size, DataType::UINT8).unwrap();
                    image.read_region(&all, &mut block, &Call::silent()).unwrap();
                }
            });
        }
    });
    // It goes on to others behind a wrapper of ours, so that they cannot call it at once either.
    let raw = View::Image(image).into_raw("");
    assert!(!std::ptr::eq(raw as *const u8, &*single as *const Puppet<_> as *const u8));
    // SAFETY: the wrapper is live, and its one reference is ours.
    drop(unsafe { View::from_raw(raw) }.unwrap());
    assert_eq!((single.most.load(Ordering::SeqCst), single.references()), (1, 0));
    assert!(WAITS.load(Ordering::SeqCst) > 0);
}

#[test]
fn a_view_goes_on_as_the_object_that_came_in_or_as_its_one_proxy() {
    // Thread safe: the object itself.
    let mut safe = puppet(image());
    let address = &*safe as *const Puppet<_> as *const u8;
    let view = safe.give().unwrap();
    for _ in 0..3 {
        let raw = view.clone().into_raw("");
        assert!(std::ptr::eq(raw as *const u8, address));
        // SAFETY: the view is live, and this reference is ours.
        drop(unsafe { View::from_raw(raw) }.unwrap());
    }
    drop(view);
    assert_eq!(safe.references(), 0);

    // Another one: the same proxy for as long as it is held, from whichever thread.
    let mut table = image();
    table.base.flags = 0;
    let mut single = puppet(table);
    let view = single.give().unwrap();
    let first = view.clone().into_raw("");
    let back = |raw| {
        // SAFETY: the proxy is live, and this reference is ours.
        drop(unsafe { View::from_raw(raw) }.unwrap());
    };
    let known = first as usize;
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..1000 {
                    let raw = view.clone().into_raw("");
                    assert_eq!(raw as usize, known);
                    back(raw);
                }
            });
        }
    });
    back(first);
    // Nobody holds it: it is made and freed again and again.
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..1000).for_each(|_| back(view.clone().into_raw(""))));
        }
    });
    drop(view);
    assert_eq!(single.references(), 0);
}

struct Taker;

impl Provider for Taker {
    const INFO: ProviderInfo = ProviderInfo::new("test.taker", "Takes and drops").offers(&[Offer::adopt(Kind::Image)]);

    fn adopt(&self, _host: &Host, given: Adopt, _call: &Call<'_>) -> Result<View> {
        match given {
            Adopt::Image { .. } => panic!("an image was given"),
            _ => iolink_sdk::fail!(Unsupported, "something else was given"),
        }
    }
}

iolink_sdk::plugin_descriptor!(PLUGIN: Taker);

fn provider() -> &'static iolink_provider {
    // SAFETY: the descriptor is static and has one provider.
    unsafe { &**PLUGIN.providers }
}

static RELEASED: AtomicU64 = AtomicU64::new(0);

unsafe extern "C" fn count_release(_: *mut c_void) {
    RELEASED.fetch_add(1, Ordering::SeqCst);
}

unsafe extern "C" fn release_schema(schema: *mut ArrowSchema) {
    RELEASED.fetch_add(1, Ordering::SeqCst);
    // SAFETY: whoever releases a schema releases a live one.
    unsafe { (*schema).release = None };
}

#[test]
fn what_is_handed_over_is_released_once_whatever_goes_wrong() {
    let mut byte = 0u8;
    let memory = |shape: u64, stride: i64, byte_order: u32, at: *mut u8| {
        let mut shapes = [0; IOLINK_MAX_DIMS];
        shapes[0] = shape;
        let mut strides = [0; IOLINK_MAX_DIMS];
        strides[0] = stride;
        iolink_memory {
            size: size_of::<iolink_memory>() as u32,
            dimension_count: 1,
            data_type: DataType::UINT8.id(),
            byte_order,
            flags: 0,
            data: at as *mut c_void,
            shape: shapes,
            byte_strides: strides,
            owner: null_mut(),
            release: Some(count_release),
            device_type: IOLINK_DEVICE_CPU,
            device_id: 0,
        }
    };
    let mut cases = [
        // The provider panics with the memory in its hands.
        (IOLINK_KIND_IMAGE, memory(1, 1, IOLINK_LITTLE_ENDIAN, &mut byte), IOLINK_ERROR_INTERNAL),
        // No such kind can be adopted, or is known.
        (IOLINK_KIND_MULTI_IMAGE, memory(1, 1, IOLINK_LITTLE_ENDIAN, &mut byte), IOLINK_ERROR_INVALID_ARGUMENT),
        (4711, memory(1, 1, IOLINK_LITTLE_ENDIAN, &mut byte), IOLINK_ERROR_INVALID_ARGUMENT),
        // Memory of another kind than the request's.
        (IOLINK_KIND_STREAM, memory(1, 1, IOLINK_LITTLE_ENDIAN, &mut byte), IOLINK_ERROR_INVALID_ARGUMENT),
        // Descriptions that cannot be true.
        (IOLINK_KIND_IMAGE, memory(1, 1, 7, &mut byte), IOLINK_ERROR_INTERNAL),
        (IOLINK_KIND_IMAGE, memory(1, 1, IOLINK_LITTLE_ENDIAN, null_mut()), IOLINK_ERROR_INVALID_ARGUMENT),
        (IOLINK_KIND_IMAGE, memory(u64::MAX, i64::MAX, IOLINK_LITTLE_ENDIAN, &mut byte), IOLINK_ERROR_LIMIT),
    ];
    for (index, (kind, memory, wanted)) in cases.iter_mut().enumerate() {
        let before = RELEASED.load(Ordering::SeqCst);
        let request = iolink_adopt_request {
            size: size_of::<iolink_adopt_request>() as u32,
            kind: *kind,
            memory,
            properties: null(),
            bytes: null_mut(),
            stream: null_mut(),
            flags: 0,
            reserved: 0,
        };
        let mut out = null_mut();
        let adopt = provider().adopt.unwrap();
        // SAFETY: request and place live until the provider returns; host, call and error may be NULL.
        let status = unsafe { adopt(provider(), null(), &request, null(), &mut out, null_mut()) };
        assert_eq!((status, RELEASED.load(Ordering::SeqCst) - before), (*wanted, 1), "case {index}");
        assert!(out.is_null());
    }

    let before = RELEASED.load(Ordering::SeqCst);
    for kind in [IOLINK_KIND_DATA_FRAME, IOLINK_KIND_IMAGE, 4711] {
        let mut schema = iolink_sdk::OwnedSchema::released();
        schema.release = Some(release_schema);
        let request = iolink_create_request {
            size: size_of::<iolink_create_request>() as u32,
            kind,
            data_type: 0,
            dimension_count: u32::MAX,
            flags: 0,
            shape: [0; IOLINK_MAX_DIMS],
            properties: null(),
            length: 0,
            schema: &mut schema,
            target: null(),
            metadata: null(),
            tile_shape: [0; IOLINK_MAX_DIMS],
        };
        let mut out = null_mut();
        let create = provider().create.unwrap();
        // SAFETY: request and place live until the provider returns; host, call and error may be NULL.
        let status = unsafe { create(provider(), null(), &request, null(), &mut out, null_mut()) };
        assert_ne!(status, IOLINK_OK);
        assert!(schema.release.is_none(), "the schema of kind {kind} was left to the caller");
    }
    assert_eq!(RELEASED.load(Ordering::SeqCst) - before, 3);
}

#[test]
fn null_where_a_struct_belongs_is_an_error() {
    let provider = provider();
    let mut out = null_mut();
    // SAFETY: NULL is asked for on purpose; the functions say so.
    let statuses = unsafe {
        [
            provider.identify.unwrap()(provider, null(), null(), null(), &mut 0, null_mut()),
            provider.open.unwrap()(provider, null(), null(), null(), &mut out, null_mut()),
            provider.create.unwrap()(provider, null(), null(), null(), &mut out, null_mut()),
            provider.adopt.unwrap()(provider, null(), null(), null(), &mut out, null_mut()),
            provider.convert.unwrap()(provider, null(), null_mut(), null(), null(), &mut out, null_mut()),
            provider.save.unwrap()(provider, null(), null_mut(), null(), null(), null_mut()),
        ]
    };
    assert_eq!(statuses, [IOLINK_ERROR_INVALID_ARGUMENT; 6]);
    assert!(out.is_null());
}

struct Bytes;

impl RandomAccess for Bytes {
    fn capabilities(&self) -> iolink_sdk::StreamCapability {
        iolink_sdk::StreamCapability::READ
    }

    fn length(&self) -> Result<u64> {
        Ok(7)
    }

    fn read_at(&self, _offset: u64, buffer: &mut [u8]) -> Result<usize> {
        Ok(buffer.len())
    }
}

#[test]
fn a_buffer_without_an_address_is_refused_by_our_own_table() {
    let raw = View::random_access(Bytes).into_raw("test");
    let mut done = 0;
    // SAFETY: the view is live; its table is that of its kind.
    unsafe {
        let table = &*((*raw).vtable as *const iolink_random_access_vtable);
        let read = table.read_at.unwrap();
        let mut read = |buffer, length| read(raw, 0, buffer, length, &mut done, null(), null_mut());
        assert_eq!(read(null_mut(), 4), IOLINK_ERROR_INVALID_ARGUMENT);
        assert_eq!(read(8 as *mut c_void, u64::MAX), IOLINK_ERROR_INVALID_ARGUMENT);
        assert_eq!(read(null_mut(), 0), IOLINK_OK);
        assert_eq!(table.memory.unwrap()(raw, null(), null_mut(), null_mut()), IOLINK_ERROR_INVALID_ARGUMENT);
        drop(View::from_raw(raw));
    }
}
