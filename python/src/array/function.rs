//! An image whose samples come from a Python function.

use super::live::{Counted, OWNERS};
use crate::buffer::Lent;
use crate::dtype::data_type_from;
use crate::errors::{from_python, OrRaise};
use crate::factory::ImageViewFactory;
use crate::image::ImageView;
use crate::metadata::MetadataNode;
use crate::pieces::read_by_blocks;
use crate::properties::ImageProperties;
use crate::region::RegionXu64;
use crate::vector::shape_from;
use iolink_sdk::abi::IOLINK_EXTENSION_TILING;
use iolink_sdk::view::services::tiling_view;
use iolink_sdk::{
    fail, Block, BlockMut, Call, DataType, Error, ErrorKind, ImageCapability, ImageProperties as Properties,
    ImageView as Image, Limits, MetadataNode as Tree, Region, Result, Shape, UniformTiling, View,
};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use std::sync::Arc;

/// Asks the function for each region; at most for one block of its grid at a time.
#[derive(Clone)]
struct FunctionImage {
    function: Arc<Function>,
    shape: Shape,
    data_type: DataType,
    blocks: Option<Shape>,
    properties: Arc<Properties>,
    metadata: Arc<Tree>,
}

struct Function {
    object: Py<PyAny>,
    _counted: Counted,
}

impl FunctionImage {
    /// The function's samples of a region that lies in one block.
    fn ask(&self, region: &Region, target: &mut BlockMut<'_>) -> Result<()> {
        let asked = Python::try_attach(|py| {
            let given = self.function.object.bind(py).call1((RegionXu64(*region),))?;
            let lent = Lent::new("read_region's answer", &given, false)?;
            let strides =
                lent.strides_for(py, "read_region's answer", &region.size, self.data_type, &self.properties)?;
            // SAFETY: the buffer holds the whole region by these strides until `lent` is dropped.
            let block = unsafe { Block::from_raw(lent.data(), region.size, strides, self.data_type) };
            target.copy_from(&block, &Call::silent()).or_raise()
        });
        match asked {
            Some(answer) => answer.map_err(|raised| Python::attach(|py| from_python(py, raised))),
            None => fail!(Closed, "the interpreter that has the image's function has ended"),
        }
    }
}

impl Image for FunctionImage {
    fn capabilities(&self) -> ImageCapability {
        ImageCapability::READ
    }

    fn shape(&self) -> Shape {
        self.shape
    }

    fn data_type(&self) -> DataType {
        self.data_type
    }

    fn properties(&self) -> Arc<Properties> {
        self.properties.clone()
    }

    fn metadata(&self) -> Arc<Tree> {
        self.metadata.clone()
    }

    fn read_region(&self, region: &Region, target: &mut BlockMut<'_>, call: &Call<'_>) -> Result<()> {
        region.check_inside(&self.shape)?;
        let blocks = self.blocks.unwrap_or(self.shape);
        read_by_blocks(region, blocks, target, call, |piece, target| self.ask(piece, target))
    }

    fn extension(&self, id: u64) -> Option<View> {
        let blocks = self.blocks.filter(|_| id == IOLINK_EXTENSION_TILING)?;
        let tiling = UniformTiling::new(Arc::new(self.clone()), &blocks).ok()?;
        Some(tiling_view(Arc::new(tiling)))
    }
}

#[pymethods]
impl ImageViewFactory {
    /// An image whose samples come from a Python function when they are read. `read_region(region)` gets a RegionXu64 and
    /// gives the samples as any object with the buffer protocol: an array of the region's shape in NumPy's order of the
    /// image's axes, or flat, column fastest; of exactly `dtype`, in native byte order. `shape` and `chunks` are canonical;
    /// with `chunks` the function is asked for parts of one block at a time. It is called by as many
    /// threads at once as read: where it moves a cursor it takes a lock of its own. What it raises comes out of whoever reads.
    ///
    /// >>> import numpy as np
    /// >>> def ramp(region):
    /// ...     column = region.origin()[0] + np.arange(region.size()[0], dtype=np.uint16)
    /// ...     return np.broadcast_to(column[:, None], tuple(region.size()))
    /// >>> image = ImageViewFactory.from_function((100_000, 100_000), "UINT16", ramp)
    /// >>> np.asarray(image[5000:5003, :2])
    /// array([[5000, 5000],
    ///        [5001, 5001],
    ///        [5002, 5002]], dtype=uint16)
    #[staticmethod]
    #[pyo3(signature = (shape, dtype, read_region, *, chunks = None, properties = None, metadata = None))]
    fn from_function(
        shape: &Bound<'_, PyAny>,
        dtype: &Bound<'_, PyAny>,
        read_region: &Bound<'_, PyAny>,
        chunks: Option<&Bound<'_, PyAny>>,
        properties: Option<&Bound<'_, ImageProperties>>,
        metadata: Option<&Bound<'_, MetadataNode>>,
    ) -> PyResult<ImageView> {
        if !read_region.is_callable() {
            return Err(PyTypeError::new_err(format!(
                "read_region: expected a function of one region, not {}",
                read_region.get_type().name()?
            )));
        }
        let shape = Shape::new(&shape_from("shape", shape)?).or_raise()?;
        let data_type = data_type_from(dtype)?;
        if data_type.byte_count() == 0 || !data_type.is_numeric() {
            let words = format!("samples of type {data_type} have no fixed size or are no numbers");
            return Err(crate::errors::raise(Error::new(ErrorKind::Type, words)));
        }
        // An image need not fit into memory, but its samples must be countable.
        Limits::unallocated().image_bytes(&shape, data_type).or_raise()?;
        let blocks = chunks.map(|chunks| Shape::new(&shape_from("chunks", chunks)?).or_raise()).transpose()?;
        if let Some(blocks) = blocks.filter(|blocks| blocks.len() != shape.len() || blocks.contains(&0)) {
            return Err(PyValueError::new_err(format!(
                "chunks: expected one size of at least 1 for each of the {} axes, COLUMN first, not {blocks}",
                shape.len()
            )));
        }
        let properties = match properties {
            Some(given) => given.get().value().fitted(shape.len()),
            None => Properties::from_data_type(data_type).fitted(shape.len()),
        };
        Ok(ImageView::new(Arc::new(FunctionImage {
            function: Arc::new(Function { object: read_region.clone().unbind(), _counted: Counted::new(&OWNERS) }),
            shape,
            data_type,
            blocks,
            properties: Arc::new(properties.or_raise()?),
            metadata: metadata.map(|metadata| metadata.get().tree()).unwrap_or_default(),
        })))
    }
}
