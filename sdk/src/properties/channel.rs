//! The channel table of an image, and the coordinates of its uneven axes.

use super::ImageProperties;
use crate::abi::{iolink_channel, iolink_channel_sink, IOLINK_OK};
use crate::view::{read_grown, stop_panic};
use crate::{fail, Axis, DataType, Error, ErrorKind, Result, Shape};
use std::ffi::{CStr, CString};
use std::os::raw::c_void;

/// One channel of an image.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Channel {
    /// Name, "" if unknown.
    pub name: String,
    /// Colour for display: red, green, blue, alpha.
    pub color: Option<[u8; 4]>,
    /// Stored values shown as black and at full brightness. They differ; the first one may be the larger.
    pub display_range: Option<(f64, f64)>,
    /// Wavelength of excitation in nm.
    pub excitation_nm: Option<f64>,
    /// Wavelength of emission in nm.
    pub emission_nm: Option<f64>,
}

/// The most indices of an uneven axis: hosts ask no longer axis for its coordinates.
pub const MAX_COORDINATES: u64 = 1 << 20;

impl Channel {
    /// Returns the name for the ABI.
    fn c_name(&self) -> Result<CString> {
        CString::new(self.name.as_str()).map_err(|_| {
            Error::new(ErrorKind::InvalidArgument, format!("the channel name {:?} holds a NUL", self.name))
        })
    }

    /// Returns the channel for the ABI, whose name is lent.
    fn border(&self, name: &CString) -> iolink_channel {
        let (display_minimum, display_maximum) = self.display_range.unwrap_or_default();
        iolink_channel {
            size: std::mem::size_of::<iolink_channel>() as u32,
            color: self.color.unwrap_or_default(),
            name: if self.name.is_empty() { std::ptr::null() } else { name.as_ptr() },
            display_minimum,
            display_maximum,
            excitation_nm: self.excitation_nm.unwrap_or_default(),
            emission_nm: self.emission_nm.unwrap_or_default(),
        }
    }

    /// Reads a channel of the other side, which the caller then validates: what is zero is not given.
    ///
    /// # Safety
    /// `border` is NULL or a channel that says the truth of its name.
    unsafe fn from_border(border: *const iolink_channel) -> Result<Self> {
        // SAFETY: by the caller's promise.
        let border = unsafe { read_grown(border)? };
        let name = match border.name.is_null() {
            true => "",
            // SAFETY: by the caller's promise.
            false => match unsafe { CStr::from_ptr(border.name) }.to_str() {
                Ok(name) => name,
                Err(_) => fail!(InvalidArgument, "the name of a channel is not UTF-8"),
            },
        };
        let range = (border.display_minimum, border.display_maximum);
        Ok(Channel {
            name: name.to_owned(),
            color: Some(border.color).filter(|color| *color != [0; 4]),
            display_range: Some(range).filter(|(low, high)| low != high),
            excitation_nm: Some(border.excitation_nm).filter(|length| *length != 0.0),
            emission_nm: Some(border.emission_nm).filter(|length| *length != 0.0),
        })
    }

    /// Rejects a channel that no image can have.
    pub(super) fn check(&self, index: usize) -> Result<()> {
        if self.name.contains('\0') {
            fail!(InvalidArgument, "the name of channel {index} is {:?}; one without a NUL was expected", self.name);
        }
        if let Some((low, high)) = self.display_range {
            if !low.is_finite() || !high.is_finite() || low == high {
                fail!(
                    InvalidArgument,
                    "the display range of channel {index} is {low} to {high}; two different finite numbers were expected"
                );
            }
        }
        for (what, length) in [("excitation", self.excitation_nm), ("emission", self.emission_nm)] {
            if let Some(length) = length.filter(|length| !length.is_finite() || *length <= 0.0) {
                fail!(
                    InvalidArgument,
                    "the {what} wavelength of channel {index} is {length} nm; a finite number above 0 was expected"
                );
            }
        }
        Ok(())
    }
}

/// Runs `body` with the ABI's list of channels, which is lent.
pub(crate) fn with_channels<R>(channels: &[Channel], body: impl FnOnce(&[*const iolink_channel]) -> R) -> Result<R> {
    let names = channels.iter().map(Channel::c_name).collect::<Result<Vec<_>>>()?;
    let raw: Vec<_> = channels.iter().zip(&names).map(|(channel, name)| channel.border(name)).collect();
    let list: Vec<_> = raw.iter().map(|channel| channel as *const iolink_channel).collect();
    Ok(body(&list))
}

