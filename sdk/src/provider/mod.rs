//! What a plugin author writes: a type, its offers, and one macro.
//!
//! ```
//! use iolink_sdk::{Call, Host, Kind, Offer, Provider, ProviderInfo, Result, Source, View};
//!
//! struct Raw;
//!
//! impl Provider for Raw {
//!     const INFO: ProviderInfo = ProviderInfo::new("org.example.raw", "Raw volumes")
//!         .offers(&[Offer::open(Kind::Image, "RAW").extensions("raw,bin")]);
//!
//!     fn open(&self, _host: &Host, source: &Source, _call: &Call<'_>) -> Result<View> {
//!         iolink_sdk::fail!(Unsupported, "{} has no header that tells its shape", source.uri())
//!     }
//! }
//!
//! iolink_sdk::export_plugin!(Raw);
//! # fn main() {}
//! ```

mod descriptor;
mod host;
mod info;
mod manifest;
mod request;

pub use descriptor::Shared;
pub use host::{Host, LogLevel};
pub use info::{check_options, Cost, Layout, Offer, OfferKind, OptionInfo, OptionKind, OptionRule, ProviderInfo};
pub use request::{Adopt, Convert, Create, CreateView, Options, Source, Target};

pub(crate) use request::text;

use crate::{Call, Error, Result, View};

/// A provider: opens, creates, adopts, converts or saves views, as its offers say.
///
/// It is a unit struct: state belongs to the views it makes.
pub trait Provider: Sync + 'static {
    /// Id, title and offers.
    const INFO: ProviderInfo;

    /// OPEN: how sure the provider is that it can open the source, 0 (not at all) to 100. By default the host goes by
    /// the magic bytes and file name endings of the offers, and this is never asked.
    ///
    /// # Errors
    /// Where the source cannot be read; the provider is then passed over.
    fn identify(&self, _host: &Host, _source: &Source, _call: &Call<'_>) -> Result<Option<u32>> {
        Ok(None)
    }

    /// OPEN: a view of the source.
    ///
    /// # Errors
    /// `Unsupported` or `Corrupt` with what was found and what was expected.
    fn open(&self, _host: &Host, _source: &Source, _call: &Call<'_>) -> Result<View> {
        Err(not_offered(Self::INFO.id, "OPEN"))
    }

    /// CREATE: a new view.
    ///
    /// # Errors
    /// `Limit` where it would be too large.
    fn create(&self, _host: &Host, _request: Create, _call: &Call<'_>) -> Result<View> {
        Err(not_offered(Self::INFO.id, "CREATE"))
    }

    /// ADOPT: a view of foreign memory, without a copy.
    ///
    /// # Errors
    /// `InvalidArgument` where the memory cannot be what it is said to be.
    fn adopt(&self, _host: &Host, _request: Adopt, _call: &Call<'_>) -> Result<View> {
        Err(not_offered(Self::INFO.id, "ADOPT"))
    }

    /// CONVERT: another view of the same data.
    ///
    /// # Errors
    /// Where the view cannot be read.
    fn convert(&self, _host: &Host, _view: View, _request: &Convert, _call: &Call<'_>) -> Result<View> {
        Err(not_offered(Self::INFO.id, "CONVERT"))
    }

    /// SAVE: writes a view to a target; the format is one of the offer's. A path is that of an empty draft, which the host
    /// puts in its place if this succeeds, and removes if it fails.
    ///
    /// # Errors
    /// Where the view cannot be read, or holds what the format cannot.
    fn save(&self, _host: &Host, _view: View, _target: &Target, _call: &Call<'_>) -> Result<()> {
        Err(not_offered(Self::INFO.id, "SAVE"))
    }
}

fn not_offered(provider: &str, offer: &str) -> Error {
    Error::new(crate::ErrorKind::NotImplemented, format!("{provider} does not offer {offer}"))
}

/// What the macros expand to; not for use by hand.
#[doc(hidden)]
pub mod __private {
    pub use super::descriptor::{
        offer_count, option_count, plugin, pointers, provider, raw_offers, raw_options, text, text_length, Shared,
    };
    pub use super::manifest::{manifest, manifest_length};
    #[cfg(feature = "builtin")]
    pub use inventory;
}

/// A provider that is linked into the program, as the host finds it.
#[cfg(feature = "builtin")]
pub struct BuiltIn(pub &'static crate::abi::iolink_plugin);

#[cfg(feature = "builtin")]
inventory::collect!(BuiltIn);

/// Every provider linked into this shared object that named itself with [`builtin!`](crate::builtin).
#[cfg(feature = "builtin")]
pub fn built_in() -> impl Iterator<Item = &'static crate::abi::iolink_plugin> {
    inventory::iter::<BuiltIn>.into_iter().map(|entry| entry.0)
}

