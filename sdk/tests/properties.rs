//! Properties of images made elsewhere: what cannot be is refused with the axis and the provider, what is zero is not given.

mod puppet;

use iolink_sdk::abi::*;
use iolink_sdk::{
    host_api, AxesInterpretation, Axis, DataType, ErrorKind, ImageInterpretation, ImageProperties, ImageView, Result,
    Shape, Space, View,
};
use puppet::*;
use std::os::raw::{c_char, c_void};
use std::sync::{Arc, Mutex};

/// An image of 4 x 3 bytes whose properties are what `change` makes of a plane of millimetres.
macro_rules! image {
    ($change:expr) => {{
        unsafe extern "C" fn properties(
            _: *const iolink_view,
            out: *mut iolink_image_properties,
            _: *mut iolink_error,
        ) -> i32 {
            // SAFETY: the caller brings the struct.
            let out = unsafe { &mut *out };
            plane(out);
            let change: fn(&mut iolink_image_properties) = $change;
            change(out);
            IOLINK_OK
        }
        puppet(table(properties))
    }};
}

type Properties = unsafe extern "C" fn(*const iolink_view, *mut iolink_image_properties, *mut iolink_error) -> i32;

fn table(properties: Properties) -> iolink_image_vtable {
    unsafe extern "C" fn describe(
        _: *const iolink_view,
        out: *mut iolink_image_description,
        _: *mut iolink_error,
    ) -> i32 {
        // SAFETY: the caller brings the struct.
        let out = unsafe { &mut *out };
        out.dimension_count = 2;
        out.data_type = DataType::UINT8.id();
        (out.shape[0], out.shape[1]) = (4, 3);
        IOLINK_OK
    }
    iolink_image_vtable { describe: Some(describe), properties: Some(properties), ..puppet::image() }
}

/// A plane of millimetres.
fn plane(out: &mut iolink_image_properties) {
    out.dimension_count = 2;
    out.axes_interpretation = AxesInterpretation::Image.number();
    out.axes[..2].copy_from_slice(&[IOLINK_AXIS_COLUMN, IOLINK_AXIS_ROW]);
    out.direction = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
    out.scale_slope = 1.0;
    for axis in 0..2 {
        (out.spacing[axis], out.origin[axis]) = (0.5, -3.0);
        (out.units[axis][0], out.units[axis][1]) = (b'm' as c_char, b'm' as c_char);
    }
}

#[test]
fn properties_that_cannot_be_are_refused_with_their_axis() {
    macro_rules! refused {
        ($($change:expr => $words:expr,)*) => {
            $(image!($change).refused(ErrorKind::Internal, concat!("the image's properties are wrong: ", $words));)*
        };
    }
    refused! {
        |out| out.axes[1] = IOLINK_AXIS_COLUMN => "axis 1 is COLUMN, and the interpretation IMAGE has ROW there",
        |out| {
            out.axes_interpretation = 0;
            out.axes[1] = IOLINK_AXIS_COLUMN;
        } => "the axes 0 and 1 both are COLUMN",
        |out| {
            out.axes_interpretation = 0;
            out.axes[..2].copy_from_slice(&[IOLINK_AXIS_SLICE, IOLINK_AXIS_COLUMN]);
        } => "the axis SLICE stands before COLUMN",
        |out| out.axes_interpretation = AxesInterpretation::Volume.number() => "the interpretation VOLUME names 3 axes",
        |out| out.dimension_count = 3 => "the properties describe 3 axes, the image has 2",
        |out| out.dimension_count = 9 => "they describe 9 axes",
        |out| out.spacing[0] = f64::NAN => "the spacing of axis 0 (COLUMN) is NaN",
        |out| out.spacing[0] = f64::INFINITY => "the spacing of axis 0 (COLUMN) is inf",
        |out| out.origin[1] = f64::NAN => "the origin of axis 1 (ROW) is NaN",
        |out| out.direction[4] = 0.0 => "the row direction [0.0, 0.0, 0.0] has length 0",
        |out| out.direction[0] = 7.0 => "the column direction [7.0, 0.0, 0.0] has length 7",
        |out| out.direction[8] = f64::NAN => "the slice direction",
        |out| (out.direction[3], out.direction[4]) = (1.0, 0.0) => "the directions",
        |out| (out.scale_slope, out.scale_intercept) = (0.0, 4.0) => "the value scale has slope 0",
        |out| out.scale_slope = f64::NAN => "the value scale has slope NaN",
        |out| out.scale_intercept = f64::NEG_INFINITY => "the value scale has slope 1 and intercept -inf",
        |out| out.units[1] = [b'm' as c_char; 32] => "the unit of axis 1 has no NUL",
        |out| out.units[0][0] = 0xB5_u8 as c_char => "the unit of axis 0 is",
        |out| out.value_unit = [b'x' as c_char; 32] => "the unit of the values has no NUL",
        |out| out.position[1] = f64::NAN => "the position of the image is [",
        |out| out.position[2] = f64::INFINITY => "the position of the image is [",
    }
}

