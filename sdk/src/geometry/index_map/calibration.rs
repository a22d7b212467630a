//! What a map does to the calibration of an image.

use super::{AxisMap, IndexMap};
use crate::{AxesInterpretation, Axis, AxisProperties, ImageProperties, Result};

impl IndexMap {
    /// The properties of the view, from those of the source.
    ///
    /// * Spacing is widened by the step.
    /// * The origin moves to where the view's first sample is, see [`ImageProperties::move_origin`]. An image that loses COLUMN,
    ///   ROW or SLICE keeps its place in [`position`](ImageProperties::position).
    /// * A spatial axis walked backwards keeps its spacing positive and has its direction reversed. Other axes (channel,
    ///   time, unnamed ones) have no direction: their spacing becomes negative.
    /// * Coordinates and channels are those of the indices that are walked. An uneven axis walked backwards has its coordinates
    ///   reversed, and nothing else.
    /// * Axes keep their names. Where axes come, go or change places, the axes interpretation is the one that names exactly
    ///   what is there now, else UNKNOWN.
    /// * Everything else stays as it is.
    ///
    /// # Errors
    /// `InvalidArgument` where the properties do not fit the source, or as [`ImageProperties::move_origin`].
    pub fn properties(&self, properties: &ImageProperties) -> Result<ImageProperties> {
        let mut out = properties.fitted(self.source.len())?;
        // A source that was reshaped underneath has tables of another size, which say nothing.
        out.drop_other_lengths(&self.source);
        if !self.is_empty() {
            for (source, index) in self.origin.iter().enumerate() {
                out.move_origin(source, *index as f64)?;
            }
        }
        self.choose_channels(&mut out);
        for axis in self.axes() {
            let source = match axis.source {
                Some(source) => source,
                None => continue,
            };
            if let Some(numbers) = out.axes[source].coordinates.take() {
                out.axes[source].coordinates = Some(walked(axis, self.origin[source]).map(|at| numbers[at]).collect());
                continue;
            }
            out.axes[source].spacing *= axis.step.unsigned_abs() as f64;
            if axis.step < 0 {
                turn(&mut out, source);
            }
        }
        if self.keeps_axes() {
            return Ok(out);
        }
        let (place, unit) = (out.place(), out.space_unit().to_owned());
        let sources = std::mem::take(&mut out.axes);
        out.axes = self
            .axes()
            .iter()
            .map(|axis| axis.source.map_or_else(AxisProperties::default, |source| sources[source].clone()))
            .collect();
        out.keep_place(place, &unit);
        let interpretation = out.named_axes(self.axes().len()).and_then(|axes| AxesInterpretation::from_axes(&axes));
        out.axes_interpretation = interpretation.unwrap_or(AxesInterpretation::Unknown);
        Ok(out)
    }

    /// Keeps the channels of the indices that the map walks, or stands at.
    fn choose_channels(&self, properties: &mut ImageProperties) {
        let count = properties.axes.len();
        let channel = (0..count).find(|axis| properties.axis(*axis) == Some(Axis::Channel));
        let channel = match channel {
            Some(channel) if !properties.channels.is_empty() => channel,
            _ => return,
        };
        let first = self.origin[channel];
        let table = std::mem::take(&mut properties.channels);
        properties.channels = match self.axes().iter().find(|axis| axis.source == Some(channel)) {
            Some(axis) => walked(axis, first).map(|at| table[at].clone()).collect(),
            None => table.into_iter().nth(first as usize).into_iter().collect(),
        };
    }
}

/// The indices of the source along an axis that is walked from `first` on.
fn walked(axis: &AxisMap, first: u64) -> impl Iterator<Item = usize> + '_ {
    (0..axis.size).map(move |at| (first as i64 + at as i64 * axis.step) as usize)
}

/// Reverses one axis whose origin is already at the other end.
fn turn(properties: &mut ImageProperties, axis: usize) {
    match properties.axis(axis).and_then(Axis::spatial) {
        // `0.0 - x` and not `-x`: no minus zero in a printed direction.
        Some(row) => properties.direction[row] = properties.direction[row].map(|part| 0.0 - part),
        None => properties.axes[axis].spacing = -properties.axes[axis].spacing,
    }
}
