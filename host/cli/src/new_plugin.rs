//! `iolink new-plugin`: a project that builds, tests and packages at once.
//!
//! Everything comes along: the SDK's source or its header, a sample of the format, and what makes a wheel. In the
//! templates `@name@` stands for the name as programs write it (`cell_stack`), `@dist@` for the name as it was given
//! (`cell-stack`), `@NAME@` for the name of the format, `@magic@` for its first bytes.

use crate::{arguments, say, Ended};
use clap::ArgMatches;
use std::path::{Path, PathBuf};

mod brought {
    include!(concat!(env!("OUT_DIR"), "/brought.rs"));
}
use brought::{C, HEADER, LICENSE, PYTHON, RUST, SDK, WHEEL};

/// The manifest of the SDK that comes along: the original belongs to a workspace, and its features bring dependencies.
const SDK_MANIFEST: &str = r#"# The SDK that this plugin is built with, as `iolink new-plugin` brought it. To take another copy, name its folder in the
# Cargo.toml of the plugin and delete this one.
[package]
name = "iolink-sdk"
version = "@version@"
edition = "2021"
license = "MIT OR Apache-2.0"
publish = false

[lib]
test = false
doctest = false

[lints.rust]
unexpected_cfgs = "allow" # features of the original that bring dependencies
"#;

pub fn run(given: &ArgMatches) -> Ended {
    let name = given.get_one::<String>("name").cloned().unwrap_or_default();
    let names = Names::new(&name)?;
    let folder = std::path::absolute(&name).map_err(|error| error.to_string())?;
    if folder.exists() {
        return Err(format!("{} exists; choose another name, or another folder to stand in", folder.display()));
    }
    let mut files = Vec::new();
    let next = if given.get_flag("python") {
        files.extend(names.filled(PYTHON));
        format!(
            "cd {name} && pip install . && python -c 'import iolink; print(iolink.open(\"samples/small.{}\"))'",
            names.name
        )
    } else if given.get_flag("c") {
        files.extend(names.filled(C));
        files.extend(names.filled(WHEEL));
        files.push(("iolink_abi.h".into(), HEADER.to_owned()));
        format!("cd {name} && make && iolink check .")
    } else {
        files.extend(names.filled(RUST));
        files.extend(names.filled(WHEEL));
        files.extend(names.sdk(given.contains_id("sdk").then(|| arguments::path(given, "sdk")))?);
        format!("cd {name} && cargo test && cargo build --release && iolink check .")
    };
    for (path, text) in &files {
        write(&folder.join(path), text.as_bytes())?;
    }
    write(&folder.join(format!("samples/small.{}", names.name)), &names.sample())?;
    say(format_args!("{}: {} files; now: {next}", folder.display(), files.len() + 1));
    Ok(true)
}

fn write(path: &Path, content: &[u8]) -> Result<(), String> {
    let parent = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(parent)
        .and_then(|()| std::fs::write(path, content))
        .map_err(|error| format!("{} cannot be written: {error}", path.display()))
}

/// The name of a plugin in each of its spellings.
struct Names {
    given: String,
    name: String,
}

impl Names {
    fn new(given: &str) -> Result<Self, String> {
        let fits = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
        if given.len() > 40 || !given.starts_with(|first: char| first.is_ascii_lowercase()) || !given.chars().all(fits)
        {
            return Err(format!(
                "{given:?} cannot be the name of a plugin: up to 40 lower case letters, digits and -, a letter first"
            ));
        }
        if given.ends_with('-') || given.contains("--") {
            return Err(format!("{given:?} cannot be the name of a plugin: a - stands between two others"));
        }
        Ok(Names { given: given.to_owned(), name: given.replace('-', "_") })
    }

    fn fill(&self, text: &str) -> String {
        let magic: String = self.magic().iter().map(|byte| format!("{byte:02x}")).collect();
        text.replace("@name@", &self.name)
            .replace("@dist@", &self.given)
            .replace("@NAME@", &self.name.to_uppercase())
            .replace("@magic@", &magic)
            .replace("@version@", env!("CARGO_PKG_VERSION"))
    }

    fn filled(&self, template: &[(&str, &str)]) -> Vec<(PathBuf, String)> {
        // A name that starts with a dot would be ignored in the repository of the templates.
        let path = |path: &str| PathBuf::from(self.fill(path).replace("dot-", "."));
        template.iter().map(|(file, text)| (path(file), self.fill(text))).collect()
    }

    /// The SDK: brought along, or a place that was named.
    fn sdk(&self, place: Option<PathBuf>) -> Result<Vec<(PathBuf, String)>, String> {
        if let Some(place) = place {
            let place = place.canonicalize().map_err(|error| format!("{}: {error}", place.display()))?;
            let manifest = place.join("Cargo.toml");
            if !manifest.is_file() {
                return Err(format!("{} is not the SDK: it has no Cargo.toml", place.display()));
            }
            let template = RUST.iter().find(|(file, _)| *file == "Cargo.toml").map_or("", |(_, text)| text);
            let text =
                self.fill(template).replace("\"vendor/iolink-sdk\"", &format!("{:?}", place.display().to_string()));
            return Ok(vec![("Cargo.toml".into(), text)]);
        }
        let home = Path::new("vendor/iolink-sdk");
        let mut files: Vec<_> =
            SDK.iter().map(|(file, text)| (home.join("src").join(file), (*text).to_owned())).collect();
        files.push((home.join("Cargo.toml"), self.fill(SDK_MANIFEST)));
        files.push((home.join("LICENSE-MIT"), LICENSE.to_owned()));
        Ok(files)
    }

    fn magic(&self) -> Vec<u8> {
        format!("{}\n", self.name).into_bytes()
    }

    /// A file of the format: its word, 7 columns, 5 rows, samples that count in steps of 1000.
    fn sample(&self) -> Vec<u8> {
        let mut out = self.magic();
        out.extend(7u32.to_le_bytes());
        out.extend(5u32.to_le_bytes());
        (0..35u16).for_each(|at| out.extend((at * 1000).to_le_bytes()));
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_something_would_choke_on_are_refused() {
        for bad in ["", "Cells", "3d", "-a", "a-", "a--b", "a b", "a/b", "../a", "ä", &"a".repeat(41)] {
            assert!(Names::new(bad).is_err(), "{bad:?}");
        }
        let names = Names::new("cell-stack2").unwrap();
        assert_eq!(
            names.fill("@name@ @dist@ @NAME@ @magic@"),
            "cell_stack2 cell-stack2 CELL_STACK2 63656c6c5f737461636b320a"
        );
    }

    #[test]
    fn every_template_is_filled_without_a_rest() {
        let names = Names::new("cells").unwrap();
        for (path, text) in [RUST, C, PYTHON, WHEEL].into_iter().flat_map(|template| names.filled(template)) {
            for token in ["@name@", "@dist@", "@NAME@", "@magic@", "@version@"] {
                assert!(!path.to_string_lossy().contains(token) && !text.contains(token), "{}", path.display());
            }
        }
    }

    #[test]
    fn a_newcomer_writes_few_lines() {
        let lines = |template: &[(&str, &str)], wanted: &str| {
            template.iter().find(|(file, _)| *file == wanted).map_or(usize::MAX, |(_, text)| text.lines().count())
        };
        assert!(lines(RUST, "src/lib.rs") <= 60, "{} lines of Rust", lines(RUST, "src/lib.rs"));
        assert!(lines(C, "@name@.c") <= 120, "{} lines of C", lines(C, "@name@.c"));
    }
}
