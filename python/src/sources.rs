//! `ImageViewFactory`: images over buffers and bytes, of one value, and on disk.

use crate::buffer::Lent;
use crate::dtype::data_type_from;
use crate::errors::OrRaise;
use crate::factory::ImageViewFactory;
use crate::image::{with_progress, ImageView};
use crate::interop::adopted;
use crate::metadata::MetadataNode;
use crate::properties::ImageProperties;
use crate::stream::{path_from, random_access_of};
use crate::value::sample_bytes;
use crate::vector::{shape_from, Count};
use iolink_host::adapt::{self, Image, RawLayout};
use iolink_plugin_memory::MemoryImage;
use iolink_sdk::{ByteOrder, Limits, Memory, Owner, Shape};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString, PyTuple, PyType};
use std::path::PathBuf;
use std::sync::Arc;

type Given<'a, 'py, T> = Option<&'a Bound<'py, T>>;

fn properties_of(given: Given<'_, '_, ImageProperties>) -> Option<iolink_sdk::ImageProperties> {
    given.map(|properties| (*properties.get().value()).clone())
}

/// The image with this metadata, where it is given.
fn described(image: Image, metadata: Given<'_, '_, MetadataNode>) -> PyResult<ImageView> {
    let image = match metadata {
        Some(metadata) => adapt::from_image_view(&image, None, Some((*metadata.get().tree()).clone())).or_raise()?,
        None => image,
    };
    Ok(ImageView::new(image))
}

fn byte_order_from(given: &str) -> PyResult<ByteOrder> {
    match given {
        "native" | "=" => Ok(ByteOrder::NATIVE),
        "little" | "<" => Ok(ByteOrder::Little),
        "big" | ">" => Ok(ByteOrder::Big),
        other => Err(PyValueError::new_err(format!(
            "byte_order: {other:?} is not one of \"native\", \"little\", \"big\" or \"=\", \"<\", \">\""
        ))),
    }
}

/// A folder in front of the other arguments, where there is one.
fn folder_first<'py>(args: &Bound<'py, PyTuple>) -> PyResult<(Option<Bound<'py, PyAny>>, Bound<'py, PyTuple>)> {
    let Ok(first) = args.get_item(0) else { return Ok((None, args.clone())) };
    match first.is_instance_of::<PyString>()
        || first.is_instance_of::<PyBytes>()
        || first.hasattr(intern!(first.py(), "__fspath__"))?
    {
        true => Ok((Some(first), args.get_slice(1, args.len()))),
        false => Ok((None, args.clone())),
    }
}

/// Calls a static method of this class with the folder behind the other arguments.
fn with_folder<'py>(
    class: &Bound<'py, PyType>,
    method: &str,
    args: &Bound<'py, PyTuple>,
    options: Given<'_, 'py, PyDict>,
) -> PyResult<Bound<'py, PyAny>> {
    let (folder, rest) = folder_first(args)?;
    let options = options.map_or_else(|| Ok(PyDict::new(class.py())), |options| options.copy())?;
    if let Some(folder) = folder {
        options.set_item("folder", folder)?;
    }
    class.getattr(method)?.call(rest, Some(&options))
}

fn folder_from(given: Given<'_, '_, PyAny>) -> PyResult<PathBuf> {
    given.map_or_else(|| Ok(std::env::temp_dir()), |given| path_from("folder", given))
}

