//! `ImageProperties` and its parts. Properties taken from a view are a picture of it and cannot be changed in place.

use crate::axes::{axis_from, image_interpretation_from, interpretation_from, member};
use crate::directions::SpatialDirections;
use crate::dtype::data_type_from;
use crate::errors::{Naming, OrRaise};
use crate::vector::{numbers_from, VectorXd};
use iolink_sdk::{
    AxesInterpretation, Axis, AxisProperties, Channel, ImageInterpretation, ImageProperties as Properties, Space,
    SpatialDirections as Directions, ValueScale, World,
};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};
use std::sync::{Arc, Mutex, PoisonError};

/// What is known of an image beyond its samples.
#[pyclass(frozen, module = "iolink", name = "ImageProperties")]
pub struct ImageProperties {
    value: Mutex<Arc<Properties>>,
    fixed: bool,
}

impl ImageProperties {
    /// The properties of a view.
    pub fn of_view(value: Arc<Properties>) -> Self {
        ImageProperties { value: Mutex::new(value), fixed: true }
    }

    /// Properties that can be changed.
    pub fn of_value(value: Properties) -> Self {
        ImageProperties { value: Mutex::new(Arc::new(value)), fixed: false }
    }

    pub fn value(&self) -> Arc<Properties> {
        self.value.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change(&self, change: impl FnOnce(&mut Properties) -> PyResult<()>) -> PyResult<()> {
        if self.fixed {
            return Err(PyTypeError::new_err(
                "these are the properties of a view: change a copy() of them and give it to view.set_properties",
            ));
        }
        let mut held = self.value.lock().unwrap_or_else(PoisonError::into_inner);
        let mut value = (**held).clone();
        change(&mut value)?;
        if value.axes_interpretation != AxesInterpretation::Unknown {
            let names = value.axes_interpretation.axes().iter().copied().map(Some).chain(std::iter::repeat(None));
            value.axes.iter_mut().zip(names).for_each(|(axis, name)| axis.axis = name);
        }
        value.normalize_units();
        value.to_border().or_raise()?;
        value.check(value.axes.len()).or_raise()?; // what no image can have is rejected here, not where it is first used
        *held = Arc::new(value);
        Ok(())
    }

    /// Changes every axis by its own one of `values`. There may be more of them than axes so far, but not fewer.
    fn change_axes<T>(&self, name: &str, values: Vec<T>, change: impl Fn(&mut AxisProperties, T)) -> PyResult<()> {
        self.change(|own| {
            if values.len() < own.axes.len() {
                return Err(PyValueError::new_err(format!(
                    "{name}: {} are given for {} axes; give one for each, in canonical order",
                    values.len(),
                    own.axes.len()
                )));
            }
            own.axes.resize(values.len(), AxisProperties::default());
            own.axes.iter_mut().zip(values).for_each(|(axis, value)| change(axis, value));
            Ok(())
        })
    }
}

#[pymethods]
impl ImageProperties {
    #[new]
    fn new() -> Self {
        ImageProperties { value: Mutex::default(), fixed: false }
    }

    /// The properties that follow from a type alone.
    #[staticmethod]
    #[pyo3(signature = (dtype))]
    fn from_data_type(dtype: &Bound<'_, PyAny>) -> PyResult<Self> {
        let value = Properties::from_data_type(data_type_from(dtype)?);
        Ok(ImageProperties { value: Mutex::new(Arc::new(value)), fixed: false })
    }

    /// Properties with the same values that can be changed.
    fn copy(&self) -> Self {
        ImageProperties { value: Mutex::new(self.value()), fixed: false }
    }

    /// Interpretations of axes and values.
    #[getter]
    fn image_info(slf: &Bound<'_, Self>) -> ImageInfo {
        ImageInfo { of: slf.clone().unbind() }
    }

    /// Spacing, origin, unit and direction.
    #[getter]
    fn calibration(slf: &Bound<'_, Self>) -> SpatialCalibration {
        SpatialCalibration { of: slf.clone().unbind() }
    }

