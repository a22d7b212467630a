//! Tests that select themselves by what a provider claims. A claimed capability is a tested one: [`check`] goes through
//! every offer of every provider that a registry knows, makes a view by it, and holds the view to its capabilities.
//!
//! The same tests run on providers that are linked in and on the same providers loaded as plugins; see
//! `tests/near_and_far.rs`.

mod frame;
mod image;
mod make;
mod random_access;
mod stream;

use iolink_host::Registry;
use iolink_sdk::provider::OfferKind;
use iolink_sdk::{Kind, View};
use std::fmt;

/// One promise that was held, or broken.
#[derive(Debug, Clone)]
pub struct Finding {
    /// Id of the provider.
    pub provider: String,
    /// What was promised, as `kind: promise`.
    pub promise: String,
    /// What was seen instead, where it was broken.
    pub broken: Option<String>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.broken {
            None => write!(f, "ok      {} {}", self.provider, self.promise),
            Some(seen) => write!(f, "BROKEN  {} {}: {seen}", self.provider, self.promise),
        }
    }
}

/// Result of one test: `Err` says what was seen instead.
pub type Held = Result<(), String>;

/// The list of findings about one provider.
pub struct Report<'a> {
    provider: &'a str,
    findings: Vec<Finding>,
}

impl Report<'_> {
    /// Runs one test; a panic in it is a broken promise too.
    pub(crate) fn test(&mut self, promise: &str, test: impl FnOnce() -> Held) {
        let seen = std::panic::catch_unwind(std::panic::AssertUnwindSafe(test));
        let broken = match seen {
            Ok(Ok(())) => None,
            Ok(Err(seen)) => Some(seen),
            Err(payload) => Some(
                payload
                    .downcast_ref::<String>()
                    .cloned()
                    .or_else(|| payload.downcast_ref::<&str>().map(|words| (*words).to_owned()))
                    .unwrap_or_else(|| "a panic".to_owned()),
            ),
        };
        self.findings.push(Finding { provider: self.provider.to_owned(), promise: promise.to_owned(), broken });
    }
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

/// Goes through every CREATE, ADOPT and CONVERT offer of the registry's providers.
pub fn check(registry: &Registry) -> Vec<Finding> {
    let mut findings = Vec::new();
    for plugin in registry.plugins(true) {
        for provider in &plugin.providers {
            let mut report = Report { provider: &provider.id, findings: Vec::new() };
            for offer in &provider.offers {
                let claimed = offer.capabilities;
                match (offer.offer, offer.kind) {
                    (OfferKind::Create | OfferKind::Adopt, Kind::Image) => {
                        image::check(&mut report, registry, offer.offer, claimed);
                    }
                    (OfferKind::Convert, Kind::Image) => image::check_conversion(&mut report, registry, claimed),
                    (OfferKind::Create, Kind::MultiImage) => image::check_sets(&mut report, registry),
                    (OfferKind::Create | OfferKind::Adopt, Kind::Stream) => {
                        stream::check(&mut report, registry, offer.offer, claimed);
                    }
                    (OfferKind::Create | OfferKind::Adopt, Kind::RandomAccess) => {
                        random_access::check(&mut report, registry, offer.offer, claimed);
                    }
                    (OfferKind::Create | OfferKind::Adopt, Kind::DataFrame) => {
                        frame::check(&mut report, registry, offer.offer, claimed);
                    }
                    // An OPEN offer is tested with files of its format, by whoever has them.
                    _ => {}
                }
            }
            findings.extend(report.findings);
        }
    }
    findings
}

/// Does the view have what its offer promised, and come back over the border as itself?
pub(crate) fn claims(view: &View, claimed: u64) -> Held {
    let has = view.capability_bits();
    hold!(has & claimed == claimed, "the offer promises {claimed:#b}, the view has {has:#b}");
    let raw = view.clone().into_raw("conformance");
    // SAFETY: the reference was made one line above and is handed over.
    let again = unsafe { View::from_raw(raw) }.map_err(|error| error.to_string())?;
    hold!(again.kind() == view.kind(), "over the border it is a {}", again.kind().word());
    hold!(again.capability_bits() == has, "over the border its capabilities are {:#b}", again.capability_bits());
    Ok(())
}
