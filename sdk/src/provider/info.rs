//! Id, title and offers of a provider, as constants.

use super::Source;
use crate::{fail, DataFrameCapability, ImageCapability, Kind, MultiImageCapability, Result, StreamCapability};

/// What an offer is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfferKind {
    /// Opens a source.
    Open,
    /// Creates a view.
    Create,
    /// Makes a view of foreign memory.
    Adopt,
    /// Makes one view into another.
    Convert,
    /// Writes a view into a file.
    Save,
}

impl OfferKind {
    /// Every kind of offer.
    pub const ALL: [OfferKind; 5] =
        [OfferKind::Open, OfferKind::Create, OfferKind::Adopt, OfferKind::Convert, OfferKind::Save];

    /// The border's number.
    pub const fn number(self) -> u32 {
        self as u32 + 1
    }

    /// The kind of a border number.
    pub fn from_number(number: u32) -> Option<Self> {
        OfferKind::ALL.iter().copied().find(|kind| kind.number() == number)
    }

    /// The word in manifests and messages.
    pub const fn word(self) -> &'static str {
        match self {
            OfferKind::Open => "open",
            OfferKind::Create => "create",
            OfferKind::Adopt => "adopt",
            OfferKind::Convert => "convert",
            OfferKind::Save => "save",
        }
    }
}

/// What a conversion costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cost {
    /// Memory is shared.
    Shared,
    /// Nothing is read until it is asked for.
    Lazy,
    /// Everything is copied.
    Copy,
}

impl Cost {
    /// The border's number.
    pub const fn number(self) -> u32 {
        self as u32 + 1
    }

    /// The word in manifests and messages.
    pub const fn word(self) -> &'static str {
        match self {
            Cost::Shared => "shared",
            Cost::Lazy => "lazy",
            Cost::Copy => "copy",
        }
    }
}

/// One thing a provider can do. Texts must not hold quotes, backslashes or control characters.
#[derive(Debug, Clone, Copy)]
pub struct Offer {
    pub(crate) offer: OfferKind,
    pub(crate) kind: Kind,
    pub(crate) capabilities: u64,
    pub(crate) from_kind: Option<Kind>,
    pub(crate) from_capabilities: u64,
    pub(crate) cost: Option<Cost>,
    pub(crate) format: &'static str,
    pub(crate) extensions: &'static str,
    pub(crate) media_types: &'static str,
    pub(crate) schemes: &'static str,
    pub(crate) magic: &'static str,
}

const fn plain(offer: OfferKind, kind: Kind) -> Offer {
    Offer {
        offer,
        kind,
        capabilities: 0,
        from_kind: None,
        from_capabilities: 0,
        cost: None,
        format: "",
        extensions: "",
        media_types: "",
        schemes: "",
        magic: "",
    }
}

impl Offer {
    /// Opens sources of a format as views of a kind.
    pub const fn open(kind: Kind, format: &'static str) -> Self {
        let mut offer = plain(OfferKind::Open, kind);
        offer.format = format;
        offer
    }

    /// Creates views of a kind.
    pub const fn create(kind: Kind) -> Self {
        plain(OfferKind::Create, kind)
    }

    /// Makes views of a kind of foreign memory.
    pub const fn adopt(kind: Kind) -> Self {
        plain(OfferKind::Adopt, kind)
    }

    /// Makes views of one kind into views of another.
    pub const fn convert(from: Kind, to: Kind, cost: Cost) -> Self {
        let mut offer = plain(OfferKind::Convert, to);
        offer.from_kind = Some(from);
        offer.cost = Some(cost);
        offer
    }

    /// Writes views of a kind into files of a format; `capabilities` are those that a view must have.
    pub const fn save(kind: Kind, format: &'static str, capabilities: u64) -> Self {
        let mut offer = plain(OfferKind::Save, kind);
        offer.format = format;
        offer.capabilities = capabilities;
        offer
    }

    /// File name endings, without the first dot, lower case, separated by commas: `"nii,nii.gz"`.
    pub const fn extensions(mut self, extensions: &'static str) -> Self {
        self.extensions = extensions;
        self
    }

    /// Media types, separated by commas.
    pub const fn media_types(mut self, media_types: &'static str) -> Self {
        self.media_types = media_types;
        self
    }

