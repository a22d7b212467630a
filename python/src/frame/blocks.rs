//! A frame straight over the blocks of a pandas DataFrame. Python functions for each step cost more than everything else when the
//! caches are cold, so only what pandas alone knows is asked of them; `_pandas_in.py` says what there is to ask.

use super::arrow::chunk;
use super::parts::{arrow_part, form_from, given_part, part_from, whole};
use super::recent::Recent;
use super::view::DataFrameView;
use crate::errors::OrRaise;
use crate::interop::python_owner;
use iolink_plugin_dataframe::build::{Lent, Part, Plain};
use numpy::npyffi::NPY_ARRAY_ALIGNED;
use numpy::{PyArrayDescrMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::exceptions::{PyAttributeError, PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyRange, PySlice, PyString, PyTuple, PyType, PyWeakrefMethods, PyWeakrefReference};
use std::sync::{Arc, OnceLock};

/// What a column of a dtype is, whatever its values.
#[derive(Clone)]
enum Kind {
    /// Values side by side, in rows of an array.
    Plain(Arc<Plain>),
    /// Values in an Arrow array of chunks: why several are copied, and words about the column.
    Arrow(Arc<[String; 2]>),
    /// In some other way.
    Other,
}

/// Labels that are texts, each another, and their dtype.
type Labels = Option<Arc<(Py<PyList>, Py<PyAny>)>>;

/// Frames over the blocks of DataFrames.
#[pyclass(frozen, module = "iolink", name = "_Blocks")]
pub struct Blocks {
    frame: Py<PyAny>,
    index: Py<PyAny>,
    range_index: Py<PyAny>,
    held: Py<PyAny>,
    labels_of: Py<PyAny>,
    kind_of: Py<PyAny>,
    facts_of: Py<PyAny>,
    spec_of: Py<PyAny>,
    key: String,
    keeps_labels: bool,
    labels: Recent<Py<PyWeakrefReference>, Labels>,
    kinds: Recent<Py<PyAny>, Kind>,
    /// The class of references of which it was seen that they tell pandas.
    tells: OnceLock<Py<PyType>>,
}

impl Blocks {
    /// The labels of an index, which are what they are as long as it lives, unless this pandas lets them be written.
    fn labels(&self, index: &Bound<'_, PyAny>) -> PyResult<Labels> {
        let py = index.py();
        let is_it = |known: &Py<PyWeakrefReference>| known.bind(py).upgrade().is_some_and(|known| known.is(index));
        if self.keeps_labels {
            if let Some(known) = self.labels.known(is_it) {
                return Ok(known);
            }
        }
        let said: Option<(Py<PyList>, Py<PyAny>)> = self.labels_of.bind(py).call1((index,))?.extract()?;
        let labels = said.map(Arc::new);
        if self.keeps_labels && labels.as_ref().is_none_or(|labels| labels.0.bind(py).len() <= FEW_LABELS) {
            self.labels.keep(PyWeakrefReference::new(index)?.unbind(), &labels);
        }
        Ok(labels)
    }

    /// What is said of a dtype, which never changes.
    fn kind(&self, dtype: &Bound<'_, PyAny>) -> PyResult<Kind> {
        if let Some(known) = self.kinds.known(|known| known.is(dtype)) {
            return Ok(known);
        }
        let said: Option<(String, String, String)> = self.kind_of.bind(dtype.py()).call1((dtype,))?.extract()?;
        let kind = match said {
            None => Kind::Other,
            Some((format, why, facts)) if format == "arrow" => Kind::Arrow(Arc::new([why, facts])),
            Some((format, form, facts)) => {
                let plain = Plain::new(&format, form_from(&form)?).or_raise()?;
                Kind::Plain(Arc::new(plain.with(&self.key, &facts)))
            }
        };
        self.kinds.keep(dtype.clone().unbind(), &kind);
        Ok(kind)
    }

    /// Tells pandas that `held` shares a block, whose references these are; `false` where it did not take it in.
    fn tell(&self, refs: &Bound<'_, PyAny>, held: &Bound<'_, PyAny>) -> PyResult<bool> {
        let (py, class) = (refs.py(), refs.get_type());
        refs.call_method1(intern!(py, "add_index_reference"), (held,))?;
        if self.tells.get().is_some_and(|known| known.is(&class)) {
            return Ok(true);
        }
        let told = refs.call_method0(intern!(py, "has_reference"))?.is_truthy()?;
        if told {
            // Another thread may have seen it first.
            let _ = self.tells.set(class.unbind());
        }
        Ok(told)
    }
}

/// Labels of more columns are not kept.
const FEW_LABELS: usize = 256;

/// Values of some columns in one array or another object of pandas'.
struct Block<'py> {
    values: Bound<'py, PyAny>,
    dtype: Bound<'py, PyAny>,
    layout: Layout<'py>,
}