/// Reads a list of channels of the other side.
///
/// # Safety
/// `channels` leads to `count` channels that say the truth.
pub(crate) unsafe fn channels_from(channels: *const *const iolink_channel, count: u64) -> Result<Vec<Channel>> {
    if count == 0 {
        return Ok(Vec::new());
    }
    if channels.is_null() || count > isize::MAX as u64 / 8 {
        fail!(InvalidArgument, "the list of {count} channels is NULL, or too long");
    }
    // SAFETY: by the caller's promise.
    unsafe {
        let list = std::slice::from_raw_parts(channels, count as usize);
        list.iter().map(|channel| Channel::from_border(*channel)).collect()
    }
}

/// Writes channels into a sink of the other side.
///
/// # Safety
/// `sink` is NULL or a live sink.
pub(crate) unsafe fn write_channels(channels: &[Channel], sink: *const iolink_channel_sink) -> Result<()> {
    // SAFETY: by the caller's promise.
    let sink = unsafe { read_grown(sink)? };
    let write = match sink.write {
        Some(write) => write,
        None => fail!(InvalidArgument, "the channel sink has no function"),
    };
    with_channels(channels, |list| {
        for channel in list {
            // SAFETY: the channel outlives the call.
            if unsafe { write(sink.context, *channel) } != IOLINK_OK {
                fail!(Cancelled, "the reader of the channels stopped");
            }
        }
        Ok(())
    })?
}

/// Runs `visit` with a sink and returns the channels that came in, at most `most`.
pub(crate) fn collect_channels(
    most: u64,
    visit: impl FnOnce(*const iolink_channel_sink) -> Result<()>,
) -> Result<Vec<Channel>> {
    struct Reader {
        channels: Vec<Channel>,
        most: u64,
        failed: Option<Error>,
    }
    unsafe extern "C" fn write(context: *mut c_void, channel: *const iolink_channel) -> i32 {
        // SAFETY: `context` is the reader of the frame below.
        let reader = unsafe { &mut *(context as *mut Reader) };
        let taken = stop_panic(|| {
            if reader.channels.len() as u64 >= reader.most {
                fail!(InvalidArgument, "the channel table has more than the image's {} channels", reader.most);
            }
            // SAFETY: the callee vouches for the channel while this call lasts.
            reader.channels.push(unsafe { Channel::from_border(channel)? });
            Ok(())
        });
        match taken {
            Some(Ok(())) => 0,
            Some(Err(failed)) => {
                reader.failed = Some(failed);
                1
            }
            None => 1,
        }
    }
    let mut reader = Reader { channels: Vec::new(), most, failed: None };
    let sink = iolink_channel_sink {
        size: std::mem::size_of::<iolink_channel_sink>() as u32,
        reserved: 0,
        context: &mut reader as *mut Reader as *mut c_void,
        write: Some(write),
    };
    let visited = visit(&sink);
    match reader.failed.take() {
        Some(failed) => Err(failed),
        None => visited.map(|()| std::mem::take(&mut reader.channels)),
    }
}

impl ImageProperties {
    /// Returns the number of channels of an image of this shape and type: its size along CHANNEL; without that axis, the
    /// number of components of a vector, else 1.
    pub fn channel_count(&self, shape: &Shape, data_type: DataType) -> u64 {
        match (0..shape.len()).find(|axis| self.axis(*axis) == Some(Axis::Channel)) {
            Some(axis) => shape[axis],
            None => data_type.vector_length().unwrap_or(1),
        }
    }

    /// Has the image a channel table, or an uneven axis? The ABI has functions of their own for these.
    pub fn has_tables(&self) -> bool {
        !self.channels.is_empty() || self.axes.iter().any(|axis| axis.coordinates.is_some())
    }

    /// Validates what depends on the sizes of an image: the length of the channel table, if there is one, and of coordinates.
    ///
    /// # Errors
    /// `InvalidArgument` with the numbers.
    pub fn check_sizes(&self, shape: &Shape, data_type: DataType) -> Result<()> {
        let count = self.channel_count(shape, data_type);
        if !self.channels.is_empty() && self.channels.len() as u64 != count {
            fail!(
                InvalidArgument,
                "the channel table has {} channels, the image {count}; give one for each index along CHANNEL, or none",
                self.channels.len()
            );
        }
        for (index, (axis, size)) in self.axes.iter().zip(shape.iter()).enumerate() {
            let numbers = axis.coordinates.as_ref().map_or(*size, |numbers| numbers.len() as u64);
            if numbers != *size {
                fail!(
                    InvalidArgument,
                    "axis {index} has {numbers} coordinates and {size} indices; give one for each index, or none"
                );
            }
        }
        Ok(())
    }

