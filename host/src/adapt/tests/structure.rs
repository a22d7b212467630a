//! Chains are one view, share memory, and ask the source for little.

use super::kit::*;
use crate::adapt::convert::{Converted, Linear};
use crate::adapt::mapped::Mapped;
use crate::adapt::own::opened;
use crate::adapt::slabs::BUDGET;
use crate::adapt::*;
use iolink_sdk::{
    AxesInterpretation, Axis, Block, BlockMut, Call, DataType, ImageCapability, ImageProperties, ImageView, IndexMap,
    MetadataNode, Region, Shape, View,
};
use std::sync::atomic::Ordering;
use std::sync::Arc;

fn volume(capabilities: ImageCapability) -> Image {
    let properties = ImageProperties { axes_interpretation: AxesInterpretation::Volume, ..Default::default() };
    Source::new(&[40, 30, 20], DataType::UINT16, capabilities).with_properties(properties).image()
}

/// Ten adapters over each other.
fn ten(image: &Image) -> Image {
    let mut view = extract_region(image, &region(&[2, 1, 1], &[36, 28, 19])).unwrap();
    view = flip(&view, 0).unwrap();
    view = sub_sample(&view, &[2, 1, 3]).unwrap();
    view = flip_axis(&view, Axis::Slice).unwrap();
    view = extract_adjusted_region(&view, &region(&[3, 3, 1], &[99, 20, 99])).unwrap();
    view = reinterpret(&view, AxesInterpretation::ImageSequence).unwrap();
    view = reinterpret_axes(&view, &[Axis::Row, Axis::Column, Axis::Slice]).unwrap();
    view = from_image_view(&view, None, Some(MetadataNode::default())).unwrap();
    view = restrict_capabilities(&view, READ | MEMORY).unwrap();
    mapped(&view, &IndexMap::identity(&view.shape()).drop_axis(2, 1).unwrap()).unwrap()
}

#[test]
fn ten_stacked_adapters_are_one_map_over_the_source() {
    let image = volume(READ | WRITE | MEMORY);
    let view = ten(&image);
    let one = opened::<Mapped>(&view).expect("a mapped view");
    let (source, map) = one.parts();
    assert!(Arc::ptr_eq(source, &image), "the source is the image itself, no other adapter");
    assert!(opened::<Mapped>(source).is_none());
    assert_eq!(map.shape(), view.shape());
    assert_eq!(
        map.axes().iter().map(|axis| (axis.source, axis.step)).collect::<Vec<_>>(),
        [(Some(1), 1), (Some(0), -2)]
    );
    assert_eq!(view.capabilities(), READ | MEMORY);
    assert!(!view.memory().unwrap().writable);
    assert_eq!(memory_of(&view), read_all(&view));
}

#[test]
fn a_mapped_view_is_recognised_after_a_trip_over_the_border_and_behind_nothing_else() {
    let image = volume(READ | MEMORY);
    let view = flip(&image, 0).unwrap();
    // SAFETY: the pointer is a live view whose reference is handed over.
    let back = unsafe { View::from_raw(View::Image(view.clone()).into_raw("test")) }.unwrap().into_image().unwrap();
    assert!(opened::<Mapped>(&back).is_some());
    assert!(opened::<Converted>(&back).is_none());
    let stacked = stack(&[view.clone(), view], 0).unwrap();
    assert!(opened::<Mapped>(&stacked).is_none());
}

/// A wrapper that answers every question as what it wraps, except for what it shows.
struct Forwards(Image);

impl ImageView for Forwards {
    fn capabilities(&self) -> ImageCapability {
        READ
    }
    fn shape(&self) -> Shape {
        self.0.shape()
    }
    fn data_type(&self) -> DataType {
        self.0.data_type()
    }
    fn read_region(&self, region: &Region, target: &mut BlockMut<'_>, call: &Call<'_>) -> iolink_sdk::Result<()> {
        let mut bytes = read(&self.0, region);
        bytes.iter_mut().for_each(|byte| *byte = !*byte);
        target.copy_from(&Block::new(&bytes, &region.size, self.data_type())?, call)
    }
    fn extension(&self, id: u64) -> Option<View> {
        self.0.extension(id)
    }
}

#[test]
fn a_wrapper_that_forwards_extensions_is_not_taken_for_an_adapter() {
    let image = volume(READ | MEMORY);
    for view in [flip(&image, 0).unwrap(), adapt_data_type(&image, DataType::INT8).unwrap()] {
        let wrapped: Image = Arc::new(Forwards(view.clone()));
        assert!(opened::<Mapped>(&wrapped).is_none() && opened::<Converted>(&wrapped).is_none());
        let there = flip(&wrapped, 1).unwrap();
        let inverted: Vec<u8> = read_all(&flip(&view, 1).unwrap()).iter().map(|byte| !byte).collect();
        assert_eq!(read_all(&there), inverted);
    }
}

#[test]
fn memory_is_kept_by_every_adapter_that_can() {
    let image = Source::new(&[6, 5], DataType::VEC3_UINT16, READ | WRITE | MEMORY).image();
    let apart = disassemble_channels(&image).unwrap();
    let views = [
        ten(&volume(READ | WRITE | MEMORY)),
        apart.clone(),
        extract_channel(&image, 1).unwrap(),
        assemble_channels(&apart).unwrap(),
        stack(std::slice::from_ref(&image), Axis::Slice).unwrap(),
        make_thread_safe(&image),
    ];
    for view in views {
        assert!(view.capabilities().has(MEMORY));
        assert_eq!(memory_of(&view), read_all(&view));
    }
    let turned = mapped(&apart, &IndexMap::identity(&apart.shape()).flip(2).unwrap()).unwrap();
    assert!(!assemble_channels(&turned).unwrap().capabilities().has(MEMORY), "channels backwards are no vectors");
}

