//! Requests that a caller gets wrong, or that a later version makes: flags, sizes, strings.

mod puppet;

use iolink_sdk::abi::*;
use iolink_sdk::{
    Adopt, Call, Convert, Cost, Create, CreateView, DataType, Host, Kind, Offer, Provider, ProviderInfo, Result,
    Source, Target, View,
};
use puppet::{call, error, image, message, puppet};
use std::mem::size_of;
use std::os::raw::c_void;
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicU64, Ordering};

/// A provider that accepts every request, and ends it with `Unsupported`.
struct Accepts;

fn accepted() -> iolink_sdk::Error {
    iolink_sdk::Error::new(iolink_sdk::ErrorKind::Unsupported, "accepted")
}

impl Provider for Accepts {
    const INFO: ProviderInfo = ProviderInfo::new("test.accepts", "Accepts requests").offers(&[
        Offer::open(Kind::Image, "ACCEPTS"),
        Offer::create(Kind::Image),
        Offer::adopt(Kind::Image),
        Offer::convert(Kind::Image, Kind::Image, Cost::Shared),
        Offer::save(Kind::Image, "ACCEPTS", 0),
    ]);

    fn open(&self, _host: &Host, _source: &Source, _call: &Call<'_>) -> Result<View> {
        Err(accepted())
    }

    fn create(&self, _host: &Host, request: Create, _call: &Call<'_>) -> Result<View> {
        match request.view {
            // Tiles that are not given are `None`, not tiles of no samples.
            CreateView::Image { tile_shape: Some(tile), .. } => iolink_sdk::fail!(Internal, "tiles of {tile}"),
            _ => Err(accepted()),
        }
    }

    fn adopt(&self, _host: &Host, _request: Adopt, _call: &Call<'_>) -> Result<View> {
        Err(accepted())
    }

    fn convert(&self, _host: &Host, _view: View, _request: &Convert, _call: &Call<'_>) -> Result<View> {
        Err(accepted())
    }

    fn save(&self, _host: &Host, _view: View, _target: &Target, _call: &Call<'_>) -> Result<()> {
        Err(accepted())
    }
}

iolink_sdk::plugin_descriptor!(PLUGIN: Accepts);

fn provider() -> &'static iolink_provider {
    // SAFETY: the descriptor is static and has one provider.
    unsafe { &**PLUGIN.providers }
}

const URI: *const std::os::raw::c_char = b"test:x\0" as *const u8 as *const std::os::raw::c_char;

/// A request of each kind with these flags, and a size that differs from today's by so much.
fn request(name: &str, flags: u32, grown: i64) -> (i32, String) {
    fn sized<T>(grown: i64) -> u32 {
        (size_of::<T>() as i64 + grown) as u32
    }
    /// A request, with room behind it for what a later version appends.
    #[repr(C)]
    struct Grown<T>(T, [u64; 4]);
    let later = [u64::MAX; 4];
    let (mut out, mut failed) = (null_mut(), error());
    let (provider, host, silent) = (provider(), null(), call());
    let mut lent = puppet(image());
    let view = &mut *lent as *mut puppet::Puppet<_> as *mut iolink_view;
    let target = || iolink_target {
        size: sized::<iolink_target>(grown),
        flags,
        uri: URI,
        path: null(),
        format: null(),
        stream: null_mut(),
        store: null_mut(),
        key: null(),
        options: null(),
        option_count: 0,
    };
    // SAFETY: every request lives until the provider returns, and has at least the size it says.
    let status = unsafe {
        match name {
            "call" => {
                let call = Grown(iolink_call { size: sized::<iolink_call>(grown), flags, ..call() }, later);
                let source = iolink_source { size: size_of::<iolink_source>() as u32, ..source() };
                provider.open.unwrap()(provider, host, &source, &call.0, &mut out, &mut failed)
            }
            "source" => {
                let source = Grown(iolink_source { size: sized::<iolink_source>(grown), flags, ..source() }, later);
                provider.open.unwrap()(provider, host, &source.0, &silent, &mut out, &mut failed)
            }
            "create request" => {
                let request = Grown(create(sized::<iolink_create_request>(grown), flags), later);
                provider.create.unwrap()(provider, host, &request.0, &silent, &mut out, &mut failed)
            }
            "target of a create request" => {
                let target = Grown(target(), later);
                let mut request = create(size_of::<iolink_create_request>() as u32, 0);
                request.target = &target.0;
                provider.create.unwrap()(provider, host, &request, &silent, &mut out, &mut failed)
            }
            "adopt request" => {
                let mut byte = 7u8;
                let mut memory = memory(&mut byte);
                let request = iolink_adopt_request {
                    size: sized::<iolink_adopt_request>(grown),
                    kind: IOLINK_KIND_IMAGE,
                    memory: &mut memory,
                    properties: null(),
                    bytes: null_mut(),
                    stream: null_mut(),
                    flags,
                    reserved: 0,
                };
                let request = Grown(request, later);
                provider.adopt.unwrap()(provider, host, &request.0, &silent, &mut out, &mut failed)
            }
            "conversion" => {
                let request = iolink_convert_request {
                    size: sized::<iolink_convert_request>(grown),
                    kind: IOLINK_KIND_IMAGE,
                    capabilities: 0,
                    flags,
                    reserved: 0,
                    options: null(),
                    option_count: 0,
                };
                let request = Grown(request, later);
                provider.convert.unwrap()(provider, host, view, &request.0, &silent, &mut out, &mut failed)
            }
            "target" => {
                let target = Grown(target(), later);
                provider.save.unwrap()(provider, host, view, &target.0, &silent, &mut failed)
            }
            other => panic!("{other} is not a request"),
        }
    };
    assert!(out.is_null());
    assert_eq!(lent.references(), 1, "the lent view of {name} was kept");
    (status, message(&failed))
}

