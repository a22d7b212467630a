//! Copying whole images, piece by piece.

use super::slabs::{Room, Slabs, BUDGET};
use super::Image;
use iolink_sdk::copy::overlaps;
use iolink_sdk::{
    fail, BlockMut, ByteOrder, Call, DataType, Error, ErrorKind, ImageCapability, ImageProperties, Memory, Region,
    Result, Shape, View,
};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Bytes of a piece that needs no buffer.
const PIECE: usize = 4 << 20;
/// From this many bytes on a second thread helps.
const TWO_THREADS: u64 = 16 << 20;

/// Makes an image of a shape and type, with properties, that can be written. Formats belong to providers: the caller says
/// which one makes the image.
pub type Create<'a> = &'a dyn Fn(&Shape, DataType, ImageProperties) -> Result<View>;

/// A copy of the image in what `create` makes, with properties and metadata.
///
/// # Errors
/// What `create` and [`copy_into`] refuse.
pub fn copy_in_memory(image: &Image, create: Create<'_>, call: &Call<'_>) -> Result<Image> {
    let properties = (*image.properties()).clone();
    let target = create(&image.shape(), image.data_type(), properties.clone())?.into_image()?;
    // A request to create an image has no place for them.
    if properties.has_tables() && !target.properties().has_tables() {
        target.set_properties(properties)?;
    }
    let metadata = image.metadata();
    if metadata.node_count() > 1 || metadata.value().is_some() {
        target.set_metadata((*metadata).clone())?;
    }
    copy_into(image, &target, call)?;
    Ok(target)
}

/// Copies every sample of `source` into `target`, of the same shape and type. Reads straight into the target's memory, or
/// writes straight from the source's, where there is one; else through a buffer of at most
/// one MiB. Large copies take two threads of the pool.
///
/// `call` hears about the bytes copied, always on the calling thread: once before the first piece, when stopping leaves the
/// target untouched; between pieces, when it leaves it partly written; and once at the end, when it is too late to stop.
///
/// # Errors
/// `InvalidArgument` for another shape or images that share memory, `Type` for another type, `NotImplemented` without READ in the source or WRITE in
/// the target, `Cancelled` when `call` asks to stop. Nothing is touched in the first three cases.
pub fn copy_into(source: &Image, target: &Image, call: &Call<'_>) -> Result<()> {
    let (shape, data_type) = (source.shape(), source.data_type());
    if target.shape() != shape {
        fail!(InvalidArgument, "an image of shape {shape} cannot be copied into one of shape {}", target.shape());
    }
    if target.data_type() != data_type {
        fail!(Type, "samples of type {data_type} cannot be copied into an image of type {}", target.data_type());
    }
    super::require(source.capabilities(), ImageCapability::READ)?;
    super::require(target.capabilities(), ImageCapability::WRITE)?;
    if shape.contains(&0) {
        return call.step(0, 0);
    }
    let job = Job::new(source, target, (shape, data_type))?;
    call.step(0, job.total)?;
    let report = |done| if done < job.total { call.step(done, job.total) } else { Ok(()) };
    if job.total < TWO_THREADS || !job.way.is_direct() {
        job.run(&mut { report })?;
    } else {
        let (caller, first) = (std::thread::current().id(), Mutex::new(Ok(())));
        let task = |_| {
            let done = match std::thread::current().id() == caller {
                true => job.run(&mut { report }),
                false => job.run(&mut |_| Ok(())),
            };
            let mut first = first.lock().unwrap_or_else(PoisonError::into_inner);
            if first.is_ok() {
                *first = done;
            }
        };
        let limit = if call.max_threads() == 1 { 1 } else { 2 };
        crate::pool::run(2, &task, &Call::silent().with_max_threads(limit))?;
        first.into_inner().unwrap_or_else(PoisonError::into_inner)?;
    }
    // Everything is there: whoever says stop now comes too late.
    let _ = call.step(job.total, job.total);
    Ok(())
}

