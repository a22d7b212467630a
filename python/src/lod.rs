//! `LodImageViewFactory`: a pyramid over any image.

use crate::errors::OrRaise;
use crate::image::ImageView;
use crate::multi::LodImageView;
use crate::vector::Count;
use iolink_host::adapt::{pyramid, PyramidPlan, Reduction};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// Makes pyramids. Every method is static.
#[pyclass(frozen, module = "iolink", name = "LodImageViewFactory")]
pub struct LodImageViewFactory;

#[pymethods]
impl LodImageViewFactory {
    /// A pyramid over any image: level 0 is the image itself, and each further level halves the axes of space (COLUMN, ROW,
    /// SLICE and axes without a name; never CHANNEL and SEQUENCE), sizes rounded up.
    ///
    /// Nothing is read here. A level is computed where it is read, tile by tile from the level below, and what was computed is
    /// kept, up to `cache_bytes` over all levels; what is written into the image later is seen where nothing was kept yet.
    /// Spacing doubles from level to level, and the origin moves to the middle of the first cell.
    ///
    /// `method` says how the samples of a cell become one: "mean" (rounded half to even), "min", "max", "mode" (the most
    /// frequent sample, of several the first), or "nearest" (the first sample; lazy, shares memory, the origin stays). Absent:
    /// the mode for labels and masks, else the mean. `levels` is the number of levels beyond level 0; absent: until no axis
    /// that is halved has more than 64 samples. `isotropic=True` first halves those axes alone whose spacing is the finest, until
    /// the cells are as near to cubes as halving brings them.
    ///
    /// Raises TypeError for samples that have no such value, ValueError for more levels than there can be.
    ///
    /// >>> image = ImageViewFactory.allocate((1000, 600), "UINT8")
    /// >>> pyramid = LodImageViewFactory.from_image_view(image, "max")
    /// >>> pyramid.level_range()
    /// Vector2i64(0, 4)
    /// >>> pyramid.resolution(4).shape()
    /// VectorXu64(63, 38)
    #[staticmethod]
    #[pyo3(signature = (image, method = None, *, levels = None, isotropic = false, cache_bytes = Count(1 << 28)))]
    fn from_image_view(
        image: &Bound<'_, ImageView>,
        method: Option<&str>,
        levels: Option<Count>,
        isotropic: bool,
        cache_bytes: Count,
    ) -> PyResult<LodImageView> {
        let known = |wanted: &str| {
            Reduction::NAMED.iter().find(|(name, _)| *name == wanted).map(|(_, reduction)| *reduction).ok_or_else(
                || {
                    let names: Vec<&str> = Reduction::NAMED.iter().map(|(name, _)| *name).collect();
                    PyValueError::new_err(format!("method: {wanted:?} is not one of {}", names.join(", ")))
                },
            )
        };
        let plan = PyramidPlan {
            reduction: method.map(known).transpose()?,
            levels: levels.map(|levels| levels.0 as usize),
            isotropic,
            cache_bytes: cache_bytes.0,
        };
        pyramid(&image.get().open()?, &plan).or_raise().map(LodImageView::new)
    }
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<LodImageViewFactory>()
}
