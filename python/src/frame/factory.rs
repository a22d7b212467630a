//! `DataFrameViewFactory`.

use super::arrow::given;
use super::parts::{frame_from_columns, name_from};
use super::scan::type_words;
use super::select::{as_it_is, whole};
use super::view::DataFrameView;
use crate::dtype::data_type_from;
use crate::errors::OrRaise;
use crate::registry;
use crate::signals::interruptible;
use crate::vector::shape_from;
use iolink_plugin_dataframe::TableType;
use iolink_sdk::{Adopt, Call, CreateView, DataType, Result, View};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

/// Makes data frames. Every method is static. See `_iolink.pyi`.
#[pyclass(frozen, module = "iolink", name = "DataFrameViewFactory")]
pub struct DataFrameViewFactory;

/// What a new column holds.
pub enum ColumnType {
    /// Numbers, booleans or texts.
    Plain(DataType),
    /// Times of NumPy's, by Arrow's format.
    Times(String),
}

impl ColumnType {
    pub fn from_python(given: &Bound<'_, PyAny>) -> PyResult<Self> {
        let times = match given.cast::<PyString>() {
            Ok(text) => {
                let text = text.to_cow()?;
                ["datetime64", "timedelta64", "M8", "m8"].iter().any(|word| text.starts_with(word))
            }
            Err(_) => matches!(given.getattr_opt("kind")?, Some(kind) if kind.eq("M")? || kind.eq("m")?),
        };
        if !times {
            return data_type_from(given).map(ColumnType::Plain);
        }
        let py = given.py();
        let dtype = py.import("numpy")?.call_method1("dtype", (given,))?;
        let known: Option<(String, String)> =
            py.import("iolink._columns")?.call_method1("arrow_kind", (dtype,))?.extract()?;
        match known {
            Some((format, _)) => Ok(ColumnType::Times(format)),
            None => Err(PyTypeError::new_err(format!(
                "{given} has no unit that Arrow knows; give s, ms, us or ns, such as \"datetime64[ms]\""
            ))),
        }
    }

    /// Adds such a column.
    pub fn push(&self, table: &mut TableType, name: &str) -> Result<()> {
        match self {
            ColumnType::Plain(data_type) => table.push(name, *data_type),
            ColumnType::Times(format) => table.push_format(name, format),
        }
    }
}

/// The names of columns that are to be made.
fn names_from(names: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    let wrong =
        |what: &str| PyTypeError::new_err(format!("names: expected a list of texts, one for each column, not {what}"));
    if names.is_instance_of::<PyString>() {
        return Err(wrong("one text"));
    }
    let name = |name: Bound<'_, PyAny>| match name.cast::<PyString>() {
        Ok(name) => name_from(name),
        Err(_) => Err(wrong(&format!("one with a {}", type_words(&name)))),
    };
    names.try_iter().map_err(|_| wrong(&type_words(names)))?.map(|given| name(given?)).collect()
}

/// Columns and rows from the page's arguments: (columns, rows), names, types.
pub fn described(
    shape: &Bound<'_, PyAny>,
    names: &Bound<'_, PyAny>,
    dtypes: &Bound<'_, PyAny>,
) -> PyResult<(TableType, u64)> {
    let names = names_from(names)?;
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
    let types: Vec<_> = types.map(|given| ColumnType::from_python(&given?)).collect::<PyResult<_>>()?;
    if names.len() as u64 != columns || types.len() as u64 != columns {
        return Err(PyValueError::new_err(format!(
            "shape says {columns} columns, but there are {} names and {} types",
            names.len(),
            types.len()
        )));
    }
    let mut table = TableType::default();
    for (name, column) in names.iter().zip(types) {
        column.push(&mut table, name).or_raise()?;
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
        names: &Bound<'_, PyAny>,
        dtypes: &Bound<'_, PyAny>,
    ) -> PyResult<DataFrameView> {
        let (table, rows) = described(shape, names, dtypes)?;
        let made = py.detach(|| {
            registry().create(CreateView::DataFrame { schema: table.to_schema()?, rows }.in_memory())?.into_data_frame()
        });
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

    /// Opens a table: CSV, TSV, JSON lines, Parquet, Arrow IPC, and what plugins add. See `_iolink.pyi`.
    ///
    /// >>> import pathlib, tempfile
    /// >>> path = pathlib.Path(tempfile.mkdtemp(), "people.csv")
    /// >>> _ = path.write_text("name,age\nAda,36\nAlan,41\n")
    /// >>> DataFrameViewFactory.open(path, columns=["age"], first_row=1).at("age", 0)
    /// 41
    #[staticmethod]
    #[pyo3(signature = (source, *, progress = None, **options))]
    fn open<'py>(
        py: Python<'py>,
        source: &Bound<'py, PyAny>,
        progress: Option<&Bound<'py, PyAny>>,
        options: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let options = options.map_or_else(|| Ok(PyDict::new(py)), |given| given.copy())?;
        options.set_item("progress", progress)?;
        let opened = py.import("iolink._iolink")?.getattr("open")?.call((source,), Some(&options))?;
        if !opened.is_instance_of::<DataFrameView>() {
            return Err(PyTypeError::new_err(format!(
                "source: it holds no table but is a {}",
                opened.get_type().name()?
            )));
        }
        Ok(opened)
    }

    /// Writes a frame into a file or a key of a `DataStorage`, which is there when it is whole and not before, or into a
    /// `StreamAccess`, from its cursor on. See `_iolink.pyi`.
    ///
    /// >>> import pathlib, tempfile
    /// >>> path = pathlib.Path(tempfile.mkdtemp(), "people.parquet")
    /// >>> DataFrameViewFactory.write(DataFrameViewFactory.from_columns({"age": [36, 41]}), path)
    /// >>> DataFrameViewFactory.open(path).at("age", 1)
    /// 41
    #[staticmethod]
    #[pyo3(signature = (frame, path, *, format = None, provider = None, progress = None, **options))]
    fn write<'py>(
        frame: &Bound<'py, DataFrameView>,
        path: &Bound<'py, PyAny>,
        format: Option<&str>,
        provider: Option<&str>,
        progress: Option<&Bound<'py, PyAny>>,
        options: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<()> {
        let view = View::DataFrame(as_it_is(&frame.get().view).or_raise()?);
        crate::save::save_view(view, path, format, provider, progress, options)
    }

    /// A frame in memory with all that another one holds, to be changed. See `_iolink.pyi`.
    ///
    /// >>> frame = DataFrameViewFactory.copy_in_memory(DataFrameViewFactory.from_columns({"age": [36, 41]}))
    /// >>> frame.set_at("age", 0, 37)
    #[staticmethod]
    #[pyo3(signature = (frame, *, progress = None))]
    fn copy_in_memory<'py>(
        py: Python<'py>,
        frame: &Bound<'py, DataFrameView>,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<DataFrameView> {
        let view = frame.get().view.clone();
        let copy = |call: &Call<'_>| {
            let (_, rows) = view.shape()?;
            // The stream does not know how many rows it has.
            let go_on = |done, _| call.step(done, rows).is_ok();
            registry().adopt_with(Adopt::DataFrame(whole(&view)?), &Call::new(&go_on))?.into_data_frame()
        };
        interruptible(progress, |call| py.detach(|| copy(call))).map(DataFrameView::new)
    }
}
