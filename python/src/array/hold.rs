//! What keeps lent samples in place while somebody else uses them.

use super::live::{Counted, EXPORTS};
use crate::attached::let_go;
use crate::image::ImageView;
use iolink_sdk::Owner;
use pyo3::prelude::*;

/// Lent samples, counted as an export of the image that lends them. May be dropped on any thread.
pub struct Hold {
    owner: Owner,
    image: Option<Py<ImageView>>,
    _counted: Counted,
}

impl Hold {
    /// Keeps the samples; `image` cannot be closed until this is dropped.
    pub fn new(owner: Owner, image: Option<Py<ImageView>>) -> Self {
        if let Some(image) = &image {
            image.get().export_begun();
        }
        Hold { owner, image, _counted: Counted::new(&EXPORTS) }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        // The samples go before the image is told: what it counts is still lent until then.
        drop(std::mem::take(&mut self.owner));
        if let Some(image) = self.image.take() {
            image.get().export_ended();
            let_go(image);
        }
    }
}
