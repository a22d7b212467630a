//! `ImageViewFactory` and `MultiImageViewFactory`.

use crate::array::Opening;
use crate::axes::{axes_from, axis_from, interpretation_from};
use crate::dtype::{data_type_from, DataType};
use crate::errors::{Naming, OrRaise};
use crate::image::{with_progress, ImageView};
use crate::metadata::MetadataNode;
use crate::multi::MultiImageView;
use crate::properties::ImageProperties;
use crate::region::region_of;
use crate::registry;
use crate::vector::{pair_from, shape_from, Count, Ordinal};
use iolink_host::adapt::{self, Along};
use iolink_sdk::{
    Axis, CapabilitySet, CreateView, Error, ErrorKind, ImageCapability, ImageView as Image, Region, Shape, View,
};
use pyo3::prelude::*;
use pyo3::types::{PyIterator, PyTuple};
use std::sync::Arc;

/// Makes images: in memory, or as lazy views of others. Every method is static.
#[pyclass(frozen, module = "iolink", name = "ImageViewFactory")]
pub struct ImageViewFactory;

fn view_of(image: &Bound<'_, ImageView>) -> PyResult<Arc<dyn Image>> {
    image.get().open()
}

fn wrapped(view: iolink_sdk::Result<Arc<dyn Image>>) -> PyResult<ImageView> {
    view.or_raise().map(ImageView::new)
}

/// A lazy view of one image, and how it was made: by the function of this name, with these arguments behind the image.
fn adapted<'py>(
    image: &Bound<'py, ImageView>,
    name: &'static str,
    arguments: impl IntoPyObject<'py, Target = PyTuple>,
    adapt: impl FnOnce(&Arc<dyn Image>) -> iolink_sdk::Result<Arc<dyn Image>>,
) -> PyResult<ImageView> {
    let view = adapt(&view_of(image)?).or_raise()?;
    Ok(ImageView::made(view, Opening::adapted(image, name, arguments)?))
}

/// A region as an argument of [`adapted`].
fn told(region: &Region) -> (Vec<u64>, Vec<u64>) {
    (region.origin.to_vec(), region.size.to_vec())
}

/// A zeroed image by whichever provider creates them.
fn created(
    shape: &Shape,
    data_type: iolink_sdk::DataType,
    properties: Option<iolink_sdk::ImageProperties>,
) -> iolink_sdk::Result<Arc<dyn Image>> {
    let tables = properties.clone().filter(iolink_sdk::ImageProperties::has_tables);
    let image = registry().create(CreateView::image(*shape, data_type, properties).in_memory())?.into_image()?;
    // A request to create an image has no place for them.
    if let Some(properties) = tables.filter(|_| !image.properties().has_tables()) {
        image.set_properties(properties)?;
    }
    Ok(image)
}

/// Where a stack grows unless the caller says: along SLICE, else SEQUENCE, whichever is free; behind the last axis where
/// axes are unnamed.
fn next_axis(first: Option<&Arc<dyn Image>>) -> Along {
    let Some(first) = first else { return Along::Position(0) };
    let dimensions = first.shape().len();
    match first.properties().named_axes(dimensions) {
        Some(own) => [Axis::Slice, Axis::Sequence]
            .into_iter()
            .find(|axis| !own.contains(axis))
            .map_or(Along::Position(dimensions), Along::Axis),
        None => Along::Position(dimensions),
    }
}

#[pymethods]
impl ImageViewFactory {
    /// An image of zeros in memory. `shape` is canonical: COLUMN first. `dtype` is a DataType, a DataTypeId, a NumPy type or
    /// a name. An image all of whose axes are named exports as a C-contiguous array.
    ///
    /// Raises LimitError (a ValueError and MemoryError) before anything is allocated where the size cannot be.
    ///
    /// >>> ImageViewFactory.allocate((6, 4), DataTypeId.UINT8)
    /// ImageView(shape (6, 4), NumPy shape (6, 4), UINT8, axes unnamed, READ | WRITE | MEMORY_ACCESS | RESHAPE)
    #[staticmethod]
    #[pyo3(signature = (shape, dtype, properties = None, metadata = None))]
    fn allocate(
        shape: &Bound<'_, PyAny>,
        dtype: &Bound<'_, PyAny>,
        properties: Option<&Bound<'_, ImageProperties>>,
        metadata: Option<&Bound<'_, MetadataNode>>,
    ) -> PyResult<ImageView> {
        let shape = Shape::new(&shape_from("shape", shape)?).or_raise()?;
        let properties = properties.map(|properties| (*properties.get().value()).clone());
        let image = created(&shape, data_type_from(dtype)?, properties).or_raise()?;
        if let Some(metadata) = metadata {
            image.set_metadata((*metadata.get().tree()).clone()).or_raise()?;
        }
        Ok(ImageView::new(image))
    }

