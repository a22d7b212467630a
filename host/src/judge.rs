//! What is checked of a descriptor before any function of the plugin is called.
//!
//! A descriptor may come from an older or a newer header of the same major version: what it does not have yet is absent,
//! what this version does not know is passed over.

use crate::record::{check_id, list, magic, OfferRecord, OptionRecord, ProviderRecord};
use iolink_sdk::abi::*;
use iolink_sdk::provider::{OfferKind, OptionKind};
use iolink_sdk::{Cost, Kind};
use std::collections::BTreeMap;
use std::mem::{offset_of, size_of, MaybeUninit};
use std::os::raw::c_char;
use std::sync::{Mutex, PoisonError};

/// Bytes of the structs of border version 1.0: shorter ones are damaged, longer ones newer.
pub(crate) const PLUGIN_V1: usize = offset_of!(iolink_plugin, providers) + size_of::<usize>();
const PROVIDER_V1: usize = offset_of!(iolink_provider, convert) + size_of::<usize>();
const OFFER_V1: usize = offset_of!(iolink_offer, magic) + size_of::<usize>();

const OPTION_V1: usize = offset_of!(iolink_option_info, about) + size_of::<usize>();

const MAX_PROVIDERS: usize = 256;
const MAX_OPTIONS: usize = 1024;
const MAX_OFFERS: usize = 1024;
/// Longest title or list of an offer, NUL included.
const MAX_TEXT: usize = 4096;

