//! Offers as fields with strings for values, as providers in Python declare them: in a static file, or as attributes of a class.

use crate::record::{list, magic, parts, OfferRecord};
use iolink_sdk::provider::OfferKind;
use iolink_sdk::{
    Cost, DataFrameCapability, DataType, ImageCapability, Kind, Layout, MultiImageCapability, StoreCapability,
    StreamCapability,
};

/// Every field of an offer.
const FIELDS: &str =
    "format, extensions, media_types, schemes, magic, keys, kind, offer, from_kind, cost, capabilities, \
                      from_capabilities, data_types, min_dimensions, max_dimensions, layout";

impl OfferRecord {
    /// Returns the offers that the fields of one format declare, one for each word of `offer`: `open` (the default), `save`,
    /// `convert`. `path` stands before the field in errors: `formats[0]`.
    ///
    /// # Errors
    /// The field that is wrong, and what was expected.
    pub fn from_fields(path: &str, fields: &[(String, String)]) -> Result<Vec<OfferRecord>, String> {
        let given = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let mut common = OfferRecord::new(OfferKind::Open, kind_of(path, "kind", given("kind").unwrap_or("image"))?);
        for (name, value) in fields {
            let wrong = |why: String| format!("{path}.{name}: {why}");
            match name.as_str() {
                "format" => common.format.clone_from(value),
                "extensions" => common.extensions = list(value),
                "media_types" => common.media_types = list(value),
                "schemes" => common.schemes = list(value),
                "magic" => common.magic = magic(value).map_err(wrong)?,
                "keys" => common.keys = parts(value),
                "data_types" => common.data_types = data_types(value).map_err(wrong)?,
                "min_dimensions" => common.min_dimensions = count(value).map_err(wrong)?,
                "max_dimensions" => common.max_dimensions = count(value).map_err(wrong)?,
                "layout" => common.layout = named(path, name, value, &Layout::ALL, Layout::word)?,
                "from_kind" => common.from_kind = Some(kind_of(path, name, value)?),
                "cost" => common.cost = Some(named(path, name, value, &Cost::ALL, Cost::word)?),
                "kind" | "offer" | "capabilities" | "from_capabilities" => {}
                other => return Err(format!("{path}: {other:?} is not one of {FIELDS}")),
            }
        }
        let offers = [OfferKind::Open, OfferKind::Save, OfferKind::Convert];
        let words = parts(given("offer").unwrap_or("open"));
        let kinds = words.iter().map(|word| named(path, "offer", word, &offers, OfferKind::word));
        kinds.map(|kind| common.offering(path, kind?, given("capabilities"), given("from_capabilities"))).collect()
    }

    /// The same offer as one of this kind.
    fn offering(
        &self,
        path: &str,
        offer: OfferKind,
        capabilities: Option<&str>,
        from_capabilities: Option<&str>,
    ) -> Result<OfferRecord, String> {
        let mut made = OfferRecord { offer, from_kind: None, cost: None, ..self.clone() };
        made.capabilities = match (capabilities, offer) {
            (Some(names), _) => bits(path, "capabilities", made.kind, names)?,
            (None, OfferKind::Open) => 0,
            (None, _) => readable(made.kind),
        };
        if offer == OfferKind::Save && made.format.is_empty() {
            // A format that is written has a name.
            made.format = made.extensions.first().map(|first| first.to_uppercase()).unwrap_or_default();
        }
        if offer == OfferKind::Convert {
            let Some(from) = self.from_kind else {
                return Err(format!("{path}.from_kind is missing; it is the kind of the view that is converted"));
            };
            made.from_kind = Some(from);
            made.cost = Some(self.cost.unwrap_or(Cost::Copy));
            made.from_capabilities = match from_capabilities {
                Some(names) => bits(path, "from_capabilities", from, names)?,
                None => readable(from),
            };
        }
        Ok(made)
    }
}

/// The value with this word, of all values.
fn named<T: Copy>(path: &str, field: &str, word: &str, all: &[T], word_of: fn(T) -> &'static str) -> Result<T, String> {
    all.iter().copied().find(|known| word_of(*known) == word).ok_or_else(|| {
        let words: Vec<&str> = all.iter().map(|known| word_of(*known)).collect();
        format!("{path}.{field} is {word:?}, not one of {}", words.join(", "))
    })
}

