//! `iolink check`: everything that can be known of a plugin before others use it.
//!
//! First the file, its exports and its manifest, without running it; then, in a child process, its descriptor and every
//! promise that it makes. A test that ends the child or never ends is named, and the others run in another child.

use crate::watched::{self, Told};
use crate::{arguments, say, say_json, Ended};
use clap::ArgMatches;
use iolink_conformance::{Finding, Outcome, Step, Suite};
use iolink_host::{inspect, PluginState, Registry};
use serde_json::{json, Value};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub fn run(given: &ArgMatches) -> Ended {
    let library = library(&arguments::path(given, "plugin"))?;
    let samples = samples(given, &library);
    let mut findings = of_the_file(&library)?;
    if findings.iter().all(|finding| finding.broken().is_none()) {
        let seconds = given.get_one::<u64>("timeout").copied().unwrap_or(30);
        findings.extend(watched::run(&library, &samples, Duration::from_secs(seconds))?);
    }
    let count = |wanted: fn(&Outcome) -> bool| findings.iter().filter(|finding| wanted(&finding.outcome)).count();
    let (held, broken) = (count(|it| *it == Outcome::Held), count(|it| matches!(it, Outcome::Broken(_))));
    let untested = findings.len() - held - broken;
    let fine = broken == 0 && (untested == 0 || !given.get_flag("strict"));
    if given.get_flag("json") {
        let list: Vec<Value> = findings.iter().map(watched::to_json).collect();
        say_json(&json!({"plugin": library, "held": held, "broken": broken, "untested": untested, "findings": list}));
        return Ok(fine);
    }
    for finding in &findings {
        if given.get_flag("verbose") || finding.outcome != Outcome::Held {
            say(finding);
        }
    }
    say(format_args!("{}: {held} promises held, {broken} broken, {untested} untested", library.display()));
    Ok(fine)
}

/// The library that is meant: itself, or the only one in a folder, or in the places where projects build theirs.
fn library(given: &Path) -> Result<PathBuf, String> {
    let whole = given.canonicalize().map_err(|error| format!("{}: {error}", given.display()))?;
    if whole.is_file() {
        return Ok(whole);
    }
    for place in ["", "build", "target/release", "target/debug"] {
        let Ok(entries) = whole.join(place).read_dir() else { continue };
        let mut found: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        found.retain(|path| path.is_file() && path.extension().is_some_and(|ending| ending == "so"));
        found.sort();
        match found.as_slice() {
            [] => {}
            [one] => return Ok(one.clone()),
            [one, other, ..] => {
                return Err(format!("{} and {} are both there; name one", one.display(), other.display()));
            }
        }
    }
    Err(format!("there is no library in {}; build the project first, or name the file", given.display()))
}

/// Files that were named, and those in the folder `samples` of the library's project.
fn samples(given: &ArgMatches, library: &Path) -> Vec<PathBuf> {
    let named = given.get_many::<PathBuf>("sample").into_iter().flatten().cloned();
    let mut all: Vec<PathBuf> = named.collect();
    let above = library.ancestors().skip(1).take(3).map(|folder| folder.join("samples"));
    if let Some(entries) = above.filter_map(|folder| folder.read_dir().ok()).next() {
        let mut files: Vec<PathBuf> =
            entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file()).collect();
        files.sort();
        all.extend(files);
    }
    all
}

/// What the file gives away.
fn of_the_file(library: &Path) -> Result<Vec<Finding>, String> {
    let seen = inspect(library).map_err(|error| error.to_string())?;
    let provider = seen.info.id.clone();
    let finding = |promise: &str, broken: Option<String>| Finding {
        provider: provider.clone(),
        promise: promise.to_owned(),
        outcome: broken.map_or(Outcome::Held, Outcome::Broken),
    };
    let refused = seen.info.state == PluginState::Refused;
    let promise = "file: a whole library for this machine, with one symbol and a manifest, that may be loaded";
    let mut findings = vec![finding(promise, seen.info.reason.filter(|_| refused))];
    let others = (!seen.exports.is_empty()).then(|| {
        let some = seen.exports.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
        format!(
            "it exports {} symbols more, such as {some}, which may take the place of others' in a program; compile C with \
             -fvisibility=hidden, link Rust with -Wl,--exclude-libs,ALL",
            seen.exports.len()
        )
    });
    findings.push(finding("exports: iolink_plugin_v1 and nothing else", others));
    Ok(findings)
}

/// In the child: loads the plugin alone and runs the suite, telling each step on standard output.
pub fn within(given: &ArgMatches) -> Ended {
    let library = arguments::path(given, "plugin");
    let registry = Registry::builder().builtin(false).plugin_path_env(false).system_dirs(Vec::new()).build();
    let info = match registry.load_plugin(&library) {
        Ok(info) => info,
        Err(refused) => {
            watched::tell(&Told::Refused(refused.to_string()));
            return Ok(false);
        }
    };
    watched::tell(&Told::Loaded);
    for provider in &info.providers {
        let mut suite = Suite::new(&registry).watch(|step| {
            watched::tell(&match step {
                Step::Begins(promise) => Told::Begins(provider.id.clone(), promise.to_owned()),
                Step::Ended(finding) => Told::Ended(finding.clone()),
            });
        });
        for sample in given.get_many::<PathBuf>("sample").into_iter().flatten() {
            suite = suite.sample(sample);
        }
        for skipped in given.get_many::<String>("skip").into_iter().flatten() {
            suite = suite.skip(skipped);
        }
        suite.run(&provider.id).map_err(|error| error.to_string())?;
    }
    watched::tell(&Told::Done);
    Ok(true)
}
