//! Properties as the border has them.

use super::check::UNIT_BYTES;
use super::{AxisProperties, ImageInterpretation, ImageProperties, Space};
use crate::abi::{iolink_image_properties, IOLINK_AXIS_UNKNOWN, IOLINK_MAX_DIMS, IOLINK_SPACE_UNKNOWN};
use crate::{fail, AxesInterpretation, Axis, Result};
use std::os::raw::c_char;

impl ImageProperties {
    /// Returns the properties for the border, which has other functions for channels and coordinates.
    ///
    /// # Errors
    /// `InvalidArgument` for a text that is too long, and for more axes than the border has.
    pub fn to_border(&self) -> Result<iolink_image_properties> {
        if self.axes.len() > IOLINK_MAX_DIMS {
            fail!(InvalidArgument, "the properties describe {} axes, more than {IOLINK_MAX_DIMS}", self.axes.len());
        }
        let mut out = empty_border();
        out.dimension_count = self.axes.len() as u32;
        out.axes_interpretation = self.axes_interpretation.number();
        out.image_interpretation = self.image_interpretation as u32;
        for (index, axis) in self.axes.iter().enumerate() {
            out.axes[index] = axis.axis.map_or(IOLINK_AXIS_UNKNOWN, Axis::number);
            out.spacing[index] = axis.spacing;
            out.origin[index] = axis.origin;
            out.units[index] = short_text("unit", &axis.unit)?;
        }
        for (index, value) in self.direction.iter().flatten().enumerate() {
            out.direction[index] = *value;
        }
        out.scale_slope = self.value_scale.slope;
        out.scale_intercept = self.value_scale.intercept;
        out.value_unit = short_text("value unit", &self.value_scale.unit)?;
        (out.position, out.space) = (self.place(), self.space.number());
        Ok(out)
    }

    /// Reads properties from the border, which the caller then validates: a spacing of zero, and directions and a value scale
    /// that are all zero, are not given, and numbers of axes, interpretations and spaces of a later version are UNKNOWN. A
    /// position gives the origins of COLUMN, ROW and SLICE if these are zero.
    ///
    /// # Errors
    /// `InvalidArgument` for too many axes, and for a unit that has no NUL or is not UTF-8.
    pub fn from_border(border: &iolink_image_properties) -> Result<Self> {
        let dimensions = border.dimension_count as usize;
        if dimensions > IOLINK_MAX_DIMS {
            fail!(InvalidArgument, "they describe {dimensions} axes; at most {IOLINK_MAX_DIMS} were expected");
        }
        let mut axes = Vec::with_capacity(dimensions);
        for index in 0..dimensions {
            axes.push(AxisProperties {
                axis: Axis::from_number(border.axes[index]),
                spacing: if border.spacing[index] == 0.0 { 1.0 } else { border.spacing[index] },
                origin: border.origin[index],
                unit: long_text(&format!("unit of axis {index}"), &border.units[index])?,
                coordinates: None,
            });
        }
        let mut known = ImageProperties {
            axes_interpretation: AxesInterpretation::from_number(border.axes_interpretation).unwrap_or_default(),
            image_interpretation: ImageInterpretation::from_number(border.image_interpretation).unwrap_or_default(),
            axes,
            space: Space::from_number(border.space),
            position: border.position,
            ..ImageProperties::default()
        };
        if border.direction.iter().any(|part| *part != 0.0) {
            for (index, part) in border.direction.iter().enumerate() {
                known.direction[index / 3][index % 3] = *part;
            }
        }
        if border.scale_slope != 0.0 || border.scale_intercept != 0.0 {
            (known.value_scale.slope, known.value_scale.intercept) = (border.scale_slope, border.scale_intercept);
        }
        known.value_scale.unit = long_text("unit of the values", &border.value_unit)?;
        known.settle_position();
        Ok(known)
    }
}

