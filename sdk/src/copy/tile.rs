//! Blocked permutation: the innermost axes of the two sides differ.
//!
//! The plane of both innermost axes is cut into tiles. A tile that is contiguous along one axis on
//! each side is transposed in registers into a small buffer and leaves it in whole cache lines; any
//! other tile is copied by strided rows while its lines are in cache. A plane that the caches hold is
//! cut into stripes, one cache line wide, while the next one is asked for from its first byte to its
//! last: in that order memory is fastest.

use super::lanes::Lane;
use super::plan::{Axis, Outer, Plan};
use super::progress::Ticker;
use super::{planar, rows, stream, swap};
use std::mem::{size_of, MaybeUninit};

/// Bytes of the buffer that a tile is transposed in: the largest tile, see [`Tiles`] and [`room`].
const BUFFER: usize = room(4 * EDGE) * room(EDGE / 2);
/// Bytes along either edge of a tile that stays in the caches.
const EDGE: usize = 128;
/// Bytes across a stripe.
const LINE: usize = 64;
/// The largest plane, in bytes, that the caches hold beside the next one.
const PLANE: usize = 768 << 10;

/// Both innermost axes of a permutation: `d` of the destination, `s` of the source.
#[derive(Clone, Copy)]
pub(super) struct Plane {
    pub(super) d: Axis,
    pub(super) s: Axis,
    pub(super) element: usize,
    pub(super) component: usize,
}

/// Permutes; `inner` is the innermost axis of the source.
///
/// # Safety
/// The plan's elements; the element has a row of its own; `inner > 0`.
pub(super) unsafe fn run(plan: &Plan, inner: usize, component: usize, ticker: &mut Ticker<'_>) -> bool {
    let element = plan.element;
    let (d, mut s) = (plan.axes()[0], plan.axes()[inner]);
    let mut outer = plan.outer(inner);
    if s.src < 0 {
        // Forwards in the source; the destination's rows may come in any order.
        let last = (s.n - 1) as isize;
        outer.src = outer.src.wrapping_offset(last.wrapping_mul(s.src));
        outer.dst = outer.dst.wrapping_offset(last.wrapping_mul(s.dst));
        s.src = -s.src;
        s.dst = -s.dst;
    }
    let plane = Plane { d, s, element, component };
    let square = s.src == element as isize && d.dst == element as isize;
    // SAFETY: the planes are those of the plan.
    unsafe {
        if square {
            if let Some(kernel) = planar::kernel(&plane) {
                return planar::run(&plane, kernel, outer, plan.total, ticker);
            }
            if d.n.min(s.n) >= (16 / element).max(4) {
                let tiles = &Tiles::new(&plane, plan.total);
                return match element {
                    1 => squares::<u8>(&plane, outer, tiles, ticker),
                    2 => squares::<u16>(&plane, outer, tiles, ticker),
                    3 => squares::<[u8; 3]>(&plane, outer, tiles, ticker),
                    4 => squares::<u32>(&plane, outer, tiles, ticker),
                    6 => squares::<[u16; 3]>(&plane, outer, tiles, ticker),
                    8 => squares::<u64>(&plane, outer, tiles, ticker),
                    12 => squares::<[u32; 3]>(&plane, outer, tiles, ticker),
                    _ => squares::<u128>(&plane, outer, tiles, ticker),
                };
            }
        }
        strided(&plane, outer, ticker)
    }
}

/// Shape of the tiles of a permutation, in elements; how far apart their rows lie in the buffer, in bytes; and whether they come
/// from and go to memory.
///
/// Measured: what has to come from memory is limited by how many lines are under way at a time. Tiles
/// long in the destination, with the next tile's source lines asked for while this one is
/// transposed, keep enough of them under way; smaller ones or the first cache as target do not.
struct Tiles {
    d: usize,
    s: usize,
    pitch: usize,
    large: bool,
    stripes: bool,
}

