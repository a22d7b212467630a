//! What is known of an image beyond its samples: axes, calibration, scale of the values.

mod border;
mod channel;
mod check;
mod space;

use crate::geometry::no_axis;
use crate::length::{normal_unit, unit_ratio};
use crate::{fail, AxesInterpretation, Axis, DataType, Interpretation, Result};
use std::sync::Arc;

pub(crate) use border::empty_border;
pub(crate) use channel::{channels_from, collect_channels, with_channels, write_channels};
pub use channel::{Channel, MAX_COORDINATES};
pub use space::{Space, World};

/// What the values of an image mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ImageInterpretation {
    /// Nothing is known.
    #[default]
    Unknown,
    /// Brightness, density, any measured quantity.
    Grayscale,
    /// Colour components.
    Color,
    /// Object or background.
    Binary,
    /// Numbers that name objects.
    Label,
}

impl ImageInterpretation {
    /// Every interpretation with its name, by number.
    pub const NAMED: [(&'static str, ImageInterpretation); 5] = [
        ("UNKNOWN", ImageInterpretation::Unknown),
        ("GRAYSCALE", ImageInterpretation::Grayscale),
        ("COLOR", ImageInterpretation::Color),
        ("BINARY", ImageInterpretation::Binary),
        ("LABEL", ImageInterpretation::Label),
    ];

    /// The interpretation of a border number.
    pub fn from_number(number: u32) -> Option<Self> {
        ImageInterpretation::NAMED.get(number as usize).map(|(_, interpretation)| *interpretation)
    }
}

/// One axis: what it is and how it lies in the world.
#[derive(Debug, Clone, PartialEq)]
pub struct AxisProperties {
    /// What the axis is; `None` where nothing names it.
    pub axis: Option<Axis>,
    /// Distance between samples, in `unit`; 1 where unknown.
    pub spacing: f64,
    /// Position of index 0, in `unit`; 0 where unknown.
    pub origin: f64,
    /// Unit of spacing, origin and coordinates, such as `mm` or `s`; "" where unknown. At most 31 bytes.
    pub unit: String,
    /// Coordinates of an uneven axis, such as times, one for each index; `None` for an even axis. An uneven axis has no
    /// spacing. Along COLUMN, ROW and SLICE the sample at index `n` lies `coordinates[n] - coordinates[0]` from the first one.
    pub coordinates: Option<Arc<[f64]>>,
}

impl Default for AxisProperties {
    fn default() -> Self {
        AxisProperties { axis: None, spacing: 1.0, origin: 0.0, unit: String::new(), coordinates: None }
    }
}

/// How stored samples turn into the quantity: `stored * slope + intercept`.
#[derive(Debug, Clone, PartialEq)]
pub struct ValueScale {
    /// Factor; 1 where samples are the quantity.
    pub slope: f64,
    /// Offset; 0 where samples are the quantity.
    pub intercept: f64,
    /// Unit of the quantity; "" where unknown. At most 31 bytes.
    pub unit: String,
}

impl Default for ValueScale {
    fn default() -> Self {
        ValueScale { slope: 1.0, intercept: 0.0, unit: String::new() }
    }
}

impl ValueScale {
    /// Are the stored samples the quantity itself?
    pub fn is_identity(&self) -> bool {
        self.slope == 1.0 && self.intercept == 0.0
    }
}

/// The properties of an image.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageProperties {
    /// What the whole shape means.
    pub axes_interpretation: AxesInterpretation,
    /// What the values mean.
    pub image_interpretation: ImageInterpretation,
    /// Each axis, in canonical order. May be shorter than the image: the rest is unnamed and uncalibrated.
    pub axes: Vec<AxisProperties>,
    /// Column, row and slice direction in space, as unit vectors (x, y, z).
    pub direction: [[f64; 3]; 3],
    /// The space that directions and positions are in.
    pub space: Space,
    /// x, y and z of the first sample for those of COLUMN, ROW and SLICE that the image has not: so a slice keeps its place.
    /// The others are the origins of the axes; [`place`](ImageProperties::place) returns all three.
    pub position: [f64; 3],
    /// How stored samples turn into the quantity.
    pub value_scale: ValueScale,
    /// The channel table: one entry for each index along CHANNEL, in order; empty if nothing is known. Vectors have one for each
    /// component, and an image of one channel has one.
    pub channels: Vec<Channel>,
}

impl Default for ImageProperties {
    fn default() -> Self {
        ImageProperties {
            axes_interpretation: AxesInterpretation::Unknown,
            image_interpretation: ImageInterpretation::Unknown,
            axes: Vec::new(),
            direction: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
            space: Space::Unknown,
            position: [0.0; 3],
            value_scale: ValueScale::default(),
            channels: Vec::new(),
        }
    }
}

