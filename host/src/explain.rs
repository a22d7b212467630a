//! The router's choice for people: candidates, choice, why, and what it costs.

use crate::open::{Claim, RefusedClaim};
use crate::record::OptionRecord;
use crate::registry::Registry;
use crate::source;
use crate::ways::{bytes, meets, words, Way};
use iolink_sdk::{Cost, Error, Source, Target, View};
use std::fmt;

/// Why the router does what it does. `Display` prints it for people, several lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// What was asked for.
    pub target: String,
    /// Ids of the providers that are chosen, joined by ` -> `; nothing where nothing needs to be done, or can be.
    pub chosen: Option<String>,
    /// The reason, in one sentence or, for refusals, as the error says it.
    pub why: String,
    /// Bytes that will be copied before the first sample can be used; nothing where nobody knows before.
    pub bytes_copied: Option<u64>,
    /// Everything that was weighed, best first.
    pub candidates: Vec<Candidate>,
    /// Opening: the options that the chosen provider declares.
    pub options: Vec<OptionRecord>,
}

/// One way that was weighed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Ids of its providers, joined by ` -> `.
    pub provider: String,
    /// What each step does.
    pub steps: Vec<String>,
    /// `shared`, `lazy`, `copy`, or what the provider decides: `open`.
    pub cost: String,
    /// Bytes copied, where they are known.
    pub bytes: Option<u64>,
    /// How sure it is, 0 to 100, where sources are opened.
    pub score: Option<u32>,
    /// `available`, `loaded` or `refused`.
    pub state: String,
    /// Why it was chosen or passed over.
    pub verdict: String,
}

impl Explanation {
    fn refusal(target: String, error: &Error) -> Self {
        Explanation {
            target,
            chosen: None,
            why: error.message().to_owned(),
            bytes_copied: None,
            candidates: Vec::new(),
            options: Vec::new(),
        }
    }
}

impl Registry {
    /// How a view would become what `target` asks for. Nothing is loaded and nothing is read.
    pub fn explain_view(&self, view: &View, target: Target) -> Explanation {
        let (kind, capabilities) = (view.kind(), view.capability_bits());
        let wanted = format!("{:?} as {}", view, words(target.kind, target.capabilities));
        let direct = meets(kind, capabilities, target);
        if !direct {
            self.discover();
        }
        let size = bytes(view);
        let ways = if direct { Vec::new() } else { self.ways(kind, capabilities, target) };
        let mut candidates: Vec<Candidate> =
            ways.iter().enumerate().map(|(place, way)| weighed(way, size, place, &ways)).collect();
        if direct {
            candidates.push(Candidate {
                provider: "the view itself".to_owned(),
                steps: Vec::new(),
                cost: Cost::Shared.word().to_owned(),
                bytes: Some(0),
                score: None,
                state: "loaded".to_owned(),
                verdict: "chosen".to_owned(),
            });
            return Explanation {
                target: wanted,
                chosen: None,
                why: "the view has all that is asked for".to_owned(),
                bytes_copied: Some(0),
                candidates,
                options: Vec::new(),
            };
        }
        for (provider, missing) in self.blocked(kind, capabilities, target) {
            candidates.push(Candidate {
                provider,
                steps: Vec::new(),
                cost: String::new(),
                bytes: None,
                score: None,
                state: String::new(),
                verdict: format!("the view has no {missing}"),
            });
        }
        match ways.first() {
            Some(way) => Explanation {
                target: wanted,
                chosen: Some(ids(way)),
                why: match (way.copies(), ways.len()) {
                    (0, _) => "it copies nothing".to_owned(),
                    (_, 1) => "it is the only way; everything is copied".to_owned(),
                    _ => "no way copies less".to_owned(),
                },
                bytes_copied: copied(way, size),
                candidates,
                options: Vec::new(),
            },
            None => {
                let refused = Explanation::refusal(wanted, &self.no_way(kind, capabilities, target));
                Explanation { candidates, ..refused }
            }
        }
    }

    /// Who would open a source. Nothing is loaded; where there are several candidates, those are asked when the source is
    /// opened, and may change the order.
    pub fn explain_open(&self, source: &Source, provider: Option<&str>) -> Explanation {
        let wanted = format!("open {}", source::name(source));
        self.discover();
        let claims = source::complete(source.clone()).and_then(|source| self.claims(&source, provider));
        let claims = match claims {
            Ok(claims) => claims,
            Err(error) => return Explanation::refusal(wanted, &error),
        };
        let refused = claims.refused;
        let claims = claims.usable;
        let first = &claims[0];
        let others = claims.len() - 1;
        let mut why = match others {
            0 => format!("it is the only candidate, by {}", first.why),
            1 => format!("it is the best of 2 by {}; both are asked before one opens", first.why),
            _ => format!("it is the best of {} by {}; all are asked before one opens", claims.len(), first.why),
        };
        if !refused.is_empty() {
            let ids: Vec<&str> = refused.iter().map(|claim| claim.provider.as_str()).collect();
            why.push_str(&format!("; {} would be a candidate and was refused", ids.join(", ")));
        }
        let weighed = claims.iter().enumerate().map(|(place, claim)| claimed(claim, place));
        Explanation {
            target: wanted,
            chosen: Some(first.provider.clone()),
            why,
            bytes_copied: None,
            candidates: weighed.chain(refused.iter().map(passed_over)).collect(),
            options: self.options(&first.provider),
        }
    }
}

