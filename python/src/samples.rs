//! Single samples of an image, and the memory they lie in.

use crate::errors::{raise, OrRaise};
use crate::image::ImageView;
use crate::indexer::Indexer;
use crate::lent::{array, Order, Shown};
use crate::region::RegionXu64;
use crate::value::sample_bytes;
use crate::vector::shape_from;
use iolink_sdk::{Block, BlockMut, Call, DataType, Error, ErrorKind, Memory, Region, Shape, Strides};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyMemoryView};

/// The region of the one sample at an index.
fn one_sample(index: &Bound<'_, PyAny>) -> PyResult<Region> {
    let index = shape_from("index", index)?;
    Region::new(&index, &vec![1; index.len()]).or_raise()
}

/// The bytes of a sample, where they are given instead of numbers.
fn raw_bytes<'py>(given: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyBytes>>> {
    if let Ok(bytes) = given.cast::<PyBytes>() {
        return Ok(Some(bytes.clone()));
    }
    if given.is_instance_of::<PyByteArray>() || given.is_instance_of::<PyMemoryView>() {
        let bytes = given.py().get_type::<PyBytes>().call1((given,))?;
        return Ok(Some(bytes.cast_into()?));
    }
    Ok(None)
}

#[pymethods]
impl ImageView {
    /// The sample at an index in canonical order, COLUMN first: as NumPy has it, or in `dst`, which is then returned.
    ///
    /// Raises IndexError for an index outside, ValueError for one of another dimension; `dst` is that of `read_region`.
    ///
    /// >>> image = ImageViewFactory.allocate((6, 4), "VEC3_UINT8")
    /// >>> image.write((5, 0), (1, 2, 3))
    /// >>> image.read((5, 0)).tolist(), bytes(image.read((5, 0), bytearray(3)))
    /// ([1, 2, 3], b'\x01\x02\x03')
    #[pyo3(signature = (index, dst = None))]
    fn read<'py>(
        &self,
        py: Python<'py>,
        index: &Bound<'py, PyAny>,
        dst: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (view, one) = (self.open()?, one_sample(index)?);
        if let Some(dst) = dst {
            return self.read_region(py, Bound::new(py, RegionXu64(one))?.as_any(), Some(dst), None);
        }
        let data_type = view.data_type();
        one.check_inside(&view.shape()).or_raise()?;
        let code = crate::dtype::numpy_code(data_type).ok_or_else(|| {
            raise(Error::new(ErrorKind::Type, format!("samples of type {data_type} have no NumPy dtype")))
        })?;
        let bytes = PyBytes::new_with(py, data_type.byte_count(), |bytes| {
            // SAFETY: the bytes hold the one sample.
            let mut block = unsafe {
                BlockMut::from_raw(bytes.as_mut_ptr(), one.size, Strides::filled(one.size.len(), 0), data_type)
            };
            view.read_region(&one, &mut block, &Call::silent()).or_raise()
        })?;
        let numbers = py.import("numpy")?.getattr("frombuffer")?.call1((bytes, code))?;
        match data_type.vector_length() {
            Some(_) => numbers.call_method0("copy"),
            None => numbers.get_item(0),
        }
    }

    /// Writes the sample at an index in canonical order: a number, as many numbers as a vector sample has components, or
    /// the bytes of one sample in native order.
    ///
    /// Raises IndexError for an index outside; ValueError for one of another dimension, another count of components or
    /// bytes, or a number that the type cannot hold; TypeError for what is no number; CapabilityError without WRITE. Then
    /// nothing is written.
    fn write(&self, index: &Bound<'_, PyAny>, src: &Bound<'_, PyAny>) -> PyResult<()> {
        let (view, one) = (self.open()?, one_sample(index)?);
        let data_type = view.data_type();
        one.check_inside(&view.shape()).or_raise()?;
        let bytes = match raw_bytes(src)? {
            Some(bytes) => bytes,
            None => sample_bytes("src", src, data_type)?,
        };
        let (given, needed) = (bytes.as_bytes().len(), data_type.byte_count());
        if given != needed {
            return Err(PyValueError::new_err(format!(
                "src: one sample of type {data_type} has {needed} bytes; {given} were given"
            )));
        }
        // SAFETY: the bytes hold the one sample, and are only read.
        let block = unsafe {
            let strides = Strides::filled(one.size.len(), 0);
            Block::from_raw(bytes.as_bytes().as_ptr() as *mut u8, one.size, strides, data_type)
        };
        view.write_region(&one, &block, &Call::silent()).or_raise()
    }

    /// How the samples lie in memory. CapabilityError without MEMORY_ACCESS.
    ///
    /// >>> ImageViewFactory.allocate((6, 4), "UINT16").indexer()
    /// Indexer((6, 4), UINT16, byte_strides=(2, 12))
    fn indexer(&self) -> PyResult<Indexer> {
        self.open()?.memory().and_then(|memory| memory.indexer()).or_raise().map(Indexer)
    }

    /// The image's own memory, to be read and written: flat bytes in the order that `indexer()` tells, without a copy.
    ///
    /// Raises CapabilityError without MEMORY_ACCESS or WRITE, ValueError where the samples do not fill one block without
    /// gaps (`np.asarray(image)` shares those too).
    ///
    /// >>> image = ImageViewFactory.allocate((2, 2), "UINT8")
    /// >>> image.buffer()[image.indexer().byte_offset((1, 0))] = 7
    /// >>> int(image.read((1, 0)))
    /// 7
    fn buffer<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyMemoryView>> {
        flat_memory(slf, true)
    }

    /// The image's own memory, to be read only; the rest is that of `buffer`.
    fn buffer_read_only<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyMemoryView>> {
        flat_memory(slf, false)
    }
}

/// The memory of an image as bytes. While they are used the image counts them as lent.
fn flat_memory<'py>(image: &Bound<'py, ImageView>, writable: bool) -> PyResult<Bound<'py, PyMemoryView>> {
    let memory = image.get().open()?.memory().or_raise()?;
    let layout = memory.indexer().or_raise()?;
    if writable && !memory.writable {
        return Err(raise(Error::capability(
            "the image",
            "WRITE",
            "its memory is read-only: use buffer_read_only(), or copy the image to change it",
        )));
    }
    if !layout.is_continuous() {
        return Err(PyValueError::new_err(format!(
            "samples of shape {} with byte strides {} do not fill one block; share them by np.asarray(image), or copy the \
             image first (ImageViewFactory.copy_in_memory)",
            layout.shape(),
            layout.byte_strides()
        )));
    }
    let bytes = Memory {
        data_type: DataType::UINT8,
        shape: Shape::filled(1, layout.byte_count()),
        strides: Strides::filled(1, 1),
        ..memory
    };
    let shown: Order = [Shown::Axis(0)].into_iter().collect();
    PyMemoryView::from(&array(image.py(), bytes, &shown, writable, Some(image.clone().unbind()))?)
}
