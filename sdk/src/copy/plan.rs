//! What is left of a copy once everything trivial about its axes has been removed.

use super::MAX_DIMS;

/// One axis: how many elements, and the distance in bytes from one to the next on both sides.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    pub(super) n: usize,
    pub(super) src: isize,
    pub(super) dst: isize,
}

impl Axis {
    const UNIT: Axis = Axis { n: 1, src: 0, dst: 0 };
}

/// A copy whose axes have more than one element, a destination stride that is not negative, are
/// ordered by it (the smallest first), and cannot be merged any further.
#[derive(Clone)]
pub(super) struct Plan {
    axes: [Axis; MAX_DIMS],
    pub(super) len: usize,
    /// Contiguous bytes on both sides.
    pub(super) element: usize,
    pub(super) src: *const u8,
    pub(super) dst: *mut u8,
    /// Bytes of the whole job, of which this may be a [`Plan::part`].
    pub(super) total: u64,
}

impl Plan {
    /// `None` when there is nothing to copy. Panics when the slices do not fit each other.
    #[inline]
    pub(super) fn new(
        shape: &[u64],
        element: usize,
        mut src: *const u8,
        src_strides: &[i64],
        mut dst: *mut u8,
        dst_strides: &[i64],
    ) -> Option<Plan> {
        assert!(
            shape.len() == src_strides.len() && shape.len() == dst_strides.len(),
            "shape and strides have different lengths"
        );
        assert!(shape.len() <= MAX_DIMS, "too many axes");
        if element == 0 || shape.contains(&0) {
            return None;
        }
        let mut axes = [Axis::UNIT; MAX_DIMS];
        let mut len = 0;
        for ((&n, &s), &d) in shape.iter().zip(src_strides).zip(dst_strides) {
            if n == 1 {
                continue;
            }
            // Memory that the caller vouches for is addressed by these numbers, so they fit.
            let mut axis = Axis { n: n as usize, src: s as isize, dst: d as isize };
            if axis.dst < 0 {
                let last = (axis.n - 1) as isize;
                src = src.wrapping_offset(last.wrapping_mul(axis.src));
                dst = dst.wrapping_offset(last.wrapping_mul(axis.dst));
                axis.src = axis.src.wrapping_neg();
                axis.dst = axis.dst.wrapping_neg();
            }
            let mut at = len;
            while at > 0 && before(&axis, &axes[at - 1]) {
                axes[at] = axes[at - 1];
                at -= 1;
            }
            axes[at] = axis;
            len += 1;
        }
        let mut plan = Plan { axes, len, element, src, dst, total: 0 };
        plan.merge();
        plan.total = plan.bytes();
        Some(plan)
    }

    /// The axes, innermost in the destination first.
    #[inline]
    pub(super) fn axes(&self) -> &[Axis] {
        &self.axes[..self.len]
    }

    /// Bytes to be copied.
    pub(super) fn bytes(&self) -> u64 {
        self.axes().iter().fold(self.element as u64, |bytes, axis| bytes.wrapping_mul(axis.n as u64))
    }

    /// Can no two elements of the destination, of `width` bytes, share one, because the step along each axis is as long as all that lies
    /// within it?
    pub(super) fn lie_apart(&self, width: usize) -> bool {
        let mut span = width as i128;
        self.axes().iter().all(|axis| {
            let apart = axis.dst as i128 >= span;
            span += (axis.n as i128 - 1) * axis.dst as i128;
            apart
        })
    }

    /// At most `size` elements of an axis from the one at `first`, with the whole of the others.
    pub(super) fn part(&self, axis: usize, first: usize, size: usize) -> Plan {
        let mut part = self.clone();
        let along = &mut part.axes[axis];
        along.n = size.min(along.n - first);
        part.src = part.src.wrapping_offset((first as isize).wrapping_mul(along.src));
        part.dst = part.dst.wrapping_offset((first as isize).wrapping_mul(along.dst));
        if along.n == 1 {
            part.len -= 1;
            part.axes.copy_within(axis + 1..=part.len, axis);
        }
        part
    }

