//! What the axes of an array are and how they lie in the world, from the words of a provider.

use super::made::image_of;
use super::tree::tree_of;
use crate::errors::OrRaise;
use crate::image::ImageView;
use iolink_sdk::{
    AxesInterpretation, Axis, AxisProperties, DataType, ImageInterpretation, ImageProperties, MetadataNode, ValueScale,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyString;
use std::sync::Arc;

/// Everything that is known of an array beyond its samples. Lists are in the array's own order of axes.
#[derive(Default)]
pub struct Layout {
    axes: Option<String>,
    spacing: Vec<f64>,
    origin: Vec<f64>,
    unit: Vec<String>,
    direction: Option<[[f64; 3]; 3]>,
    value_scale: ValueScale,
    meaning: Option<ImageInterpretation>,
    metadata: Option<MetadataNode>,
}

/// Where the canonical axes of an image stand in an array, and its properties.
pub struct Placed {
    /// Position in the array of each canonical axis.
    pub canonical: Vec<usize>,
    pub properties: Arc<ImageProperties>,
}

fn axis_of(letter: char) -> Option<Axis> {
    Some(match letter {
        'X' => Axis::Column,
        'Y' => Axis::Row,
        'Z' => Axis::Slice,
        'C' | 'S' => Axis::Channel,
        'T' => Axis::Sequence,
        _ => return None,
    })
}

impl Layout {
    /// Nothing is known: axes keep their order.
    pub fn unnamed() -> Self {
        Layout::default()
    }

    /// The metadata tree.
    pub fn tree(&self) -> PyResult<Option<Arc<MetadataNode>>> {
        Ok(self.metadata.clone().map(Arc::new))
    }

    /// Canonical places and properties for an array of so many dimensions.
    ///
    /// # Errors
    /// `ValueError` for a list of another length than the array's dimensions, an axis that is named twice, and what no image can
    /// have, such as a spacing that is not finite.
    pub fn place(&self, dimensions: usize, data_type: DataType) -> PyResult<Placed> {
        let lengths = [
            ("axes", self.axes.as_ref().map_or(dimensions, |axes| axes.chars().count())),
            ("spacing", if self.spacing.is_empty() { dimensions } else { self.spacing.len() }),
            ("origin", if self.origin.is_empty() { dimensions } else { self.origin.len() }),
            ("unit", if self.unit.len() < 2 { dimensions } else { self.unit.len() }),
        ];
        if let Some((name, length)) = lengths.iter().find(|(_, length)| *length != dimensions) {
            return Err(PyValueError::new_err(format!(
                "{name}: {length} are given, the array has {dimensions} axes; give one for each, in the array's order"
            )));
        }
        let letters =
            self.axes.as_deref().unwrap_or_default().chars().map(|letter| axis_of(letter.to_ascii_uppercase()));
        let mut names: Vec<Option<Axis>> = letters.collect();
        names.resize(dimensions, None);
        let twice = |index: &usize| names[*index].is_some() && names[..*index].contains(&names[*index]);
        if let Some(index) = (0..dimensions).find(twice) {
            return Err(PyValueError::new_err(format!(
                "axes: {:?} names the axis {} twice; each name can stand once, and any other letter, such as ?, names none",
                self.axes.as_deref().unwrap_or_default(),
                names[index].map_or("?", Axis::name)
            )));
        }
        // Axes keep their order in NumPy unless each has a name.
        if names.contains(&None) {
            names.fill(None);
        }
        let mut canonical: Vec<usize> = (0..dimensions).collect();
        canonical.sort_by_key(|position| names[*position]);
        let axes = canonical.iter().map(|position| AxisProperties {
            axis: names[*position],
            // Formats write 0 for what they do not know.
            spacing: self.spacing.get(*position).copied().filter(|spacing| *spacing != 0.0).unwrap_or(1.0),
            origin: self.origin.get(*position).copied().unwrap_or(0.0),
            unit: self.unit.get(*position).or(self.unit.first()).cloned().unwrap_or_default(),
            coordinates: None,
        });
        let mut properties = ImageProperties::from_data_type(data_type);
        properties.axes = axes.collect();
        let own: Vec<Axis> = properties.axes.iter().filter_map(|axis| axis.axis).collect();
        properties.axes_interpretation = AxesInterpretation::from_axes(&own).unwrap_or_default();
        if let Some(meaning) = self.meaning {
            properties.image_interpretation = meaning;
        }
        properties.direction = self.direction.unwrap_or(properties.direction);
        properties.value_scale = self.value_scale.clone();
        // What no image can have, such as a long unit, is rejected here and not at the first question.
        properties.check(dimensions).or_raise()?;
        Ok(Placed { canonical, properties: Arc::new(properties) })
    }
}

/// One text for all axes, or one for each.
fn units_from(given: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    match given.cast::<PyString>() {
        Ok(one) => Ok(vec![one.to_string()]),
        Err(_) => given.try_iter()?.map(|unit| Ok(unit?.extract::<Option<String>>()?.unwrap_or_default())).collect(),
    }
}

/// An image over an array, or over anything with `shape`, `dtype` and `[...]`. See `iolink.providers.as_image`.
#[pyfunction]
#[pyo3(signature = (
    data, axes = None, *, spacing = None, origin = None, unit = None, direction = None, value_scale = None,
    meaning = None, metadata = None
))]
#[allow(clippy::too_many_arguments)] // keyword arguments of Python
pub fn _image(
    data: &Bound<'_, PyAny>,
    axes: Option<String>,
    spacing: Option<Vec<f64>>,
    origin: Option<Vec<f64>>,
    unit: Option<&Bound<'_, PyAny>>,
    direction: Option<[[f64; 3]; 3]>,
    value_scale: Option<(f64, f64, String)>,
    meaning: Option<u32>,
    metadata: Option<&Bound<'_, PyAny>>,
) -> PyResult<ImageView> {
    let meaning = match meaning {
        None => None,
        Some(number) => Some(
            ImageInterpretation::from_number(number)
                .ok_or_else(|| PyValueError::new_err(format!("meaning: {number} is not an ImageInterpretation")))?,
        ),
    };
    let layout = Layout {
        axes,
        spacing: spacing.unwrap_or_default(),
        origin: origin.unwrap_or_default(),
        unit: unit.map(units_from).transpose()?.unwrap_or_default(),
        direction,
        value_scale: value_scale
            .map(|(slope, intercept, unit)| ValueScale { slope, intercept, unit })
            .unwrap_or_default(),
        meaning,
        metadata: metadata.map(tree_of).transpose()?,
    };
    image_of(data, layout).map(ImageView::new)
}
