//! JSON lines: an object on each line. A column's type is that of all its values, and one that mixes types is refused with
//! its line.

mod nesting;
mod shape;

use crate::failure::from_polars;
use crate::pieces::Batches;
use iolink_sdk::{fail, Call, Error, ErrorKind, Result};
use polars_arrow::array::{Array, StructArray};
use polars_arrow::datatypes::{ArrowDataType, Field};
use polars_core::prelude::PlSmallStr;
use polars_json::json::deserialize;
use rayon::prelude::*;
use shape::Shape;
use simd_json::{BorrowedValue, ErrorType, Node};

/// Bytes of the text that are parsed at once.
const BLOCK: usize = 4 << 20;
/// Values that every table may have.
const VALUES: u64 = 8 << 20;
/// Values that a table may have for each byte of its text, missing ones too: a name is a column of every row.
const VALUES_OF_A_BYTE: u64 = 32;

/// Whole lines of the text.
struct Block<'a> {
    text: &'a [u8],
    /// Number of the first line, from 1.
    line: u64,
}

/// The table in a text.
pub fn read(text: &[u8], call: &Call<'_>) -> Result<Batches> {
    let blocks = blocks(text);
    if blocks.is_empty() {
        fail!(Corrupt, "the file is empty: a line with an object is needed to know the columns");
    }
    let total = 2 * blocks.len() as u64;
    let (mut shape, mut rows) = (Shape::Nothing, 0);
    let shapes: Vec<Result<(Shape, u64)>> = blocks.par_iter().map(Block::shape).collect();
    for found in shapes {
        // Only the lines one by one tell which is at fault.
        let merged = found.and_then(|(found, count)| {
            rows += count;
            shape.merge(found).map_err(|why| Error::new(ErrorKind::Corrupt, why))
        });
        if merged.is_err() {
            return Err(fault(&blocks));
        }
    }
    let (values, most) = (shape.values(rows), VALUES.saturating_add(VALUES_OF_A_BYTE * text.len() as u64));
    if values > most {
        fail!(
            Limit,
            "{rows} lines have names for {values} values, missing ones counted, and {} bytes of text may have {most}: every name \
             is a column of all lines",
            text.len()
        );
    }
    call.step(total / 2, total)?;
    let item = shape.arrow();
    let ArrowDataType::Struct(fields) = item.clone() else { fail!(Internal, "an object is no struct") };
    let list = ArrowDataType::LargeList(Box::new(Field::new(PlSmallStr::EMPTY, item, true)));
    let read = |block: &Block<'_>| {
        block.with(|values| deserialize(values, list.clone(), false).map_err(|error| from_polars(&error)))
    };
    let arrays: Vec<Box<dyn Array>> = blocks.par_iter().map(read).collect::<Result<_>>()?;
    let mut batches = Batches { fields, facts: None, rows: Vec::new(), columns: Vec::new() };
    for array in arrays {
        let Some(table) = array.as_any().downcast_ref::<StructArray>() else {
            fail!(Internal, "an object is no struct")
        };
        batches.rows.push(table.len());
        batches.columns.push(table.values().to_vec());
    }
    call.step(total, total)?;
    Ok(batches)
}

/// The text in blocks of whole lines.
fn blocks(text: &[u8]) -> Vec<Block<'_>> {
    let (mut blocks, mut rest, mut line) = (Vec::new(), text, 1);
    while !rest.is_empty() {
        let cut = match rest[BLOCK.min(rest.len())..].iter().position(|byte| *byte == b'\n') {
            Some(at) if rest.len() > BLOCK => BLOCK + at + 1,
            _ => rest.len(),
        };
        let (text, more) = rest.split_at(cut);
        let block = Block { text, line };
        line += text.iter().filter(|byte| **byte == b'\n').count() as u64;
        if block.lines().next().is_some() {
            blocks.push(block);
        }
        rest = more;
    }
    blocks
}

