//! `ImageProperties` and its parts. Properties taken from a view are a picture of it and cannot be changed in place.

use crate::axes::{interpretation_from, member};
use crate::dtype::data_type_from;
use crate::errors::OrRaise;
use crate::vector::{numbers_from, Vector3d, VectorXd};
use iolink_sdk::{AxesInterpretation, AxisProperties, ImageInterpretation, ImageProperties as Properties, ValueScale};
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
        *held = Arc::new(value);
        Ok(())
    }
}

fn axes_for(value: &mut Properties, count: usize) {
    if value.axes.len() < count {
        value.axes.resize(count, AxisProperties::default());
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

    /// (slope, intercept, unit): the quantity is `stored * slope + intercept`.
    #[getter]
    fn value_scale(&self) -> (f64, f64, String) {
        let scale = &self.value().value_scale;
        (scale.slope, scale.intercept, scale.unit.clone())
    }

    #[setter]
    fn set_value_scale(&self, scale: (f64, f64, String)) -> PyResult<()> {
        self.change(|value| {
            let (slope, intercept, unit) = scale;
            if !slope.is_finite() || !intercept.is_finite() || slope == 0.0 {
                return Err(PyValueError::new_err(
                    "value_scale: slope and intercept must be finite and the slope not 0; (1.0, 0.0, \"\") is no scale",
                ));
            }
            value.value_scale = ValueScale { slope, intercept, unit };
            value.to_border().or_raise().map(|_| ())
        })
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<ImageProperties>().is_ok_and(|other| *other.get().value() == *self.value())
    }

    fn __repr__(&self) -> String {
        let value = self.value();
        let axes: Vec<String> = value
            .axes
            .iter()
            .map(|axis| {
                let name = axis.axis.map_or("?", |axis| axis.name());
                format!("{name} {}{}{}", axis.spacing, if axis.unit.is_empty() { "" } else { " " }, axis.unit)
            })
            .collect();
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

    fn set_axes_interpretation(&self, interpretation: &Bound<'_, PyAny>) -> PyResult<()> {
        let interpretation = interpretation_from(Some(interpretation))?;
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

    fn set_image_interpretation(&self, interpretation: u32) -> PyResult<()> {
        let interpretation = ImageInterpretation::from_number(interpretation)
            .ok_or_else(|| PyValueError::new_err("interpretation: not an ImageInterpretation"))?;
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
}

/// How an image lies in the world: one number for each axis, canonical order.
#[pyclass(frozen, module = "iolink", name = "SpatialCalibration")]
pub struct SpatialCalibration {
    of: Py<ImageProperties>,
}

#[pymethods]
impl SpatialCalibration {
    /// Distance between samples along each axis, in its unit.
    #[getter]
    fn spacing(&self) -> VectorXd {
        VectorXd::from_values(self.of.get().value().axes.iter().map(|axis| axis.spacing).collect())
    }

    #[setter]
    fn set_spacing(&self, spacing: &Bound<'_, PyAny>) -> PyResult<()> {
        let spacing: Vec<f64> = numbers_from("spacing", spacing)?;
        if spacing.iter().any(|value| !value.is_finite() || *value <= 0.0) {
            return Err(PyValueError::new_err("spacing: each distance must be finite and greater than 0"));
        }
        self.of.get().change(|value| {
            axes_for(value, spacing.len());
            value.axes.iter_mut().zip(&spacing).for_each(|(axis, spacing)| axis.spacing = *spacing);
            Ok(())
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
        self.of.get().change(|value| {
            axes_for(value, origin.len());
            value.axes.iter_mut().zip(&origin).for_each(|(axis, origin)| axis.origin = *origin);
            Ok(())
        })
    }

    /// Unit of each axis, "" where unknown.
    #[getter]
    fn units(&self) -> Vec<String> {
        self.of.get().value().axes.iter().map(|axis| axis.unit.clone()).collect()
    }

    #[setter]
    fn set_units(&self, units: Vec<String>) -> PyResult<()> {
        self.of.get().change(|value| {
            axes_for(value, units.len());
            value.axes.iter_mut().zip(units).for_each(|(axis, unit)| axis.unit = unit);
            value.to_border().or_raise().map(|_| ())
        })
    }

    /// Column, row and slice direction in space.
    #[getter]
    fn directions(&self) -> SpatialDirections {
        SpatialDirections { of: self.of.get().value().direction }
    }

    #[setter]
    fn set_directions(&self, directions: &Bound<'_, SpatialDirections>) -> PyResult<()> {
        let direction = directions.get().of;
        self.of.get().change(|value| {
            value.direction = direction;
            Ok(())
        })
    }
}

/// Three directions in space. Two given ones make a right-handed system with the third.
#[pyclass(frozen, module = "iolink", name = "SpatialDirections")]
pub struct SpatialDirections {
    of: [[f64; 3]; 3],
}

fn three(name: &str, given: &Bound<'_, PyAny>) -> PyResult<[f64; 3]> {
    let values: Vec<f64> = numbers_from(name, given)?;
    <[f64; 3]>::try_from(values)
        .map_err(|values| PyValueError::new_err(format!("{name}: a direction has 3 components, not {}", values.len())))
}

#[pymethods]
impl SpatialDirections {
    #[new]
    #[pyo3(signature = (column = None, row = None, slice = None))]
    fn new(
        column: Option<&Bound<'_, PyAny>>,
        row: Option<&Bound<'_, PyAny>>,
        slice: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        match (column, row) {
            (None, None) if slice.is_none() => Ok(SpatialDirections { of: Properties::default().direction }),
            (Some(column), Some(row)) => {
                let (x, y) = (three("column", column)?, three("row", row)?);
                let z = match slice {
                    Some(slice) => three("slice", slice)?,
                    None => [x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0]],
                };
                Ok(SpatialDirections { of: [x, y, z] })
            }
            _ => Err(PyTypeError::new_err("give no direction, or the column's and the row's, or all three")),
        }
    }

    fn column_direction(&self) -> Vector3d {
        Vector3d::from_values(self.of[0].to_vec())
    }

    fn row_direction(&self) -> Vector3d {
        Vector3d::from_values(self.of[1].to_vec())
    }

    fn slice_direction(&self) -> Vector3d {
        Vector3d::from_values(self.of[2].to_vec())
    }

    #[pyo3(name = "to_string")]

    fn as_text(&self) -> String {
        self.__repr__()
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<SpatialDirections>().is_ok_and(|other| other.get().of == self.of)
    }

    fn __repr__(&self) -> String {
        let words: Vec<String> = self.of.iter().map(|[x, y, z]| format!("({x}, {y}, {z})")).collect();
        format!("SpatialDirections({})", words.join(", "))
    }
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<ImageProperties>()?;
    module.add_class::<ImageInfo>()?;
    module.add_class::<SpatialCalibration>()?;
    module.add_class::<SpatialDirections>()
}
