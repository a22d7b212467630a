//! `Indexer`: how samples lie in memory.

use crate::dtype::{data_type_from, DataType};
use crate::errors::OrRaise;
use crate::vector::{numbers_from, position_from, shape_from, Ordinal, VectorXi64, VectorXu64};
use iolink_sdk::{Indexer as Layout, Shape, Strides};
use pyo3::exceptions::{PyIndexError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyTuple, PyType};

/// How samples lie in memory: from an index to an offset.
///
/// `Indexer(shape, dtype)` are samples without gaps, COLUMN fastest; `layout` names the axes in another order, fastest
/// first, as in `(1, 0)` for a C array; `byte_strides` gives any other steps. Strides are signed: a flipped image walks its
/// memory backwards.
///
/// >>> usual = Indexer((6, 4), "UINT16")
/// >>> usual.stride(), usual.byte_stride(1), usual.offset((2, 3))
/// (VectorXi64(1, 6), 12, 20)
/// >>> Indexer((6, 4), "UINT16", layout=(1, 0)).stride()
/// VectorXi64(4, 1)
#[pyclass(frozen, module = "iolink", name = "Indexer")]
pub struct Indexer(pub Layout);

impl Indexer {
    /// One number for each axis, all of them or that of one.
    fn vector<'py>(
        &self,
        py: Python<'py>,
        axis: Option<Ordinal>,
        of: impl Fn(usize) -> iolink_sdk::Result<i64>,
    ) -> PyResult<Bound<'py, PyAny>> {
        match axis {
            Some(axis) => Ok(of(axis.0 as usize).or_raise()?.into_pyobject(py)?.into_any()),
            None => {
                let all: iolink_sdk::Result<_> = (0..self.0.shape().len()).map(of).collect();
                VectorXi64::from_values(all.or_raise()?).into_pyobject(py)
            }
        }
    }

    /// One of these numbers, or all of them.
    fn listed<'py>(py: Python<'py>, place: Option<Ordinal>, all: Vec<u64>) -> PyResult<Bound<'py, PyAny>> {
        match place {
            None => VectorXu64::from_values(all).into_pyobject(py),
            Some(Ordinal(place)) => match all.get(place as usize) {
                Some(one) => Ok(one.into_pyobject(py)?.into_any()),
                None => Err(PyIndexError::new_err(format!(
                    "there is no axis {place}; there are {}, counted from 0",
                    all.len()
                ))),
            },
        }
    }
}

#[pymethods]
impl Indexer {
    #[new]
    #[pyo3(signature = (shape, dtype, layout = None, byte_strides = None))]
    fn new(
        shape: &Bound<'_, PyAny>,
        dtype: &Bound<'_, PyAny>,
        layout: Option<&Bound<'_, PyAny>>,
        byte_strides: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let shape = Shape::new(&shape_from("shape", shape)?).or_raise()?;
        let data_type = data_type_from(dtype)?;
        let made = match (layout, byte_strides) {
            (Some(_), Some(_)) => return Err(PyTypeError::new_err("give a layout or byte_strides, not both")),
            (Some(layout), None) => Layout::dense(data_type, &shape, &numbers_from("layout", layout)?),
            (None, Some(strides)) => Strides::new(&numbers_from("byte_strides", strides)?)
                .and_then(|strides| Layout::new(data_type, &shape, &strides)),
            (None, None) => Layout::new(data_type, &shape, &shape.column_fastest(data_type.byte_count())),
        };
        made.or_raise().map(Indexer)
    }

    /// Number of axes.
    fn dimension_count(&self) -> usize {
        self.0.shape().len()
    }

    /// Type of a sample.
    fn dtype(&self) -> DataType {
        DataType(self.0.data_type())
    }

    /// Samples along each axis, or along one.
    #[pyo3(signature = (i = None))]
    fn shape<'py>(&self, py: Python<'py>, i: Option<Ordinal>) -> PyResult<Bound<'py, PyAny>> {
        Indexer::listed(py, i, self.0.shape().to_vec())
    }

    /// Samples from one sample to the next along each axis, or along one.
    ///
    /// Raises ValueError where that is no whole number of samples.
    #[pyo3(signature = (i = None))]
    fn stride<'py>(&self, py: Python<'py>, i: Option<Ordinal>) -> PyResult<Bound<'py, PyAny>> {
        self.vector(py, i, |axis| self.0.stride(axis))
    }

    /// Bytes from one sample to the next along each axis, or along one.
    #[pyo3(signature = (i = None))]
    fn byte_stride<'py>(&self, py: Python<'py>, i: Option<Ordinal>) -> PyResult<Bound<'py, PyAny>> {
        self.vector(py, i, |axis| self.0.byte_stride(axis))
    }

    /// The axes in the order in which they lie in memory, fastest first; or the one at place `i` of that order.
    #[pyo3(signature = (i = None))]
    fn layout<'py>(&self, py: Python<'py>, i: Option<Ordinal>) -> PyResult<Bound<'py, PyAny>> {
        Indexer::listed(py, i, self.0.layout().iter().map(|axis| *axis as u64).collect())
    }

    /// Number of samples.
    fn element_count(&self) -> u64 {
        self.0.element_count()
    }

    /// Bytes of all samples, without the gaps between them.
    fn byte_count(&self) -> u64 {
        self.0.byte_count()
    }

    /// Samples from the first one to the one at `index`.
    ///
    /// Raises IndexError for an index outside, ValueError for one of another dimension.
    fn offset(&self, index: &Bound<'_, PyAny>) -> PyResult<i64> {
        self.0.offset(&position_from("index", index)?).or_raise()
    }

    /// Bytes from the first sample to the one at `index`.
    fn byte_offset(&self, index: &Bound<'_, PyAny>) -> PyResult<i64> {
        self.0.byte_offset(&position_from("index", index)?).or_raise()
    }

    /// Do the samples fill one block without gaps, in whatever order of axes?
    fn is_continuous(&self) -> bool {
        self.0.is_continuous()
    }

    #[pyo3(name = "to_string")]
    fn as_text(&self) -> String {
        self.__repr__()
    }

    fn __repr__(&self) -> String {
        format!("Indexer({}, {}, byte_strides={})", self.0.shape(), self.0.data_type(), self.0.byte_strides())
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Indexer>().is_ok_and(|other| other.get().0 == self.0)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyType>, Bound<'py, PyTuple>)> {
        let (shape, strides) = (self.0.shape().to_vec(), self.0.byte_strides().to_vec());
        let arguments = (shape, self.0.data_type().id(), py.None(), strides).into_pyobject(py)?;
        Ok((py.get_type::<Indexer>(), arguments))
    }

    fn __hash__(&self) -> u64 {
        use std::hash::{Hash, Hasher};
        let mut hasher = std::collections::hash_map::DefaultHasher::new();
        (&**self.0.shape(), &**self.0.byte_strides(), self.0.data_type()).hash(&mut hasher);
        hasher.finish()
    }
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Indexer>()
}
