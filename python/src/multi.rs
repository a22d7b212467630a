//! `MultiImageView` and `LodImageView`.

use crate::axes::member;
use crate::errors::OrRaise;
use crate::held::Held;
use crate::image::ImageView;
use crate::metadata::MetadataNode;
use crate::vector::{Count, Ordinal, Place, Vector2i64};
use iolink_sdk::{Kind, LodImageView as Lod, MultiImageView as Multi, View};
use pyo3::exceptions::{PyIndexError, PyKeyError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::PyString;
use std::sync::Arc;

/// Images in order, which need not be alike.
#[pyclass(frozen, weakref, sequence, module = "iolink", name = "MultiImageView")]
pub struct MultiImageView {
    view: Held<Arc<dyn Multi>>,
    lent: crate::pointer::LentAddress,
}

impl MultiImageView {
    pub fn new(view: Arc<dyn Multi>) -> Self {
        MultiImageView { view: view.into(), lent: Default::default() }
    }

    pub fn view(&self) -> &Arc<dyn Multi> {
        &self.view
    }

    /// Every frame.
    pub fn frames(&self) -> PyResult<Vec<Arc<dyn iolink_sdk::ImageView>>> {
        let image = |index| self.view.frame(index).and_then(View::into_image).or_raise();
        (0..self.view.frame_count().or_raise()?).map(image).collect()
    }
}

#[pymethods]
impl MultiImageView {
    fn frame_count(&self) -> PyResult<u64> {
        self.view.frame_count().or_raise()
    }

    fn capabilities<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        member(py, "MultiImageCapability", self.view.capabilities().value())
    }

    fn support(&self, flags: Count) -> bool {
        self.view.capabilities().value() & flags.0 == flags.0
    }

    /// Returns frame number `index`, counted from 0: an image, a pyramid or a set. Raises IndexError for no such frame.
    fn frame<'py>(&self, py: Python<'py>, index: Ordinal) -> PyResult<Bound<'py, PyAny>> {
        frame_object(py, self.view.frame(index.0).or_raise()?)
    }

    /// Returns the names of the frames in order; None for a frame without a name.
    fn names(&self) -> PyResult<Vec<Option<String>>> {
        (0..self.view.frame_count().or_raise()?).map(|index| self.view.frame_name(index).or_raise()).collect()
    }

    /// Adds a frame behind the last one, with or without a name.
    #[pyo3(signature = (frame, name = None))]
    fn add_frame(&self, frame: &Bound<'_, PyAny>, name: Option<&str>) -> PyResult<()> {
        self.view.insert(self.view.frame_count().or_raise()?, frame_view(frame)?, name).or_raise()
    }

    /// Replaces a frame, and keeps its name.
    fn set_frame(&self, index: Ordinal, frame: &Bound<'_, PyAny>) -> PyResult<()> {
        self.view.replace(index.0, frame_view(frame)?).or_raise()
    }

    /// Returns the metadata tree of the set.
    fn metadata(&self) -> MetadataNode {
        MetadataNode::of_view(self.view.metadata())
    }

    /// Removes a frame.
    fn remove_frame(&self, index: Ordinal) -> PyResult<()> {
        self.view.remove(index.0).or_raise()
    }

    fn __len__(&self) -> PyResult<usize> {
        Ok(self.view.frame_count().or_raise()? as usize)
    }

    /// Returns a frame by its number, negative ones counted from the end, or by its name.
    fn __getitem__<'py>(&self, py: Python<'py>, index: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let count = self.view.frame_count().or_raise()?;
        if let Ok(name) = index.cast::<PyString>() {
            let (name, names) = (name.to_cow()?, self.names()?);
            return match names.iter().position(|known| known.as_deref() == Some(&*name)) {
                Some(at) => self.frame(py, Ordinal(at as u64)),
                None => {
                    let known: Vec<String> = names.into_iter().flatten().take(20).collect();
                    let known = if known.is_empty() { "none has a name".to_owned() } else { known.join(", ") };
                    Err(PyKeyError::new_err(format!("there is no frame {name:?}; the names are: {known}")))
                }
            };
        }
        let index: Place = index.extract()?;
        match index.among(count) {
            Some(at) => self.frame(py, Ordinal(at)),
            None => Err(PyIndexError::new_err(format!("there is no frame {}; there are {count}", index.0))),
        }
    }

    /// As `ImageView.create_from_pointer`.
    #[staticmethod]
    fn create_from_pointer(pointer: &Bound<'_, PyAny>) -> PyResult<Self> {
        let view = crate::pointer::view_from_address(pointer, Kind::MultiImage)?;
        view.into_multi_image().or_raise().map(MultiImageView::new)
    }

    /// As `ImageView.to_pointer`.
    fn to_pointer(&self) -> PyResult<usize> {
        self.lent.address(|| Ok(View::MultiImage(self.view.clone())))
    }

    fn __iolink_view__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        crate::capsule::of_view(py, View::MultiImage(self.view.clone()))
    }

    #[pyo3(name = "to_string")]
    fn as_text(&self) -> String {
        self.__repr__()
    }

    fn __repr__(&self) -> String {
        match self.view.frame_count() {
            Ok(count) => format!("MultiImageView({count} frames)"),
            Err(_) => "MultiImageView(unknown number of frames)".to_owned(),
        }
    }
}