impl Registry {
    /// The options that a provider declares; none where there is no such provider.
    pub fn options(&self, provider: &str) -> Vec<OptionRecord> {
        let plugins = self.read();
        let mut providers = plugins.iter().flat_map(|plugin| &plugin.info.providers);
        providers.find(|record| record.id == provider).map(|record| record.options.clone()).unwrap_or_default()
    }
}

fn ids(way: &Way) -> String {
    way.steps.iter().map(|step| step.provider.as_str()).collect::<Vec<_>>().join(" -> ")
}

fn copied(way: &Way, size: Option<u64>) -> Option<u64> {
    match way.copies() {
        0 => Some(0),
        copies => size.and_then(|size| size.checked_mul(copies)),
    }
}

fn weighed(way: &Way, size: Option<u64>, place: usize, ways: &[Way]) -> Candidate {
    let cost = way.steps.iter().filter_map(|step| step.offer.cost).max().unwrap_or(Cost::Shared);
    let best = &ways[0];
    let verdict = match place {
        0 => "chosen",
        _ if way.copies() > best.copies() => "copies more",
        _ if way.steps.iter().all(|step| step.liked == usize::MAX)
            && best.steps.iter().any(|step| step.liked < usize::MAX) =>
        {
            "not the one preferred"
        }
        _ if way.steps.len() > best.steps.len() => "takes more steps",
        _ => "the same cost; comes later in the order",
    };
    let mut states: Vec<&str> = way.steps.iter().map(|step| step.state.word()).collect();
    states.dedup();
    Candidate {
        provider: ids(way),
        steps: way
            .steps
            .iter()
            .map(|step| {
                let from = step.offer.from_kind.map_or(String::new(), |from| words(from, step.offer.from_capabilities));
                format!("{from} to {}", words(step.offer.kind, step.offer.capabilities))
            })
            .collect(),
        cost: cost.word().to_owned(),
        bytes: copied(way, size),
        score: None,
        state: states.join(" -> "),
        verdict: verdict.to_owned(),
    }
}

fn claimed(claim: &Claim, place: usize) -> Candidate {
    let format = if claim.offer.format.is_empty() { claim.offer.kind.word() } else { &claim.offer.format };
    Candidate {
        provider: claim.provider.clone(),
        steps: vec![format!("{format} as {}", words(claim.offer.kind, claim.offer.capabilities))],
        cost: "open".to_owned(),
        bytes: None,
        score: Some(claim.score),
        state: claim.state.word().to_owned(),
        verdict: if place == 0 { format!("chosen, by {}", claim.why) } else { format!("next, by {}", claim.why) },
    }
}

fn passed_over(claim: &RefusedClaim) -> Candidate {
    let format = if claim.offer.format.is_empty() { claim.offer.kind.word() } else { &claim.offer.format };
    Candidate {
        provider: claim.provider.clone(),
        steps: vec![format!("{format} as {}", words(claim.offer.kind, claim.offer.capabilities))],
        cost: "open".to_owned(),
        bytes: None,
        score: None,
        state: "refused".to_owned(),
        verdict: claim.reason.clone(),
    }
}

/// Bytes in words: `7.1 MiB (7491234 bytes)`.
fn bytes_words(bytes: u64) -> String {
    let (mut value, mut unit) = (bytes as f64, "bytes");
    for next in ["KiB", "MiB", "GiB", "TiB"] {
        if value < 1024.0 {
            break;
        }
        (value, unit) = (value / 1024.0, next);
    }
    if unit == "bytes" {
        format!("{bytes} bytes")
    } else {
        format!("{value:.1} {unit} ({bytes} bytes)")
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "wanted  {}", self.target)?;
        writeln!(f, "chosen  {}", self.chosen.as_deref().unwrap_or("-"))?;
        writeln!(f, "why     {}", self.why.replace('\n', "\n        "))?;
        let copied = match self.bytes_copied {
            Some(0) => "nothing".to_owned(),
            Some(bytes) => bytes_words(bytes),
            None => "known only to the provider".to_owned(),
        };
        write!(f, "copied  {copied}")?;
        for (place, option) in self.options.iter().enumerate() {
            write!(f, "\n{:<8}{option}", if place == 0 { "options" } else { "" })?;
        }
        if self.candidates.is_empty() {
            return Ok(());
        }
        let head = ["candidate", "cost", "copied", "score", "state", "verdict", "does"].map(str::to_owned);
        let dash = |text: String| if text.is_empty() { "-".to_owned() } else { text };
        let rows = self.candidates.iter().map(|candidate| {
            [
                candidate.provider.clone(),
                dash(candidate.cost.clone()),
                dash(candidate.bytes.map_or(String::new(), |bytes| bytes.to_string())),
                dash(candidate.score.map_or(String::new(), |score| score.to_string())),
                dash(candidate.state.clone()),
                candidate.verdict.clone(),
                dash(candidate.steps.join(", then ")),
            ]
        });
        let rows: Vec<[String; 7]> = std::iter::once(head).chain(rows).collect();
        let widths: Vec<usize> =
            (0..7).map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0)).collect();
        for row in rows {
            let cells: Vec<String> =
                row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}", width = *width)).collect();
            write!(f, "\n  {}", cells.join("  ").trim_end())?;
        }
        Ok(())
    }
}
