//! An object with `shape`, `dtype` and `[...]` as an image: regions are read when they are asked for, and no more of the
//! object than they need.

use super::layout::Layout;
use super::raised::kept;
use crate::errors::OrRaise;
use crate::lent::{memory_of, refuse_mask};
use crate::pieces::{bytes, read_by_blocks};
use crate::signals::apart;
use iolink_sdk::abi::IOLINK_EXTENSION_TILING;
use iolink_sdk::view::services::tiling_view;
use iolink_sdk::{
    BlockMut, Call, DataType, Error, ErrorKind, ImageCapability, ImageProperties, ImageView, Memory, MetadataNode,
    Region, Result, Shape, UniformTiling, View,
};
use numpy::{PyUntypedArray, PyUntypedArrayMethods};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PySlice, PyTuple};
use std::sync::Arc;

/// Bytes that are asked for at once; more are read in pieces, so that progress shows and the read can be stopped.
const PIECE: u64 = 64 << 20;

/// An object of Python, given up when the last image of it goes and not when Python is called again: it may hold a file.
struct Kept(Option<Py<PyAny>>);

impl Drop for Kept {
    fn drop(&mut self) {
        let object = self.0.take();
        Python::try_attach(|_| drop(object));
    }
}

/// An image whose samples a Python object has.
#[derive(Clone)]
pub struct ArrayImage {
    object: Arc<Kept>,
    shape: Shape,
    data_type: DataType,
    /// Position in the array of each canonical axis.
    canonical: Vec<usize>,
    /// Samples of a chunk along each canonical axis, where the object says so.
    chunk: Option<Shape>,
    properties: Arc<ImageProperties>,
    metadata: Arc<MetadataNode>,
    name: String,
}

impl ArrayImage {
    /// # Errors
    /// `TypeError` for a dtype that no image has, `ValueError` for axes that do not fit.
    pub fn new(object: &Bound<'_, PyAny>, layout: Layout) -> PyResult<Self> {
        let sizes: Vec<u64> = object.getattr(intern!(object.py(), "shape"))?.extract()?;
        let data_type = crate::dtype::data_type_from(&object.getattr(intern!(object.py(), "dtype"))?)?;
        let placed = layout.place(sizes.len(), data_type)?;
        let shape = Shape::collect(placed.canonical.iter().map(|position| sizes[*position])).or_raise()?;
        let chunks: Option<Vec<u64>> =
            object.getattr(intern!(object.py(), "chunks")).ok().and_then(|chunks| chunks.extract().ok());
        let chunks = chunks.filter(|chunks| chunks.len() == sizes.len() && !chunks.contains(&0));
        let in_order = |chunks: Vec<u64>| Shape::collect(placed.canonical.iter().map(|position| chunks[*position]));
        let chunk = chunks.map(in_order).transpose().or_raise()?;
        Ok(ArrayImage {
            object: Arc::new(Kept(Some(object.clone().unbind()))),
            shape,
            data_type,
            chunk,
            canonical: placed.canonical,
            properties: placed.properties,
            metadata: layout.tree()?.unwrap_or_default(),
            name: object.get_type().name()?.to_string(),
        })
    }

    /// The samples of a region as the object gives them, canonical axes first.
    fn fetch(&self, region: &Region) -> Result<Memory> {
        static AS_ARRAY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let fetched = Python::try_attach(|py| {
            let asked = || -> PyResult<Memory> {
                let slices = self.in_array(|axis| {
                    PySlice::new(py, region.origin[axis] as isize, region.end(axis) as isize, 1).into_any()
                });
                let object = self.object.0.as_ref().map_or_else(|| py.None(), |object| object.clone_ref(py));
                let slices = PyTuple::new(py, slices)?;
                let given = apart(py, || object.bind(py).get_item(&slices))?;
                refuse_mask(&format!("{}[...]", self.name), &given)?;
                let array = match given.cast_into::<PyUntypedArray>() {
                    Ok(array) => array,
                    Err(other) => AS_ARRAY
                        .import(py, "numpy", "asarray")?
                        .call1((other.into_inner(),))?
                        .cast_into::<PyUntypedArray>()?,
                };
                let wanted = self.in_array(|axis| region.size[axis] as usize);
                let lent = memory_of(&array, self.data_type.is_vector() && !self.data_type.is_scalar());
                match lent {
                    Ok(memory) if memory.data_type == self.data_type && array.shape() == wanted => Ok(memory),
                    _ => Err(crate::errors::raise(self.disagrees(&array, &wanted))),
                }
            };
            asked().map_err(|raised| kept(py, raised))
        });
        let mut memory = fetched.unwrap_or_else(|| Err(Error::new(ErrorKind::Closed, "the interpreter has ended")))?;
        let (shape, strides) = (memory.shape, memory.strides);
        for (axis, position) in self.canonical.iter().enumerate() {
            (memory.shape[axis], memory.strides[axis]) = (shape[*position], strides[*position]);
        }
        Ok(memory)
    }

    /// Something of each canonical axis, in the array's order.
    fn in_array<T>(&self, of: impl Fn(usize) -> T) -> Vec<T> {
        let place = |position| self.canonical.iter().position(|known| *known == position).unwrap_or(position);
        (0..self.canonical.len()).map(|position| of(place(position))).collect()
    }

    #[cold]
    fn disagrees(&self, array: &Bound<'_, PyUntypedArray>, wanted: &[usize]) -> Error {
        let dtype = array.dtype().str().map_or_else(|_| "?".to_owned(), |text| text.to_string());
        Error::new(
            ErrorKind::Corrupt,
            format!(
                "{}[...] gave an array of shape {:?} and type {dtype} for a region of shape {wanted:?} and type {}, which \
                 its shape and dtype promise",
                self.name,
                array.shape(),
                self.data_type
            ),
        )
    }
}

impl ImageView for ArrayImage {
    fn capabilities(&self) -> ImageCapability {
        ImageCapability::READ
    }

    fn shape(&self) -> Shape {
        self.shape
    }

    fn data_type(&self) -> DataType {
        self.data_type
    }

    fn properties(&self) -> Arc<ImageProperties> {
        self.properties.clone()
    }

    fn metadata(&self) -> Arc<MetadataNode> {
        self.metadata.clone()
    }

    fn extension(&self, id: u64) -> Option<View> {
        let chunk = self.chunk.filter(|_| id == IOLINK_EXTENSION_TILING)?;
        let tiling = UniformTiling::new(Arc::new(self.clone()), &chunk).ok()?;
        Some(tiling_view(Arc::new(tiling)))
    }

    fn read_region(&self, region: &Region, target: &mut BlockMut<'_>, call: &Call<'_>) -> Result<()> {
        region.check_inside(&self.shape)?;
        let (total, mut blocks) = (bytes(region, self.data_type), self.shape);
        if total > PIECE {
            // The array's first axis is cut, at borders of its chunks.
            let first = self.canonical.iter().position(|position| *position == 0).unwrap_or(0);
            let rows = PIECE / (total / region.size[first]).max(1);
            blocks[first] = rows.max(1).next_multiple_of(self.chunk.map_or(1, |chunk| chunk[first]));
        }
        read_by_blocks(region, blocks, target, call, |piece, target| {
            let memory = self.fetch(piece)?;
            target.copy_from(&memory.block(&Region::full(&memory.shape))?, &Call::silent())
        })
    }
}
