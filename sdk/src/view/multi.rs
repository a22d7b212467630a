//! Ordered sets of frames: the trait, its table, and the wrapper of those made elsewhere.

use super::metadata_tree::{collect_tree, write_tree};
use super::{border, give_text, guard, read_table, text_from, Call, ForeignView, View};
use crate::abi::*;
use crate::provider::text;
use crate::{fail, CapabilitySet, Error, Kind, MetadataNode, MultiImageCapability, Result};
use std::ffi::CString;
use std::os::raw::c_char;
use std::ptr::null;
use std::sync::Arc;

/// Frames in order, which need not be alike. A frame is an image, a pyramid or another set.
pub trait MultiImageView: Send + Sync {
    /// Returns the capabilities; the same for the set's whole life.
    fn capabilities(&self) -> MultiImageCapability;

    /// Returns the number of frames.
    ///
    /// # Errors
    /// Where they have to be counted first and cannot be.
    fn frame_count(&self) -> Result<u64>;

    /// READ: returns one frame: an image, a pyramid or a set.
    ///
    /// # Errors
    /// `OutOfRange` past the last frame.
    fn frame(&self, index: u64) -> Result<View>;

    /// READ: returns the name of a frame, such as `A/1/0`, if it has one.
    ///
    /// # Errors
    /// `OutOfRange` past the last frame.
    fn frame_name(&self, _index: u64) -> Result<Option<String>> {
        Ok(None)
    }

    /// WRITE: inserts a frame at `index`, with or without a name; the frame count appends.
    ///
    /// # Errors
    /// `NotImplemented` without the capability, `OutOfRange` past the end, `Type` for a view that cannot be a frame.
    fn insert(&self, _index: u64, _frame: View, _name: Option<&str>) -> Result<()> {
        Err(no_write())
    }

    /// WRITE: replaces a frame, and keeps its name.
    ///
    /// # Errors
    /// As [`insert`](MultiImageView::insert).
    fn replace(&self, _index: u64, _frame: View) -> Result<()> {
        Err(no_write())
    }

    /// WRITE: removes a frame.
    ///
    /// # Errors
    /// As [`insert`](MultiImageView::insert).
    fn remove(&self, _index: u64) -> Result<()> {
        Err(no_write())
    }

    /// Returns the metadata tree of the set.
    fn metadata(&self) -> Arc<MetadataNode> {
        Arc::default()
    }

    /// [`frame_count`](MultiImageView::frame_count) with a context: deadline, progress, thread limit. By default the context is not used.
    ///
    /// # Errors
    /// As [`frame_count`](MultiImageView::frame_count); `Cancelled`, `Timeout`.
    fn frame_count_with(&self, _call: &Call<'_>) -> Result<u64> {
        self.frame_count()
    }

    /// [`frame`](MultiImageView::frame) with a context: deadline, progress, thread limit. By default the context is not used.
    ///
    /// # Errors
    /// As [`frame`](MultiImageView::frame); `Cancelled`, `Timeout`.
    fn frame_with(&self, index: u64, _call: &Call<'_>) -> Result<View> {
        self.frame(index)
    }

    /// [`insert`](MultiImageView::insert) with a context: deadline, progress, thread limit. By default the context is not used.
    ///
    /// # Errors
    /// As [`insert`](MultiImageView::insert); `Cancelled`, `Timeout`.
    fn insert_with(&self, index: u64, frame: View, name: Option<&str>, _call: &Call<'_>) -> Result<()> {
        self.insert(index, frame, name)
    }

    /// [`replace`](MultiImageView::replace) with a context: deadline, progress, thread limit. By default the context is not used.
    ///
    /// # Errors
    /// As [`replace`](MultiImageView::replace); `Cancelled`, `Timeout`.
    fn replace_with(&self, index: u64, frame: View, _call: &Call<'_>) -> Result<()> {
        self.replace(index, frame)
    }

    /// [`remove`](MultiImageView::remove) with a context: deadline, progress, thread limit. By default the context is not used.
    ///
    /// # Errors
    /// As [`remove`](MultiImageView::remove); `Cancelled`, `Timeout`.
    fn remove_with(&self, index: u64, _call: &Call<'_>) -> Result<()> {
        self.remove(index)
    }

    /// Returns a service by its id.
    fn extension(&self, _id: u64) -> Option<View> {
        None
    }

