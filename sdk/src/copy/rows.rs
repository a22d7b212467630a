//! Row by row: contiguous runs, and strided rows specialised by element size.

use super::plan::Plan;
use super::progress::Ticker;
use super::{stream, swap};
use std::mem::{size_of, MaybeUninit};

/// How many runs ahead of the copy their lines are asked for.
const AHEAD: isize = 8;
/// Bytes of a run that leaves the CPU time to fetch what is asked for.
const WORTH_ASKING: usize = 512;
/// Bytes of a run that the CPU follows by itself.
const FEW_PAGES: usize = 16 << 10;

/// Bytes of a run of many lines.
const MANY: usize = 256;
/// Bytes of a run whose edges do not count.
const LONG: usize = 64 << 10;
/// How many elements ahead of a strided row their lines are asked for.
const FAR: usize = 32;
/// Copies of at least this many bytes ask for lines ahead.
const SPREAD: u64 = 256 << 10;

/// Copies `n` elements from stride to stride.
pub(super) type RowFn = unsafe fn(n: usize, src: *const u8, src_step: isize, dst: *mut u8, dst_step: isize);

/// The row of elements of this size, where there is one of its own.
#[inline]
pub(super) fn row_fn(element: usize) -> Option<RowFn> {
    Some(match element {
        1 => row::<u8>,
        2 => row::<u16>,
        3 => row::<[u8; 3]>,
        4 => row::<u32>,
        6 => row::<[u16; 3]>,
        8 => row::<u64>,
        12 => row::<[u32; 3]>,
        16 => row::<u128>,
        _ => return None,
    })
}

/// # Safety
/// `n` elements on both sides.
pub(super) unsafe fn row<T: Copy>(n: usize, src: *const u8, src_step: isize, dst: *mut u8, dst_step: isize) {
    let size = size_of::<T>() as isize;
    // Steps that the compiler knows become vector code.
    // SAFETY: the caller's promise.
    unsafe {
        if dst_step == size {
            if src_step == size {
                std::ptr::copy_nonoverlapping(src, dst, n * size as usize);
            } else if src_step == 0 {
                steps::<T>(n, src, 0, dst, size);
            } else if src_step == -size {
                steps::<T>(n, src, -size, dst, size);
            } else if n > FAR && src_step.unsigned_abs() >= 256 {
                // Every element in a line of its own: more of them under way than the CPU would have.
                for k in 0..n as isize {
                    let from = src.wrapping_offset(k.wrapping_mul(src_step));
                    stream::ask(from.wrapping_offset(src_step.wrapping_mul(FAR as isize)), 1);
                    let to = dst.add(k as usize * size as usize).cast::<T>();
                    to.write_unaligned(from.cast::<T>().read_unaligned());
                }
            } else {
                steps::<T>(n, src, src_step, dst, size);
            }
        } else {
            steps::<T>(n, src, src_step, dst, dst_step);
        }
    }
}

/// # Safety
/// As [`row`].
#[inline(always)]
unsafe fn steps<T: Copy>(n: usize, src: *const u8, src_step: isize, dst: *mut u8, dst_step: isize) {
    for k in 0..n as isize {
        let from = src.wrapping_offset(k.wrapping_mul(src_step)).cast::<T>();
        let to = dst.wrapping_offset(k.wrapping_mul(dst_step)).cast::<T>();
        // SAFETY: element `k` of both sides.
        unsafe { to.write_unaligned(from.read_unaligned()) };
    }
}

/// Reverses the components of `n` elements of the destination, just written and still in cache.
///
/// # Safety
/// `n` elements.
#[inline]
pub(super) unsafe fn swap_row(n: usize, element: usize, component: usize, dst: *mut u8, step: isize) {
    if component == 1 {
        return;
    }
    // SAFETY: the caller's elements.
    unsafe {
        if step == element as isize {
            swap::in_place(n * element, component, dst);
        } else {
            for k in 0..n as isize {
                swap::in_place(element, component, dst.wrapping_offset(k.wrapping_mul(step)));
            }
        }
    }
}

/// Elements too large or too odd for a row of their own, and single runs.
///
/// # Safety
/// The plan's elements.
pub(super) unsafe fn contiguous(plan: &Plan, component: usize, ticker: &mut Ticker<'_>) -> bool {
    let (n, src_step, dst_step) = match plan.axes().first() {
        Some(axis) => (axis.n, axis.src, axis.dst),
        None => (1, 0, 0),
    };
    let long = (plan.total >= stream::LARGE && plan.element >= LONG) || plan.element > ticker.step();
    if component == 1 && !long {
        // SAFETY: the plan's elements.
        return unsafe { runs(plan, (n, src_step, dst_step), ticker) };
    }
    // Whole components, and whole lines, at a time.
    let past = plan.total >= stream::LARGE;
    let copy = stream::copier();
    let step = (ticker.step() / (64 * component)).max(1).saturating_mul(64 * component);
    let mut outer = plan.outer(0);
    loop {
        let (mut src, mut dst) = (outer.src, outer.dst);
        for _ in 0..n {
            let mut at = 0;
            while at < plan.element {
                let bytes = step.min(plan.element - at);
                // SAFETY: a part of one element of the plan.
                unsafe {
                    match (past, component) {
                        (true, 1) => copy(src.add(at), dst.add(at), bytes),
                        (true, _) => swap_past(bytes, component, src.add(at), dst.add(at)),
                        (false, _) => swap::copy_run(bytes, component, src.add(at), dst.add(at)),
                    }
                }
                if past {
                    stream::fence();
                }
                if !ticker.advance(bytes) {
                    return false;
                }
                at += bytes;
            }
            src = src.wrapping_offset(src_step);
            dst = dst.wrapping_offset(dst_step);
        }
        if !outer.next() {
            return true;
        }
    }
}