    /// URI schemes beside `file`, separated by commas.
    pub const fn schemes(mut self, schemes: &'static str) -> Self {
        self.schemes = schemes;
        self
    }

    /// Bytes by which a file is known, `offset:hex`, separated by commas: `"344:6e2b3100"`. Any one of them is enough.
    pub const fn magic(mut self, magic: &'static str) -> Self {
        self.magic = magic;
        self
    }

    /// Capabilities that the images will have at least.
    pub const fn image_capabilities(mut self, capabilities: ImageCapability) -> Self {
        self.capabilities = capabilities.value();
        self
    }

    /// Capabilities that the multi-images will have at least.
    pub const fn multi_image_capabilities(mut self, capabilities: MultiImageCapability) -> Self {
        self.capabilities = capabilities.value();
        self
    }

    /// Capabilities that the frames will have at least.
    pub const fn frame_capabilities(mut self, capabilities: DataFrameCapability) -> Self {
        self.capabilities = capabilities.value();
        self
    }

    /// Capabilities that the streams or random accesses will have at least.
    pub const fn stream_capabilities(mut self, capabilities: StreamCapability) -> Self {
        self.capabilities = capabilities.value();
        self
    }

    /// Bits of the capabilities that a view must have to be converted.
    pub const fn needs(mut self, capabilities: u64) -> Self {
        self.from_capabilities = capabilities;
        self
    }
}

/// What the value of an option is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptionKind {
    /// Any text.
    Text,
    /// A whole number, such as `-3`.
    Integer,
    /// A number, such as `0.5`.
    Number,
    /// `true` or `false`.
    Flag,
}

impl OptionKind {
    /// Every kind of option.
    pub const ALL: [OptionKind; 4] = [OptionKind::Text, OptionKind::Integer, OptionKind::Number, OptionKind::Flag];

    /// The border's number.
    pub const fn number(self) -> u32 {
        self as u32 + 1
    }

    /// The word in manifests and messages.
    pub const fn word(self) -> &'static str {
        match self {
            OptionKind::Text => "text",
            OptionKind::Integer => "integer",
            OptionKind::Number => "number",
            OptionKind::Flag => "flag",
        }
    }

    /// What is expected of a value, for messages.
    pub const fn expected(self) -> &'static str {
        match self {
            OptionKind::Text => "text",
            OptionKind::Integer => "a whole number",
            OptionKind::Number => "a number",
            OptionKind::Flag => "true or false",
        }
    }

    /// Is this text such a value?
    pub fn fits(self, value: &str) -> bool {
        match self {
            OptionKind::Text => true,
            OptionKind::Integer => value.parse::<i64>().is_ok(),
            OptionKind::Number => value.parse::<f64>().is_ok(),
            OptionKind::Flag => super::request::flag(value).is_some(),
        }
    }

    /// The value of a flag, where this is one and the text is such a value.
    pub fn flag(self, value: &str) -> Option<bool> {
        super::request::flag(value).filter(|_| self == OptionKind::Flag)
    }
}

/// An option that a provider takes when it opens a source or saves a view: its type, what holds if it is not given, and a line
/// for people. An option that is not declared, or has a value of another type, is rejected before `open` or `save` is called.
///
/// ```
/// use iolink_sdk::{OptionInfo, ProviderInfo};
///
/// const INFO: ProviderInfo = ProviderInfo::new("org.example.raw", "Raw volumes").options(&[
///     OptionInfo::integer("page", "0", "which page to open"),
///     OptionInfo::flag("flip", "false", "whether rows are stored from bottom to top"),
/// ]);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct OptionInfo {
    pub(crate) name: &'static str,
    pub(crate) value: OptionKind,
    pub(crate) standard: &'static str,
    pub(crate) about: &'static str,
}

impl OptionInfo {
    /// An option whose value is any text.
    pub const fn text(name: &'static str, standard: &'static str, about: &'static str) -> Self {
        OptionInfo { name, value: OptionKind::Text, standard, about }
    }

    /// An option whose value is a whole number.
    pub const fn integer(name: &'static str, standard: &'static str, about: &'static str) -> Self {
        OptionInfo { name, value: OptionKind::Integer, standard, about }
    }

