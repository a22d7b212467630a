//! Copying n-dimensional data at memory speed: strided copy, axis permutation, byte order, numeric
//! conversion.
//!
//! Everything here is plain memory work on raw pointers, without allocation. A copy of many megabytes is done by several
//! threads at once ([`together`]), which are gone when the call returns; a shorter one by the caller's alone.
//!
//! How one copy travels: [`plan`] drops axes of size one, turns negative destination strides
//! around, orders the axes by destination stride and merges what is contiguous on both sides;
//! then one of three drivers runs what is left:
//!
//! | what is left | driver |
//! |---|---|
//! | rows that are contiguous on both sides | [`rows`]: `memcpy`, or a vectorised byte swap |
//! | the innermost axis is the same on both sides | [`rows`]: strided rows by element size |
//! | the innermost axes differ | [`tile`]: blocked permutation; [`planar`] for 3 and 4 channels |
//!
//! **What is promised.** The bytes of every element arrive, for any strides and any alignment; byte
//! order is reversed per component when asked. Nothing outside the addressed elements is read or
//! written.
//!
//! **What is not.** The copy is not atomic, its order is unspecified, and when two elements of the
//! destination share bytes those bytes are unspecified. [`check`] is over-cautious about overlap,
//! see [`overlaps`].
//!
//! ```
//! use iolink_sdk::copy::{check, copy_strided, Swap};
//! // A 2 x 3 matrix of big-endian u16, transposed into native order.
//! let src: [u8; 12] = [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6];
//! let mut dst = [0u16; 6];
//! let (from, to) = (src.as_ptr(), dst.as_mut_ptr().cast::<u8>());
//! let swap = if cfg!(target_endian = "little") { Swap::Bytes(2) } else { Swap::None };
//! check(&[3, 2], 2, from, &[2, 6], to, &[4, 2], swap)?;
//! // SAFETY: both arrays hold the 3 x 2 elements that the strides address.
//! unsafe { copy_strided(&[3, 2], 2, from, &[2, 6], to, &[4, 2], swap) };
//! assert_eq!(dst, [1, 4, 2, 5, 3, 6]);
//! # Ok::<(), iolink_sdk::copy::CopyError>(())
//! ```

#[cfg(all(target_arch = "x86_64", not(iolink_portable)))]
mod blend;
mod cast;
mod convert;
mod extent;
mod half;
mod lanes;
mod plan;
mod planar;
mod progress;
mod rows;
mod scalar;
#[cfg(all(target_arch = "x86_64", not(iolink_portable)))]
mod shuffle;
mod stream;
mod swap;
mod tile;
mod together;
#[cfg(all(target_arch = "x86_64", not(iolink_portable)))]
mod x86;

#[cfg(test)]
mod tests;

pub use convert::convert_strided;
pub(crate) use extent::share_bytes;
pub use extent::{byte_extent, check, overlaps, CopyError};
pub use half::half_to_f64;
pub use scalar::Scalar;

use plan::Plan;
use progress::Ticker;

/// At most this many axes (same as the border's).
pub const MAX_DIMS: usize = 16;

/// What happens to each component on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Swap {
    /// The bytes arrive as they are.
    None,
    /// The bytes of every component of this size are reversed: byte order is changed. The element
    /// size must be a multiple of it (a complex number of 16 bytes has components of 8).
    Bytes(usize),
}

impl Swap {
    /// Component size whose bytes are to be reversed, 1 when there is nothing to do.
    fn component(self) -> usize {
        match self {
            Swap::None | Swap::Bytes(0) => 1,
            Swap::Bytes(size) => size,
        }
    }
}

