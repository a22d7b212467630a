//! Validation of properties: the one place that says which properties an image can have.

use super::{AxisProperties, ImageProperties, ValueScale};
use crate::{fail, AxesInterpretation, Axis, Result};

/// How far the length of a direction may lie from 1: formats write directions with few digits.
const LENGTH_TOLERANCE: f64 = 1e-3;

/// The least volume that three directions of length 1 span. Below it they lie in one plane.
const LEAST_VOLUME: f64 = 1e-9;

/// The most bytes of a unit: its array at the border has 32, with the NUL.
pub(super) const UNIT_BYTES: usize = 31;

impl ImageProperties {
    /// Validates the properties of an image of `dimensions` axes.
    ///
    /// # Errors
    /// `InvalidArgument`, with the axis and the value, for more axes than the image has, a name that stands twice, an
    /// interpretation that names other axes, a spacing or slope that is 0 or not finite, an origin, position, coordinate or
    /// intercept that is not finite, directions that are not three unit vectors in space, a unit that is too long, and a
    /// channel that cannot be. [`check_sizes`](ImageProperties::check_sizes) validates what depends on the sizes.
    pub fn check(&self, dimensions: usize) -> Result<()> {
        self.check_loosely(dimensions)?;
        check_lengths(&self.direction)?;
        if self.value_scale.slope == 0.0 {
            fail!(
                InvalidArgument,
                "the value scale has slope 0 and intercept {}; a slope other than 0 was expected, 1 if it is unknown",
                self.value_scale.intercept
            );
        }
        Ok(())
    }

    /// [`check`](ImageProperties::check) for properties of this program's own: directions may have any length, and the slope
    /// may be 0, which those reject that scale values.
    pub(super) fn check_loosely(&self, dimensions: usize) -> Result<()> {
        if self.axes.len() > dimensions {
            fail!(
                InvalidArgument,
                "the properties describe {} axes, the image has {dimensions}; describe as many or fewer",
                self.axes.len()
            );
        }
        let named = self.axes_interpretation.axes_for(dimensions)?;
        for (index, axis) in self.axes.iter().enumerate() {
            check_axis(index, axis)?;
            if let (Some(own), Some(Some(expected))) = (axis.axis, named.get(index)) {
                if own != *expected {
                    fail!(
                        InvalidArgument,
                        "axis {index} is {}, and the interpretation {} has {} there; name the axes as the interpretation \
                         does, or use UNKNOWN",
                        own.name(),
                        self.axes_interpretation.name(),
                        expected.name()
                    );
                }
            }
        }
        check_names(&self.axes)?;
        check_directions(&self.direction)?;
        if !self.position.iter().all(|part| part.is_finite()) {
            fail!(
                InvalidArgument,
                "the position of the image is {:?}; three finite numbers were expected, 0 if it is unknown",
                self.position
            );
        }
        self.channels.iter().enumerate().try_for_each(|(index, channel)| channel.check(index))?;
        check_scale(&self.value_scale)
    }

    /// Validates properties that come from a plugin: as [`check`](ImageProperties::check), with the axes in canonical order
    /// and an interpretation that names exactly the image's axes. Returns them with the names that the interpretation gives.
    ///
    /// # Errors
    /// As [`check`](ImageProperties::check).
    pub(crate) fn checked(self, dimensions: usize) -> Result<Self> {
        self.check(dimensions)?;
        let (interpretation, own) = (self.axes_interpretation, self.axes_interpretation.axes().len());
        if interpretation != AxesInterpretation::Unknown && own != dimensions {
            fail!(
                InvalidArgument,
                "the interpretation {} names {own} axes, the image has {dimensions}; use the one of its axes, or UNKNOWN",
                interpretation.name()
            );
        }
        let known = self.named(dimensions);
        let names: Vec<Axis> = known.axes.iter().filter_map(|axis| axis.axis).collect();
        if let Some(pair) = names.windows(2).find(|pair| pair[0] > pair[1]) {
            fail!(
                InvalidArgument,
                "the axis {} stands before {}; the canonical order is COLUMN, ROW, SLICE, CHANNEL, SEQUENCE",
                pair[0].name(),
                pair[1].name()
            );
        }
        Ok(known)
    }
}