#[test]
fn what_is_all_zero_or_of_a_later_version_is_not_given() {
    let known = |mut image: Box<Puppet<iolink_image_vtable>>| image.give().unwrap().into_image().unwrap().properties();
    let zero = known(image!(|out| {
        (out.spacing[0], out.direction) = (0.0, [0.0; 9]);
        (out.scale_slope, out.scale_intercept) = (0.0, 0.0);
    }));
    assert_eq!((zero.axes[0].spacing, zero.axes[0].origin, zero.axes[1].unit.as_str()), (1.0, -3.0, "mm"));
    assert_eq!(zero.axes[1].spacing, 0.5);
    assert_eq!((zero.direction, zero.value_scale.slope), (ImageProperties::default().direction, 1.0));
    let later = known(image!(|out| (out.axes_interpretation, out.image_interpretation, out.axes[0]) = (9, 9, 77)));
    assert_eq!(later.axes_interpretation, AxesInterpretation::Unknown);
    assert_eq!(later.image_interpretation, ImageInterpretation::Unknown);
    assert_eq!((later.axis(0), later.axis(1)), (None, Some(Axis::Row)));
    // An interpretation names the axes that the maker does not.
    let named = known(image!(|out| (out.dimension_count, out.axes) = (1, [IOLINK_AXIS_UNKNOWN; 8])));
    assert_eq!(named.named_axes(2), Some(vec![Axis::Column, Axis::Row]));
}

#[test]
fn a_maker_is_asked_with_a_struct_in_which_nothing_is_given() {
    unsafe extern "C" fn properties(
        _: *const iolink_view,
        out: *mut iolink_image_properties,
        _: *mut iolink_error,
    ) -> i32 {
        let size = std::mem::size_of::<iolink_image_properties>();
        // SAFETY: the caller brings the struct, every byte of it set.
        let (told, rest) =
            unsafe { ((*out).size as usize, std::slice::from_raw_parts((out as *const u8).add(4), size - 4)) };
        assert!(told == size && rest.iter().all(|byte| *byte == 0), "the struct is not zero behind its size");
        IOLINK_OK
    }
    let known = puppet(table(properties)).give().unwrap().into_image().unwrap().properties();
    assert_eq!(*known, ImageProperties::default());
}