/// Copies a long run, reversing every component on the way and past the caches.
///
/// # Safety
/// As [`swap::copy_run`], and then [`stream::fence`] as for [`stream::CopyFn`].
unsafe fn swap_past(bytes: usize, component: usize, src: *const u8, dst: *mut u8) {
    const ROOM: usize = 8 << 10;
    let mut buffer = MaybeUninit::<[u8; ROOM]>::uninit();
    let buffer = buffer.as_mut_ptr().cast::<u8>();
    let whole = ROOM - ROOM % component;
    // The first part ends where a line does, so that the rest goes out in whole lines.
    let mut part = match component {
        size if size > ROOM => 0,
        2 | 4 | 8 => whole - (dst as usize).wrapping_add(whole) % 64 / component * component,
        _ => whole,
    };
    let (mut at, copy) = (0, stream::copier());
    // SAFETY: parts of the caller's ranges; the buffer has room for each, and is written before it is read.
    unsafe {
        if part == 0 {
            return swap::copy_run(bytes, component, src, dst);
        }
        while at < bytes {
            let count = part.min(bytes - at);
            swap::copy_run(count, component, src.add(at), buffer);
            copy(buffer, dst.add(at), count);
            (at, part) = (at + count, whole);
        }
    }
}

/// Runs without a byte swap, the innermost axis being `(n, source step, destination step)`.
///
/// # Safety
/// The plan's elements.
unsafe fn runs(plan: &Plan, (n, src_step, dst_step): (usize, isize, isize), ticker: &mut Ticker<'_>) -> bool {
    let bytes = plan.element;
    // Past the caches, where runs go on where the one before ends, so that their lines are whole.
    let past =
        plan.total >= stream::LARGE && bytes >= MANY && dst_step == bytes as isize && stream::joins(plan.dst, bytes);
    // The lines to come are asked for: those that are read where runs go past the caches, else those that are written, which the
    // CPU fetches late. Measured: asking for more, or for shorter runs, takes longer than it gains.
    let spread = bytes < FEW_PAGES && plan.total >= SPREAD;
    let (ask, ask_to_write) = (past && spread, !past && spread && bytes >= WORTH_ASKING);
    let copy = if past { stream::copier() } else { stream::plain };
    let part = (ticker.step() / bytes).max(1);
    let mut outer = plan.outer(0);
    loop {
        let (mut src, mut dst) = (outer.src, outer.dst);
        let mut left = n;
        while left > 0 {
            let count = part.min(left);
            for _ in 0..count {
                if ask {
                    stream::ask(src.wrapping_offset(src_step.wrapping_mul(AHEAD)), bytes);
                }
                if ask_to_write {
                    stream::ask_to_write(dst.wrapping_offset(dst_step), bytes);
                }
                // SAFETY: one element of the plan.
                unsafe { copy(src, dst, bytes) };
                src = src.wrapping_offset(src_step);
                dst = dst.wrapping_offset(dst_step);
            }
            left -= count;
            if past {
                stream::fence();
            }
            if !ticker.advance(count * bytes) {
                return false;
            }
        }
        if !outer.next() {
            return true;
        }
    }
}

/// Rows along the innermost axis of the destination.
///
/// # Safety
/// The plan's elements, at least one axis; `row` is that of the element size.
pub(super) unsafe fn strided(plan: &Plan, row: RowFn, component: usize, ticker: &mut Ticker<'_>) -> bool {
    let inner = plan.axes()[0];
    // With a byte swap to follow, no more than the first cache holds.
    let limit = if component > 1 { 16 << 10 } else { ticker.step() };
    let part = (limit / plan.element).max(1);
    let mut outer = plan.outer(0);
    loop {
        let mut at = 0;
        while at < inner.n {
            let n = part.min(inner.n - at);
            let src = outer.src.wrapping_offset((at as isize).wrapping_mul(inner.src));
            let dst = outer.dst.wrapping_offset((at as isize).wrapping_mul(inner.dst));
            // SAFETY: `n` elements of this row.
            unsafe {
                row(n, src, inner.src, dst, inner.dst);
                swap_row(n, plan.element, component, dst, inner.dst);
            }
            if !ticker.advance(n * plan.element) {
                return false;
            }
            at += n;
        }
        if !outer.next() {
            return true;
        }
    }
}
