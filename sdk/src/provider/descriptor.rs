//! From constants to the border's static descriptors, at compile time.

use super::info::{OFFER_TEXTS, OPTION_TEXTS};
use super::{Cost, Host, OfferKind, Provider, ProviderInfo, Source};
use crate::abi::*;
use crate::view::guard;
use crate::{Call, Result, View};
use std::mem::size_of;
use std::os::raw::c_char;
use std::ptr::null;

/// A static value with pointers to other statics.
#[repr(transparent)]
pub struct Shared<T>(pub T);

// SAFETY: the value is immutable and its pointers lead to immutable statics.
unsafe impl<T> Sync for Shared<T> {}

/// Bytes of all texts of a provider, each with a NUL behind it.
pub const fn text_length(info: &ProviderInfo) -> usize {
    text_offset(info, info.text_count())
}

const fn text_offset(info: &ProviderInfo, end: usize) -> usize {
    let (mut index, mut length) = (0, 0);
    while index < end {
        length += info.text(index).len() + 1;
        index += 1;
    }
    length
}

/// All texts of a provider, each with a NUL behind it.
pub const fn text<const LENGTH: usize>(info: &ProviderInfo) -> [u8; LENGTH] {
    let mut out = [0; LENGTH];
    let (mut index, mut at) = (0, 0);
    while index < info.text_count() {
        let bytes = info.text(index).as_bytes();
        let mut letter = 0;
        while letter < bytes.len() {
            assert!(
                bytes[letter] >= 32 && bytes[letter] != 127 && bytes[letter] != b'"' && bytes[letter] != b'\\',
                "texts of a provider must not hold quotes, backslashes or control characters"
            );
            out[at] = bytes[letter];
            at += 1;
            letter += 1;
        }
        at += 1;
        index += 1;
    }
    out
}

const fn pointer(info: &ProviderInfo, text: *const u8, index: usize) -> *const c_char {
    if info.text(index).is_empty() {
        return null();
    }
    text.wrapping_add(text_offset(info, index)) as *const c_char
}

/// How many offers a provider makes.
pub const fn offer_count(info: &ProviderInfo) -> usize {
    info.offers.len()
}

const NO_OFFER: iolink_offer = iolink_offer {
    size: size_of::<iolink_offer>() as u32,
    offer: 0,
    kind: 0,
    cost: 0,
    capabilities: 0,
    from_kind: 0,
    flags: 0,
    from_capabilities: 0,
    format: null(),
    extensions: null(),
    media_types: null(),
    schemes: null(),
    magic: null(),
    keys: null(),
    data_types: null(),
    data_type_count: 0,
    min_dimensions: 0,
    max_dimensions: 0,
    layout: 0,
    option_count: 0,
    options: null(),
};

/// The offers for the ABI; `text` is where [`text`] put the provider's strings, and `options` the list of all options.
pub const fn raw_offers<const COUNT: usize>(
    info: &ProviderInfo,
    text: *const u8,
    options: *const *const iolink_option_info,
) -> [iolink_offer; COUNT] {
    let mut out = [NO_OFFER; COUNT];
    let mut index = 0;
    while index < COUNT {
        let offer = &info.offers[index];
        let first = 2 + OFFER_TEXTS * index;
        out[index] = iolink_offer {
            size: size_of::<iolink_offer>() as u32,
            offer: offer.offer.number(),
            kind: offer.kind.number(),
            cost: match offer.cost {
                Some(Cost::Shared) => IOLINK_COST_SHARED,
                Some(Cost::Lazy) => IOLINK_COST_LAZY,
                Some(Cost::Copy) => IOLINK_COST_COPY,
                None => 0,
            },
            capabilities: offer.capabilities,
            from_kind: match offer.from_kind {
                Some(kind) => kind.number(),
                None => 0,
            },
            flags: offer.flags,
            from_capabilities: offer.from_capabilities,
            format: pointer(info, text, first),
            extensions: pointer(info, text, first + 1),
            media_types: pointer(info, text, first + 2),
            schemes: pointer(info, text, first + 3),
            magic: pointer(info, text, first + 4),
            keys: pointer(info, text, first + 5),
            // `DataType` is a transparent number.
            data_types: if offer.data_types.is_empty() { null() } else { offer.data_types.as_ptr() as *const u64 },
            data_type_count: offer.data_types.len() as u32,
            min_dimensions: offer.min_dimensions,
            max_dimensions: offer.max_dimensions,
            layout: offer.layout.number(),
            option_count: offer.options.len() as u64,
            options: options.wrapping_add(info.options_before(index)),
        };
        index += 1;
    }
    out
}

