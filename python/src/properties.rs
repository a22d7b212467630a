//! `ImageProperties` and its parts. Properties taken from a view are a picture of it and cannot be changed in place.

use crate::axes::{image_interpretation_from, interpretation_from, member};
use crate::directions::SpatialDirections;
use crate::dtype::data_type_from;
use crate::errors::OrRaise;
use crate::vector::{numbers_from, VectorXd};
use iolink_sdk::{
    AxesInterpretation, AxisProperties, ImageInterpretation, ImageProperties as Properties,
    SpatialDirections as Directions, ValueScale,
};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
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
            .map(|axis| axis.axis.map(|axis| member(py, "ImageAxes", u64::from(axis.number()))).transpose())
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
        self.of.get().value().axes.iter().map(|axis| axis.spacing).collect()
    }
}

#[pymethods]
impl SpatialCalibration {
    /// Distance between samples along each axis, in its unit.
    #[getter]
    fn spacing(&self) -> VectorXd {
        VectorXd::from_values(self.spacings())
    }

    /// Below 0 only where it is so already: where an axis without a direction was flipped.
    #[setter]
    fn set_spacing(&self, spacing: &Bound<'_, PyAny>) -> PyResult<()> {
        let spacing: Vec<f64> = numbers_from("spacing", spacing)?;
        let own = self.spacings();
        let kept = |(at, value): (usize, &f64)| own.get(at) == Some(value) || (value.is_finite() && *value > 0.0);
        if !spacing.iter().enumerate().all(kept) {
            return Err(PyValueError::new_err(
                "spacing: each distance must be finite and greater than 0, or what the axis has already",
            ));
        }
        self.of.get().change_axes("spacing", spacing, |axis, spacing| axis.spacing = spacing)
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
        format!("SpatialCalibration([{}], {})", axes.join(", "), Directions::from(value.direction))
    }
}

/// An axis in one line: name, spacing, unit, and the origin where it is not 0.
fn described(axis: &AxisProperties) -> String {
    let mut words = vec![axis.axis.map_or("?", |axis| axis.name()).to_owned(), axis.spacing.to_string()];
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
