//! Axes and interpretations as arguments: enumeration members, their numbers, or their exact names.

use iolink_sdk::{AxesInterpretation, Axis, ImageInterpretation};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyInt, PyString};

fn known<T>(
    what: &str,
    given: &Bound<'_, PyAny>,
    by_number: impl Fn(u32) -> Option<T>,
    by_name: impl Fn(&str) -> Option<T>,
    names: &[&str],
) -> PyResult<T> {
    let found = if let Ok(name) = given.cast::<PyString>() {
        by_name(&name.to_cow()?)
    } else if given.is_instance_of::<PyInt>() {
        given.extract::<u32>().ok().and_then(by_number)
    } else {
        return Err(PyTypeError::new_err(format!(
            "{what}: expected one of {}, not {}",
            names.join(", "),
            given.repr()?
        )));
    };
    found.ok_or_else(|| {
        let text = given.repr().map(|text| text.to_string()).unwrap_or_default();
        PyValueError::new_err(format!("{what}: {text} is not one of {}", names.join(", ")))
    })
}

/// An axis given as `ImageAxes.ROW`, its number, or `"ROW"`.
pub fn axis_from(given: &Bound<'_, PyAny>) -> PyResult<Axis> {
    let names: Vec<&str> = Axis::ALL.iter().map(|axis| axis.name()).collect();
    known("axis", given, |number| u8::try_from(number).ok().and_then(Axis::from_number), Axis::from_name, &names)
}

/// A list of different axes.
pub fn axes_from(given: &Bound<'_, PyAny>) -> PyResult<Vec<Axis>> {
    if given.is_instance_of::<PyString>() {
        return Err(PyTypeError::new_err(
            "axes: expected a list such as [ImageAxes.ROW, ImageAxes.COLUMN], not a text",
        ));
    }
    let items = given
        .try_iter()
        .map_err(|_| PyTypeError::new_err("axes: expected a list such as [ImageAxes.ROW, ImageAxes.COLUMN]"))?;
    let axes: Vec<Axis> = items.map(|item| axis_from(&item?)).collect::<PyResult<_>>()?;
    for (index, axis) in axes.iter().enumerate() {
        if axes[..index].contains(axis) {
            return Err(PyValueError::new_err(format!("axes: {} stands in the list twice", axis.name())));
        }
    }
    Ok(axes)
}

/// An interpretation given as `AxesInterpretationId.VOLUME`, its number, or `"VOLUME"`; `None` is UNKNOWN.
pub fn interpretation_from(given: Option<&Bound<'_, PyAny>>) -> PyResult<AxesInterpretation> {
    let Some(given) = given else { return Ok(AxesInterpretation::Unknown) };
    let names: Vec<&str> = AxesInterpretation::all().map(AxesInterpretation::name).collect();
    known(
        "interpretation",
        given,
        AxesInterpretation::from_number,
        |name| AxesInterpretation::all().find(|interpretation| interpretation.name() == name),
        &names,
    )
}

/// What values mean, given as `ImageInterpretation.LABEL`, its number, or `"LABEL"`.
pub fn image_interpretation_from(given: &Bound<'_, PyAny>) -> PyResult<ImageInterpretation> {
    let names = ImageInterpretation::NAMED.map(|(name, _)| name);
    let by_name = |name: &str| ImageInterpretation::NAMED.iter().find(|(known, _)| *known == name).map(|(_, one)| *one);
    known("interpretation", given, ImageInterpretation::from_number, by_name, &names)
}

/// The member of an enumeration of `iolink.enums` with this number.
pub fn member<'py>(py: Python<'py>, class: &str, number: u64) -> PyResult<Bound<'py, PyAny>> {
    py.import("iolink.enums")?.getattr(class)?.call1((number,))
}
