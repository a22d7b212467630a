//! A key like those of NumPy, as one map: what `image[key]` shows.
//!
//! The law: `np.asarray(image[key])` equals `np.asarray(image)[key]`. Axes that stay keep their names, and the image that
//! comes out is canonical where all its axes are named and NumPy's order of the names is the order they now have. Where it
//! is not (a new axis has no name, and an image with one is not reordered), the axes stand as NumPy has them.

use crate::errors::OrRaise;
use crate::lent::{Order, Shown};
use crate::vector::Place;
use iolink_host::adapt::{disassemble_channels, from_image_view, mapped};
use iolink_sdk::{AxesInterpretation, Axis, AxisMap, ImageProperties, ImageView, IndexMap, Shape};
use pyo3::exceptions::PyIndexError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyEllipsis, PyInt, PyList, PySlice, PyString, PyTuple};
use std::sync::Arc;

type Image = Arc<dyn ImageView>;

/// One part of a key.
pub enum Part<'py> {
    At(Place),
    Range(Bound<'py, PySlice>),
    /// `None`: an axis that was not there.
    New,
    /// `...`: all axes that the others leave.
    Rest,
}

/// The parts of a key; `None` where an array, a list or a truth value stands in it, which no map can follow.
pub fn parts<'py>(key: &Bound<'py, PyAny>) -> PyResult<Option<Vec<Part<'py>>>> {
    match key.cast::<PyTuple>() {
        Ok(tuple) => tuple.iter().map(|item| part(&item)).collect(),
        Err(_) => Ok(part(key)?.map(|part| vec![part])),
    }
}

fn part<'py>(item: &Bound<'py, PyAny>) -> PyResult<Option<Part<'py>>> {
    if let Ok(slice) = item.cast::<PySlice>() {
        return Ok(Some(Part::Range(slice.clone())));
    }
    if item.is_none() {
        return Ok(Some(Part::New));
    }
    if item.is_instance_of::<PyEllipsis>() {
        return Ok(Some(Part::Rest));
    }
    if item.is_instance_of::<PyBool>() || item.is_instance_of::<PyList>() || item.is_instance_of::<PyString>() {
        return Ok(None);
    }
    let number = match item.is_instance_of::<PyInt>() {
        true => item.clone(),
        false => match item.call_method0(intern!(item.py(), "__index__")) {
            Ok(number) => number,
            Err(_) => return Ok(None),
        },
    };
    number.extract().map(|place| Some(Part::At(place)))
}

/// How one axis is walked.
#[derive(Clone, Copy)]
enum Walk {
    At(u64),
    Range { start: u64, step: i64, size: u64 },
}

impl Walk {
    fn whole(size: u64) -> Self {
        Walk::Range { start: 0, step: 1, size }
    }

    fn is_whole(self, size: u64) -> bool {
        matches!(self, Walk::Range { start: 0, step: 1, size: walked } if walked == size)
    }

    fn start(self) -> u64 {
        match self {
            Walk::At(start) | Walk::Range { start, .. } => start,
        }
    }

    fn of(part: &Part<'_>, axis: usize, size: u64) -> PyResult<Self> {
        match part {
            Part::At(place) => match place.among(size) {
                Some(at) => Ok(Walk::At(at)),
                None => {
                    let given = place.0;
                    Err(PyIndexError::new_err(format!("{given} is no index of axis {axis}, which has {size}")))
                }
            },
            Part::Range(slice) => {
                let found = slice.indices(size as isize)?;
                let size = found.slicelength as u64;
                // One sample, or none, goes nowhere: the step only says which way.
                let step = if size <= 1 { found.step.signum() } else { found.step } as i64;
                Ok(Walk::Range { start: if size == 0 { 0 } else { found.start as u64 }, step, size })
            }
            Part::New | Part::Rest => Ok(Walk::whole(size)),
        }
    }
}

/// Where an axis comes from, in NumPy's order; one that is held at an index goes.
#[derive(Clone, Copy)]
enum Out {
    Axis(usize, Walk),
    Components(Walk),
    New,
}