#[test]
fn frames_and_levels_are_held_to_the_same_and_name_the_provider() {
    unsafe extern "C" fn hand_out(out: *mut *mut iolink_view) -> i32 {
        /// A puppet is not freed when it is released, and must outlive the view that the caller makes of it.
        static MADE: Mutex<Vec<usize>> = Mutex::new(Vec::new());
        let made = Box::into_raw(image!(|out| (out.axes_interpretation, out.axes[1]) = (0, IOLINK_AXIS_COLUMN)));
        MADE.lock().unwrap().push(made as usize);
        // SAFETY: the place is the caller's.
        unsafe { *out = made as *mut iolink_view };
        IOLINK_OK
    }
    unsafe extern "C" fn count(
        _: *const iolink_view,
        out: *mut u64,
        _: *const iolink_call,
        _: *mut iolink_error,
    ) -> i32 {
        // SAFETY: the place is the caller's.
        unsafe { *out = 1 };
        IOLINK_OK
    }
    unsafe extern "C" fn frame(
        _: *const iolink_view,
        _: u64,
        _: *const iolink_call,
        out: *mut *mut iolink_view,
        _: *mut iolink_error,
    ) -> i32 {
        // SAFETY: the place is the caller's.
        unsafe { hand_out(out) }
    }
    unsafe extern "C" fn range(_: *const iolink_view, finest: *mut i64, coarsest: *mut i64) {
        // SAFETY: both places are the caller's.
        unsafe { (*finest, *coarsest) = (0, 0) }
    }
    unsafe extern "C" fn level(
        _: *const iolink_view,
        _: i64,
        _: *const iolink_call,
        out: *mut *mut iolink_view,
        _: *mut iolink_error,
    ) -> i32 {
        // SAFETY: the place is the caller's.
        unsafe { hand_out(out) }
    }
    let mut set = puppet(iolink_multi_image_vtable {
        base: base::<iolink_multi_image_vtable>(IOLINK_KIND_MULTI_IMAGE),
        frame_count: Some(count),
        frame: Some(frame),
        frame_name: None,
        insert: None,
        replace: None,
        remove: None,
        metadata: None,
    });
    let mut pyramid = puppet(iolink_lod_image_vtable {
        base: base::<iolink_lod_image_vtable>(IOLINK_KIND_LOD_IMAGE),
        level_range: Some(range),
        resolution: Some(level),
        metadata: None,
    });
    let (set, pyramid) = (&mut *set as *mut _ as *mut iolink_view, &mut *pyramid as *mut _ as *mut iolink_view);
    let made = |raw| {
        let hand_over = |out: *mut *mut iolink_view, _| {
            // SAFETY: the place is the host's.
            unsafe { *out = raw };
            IOLINK_OK
        };
        // SAFETY: the puppet is a live view.
        unsafe { host_api::call_provider_for_view("test.twice", hand_over) }.unwrap()
    };
    let frame = made(set).into_multi_image().unwrap().frame(0).and_then(View::into_image);
    for part in [frame, made(pyramid).into_lod_image().unwrap().resolution(0)] {
        let error = part.err().unwrap();
        assert_eq!((error.kind(), error.provider()), (ErrorKind::Internal, "test.twice"), "{error}");
        assert!(error.message().contains("the axes 0 and 1 both are COLUMN"), "{error}");
    }
}

#[test]
fn a_slice_keeps_its_place_and_units_become_the_hosts_own() {
    let known = |mut image: Box<Puppet<iolink_image_vtable>>| image.give().unwrap().into_image().unwrap().properties();
    let slice = known(image!(|out| {
        (out.space, out.position) = (IOLINK_SPACE_LPS, [-3.0, -3.0, 41.5]);
        out.units[0] = std::array::from_fn(|at| *b"um\0".get(at).unwrap_or(&0) as c_char);
        out.units[1] = std::array::from_fn(|at| *b"furlong".get(at).unwrap_or(&0) as c_char);
    }));
    assert_eq!((slice.space, slice.place(), slice.position), (Space::Lps, [-3.0, -3.0, 41.5], [0.0, 0.0, 41.5]));
    assert_eq!((slice.axes[0].unit.as_str(), slice.axes[1].unit.as_str()), ("µm", "furlong"));
    let placed = known(image!(|out| (out.space, out.position, out.origin) = (7, [1.0, 2.0, 3.0], [0.0; 8])));
    assert_eq!((placed.space, placed.axes[1].origin, placed.place()), (Space::Unknown, 2.0, [1.0, 2.0, 3.0]));
}

/// An image of our own that keeps what it is told.
struct Near(Mutex<Arc<ImageProperties>>);

