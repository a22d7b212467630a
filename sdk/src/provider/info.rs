//! Id, title and offers of a provider, as constants.

use crate::abi::{
    IOLINK_OFFER_FLAG_SEQUENTIAL, IOLINK_OFFER_FLAG_WRAPPER, IOLINK_OFFER_FLAG_WRITABLE, IOLINK_OPTION_FLAG_LIST,
    IOLINK_OPTION_FLAG_SECRET,
};
use crate::{
    fail, DataFrameCapability, DataType, ImageCapability, Kind, MultiImageCapability, Result, StoreCapability,
    StreamCapability,
};

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
    /// Writes a view to a target.
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
    /// Every cost, the lowest first.
    pub const ALL: [Cost; 3] = [Cost::Shared, Cost::Lazy, Cost::Copy];

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

/// How many files a format consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// One file.
    File,
    /// Several files, found from the one that is opened.
    Files,
    /// A folder.
    Folder,
}

impl Layout {
    /// Every layout.
    pub const ALL: [Layout; 3] = [Layout::File, Layout::Files, Layout::Folder];

    /// The number at the ABI.
    pub const fn number(self) -> u32 {
        self as u32 + 1
    }

    /// The word in manifests and messages.
    pub const fn word(self) -> &'static str {
        match self {
            Layout::File => "file",
            Layout::Files => "files",
            Layout::Folder => "folder",
        }
    }
}

/// Number of strings of an offer, and of an option, that are packed one behind the other.
pub(crate) const OFFER_TEXTS: usize = 6;
pub(crate) const OPTION_TEXTS: usize = 4;

/// One thing a provider can do. Strings must not hold quotes, backslashes or control characters.
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
    pub(crate) keys: &'static str,
    pub(crate) flags: u32,
    pub(crate) layout: Layout,
    pub(crate) data_types: &'static [DataType],
    pub(crate) min_dimensions: u32,
    pub(crate) max_dimensions: u32,
    pub(crate) options: &'static [OptionInfo],
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
        keys: "",
        flags: 0,
        layout: Layout::File,
        data_types: &[],
        min_dimensions: 0,
        max_dimensions: 0,
        options: &[],
    }
}

impl Offer {
    /// Opens sources of a format as views of a kind.
    pub const fn open(kind: Kind, format: &'static str) -> Self {
        let mut offer = plain(OfferKind::Open, kind);
        offer.format = format;
        offer
    }

    /// Creates views of a kind in memory.
    pub const fn create(kind: Kind) -> Self {
        plain(OfferKind::Create, kind)
    }