    /// Removes a channel table and coordinates of another length than the image has channels and indices, as after a change of
    /// its shape.
    pub fn drop_other_sizes(&mut self, shape: &Shape, data_type: DataType) {
        if self.channels.len() as u64 != self.channel_count(shape, data_type) {
            self.channels.clear();
        }
        self.drop_other_lengths(shape);
    }

    /// [`drop_other_sizes`](ImageProperties::drop_other_sizes) for a type that is not known: a channel table is compared with
    /// a CHANNEL axis alone.
    pub(crate) fn drop_other_lengths(&mut self, shape: &Shape) {
        let channel = (0..shape.len()).find(|axis| self.axis(*axis) == Some(Axis::Channel));
        if channel.map_or(false, |axis| self.channels.len() as u64 != shape[axis]) {
            self.channels.clear();
        }
        for (axis, size) in self.axes.iter_mut().zip(shape.iter()) {
            axis.coordinates = axis.coordinates.take().filter(|numbers| numbers.len() as u64 == *size);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AxesInterpretation;

    fn table() -> Vec<Channel> {
        let dapi = Channel {
            name: "DAPI".into(),
            color: Some([0, 0, 255, 255]),
            display_range: Some((12.0, 4000.0)),
            excitation_nm: Some(405.0),
            emission_nm: Some(461.5),
        };
        vec![dapi, Channel::default()]
    }

    #[test]
    fn channels_go_through_a_sink_and_a_list_whole() {
        // SAFETY: the sink lives while it is written to.
        let read = collect_channels(2, |sink| unsafe { write_channels(&table(), sink) }).unwrap();
        assert_eq!(read, table());
        // SAFETY: the list lives while it is read.
        let listed = with_channels(&table(), |list| unsafe { channels_from(list.as_ptr(), 2) }).unwrap();
        assert_eq!(listed.unwrap(), table());
        // SAFETY: as above.
        let refused = collect_channels(1, |sink| unsafe { write_channels(&table(), sink) }).unwrap_err();
        assert!(refused.message().contains("more than the image's 1"), "{refused}");
    }

    #[test]
    fn tables_and_coordinates_of_another_size_are_rejected_or_dropped() {
        let known = ImageProperties {
            axes_interpretation: AxesInterpretation::MultispectralImage,
            channels: table(),
            ..ImageProperties::default()
        };
        let mut known = known.fitted(3).unwrap();
        known.axes[2].coordinates = Some(vec![405.0, 488.0].into());
        let shape = |sizes: &[u64]| Shape::new(sizes).unwrap();
        known.check_sizes(&shape(&[4, 3, 2]), DataType::UINT8).unwrap();
        let wrong = known.check_sizes(&shape(&[4, 3, 5]), DataType::UINT8).unwrap_err();
        assert!(wrong.message().contains("2 channels, the image 5"), "{wrong}");
        known.channels.clear();
        let wrong = known.check_sizes(&shape(&[4, 3, 5]), DataType::UINT8).unwrap_err();
        assert!(wrong.message().contains("axis 2 has 2 coordinates and 5 indices"), "{wrong}");
        known.drop_other_sizes(&shape(&[4, 3, 5]), DataType::UINT8);
        assert_eq!(known.axes[2].coordinates, None);
        let plane = ImageProperties { channels: table(), ..ImageProperties::default() };
        plane.check_sizes(&shape(&[4, 3]), DataType::vector(DataType::UINT8, 2)).unwrap();
        plane.check_sizes(&shape(&[4, 3]), DataType::UINT8).unwrap_err();
    }

    #[test]
    fn what_no_channel_has_is_rejected() {
        let with = |change: fn(&mut Channel)| {
            let mut channel = Channel::default();
            change(&mut channel);
            let known = ImageProperties { channels: vec![channel], ..ImageProperties::default() };
            known.check(2).unwrap_err().message().to_owned()
        };
        assert!(with(|one| one.name = "a\0".into()).contains("the name of channel 0"));
        assert!(with(|one| one.display_range = Some((f64::NAN, 1.0))).contains("the display range of channel 0"));
        assert!(with(|one| one.display_range = Some((1.0, 1.0))).contains("the display range of channel 0"));
        assert!(with(|one| one.excitation_nm = Some(-1.0)).contains("the excitation wavelength of channel 0"));
        assert!(with(|one| one.emission_nm = Some(f64::INFINITY)).contains("the emission wavelength of channel 0"));
    }
}
