//! Planar <-> interleaved: 3 and 4 channels of 1 and 2 bytes, by byte shuffles where the CPU has them.
//!
//! Elsewhere there is no kernel, and tiles do the job.

use super::plan::Outer;
use super::progress::Ticker;
use super::rows;
use super::stream;
use super::tile::Plane;

/// Splits or merges `n` pixels. `step` is that from plane to plane; `large` says that the result goes
/// past the caches.
pub(super) type Kernel = unsafe fn(n: usize, src: *const u8, dst: *mut u8, step: isize, large: bool);

/// The kernel of a plane, and which way it goes.
#[derive(Clone, Copy)]
pub(super) struct Planar {
    kernel: Kernel,
    channels: usize,
    split: bool,
}

/// The kernel for a plane (contiguous on both sides, each along its own axis), if it is one of
/// interleaved pixels and the CPU has the instructions.
pub(super) fn kernel(plane: &Plane) -> Option<Planar> {
    let pixel = |channels: usize| (channels * plane.element) as isize;
    let (d, s) = (plane.d, plane.s);
    let (channels, split) = if s.n <= 4 && d.src == pixel(s.n) {
        (s.n, true)
    } else if d.n <= 4 && s.dst == pixel(d.n) {
        (d.n, false)
    } else {
        return None;
    };
    let kernel = shuffles(channels, plane.element, split)?;
    Some(Planar { kernel, channels, split })
}

#[cfg(all(target_arch = "x86_64", not(iolink_portable)))]
fn shuffles(channels: usize, element: usize, split: bool) -> Option<Kernel> {
    use super::{blend, shuffle};
    if split && channels == 3 && std::is_x86_feature_detected!("avx2") {
        match element {
            1 => return Some(blend::split::<1>),
            2 => return Some(blend::split::<2>),
            _ => {}
        }
    }
    if !std::is_x86_feature_detected!("ssse3") {
        return None;
    }
    Some(match (channels, element, split) {
        (3, 1, true) => shuffle::split::<3, 1>,
        (4, 1, true) => shuffle::split::<4, 1>,
        (3, 2, true) => shuffle::split::<3, 2>,
        (4, 2, true) => shuffle::split::<4, 2>,
        (3, 1, false) => shuffle::merge::<3, 1>,
        (4, 1, false) => shuffle::merge::<4, 1>,
        (3, 2, false) => shuffle::merge::<3, 2>,
        (4, 2, false) => shuffle::merge::<4, 2>,
        _ => return None,
    })
}

#[cfg(any(not(target_arch = "x86_64"), iolink_portable))]
fn shuffles(_: usize, _: usize, _: bool) -> Option<Kernel> {
    None
}

/// # Safety
/// The planes at all places of `outer`; `planar` is that of the plane.
pub(super) unsafe fn run(plane: &Plane, planar: Planar, mut outer: Outer, total: u64, ticker: &mut Ticker<'_>) -> bool {
    let Plane { d, s, element, component } = *plane;
    let (pixels, step) = if planar.split { (d, s.dst) } else { (s, d.src) };
    let large = component == 1 && total >= stream::LARGE;
    // With a byte swap to follow, no more than the first cache holds.
    let limit = if component > 1 { 8 << 10 } else { ticker.step() };
    let part = (limit / (planar.channels * element)).max(1);
    loop {
        let mut at = 0;
        while at < pixels.n {
            let n = part.min(pixels.n - at);
            let src = outer.src.wrapping_offset((at as isize).wrapping_mul(pixels.src));
            let dst = outer.dst.wrapping_offset((at as isize).wrapping_mul(pixels.dst));
            // SAFETY: `n` pixels of this plane.
            unsafe {
                (planar.kernel)(n, src, dst, step, large);
                if planar.split {
                    for c in 0..planar.channels as isize {
                        let row = dst.wrapping_offset(c.wrapping_mul(step));
                        rows::swap_row(n, element, component, row, element as isize);
                    }
                } else {
                    let count = n * planar.channels;
                    rows::swap_row(count, element, component, dst, element as isize);
                }
            }
            if !ticker.advance(n * planar.channels * element) {
                stream::fence();
                return false;
            }
            at += n;
        }
        if !outer.next() {
            stream::fence();
            return true;
        }
    }
}
