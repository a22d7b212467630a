//! Dictionaries: whose missing values have keys that mean nothing, or whose words are there twice.

use crate::failure::from_polars;
use iolink_sdk::{fail, Result};
use polars_arrow::array::builder::{make_builder, ShareStrategy};
use polars_arrow::array::{
    new_null_array, Array, BinaryArray, BinaryViewArray, DictionaryArray, DictionaryKey, PrimitiveArray, Utf8Array,
    Utf8ViewArray,
};
use polars_arrow::datatypes::ArrowDataType;
use polars_arrow::match_integer_type;
use polars_utils::IdxSize;
use std::collections::HashMap;

/// A dictionary. Keys of missing values, which may be anything, are made 0: pandas has -1 there, and polars refuses that.
pub fn dictionary<K: DictionaryKey>(
    dtype: ArrowDataType,
    keys: &PrimitiveArray<K>,
    values: Box<dyn Array>,
) -> Result<Box<dyn Array>> {
    let clean = match keys.validity() {
        Some(there) => {
            let clean =
                keys.values().iter().zip(there.iter()).map(|(key, there)| if there { *key } else { K::default() });
            PrimitiveArray::<K>::new(keys.dtype().clone(), clean.collect::<Vec<K>>().into(), Some(there.clone()))
        }
        None => keys.clone(),
    };
    if values.is_empty() && clean.null_count() == clean.len() {
        // A key of 0 needs a value, too.
        let one = new_null_array(values.dtype().clone(), 1);
        return Ok(DictionaryArray::<K>::try_new(dtype, clean, one).map_err(|error| from_polars(&error))?.boxed());
    }
    Ok(DictionaryArray::<K>::try_new(dtype, clean, values).map_err(|error| from_polars(&error))?.boxed())
}

/// The values that the keys of a dictionary stand for.
pub fn decoded(array: &dyn Array) -> Result<Box<dyn Array>> {
    let ArrowDataType::Dictionary(key, ..) = array.dtype() else { return Ok(array.to_boxed()) };
    match_integer_type!(key, |$T| {
        let Some(words) = array.as_any().downcast_ref::<DictionaryArray<$T>>() else { return no_dictionary() };
        Ok(chosen(&**words.values(), &numbers(words.keys())))
    })
}

/// The same texts by a dictionary that has each word once and no missing one, as readers of Parquet rely on.
pub fn each_word_once(array: &dyn Array) -> Result<Box<dyn Array>> {
    let ArrowDataType::Dictionary(key, ..) = array.dtype() else { return Ok(array.to_boxed()) };
    match_integer_type!(key, |$T| {
        let Some(words) = array.as_any().downcast_ref::<DictionaryArray<$T>>() else { return no_dictionary() };
        let Some((first, places)) = first_of_each(&**words.values()) else { return Ok(array.to_boxed()) };
        let place = |number: IdxSize| places.get(number as usize).copied().flatten();
        // A word's new place is not behind the old one, so the same type of keys counts that far.
        let keys = numbers(words.keys()).into_iter().map(|number| place(number).and_then(|at| <$T>::try_from(at).ok()));
        let keys: PrimitiveArray<$T> = keys.collect();
        let each = first.iter().map(|number| word(&**words.values(), *number as usize));
        let each = match words.values().dtype() {
            ArrowDataType::LargeUtf8 => each.collect::<Utf8Array<i64>>().boxed(),
            _ => Utf8ViewArray::from_slice(each.collect::<Vec<_>>()).boxed(),
        };
        dictionary(array.dtype().clone(), &keys, each)
    })
}

/// The same texts by a dictionary of all these words, in their order, and behind them those that are not among them.
pub fn in_order_of(array: &dyn Array, order: &[String]) -> Result<Box<dyn Array>> {
    let ArrowDataType::Dictionary(key, value, ordered) = array.dtype() else { return Ok(array.to_boxed()) };
    match_integer_type!(key, |$T| {
        let Some(known) = array.as_any().downcast_ref::<DictionaryArray<$T>>() else { return no_dictionary() };
        if **value != ArrowDataType::Utf8View {
            return Ok(array.to_boxed());
        }
        let (mut words, mut places): (Vec<&str>, HashMap<&str, usize>) = Default::default();
        let met = (0..known.values().len()).map(|at| word(&**known.values(), at));
        for text in order.iter().map(|text| Some(text.as_str())).chain(met.clone()).flatten() {
            places.entry(text).or_insert_with(|| {
                words.push(text);
                words.len() - 1
            });
        }
        if <$T>::try_from(words.len().saturating_sub(1)).is_err() {
            fail!(Corrupt, "a dictionary has {} words, more than its keys of type {key:?} count", words.len());
        }
        let places: Vec<Option<usize>> = met.map(|text| places.get(text?).copied()).collect();
        let place = |number: IdxSize| places.get(number as usize).copied().flatten();
        let keys = numbers(known.keys()).into_iter().map(|number| place(number).and_then(|at| <$T>::try_from(at).ok()));
        let words = Utf8ViewArray::from_slice(words.iter().map(Some).collect::<Vec<_>>());
        let dtype = ArrowDataType::Dictionary(*key, value.clone(), *ordered);
        dictionary(dtype, &keys.collect::<PrimitiveArray<$T>>(), words.boxed())
    })
}

fn no_dictionary<T>() -> Result<T> {
    fail!(Internal, "a dictionary is none")
}

/// Numbers of the words, one that no word has for each missing value.
fn numbers<K: DictionaryKey>(keys: &PrimitiveArray<K>) -> Vec<IdxSize> {
    let number =
        |key: Option<&K>| key.and_then(|key| (*key).try_into().ok()).and_then(|key: usize| key.try_into().ok());
    keys.iter().map(|key| number(key).unwrap_or(IdxSize::MAX)).collect()
}

/// The values with these numbers; missing where there is no such value. Bytes become views of bytes: polars-arrow 0.55.2 reads
/// offsets that are not there where it gathers the others.
fn chosen(values: &dyn Array, numbers: &[IdxSize]) -> Box<dyn Array> {
    let views = values
        .as_any()
        .downcast_ref::<BinaryArray<i64>>()
        .map(|bytes| BinaryViewArray::from_slice(bytes.iter().collect::<Vec<_>>()));
    let values = views.as_ref().map_or(values, |views| views as &dyn Array);
    let mut builder = make_builder(values.dtype());
    builder.opt_gather_extend(values, numbers, ShareStrategy::Never);
    builder.freeze_reset()
}

/// The text with a number, in words of either kind.
fn word(words: &dyn Array, at: usize) -> Option<&str> {
    match words.as_any().downcast_ref::<Utf8Array<i64>>() {
        Some(texts) => texts.get(at),
        None => words.as_any().downcast_ref::<Utf8ViewArray>().and_then(|texts| texts.get(at)),
    }
}

/// Numbers of the words that are there for the first time, and of each word its place among them; `None` where that is
/// all of them.
fn first_of_each(words: &dyn Array) -> Option<(Vec<IdxSize>, Vec<Option<usize>>)> {
    let (mut first, mut known, mut places) = (Vec::new(), HashMap::new(), Vec::with_capacity(words.len()));
    for at in 0..words.len() {
        places.push(word(words, at).map(|text| {
            *known.entry(text).or_insert_with(|| {
                first.push(at as IdxSize);
                first.len() - 1
            })
        }));
    }
    (first.len() < words.len()).then_some((first, places))
}
