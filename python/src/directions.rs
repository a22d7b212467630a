//! `SpatialDirections`.

use crate::errors::OrRaise;
use crate::vector::{numbers_from, Vector3d};
use iolink_sdk::SpatialDirections as Directions;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyTuple, PyType};

/// Directions of the column, row and slice axis in space, as unit vectors. Given column and row, the third one makes a
/// right-handed system with them; given all three, they are taken as they are.
///
/// Raises ValueError for directions that are 0, not finite, or in one plane.
///
/// >>> SpatialDirections((0, 1, 0), (1, 0, 0)).slice_direction()
/// Vector3d(0, 0, -1)
#[pyclass(frozen, module = "iolink", name = "SpatialDirections")]
pub struct SpatialDirections(pub Directions);

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
        let made = match (column, row, slice) {
            (None, None, None) => Ok(Directions::default()),
            (Some(column), Some(row), None) => Directions::right_handed(three("column", column)?, three("row", row)?),
            (Some(column), Some(row), Some(slice)) => {
                Directions::new(three("column", column)?, three("row", row)?, three("slice", slice)?)
            }
            _ => return Err(PyTypeError::new_err("give no direction, or the column's and the row's, or all three")),
        };
        made.or_raise().map(SpatialDirections)
    }

    fn column_direction(&self) -> Vector3d {
        Vector3d::from_values(self.0.column().to_vec())
    }

    fn row_direction(&self) -> Vector3d {
        Vector3d::from_values(self.0.row().to_vec())
    }

    fn slice_direction(&self) -> Vector3d {
        Vector3d::from_values(self.0.slice().to_vec())
    }

    #[pyo3(name = "to_string")]
    fn as_text(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self) -> String {
        self.0.to_string()
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<SpatialDirections>().is_ok_and(|other| other.get().0 == self.0)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyType>, Bound<'py, PyTuple>)> {
        Ok((py.get_type::<SpatialDirections>(), PyTuple::new(py, <[[f64; 3]; 3]>::from(self.0))?))
    }
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<SpatialDirections>()
}