fn kind_of(path: &str, field: &str, word: &str) -> Result<Kind, String> {
    named(path, field, word, &Kind::ALL, Kind::word)
}

/// The capabilities with these names, separated by commas.
fn bits(path: &str, field: &str, kind: Kind, names: &str) -> Result<u64, String> {
    let mut found = 0;
    for name in parts(names) {
        let known = |bit: &u32| kind.capability_names(1 << bit).iter().any(|known| known.eq_ignore_ascii_case(&name));
        let Some(bit) = (0..u64::BITS).find(known) else {
            let known = kind.capability_names(u64::MAX).join(", ");
            return Err(format!("{path}.{field} is {name:?}, not one of {known}"));
        };
        found |= 1 << bit;
    }
    Ok(found)
}

/// The capability of a view that can be read.
fn readable(kind: Kind) -> u64 {
    match kind {
        Kind::Image => ImageCapability::READ.value(),
        Kind::MultiImage => MultiImageCapability::READ.value(),
        Kind::DataFrame => DataFrameCapability::READ.value(),
        Kind::Stream | Kind::RandomAccess => StreamCapability::READ.value(),
        Kind::Store => StoreCapability::READ.value(),
        Kind::LodImage | Kind::Extension => 0,
    }
}

fn data_types(names: &str) -> Result<Vec<u64>, String> {
    let id = |name: String| match DataType::from_name(&name.to_uppercase()) {
        Some(known) => Ok(known.id()),
        None => Err(format!("{name:?} is not the name of a data type, such as UINT16")),
    };
    parts(names).into_iter().map(id).collect()
}

fn count(value: &str) -> Result<u32, String> {
    value.parse().map_err(|_| format!("{value:?} is not a number of axes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offers(fields: &[(&str, &str)]) -> Result<Vec<OfferRecord>, String> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        OfferRecord::from_fields("formats[0]", &fields.iter().map(owned).collect::<Vec<_>>())
    }

    #[test]
    fn one_format_can_be_opened_and_saved() {
        let both =
            [("format", "RAW"), ("extensions", "RAW, bin"), ("offer", "open, save"), ("data_types", "UINT8,uint16")];
        let made = offers(&both).unwrap();
        assert_eq!(made.iter().map(|offer| offer.offer).collect::<Vec<_>>(), [OfferKind::Open, OfferKind::Save]);
        assert_eq!((made[0].capabilities, made[1].capabilities), (0, ImageCapability::READ.value()));
        assert_eq!((made[1].extensions.len(), made[1].data_types.len()), (2, 2));
    }

    #[test]
    fn a_conversion_copies_what_can_be_read_unless_it_says_otherwise() {
        let made =
            offers(&[("offer", "convert"), ("from_kind", "data-frame"), ("capabilities", "read, memory_access")]);
        let made = made.unwrap().remove(0);
        assert_eq!((made.from_kind, made.cost, made.kind), (Some(Kind::DataFrame), Some(Cost::Copy), Kind::Image));
        assert_eq!(made.capabilities, (ImageCapability::READ | ImageCapability::MEMORY_ACCESS).value());
        assert_eq!(made.from_capabilities, DataFrameCapability::READ.value());
    }

    #[test]
    fn a_wrong_field_is_named() {
        for (name, value, expected) in [
            ("ending", "x", "formats[0]: \"ending\" is not one of format, extensions"),
            ("kind", "picture", "formats[0].kind is \"picture\", not one of image"),
            ("offer", "open,create", "formats[0].offer is \"create\", not one of open, save, convert"),
            ("offer", "convert", "formats[0].from_kind is missing"),
            ("magic", "zz", "formats[0].magic: \"zz\" is not of the form OFFSET:HEX"),
            ("data_types", "UINT9", "formats[0].data_types: \"UINT9\" is not the name of a data type"),
            ("min_dimensions", "-1", "formats[0].min_dimensions: \"-1\" is not a number of axes"),
            ("capabilities", "FLY", "formats[0].capabilities is \"FLY\", not one of READ, WRITE"),
            ("cost", "free", "formats[0].cost is \"free\", not one of shared, lazy, copy"),
            ("layout", "pile", "formats[0].layout is \"pile\", not one of file, files, folder"),
        ] {
            let wrong = offers(&[(name, value)]).unwrap_err();
            assert!(wrong.starts_with(expected), "{wrong}");
        }
    }
}