impl ImageProperties {
    /// The properties that follow from a type alone: no axes, and what the values mean where the type says so.
    pub fn from_data_type(data_type: DataType) -> Self {
        let image_interpretation = match data_type.interpretation() {
            Interpretation::Boolean | Interpretation::Binary => ImageInterpretation::Binary,
            Interpretation::Label => ImageInterpretation::Label,
            _ if data_type.is_vector() => ImageInterpretation::Color,
            _ if data_type.is_numeric() => ImageInterpretation::Grayscale,
            _ => ImageInterpretation::Unknown,
        };
        ImageProperties { image_interpretation, ..ImageProperties::default() }
    }

    /// Would [`fitted`](ImageProperties::fitted) change nothing, by what is quickly seen: exactly `dimensions` axes, named as the
    /// interpretation says, in units as iolink writes them, and no position beside their origins?
    pub fn is_fitted(&self, dimensions: usize) -> bool {
        let own = self.axes_interpretation.axes();
        let named = self.axes_interpretation != AxesInterpretation::Unknown;
        self.axes.len() == dimensions
            && named
            && dimensions == own.len()
            && self.axes.iter().zip(own).all(|(axis, name)| axis.axis == Some(*name))
            && self.position == [0.0; 3]
            && self.has_normal_units()
    }

    /// The properties fitted to an image of `dimensions` axes: validated, with axes named by the interpretation where they are
    /// not yet.
    ///
    /// # Errors
    /// As [`check`](ImageProperties::check), but directions may be of any length, and the slope may be 0.
    pub fn fitted(&self, dimensions: usize) -> Result<Self> {
        self.check_loosely(dimensions)?;
        let mut out = self.clone().named(dimensions);
        out.axes.resize(dimensions, AxisProperties::default());
        Ok(out)
    }

    /// The properties as another program gives them: validated, with axes named by the interpretation. Axes of which nothing
    /// is known stay absent.
    pub(crate) fn settled(self, dimensions: usize) -> Result<Self> {
        self.check(dimensions)?;
        Ok(self.named(dimensions))
    }

    /// Lets the interpretation name the axes. One that has more axes than the image becomes that of the image's axes, or
    /// UNKNOWN.
    fn named(mut self, dimensions: usize) -> Self {
        if self.axes_interpretation != AxesInterpretation::Unknown {
            let own = self.axes_interpretation.axes();
            self.axes.resize(dimensions, AxisProperties::default());
            self.axes.iter_mut().zip(own).for_each(|(axis, name)| axis.axis = Some(*name));
            if own.len() != dimensions {
                self.axes_interpretation = AxesInterpretation::from_axes(&own[..dimensions]).unwrap_or_default();
            }
        }
        self.settle_position();
        self.normalize_units();
        self
    }

    /// Writes the units of axes as iolink does: "um" becomes "µm". Units that it does not know stay.
    pub fn normalize_units(&mut self) {
        for axis in &mut self.axes {
            let unit = normal_unit(&axis.unit);
            if unit != axis.unit {
                axis.unit = unit.to_owned();
            }
        }
    }

    /// Is each unit of an axis written as iolink writes it?
    pub fn has_normal_units(&self) -> bool {
        self.axes.iter().all(|axis| normal_unit(&axis.unit) == axis.unit)
    }

    /// The name of one axis; `None` where nothing names it or there is no such axis.
    pub fn axis(&self, index: usize) -> Option<Axis> {
        self.axes.get(index).and_then(|axis| axis.axis)
    }

    /// The names of all `dimensions` axes, or `None` where one of them has none.
    pub fn named_axes(&self, dimensions: usize) -> Option<Vec<Axis>> {
        (0..dimensions).map(|index| self.axis(index)).collect()
    }

    /// Moves the origin by so many samples along one axis.
    ///
    /// The origins of COLUMN, ROW and SLICE are the x, y and z of the first sample, so a move along an axis goes in the axis's
    /// direction; with the usual directions that is `origin += samples * spacing` on the axis itself. A distance that falls on
    /// an axis of another unit of length is converted. What falls on an axis that the image has not moves
    /// `position`. Along an uneven axis, `samples` is an index: a whole number of them.
    ///
    /// # Errors
    /// `OutOfRange` where there is no such axis; `InvalidArgument` where the direction leads along an axis whose unit is
    /// another one, and one of both is no known length.
    pub fn move_origin(&mut self, axis: usize, samples: f64) -> Result<()> {
        if samples == 0.0 {
            return Ok(());
        }
        let distance = match self.axes.get(axis) {
            Some(AxisProperties { coordinates: Some(numbers), axis, .. }) => match numbers.get(samples as usize) {
                Some(number) if axis.and_then(Axis::spatial).is_some() => number - numbers[0],
                Some(_) => return Ok(()),
                None => fail!(OutOfRange, "an uneven axis of {} samples has no index {samples}", numbers.len()),
            },
            Some(walked) => samples * walked.spacing,
            None => return Err(no_axis(axis, self.axes.len())),
        };
        self.move_along(axis, distance)
    }

