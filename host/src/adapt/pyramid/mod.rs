//! A pyramid over any image: coarser levels, computed when they are read and kept up to a limit.
//!
//! Level 0 is the image itself. Each further level halves the axes of space: COLUMN, ROW, SLICE and axes without a name,
//! never CHANNEL and SEQUENCE. Sizes are rounded up; a cell at the far border stands for the samples that are there. Spacing
//! doubles, and the origin moves to the middle of the first cell. A level is computed tile by tile from the level below it.
//! What was computed is kept: samples that are written into the image afterwards are seen where nothing was kept yet.

mod cache;
mod level;
mod reduce;
#[cfg(test)]
mod tests;

use super::{sub_sample, Image};
use cache::Cache;
use iolink_sdk::{
    fail, unit_ratio, Axis, ImageProperties, ImageView, Interpretation, LodImageView, MetadataNode, Result, Shape,
};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// How the samples of a cell become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reduction {
    /// Their mean, rounded half to even. Numbers, by component.
    Mean,
    /// The smallest; NaN where one is. Real numbers, by component.
    Min,
    /// The largest; NaN where one is. Real numbers, by component.
    Max,
    /// The most frequent whole sample, of several the one that comes first. For labels.
    Mode,
    /// The first sample: a lazy sub-sampling, that shares memory where the image does.
    Nearest,
}

impl Reduction {
    /// Every reduction with its name.
    pub const NAMED: [(&'static str, Reduction); 5] = [
        ("mean", Reduction::Mean),
        ("min", Reduction::Min),
        ("max", Reduction::Max),
        ("mode", Reduction::Mode),
        ("nearest", Reduction::Nearest),
    ];

    /// What suits an image: the mode for labels, masks and what is no number, else the mean.
    pub fn suiting(image: &Image) -> Reduction {
        let data_type = image.data_type();
        match data_type.interpretation() {
            Interpretation::Numeric | Interpretation::Complex if data_type.is_numeric() => Reduction::Mean,
            _ => Reduction::Mode,
        }
    }
}

/// How a pyramid is built.
#[derive(Debug, Clone)]
pub struct PyramidPlan {
    /// How samples become one; absent: [`Reduction::suiting`].
    pub reduction: Option<Reduction>,
    /// Levels beyond level 0; absent: until no axis that is halved has more than 64 samples.
    pub levels: Option<usize>,
    /// First halve those axes alone whose spacing is the finest, until the cells are as near to cubes as halving brings
    /// them.
    pub isotropic: bool,
    /// Bytes of computed tiles that are kept, over all levels.
    pub cache_bytes: u64,
}

impl Default for PyramidPlan {
    fn default() -> Self {
        PyramidPlan { reduction: None, levels: None, isotropic: false, cache_bytes: 256 << 20 }
    }
}

/// Samples of the axes that are halved in the last level, unless the caller says how many levels.
const SMALL: u64 = 64;

struct Pyramid {
    levels: Vec<Image>,
}

/// A pyramid over the image. Nothing is read yet.
///
/// # Errors
/// `Type` where samples cannot be reduced that way; `InvalidArgument` for more levels than an image can have, or an isotropic
/// pyramid over axes of different units.
pub fn pyramid(image: &Image, plan: &PyramidPlan) -> Result<Arc<dyn LodImageView>> {
    let reduction = plan.reduction.unwrap_or_else(|| Reduction::suiting(image));
    reduce::check(reduction, image.data_type())?;
    let cache = Arc::new(Cache::new(plan.cache_bytes));
    let mut levels = vec![image.clone()];
    let mut steps = Shape::filled(image.shape().len(), 1);
    while plan.levels.is_none_or(|count| levels.len() <= count) {
        let below = &levels[levels.len() - 1];
        let (shape, properties) = (below.shape(), below.properties().fitted(below.shape().len())?);
        let halved = halved(&shape, &properties, plan.isotropic)?;
        let large = halved.iter().any(|axis| shape[*axis] > SMALL);
        if halved.is_empty() || (plan.levels.is_none() && !large) {
            match plan.levels {
                Some(count) => fail!(
                    InvalidArgument,
                    "an image of shape {} has at most {} coarser levels, not {count}",
                    image.shape(),
                    levels.len() - 1
                ),
                None => break,
            }
        }
        let next = match reduction {
            Reduction::Nearest => {
                halved.iter().for_each(|axis| steps[*axis] *= 2);
                sub_sample(image, &steps)?
            }
            _ => level::over(below, &halved, reduction, (levels.len() as u64, &cache))?,
        };
        levels.push(next);
    }
    Ok(Arc::new(Pyramid { levels }))
}

/// The axes that the next level halves.
fn halved(shape: &Shape, properties: &ImageProperties, isotropic: bool) -> Result<Vec<usize>> {
    let of_space = |axis: &usize| !matches!(properties.axes[*axis].axis, Some(Axis::Channel | Axis::Sequence));
    let can: Vec<usize> = (0..shape.len()).filter(of_space).filter(|axis| shape[*axis] > 1).collect();
    if !isotropic {
        return Ok(can);
    }
    let mut spacings = Vec::with_capacity(can.len());
    for axis in &can {
        let (own, first) = (&properties.axes[*axis], &properties.axes[can[0]]);
        match unit_ratio(&own.unit, &first.unit) {
            Some(factor) => spacings.push(own.spacing.abs() * factor),
            None => fail!(
                InvalidArgument,
                "an isotropic pyramid needs units of length; axis {} is in {:?}, axis {axis} in {:?}",
                can[0],
                first.unit,
                own.unit
            ),
        }
    }
    let coarsest = spacings.iter().copied().fold(0.0, f64::max);
    // Halving brings an axis nearer to the coarsest one while it is finer by more than the square root of two.
    let fine = |spacing: f64| spacing * std::f64::consts::SQRT_2 < coarsest;
    let finer: Vec<usize> = can.iter().zip(&spacings).filter(|(_, own)| fine(**own)).map(|(axis, _)| *axis).collect();
    Ok(if finer.is_empty() { can } else { finer })
}

impl LodImageView for Pyramid {
    fn level_range(&self) -> RangeInclusive<i64> {
        0..=self.levels.len() as i64 - 1
    }

    fn resolution(&self, level: i64) -> Result<Arc<dyn ImageView>> {
        match usize::try_from(level).ok().and_then(|at| self.levels.get(at)) {
            Some(image) => Ok(image.clone()),
            None => fail!(OutOfRange, "level {level} is not one of 0 to {}", self.levels.len() - 1),
        }
    }

    fn metadata(&self) -> Arc<MetadataNode> {
        self.levels[0].metadata()
    }

    fn origin(&self) -> Option<String> {
        self.levels[0].origin()
    }
}
