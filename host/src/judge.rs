//! What is checked of a descriptor before any function of the plugin is called: of a plugin in a file twice, in the file
//! before the library is loaded, and then in memory.
//!
//! A descriptor may come from an older or a newer header of the same major version: what it does not have yet is absent,
//! what this version does not know is passed over.

use crate::memory::{Memory, Probed, Trusted};
use crate::record::{check_id, list, magic, parts, OfferRecord, OptionRecord, ProviderRecord};
use iolink_sdk::abi::*;
use iolink_sdk::provider::{OfferKind, OptionKind};
use iolink_sdk::{Cost, Kind, Layout};
use std::collections::BTreeMap;
use std::mem::{size_of, MaybeUninit};
use std::os::raw::c_char;
use std::sync::{Mutex, PoisonError};

/// Bytes of the structs of this version: shorter ones are damaged, longer ones newer. Whoever appends a field writes the
/// size of the first version here.
pub(crate) const PLUGIN_V1: usize = size_of::<iolink_plugin>();
const PROVIDER_V1: usize = size_of::<iolink_provider>();
const OFFER_V1: usize = size_of::<iolink_offer>();
const OPTION_V1: usize = size_of::<iolink_option_info>();

const MAX_PROVIDERS: usize = 256;
const MAX_OPTIONS: usize = 1024;
const MAX_OFFERS: usize = 1024;
const MAX_DATA_TYPES: usize = 1024;
/// Longest title or list of an offer, NUL included.
const MAX_TEXT: usize = 4096;