    /// URI that the view was opened by.
    fn origin(&self) -> Option<String> {
        None
    }

    /// The view made elsewhere that this is, if it is one.
    fn foreign(&self) -> Option<&ForeignView> {
        None
    }
}

/// Rejects a view that cannot be a frame.
///
/// # Errors
/// `Type` for a view that is neither an image nor a pyramid nor a set.
pub fn check_frame(frame: &View) -> Result<()> {
    match frame.kind() {
        Kind::Image | Kind::LodImage | Kind::MultiImage => Ok(()),
        other => fail!(Type, "a frame is an image, a pyramid or a set of images, not a view of kind {}", other.word()),
    }
}

fn no_write() -> Error {
    Error::capability("the multi-image", "WRITE", "make one in memory and add its frames there")
}

border!(
    MultiImageView, MultiImage, iolink_multi_image_vtable, |this| this.capabilities().value(), |this, id| this.extension(id),
    { frame_count, frame, frame_name, insert, replace, remove, metadata }
);

unsafe extern "C" fn frame_count(
    view: *const iolink_view,
    out: *mut u64,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    // SAFETY: `out` and `call` are the caller's.
    guard(this.provider, error, || unsafe {
        *out = Call::from_border(call, |call| this.value.frame_count_with(call))?;
        Ok(())
    })
}

unsafe extern "C" fn frame(
    view: *const iolink_view,
    index: u64,
    call: *const iolink_call,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    // SAFETY: `out` and `call` are the caller's.
    guard(this.provider, error, || unsafe {
        let frame = Call::from_border(call, |call| this.value.frame_with(index, call))?;
        check_frame(&frame)?;
        *out = frame.into_raw(this.provider);
        Ok(())
    })
}

unsafe extern "C" fn frame_name(
    view: *const iolink_view,
    index: u64,
    sink: *const iolink_text_sink,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    guard(this.provider, error, || {
        let name = this.value.frame_name(index)?;
        // SAFETY: the sink is the caller's.
        unsafe { give_text(sink, || name) };
        Ok(())
    })
}

unsafe extern "C" fn insert(
    view: *const iolink_view,
    index: u64,
    frame: *mut iolink_view,
    name: *const c_char,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    // SAFETY: the frame is the caller's and live, as are name and call.
    guard(this.provider, error, || unsafe {
        let (frame, name) = (View::from_borrowed(frame)?, text(name)?);
        check_frame(&frame)?;
        Call::from_border(call, |call| this.value.insert_with(index, frame, name.as_deref(), call))
    })
}

unsafe extern "C" fn replace(
    view: *const iolink_view,
    index: u64,
    frame: *mut iolink_view,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    // SAFETY: the frame is the caller's and live, as is the call.
    guard(this.provider, error, || unsafe {
        let frame = View::from_borrowed(frame)?;
        check_frame(&frame)?;
        Call::from_border(call, |call| this.value.replace_with(index, frame, call))
    })
}

