//! The manifest that travels inside a plugin: TOML, written at compile time from the same constants as the descriptor.

use super::{Offer, OptionInfo, ProviderInfo};

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
    put_field(out, "magic", offer.magic)
}

const fn put_option<const LENGTH: usize>(out: Out<LENGTH>, option: &OptionInfo) -> Out<LENGTH> {
    let mut out = put(out, "[[provider.option]]\n");
    out = put_field(out, "name", option.name);
    out = put_field(out, "value", option.value.word());
    out = put_field(out, "standard", option.standard);
    put_field(out, "about", option.about)
}

const fn write<const LENGTH: usize>(version: &str, providers: &[&ProviderInfo]) -> Out<LENGTH> {
    let mut out = Out { bytes: [0; LENGTH], at: 0 };
    out = put_number_field(out, "abi", crate::abi::IOLINK_ABI_MAJOR as u64);
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
        let mut option = 0;
        while option < providers[index].option_list().len() {
            out = put_option(out, &providers[index].option_list()[option]);
            option += 1;
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
    use crate::{ErrorKind, Kind, Offer, Source};

    const INFO: ProviderInfo = ProviderInfo::new("org.example.raw", "Raw volumes")
        .offers(&[Offer::open(Kind::Image, "RAW").extensions("raw,bin").magic("0:52415721")])
        .options(&[OptionInfo::integer("page", "0", "which page"), OptionInfo::flag("flip", "", "bottom to top")]);

    #[test]
    fn the_manifest_says_what_the_constants_say() {
        const LENGTH: usize = manifest_length("1.2.3", &[&INFO]);
        static TEXT: [u8; LENGTH] = manifest("1.2.3", &[&INFO]);
        assert_eq!(
            std::str::from_utf8(&TEXT).unwrap(),
            "abi = 1\nid = \"org.example.raw\"\nversion = \"1.2.3\"\n[[provider]]\nid = \"org.example.raw\"\n\
             title = \"Raw volumes\"\n[[provider.offer]]\noffer = \"open\"\nkind = \"image\"\ncapabilities = 0\n\
             format = \"RAW\"\nextensions = \"raw,bin\"\nmagic = \"0:52415721\"\n\
             [[provider.option]]\nname = \"page\"\nvalue = \"integer\"\nstandard = \"0\"\nabout = \"which page\"\n\
             [[provider.option]]\nname = \"flip\"\nvalue = \"flag\"\nabout = \"bottom to top\"\n"
        );
    }

    #[test]
    fn options_are_checked_against_their_declaration() {
        let source = || Source::new("stream:x");
        INFO.check_options(&source().with_option("page", "-3").with_option("flip", "True")).unwrap();
        for (key, value, expected) in [
            ("page", "three", "the option page is \"three\", not a whole number: which page"),
            ("flip", "2", "the option flip is \"2\", not true or false: bottom to top"),
            ("pages", "3", "org.example.raw has no option pages; it takes page (integer), flip (flag)"),
        ] {
            let refused = INFO.check_options(&source().with_option(key, value)).unwrap_err();
            assert_eq!((refused.kind(), refused.message()), (ErrorKind::InvalidArgument, expected));
        }
        const NONE: ProviderInfo = ProviderInfo::new("org.example.none", "").options(&[]);
        let refused = NONE.check_options(&source().with_option("page", "1")).unwrap_err();
        assert_eq!(refused.message(), "org.example.none has no option page; it takes none");
        const SILENT: ProviderInfo = ProviderInfo::new("org.example.silent", "");
        SILENT.check_options(&source().with_option("page", "1")).unwrap();
    }
}
