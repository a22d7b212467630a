//! How an adapter finds out that the view it is put over is an adapter of its own kind.
//!
//! A view answers a private extension id with a copy of its parts and its own address. A wrapper that merely forwards the
//! question has another address, and what comes from another copy of this code is behind a foreign view: both are not
//! taken for an adapter.

use super::Image;
use iolink_sdk::{Extension, View};
use std::os::raw::c_void;
use std::sync::Arc;

/// The parts of an adapter, on their way through [`iolink_sdk::ImageView::extension`].
struct Opened<T> {
    id: u64,
    view: usize,
    parts: T,
}

impl<T: Send + Sync> Extension for Opened<T> {
    fn id(&self) -> u64 {
        self.id
    }

    fn table(&self) -> *const c_void {
        self as *const Opened<T> as *const c_void
    }
}

/// An adapter that can be opened up: its private id, of random bits, must stand for this type alone.
pub(super) trait Adapter: Clone + Send + Sync + 'static {
    /// The private extension id.
    const ID: u64;

    /// The answer to [`Adapter::ID`].
    fn open(&self) -> View {
        View::extension(Opened { id: Self::ID, view: self as *const Self as usize, parts: self.clone() })
    }
}

/// The adapter that `image` is, where it is one of kind `T`.
pub(super) fn opened<T: Adapter>(image: &Image) -> Option<T> {
    if image.foreign().is_some() {
        return None;
    }
    let extension: Arc<dyn Extension> = image.extension(T::ID)?.into_extension().ok()?;
    if extension.foreign().is_some() || extension.id() != T::ID {
        return None;
    }
    // SAFETY: an extension of this id made in this process is an `Opened<T>`, kept alive by `extension`.
    let found = unsafe { &*(extension.table() as *const Opened<T>) };
    (found.view == Arc::as_ptr(image) as *const () as usize).then(|| found.parts.clone())
}
