//! From constants to the border's static descriptors, at compile time.

use super::{Cost, Host, Provider, ProviderInfo, Source};
use crate::abi::*;
use crate::view::guard;
use crate::{hosting, Result, View};
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
    reserved: 0,
    from_capabilities: 0,
    format: null(),
    extensions: null(),
    media_types: null(),
    schemes: null(),
    magic: null(),
};

/// The offers for the border; `text` is where [`text`] put the provider's texts.
pub const fn raw_offers<const COUNT: usize>(info: &ProviderInfo, text: *const u8) -> [iolink_offer; COUNT] {
    let mut out = [NO_OFFER; COUNT];
    let mut index = 0;
    while index < COUNT {
        let offer = &info.offers[index];
        let first = 2 + 5 * index;
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
            reserved: 0,
            from_capabilities: offer.from_capabilities,
            format: pointer(info, text, first),
            extensions: pointer(info, text, first + 1),
            media_types: pointer(info, text, first + 2),
            schemes: pointer(info, text, first + 3),
            magic: pointer(info, text, first + 4),
        };
        index += 1;
    }
    out
}

/// How many options a provider takes.
pub const fn option_count(info: &ProviderInfo) -> usize {
    info.option_list().len()
}

const NO_OPTION: iolink_option_info = iolink_option_info {
    size: size_of::<iolink_option_info>() as u32,
    value: 0,
    name: null(),
    standard: null(),
    about: null(),
};

/// The options for the border; `text` is where [`text`] put the provider's texts.
pub const fn raw_options<const COUNT: usize>(info: &ProviderInfo, text: *const u8) -> [iolink_option_info; COUNT] {
    let mut out = [NO_OPTION; COUNT];
    let mut index = 0;
    while index < COUNT {
        let first = 2 + 5 * info.offers.len() + 3 * index;
        out[index] = iolink_option_info {
            size: size_of::<iolink_option_info>() as u32,
            value: info.option_list()[index].value.number(),
            name: pointer(info, text, first),
            standard: pointer(info, text, first + 1),
            about: pointer(info, text, first + 2),
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
    options: *const *const iolink_option_info,
    _itself: &'static P,
) -> iolink_provider {
    assert!(size_of::<P>() == 0, "a provider is a unit struct: state belongs to the views it makes");
    iolink_provider {
        size: size_of::<iolink_provider>() as u32,
        offer_count: info.offers.len() as u32,
        id: pointer(info, text, 0),
        title: pointer(info, text, 1),
        offers,
        identify: Some(identify::<P>),
        open: Some(open::<P>),
        create: Some(create::<P>),
        adopt: Some(adopt::<P>),
        convert: Some(convert::<P>),
        save: Some(save::<P>),
        option_count: info.option_list().len() as u64,
        options,
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
    host: *const iolink_host,
    source: *const iolink_source,
    score: *mut u32,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: host, source and score are the caller's and live until this returns.
    guard(P::INFO.id, error, || unsafe {
        let (host, source) = (Host::from_raw(host), Source::from_border(source)?);
        match host.during(|| itself::<P>().identify(&host, &source))? {
            Some(sure) => *score = sure.min(100),
            None => crate::fail!(NotImplemented, "the provider goes by its offers"),
        }
        Ok(())
    })
}

unsafe extern "C" fn open<P: Provider>(
    host: *const iolink_host,
    source: *const iolink_source,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: host, source and out are the caller's and live until this returns.
    guard(P::INFO.id, error, || unsafe {
        let (host, source) = (Host::from_raw(host), Source::from_border(source)?);
        P::INFO.check_options(&source)?;
        made(P::INFO.id, out, host.during(|| itself::<P>().open(&host, &source)))
    })
}

unsafe extern "C" fn create<P: Provider>(
    host: *const iolink_host,
    request: *const iolink_create_request,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: host, request and out are the caller's and live until this returns.
    guard(P::INFO.id, error, || unsafe {
        let (host, wanted) = (Host::from_raw(host), super::Create::from_border(request)?);
        made(P::INFO.id, out, host.during(|| itself::<P>().create(&host, wanted)))
    })
}

unsafe extern "C" fn adopt<P: Provider>(
    host: *const iolink_host,
    request: *const iolink_adopt_request,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: host, request and out are the caller's and live until this returns.
    guard(P::INFO.id, error, || unsafe {
        let (host, given) = (Host::from_raw(host), super::Adopt::from_border(request)?);
        made(P::INFO.id, out, host.during(|| itself::<P>().adopt(&host, given)))
    })
}

unsafe extern "C" fn convert<P: Provider>(
    host: *const iolink_host,
    view: *mut iolink_view,
    target: *const iolink_target,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: host, view, target and out are the caller's and live until this returns.
    guard(P::INFO.id, error, || unsafe {
        let (host, view, target) = (Host::from_raw(host), View::from_borrowed(view)?, hosting::target(target)?);
        made(P::INFO.id, out, host.during(|| itself::<P>().convert(&host, view, target)))
    })
}

unsafe extern "C" fn save<P: Provider>(
    host: *const iolink_host,
    view: *mut iolink_view,
    target: *const iolink_source,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: host, view and target are the caller's and live until this returns.
    guard(P::INFO.id, error, || unsafe {
        let (host, view, target) = (Host::from_raw(host), View::from_borrowed(view)?, Source::from_border(target)?);
        P::INFO.check_options(&target)?;
        host.during(|| itself::<P>().save(&host, view, &target))
    })
}
