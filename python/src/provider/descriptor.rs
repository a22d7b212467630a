//! The descriptor of a provider written in Python, as the registry judges and admits it. It stays for the life of the
//! process, like that of a library.

use super::functions::Entry;
use super::object::Provider;
use iolink_host::{OfferRecord, OptionRecord, PluginInfo};
use iolink_sdk::abi::{
    iolink_offer, iolink_option_info, iolink_plugin, iolink_provider, IOLINK_ABI_MAJOR, IOLINK_ABI_MINOR,
    IOLINK_PANIC_UNWIND, IOLINK_PLUGIN_MAGIC,
};
use iolink_sdk::{Cost, Error, ErrorKind, Kind, Result};
use std::ffi::{c_char, CString};
use std::mem::size_of;
use std::ptr::null;

/// Id and version of a provider, its title for people, and its offers with their options.
pub struct Description {
    pub id: String,
    pub version: String,
    pub title: String,
    pub offers: Vec<OfferRecord>,
}

impl Description {
    /// The description that the host read of a distribution.
    pub fn of(info: &PluginInfo) -> Self {
        let provider = info.providers.first();
        Description {
            id: info.id.clone(),
            version: info.version.clone(),
            title: provider.map(|provider| provider.title.clone()).unwrap_or_default(),
            offers: provider.map(|provider| provider.offers.clone()).unwrap_or_default(),
        }
    }

    /// The descriptor of a plugin with one provider, the object.
    ///
    /// # Errors
    /// `InvalidArgument` for a string with a NUL.
    pub fn descriptor(&self, object: Provider) -> Result<&'static iolink_plugin> {
        let offers: Vec<*const iolink_offer> = self.offers.iter().map(raw_offer).collect::<Result<_>>()?;
        let id = text(&self.id)?;
        let table = iolink_provider {
            size: size_of::<iolink_provider>() as u32,
            offer_count: offers.len() as u32,
            id,
            title: text(&self.title)?,
            offers: offers.leak().as_ptr(),
            context: std::ptr::null_mut(),
            identify: None,
            open: None,
            create: None,
            adopt: None,
            convert: None,
            save: None,
        };
        let provider = Entry::leak(table, object);
        Ok(Box::leak(Box::new(iolink_plugin {
            magic: IOLINK_PLUGIN_MAGIC,
            size: size_of::<iolink_plugin>() as u32,
            abi_major: IOLINK_ABI_MAJOR,
            abi_minor: IOLINK_ABI_MINOR,
            panic_strategy: IOLINK_PANIC_UNWIND,
            id,
            version: text(&self.version)?,
            provider_count: 1,
            reserved: 0,
            providers: vec![provider as *const iolink_provider].leak().as_ptr(),
        })))
    }
}

/// An offer in the form of the ABI, for the life of the process.
fn raw_offer(offer: &OfferRecord) -> Result<*const iolink_offer> {
    let options: Vec<*const iolink_option_info> = offer.options.iter().map(raw_option).collect::<Result<_>>()?;
    let (options, data_types) = (options.leak(), offer.data_types.clone().leak());
    let magic: Vec<String> = offer.magic.iter().map(magic_text).collect();
    Ok(Box::leak(Box::new(iolink_offer {
        size: size_of::<iolink_offer>() as u32,
        offer: offer.offer.number(),
        kind: offer.kind.number(),
        cost: offer.cost.map_or(0, Cost::number),
        capabilities: offer.capabilities,
        from_kind: offer.from_kind.map_or(0, Kind::number),
        flags: offer.flags,
        from_capabilities: offer.from_capabilities,
        format: text(&offer.format)?,
        extensions: text(&offer.extensions.join(","))?,
        media_types: text(&offer.media_types.join(","))?,
        schemes: text(&offer.schemes.join(","))?,
        magic: text(&magic.join(","))?,
        keys: text(&offer.keys.join(","))?,
        data_types: if data_types.is_empty() { null() } else { data_types.as_ptr() },
        data_type_count: data_types.len() as u32,
        min_dimensions: offer.min_dimensions,
        max_dimensions: offer.max_dimensions,
        layout: offer.layout.number(),
        option_count: options.len() as u64,
        options: options.as_ptr(),
    })))
}

/// An option in the form of the ABI, for the life of the process.
fn raw_option(option: &OptionRecord) -> Result<*const iolink_option_info> {
    Ok(Box::leak(Box::new(iolink_option_info {
        size: size_of::<iolink_option_info>() as u32,
        value_type: option.value_type.number(),
        name: text(&option.name)?,
        default_value: text(&option.default_value)?,
        description: text(&option.description)?,
        choices: text(&option.choices)?,
        flags: option.flags,
        reserved: 0,
    })))
}

fn magic_text((offset, bytes): &(u64, Vec<u8>)) -> String {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{offset}:{digits}")
}

fn text(text: &str) -> Result<*const c_char> {
    if text.is_empty() {
        return Ok(null());
    }
    match CString::new(text) {
        Ok(text) => Ok(text.into_raw()),
        Err(_) => Err(Error::new(ErrorKind::InvalidArgument, format!("{text:?} holds a NUL"))),
    }
}