/// A descriptor that passed.
pub(crate) struct Judged {
    pub(crate) id: String,
    pub(crate) version: String,
    pub(crate) providers: Vec<(ProviderRecord, &'static iolink_provider)>,
}

/// What a descriptor says.
pub(crate) struct Described {
    pub(crate) id: String,
    pub(crate) version: String,
    /// The providers, with their addresses and their structs.
    providers: Vec<(ProviderRecord, usize, iolink_provider)>,
}

/// Judges the descriptor of a plugin that is linked in. The error is the reason, in one line.
pub(crate) fn judge(plugin: &'static iolink_plugin, allow_abort: bool) -> Result<Judged, String> {
    // SAFETY: the border makes everything that a descriptor leads to static, and every string NUL-terminated.
    let memory = unsafe { Trusted::new() };
    lasting(describe(&memory, plugin as *const iolink_plugin as usize, allow_abort)?)
}

/// Judges the descriptor of a library that was loaded. What its pointers lead to is looked at before it is touched.
pub(crate) fn judge_loaded(plugin: *const iolink_plugin, allow_abort: bool) -> Result<Judged, String> {
    lasting(describe(&Probed, plugin as usize, allow_abort)?)
}

fn lasting(described: Described) -> Result<Judged, String> {
    let functions = |(record, at, raw)| (record, last(at, raw));
    let providers = described.providers.into_iter().map(functions).collect();
    Ok(Judged { id: described.id, version: described.version, providers })
}

/// Reads and judges the descriptor at `at`. The error is the reason, in one line.
pub(crate) fn describe<M: Memory>(memory: &M, at: usize, allow_abort: bool) -> Result<Described, String> {
    let plugin: iolink_plugin = read_struct(memory, at, PLUGIN_V1)
        .ok_or("the symbol iolink_plugin_v1 leads out of the library; rebuild the plugin with the SDK's header")?;
    if plugin.magic != IOLINK_PLUGIN_MAGIC {
        return Err(
            "the symbol iolink_plugin_v1 does not start with the magic of a plugin descriptor; export it with \
                    export_plugin! or IOLINK_EXPORT"
                .into(),
        );
    }
    check_version(u64::from(plugin.abi_major), u64::from(plugin.abi_minor))?;
    if (plugin.size as usize) < PLUGIN_V1 {
        return Err(format!(
            "the descriptor says it has {} bytes, {PLUGIN_V1} were expected; rebuild the plugin with the SDK's header",
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
    let id = text(memory, plugin.id, 64).map_err(|why| format!("the plugin's id {why}"))?;
    check_id(&id).map_err(|why| format!("the plugin's id {why}"))?;
    let version = text(memory, plugin.version, 64).map_err(|why| format!("the version of {id} {why}"))?;
    if version.is_empty() {
        return Err(format!("{id} has no version"));
    }
    let list = pointers(memory, plugin.providers, u64::from(plugin.provider_count), MAX_PROVIDERS)
        .map_err(|why| format!("the list of providers of {id} {why}"))?;
    if list.is_empty() {
        return Err(format!("{id} brings no provider; name at least one"));
    }
    let mut providers: Vec<(ProviderRecord, usize, iolink_provider)> = Vec::with_capacity(list.len());
    for (index, at) in list.iter().enumerate() {
        let (record, raw) = provider(memory, *at).map_err(|why| format!("provider {index} of {id}: {why}"))?;
        if providers.iter().any(|(known, ..)| known.id == record.id) {
            return Err(format!("{id} brings the provider {} twice; give each its own id", record.id));
        }
        providers.push((record, *at, raw));
    }
    Ok(Described { id, version, providers })
}

/// Rejects a plugin of another version of the ABI. Drafts, whose major version is 0, must be equal.
pub(crate) fn check_version(major: u64, minor: u64) -> Result<(), String> {
    let own = (u64::from(IOLINK_ABI_MAJOR), u64::from(IOLINK_ABI_MINOR));
    if major == own.0 && (major > 0 || minor == own.1) {
        return Ok(());
    }
    let draft = if own.0 == 0 { " (a draft, which must be equal)" } else { "" };
    Err(format!(
        "the plugin was built for version {major}.{minor} of the plugin ABI, this host has version {}.{}{draft}; rebuild \
         the plugin with the SDK of this host",
        own.0, own.1
    ))
}

impl Described {
    /// The providers.
    pub(crate) fn records(&self) -> impl Iterator<Item = &ProviderRecord> {
        self.providers.iter().map(|(record, ..)| record)
    }
}

fn provider<M: Memory>(memory: &M, at: usize) -> Result<(ProviderRecord, iolink_provider), String> {
    let raw: iolink_provider = read_sized(memory, at, PROVIDER_V1)?;
    let (id, title) = (text(memory, raw.id, 64), text(memory, raw.title, MAX_TEXT));
    let id = id.map_err(|why| format!("its id {why}"))?;
    check_id(&id)?;
    let title = title.map_err(|why| format!("the title of {id} {why}"))?;
    let list = pointers(memory, raw.offers, u64::from(raw.offer_count), MAX_OFFERS)
        .map_err(|why| format!("the list of offers of {id} {why}"))?;
    let mut offers = Vec::with_capacity(list.len());
    for (index, at) in list.into_iter().enumerate() {
        let raw = read_sized(memory, at, OFFER_V1);
        let offer = raw.and_then(|raw| offer(memory, &raw)).map_err(|why| format!("offer {index} of {id}: {why}"))?;
        offers.extend(offer);
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
    Ok((ProviderRecord { id, title, offers }, raw))
}

/// The functions of a provider, for ever: its own struct, or a copy filled up where that is of an earlier version. One
/// copy for all registries of the process: descriptors are never unloaded.
fn last(at: usize, raw: iolink_provider) -> &'static iolink_provider {
    static COPIES: Mutex<BTreeMap<usize, usize>> = Mutex::new(BTreeMap::new());
    if raw.size as usize >= size_of::<iolink_provider>() {
        // SAFETY: the pointer was judged; the struct is static, as large as it says and never written.
        return unsafe { &*(at as *const iolink_provider) };
    }
    let mut copies = COPIES.lock().unwrap_or_else(PoisonError::into_inner);
    let copy = copies.entry(at).or_insert_with(|| Box::into_raw(Box::new(raw)) as usize);
    // SAFETY: the address is that of a box that nobody frees or writes.
    unsafe { &*(*copy as *const iolink_provider) }
}

/// The options that an offer declares.
fn options<M: Memory>(memory: &M, raw: &iolink_offer) -> Result<Vec<OptionRecord>, String> {
    let list = pointers(memory, raw.options, raw.option_count, MAX_OPTIONS).map_err(|why| format!("the list {why}"))?;
    let mut options = Vec::with_capacity(list.len());
    for at in list {
        let raw: iolink_option_info = read_sized(memory, at, OPTION_V1)?;
        let read = |at, field: &str| text(memory, at, MAX_TEXT).map_err(|why| format!("{field} {why}"));
        options.push(OptionRecord {
            name: read(raw.name, "name")?,
            value_type: OptionKind::from_number(raw.value_type),
            default_value: read(raw.default_value, "default_value")?,
            description: read(raw.description, "description")?,
            choices: read(raw.choices, "choices")?,
            flags: raw.flags,
        });
    }
    Ok(options)
}

/// The data types that an offer names.
fn data_types<M: Memory>(memory: &M, raw: &iolink_offer) -> Result<Vec<u64>, String> {
    let count = raw.data_type_count as usize;
    if count > MAX_DATA_TYPES || (count > 0 && raw.data_types.is_null()) {
        return Err(format!("data_types is NULL, or names {count} types; {MAX_DATA_TYPES} are the most"));
    }
    let mut bytes = vec![0; count * size_of::<u64>()];
    if count > 0 && !memory.read(raw.data_types as usize, &mut bytes) {
        return Err("data_types leads out of the library".into());
    }
    let number = |bytes: &[u8]| bytes.try_into().map(u64::from_ne_bytes).unwrap_or(0);
    Ok(bytes.chunks_exact(size_of::<u64>()).map(number).collect())
}

/// An offer, or nothing where it speaks of something that this version does not know.
fn offer<M: Memory>(memory: &M, raw: &iolink_offer) -> Result<Option<OfferRecord>, String> {
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
                other => {
                    tracing::debug!(cost = other, "a conversion of unknown cost is passed over");
                    return Ok(None);
                }
            };
            (Some(from), Some(cost))
        }
        _ => (None, None),
    };
    let read = |at, field: &str| text(memory, at, MAX_TEXT).map_err(|why| format!("{field} {why}"));
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
        keys: parts(&read(raw.keys, "keys")?),
        flags: raw.flags,
        layout: Layout::ALL.into_iter().find(|layout| layout.number() == raw.layout).unwrap_or(Layout::File),
        data_types: data_types(memory, raw)?,
        min_dimensions: raw.min_dimensions,
        max_dimensions: raw.max_dimensions,
        options: options(memory, raw).map_err(|why| format!("the options: {why}"))?,
    }))
}

