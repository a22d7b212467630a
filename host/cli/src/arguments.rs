//! The command line.

use clap::{value_parser, Arg, ArgAction, ArgMatches, Command};
use clap_complete::Shell;
use iolink_sdk::Source;
use std::path::PathBuf;

/// All of it.
pub fn command() -> Command {
    Command::new("iolink")
        .about("Images, tables and byte streams wherever they live")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands([
            Command::new("plugins")
                .about("Lists what is installed: id, version, offers, state, reason")
                .args([json(), flag("load", "Load all that can be loaded, and say why the rest cannot")]),
            Command::new("info").about("Opens a file and says what it is").args([file(), json()]).args(opening()),
            Command::new("explain")
                .about("Says who would open a file, and what it would take to have it as something else")
                .args([
                    file(),
                    json(),
                    Arg::new("as")
                        .long("as")
                        .value_name("TARGET")
                        .value_parser(["numpy", "image", "pandas", "arrow"])
                        .help("Open the file and say how it becomes this"),
                ])
                .args(opening()),
            Command::new("copy")
                .about("Copies what a file holds into another: images to .npy or .raw, tables to formats that are saved, bytes to any name")
                .args([
                    file(),
                    Arg::new("out").value_name("OUT").required(true).value_parser(value_parser!(PathBuf)),
                    json(),
                    flag("force", "Replace OUT where it exists"),
                    flag("quiet", "Show no progress"),
                    Arg::new("frame")
                        .long("frame")
                        .value_name("N")
                        .value_parser(value_parser!(u64))
                        .help("Which image of a set, counted from 0"),
                    Arg::new("level")
                        .long("level")
                        .value_name("N")
                        .allow_negative_numbers(true)
                        .value_parser(value_parser!(i64))
                        .help("Which level of a pyramid; 0 is the original"),
                ])
                .args(opening()),
            Command::new("check")
                .about("Checks a plugin: its file, its exports, its manifest, and every promise that it makes")
                .args([
                    Arg::new("plugin")
                        .value_name("PLUGIN")
                        .required(true)
                        .value_parser(value_parser!(PathBuf))
                        .help("A library, or a folder with one: a project of `new-plugin` once it is built"),
                    samples(),
                    json(),
                    flag("verbose", "Name every promise, not only those that were not held"),
                    flag("strict", "Fail where something could not be tested"),
                    timeout(),
                ]),
            Command::new("check-within").hide(true).args([
                Arg::new("plugin").required(true).value_parser(value_parser!(PathBuf)),
                samples(),
                Arg::new("skip").long("skip").action(ArgAction::Append),
            ]),
            Command::new("new-plugin")
                .about("Starts a plugin of your own: a project that builds, tests and packages at once")
                .args([
                    Arg::new("name")
                        .value_name("NAME")
                        .required(true)
                        .help("Lower case letters, digits and - ; a folder of this name is made"),
                    flag("c", "In C: one file and one header"),
                    flag("python", "In Python: no compiler").conflicts_with("c"),
                    Arg::new("sdk")
                        .long("sdk")
                        .value_name("FOLDER")
                        .value_parser(value_parser!(PathBuf))
                        .help("Use this copy of the SDK in place, instead of bringing one along"),
                ]),
            Command::new("completions")
                .about("Writes completions for a shell")
                .arg(Arg::new("shell").required(true).value_parser(value_parser!(Shell))),
        ])
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

fn json() -> Arg {
    flag("json", "Answer as JSON")
}

fn file() -> Arg {
    Arg::new("file").value_name("FILE").required(true).help("A path or a URI")
}

fn samples() -> Arg {
    Arg::new("sample")
        .long("sample")
        .value_name("FILE")
        .action(ArgAction::Append)
        .value_parser(value_parser!(PathBuf))
        .help("A small valid file of the plugin's format; those in a folder `samples` of its project are taken anyway")
}

fn timeout() -> Arg {
    Arg::new("timeout")
        .long("timeout")
        .value_name("SECONDS")
        .default_value("30")
        .value_parser(value_parser!(u64).range(1..))
        .help("How long one test may take")
}

fn opening() -> [Arg; 3] {
    [
        Arg::new("provider").long("provider").value_name("ID").help("Open by this provider"),
        Arg::new("format").long("format").value_name("NAME").help("Read the file as this format"),
        Arg::new("option")
            .long("option")
            .value_name("KEY=VALUE")
            .action(ArgAction::Append)
            .help("An option of the provider"),
    ]
}

/// Path of an argument that takes one.
pub fn path(given: &ArgMatches, name: &str) -> PathBuf {
    given.get_one::<PathBuf>(name).cloned().unwrap_or_default()
}

/// The source that FILE, --format and --option name.
pub fn source(given: &ArgMatches) -> Result<Source, String> {
    let file = given.get_one::<String>("file").map_or("", String::as_str);
    let mut source = iolink_host::source::from_text(file).map_err(|error| error.to_string())?;
    if let Some(format) = given.get_one::<String>("format") {
        source = source.with_format(format);
    }
    for option in given.get_many::<String>("option").into_iter().flatten() {
        let (key, value) =
            option.split_once('=').ok_or_else(|| format!("the option {option:?} has no value; write KEY=VALUE"))?;
        source = source.with_option(key, value);
    }
    Ok(source)
}

/// The provider that --provider names.
pub fn provider(given: &ArgMatches) -> Option<&str> {
    given.get_one::<String>("provider").map(String::as_str)
}
