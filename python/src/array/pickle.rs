//! Pickling: an opened image by where it is and who opens it, any other by its samples, which stay out of band where
//! protocol 5 lets them.

use crate::dtype::{numpy_code, DataType};
use crate::errors::OrRaise;
use crate::image::ImageView;
use crate::interop::{image_of, lend, permuted};
use crate::lent::{array, memory_of, Layout, Order, Shown};
use crate::metadata::MetadataNode;
use crate::properties::ImageProperties;
use crate::value::{from_state, state_of};
use iolink_sdk::{
    AxesInterpretation, Axis, AxisProperties, Channel, ImageCapability, ImageInterpretation,
    ImageProperties as Properties, MetadataNode as Tree, Space, ValueScale,
};
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use pyo3::BoundObject;

/// How an image was opened, and what was made of it since.
pub struct Opening {
    pub provider: String,
    pub uri: String,
    pub format: Option<String>,
    pub options: Vec<(String, String)>,
    /// What was done to what was opened, one after the other; `None` where another process could not do the same.
    pub steps: Option<Vec<Step>>,
}

/// A lazy view of an image: the name of the function that made it and the arguments behind the image.
pub struct Step {
    name: &'static str,
    arguments: Py<PyTuple>,
}

/// The name of the step that applies a key.
const KEY: &str = "__getitem__";
/// The steps that are methods of the image; all others are functions of `ImageViewFactory`.
const METHODS: [&str; 2] = [KEY, "scaled"];

impl Opening {
    /// The opening of what a key shows of the image.
    pub fn part(&self, key: &Bound<'_, PyAny>) -> PyResult<Self> {
        let steps = self.steps.is_some().then(|| self.after(key.py(), KEY, (key,))).transpose()?;
        Ok(self.with_steps(steps))
    }

    /// The opening of what a function makes of an image. Who may write to the image may have changed it since it was opened:
    /// then the way to it is not told.
    pub fn adapted<'py>(
        image: &Bound<'py, ImageView>,
        name: &'static str,
        arguments: impl IntoPyObject<'py, Target = PyTuple>,
    ) -> PyResult<Option<Self>> {
        let Some(opening) = image.get().opening() else { return Ok(None) };
        let is_told = opening.steps.is_some() && !image.get().open()?.capabilities().has(ImageCapability::WRITE);
        let steps = is_told.then(|| opening.after(image.py(), name, arguments)).transpose()?;
        Ok(Some(opening.with_steps(steps)))
    }

    fn after<'py>(
        &self,
        py: Python<'py>,
        name: &'static str,
        arguments: impl IntoPyObject<'py, Target = PyTuple>,
    ) -> PyResult<Vec<Step>> {
        let before = self.steps.iter().flatten();
        let mut steps: Vec<Step> =
            before.map(|step| Step { name: step.name, arguments: step.arguments.clone_ref(py) }).collect();
        steps.push(Step { name, arguments: arguments.into_pyobject(py).map_err(Into::into)?.unbind() });
        Ok(steps)
    }

    fn with_steps(&self, steps: Option<Vec<Step>>) -> Self {
        Opening {
            provider: self.provider.clone(),
            uri: self.uri.clone(),
            format: self.format.clone(),
            options: self.options.clone(),
            steps,
        }
    }

    /// Can another process open it? What was read from an object cannot be found again.
    pub fn is_lasting(&self) -> bool {
        !self.uri.starts_with("stream:")
    }
}

/// Axis: its name's number, spacing, origin, unit, coordinates.
type AxisState = (Option<u8>, f64, f64, String, Option<Vec<f64>>);
/// Channel: its name, colour, display range, wavelengths of excitation and emission.
type ChannelState = (String, Option<[u8; 4]>, Option<(f64, f64)>, Option<f64>, Option<f64>);
/// Space and position, and the channels.
type SpaceState = (u32, [f64; 3], Vec<ChannelState>);
type PropertiesState = (u32, u32, Vec<AxisState>, [[f64; 3]; 3], (f64, f64, String), SpaceState);

fn properties_state(properties: &Properties) -> PropertiesState {
    let axes = properties.axes.iter();
    let axes = axes
        .map(|axis| {
            let numbers = axis.coordinates.as_deref().map(<[f64]>::to_vec);
            (axis.axis.map(|axis| axis.index() as u8), axis.spacing, axis.origin, axis.unit.clone(), numbers)
        })
        .collect();
    let channels = properties.channels.iter();
    let channels = channels
        .map(|one| (one.name.clone(), one.color, one.display_range, one.excitation_nm, one.emission_nm))
        .collect();
    let scale = &properties.value_scale;
    (
        properties.axes_interpretation.number(),
        properties.image_interpretation as u32,
        axes,
        properties.direction,
        (scale.slope, scale.intercept, scale.unit.clone()),
        (properties.space.number(), properties.position, channels),
    )
}

