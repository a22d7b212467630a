//! Every kernel against a naive twin, bit for bit, over random shapes and strides.

use super::*;

mod conversion;
#[cfg(all(target_arch = "x86_64", not(iolink_portable)))]
mod split;
mod together;

/// Is every instruction watched, as under valgrind?
fn few() -> bool {
    std::env::var_os("IOLINK_FEW_ROUNDS").is_some()
}

/// So many rounds, or few.
fn rounds(usual: usize) -> usize {
    if few() {
        usual / 20
    } else {
        usual
    }
}

/// xorshift64*.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() >> 11) as usize % n
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    fn order(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        for k in (1..n).rev() {
            order.swap(k, self.below(k + 1));
        }
        order
    }

    fn fill(&mut self, bytes: &mut [u8]) {
        for b in bytes {
            *b = self.next() as u8;
        }
    }
}

/// One side of a copy: its memory, where index zero lies, and the strides.
#[derive(Clone, Debug)]
struct Side {
    bytes: Vec<u8>,
    origin: usize,
    strides: Vec<i64>,
}

impl Side {
    /// Random strides for elements that do not overlap (unless `broadcast`), at a random alignment.
    fn new(r: &mut Random, shape: &[u64], element: usize, broadcast: bool) -> Side {
        let mut strides = vec![0i64; shape.len()];
        let mut next = element as i64;
        for k in r.order(shape.len()) {
            let gap = r.pick(&[0, 0, 0, 1, 3, element as i64]);
            let step = next + gap;
            strides[k] = if r.below(4) == 0 { -step } else { step };
            if broadcast && r.below(8) == 0 {
                strides[k] = 0;
            } else {
                next = step * shape[k].max(1) as i64;
            }
        }
        Side::with(r, shape, element, strides)
    }

    fn with(r: &mut Random, shape: &[u64], element: usize, strides: Vec<i64>) -> Side {
        let (low, high) = byte_extent(shape, &strides, element).unwrap();
        let shift = r.below(19);
        let mut bytes = vec![0; (high - low) as usize + shift + 16];
        r.fill(&mut bytes);
        Side { bytes, origin: (shift as i64 - low) as usize, strides }
    }

    fn ptr_mut(&mut self) -> *mut u8 {
        self.bytes.as_mut_ptr().wrapping_add(self.origin)
    }

    fn at(&self, index: &[u64]) -> usize {
        let offset: i64 = index.iter().zip(&self.strides).map(|(&i, &s)| i as i64 * s).sum();
        (self.origin as i64 + offset) as usize
    }
}

/// Calls `f` with every index of a shape.
fn every(shape: &[u64], mut f: impl FnMut(&[u64])) {
    if shape.contains(&0) {
        return;
    }
    let mut index = vec![0; shape.len()];
    loop {
        f(&index);
        let mut k = 0;
        loop {
            if k == shape.len() {
                return;
            }
            index[k] += 1;
            if index[k] < shape[k] {
                break;
            }
            index[k] = 0;
            k += 1;
        }
    }
}

/// The naive twin.
fn naive(shape: &[u64], element: usize, src: &Side, dst: &mut Side, component: usize) {
    every(shape, |index| {
        let (from, to) = (src.at(index), dst.at(index));
        let target = &mut dst.bytes[to..to + element];
        target.copy_from_slice(&src.bytes[from..from + element]);
        if component > 1 {
            target.chunks_exact_mut(component).for_each(<[u8]>::reverse);
        }
    });
}

fn compare(shape: &[u64], element: usize, src: &Side, dst: &Side, swap: Swap) {
    let (mut got, mut want) = (dst.clone(), dst.clone());
    naive(shape, element, src, &mut want, swap.component());
    let (from, to) = (src.bytes.as_ptr().wrapping_add(src.origin), got.ptr_mut());
    check(shape, element, from, &src.strides, to, &dst.strides, swap).unwrap();
    // SAFETY: the sides hold every element of the shape.
    unsafe { copy_strided(shape, element, from, &src.strides, to, &dst.strides, swap) };
    let wrong = got.bytes.iter().zip(&want.bytes).position(|(a, b)| a != b);
    assert_eq!(
        wrong, None,
        "first wrong byte; shape {shape:?} element {element} {swap:?} src {:?} dst {:?}",
        src.strides, dst.strides
    );
}