/// Number of options of all offers.
pub const fn option_count(info: &ProviderInfo) -> usize {
    info.options_before(info.offers.len())
}

const NO_OPTION: iolink_option_info = iolink_option_info {
    size: size_of::<iolink_option_info>() as u32,
    value_type: 0,
    name: null(),
    default_value: null(),
    description: null(),
    choices: null(),
    flags: 0,
    reserved: 0,
};

/// The options for the border; `text` is where [`text`] put the provider's texts.
pub const fn raw_options<const COUNT: usize>(info: &ProviderInfo, text: *const u8) -> [iolink_option_info; COUNT] {
    let mut out = [NO_OPTION; COUNT];
    let mut index = 0;
    while index < COUNT {
        let first = 2 + OFFER_TEXTS * info.offers.len() + OPTION_TEXTS * index;
        let option = info.option(index);
        out[index] = iolink_option_info {
            size: size_of::<iolink_option_info>() as u32,
            value_type: option.value_type.number(),
            name: pointer(info, text, first),
            default_value: pointer(info, text, first + 1),
            description: pointer(info, text, first + 2),
            choices: pointer(info, text, first + 3),
            flags: option.flags,
            reserved: 0,
        };
        index += 1;
    }
    out
}

/// Pointers to every offer or option.
pub const fn pointers<T, const COUNT: usize>(all: &'static [T; COUNT]) -> [*const T; COUNT] {
    let mut out = [null(); COUNT];
    let mut index = 0;
    while index < COUNT {
        out[index] = &all[index];
        index += 1;
    }
    out
}

/// The provider for the border.
pub const fn provider<P: Provider>(
    info: &ProviderInfo,
    text: *const u8,
    offers: *const *const iolink_offer,
    _itself: &'static P,
) -> iolink_provider {
    assert!(size_of::<P>() == 0, "a provider is a unit struct: state belongs to the views it makes");
    iolink_provider {
        size: size_of::<iolink_provider>() as u32,
        offer_count: info.offers.len() as u32,
        id: pointer(info, text, 0),
        title: pointer(info, text, 1),
        offers,
        context: std::ptr::null_mut(),
        identify: Some(identify::<P>),
        open: Some(open::<P>),
        create: Some(create::<P>),
        adopt: Some(adopt::<P>),
        convert: Some(convert::<P>),
        save: Some(save::<P>),
    }
}

/// The plugin for the border; the first provider's id is its own.
///
/// # Safety
/// Not for use by hand: `first` must be a live provider.
#[allow(clippy::missing_safety_doc, clippy::not_unsafe_ptr_arg_deref)]
pub const fn plugin(
    first: *const iolink_provider,
    version: &'static str,
    providers: &'static [*const iolink_provider],
) -> iolink_plugin {
    iolink_plugin {
        magic: IOLINK_PLUGIN_MAGIC,
        size: size_of::<iolink_plugin>() as u32,
        abi_major: IOLINK_ABI_MAJOR,
        abi_minor: IOLINK_ABI_MINOR,
        panic_strategy: if cfg!(panic = "abort") { IOLINK_PANIC_ABORT } else { IOLINK_PANIC_UNWIND },
        // SAFETY: the macro gives the address of a static provider.
        id: unsafe { (*first).id },
        version: version.as_ptr() as *const c_char,
        provider_count: providers.len() as u32,
        reserved: 0,
        providers: providers.as_ptr(),
    }
}

/// A unit struct's only value. Providers hold no state, so any value is the value.
fn itself<P: Provider>() -> &'static P {
    // SAFETY: a value of no size (see `provider`) may be read from any aligned address, and the macro has made one.
    unsafe { std::ptr::NonNull::<P>::dangling().as_ref() }
}

