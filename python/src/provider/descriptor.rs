//! The descriptor of a provider written in Python, as the registry judges and admits it. It stays for the life of the
//! process, like that of a library.

use super::functions::Entry;
use super::object::Provider;
use iolink_host::{OptionRecord, PluginInfo};
use iolink_sdk::abi::{
    iolink_offer, iolink_option_info, iolink_plugin, iolink_provider, IOLINK_ABI_MAJOR, IOLINK_ABI_MINOR,
    IOLINK_OFFER_OPEN, IOLINK_PANIC_UNWIND, IOLINK_PLUGIN_MAGIC,
};
use iolink_sdk::provider::OfferKind;
use iolink_sdk::{Error, ErrorKind, Kind, Result};
use std::ffi::{c_char, CString};
use std::mem::size_of;
use std::ptr::null;

/// A format in words, as a native provider's offer has them.
pub struct Format {
    pub kind: Kind,
    pub format: String,
    pub extensions: String,
    pub media_types: String,
    pub schemes: String,
    pub magic: String,
    pub keys: String,
}

/// Who the provider is, what it opens, and with which options.
pub struct Description {
    pub id: String,
    pub version: String,
    pub title: String,
    pub formats: Vec<Format>,
    pub options: Vec<OptionRecord>,
}

impl Description {
    /// What the host read of a distribution.
    pub fn of(info: &PluginInfo) -> Self {
        let mut description = Description {
            id: info.id.clone(),
            version: info.version.clone(),
            title: String::new(),
            formats: Vec::new(),
            options: info.providers.first().map_or_else(Vec::new, |provider| provider.options(Some(OfferKind::Open))),
        };
        for provider in &info.providers {
            description.title.clone_from(&provider.title);
            description.formats.extend(provider.offers.iter().map(|offer| Format {
                kind: offer.kind,
                format: offer.format.clone(),
                extensions: offer.extensions.join(","),
                media_types: offer.media_types.join(","),
                schemes: offer.schemes.join(","),
                magic: offer.magic.iter().map(magic_words).collect::<Vec<_>>().join(","),
                keys: offer.keys.join(","),
            }));
        }
        description
    }

    /// The descriptor of a plugin with one provider, the object.
    ///
    /// # Errors
    /// `InvalidArgument` for a string with a NUL.
    pub fn descriptor(&self, object: Provider) -> Result<&'static iolink_plugin> {
        let mut options = Vec::with_capacity(self.options.len());
        for option in &self.options {
            let option: &'static iolink_option_info = Box::leak(Box::new(iolink_option_info {
                size: size_of::<iolink_option_info>() as u32,
                value_type: option.value_type.number(),
                name: text(&option.name)?,
                default_value: text(&option.default_value)?,
                description: text(&option.description)?,
                choices: text(&option.choices)?,
                flags: option.flags,
                reserved: 0,
            }));
            options.push(option as *const iolink_option_info);
        }
        let options: &'static [_] = options.leak();
        let mut offers = Vec::with_capacity(self.formats.len());
        for format in &self.formats {
            let offer: &'static iolink_offer = Box::leak(Box::new(iolink_offer {
                size: size_of::<iolink_offer>() as u32,
                offer: IOLINK_OFFER_OPEN,
                kind: format.kind.number(),
                cost: 0,
                capabilities: 0,
                from_kind: 0,
                flags: 0,
                from_capabilities: 0,
                format: text(&format.format)?,
                extensions: text(&format.extensions)?,
                media_types: text(&format.media_types)?,
                schemes: text(&format.schemes)?,
                magic: text(&format.magic)?,
                keys: text(&format.keys)?,
                data_types: null(),
                data_type_count: 0,
                min_dimensions: 0,
                max_dimensions: 0,
                layout: 0,
                option_count: options.len() as u64,
                options: options.as_ptr(),
            }));
            offers.push(offer as *const iolink_offer);
        }
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

fn magic_words((offset, bytes): &(u64, Vec<u8>)) -> String {
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
