//! The manifest that travels inside a plugin: TOML, written at compile time from the same constants as the descriptor.

use super::{Layout, Offer, OptionInfo, ProviderInfo};

/// Text that is written or, with no room, only counted.
struct Out<const LENGTH: usize> {
    bytes: [u8; LENGTH],
    at: usize,
}

const fn put<const LENGTH: usize>(mut out: Out<LENGTH>, text: &str) -> Out<LENGTH> {
    let bytes = text.as_bytes();
    let mut index = 0;
    while index < bytes.len() {
        if out.at < LENGTH {
            out.bytes[out.at] = bytes[index];
        }
        out.at += 1;
        index += 1;
    }
    out
}

const fn put_number<const LENGTH: usize>(mut out: Out<LENGTH>, number: u64) -> Out<LENGTH> {
    let mut unit = 1;
    while number / unit >= 10 {
        unit *= 10;
    }
    while unit > 0 {
        let digit = [b'0' + (number / unit % 10) as u8];
        if out.at < LENGTH {
            out.bytes[out.at] = digit[0];
        }
        out.at += 1;
        unit /= 10;
    }
    out
}

const fn put_field<const LENGTH: usize>(out: Out<LENGTH>, name: &str, text: &str) -> Out<LENGTH> {
    if text.is_empty() {
        return out;
    }
    put(put(put(put(out, name), " = \""), text), "\"\n")
}

const fn put_number_field<const LENGTH: usize>(out: Out<LENGTH>, name: &str, number: u64) -> Out<LENGTH> {
    put(put_number(put(put(out, name), " = "), number), "\n")
}

const fn put_nonzero_field<const LENGTH: usize>(out: Out<LENGTH>, name: &str, number: u64) -> Out<LENGTH> {
    if number == 0 {
        return out;
    }
    put_number_field(out, name, number)
}

const fn put_offer<const LENGTH: usize>(out: Out<LENGTH>, offer: &Offer) -> Out<LENGTH> {
    let mut out = put(out, "[[provider.offer]]\n");
    out = put_field(out, "offer", offer.offer.word());
    out = put_field(out, "kind", offer.kind.word());
    out = put_number_field(out, "capabilities", offer.capabilities);
    if let Some(from) = offer.from_kind {
        out = put_field(out, "from_kind", from.word());
        out = put_number_field(out, "from_capabilities", offer.from_capabilities);
    }
    if let Some(cost) = offer.cost {
        out = put_field(out, "cost", cost.word());
    }
    out = put_field(out, "format", offer.format);
    out = put_field(out, "extensions", offer.extensions);
    out = put_field(out, "media_types", offer.media_types);
    out = put_field(out, "schemes", offer.schemes);
    out = put_field(out, "magic", offer.magic);
    out = put_field(out, "keys", offer.keys);
    out = put_nonzero_field(out, "flags", offer.flags as u64);
    if !matches!(offer.layout, Layout::File) {
        out = put_field(out, "layout", offer.layout.word());
    }
    if !offer.data_types.is_empty() {
        out = put(out, "data_types = [");
        let mut index = 0;
        while index < offer.data_types.len() {
            if index > 0 {
                out = put(out, ", ");
            }
            out = put_number(out, offer.data_types[index].id());
            index += 1;
        }
        out = put(out, "]\n");
    }
    out = put_nonzero_field(out, "min_dimensions", offer.min_dimensions as u64);
    out = put_nonzero_field(out, "max_dimensions", offer.max_dimensions as u64);
    let mut option = 0;
    while option < offer.options.len() {
        out = put_option(out, &offer.options[option]);
        option += 1;
    }
    out
}

const fn put_option<const LENGTH: usize>(out: Out<LENGTH>, option: &OptionInfo) -> Out<LENGTH> {
    let mut out = put(out, "[[provider.offer.option]]\n");
    out = put_field(out, "name", option.name);
    out = put_field(out, "type", option.value_type.word());
    out = put_field(out, "default", option.default_value);
    out = put_field(out, "description", option.description);
    out = put_field(out, "choices", option.choices);
    put_nonzero_field(out, "flags", option.flags as u64)
}

