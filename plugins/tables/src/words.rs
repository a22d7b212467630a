//! Dictionaries whose missing values have keys that mean nothing.

use crate::failure::from_polars;
use iolink_sdk::Result;
use polars_arrow::array::{new_null_array, Array, DictionaryArray, DictionaryKey, PrimitiveArray};
use polars_arrow::datatypes::ArrowDataType;

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