/// Makes the static descriptor `$name` of a plugin with these providers; the first one's id is the plugin's.
#[doc(hidden)]
#[macro_export]
macro_rules! plugin_descriptor {
    ($(#[$attribute:meta])* $visibility:vis $name:ident: $($provider:ident)::+ $(, $($more:ident)::+)*) => {
        #[allow(non_upper_case_globals, missing_docs)]
        $(#[$attribute])*
        $visibility static $name: $crate::abi::iolink_plugin = {
            const COUNT: usize = [stringify!($($provider)::+) $(, stringify!($($more)::+))*].len();
            static PROVIDERS: $crate::provider::__private::Shared<[*const $crate::abi::iolink_provider; COUNT]> =
                $crate::provider::__private::Shared([
                    $crate::provider_descriptor!($($provider)::+)
                    $(, $crate::provider_descriptor!($($more)::+))*
                ]);
            static VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
            $crate::provider::__private::plugin(PROVIDERS.0[0], VERSION, &PROVIDERS.0)
        };
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! provider_descriptor {
    ($($provider:ident)::+) => {{
        use $crate::provider::__private;
        const INFO: $crate::ProviderInfo = <$($provider)::+ as $crate::Provider>::INFO;
        static TEXT: [u8; __private::text_length(&INFO)] = __private::text(&INFO);
        static OPTIONS: __private::Shared<[$crate::abi::iolink_option_info; __private::option_count(&INFO)]> =
            __private::Shared(__private::raw_options(&INFO, TEXT.as_ptr()));
        static OPTION_LIST: __private::Shared<[*const $crate::abi::iolink_option_info; __private::option_count(&INFO)]> =
            __private::Shared(__private::pointers(&OPTIONS.0));
        static OFFERS: __private::Shared<[$crate::abi::iolink_offer; __private::offer_count(&INFO)]> =
            __private::Shared(__private::raw_offers(&INFO, TEXT.as_ptr(), OPTION_LIST.0.as_ptr()));
        static LIST: __private::Shared<[*const $crate::abi::iolink_offer; __private::offer_count(&INFO)]> =
            __private::Shared(__private::pointers(&OFFERS.0));
        static ITSELF: $($provider)::+ = $($provider)::+;
        static PROVIDER: $crate::abi::iolink_provider =
            __private::provider::<$($provider)::+>(&INFO, TEXT.as_ptr(), LIST.0.as_ptr(), &ITSELF);
        &PROVIDER as *const $crate::abi::iolink_provider
    }};
}

/// Exports a plugin: the one symbol `iolink_plugin_v1` and the manifest. Once in a `cdylib` crate.
///
/// `export_plugin!(Nifti)`, or several providers: `export_plugin!(Nifti, Analyze)`. The version is the crate's.
#[macro_export]
macro_rules! export_plugin {
    ($($provider:ident)::+ $(, $($more:ident)::+)* $(,)?) => {
        $crate::plugin_descriptor!(#[no_mangle] pub iolink_plugin_v1: $($provider)::+ $(, $($more)::+)*);

        const _: () = {
            use $crate::provider::__private;
            const INFOS: &[&$crate::ProviderInfo] = &[
                &<$($provider)::+ as $crate::Provider>::INFO $(, &<$($more)::+ as $crate::Provider>::INFO)*
            ];
            const LENGTH: usize = __private::manifest_length(env!("CARGO_PKG_VERSION"), INFOS);
            #[cfg_attr(not(target_vendor = "apple"), link_section = ".iolink.manifest")]
            #[cfg_attr(target_vendor = "apple", link_section = "__DATA,__iolink")]
            #[used]
            static MANIFEST: [u8; LENGTH] = __private::manifest(env!("CARGO_PKG_VERSION"), INFOS);
        };
    };
}

/// Submits linked-in providers to the host of the same binary; with the SDK's feature `builtin` off it does nothing.
#[cfg(feature = "builtin")]
#[macro_export]
macro_rules! builtin {
    ($($provider:ident)::+ $(, $($more:ident)::+)* $(,)?) => {
        const _: () = {
            $crate::plugin_descriptor!(PLUGIN: $($provider)::+ $(, $($more)::+)*);
            $crate::provider::__private::inventory::submit! { $crate::provider::BuiltIn(&PLUGIN) }
        };
    };
}

/// Submits linked-in providers to the host of the same binary; with the SDK's feature `builtin` off it does nothing.
#[cfg(not(feature = "builtin"))]
#[macro_export]
macro_rules! builtin {
    ($($provider:ident)::+ $(, $($more:ident)::+)* $(,)?) => {};
}
