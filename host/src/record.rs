//! What is known of a plugin, whether it was read from its manifest or from its descriptor.

use iolink_sdk::abi::{IOLINK_OPTION_FLAG_LIST, IOLINK_OPTION_FLAG_SECRET};
use iolink_sdk::provider::{check_options, OfferKind, OptionKind, OptionRule};
use iolink_sdk::{Cost, DataType, Kind, Layout, View};
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
    /// Its offers.
    pub offers: Vec<OfferRecord>,
}

impl ProviderRecord {
    /// The options of its offers of one kind, each name once; of all offers for `None`.
    pub fn options(&self, kind: Option<OfferKind>) -> Vec<OptionRecord> {
        let offers = self.offers.iter().filter(|offer| kind.is_none_or(|kind| kind == offer.offer));
        let mut options: Vec<OptionRecord> = Vec::new();
        for option in offers.flat_map(|offer| &offer.options) {
            if !options.iter().any(|known| known.name == option.name) {
                options.push(option.clone());
            }
        }
        options
    }
}

/// An option that an offer takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionRecord {
    /// The key.
    pub name: String,
    /// Type of its value, or of each item of a list.
    pub value_type: OptionKind,
    /// Value that holds if it is not given; "" if there is none.
    pub default_value: String,
    /// One line for people.
    pub description: String,
    /// Allowed values, separated by commas; "" allows all of the type.
    pub choices: String,
    /// `IOLINK_OPTION_FLAG_SECRET`, `IOLINK_OPTION_FLAG_LIST`.
    pub flags: u32,
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
    /// Open: bytes by which a file is recognised, with their offset; any one of them is enough.
    pub magic: Vec<(u64, Vec<u8>)>,
    /// Open: keys by which a folder is recognised; any one of them is enough.
    pub keys: Vec<String>,
    /// `IOLINK_OFFER_FLAG_*`.
    pub flags: u32,
    /// How many files the format consists of.
    pub layout: Layout,
    /// Create, convert (what goes in) and save: packed data type ids; empty for every type.
    pub data_types: Vec<u64>,
    /// Create, convert and save: minimum number of axes.
    pub min_dimensions: u32,
    /// Create, convert and save: maximum number of axes; 0 for any.
    pub max_dimensions: u32,
    /// Every option that it takes.
    pub options: Vec<OptionRecord>,
}

impl OfferRecord {
    /// An offer of a kind, about views of a kind, that names nothing else.
    pub fn new(offer: OfferKind, kind: Kind) -> Self {
        OfferRecord {
            offer,
            kind,
            capabilities: 0,
            from_kind: None,
            from_capabilities: 0,
            cost: None,
            format: String::new(),
            extensions: Vec::new(),
            media_types: Vec::new(),
            schemes: Vec::new(),
            magic: Vec::new(),
            keys: Vec::new(),
            flags: 0,
            layout: Layout::File,
            data_types: Vec::new(),
            min_dimensions: 0,
            max_dimensions: 0,
            options: Vec::new(),
        }
    }

    /// Why a view does not fit the offer: an image whose type or number of axes it does not take.
    pub(crate) fn misfit(&self, view: &View) -> Option<String> {
        let image = view.as_image()?;
        self.misfit_of(image.data_type(), image.shape().len())
    }

    /// Returns why the offer does not take images of a type and a number of axes.
    pub(crate) fn misfit_of(&self, data_type: DataType, dimensions: usize) -> Option<String> {
        let dimensions = dimensions as u32;
        if !self.data_types.is_empty() && !self.data_types.contains(&data_type.id()) {
            let known = self.data_types.iter().filter_map(|id| DataType::from_id(*id).ok());
            let known: Vec<String> = known.map(|known| known.to_string()).collect();
            return Some(format!("it takes samples of {}, not {data_type}", known.join(", ")));
        }
        if dimensions < self.min_dimensions || (self.max_dimensions > 0 && dimensions > self.max_dimensions) {
            let most = if self.max_dimensions > 0 { self.max_dimensions.to_string() } else { "more".to_owned() };
            return Some(format!("it takes images of {} to {most} axes, not {dimensions}", self.min_dimensions));
        }
        None
    }
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
        if self.default_value.is_empty() {
            return Ok(());
        }
        let default = [(self.name.clone(), self.default_value.clone())];
        check_options("", &[self.rule()], &default).map_err(|wrong| format!("the default: {}", wrong.message()))
    }

    /// The rule that its values must follow.
    pub fn rule(&self) -> OptionRule<'_> {
        OptionRule {
            name: &self.name,
            value_type: self.value_type,
            description: &self.description,
            choices: &self.choices,
            is_list: self.flags & IOLINK_OPTION_FLAG_LIST != 0,
            is_secret: self.is_secret(),
        }
    }

    /// True if its value is a secret, which is never shown, logged or kept.
    pub fn is_secret(&self) -> bool {
        self.flags & IOLINK_OPTION_FLAG_SECRET != 0
    }
}

impl fmt::Display for OptionRecord {
    /// One line for people: `page: integer, 0 by default: which page to open`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.name)?;
        if self.flags & IOLINK_OPTION_FLAG_LIST != 0 {
            f.write_str("list of ")?;
        }
        match self.choices.is_empty() {
            true => f.write_str(self.value_type.word())?,
            false => write!(f, "one of {}", self.choices)?,
        }
        if !self.default_value.is_empty() && !self.is_secret() {
            write!(f, ", {} by default", self.default_value)?;
        }
        match self.description.is_empty() {
            true => Ok(()),
            false => write!(f, ": {}", self.description),
        }
    }
}

/// The parts of a list separated by commas, as they are.
pub(crate) fn parts(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
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
