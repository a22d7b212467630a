//! What a map does to the calibration of an image.

use super::IndexMap;
use crate::{AxesInterpretation, Axis, AxisProperties, ImageProperties, Result};

impl IndexMap {
    /// The properties of the view, from those of the source.
    ///
    /// * Spacing is widened by the step.
    /// * The origin moves to where the view's first sample is, see [`ImageProperties::move_origin`].
    /// * A spatial axis walked backwards keeps its spacing positive and has its direction reversed. Other axes (channel,
    ///   time, unnamed ones) have no direction: their spacing becomes negative.
    /// * Axes keep their names. Where axes come, go or change places, the axes interpretation is the one that names exactly
    ///   what is there now, else UNKNOWN.
    /// * Everything else stays as it is.
    ///
    /// # Errors
    /// `InvalidArgument` where the properties do not fit the source, or as [`ImageProperties::move_origin`].
    pub fn properties(&self, properties: &ImageProperties) -> Result<ImageProperties> {
        let mut out = properties.fitted(self.source.len())?;
        if !self.is_empty() {
            for (source, index) in self.origin.iter().enumerate() {
                out.move_origin(source, *index as f64)?;
            }
        }
        for axis in self.axes() {
            if let Some(source) = axis.source {
                out.axes[source].spacing *= axis.step.unsigned_abs() as f64;
                if axis.step < 0 {
                    turn(&mut out, source);
                }
            }
        }
        if self.keeps_axes() {
            return Ok(out);
        }
        let sources = std::mem::take(&mut out.axes);
        out.axes = self
            .axes()
            .iter()
            .map(|axis| axis.source.map_or_else(AxisProperties::default, |source| sources[source].clone()))
            .collect();
        let interpretation = out.named_axes(self.axes().len()).and_then(|axes| AxesInterpretation::from_axes(&axes));
        out.axes_interpretation = interpretation.unwrap_or(AxesInterpretation::Unknown);
        Ok(out)
    }
}

/// Reverses one axis whose origin is already at the other end.
fn turn(properties: &mut ImageProperties, axis: usize) {
    match properties.axis(axis).and_then(Axis::spatial) {
        // `0.0 - x` and not `-x`: no minus zero in a printed direction.
        Some(row) => properties.direction[row] = properties.direction[row].map(|part| 0.0 - part),
        None => properties.axes[axis].spacing = -properties.axes[axis].spacing,
    }
}
