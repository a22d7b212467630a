//! Reading a region of an image in pieces.

use iolink_sdk::{BlockMut, Call, DataType, Region, Result, Shape};

/// The parts of a region, which is not empty, that lie in one block of a grid each.
fn pieces(region: Region, blocks: Shape) -> impl Iterator<Item = Region> {
    let mut counts = region.size;
    for (axis, count) in counts.iter_mut().enumerate() {
        *count = (region.end(axis) - 1) / blocks[axis] - region.origin[axis] / blocks[axis] + 1;
    }
    (0..counts.element_count().unwrap_or(0)).map(move |mut number| {
        let mut piece = region;
        for (axis, block) in blocks.iter().enumerate() {
            let place = region.origin[axis] / block + number % counts[axis];
            number /= counts[axis];
            let start = (place * block).max(region.origin[axis]);
            piece.origin[axis] = start;
            piece.size[axis] = (place * block).saturating_add(*block).min(region.end(axis)) - start;
        }
        piece
    })
}

/// Bytes of a region's samples.
pub fn bytes(region: &Region, data_type: DataType) -> u64 {
    region.element_count().unwrap_or(u64::MAX).saturating_mul(data_type.byte_count() as u64)
}

/// Reads a region, which lies inside the image, by the blocks of a grid: `read` gets the part of it that lies in one block,
/// and where the samples of that belong.
pub fn read_by_blocks(
    region: &Region,
    blocks: Shape,
    target: &mut BlockMut<'_>,
    call: &Call<'_>,
    mut read: impl FnMut(&Region, &mut BlockMut<'_>) -> Result<()>,
) -> Result<()> {
    let data_type = target.data_type();
    let (total, mut done) = (bytes(region, data_type), 0);
    for piece in pieces(*region, blocks) {
        let mut inside = piece;
        inside.origin.iter_mut().zip(&*region.origin).for_each(|(at, start)| *at -= start);
        read(&piece, &mut target.part(&inside)?)?;
        done += bytes(&piece, data_type);
        call.step(done, total)?;
    }
    Ok(())
}
