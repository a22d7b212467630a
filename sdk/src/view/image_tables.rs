//! Properties, channels and coordinates of an image across the ABI. In Rust they are one, [`ImageProperties`]; the ABI has
//! a function for each.

use super::image::here;
use super::{guard, read_grown, Call, ForeignView};
use crate::abi::*;
use crate::properties::{channels_from, collect_channels, with_channels, write_channels};
use crate::{fail, Channel, DataType, Error, ErrorKind, ImageProperties, ImageView, Result, Shape, MAX_COORDINATES};
use std::ptr::null;
use std::sync::Arc;

/// Changes a copy of the properties of an image, and gives it back to the image.
fn change(image: &dyn ImageView, change: impl FnOnce(&mut ImageProperties, &Shape) -> Result<()>) -> Result<()> {
    let (shape, mut known) = (image.shape(), (*image.properties()).clone());
    change(&mut known, &shape)?;
    known.check(shape.len())?;
    known.check_sizes(&shape, image.data_type())?;
    image.set_properties(known)
}

pub(super) unsafe extern "C" fn set_properties(
    view: *const iolink_view,
    properties: *const iolink_image_properties,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: see `here`.
    let this = unsafe { here(view) };
    guard(this.provider, error, || {
        // SAFETY: the properties are the caller's.
        let given = unsafe { read_grown(properties)? };
        let shape = this.value.shape();
        let mut given = ImageProperties::from_border(&given)?.settled(shape.len())?;
        // They say nothing of channels and coordinates, which stay.
        let known = this.value.properties();
        given.channels = known.channels.clone();
        for (index, axis) in known.axes.iter().enumerate().filter(|(_, axis)| axis.coordinates.is_some()) {
            if given.axes.len() <= index {
                given.axes.resize(index + 1, Default::default());
            }
            given.axes[index].coordinates = axis.coordinates.clone();
        }
        given.drop_other_sizes(&shape, this.value.data_type());
        // SAFETY: the call is the caller's.
        unsafe { Call::from_border(call, |_| this.value.set_properties(given)) }
    })
}

pub(super) unsafe extern "C" fn channels(
    view: *const iolink_view,
    sink: *const iolink_channel_sink,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: see `here`.
    let this = unsafe { here(view) };
    // SAFETY: sink and call are the caller's.
    guard(this.provider, error, || unsafe {
        Call::from_border(call, |_| write_channels(&this.value.properties().channels, sink))
    })
}

pub(super) unsafe extern "C" fn set_channels(
    view: *const iolink_view,
    channels: *const *const iolink_channel,
    count: u64,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: see `here`.
    let this = unsafe { here(view) };
    // SAFETY: the channels and the call are the caller's.
    guard(this.provider, error, || unsafe {
        let given = channels_from(channels, count)?;
        Call::from_border(call, |_| {
            change(&*this.value, |known, _| {
                known.channels = given;
                Ok(())
            })
        })
    })
}

/// Rejects a number of an axis that the image has not.
fn size_along(shape: &Shape, dimension: u32) -> Result<u64> {
    match shape.get(dimension as usize) {
        Some(size) => Ok(*size),
        None => fail!(OutOfRange, "there is no axis {dimension}; the image has {}, counted from 0", shape.len()),
    }
}

pub(super) unsafe extern "C" fn coordinates(
    view: *const iolink_view,
    dimension: u32,
    out: *mut f64,
    count: u64,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: see `here`.
    let this = unsafe { here(view) };
    let body = || {
        let size = size_along(&this.value.shape(), dimension)?;
        let known = this.value.properties();
        let numbers = match known.axes.get(dimension as usize).and_then(|axis| axis.coordinates.as_ref()) {
            Some(numbers) => numbers,
            None => fail!(NotFound, "the axis {dimension} is even: it has no coordinates"),
        };
        if count != size || numbers.len() as u64 != size || (out.is_null() && count > 0) {
            fail!(InvalidArgument, "there are {} coordinates, and room for {count}", numbers.len());
        }
        // SAFETY: the caller has room for as many numbers.
        unsafe { std::ptr::copy_nonoverlapping(numbers.as_ptr(), out, numbers.len()) };
        Ok(())
    };
    // SAFETY: the call is the caller's.
    guard(this.provider, error, || unsafe { Call::from_border(call, |_| body()) })
}

pub(super) unsafe extern "C" fn set_coordinates(
    view: *const iolink_view,
    dimension: u32,
    coordinates: *const f64,
    count: u64,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: see `here`.
    let this = unsafe { here(view) };
    guard(this.provider, error, || {
        let size = size_along(&this.value.shape(), dimension)?;
        if count > 0 && (count != size || coordinates.is_null()) {
            fail!(InvalidArgument, "{count} coordinates are given for {size} indices of axis {dimension}");
        }
        let given = match count {
            0 => None,
            // SAFETY: the caller has that many numbers.
            _ => Some(unsafe { std::slice::from_raw_parts(coordinates, count as usize) }.into()),
        };
        let set = |known: &mut ImageProperties, shape: &Shape| {
            known.axes.resize(shape.len(), Default::default());
            let axis = &mut known.axes[dimension as usize];
            if given.is_some() {
                axis.spacing = 1.0;
            }
            axis.coordinates = given;
            Ok(())
        };
        // SAFETY: the call is the caller's.
        unsafe { Call::from_border(call, |_| change(&*this.value, set)) }
    })
}