fn properties_from(state: PropertiesState) -> PyResult<Properties> {
    let (interpretation, meaning, axes, direction, (slope, intercept, unit), (space, position, channels)) = state;
    let later = || PyValueError::new_err("the pickle holds an interpretation of a later version");
    Ok(Properties {
        axes_interpretation: AxesInterpretation::from_number(interpretation).ok_or_else(later)?,
        image_interpretation: ImageInterpretation::from_number(meaning).ok_or_else(later)?,
        axes: axes
            .into_iter()
            .map(|(axis, spacing, origin, unit, coordinates)| AxisProperties {
                axis: axis.and_then(|index| Axis::from_index(usize::from(index))),
                spacing,
                origin,
                unit,
                coordinates: coordinates.map(Into::into),
            })
            .collect(),
        direction,
        space: Space::from_number(space),
        position,
        value_scale: ValueScale { slope, intercept, unit },
        channels: channels
            .into_iter()
            .map(|(name, color, display_range, excitation_nm, emission_nm)| Channel {
                name,
                color,
                display_range,
                excitation_nm,
                emission_nm,
            })
            .collect(),
    })
}

/// A node: its key, the state of its value, its children.
fn tree_state<'py>(py: Python<'py>, node: &Tree) -> PyResult<Bound<'py, PyTuple>> {
    let value = node.value().map(|value| state_of(py, value)).transpose()?;
    let children: Vec<_> = node.children().iter().map(|child| tree_state(py, child)).collect::<PyResult<_>>()?;
    (node.key(), value, children).into_pyobject(py)
}

fn tree_from(state: &Bound<'_, PyAny>) -> PyResult<Tree> {
    let mut tree = Tree::new("").or_raise()?;
    fill_tree(&mut tree, state, 0, &mut 0)?;
    Ok(tree)
}

/// Fills a node that has `depth` nodes above it, of a tree of `nodes` so far. A pickle nests as deep as it likes.
fn fill_tree(node: &mut Tree, state: &Bound<'_, PyAny>, depth: usize, nodes: &mut u64) -> PyResult<()> {
    type State<'py> = (String, Option<Bound<'py, PyAny>>, Vec<Bound<'py, PyAny>>);
    let (_, value, children): State<'_> = state.extract()?;
    if let Some(value) = value {
        node.set_value(Some(from_state(&value)?));
    }
    for child in children {
        Tree::count_node(depth, nodes).or_raise()?;
        let key: String = child.get_item(0)?.extract()?;
        if key.is_empty() || key.contains('/') {
            return Err(PyValueError::new_err(format!(
                "metadata: {key:?} is not the key of a node; the pickle is damaged, pickle the metadata anew"
            )));
        }
        fill_tree(node.make(&key).or_raise()?, &child, depth + 1, nodes)?;
    }
    Ok(())
}

/// An image of a pickle: `order` says which canonical axis each axis of the array is; without it they are in that order.
#[pyfunction]
#[pyo3(signature = (array, dtype, properties, metadata, order = None, writable = true))]
fn _from_pickle(
    array: &Bound<'_, numpy::PyUntypedArray>,
    dtype: &Bound<'_, DataType>,
    properties: PropertiesState,
    metadata: &Bound<'_, PyAny>,
    order: Option<Vec<usize>>,
    writable: bool,
) -> PyResult<ImageView> {
    let data_type = dtype.get().0;
    let mut memory = memory_of(array, data_type.vector_length().is_some())?;
    let stored = |data_type: iolink_sdk::DataType| (numpy_code(data_type), data_type.vector_length());
    if stored(memory.data_type) != stored(data_type) {
        return Err(PyValueError::new_err(format!(
            "dtype: the array of the pickle has samples of type {}, which are not stored as {data_type} is; the pickle is \
             damaged, pickle the image anew",
            memory.data_type
        )));
    }
    memory.writable &= writable;
    if let Some(order) = order {
        let places = 0..memory.shape.len();
        let canonical: Option<Vec<usize>> = places.map(|axis| order.iter().position(|place| *place == axis)).collect();
        let Some(canonical) = canonical.filter(|canonical| canonical.len() == order.len()) else {
            return Err(PyValueError::new_err(format!(
                "order: {order:?} does not name each of the {} axes of the image once; the pickle is damaged, pickle the \
                 image anew",
                memory.shape.len()
            )));
        };
        memory = permuted(memory, &canonical)?;
    }
    // What numbers mean, NumPy does not tell.
    memory.data_type = data_type;
    let image = image_of(memory, AxesInterpretation::Unknown)?;
    let view = image.open()?;
    view.set_properties(properties_from(properties)?).or_raise()?;
    view.set_metadata(tree_from(metadata)?).or_raise()?;
    Ok(image)
}