/// How the values lie.
enum Layout<'py> {
    /// As [`Kind::Plain`], in this array.
    Plain(Bound<'py, PyUntypedArray>, Arc<Plain>),
    /// As [`Kind::Arrow`], in this array of chunks.
    Arrow(Bound<'py, PyAny>, Arc<[String; 2]>),
    /// In some other way.
    Other,
}

impl<'py> Block<'py> {
    fn new(values: Bound<'py, PyAny>, blocks: &Blocks) -> PyResult<Self> {
        let py = values.py();
        let dtype = values.getattr(intern!(py, "dtype"))?;
        let layout = match blocks.kind(&dtype)? {
            Kind::Other => Layout::Other,
            Kind::Arrow(words) => Layout::Arrow(values.getattr(intern!(py, "_pa_array"))?, words),
            Kind::Plain(plain) => {
                let (array, fits) = match values.cast::<PyUntypedArray>() {
                    Ok(array) => (array.clone(), true),
                    // Times know of their array.
                    Err(_) => {
                        let array = values.getattr(intern!(py, "_ndarray"))?.cast_into::<PyUntypedArray>()?;
                        let base = dtype.getattr(intern!(py, "base"))?;
                        let fits = array.dtype().as_any().eq(base)?;
                        (array, fits)
                    }
                };
                if fits && lies_side_by_side(&array) {
                    Layout::Plain(array, plain)
                } else {
                    Layout::Other
                }
            }
        };
        Ok(Block { values, dtype, layout })
    }

    /// The column at a row of the block, and why it is copied ("": it is shared).
    fn column(&self, row: usize, name: &str, guard: &Bound<'py, PyAny>, blocks: &Blocks) -> PyResult<(Part, String)> {
        let py = guard.py();
        match &self.layout {
            Layout::Plain(array, plain) => {
                let (rows, first) = match (array.shape(), array.strides()) {
                    ([rows], _) if row == 0 => (*rows, 0),
                    ([columns, rows], [step, _]) if row < *columns => (*rows, step * row as isize),
                    (shape, _) => {
                        return Err(PyValueError::new_err(format!(
                        "column {name:?}: the DataFrame is damaged, whose column is number {row} of a block of shape \
                             {shape:?}; copy it with df.copy()"
                    )))
                    }
                };
                // SAFETY: the array is alive; its data stay where they are as long as it has owners, and have that row.
                let data = unsafe { (*array.as_array_ptr()).fields.data } as *const u8;
                let owner = python_owner(PyTuple::new(py, [array.as_any(), guard])?.as_any());
                let bytes = rows * array.dtype().itemsize();
                let lent = Lent { data: data.wrapping_offset(first), bytes, owner };
                Ok((plain.part(name, rows, lent, None).or_raise()?, String::new()))
            }
            Layout::Arrow(chunks, words) => {
                let [why, facts] = &**words;
                let count: usize = chunks.getattr(intern!(py, "num_chunks"))?.extract()?;
                // A chunk alone comes without the stream around it.
                let part = match count {
                    1 => given_part(name, py, chunk(&chunks.call_method1(intern!(py, "chunk"), (0,))?)?)?,
                    _ => arrow_part(name, chunks)?,
                };
                Ok((part.with(&blocks.key, facts), if count > 1 { why.clone() } else { String::new() }))
            }
            Layout::Other => {
                let flat = self.values.getattr(intern!(py, "ndim"))?.extract::<usize>()? == 1;
                let values = if flat { self.values.clone() } else { self.values.get_item(row)? };
                let given = (name, &self.dtype, values, guard, PyDict::new(py));
                let (spec, why): (Bound<'_, PyAny>, String) = blocks.spec_of.bind(py).call1(given)?.extract()?;
                Ok((part_from(&spec)?, why))
            }
        }
    }
}

/// The columns of a block, in the order of its rows: of `count` that there are.
fn placed(locs: &Bound<'_, PyAny>, count: usize) -> PyResult<Vec<usize>> {
    let indexer = locs.getattr(intern!(locs.py(), "indexer"))?;
    match indexer.cast::<PySlice>() {
        Ok(slice) => {
            let found = slice.indices(count as isize)?;
            Ok((0..found.slicelength as isize).map(|row| (found.start + row * found.step) as usize).collect())
        }
        Err(_) => indexer.try_iter()?.map(|place| place?.extract()).collect(),
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
    fn of(df: &Bound<'py, PyAny>, asked: &Blocks) -> PyResult<Option<Self>> {
        let py = df.py();
        let flags = df.getattr(intern!(py, "_flags"))?.getattr(intern!(py, "_allows_duplicate_labels"))?;
        if !df.get_type().is(&asked.frame) || df.getattr(intern!(py, "_attrs"))?.is_truthy()? || !flags.is_truthy()? {
            return Ok(None);
        }
        let manager = df.getattr(intern!(py, "_mgr"))?;
        let axes = manager.getattr(intern!(py, "axes"))?.cast_into::<PyList>()?;
        let (columns, rows) = (axes.get_item(0)?, axes.get_item(1)?);
        if !columns.get_type().is(&asked.index) || !rows.get_type().is(&asked.range_index) {
            return Ok(None);
        }
        let named = |axis: &Bound<'py, PyAny>| axis.getattr(intern!(py, "_name"));
        let names = [named(&columns)?, named(&rows)?];
        if names.iter().any(|name| !name.is_none() && !name.is_exact_instance_of::<PyString>()) {
            return Ok(None);
        }
        let Some(labels) = asked.labels(&columns)? else { return Ok(None) };
        let (labels, dtype) = (labels.0.bind(py).clone(), &labels.1);
        let range = rows.getattr(intern!(py, "_range"))?.cast_into::<PyRange>()?;
        let bound = |name| range.getattr(name);
        let (start, stop, step) =
            (bound(intern!(py, "start"))?, bound(intern!(py, "stop"))?, bound(intern!(py, "step"))?);
        let facts = asked.facts_of.bind(py).call1((dtype, start, stop, step, &names[0], &names[1]))?.extract()?;
        let held = asked.held.bind(py).call1((manager.get_type(), [columns, rows], names))?;
        let (mut blocks, mut places) = (Vec::new(), vec![(usize::MAX, 0); labels.len()]);
        let parts = held.getattr(intern!(py, "blocks"))?.cast_into::<PyList>()?;
        for block in manager.getattr(intern!(py, "blocks"))?.try_iter()? {
            let block = block?;
            let (values, refs) = (block.getattr(intern!(py, "values"))?, block.getattr(intern!(py, "refs"))?);
            let locs = block.getattr(intern!(py, "mgr_locs"))?;
            if !asked.tell(&refs, &held)? {
                return Ok(None);
            }
            for (row, place) in placed(&locs, places.len())?.into_iter().enumerate() {
                match places.get_mut(place) {
                    Some(place) => *place = (blocks.len(), row),
                    None => return Ok(None),
                }
            }
            parts.append((block.get_type(), &values, locs, refs))?;
            blocks.push(Block::new(values, asked)?);
        }
        if places.iter().any(|(block, _)| *block == usize::MAX) {
            return Ok(None);
        }
        Ok(Some(Taken { blocks, places, labels, facts, rows: range.len()?, held }))
    }
}

#[pymethods]
impl Blocks {
    /// `classes`: pandas' `DataFrame`, `Index` and `RangeIndex`. `held`: (class of the manager, labels, rows, their names) -> what
    /// pandas is told of, and what it gets back. `labels_of`: Index -> (labels, their dtype) where they are texts, each
    /// another, or `None`. `kind_of`: dtype -> the words of [`Kind::Plain`], format, form and words about the column, or "arrow" and
    /// those of [`Kind::Arrow`], or `None`. `facts_of`: (dtype of the labels, start, stop, step, name of the labels, name of the
    /// rows) -> metadata of the frame. `spec_of`: (name, dtype, values, guard, {}) -> (a column described by a tuple, why it is
    /// copied). `key`: that of metadata for pandas. `keeps_labels`: can nobody write to those of an index?
    #[new]
    #[allow(clippy::too_many_arguments)] // keyword arguments of Python
    #[pyo3(signature = (*, classes, held, labels_of, kind_of, facts_of, spec_of, key, keeps_labels))]
    fn new(
        classes: (Py<PyAny>, Py<PyAny>, Py<PyAny>),
        held: Py<PyAny>,
        labels_of: Py<PyAny>,
        kind_of: Py<PyAny>,
        facts_of: Py<PyAny>,
        spec_of: Py<PyAny>,
        key: String,
        keeps_labels: bool,
    ) -> Self {
        let (frame, index, range_index) = classes;
        Blocks {
            frame,
            index,
            range_index,
            held,
            labels_of,
            kind_of,
            facts_of,
            spec_of,
            key,
            keeps_labels,
            labels: Recent::default(),
            kinds: Recent::default(),
            tells: OnceLock::new(),
        }
    }

    /// A frame over the blocks of a DataFrame, and why columns were copied, by their numbers; `None` where the DataFrame has to be read column
    /// by column.
    fn frame_of<'py>(&self, df: &Bound<'py, PyAny>) -> PyResult<Option<(DataFrameView, Bound<'py, PyDict>)>> {
        let py = df.py();
        let taken = match Taken::of(df, self) {
            Ok(Some(taken)) => taken,
            Ok(None) => return Ok(None),
            // Another pandas, whose parts have other names.
            Err(error) if error.is_instance_of::<PyAttributeError>(py) || error.is_instance_of::<PyTypeError>(py) => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let (mut parts, copied) = (Vec::with_capacity(taken.places.len()), PyDict::new(py));
        for (number, ((block, row), label)) in taken.places.iter().zip(taken.labels.iter()).enumerate() {
            let name = label.cast::<PyString>()?.to_cow()?;
            let (part, why) = taken.blocks[*block].column(*row, &name, &taken.held, self)?;
            if !why.is_empty() {
                copied.set_item(number, why)?;
            }
            parts.push(part);
        }
        let frame = whole(py, parts, [(self.key.clone(), taken.facts)].into(), Some(taken.rows))?;
        taken.held.setattr(intern!(py, "identities"), frame.identities()?)?;
        frame.hold(Some(taken.held.unbind()));
        Ok(Some((frame, copied)))
    }
}
