//! Pieces of one column that number the same values, in an order that nothing changes.

use crate::arrow_error;
use crate::cells::{cell, Cell};
use crate::fill::Filler;
use arrow_array::cast::AsArray;
use arrow_array::{make_array, new_null_array, AnyDictionaryArray, Array, ArrayRef};
use arrow_schema::DataType;
use arrow_select::interleave::interleave;
use arrow_select::take::take;
use iolink_sdk::{fail, Result};
use std::collections::HashMap;

/// What tells a value from the others of its dictionary.
fn key_of(value: &Cell<'_>) -> String {
    format!("{value:?}")
}

/// The same pieces over one dictionary: that of the first piece, then what the others use beside it. Of an `ordered` one nothing
/// says where those would stand. The pieces were checked.
pub(crate) fn unified(column: &str, pieces: &[ArrayRef], ordered: bool) -> Result<Vec<ArrayRef>> {
    let (Some(first), true) = (pieces.first(), pieces.iter().all(|piece| piece.as_any_dictionary_opt().is_some()))
    else {
        return Ok(pieces.to_vec());
    };
    let base = first.as_any_dictionary().values();
    let is_base = |piece: &ArrayRef| piece.as_any_dictionary().values().to_data().ptr_eq(&base.to_data());
    if pieces.iter().all(is_base) {
        return Ok(pieces.to_vec());
    }
    let mut places: HashMap<String, usize> = HashMap::with_capacity(base.len());
    for place in 0..base.len() {
        places.entry(key_of(&cell(base, place))).or_insert(place);
    }
    let mut sources: Vec<(usize, usize)> = (0..base.len()).map(|place| (0, place)).collect();
    let mut moved = Vec::with_capacity(pieces.len());
    for (number, piece) in pieces.iter().enumerate() {
        let dictionary = piece.as_any_dictionary();
        let mut mapping = vec![Cell::Missing; dictionary.values().len()];
        for place in if is_base(piece) { Vec::new() } else { used(dictionary) } {
            let value = cell(dictionary.values(), place);
            let next = sources.len();
            let known = *places.entry(key_of(&value)).or_insert(next);
            if known == next {
                if ordered {
                    fail!(
                        InvalidArgument,
                        "column {column:?}: {} is none of the values whose order the column keeps; write one of these, or a \
                         column of another type",
                        key_of(&value)
                    );
                }
                sources.push((number, place));
            }
            mapping[place] = Cell::Int(known as i128);
        }
        moved.push(mapping);
    }
    let DataType::Dictionary(key, _) = first.data_type() else { return Ok(pieces.to_vec()) };
    let dictionaries: Vec<&dyn Array> =
        pieces.iter().map(|piece| piece.as_any_dictionary().values().as_ref()).collect();
    let values = match sources.len() > base.len() {
        true => interleave(&dictionaries, &sources).map_err(arrow_error)?,
        false => base.clone(),
    };
    let renumbered = |(piece, mapping): (&ArrayRef, Vec<Cell<'_>>)| -> Result<ArrayRef> {
        let dictionary = piece.as_any_dictionary();
        if is_base(piece) {
            return Ok(dictionary.with_values(values.clone()));
        }
        let Ok(mapping) = (Filler { data_type: key, cells: &mapping }).array() else {
            fail!(Limit, "column {column:?}: {} values are more than keys of type {key} can number", sources.len());
        };
        let keys = take(&mapping, dictionary.keys(), None).map_err(arrow_error)?.to_data();
        let builder = keys.into_builder().data_type(piece.data_type().clone()).add_child_data(values.to_data());
        // SAFETY: each key is the number of a value, or masked.
        Ok(make_array(unsafe { builder.build_unchecked() }))
    };
    pieces.iter().zip(moved).map(renumbered).collect()
}

/// Numbers of the values that a dictionary's rows have, in the order of the values.
fn used(dictionary: &dyn AnyDictionaryArray) -> Vec<usize> {
    let mut used = vec![false; dictionary.values().len()];
    if !used.is_empty() {
        let keys = dictionary.normalized_keys();
        let there = |row: &usize| dictionary.keys().is_valid(*row);
        (0..keys.len()).filter(there).for_each(|row| used[keys[row]] = true);
    }
    (0..used.len()).filter(|place| used[*place]).collect()
}

/// So many rows of a dictionary, whose values are all missing.
pub(crate) fn missing_rows(like: &ArrayRef, rows: usize) -> ArrayRef {
    let missing = new_null_array(like.data_type(), rows);
    missing.as_any_dictionary().with_values(like.as_any_dictionary().values().clone())
}
