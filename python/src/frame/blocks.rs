//! A frame straight over the blocks of a pandas DataFrame. Python functions for each step cost more than everything else when the
//! caches are cold, so only what pandas alone knows is asked of them; `_pandas_in.py` says what there is to ask.

use super::arrow::chunk;
use super::parts::{arrow_part, form_from, given_part, part_from, whole};
use super::view::DataFrameView;
use crate::errors::OrRaise;
use crate::interop::python_owner;
use iolink_plugin_dataframe::build::{Lent, Part};
use numpy::npyffi::NPY_ARRAY_ALIGNED;
use numpy::{PyArrayDescrMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::exceptions::{PyAttributeError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyRange, PyString, PyTuple};

/// What the Python side brings.
struct Tools<'py> {
    /// pandas' classes: `DataFrame`, `Index`, `RangeIndex`.
    classes: [Bound<'py, PyAny>; 3],
    /// (class of the manager, labels, rows) -> what pandas is told of, and what it gets back.
    held: Bound<'py, PyAny>,
    /// Index -> (labels, name of their dtype) where they are texts, each another, or `None`.
    labels_of: Bound<'py, PyAny>,
    /// dtype -> the words of [`Layout::Plain`], or "arrow" and those of [`Layout::Arrow`], or `None`.
    kind_of: Bound<'py, PyAny>,
    /// (dtype of the labels, start, stop, step, name of the labels, name of the rows) -> metadata of the frame.
    facts_of: Bound<'py, PyAny>,
    /// (name, dtype, values, guard, {}) -> (a column described by a tuple, why it is copied).
    spec_of: Bound<'py, PyAny>,
    /// The key of metadata that is for pandas.
    key: String,
}

impl<'py> Tools<'py> {
    fn of(tools: &Bound<'py, PyTuple>) -> PyResult<Self> {
        let item = |index| tools.get_item(index);
        Ok(Tools {
            classes: [item(0)?, item(1)?, item(2)?],
            held: item(3)?,
            labels_of: item(4)?,
            kind_of: item(5)?,
            facts_of: item(6)?,
            spec_of: item(7)?,
            key: item(8)?.extract()?,
        })
    }
}

/// Values of some columns in one array or another object of pandas'.
struct Block<'py> {
    values: Bound<'py, PyAny>,
    dtype: Bound<'py, PyAny>,
    layout: Layout<'py>,
}