impl Tiles {
    fn new(plane: &Plane, total: u64) -> Tiles {
        let (size, rows) = (plane.element, plane.d.n);
        let large = total >= stream::LARGE;
        let row = plane.s.n * size;
        if large && plane.d.src == row as isize && rows * row <= PLANE {
            // A column of the buffer whose lines all belong in the same few places of the first cache would not stay there.
            let spread = if rows * size % 1024 == 0 { 64 } else { 0 };
            let pitch = rows * size + spread;
            if pitch * room(LINE / size) <= BUFFER {
                return Tiles { d: rows, s: LINE / size, pitch, large, stripes: true };
            }
        }
        let d = match (large, size) {
            (false, _) => EDGE,
            (true, 1) => 2 * EDGE,
            (true, _) => 4 * EDGE,
        };
        Tiles { d: d / size, s: EDGE / size, pitch: room(d / size) * size, large, stripes: false }
    }
}

/// Lines to be asked for: so many bytes at each of some places, one place for each row of the tile in hand.
#[derive(Clone, Copy)]
struct Ahead {
    first: *const u8,
    step: isize,
    bytes: usize,
}

/// Tiles through the buffer.
///
/// # Safety
/// The planes at all places of `outer`; `T` is the element, contiguous along `s` in the source and
/// along `d` in the destination.
unsafe fn squares<T: Lane>(plane: &Plane, mut outer: Outer, tiles: &Tiles, ticker: &mut Ticker<'_>) -> bool {
    let size = size_of::<T>();
    let (d, s) = (plane.d, plane.s);
    let mut buffer = MaybeUninit::<[u8; BUFFER]>::uninit();
    let buffer = buffer.as_mut_ptr().cast::<u8>();
    let past = stream::copier();
    // Rows of the buffer that follow each other in the destination as they do here are one.
    let joined = tiles.stripes && s.dst == tiles.pitch as isize;
    loop {
        let mut d0 = 0;
        let mut nd = first(tiles.d, size, outer.dst, d.n);
        while nd > 0 {
            let from = outer.src.wrapping_offset((d0 as isize).wrapping_mul(d.src));
            let to = outer.dst.wrapping_add(d0 * size);
            let mut s0 = 0;
            let mut ns = first(tiles.s, size, from, s.n);
            while ns > 0 {
                let tile = from.wrapping_add(s0 * size);
                let ahead = if tiles.stripes {
                    // As much of the next plane as this stripe is of this one.
                    let share = outer.src_after().wrapping_add((s0 * size + LINE - 1) / LINE * LINE * nd);
                    Some(Ahead { first: share, step: LINE as isize, bytes: 1 })
                } else if tiles.large {
                    // The tile after this one, be it in the next strip or the next plane.
                    let next = if s0 + ns < s.n {
                        tile.wrapping_add(ns * size)
                    } else if d0 + nd < d.n {
                        from.wrapping_offset((nd as isize).wrapping_mul(d.src))
                    } else {
                        outer.src_after()
                    };
                    Some(Ahead { first: next, step: d.src, bytes: EDGE })
                } else {
                    None
                };
                // SAFETY: `nd * ns` elements of the plane; the buffer has room for as many, and its
                // rows are all written before they are read.
                unsafe {
                    match ahead {
                        Some(ahead) => pack::<T, true>(nd, ns, tile, d.src, buffer, tiles.pitch, ahead),
                        None => {
                            let nothing = Ahead { first: tile, step: 0, bytes: 0 };
                            pack::<T, false>(nd, ns, tile, d.src, buffer, tiles.pitch, nothing);
                        }
                    }
                    let (rows, bytes) = if joined { (1, ns * nd * size) } else { (ns, nd * size) };
                    for k in 0..rows {
                        let row = buffer.add(k * tiles.pitch);
                        if plane.component > 1 {
                            swap::in_place(bytes, plane.component, row);
                        }
                        let line = to.wrapping_offset(((s0 + k) as isize).wrapping_mul(s.dst));
                        if tiles.large {
                            past(row, line, bytes);
                        } else {
                            std::ptr::copy_nonoverlapping(row, line, bytes);
                        }
                    }
                }
                if !ticker.advance(nd * ns * size) {
                    stream::fence();
                    return false;
                }
                s0 += ns;
                ns = following(tiles.s, s.n - s0);
            }
            d0 += nd;
            nd = following(tiles.d, d.n - d0);
        }
        if !outer.next() {
            break;
        }
    }
    stream::fence();
    true
}

/// The largest number of elements along the edge of a tile that should have `tile`.
const fn room(tile: usize) -> usize {
    tile + tile / 4
}

