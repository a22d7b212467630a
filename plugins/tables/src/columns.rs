//! Names of a table's columns, and which of them are wanted.

use crate::options::Options;
use crate::scan::{value, Walker};
use iolink_sdk::{fail, Error, ErrorKind, Result};
use std::collections::{HashMap, HashSet};

/// Names of the columns of a text, each of them once.
pub fn names(bytes: &[u8], options: &Options) -> Result<Vec<String>> {
    let quote = options.dialect.quote;
    let mut written = Vec::new();
    let passed = Walker::new(bytes, options.dialect)
        .record(|_, field| written.push(field))
        .map_err(|fault| Error::new(ErrorKind::Corrupt, fault.to_string()))?;
    match passed {
        None => fail!(Corrupt, "the file is empty: a line with the names of the columns is needed"),
        // polars would skip it.
        Some(passed) if passed.blank => fail!(Corrupt, "line 1: the line is empty"),
        Some(_) => {}
    }
    for field in &written {
        let bare = field.strip_suffix(b"\r").unwrap_or(field);
        if bare.contains(&b'\r') && !(quote.is_some() && bare.first() == quote.as_ref()) {
            fail!(
                Unsupported,
                "line 1: a carriage return stands in the middle of the line; where lines end with a carriage return \
                 alone, save the file with other line ends"
            );
        }
    }
    if !options.has_header {
        return Ok((1..=written.len()).map(|number| format!("column_{number}")).collect());
    }
    let names: Vec<String> =
        written.iter().map(|field| String::from_utf8_lossy(&value(field, quote)).into_owned()).collect();
    let mut seen = HashSet::new();
    for name in &names {
        if name.contains('\0') {
            fail!(Corrupt, "line 1: the column name {name:?} has a NUL, which no Arrow column can have");
        }
        if !seen.insert(name) {
            fail!(Corrupt, "line 1: two columns are named {name:?}; a frame's columns are told apart by their names");
        }
    }
    Ok(names)
}

/// Numbers of the columns with these names, in this order.
pub fn wanted(option: &str, wanted: &[String], names: &[String]) -> Result<Vec<usize>> {
    // Of two columns of one name the first.
    let places: HashMap<&str, usize> = names.iter().enumerate().rev().map(|(at, name)| (name.as_str(), at)).collect();
    let (mut numbers, mut seen) = (Vec::with_capacity(wanted.len()), HashSet::new());
    for name in wanted {
        match places.get(name.as_str()) {
            Some(number) if !seen.insert(number) => {
                fail!(InvalidArgument, "the option {option} names the column {name:?} twice")
            }
            Some(number) => numbers.push(*number),
            None => fail!(NotFound, "the option {option} names the column {name:?}; {}", there_are(names)),
        }
    }
    Ok(numbers)
}

fn there_are(names: &[String]) -> String {
    const SHOWN: usize = 20;
    let more = if names.len() > SHOWN { format!(" and {} more", names.len() - SHOWN) } else { String::new() };
    format!("there are {}{more}", names[..names.len().min(SHOWN)].join(", "))
}