fn swap_for(r: &mut Random, element: usize) -> Swap {
    match r.pick(&[1, 1, 2, 3, 4, 8, 16]) {
        1 => Swap::None,
        size if element % size == 0 => Swap::Bytes(size),
        _ => Swap::Bytes(element),
    }
}

/// A shape of at most `budget` elements.
fn shape_for(r: &mut Random, dims: usize, budget: usize) -> Vec<u64> {
    let mut left = budget;
    let mut shape = vec![1; dims];
    for k in r.order(dims) {
        let n = r.pick(&[0, 1, 2, 3, 3, 4, 4, 5, 7, 8, 13, 16, 17, 31, 32, 61, 64, 67, 97, 128, 131, 257]);
        let n = if n == 0 && r.below(4) > 0 { 2 } else { n };
        shape[k] = n.min(left.max(1)) as u64;
        left /= (shape[k] as usize).max(1);
    }
    shape
}

const SIZES: &[usize] = &[1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 17, 24, 32, 48];

#[test]
fn any_strides_agree_with_the_naive_twin() {
    let mut r = Random(0x9E37_79B9_7F4A_7C15);
    for round in 0..rounds(6000) {
        let element = r.pick(SIZES);
        let dims = r.below(7);
        let budget = if round % 50 == 0 { 60_000 } else { 3000 };
        let shape = shape_for(&mut r, dims, budget);
        let src = Side::new(&mut r, &shape, element, true);
        let dst = Side::new(&mut r, &shape, element, false);
        let swap = swap_for(&mut r, element);
        compare(&shape, element, &src, &dst, swap);
    }
}

#[test]
fn dense_permutations_agree_with_the_naive_twin() {
    let mut r = Random(77);
    for _ in 0..rounds(1500) {
        let element = r.pick(&[1, 1, 2, 2, 3, 4, 6, 8, 12, 16]);
        let dims = 2 + r.below(3);
        let shape = shape_for(&mut r, dims, 40_000);
        let dense = |r: &mut Random| {
            let mut strides = vec![0; dims];
            let mut next = element as i64;
            for k in r.order(dims) {
                strides[k] = if r.below(9) == 0 { -next } else { next };
                next *= shape[k].max(1) as i64;
            }
            strides
        };
        let (from, to) = (dense(&mut r), dense(&mut r));
        let src = Side::with(&mut r, &shape, element, from);
        let dst = Side::with(&mut r, &shape, element, to);
        let swap = swap_for(&mut r, element);
        compare(&shape, element, &src, &dst, swap);
    }
}

#[test]
fn planar_and_interleaved_agree_with_the_naive_twin() {
    let mut r = Random(4242);
    for _ in 0..rounds(1500) {
        let element = r.pick(&[1i64, 2, 4, 8]);
        let channels = r.pick(&[2i64, 3, 3, 4, 4, 5]);
        let (h, w) = (1 + r.below(5) as i64, r.pick(&[1i64, 2, 5, 7, 15, 16, 17, 33, 63, 100, 1025, 3001]));
        let shape = [h as u64, w as u64, channels as u64];
        let pad = r.pick(&[0, 0, 1, 5]);
        let pixel = channels * element;
        let sign = r.pick(&[1, 1, 1, -1]);
        let interleaved = vec![w * pixel + pad, pixel, element];
        let planar = vec![w * element + pad, element, sign * (h * (w * element + pad) + pad)];
        let element = element as usize;
        let swap = swap_for(&mut r, element);
        let src = Side::with(&mut r, &shape, element, interleaved.clone());
        let dst = Side::with(&mut r, &shape, element, planar.clone());
        compare(&shape, element, &src, &dst, swap);
        let src = Side::with(&mut r, &shape, element, planar);
        let dst = Side::with(&mut r, &shape, element, interleaved);
        compare(&shape, element, &src, &dst, swap);
    }
}

