//! `ImageView`.

use crate::array::live::{Counted, IMAGES};
use crate::array::Opening;
use crate::axes::{axis_from, member};
use crate::blocks::{read_into, write_from};
use crate::dtype::{data_type_from, DataType};
use crate::errors::{raise, Naming, OrRaise};
use crate::held::Held;
use crate::interop::empty;
use crate::lent::Order;
use crate::metadata::MetadataNode;
use crate::pointer::LentAddress;
use crate::progress::heard;
use crate::properties::{change_coordinates, channels_from, channels_to, coordinates_of, ImageProperties};
use crate::region::{region_of, RegionXu64};
use crate::remembered::Remembered;
use crate::vector::{shape_from, Count, VectorXu64};
use iolink_host::adapt;
use iolink_sdk::{
    Call, CapabilitySet, Closable, Error, ErrorKind, ImageProperties as Properties, ImageView as Image, Kind, Owner,
    Region, Shape, View,
};
use pyo3::prelude::*;
use pyo3::types::{PyAny, PyTuple};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// An image: samples of one type on a grid, wherever they lie.
///
/// What iolink types is canonical, COLUMN first: `shape()`, regions, vectors. What is n-dimensional in Python is in
/// NumPy's order: `np.asarray(image)`, buffers of regions.
#[pyclass(frozen, weakref, module = "iolink", name = "ImageView")]
pub struct ImageView {
    view: Closable<Held<Arc<dyn Image>>>,
    exports: AtomicUsize,
    opening: Option<Box<Opening>>,
    told: OnceLock<Box<Told>>,
    _counted: Counted,
}

/// What an image was asked and answered. Most are asked nothing and stay small.
#[derive(Default)]
struct Told {
    address: LentAddress,
    /// Memory whose address was given away as a number.
    pinned: OnceLock<Held<Owner>>,
    shape: Remembered<Shape, PyAny>,
    data_type: Remembered<iolink_sdk::DataType, DataType>,
    capabilities: Remembered<u64, PyAny>,
}

impl ImageView {
    pub fn new(view: Arc<dyn Image>) -> Self {
        ImageView::made(view, None)
    }

    /// An image that was opened, or is a part of one that was.
    pub fn made(view: Arc<dyn Image>, opening: Option<Opening>) -> Self {
        ImageView {
            view: Closable::new(view.into()),
            exports: AtomicUsize::new(0),
            opening: opening.map(Box::new),
            told: OnceLock::new(),
            _counted: Counted::new(&IMAGES),
        }
    }

    /// How the image was opened.
    pub fn opening(&self) -> Option<&Opening> {
        self.opening.as_deref()
    }

    fn told(&self) -> &Told {
        self.told.get_or_init(Box::default)
    }

    /// Keeps memory in place for as long as this object lives.
    pub fn pin(&self, owner: Owner) {
        self.told().pinned.get_or_init(|| owner.into());
    }

    /// The view, unless it was closed.
    pub fn open(&self) -> PyResult<Arc<dyn Image>> {
        self.ask(Arc::clone)
    }

    /// An answer of the view, unless it was closed.
    fn ask<R>(&self, question: impl FnOnce(&Arc<dyn Image>) -> R) -> PyResult<R> {
        match self.view.get() {
            Some(view) => Ok(question(&view)),
            None => Err(raise(Error::new(ErrorKind::Closed, "the image is closed"))),
        }
    }

    /// Counts an array that shares the image's memory.
    pub fn export_begun(&self) {
        self.exports.fetch_add(1, Ordering::Relaxed);
    }

    /// The array is gone.
    pub fn export_ended(&self) {
        self.exports.fetch_sub(1, Ordering::Release);
    }
}

fn numpy_shape(view: &dyn Image) -> Vec<u64> {
    let (shape, data_type) = (view.shape(), view.data_type());
    Order::numpy(&view.properties(), shape.len(), data_type).sizes(&shape, data_type)
}

#[pymethods]
impl ImageView {
    /// Number of axes.
    fn dimension_count(&self) -> PyResult<usize> {
        self.ask(|view| view.shape().len())
    }

