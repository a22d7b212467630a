//! What every image that can be read promises, wherever it came from.

use crate::report::{Held, Report};
use crate::{hold, words};
use iolink_sdk::view::services;
use iolink_sdk::{AxesInterpretation, BlockMut, Call, ErrorKind, ImageCapability, ImageView, Region, Shape, View};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Bytes that a test reads at most at once: of a larger image the first corner is taken.
const MOST: u64 = 8 << 20;

/// How long threads read side by side, at most.
const LONG_ENOUGH: Duration = Duration::from_millis(500);

/// Tiles that are looked at, at most.
const MANY: u64 = 4096;

/// Makes the image that is tested.
pub(crate) type Make<'a> = &'a dyn Fn() -> Result<Arc<dyn ImageView>, String>;

pub(crate) fn read(view: &dyn ImageView, region: &Region) -> Result<Vec<u8>, String> {
    let mut out = vec![0xA5; bytes_of(region, view)];
    let mut block = BlockMut::new(&mut out, &region.size, view.data_type()).map_err(words)?;
    view.read_region(region, &mut block, &Call::silent()).map_err(words)?;
    Ok(out)
}

pub(crate) fn bytes_of(region: &Region, view: &dyn ImageView) -> usize {
    region.element_count().unwrap_or(0) as usize * view.data_type().byte_count()
}

/// The whole image, or as much of its first corner as may be read at once.
pub(crate) fn window(view: &dyn ImageView) -> Region {
    let mut region = Region::full(&view.shape());
    while bytes_of(&region, view) as u64 > MOST || region.element_count().is_none() {
        let widest = (0..region.size.len()).max_by_key(|axis| region.size[*axis]).unwrap_or(0);
        region.size[widest] = (region.size[widest] / 2).max(1);
    }
    region
}

/// Boxes inside of `whole` whose sides are no multiple of anything: at both corners, in the middle, one sample, one row.
fn boxes(whole: &Region) -> Vec<Region> {
    let part = |place: &dyn Fn(u64) -> (u64, u64)| {
        let mut out = *whole;
        for axis in 0..whole.size.len() {
            let (first, count) = place(whole.size[axis]);
            out.origin[axis] += first;
            out.size[axis] = count.max(1);
        }
        out
    };
    let mut all = vec![
        part(&|size| (0, size.min(2))),
        part(&|size| (size - size.min(2), size.min(2))),
        part(&|size| (size / 3, size - size / 3)),
        part(&|size| (size / 2, 1)),
        part(&|size| (0, size - size / 4)),
    ];
    for axis in 0..whole.size.len() {
        let mut line = part(&|size| (size / 2, 1));
        (line.origin[axis], line.size[axis]) = (whole.origin[axis], whole.size[axis]);
        all.push(line);
    }
    all
}

/// The samples of `part`, cut out of those of `whole`, densely.
fn cut(content: &[u8], whole: &Region, part: &Region, sample: usize) -> Vec<u8> {
    let strides = whole.size.column_fastest(sample);
    let count = part.element_count().unwrap_or(0);
    let mut out = Vec::with_capacity(count as usize * sample);
    for index in 0..count {
        let (mut rest, mut at) = (index, 0);
        for axis in 0..part.size.len() {
            at += (part.origin[axis] - whole.origin[axis] + rest % part.size[axis]) as usize * strides[axis] as usize;
            rest /= part.size[axis];
        }
        out.extend_from_slice(&content[at..at + sample]);
    }
    out
}