const fn write<const LENGTH: usize>(version: &str, providers: &[&ProviderInfo]) -> Out<LENGTH> {
    let mut out = Out { bytes: [0; LENGTH], at: 0 };
    out = put_number_field(out, "abi", crate::abi::IOLINK_ABI_MAJOR as u64);
    out = put_number_field(out, "abi_minor", crate::abi::IOLINK_ABI_MINOR as u64);
    out = put_field(out, "id", providers[0].id);
    out = put_field(out, "version", version);
    let mut index = 0;
    while index < providers.len() {
        out = put(out, "[[provider]]\n");
        out = put_field(out, "id", providers[index].id);
        out = put_field(out, "title", providers[index].title);
        let mut offer = 0;
        while offer < providers[index].offers.len() {
            out = put_offer(out, &providers[index].offers[offer]);
            offer += 1;
        }
        index += 1;
    }
    out
}

/// Bytes of the manifest.
pub const fn manifest_length(version: &str, providers: &[&ProviderInfo]) -> usize {
    write::<0>(version, providers).at
}

/// The manifest.
pub const fn manifest<const LENGTH: usize>(version: &str, providers: &[&ProviderInfo]) -> [u8; LENGTH] {
    write(version, providers).bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::OfferKind;
    use crate::{DataType, ErrorKind, Kind, Offer};

    const INFO: ProviderInfo = ProviderInfo::new("org.example.raw", "Raw volumes").offers(&[
        Offer::open(Kind::Image, "RAW").extensions("raw,bin").magic("0:52415721").options(&[
            OptionInfo::integer("page", "0", "which page"),
            OptionInfo::boolean("flip", "", "bottom to top"),
            OptionInfo::string("axes", "", "kept axes").choices("x,y,z").list(),
        ]),
        Offer::save(Kind::Image, "RAW", 1).data_types(&[DataType::UINT8]).dimensions(2, 3),
    ]);

    #[test]
    fn the_manifest_says_what_the_constants_say() {
        const LENGTH: usize = manifest_length("1.2.3", &[&INFO]);
        static TEXT: [u8; LENGTH] = manifest("1.2.3", &[&INFO]);
        let abi = format!("abi = {}\nabi_minor = {}\n", crate::abi::IOLINK_ABI_MAJOR, crate::abi::IOLINK_ABI_MINOR);
        let expected = "id = \"org.example.raw\"\nversion = \"1.2.3\"\n[[provider]]\nid = \"org.example.raw\"\n\
             title = \"Raw volumes\"\n[[provider.offer]]\noffer = \"open\"\nkind = \"image\"\ncapabilities = 0\n\
             format = \"RAW\"\nextensions = \"raw,bin\"\nmagic = \"0:52415721\"\n\
             [[provider.offer.option]]\nname = \"page\"\ntype = \"integer\"\ndefault = \"0\"\n\
             description = \"which page\"\n\
             [[provider.offer.option]]\nname = \"flip\"\ntype = \"boolean\"\ndescription = \"bottom to top\"\n\
             [[provider.offer.option]]\nname = \"axes\"\ntype = \"string\"\ndescription = \"kept axes\"\n\
             choices = \"x,y,z\"\nflags = 2\n\
             [[provider.offer]]\noffer = \"save\"\nkind = \"image\"\ncapabilities = 1\nformat = \"RAW\"\n";
        let types = format!("data_types = [{}]\nmin_dimensions = 2\nmax_dimensions = 3\n", DataType::UINT8.id());
        assert_eq!(std::str::from_utf8(&TEXT).unwrap(), abi + expected + &types);
    }

    #[test]
    fn options_are_checked_against_their_declaration() {
        let check = |kind, format, key: &str, value: &str| {
            INFO.check_options(kind, format, &[(key.to_owned(), value.to_owned())])
        };
        for (key, value) in [("page", "-3"), ("flip", "True"), ("axes", "x, z"), ("axes", "")] {
            check(OfferKind::Open, Some("raw"), key, value).unwrap();
        }
        for (key, value, expected) in [
            ("page", "three", "the option page is \"three\", not an integer: which page"),
            ("flip", "2", "the option flip is \"2\", not true or false: bottom to top"),
            ("axes", "x,w", "the option axes is \"x,w\", not a list, separated by commas, of one of x,y,z: kept axes"),
            (
                "pages",
                "3",
                "org.example.raw has no option pages; it takes page (integer), flip (boolean), axes (string)",
            ),
        ] {
            let refused = check(OfferKind::Open, None, key, value).unwrap_err();
            assert_eq!((refused.kind(), refused.message()), (ErrorKind::InvalidArgument, expected));
        }
        let refused = check(OfferKind::Save, Some("RAW"), "page", "1").unwrap_err();
        assert_eq!(refused.message(), "org.example.raw has no option page; it takes none");
    }
}
