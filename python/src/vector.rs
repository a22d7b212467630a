//! The `Vector*` classes, all from one macro: sequences that compare equal to tuples.

use pyo3::exceptions::{PyIndexError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyTuple, PyType};

/// Numbers given as a vector, tuple, list, NumPy array or any other sequence.
pub fn numbers_from<T>(name: &str, given: &Bound<'_, PyAny>) -> PyResult<Vec<T>>
where
    T: for<'a, 'py> FromPyObject<'a, 'py, Error = PyErr>,
{
    let wrong = |reason: String| {
        PyTypeError::new_err(format!("{name}: expected a sequence of numbers such as (6, 4), not {reason}"))
    };
    if given.is_instance_of::<pyo3::types::PyString>() {
        return Err(wrong(given.repr()?.to_string()));
    }
    let items = given.try_iter().map_err(|_| wrong(given.get_type().to_string()))?;
    items.map(|item| number_from(name, &item?)).collect()
}

fn number_from<T>(name: &str, item: &Bound<'_, PyAny>) -> PyResult<T>
where
    T: for<'a, 'py> FromPyObject<'a, 'py, Error = PyErr>,
{
    item.extract::<T>().map_err(|failed| {
        let text = item.repr().map(|text| text.to_string()).unwrap_or_default();
        if failed.is_instance_of::<pyo3::exceptions::PyOverflowError>(item.py()) {
            PyValueError::new_err(format!("{name}: {text} is negative, or more than 64 bits hold"))
        } else {
            PyTypeError::new_err(format!("{name}: {text} is not a number of the kind needed"))
        }
    })
}

/// A shape or position: whole numbers from 0 on.
pub fn shape_from(name: &str, given: &Bound<'_, PyAny>) -> PyResult<Vec<u64>> {
    numbers_from(name, given)
}

macro_rules! vectors {
    ($($class:ident, $number:ty, $length:expr;)*) => {$(
        #[pyclass(frozen, sequence, module = "iolink")]
        pub struct $class(Vec<$number>);

        impl $class {
            pub fn from_values(values: Vec<$number>) -> Self {
                $class(values)
            }

            fn with(
                &self,
                other: &Bound<'_, PyAny>,
                operation: impl Fn($number, $number) -> Option<$number>,
            ) -> PyResult<Self> {
                let others: Vec<$number> = match other.extract::<$number>() {
                    Ok(one) => vec![one; self.0.len()],
                    Err(_) => numbers_from("operand", other)?,
                };
                if others.len() != self.0.len() {
                    return Err(PyValueError::new_err(format!(
                        "the operands have {} and {} components", self.0.len(), others.len()
                    )));
                }
                let out: Option<Vec<$number>> =
                    self.0.iter().zip(others).map(|(left, right)| operation(*left, right)).collect();
                match out {
                    Some(values) => Ok($class(values)),
                    None => Err(pyo3::exceptions::PyOverflowError::new_err(concat!(
                        "the result has a component that ", stringify!($class), " cannot hold"
                    ))),
                }
            }
        }

        #[pymethods]
        impl $class {
            #[new]
            #[pyo3(signature = (*components))]
            fn new(components: &Bound<'_, PyTuple>) -> PyResult<Self> {
                let given = match components.len() {
                    1 if components.get_item(0)?.try_iter().is_ok() => components.get_item(0)?,
                    _ => components.clone().into_any(),
                };
                let values: Vec<$number> = numbers_from(stringify!($class), &given)?;
                let length: Option<usize> = $length;
                match length {
                    Some(length) if length != values.len() => Err(PyValueError::new_err(format!(
                        concat!(stringify!($class), " has {} components, not {}"), length, values.len()
                    ))),
                    _ => Ok($class(values)),
                }
            }

            /// Number of components.
            fn size(&self) -> usize {
                self.0.len()
            }

            /// Number of components.
            fn dimension_count(&self) -> usize {
                self.0.len()
            }

            fn __len__(&self) -> usize {
                self.0.len()
            }

            fn __getitem__<'py>(&self, py: Python<'py>, index: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
                self.tuple(py)?.get_item_or_slice(index)
            }

            fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
                Ok(self.tuple(py)?.try_iter()?.into_any())
            }

            fn __repr__(&self) -> String {
                let words: Vec<String> = self.0.iter().map(|value| value.to_string()).collect();
                format!(concat!(stringify!($class), "({})"), words.join(", "))
            }

            #[pyo3(name = "to_string")]

            fn as_text(&self) -> String {
                self.__repr__()
            }

            fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
                self.tuple(py)?.hash()
            }

            fn __eq__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> PyResult<bool> {
                if other.is_instance_of::<pyo3::types::PyString>() {
                    return Ok(false);
                }
                match other.try_iter() {
                    Ok(items) => {
                        let items: Vec<Bound<'_, PyAny>> = items.collect::<PyResult<_>>()?;
                        self.tuple(py)?.eq(PyTuple::new(py, items)?)
                    }
                    Err(_) => Ok(false),
                }
            }

            fn __add__(&self, other: &Bound<'_, PyAny>) -> PyResult<Self> {
                self.with(other, |left, right| Arithmetic::add(left, right))
            }

            fn __sub__(&self, other: &Bound<'_, PyAny>) -> PyResult<Self> {
                self.with(other, |left, right| Arithmetic::subtract(left, right))
            }

            fn __mul__(&self, other: &Bound<'_, PyAny>) -> PyResult<Self> {
                self.with(other, |left, right| Arithmetic::multiply(left, right))
            }

            fn __rmul__(&self, other: &Bound<'_, PyAny>) -> PyResult<Self> {
                self.with(other, |left, right| Arithmetic::multiply(left, right))
            }

            fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyType>, Bound<'py, PyTuple>)> {
                Ok((py.get_type::<$class>(), self.tuple(py)?))
            }
        }

        impl $class {
            fn tuple<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
                PyTuple::new(py, &self.0)
            }
        }
    )*

    pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
        $(module.add_class::<$class>()?;)*
        Ok(())
    }};
}

