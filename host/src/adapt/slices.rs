//! Where a stack of slices lies in space, by the places of its images.

use super::Image;
use iolink_sdk::{fail, Axis, ImageProperties, Result};

/// How far the place of an image may lie from where even steps have it, in steps: formats write positions with few digits.
const TOLERANCE: f64 = 1e-2;

/// How far apart the directions of two images may be.
const TURN: f64 = 1e-4;

/// The least volume that column, row and a step of length 1 span. Below it the images lie beside each other in one plane.
const LEAST_VOLUME: f64 = 1e-3;

fn length(step: [f64; 3]) -> f64 {
    step.iter().map(|part| part * part).sum::<f64>().sqrt()
}

fn minus(one: [f64; 3], other: [f64; 3]) -> [f64; 3] {
    [0, 1, 2].map(|part| one[part] - other[part])
}

/// The volume that the directions of column and row span with a step, in lengths of the step.
fn volume([a, b, _]: [[f64; 3]; 3], step: [f64; 3]) -> f64 {
    let whole = a[0] * (b[1] * step[2] - b[2] * step[1]) - a[1] * (b[0] * step[2] - b[2] * step[0])
        + a[2] * (b[0] * step[1] - b[1] * step[0]);
    whole.abs() / (length(a) * length(b))
}

/// Gives the new SLICE axis of a stack spacing, direction, origin and unit by the places of its images, which have COLUMN and
/// ROW. Images that all lie at one place, or beside each other in one plane, say nothing of a step: then the stack lies where
/// the first one does.
///
/// # Errors
/// `InvalidArgument` for images in different spaces, directions or units, and for places that are uneven.
pub(super) fn place(images: &[Image], first: &ImageProperties, stacked: &mut ImageProperties) -> Result<()> {
    let has = |axis| first.axes.iter().any(|own| own.axis == Some(axis));
    if !has(Axis::Column) || !has(Axis::Row) {
        return Ok(());
    }
    let (start, unit) = (first.place(), first.space_unit().to_owned());
    let mut places = Vec::with_capacity(images.len());
    for (index, image) in images.iter().enumerate() {
        let own = image.properties().fitted(image.shape().len())?;
        places.push(own.place());
        let turned =
            own.direction[..2].iter().zip(&first.direction).any(|(one, other)| length(minus(*one, *other)) > TURN);
        let same = own.space == first.space && !turned && own.space_unit() == unit;
        if !same && places[index] != start {
            fail!(
                InvalidArgument,
                "image {index} lies in another space, direction or unit than image 0, so no step leads from one to the \
                 other; give both the same calibration, or stack along another axis"
            );
        }
    }
    let leaves = |step: [f64; 3]| volume(first.direction, step) > LEAST_VOLUME * length(step);
    if !places.iter().any(|place| leaves(minus(*place, start))) {
        stacked.set_place(start);
        return Ok(());
    }
    let last = places[places.len() - 1];
    let step = minus(last, start).map(|part| part / (places.len() - 1) as f64);
    let size = length(step);
    for (index, place) in places.iter().enumerate() {
        let expected = [0, 1, 2].map(|part| start[part] + index as f64 * step[part]);
        if length(minus(*place, expected)) > TOLERANCE * size {
            fail!(
                InvalidArgument,
                "the images lie at uneven places: image {index} lies at {place:?} {unit}, even steps have it at {expected:?}; \
                 sort the images by their position, or give them even ones (from_image_view)"
            );
        }
    }
    let towards = step.map(|part| part / size);
    stacked.direction[2] = towards;
    if let Some(slice) = stacked.axes.iter_mut().find(|axis| axis.axis == Some(Axis::Slice)) {
        (slice.spacing, slice.unit) = (size, unit);
    }
    stacked.set_place(start);
    Ok(())
}