/// Elements of the tile that begins where `left` are left: a short rest is not left alone.
#[inline]
fn following(tile: usize, left: usize) -> usize {
    if left <= room(tile) {
        left
    } else {
        tile
    }
}

/// Elements of the first tile: the ones after it begin with a cache line, where elements can.
#[inline]
fn first(tile: usize, size: usize, at: *const u8, n: usize) -> usize {
    let past = at as usize % LINE;
    if n <= room(tile) {
        n
    } else if LINE % size == 0 && past % size == 0 {
        tile - past / size
    } else {
        tile
    }
}

/// Transposes `nd` rows of `ns` elements into `ns` rows of `nd`, `pitch` bytes apart. `ASK` asks for what
/// comes next.
///
/// # Safety
/// `nd` rows of `ns` elements at `src`; room for `ns` rows of `pitch` bytes in `buffer`, and `nd`
/// elements in each.
#[inline(always)]
unsafe fn pack<T: Lane, const ASK: bool>(
    nd: usize,
    ns: usize,
    src: *const u8,
    src_row: isize,
    buffer: *mut u8,
    pitch: usize,
    ahead: Ahead,
) {
    let size = size_of::<T>();
    let (whole_d, whole_s) = (nd - nd % T::EDGE, ns - ns % T::EDGE);
    // SAFETY: squares and single elements inside both the tile and the buffer.
    unsafe {
        for k in (0..whole_d).step_by(T::EDGE) {
            let from = src.wrapping_offset((k as isize).wrapping_mul(src_row));
            if ASK {
                for r in k..k + T::EDGE {
                    stream::ask(ahead.first.wrapping_offset((r as isize).wrapping_mul(ahead.step)), ahead.bytes);
                }
            }
            for j in (0..whole_s).step_by(T::EDGE) {
                let to = buffer.add(j * pitch + k * size);
                T::transpose(from.add(j * size), src_row, to, pitch as isize);
            }
        }
        for k in 0..nd {
            let from = src.wrapping_offset((k as isize).wrapping_mul(src_row)).cast::<T>();
            let first = if k < whole_d { whole_s } else { 0 };
            for j in first..ns {
                let to = buffer.add(j * pitch + k * size).cast::<T>();
                to.write_unaligned(from.add(j).read_unaligned());
            }
        }
    }
}

/// Tiles by strided rows, along the longer edge.
///
/// # Safety
/// The planes at all places of `outer`.
unsafe fn strided(plane: &Plane, mut outer: Outer, ticker: &mut Ticker<'_>) -> bool {
    let Plane { d, s, element, component } = *plane;
    let row = rows::row_fn(element).expect("a size with a row of its own");
    let edge = (EDGE / element).max(16);
    let (edge_d, edge_s) = if d.n < edge {
        (d.n, edge * edge / d.n)
    } else if s.n < edge {
        (edge * edge / s.n, s.n)
    } else {
        (edge, edge)
    };
    loop {
        for d0 in (0..d.n).step_by(edge_d) {
            let nd = edge_d.min(d.n - d0);
            for s0 in (0..s.n).step_by(edge_s) {
                let ns = edge_s.min(s.n - s0);
                let src = outer
                    .src
                    .wrapping_offset((d0 as isize).wrapping_mul(d.src))
                    .wrapping_offset((s0 as isize).wrapping_mul(s.src));
                let dst = outer
                    .dst
                    .wrapping_offset((d0 as isize).wrapping_mul(d.dst))
                    .wrapping_offset((s0 as isize).wrapping_mul(s.dst));
                let (long, short, n, m) = if nd >= ns { (d, s, nd, ns) } else { (s, d, ns, nd) };
                for k in 0..m as isize {
                    let from = src.wrapping_offset(k.wrapping_mul(short.src));
                    let to = dst.wrapping_offset(k.wrapping_mul(short.dst));
                    // SAFETY: a row of this tile.
                    unsafe {
                        row(n, from, long.src, to, long.dst);
                        rows::swap_row(n, element, component, to, long.dst);
                    }
                }
                if !ticker.advance(nd * ns * element) {
                    return false;
                }
            }
        }
        if !outer.next() {
            return true;
        }
    }
}
