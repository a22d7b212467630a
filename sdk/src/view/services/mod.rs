//! This project's extensions: tiles, parallel access, origin. Every image has the first two, and one that was opened from
//! somewhere the third: what its maker does not say follows from the image itself.
//!
//! A provider whose image is cut its own way implements [`Tiling`] and answers `extension(IOLINK_EXTENSION_TILING)` with
//! [`tiling_view`]. Whoever reads asks [`tiling`], near or far.

mod tiling;
mod uniform;

pub use tiling::{tiling_from, tiling_view, Tiling};
pub use uniform::UniformTiling;

use super::{give_text, text_from, with_table, Exported, Extension, ImageView, View};
use crate::abi::*;
use crate::{fail, CapabilitySet, ImageCapability, ParallelAccessCapability, Result};
use std::os::raw::c_void;
use std::sync::Arc;

/// A service behind an extension. Its border table comes first, so that the table's address leads to the whole.
#[repr(C)]
struct Service<B, T: ?Sized> {
    table: B,
    id: u64,
    value: Arc<T>,
}

impl<B: Send + Sync, T: ?Sized + Send + Sync> Extension for Service<B, T> {
    fn id(&self) -> u64 {
        self.id
    }

    fn table(&self) -> *const c_void {
        self as *const Self as *const c_void
    }
}

/// The service behind an extension that a function of its table was called with, and the provider's id for errors.
///
/// # Safety
/// `extension` is live and its table is that of a `Service<B, T>` made by this copy of the crate.
unsafe fn here<'a, B, T: ?Sized>(extension: *const iolink_view) -> (&'static str, &'a Arc<T>) {
    // SAFETY: only tables of such services hold the functions that call this.
    unsafe {
        let this = Exported::<dyn Extension>::of(extension);
        (this.provider, &(*(this.value.table() as *const Service<B, T>)).value)
    }
}

fn size_of_table<B>() -> u32 {
    std::mem::size_of::<B>() as u32
}

/// The extension that `view` is, refused where its id is another.
fn of_id(view: &View, id: u64, words: &str) -> Result<Arc<dyn Extension>> {
    match view.as_extension() {
        Some(extension) if extension.id() == id => Ok(extension.clone()),
        Some(extension) => fail!(Type, "the extension {:#x} is not {words} ({id:#x})", extension.id()),
        None => fail!(Type, "the view is of kind {}, not {words}", view.kind().word()),
    }
}

/// A service of an image by its id: its own, else, for the ids of this project, what follows from the image itself.
pub fn of_image(image: &Arc<dyn ImageView>, id: u64) -> Option<View> {
    if let Some(own) = image.extension(id) {
        return Some(own);
    }
    match id {
        IOLINK_EXTENSION_TILING => UniformTiling::of(image).ok().map(|tiling| tiling_view(Arc::new(tiling))),
        IOLINK_EXTENSION_PARALLEL_ACCESS => Some(parallel_access_view(default_parallel_access(&**image))),
        IOLINK_EXTENSION_VIEW_ORIGIN => {
            image.origin().map(|uri| view_origin_view(ViewOrigin { uri: Some(uri), format: None }))
        }
        _ => None,
    }
}

/// How an image is cut into tiles: as its maker says, else uniformly, see [`UniformTiling::of`].
///
/// # Errors
/// `Internal` where the maker's tiling contradicts itself or the image.
pub fn tiling(image: &Arc<dyn ImageView>) -> Result<Arc<dyn Tiling>> {
    match image.extension(IOLINK_EXTENSION_TILING) {
        Some(own) => tiling_from(&own),
        None => Ok(Arc::new(UniformTiling::of(image)?)),
    }
}

/// What several threads gain from an image. Every image may be used from several threads; one of a maker that does not
/// claim that is serialised, and then nothing is gained.
pub fn parallel_access(image: &Arc<dyn ImageView>) -> ParallelAccessCapability {
    let own = image.extension(IOLINK_EXTENSION_PARALLEL_ACCESS);
    own.and_then(|own| parallel_access_from(&own).ok()).unwrap_or_else(|| default_parallel_access(&**image))
}

/// Where an image came from; `None` for one that was not opened.
pub fn view_origin(image: &Arc<dyn ImageView>) -> Option<ViewOrigin> {
    view_origin_from(&of_image(image, IOLINK_EXTENSION_VIEW_ORIGIN)?).ok()
}