    /// Creates views of a kind at a target, as files of a format.
    pub const fn create_at(kind: Kind, format: &'static str) -> Self {
        let mut offer = plain(OfferKind::Create, kind);
        offer.format = format;
        offer
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

    /// Keys by which a folder is recognised, separated by commas: `"zarr.json,.zgroup"`. Any one of them is enough.
    pub const fn keys(mut self, keys: &'static str) -> Self {
        self.keys = keys;
        self.layout = Layout::Folder;
        self
    }

    /// How many files the format consists of; one by default.
    pub const fn layout(mut self, layout: Layout) -> Self {
        self.layout = layout;
        self
    }

    /// OPEN can give views that can be written.
    pub const fn writable(mut self) -> Self {
        self.flags |= IOLINK_OFFER_FLAG_WRITABLE;
        self
    }

    /// OPEN reads, or SAVE writes, the bytes in order; a stream is enough.
    pub const fn sequential(mut self) -> Self {
        self.flags |= IOLINK_OFFER_FLAG_SEQUENTIAL;
        self
    }

    /// OPEN removes a wrapping such as gzip: it returns random access or a store, which the host opens again under the inner
    /// name.
    pub const fn wrapper(mut self) -> Self {
        self.flags |= IOLINK_OFFER_FLAG_WRAPPER;
        self
    }

    /// CREATE, CONVERT (what goes in) and SAVE: the sample types that the offer takes; every type by default.
    pub const fn data_types(mut self, data_types: &'static [DataType]) -> Self {
        self.data_types = data_types;
        self
    }

    /// CREATE, CONVERT (what goes in) and SAVE: the numbers of axes that the offer takes; any by default.
    pub const fn dimensions(mut self, minimum: u32, maximum: u32) -> Self {
        self.min_dimensions = minimum;
        self.max_dimensions = maximum;
        self
    }

    /// Every option that the offer takes; none by default. The host rejects every other option.
    pub const fn options(mut self, options: &'static [OptionInfo]) -> Self {
        self.options = options;
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

    /// Capabilities that the stores will have at least.
    pub const fn store_capabilities(mut self, capabilities: StoreCapability) -> Self {
        self.capabilities = capabilities.value();
        self
    }

    /// Bits of the capabilities that a view must have to be converted.
    pub const fn needs(mut self, capabilities: u64) -> Self {
        self.from_capabilities = capabilities;
        self
    }
}

/// Type of an option's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptionKind {
    /// Any string.
    String,
    /// An integer, such as `-3`.
    Integer,
    /// A number, such as `0.5`.
    Number,
    /// `true` or `false`.
    Boolean,
}

impl OptionKind {
    /// Every type.
    pub const ALL: [OptionKind; 4] = [OptionKind::String, OptionKind::Integer, OptionKind::Number, OptionKind::Boolean];

    /// The number at the ABI.
    pub const fn number(self) -> u32 {
        self as u32 + 1
    }

    /// The type with a number of the ABI; an unknown one reads as a string.
    pub fn from_number(number: u32) -> Self {
        OptionKind::ALL.iter().copied().find(|kind| kind.number() == number).unwrap_or(OptionKind::String)
    }

    /// The word in manifests and messages.
    pub const fn word(self) -> &'static str {
        match self {
            OptionKind::String => "string",
            OptionKind::Integer => "integer",
            OptionKind::Number => "number",
            OptionKind::Boolean => "boolean",
        }
    }

    /// What is expected of a value, for messages.
    pub const fn expected(self) -> &'static str {
        match self {
            OptionKind::String => "a string",
            OptionKind::Integer => "an integer",
            OptionKind::Number => "a number",
            OptionKind::Boolean => "true or false",
        }
    }

    /// Returns whether a string is a value of this type.
    pub fn fits(self, value: &str) -> bool {
        match self {
            OptionKind::String => true,
            OptionKind::Integer => value.parse::<i64>().is_ok(),
            OptionKind::Number => value.parse::<f64>().is_ok(),
            OptionKind::Boolean => super::request::parse_boolean(value).is_some(),
        }
    }

    /// The boolean that a string stands for, if this is the type of booleans.
    pub fn boolean(self, value: &str) -> Option<bool> {
        super::request::parse_boolean(value).filter(|_| self == OptionKind::Boolean)
    }
}

/// An option that an offer takes: its type, the default, and a line for people. An option that is not declared, or has a
/// value of another type, is rejected before the provider is called.
///
/// ```
/// use iolink_sdk::{Kind, Offer, OptionInfo};
///
/// const OFFER: Offer = Offer::open(Kind::Image, "RAW").options(&[
///     OptionInfo::integer("page", "0", "which page to open"),
///     OptionInfo::boolean("flip", "false", "whether rows are stored from bottom to top"),
///     OptionInfo::string("order", "zyx", "order of the axes").choices("zyx,xyz"),
/// ]);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct OptionInfo {
    pub(crate) name: &'static str,
    pub(crate) value_type: OptionKind,
    pub(crate) default_value: &'static str,
    pub(crate) description: &'static str,
    pub(crate) choices: &'static str,
    pub(crate) flags: u32,
}

impl OptionInfo {
    const fn new(
        name: &'static str,
        value_type: OptionKind,
        default_value: &'static str,
        description: &'static str,
    ) -> Self {
        OptionInfo { name, value_type, default_value, description, choices: "", flags: 0 }
    }

