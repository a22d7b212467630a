//! What a plugin says of itself, read from the file: TOML, as `export_plugin!` writes it.

use crate::judge::check_version;
use crate::record::{check_id, list, magic, parts, OfferRecord, OptionRecord, PluginInfo, PluginState, ProviderRecord};
use iolink_sdk::provider::{OfferKind, OptionKind};
use iolink_sdk::{Cost, Kind, Layout};
use std::path::Path;
use toml::de::{DeInteger, DeTable, DeValue};

/// Reads a manifest. The error names the field and says what is wrong, in one line.
pub(crate) fn parse(bytes: &[u8], path: &Path) -> Result<PluginInfo, String> {
    let broken = |why| format!("its manifest is broken: {why}; rebuild the plugin with the SDK's macro");
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let text = std::str::from_utf8(&bytes[..end]).map_err(|_| broken("it is not UTF-8".to_owned()))?;
    let root = table(text).map_err(broken)?;
    let root = Fields { table: &root, path: String::new() };
    let (major, minor) = version(&root).map_err(broken)?;
    // The manifest of another version is not broken.
    check_version(major, minor)?;
    read(&root, path).map_err(broken)
}

/// Major version of the ABI and number of the draft.
fn version(root: &Fields<'_>) -> Result<(u64, u64), String> {
    let minor = if root.get("abi_minor").is_some() { root.number("abi_minor")? } else { 0 };
    Ok((root.number("abi")?, minor))
}

fn read(root: &Fields<'_>, path: &Path) -> Result<PluginInfo, String> {
    let id = root.id()?;
    let version = root.text("version")?.to_owned();
    if version.is_empty() || version.len() > 63 {
        return Err("version has 1 to 63 bytes".into());
    }
    let mut providers: Vec<ProviderRecord> = Vec::new();
    for provider in root.tables("provider")? {
        let record = one_provider(&provider)?;
        if providers.iter().any(|known| known.id == record.id) {
            return Err(format!("{}id is that of an earlier provider, {}", provider.path, record.id));
        }
        providers.push(record);
    }
    if providers.is_empty() {
        return Err("provider is missing: a plugin brings at least one".into());
    }
    Ok(PluginInfo {
        id,
        version,
        builtin: false,
        state: PluginState::Available,
        path: Some(path.to_owned()),
        python: None,
        reason: None,
        providers,
    })
}

/// The table that a text of TOML is. It borrows the text: listing many plugins is reading many manifests.
pub(crate) fn table(text: &str) -> Result<DeTable<'_>, String> {
    DeTable::parse(text).map(toml::Spanned::into_inner).map_err(|error| {
        let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
        format!("line {line}: {}", error.message().replace('\n', ", "))
    })
}

fn one_provider(fields: &Fields<'_>) -> Result<ProviderRecord, String> {
    let mut offers = Vec::new();
    for offer in fields.tables("offer")? {
        offers.extend(one_offer(&offer)?);
    }
    Ok(ProviderRecord { id: fields.id()?, title: fields.optional("title")?.to_owned(), offers })
}

/// An option; a type that this version does not know reads as a string.
fn one_option(fields: &Fields<'_>) -> Result<OptionRecord, String> {
    let word = fields.text("type")?;
    let known = OptionKind::ALL.into_iter().find(|known| known.word() == word);
    Ok(OptionRecord {
        name: fields.text("name")?.to_owned(),
        value_type: known.unwrap_or(OptionKind::String),
        default_value: fields.optional("default")?.to_owned(),
        description: fields.optional("description")?.to_owned(),
        choices: fields.optional("choices")?.to_owned(),
        flags: fields.small("flags")?,
    })
}

/// An offer, or nothing where it speaks of something that this version does not know.
fn one_offer(fields: &Fields<'_>) -> Result<Option<OfferRecord>, String> {
    let word = fields.text("offer")?;
    let Some(offer) = OfferKind::ALL.into_iter().find(|known| known.word() == word) else {
        tracing::debug!(offer = word, "an offer of a later version is passed over");
        return Ok(None);
    };
    let kind = |name: &str| fields.text(name).map(Kind::from_word);
    let Some(made) = kind("kind")? else { return Ok(None) };
    let (mut from_kind, mut from_capabilities, mut cost) = (None, 0, None);
    if offer == OfferKind::Convert {
        from_kind = kind("from_kind")?;
        if from_kind.is_none() {
            return Ok(None);
        }
        from_capabilities = fields.number("from_capabilities")?;
        let word = fields.text("cost")?;
        cost = Cost::ALL.into_iter().find(|known| known.word() == word);
        if cost.is_none() {
            tracing::debug!(cost = word, "a conversion of unknown cost is passed over");
            return Ok(None);
        }
    }
    let capabilities = fields.number("capabilities")?;
    let options = fields.tables("option")?.iter().map(one_option).collect::<Result<_, _>>()?;
    Ok(Some(OfferRecord { offer, capabilities, from_kind, from_capabilities, cost, options, ..format(fields, made)? }))
}

