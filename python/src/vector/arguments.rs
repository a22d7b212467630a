//! Numbers, shapes and positions as arguments.

use pyo3::exceptions::{PyIndexError, PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyString, PyTuple};

/// Each item of a vector, tuple, list, NumPy array or any other sequence of numbers.
pub(super) fn items_of<'py>(
    name: &str,
    given: &Bound<'py, PyAny>,
) -> PyResult<impl Iterator<Item = PyResult<Bound<'py, PyAny>>>> {
    let wrong = |reason: String| {
        PyTypeError::new_err(format!("{name}: expected a sequence of numbers such as (6, 4), not {reason}"))
    };
    if given.is_instance_of::<PyString>() {
        return Err(wrong(given.repr()?.to_string()));
    }
    given.try_iter().map_err(|_| wrong(given.get_type().to_string()))
}

/// Numbers given as a vector, tuple, list, NumPy array or any other sequence.
pub fn numbers_from<T>(name: &str, given: &Bound<'_, PyAny>) -> PyResult<Vec<T>>
where
    T: for<'a, 'py> FromPyObject<'a, 'py, Error = PyErr>,
{
    // What is given most often, without an iterator's way through the interpreter.
    if let Ok(tuple) = given.cast_exact::<PyTuple>() {
        return tuple.iter_borrowed().map(|item| number_from(name, &item)).collect();
    }
    items_of(name, given)?.map(|item| number_from(name, &item?)).collect()
}

/// One number, whatever class it is of.
pub fn number_from<T>(name: &str, item: &Bound<'_, PyAny>) -> PyResult<T>
where
    T: for<'a, 'py> FromPyObject<'a, 'py, Error = PyErr>,
{
    item.extract::<T>().map_err(|failed| {
        let text = item.repr().map(|text| text.to_string()).unwrap_or_default();
        if failed.is_instance_of::<PyIndexError>(item.py()) {
            PyIndexError::new_err(format!("{name}: {}", failed.value(item.py())))
        } else if failed.is_instance_of::<PyOverflowError>(item.py()) {
            PyValueError::new_err(format!("{name}: {text} is negative, or more than 64 bits hold"))
        } else {
            PyTypeError::new_err(format!("{name}: {text} is not a number of the kind needed"))
        }
    })
}

/// An index along each axis. A negative one, or one beyond 64 bits, raises IndexError.
pub fn position_from(name: &str, given: &Bound<'_, PyAny>) -> PyResult<Vec<u64>> {
    let position: Vec<Ordinal> = numbers_from(name, given)?;
    Ok(position.into_iter().map(|index| index.0).collect())
}

/// A shape: whole numbers from 0 on.
pub fn shape_from(name: &str, given: &Bound<'_, PyAny>) -> PyResult<Vec<u64>> {
    numbers_from(name, given)
}

/// A whole number in 64 bits; where it does not fit, what `refusal` makes of its text.
fn whole<T>(given: Borrowed<'_, '_, PyAny>, refusal: impl Fn(String) -> PyErr) -> PyResult<T>
where
    T: for<'a, 'py> FromPyObject<'a, 'py, Error = PyErr>,
{
    if given.is_exact_instance_of::<PyBool>() {
        return Err(PyTypeError::new_err(format!("expected a whole number, not {}", &*given)));
    }
    given.extract().map_err(|failed: PyErr| match failed.is_instance_of::<PyOverflowError>(given.py()) {
        true => refusal(given.to_string()),
        false => failed,
    })
}

/// A number counted from 0, such as that of a tile or an axis. A negative one, or one beyond 64 bits, raises IndexError.
pub struct Ordinal(pub u64);

impl<'a, 'py> FromPyObject<'a, 'py> for Ordinal {
    type Error = PyErr;

    fn extract(given: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        whole(given, |number| PyIndexError::new_err(format!("{number} is not there; it is counted from 0")))
            .map(Ordinal)
    }
}

/// A place in a sequence, counted from its end where it is negative. One beyond 64 bits raises IndexError.
pub struct Place(pub i64);

impl Place {
    /// The same place counted from 0 in a sequence of `count`, if it is there.
    pub fn among(&self, count: u64) -> Option<u64> {
        let at = if self.0 < 0 { count.checked_sub(self.0.unsigned_abs())? } else { self.0 as u64 };
        (at < count).then_some(at)
    }
}

impl<'a, 'py> FromPyObject<'a, 'py> for Place {
    type Error = PyErr;

    fn extract(given: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        whole(given, |number| PyIndexError::new_err(format!("{number} is beyond any index"))).map(Place)
    }
}

/// How many, or the bits of a set. A negative number, or one beyond 64 bits, raises ValueError.
pub struct Count(pub u64);

impl<'a, 'py> FromPyObject<'a, 'py> for Count {
    type Error = PyErr;

    fn extract(given: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        whole(given, |number| PyValueError::new_err(format!("{number} is negative, or more than 64 bits hold")))
            .map(Count)
    }
}

/// Two numbers, such as a `Vector2d` or a tuple.
pub fn pair_from(name: &str, given: &Bound<'_, PyAny>) -> PyResult<(f64, f64)> {
    match numbers_from::<f64>(name, given)?.as_slice() {
        [first, second] => Ok((*first, *second)),
        other => Err(PyValueError::new_err(format!("{name}: expected two numbers (low, high), not {}", other.len()))),
    }
}