    /// A copy in memory, with properties and metadata. `progress(done, total)` is called with bytes now and then; False stops
    /// the copy with CancelledError.
    #[staticmethod]
    #[pyo3(signature = (image, *, progress = None))]
    fn copy_in_memory(
        py: Python<'_>,
        image: &Bound<'_, ImageView>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<ImageView> {
        let source = view_of(image)?;
        let copy = with_progress(progress, |call| {
            py.detach(|| {
                let target = created(&source.shape(), source.data_type(), Some((*source.properties()).clone()))?;
                adapt::copy_into(&source, &target, call)?;
                target.set_metadata((*source.metadata()).clone())?;
                Ok(target)
            })
        })?;
        Ok(ImageView::new(copy))
    }

    /// A region of an image as an image, without a copy; its origin moves with it. `region` is canonical, as
    /// in `ImageView.read_region`.
    ///
    /// >>> image = ImageViewFactory.allocate((6, 4), "UINT8")
    /// >>> ImageViewFactory.extract_region(image, ((1, 1), (3, 2))).shape()
    /// VectorXu64(3, 2)
    #[staticmethod]
    fn extract_region(view: &Bound<'_, ImageView>, region: &Bound<'_, PyAny>) -> PyResult<ImageView> {
        let region = region_of(region, &view_of(view)?.shape())?;
        adapted(view, "extract_region", (told(&region),), |view| adapt::extract_region(view, &region))
    }

    /// Images of one shape and type, or the frames of a MultiImageView, as one image with one more axis, without a copy. The
    /// new axis is `axis`; where it is absent, SLICE or else SEQUENCE, whichever the images have not; a last axis without a
    /// name where theirs have none. A region is asked only of the images it touches. Calibration and metadata are those of the
    /// first image; images of another value scale are refused.
    ///
    /// >>> frames = [ImageViewFactory.allocate((6, 4), "UINT8") for _ in range(9)]
    /// >>> ImageViewFactory.stack(frames).shape()
    /// VectorXu64(6, 4, 9)
    #[staticmethod]
    #[pyo3(signature = (images, axis = None))]
    fn stack(images: &Bound<'_, PyAny>, axis: Option<&Bound<'_, PyAny>>) -> PyResult<ImageView> {
        let frames: Vec<Arc<dyn Image>> = match images.cast::<MultiImageView>() {
            Ok(set) => set.get().frames()?,
            Err(_) => images_of(images)?,
        };
        let along = match axis {
            Some(axis) => Along::Axis(axis_from("axis", axis)?),
            None => next_axis(frames.first()),
        };
        wrapped(adapt::stack(&frames, along))
    }

    /// A region of an image, clipped to the image where it leaves it. OutOfRangeError where the two do not meet.
    #[staticmethod]
    fn extract_adjusted_region(view: &Bound<'_, ImageView>, region: &Bound<'_, PyAny>) -> PyResult<ImageView> {
        let region = region_of(region, &view_of(view)?.shape())?;
        let adjusted = |view: &_| adapt::extract_adjusted_region(view, &region);
        adapted(view, "extract_adjusted_region", (told(&region),), adjusted)
    }

    /// The same samples under other properties, other metadata, or both. `None` keeps the view's own.
    #[staticmethod]
    #[pyo3(signature = (view, properties = None, metadata = None))]
    fn from_image_view(
        view: &Bound<'_, ImageView>,
        properties: Option<&Bound<'_, ImageProperties>>,
        metadata: Option<&Bound<'_, MetadataNode>>,
    ) -> PyResult<ImageView> {
        let properties = properties.map(|properties| (*properties.get().value()).clone());
        let metadata = metadata.map(|metadata| metadata.get().tree());
        let arguments =
            (properties.clone().map(ImageProperties::of_value), metadata.clone().map(MetadataNode::of_view));
        adapted(view, "from_image_view", arguments, |view| {
            adapt::from_image_view(view, properties, metadata.map(|tree| (*tree).clone()))
        })
    }

    /// Every `step[k]`-th sample along canonical axis k; the spacing widens with it.
    #[staticmethod]
    fn sub_sample(image: &Bound<'_, ImageView>, step: &Bound<'_, PyAny>) -> PyResult<ImageView> {
        let step = shape_from("step", step)?;
        adapted(image, "sub_sample", (step.to_vec(),), |image| adapt::sub_sample(image, &step))
    }