    /// How stored samples turn into quantities, a ValueScale: `stored * slope + intercept`, in `unit`.
    #[getter]
    fn value_scale<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let scale = &self.value().value_scale;
        let class = py.import("iolink._scale")?.getattr("ValueScale")?;
        class.call1((scale.slope, scale.intercept, scale.unit.as_str()))
    }

    #[setter]
    fn set_value_scale(&self, scale: (f64, f64, String)) -> PyResult<()> {
        self.change(|value| {
            let (slope, intercept, unit) = scale;
            if !slope.is_finite() || !intercept.is_finite() || slope == 0.0 {
                return Err(PyValueError::new_err(format!(
                    "value_scale: slope and intercept must be finite and the slope not 0, not ({slope}, {intercept}, {unit:?}); \
                     (1.0, 0.0, \"\") takes a scale away"
                )));
            }
            value.value_scale = ValueScale { slope, intercept, unit };
            Ok(())
        })
    }

    /// The channel table, a Channel for each index along CHANNEL, in order; empty where nothing is known. Vectors have one for
    /// each component.
    #[getter]
    fn channels<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        channels_to(py, &self.value().channels)
    }

    #[setter]
    fn set_channels(&self, channels: &Bound<'_, PyAny>) -> PyResult<()> {
        let channels = channels_from(channels).naming(channels.py(), "channels")?;
        self.change(|value| {
            value.channels = channels;
            Ok(())
        })
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<ImageProperties>().is_ok_and(|other| *other.get().value() == *self.value())
    }

    #[pyo3(name = "to_string")]
    fn as_text(&self) -> String {
        self.__repr__()
    }

    fn __repr__(&self) -> String {
        let value = self.value();
        let axes: Vec<String> = value.axes.iter().map(described).collect();
        format!("ImageProperties({}, [{}])", value.axes_interpretation.name(), axes.join(", "))
    }
}

/// Interpretations of axes and values.
#[pyclass(frozen, module = "iolink", name = "ImageInfo")]
pub struct ImageInfo {
    of: Py<ImageProperties>,
}

#[pymethods]
impl ImageInfo {
    /// What the whole shape means.
    #[getter(axes_interpretation)]
    fn axes_interpretation<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        member(py, "AxesInterpretationId", u64::from(self.of.get().value().axes_interpretation.number()))
    }

    #[setter(axes_interpretation)]
    fn assign_axes_interpretation(&self, interpretation: &Bound<'_, PyAny>) -> PyResult<()> {
        self.set_axes_interpretation(interpretation)
    }

    /// The axes interpretation, by the name of earlier versions.
    #[getter(image_type)]
    fn image_type<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.axes_interpretation(py)
    }

    /// `set_axes_interpretation`, by the name of earlier versions.
    fn set_image_type(&self, interpretation: &Bound<'_, PyAny>) -> PyResult<()> {
        self.set_axes_interpretation(interpretation)
    }

    fn set_axes_interpretation(&self, interpretation: &Bound<'_, PyAny>) -> PyResult<()> {
        let interpretation = interpretation_from("interpretation", Some(interpretation))?;
        self.of.get().change(|value| {
            value.axes_interpretation = interpretation;
            value.axes.iter_mut().for_each(|axis| axis.axis = None);
            Ok(())
        })
    }

    /// What the values mean.
    #[getter(image_interpretation)]
    fn image_interpretation<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        member(py, "ImageInterpretation", self.of.get().value().image_interpretation as u64)
    }

    #[setter(image_interpretation)]
    fn assign_image_interpretation(&self, interpretation: &Bound<'_, PyAny>) -> PyResult<()> {
        self.set_image_interpretation(interpretation)
    }

    fn set_image_interpretation(&self, interpretation: &Bound<'_, PyAny>) -> PyResult<()> {
        let interpretation = image_interpretation_from(interpretation)?;
        self.of.get().change(|value| {
            value.image_interpretation = interpretation;
            Ok(())
        })
    }

    /// What each axis is, `None` where nothing names it.
    #[getter]
    fn axes<'py>(&self, py: Python<'py>) -> PyResult<Vec<Option<Bound<'py, PyAny>>>> {
        self.of
            .get()
            .value()
            .axes
            .iter()
            .map(|axis| axis.axis.map(|axis| member(py, "ImageAxes", axis.index() as u64)).transpose())
            .collect()
    }

    #[pyo3(name = "to_string")]
    fn as_text(&self) -> String {
        self.__repr__()
    }

    fn __repr__(&self) -> String {
        let value = self.of.get().value();
        let (meaning, _) = ImageInterpretation::NAMED[value.image_interpretation as usize];
        format!("ImageInfo({}, {meaning})", value.axes_interpretation.name())
    }
}