fn check_names(axes: &[AxisProperties]) -> Result<()> {
    for (index, axis) in axes.iter().enumerate() {
        let before = axes[..index].iter().position(|other| other.axis == axis.axis);
        if let (Some(name), Some(before)) = (axis.axis, before) {
            fail!(
                InvalidArgument,
                "the axes {before} and {index} both are {}; each name can stand once, and an axis may have none",
                name.name()
            );
        }
    }
    Ok(())
}

/// An axis for messages: its number, and its name if it has one.
fn title(index: usize, axis: &AxisProperties) -> String {
    axis.axis.map_or_else(|| format!("axis {index}"), |name| format!("axis {index} ({})", name.name()))
}

fn check_axis(index: usize, axis: &AxisProperties) -> Result<()> {
    if !axis.spacing.is_finite() || axis.spacing == 0.0 {
        fail!(
            InvalidArgument,
            "the spacing of {} is {}; a finite number other than 0 was expected, 1 if it is unknown",
            title(index, axis),
            axis.spacing
        );
    }
    if !axis.origin.is_finite() {
        fail!(
            InvalidArgument,
            "the origin of {} is {}; a finite number was expected, 0 if it is unknown",
            title(index, axis),
            axis.origin
        );
    }
    if let Some(wrong) = axis.coordinates.iter().flat_map(|numbers| numbers.iter()).find(|number| !number.is_finite()) {
        fail!(InvalidArgument, "a coordinate of {} is {wrong}; finite numbers were expected", title(index, axis));
    }
    check_unit(&format!("unit of {}", title(index, axis)), &axis.unit)
}

fn check_unit(what: &str, unit: &str) -> Result<()> {
    if unit.len() > UNIT_BYTES || unit.contains('\0') {
        fail!(InvalidArgument, "the {what} is {unit:?}; at most {UNIT_BYTES} bytes without a NUL were expected");
    }
    Ok(())
}

const NAMES: [&str; 3] = ["column", "row", "slice"];

fn length(direction: &[f64; 3]) -> f64 {
    direction.iter().map(|part| part * part).sum::<f64>().sqrt()
}

fn check_lengths(directions: &[[f64; 3]; 3]) -> Result<()> {
    for (name, direction) in NAMES.into_iter().zip(directions) {
        let length = length(direction);
        if (length - 1.0).abs() > LENGTH_TOLERANCE {
            fail!(
                InvalidArgument,
                "the {name} direction {direction:?} has length {length}; a unit vector was expected"
            );
        }
    }
    Ok(())
}

fn check_directions(directions: &[[f64; 3]; 3]) -> Result<()> {
    let mut lengths = 1.0;
    for (name, direction) in NAMES.into_iter().zip(directions) {
        let length = length(direction);
        if length == 0.0 || !length.is_finite() {
            fail!(
                InvalidArgument,
                "the {name} direction {direction:?} has length {length}; a unit vector was expected"
            );
        }
        lengths *= length;
    }
    let [a, b, c] = directions;
    let volume =
        a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0]) + a[2] * (b[0] * c[1] - b[1] * c[0]);
    if volume.abs() <= LEAST_VOLUME * lengths {
        fail!(
            InvalidArgument,
            "the directions {directions:?} lie in one plane; three that span the space were expected"
        );
    }
    Ok(())
}

