//! What the router weighs: offers, ways of one or two conversions, and their order.

use crate::record::{OfferRecord, PluginState};
use crate::registry::Plugin;
use iolink_sdk::provider::OfferKind;
use iolink_sdk::{Convert, Cost, Kind, View};
use std::cmp::Ordering as Order;

/// A provider and one of its offers, as the router weighs them.
#[derive(Clone)]
pub(crate) struct Step {
    pub(crate) plugin: String,
    pub(crate) provider: String,
    pub(crate) state: PluginState,
    pub(crate) builtin: bool,
    pub(crate) liked: usize,
    pub(crate) offer: OfferRecord,
}

impl Step {
    /// What the conversion leads to when it is a step of the way.
    pub(crate) fn result(&self) -> Convert {
        Convert::new(self.offer.kind, self.offer.capabilities)
    }

    fn copies(&self) -> bool {
        self.offer.cost == Some(Cost::Copy)
    }
}

/// Place of a provider in the user's preference; those that are not named come last.
pub(crate) fn liking(preference: &[String], plugin: &str, provider: &str) -> usize {
    preference.iter().position(|id| id == provider || id == plugin).unwrap_or(usize::MAX)
}

/// Every offer of one kind that is not refused.
pub(crate) fn steps(plugins: &[Plugin], preference: &[String], wanted: OfferKind) -> Vec<Step> {
    let mut all = Vec::new();
    for plugin in plugins.iter().filter(|plugin| plugin.info.state != PluginState::Refused) {
        for provider in &plugin.info.providers {
            for offer in provider.offers.iter().filter(|offer| offer.offer == wanted) {
                all.push(Step {
                    plugin: plugin.info.id.clone(),
                    provider: provider.id.clone(),
                    state: plugin.info.state,
                    builtin: plugin.info.builtin,
                    liked: liking(preference, &plugin.info.id, &provider.id),
                    offer: offer.clone(),
                });
            }
        }
    }
    all
}

/// Order of providers that do the same.
pub(crate) fn by_rank(one: &Step, other: &Step) -> Order {
    let key = |step: &Step| (step.liked, !step.builtin);
    key(one).cmp(&key(other)).then_with(|| (&one.plugin, &one.provider).cmp(&(&other.plugin, &other.provider)))
}

/// A way from one view to another: one or two conversions.
#[derive(Clone)]
pub(crate) struct Way {
    pub(crate) steps: Vec<Step>,
}

impl Way {
    /// How often everything is copied.
    pub(crate) fn copies(&self) -> u64 {
        self.steps.iter().filter(|step| step.copies()).count() as u64
    }

    fn lazy(&self) -> usize {
        self.steps.iter().filter(|step| step.offer.cost == Some(Cost::Lazy)).count()
    }

    fn rank(&self, other: &Way) -> Order {
        let key = |way: &Way| {
            let liked = way.steps.iter().map(|step| step.liked).min().unwrap_or(usize::MAX);
            let loaded = way.steps.iter().filter(|step| !step.builtin).count();
            (way.copies(), liked, way.steps.len(), way.lazy(), loaded)
        };
        let ids = |way: &Way| -> Vec<(String, String)> {
            way.steps.iter().map(|step| (step.plugin.clone(), step.provider.clone())).collect()
        };
        key(self).cmp(&key(other)).then_with(|| ids(self).cmp(&ids(other)))
    }
}

/// Every way of at most two conversions, best first.
pub(crate) fn ways(all: &[Step], kind: Kind, capabilities: u64, target: &Convert) -> Vec<Way> {
    let takes = |step: &Step, kind, bits: u64| {
        step.offer.from_kind == Some(kind) && bits & step.offer.from_capabilities == step.offer.from_capabilities
    };
    let arrives = |step: &Step| meets(step.offer.kind, step.offer.capabilities, target);
    let mut ways = Vec::new();
    for first in all.iter().filter(|step| takes(step, kind, capabilities)) {
        if arrives(first) {
            ways.push(Way { steps: vec![first.clone()] });
            continue;
        }
        for second in all.iter().filter(|step| takes(step, first.offer.kind, first.offer.capabilities)) {
            if arrives(second) {
                ways.push(Way { steps: vec![first.clone(), second.clone()] });
            }
        }
    }
    ways.sort_by(Way::rank);
    ways
}