    /// Moves the origin by a distance along one axis, in its unit and its direction; see
    /// [`move_origin`](ImageProperties::move_origin).
    ///
    /// # Errors
    /// As [`move_origin`](ImageProperties::move_origin).
    pub fn move_along(&mut self, axis: usize, distance: f64) -> Result<()> {
        let walked = match self.axes.get(axis) {
            Some(walked) => walked.clone(),
            None => return Err(no_axis(axis, self.axes.len())),
        };
        let direction = match walked.axis.and_then(Axis::spatial) {
            Some(row) => self.direction[row],
            None => {
                self.axes[axis].origin += distance;
                return Ok(());
            }
        };
        let mut moved = self.axes.clone();
        for other in &mut moved {
            let part = other.axis.and_then(Axis::spatial).map_or(0.0, |along| distance * direction[along]);
            if part == 0.0 {
                continue;
            }
            match unit_ratio(&walked.unit, &other.unit) {
                Some(factor) => other.origin += part * factor,
                None => fail!(
                    InvalidArgument,
                    "a step along axis {} is {distance} {:?} and leads along axis {} too, by its direction, whose origin is in \
                     {:?}; give both axes one unit, or units of length such as \"mm\"",
                    walked.axis.map_or("?", Axis::name),
                    walked.unit,
                    other.axis.map_or("?", Axis::name),
                    other.unit
                ),
            }
        }
        let mut position = self.position;
        for (along, part) in direction.into_iter().map(|part| distance * part).enumerate() {
            let absent = self.axes.iter().all(|other| other.axis.and_then(Axis::spatial) != Some(along));
            if absent && part != 0.0 {
                match unit_ratio(&walked.unit, self.space_unit()) {
                    Some(factor) => position[along] += part * factor,
                    None => fail!(
                        InvalidArgument,
                        "a step along axis {} is {distance} {:?} and leads out of the image, by its direction, whose position \
                         is in {:?}; give the axes one unit, or units of length such as \"mm\"",
                        walked.axis.map_or("?", Axis::name),
                        walked.unit,
                        self.space_unit()
                    ),
                }
            }
        }
        (self.axes, self.position) = (moved, position);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn volume_on_two_dimensions_names_column_and_row() {
        let properties =
            ImageProperties { axes_interpretation: AxesInterpretation::Volume, ..ImageProperties::default() };
        let fitted = properties.fitted(2).unwrap();
        assert_eq!(fitted.named_axes(2), Some(vec![Axis::Column, Axis::Row]));
        assert_eq!(fitted.axes_interpretation, AxesInterpretation::Image);
        assert_eq!(properties.fitted(4).unwrap_err().kind(), ErrorKind::InvalidArgument);
    }

    #[test]
    fn properties_cross_the_border_whole() {
        let properties = ImageProperties {
            axes_interpretation: AxesInterpretation::Image,
            image_interpretation: ImageInterpretation::Label,
            axes: vec![
                AxisProperties {
                    axis: Some(Axis::Column),
                    spacing: 0.5,
                    origin: -3.0,
                    unit: "µm".into(),
                    coordinates: None,
                },
                AxisProperties {
                    axis: Some(Axis::Row),
                    spacing: 2.0,
                    origin: 7.0,
                    unit: "mm".into(),
                    coordinates: None,
                },
            ],
            space: Space::Lps,
            position: [0.0, 0.0, 12.5],
            direction: [[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]],
            value_scale: ValueScale { slope: 0.25, intercept: -1024.0, unit: "HU".into() },
            channels: Vec::new(),
        };
        assert_eq!(ImageProperties::from_border(&properties.to_border().unwrap()).unwrap(), properties);
    }

    #[test]
    fn a_unit_that_does_not_fit_is_refused() {
        let mut properties = ImageProperties::default();
        properties.value_scale.unit = "x".repeat(32);
        assert_eq!(properties.to_border().err().map(|error| error.kind()), Some(ErrorKind::InvalidArgument));
    }
}