fn check_scale(scale: &ValueScale) -> Result<()> {
    if !scale.slope.is_finite() || !scale.intercept.is_finite() {
        fail!(
            InvalidArgument,
            "the value scale has slope {} and intercept {}; finite numbers were expected, 1 and 0 if samples are the quantity",
            scale.slope,
            scale.intercept
        );
    }
    check_unit("unit of the values", &scale.unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn volume() -> ImageProperties {
        let axis = |axis| AxisProperties { axis: Some(axis), ..AxisProperties::default() };
        ImageProperties {
            axes_interpretation: AxesInterpretation::Volume,
            axes: vec![axis(Axis::Column), axis(Axis::Row), axis(Axis::Slice)],
            ..ImageProperties::default()
        }
    }

    #[test]
    fn properties_that_no_image_can_have_are_rejected_by_their_axis() {
        type Change = fn(&mut ImageProperties);
        let cases: [(Change, &str); 19] = [
            (|own| own.axes[2].axis = Some(Axis::Row), "axis 2 is ROW, and the interpretation VOLUME has SLICE there"),
            (
                |own| {
                    own.axes_interpretation = AxesInterpretation::Unknown;
                    own.axes[1].axis = Some(Axis::Column);
                },
                "the axes 0 and 1 both are COLUMN",
            ),
            (|own| own.axes.push(AxisProperties::default()), "describe 4 axes, the image has 3"),
            (|own| own.axes[1].spacing = 0.0, "the spacing of axis 1 (ROW) is 0"),
            (|own| own.axes[1].spacing = f64::NAN, "the spacing of axis 1 (ROW) is NaN"),
            (|own| own.axes[0].spacing = f64::INFINITY, "the spacing of axis 0 (COLUMN) is inf"),
            (|own| own.axes[2].origin = f64::NEG_INFINITY, "the origin of axis 2 (SLICE) is -inf"),
            (|own| own.position[2] = f64::NAN, "the position of the image is [0.0, 0.0, NaN]"),
            (
                |own| own.axes[1].coordinates = Some(vec![0.0, f64::NAN].into()),
                "a coordinate of axis 1 (ROW) is NaN; finite numbers",
            ),
            (|own| own.axes[0].unit = "µ".repeat(16), "the unit of axis 0 (COLUMN) is"),
            (|own| own.axes[0].unit = "m\0".into(), "the unit of axis 0 (COLUMN) is"),
            (|own| own.direction[1] = [0.0; 3], "the row direction [0.0, 0.0, 0.0] has length 0"),
            (|own| own.direction[0] = [7.0, 0.0, 0.0], "the column direction [7.0, 0.0, 0.0] has length 7"),
            (|own| own.direction[2] = [0.0, f64::NAN, 1.0], "the slice direction"),
            (|own| own.direction[2] = [1.0, 0.0, 0.0], "lie in one plane"),
            (|own| own.value_scale.slope = 0.0, "the value scale has slope 0"),
            (|own| own.value_scale.slope = f64::NAN, "the value scale has slope NaN"),
            (|own| own.value_scale.intercept = f64::INFINITY, "and intercept inf"),
            (|own| own.value_scale.unit = "x".repeat(32), "the unit of the values is"),
        ];
        for (change, words) in cases {
            let mut own = volume();
            change(&mut own);
            let error = own.check(3).unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::InvalidArgument);
            assert!(error.message().contains(words), "{words}: {}", error.message());
        }
        volume().check(3).unwrap();
        ImageProperties::default().check(0).unwrap();
    }

    #[test]
    #[allow(clippy::approx_constant)] // Few digits are the point.
    fn directions_of_few_digits_and_left_handed_ones_are_taken() {
        let mut own = volume();
        own.direction = [[0.86603, 0.5, 0.0], [-0.5, 0.86603, 0.0], [0.0, 0.0, -1.0]];
        own.axes[2].spacing = -2.0;
        own.check(3).unwrap();
    }

    #[test]
    fn a_plugin_names_axes_in_order_and_as_many_as_there_are() {
        let unnamed =
            |interpretation| ImageProperties { axes_interpretation: interpretation, ..ImageProperties::default() };
        let known = unnamed(AxesInterpretation::Image).checked(2).unwrap();
        assert_eq!(known.named_axes(2), Some(vec![Axis::Column, Axis::Row]));
        let refused = |own: ImageProperties, dimensions| own.checked(dimensions).unwrap_err().message().to_owned();
        assert!(refused(unnamed(AxesInterpretation::Volume), 2).contains("VOLUME names 3 axes, the image has 2"));
        assert!(refused(unnamed(AxesInterpretation::Image), 3).contains("IMAGE names 2 axes, the image has 3"));
        let mut turned = volume();
        turned.axes_interpretation = AxesInterpretation::Unknown;
        turned.axes.swap(0, 2);
        assert!(refused(turned, 3).contains("the axis SLICE stands before ROW"));
    }
}
