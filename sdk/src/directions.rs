//! The directions of an image's axes in space.

use crate::{fail, Result};
use std::fmt;

/// Directions of the column, row and slice axis in space, as unit vectors (x, y, z).
///
/// ```
/// use iolink_sdk::SpatialDirections;
/// let turned = SpatialDirections::right_handed([0.0, 2.0, 0.0], [-1.0, 0.0, 0.0])?;
/// assert_eq!(turned.column(), [0.0, 1.0, 0.0]);
/// assert_eq!(turned.slice(), [0.0, 0.0, 1.0]);
/// # Ok::<(), iolink_sdk::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpatialDirections([[f64; 3]; 3]);

impl Default for SpatialDirections {
    fn default() -> Self {
        SpatialDirections([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    }
}

impl SpatialDirections {
    /// Three directions, brought to length 1. They may be left-handed and need not be at right angles, as some scanners
    /// have them.
    ///
    /// # Errors
    /// `InvalidArgument` for a direction that is not finite or 0, and for three that lie in one plane.
    pub fn new(column: [f64; 3], row: [f64; 3], slice: [f64; 3]) -> Result<Self> {
        let own = [unit("column", column)?, unit("row", row)?, unit("slice", slice)?];
        if dot(cross(own[0], own[1]), own[2]).abs() <= 1e-9 {
            fail!(InvalidArgument, "the three directions lie in one plane: {own:?}");
        }
        Ok(SpatialDirections(own))
    }

    /// The directions of column and row with the one that makes them a right-handed system.
    ///
    /// # Errors
    /// As [`SpatialDirections::new`], for two that lie in one line.
    pub fn right_handed(column: [f64; 3], row: [f64; 3]) -> Result<Self> {
        let (column, row) = (unit("column", column)?, unit("row", row)?);
        let slice = cross(column, row);
        if dot(slice, slice) <= 1e-18 {
            fail!(InvalidArgument, "column and row have one direction, {column:?}; no third one follows from them");
        }
        Ok(SpatialDirections([column, row, unit("slice", slice)?]))
    }

    /// Direction of the column axis: from one pixel of a row to the next.
    pub fn column(&self) -> [f64; 3] {
        self.0[0]
    }

    /// Direction of the row axis: from one row to the next.
    pub fn row(&self) -> [f64; 3] {
        self.0[1]
    }

    /// Direction of the slice axis.
    pub fn slice(&self) -> [f64; 3] {
        self.0[2]
    }
}

impl From<SpatialDirections> for [[f64; 3]; 3] {
    fn from(directions: SpatialDirections) -> Self {
        directions.0
    }
}

/// As they are, such as a view's properties have them.
impl From<[[f64; 3]; 3]> for SpatialDirections {
    fn from(directions: [[f64; 3]; 3]) -> Self {
        SpatialDirections(directions)
    }
}

impl fmt::Display for SpatialDirections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [column, row, slice] = self.0.map(|[x, y, z]| format!("({x}, {y}, {z})"));
        write!(f, "SpatialDirections({column}, {row}, {slice})")
    }
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    // Adding 0 makes 0 of -0.
    [a[1] * b[2] - a[2] * b[1] + 0.0, a[2] * b[0] - a[0] * b[2] + 0.0, a[0] * b[1] - a[1] * b[0] + 0.0]
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// At length 1; one that has it already keeps its very numbers.
fn unit(name: &str, direction: [f64; 3]) -> Result<[f64; 3]> {
    let length = dot(direction, direction).sqrt();
    if !(length > 0.0 && length.is_finite()) {
        fail!(InvalidArgument, "the {name} direction {direction:?} must be finite and longer than 0");
    }
    Ok(if (length - 1.0).abs() < 1e-12 { direction } else { direction.map(|part| part / length) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_third_direction_is_right_handed() {
        let own = SpatialDirections::right_handed([0.6, 0.8, 0.0], [0.0, 0.0, 1.0]).unwrap();
        assert_eq!((own.column(), own.slice()), ([0.6, 0.8, 0.0], [0.8, -0.6, 0.0]));
        let usual = SpatialDirections::default();
        assert_eq!(SpatialDirections::right_handed(usual.column(), usual.row()).unwrap(), usual);
        assert_eq!(usual.to_string(), "SpatialDirections((1, 0, 0), (0, 1, 0), (0, 0, 1))");
    }

    #[test]
    fn what_is_no_direction_is_refused() {
        let (x, y) = ([1.0, 0.0, 0.0], [0.0, 1.0, 0.0]);
        assert!(SpatialDirections::right_handed(x, [-2.0, 0.0, 0.0]).is_err());
        assert!(SpatialDirections::right_handed(x, [0.0; 3]).is_err());
        assert!(SpatialDirections::right_handed([f64::NAN, 0.0, 0.0], y).is_err());
        assert!(SpatialDirections::new(x, y, [1.0, 1.0, 0.0]).is_err());
        assert!(SpatialDirections::new(x, y, [0.0, 0.0, -1.0]).is_ok(), "a left-handed system is one");
    }
}
