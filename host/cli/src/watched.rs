//! The child process that a plugin is tested in, and the lines it tells: JSON, one for each step.

use iolink_conformance::{Finding, Outcome};
use serde_json::{json, Value};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{channel, Receiver, RecvTimeoutError};
use std::time::Duration;

/// Children that may end by the plugin's doing before the rest is given up.
const MOST: usize = 20;

/// What the child tells.
pub enum Told {
    /// The plugin was refused.
    Refused(String),
    /// It was accepted.
    Loaded,
    /// A test of a provider's promise begins.
    Begins(String, String),
    /// A test ended.
    Ended(Finding),
    /// There are no more tests.
    Done,
}

/// A finding for programs.
pub fn to_json(finding: &Finding) -> Value {
    let (outcome, words) = match &finding.outcome {
        Outcome::Held => ("held", None),
        Outcome::Broken(seen) => ("broken", Some(seen)),
        Outcome::Untested(why) => ("untested", Some(why)),
    };
    json!({"provider": finding.provider, "promise": finding.promise, "outcome": outcome, "words": words})
}

fn from_json(value: &Value) -> Option<Finding> {
    let text = |name: &str| value[name].as_str().map(str::to_owned);
    let words = text("words").unwrap_or_default();
    let outcome = match value["outcome"].as_str()? {
        "held" => Outcome::Held,
        "broken" => Outcome::Broken(words),
        _ => Outcome::Untested(words),
    };
    Some(Finding { provider: text("provider")?, promise: text("promise")?, outcome })
}

/// Tells a step, in the child.
pub fn tell(told: &Told) {
    let value = match told {
        Told::Refused(reason) => json!({"refused": reason}),
        Told::Loaded => json!({"loaded": true}),
        Told::Begins(provider, promise) => json!({"begins": promise, "provider": provider}),
        Told::Ended(finding) => json!({"ended": to_json(finding)}),
        Told::Done => json!({"done": true}),
    };
    // A line of its own, whatever the plugin may have printed before.
    crate::say(format_args!("\n@{value}"));
}

fn heard(line: &str) -> Option<Told> {
    let value: Value = serde_json::from_str(line.strip_prefix('@')?).ok()?;
    let text = |name: &str| value[name].as_str().map(str::to_owned);
    if let Some(reason) = text("refused") {
        return Some(Told::Refused(reason));
    }
    if let (Some(promise), Some(provider)) = (text("begins"), text("provider")) {
        return Some(Told::Begins(provider, promise));
    }
    if let Some(finding) = from_json(&value["ended"]) {
        return Some(Told::Ended(finding));
    }
    value.get("done").map(|_| Told::Done).or_else(|| value.get("loaded").map(|_| Told::Loaded))
}

/// Runs the suite over the plugin in child processes.
pub fn run(library: &Path, samples: &[PathBuf], patience: Duration) -> Result<Vec<Finding>, String> {
    let name = library.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (mut findings, mut skip) = (Vec::new(), Vec::new());
    let loading = "descriptor: it is accepted when it is loaded";
    for _ in 0..MOST {
        let (mut child, lines) = start(library, samples, &skip)?;
        let mut running = (name.clone(), loading.to_owned());
        let ended = loop {
            match lines.recv_timeout(patience) {
                Ok(Told::Refused(reason)) => break Some(reason),
                Ok(Told::Loaded) => findings.push(finding(&running, Outcome::Held)),
                Ok(Told::Begins(provider, promise)) => running = (provider, promise),
                Ok(Told::Ended(told)) => findings.push(told),
                Ok(Told::Done) => break None,
                Err(RecvTimeoutError::Timeout) => {
                    let words = format!("it did not end within {} seconds", patience.as_secs());
                    break Some(words);
                }
                Err(RecvTimeoutError::Disconnected) => break Some(last_words(child.wait())),
            }
        };
        // One that is done has ended or is about to; one that hangs never would.
        let _ = child.kill();
        let _ = child.wait();
        let Some(words) = ended else { return Ok(unique(findings)) };
        findings.push(finding(&running, Outcome::Broken(words)));
        if running.1 == loading {
            return Ok(unique(findings));
        }
        skip.extend(findings.iter().map(|told| told.promise.clone()));
    }
    Err(format!("the plugin ended {MOST} processes; mend what is named above and check again"))
}

fn finding((provider, promise): &(String, String), outcome: Outcome) -> Finding {
    Finding { provider: provider.clone(), promise: promise.clone(), outcome }
}

/// Each finding once: every child loads the plugin, and tells again what cannot be tested.
fn unique(findings: Vec<Finding>) -> Vec<Finding> {
    let mut all: Vec<Finding> = Vec::with_capacity(findings.len());
    for finding in findings {
        if !all.contains(&finding) {
            all.push(finding);
        }
    }
    all
}

fn start(library: &Path, samples: &[PathBuf], skip: &[String]) -> Result<(Child, Receiver<Told>), String> {
    let program = std::env::current_exe().map_err(|error| format!("this program cannot be found: {error}"))?;
    let mut command = Command::new(program);
    command.arg("check-within").arg(library).stdin(Stdio::null()).stdout(Stdio::piped());
    for sample in samples {
        command.arg("--sample").arg(sample);
    }
    for promise in skip {
        command.arg("--skip").arg(promise);
    }
    // A plugin's panics are told as findings.
    command.env("RUST_BACKTRACE", "0").stderr(Stdio::null());
    let mut child = command.spawn().map_err(|error| format!("a child process cannot be started: {error}"))?;
    let output = child.stdout.take().ok_or("the child process has no output")?;
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        let told = BufReader::new(output).lines().map_while(Result::ok).filter_map(|line| heard(&line));
        for told in told {
            if sender.send(told).is_err() {
                break;
            }
        }
    });
    Ok((child, lines))
}

#[cfg(unix)]
fn last_words(ended: std::io::Result<ExitStatus>) -> String {
    use std::os::unix::process::ExitStatusExt;
    match ended.map(|status| (status.signal(), status.code())) {
        Ok((Some(signal), _)) => {
            let names = [(4, "SIGILL"), (6, "SIGABRT"), (7, "SIGBUS"), (8, "SIGFPE"), (9, "SIGKILL"), (11, "SIGSEGV")];
            let name = names.iter().find(|(number, _)| *number == signal).map_or("a signal", |(_, name)| name);
            format!("the process died of {name} ({signal})")
        }
        Ok((None, code)) => format!("the process ended with status {}", code.unwrap_or(-1)),
        Err(error) => format!("the process was lost: {error}"),
    }
}

#[cfg(not(unix))]
fn last_words(ended: std::io::Result<ExitStatus>) -> String {
    ended.map_or_else(|error| error.to_string(), |status| format!("the process ended with {status}"))
}