fn source() -> iolink_source {
    iolink_source {
        size: 0,
        flags: 0,
        uri: URI,
        path: null(),
        bytes: null_mut(),
        format: null(),
        options: null(),
        option_count: 0,
        store: null_mut(),
        key: null(),
        provider: null(),
        storage_options: null(),
        storage_option_count: 0,
        kind: 0,
        reserved: 0,
    }
}

fn create(size: u32, flags: u32) -> iolink_create_request {
    let mut shape = [0; IOLINK_MAX_DIMS];
    shape[0] = 1;
    iolink_create_request {
        size,
        kind: IOLINK_KIND_IMAGE,
        data_type: DataType::UINT8.id(),
        dimension_count: 1,
        flags,
        shape,
        properties: null(),
        length: 0,
        schema: null_mut(),
        target: null(),
        metadata: null(),
        tile_shape: [0; IOLINK_MAX_DIMS],
    }
}

static RELEASED: AtomicU64 = AtomicU64::new(0);

unsafe extern "C" fn count_release(_: *mut c_void) {
    RELEASED.fetch_add(1, Ordering::SeqCst);
}

fn memory(byte: &mut u8) -> iolink_memory {
    let (mut shape, mut byte_strides) = ([0; IOLINK_MAX_DIMS], [0; IOLINK_MAX_DIMS]);
    (shape[0], byte_strides[0]) = (1, 1);
    iolink_memory {
        size: size_of::<iolink_memory>() as u32,
        dimension_count: 1,
        data_type: DataType::UINT8.id(),
        byte_order: IOLINK_LITTLE_ENDIAN,
        flags: 0,
        data: byte as *mut u8 as *mut c_void,
        shape,
        byte_strides,
        owner: null_mut(),
        release: Some(count_release),
        device_type: IOLINK_DEVICE_CPU,
        device_id: 0,
    }
}

/// Every request that a provider gets, and the low flags that it knows.
const REQUESTS: [(&str, u32); 7] = [
    ("call", 0),
    ("source", IOLINK_SOURCE_WRITABLE),
    ("create request", 0),
    ("target of a create request", IOLINK_TARGET_OVERWRITE),
    ("adopt request", 0),
    ("conversion", 0),
    ("target", IOLINK_TARGET_OVERWRITE),
];