vectors! {
    VectorXu64, u64, None;
    VectorXi64, i64, None;
    VectorXd, f64, None;
    Vector2u64, u64, Some(2);
    Vector3u64, u64, Some(3);
    Vector2i64, i64, Some(2);
    Vector3i64, i64, Some(3);
    Vector2d, f64, Some(2);
    Vector3d, f64, Some(3);
}

/// Arithmetic that says where a result does not fit.
trait Arithmetic: Sized {
    fn add(self, other: Self) -> Option<Self>;
    fn subtract(self, other: Self) -> Option<Self>;
    fn multiply(self, other: Self) -> Option<Self>;
}

macro_rules! checked {
    ($($number:ty),*) => {$(
        impl Arithmetic for $number {
            fn add(self, other: Self) -> Option<Self> {
                self.checked_add(other)
            }
            fn subtract(self, other: Self) -> Option<Self> {
                self.checked_sub(other)
            }
            fn multiply(self, other: Self) -> Option<Self> {
                self.checked_mul(other)
            }
        }
    )*};
}

checked!(u64, i64);

impl Arithmetic for f64 {
    fn add(self, other: Self) -> Option<Self> {
        Some(self + other)
    }
    fn subtract(self, other: Self) -> Option<Self> {
        Some(self - other)
    }
    fn multiply(self, other: Self) -> Option<Self> {
        Some(self * other)
    }
}

/// `tuple[index]` with Python's own rules for integers, negative ones and slices.
trait TupleItem<'py> {
    fn get_item_or_slice(&self, index: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>>;
}

impl<'py> TupleItem<'py> for Bound<'py, PyTuple> {
    fn get_item_or_slice(&self, index: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.as_any().get_item(index).map_err(|failed| {
            if failed.is_instance_of::<PyIndexError>(self.py()) {
                PyIndexError::new_err(format!("the vector has {} components, counted from 0", self.len()))
            } else {
                failed
            }
        })
    }
}