    /// Two neighbours become one axis where both sides go on without a gap.
    fn merge(&mut self) {
        let mut kept = 0;
        for k in 1..self.len {
            let (inner, outer) = (self.axes[kept], self.axes[k]);
            let n = inner.n as isize;
            if outer.dst == inner.dst.wrapping_mul(n) && outer.src == inner.src.wrapping_mul(n) {
                self.axes[kept].n *= outer.n;
            } else {
                kept += 1;
                self.axes[kept] = outer;
            }
        }
        if self.len > 0 {
            self.len = kept + 1;
        }
    }

    /// An innermost axis that is contiguous on both sides becomes part of the element.
    pub(super) fn absorb(&mut self) {
        if self.len == 0 {
            return;
        }
        let inner = self.axes[0];
        let element = self.element as isize;
        if inner.src == element && inner.dst == element {
            self.element *= inner.n;
            self.len -= 1;
            self.axes.copy_within(1..=self.len, 0);
        }
    }

    /// Position of the axis with the smallest source stride that is not zero; 0 when the innermost
    /// axis of the destination will do as well. `None` without axes.
    pub(super) fn source_inner(&self) -> Option<usize> {
        let mut best = 0;
        let mut smallest = self.axes().first()?.src.unsigned_abs();
        if smallest == 0 {
            return Some(0);
        }
        for (k, axis) in self.axes().iter().enumerate().skip(1) {
            let stride = axis.src.unsigned_abs();
            if stride != 0 && stride < smallest {
                best = k;
                smallest = stride;
            }
        }
        Some(best)
    }

    /// The axes but for the innermost and the one at `except` (0 for the innermost alone).
    pub(super) fn outer(&self, except: usize) -> Outer {
        let mut axes = [Axis::UNIT; MAX_DIMS];
        let mut len = 0;
        for (k, axis) in self.axes().iter().enumerate().skip(1) {
            if k != except {
                axes[len] = *axis;
                len += 1;
            }
        }
        Outer { axes, len, index: [0; MAX_DIMS], src: self.src, dst: self.dst }
    }
}

/// Order of the axes: by destination stride, then by source stride.
fn before(a: &Axis, b: &Axis) -> bool {
    (a.dst, a.src.unsigned_abs()) < (b.dst, b.src.unsigned_abs())
}

/// Walks over some axes of a plan like the digits of a counter, the first axis fastest.
pub(super) struct Outer {
    axes: [Axis; MAX_DIMS],
    len: usize,
    index: [usize; MAX_DIMS],
    pub(super) src: *const u8,
    pub(super) dst: *mut u8,
}

impl Outer {
    /// Moves both pointers to the next place; `false` after the last one.
    #[inline]
    pub(super) fn next(&mut self) -> bool {
        for k in 0..self.len {
            let axis = &self.axes[k];
            self.index[k] += 1;
            if self.index[k] < axis.n {
                self.src = self.src.wrapping_offset(axis.src);
                self.dst = self.dst.wrapping_offset(axis.dst);
                return true;
            }
            self.index[k] = 0;
            let back = (axis.n - 1) as isize;
            self.src = self.src.wrapping_offset(axis.src.wrapping_mul(back).wrapping_neg());
            self.dst = self.dst.wrapping_offset(axis.dst.wrapping_mul(back).wrapping_neg());
        }
        false
    }

    /// Where the source will be after [`Outer::next`]; where it is when that is the end.
    pub(super) fn src_after(&self) -> *const u8 {
        let mut src = self.src;
        for (axis, &index) in self.axes[..self.len].iter().zip(&self.index) {
            if index + 1 < axis.n {
                return src.wrapping_offset(axis.src);
            }
            src = src.wrapping_offset(axis.src.wrapping_mul(index as isize).wrapping_neg());
        }
        self.src
    }
}