    /// An image mirrored along the axis of this name.
    #[staticmethod]
    fn flip_dimension(image: &Bound<'_, ImageView>, dimension: &Bound<'_, PyAny>) -> PyResult<ImageView> {
        let axis = axis_from("dimension", dimension)?;
        adapted(image, "flip_dimension", (axis.name(),), |image| adapt::flip_axis(image, axis))
    }

    /// An image mirrored along the canonical axis of this number.
    #[staticmethod]
    #[pyo3(signature = (image, dimensionIndex))]
    #[allow(non_snake_case)] // the original's keyword
    fn flip_dimension_index(image: &Bound<'_, ImageView>, dimensionIndex: Ordinal) -> PyResult<ImageView> {
        let Ordinal(axis) = dimensionIndex;
        adapted(image, "flip_dimension_index", (axis,), |image| adapt::flip(image, axis as usize))
    }

    /// The name that earlier versions had for `flip_dimension_index`.
    #[staticmethod]
    #[pyo3(signature = (image, dimensionIndex))]
    #[allow(non_snake_case)] // the original's keyword
    fn flip(image: &Bound<'_, ImageView>, dimensionIndex: Ordinal) -> PyResult<ImageView> {
        let Ordinal(axis) = dimensionIndex;
        adapted(image, "flip_dimension_index", (axis,), |image| adapt::flip(image, axis as usize))
    }

    /// The same samples under another interpretation of the axes.
    #[staticmethod]
    #[pyo3(signature = (image, newImageType))]
    #[allow(non_snake_case)] // the original's keyword
    fn reinterpret(image: &Bound<'_, ImageView>, newImageType: &Bound<'_, PyAny>) -> PyResult<ImageView> {
        let interpretation = interpretation_from("newImageType", Some(newImageType))?;
        adapted(image, "reinterpret", (interpretation.name(),), |image| adapt::reinterpret(image, interpretation))
    }

    /// Says what each axis is, in their present order; the result is canonical.
    #[staticmethod]
    #[pyo3(signature = (image, dimensionsList))]
    #[allow(non_snake_case)] // the original's keyword
    fn reinterpret_axes(image: &Bound<'_, ImageView>, dimensionsList: &Bound<'_, PyAny>) -> PyResult<ImageView> {
        let axes = axes_from("dimensionsList", dimensionsList)?;
        let names: Vec<&str> = axes.iter().map(|axis| axis.name()).collect();
        adapted(image, "reinterpret_axes", (names,), |image| adapt::reinterpret_axes(image, &axes))
    }

    /// One channel of an image: of its CHANNEL axis, else of its vectors.
    #[staticmethod]
    #[pyo3(signature = (view, idxChannel))]
    #[allow(non_snake_case)] // the original's keyword
    fn extract_channel(view: &Bound<'_, ImageView>, idxChannel: Ordinal) -> PyResult<ImageView> {
        let Ordinal(channel) = idxChannel;
        adapted(view, "extract_channel", (channel,), |view| adapt::extract_channel(view, channel))
    }

    /// The CHANNEL axis as the components of vector samples.
    #[staticmethod]
    fn assemble_channels(image: &Bound<'_, ImageView>) -> PyResult<ImageView> {
        adapted(image, "assemble_channels", (), adapt::assemble_channels)
    }

    /// The components of vector samples as a CHANNEL axis.
    #[staticmethod]
    fn disassemble_channels(image: &Bound<'_, ImageView>) -> PyResult<ImageView> {
        adapted(image, "disassemble_channels", (), adapt::disassemble_channels)
    }

    /// Images of one channel each as the components of vector samples.
    #[staticmethod]
    #[pyo3(signature = (*images))]
    fn interlace(images: &Bound<'_, PyTuple>) -> PyResult<ImageView> {
        let given = match images.len() {
            1 if images.get_item(0)?.cast::<ImageView>().is_err() => images.get_item(0)?,
            _ => images.clone().into_any(),
        };
        wrapped(adapt::interlace(&images_of(&given)?))
    }

