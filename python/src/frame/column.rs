//! One column of a frame.

use super::arrow::{array_capsule, requested, schema_capsule};
use super::cells::to_python;
use super::exact::ExactColumn;
use super::lasting::Lasting;
use super::numbers::{to_list, to_numpy};
use crate::dtype::DataType;
use crate::errors::OrRaise;
use crate::held::Held;
use crate::signals::detached;
use crate::vector::Place;
use iolink_plugin_dataframe::{request, Values, Wanted};
use iolink_sdk::DataFrameView as Frame;
use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyIterator, PyString};
use std::sync::Arc;

/// A column of a frame, as it is when it is asked. See `_iolink.pyi`.
#[pyclass(frozen, weakref, sequence, module = "iolink", name = "DataFrameColumn")]
pub struct DataFrameColumn {
    view: Held<Arc<dyn Frame>>,
    lasting: Arc<Lasting>,
    column: u64,
    name: String,
}

impl DataFrameColumn {
    /// Masked values as a plain array, where its type can say which are missing: by NaN, NaT or None.
    fn filled<'py>(
        &self,
        masked: &Bound<'py, PyAny>,
        dtype: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let numpy = masked.py().import("numpy")?;
        let wanted = match dtype {
            Some(dtype) => numpy.call_method1("dtype", (dtype,))?,
            None => masked.getattr("dtype")?,
        };
        let missing = match wanted.getattr("kind")?.extract::<char>()? {
            'f' | 'c' => f64::NAN.into_pyobject(masked.py())?.into_any(),
            'M' | 'm' => PyString::new(masked.py(), "NaT").into_any(),
            'O' => masked.py().None().into_bound(masked.py()),
            _ => {
                let floats = numpy.call_method1("dtype", ("f8",))?;
                let ways = match self.check_kept(masked, &floats) {
                    Ok(()) => "dtype=float or object",
                    Err(_) => "dtype=object",
                };
                return Err(PyValueError::new_err(format!(
                    "column {:?} has missing values, which an array of {wanted} cannot show; use to_numpy(), which masks them, \
                     or {ways}",
                    self.name
                )));
            }
        };
        let plain = masked.call_method1("astype", (&wanted,))?.getattr("data")?.call_method0("copy")?;
        let mask = numpy.getattr("ma")?.call_method1("getmaskarray", (masked,))?;
        plain.set_item(mask, missing)?;
        Ok(plain)
    }

    /// Refuses an array's values that are others in a type.
    fn check_kept(&self, array: &Bound<'_, PyAny>, dtype: &Bound<'_, PyAny>) -> PyResult<()> {
        let kept = array.py().import("iolink._kept_values")?;
        kept.call_method1("check_kept", (&self.name, array, dtype)).map(|_| ())
    }

    pub(super) fn new(view: Arc<dyn Frame>, lasting: Arc<Lasting>, column: u64, name: String) -> Self {
        DataFrameColumn { view: view.into(), lasting, column, name }
    }

    fn rows(&self, py: Python<'_>) -> PyResult<u64> {
        Ok(detached(py, || self.view.shape())?.1)
    }

    /// The column by its name, wherever it is by now.
    fn wanted(&self) -> Wanted<'_> {
        Wanted { index: self.column, name: Some(&self.name) }
    }

    fn run(&self, py: Python<'_>, first: u64, count: Option<u64>) -> PyResult<Values> {
        detached(py, || Values::read_wanted(&**self.view, self.wanted(), first, count))
    }

    fn values(&self, py: Python<'_>) -> PyResult<Values> {
        self.run(py, 0, None)
    }

    /// The values, in their own type.
    pub(super) fn exact_values(&self, py: Python<'_>) -> PyResult<Values> {
        self.values(py)
    }

    fn info(&self, py: Python<'_>) -> PyResult<iolink_plugin_dataframe::ColumnInfo> {
        detached(py, || self.lasting.info(&**self.view, self.wanted()))
    }
}

/// The items of a list as an array of objects.
fn objects<'py>(items: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let made = items.py().import("numpy")?.call_method1("empty", (items.len()?, "O"))?;
    for (row, item) in items.try_iter()?.enumerate() {
        made.set_item(row, item?)?;
    }
    Ok(made)
}

