//! Long jobs in pieces of bounded size, with one account of progress.

use iolink_sdk::{out_of_memory, BlockMut, Call, DataType, Limits, Region, Result, Shape};

/// Bytes that an adapter takes at most for itself while it reads or writes.
pub const BUDGET: usize = 1 << 20;

/// A box cut into pieces of one size, the last ones smaller; first axis first.
pub(super) struct Slabs {
    whole: Region,
    piece: Shape,
    next: Option<Shape>,
}

impl Slabs {
    /// Pieces of `whole` of this size.
    pub(super) fn new(whole: &Region, piece: &Shape) -> Self {
        let next = (!whole.is_empty()).then(|| Shape::filled(whole.size.len(), 0));
        Slabs { whole: *whole, piece: *piece, next }
    }

    /// Pieces of at most `budget` bytes, of samples of `sample` bytes: whole along the first axes.
    pub(super) fn within(whole: &Region, sample: usize, budget: usize) -> Self {
        let mut piece = Shape::filled(whole.size.len(), 1);
        fill(&mut piece, &whole.size, (budget / sample.max(1)).max(1) as u64);
        Slabs::new(whole, &piece)
    }

    /// Size of a piece that is not at the end.
    pub(super) fn piece(&self) -> Shape {
        self.piece
    }
}

/// Grows `piece`, axis by axis, up to `size` and to `room` samples. Axes that stand at 0 are to stay 1.
pub(super) fn fill(piece: &mut Shape, size: &Shape, mut room: u64) {
    for (part, whole) in piece.iter_mut().zip(&**size) {
        *part = if *part == 0 { 1 } else { room.min(*whole).max(1) };
        room /= *part;
    }
}

impl Iterator for Slabs {
    type Item = Region;

    fn next(&mut self) -> Option<Region> {
        let at = self.next.as_mut()?;
        let mut out = self.whole;
        for axis in 0..at.len() {
            out.origin[axis] += at[axis];
            out.size[axis] = self.piece[axis].min(self.whole.size[axis] - at[axis]);
        }
        for axis in 0..at.len() {
            at[axis] += self.piece[axis];
            if at[axis] < self.whole.size[axis] {
                return Some(out);
            }
            at[axis] = 0;
        }
        self.next = None;
        Some(out)
    }
}

/// A box inside `whole`, seen from its origin.
pub(super) fn relative(region: &Region, whole: &Region) -> Region {
    let mut out = *region;
    for (index, first) in out.origin.iter_mut().zip(&*whole.origin) {
        *index -= first;
    }
    out
}

/// A long call that is done in parts: each part reports as if it were the whole.
pub(super) struct Parts<'a> {
    call: &'a Call<'a>,
    done: u64,
    total: u64,
}

impl<'a> Parts<'a> {
    /// Parts of a job of that many samples of that many bytes.
    pub(super) fn new(call: &'a Call<'a>, shape: &Shape, sample: usize) -> Self {
        Parts { call, done: 0, total: bytes(shape, sample) }
    }

    /// Runs one part.
    pub(super) fn run(
        &mut self,
        shape: &Shape,
        sample: usize,
        part: impl FnOnce(&Call<'_>) -> Result<()>,
    ) -> Result<()> {
        if self.call.is_silent() {
            return part(self.call);
        }
        let (done, own) = (self.done, bytes(shape, sample));
        let share = |at: u64, of: u64| (u128::from(at.min(of)) * u128::from(own) / u128::from(of.max(1))) as u64;
        part(&Call::new(&|at, of| self.call.step(done + share(at, of), self.total).is_ok()))?;
        self.done += own;
        self.call.step(self.done, self.total)
    }
}

fn bytes(shape: &Shape, sample: usize) -> u64 {
    shape.element_count().unwrap_or(u64::MAX).saturating_mul(sample as u64)
}

/// Room for the pieces of a job, made once.
pub(super) struct Room {
    bytes: Vec<u8>,
}

impl Room {
    pub(super) fn new() -> Self {
        Room { bytes: Vec::new() }
    }

    /// A dense block in canonical order; what is in it is what was there before.
    pub(super) fn block(&mut self, shape: &Shape, data_type: DataType) -> Result<BlockMut<'_>> {
        let length = Limits::default().image_bytes(shape, data_type)?;
        BlockMut::new(self.bytes(length)?, shape, data_type)
    }

    /// So many bytes; what is in them is what was there before.
    pub(super) fn bytes(&mut self, length: usize) -> Result<&mut [u8]> {
        if self.bytes.len() < length {
            let more = length - self.bytes.len();
            self.bytes.try_reserve_exact(more).map_err(|_| out_of_memory(length))?;
            self.bytes.resize(length, 0);
        }
        Ok(&mut self.bytes[..length])
    }
}
