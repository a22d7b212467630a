//! `DataFrameViewFactory`.

use super::arrow::given;
use super::parts::frame_from_columns;
use super::view::DataFrameView;
use crate::dtype::data_type_from;
use crate::errors::OrRaise;
use crate::registry;
use crate::vector::shape_from;
use iolink_plugin_dataframe::TableType;
use iolink_sdk::{Adopt, Create};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

/// Makes data frames. Every method is static. See `_iolink.pyi`.
#[pyclass(frozen, module = "iolink", name = "DataFrameViewFactory")]
pub struct DataFrameViewFactory;

/// Columns and rows from the page's arguments: (columns, rows), names, types.
pub fn described(
    shape: &Bound<'_, PyAny>,
    names: Vec<String>,
    dtypes: &Bound<'_, PyAny>,
) -> PyResult<(TableType, u64)> {
    let sizes = shape_from("shape", shape)?;
    let &[columns, rows] = sizes.as_slice() else {
        return Err(PyValueError::new_err(format!(
            "shape: expected (columns, rows), two numbers, not {}",
            sizes.len()
        )));
    };
    if dtypes.is_instance_of::<PyString>() {
        return Err(PyTypeError::new_err("dtypes: expected a list of types, one for each column, not a text"));
    }
    let types = dtypes.try_iter().map_err(|_| PyTypeError::new_err("dtypes: expected a list of types"))?;
    let types: Vec<_> = types.map(|given| data_type_from(&given?)).collect::<PyResult<_>>()?;
    if names.len() as u64 != columns || types.len() as u64 != columns {
        return Err(PyValueError::new_err(format!(
            "shape says {columns} columns, but there are {} names and {} types",
            names.len(),
            types.len()
        )));
    }
    let mut table = TableType::default();
    for (name, data_type) in names.iter().zip(types) {
        table.push(name, data_type).or_raise()?;
    }
    Ok((table, rows))
}

#[pymethods]
impl DataFrameViewFactory {
    /// A frame in memory whose values are 0, False and "". See `_iolink.pyi`.
    #[staticmethod]
    fn allocate(
        py: Python<'_>,
        shape: &Bound<'_, PyAny>,
        names: Vec<String>,
        dtypes: &Bound<'_, PyAny>,
    ) -> PyResult<DataFrameView> {
        let (table, rows) = described(shape, names, dtypes)?;
        let made =
            py.detach(|| registry().create(Create::DataFrame { schema: table.to_schema()?, rows })?.into_data_frame());
        Ok(DataFrameView::new(made.or_raise()?))
    }

    /// A frame that shares whatever answers the Arrow protocol. See `_iolink.pyi`.
    #[staticmethod]
    fn from_arrow(py: Python<'_>, data: &Bound<'_, PyAny>) -> PyResult<DataFrameView> {
        let Some(given) = given(data)? else {
            return Err(PyTypeError::new_err(format!(
                "data: {} answers neither __arrow_c_stream__ nor __arrow_c_array__; pandas, polars, pyarrow and duckdb \
                 tables do",
                data.get_type().name()?
            )));
        };
        let adopted = py.detach(|| registry().adopt(Adopt::DataFrame(given.into_table()?))?.into_data_frame());
        Ok(DataFrameView::new(adopted.or_raise()?))
    }

    /// A frame out of a dict of arrays, buffers, Arrow columns or lists. See `_iolink.pyi`.
    #[staticmethod]
    fn from_columns(py: Python<'_>, columns: &Bound<'_, PyDict>) -> PyResult<DataFrameView> {
        let specs = py.import("iolink._columns")?.call_method1("describe", (columns,))?;
        frame_from_columns(py, &specs, None, None)
    }

    /// Opens a table: `iolink.open`, refused where the source holds no table. See `_iolink.pyi`.
    #[staticmethod]
    #[pyo3(signature = (source, **options))]
    fn open<'py>(
        py: Python<'py>,
        source: &Bound<'py, PyAny>,
        options: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let opened = py.import("iolink._iolink")?.getattr("open")?.call((source,), options)?;
        if !opened.is_instance_of::<DataFrameView>() {
            return Err(PyTypeError::new_err(format!(
                "source: it holds no table but is a {}",
                opened.get_type().name()?
            )));
        }
        Ok(opened)
    }
}
