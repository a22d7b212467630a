//! Views: plain Rust traits on this side of the border, and the one object that crosses it.
//!
//! A provider implements a trait and hands out `View::image(MyImage)`. Whoever gets the view, through any number of
//! plugins, calls the same trait: a view made elsewhere arrives as a `Foreign*` wrapper, and a view of our own that
//! comes home is recognised and unwrapped.

mod asked;
mod block;
mod call;
mod exported;
mod extension;
mod foreign;
mod frame;
mod grown;
mod image;
mod image_tables;
mod lod;
mod memory;
mod metadata_tree;
mod multi;
mod payload;
mod random_access;
mod restricted;
mod sample;
pub mod services;
mod sibling;
mod store;
mod stream;
mod tiled;

pub use block::{Block, BlockMut};
pub use call::Call;
pub use extension::{with_table, Extension, ForeignExtension};
pub use foreign::ForeignView;
pub use frame::{DataFrameView, ForeignFrame};
pub use image::{Finish, ForeignImage, ImageView};
pub use lod::{ForeignLodImage, LodImageView};
pub use memory::{Bytes, Memory};
pub use multi::{check_frame, ForeignMultiImage, MultiImageView};
pub use random_access::{ForeignRandomAccess, RandomAccess};
pub use restricted::Restricted;
pub use sample::{read_sample, write_sample};
pub use sibling::sibling_key;
pub use store::{
    check_key, check_prefix, ForeignStore, Got, Store, StoreEntry, StoreGet, StoreMode, StorePut, StoreRange,
};
pub use stream::{ForeignStream, SeekFrom, StreamAccess};
pub use tiled::{Tile, Tiled, TiledImage};

pub(crate) use exported::{border, give_text, guard, identify, stop_panic, Border, Exported, Table, MAKER};
pub(crate) use foreign::{check_status, new_error, text_from, with_text_sink, Maker, WAIT};
pub(crate) use grown::{borrow_whole, check_flags, hand_out, read_grown, read_table, Grows};
pub(crate) use metadata_tree::{tree_from_source, tree_source};
pub(crate) use payload::{put as keep_payload, recall};
pub(crate) use stream::lent as take_lent;

use crate::abi::iolink_view;
use crate::{fail, Kind, Result};
use std::sync::Arc;

/// A view of any kind.
#[derive(Clone)]
pub enum View {
    /// An image.
    Image(Arc<dyn ImageView>),
    /// An ordered set of images.
    MultiImage(Arc<dyn MultiImageView>),
    /// One image at several resolutions.
    LodImage(Arc<dyn LodImageView>),
    /// A table.
    DataFrame(Arc<dyn DataFrameView>),
    /// Bytes with a cursor.
    Stream(Arc<dyn StreamAccess>),
    /// Bytes at an offset.
    RandomAccess(Arc<dyn RandomAccess>),
    /// A service attached to another view.
    Extension(Arc<dyn Extension>),
    /// Values under keys.
    Store(Arc<dyn Store>),
}

macro_rules! each_kind {
    ($self:expr, $view:ident => $body:expr) => {
        match $self {
            View::Image($view) => $body,
            View::MultiImage($view) => $body,
            View::LodImage($view) => $body,
            View::DataFrame($view) => $body,
            View::Stream($view) => $body,
            View::RandomAccess($view) => $body,
            View::Extension($view) => $body,
            View::Store($view) => $body,
        }
    };
}

macro_rules! kinds {
    ($($make:ident, $as_name:ident, $into:ident, $variant:ident, $view:ident, $words:literal;)*) => {
        impl View {
            $(#[doc = concat!("A view of ", $words, ".")]
            pub fn $make(view: impl $view + 'static) -> View {
                View::$variant(Arc::new(view))
            }

            #[doc = concat!("The view as ", $words, ", refused where it is of another kind.")]
            pub fn $into(self) -> Result<Arc<dyn $view>> {
                match self {
                    View::$variant(view) => Ok(view),
                    other => fail!(Type, "the view is of kind {}, not {}", other.kind().word(), Kind::$variant.word()),
                }
            }

            #[doc = concat!("The view as ", $words, ", where it is of this kind.")]
            pub fn $as_name(&self) -> Option<&Arc<dyn $view>> {
                match self {
                    View::$variant(view) => Some(view),
                    _ => None,
                }
            }
            )*

            /// Kind of the view.
            pub fn kind(&self) -> Kind {
                match self {
                    $(View::$variant(_) => Kind::$variant,)*
                }
            }
        }
    };
}

kinds! {
    image, as_image, into_image, Image, ImageView, "an image";
    multi_image, as_multi_image, into_multi_image, MultiImage, MultiImageView, "a multi-image";
    lod_image, as_lod_image, into_lod_image, LodImage, LodImageView, "a pyramid";
    data_frame, as_data_frame, into_data_frame, DataFrame, DataFrameView, "a data frame";
    stream, as_stream, into_stream, Stream, StreamAccess, "a stream";
    random_access, as_random_access, into_random_access, RandomAccess, RandomAccess, "random access";
    extension, as_extension, into_extension, Extension, Extension, "an extension";
    store, as_store, into_store, Store, Store, "a store";
}

