//! Ordered sets of images: the trait, its table, and the wrapper of those made elsewhere.

use super::{border, guard, read_table, ForeignView, ImageView, View};
use crate::abi::*;
use crate::{fail, CapabilitySet, Error, MultiImageCapability, Result};
use std::sync::Arc;

/// Images in order, which need not be alike.
pub trait MultiImageView: Send + Sync {
    /// What can be done; the same for its whole life.
    fn capabilities(&self) -> MultiImageCapability;

    /// How many frames there are.
    fn frame_count(&self) -> u64;

    /// READ: one frame.
    ///
    /// # Errors
    /// `OutOfRange` past the last frame.
    fn frame(&self, index: u64) -> Result<Arc<dyn ImageView>>;

    /// WRITE: puts a frame at `index`; the frame count appends.
    ///
    /// # Errors
    /// `NotImplemented` without the capability, `OutOfRange` past the end.
    fn insert(&self, _index: u64, _frame: Arc<dyn ImageView>) -> Result<()> {
        Err(no_write())
    }

    /// WRITE: replaces a frame.
    ///
    /// # Errors
    /// As [`insert`](MultiImageView::insert).
    fn replace(&self, _index: u64, _frame: Arc<dyn ImageView>) -> Result<()> {
        Err(no_write())
    }

    /// WRITE: takes a frame out.
    ///
    /// # Errors
    /// As [`insert`](MultiImageView::insert).
    fn remove(&self, _index: u64) -> Result<()> {
        Err(no_write())
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

fn no_write() -> Error {
    Error::capability("the multi-image", "WRITE", "make one in memory and add its frames there")
}

border!(
    MultiImageView, MultiImage, iolink_multi_image_vtable, |this| this.capabilities().value(), |this, id| this.extension(id),
    { frame_count, frame, insert, replace, remove }
);

unsafe extern "C" fn frame_count(view: *const iolink_view) -> u64 {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    let mut count = 0;
    guard(this.provider, std::ptr::null_mut(), || {
        count = this.value.frame_count();
        Ok(())
    });
    count
}

unsafe extern "C" fn frame(
    view: *const iolink_view,
    index: u64,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    guard(this.provider, error, || {
        let frame = View::Image(this.value.frame(index)?).into_raw(this.provider);
        // SAFETY: `out` is the caller's.
        unsafe { *out = frame };
        Ok(())
    })
}

unsafe extern "C" fn insert(
    view: *const iolink_view,
    index: u64,
    frame: *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    guard(this.provider, error, || {
        // SAFETY: the frame is the caller's and live.
        let frame = unsafe { View::from_borrowed(frame) }?;
        this.value.insert(index, frame.into_image()?)
    })
}

unsafe extern "C" fn replace(
    view: *const iolink_view,
    index: u64,
    frame: *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    guard(this.provider, error, || {
        // SAFETY: the frame is the caller's and live.
        let frame = unsafe { View::from_borrowed(frame) }?;
        this.value.replace(index, frame.into_image()?)
    })
}

unsafe extern "C" fn remove(view: *const iolink_view, index: u64, error: *mut iolink_error) -> i32 {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    guard(this.provider, error, || this.value.remove(index))
}

/// A multi-image made elsewhere.
pub struct ForeignMultiImage {
    foreign: ForeignView,
    table: iolink_multi_image_vtable,
    capabilities: MultiImageCapability,
}

type Put = Option<unsafe extern "C" fn(*const iolink_view, u64, *mut iolink_view, *mut iolink_error) -> i32>;

impl ForeignMultiImage {
    pub(crate) fn adopt(foreign: ForeignView) -> Result<Self> {
        // SAFETY: the kind was checked, so the head starts a multi-image table.
        let table: iolink_multi_image_vtable = unsafe { read_table(foreign.head()) };
        let capabilities = MultiImageCapability::from_bits(foreign.bits());
        if table.frame_count.is_none() || (capabilities.has(MultiImageCapability::READ) && table.frame.is_none()) {
            fail!(Internal, "the multi-image has no function frame_count or frame");
        }
        Ok(ForeignMultiImage { foreign, table, capabilities })
    }

    fn put(&self, function: Put, index: u64, frame: Arc<dyn ImageView>) -> Result<()> {
        let function = function.ok_or_else(no_write)?;
        let raw_frame = View::Image(frame).into_raw("");
        // SAFETY: the view and the frame live; the callee retains the frame, our reference goes afterwards.
        unsafe {
            let put = self.foreign.call(|raw, error| function(raw, index, raw_frame, error));
            drop(ForeignView::new(raw_frame));
            put
        }
    }
}

impl MultiImageView for ForeignMultiImage {
    fn capabilities(&self) -> MultiImageCapability {
        self.capabilities
    }

    fn frame_count(&self) -> u64 {
        // SAFETY: the view lives until this returns.
        self.foreign.with(|raw| self.table.frame_count.map_or(0, |count| unsafe { count(raw) }))
    }

    fn frame(&self, index: u64) -> Result<Arc<dyn ImageView>> {
        let frame =
            self.table.frame.ok_or_else(|| Error::capability("the multi-image", "READ", "it can only be written"))?;
        let mut out = std::ptr::null_mut();
        // SAFETY: the view lives and `out` is ours; on success one reference is ours too.
        unsafe {
            self.foreign.call(|raw, error| frame(raw, index, &mut out, error))?;
            View::handed_out(out, self.foreign.maker())?.into_image()
        }
    }

    fn insert(&self, index: u64, frame: Arc<dyn ImageView>) -> Result<()> {
        self.put(self.table.insert, index, frame)
    }

    fn replace(&self, index: u64, frame: Arc<dyn ImageView>) -> Result<()> {
        self.put(self.table.replace, index, frame)
    }

    fn remove(&self, index: u64) -> Result<()> {
        let remove = self.table.remove.ok_or_else(no_write)?;
        // SAFETY: the view lives until this returns.
        self.foreign.call(|raw, error| unsafe { remove(raw, index, error) })
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
