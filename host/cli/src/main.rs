//! `iolink`: looks at plugins and files, checks plugins, copies data, and starts a new plugin.
//!
//! Answers go to standard output, for people or, with `--json`, for programs; progress and errors go to standard error.
//! The exit status is 0 where all went well, 1 where it did not, 2 where the command line could not be understood.

mod arguments;
mod check;
mod copy;
mod explain;
mod info;
mod new_plugin;
mod npy;
mod place;
mod plugins;
mod progress;
mod watched;

use clap::ArgMatches;
use std::process::ExitCode;

// Linked-in providers: naming the crates keeps their descriptors in this program.
use iolink_plugin_dataframe as _;
use iolink_plugin_memory as _;
use iolink_plugin_numpy as _;
use iolink_plugin_stream as _;

/// What a command ends with: whether all was well, or words for people.
type Ended = Result<bool, String>;

fn main() -> ExitCode {
    let matches = arguments::command().get_matches();
    let ended = match matches.subcommand() {
        Some(("plugins", given)) => plugins::run(given),
        Some(("info", given)) => info::run(given),
        Some(("explain", given)) => explain::run(given),
        Some(("copy", given)) => copy::run(given),
        Some(("check", given)) => check::run(given),
        Some(("check-within", given)) => check::within(given),
        Some(("new-plugin", given)) => new_plugin::run(given),
        Some(("completions", given)) => completions(given),
        _ => Err("no command was given; iolink --help lists them".to_owned()),
    };
    match ended {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(words) => {
            eprintln!("iolink: {words}");
            ExitCode::FAILURE
        }
    }
}

fn completions(given: &ArgMatches) -> Ended {
    let shell = given.get_one::<clap_complete::Shell>("shell").copied().ok_or("no shell was named")?;
    clap_complete::generate(shell, &mut arguments::command(), "iolink", &mut std::io::stdout());
    Ok(true)
}

/// Prints a line of the answer; whoever closed the pipe has read enough.
fn say(text: impl std::fmt::Display) {
    use std::io::Write;
    if writeln!(std::io::stdout(), "{text}").is_err() {
        std::process::exit(0);
    }
}

/// Prints an answer for programs.
fn say_json(value: &serde_json::Value) {
    say(format_args!("{value:#}"));
}
