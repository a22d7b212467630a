//! Pyramids: the trait, its table, and the wrapper of those made elsewhere.

use super::metadata_tree::{collect_tree, write_tree};
use super::{border, guard, read_table, Call, ForeignView, ImageView, View};
use crate::abi::*;
use crate::{fail, MetadataNode, Result};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// One image at several resolutions. Level 0 is the original, positive levels are coarser, negative ones finer.
pub trait LodImageView: Send + Sync {
    /// Finest level (<= 0) to coarsest level (>= 0).
    fn level_range(&self) -> RangeInclusive<i64>;

    /// One level.
    ///
    /// # Errors
    /// `OutOfRange` outside of [`level_range`](LodImageView::level_range).
    fn resolution(&self, level: i64) -> Result<Arc<dyn ImageView>>;

    /// The metadata tree of the pyramid.
    fn metadata(&self) -> Arc<MetadataNode> {
        Arc::default()
    }

    /// [`resolution`](LodImageView::resolution) with a context: deadline, progress, thread limit. By default the context is not used.
    ///
    /// # Errors
    /// As [`resolution`](LodImageView::resolution); `Cancelled`, `Timeout`.
    fn resolution_with(&self, level: i64, _call: &Call<'_>) -> Result<Arc<dyn ImageView>> {
        self.resolution(level)
    }

    /// A service by its id.
    fn extension(&self, _id: u64) -> Option<View> {
        None
    }

    /// URI that the view was opened by.
    fn origin(&self) -> Option<String> {
        None
    }

    /// The view made elsewhere that this is, where it is one.
    fn foreign(&self) -> Option<&ForeignView> {
        None
    }
}

border!(
    LodImageView, LodImage, iolink_lod_image_vtable, |_| 0, |this, id| this.extension(id),
    { level_range, resolution, metadata }
);

unsafe extern "C" fn level_range(view: *const iolink_view, finest: *mut i64, coarsest: *mut i64) {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    let mut range = 0..=0;
    guard(this.provider, std::ptr::null_mut(), || {
        range = this.value.level_range();
        Ok(())
    });
    // SAFETY: both places are the caller's.
    unsafe {
        *finest = *range.start();
        *coarsest = *range.end();
    }
}

unsafe extern "C" fn resolution(
    view: *const iolink_view,
    level: i64,
    call: *const iolink_call,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    // SAFETY: `out` and `call` are the caller's.
    guard(this.provider, error, || unsafe {
        *out = View::Image(Call::from_border(call, |call| this.value.resolution_with(level, call))?)
            .into_raw(this.provider);
        Ok(())
    })
}

unsafe extern "C" fn metadata(
    view: *const iolink_view,
    sink: *const iolink_metadata_sink,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    // SAFETY: sink and call are the caller's.
    guard(this.provider, error, || unsafe { Call::from_border(call, |_| write_tree(&this.value.metadata(), sink)) })
}

/// A pyramid made elsewhere.
pub struct ForeignLodImage {
    foreign: ForeignView,
    table: iolink_lod_image_vtable,
}

impl ForeignLodImage {
    pub(crate) fn adopt(foreign: ForeignView) -> Result<Self> {
        // SAFETY: the kind was checked, so the head starts a pyramid's table.
        let table: iolink_lod_image_vtable = unsafe { read_table(foreign.base()) };
        if table.level_range.is_none() || table.resolution.is_none() {
            fail!(Internal, "the pyramid has no function level_range or resolution");
        }
        let this = ForeignLodImage { foreign, table };
        let range = this.level_range();
        if *range.start() > 0 || *range.end() < 0 {
            fail!(Internal, "the pyramid claims the levels {range:?}, which leave out level 0");
        }
        Ok(this)
    }
}

impl LodImageView for ForeignLodImage {
    fn level_range(&self) -> RangeInclusive<i64> {
        let (mut finest, mut coarsest) = (0, 0);
        if let Some(range) = self.table.level_range {
            // SAFETY: the view lives and both places are ours.
            self.foreign.with(|raw| unsafe { range(raw, &mut finest, &mut coarsest) });
        }
        finest..=coarsest
    }

    fn resolution(&self, level: i64) -> Result<Arc<dyn ImageView>> {
        self.resolution_with(level, &Call::silent())
    }

    fn resolution_with(&self, level: i64, call: &Call<'_>) -> Result<Arc<dyn ImageView>> {
        let range = self.level_range();
        let resolution = match self.table.resolution {
            Some(resolution) if range.contains(&level) => resolution,
            _ => fail!(OutOfRange, "level {level} is not one of {} to {}", range.start(), range.end()),
        };
        let mut out = std::ptr::null_mut();
        // SAFETY: the view lives and `out` is ours; on success one reference is ours too.
        unsafe {
            self.foreign.call_with(call, |raw, call, error| resolution(raw, level, call, &mut out, error))?;
            View::handed_out(out, self.foreign.maker())?.into_image()
        }
    }

    fn metadata(&self) -> Arc<MetadataNode> {
        let metadata = match self.table.metadata {
            Some(metadata) => metadata,
            None => return Arc::default(),
        };
        let tree = collect_tree(|sink| {
            // SAFETY: the view and the sink live until this returns.
            self.foreign.call(|raw, error| unsafe { metadata(raw, sink, std::ptr::null(), error) })
        });
        Arc::new(tree.unwrap_or_default())
    }

    fn extension(&self, id: u64) -> Option<View> {
        self.foreign.extension(id)
    }

    fn origin(&self) -> Option<String> {
        self.foreign.origin()
    }

    fn foreign(&self) -> Option<&ForeignView> {
        Some(&self.foreign)
    }
}