fn made(provider: &'static str, out: *mut *mut iolink_view, view: Result<View>) -> Result<()> {
    let raw = view?.into_raw(provider);
    // SAFETY: `out` is the caller's.
    unsafe { *out = raw };
    Ok(())
}

unsafe extern "C" fn identify<P: Provider>(
    _provider: *const iolink_provider,
    host: *const iolink_host,
    source: *const iolink_source,
    call: *const iolink_call,
    score: *mut u32,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: host, source, call and score are the caller's and live until this returns.
    guard(P::INFO.id, error, || unsafe {
        let (host, source) = (Host::from_raw(host), Source::from_border(source)?);
        match Call::from_border(call, |call| host.during(|| itself::<P>().identify(&host, &source, call)))? {
            Some(sure) => *score = sure.min(100),
            None => crate::fail!(NotImplemented, "the provider goes by its offers"),
        }
        Ok(())
    })
}

unsafe extern "C" fn open<P: Provider>(
    _provider: *const iolink_provider,
    host: *const iolink_host,
    source: *const iolink_source,
    call: *const iolink_call,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: host, source, call and out are the caller's and live until this returns.
    guard(P::INFO.id, error, || unsafe {
        let (host, source) = (Host::from_raw(host), Source::from_border(source)?);
        P::INFO.check_options(OfferKind::Open, source.format(), source.options())?;
        Call::from_border(call, |call| made(P::INFO.id, out, host.during(|| itself::<P>().open(&host, &source, call))))
    })
}

unsafe extern "C" fn create<P: Provider>(
    _provider: *const iolink_provider,
    host: *const iolink_host,
    request: *const iolink_create_request,
    call: *const iolink_call,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: host, request, call and out are the caller's and live until this returns.
    guard(P::INFO.id, error, || unsafe {
        let (host, request) = (Host::from_raw(host), super::Create::from_border(request)?);
        if let Some(target) = &request.target {
            P::INFO.check_options(OfferKind::Create, target.format(), target.options())?;
        }
        Call::from_border(call, |call| {
            made(P::INFO.id, out, host.during(|| itself::<P>().create(&host, request, call)))
        })
    })
}

unsafe extern "C" fn adopt<P: Provider>(
    _provider: *const iolink_provider,
    host: *const iolink_host,
    request: *const iolink_adopt_request,
    call: *const iolink_call,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: host, request, call and out are the caller's and live until this returns.
    guard(P::INFO.id, error, || unsafe {
        let (host, request) = (Host::from_raw(host), super::Adopt::from_border(request)?);
        Call::from_border(call, |call| made(P::INFO.id, out, host.during(|| itself::<P>().adopt(&host, request, call))))
    })
}

unsafe extern "C" fn convert<P: Provider>(
    _provider: *const iolink_provider,
    host: *const iolink_host,
    view: *mut iolink_view,
    request: *const iolink_convert_request,
    call: *const iolink_call,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: host, view, request, call and out are the caller's and live until this returns.
    guard(P::INFO.id, error, || unsafe {
        let (host, view, request) =
            (Host::from_raw(host), View::from_borrowed(view)?, super::Convert::from_border(request)?);
        P::INFO.check_options(OfferKind::Convert, None, request.options())?;
        Call::from_border(call, |call| {
            made(P::INFO.id, out, host.during(|| itself::<P>().convert(&host, view, &request, call)))
        })
    })
}

unsafe extern "C" fn save<P: Provider>(
    _provider: *const iolink_provider,
    host: *const iolink_host,
    view: *mut iolink_view,
    target: *const iolink_target,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: host, view, target and call are the caller's and live until this returns.
    guard(P::INFO.id, error, || unsafe {
        let (host, view, target) =
            (Host::from_raw(host), View::from_borrowed(view)?, super::Target::from_border(target)?);
        P::INFO.check_options(OfferKind::Save, target.format(), target.options())?;
        Call::from_border(call, |call| host.during(|| itself::<P>().save(&host, view, &target, call)))
    })
}