/// How an image lies in the world: one number for each axis, canonical order.
#[pyclass(frozen, module = "iolink", name = "SpatialCalibration")]
pub struct SpatialCalibration {
    of: Py<ImageProperties>,
}

impl SpatialCalibration {
    fn spacings(&self) -> Vec<f64> {
        let spacing = |axis: &AxisProperties| if axis.coordinates.is_some() { f64::NAN } else { axis.spacing };
        self.of.get().value().axes.iter().map(spacing).collect()
    }
}

#[pymethods]
impl SpatialCalibration {
    /// Distance between samples along each axis, in its unit; NaN for an uneven axis, which has coordinates.
    #[getter]
    fn spacing(&self) -> VectorXd {
        VectorXd::from_values(self.spacings())
    }

    /// Below 0 only if it is so already: an axis without a direction was flipped. A number makes an uneven axis even.
    #[setter]
    fn set_spacing(&self, spacing: &Bound<'_, PyAny>) -> PyResult<()> {
        let spacing: Vec<f64> = numbers_from("spacing", spacing)?;
        let own = self.spacings();
        let same = |own: &f64, value: &f64| own == value || own.is_nan() && value.is_nan();
        let kept = |(at, value): (usize, &f64)| {
            own.get(at).is_some_and(|own| same(own, value)) || (value.is_finite() && *value > 0.0)
        };
        if !spacing.iter().enumerate().all(kept) {
            return Err(PyValueError::new_err(
                "spacing: each distance must be finite and greater than 0, or what the axis has already",
            ));
        }
        self.of.get().change_axes("spacing", spacing, |axis, spacing| {
            if !spacing.is_nan() {
                (axis.spacing, axis.coordinates) = (spacing, None);
            }
        })
    }

    /// Position of index 0 along each axis, in its unit.
    #[getter]
    fn origin(&self) -> VectorXd {
        VectorXd::from_values(self.of.get().value().axes.iter().map(|axis| axis.origin).collect())
    }

    #[setter]
    fn set_origin(&self, origin: &Bound<'_, PyAny>) -> PyResult<()> {
        let origin: Vec<f64> = numbers_from("origin", origin)?;
        if !origin.iter().all(|value| value.is_finite()) {
            return Err(PyValueError::new_err("origin: each position must be finite"));
        }
        self.of.get().change_axes("origin", origin, |axis, origin| axis.origin = origin)
    }

    /// Unit of each axis, "" where unknown.
    #[getter]
    fn units(&self) -> Vec<String> {
        self.of.get().value().axes.iter().map(|axis| axis.unit.clone()).collect()
    }

    #[setter]
    fn set_units(&self, units: Vec<String>) -> PyResult<()> {
        self.of.get().change_axes("units", units, |axis, unit| axis.unit = unit)
    }

    /// Column, row and slice direction in space.
    #[getter]
    fn directions(&self) -> SpatialDirections {
        SpatialDirections(self.of.get().value().direction.into())
    }