/// Properties of which nothing is given: what a caller brings to be filled.
pub(crate) fn empty_border() -> iolink_image_properties {
    iolink_image_properties {
        size: std::mem::size_of::<iolink_image_properties>() as u32,
        dimension_count: 0,
        axes_interpretation: 0,
        image_interpretation: 0,
        axes: [IOLINK_AXIS_UNKNOWN; IOLINK_MAX_DIMS],
        spacing: [0.0; IOLINK_MAX_DIMS],
        origin: [0.0; IOLINK_MAX_DIMS],
        units: [[0; 32]; IOLINK_MAX_DIMS],
        direction: [0.0; 9],
        scale_slope: 0.0,
        scale_intercept: 0.0,
        value_unit: [0; 32],
        position: [0.0; 3],
        space: IOLINK_SPACE_UNKNOWN,
        reserved: 0,
    }
}

fn short_text(what: &str, text: &str) -> Result<[c_char; 32]> {
    if text.len() > UNIT_BYTES || text.contains('\0') {
        fail!(InvalidArgument, "the {what} {text:?} must have at most {UNIT_BYTES} bytes and no NUL");
    }
    let mut out = [0; 32];
    for (slot, byte) in out.iter_mut().zip(text.bytes()) {
        *slot = byte as c_char;
    }
    Ok(out)
}

fn long_text(what: &str, text: &[c_char]) -> Result<String> {
    let bytes: Vec<u8> = text.iter().map(|byte| *byte as u8).take_while(|byte| *byte != 0).collect();
    if bytes.len() == text.len() {
        fail!(
            InvalidArgument,
            "the {what} has no NUL in its {} bytes; a NUL-terminated string was expected",
            text.len()
        );
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text),
        Err(wrong) => {
            let shown = String::from_utf8_lossy(wrong.as_bytes()).into_owned();
            fail!(InvalidArgument, "the {what} is {shown:?}, which is not UTF-8");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_all_zero_is_not_given() {
        let mut border = empty_border();
        border.dimension_count = 2;
        border.spacing = [0.0; IOLINK_MAX_DIMS];
        border.direction = [0.0; 9];
        border.scale_slope = 0.0;
        let known = ImageProperties::from_border(&border).unwrap();
        assert_eq!(known.axes, vec![AxisProperties::default(); 2]);
        let unknown = ImageProperties::default();
        assert_eq!((known.direction, &known.value_scale), (unknown.direction, &unknown.value_scale));
        known.check(2).unwrap();
        (border.spacing[1], border.direction[4], border.scale_intercept) = (2.0, 1.0, 3.0);
        let known = ImageProperties::from_border(&border).unwrap();
        assert_eq!((known.axes[0].spacing, known.direction[0], known.value_scale.slope), (1.0, [0.0; 3], 0.0));
        known.check(2).unwrap_err();
    }

    #[test]
    fn numbers_of_a_later_version_are_unknown() {
        let mut border = empty_border();
        border.dimension_count = 1;
        (border.axes_interpretation, border.image_interpretation, border.axes[0], border.space) = (9, 99, 77, 7);
        let known = ImageProperties::from_border(&border).unwrap();
        assert_eq!(known.axes_interpretation, AxesInterpretation::Unknown);
        assert_eq!((known.image_interpretation, known.axis(0)), (ImageInterpretation::Unknown, None));
        assert_eq!(known.space, Space::Unknown);
    }

    #[test]
    fn a_unit_without_an_end_or_of_other_bytes_is_rejected() {
        let mut border = empty_border();
        border.dimension_count = 2;
        border.units[1] = [b'm' as c_char; 32];
        fn why(border: &iolink_image_properties) -> String {
            ImageProperties::from_border(border).unwrap_err().message().to_owned()
        }
        assert!(why(&border).contains("the unit of axis 1 has no NUL in its 32 bytes"));
        border.units[1] = [0; 32];
        border.value_unit[0] = 0xB5_u8 as c_char;
        assert!(why(&border).contains("the unit of the values is") && why(&border).contains("not UTF-8"));
    }
}