#[test]
fn large_results_written_past_the_caches_arrive() {
    let mut r = Random(5);
    let mut sides = |shape: [u64; 3], element: i64, order: [usize; 3]| {
        let row_major = |order: [usize; 3]| {
            let mut strides = vec![0; 3];
            let mut next = element;
            for k in order {
                strides[k] = next;
                next *= shape[k] as i64;
            }
            strides
        };
        let (from, to) = (row_major([0, 1, 2]), row_major(order));
        let src = Side::with(&mut r, &shape, element as usize, from);
        let dst = Side::with(&mut r, &shape, element as usize, to);
        for swap in [Swap::None, Swap::Bytes(element as usize)] {
            compare(&shape, element as usize, &src, &dst, swap);
        }
    };
    sides([101, 103, 107], 8, [2, 0, 1]);
    if few() {
        return;
    }
    sides([161, 167, 163], 2, [2, 1, 0]);
    sides([263, 256, 65], 2, [1, 0, 2]);
    sides([2003, 1501, 3], 1, [2, 0, 1]);
    sides([3, 1501, 2003], 1, [1, 2, 0]);
    sides([3, 1504, 2003], 1, [1, 2, 0]);
    sides([3, 1504, 1003], 2, [1, 2, 0]);
    sides([200, 211, 203], 1, [2, 1, 0]);
    sides([4_500_001, 1, 1], 2, [0, 1, 2]);
}

#[test]
fn planes_that_the_caches_hold_are_transposed_in_stripes() {
    let mut r = Random(8);
    // Odd edges, rows of the buffer that would share places in the cache, planes too narrow or too large for a stripe.
    let mut cases = vec![(8, [61u64, 67, 270], 0)];
    if !few() {
        cases.extend([(1, [163, 211, 260], 0), (2, [101, 97, 450], 3), (2, [130, 512, 64], 0), (3, [57, 61, 820], 0)]);
        cases.extend([
            (6, [40, 99, 370], 0),
            (4, [40, 300, 190], 0),
            (16, [33, 35, 470], 16),
            (2, [7, 600, 1020], 1),
            (2, [800, 640, 9], 0),
        ]);
    }
    for (element, shape, pad) in cases {
        let [nx, ny, _] = shape.map(|n| n as i64);
        let row = ny * element + pad;
        let sign = r.pick(&[1, -1]);
        let src = Side::with(&mut r, &shape, element as usize, vec![element, nx * element, sign * nx * ny * element]);
        let dst = Side::with(&mut r, &shape, element as usize, vec![row, element, nx * row]);
        for swap in [Swap::None, Swap::Bytes(element as usize)] {
            compare(&shape, element as usize, &src, &dst, swap);
        }
    }
}

#[test]
fn a_box_out_of_a_large_volume_arrives() {
    let mut r = Random(6);
    for (step, to) in [(700, 600), (-1001, 631), (2048, -640), (701, 640)] {
        let (element, shape) = if few() { (20, [30, 15_000]) } else { (2, [300, 15_000]) };
        let src = Side::with(&mut r, &shape, element as usize, vec![element, step]);
        let dst = Side::with(&mut r, &shape, element as usize, vec![element, to]);
        compare(&shape, element as usize, &src, &dst, Swap::None);
        compare(&shape, element as usize, &src, &dst, Swap::Bytes(2));
    }
}

#[test]
fn a_large_dense_result_arrives_wherever_its_lines_begin() {
    let (row, step, rows) = (608, 1000, 15_000);
    let mut src = vec![0u8; step * rows];
    Random(9).fill(&mut src);
    let wanted: Vec<u8> = src.chunks(step).flat_map(|piece| &piece[..row]).copied().collect();
    let mut dst = vec![0u8; row * rows + 128];
    let first_line = dst.as_ptr().align_offset(64);
    for offset in [0, 16, 48, 5] {
        for (shape, from, bytes) in [(&[rows as u64], step as i64, row), (&[1], 0, row * rows)] {
            dst.fill(0xEE);
            let begin = first_line + offset;
            // SAFETY: both vectors hold every element.
            unsafe {
                let to = dst.as_mut_ptr().add(begin);
                copy_strided(shape, bytes, src.as_ptr(), &[from], to, &[bytes as i64], Swap::None);
            }
            let there = &dst[begin..begin + row * rows];
            assert!(there == if from == 0 { &src[..row * rows] } else { &wanted }, "offset {offset}");
            assert!(dst[..begin].iter().chain(&dst[begin + row * rows..]).all(|byte| *byte == 0xEE), "offset {offset}");
        }
    }
}

