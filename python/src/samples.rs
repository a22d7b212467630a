//! Single samples of an image, and the memory they lie in.

use crate::errors::{raise, OrRaise};
use crate::image::ImageView;
use crate::indexer::Indexer;
use crate::lent::{array, Order, Shown};
use crate::region::RegionXu64;
use crate::value::{from_python, numpy_sample};
use crate::vector::position_from;
use iolink_sdk::view::{read_sample, write_sample};
use iolink_sdk::{DataType, Error, ImageCapability, ImageView as Image, Memory, Region, Shape, Strides, Value};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyMemoryView};

/// What is written for one sample: numbers, or the bytes of it.
fn sample_from(given: &Bound<'_, PyAny>, data_type: DataType) -> PyResult<Value> {
    if given.is_instance_of::<PyByteArray>() || given.is_instance_of::<PyMemoryView>() {
        let bytes = given.py().get_type::<PyBytes>().call1((given,))?;
        return from_python(&bytes, Some(data_type));
    }
    from_python(given, Some(data_type))
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
        let (view, index) = (self.open()?, position_from("index", index)?);
        if let Some(dst) = dst {
            let one = Region::new(&index, &vec![1; index.len()]).or_raise()?;
            return self.read_region(py, Bound::new(py, RegionXu64(one))?.as_any(), Some(dst), None);
        }
        numpy_sample(py, &unhurried(py, &*view, || read_sample(&*view, &index))?)
    }

    /// Writes the sample at an index in canonical order: a number, as many numbers as a vector sample has components, or
    /// the bytes of one sample in native order.
    ///
    /// Raises IndexError for an index outside; ValueError for one of another dimension, another count of components or
    /// bytes, or a number that the type cannot hold; TypeError for what is no number; CapabilityError without WRITE. Then
    /// nothing is written.
    fn write(&self, index: &Bound<'_, PyAny>, src: &Bound<'_, PyAny>) -> PyResult<()> {
        let (view, index) = (self.open()?, position_from("index", index)?);
        let sample = sample_from(src, view.data_type())?;
        unhurried(src.py(), &*view, || write_sample(&*view, &index, &sample))
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

/// What is asked of an image for one sample: without the GIL where it may take its time.
fn unhurried<T: Send>(
    py: Python<'_>,
    view: &dyn Image,
    ask: impl FnOnce() -> iolink_sdk::Result<T> + Send,
) -> PyResult<T> {
    match view.capabilities().has(ImageCapability::MEMORY_ACCESS) {
        true => ask().or_raise(),
        false => py.detach(ask).or_raise(),
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
    let mut bytes = Memory {
        data_type: DataType::UINT8,
        shape: Shape::filled(1, layout.byte_count()),
        strides: Strides::filled(1, 1),
        ..memory
    };
    let shown: Order = [Shown::axis(0)].into_iter().collect();
    PyMemoryView::from(&array(image.py(), &mut bytes, &shown, writable, Some(image.clone().unbind()))?)
}
