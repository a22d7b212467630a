//! `MultiImageView` and `LodImageView`.

use crate::axes::member;
use crate::errors::OrRaise;
use crate::held::Held;
use crate::image::ImageView;
use crate::vector::{Count, Ordinal, Place, Vector2i64};
use iolink_sdk::{Kind, LodImageView as Lod, MultiImageView as Multi, View};
use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
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
        (0..self.view.frame_count()).map(|index| self.view.frame(index).or_raise()).collect()
    }
}

#[pymethods]
impl MultiImageView {
    fn frame_count(&self) -> u64 {
        self.view.frame_count()
    }

    fn capabilities<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        member(py, "MultiImageCapability", self.view.capabilities().value())
    }

    fn support(&self, flags: Count) -> bool {
        self.view.capabilities().value() & flags.0 == flags.0
    }

    /// Frame number `index`, counted from 0.
    fn frame(&self, index: Ordinal) -> PyResult<ImageView> {
        self.view.frame(index.0).or_raise().map(ImageView::new)
    }

    /// Puts a frame behind the last one.
    fn add_frame(&self, frame: &Bound<'_, ImageView>) -> PyResult<()> {
        self.view.insert(self.view.frame_count(), frame.get().open()?).or_raise()
    }

    /// Replaces a frame.
    fn set_frame(&self, index: Ordinal, frame: &Bound<'_, ImageView>) -> PyResult<()> {
        self.view.replace(index.0, frame.get().open()?).or_raise()
    }

    /// Takes a frame out.
    fn remove_frame(&self, index: Ordinal) -> PyResult<()> {
        self.view.remove(index.0).or_raise()
    }

    fn __len__(&self) -> usize {
        self.view.frame_count() as usize
    }

    fn __getitem__(&self, index: Place) -> PyResult<ImageView> {
        let count = self.view.frame_count();
        match index.among(count) {
            Some(at) => self.frame(Ordinal(at)),
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
        format!("MultiImageView({} frames)", self.view.frame_count())
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

    /// One level.
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