    /// Samples along each axis, in canonical order: COLUMN first.
    fn shape(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let make = |shape: &Shape| Ok(VectorXu64::from_values(shape.to_vec()).into_pyobject(py)?.unbind());
        self.ask(|view| self.told().shape.answer(py, &view.shape(), make))?
    }

    /// Type of a sample.
    fn dtype(&self, py: Python<'_>) -> PyResult<Py<DataType>> {
        let make = |data_type: &iolink_sdk::DataType| Py::new(py, DataType(*data_type));
        self.ask(|view| self.told().data_type.answer(py, &view.data_type(), make))?
    }

    /// Type of a sample, by the name of earlier versions.
    fn data_type(&self, py: Python<'_>) -> PyResult<Py<DataType>> {
        self.dtype(py)
    }

    /// What the image can do, as an `ImageCapability` set.
    fn capabilities(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let make = |bits: &u64| Ok(member(py, "ImageCapability", *bits)?.unbind());
        self.ask(|view| self.told().capabilities.answer(py, &view.capabilities().value(), make))?
    }

    /// Has the image all of these capabilities?
    fn support(&self, flags: Count) -> PyResult<bool> {
        self.ask(|view| view.capabilities().value() & flags.0 == flags.0)
    }

    /// Axes, calibration, scale of the values and channels, as they are now.
    fn properties(&self) -> PyResult<ImageProperties> {
        self.ask(|view| ImageProperties::of_view(view.properties()))
    }

    fn set_properties(&self, properties: &Bound<'_, ImageProperties>) -> PyResult<()> {
        self.open()?.set_properties((*properties.get().value()).clone()).or_raise()
    }