#[test]
fn a_copy_of_megabytes_ticks_and_can_be_cancelled() {
    let n = 12usize << 20;
    let (src, mut dst) = (vec![7u8; n], vec![0u8; n]);
    let shapes: [(&[u64], &[i64], &[i64]); 3] =
        [(&[12 << 20], &[1], &[1]), (&[4096, 3072], &[3072, 1], &[1, 4096]), (&[6 << 20, 1], &[2, 1], &[2, 1])];
    for (shape, from, to) in shapes {
        let total: u64 = shape.iter().product();
        for stop_at in [u64::MAX, 4 << 20] {
            let mut calls = Vec::new();
            let mut tick = |done, all| {
                calls.push((done, all));
                done < stop_at
            };
            let (a, b) = (src.as_ptr(), dst.as_mut_ptr());
            // SAFETY: both vectors hold every element.
            let done = unsafe { copy_strided_with(shape, 1, a, from, b, to, Swap::None, &mut tick) };
            assert_eq!(done, stop_at == u64::MAX);
            assert!(calls.windows(2).all(|w| w[0].0 < w[1].0 && w[1].0 - w[0].0 <= 8 << 20));
            assert!(calls.len() <= 4 && calls.iter().all(|c| c.1 == total));
            if done {
                assert_eq!(calls.last(), Some(&(total, total)));
            }
        }
    }
    assert!(dst.iter().filter(|&&b| b == 7).count() >= 4 << 20);
}

#[test]
fn nothing_is_touched_for_an_empty_shape() {
    let null = std::ptr::null_mut();
    // SAFETY: no element is addressed.
    unsafe {
        copy_strided(&[4, 0], 2, null, &[8, 2], null, &[8, 2], Swap::None);
        let mut tick = |_, _| false;
        assert!(copy_strided_with(&[0], 2, null, &[2], null, &[2], Swap::None, &mut tick));
    }
    assert_eq!(check(&[0], 2, null, &[2], null, &[2], Swap::None), Ok(()));
}

#[test]
fn arrays_overlap_exactly_where_they_have_a_byte_in_common() {
    let mut r = Random(41);
    let memory = [0u8; 4096];
    let middle = memory[2048..].as_ptr();
    let (mut apart, mut common) = (0, 0);
    for _ in 0..rounds(20_000) {
        let mut array = || {
            let shape: Vec<u64> = (0..r.below(4)).map(|_| r.below(5) as u64).collect();
            let strides: Vec<i64> = shape.iter().map(|_| r.below(41) as i64 - 20).collect();
            (shape, 1 + r.below(4), middle.wrapping_add(r.below(60)), strides)
        };
        let (one, other) = (array(), array());
        let bytes = |(shape, size, at, strides): &(Vec<u64>, usize, *const u8, Vec<i64>)| {
            let mut starts = vec![*at as i64];
            for (n, stride) in shape.iter().zip(strides) {
                let along = |start: &i64| (0..*n as i64).map(|k| start + k * stride).collect::<Vec<_>>();
                starts = starts.iter().flat_map(along).collect();
            }
            starts.iter().flat_map(|start| *start..start + *size as i64).collect::<std::collections::HashSet<i64>>()
        };
        let expected = !bytes(&one).is_disjoint(&bytes(&other));
        let found = share_bytes((&one.0, one.1, one.2, &one.3), (&other.0, other.1, other.2, &other.3));
        assert_eq!(found, expected, "{one:?} and {other:?}");
        *if expected { &mut common } else { &mut apart } += 1;
    }
    assert!(apart > 100 && common > 100, "{apart} apart, {common} not");
}

