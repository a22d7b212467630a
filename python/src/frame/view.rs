//! `DataFrameView`.

use super::bytes::split;
use super::cells::to_python;
use super::column::DataFrameColumn;
use super::exact::ExactFrame;
use super::lasting::{Columns, Lasting};
use super::parts::name_from;
use super::scan::type_words;
use super::{arrow, edit, numbers, select, show};
use crate::dtype::DataType;
use crate::errors::OrRaise;
use crate::held::Held;
use crate::pointer::{view_from_address, LentAddress};
use crate::registry;
use crate::signals::{by_library, detached};
use crate::vector::{number_from, Count, Vector2u64};
use iolink_plugin_dataframe::build::Part;
use iolink_plugin_dataframe::{request, widen, ColumnInfo, Form, Frame as Near, Identities, TableType, Values, Wanted};
use iolink_sdk::{Convert, DataFrameCapability, DataFrameView as Frame, Kind, Lock, OwnedSchema, OwnedStream, View};
use pyo3::exceptions::{PyIndexError, PyKeyError, PyOverflowError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyIterator, PyList, PyString};
use std::sync::{Arc, Mutex, PoisonError};

/// A table: columns of one type each. See `_iolink.pyi`.
#[pyclass(frozen, weakref, mapping, module = "iolink", name = "DataFrameView")]
pub struct DataFrameView {
    pub(super) view: Held<Arc<dyn Frame>>,
    lent: LentAddress,
    lasting: Arc<Lasting>,
    /// What pandas gave or got, by the number of the stored values: `pandas_interop.py` keeps it here.
    held: Mutex<Option<Py<PyAny>>>,
    /// Held by the thread that changes a frame of another maker, which is done step by step.
    turn: Lock<()>,
}

/// A column as it was asked for.
pub(super) struct Asked {
    index: u64,
    name: Option<String>,
}

impl Asked {
    pub(super) fn wanted(&self) -> Wanted<'_> {
        Wanted { index: self.index, name: self.name.as_deref() }
    }
}

impl DataFrameView {
    pub fn new(view: Arc<dyn Frame>) -> Self {
        DataFrameView {
            view: view.into(),
            lent: Default::default(),
            lasting: Default::default(),
            held: Mutex::new(None),
            turn: Lock::new(()),
        }
    }

    /// Does something while no other thread does such a thing by this object. Python must not be attached.
    pub(super) fn alone<T>(&self, body: impl FnOnce() -> iolink_sdk::Result<T>) -> iolink_sdk::Result<T> {
        let _turn = self.turn.lock()?;
        body()
    }

    /// A frame cut from this one: what pandas holds of the one may be what it holds of the other.
    pub(super) fn derived(&self, py: Python<'_>, view: Arc<dyn Frame>) -> Self {
        let made = DataFrameView::new(view);
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let held = held.as_ref().map(|held| held.clone_ref(py));
        drop(std::mem::replace(&mut *made.held.lock().unwrap_or_else(PoisonError::into_inner), held));
        made
    }

    /// The columns.
    pub(super) fn columns_known(&self, py: Python<'_>) -> PyResult<Arc<Columns>> {
        detached(py, || self.lasting.columns(&**self.view))
    }

    /// A column, which is as long as the frame's own columns are.
    pub(super) fn column_of(&self, column: u64, name: String) -> DataFrameColumn {
        DataFrameColumn::new(self.view.clone(), self.lasting.clone(), column, name)
    }

    /// A number that a frame of our own has until its columns or rows are others.
    pub(super) fn number(&self) -> Option<u64> {
        Near::of(&**self.view).map(|near| near.number_and_rows().0)
    }

    /// Number of columns and rows.
    pub(super) fn sizes(&self, py: Python<'_>) -> PyResult<(u64, u64)> {
        detached(py, || self.view.shape())
    }

    /// A column by its number or name, to be found again by its name after others changed the frame.
    pub(super) fn asked(&self, py: Python<'_>, column: &Bound<'_, PyAny>) -> PyResult<Asked> {
        let index = self.index_of(py, column)?;
        Ok(Asked { index, name: column.cast::<PyString>().ok().map(|name| name.extract()).transpose()? })
    }