    /// The channel table, a Channel for each index along CHANNEL, in order; empty where nothing is known. An image without that
    /// axis has one, and one of vectors has one for each component.
    ///
    /// >>> image = ImageViewFactory.allocate((6, 4), "VEC3_UINT8")
    /// >>> image.set_channels(["red", "green", Channel("blue", color=(0, 0, 255, 255))])
    /// >>> image.channels()[2].color
    /// (0, 0, 255, 255)
    fn channels<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        channels_to(py, &self.open()?.properties().channels)
    }

    /// Replaces the channel table: a Channel, or a name, for each channel; none removes it.
    fn set_channels(&self, channels: &Bound<'_, PyAny>) -> PyResult<()> {
        let (view, channels) = (self.open()?, channels_from(channels).naming(channels.py(), "channels")?);
        view.set_properties(Properties { channels, ..(*view.properties()).clone() }).or_raise()
    }

    /// The coordinates of an uneven axis, such as times: an array of one number for each index, in the unit of the axis; `None`
    /// for an even axis, which has a spacing. `axis` is ImageAxes.SEQUENCE, its number, or "SEQUENCE".
    fn coordinates<'py>(&self, py: Python<'py>, axis: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
        coordinates_of(py, &self.open()?.properties(), axis_from("axis", axis)?)
    }

    /// Replaces the coordinates of an axis, which has no spacing then; `None` makes it even.
    ///
    /// >>> image = ImageViewFactory.allocate((6, 4, 3), "UINT8")
    /// >>> film = ImageViewFactory.reinterpret(image, "IMAGE_SEQUENCE")
    /// >>> image.set_properties(film.properties())
    /// >>> image.set_coordinates("SEQUENCE", [0.0, 0.5, 2.0])
    /// >>> image[1:].coordinates("SEQUENCE").tolist()
    /// [0.5, 2.0]
    #[pyo3(signature = (axis, coordinates))]
    fn set_coordinates(&self, axis: &Bound<'_, PyAny>, coordinates: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let (view, axis) = (self.open()?, axis_from("axis", axis)?);
        let mut properties = (*view.properties()).clone();
        change_coordinates(&mut properties, axis, coordinates)?;
        view.set_properties(properties).or_raise()
    }

    /// The metadata tree, as it is now.
    fn metadata(&self) -> PyResult<MetadataNode> {
        self.ask(|view| MetadataNode::of_view(view.metadata()))
    }

    fn set_metadata(&self, metadata: &Bound<'_, MetadataNode>) -> PyResult<()> {
        self.open()?.set_metadata((*metadata.get().tree()).clone()).or_raise()
    }

    /// URI that the image was opened by, or `None`. Parts and lazy views of an opened image have its URI.
    ///
    /// >>> ImageViewFactory.allocate((6, 4), "UINT8").uri is None
    /// True
    #[getter]
    pub fn uri(&self) -> PyResult<Option<String>> {
        let own = self.ask(|view| view.origin())?;
        let opening = self.opening().filter(|opening| opening.is_lasting());
        Ok(own.or_else(|| opening.map(|opening| opening.uri.clone())))
    }

    /// Id of the provider that opened the image, or `None`.
    #[getter]
    fn provider(&self) -> Option<String> {
        self.opening.as_ref().map(|opening| opening.provider.clone())
    }

    /// The samples of a region in native byte order, into `dst`, any writable object with the buffer protocol; into a new
    /// array where it is absent. Returns what was filled.
    ///
    /// `region` is canonical: a RegionXu64, a pair (origin, size), or one slice for each axis, which are not made to fit where
    /// they leave the image. A flat `dst` is filled column fastest; an n-dimensional one has the region's shape in NumPy's
    /// order.
    ///
    /// Raises IndexError for a region outside the image, ValueError for another dimension, no sample, or a buffer of another
    /// size or shape, TypeError for one of another type.
    ///
    /// >>> image = ImageViewFactory.allocate((6, 4), "UINT8")
    /// >>> image.read_region(((1, 1), (3, 2))).shape
    /// (3, 2)
    /// >>> flat = bytearray(6)
    /// >>> image.read_region((slice(1, 4), slice(1, 3)), flat) is flat
    /// True
    #[pyo3(signature = (region, dst = None, *, progress = None))]
    pub fn read_region<'py>(
        &self,
        py: Python<'py>,
        region: &Bound<'py, PyAny>,
        dst: Option<&Bound<'py, PyAny>>,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let view = self.open()?;
        let region = inside(&*view, region)?;
        let Some(dst) = dst else { return read_new(py, &*view, &region, progress) };
        read_into(dst, (&*view, &region.size), progress, |block, call| view.read_region(&region, block, call))?;
        Ok(dst.clone())
    }

    /// The samples of `src` into a region; the rules are those of `read_region`.
    #[pyo3(signature = (region, src, *, progress = None))]
    fn write_region<'py>(
        &self,
        region: &Bound<'py, PyAny>,
        src: &Bound<'py, PyAny>,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<()> {
        let view = self.open()?;
        let region = inside(&*view, region)?;
        write_from(src, (&*view, &region.size), progress, |block, call| view.write_region(&region, block, call))
    }

    /// Another shape and type; the samples start at zero.
    fn reshape(&self, shape: &Bound<'_, PyAny>, dtype: &Bound<'_, PyAny>) -> PyResult<()> {
        let shape = Shape::new(&shape_from("shape", shape)?).or_raise()?;
        self.open()?.reshape(&shape, data_type_from(dtype)?).or_raise()
    }

    /// A lazy view of the quantity, `stored * slope + intercept`, as DOUBLE.
    fn scaled(slf: &Bound<'_, Self>) -> PyResult<ImageView> {
        let view = adapt::scaled(&slf.get().open()?).or_raise()?;
        Ok(ImageView::made(view, Opening::adapted(slf, "scaled", ())?))
    }

    /// Ends the view. `BufferError` while arrays share its memory.
    fn close(&self) -> PyResult<()> {
        let shares = self.exports.load(Ordering::Acquire);
        if shares > 0 && !self.closed() {
            return Err(raise(Error::new(
                ErrorKind::Busy,
                format!("the image cannot be closed while {shares} array(s) share its memory; drop them first"),
            )));
        }
        self.view.close();
        Ok(())
    }

    #[getter]
    pub fn closed(&self) -> bool {
        self.view.is_closed()
    }

    fn __enter__(slf: Bound<'_, Self>) -> PyResult<Bound<'_, Self>> {
        slf.get().open()?;
        Ok(slf)
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, _exception: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.close()
    }

    /// The image at the address of an `iolink_view`, or of a `std::shared_ptr` to one, as C and C++ programs have it. The
    /// view is retained: the caller keeps its own reference and may drop it.
    ///
    /// Raises ValueError for an integer that is not the address of a live image. An address that was freed and has become
    /// another live view since cannot be told apart.
    #[staticmethod]
    fn create_from_pointer(pointer: &Bound<'_, PyAny>) -> PyResult<Self> {
        let view = crate::pointer::view_from_address(pointer, Kind::Image)?;
        view.into_image().or_raise().map(ImageView::new)
    }

    /// The address of a `std::shared_ptr` to this image, lent: good while this Python object lives. Copy the shared pointer
    /// to keep the image longer.
    ///
    /// >>> image = ImageViewFactory.allocate((6, 4), "UINT8")
    /// >>> ImageView.create_from_pointer(ImageView.to_pointer(image)).shape()
    /// VectorXu64(6, 4)
    fn to_pointer(&self) -> PyResult<usize> {
        self.told().address.address(|| Ok(View::Image(self.open()?)))
    }

    /// The image as a capsule that another package takes over.
    fn __iolink_view__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        crate::capsule::of_view(py, View::Image(self.open()?))
    }

    #[pyo3(name = "to_string")]
    fn as_text(&self) -> PyResult<String> {
        self.__repr__()
    }

    fn __repr__(&self) -> PyResult<String> {
        let Ok(view) = self.open() else { return Ok("ImageView(closed)".to_owned()) };
        let (properties, shape) = (view.properties(), view.shape());
        let axes = match properties.named_axes(shape.len()) {
            Some(axes) => axes.iter().map(|axis| axis.name()).collect::<Vec<_>>().join(", "),
            None => "unnamed".to_owned(),
        };
        let scale = &properties.value_scale;
        let scaled = if scale.is_identity() && scale.unit.is_empty() {
            String::new()
        } else {
            format!(", value = stored * {} + {} {}", scale.slope, scale.intercept, scale.unit).trim_end().to_owned()
        };
        let words: Vec<String> = numpy_shape(&*view).iter().map(|size| size.to_string()).collect();
        Ok(format!(
            "ImageView(shape {shape}, NumPy shape ({}{}), {}, axes {axes}, {}{scaled})",
            words.join(", "),
            if words.len() == 1 { "," } else { "" },
            view.data_type(),
            view.capabilities().names().join(" | "),
        ))
    }
}