/// How the values lie.
enum Layout<'py> {
    /// Side by side, in rows of the array, with words about them: format, form, metadata.
    Plain(Bound<'py, PyUntypedArray>, [String; 3]),
    /// In an Arrow array of chunks, with the reason for which several are copied, and metadata.
    Arrow(Bound<'py, PyAny>, [String; 2]),
    /// In some other way.
    Other,
}

impl<'py> Block<'py> {
    fn new(values: Bound<'py, PyAny>, tools: &Tools<'py>) -> PyResult<Self> {
        let py = values.py();
        let dtype = values.getattr(intern!(py, "dtype"))?;
        let layout = match tools.kind_of.call1((&dtype,))?.extract()? {
            None => Layout::Other,
            Some((format, why, facts)) if format == "arrow" => {
                Layout::Arrow(values.getattr(intern!(py, "_pa_array"))?, [why, facts])
            }
            Some((format, form, facts)) => {
                let array = match values.cast::<PyUntypedArray>() {
                    Ok(array) => array.clone(),
                    // Times know of their array.
                    Err(_) => values.getattr(intern!(py, "_ndarray"))?.cast_into::<PyUntypedArray>()?,
                };
                if lies_side_by_side(&array) {
                    Layout::Plain(array, [format, form, facts])
                } else {
                    Layout::Other
                }
            }
        };
        Ok(Block { values, dtype, layout })
    }

    /// The column at a row of the block, and why it is copied ("": it is shared).
    fn column(
        &self,
        row: usize,
        name: &str,
        guard: &Bound<'py, PyAny>,
        tools: &Tools<'py>,
    ) -> PyResult<(Part, String)> {
        let py = guard.py();
        match &self.layout {
            Layout::Plain(array, [format, form, facts]) => {
                let (rows, first) = match (array.shape(), array.strides()) {
                    ([rows], _) => (*rows, 0),
                    ([_, rows], [step, _]) => (*rows, step * row as isize),
                    _ => return Err(PyTypeError::new_err("a block has one or two axes")),
                };
                // SAFETY: the array is alive; its data stay where they are as long as it has owners.
                let data = unsafe { (*array.as_array_ptr()).fields.data } as *const u8;
                let owner = python_owner(PyTuple::new(py, [array.as_any(), guard])?.as_any());
                let bytes = rows * array.dtype().itemsize();
                let lent = Lent { data: data.wrapping_offset(first), bytes, owner };
                let part = Part::fixed(name, format, form_from(form)?, rows, lent, None).or_raise()?;
                Ok((part.with(&tools.key, facts), String::new()))
            }
            Layout::Arrow(chunks, [why, facts]) => {
                let count: usize = chunks.getattr(intern!(py, "num_chunks"))?.extract()?;
                // A chunk alone comes without the stream around it.
                let part = match count {
                    1 => given_part(name, py, chunk(&chunks.call_method1(intern!(py, "chunk"), (0,))?)?)?,
                    _ => arrow_part(name, chunks)?,
                };
                Ok((part.with(&tools.key, facts), if count > 1 { why.clone() } else { String::new() }))
            }
            Layout::Other => {
                let flat = self.values.getattr(intern!(py, "ndim"))?.extract::<usize>()? == 1;
                let values = if flat { self.values.clone() } else { self.values.get_item(row)? };
                let given = (name, &self.dtype, values, guard, PyDict::new(py));
                let (spec, why): (Bound<'_, PyAny>, String) = tools.spec_of.call1(given)?.extract()?;
                Ok((part_from(&spec)?, why))
            }
        }
    }
}

/// Is each row of the array aligned and without gaps?
fn lies_side_by_side(array: &Bound<'_, PyUntypedArray>) -> bool {
    // SAFETY: the array is alive.
    let flags = unsafe { (*array.as_array_ptr()).fields.flags };
    let item = array.dtype().itemsize() as isize;
    let rows = array.shape().last().copied().unwrap_or(1);
    flags & NPY_ARRAY_ALIGNED != 0 && (rows < 2 || array.strides().last() == Some(&item))
}

/// The parts of a DataFrame of which nothing has to be kept but blocks and plain labels.
struct Taken<'py> {
    blocks: Vec<Block<'py>>,
    /// Number of the block and row in it, by column.
    places: Vec<(usize, usize)>,
    labels: Bound<'py, PyList>,
    facts: String,
    rows: usize,
    held: Bound<'py, PyAny>,
}

impl<'py> Taken<'py> {
    /// `None` where there is more to keep. pandas copies these blocks before it writes, as long as `held` is there.
    fn of(df: &Bound<'py, PyAny>, tools: &Tools<'py>) -> PyResult<Option<Self>> {
        let py = df.py();
        let [frame, index, range_index] = &tools.classes;
        let flags = df.getattr(intern!(py, "_flags"))?.getattr(intern!(py, "_allows_duplicate_labels"))?;
        if !df.get_type().is(frame) || df.getattr(intern!(py, "_attrs"))?.is_truthy()? || !flags.is_truthy()? {
            return Ok(None);
        }
        let manager = df.getattr(intern!(py, "_mgr"))?;
        let axes = manager.getattr(intern!(py, "axes"))?.cast_into::<PyList>()?;
        let (labels, rows) = (axes.get_item(0)?, axes.get_item(1)?);
        if !labels.get_type().is(index) || !rows.get_type().is(range_index) {
            return Ok(None);
        }
        let named = |axis: &Bound<'py, PyAny>| axis.getattr(intern!(py, "_name"));
        let names = [named(&labels)?, named(&rows)?];
        if names.iter().any(|name| !name.is_none() && !name.is_exact_instance_of::<PyString>()) {
            return Ok(None);
        }
        let listed: Option<(Bound<'py, PyList>, Bound<'py, PyAny>)> = tools.labels_of.call1((&labels,))?.extract()?;
        let Some((listed, dtype)) = listed else { return Ok(None) };
        let range = rows.getattr(intern!(py, "_range"))?.cast_into::<PyRange>()?;
        let bound = |name| range.getattr(name);
        let (start, stop, step) =
            (bound(intern!(py, "start"))?, bound(intern!(py, "stop"))?, bound(intern!(py, "step"))?);
        let facts = tools.facts_of.call1((dtype, start, stop, step, &names[0], &names[1]))?.extract()?;
        let held = tools.held.call1((manager.get_type(), [labels, rows], names))?;
        let (mut blocks, mut places) = (Vec::new(), vec![(usize::MAX, 0); listed.len()]);
        let parts = held.getattr(intern!(py, "blocks"))?.cast_into::<PyList>()?;
        for block in manager.getattr(intern!(py, "blocks"))?.try_iter()? {
            let block = block?;
            let (values, refs) = (block.getattr(intern!(py, "values"))?, block.getattr(intern!(py, "refs"))?);
            let locs = block.getattr(intern!(py, "mgr_locs"))?;
            refs.call_method1(intern!(py, "add_index_reference"), (&held,))?;
            if !refs.call_method0(intern!(py, "has_reference"))?.is_truthy()? {
                return Ok(None);
            }
            for (row, place) in locs.try_iter()?.enumerate() {
                match places.get_mut(place?.extract::<usize>()?) {
                    Some(place) => *place = (blocks.len(), row),
                    None => return Ok(None),
                }
            }
            parts.append((block.get_type(), &values, locs, refs))?;
            blocks.push(Block::new(values, tools)?);
        }
        if places.iter().any(|(block, _)| *block == usize::MAX) {
            return Ok(None);
        }
        Ok(Some(Taken { blocks, places, labels: listed, facts, rows: range.len()?, held }))
    }
}

/// A frame over the blocks of a DataFrame, and why which columns were copied; `None` where the DataFrame has to be read column by
/// column. For `_pandas_in.py`, which brings the `tools`.
#[pyfunction]
#[pyo3(name = "_frame_of_blocks")]
pub fn frame_of_blocks<'py>(
    df: &Bound<'py, PyAny>,
    tools: &Bound<'py, PyTuple>,
) -> PyResult<Option<(DataFrameView, Bound<'py, PyDict>)>> {
    let (py, tools) = (df.py(), Tools::of(tools)?);
    let taken = match Taken::of(df, &tools) {
        Ok(Some(taken)) => taken,
        Ok(None) => return Ok(None),
        // Another pandas, whose parts have other names.
        Err(error) if error.is_instance_of::<PyAttributeError>(py) || error.is_instance_of::<PyTypeError>(py) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let (mut parts, copied) = (Vec::with_capacity(taken.places.len()), PyDict::new(py));
    for ((block, row), label) in taken.places.iter().zip(taken.labels.iter()) {
        let name = label.cast::<PyString>()?.to_cow()?;
        let (part, why) = taken.blocks[*block].column(*row, &name, &taken.held, &tools)?;
        if !why.is_empty() {
            copied.set_item(&label, why)?;
        }
        parts.push(part);
    }
    let frame = whole(py, parts, [(tools.key, taken.facts)].into(), Some(taken.rows))?;
    taken.held.setattr(intern!(py, "identities"), frame.identities()?)?;
    frame.hold(Some(taken.held.unbind()));
    Ok(Some((frame, copied)))
}
