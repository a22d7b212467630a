//! Pyramids: the trait, its table, and the wrapper of those made elsewhere.

use super::{border, guard, read_table, ForeignView, ImageView, View};
use crate::abi::*;
use crate::{fail, Result};
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
    { level_range, resolution }
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
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    guard(this.provider, error, || {
        let level = View::Image(this.value.resolution(level)?).into_raw(this.provider);
        // SAFETY: `out` is the caller's.
        unsafe { *out = level };
        Ok(())
    })
}

/// A pyramid made elsewhere.
pub struct ForeignLodImage {
    foreign: ForeignView,
    table: iolink_lod_image_vtable,
}

impl ForeignLodImage {
    pub(crate) fn adopt(foreign: ForeignView) -> Result<Self> {
        // SAFETY: the kind was checked, so the head starts a pyramid's table.
        let table: iolink_lod_image_vtable = unsafe { read_table(foreign.head()) };
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
        let range = self.level_range();
        let resolution = match self.table.resolution {
            Some(resolution) if range.contains(&level) => resolution,
            _ => fail!(OutOfRange, "level {level} is not one of {} to {}", range.start(), range.end()),
        };
        let mut out = std::ptr::null_mut();
        // SAFETY: the view lives and `out` is ours; on success one reference is ours too.
        unsafe {
            self.foreign.call(|raw, error| resolution(raw, level, &mut out, error))?;
            View::handed_out(out, self.foreign.maker())?.into_image()
        }
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