impl View {
    /// Bits of the view's capabilities, by the kind's own set.
    pub fn capability_bits(&self) -> u64 {
        match self {
            View::Image(view) => view.capabilities().value(),
            View::MultiImage(view) => view.capabilities().value(),
            View::LodImage(_) | View::Extension(_) => 0,
            View::DataFrame(view) => view.capabilities().value(),
            View::Stream(view) => view.capabilities().value(),
            View::RandomAccess(view) => view.capabilities().value(),
            View::Store(view) => view.capabilities().value(),
        }
    }

    /// URI that the view was opened by, where it says so.
    pub fn origin(&self) -> Option<String> {
        each_kind!(self, view => view.origin())
    }

    /// The object that crosses the border, with one reference that the caller owns. A view made elsewhere comes out as it
    /// came in. `provider` stands in the errors of the view's functions.
    pub fn into_raw(self, provider: &'static str) -> *mut iolink_view {
        if let View::Extension(extension) = &self {
            // A table takes its maker's own object: no other can stand in for it.
            if let Some(foreign) = extension.foreign() {
                return match services::serialised(extension) {
                    Some(service) => service.into_raw(provider),
                    None => foreign.retained(),
                };
            }
        }
        each_kind!(self, view => match view.foreign() {
            Some(foreign) if !foreign.is_serialised() => foreign.retained(),
            Some(foreign) => Exported::proxy(&view, foreign, provider),
            None => Exported::make(view, provider),
        })
    }

    /// Takes over one reference of a view from anywhere.
    ///
    /// # Errors
    /// `InvalidArgument` for NULL or what is no live view; `Internal` for a table that breaks the border's rules,
    /// `Unsupported` for a kind of a later version. The reference is given up, unless there is nothing to give it to.
    ///
    /// # Safety
    /// `raw` is NULL, or readable for the size of an [`iolink_view`]; where its magic says that it lives, it does.
    pub unsafe fn from_raw(raw: *mut iolink_view) -> Result<View> {
        // SAFETY: by the caller's promise.
        unsafe { View::handed_out(raw, Maker::default()) }
    }

    /// [`View::from_raw`] for what another view handed out: its calls are serialised with that view's.
    ///
    /// # Safety
    /// As [`View::from_raw`].
    pub(crate) unsafe fn handed_out(raw: *mut iolink_view, maker: Maker) -> Result<View> {
        if raw.is_null() {
            fail!(InvalidArgument, "NULL is not a view");
        }
        // SAFETY: the caller vouches for a live view, whose head every kind starts with.
        let (kind, own) = unsafe { identify(raw)? };
        let kind = if let Some(kind) = kind {
            kind
        } else {
            // SAFETY: `identify` saw the head with its `release`, and the caller hands over one reference.
            let number = unsafe {
                let number = (*(*raw).vtable).kind;
                drop(ForeignView::new(raw));
                number
            };
            fail!(Unsupported, "the view is of kind {number}, which this version does not know");
        };
        // SAFETY: kind and maker were read from the view itself, and the caller hands over one reference.
        unsafe {
            let provider = maker.provider();
            let there = |raw| ForeignView::under(raw, maker);
            let made = || -> Result<View> {
                Ok(match (kind, own) {
                    (Kind::Image, true) => View::Image(Exported::unwrap(raw)),
                    (Kind::MultiImage, true) => View::MultiImage(Exported::unwrap(raw)),
                    (Kind::LodImage, true) => View::LodImage(Exported::unwrap(raw)),
                    (Kind::DataFrame, true) => View::DataFrame(Exported::unwrap(raw)),
                    (Kind::Stream, true) => View::Stream(Exported::unwrap(raw)),
                    (Kind::RandomAccess, true) => View::RandomAccess(Exported::unwrap(raw)),
                    (Kind::Extension, true) => View::Extension(Exported::unwrap(raw)),
                    (Kind::Store, true) => View::Store(Exported::unwrap(raw)),
                    (Kind::Image, false) => View::image(ForeignImage::adopt(there(raw))?),
                    (Kind::MultiImage, false) => View::multi_image(ForeignMultiImage::adopt(there(raw))?),
                    (Kind::LodImage, false) => View::lod_image(ForeignLodImage::adopt(there(raw))?),
                    (Kind::DataFrame, false) => View::data_frame(ForeignFrame::adopt(there(raw))?),
                    (Kind::Stream, false) => View::stream(ForeignStream::adopt(there(raw))?),
                    (Kind::RandomAccess, false) => View::random_access(ForeignRandomAccess::adopt(there(raw))?),
                    (Kind::Extension, false) => View::extension(ForeignExtension::adopt(there(raw))?),
                    (Kind::Store, false) => View::store(ForeignStore::adopt(there(raw))?),
                })
            };
            made().map_err(|error| error.with_provider(provider))
        }
    }

    /// The same view, with a reference of its own: the caller keeps the one it has.
    ///
    /// # Errors
    /// As [`View::from_raw`].
    ///
    /// # Safety
    /// As [`View::from_raw`].
    pub unsafe fn from_borrowed(raw: *mut iolink_view) -> Result<View> {
        if raw.is_null() {
            fail!(InvalidArgument, "NULL is not a view");
        }
        // SAFETY: the caller vouches for a live view; `retain` is checked by `identify`.
        unsafe {
            identify(raw)?;
            if let Some(retain) = (*(*raw).vtable).retain {
                retain(raw);
            }
            View::from_raw(raw)
        }
    }
}

impl std::fmt::Debug for View {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.kind().capability_names(self.capability_bits());
        write!(f, "{} ({})", self.kind().word(), names.join(" | "))
    }
}