/// Copies an n-dimensional array of elements of `element_size` contiguous bytes.
///
/// `shape`, `src_strides` and `dst_strides` have the same length; strides are in bytes, may be
/// negative, and in the source zero. `src` and `dst` point to the element with all indices zero. A
/// shape without axes is one element; with a zero in it nothing is copied and the pointers are not
/// looked at.
///
/// # Panics
/// When the lengths differ, there are more than [`MAX_DIMS`] axes, or the element size is not a
/// multiple of the component size. [`check`] tells beforehand.
///
/// # Safety
/// Every element addressed from `src` must be readable and every element addressed from `dst`
/// writable, and no byte of the source may be a byte of the destination ([`overlaps`]).
pub unsafe fn copy_strided(
    shape: &[u64],
    element_size: usize,
    src: *const u8,
    src_strides: &[i64],
    dst: *mut u8,
    dst_strides: &[i64],
    swap: Swap,
) {
    if let Some(mut plan) = Plan::new(shape, element_size, src, src_strides, dst, dst_strides) {
        // SAFETY: the caller vouches for every element of both sides.
        unsafe { copy(&mut plan, swap.component(), &mut Ticker::silent()) };
    }
}

/// [`copy_strided`] that reports how far it is and can be cancelled.
///
/// `tick(done_bytes, total_bytes)` is called on the calling thread every few MiB, never inside a short row, and once more
/// at the end with `done_bytes == total_bytes`. When it answers `false` the copy stops, leaves the
/// destination partly written, and `false` is returned; the answer to the last call is ignored,
/// because everything has been copied.
///
/// # Panics
/// As [`copy_strided`]; and `tick` may panic, which stops the copy.
///
/// # Safety
/// As [`copy_strided`].
#[allow(clippy::too_many_arguments)]
pub unsafe fn copy_strided_with(
    shape: &[u64],
    element_size: usize,
    src: *const u8,
    src_strides: &[i64],
    dst: *mut u8,
    dst_strides: &[i64],
    swap: Swap,
    tick: &mut dyn FnMut(u64, u64) -> bool,
) -> bool {
    // SAFETY: the caller's promise.
    unsafe { copy_strided_by(shape, element_size, (src, src_strides), (dst, dst_strides), swap, 0, Some(tick)) }
}

/// [`copy_strided_with`] by at most `max_threads` threads (0: as many as are useful), and perhaps without a listener.
///
/// # Safety
/// As [`copy_strided`].
pub(crate) unsafe fn copy_strided_by(
    shape: &[u64],
    element_size: usize,
    (src, src_strides): (*const u8, &[i64]),
    (dst, dst_strides): (*mut u8, &[i64]),
    swap: Swap,
    max_threads: u32,
    tick: Option<&mut dyn FnMut(u64, u64) -> bool>,
) -> bool {
    match (Plan::new(shape, element_size, src, src_strides, dst, dst_strides), tick) {
        (None, tick) => {
            if let Some(tick) = tick {
                tick(0, 0);
            }
            true
        }
        (Some(mut plan), tick) => {
            let ticker = match tick {
                Some(tick) => Ticker::new(tick, plan.total),
                None => Ticker::silent(),
            };
            let mut ticker = ticker.with_max_threads(max_threads);
            // SAFETY: the caller vouches for every element of both sides.
            let complete = unsafe { copy(&mut plan, swap.component(), &mut ticker) };
            if complete {
                ticker.finish();
            }
            complete
        }
    }
}

/// Copies, by several threads where that is worth it.
///
/// # Safety
/// As [`copy_strided`], for the elements of the plan.
unsafe fn copy(plan: &mut Plan, component: usize, ticker: &mut Ticker<'_>) -> bool {
    let element = plan.element;
    assert!(element % component == 0, "the element size is not a multiple of the component size");
    // SAFETY: the caller's elements.
    together::run(plan, element, ticker, |part, ticker| unsafe { run(part, component, ticker) })
}

/// Chooses the driver for what is left of the job, and runs it.
///
/// # Safety
/// As [`copy_strided`], for the elements of the plan.
unsafe fn run(plan: &mut Plan, component: usize, ticker: &mut Ticker<'_>) -> bool {
    plan.absorb();
    let kind = rows::row_fn(plan.element);
    // SAFETY: the plan addresses the caller's elements and no others.
    unsafe {
        match (kind, plan.source_inner()) {
            (Some(_), Some(inner)) if inner > 0 => tile::run(plan, inner, component, ticker),
            (Some(row), _) if plan.len > 0 => rows::strided(plan, row, component, ticker),
            _ => rows::contiguous(plan, component, ticker),
        }
    }
}