/// The key applied to the axes that NumPy sees.
fn applied(parts: &[Part<'_>], order: &Order, sizes: &[u64]) -> PyResult<Vec<Out>> {
    let used = parts.iter().filter(|part| matches!(part, Part::At(_) | Part::Range(_))).count();
    let rests = parts.iter().filter(|part| matches!(part, Part::Rest)).count();
    if used > order.len() {
        return Err(PyIndexError::new_err(format!("the key has {used} indices, the image {} axes", order.len())));
    }
    if rests > 1 {
        return Err(PyIndexError::new_err("an ellipsis (...) can stand once in a key"));
    }
    let (mut out, mut axis) = (Vec::new(), 0);
    for part in parts.iter().chain((rests == 0).then_some(&Part::Rest)) {
        let taken = match part {
            Part::New => {
                out.push(Out::New);
                0
            }
            Part::Rest => order.len() - used,
            Part::At(_) | Part::Range(_) => 1,
        };
        for _ in 0..taken {
            let walk = Walk::of(part, axis, sizes[axis])?;
            out.push(match order[axis] {
                Shown::Axis(position) => Out::Axis(position.into(), walk),
                Shown::Components => Out::Components(walk),
            });
            axis += 1;
        }
    }
    Ok(out)
}

/// The components of vectors as an axis of the image, and its place. Where the image has a CHANNEL axis already, that one
/// is without a name.
fn opened_up(image: &Image, properties: &ImageProperties) -> PyResult<(Image, usize)> {
    let mut image = image.clone();
    if properties.axes.iter().any(|axis| axis.axis == Some(Axis::Channel)) {
        let mut names: Vec<_> = properties.axes.iter().map(|axis| axis.axis).collect();
        names.iter_mut().filter(|name| **name == Some(Axis::Channel)).for_each(|name| *name = None);
        image = renamed(&image, &names)?;
    }
    let image = disassemble_channels(&image).or_raise()?;
    let channel = |axis: &iolink_sdk::AxisProperties| axis.axis == Some(Axis::Channel);
    let place = image.properties().axes.iter().position(channel).unwrap_or(0);
    Ok((image, place))
}

/// The image with these names of its axes.
fn renamed(image: &Image, names: &[Option<Axis>]) -> PyResult<Image> {
    let properties = image.properties();
    if properties.axes.iter().map(|axis| axis.axis).eq(names.iter().copied()) {
        return Ok(image.clone());
    }
    let mut properties = properties.fitted(names.len()).or_raise()?;
    properties.axes.iter_mut().zip(names).for_each(|(axis, name)| axis.axis = *name);
    let known = properties.named_axes(names.len()).and_then(|axes| AxesInterpretation::from_axes(&axes));
    properties.axes_interpretation = known.unwrap_or_default();
    properties.drop_other_sizes(&image.shape(), image.data_type());
    from_image_view(image, Some(properties), None).or_raise()
}

/// The places in NumPy's order of the axes of an image that shows axes of these names in this order, and their names there.
fn arranged(names: Vec<Option<Axis>>) -> (Vec<usize>, Vec<Option<Axis>>) {
    let mut places: Vec<usize> = (0..names.len()).collect();
    let Some(known) = names.iter().copied().collect::<Option<Vec<Axis>>>() else { return (places, names) };
    let in_order = Axis::NUMPY_ORDER.iter().filter(|axis| known.contains(axis));
    if !in_order.eq(&known) {
        let unnamed = vec![None; names.len()];
        return (places, unnamed);
    }
    places.sort_by_key(|place| known[*place]);
    let sorted = places.iter().map(|place| names[*place]).collect();
    (places, sorted)
}

/// What a key shows of an image, without reading it.
pub fn select(image: &Image, parts: &[Part<'_>]) -> PyResult<Image> {
    let (shape, data_type, properties) = (image.shape(), image.data_type(), image.properties());
    let order = Order::numpy(&properties, shape.len(), data_type);
    let outs = applied(parts, &order, &order.sizes(&shape, data_type))?;

    // Vectors stay vectors where all components are asked for and stand last.
    let components = outs.iter().find_map(|out| match out {
        Out::Components(walk) => Some(*walk),
        _ => None,
    });
    let whole = data_type.vector_length().zip(components).is_some_and(|(count, walk)| walk.is_whole(count));
    let kept = components.is_none() || (whole && matches!(outs.last(), Some(Out::Components(_))));
    let (source, channel) = if kept { (image.clone(), usize::MAX) } else { opened_up(image, &properties)? };

    let has_channel = properties.axes.iter().any(|axis| axis.axis == Some(Axis::Channel));
    let mut origin = Shape::filled(source.shape().len(), 0);
    let (mut axes, mut names) = (Vec::new(), Vec::new());
    for out in outs {
        let (from, walk, name) = match out {
            Out::Components(_) if kept => continue,
            Out::Components(walk) => (channel, walk, if has_channel { None } else { Some(Axis::Channel) }),
            Out::Axis(position, walk) => (position + usize::from(position >= channel), walk, properties.axis(position)),
            Out::New => {
                axes.push(AxisMap { source: None, step: 1, size: 1 });
                names.push(None);
                continue;
            }
        };
        origin[from] = walk.start();
        if let Walk::Range { step, size, .. } = walk {
            axes.push(AxisMap { source: Some(from), step, size });
            names.push(name);
        }
    }
    let (places, names) = arranged(names);
    let axes: Vec<AxisMap> = places.iter().map(|place| axes[*place]).collect();
    let map = IndexMap::new(&source.shape(), &origin, &axes).or_raise()?;
    renamed(&mapped(&source, &map).or_raise()?, &names)
}