impl ImageView for Near {
    fn capabilities(&self) -> iolink_sdk::ImageCapability {
        iolink_sdk::ImageCapability::NONE
    }
    fn shape(&self) -> Shape {
        Shape::new(&[4, 3]).unwrap()
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
fn what_is_set_is_held_to_the_same_and_so_is_what_goes_out() {
    let image = Arc::new(Near(Mutex::default()));
    let raw = View::Image(image.clone()).into_raw("test.near");
    let mut given = border();
    plane(&mut given);
    // SAFETY: the view is live, and its table is that of its kind; no error struct is none.
    unsafe {
        let table = &*((*raw).vtable as *const iolink_image_vtable);
        let (get, set) = (table.properties.unwrap(), table.set_properties.unwrap());
        assert_eq!(set(raw, &given, std::ptr::null(), std::ptr::null_mut()), IOLINK_OK);
        assert_eq!(image.properties().axes[1].unit, "mm");
        (given.axes_interpretation, given.axes[1]) = (0, IOLINK_AXIS_COLUMN);
        assert_eq!(set(raw, &given, std::ptr::null(), std::ptr::null_mut()), IOLINK_ERROR_INVALID_ARGUMENT);
        assert_eq!(image.properties().axis(1), Some(Axis::Row));
        let mut wrong = ImageProperties::default();
        wrong.value_scale.slope = f64::NAN;
        image.set_properties(wrong).unwrap();
        assert_eq!(get(raw, &mut border(), std::ptr::null_mut()), IOLINK_ERROR_INVALID_ARGUMENT);
        drop(View::from_raw(raw));
    }
}

#[test]
fn requests_are_held_to_the_same() {
    let mut given = border();
    plane(&mut given);
    given.units[0] = [b'm' as c_char; 32];
    let mut shape = [0; IOLINK_MAX_DIMS];
    (shape[0], shape[1]) = (4, 3);
    let request = iolink_create_request {
        size: std::mem::size_of::<iolink_create_request>() as u32,
        kind: IOLINK_KIND_IMAGE,
        data_type: DataType::UINT8.id(),
        dimension_count: 2,
        flags: 0,
        shape,
        properties: &given,
        length: 0,
        schema: std::ptr::null_mut(),
        target: std::ptr::null(),
        metadata: std::ptr::null(),
        tile_shape: [0; IOLINK_MAX_DIMS],
    };
    // SAFETY: the request is ours.
    let refused = unsafe { host_api::create(&request) }.err().unwrap();
    assert_eq!(refused.kind(), ErrorKind::InvalidArgument);
    assert!(refused.message().contains("the unit of axis 0 has no NUL"), "{refused}");
    static SAMPLES: [u8; 12] = [0; 12];
    static RELEASED: Mutex<u32> = Mutex::new(0);
    unsafe extern "C" fn count_release(_: *mut c_void) {
        *RELEASED.lock().unwrap() += 1;
    }
    given = border();
    plane(&mut given);
    (given.axes_interpretation, given.axes[1]) = (0, IOLINK_AXIS_COLUMN);
    let mut byte_strides = [0; IOLINK_MAX_DIMS];
    (byte_strides[0], byte_strides[1]) = (1, 4);
    let mut memory = iolink_memory {
        size: std::mem::size_of::<iolink_memory>() as u32,
        dimension_count: 2,
        data_type: DataType::UINT8.id(),
        byte_order: IOLINK_LITTLE_ENDIAN,
        flags: 0,
        data: SAMPLES.as_ptr() as *mut c_void,
        shape,
        byte_strides,
        owner: std::ptr::null_mut(),
        release: Some(count_release),
        device_type: IOLINK_DEVICE_CPU,
        device_id: 0,
    };
    let request = iolink_adopt_request {
        size: std::mem::size_of::<iolink_adopt_request>() as u32,
        kind: IOLINK_KIND_IMAGE,
        memory: &mut memory,
        properties: &given,
        bytes: std::ptr::null_mut(),
        stream: std::ptr::null_mut(),
        flags: 0,
        reserved: 0,
    };
    // SAFETY: the request is ours, and true in what it says of memory.
    let refused = unsafe { host_api::adopt(&request) }.err().unwrap();
    assert!(refused.message().contains("the axes 0 and 1 both are COLUMN"), "{refused}");
    assert_eq!(*RELEASED.lock().unwrap(), 1, "the memory was handed over, refused or not");
}

fn border() -> iolink_image_properties {
    ImageProperties::default().to_border().unwrap()
}