/// A struct of the ABI that holds numbers, pointers and optional functions: every sequence of bytes is a valid value of it.
///
/// # Safety
/// It is such a struct.
unsafe trait Plain {}

macro_rules! plain {
    ($($name:ident),*) => { $(
        // SAFETY: a `#[repr(C)]` struct of numbers, pointers and optional functions.
        unsafe impl Plain for $name {}
    )* };
}
plain!(iolink_plugin, iolink_provider, iolink_offer, iolink_option_info);

/// The first `count` bytes of a struct, with zeros for what an older maker does not have.
fn read_struct<T: Plain, M: Memory>(memory: &M, at: usize, count: usize) -> Option<T> {
    let mut value = MaybeUninit::<T>::zeroed();
    // SAFETY: the memory is that of the value, and every byte of it was written.
    let bytes = unsafe { std::slice::from_raw_parts_mut(value.as_mut_ptr().cast::<u8>(), size_of::<T>()) };
    let there = memory.read(at, &mut bytes[..count.min(size_of::<T>())]);
    // SAFETY: any bytes are a value of such a struct.
    there.then(|| unsafe { value.assume_init() })
}

/// A struct that starts with its size.
fn read_sized<T: Plain, M: Memory>(memory: &M, at: usize, least: usize) -> Result<T, String> {
    const OUTSIDE: &str = "its struct leads out of the library";
    let mut size = [0; size_of::<u32>()];
    if !memory.read(at, &mut size) {
        return Err(OUTSIDE.into());
    }
    let size = u32::from_ne_bytes(size) as usize;
    if size < least {
        return Err(format!("its struct says it has {size} bytes, at least {least} were expected"));
    }
    read_struct(memory, at, size).ok_or_else(|| OUTSIDE.into())
}

/// The addresses in a list of pointers, none of them NULL or misaligned.
fn pointers<T, M: Memory>(memory: &M, at: *const *const T, count: u64, most: usize) -> Result<Vec<usize>, String> {
    if count > most as u64 {
        return Err(format!("says it has {count} entries; {most} are the most"));
    }
    if count > 0 && (at.is_null() || !at.is_aligned()) {
        return Err("is NULL or misaligned".into());
    }
    let mut bytes = vec![0; count as usize * size_of::<usize>()];
    if count > 0 && !memory.read(at as usize, &mut bytes) {
        return Err("leads out of the library".into());
    }
    let word = |bytes: &[u8]| bytes.try_into().map(usize::from_ne_bytes).unwrap_or(0);
    let list: Vec<usize> = bytes.chunks_exact(size_of::<usize>()).map(word).collect();
    match list.iter().position(|entry| *entry == 0 || !(*entry as *const T).is_aligned()) {
        Some(index) => Err(format!("has a NULL or misaligned pointer at {index}")),
        None => Ok(list),
    }
}

/// A string of fewer than `most` bytes; NULL is "".
fn text<M: Memory>(memory: &M, at: *const c_char, most: usize) -> Result<String, String> {
    let at = at as usize;
    if at == 0 {
        return Ok(String::new());
    }
    let mut bytes: Vec<u8> = Vec::new();
    let end = loop {
        let next = at.wrapping_add(bytes.len());
        // Up to the next multiple, so that no read passes the end of a page whose neighbour is not there.
        let count = (M::STEP - next % M::STEP).min(most - bytes.len());
        let known = bytes.len();
        if count == 0 {
            return Err(format!("is longer than {} bytes or has no NUL", most - 1));
        }
        bytes.resize(known + count, 0);
        if !memory.read(next, &mut bytes[known..]) {
            return Err("leads out of the library".into());
        }
        if let Some(end) = bytes[known..].iter().position(|byte| *byte == 0) {
            break known + end;
        }
    };
    match std::str::from_utf8(&bytes[..end]) {
        Ok(text) if text.chars().any(char::is_control) => Err(format!("{text:?} holds control characters")),
        Ok(text) => Ok(text.to_owned()),
        Err(_) => Err("is not UTF-8".into()),
    }
}