    /// An option whose value is any string.
    pub const fn string(name: &'static str, default_value: &'static str, description: &'static str) -> Self {
        OptionInfo::new(name, OptionKind::String, default_value, description)
    }

    /// An option whose value is an integer.
    pub const fn integer(name: &'static str, default_value: &'static str, description: &'static str) -> Self {
        OptionInfo::new(name, OptionKind::Integer, default_value, description)
    }

    /// An option whose value is a number.
    pub const fn number(name: &'static str, default_value: &'static str, description: &'static str) -> Self {
        OptionInfo::new(name, OptionKind::Number, default_value, description)
    }

    /// An option that is true or false.
    pub const fn boolean(name: &'static str, default_value: &'static str, description: &'static str) -> Self {
        OptionInfo::new(name, OptionKind::Boolean, default_value, description)
    }

    /// The values that are allowed, separated by commas.
    pub const fn choices(mut self, choices: &'static str) -> Self {
        self.choices = choices;
        self
    }

    /// The value is a secret: a host never shows, logs or keeps it.
    pub const fn secret(mut self) -> Self {
        self.flags |= IOLINK_OPTION_FLAG_SECRET;
        self
    }

    /// The value is a list, separated by commas, of values of the type.
    pub const fn list(mut self) -> Self {
        self.flags |= IOLINK_OPTION_FLAG_LIST;
        self
    }

    /// The rule for values of this option.
    pub const fn rule(&self) -> OptionRule<'static> {
        OptionRule {
            name: self.name,
            value_type: self.value_type,
            description: self.description,
            choices: self.choices,
            is_list: self.flags & IOLINK_OPTION_FLAG_LIST != 0,
            is_secret: self.flags & IOLINK_OPTION_FLAG_SECRET != 0,
        }
    }
}

/// The rule that the value of an option must follow.
#[derive(Debug, Clone, Copy)]
pub struct OptionRule<'a> {
    /// The key.
    pub name: &'a str,
    /// Type of the value, or of each item of a list.
    pub value_type: OptionKind,
    /// One line for people.
    pub description: &'a str,
    /// Allowed values, separated by commas; "" allows all of the type.
    pub choices: &'a str,
    /// The value is a list, separated by commas.
    pub is_list: bool,
    /// The value is a secret, which no error shows.
    pub is_secret: bool,
}

impl OptionRule<'_> {
    fn accepts(&self, value: &str) -> bool {
        let fits = |item: &str| {
            let chosen = self.choices.is_empty() || self.choices.split(',').any(|choice| choice.trim() == item);
            chosen && self.value_type.fits(item)
        };
        match self.is_list {
            true => value.is_empty() || value.split(',').all(|item| fits(item.trim())),
            false => fits(value),
        }
    }

    fn expected(&self) -> String {
        let list = if self.is_list { "a list, separated by commas, of " } else { "" };
        match self.choices {
            "" => format!("{list}{}", self.value_type.expected()),
            choices => format!("{list}one of {choices}"),
        }
    }
}

/// Id, title and offers of a provider.
#[derive(Debug, Clone, Copy)]
pub struct ProviderInfo {
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) offers: &'static [Offer],
}

impl ProviderInfo {
    /// `id` is a reverse domain name of at most 63 bytes, `title` one line for people.
    pub const fn new(id: &'static str, title: &'static str) -> Self {
        assert!(!id.is_empty() && id.len() <= 63, "a provider's id has 1 to 63 bytes");
        ProviderInfo { id, title, offers: &[] }
    }

    /// The offers of the provider.
    pub const fn offers(mut self, offers: &'static [Offer]) -> Self {
        self.offers = offers;
        self
    }