#[pymethods]
impl ImageViewFactory {
    /// An image over the memory of a buffer, shared and kept: a change on one side shows on the other. A read-only buffer
    /// gives an image without WRITE.
    ///
    /// `shape` is canonical: COLUMN first. A flat buffer holds the samples column fastest and has exactly their bytes; one of
    /// several dimensions has the image's shape in NumPy's order, and any strides. Its items are of the image's type in this
    /// machine's byte order, or plain bytes.
    ///
    /// Raises ValueError for another size or shape, TypeError for another type.
    ///
    /// >>> samples = bytearray(24)
    /// >>> image = ImageViewFactory.from_buffer((6, 4), "UINT8", samples)
    /// >>> samples[7] = 9
    /// >>> int(image.read((1, 1)))
    /// 9
    #[staticmethod]
    #[pyo3(signature = (shape, dtype, buffer, properties = None, metadata = None))]
    fn from_buffer(
        shape: &Bound<'_, PyAny>,
        dtype: &Bound<'_, PyAny>,
        buffer: &Bound<'_, PyAny>,
        properties: Given<'_, '_, ImageProperties>,
        metadata: Given<'_, '_, MetadataNode>,
    ) -> PyResult<ImageView> {
        let (shape, data_type) = (Shape::new(&shape_from("shape", shape)?).or_raise()?, data_type_from(dtype)?);
        let properties = properties_of(properties)
            .unwrap_or_else(|| iolink_sdk::ImageProperties::from_data_type(data_type))
            .fitted(shape.len())
            .or_raise()?;
        Limits::unallocated().image_bytes(&shape, data_type).or_raise()?;
        let (lent, writable) = match Lent::kept("buffer", buffer, true) {
            Ok(lent) => (lent, true),
            Err(refused) if refused.is_instance_of::<PyTypeError>(buffer.py()) => return Err(refused),
            Err(_) => (Lent::kept("buffer", buffer, false)?, false),
        };
        let strides = lent.strides_for(buffer.py(), "buffer", &shape, data_type, &properties)?;
        let memory = Memory {
            data: lent.data(),
            data_type,
            shape,
            strides,
            byte_order: ByteOrder::NATIVE,
            writable,
            owner: Owner::arc(Arc::new(lent)),
        };
        let image = adopted(memory, Some(Arc::new(properties))).or_raise()?;
        if let Some(metadata) = metadata {
            image.set_metadata((*metadata.get().tree()).clone()).or_raise()?;
        }
        Ok(ImageView::new(image))
    }

    /// An image whose samples are plain bytes from `offset` on, densely, column fastest: of a RandomAccess, a StreamAccess, a
    /// bytes-like object or a Python file object. READ, WRITE and MEMORY_ACCESS as the bytes have them; memory is shared.
    /// Regions of a file are read by position, from any number of threads.
    ///
    /// `byte_order` is "native", "little", "big", or "=", "<", ">".
    ///
    /// Raises ValueError where the bytes are too few.
    ///
    /// >>> image = ImageViewFactory.from_random_access(b"....\x00\x01\x00\x02", (2,), "UINT16", 4, "big")
    /// >>> [int(image.read((index,))) for index in range(2)]
    /// [1, 2]
    #[staticmethod]
    #[pyo3(signature = (random_access, shape, dtype, offset = Count(0), byte_order = "native", properties = None, metadata = None))]
    fn from_random_access(
        random_access: &Bound<'_, PyAny>,
        shape: &Bound<'_, PyAny>,
        dtype: &Bound<'_, PyAny>,
        offset: Count,
        byte_order: &str,
        properties: Given<'_, '_, ImageProperties>,
        metadata: Given<'_, '_, MetadataNode>,
    ) -> PyResult<ImageView> {
        let layout = RawLayout {
            shape: Shape::new(&shape_from("shape", shape)?).or_raise()?,
            data_type: data_type_from(dtype)?,
            offset: offset.0,
            byte_order: byte_order_from(byte_order)?,
        };
        let (bytes, _) = random_access_of("random_access", random_access)?;
        let properties = properties_of(properties);
        let image = random_access.py().detach(|| adapt::from_random_access(&bytes, &layout, properties)).or_raise()?;
        described(image, metadata)
    }