/// A region of an image, none of which lies outside.
fn inside(view: &dyn Image, region: &Bound<'_, PyAny>) -> PyResult<Region> {
    let shape = view.shape();
    let region = region_of(region, &shape)?;
    region.check_inside(&shape).or_raise()?;
    Ok(region)
}

/// A region in a new array, in NumPy order.
fn read_new<'py>(
    py: Python<'py>,
    view: &dyn Image,
    region: &Region,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let array = empty(py, view, &region.size)?;
    read_into(&array, (view, &region.size), progress, |block, call| view.read_region(region, block, call))?;
    Ok(array)
}

/// Runs `body` with a Python callable `progress(done, total)` as its listener; the exception it raises comes out.
pub fn with_progress<R>(
    progress: Option<&Bound<'_, PyAny>>,
    body: impl FnOnce(&Call<'_>) -> iolink_sdk::Result<R>,
) -> PyResult<R> {
    heard(progress, |listener| match listener {
        Some(listener) => body(&Call::new(listener)).or_raise(),
        None => body(&Call::silent()).or_raise(),
    })
}

/// The whole image as a region.
#[pyfunction]
fn _full_region(image: &Bound<'_, ImageView>) -> PyResult<RegionXu64> {
    Ok(RegionXu64(Region::full(&image.get().open()?.shape())))
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<ImageView>()?;
    module.add_function(wrap_pyfunction!(_full_region, module)?)
}
