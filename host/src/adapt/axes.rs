//! Adapters that say what the axes are.

use super::stack::interpretation_of;
use super::{from_image_view, mapped, Image};
use iolink_sdk::{fail, AxesInterpretation, Axis, IndexMap, Result};

/// The same samples in the same order, with the axes named by another interpretation; UNKNOWN takes their names away.
/// Spacing, origin, unit and coordinates stay with their axis, directions with their name. A channel table that does not fit the
/// new CHANNEL axis goes.
///
/// # Errors
/// `InvalidArgument` where the interpretation names fewer axes than the image has.
pub fn reinterpret(image: &Image, interpretation: AxesInterpretation) -> Result<Image> {
    let count = image.shape().len();
    let mut properties = image.properties().fitted(count)?;
    for (axis, name) in properties.axes.iter_mut().zip(interpretation.axes_for(count)?) {
        axis.axis = name;
    }
    properties.axes_interpretation = interpretation;
    properties.drop_other_sizes(&image.shape(), image.data_type());
    from_image_view(image, Some(properties), None)
}

/// Says what each axis is, in the order in which the image has them now; the result has them in canonical order: COLUMN
/// first. Nothing is copied. Spacing, origin and unit stay with their axis, directions with their name.
///
/// # Errors
/// `InvalidArgument` for another number of names than axes, or a name that stands twice.
pub fn reinterpret_axes(image: &Image, axes: &[Axis]) -> Result<Image> {
    let count = image.shape().len();
    if axes.len() != count {
        fail!(InvalidArgument, "{} axes are named, the image has {count}: name each of them", axes.len());
    }
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|place| axes[*place]);
    if let Some(pair) = order.windows(2).find(|pair| axes[pair[0]] == axes[pair[1]]) {
        fail!(InvalidArgument, "the axis {} is named twice", axes[pair[0]].name());
    }
    let mut properties = image.properties().fitted(count)?;
    for (axis, name) in properties.axes.iter_mut().zip(axes) {
        axis.axis = Some(*name);
    }
    properties.axes_interpretation = interpretation_of(&properties);
    properties.drop_other_sizes(&image.shape(), image.data_type());
    let named = from_image_view(image, Some(properties), None)?;
    mapped(&named, &IndexMap::identity(&image.shape()).permute(&order)?)
}
