//! `iolink explain`: who would do it, and why.

use crate::{arguments, info, place, plugins, say, say_json, Ended};
use clap::ArgMatches;
use iolink_host::Explanation;
use iolink_sdk::{Convert, DataFrameCapability, ImageCapability, Kind};
use serde_json::{json, Value};

pub fn run(given: &ArgMatches) -> Ended {
    let registry = place::registry();
    let mut explanations = vec![registry.explain_open(&arguments::source(given)?, arguments::provider(given))];
    let mut fine = explanations[0].chosen.is_some();
    if let Some(name) = given.get_one::<String>("as").filter(|_| fine) {
        let opened = info::open(&registry, given)?;
        let target = match name.as_str() {
            "numpy" => Convert::new(Kind::Image, ImageCapability::MEMORY_ACCESS.value()),
            "image" => Convert::new(Kind::Image, ImageCapability::READ.value()),
            _ => Convert::new(Kind::DataFrame, DataFrameCapability::READ.value()),
        };
        let explanation = registry.explain_view(&opened.view, &target);
        // Nothing is chosen where the view already is what is wanted.
        fine = explanation.chosen.is_some() || explanation.bytes_copied == Some(0);
        explanations.push(explanation);
    }
    if given.get_flag("json") {
        say_json(&Value::Array(explanations.iter().map(as_json).collect()));
    } else {
        explanations.iter().for_each(say);
    }
    Ok(fine)
}

fn as_json(explanation: &Explanation) -> Value {
    let candidates = explanation.candidates.iter().map(|candidate| {
        json!({
            "provider": candidate.provider,
            "steps": candidate.steps,
            "cost": candidate.cost,
            "bytes": candidate.bytes,
            "score": candidate.score,
            "state": candidate.state,
            "verdict": candidate.verdict,
        })
    });
    json!({
        "wanted": explanation.target,
        "chosen": explanation.chosen,
        "why": explanation.why,
        "bytes_copied": explanation.bytes_copied,
        "candidates": candidates.collect::<Vec<_>>(),
        "options": explanation.options.iter().map(plugins::option_json).collect::<Vec<_>>(),
    })
}