    /// A column by its number or name.
    pub(super) fn index_of(&self, py: Python<'_>, column: &Bound<'_, PyAny>) -> PyResult<u64> {
        if let Ok(text) = column.cast::<PyString>() {
            let Ok(name) = text.to_cow() else {
                return Err(no_such_column(&text.repr()?.to_cow()?, &self.columns_known(py)?.table));
            };
            let found = detached(py, || self.lasting.places(&**self.view, &name))?;
            return match found.as_slice() {
                [index] => Ok(*index),
                [] => Err(no_such_column(&format!("{name:?}"), &self.columns_known(py)?.table)),
                _ => Err(PyKeyError::new_err(format!(
                    "there are {} columns {name:?}, at {found:?}; take one by its number, as in frame[[{}]] or frame.at({}, row)",
                    found.len(),
                    found[0],
                    found[0]
                ))),
            };
        }
        if column.is_instance_of::<PyBool>() {
            return Err(PyTypeError::new_err("column: expected a name or a number, not bool"));
        }
        column.extract().map_err(|failed: PyErr| {
            if failed.is_instance_of::<PyOverflowError>(py) {
                return match self.sizes(py) {
                    Ok((columns, _)) => PyIndexError::new_err(format!(
                        "there is no column {column}; the frame has {columns}, counted from 0"
                    )),
                    Err(failed) => failed,
                };
            }
            PyTypeError::new_err(format!("column: expected a name or a number, not {}", type_words(column)))
        })
    }

    /// The number of a row, of which the frame need not have that many, out of the argument of a name.
    fn row_from(&self, py: Python<'_>, name: &str, row: &Bound<'_, PyAny>) -> PyResult<u64> {
        match row.extract::<u64>() {
            Err(failed) if failed.is_instance_of::<PyOverflowError>(py) => {
                let rows = self.sizes(py)?.1;
                Err(PyIndexError::new_err(format!("there is no row {row}; the frame has {rows}, counted from 0")))
            }
            Err(failed) if failed.is_instance_of::<PyTypeError>(py) => {
                Err(PyTypeError::new_err(format!("{name}: expected the number of a row, not {}", type_words(row))))
            }
            other => other,
        }
    }

    /// A number of the frame, and of each column the number of its stored values, first row and count, `None` where it has
    /// none. They are the same as long as nothing was changed.
    pub(super) fn identities(&self) -> PyResult<Identities> {
        match Near::of(&**self.view) {
            Some(near) => Ok(near.identities()),
            None => Ok((0, vec![None; self.view.shape().or_raise()?.0 as usize])),
        }
    }

    /// Keeps an object of pandas' side with the frame.
    pub(super) fn hold(&self, what: Option<Py<PyAny>>) {
        let before = std::mem::replace(&mut *self.held.lock().unwrap_or_else(PoisonError::into_inner), what);
        drop(before);
    }

    /// All of it, in the types that are asked for, else in those that every consumer reads.
    pub(super) fn table_as(
        &self,
        py: Python<'_>,
        requested_schema: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<OwnedStream> {
        let requested = requested_schema.map(arrow::requested).transpose()?;
        let export = move || {
            let stream = select::whole(&self.view)?;
            match requested {
                Some(schema) => request::stream(stream, schema),
                None => widen::stream(&**self.view, stream),
            }
        };
        detached(py, export)
    }

    /// All of it, in its own types.
    pub(super) fn exact_table(&self, py: Python<'_>) -> PyResult<OwnedStream> {
        py.detach(|| select::whole(&self.view)).or_raise()
    }

    /// The schema, in its own types.
    pub(super) fn exact_schema(&self, py: Python<'_>) -> PyResult<OwnedSchema> {
        py.detach(|| self.view.schema()).or_raise()
    }

    fn info(&self, py: Python<'_>, wanted: Wanted<'_>) -> PyResult<ColumnInfo> {
        detached(py, || self.lasting.info(&**self.view, wanted))
    }

    fn info_of(&self, py: Python<'_>, column: &Bound<'_, PyAny>) -> PyResult<ColumnInfo> {
        self.info(py, self.asked(py, column)?.wanted())
    }

    /// A run of a column's values.
    pub(super) fn values(&self, py: Python<'_>, column: u64, offset: u64, count: Option<u64>) -> PyResult<Values> {
        let wanted = Wanted { index: column, name: None };
        detached(py, || Values::read_wanted(&**self.view, wanted, offset, count))
    }

    /// A run of the values of a column that is asked for by its number or name.
    fn values_of(
        &self,
        py: Python<'_>,
        column: &Bound<'_, PyAny>,
        offset: u64,
        count: Option<u64>,
    ) -> PyResult<Values> {
        let asked = self.asked(py, column)?;
        let read = detached(py, || Values::read_wanted(&**self.view, asked.wanted(), offset, count));
        // Another thread may have taken the column away in between.
        read.map_err(|failed| self.index_of(py, column).err().unwrap_or(failed))
    }
}

fn no_such_column(name: &str, table: &TableType) -> PyErr {
    let some: Vec<&str> = table.names().take(12).collect();
    let more = if table.len() > some.len() { ", ..." } else { "" };
    PyKeyError::new_err(format!("there is no column {name}; there are: {}{more}", some.join(", ")))
}

#[pymethods]
impl DataFrameView {
    /// Number of columns, then number of rows.
    fn shape(&self, py: Python<'_>) -> PyResult<Vector2u64> {
        let (columns, rows) = self.sizes(py)?;
        Ok(Vector2u64::from_values(vec![columns, rows]))
    }