fn default_parallel_access(image: &dyn ImageView) -> ParallelAccessCapability {
    let safe = ParallelAccessCapability::THREAD_SAFE;
    let serialised = image.foreign().map_or(false, |foreign| foreign.is_serialised());
    if serialised || !image.capabilities().has(ImageCapability::MEMORY_ACCESS) {
        return safe;
    }
    safe | ParallelAccessCapability::BY_TILE | ParallelAccessCapability::BY_REGION
}

/// A service of this project made elsewhere by a maker that does not claim thread safety, behind an object of our own: so
/// that whoever gets it next is serialised too. `None` for other extensions.
pub(super) fn serialised(extension: &Arc<dyn Extension>) -> Option<View> {
    if !extension.foreign().map_or(false, |foreign| foreign.is_serialised()) {
        return None;
    }
    let view = View::Extension(extension.clone());
    match extension.id() {
        IOLINK_EXTENSION_TILING => tiling_from(&view).ok().map(tiling_view),
        IOLINK_EXTENSION_PARALLEL_ACCESS => parallel_access_from(&view).ok().map(parallel_access_view),
        IOLINK_EXTENSION_VIEW_ORIGIN => view_origin_from(&view).ok().map(view_origin_view),
        _ => None,
    }
}

/// What several threads gain, as an extension.
pub fn parallel_access_view(capabilities: ParallelAccessCapability) -> View {
    unsafe extern "C" fn answer(extension: *const iolink_view) -> u64 {
        // SAFETY: only this service's table holds this function.
        unsafe { here::<iolink_parallel_access, ParallelAccessCapability>(extension) }.1.value()
    }
    let table = iolink_parallel_access {
        size: size_of_table::<iolink_parallel_access>(),
        reserved: 0,
        capabilities: Some(answer),
    };
    View::extension(Service { table, id: IOLINK_EXTENSION_PARALLEL_ACCESS, value: Arc::new(capabilities) })
}

/// What several threads gain, from an extension.
///
/// # Errors
/// `Type` for another extension, `Internal` for a table that breaks the border's rules.
pub fn parallel_access_from(view: &View) -> Result<ParallelAccessCapability> {
    let extension = of_id(view, IOLINK_EXTENSION_PARALLEL_ACCESS, "parallel access")?;
    // SAFETY: the id says what the table is.
    unsafe {
        with_table(&extension, |table, raw| match super::read_grown::<iolink_parallel_access>(table)?.capabilities {
            Some(capabilities) => Ok(ParallelAccessCapability::from_bits(capabilities(raw))),
            None => fail!(Internal, "the extension of parallel access has no function capabilities"),
        })
    }
}

/// Where a view came from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ViewOrigin {
    /// URI that the view was opened by.
    pub uri: Option<String>,
    /// Name of the format that was found there.
    pub format: Option<String>,
}

/// Where a view came from, as an extension.
pub fn view_origin_view(origin: ViewOrigin) -> View {
    unsafe extern "C" fn uri(extension: *const iolink_view, sink: *const iolink_text_sink) {
        // SAFETY: only this service's table holds this function; the sink is the caller's.
        unsafe { give_text(sink, || here::<iolink_view_origin, ViewOrigin>(extension).1.uri.clone()) }
    }
    unsafe extern "C" fn format(extension: *const iolink_view, sink: *const iolink_text_sink) {
        // SAFETY: as above.
        unsafe { give_text(sink, || here::<iolink_view_origin, ViewOrigin>(extension).1.format.clone()) }
    }
    let table = iolink_view_origin {
        size: size_of_table::<iolink_view_origin>(),
        reserved: 0,
        uri: Some(uri),
        format: Some(format),
    };
    View::extension(Service { table, id: IOLINK_EXTENSION_VIEW_ORIGIN, value: Arc::new(origin) })
}

/// Where a view came from, from an extension.
///
/// # Errors
/// `Type` for another extension, `InvalidArgument` for a table that does not say its size.
pub fn view_origin_from(view: &View) -> Result<ViewOrigin> {
    let extension = of_id(view, IOLINK_EXTENSION_VIEW_ORIGIN, "a view's origin")?;
    // SAFETY: the id says what the table is; its functions take the object and a live sink.
    unsafe {
        with_table(&extension, |table, raw| {
            let table = super::read_grown::<iolink_view_origin>(table)?;
            let text = |give: Option<unsafe extern "C" fn(*const iolink_view, *const iolink_text_sink)>| {
                give.and_then(|give| text_from(|sink| give(raw, sink)))
            };
            Ok(ViewOrigin { uri: text(table.uri), format: text(table.format) })
        })
    }
}