impl Block<'_> {
    /// The lines that are not blank, with their numbers.
    fn lines(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let lines = self.text.split(|byte| *byte == b'\n').zip(self.line..);
        lines.map(|(line, number)| (number, line.trim_ascii())).filter(|(_, line)| !line.is_empty())
    }

    /// What the values of all lines are, and how many lines there are.
    fn shape(&self) -> Result<(Shape, u64)> {
        let (mut text, count) = self.joined()?;
        let tape = simd_json::to_tape(&mut text).map_err(|error| parse_error(&error))?;
        let (mut shape, mut at) = (Shape::Nothing, 1);
        match tape.0.first() {
            Some(Node::Array { len, .. }) if *len == count => {}
            _ => fail!(Corrupt, "a line holds more than one value"),
        }
        for _ in 0..count {
            at += shape.add_line(&tape.0[at..]).map_err(|why| Error::new(ErrorKind::Corrupt, why))?;
        }
        Ok((shape, count as u64))
    }

    /// Runs `body` with the values of all lines, as a list.
    fn with<R>(&self, body: impl FnOnce(&BorrowedValue<'_>) -> Result<R>) -> Result<R> {
        let (mut text, count) = self.joined()?;
        let values = simd_json::to_borrowed_value(&mut text).map_err(|error| parse_error(&error))?;
        match &values {
            BorrowedValue::Array(list) if list.len() == count => body(&values),
            _ => fail!(Corrupt, "a line holds more than one value"),
        }
    }

    /// All lines as the text of a list, and how many they are.
    fn joined(&self) -> Result<(Vec<u8>, usize)> {
        let (mut text, mut count) = (Vec::with_capacity(self.text.len() + 2), 0);
        text.push(b'[');
        for (_, line) in self.lines() {
            if count > 0 {
                text.push(b',');
            }
            text.extend_from_slice(line);
            count += 1;
        }
        text.push(b']');
        // The list, and in it a line's object.
        if nesting::too_deep(&text, 2) {
            fail!(Limit, "{}", nesting::words());
        }
        if lone_surrogate(&text) {
            fail!(Corrupt, "a text holds half a surrogate pair");
        }
        Ok((text, count))
    }
}

/// Is an escape of half a surrogate pair in it? The parser would put a replacement there in silence.
fn lone_surrogate(text: &[u8]) -> bool {
    let unit = |at: usize| -> Option<u32> {
        let digits = text.get(at..at + 6).filter(|escape| escape.starts_with(b"\\u"))?;
        u32::from_str_radix(std::str::from_utf8(&digits[2..]).ok()?, 16).ok()
    };
    let mut at = 0;
    while let Some(next) = text[at..].iter().position(|byte| *byte == b'\\') {
        at += next;
        at += match (unit(at), unit(at + 6)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => 12,
            (Some(0xD800..=0xDFFF), _) => return true,
            _ => 2,
        };
        at = at.min(text.len());
    }
    false
}

fn parse_error(error: &simd_json::Error) -> Error {
    Error::new(ErrorKind::Corrupt, format!("no JSON: {error}"))
}

/// The first line that is at fault, and why.
fn fault(blocks: &[Block<'_>]) -> Error {
    let mut shape = Shape::Nothing;
    for (number, line) in blocks.iter().flat_map(Block::lines) {
        if nesting::too_deep(line, 1) {
            return Error::new(ErrorKind::Limit, format!("line {number}: {}", nesting::words()));
        }
        let mut text = line.to_vec();
        let added = match lone_surrogate(&text) {
            true => Err("a text holds half a surrogate pair".to_owned()),
            false => added(&mut shape, &mut text),
        };
        if let Err(why) = added {
            return Error::new(ErrorKind::Corrupt, format!("line {number}: {why}"));
        }
    }
    Error::new(ErrorKind::Internal, "the lines are at fault together, and none is alone")
}

fn added(shape: &mut Shape, text: &mut [u8]) -> std::result::Result<(), String> {
    match simd_json::to_tape(text) {
        Ok(tape) => shape.add_line(&tape.0).map(drop),
        Err(error) if *error.error() == ErrorType::InvalidNumber => Err(format!(
            "at byte {} a number that is no JSON, or beyond every float64 and integer of 64 bits; as a text it can be read",
            error.index() + 1
        )),
        Err(error) => Err(format!("the line is no JSON: {error}")),
    }
}