unsafe extern "C" fn remove(
    view: *const iolink_view,
    index: u64,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    // SAFETY: the call is the caller's.
    guard(this.provider, error, || unsafe { Call::from_border(call, |call| this.value.remove_with(index, call)) })
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

/// A multi-image made elsewhere.
pub struct ForeignMultiImage {
    foreign: ForeignView,
    table: iolink_multi_image_vtable,
    capabilities: MultiImageCapability,
}

impl ForeignMultiImage {
    pub(crate) fn adopt(foreign: ForeignView) -> Result<Self> {
        // SAFETY: the kind was checked, so the base starts a multi-image table.
        let table: iolink_multi_image_vtable = unsafe { read_table(foreign.base()) };
        let capabilities = MultiImageCapability::from_bits(foreign.bits());
        if table.frame_count.is_none() || (capabilities.has(MultiImageCapability::READ) && table.frame.is_none()) {
            fail!(Internal, "the multi-image has no function frame_count or frame");
        }
        Ok(ForeignMultiImage { foreign, table, capabilities })
    }

    /// Calls `function` with the ABI's form of a frame, which is lent for the call.
    fn with_frame(
        &self,
        frame: View,
        call: &Call<'_>,
        function: impl FnOnce(*const iolink_view, *mut iolink_view, *const iolink_call, *mut iolink_error) -> i32,
    ) -> Result<()> {
        check_frame(&frame)?;
        let raw_frame = frame.into_raw("");
        let done = self.foreign.call_with(call, |raw, call, error| function(raw, raw_frame, call, error));
        // SAFETY: the callee retained the frame if it keeps it; this reference is ours.
        drop(unsafe { ForeignView::new(raw_frame) });
        done
    }
}

impl MultiImageView for ForeignMultiImage {
    fn capabilities(&self) -> MultiImageCapability {
        self.capabilities
    }

    fn frame_count(&self) -> Result<u64> {
        self.frame_count_with(&Call::silent())
    }

    fn frame_count_with(&self, call: &Call<'_>) -> Result<u64> {
        let count = match self.table.frame_count {
            Some(count) => count,
            None => fail!(Internal, "the multi-image has no function frame_count"),
        };
        let mut out = 0;
        // SAFETY: the view lives and `out` is ours.
        self.foreign.call_with(call, |raw, call, error| unsafe { count(raw, &mut out, call, error) })?;
        Ok(out)
    }

    fn frame(&self, index: u64) -> Result<View> {
        self.frame_with(index, &Call::silent())
    }

    fn frame_with(&self, index: u64, call: &Call<'_>) -> Result<View> {
        let frame =
            self.table.frame.ok_or_else(|| Error::capability("the multi-image", "READ", "it can only be written"))?;
        let mut out = std::ptr::null_mut();
        // SAFETY: the view lives and `out` is ours; on success one reference is ours too.
        let frame = unsafe {
            self.foreign.call_with(call, |raw, call, error| frame(raw, index, call, &mut out, error))?;
            View::handed_out(out, self.foreign.maker())?
        };
        check_frame(&frame)?;
        Ok(frame)
    }

    fn frame_name(&self, index: u64) -> Result<Option<String>> {
        let frame_name = match self.table.frame_name {
            Some(frame_name) => frame_name,
            None => return Ok(None),
        };
        let mut named = Ok(());
        let name = text_from(|sink| {
            // SAFETY: the view and the sink live until this returns.
            named = self.foreign.call(|raw, error| unsafe { frame_name(raw, index, sink, error) });
        });
        named.map(|()| name)
    }

    fn insert(&self, index: u64, frame: View, name: Option<&str>) -> Result<()> {
        self.insert_with(index, frame, name, &Call::silent())
    }

    fn insert_with(&self, index: u64, frame: View, name: Option<&str>, call: &Call<'_>) -> Result<()> {
        let insert = self.table.insert.ok_or_else(no_write)?;
        let name = name.map(CString::new).transpose();
        let name = name.map_err(|_| Error::new(crate::ErrorKind::InvalidArgument, "the name holds a NUL"))?;
        let name = name.as_ref().map_or(null(), |name| name.as_ptr());
        // SAFETY: the view, the frame and the name live until this returns.
        self.with_frame(frame, call, |raw, frame, call, error| unsafe { insert(raw, index, frame, name, call, error) })
    }

    fn replace(&self, index: u64, frame: View) -> Result<()> {
        self.replace_with(index, frame, &Call::silent())
    }

    fn replace_with(&self, index: u64, frame: View, call: &Call<'_>) -> Result<()> {
        let replace = self.table.replace.ok_or_else(no_write)?;
        // SAFETY: the view and the frame live until this returns.
        self.with_frame(frame, call, |raw, frame, call, error| unsafe { replace(raw, index, frame, call, error) })
    }

    fn remove(&self, index: u64) -> Result<()> {
        self.remove_with(index, &Call::silent())
    }

    fn remove_with(&self, index: u64, call: &Call<'_>) -> Result<()> {
        let remove = self.table.remove.ok_or_else(no_write)?;
        // SAFETY: the view lives until this returns.
        self.foreign.call_with(call, |raw, call, error| unsafe { remove(raw, index, call, error) })
    }

    fn metadata(&self) -> Arc<MetadataNode> {
        let metadata = match self.table.metadata {
            Some(metadata) => metadata,
            None => return Arc::default(),
        };
        let tree = collect_tree(|sink| {
            // SAFETY: the view and the sink live until this returns.
            self.foreign.call(|raw, error| unsafe { metadata(raw, sink, null(), error) })
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