/// Has a view of this kind and these capabilities all of the target?
pub(crate) fn meets(kind: Kind, capabilities: u64, target: &Convert) -> bool {
    kind == target.kind && capabilities & target.capabilities == target.capabilities
}

/// A kind and capabilities in words: `image with READ | WRITE`.
pub(crate) fn words(kind: Kind, capabilities: u64) -> String {
    match kind.capability_names(capabilities) {
        names if names.is_empty() => kind.word().to_owned(),
        names => format!("{} with {}", kind.word(), names.join(" | ")),
    }
}

/// Bytes of a view's data, where it knows.
pub(crate) fn bytes(view: &View) -> Option<u64> {
    match view {
        View::Image(image) => image.shape().element_count()?.checked_mul(image.data_type().byte_count() as u64),
        View::Stream(stream) => stream.length().ok(),
        View::RandomAccess(bytes) => bytes.length().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(id: &str, from: (Kind, u64), to: (Kind, u64), cost: Cost) -> Step {
        Step {
            plugin: id.to_owned(),
            provider: id.to_owned(),
            state: PluginState::Loaded,
            builtin: true,
            liked: usize::MAX,
            offer: OfferRecord {
                capabilities: to.1,
                from_kind: Some(from.0),
                from_capabilities: from.1,
                cost: Some(cost),
                ..OfferRecord::new(OfferKind::Convert, to.0)
            },
        }
    }

    fn found(all: &[Step], target: (Kind, u64)) -> Vec<String> {
        let target = Convert::new(target.0, target.1);
        let name = |way: &Way| way.steps.iter().map(|step| step.provider.as_str()).collect::<Vec<_>>().join("+");
        ways(all, Kind::DataFrame, 1, &target).iter().map(name).collect()
    }

    const FRAME: (Kind, u64) = (Kind::DataFrame, 1);
    const IMAGE: (Kind, u64) = (Kind::Image, 1);
    const MEMORY: (Kind, u64) = (Kind::Image, 5);

    #[test]
    fn fewest_copies_come_before_fewest_steps() {
        let all = [
            step("direct", FRAME, MEMORY, Cost::Copy),
            step("lazy", FRAME, IMAGE, Cost::Lazy),
            step("share", IMAGE, MEMORY, Cost::Shared),
            step("copy", IMAGE, MEMORY, Cost::Copy),
        ];
        assert_eq!(found(&all, MEMORY), ["lazy+share", "direct", "lazy+copy"]);
    }

    #[test]
    fn the_preference_decides_between_equal_copies_and_never_against_fewer() {
        let mut all = [
            step("a", FRAME, MEMORY, Cost::Copy),
            step("b", FRAME, MEMORY, Cost::Copy),
            step("c", FRAME, MEMORY, Cost::Shared),
        ];
        assert_eq!(found(&all, MEMORY), ["c", "a", "b"]);
        all[1].liked = 0;
        assert_eq!(found(&all, MEMORY), ["c", "b", "a"]);
    }

    #[test]
    fn linked_in_comes_before_loaded_and_then_the_id_decides() {
        let mut all = [
            step("c", FRAME, IMAGE, Cost::Lazy),
            step("b", FRAME, IMAGE, Cost::Lazy),
            step("a", FRAME, IMAGE, Cost::Lazy),
        ];
        all[2].builtin = false;
        assert_eq!(found(&all, IMAGE), ["b", "c", "a"]);
    }

    #[test]
    fn no_way_is_longer_than_two_and_none_starts_without_what_it_needs() {
        let stream = (Kind::Stream, 1);
        let all = [
            step("one", FRAME, IMAGE, Cost::Lazy),
            step("two", IMAGE, MEMORY, Cost::Lazy),
            step("three", MEMORY, stream, Cost::Lazy),
            step("needs", (Kind::DataFrame, 3), stream, Cost::Shared),
        ];
        assert!(found(&all, stream).is_empty());
        assert_eq!(found(&all, MEMORY), ["one+two"]);
    }
}