    /// The space of directions and positions, a Space: "UNKNOWN" or "LPS" (x grows to the patient's left, y to the back, z to
    /// the head).
    #[getter]
    fn space<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        py.import("iolink.enums")?.getattr("Space")?.call1((self.of.get().value().space.name(),))
    }

    #[setter]
    fn set_space(&self, space: &Bound<'_, PyAny>) -> PyResult<()> {
        let names = Space::NAMED.map(|(name, _)| name);
        let space = word("space", space, &names).map(|name| Space::from_name(&name).unwrap_or_default())?;
        self.of.get().change(|value| {
            value.space = space;
            Ok(())
        })
    }

    /// Position in space (x, y, z) of the sample at index 0 of every axis, in the unit of the COLUMN axis. A slice has one too.
    /// Along the axes that the image has it equals their origins; setting it sets these.
    #[getter]
    fn position(&self) -> VectorXd {
        VectorXd::from_values(self.of.get().value().place().to_vec())
    }

    #[setter]
    fn set_position(&self, position: &Bound<'_, PyAny>) -> PyResult<()> {
        let position: Vec<f64> = numbers_from("position", position)?;
        let place = <[f64; 3]>::try_from(position).map_err(|given| {
            PyValueError::new_err(format!("position: give x, y and z, not {} numbers", given.len()))
        })?;
        if !place.iter().all(|part| part.is_finite()) {
            return Err(PyValueError::new_err("position: each number must be finite"));
        }
        self.of.get().change(|value| {
            value.set_place(place);
            Ok(())
        })
    }

    /// The 4 x 4 matrix from an index (column, row, slice, 1) to the position (x, y, z, 1) of its sample, in the unit of the
    /// COLUMN axis. `space` is the world it leads to, "LPS" (as DICOM and ITK have it) or "RAS" (as nibabel has it); without it,
    /// the image's own space. An axis that the image has not has a step of 1.
    ///
    /// Raises ValueError for a world where the space is unknown, for units that do not convert, and for an uneven axis.
    #[pyo3(signature = (space = None))]
    fn affine<'py>(&self, py: Python<'py>, space: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        let world = match space.map(|space| word("space", space, &["LPS", "RAS"])).transpose()?.as_deref() {
            None => None,
            Some("RAS") => Some(World::Ras),
            Some(_) => Some(World::Lps),
        };
        let rows = self.of.get().value().affine(world).or_raise()?.map(|row| row.to_vec()).to_vec();
        py.import("numpy")?.getattr("array")?.call1((rows, "f8"))
    }

    /// The coordinates of an uneven axis, such as times: an array of one number for each index, in the unit of the axis; `None`
    /// for an even axis, which has a spacing.
    fn coordinates<'py>(&self, py: Python<'py>, axis: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
        coordinates_of(py, &self.of.get().value(), axis_from("axis", axis)?)
    }

    /// Replaces the coordinates of an axis, which has no spacing then; `None` makes it even.
    #[pyo3(signature = (axis, coordinates))]
    fn set_coordinates(&self, axis: &Bound<'_, PyAny>, coordinates: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let axis = axis_from("axis", axis)?;
        self.of.get().change(|value| change_coordinates(value, axis, coordinates))
    }

    #[setter]
    fn set_directions(&self, directions: &Bound<'_, SpatialDirections>) -> PyResult<()> {
        let direction = directions.get().0.into();
        self.of.get().change(|value| {
            value.direction = direction;
            Ok(())
        })
    }

    #[pyo3(name = "to_string")]
    fn as_text(&self) -> String {
        self.__repr__()
    }

    fn __repr__(&self) -> String {
        let value = self.of.get().value();
        let axes: Vec<String> = value.axes.iter().map(described).collect();
        let space = match value.space {
            Space::Unknown => String::new(),
            known => format!(", {}", known.name()),
        };
        format!("SpatialCalibration([{}], {}{space})", axes.join(", "), Directions::from(value.direction))
    }
}

/// One of some names, in capital letters.
fn word(argument: &str, given: &Bound<'_, PyAny>, names: &[&str]) -> PyResult<String> {
    let text = given.cast::<PyString>().map_err(|_| {
        PyTypeError::new_err(format!("{argument}: expected one of {}, not {}", names.join(", "), given.get_type()))
    })?;
    let text = text.to_string();
    match names.contains(&text.as_str()) {
        true => Ok(text),
        false => Err(PyValueError::new_err(format!("{argument}: {text:?} is not one of {}", names.join(", ")))),
    }
}