/// Opens an image of a pickle again, and does what was done to it.
#[pyfunction]
#[pyo3(signature = (uri, provider, format, options, steps))]
fn _reopen<'py>(
    py: Python<'py>,
    uri: &str,
    provider: &str,
    format: Option<&str>,
    options: &Bound<'py, PyDict>,
    steps: Vec<(String, Bound<'py, PyTuple>)>,
) -> PyResult<Bound<'py, PyAny>> {
    let arguments = options.copy()?;
    arguments.set_item("provider", provider)?;
    arguments.set_item("format", format)?;
    let module = py.import("iolink")?;
    let opened = module.getattr(intern!(py, "open"))?.call((uri,), Some(&arguments))?;
    let factory = module.getattr(intern!(py, "ImageViewFactory"))?;
    steps.into_iter().try_fold(opened, |image, (name, arguments)| {
        if METHODS.contains(&name.as_str()) {
            return image.call_method1(name.as_str(), arguments);
        }
        let with_image = PyTuple::new(py, [image])?.as_sequence().concat(arguments.as_sequence())?;
        factory.call_method1(name.as_str(), with_image.to_tuple()?)
    })
}

#[pymethods]
impl ImageView {
    /// The arguments by which `_reopen` makes this image; `None` where another process could not.
    fn _reopening<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        let Some(opening) = self.opening().filter(|opening| opening.is_lasting()) else { return Ok(None) };
        let Some(steps) = &opening.steps else { return Ok(None) };
        if self.open()?.capabilities().has(ImageCapability::WRITE) {
            return Ok(None); // what was written since is not where it was opened
        }
        let options = PyDict::new(py);
        for (key, value) in &opening.options {
            options.set_item(key, value)?;
        }
        let steps = PyTuple::new(py, steps.iter().map(|step| (step.name, &step.arguments)))?;
        (&opening.uri, &opening.provider, &opening.format, options, steps).into_pyobject(py).map(Some)
    }

    /// An image that was opened, and that nobody can write to, is pickled as its URI and provider, and is opened anew where it
    /// is unpickled; so are its parts (`image[key]`) and lazy views by one image (`flip`, `scaled` ...). Any other is pickled as
    /// its samples, properties and metadata.
    fn __reduce_ex__<'py>(slf: &Bound<'py, Self>, protocol: u8) -> PyResult<Bound<'py, PyTuple>> {
        let (py, this) = (slf.py(), slf.get());
        let view = this.open()?;
        let module = py.import("iolink._iolink")?;
        if let Some(arguments) = this._reopening(py)? {
            return (module.getattr(intern!(py, "_reopen"))?, arguments).into_pyobject(py);
        }
        let data_type = view.data_type();
        let components = data_type.vector_length().map(|_| Shown::Components);
        let mut order: Vec<usize> = (0..view.shape().len()).rev().collect();
        let shown = |order: &[usize]| order.iter().copied().map(Shown::axis).chain(components).collect::<Order>();
        let (samples, writable) = match lend(this)? {
            Some(mut lent) => {
                // As the axes lie in memory, so that a dense image is a dense array.
                order.sort_by_key(|axis| std::cmp::Reverse(lent.memory.strides[*axis].unsigned_abs()));
                let shown = shown(&order);
                let is_dense = Layout::new(&lent.memory, &shown).is_contiguous(lent.component() as isize, true);
                let writable = lent.memory.writable;
                let shared = array(py, &mut lent.memory, &shown, true, Some(slf.clone().unbind()))?;
                // NumPy pickles an array with gaps in band.
                let copy = protocol >= 5 && !is_dense;
                (if copy { shared.call_method1(intern!(py, "copy"), ("C",))? } else { shared }, writable)
            }
            None => (crate::interop::export(slf, Some(shown(&order)), Some(true))?, true),
        };
        let (properties, metadata) = (properties_state(&view.properties()), tree_state(py, &view.metadata())?);
        let arguments = (samples, DataType(data_type), properties, metadata, order, writable);
        (module.getattr(intern!(py, "_from_pickle"))?, arguments).into_pyobject(py)
    }
}

#[pymethods]
impl ImageProperties {
    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        let py = slf.py();
        let make = py.import("iolink._iolink")?.getattr(intern!(py, "_properties_from_pickle"))?;
        (make, (properties_state(&slf.get().value()),)).into_pyobject(py)
    }
}

#[pymethods]
impl MetadataNode {
    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        let py = slf.py();
        let make = py.import("iolink._iolink")?.getattr(intern!(py, "_metadata_from_pickle"))?;
        (make, (tree_state(py, &slf.get().tree())?,)).into_pyobject(py)
    }
}

#[pyfunction]
fn _properties_from_pickle(state: PropertiesState) -> PyResult<ImageProperties> {
    properties_from(state).map(ImageProperties::of_value)
}

#[pyfunction]
fn _metadata_from_pickle(state: &Bound<'_, PyAny>) -> PyResult<MetadataNode> {
    let key: String = state.get_item(0)?.extract()?;
    let mut tree = Tree::new(&key).or_raise()?;
    fill_tree(&mut tree, state, 0, &mut 0)?;
    Ok(MetadataNode::of_value(tree))
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(_from_pickle, module)?)?;
    module.add_function(wrap_pyfunction!(_reopen, module)?)?;
    module.add_function(wrap_pyfunction!(_properties_from_pickle, module)?)?;
    module.add_function(wrap_pyfunction!(_metadata_from_pickle, module)?)
}
