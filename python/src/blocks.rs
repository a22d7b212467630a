//! Samples in and out of the caller's buffers.

use crate::buffer::Lent;
use crate::image::with_progress;
use iolink_sdk::{Block, BlockMut, Call, ImageCapability, ImageView, Result, Shape};
use pyo3::prelude::*;

/// How long a copy must be before the GIL is given up for it: in bytes, and in samples, which may lie far apart.
const MANY_BYTES: u64 = 64 * 1024;
const MANY_SAMPLES: u64 = 1024;

fn worth_detaching(view: &dyn ImageView, size: &Shape) -> bool {
    let samples = size.element_count().unwrap_or(u64::MAX);
    samples >= MANY_SAMPLES
        || samples.saturating_mul(view.data_type().byte_count() as u64) >= MANY_BYTES
        || !view.capabilities().has(ImageCapability::MEMORY_ACCESS)
}

/// Has `read` fill a buffer that the caller brings, with samples of an image in a box of this size.
pub fn read_into(
    dst: &Bound<'_, PyAny>,
    (view, size): (&dyn ImageView, &Shape),
    progress: Option<&Bound<'_, PyAny>>,
    read: impl FnOnce(&mut BlockMut<'_>, &Call<'_>) -> Result<()> + Send,
) -> PyResult<()> {
    let detached = worth_detaching(view, size);
    let lend = if detached { Lent::kept } else { Lent::new };
    let lent = lend("dst", dst, true)?;
    let strides = lent.strides_for(dst.py(), "dst", size, view.data_type(), &view.properties())?;
    with_progress(progress, |call| {
        let fill = || {
            // SAFETY: the caller's buffer holds the whole box by these strides until `lent` is dropped.
            let mut block = unsafe { BlockMut::from_raw(lent.data(), *size, strides, view.data_type()) };
            read(&mut block, call)
        };
        if detached {
            dst.py().detach(fill)
        } else {
            fill()
        }
    })
}

/// Has `write` take the samples of a buffer that the caller brings, for a box of an image of this size.
pub fn write_from(
    src: &Bound<'_, PyAny>,
    (view, size): (&dyn ImageView, &Shape),
    progress: Option<&Bound<'_, PyAny>>,
    write: impl FnOnce(&Block<'_>, &Call<'_>) -> Result<()> + Send,
) -> PyResult<()> {
    let detached = worth_detaching(view, size);
    let lend = if detached { Lent::kept } else { Lent::new };
    let lent = lend("src", src, false)?;
    let strides = lent.strides_for(src.py(), "src", size, view.data_type(), &view.properties())?;
    with_progress(progress, |call| {
        let take = || {
            // SAFETY: the caller's buffer holds the whole box by these strides until `lent` is dropped.
            let block = unsafe { Block::from_raw(lent.data(), *size, strides, view.data_type()) };
            write(&block, call)
        };
        if detached {
            src.py().detach(take)
        } else {
            take()
        }
    })
}
