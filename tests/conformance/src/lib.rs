//! Tests that select themselves by what a provider claims. A claimed capability is a tested one: a [`Suite`] goes through
//! every offer of a provider, makes views by it, and holds them to what they promise.
//!
//! The same tests run on providers that are linked in and on the same providers loaded as plugins
//! (`tests/near_and_far.rs`), behind `iolink check`, and in the tests of a plugin of your own. What opens files is tested
//! with files of its format, which you bring:
//!
//! ```no_run
//! use iolink_conformance::Suite;
//! use iolink_host::Registry;
//!
//! let registry = Registry::builder().builtin(false).plugin_path_env(false).build();
//! registry.load_plugin("/home/me/plugin/target/release/libmine.so".as_ref())?;
//! for finding in Suite::new(&registry).sample("/home/me/plugin/samples/small.mine").run("org.example.mine")? {
//!     println!("{finding}");
//! }
//! # Ok::<(), iolink_sdk::Error>(())
//! ```

mod cells;
mod created;
mod frame;
mod image;
mod make;
mod open;
mod others;
mod random_access;
mod reading;
mod report;
mod save;
mod store;
mod stream;
mod table;

pub use report::{Finding, Held, Outcome, Step};
pub use table::Table;

use iolink_host::{OneProvider, Registry};
use iolink_sdk::provider::OfferKind;
use iolink_sdk::{Kind, Result, Store, View};
use report::Report;
use std::path::PathBuf;
use std::sync::Arc;

/// What is tested, with which files, and who watches.
pub struct Suite<'a> {
    registry: &'a Registry,
    samples: Vec<PathBuf>,
    skip: Vec<String>,
    watch: Box<dyn FnMut(Step<'_>) + 'a>,
}

/// The provider under test.
pub(crate) struct Subject<'a> {
    pub(crate) registry: &'a Registry,
    pub(crate) provider: OneProvider,
}

impl<'a> Suite<'a> {
    /// A suite over the providers of a registry.
    pub fn new(registry: &'a Registry) -> Self {
        Suite { registry, samples: Vec::new(), skip: Vec::new(), watch: Box::new(|_| ()) }
    }

    /// One more file of the provider's own format: small, valid, and kept as it is.
    pub fn sample(mut self, file: impl Into<PathBuf>) -> Self {
        self.samples.push(file.into());
        self
    }

    /// Leaves out the test of one promise, which may have ended the process that ran it before.
    pub fn skip(mut self, promise: impl Into<String>) -> Self {
        self.skip.push(promise.into());
        self
    }

    /// Tells `watch` of each test before and after it runs, so that one that never ends can be named.
    pub fn watch(mut self, watch: impl FnMut(Step<'_>) + 'a) -> Self {
        self.watch = Box::new(watch);
        self
    }

    /// Tests one provider.
    ///
    /// # Errors
    /// Where there is no such provider, or it cannot be loaded.
    pub fn run(&mut self, provider: &str) -> Result<Vec<Finding>> {
        let subject = Subject { registry: self.registry, provider: self.registry.provider(provider)? };
        let record = subject.provider.record().clone();
        let mut report = Report::new(provider, &self.skip, &mut *self.watch);
        let opens = record.offers.iter().any(|offer| offer.offer == OfferKind::Open);
        for offer in &record.offers {
            let claimed = offer.capabilities;
            match (offer.offer, offer.kind) {
                // An offer that names a format creates at a target, another one in memory.
                (OfferKind::Create, Kind::Image) if !offer.format.is_empty() => {
                    created::check(&mut report, &subject, offer);
                }
                (OfferKind::Create | OfferKind::Adopt, Kind::Image) => {
                    image::check(&mut report, &subject, offer.offer, claimed);
                }
                (OfferKind::Convert, Kind::Image) => image::check_conversion(&mut report, &subject, offer),
                (OfferKind::Convert, Kind::DataFrame) => frame::check_conversion(&mut report, &subject, offer),
                (OfferKind::Create, Kind::MultiImage) => image::check_sets(&mut report, &subject),
                (OfferKind::Create | OfferKind::Adopt, Kind::Stream) => {
                    stream::check(&mut report, &subject, offer.offer, claimed);
                }
                (OfferKind::Create | OfferKind::Adopt, Kind::RandomAccess) => {
                    random_access::check(&mut report, &subject, offer.offer, claimed);
                }
                (OfferKind::Create | OfferKind::Adopt, Kind::DataFrame) => {
                    frame::check(&mut report, &subject, offer.offer, claimed);
                }
                (OfferKind::Create, Kind::Store) => store::check_offer(&mut report, &subject, claimed),
                (OfferKind::Save, _) => save::check(&mut report, &subject, offer),
                (OfferKind::Open, _) => {}
                (kind, made) => report
                    .untested(&format!("{} ({})", made.word(), kind.word()), "the suite has no tests of this offer"),
            }
        }
        if opens {
            open::check(&mut report, &subject, &self.samples);
        }
        Ok(report.findings())
    }
}

/// Tests every provider of the registry, without files.
pub fn check(registry: &Registry) -> Vec<Finding> {
    let mut findings = Vec::new();
    for provider in registry.plugins(true).iter().flat_map(|plugin| &plugin.providers) {
        // One that is refused has its reason in the listing.
        findings.extend(Suite::new(registry).run(&provider.id).unwrap_or_default());
    }
    findings
}

/// Tests stores that `make` makes, each of them empty and able to be written: stores that no provider creates, such as the
/// folder of a service. `name` stands in the findings for the provider.
pub fn check_stores(name: &str, make: &dyn Fn() -> Result<Arc<dyn Store>>) -> Vec<Finding> {
    let mut ignore = |_: Step<'_>| ();
    let mut report = Report::new(name, &[], &mut ignore);
    let make = || make().map_err(words);
    let claimed = make().map_or(0, |store| View::Store(store).capability_bits());
    store::check(&mut report, "store", claimed, &make);
    report.findings()
}

/// Does the view have what its offer promised, and come back over the border as itself?
pub(crate) fn claims(view: &View, claimed: u64) -> Held {
    let has = view.capability_bits();
    let names = |bits| view.kind().capability_names(bits).join(" | ");
    hold!(has & claimed == claimed, "the offer promises {}, the view has {}", names(claimed), names(has));
    let raw = view.clone().into_raw("conformance");
    // SAFETY: the reference was made one line above and is handed over.
    let again = unsafe { View::from_raw(raw) }.map_err(words)?;
    hold!(again.kind() == view.kind(), "over the border it is a {}", again.kind().word());
    hold!(again.capability_bits() == has, "over the border it has {}", names(again.capability_bits()));
    Ok(())
}

pub(crate) fn words(error: iolink_sdk::Error) -> String {
    error.to_string()
}

/// Fails a test with words unless the condition holds.
macro_rules! hold {
    ($condition:expr, $($words:tt)+) => {
        if !$condition {
            return Err(format!($($words)+));
        }
    };
}
pub(crate) use hold;