/// A descriptor that passed.
pub(crate) struct Judged {
    pub(crate) id: String,
    pub(crate) version: String,
    pub(crate) providers: Vec<(ProviderRecord, &'static iolink_provider)>,
}

/// Judges a descriptor. The error is the reason, in one line.
pub(crate) fn judge(plugin: &'static iolink_plugin, allow_abort: bool) -> Result<Judged, String> {
    if plugin.magic != IOLINK_PLUGIN_MAGIC {
        return Err(
            "the symbol iolink_plugin_v1 does not start with the magic of a plugin descriptor; export it with \
                    export_plugin! or IOLINK_EXPORT"
                .into(),
        );
    }
    if plugin.abi_major != IOLINK_ABI_MAJOR {
        return Err(format!(
            "the plugin was built for version {} of the border, this host speaks version {IOLINK_ABI_MAJOR}; rebuild \
             the plugin with an SDK of version {IOLINK_ABI_MAJOR}",
            plugin.abi_major
        ));
    }
    if (plugin.size as usize) < PLUGIN_V1 {
        return Err(format!(
            "the descriptor says it has {} bytes, version 1 has {PLUGIN_V1}; rebuild the plugin with the SDK's header",
            plugin.size
        ));
    }
    match plugin.panic_strategy {
        IOLINK_PANIC_UNWIND | IOLINK_PANIC_NONE => {}
        IOLINK_PANIC_ABORT if allow_abort => {}
        IOLINK_PANIC_ABORT => {
            return Err(
                "the plugin was built with panic=abort, so a panic in it would end this process; build it with \
                        panic = \"unwind\", or let the host allow it (allow_abort)"
                    .into(),
            )
        }
        other => return Err(format!("the descriptor names panic strategy {other}; 1, 2 and 3 are known")),
    }
    // SAFETY: the border makes every text of a descriptor static and NUL-terminated; at most 64 bytes are read.
    let id = unsafe { text(plugin.id, 64) }.map_err(|why| format!("the plugin's id {why}"))?;
    check_id(&id).map_err(|why| format!("the plugin's id {why}"))?;
    // SAFETY: as above.
    let version = unsafe { text(plugin.version, 64) }.map_err(|why| format!("the version of {id} {why}"))?;
    if version.is_empty() {
        return Err(format!("{id} has no version"));
    }
    // SAFETY: the border makes the list static and as long as its count.
    let list = unsafe { pointers(plugin.providers, plugin.provider_count, MAX_PROVIDERS) }
        .map_err(|why| format!("the list of providers of {id} {why}"))?;
    if list.is_empty() {
        return Err(format!("{id} brings no provider; name at least one"));
    }
    let mut providers: Vec<(ProviderRecord, &'static iolink_provider)> = Vec::with_capacity(list.len());
    for (index, at) in list.iter().enumerate() {
        let judged = provider(*at).map_err(|why| format!("provider {index} of {id}: {why}"))?;
        if providers.iter().any(|(known, _)| known.id == judged.0.id) {
            return Err(format!("{id} brings the provider {} twice; give each its own id", judged.0.id));
        }
        providers.push(judged);
    }
    Ok(Judged { id, version, providers })
}

fn provider(at: *const iolink_provider) -> Result<(ProviderRecord, &'static iolink_provider), String> {
    // SAFETY: the pointer is aligned, not NULL, and leads to a static struct that starts with its size.
    let raw = unsafe { read_sized(at, (*at).size as usize, PROVIDER_V1)? };
    // SAFETY: the border makes every text of a descriptor static and NUL-terminated; reading is bounded.
    let (id, title) = unsafe { (text(raw.id, 64), text(raw.title, MAX_TEXT)) };
    let id = id.map_err(|why| format!("its id {why}"))?;
    check_id(&id)?;
    let title = title.map_err(|why| format!("the title of {id} {why}"))?;
    // SAFETY: the border makes the list static and as long as its count.
    let list = unsafe { pointers(raw.offers, raw.offer_count, MAX_OFFERS) }
        .map_err(|why| format!("the list of offers of {id} {why}"))?;
    let mut offers = Vec::with_capacity(list.len());
    for (index, at) in list.iter().enumerate() {
        // SAFETY: the pointer is aligned, not NULL, and leads to a static struct that starts with its size.
        let raw = unsafe { read_sized(*at, (**at).size as usize, OFFER_V1) };
        if let Some(offer) = raw.and_then(|raw| offer(&raw)).map_err(|why| format!("offer {index} of {id}: {why}"))? {
            offers.push(offer);
        }
    }
    for offer in &offers {
        let there = match offer.offer {
            OfferKind::Open => raw.open.is_some(),
            OfferKind::Create => raw.create.is_some(),
            OfferKind::Adopt => raw.adopt.is_some(),
            OfferKind::Convert => raw.convert.is_some(),
            OfferKind::Save => raw.save.is_some(),
        };
        if !there {
            let word = offer.offer.word();
            return Err(format!("{id} offers to {word} but its function {word} is NULL; set it or drop the offer"));
        }
    }
    let options = options(&raw).map_err(|why| format!("the options of {id}: {why}"))?;
    let declares_options = !options.is_empty();
    Ok((ProviderRecord { id, title, offers, options, declares_options }, lasting(at, raw)))
}

/// The functions of a provider, for ever: its own struct, or a copy filled up where that is of an earlier version. One
/// copy for all registries of the process: descriptors are never unloaded.
fn lasting(at: *const iolink_provider, raw: iolink_provider) -> &'static iolink_provider {
    static COPIES: Mutex<BTreeMap<usize, usize>> = Mutex::new(BTreeMap::new());
    // SAFETY: the pointer was judged; the struct is static, starts with its size and is never written.
    unsafe {
        if (*at).size as usize >= size_of::<iolink_provider>() {
            return &*at;
        }
    }
    let mut copies = COPIES.lock().unwrap_or_else(PoisonError::into_inner);
    let copy = copies.entry(at as usize).or_insert_with(|| Box::into_raw(Box::new(raw)) as usize);
    // SAFETY: the address is that of a box that nobody frees or writes.
    unsafe { &*(*copy as *const iolink_provider) }
}

/// The options that a provider declares; those of a kind that this version does not know are passed over.
fn options(raw: &iolink_provider) -> Result<Vec<OptionRecord>, String> {
    let count = u32::try_from(raw.option_count).unwrap_or(u32::MAX);
    // SAFETY: the border makes the list static and as long as its count.
    let list = unsafe { pointers(raw.options, count, MAX_OPTIONS) }.map_err(|why| format!("the list {why}"))?;
    let mut options = Vec::with_capacity(list.len());
    for at in list {
        // SAFETY: the pointer is aligned, not NULL, and leads to a static struct that starts with its size.
        let raw = unsafe { read_sized(at, (*at).size as usize, OPTION_V1)? };
        // SAFETY: the border makes every text of a descriptor static and NUL-terminated; reading is bounded.
        let read = |at, field: &str| unsafe { text(at, MAX_TEXT) }.map_err(|why| format!("{field} {why}"));
        let (name, standard, about) =
            (read(raw.name, "name")?, read(raw.standard, "standard")?, read(raw.about, "about")?);
        if let Some(value) = OptionKind::ALL.into_iter().find(|known| known.number() == raw.value) {
            options.push(OptionRecord { name, value, standard, about });
        }
    }
    Ok(options)
}

/// An offer, or nothing where it speaks of something that this version does not know.
fn offer(raw: &iolink_offer) -> Result<Option<OfferRecord>, String> {
    let (Some(offer), Some(kind)) = (OfferKind::from_number(raw.offer), Kind::from_number(raw.kind)) else {
        tracing::debug!(offer = raw.offer, kind = raw.kind, "an offer of a later version is passed over");
        return Ok(None);
    };
    let (from_kind, cost) = match offer {
        OfferKind::Convert => {
            let Some(from) = Kind::from_number(raw.from_kind) else { return Ok(None) };
            let cost = match raw.cost {
                IOLINK_COST_SHARED => Cost::Shared,
                IOLINK_COST_LAZY => Cost::Lazy,
                IOLINK_COST_COPY => Cost::Copy,
                cost => {
                    tracing::debug!(cost, "a conversion whose cost is of a later version is passed over");
                    return Ok(None);
                }
            };
            (Some(from), Some(cost))
        }
        _ => (None, None),
    };
    // SAFETY: the border makes every text of a descriptor static and NUL-terminated; reading is bounded.
    let read = |at, field: &str| unsafe { text(at, MAX_TEXT) }.map_err(|why| format!("{field} {why}"));
    Ok(Some(OfferRecord {
        offer,
        kind,
        capabilities: raw.capabilities,
        from_kind,
        from_capabilities: raw.from_capabilities,
        cost,
        format: read(raw.format, "format")?,
        extensions: list(&read(raw.extensions, "extensions")?),
        media_types: list(&read(raw.media_types, "media_types")?),
        schemes: list(&read(raw.schemes, "schemes")?),
        magic: magic(&read(raw.magic, "magic")?).map_err(|why| format!("magic {why}"))?,
    }))
}

/// A struct of numbers, pointers and optional functions, with zeros for what an older maker does not have.
///
/// # Safety
/// `at` leads to `size` readable bytes; all-zero bytes are a value of `T`.
unsafe fn read_sized<T>(at: *const T, size: usize, least: usize) -> Result<T, String> {
    if size < least {
        return Err(format!("its struct says it has {size} bytes, version 1 has {least}"));
    }
    let mut value = MaybeUninit::<T>::zeroed();
    // SAFETY: both sides have that many bytes, by the caller's promise.
    unsafe {
        std::ptr::copy_nonoverlapping(at.cast::<u8>(), value.as_mut_ptr().cast::<u8>(), size.min(size_of::<T>()));
        Ok(value.assume_init())
    }
}

/// A list of pointers, none of them NULL or misaligned.
///
/// # Safety
/// `at` is NULL or leads to `count` pointers.
unsafe fn pointers<T>(at: *const *const T, count: u32, most: usize) -> Result<Vec<*const T>, String> {
    let count = count as usize;
    if count > most {
        return Err(format!("says it has {count} entries; {most} are the most"));
    }
    if count > 0 && (at.is_null() || !at.is_aligned()) {
        return Err("is NULL or misaligned".into());
    }
    // SAFETY: by the caller's promise.
    let list: Vec<_> = (0..count).map(|index| unsafe { *at.add(index) }).collect();
    match list.iter().position(|entry| entry.is_null() || !entry.is_aligned()) {
        Some(index) => Err(format!("has a NULL or misaligned pointer at {index}")),
        None => Ok(list),
    }
}

/// Text of fewer than `most` bytes; NULL is "".
///
/// # Safety
/// `at` is NULL, or readable up to its NUL or for `most` bytes.
unsafe fn text(at: *const c_char, most: usize) -> Result<String, String> {
    if at.is_null() {
        return Ok(String::new());
    }
    // SAFETY: by the caller's promise; nothing behind the NUL is read.
    let Some(length) = (0..most).find(|index| unsafe { *at.add(*index) } == 0) else {
        return Err(format!("is longer than {} bytes or has no NUL", most - 1));
    };
    // SAFETY: `length` bytes were just read.
    let bytes = unsafe { std::slice::from_raw_parts(at.cast::<u8>(), length) };
    match std::str::from_utf8(bytes) {
        Ok(text) if text.chars().any(char::is_control) => Err(format!("{text:?} holds control characters")),
        Ok(text) => Ok(text.to_owned()),
        Err(_) => Err("is not UTF-8".into()),
    }
}