#[test]
fn required_flags_are_known_or_rejected_and_hints_are_ignored() {
    for (name, known) in REQUESTS {
        for bit in 0..32 {
            let flag = 1 << bit;
            let wanted = match bit < 16 && flag & known == 0 {
                true => IOLINK_ERROR_NOT_IMPLEMENTED,
                false => IOLINK_ERROR_UNSUPPORTED,
            };
            let (status, message) = request(name, flag, 0);
            assert_eq!(status, wanted, "{name}, bit {bit}: {message}");
            let words = if wanted == IOLINK_ERROR_UNSUPPORTED { "accepted".to_owned() } else { format!("{flag:#x}") };
            assert!(message.contains(&words), "{name}, bit {bit}: {message}");
        }
    }
}

#[test]
fn a_request_that_is_too_small_is_an_error_and_a_grown_one_is_read() {
    for (name, _) in REQUESTS {
        for missing in [-1, -4, -8] {
            let (status, message) = request(name, 0, missing);
            assert_eq!(status, IOLINK_ERROR_INVALID_ARGUMENT, "{name} without {} bytes: {message}", -missing);
        }
        let (status, message) = request(name, 0, 32);
        assert_eq!(status, IOLINK_ERROR_UNSUPPORTED, "{name} of a later version: {message}");
    }
}

#[test]
fn adopted_memory_of_a_rejected_request_is_released() {
    let before = RELEASED.load(Ordering::SeqCst);
    let mut byte = 0;
    let mut memory = memory(&mut byte);
    let request = iolink_adopt_request {
        size: size_of::<iolink_adopt_request>() as u32,
        kind: IOLINK_KIND_IMAGE,
        memory: &mut memory,
        properties: null(),
        bytes: null_mut(),
        stream: null_mut(),
        flags: 1,
        reserved: 0,
    };
    let (mut out, adopt) = (null_mut(), provider().adopt.unwrap());
    // SAFETY: request and place live until the provider returns; host, call and error may be NULL.
    let status = unsafe { adopt(provider(), null(), &request, null(), &mut out, null_mut()) };
    assert_eq!(status, IOLINK_ERROR_NOT_IMPLEMENTED);
    // Other tests of this file adopt too.
    assert!(RELEASED.load(Ordering::SeqCst) > before);
}

#[test]
fn strings_of_a_request_must_be_utf8_and_its_kinds_known() {
    let latin: *const std::os::raw::c_char = b"caf\xe9\0" as *const u8 as *const std::os::raw::c_char;
    let wrong = iolink_option { key: latin, value: URI };
    let open = |source: iolink_source| {
        let source = iolink_source { size: size_of::<iolink_source>() as u32, ..source };
        let mut out = null_mut();
        // SAFETY: the source lives until the provider returns; host, call and error may be NULL.
        unsafe { provider().open.unwrap()(provider(), null(), &source, null(), &mut out, null_mut()) }
    };
    assert_eq!(open(source()), IOLINK_ERROR_UNSUPPORTED);
    assert_eq!(open(iolink_source { uri: null(), ..source() }), IOLINK_ERROR_INVALID_ARGUMENT);
    assert_eq!(open(iolink_source { uri: latin, ..source() }), IOLINK_ERROR_INVALID_ARGUMENT);
    assert_eq!(open(iolink_source { format: latin, ..source() }), IOLINK_ERROR_INVALID_ARGUMENT);
    assert_eq!(open(iolink_source { provider: latin, ..source() }), IOLINK_ERROR_INVALID_ARGUMENT);
    assert_eq!(open(iolink_source { options: &wrong, option_count: 1, ..source() }), IOLINK_ERROR_INVALID_ARGUMENT);
    assert_eq!(
        open(iolink_source { storage_options: &wrong, storage_option_count: 1, ..source() }),
        IOLINK_ERROR_INVALID_ARGUMENT
    );
    assert_eq!(open(iolink_source { kind: 4711, ..source() }), IOLINK_ERROR_NOT_IMPLEMENTED);
    // A local path is in the system's own encoding.
    assert_eq!(open(iolink_source { path: latin, ..source() }), IOLINK_ERROR_UNSUPPORTED);
    // An image where a store belongs, and an image where bytes belong.
    let mut lent = puppet(image());
    let view = &mut *lent as *mut puppet::Puppet<_> as *mut iolink_view;
    assert_eq!(open(iolink_source { store: view, ..source() }), IOLINK_ERROR_TYPE);
    assert_eq!(open(iolink_source { bytes: view, ..source() }), IOLINK_ERROR_TYPE);
    assert_eq!(lent.references(), 1);
}