    /// The id.
    pub const fn id(&self) -> &'static str {
        self.id
    }

    /// Rejects options that no fitting offer declares, and values that are not of the declared type. An offer fits if it is
    /// of this kind and, where a format is named, of that format.
    pub(crate) fn check_options(
        &self,
        kind: OfferKind,
        format: Option<&str>,
        options: &[(String, String)],
    ) -> Result<()> {
        if options.is_empty() {
            return Ok(());
        }
        let of_kind = || self.offers.iter().filter(move |offer| offer.offer == kind);
        let named = |offer: &&Offer| format.map_or(false, |format| offer.format.eq_ignore_ascii_case(format));
        let named: Vec<&Offer> = match of_kind().any(|offer| named(&offer)) {
            true => of_kind().filter(named).collect(),
            false => of_kind().collect(),
        };
        let rules: Vec<_> = named.iter().flat_map(|offer| offer.options).map(OptionInfo::rule).collect();
        check_options(self.id, &rules, options)
    }

    /// Number of options of the offers before number `index`.
    pub(crate) const fn options_before(&self, index: usize) -> usize {
        let (mut offer, mut count) = (0, 0);
        while offer < index {
            count += self.offers[offer].options.len();
            offer += 1;
        }
        count
    }

    /// Option number `index` of all offers, one offer behind the other.
    pub(crate) const fn option(&self, index: usize) -> &'static OptionInfo {
        let (mut offer, mut first) = (0, 0);
        while index - first >= self.offers[offer].options.len() {
            first += self.offers[offer].options.len();
            offer += 1;
        }
        &self.offers[offer].options[index - first]
    }

    /// The strings in the order in which they are packed: id, title, those of each offer, those of each option.
    pub(crate) const fn text(&self, index: usize) -> &'static str {
        if index == 0 {
            return self.id;
        }
        if index == 1 {
            return self.title;
        }
        let options = 2 + OFFER_TEXTS * self.offers.len();
        if index >= options {
            let option = self.option((index - options) / OPTION_TEXTS);
            return match (index - options) % OPTION_TEXTS {
                0 => option.name,
                1 => option.default_value,
                2 => option.description,
                _ => option.choices,
            };
        }
        let offer = &self.offers[(index - 2) / OFFER_TEXTS];
        match (index - 2) % OFFER_TEXTS {
            0 => offer.format,
            1 => offer.extensions,
            2 => offer.media_types,
            3 => offer.schemes,
            4 => offer.magic,
            _ => offer.keys,
        }
    }

    pub(crate) const fn text_count(&self) -> usize {
        2 + OFFER_TEXTS * self.offers.len() + OPTION_TEXTS * self.options_before(self.offers.len())
    }
}

/// Rejects options that have no rule, and values that break theirs.
///
/// # Errors
/// `InvalidArgument`, with the options that the provider `id` takes.
pub fn check_options(id: &str, rules: &[OptionRule<'_>], options: &[(String, String)]) -> Result<()> {
    for (index, (key, value)) in options.iter().enumerate() {
        if options[..index].iter().any(|(other, _)| other == key) {
            fail!(InvalidArgument, "the option {key} is given twice; give it once");
        }
        // Offers of one provider may share an option by its name; any of their rules is enough.
        let mut named = rules.iter().filter(|rule| rule.name == key);
        if named.clone().any(|rule| rule.accepts(value)) {
            continue;
        }
        let known = match named.next() {
            Some(rule) if rule.is_secret => {
                fail!(InvalidArgument, "the value of the option {key} is not {}: {}", rule.expected(), rule.description)
            }
            Some(rule) => {
                fail!(InvalidArgument, "the option {key} is {value:?}, not {}: {}", rule.expected(), rule.description)
            }
            None if rules.is_empty() => "it takes none".to_owned(),
            None => {
                let mut lines: Vec<String> = Vec::new();
                for rule in rules {
                    let line = format!("{} ({})", rule.name, rule.value_type.word());
                    if !lines.contains(&line) {
                        lines.push(line);
                    }
                }
                format!("it takes {}", lines.join(", "))
            }
        };
        fail!(InvalidArgument, "{id} has no option {key}; {known}");
    }
    Ok(())
}
