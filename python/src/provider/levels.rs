//! A pyramid out of images that a provider has.

use super::made::view_of;
use crate::errors::OrRaise;
use crate::multi::LodImageView;
use iolink_sdk::{fail, ImageView, Result};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Images of one thing, the finest first.
struct Levels(Vec<Arc<dyn ImageView>>);

impl iolink_sdk::LodImageView for Levels {
    fn level_range(&self) -> RangeInclusive<i64> {
        0..=self.0.len() as i64 - 1
    }

    fn resolution(&self, level: i64) -> Result<Arc<dyn ImageView>> {
        match usize::try_from(level).ok().and_then(|level| self.0.get(level)) {
            Some(image) => Ok(image.clone()),
            None => fail!(OutOfRange, "level {level} is not one of 0 to {}", self.0.len() - 1),
        }
    }
}

/// A pyramid out of images, the finest first, as arrays or views.
#[pyfunction]
pub fn _pyramid(levels: &Bound<'_, PyAny>) -> PyResult<LodImageView> {
    let mut images = Vec::new();
    for level in levels.try_iter()? {
        images.push(view_of(&level?, "a level")?.into_image().or_raise()?);
    }
    if images.is_empty() {
        return Err(PyValueError::new_err("levels: a pyramid has one image at least"));
    }
    Ok(LodImageView::new(Arc::new(Levels(images))))
}
