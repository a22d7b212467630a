//! The components of a vector and the arithmetic on them, checked against what the vector's class can hold.

use super::arguments::{items_of, number_from};
use super::classes::Class;
use pyo3::exceptions::{PyOverflowError, PyValueError, PyZeroDivisionError};
use pyo3::prelude::*;
use pyo3::types::PyInt;

/// What one component can be.
#[derive(Clone, Copy, PartialEq)]
pub enum Element {
    /// A whole number between these two.
    Whole(i128, i128),
    /// A float of single precision.
    Single,
    /// A float of double precision.
    Double,
}

/// The components, in whatever class.
#[derive(Clone, PartialEq)]
pub enum Numbers {
    Whole(Vec<i128>),
    Real(Vec<f64>),
}

#[derive(Clone, Copy, PartialEq)]
pub enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
}

impl Element {
    fn holds(self, value: i128) -> bool {
        matches!(self, Element::Whole(low, high) if low <= value && value <= high)
    }

    fn whole(self, name: &str, item: &Bound<'_, PyAny>) -> PyResult<i128> {
        // Two extractions that every build of Python has fast, rather than one of 128 bits.
        let value = match item.extract::<i64>() {
            Ok(value) => i128::from(value),
            Err(_) => i128::from(number_from::<u64>(name, item)?),
        };
        if self.holds(value) {
            return Ok(value);
        }
        let Element::Whole(low, high) = self else { return Ok(value) };
        Err(PyValueError::new_err(format!("{name}: {value} is not between {low} and {high}")))
    }

    fn real(self, name: &str, item: &Bound<'_, PyAny>) -> PyResult<f64> {
        let value: f64 = number_from(name, item)?;
        let rounded = self.rounded(value);
        if value.is_finite() && !rounded.is_finite() {
            return Err(PyValueError::new_err(format!("{name}: {value} is more than a single-precision float holds")));
        }
        // Python compares them exactly.
        if item.is_instance_of::<PyInt>() && !item.eq(rounded)? {
            return Err(PyValueError::new_err(format!(
                "{name}: {item} is no float of this precision; give a float to round it"
            )));
        }
        Ok(rounded)
    }

    fn rounded(self, value: f64) -> f64 {
        if self == Element::Single {
            f64::from(value as f32)
        } else {
            value
        }
    }
}

impl Numbers {
    /// The numbers of a sequence, each of which the element must hold.
    pub fn parse(element: Element, name: &str, given: &Bound<'_, PyAny>) -> PyResult<Self> {
        let items = items_of(name, given)?;
        Ok(match element {
            Element::Whole(..) => {
                Numbers::Whole(items.map(|item| element.whole(name, &item?)).collect::<PyResult<_>>()?)
            }
            _ => Numbers::Real(items.map(|item| element.real(name, &item?)).collect::<PyResult<_>>()?),
        })
    }

    /// One number for each component. It need not be one that the element holds: the result counts.
    pub fn repeated(element: Element, given: &Bound<'_, PyAny>, count: usize) -> PyResult<Self> {
        Ok(match element {
            Element::Whole(..) => {
                let widest = Element::Whole(i128::from(i64::MIN), i128::from(u64::MAX));
                Numbers::Whole(vec![widest.whole("operand", given)?; count])
            }
            _ => Numbers::Real(vec![Element::Double.real("operand", given)?; count]),
        })
    }

    /// So many zeros.
    pub fn zeros(element: Element, count: usize) -> Self {
        match element {
            Element::Whole(..) => Numbers::Whole(vec![0; count]),
            _ => Numbers::Real(vec![0.0; count]),
        }
    }

    pub fn len(&self) -> usize {
        match self {
            Numbers::Whole(values) => values.len(),
            Numbers::Real(values) => values.len(),
        }
    }

    /// The components as doubles.
    pub fn reals(&self) -> Vec<f64> {
        match self {
            Numbers::Whole(values) => values.iter().map(|value| *value as f64).collect(),
            Numbers::Real(values) => values.clone(),
        }
    }

    /// The components as they are printed.
    pub fn words(&self, element: Element) -> Vec<String> {
        match self {
            Numbers::Whole(values) => values.iter().map(|value| value.to_string()).collect(),
            Numbers::Real(values) if element == Element::Single => {
                values.iter().map(|value| (*value as f32).to_string()).collect()
            }
            Numbers::Real(values) => values.iter().map(|value| value.to_string()).collect(),
        }
    }

    /// `self operation other`, component by component, as numbers of `class`.
    pub fn combined(&self, other: &Numbers, operation: Operation, class: Class) -> PyResult<Numbers> {
        if self.len() != other.len() {
            return Err(PyValueError::new_err(format!(
                "the operands have {} and {} components",
                self.len(),
                other.len()
            )));
        }
        let too_much =
            || PyOverflowError::new_err(format!("the result has a component that {} cannot hold", class.name()));
        if let (Numbers::Whole(left), Numbers::Whole(right), true) = (self, other, operation != Operation::Divide) {
            let pairs = left.iter().zip(right);
            let results = pairs.map(|(left, right)| {
                let value = whole(*left, *right, operation)?;
                value.filter(|value| class.element().holds(*value)).ok_or_else(too_much)
            });
            return results.collect::<PyResult<_>>().map(Numbers::Whole);
        }
        let results = self.reals().into_iter().zip(other.reals()).map(|(left, right)| {
            let value = real(left, right, operation)?;
            let rounded = class.element().rounded(value);
            if value.is_finite() && !rounded.is_finite() {
                return Err(too_much());
            }
            Ok(rounded)
        });
        results.collect::<PyResult<_>>().map(Numbers::Real)
    }
}

fn division_by_zero() -> PyErr {
    PyZeroDivisionError::new_err("a component of the divisor is 0")
}

/// `None` where 128 bits do not hold the result.
fn whole(left: i128, right: i128, operation: Operation) -> PyResult<Option<i128>> {
    Ok(match operation {
        Operation::Add => left.checked_add(right),
        Operation::Subtract => left.checked_sub(right),
        Operation::Multiply => left.checked_mul(right),
        Operation::Divide | Operation::FloorDivide if right == 0 => return Err(division_by_zero()),
        Operation::Divide | Operation::FloorDivide => {
            let quotient = left / right;
            Some(if left % right != 0 && (left < 0) != (right < 0) { quotient - 1 } else { quotient })
        }
    })
}

fn real(left: f64, right: f64, operation: Operation) -> PyResult<f64> {
    Ok(match operation {
        Operation::Add => left + right,
        Operation::Subtract => left - right,
        Operation::Multiply => left * right,
        Operation::Divide | Operation::FloorDivide if right == 0.0 => return Err(division_by_zero()),
        Operation::Divide => left / right,
        Operation::FloorDivide => (left / right).floor(),
    })
}