/// The signs of a format that is opened as views of a kind.
fn format(fields: &Fields<'_>, kind: Kind) -> Result<OfferRecord, String> {
    let listed = |name: &str| fields.optional(name).map(list);
    let layout = fields.optional("layout")?;
    Ok(OfferRecord {
        format: fields.optional("format")?.to_owned(),
        extensions: listed("extensions")?,
        media_types: listed("media_types")?,
        schemes: listed("schemes")?,
        magic: magic(fields.optional("magic")?).map_err(|why| format!("{}magic: {why}", fields.path))?,
        keys: parts(fields.optional("keys")?),
        flags: fields.small("flags")?,
        layout: Layout::ALL.into_iter().find(|known| known.word() == layout).unwrap_or(Layout::File),
        data_types: fields.numbers("data_types")?,
        min_dimensions: fields.small("min_dimensions")?,
        max_dimensions: fields.small("max_dimensions")?,
        ..OfferRecord::new(OfferKind::Open, kind)
    })
}

/// A table, and the way to it for messages.
pub(crate) struct Fields<'t> {
    pub(crate) table: &'t DeTable<'t>,
    pub(crate) path: String,
}

impl<'t> Fields<'t> {
    pub(crate) fn get(&self, name: &str) -> Option<&'t DeValue<'t>> {
        self.table.get(name).map(toml::Spanned::get_ref)
    }

    pub(crate) fn text(&self, name: &str) -> Result<&'t str, String> {
        match self.get(name) {
            Some(_) => self.optional(name),
            None => Err(format!("{}{name} is missing", self.path)),
        }
    }

    pub(crate) fn optional(&self, name: &str) -> Result<&'t str, String> {
        match self.get(name) {
            None => Ok(""),
            Some(DeValue::String(text)) => Ok(text),
            Some(other) => Err(format!("{}{name} is a TOML {}, not text", self.path, other.type_str())),
        }
    }

    fn number(&self, name: &str) -> Result<u64, String> {
        match self.get(name) {
            None => Err(format!("{}{name} is missing", self.path)),
            Some(DeValue::Integer(number)) => match whole(number) {
                Some(number) => Ok(number),
                None => Err(format!("{}{name} is {number}, not a number of 0 or more", self.path)),
            },
            Some(other) => Err(format!("{}{name} is a TOML {}, not a number", self.path, other.type_str())),
        }
    }

    /// A boolean; false if it is absent.
    pub(crate) fn boolean(&self, name: &str) -> Result<bool, String> {
        match self.get(name) {
            None => Ok(false),
            Some(DeValue::Boolean(value)) => Ok(*value),
            Some(other) => Err(format!("{}{name} is a TOML {}, not a boolean", self.path, other.type_str())),
        }
    }

    /// A number of 32 bits; 0 if it is absent.
    fn small(&self, name: &str) -> Result<u32, String> {
        if self.get(name).is_none() {
            return Ok(0);
        }
        let number = self.number(name)?;
        u32::try_from(number).map_err(|_| format!("{}{name} is {number}, which does not fit 32 bits", self.path))
    }

    /// An array of numbers; empty if it is absent.
    fn numbers(&self, name: &str) -> Result<Vec<u64>, String> {
        let wrong = |what: &str| format!("{}{name} is a TOML {what}, not an array of numbers", self.path);
        let Some(value) = self.get(name) else { return Ok(Vec::new()) };
        let DeValue::Array(entries) = value else { return Err(wrong(value.type_str())) };
        let number = |entry: &toml::Spanned<DeValue<'_>>| match entry.get_ref() {
            DeValue::Integer(number) => whole(number).ok_or_else(|| wrong("array with a negative number")),
            other => Err(wrong(&format!("array with a {}", other.type_str()))),
        };
        entries.iter().map(number).collect()
    }

    fn id(&self) -> Result<String, String> {
        let id = self.text("id")?;
        check_id(id).map_err(|why| format!("{}id: {why}", self.path))?;
        Ok(id.to_owned())
    }

    pub(crate) fn tables(&self, name: &str) -> Result<Vec<Fields<'t>>, String> {
        let wrong =
            |other: &DeValue<'_>| format!("{}{name} is a TOML {}, not an array of tables", self.path, other.type_str());
        let Some(value) = self.get(name) else { return Ok(Vec::new()) };
        let DeValue::Array(entries) = value else { return Err(wrong(value)) };
        let fields = |(index, entry): (usize, &'t toml::Spanned<DeValue<'t>>)| match entry.get_ref() {
            DeValue::Table(table) => Ok(Fields { table, path: format!("{}{name}[{index}].", self.path) }),
            other => Err(wrong(other)),
        };
        entries.iter().enumerate().map(fields).collect()
    }
}