#[pymethods]
impl DataFrameColumn {
    #[getter]
    fn name(&self) -> &str {
        &self.name
    }

    #[getter]
    fn data_type(&self, py: Python<'_>) -> PyResult<DataType> {
        Ok(DataType(self.info(py)?.data_type))
    }

    #[getter]
    fn arrow_type(&self, py: Python<'_>) -> PyResult<String> {
        Ok(self.info(py)?.arrow_type)
    }

    #[getter]
    fn unit(&self, py: Python<'_>) -> PyResult<String> {
        Ok(self.info(py)?.unit().to_owned())
    }

    /// How many values are missing.
    #[getter]
    fn null_count(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.values(py)?.missing())
    }

    fn to_numpy<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let values = self.values(py)?;
        let array = to_numpy(py, &values, false)?;
        // A type without a NumPy twin comes as a list.
        match array.is_instance(&py.import("numpy")?.getattr("ndarray")?)? {
            true => Ok(array),
            false => objects(&array),
        }
    }

    fn to_list<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(to_list(py, &self.values(py)?)?.into_any())
    }

    #[pyo3(signature = (dtype = None, copy = None))]
    fn __array__<'py>(
        &self,
        py: Python<'py>,
        dtype: Option<&Bound<'py, PyAny>>,
        copy: Option<bool>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let mut given = self.to_numpy(py)?;
        if let Some(dtype) = dtype {
            let dtype = py.import("numpy")?.call_method1("dtype", (dtype,))?;
            let letter = |dtype: &Bound<'py, PyAny>| dtype.getattr("kind")?.extract::<char>();
            if letter(&dtype)? == 'O' && matches!(letter(&given.getattr("dtype")?)?, 'M' | 'm') {
                // NumPy makes integers of some of them.
                given = objects(&self.to_list(py)?)?;
            }
            self.check_kept(&given, &dtype)?;
        }
        let array = match py.import("numpy.ma")?.call_method1("is_masked", (&given,))?.is_truthy()? {
            true => self.filled(&given, dtype)?,
            // NumPy drops a mask, here one that hides nothing.
            false => py.import("numpy")?.call_method1("asarray", (&given, dtype))?,
        };
        match copy {
            Some(true) => array.call_method0("copy"),
            Some(false) if !py.import("numpy")?.call_method1("shares_memory", (&array, &given))?.is_truthy()? => {
                Err(PyValueError::new_err(format!("column {:?} cannot be had in this type without a copy", self.name)))
            }
            _ => Ok(array),
        }
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.rows(py)? as usize)
    }

    fn __getitem__<'py>(&self, py: Python<'py>, row: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let rows = self.rows(py)?;
        let place = match row.extract::<Place>() {
            Err(failed) if !failed.is_instance_of::<PyIndexError>(py) => return self.to_numpy(py)?.get_item(row),
            place => place?,
        };
        let Some(at) = place.among(rows) else {
            return Err(PyIndexError::new_err(format!("there is no row {}; the column has {rows}", place.0)));
        };
        let values = self.run(py, at, Some(1))?;
        match values.cell(0) {
            Some(cell) => to_python(py, &cell),
            None => Ok(py.None().into_bound(py)),
        }
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        self.to_list(py)?.try_iter()
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let (schema, _) = self.values(py)?.widened().to_c().or_raise()?;
        schema_capsule(py, schema)
    }

    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        let (values, wanted) = (self.values(py)?, requested_schema.map(requested).transpose()?);
        let wanted = detached(py, move || match wanted {
            Some(schema) => request::values(values, schema),
            None => Ok(values.widened()),
        })?;
        let (schema, array) = wanted.to_c().or_raise()?;
        Ok((schema_capsule(py, schema)?, array_capsule(py, array)?))
    }

    /// The column in its own Arrow type, which polars may misread.
    fn _exact(slf: &Bound<'_, Self>) -> ExactColumn {
        ExactColumn(slf.clone().unbind())
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("DataFrameColumn({:?}, {}, {} rows)", self.name, self.arrow_type(py)?, self.rows(py)?))
    }
}