/// Channels, and the coordinates of each axis.
pub(super) struct Tables {
    channels: Vec<Channel>,
    coordinates: Vec<Option<Arc<[f64]>>>,
}

impl Tables {
    /// Returns those of properties.
    pub(super) fn of(known: &ImageProperties) -> Self {
        let coordinates = known.axes.iter().map(|axis| axis.coordinates.clone()).collect();
        Tables { channels: known.channels.clone(), coordinates }
    }

    /// Returns the properties with them.
    pub(super) fn added_to(&self, mut known: ImageProperties) -> ImageProperties {
        known.channels.clone_from(&self.channels);
        for (index, numbers) in self.coordinates.iter().enumerate().filter(|(_, numbers)| numbers.is_some()) {
            if known.axes.len() <= index {
                known.axes.resize(index + 1, Default::default());
            }
            let axis = &mut known.axes[index];
            (axis.spacing, axis.coordinates) = (1.0, numbers.clone());
        }
        known
    }
}

/// The functions of an image made elsewhere.
pub(super) struct ForeignTables<'a> {
    pub(super) foreign: &'a ForeignView,
    pub(super) table: &'a iolink_image_vtable,
}

impl<'a> ForeignTables<'a> {
    /// Adds channels and coordinates to properties.
    ///
    /// # Errors
    /// `InvalidArgument` for what no image can have; what the other side fails with.
    pub(super) fn read(
        &self,
        mut known: ImageProperties,
        shape: &Shape,
        data_type: DataType,
    ) -> Result<ImageProperties> {
        if let Some(channels) = self.table.channels {
            known.channels = collect_channels(known.channel_count(shape, data_type), |sink| {
                // SAFETY: the view and the sink live until this returns.
                self.foreign.call(|raw, error| unsafe { channels(raw, sink, null(), error) })
            })?;
        }
        for index in 0..shape.len() {
            if let Some(numbers) = self.coordinates(index, shape[index])? {
                if known.axes.len() <= index {
                    known.axes.resize(index + 1, Default::default());
                }
                let axis = &mut known.axes[index];
                (axis.spacing, axis.coordinates) = (1.0, Some(numbers.into()));
            }
        }
        known.check(shape.len())?;
        known.check_sizes(shape, data_type)?;
        Ok(known)
    }

    fn coordinates(&self, axis: usize, size: u64) -> Result<Option<Vec<f64>>> {
        let ask = match self.table.coordinates {
            Some(ask) if size > 0 && size <= MAX_COORDINATES => ask,
            _ => return Ok(None),
        };
        let mut numbers = vec![0.0; size as usize];
        // SAFETY: the view lives, and there is room for as many numbers; no error struct is none.
        let status = self
            .foreign
            .with(|raw| unsafe { ask(raw, axis as u32, numbers.as_mut_ptr(), size, null(), std::ptr::null_mut()) });
        match status {
            IOLINK_OK => Ok(Some(numbers)),
            IOLINK_ERROR_NOT_FOUND => Ok(None),
            other => Err(Error::new(
                ErrorKind::from_number(other),
                format!("the coordinates of axis {axis} cannot be read (error {other})"),
            )),
        }
    }

    /// Returns what differs from `current` in channels and coordinates, to be written.
    ///
    /// # Errors
    /// `NotImplemented` if the other side has no function for what differs.
    pub(super) fn changes(
        &self,
        wanted: &ImageProperties,
        current: &ImageProperties,
        shape: &Shape,
    ) -> Result<ForeignWrites<'a>> {
        fn numbers(known: &ImageProperties, axis: usize) -> Option<&[f64]> {
            known.axes.get(axis).and_then(|axis| axis.coordinates.as_deref())
        }
        let channels = wanted.channels != current.channels;
        let axes: Vec<_> = (0..shape.len()).filter(|axis| numbers(wanted, *axis) != numbers(current, *axis)).collect();
        for (differs, present, what) in [
            (channels, self.table.set_channels.is_some(), "channels"),
            (!axes.is_empty(), self.table.set_coordinates.is_some(), "coordinates"),
        ] {
            if differs && !present {
                fail!(
                    NotImplemented,
                    "the {what} of the image cannot be changed in place; describe the same samples anew \
                     (ImageViewFactory.from_image_view)"
                );
            }
        }
        Ok(ForeignWrites { foreign: self.foreign, table: self.table, channels, axes })
    }
}

/// Channels and coordinates that are to be written.
pub(super) struct ForeignWrites<'a> {
    foreign: &'a ForeignView,
    table: &'a iolink_image_vtable,
    channels: bool,
    axes: Vec<usize>,
}

impl ForeignWrites<'_> {
    /// Writes them.
    pub(super) fn write(&self, known: &ImageProperties) -> Result<()> {
        if let (true, Some(set)) = (self.channels, self.table.set_channels) {
            with_channels(&known.channels, |list| {
                // SAFETY: the view and the list live until this returns.
                self.foreign.call(|raw, error| unsafe { set(raw, list.as_ptr(), list.len() as u64, null(), error) })
            })??;
        }
        for index in &self.axes {
            let numbers = known.axes.get(*index).and_then(|axis| axis.coordinates.as_deref()).unwrap_or_default();
            if let Some(set) = self.table.set_coordinates {
                self.foreign.call(|raw, error| {
                    // SAFETY: the view and the numbers live until this returns.
                    unsafe { set(raw, *index as u32, numbers.as_ptr(), numbers.len() as u64, null(), error) }
                })?;
            }
        }
        Ok(())
    }
}