/// A number as TOML writes it: no more than an `i64` holds.
fn whole(number: &DeInteger<'_>) -> Option<u64> {
    i64::from_str_radix(number.as_str(), number.radix()).ok().and_then(|number| u64::try_from(number).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "abi = 0\nabi_minor = 2\nid = \"org.example.raw\"\nversion = \"1.2.3\"\n[[provider]]\nid = \"org.example.raw\"\n\
                        title = \"Raw\"\n[[provider.offer]]\noffer = \"convert\"\nkind = \"image\"\ncapabilities = 5\n\
                        from_kind = \"data-frame\"\nfrom_capabilities = 1\ncost = \"lazy\"\n";

    fn why(text: &str) -> String {
        let why = parse(text.as_bytes(), Path::new("/x.so")).unwrap_err();
        let broken = why.strip_prefix("its manifest is broken: ");
        let words = broken.and_then(|why| why.strip_suffix("; rebuild the plugin with the SDK's macro"));
        words.unwrap_or(&why).to_owned()
    }

    #[test]
    fn a_manifest_becomes_records() {
        let info = parse(format!("{GOOD}\0\0").as_bytes(), Path::new("/x.so")).unwrap();
        assert_eq!((info.id.as_str(), info.version.as_str()), ("org.example.raw", "1.2.3"));
        let offer = &info.providers[0].offers[0];
        assert_eq!((offer.kind, offer.from_kind, offer.cost), (Kind::Image, Some(Kind::DataFrame), Some(Cost::Lazy)));
    }

    #[test]
    fn what_a_later_version_offers_is_passed_over() {
        for (from, to) in [("convert", "stream-out"), ("\"lazy\"", "\"free\""), ("\"image\"", "\"cube\"")] {
            let info = parse(GOOD.replace(from, to).as_bytes(), Path::new("/x.so")).unwrap();
            assert!(info.providers[0].offers.is_empty());
        }
    }

    #[test]
    fn a_broken_manifest_names_the_field_and_what_is_wrong() {
        for (from, to, expected) in [
            (
                "abi_minor = 2",
                "abi_minor = 1",
                "the plugin was built for version 0.1 of the plugin ABI, this host has version 0.2 (a draft, which must be \
                 equal); rebuild the plugin with the SDK of this host",
            ),
            ("abi = 0", "abi = \"1\"", "abi is a TOML string, not a number"),
            ("version = \"1.2.3\"", "", "version is missing"),
            ("title = \"Raw\"", "title = 3", "provider[0].title is a TOML integer, not text"),
            (
                "capabilities = 5",
                "capabilities = -5",
                "provider[0].offer[0].capabilities is -5, not a number of 0 or more",
            ),
            (
                "cost = \"lazy\"",
                "magic = \"x\"\ncost = \"lazy\"",
                "provider[0].offer[0].magic: \"x\" is not of the form OFFSET:HEX, such as \"344:6e2b3100\"",
            ),
            ("[[provider.offer]]", "[provider.offer]", "provider[0].offer is a TOML table, not an array of tables"),
        ] {
            assert_eq!(why(&GOOD.replace(from, to)), expected);
        }
        assert!(why("abi = \nid = 3").starts_with("line 1: "), "{}", why("abi = \nid = 3"));
        assert_eq!(
            why("abi = 0\nabi_minor = 2\nid = \"a b\""),
            "id: \"a b\" is not an id: 1 to 63 bytes without spaces, a reverse domain name such as org.example.raw"
        );
        assert_eq!(why(""), "abi is missing");
    }
}
