//! Channels and coordinates across the ABI: of images made elsewhere, and of our own for the other side.

mod puppet;

use iolink_sdk::abi::*;
use iolink_sdk::{
    AxesInterpretation, AxisProperties, Channel, DataType, ErrorKind, ImageCapability, ImageProperties, ImageView,
    Result, Shape, View,
};
use puppet::*;
use std::os::raw::{c_char, c_void};
use std::ptr::{null, null_mut};
use std::sync::{Arc, Mutex};

const NAMES: [&[u8]; 2] = [b"DAPI\0", b"\0"];

fn channel(name: *const c_char) -> iolink_channel {
    iolink_channel {
        size: std::mem::size_of::<iolink_channel>() as u32,
        color: [0; 4],
        name,
        display_minimum: 0.0,
        display_maximum: 0.0,
        excitation_nm: 0.0,
        emission_nm: 0.0,
    }
}

/// Channels in a library: a whole one, and one of which nothing is given.
fn two() -> [iolink_channel; 2] {
    let mut two = NAMES.map(|name| channel(name.as_ptr().cast()));
    two[0].color = [0, 0, 255, 255];
    (two[0].display_minimum, two[0].display_maximum) = (12.0, 4000.0);
    (two[0].excitation_nm, two[0].emission_nm) = (405.0, 461.5);
    two[1].name = null();
    two
}

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

/// Puts a table of channels into the caller's sink, as `change` makes it.
macro_rules! channels {
    ($change:expr) => {{
        unsafe extern "C" fn channels(
            _: *const iolink_view,
            sink: *const iolink_channel_sink,
            _: *const iolink_call,
            _: *mut iolink_error,
        ) -> i32 {
            let mut given = two().to_vec();
            let change: fn(&mut Vec<iolink_channel>) = $change;
            change(&mut given);
            // SAFETY: the sink is the caller's, the channels live until this returns.
            let stopped = given.iter().any(|one| unsafe { ((*sink).write.unwrap())((*sink).context, one) } != 0);
            if stopped {
                IOLINK_ERROR_CANCELLED
            } else {
                IOLINK_OK
            }
        }
        channels
    }};
}

/// Times of the SEQUENCE axis of four; the others are even.
unsafe extern "C" fn coordinates(
    _: *const iolink_view,
    dimension: u32,
    out: *mut f64,
    count: u64,
    _: *const iolink_call,
    _: *mut iolink_error,
) -> i32 {
    if dimension != 3 {
        return IOLINK_ERROR_NOT_FOUND;
    }
    assert_eq!(count, 3);
    // SAFETY: the caller has room for as many.
    unsafe { std::slice::from_raw_parts_mut(out, 3) }.copy_from_slice(&[0.0, 0.5, 2.0]);
    IOLINK_OK
}

/// An image of 4 x 3 samples, two channels and three times.
fn far() -> iolink_image_vtable {
    unsafe extern "C" fn describe(
        _: *const iolink_view,
        out: *mut iolink_image_description,
        _: *mut iolink_error,
    ) -> i32 {
        // SAFETY: the caller brings the struct.
        let out = unsafe { &mut *out };
        (out.dimension_count, out.data_type) = (4, DataType::UINT8.id());
        out.shape[..4].copy_from_slice(&[4, 3, 2, 3]);
        IOLINK_OK
    }
    unsafe extern "C" fn properties(
        _: *const iolink_view,
        out: *mut iolink_image_properties,
        _: *mut iolink_error,
    ) -> i32 {
        // SAFETY: the caller brings the struct.
        unsafe { (*out).axes_interpretation = AxesInterpretation::MultispectralImageSequence.number() };
        IOLINK_OK
    }
    iolink_image_vtable {
        describe: Some(describe),
        properties: Some(properties),
        channels: Some(channels!(|_| ())),
        coordinates: Some(coordinates),
        ..image()
    }
}

#[test]
fn an_image_made_elsewhere_has_its_channels_and_coordinates() {
    let mut made = puppet(far());
    let image = made.give().unwrap().into_image().unwrap();
    let known = image.properties();
    assert_eq!(known.channels, table());
    assert_eq!(known.axes[3].coordinates.as_deref(), Some(&[0.0, 0.5, 2.0][..]));
    assert!(known.axes[..3].iter().all(|axis| axis.coordinates.is_none()));
    let mut other = (*known).clone();
    other.channels.clear();
    let refused = image.set_properties(other).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NotImplemented);
    drop(image);
    let mut older = puppet(iolink_image_vtable { channels: None, coordinates: None, ..far() });
    let known = older.give().unwrap().into_image().unwrap().properties();
    assert!(known.channels.is_empty() && known.axes[3].coordinates.is_none());
}

#[test]
fn channels_and_coordinates_that_cannot_be_are_refused() {
    macro_rules! refused {
        ($($change:expr => $words:expr,)*) => {
            $(puppet(iolink_image_vtable { channels: Some(channels!($change)), ..far() })
                .refused(ErrorKind::Internal, concat!("the image's properties are wrong: ", $words));)*
        };
    }
    refused! {
        |given| given.truncate(1) => "the channel table has 1 channels, the image 2",
        |given| given.push(given[0]) => "the channel table has more than the image's 2 channels",
        |given| given[1].excitation_nm = -4.0 => "the excitation wavelength of channel 1 is -4 nm",
        |given| given[1].emission_nm = f64::NAN => "the emission wavelength of channel 1 is NaN nm",
        |given| given[1].display_maximum = f64::INFINITY => "the display range of channel 1 is 0 to inf",
        |given| given[1].name = b"\xB5m\0".as_ptr().cast() => "the name of a channel is not UTF-8",
    }
    unsafe extern "C" fn no_numbers(
        _: *const iolink_view,
        dimension: u32,
        out: *mut f64,
        _: u64,
        _: *const iolink_call,
        _: *mut iolink_error,
    ) -> i32 {
        // SAFETY: the caller has room for one number for each index.
        unsafe { *out.add(1) = f64::NAN };
        if dimension == 2 {
            IOLINK_OK
        } else {
            IOLINK_ERROR_NOT_FOUND
        }
    }
    puppet(iolink_image_vtable { coordinates: Some(no_numbers), ..far() })
        .refused(ErrorKind::Internal, "wrong: a coordinate of axis 2 (CHANNEL) is NaN");
}

