//! A frame or column in its own Arrow types, for those who read all of them: the plain export has wide decimals for polars.

use super::arrow::{array_capsule, schema_capsule, stream_capsule};
use super::column::DataFrameColumn;
use super::view::DataFrameView;
use crate::errors::OrRaise;
use pyo3::prelude::*;

/// A frame that hands out its own types.
#[pyclass(frozen, module = "iolink", name = "_ExactFrame")]
pub struct ExactFrame(pub(super) Py<DataFrameView>);

#[pymethods]
impl ExactFrame {
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        schema_capsule(py, self.0.get().exact_schema(py)?)
    }

    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let frame = self.0.get();
        stream_capsule(
            py,
            match requested_schema {
                Some(_) => frame.table_as(py, requested_schema)?,
                None => frame.exact_table(py)?,
            },
        )
    }
}

/// A column that hands out its own type.
#[pyclass(frozen, module = "iolink", name = "_ExactColumn")]
pub struct ExactColumn(pub(super) Py<DataFrameColumn>);

#[pymethods]
impl ExactColumn {
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        let _ = requested_schema;
        let (schema, array) = self.0.get().exact_values(py)?.to_c().or_raise()?;
        Ok((schema_capsule(py, schema)?, array_capsule(py, array)?))
    }
}