    /// The samples as another type, mapped from the usual range of the one onto that of the other. Lazy.
    ///
    /// Whole numbers are rounded half to even and kept within the type; NaN becomes 0. One such adapter over the other is a
    /// single linear map: what the inner one would have kept within its type is there again. `copy_in_memory` between them
    /// makes it final.
    #[staticmethod]
    #[pyo3(signature = (view, r#type))]
    fn adapt_data_type(view: &Bound<'_, ImageView>, r#type: &Bound<'_, PyAny>) -> PyResult<ImageView> {
        let data_type = data_type_from(r#type)?;
        let arguments = (DataType(data_type),);
        adapted(view, "adapt_data_type", arguments, |view| adapt::adapt_data_type(view, data_type))
    }

    /// The samples as another type, mapped from `inputRange` onto `outputRange`, pairs (low, high). Lazy; rounding and chains
    /// as in `adapt_data_type`.
    #[staticmethod]
    #[pyo3(signature = (view, r#type, inputRange, outputRange))]
    #[allow(non_snake_case)] // the original's keywords
    fn adapt_dynamic_range(
        view: &Bound<'_, ImageView>,
        r#type: &Bound<'_, PyAny>,
        inputRange: &Bound<'_, PyAny>,
        outputRange: &Bound<'_, PyAny>,
    ) -> PyResult<ImageView> {
        let (input, output) = (pair_from("inputRange", inputRange)?, pair_from("outputRange", outputRange)?);
        let data_type = data_type_from(r#type)?;
        adapted(view, "adapt_dynamic_range", (DataType(data_type), input, output), |view| {
            adapt::adapt_dynamic_range(view, data_type, input, output)
        })
    }

    /// The image itself: every view here may be used from several threads; those of plugins that may not are
    /// serialised by the host.
    #[staticmethod]
    fn make_thread_safe<'py>(image: &Bound<'py, ImageView>) -> PyResult<Bound<'py, ImageView>> {
        view_of(image).map(|_| image.clone())
    }

    /// The same image with no other capabilities than these.
    #[staticmethod]
    fn restrict_capabilities(image: &Bound<'_, ImageView>, capabilities: Count) -> PyResult<ImageView> {
        let Count(bits) = capabilities;
        let kept = ImageCapability::from_bits(bits);
        adapted(image, "restrict_capabilities", (bits,), |image| adapt::restrict_capabilities(image, kept))
    }
}

/// Images given as a sequence.
fn images_of(images: &Bound<'_, PyAny>) -> PyResult<Vec<Arc<dyn Image>>> {
    let all = |items: Bound<'_, PyIterator>| {
        items.map(|item| view_of(item?.cast::<ImageView>().map_err(PyErr::from)?)).collect()
    };
    images.try_iter().and_then(all).naming(images.py(), "images")
}

/// Makes sets of images. Every method is static.
#[pyclass(frozen, module = "iolink", name = "MultiImageViewFactory")]
pub struct MultiImageViewFactory;

#[pymethods]
impl MultiImageViewFactory {
    /// An empty set in memory, or one of the images given.
    #[staticmethod]
    #[pyo3(signature = (images = None))]
    fn allocate(images: Option<&Bound<'_, PyAny>>) -> PyResult<MultiImageView> {
        let set = registry().create(CreateView::MultiImage.in_memory()).or_raise()?.into_multi_image().or_raise()?;
        for image in images.map(images_of).transpose()?.unwrap_or_default() {
            let end = set.frame_count().or_raise()?;
            set.insert(end, View::Image(image), None).or_raise()?;
        }
        Ok(MultiImageView::new(set))
    }
}

macro_rules! providers {
    ($($provider:ident, $class:ident, $is:ident, $to:ident, $word:literal;)*) => {$(
        #[doc = concat!("Tells whether a view is a ", $word, ", and casts it.")]
        #[pyclass(frozen, module = "iolink")]
        pub struct $provider;

        #[pymethods]
        impl $provider {
            #[staticmethod]
            fn $is(view: &Bound<'_, PyAny>) -> bool {
                view.cast::<$class>().is_ok()
            }

            #[staticmethod]
            fn $to<'py>(view: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
                match view.cast::<$class>() {
                    Ok(_) => Ok(view.clone()),
                    Err(_) => Err(crate::errors::raise(Error::new(
                        ErrorKind::Type,
                        format!("the view is a {}, not a {}", view.get_type().name()?, $word),
                    ))),
                }
            }
        }
    )*};
}

use crate::frame::DataFrameView;
use crate::multi::LodImageView;

providers! {
    ImageViewProvider, ImageView, is_image, to_image, "ImageView";
    MultiImageViewProvider, MultiImageView, is_multi_image, to_multi_image, "MultiImageView";
    LodImageViewProvider, LodImageView, is_lod_image, to_lod_image, "LodImageView";
    DataFrameViewProvider, DataFrameView, is_data_frame, to_data_frame, "DataFrameView";
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<ImageViewFactory>()?;
    module.add_class::<MultiImageViewFactory>()?;
    module.add_class::<ImageViewProvider>()?;
    module.add_class::<MultiImageViewProvider>()?;
    module.add_class::<LodImageViewProvider>()?;
    module.add_class::<DataFrameViewProvider>()
}
