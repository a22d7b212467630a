//! `iolink plugins`: what is installed.

use crate::{place, say, say_json, Ended};
use clap::ArgMatches;
use iolink_host::{OfferRecord, OptionRecord, PluginInfo};
use serde_json::{json, Value};

pub fn run(given: &ArgMatches) -> Ended {
    let plugins = place::registry().plugins(given.get_flag("load"));
    if given.get_flag("json") {
        say_json(&Value::Array(plugins.iter().map(as_json).collect()));
        return Ok(true);
    }
    let head = ["id", "version", "state", "offers", "reason"].map(str::to_owned);
    let rows = plugins.iter().map(|plugin| {
        let option = |option: &OptionRecord| format!("option {} ({})", option.name, option.value_type.word());
        let options = plugin.providers.iter().flat_map(|provider| provider.options(None)).map(|one| option(&one));
        let offers = plugin.providers.iter().flat_map(|provider| &provider.offers).map(offer_line).chain(options);
        let state = if plugin.builtin { "built-in" } else { plugin.state.word() };
        [
            plugin.id.clone(),
            plugin.version.clone(),
            state.to_owned(),
            offers.collect::<Vec<_>>().join("; "),
            plugin.reason.clone().unwrap_or_default(),
        ]
    });
    let rows: Vec<[String; 5]> = std::iter::once(head).chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let (id, version, state) = (width(0), width(1), width(2));
    for [name, number, word, offers, reason] in &rows {
        say(format!("{name:<id$}  {number:<version$}  {word:<state$}  {offers}  {reason}").trim_end());
    }
    Ok(true)
}

/// A plugin for programs.
pub fn as_json(plugin: &PluginInfo) -> Value {
    let provider = |provider: &iolink_host::ProviderRecord| {
        json!({
            "id": provider.id,
            "title": provider.title,
            "offers": provider.offers.iter().map(offer_json).collect::<Vec<_>>(),
            "options": provider.options(None).iter().map(option_json).collect::<Vec<_>>(),
        })
    };
    json!({
        "id": plugin.id,
        "version": plugin.version,
        "kind": match (&plugin.python, plugin.builtin) {
            (Some(_), _) => "python",
            (None, true) => "built-in",
            (None, false) => "plugin",
        },
        "state": plugin.state.word(),
        "path": plugin.path,
        "reason": plugin.reason,
        "providers": plugin.providers.iter().map(provider).collect::<Vec<_>>(),
    })
}

/// An option for programs.
pub fn option_json(option: &OptionRecord) -> Value {
    json!({
        "name": option.name,
        "type": option.value_type.word(),
        "default": option.default_value,
        "description": option.description,
        "choices": option.choices,
    })
}

fn offer_json(offer: &OfferRecord) -> Value {
    json!({
        "offer": offer.offer.word(),
        "kind": offer.kind.word(),
        "capabilities": offer.kind.capability_names(offer.capabilities),
        "from": offer.from_kind.map(|kind| kind.word()),
        "cost": offer.cost.map(|cost| cost.word()),
        "format": offer.format,
        "extensions": offer.extensions,
        "media_types": offer.media_types,
        "schemes": offer.schemes,
    })
}

/// One offer as words for people: `open image NIfTI (nii, nii.gz)`.
pub fn offer_line(offer: &OfferRecord) -> String {
    let from = offer.from_kind.map(|kind| format!("{} to ", kind.word())).unwrap_or_default();
    let mut line = format!("{} {from}{}", offer.offer.word(), offer.kind.word());
    if !offer.format.is_empty() {
        line = format!("{line} {}", offer.format);
    }
    if !offer.extensions.is_empty() {
        line = format!("{line} ({})", offer.extensions.join(", "));
    }
    line
}