    /// An option whose value is a number.
    pub const fn number(name: &'static str, standard: &'static str, about: &'static str) -> Self {
        OptionInfo { name, value: OptionKind::Number, standard, about }
    }

    /// An option that is true or false.
    pub const fn flag(name: &'static str, standard: &'static str, about: &'static str) -> Self {
        OptionInfo { name, value: OptionKind::Flag, standard, about }
    }
}

/// Who a provider is and what it offers.
#[derive(Debug, Clone, Copy)]
pub struct ProviderInfo {
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) offers: &'static [Offer],
    /// `None`: the provider declares nothing and looks at its options itself.
    pub(crate) options: Option<&'static [OptionInfo]>,
}

impl ProviderInfo {
    /// `id` is a reverse domain name of at most 63 bytes, `title` one line for people.
    pub const fn new(id: &'static str, title: &'static str) -> Self {
        assert!(!id.is_empty() && id.len() <= 63, "a provider's id has 1 to 63 bytes");
        ProviderInfo { id, title, offers: &[], options: None }
    }

    /// What the provider can do.
    pub const fn offers(mut self, offers: &'static [Offer]) -> Self {
        self.offers = offers;
        self
    }

    /// Every option that OPEN and SAVE take; `&[]` says that they take none. A provider that is linked in and declares nothing
    /// looks at its options itself; one in a library takes none.
    pub const fn options(mut self, options: &'static [OptionInfo]) -> Self {
        self.options = Some(options);
        self
    }

    /// Refuses options that were not declared, and values that are not of the declared type.
    pub(crate) fn check_options(&self, source: &Source) -> Result<()> {
        let Some(known) = self.options else { return Ok(()) };
        let known: Vec<_> = known.iter().map(|option| (option.name, option.value, option.about)).collect();
        check_options(self.id, &known, source)
    }

    /// The id.
    pub const fn id(&self) -> &'static str {
        self.id
    }

    pub(crate) const fn option_list(&self) -> &'static [OptionInfo] {
        match self.options {
            Some(options) => options,
            None => &[],
        }
    }

    /// The texts in the order in which they are packed: id, title, five of each offer, three of each option.
    pub(crate) const fn text(&self, index: usize) -> &'static str {
        if index == 0 {
            return self.id;
        }
        if index == 1 {
            return self.title;
        }
        let options = 2 + 5 * self.offers.len();
        if index >= options {
            let option = &self.option_list()[(index - options) / 3];
            return match (index - options) % 3 {
                0 => option.name,
                1 => option.standard,
                _ => option.about,
            };
        }
        let offer = &self.offers[(index - 2) / 5];
        match (index - 2) % 5 {
            0 => offer.format,
            1 => offer.extensions,
            2 => offer.media_types,
            3 => offer.schemes,
            _ => offer.magic,
        }
    }

    pub(crate) const fn text_count(&self) -> usize {
        2 + 5 * self.offers.len() + 3 * self.option_list().len()
    }
}

/// Rejects options that are not among those `known`, as (name, type, words), that are given twice, and values of another type.
///
/// # Errors
/// `InvalidArgument`, with the options that the provider `id` takes.
pub fn check_options(id: &str, known: &[(&str, OptionKind, &str)], source: &Source) -> Result<()> {
    for (index, (key, given)) in source.options().iter().enumerate() {
        if source.options()[..index].iter().any(|(other, _)| other == key) {
            fail!(InvalidArgument, "the option {key} is given twice; give it once");
        }
        let known = match known.iter().find(|(name, ..)| name == key) {
            Some((_, value, _)) if value.fits(given) => continue,
            Some((_, value, about)) => {
                fail!(InvalidArgument, "the option {key} is {given:?}, not {}: {about}", value.expected())
            }
            None if known.is_empty() => "it takes none".to_owned(),
            None => {
                let line = |(name, value, _): &(&str, OptionKind, &str)| format!("{name} ({})", value.word());
                format!("it takes {}", known.iter().map(line).collect::<Vec<_>>().join(", "))
            }
        };
        fail!(InvalidArgument, "{id} has no option {key}; {known}");
    }
    Ok(())
}