    /// An image every sample of which has one value: a number, or one for each component of a vector. It takes the memory of
    /// one sample, and is read-only.
    ///
    /// Raises ValueError for a value that the type does not hold.
    ///
    /// >>> image = ImageViewFactory.uniform((100_000, 100_000), "UINT16", 7)
    /// >>> image.read_region(((5, 5), (2, 2))).tolist()
    /// [[7, 7], [7, 7]]
    #[staticmethod]
    #[pyo3(signature = (shape, r#type, value, properties = None, metadata = None))]
    fn uniform(
        shape: &Bound<'_, PyAny>,
        r#type: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
        properties: Given<'_, '_, ImageProperties>,
        metadata: Given<'_, '_, MetadataNode>,
    ) -> PyResult<ImageView> {
        let (shape, data_type) = (Shape::new(&shape_from("shape", shape)?).or_raise()?, data_type_from(r#type)?);
        let value = sample_bytes("value", value, data_type)?;
        let image = adapt::uniform(&shape, data_type, value.as_bytes(), properties_of(properties)).or_raise()?;
        described(image, metadata)
    }

    /// An image of zeros whose samples lie in a temporary file, mapped into memory:
    /// `create_on_disk([folder,] shape, dtype, properties=None, metadata=None)`. Without a folder the file lies in the system's
    /// folder for such files. It has room for all samples, and is removed when neither the image nor an array that shares
    /// its memory is left.
    ///
    /// Raises OSError where the file cannot be made or the disk is full.
    ///
    /// >>> image = ImageViewFactory.create_on_disk((6, 4), "UINT8")
    /// >>> image.support(ImageCapability.MEMORY_ACCESS)
    /// True
    #[classmethod]
    #[pyo3(signature = (*args, **options))]
    fn create_on_disk<'py>(
        class: &Bound<'py, PyType>,
        args: &Bound<'py, PyTuple>,
        options: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        with_folder(class, "_create_on_disk", args, options)
    }

    #[staticmethod]
    #[pyo3(signature = (shape, dtype, properties = None, metadata = None, *, folder = None))]
    fn _create_on_disk(
        shape: &Bound<'_, PyAny>,
        dtype: &Bound<'_, PyAny>,
        properties: Given<'_, '_, ImageProperties>,
        metadata: Given<'_, '_, MetadataNode>,
        folder: Given<'_, '_, PyAny>,
    ) -> PyResult<ImageView> {
        let py = shape.py();
        let (shape, data_type) = (Shape::new(&shape_from("shape", shape)?).or_raise()?, data_type_from(dtype)?);
        let (folder, properties) = (folder_from(folder)?, properties_of(properties));
        let image = py.detach(|| MemoryImage::on_disk(&folder, &shape, data_type, properties)).or_raise()?;
        let image: Image = Arc::new(image);
        if let Some(metadata) = metadata {
            image.set_metadata((*metadata.get().tree()).clone()).or_raise()?;
        }
        Ok(ImageView::new(image))
    }

    /// A copy of an image in a temporary file: `copy_on_disk([folder,] image, *, progress=None)`, as `create_on_disk` and
    /// `copy_in_memory`.
    ///
    /// >>> image = ImageViewFactory.uniform((6, 4), "UINT8", 3)
    /// >>> int(ImageViewFactory.copy_on_disk(image).read((5, 3)))
    /// 3
    #[classmethod]
    #[pyo3(signature = (*args, **options))]
    fn copy_on_disk<'py>(
        class: &Bound<'py, PyType>,
        args: &Bound<'py, PyTuple>,
        options: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        with_folder(class, "_copy_on_disk", args, options)
    }

    #[staticmethod]
    #[pyo3(signature = (image, *, folder = None, progress = None))]
    fn _copy_on_disk(
        image: &Bound<'_, ImageView>,
        folder: Given<'_, '_, PyAny>,
        progress: Given<'_, '_, PyAny>,
    ) -> PyResult<ImageView> {
        let (source, folder) = (image.get().open()?, folder_from(folder)?);
        let copy = with_progress(progress, |call| {
            image.py().detach(|| {
                let create = |shape: &Shape, data_type, properties| {
                    MemoryImage::on_disk(&folder, shape, data_type, Some(properties)).map(iolink_sdk::View::image)
                };
                adapt::copy_in_memory(&source, &create, call)
            })
        })?;
        Ok(ImageView::new(copy))
    }
}