    fn capabilities<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let class = py.import("iolink._frame_enums")?.getattr("DataFrameCapability")?;
        class.call1((self.view.capabilities().value(),))
    }

    fn support(&self, flags: Count) -> bool {
        self.view.capabilities().value() & flags.0 == flags.0
    }

    /// Names of the columns, in order.
    #[getter]
    fn columns(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        Ok(self.columns_known(py)?.table.names().map(str::to_owned).collect())
    }

    fn column_name(&self, py: Python<'_>, column: &Bound<'_, PyAny>) -> PyResult<String> {
        Ok(self.info_of(py, column)?.name)
    }

    fn column_index(&self, py: Python<'_>, name: &Bound<'_, PyString>) -> PyResult<u64> {
        self.index_of(py, name.as_any())
    }

    fn column_data_type(&self, py: Python<'_>, column: &Bound<'_, PyAny>) -> PyResult<DataType> {
        Ok(DataType(self.info_of(py, column)?.data_type))
    }

    fn column_arrow_type(&self, py: Python<'_>, column: &Bound<'_, PyAny>) -> PyResult<String> {
        Ok(self.info_of(py, column)?.arrow_type)
    }

    fn unit(&self, py: Python<'_>, column: &Bound<'_, PyAny>) -> PyResult<String> {
        Ok(self.info_of(py, column)?.unit().to_owned())
    }

    fn set_unit(&self, column: &Bound<'_, PyAny>, unit: &str) -> PyResult<()> {
        edit::set_unit(self, column, unit)
    }

