//! What is known of a plugin, whether it was read from its manifest or from its descriptor.

use iolink_sdk::provider::{OfferKind, OptionKind};
use iolink_sdk::{Cost, Kind};
use std::fmt;
use std::path::PathBuf;

/// How far a plugin has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PluginState {
    /// Known by its manifest; nothing of it has run.
    Available,
    /// Linked in or loaded, judged, and in use.
    Loaded,
    /// Not used; [`PluginInfo::reason`] says why.
    Refused,
}

impl PluginState {
    /// The state's word in listings.
    pub const fn word(self) -> &'static str {
        match self {
            PluginState::Available => "available",
            PluginState::Loaded => "loaded",
            PluginState::Refused => "refused",
        }
    }
}

/// A plugin, or a place where one was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginInfo {
    /// Id of the plugin; where it could not be read, the name of the file or the directory as it was given.
    pub id: String,
    /// Version of the plugin; empty where it could not be read.
    pub version: String,
    /// Linked into the program.
    pub builtin: bool,
    /// How far it has come.
    pub state: PluginState,
    /// The file, symbolic links resolved; `None` for what is linked in.
    pub path: Option<PathBuf>,
    /// A provider written in Python: `module:attribute` of its class.
    pub python: Option<String>,
    /// Refused: what was wrong, what was expected, what to do, in one line.
    pub reason: Option<String>,
    /// What the plugin brings.
    pub providers: Vec<ProviderRecord>,
}

/// A provider of a plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderRecord {
    /// Reverse domain name.
    pub id: String,
    /// One line for people.
    pub title: String,
    /// What it can do.
    pub offers: Vec<OfferRecord>,
    /// Options that it declares.
    pub options: Vec<OptionRecord>,
    /// True if the provider declares its options, an empty list included.
    pub declares_options: bool,
}

/// An option that a provider takes when it opens a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionRecord {
    /// The key.
    pub name: String,
    /// What its value is.
    pub value: OptionKind,
    /// What holds where it is not given.
    pub standard: String,
    /// One line for people.
    pub about: String,
}

/// One thing a provider can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferRecord {
    /// Open, create, adopt, convert or save.
    pub offer: OfferKind,
    /// Kind of the view that comes out; save: that goes in.
    pub kind: Kind,
    /// Bits of the capabilities that the view will have at least; save: must have.
    pub capabilities: u64,
    /// Convert: kind of the view that goes in.
    pub from_kind: Option<Kind>,
    /// Convert: bits of the capabilities that are needed.
    pub from_capabilities: u64,
    /// Convert: what it costs.
    pub cost: Option<Cost>,
    /// Open and save: name of the format.
    pub format: String,
    /// Open and save: file name endings without the first dot, lower case.
    pub extensions: Vec<String>,
    /// Open and save: media types.
    pub media_types: Vec<String>,
    /// Open: URI schemes beside `file`, lower case.
    pub schemes: Vec<String>,
    /// Open: bytes by which a file is known, with the offset where they stand; any one of them is enough.
    pub magic: Vec<(u64, Vec<u8>)>,
}

impl fmt::Display for OfferRecord {
    /// One line for people: `open image: NIfTI (nii, nii.gz)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.from_kind {
            Some(from) => write!(f, "{} {} to {}", self.offer.word(), from.word(), self.kind.word())?,
            None => write!(f, "{} {}", self.offer.word(), self.kind.word())?,
        }
        match self.format.is_empty() {
            true => Ok(()),
            false => write!(f, ": {} ({})", self.format, self.extensions.join(", ")),
        }
    }
}

impl OptionRecord {
    /// Is what holds where it is not given a value of its type?
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn check(&self) -> Result<(), String> {
        if self.name.is_empty() {
            return Err("the name is empty".into());
        }
        if !self.standard.is_empty() && !self.value.fits(&self.standard) {
            return Err(format!("standard is {:?}, not {}", self.standard, self.value.expected()));
        }
        Ok(())
    }
}

impl fmt::Display for OptionRecord {
    /// One line for people: `page: integer, 0 by default: which page to open`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.value.word())?;
        if !self.standard.is_empty() {
            write!(f, ", {} by default", self.standard)?;
        }
        match self.about.is_empty() {
            true => Ok(()),
            false => write!(f, ": {}", self.about),
        }
    }
}

/// The parts of a list separated by commas, lower case.
pub(crate) fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_lowercase).collect()
}

/// Bytes by which a file is known: `offset:hex`, separated by commas.
pub(crate) fn magic(text: &str) -> Result<Vec<(u64, Vec<u8>)>, String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(one_magic).collect()
}

fn one_magic(part: &str) -> Result<(u64, Vec<u8>), String> {
    let bad = || format!("{part:?} is not of the form OFFSET:HEX, such as \"344:6e2b3100\"");
    let (offset, digits) = part.split_once(':').ok_or_else(bad)?;
    let offset = offset.parse().map_err(|_| bad())?;
    if digits.is_empty()
        || digits.len() % 2 != 0
        || digits.len() > 512
        || !digits.bytes().all(|digit| digit.is_ascii_hexdigit())
    {
        return Err(bad());
    }
    let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).map_err(|_| bad());
    Ok((offset, (0..digits.len()).step_by(2).map(byte).collect::<Result<_, _>>()?))
}

/// Is this an id: 1 to 63 bytes of printable characters without spaces?
pub(crate) fn check_id(id: &str) -> Result<(), String> {
    if id.is_empty() || id.len() > 63 || id.chars().any(|letter| letter.is_control() || letter.is_whitespace()) {
        return Err(format!(
            "{id:?} is not an id: 1 to 63 bytes without spaces, a reverse domain name such as org.example.raw"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn magic_is_offset_and_hex() {
        assert_eq!(magic("0:4142, 344:6e2b3100").unwrap(), [(0, b"AB".to_vec()), (344, b"n+1\0".to_vec())]);
        for bad in ["4142", "x:41", "0:4", "0:", "0:zz", "-1:41", "0:+1"] {
            assert!(magic(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn lists_are_lower_case_and_without_blanks() {
        assert_eq!(list("NII, nii.gz,,"), ["nii", "nii.gz"]);
    }
}
