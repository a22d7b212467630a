//! The `Vector*` classes: sequences of numbers of one kind that compare equal to tuples.
//!
//! All of them are one implementation, [`Vector`]; what differs is a row of the table in `classes`.

mod arguments;
mod classes;
mod numbers;

pub use arguments::{number_from, numbers_from, pair_from, position_from, shape_from, Count, Ordinal, Place};
pub use classes::{Vector2d, Vector2i64, Vector2u64, Vector3d, VectorXd, VectorXi64, VectorXu64};

use classes::Class;
use numbers::{Numbers, Operation};
use pyo3::exceptions::PyIndexError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::pyclass::CompareOp;
use pyo3::types::{PyDict, PyFloat, PyInt, PyList, PyString, PyTuple, PyType};

/// Numbers of one kind, in order. Vectors do not change: a new one is made from the components of the old.
#[pyclass(subclass, frozen, sequence, module = "iolink", name = "_Vector")]
pub struct Vector {
    class: Class,
    numbers: Numbers,
}

#[pymethods]
impl Vector {
    /// Number of components.
    fn size(&self) -> usize {
        self.numbers.len()
    }

    /// Number of components.
    fn dimension_count(&self) -> usize {
        self.numbers.len()
    }

    /// Length of the vector: the root of the sum of its squared components.
    ///
    /// >>> Vector2i64(3, -4).norm()
    /// 5.0
    fn norm(&self) -> f64 {
        self.numbers.reals().iter().map(|value| value * value).sum::<f64>().sqrt()
    }

    fn __len__(&self) -> usize {
        self.numbers.len()
    }

    fn __getitem__<'py>(&self, py: Python<'py>, index: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.tuple(py)?.as_any().get_item(index).map_err(|failed| {
            if failed.is_instance_of::<PyIndexError>(py) {
                PyIndexError::new_err(format!("the vector has {} components, counted from 0", self.numbers.len()))
            } else {
                failed
            }
        })
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(self.tuple(py)?.try_iter()?.into_any())
    }

    fn __contains__(&self, value: &Bound<'_, PyAny>) -> PyResult<bool> {
        self.tuple(value.py())?.as_any().contains(value)
    }

    /// Place of the first component that is equal to `value`.
    #[pyo3(signature = (value, *bounds))]
    fn index<'py>(&self, value: Bound<'py, PyAny>, bounds: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
        let py = value.py();
        let arguments: Vec<Bound<'py, PyAny>> = std::iter::once(value).chain(bounds.iter()).collect();
        self.tuple(py)?.as_any().call_method(
            intern!(py, "index"),
            PyTuple::new(py, arguments)?,
            None::<&Bound<'_, PyDict>>,
        )
    }

    /// How many components are equal to `value`.
    fn count<'py>(&self, value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.tuple(value.py())?.as_any().call_method1(intern!(value.py(), "count"), (value,))
    }

    fn __repr__(&self) -> String {
        format!("{}({})", self.class.name(), self.numbers.words(self.class.element()).join(", "))
    }

    #[pyo3(name = "to_string")]
    fn as_text(&self) -> String {
        self.__repr__()
    }

    fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
        self.tuple(py)?.hash()
    }

    /// As tuples are compared: equal to vectors, tuples, lists and arrays of equal numbers, ordered by the first component that
    /// differs.
    fn __richcmp__<'py>(&self, other: &Bound<'py, PyAny>, operation: CompareOp) -> PyResult<Bound<'py, PyAny>> {
        let py = other.py();
        let equality = matches!(operation, CompareOp::Eq | CompareOp::Ne);
        let comparable =
            is_ordered(other) || (equality && other.hasattr(intern!(py, "__array__"))? && other.len().is_ok());
        if !comparable {
            return Ok(py.NotImplemented().into_bound(py));
        }
        let items: Vec<Bound<'py, PyAny>> = other.try_iter()?.collect::<PyResult<_>>()?;
        self.tuple(py)?.as_any().rich_compare(PyTuple::new(py, items)?, operation)
    }

    fn __add__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.calculate(Operation::Add, other, false)
    }

    fn __radd__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.calculate(Operation::Add, other, true)
    }

    fn __sub__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.calculate(Operation::Subtract, other, false)
    }

    fn __rsub__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.calculate(Operation::Subtract, other, true)
    }

    fn __mul__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.calculate(Operation::Multiply, other, false)
    }

    fn __rmul__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.calculate(Operation::Multiply, other, true)
    }

    /// The quotients, as a vector of doubles.
    fn __truediv__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.calculate(Operation::Divide, other, false)
    }

    fn __rtruediv__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.calculate(Operation::Divide, other, true)
    }

    /// The quotients rounded down, as a vector of the same class.
    fn __floordiv__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.calculate(Operation::FloorDivide, other, false)
    }

    fn __rfloordiv__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.calculate(Operation::FloorDivide, other, true)
    }

    fn __neg__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let zeros = Numbers::zeros(self.class.element(), self.numbers.len());
        self.class.make(py, zeros.combined(&self.numbers, Operation::Subtract, self.class)?)
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyType>, Bound<'py, PyTuple>)> {
        Ok((slf.get_type(), slf.get().tuple(slf.py())?))
    }
}

impl Vector {
    fn tuple<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        match &self.numbers {
            Numbers::Whole(values) => {
                let items = values.iter().map(|value| match u64::try_from(*value) {
                    Ok(value) => value.into_pyobject(py),
                    Err(_) => (*value as i64).into_pyobject(py),
                });
                PyTuple::new(py, items.collect::<Result<Vec<_>, _>>()?)
            }
            Numbers::Real(values) => PyTuple::new(py, values),
        }
    }

    /// The result of `self operation other`, or of `other operation self`. `other` is one number for all components, or as
    /// many as there are; anything else is left to the other operand.
    fn calculate<'py>(
        &self,
        operation: Operation,
        other: &Bound<'py, PyAny>,
        turned: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = other.py();
        let element = self.class.element();
        let one = |given: &Bound<'py, PyAny>| -> PyResult<bool> {
            Ok(given.is_instance_of::<PyInt>() || given.is_instance_of::<PyFloat>() || is_numpy_number(given)?)
        };
        let others = if is_ordered(other) {
            Numbers::parse(element, "operand", other)?
        } else if one(other)? {
            Numbers::repeated(element, other, self.numbers.len())?
        } else if other.is_instance_of::<PyString>() || other.len().is_err() {
            return Ok(py.NotImplemented().into_bound(py));
        } else {
            Numbers::parse(element, "operand", other)?
        };
        let class = if operation == Operation::Divide { self.class.doubles() } else { self.class };
        let (left, right) = if turned { (&others, &self.numbers) } else { (&self.numbers, &others) };
        class.make(py, left.combined(right, operation, class)?)
    }
}

/// A vector, tuple or list: told without asking for attributes.
fn is_ordered(given: &Bound<'_, PyAny>) -> bool {
    given.cast::<Vector>().is_ok() || given.cast::<PyTuple>().is_ok() || given.cast::<PyList>().is_ok()
}

/// A scalar of NumPy's, which is no `int` and need not be a `float`.
fn is_numpy_number(given: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(given.hasattr(intern!(given.py(), "dtype"))?
        && given.getattr(intern!(given.py(), "ndim"))?.extract::<usize>()? == 0)
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Vector>()?;
    classes::register(module)
}