/// Channels as `iolink.Channel`.
pub fn channels_to<'py>(py: Python<'py>, channels: &[Channel]) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let class = py.import("iolink._channel")?.getattr("Channel")?;
    let one = |channel: &Channel| {
        let color = channel.color.map(|[red, green, blue, alpha]| (red, green, blue, alpha));
        class.call1((channel.name.as_str(), color, channel.display_range, channel.excitation_nm, channel.emission_nm))
    };
    channels.iter().map(one).collect()
}

/// Channels from a list of `iolink.Channel`, of tuples like it, or of names.
pub fn channels_from(given: &Bound<'_, PyAny>) -> PyResult<Vec<Channel>> {
    if given.is_instance_of::<PyString>() {
        return Err(PyTypeError::new_err("channels: expected a list of Channel, or of names, not a string"));
    }
    let class = given.py().import("iolink._channel")?.getattr("Channel")?;
    given
        .try_iter()?
        .map(|item| {
            let item = item?;
            if let Ok(name) = item.cast::<PyString>() {
                return Ok(Channel { name: name.to_string(), ..Channel::default() });
            }
            let (name, color, display_range, excitation_nm, emission_nm) = class
                .call1(
                    item.try_iter()?.collect::<PyResult<Vec<_>>>().and_then(|parts| PyTuple::new(item.py(), parts))?,
                )?
                .extract()?;
            let color: Option<(u8, u8, u8, u8)> = color;
            Ok(Channel {
                name,
                color: color.map(|(red, green, blue, alpha)| [red, green, blue, alpha]),
                display_range,
                excitation_nm,
                emission_nm,
            })
        })
        .collect()
}

/// The place of a named axis, which an interpretation may name.
fn place_of(properties: &Properties, axis: Axis) -> PyResult<usize> {
    let own = properties.axes.iter().position(|own| own.axis == Some(axis));
    own.or_else(|| properties.axes_interpretation.axes().iter().position(|own| *own == axis)).ok_or_else(|| {
        let names: Vec<&str> = properties.axes.iter().map(|own| own.axis.map_or("unnamed", Axis::name)).collect();
        PyValueError::new_err(format!("axis: there is no axis {}; the axes are {}", axis.name(), names.join(", ")))
    })
}

/// The coordinates of an axis as an array.
pub fn coordinates_of<'py>(
    py: Python<'py>,
    properties: &Properties,
    axis: Axis,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let own = properties.axes.get(place_of(properties, axis)?);
    match own.and_then(|own| own.coordinates.as_deref()) {
        Some(numbers) => py.import("numpy")?.getattr("array")?.call1((numbers.to_vec(), "f8")).map(Some),
        None => Ok(None),
    }
}

/// Replaces the coordinates of an axis.
pub fn change_coordinates(
    properties: &mut Properties,
    axis: Axis,
    coordinates: Option<&Bound<'_, PyAny>>,
) -> PyResult<()> {
    let place = place_of(properties, axis)?;
    let numbers: Option<Vec<f64>> = coordinates.map(|numbers| numbers_from("coordinates", numbers)).transpose()?;
    if properties.axes.len() <= place {
        properties.axes.resize(place + 1, AxisProperties::default());
    }
    let own = &mut properties.axes[place];
    if numbers.is_some() {
        own.spacing = 1.0;
    }
    own.coordinates = numbers.map(Into::into);
    Ok(())
}

/// An axis in one line: name, spacing or the range of its coordinates, unit, and the origin where it is not 0.
fn described(axis: &AxisProperties) -> String {
    let spacing = match axis.coordinates.as_deref() {
        Some([first, .., last]) => format!("uneven {first} to {last}"),
        Some([only]) => format!("at {only}"),
        _ => axis.spacing.to_string(),
    };
    let mut words = vec![axis.axis.map_or("?", |axis| axis.name()).to_owned(), spacing];
    if !axis.unit.is_empty() {
        words.push(axis.unit.clone());
    }
    if axis.origin != 0.0 {
        words.push(format!("from {}", axis.origin));
    }
    words.join(" ")
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<ImageProperties>()?;
    module.add_class::<ImageInfo>()?;
    module.add_class::<SpatialCalibration>()
}