/// An image of our own that keeps what it is told: 4 x 3 samples of two channels.
struct Near(Mutex<Arc<ImageProperties>>);

impl ImageView for Near {
    fn capabilities(&self) -> ImageCapability {
        ImageCapability::NONE
    }
    fn shape(&self) -> Shape {
        Shape::new(&[4, 3, 2]).unwrap()
    }
    fn data_type(&self) -> DataType {
        DataType::UINT8
    }
    fn properties(&self) -> Arc<ImageProperties> {
        self.0.lock().unwrap().clone()
    }
    fn set_properties(&self, properties: ImageProperties) -> Result<()> {
        *self.0.lock().unwrap() = Arc::new(properties);
        Ok(())
    }
}

#[test]
fn our_own_image_has_both_for_the_other_side_and_takes_them() {
    unsafe extern "C" fn write(context: *mut c_void, channel: *const iolink_channel) -> i32 {
        // SAFETY: the context is the list below; the channel is lent.
        unsafe {
            (*(context as *mut Vec<(bool, [u8; 4], f64)>)).push((
                (*channel).name.is_null(),
                (*channel).color,
                (*channel).emission_nm,
            ))
        };
        IOLINK_OK
    }
    let known = ImageProperties {
        axes_interpretation: AxesInterpretation::MultispectralImage,
        channels: table(),
        ..ImageProperties::default()
    };
    let image = Arc::new(Near(Mutex::new(Arc::new(known.fitted(3).unwrap()))));
    let raw = View::Image(image.clone()).into_raw("test.near");
    let (none, no_call) = (null_mut(), null());
    // SAFETY: the view is live, and its table is that of its kind; no error struct is none.
    unsafe {
        let table = &*((*raw).vtable as *const iolink_image_vtable);
        let mut read = Vec::new();
        let sink = iolink_channel_sink {
            size: std::mem::size_of::<iolink_channel_sink>() as u32,
            reserved: 0,
            context: &mut read as *mut Vec<(bool, [u8; 4], f64)> as *mut c_void,
            write: Some(write),
        };
        assert_eq!((table.channels.unwrap())(raw, &sink, no_call, none), IOLINK_OK);
        assert_eq!(read, [(false, [0u8, 0, 255, 255], 461.5), (true, [0; 4], 0.0)]);
        let (get, set) = (table.coordinates.unwrap(), table.set_coordinates.unwrap());
        let (mut out, given) = ([0.0; 2], [405.0, 488.0]);
        assert_eq!(get(raw, 2, out.as_mut_ptr(), 2, no_call, none), IOLINK_ERROR_NOT_FOUND);
        assert_eq!(get(raw, 3, out.as_mut_ptr(), 2, no_call, none), IOLINK_ERROR_OUT_OF_RANGE);
        assert_eq!(set(raw, 2, given.as_ptr(), 1, no_call, none), IOLINK_ERROR_INVALID_ARGUMENT);
        assert_eq!(set(raw, 2, [1.0, f64::NAN].as_ptr(), 2, no_call, none), IOLINK_ERROR_INVALID_ARGUMENT);
        assert_eq!(set(raw, 2, given.as_ptr(), 2, no_call, none), IOLINK_OK);
        assert_eq!(get(raw, 2, out.as_mut_ptr(), 3, no_call, none), IOLINK_ERROR_INVALID_ARGUMENT);
        assert_eq!(get(raw, 2, out.as_mut_ptr(), 2, no_call, none), IOLINK_OK);
        assert_eq!(out, given);
        // Other properties say nothing of channels and coordinates.
        let plain = ImageProperties {
            axes: vec![AxisProperties { spacing: 0.5, ..AxisProperties::default() }],
            axes_interpretation: AxesInterpretation::MultispectralImage,
            ..ImageProperties::default()
        };
        let plain = plain.to_border().unwrap();
        assert_eq!((table.set_properties.unwrap())(raw, &plain, no_call, none), IOLINK_OK);
        let kept = image.properties();
        assert_eq!((kept.axes[0].spacing, kept.channels.len()), (0.5, 2));
        assert_eq!(kept.axes[2].coordinates.as_deref(), Some(&given[..]));
        let set_channels = table.set_channels.unwrap();
        let one = two()[0];
        let list: [*const iolink_channel; 1] = [&one];
        assert_eq!(set_channels(raw, list.as_ptr(), 1, no_call, none), IOLINK_ERROR_INVALID_ARGUMENT);
        assert_eq!(set_channels(raw, null(), 2, no_call, none), IOLINK_ERROR_INVALID_ARGUMENT);
        assert_eq!(set_channels(raw, null(), 0, no_call, none), IOLINK_OK);
        assert_eq!(set(raw, 2, null(), 0, no_call, none), IOLINK_OK);
        assert!(image.properties().channels.is_empty() && image.properties().axes[2].coordinates.is_none());
        drop(View::from_raw(raw));
    }
}