/// A frame as a Python object.
fn frame_object(py: Python<'_>, frame: View) -> PyResult<Bound<'_, PyAny>> {
    Ok(match frame {
        View::Image(image) => Bound::new(py, ImageView::new(image))?.into_any(),
        View::LodImage(pyramid) => Bound::new(py, LodImageView::new(pyramid))?.into_any(),
        View::MultiImage(set) => Bound::new(py, MultiImageView::new(set))?.into_any(),
        other => return Err(PyTypeError::new_err(format!("a frame of kind {} is not known", other.kind().word()))),
    })
}

/// The view that a Python object given as a frame is.
fn frame_view(frame: &Bound<'_, PyAny>) -> PyResult<View> {
    if let Ok(image) = frame.cast::<ImageView>() {
        return Ok(View::Image(image.get().open()?));
    }
    if let Ok(pyramid) = frame.cast::<LodImageView>() {
        return Ok(View::LodImage(pyramid.get().view().clone()));
    }
    match frame.cast::<MultiImageView>() {
        Ok(set) => Ok(View::MultiImage(set.get().view().clone())),
        Err(_) => Err(PyTypeError::new_err(format!(
            "frame: expected an ImageView, LodImageView or MultiImageView, not {}",
            frame.get_type().name()?
        ))),
    }
}

/// One image at several resolutions. Level 0 is the original; positive levels are coarser.
#[pyclass(frozen, weakref, module = "iolink", name = "LodImageView")]
pub struct LodImageView {
    view: Held<Arc<dyn Lod>>,
}

impl LodImageView {
    pub fn new(view: Arc<dyn Lod>) -> Self {
        LodImageView { view: view.into() }
    }

    pub fn view(&self) -> &Arc<dyn Lod> {
        &self.view
    }
}

#[pymethods]
impl LodImageView {
    /// Finest and coarsest level; level 0 is the original.
    fn level_range(&self) -> Vector2i64 {
        let range = self.view.level_range();
        Vector2i64::from_values(vec![*range.start(), *range.end()])
    }

    /// Returns the metadata tree of the pyramid.
    fn metadata(&self) -> MetadataNode {
        MetadataNode::of_view(self.view.metadata())
    }

    /// Returns one level as an image.
    fn resolution(&self, level: Place) -> PyResult<ImageView> {
        self.view.resolution(level.0).or_raise().map(ImageView::new)
    }

    fn __iolink_view__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        crate::capsule::of_view(py, View::LodImage(self.view.clone()))
    }

    #[pyo3(name = "to_string")]
    fn as_text(&self) -> String {
        self.__repr__()
    }

    fn __repr__(&self) -> String {
        let range = self.view.level_range();
        format!("LodImageView(levels {} to {})", range.start(), range.end())
    }
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<MultiImageView>()?;
    module.add_class::<LodImageView>()
}