#[test]
fn a_map_over_a_change_of_type_goes_underneath() {
    let image = volume(READ | WRITE | MEMORY);
    let mut view = image.clone();
    for _ in 0..3 {
        view = adapt_dynamic_range(&view, DataType::FLOAT, (0.0, 2.0), (0.0, 1.0)).unwrap();
        view = flip(&view, 1).unwrap();
        view = sub_sample(&view, &[2, 1, 1]).unwrap();
    }
    let one = opened::<Converted>(&view).expect("a converted view");
    let (below, line) = one.parts();
    assert_eq!(line, Linear { factor: 0.125, offset: 0.0 });
    let below = opened::<Mapped>(below).expect("one map below");
    assert!(Arc::ptr_eq(below.parts().0, &image));
    assert_eq!(below.parts().1.axes()[0].step, 8);
}

#[test]
fn there_and_back_is_the_image_without_rounding() {
    let image = volume(READ | WRITE | MEMORY);
    let back = adapt_data_type(&adapt_data_type(&image, DataType::UINT8).unwrap(), DataType::UINT16).unwrap();
    assert_eq!(read_all(&back), read_all(&image));
}

#[test]
fn a_read_asks_for_the_bounding_box_and_a_buffer_stays_small() {
    let (source, image) = Source::new(&[3000, 700, 3], DataType::UINT16, READ | WRITE).share();
    let view = sub_sample(&image, &[3, 7, 2]).unwrap();
    let part = region(&[10, 5, 1], &[20, 4, 1]);
    read(&view, &part);
    assert_eq!(source.samples.load(Ordering::Relaxed), 4 * (19 * 3 + 1));
    read_all(&view);
    assert!(source.largest.load(Ordering::Relaxed) as usize * 2 <= BUDGET);
    source.largest.store(0, Ordering::Relaxed);
    read_all(&scaled(&image).unwrap());
    assert!(source.largest.load(Ordering::Relaxed) as usize * 2 <= BUDGET);
    let wide = sub_sample(&Source::new(&[3_000_000], DataType::UINT16, READ).image(), &[2]).unwrap();
    assert_eq!(read_all(&wide).len(), 3_000_000);
}

#[test]
fn a_dense_read_is_one_call_to_the_source() {
    let (source, image) = Source::new(&[30, 20, 10], DataType::UINT16, READ).share();
    let view = flip(&extract_region(&image, &region(&[1, 1, 1], &[20, 10, 5])).unwrap(), 1).unwrap();
    let turned = reinterpret_axes(&view, &[Axis::Slice, Axis::Row, Axis::Column]).unwrap();
    read_all(&turned);
    assert_eq!(source.calls.load(Ordering::Relaxed), 1);
    assert_eq!(source.samples.load(Ordering::Relaxed), 20 * 10 * 5);
}

#[test]
fn progress_of_a_read_in_pieces_rises_to_the_end_and_can_stop_it() {
    let image = Source::new(&[3000, 300], DataType::UINT16, READ).image();
    let view = sub_sample(&image, &[3, 2]).unwrap();
    let shape = view.shape();
    let mut bytes = vec![0; 1000 * 150 * 2];
    let seen = std::sync::Mutex::new(vec![]);
    let listen = |done, total| {
        seen.lock().unwrap().push((done, total));
        true
    };
    let mut block = BlockMut::new(&mut bytes, &shape, DataType::UINT16).unwrap();
    let whole = Region::full(&shape);
    view.read_region(&whole, &mut block, &Call::new(&listen)).unwrap();
    let seen = seen.into_inner().unwrap();
    assert!(seen.windows(2).all(|pair| pair[0].0 <= pair[1].0 && pair[0].1 == 300_000));
    assert_eq!(seen.last(), Some(&(300_000, 300_000)));
    let stop = |_, _| false;
    assert_eq!(refused(view.read_region(&whole, &mut block, &Call::new(&stop))), iolink_sdk::ErrorKind::Cancelled);
}

#[test]
fn ten_adapters_keep_the_calibration_of_what_they_show() {
    let properties = ImageProperties { axes_interpretation: AxesInterpretation::Volume, ..Default::default() };
    let mut properties = properties.fitted(3).unwrap();
    for (axis, spacing) in properties.axes.iter_mut().zip([0.5, 0.25, 2.0]) {
        axis.spacing = spacing;
        axis.unit = "mm".into();
    }
    properties.value_scale.slope = 4.0;
    let image = Source::new(&[40, 30, 20], DataType::UINT16, READ).with_properties(properties).image();
    let seen = ten(&image).properties();
    // Row 3 of the crop from row 1; column 37 (flipped end) less 3 steps of 2.
    assert_eq!(seen.axes.iter().map(|axis| axis.spacing).collect::<Vec<_>>(), [0.25, 1.0]);
    assert_eq!(seen.axes.iter().map(|axis| axis.unit.as_str()).collect::<Vec<_>>(), ["mm", "mm"]);
    assert_eq!(seen.axes_interpretation, AxesInterpretation::Image);
    assert_eq!(seen.value_scale.slope, 4.0);
    let crop = extract_region(&image, &region(&[4, 8, 1], &[2, 2, 2])).unwrap().properties();
    assert_eq!(crop.axes.iter().map(|axis| axis.origin).collect::<Vec<_>>(), [2.0, 2.0, 2.0]);
}
