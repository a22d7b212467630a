//! Axes and interpretations as arguments: enumeration members, their numbers, or their exact names. `name` is always that of
//! the argument, for the refusal.

use iolink_sdk::{AxesInterpretation, Axis, ImageInterpretation};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyInt, PyString};

fn known<T>(
    what: &str,
    given: &Bound<'_, PyAny>,
    by_number: impl Fn(u32) -> Option<T>,
    by_name: impl Fn(&str) -> Option<T>,
    names: &[&str],
) -> PyResult<T> {
    let found = if let Ok(name) = given.cast::<PyString>() {
        by_name(&name.to_cow()?)
    } else if given.is_instance_of::<PyInt>() && !given.is_instance_of::<PyBool>() {
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
pub fn axis_from(name: &str, given: &Bound<'_, PyAny>) -> PyResult<Axis> {
    let names: Vec<&str> = Axis::ALL.iter().map(|axis| axis.name()).collect();
    known(name, given, |number| usize::try_from(number).ok().and_then(Axis::from_index), Axis::from_name, &names)
}

/// Different axes that are listed in an order, which sets and dicts are not.
pub fn axes_from(name: &str, given: &Bound<'_, PyAny>) -> PyResult<Vec<Axis>> {
    let py = given.py();
    let wrong = || -> PyResult<PyErr> {
        let names: Vec<&str> = Axis::ALL.iter().map(|axis| axis.name()).collect();
        Ok(PyTypeError::new_err(format!(
            "{name}: expected a list of axes in their order, such as [ImageAxes.ROW, ImageAxes.COLUMN], each one of {}, not {}",
            names.join(", "),
            given.repr()?
        )))
    };
    let unordered = py.import("collections.abc")?;
    let unordered =
        (unordered.getattr(intern!(py, "Set"))?, unordered.getattr(intern!(py, "Mapping"))?).into_pyobject(py)?;
    if given.is_instance_of::<PyString>() || given.is_instance(&unordered)? {
        return Err(wrong()?);
    }
    let Ok(items) = given.try_iter() else { return Err(wrong()?) };
    let mut axes = Vec::new();
    for item in items {
        let item = item?;
        if item.is_instance_of::<PyBool>() {
            return Err(wrong()?);
        }
        let axis = axis_from(name, &item)?;
        if axes.contains(&axis) {
            return Err(PyValueError::new_err(format!("{name}: {} stands in the list twice", axis.name())));
        }
        axes.push(axis);
    }
    Ok(axes)
}

/// An interpretation given as `AxesInterpretationId.VOLUME`, its number, or `"VOLUME"`; `None` is UNKNOWN.
pub fn interpretation_from(name: &str, given: Option<&Bound<'_, PyAny>>) -> PyResult<AxesInterpretation> {
    let Some(given) = given else { return Ok(AxesInterpretation::Unknown) };
    let names: Vec<&str> = AxesInterpretation::all().map(AxesInterpretation::name).collect();
    known(
        name,
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
    py.import("iolink.enums")?.getattr(PyString::intern(py, class))?.call1((number,))
}