/// How samples go over.
enum Way {
    /// Read into the target's memory.
    Into(Memory),
    /// Written from the source's memory.
    From(Memory),
    /// Read into a buffer, written from there.
    Buffer,
}

impl Way {
    fn is_direct(&self) -> bool {
        !matches!(self, Way::Buffer)
    }
}

struct Job<'a> {
    source: &'a Image,
    target: &'a Image,
    data_type: DataType,
    way: Way,
    pieces: Mutex<Slabs>,
    done: AtomicU64,
    total: u64,
    stopped: AtomicBool,
}

impl<'a> Job<'a> {
    fn new(source: &'a Image, target: &'a Image, (shape, data_type): (Shape, DataType)) -> Result<Self> {
        let sample = data_type.byte_count();
        let total = shape
            .element_count()
            .and_then(|count| count.checked_mul(sample as u64))
            .ok_or_else(|| Error::new(ErrorKind::Limit, format!("an image of shape {shape} is beyond 64 bits")))?;
        let way = match (lent(target, true)?, lent(source, false)?) {
            (Some(to), Some(from)) if shares(&from, &to) => return Err(Error::shared_memory()),
            (Some(memory), _) => Way::Into(memory),
            (None, Some(memory)) => Way::From(memory),
            (None, None) => Way::Buffer,
        };
        let budget = if way.is_direct() { PIECE } else { BUDGET };
        let pieces = Mutex::new(Slabs::within(&Region::full(&shape), sample, budget));
        let (done, stopped) = (AtomicU64::new(0), AtomicBool::new(false));
        Ok(Job { source, target, data_type, way, pieces, done, total, stopped })
    }

    /// Copies pieces until none is left or another thread failed; `report` hears of the bytes done so far.
    fn run(&self, report: &mut dyn FnMut(u64) -> Result<()>) -> Result<()> {
        let mut room = Room::new();
        let mut result = Ok(());
        while result.is_ok() && !self.stopped.load(Ordering::Relaxed) {
            let next = self.pieces.lock().unwrap_or_else(PoisonError::into_inner).next();
            let piece = match next {
                Some(piece) => piece,
                None => return Ok(()),
            };
            result = self.copy(&piece, &mut room).and_then(|bytes| {
                let before = self.done.fetch_add(bytes, Ordering::Relaxed);
                report(before + bytes)
            });
        }
        if result.is_err() {
            self.stopped.store(true, Ordering::Relaxed);
        }
        result
    }

    /// Copies one piece; how many bytes it had.
    fn copy(&self, piece: &Region, room: &mut Room) -> Result<u64> {
        let silent = Call::silent();
        match &self.way {
            Way::Into(memory) => self.source.read_region(piece, &mut memory.block_mut(piece)?, &silent)?,
            Way::From(memory) => self.target.write_region(piece, &memory.block(piece)?, &silent)?,
            Way::Buffer => {
                let mut between: BlockMut<'_> = room.block(&piece.size, self.data_type)?;
                self.source.read_region(piece, &mut between, &silent)?;
                self.target.write_region(piece, &between.as_block(), &silent)?;
            }
        }
        Ok(piece.element_count().unwrap_or(0) * self.data_type.byte_count() as u64)
    }
}

/// The image's memory where regions of it can be handed to another view: in native byte order and, to be `written`,
/// writable. Not where the image was opened from somewhere, see [`super::by_memory`].
fn lent(image: &Image, written: bool) -> Result<Option<Memory>> {
    if !super::by_memory(image) {
        return Ok(None);
    }
    let memory = image.memory()?;
    let native = memory.byte_order == ByteOrder::NATIVE || memory.data_type.component_bytes() == 1;
    Ok((native && (memory.writable || !written)).then_some(memory))
}

/// May the two share bytes? Over-cautious, see [`iolink_sdk::copy::overlaps`].
fn shares(from: &Memory, to: &Memory) -> bool {
    let sample = from.data_type.byte_count();
    overlaps(&from.shape, sample, from.data, &from.strides, to.data, &to.strides)
}