    /// The schema as an object that Arrow libraries take; of pyarrow's class where it is installed.
    #[getter]
    fn schema<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        slf.py().import("iolink._frame_schema")?.call_method1("schema_of", (slf,))
    }

    #[pyo3(signature = (column, offset = None, count = None), text_signature = "($self, column, offset=0, count=None)")]
    fn read<'py>(
        &self,
        py: Python<'py>,
        column: &Bound<'py, PyAny>,
        offset: Option<&Bound<'py, PyAny>>,
        count: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let offset = offset.map_or(Ok(0), |offset| self.row_from(py, "offset", offset))?;
        let count = count.map(|count| number_from("count", count)).transpose()?;
        let values = self.values_of(py, column, offset, count)?;
        numbers::to_numpy(py, &values, true)
    }

    fn write(
        &self,
        py: Python<'_>,
        column: &Bound<'_, PyAny>,
        offset: &Bound<'_, PyAny>,
        values: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        edit::write(self, column, self.row_from(py, "offset", offset)?, values)
    }

    fn at<'py>(
        &self,
        py: Python<'py>,
        column: &Bound<'py, PyAny>,
        row: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let values = self.values_of(py, column, self.row_from(py, "row", row)?, Some(1))?;
        match values.cell(0) {
            Some(cell) => to_python(py, &cell),
            None => Ok(py.None().into_bound(py)),
        }
    }

    fn set_at(
        &self,
        py: Python<'_>,
        column: &Bound<'_, PyAny>,
        row: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let one = PyList::new(py, [value])?;
        edit::write(self, column, self.row_from(py, "row", row)?, one.as_any())
    }

    #[pyo3(signature = (name, dtype, values = None))]
    fn add_column(
        &self,
        py: Python<'_>,
        name: &Bound<'_, PyString>,
        dtype: &Bound<'_, PyAny>,
        values: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        edit::add_column(py, self, &name_from(name)?, super::factory::ColumnType::from_python(dtype)?, values)
    }

    fn remove_column(&self, column: &Bound<'_, PyAny>) -> PyResult<()> {
        edit::remove_column(self, column)
    }

    fn add_rows(&self, py: Python<'_>, offset: &Bound<'_, PyAny>, count: &Bound<'_, PyAny>) -> PyResult<()> {
        edit::add_rows(py, self, self.row_from(py, "offset", offset)?, number_from("count", count)?)
    }

    fn remove_rows(&self, py: Python<'_>, offset: &Bound<'_, PyAny>, count: &Bound<'_, PyAny>) -> PyResult<()> {
        edit::remove_rows(py, self, self.row_from(py, "offset", offset)?, number_from("count", count)?)
    }

    fn reshape(
        &self,
        py: Python<'_>,
        shape: &Bound<'_, PyAny>,
        names: &Bound<'_, PyAny>,
        dtypes: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let (table, rows) = super::factory::described(shape, names, dtypes)?;
        edit::reshape(py, self, &table, rows)
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.sizes(py)?.1 as usize)
    }

    fn __getitem__<'py>(slf: &Bound<'py, Self>, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        select::item(slf, key)
    }

    fn __contains__(&self, py: Python<'_>, name: &Bound<'_, PyAny>) -> PyResult<bool> {
        let name = name.cast::<PyString>().ok().and_then(|name| name.extract::<String>().ok());
        match name {
            Some(name) => Ok(!detached(py, || self.lasting.places(&**self.view, &name))?.is_empty()),
            None => Ok(false),
        }
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        PyList::new(py, self.columns(py)?)?.try_iter()
    }

    /// NumPy has one type for all, and would make an object of the frame where it is not refused.
    #[pyo3(signature = (dtype = None, copy = None))]
    fn __array__(&self, dtype: Option<&Bound<'_, PyAny>>, copy: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let _ = (dtype, copy);
        Err(PyTypeError::new_err(
            "a frame is no array: each column has a type of its own; take one, as in np.asarray(frame[\"name\"]), or all of them \
             in one type by frame.to_pandas().to_numpy()",
        ))
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let schema = detached(py, || widen::schema(self.view.schema()?))?;
        arrow::schema_capsule(py, schema)
    }

    /// The frame in its own Arrow types, of which polars misreads some.
    fn _exact(slf: &Bound<'_, Self>) -> ExactFrame {
        ExactFrame(slf.clone().unbind())
    }

    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        arrow::stream_capsule(py, self.table_as(py, requested_schema)?)
    }

    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        let stream = self.table_as(py, requested_schema)?;
        let (schema, array) = detached(py, || Part::of_stream("", stream)?.to_c())?;
        Ok((arrow::schema_capsule(py, schema)?, arrow::array_capsule(py, array)?))
    }

    fn to_arrow<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        by_library(slf.py(), || slf.py().import("pyarrow")?.call_method1("table", (Self::_exact(slf),)))
    }

    fn to_polars<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        by_library(slf.py(), || {
            let made = slf.py().import("polars")?.call_method1("DataFrame", (slf,));
            made.map_err(|failed| arrow::without_panic(slf.py(), failed))
        })
    }

    #[pyo3(signature = (copy = None))]
    fn to_pandas<'py>(slf: &Bound<'py, Self>, copy: Option<bool>) -> PyResult<Bound<'py, PyAny>> {
        let interop = slf.py().import("iolink.pandas_interop")?.getattr("PandasInterop")?;
        by_library(slf.py(), || interop.call_method1("to_pandas", (slf, copy)))
    }

    #[staticmethod]
    fn create_from_pointer(pointer: &Bound<'_, PyAny>) -> PyResult<Self> {
        let view = view_from_address(pointer, Kind::DataFrame)?;
        view.into_data_frame().or_raise().map(DataFrameView::new)
    }

    fn to_pointer(&self) -> PyResult<usize> {
        self.lent.address(|| Ok(View::DataFrame(self.view.clone())))
    }

    fn __iolink_view__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        crate::capsule::of_view(py, View::DataFrame(self.view.clone()))
    }

    fn to_string(&self, py: Python<'_>) -> PyResult<String> {
        show::text(self, py)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        show::text(self, py)
    }

    fn _repr_html_(&self, py: Python<'_>) -> PyResult<String> {
        show::html(self, py)
    }

    /// For `pandas_interop.py`: the frame itself where it lends its columns, else one in memory that the router's cheapest
    /// conversion makes of it.
    fn _lending<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        let (py, view) = (slf.py(), slf.get().view.clone());
        let wanted = DataFrameCapability::READ | DataFrameCapability::ARROW;
        if view.capabilities().has(wanted) {
            return Ok(slf.clone());
        }
        let target = Convert::new(Kind::DataFrame, wanted.value());
        let made = detached(py, || registry().convert(View::DataFrame(view), target)?.into_data_frame())?;
        Bound::new(py, slf.get().derived(py, made))
    }

    /// For `pandas_interop.py`: what it keeps with the frame.
    fn _held(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|held| held.clone_ref(py))
    }

    fn _hold(&self, what: Option<Py<PyAny>>) {
        self.hold(what);
    }

    /// For `pandas_interop.py`: (name, format, Arrow type, is a dictionary, its order counts, metadata) of each column,
    /// and the table's metadata.
    fn _describe<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyList>, Bound<'py, PyDict>)> {
        let (columns, list) = (self.columns_known(py)?, PyList::empty(py));
        let table = &columns.table;
        for index in 0..table.len() {
            let info = table.column(index).or_raise()?;
            list.append((info.name, info.format, info.arrow_type, info.dictionary, info.ordered, info.metadata))?;
        }
        let metadata = PyDict::new(py);
        for (key, value) in table.metadata() {
            metadata.set_item(key, value)?;
        }
        Ok((list, metadata))
    }

    /// For `pandas_interop.py`: what the frame is now, as one of its own that no other thread changes, and whose values the columns
    /// of this one show.
    fn _as_it_is(&self, py: Python<'_>) -> PyResult<(DataFrameView, Identities)> {
        let state = || match Near::of(&**self.view) {
            Some(near) => near.as_it_is().map(|(now, known)| (Arc::new(now) as Arc<dyn Frame>, Some(known))),
            None => Ok((select::as_it_is(&self.view)?, None)),
        };
        let (now, known) = detached(py, state)?;
        Ok((self.derived(py, now), known.map_or_else(|| self.identities(), Ok)?))
    }

    /// For `pandas_interop.py`: whose values the columns show.
    fn _identities(&self) -> PyResult<Identities> {
        self.identities()
    }

    /// For `pandas_interop.py`: (array, form, mask, keeper, identity) of a column of numbers, booleans or times. The
    /// array is writable, and there is a keeper, where the frame may lend its bytes.
    fn _numbers<'py>(&self, py: Python<'py>, column: u64) -> PyResult<Option<Bound<'py, PyAny>>> {
        let format = self.info(py, Wanted { index: column, name: None })?.format;
        let read = || {
            let lies = Near::of(&**self.view).map(|near| near.storage(column)).transpose()?.flatten();
            match lies {
                Some(stored) => Ok(Some(stored)),
                None => {
                    let wanted = Wanted { index: column, name: None };
                    Ok(Values::read_wanted(&**self.view, wanted, 0, None)?.storage())
                }
            }
        };
        let (stored, types) = match (detached(py, read)?, numbers::dtype_of(&format)) {
            (Some(stored), Some(types)) => (stored, types),
            _ => return Ok(None),
        };
        let (rows, own, identity) = (stored.rows, stored.own, stored.identity);
        let form = match stored.form {
            Form::Plain => "plain",
            Form::Bool8 => "bool8",
            Form::Nat => "nat",
        };
        let mask = stored.validity.as_deref().map(|validity| numbers::mask_of(py, validity, rows)).transpose()?;
        let (bytes, keeper) = split(py, stored, true)?;
        let array = numbers::array_over(bytes.bind(py).as_any(), rows, &types.0)?;
        Ok(Some((array, form, mask, own.then_some(keeper), identity).into_pyobject(py)?.into_any()))
    }

    /// For `pandas_interop.py`: a column's values as Python objects.
    fn _list<'py>(&self, py: Python<'py>, column: u64) -> PyResult<Bound<'py, PyList>> {
        numbers::to_list(py, &self.values(py, column, 0, None)?)
    }

    /// For `pandas_interop.py`: the numbers of a dictionary (-1: missing) as a frame of one column, and its values.
    fn _dictionary(&self, py: Python<'_>, column: u64) -> PyResult<Option<(DataFrameView, DataFrameView)>> {
        select::dictionary(py, &self.values(py, column, 0, None)?)
    }

    /// For `pandas_interop.py`: the fields of a struct as frames of one column.
    fn _fields(&self, py: Python<'_>, column: u64) -> PyResult<Option<Vec<DataFrameView>>> {
        select::fields(py, &self.values(py, column, 0, None)?)
    }

    /// For tests and `pandas_interop.py`: a column by its number.
    fn _column(slf: &Bound<'_, Self>, column: u64) -> PyResult<DataFrameColumn> {
        let name = slf.get().info(slf.py(), Wanted { index: column, name: None })?.name;
        Ok(slf.get().column_of(column, name))
    }
}