#[test]
fn parts_of_one_image_are_apart_however_large_it_is() {
    let at = 0x10_0000_0000 as *const u8;
    let shared = |shape: &[u64], strides: &[i64], offset: usize, other: &[i64]| {
        overlaps(shape, 2, at, strides, at.wrapping_add(offset), other)
    };
    let (row, plane) = (2 * 10_000, 2 * 10_000 * 8_000);
    // Left and right half, even and odd rows, even and odd columns, all of them mirrored, and a box beside a box.
    assert!(!shared(&[5_000, 8_000], &[2, row], 10_000, &[2, row]));
    assert!(!shared(&[10_000, 4_000], &[2, 2 * row], row as usize, &[2, 2 * row]));
    assert!(!shared(&[5_000, 8_000], &[4, row], 2, &[4, row]));
    assert!(!shared(&[5_000, 8_000], &[2, row], 10_000 + 9_998, &[-2, row]));
    assert!(!shared(&[3_000, 3_000, 50], &[2, row, plane], 4_000 * row as usize, &[2, row, plane]));
    assert!(shared(&[5_000, 8_000], &[2, row], 9_998, &[2, row]));
    assert!(shared(&[3_000, 3_000, 50], &[2, row, plane], 2_999 * row as usize, &[2, row, plane]));
    // An image and its transpose.
    assert!(shared(&[8_000, 8_000], &[2, row], 0, &[row, 2]));
}

#[test]
fn extents_and_overlap_are_judged_before_anything_is_touched() {
    assert_eq!(byte_extent(&[], &[], 4), Some((0, 4)));
    assert_eq!(byte_extent(&[2, 3], &[12, -4], 4), Some((-8, 16)));
    assert_eq!(byte_extent(&[1 << 62, 4], &[2, i64::MAX], 4), None);
    assert_eq!(byte_extent(&[2], &[i64::MIN], 4), Some((i64::MIN, 4)));
    assert_eq!(byte_extent(&[3], &[i64::MIN], 4), None);
    let mut bytes = [0u8; 64];
    let at = bytes.as_mut_ptr();
    let shared =
        |offset: usize, strides: [i64; 2]| overlaps(&[2, 4], 2, at, &strides, at.wrapping_add(offset), &strides);
    assert!(!shared(16, [8, 2]) && shared(15, [8, 2]) && shared(0, [8, 2]));
    // Channels of one interleaved image are apart although their ranges are not.
    assert!(!shared(2, [24, 6]) && !shared(4, [24, 6]) && shared(1, [24, 6]) && shared(5, [24, 6]));
    let judge =
        |shape: &[u64], element, s: &[i64], d: &[i64], swap| check(shape, element, at, s, at.wrapping_add(32), d, swap);
    assert_eq!(judge(&[4], 2, &[2], &[2], Swap::Bytes(2)), Ok(()));
    assert_eq!(judge(&[4], 3, &[2], &[2], Swap::Bytes(2)), Err(CopyError::ElementSize { element: 3, component: 2 }));
    assert_eq!(judge(&[4], 2, &[2, 2], &[2], Swap::None), Err(CopyError::Dimensions { shape: 1, src: 2, dst: 1 }));
    let many = [1; 17];
    let error = judge(&many, 2, &[2; 17], &[2; 17], Swap::None);
    assert_eq!(error, Err(CopyError::TooManyDimensions(17)));
    assert_eq!(judge(&[4], 2, &[2], &[0], Swap::None), Err(CopyError::ZeroStride(0)));
    assert_eq!(judge(&[4], 2, &[2], &[-10], Swap::None), Err(CopyError::Overlap));
    let error = judge(&[u64::MAX / 2, 4], 2, &[0, 0], &[2, 2], Swap::None);
    assert_eq!(error, Err(CopyError::Overflow));
    assert!(CopyError::ZeroStride(3).to_string().contains("axis 3"));
}