pub(crate) fn check(report: &mut Report<'_>, name: &str, make: Make<'_>) {
    report.test(&format!("{name}: its properties fit its shape"), || {
        let view = make()?;
        let (properties, shape) = (view.properties(), view.shape());
        hold!(
            properties.axes.len() <= shape.len(),
            "{} axes are described, it has {}",
            properties.axes.len(),
            shape.len()
        );
        for (axis, known) in properties.axes.iter().enumerate() {
            let fine = known.spacing.is_finite() && known.spacing != 0.0 && known.origin.is_finite();
            hold!(fine, "axis {axis} has the spacing {} and the origin {}", known.spacing, known.origin);
        }
        let named = properties.axes_interpretation != AxesInterpretation::Unknown;
        hold!(!named || !shape.is_empty(), "an image without axes has the axes {:?}", properties.axes_interpretation);
        let size = view.data_type().byte_count();
        hold!(size > 0, "samples of type {} have no size", view.data_type());
        Ok(())
    });
    report.test(&format!("{name}: says the same of itself over the border"), || {
        let view = make()?;
        let raw = View::Image(view.clone()).into_raw("conformance");
        // SAFETY: the reference was made one line above and is handed over.
        let again = unsafe { View::from_raw(raw) }.and_then(View::into_image).map_err(words)?;
        hold!(again.shape() == view.shape(), "its shape {} becomes {}", view.shape(), again.shape());
        hold!(again.data_type() == view.data_type(), "its type {} becomes {}", view.data_type(), again.data_type());
        hold!(again.properties() == view.properties(), "its properties change");
        hold!(again.metadata() == view.metadata(), "its metadata changes");
        Ok(())
    });
    report.test(&format!("{name} READ: a region is that part of the whole"), || {
        let view = make()?;
        let whole = window(&*view);
        let content = read(&*view, &whole)?;
        hold!(read(&*view, &whole)? == content, "read twice it differs");
        for part in boxes(&whole) {
            let expected = cut(&content, &whole, &part, view.data_type().byte_count());
            hold!(read(&*view, &part)? == expected, "{part} is not that part of the whole");
        }
        Ok(())
    });
    report.test(&format!("{name} READ: fills blocks of any layout, and nothing beside them"), || {
        let view = make()?;
        let part = boxes(&window(&*view)).swap_remove(2);
        layouts(&*view, &part)
    });
    report.test(&format!("{name} READ: refuses regions that are not there"), || refusals(&*make()?));
    report.test(&format!("{name} READ: many threads read the same"), || threads(&*make()?));
    report.test(&format!("{name} READ: stops when it is asked to"), || stopping(&*make()?));
    report.test(&format!("{name} tiles: cover the image once, and read what regions do"), || tiles(&make()?));
    report.test(&format!("{name} MEMORY_ACCESS: the memory is what regions read, in the byte order it names"), || {
        let view = make()?;
        if !view.capabilities().has(ImageCapability::MEMORY_ACCESS) {
            let refused = view.memory().err().map(|refused| refused.kind());
            hold!(refused == Some(ErrorKind::NotImplemented), "without the capability memory gave {refused:?}");
            return Ok(());
        }
        let lent = view.memory().map_err(words)?;
        lent.check().map_err(words)?;
        hold!(lent.shape == view.shape() && lent.data_type == view.data_type(), "the memory has another shape or type");
        let whole = window(&*view);
        let mut copied = vec![0; bytes_of(&whole, &*view)];
        BlockMut::new(&mut copied, &whole.size, view.data_type())
            .and_then(|mut block| block.copy_from(&lent.block(&whole)?, &Call::silent()))
            .map_err(words)?;
        hold!(copied == read(&*view, &whole)?, "the memory holds other samples than regions read");
        drop(view);
        let mut later = vec![0; copied.len()];
        BlockMut::new(&mut later, &whole.size, lent.data_type)
            .and_then(|mut block| block.copy_from(&lent.block(&whole)?, &Call::silent()))
            .map_err(words)?;
        hold!(later == copied, "lent memory changed when the view was let go");
        Ok(())
    });
}

/// The tiles lie inside the image, cover every sample once, and read what regions do.
fn tiles(view: &Arc<dyn ImageView>) -> Held {
    let tiling = services::tiling(view).map_err(words)?;
    let (whole, count) = (Region::full(&view.shape()), tiling.tile_count());
    let mut covered = 0u64;
    for index in 0..count.min(MANY) {
        let region = tiling.tile_region(index).map_err(words)?;
        hold!(whole.contains(&region), "tile {index} is {region}, which leaves the image");
        let largest = tiling.max_tile_size();
        let fits = region.size.iter().zip(&*largest).all(|(size, most)| size <= most);
        hold!(fits, "tile {index} is {region}, the largest tile is {largest}");
        covered = covered.saturating_add(region.element_count().unwrap_or(u64::MAX));
        if index % (count / 8).max(1) == 0 && bytes_of(&region, &**view) as u64 <= MOST {
            let mut samples = vec![0xA5; bytes_of(&region, &**view)];
            let mut block = BlockMut::new(&mut samples, &region.size, view.data_type()).map_err(words)?;
            tiling.read_tile(index, &mut block, &Call::silent()).map_err(words)?;
            hold!(samples == read(&**view, &region)?, "tile {index} holds other samples than its region");
        }
    }
    let all = whole.element_count();
    hold!(count > MANY || Some(covered) == all, "the tiles have {covered} samples, the image {all:?}");
    let outside = tiling.tile_region(count).err().map(|refused| refused.kind());
    hold!(outside == Some(ErrorKind::OutOfRange), "tile {count} of {count} gave {outside:?}");
    Ok(())
}

/// The region, read into blocks with gaps, backwards along each axis, and slowest axis first.
fn layouts(view: &dyn ImageView, part: &Region) -> Held {
    let (sample, axes) = (view.data_type().byte_count(), part.size.len());
    let dense = read(view, part)?;
    let gapped = |order: &mut dyn Iterator<Item = usize>| {
        let mut strides = part.size.column_fastest(sample);
        let mut step = sample as i64 * 2;
        for axis in order {
            strides[axis] = step;
            step = step * part.size[axis] as i64 + sample as i64;
        }
        (strides, step as usize)
    };
    let mut backwards = gapped(&mut (0..axes)).0;
    backwards.iter_mut().for_each(|stride| *stride = -*stride);
    let (plain, length) = gapped(&mut (0..axes));
    let (turned, turned_length) = gapped(&mut (0..axes).rev());
    let end: usize = (0..axes).map(|axis| (part.size[axis] - 1) as usize * plain[axis] as usize).sum();
    for (words_for, strides, first, length) in [
        ("with gaps", plain, 0, length + sample),
        ("backwards", backwards, end, length + sample),
        ("slowest axis first", turned, 0, turned_length + sample),
    ] {
        let mut out = vec![0xA5u8; length];
        let mut touched = vec![false; length];
        let mut block =
            BlockMut::with_strides(&mut out, first, &part.size, &strides, view.data_type()).map_err(words)?;
        view.read_region(part, &mut block, &Call::silent()).map_err(words)?;
        for index in 0..part.element_count().unwrap_or(0) {
            let (mut rest, mut at) = (index, first as i64);
            for axis in 0..axes {
                at += (rest % part.size[axis]) as i64 * strides[axis];
                rest /= part.size[axis];
            }
            let (at, from) = (at as usize, index as usize * sample);
            hold!(out[at..at + sample] == dense[from..from + sample], "{words_for}, sample {index} of {part} differs");
            touched[at..at + sample].fill(true);
        }
        let beside = out.iter().zip(&touched).position(|(byte, meant)| !meant && *byte != 0xA5);
        hold!(beside.is_none(), "{words_for}, byte {beside:?} beside the samples was written");
    }
    Ok(())
}

fn refusals(view: &dyn ImageView) -> Held {
    let shape = view.shape();
    if shape.is_empty() {
        return Ok(());
    }
    let one = Region { origin: Shape::filled(shape.len(), 0), size: Shape::filled(shape.len(), 1) };
    let mut asked = Vec::new();
    for axis in 0..shape.len() {
        let (mut wide, mut past, mut empty, mut far) = (one, one, one, one);
        (wide.origin[axis], wide.size[axis]) = (shape[axis] - 1, 2);
        past.origin[axis] = shape[axis];
        empty.size[axis] = 0;
        far.origin[axis] = u64::MAX;
        asked.extend([
            (wide, ErrorKind::OutOfRange),
            (past, ErrorKind::OutOfRange),
            (far, ErrorKind::OutOfRange),
            (empty, ErrorKind::InvalidArgument),
        ]);
    }
    if shape.len() > 1 {
        let less = Shape::filled(shape.len() - 1, 1);
        asked.push((Region { origin: Shape::filled(less.len(), 0), size: less }, ErrorKind::InvalidArgument));
    }
    for (region, kind) in asked {
        let mut out = vec![0; bytes_of(&region, view)];
        let mut block = BlockMut::new(&mut out, &region.size, view.data_type()).map_err(words)?;
        match view.read_region(&region, &mut block, &Call::silent()) {
            Err(refused) if refused.kind() == kind => {}
            other => return Err(format!("{region} gave {other:?}, not {kind:?}")),
        }
    }
    Ok(())
}

fn threads(view: &dyn ImageView) -> Held {
    let whole = window(view);
    let parts: Vec<(Region, Vec<u8>)> =
        boxes(&whole).into_iter().map(|part| Ok((part, read(view, &part)?))).collect::<Result<_, String>>()?;
    // As many turns as there is time for, and two at least.
    let (most, end) = ((1 << 22) / bytes_of(&whole, view).max(1 << 12), Instant::now() + LONG_ENOUGH);
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..4usize)
            .map(|reader| {
                let parts = &parts;
                scope.spawn(move || {
                    let least = 2 * parts.len();
                    let mut turns =
                        (0..least.max(most * parts.len())).take_while(|turn| *turn < least || Instant::now() < end);
                    turns.all(|turn| {
                        let (part, expected) = &parts[(turn * 5 + reader * 3) % parts.len()];
                        read(view, part).as_ref() == Ok(expected)
                    })
                })
            })
            .collect();
        let same = readers.into_iter().all(|reader| reader.join().unwrap_or(false));
        hold!(same, "a thread read something else");
        Ok(())
    })
}

/// Who is told of progress may ask to stop; small images may be done before anybody asks.
fn stopping(view: &dyn ImageView) -> Held {
    let whole = window(view);
    let mut out = vec![0; bytes_of(&whole, view)];
    let mut block = BlockMut::new(&mut out, &whole.size, view.data_type()).map_err(words)?;
    let asked = AtomicU64::new(0);
    let stop = |_, _| {
        asked.fetch_add(1, Ordering::Relaxed);
        false
    };
    let ended = view.read_region(&whole, &mut block, &Call::new(&stop));
    let (asked, kind) = (asked.into_inner(), ended.err().map(|stopped| stopped.kind()));
    match (asked, kind) {
        (0, None) => Ok(()),
        (0, Some(kind)) => Err(format!("it ended with {kind:?} although nobody asked it to")),
        (_, Some(ErrorKind::Cancelled)) => {
            hold!(asked < 3, "it asked {asked} times more after it was told to stop");
            Ok(())
        }
        (_, other) => Err(format!("it was told to stop and ended with {other:?}, not Cancelled")),
    }
}
