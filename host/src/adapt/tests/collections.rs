//! Stacks, channels, axes by name.

use super::kit::*;
use crate::adapt::*;
use iolink_sdk::{AxesInterpretation, Axis, Channel, DataType, ErrorKind, ImageProperties, Space, ValueScale};
use std::sync::atomic::Ordering;
use std::sync::Arc;

fn named(shape: &[u64], data_type: DataType, axes_interpretation: AxesInterpretation) -> Source {
    let properties = ImageProperties { axes_interpretation, ..ImageProperties::from_data_type(data_type) };
    Source::new(shape, data_type, READ | WRITE | MEMORY).with_properties(properties)
}

fn image(shape: &[u64], data_type: DataType) -> Image {
    named(shape, data_type, AxesInterpretation::Image).image()
}

#[test]
fn a_read_of_hundreds_of_images_touches_those_it_shows() {
    let sources: Vec<Arc<Source>> =
        (0..500).map(|_| Arc::new(named(&[16, 12], DataType::UINT16, AxesInterpretation::Image))).collect();
    let images: Vec<Image> = sources.iter().map(|source| source.clone() as Image).collect();
    let volume = stack(&images, Axis::Slice).unwrap();
    assert_eq!(*volume.shape(), [16, 12, 500]);
    assert_eq!(volume.properties().axes_interpretation, AxesInterpretation::Volume);
    write(&images[201], &region(&[3, 4], &[1, 1]), &[1, 2]);
    let before: Vec<u64> = sources.iter().map(|source| source.calls.load(Ordering::Relaxed)).collect();
    let box_of_three = read(&volume, &region(&[3, 4, 200], &[1, 1, 3]));
    assert_eq!(&box_of_three[2..4], &[1, 2]);
    let asked: Vec<usize> =
        (0..500).filter(|index| sources[*index].calls.load(Ordering::Relaxed) > before[*index]).collect();
    assert_eq!(asked, [200, 201, 202]);
    let thin = sub_sample(&volume, &[1, 1, 100]).unwrap();
    read_all(&thin);
    let asked = sources.iter().filter(|source| source.samples.load(Ordering::Relaxed) >= 16 * 12).count();
    assert_eq!(asked, 5, "a step skips images");
}

#[test]
fn a_stack_writes_to_its_images_and_has_what_all_have() {
    let images: Vec<Image> = (0..3).map(|_| image(&[4, 3], DataType::UINT8)).collect();
    let volume = stack(&images, 0).unwrap();
    assert_eq!(*volume.shape(), [3, 4, 3]);
    assert_eq!(volume.capabilities(), READ | WRITE);
    write(&volume, &region(&[1, 0, 0], &[2, 1, 1]), &[77, 88]);
    assert_eq!([1, 2].map(|index: usize| read(&images[index], &region(&[0, 0], &[1, 1]))[0]), [77, 88]);
    let mixed = [images[0].clone(), restrict_capabilities(&images[1], READ).unwrap()];
    assert_eq!(stack(&mixed, 0).unwrap().capabilities(), READ);
}

#[test]
fn a_new_axis_stands_at_its_canonical_place() {
    let colour = named(&[4, 3, 2], DataType::UINT8, AxesInterpretation::MultispectralImage).image();
    let volume = stack(&[colour.clone(), colour.clone()], Axis::Slice).unwrap();
    assert_eq!(*volume.shape(), [4, 3, 2, 2]);
    assert_eq!(volume.properties().axes_interpretation, AxesInterpretation::MultispectralVolume);
    let film = stack(std::slice::from_ref(&colour), Axis::Sequence).unwrap();
    assert_eq!(film.properties().axes_interpretation, AxesInterpretation::MultispectralImageSequence);
    let unnamed = Source::new(&[4, 3], DataType::UINT8, READ).image();
    let at_the_end = stack(&[unnamed.clone(), unnamed], Axis::Column).unwrap();
    assert_eq!((*at_the_end.shape() == [4, 3, 2], at_the_end.properties().axis(2)), (true, Some(Axis::Column)));
}

#[test]
fn images_that_do_not_belong_together_are_refused() {
    let one = image(&[4, 3], DataType::UINT8);
    let value_scale = ValueScale { slope: 2.0, ..ValueScale::default() };
    let properties = ImageProperties { value_scale, ..(*one.properties()).clone() };
    let scaled_otherwise = from_image_view(&one, Some(properties), None).unwrap();
    assert_eq!(refused(stack(&[], Axis::Slice)), ErrorKind::InvalidArgument);
    let with = |other: &Image| refused(stack(&[one.clone(), other.clone()], Axis::Slice));
    assert_eq!(with(&image(&[4, 2], DataType::UINT8)), ErrorKind::InvalidArgument);
    assert_eq!(with(&image(&[4, 3], DataType::INT8)), ErrorKind::Type);
    assert_eq!(with(&scaled_otherwise), ErrorKind::InvalidArgument);
    assert_eq!(refused(stack(std::slice::from_ref(&one), Axis::Row)), ErrorKind::InvalidArgument);
    assert_eq!(refused(stack(std::slice::from_ref(&one), 3)), ErrorKind::InvalidArgument);
    let many = Source::new(&[1; iolink_sdk::abi::IOLINK_MAX_DIMS], DataType::UINT8, READ).image();
    assert_eq!(refused(stack(&[many.clone(), many], 0)), ErrorKind::InvalidArgument);
}

#[test]
fn an_image_of_a_stack_that_fails_is_named() {
    struct Broken;
    impl iolink_sdk::ImageView for Broken {
        fn capabilities(&self) -> iolink_sdk::ImageCapability {
            READ
        }
        fn shape(&self) -> iolink_sdk::Shape {
            iolink_sdk::Shape::filled(1, 2)
        }
        fn data_type(&self) -> DataType {
            DataType::UINT8
        }
    }
    let good = Source::new(&[2], DataType::UINT8, READ).image();
    let view = stack(&[good, Arc::new(Broken)], 1).unwrap();
    let mut bytes = [0; 4];
    let mut block = iolink_sdk::BlockMut::new(&mut bytes, &view.shape(), DataType::UINT8).unwrap();
    let failed = view.read_region(&region(&[0, 0], &[2, 2]), &mut block, &iolink_sdk::Call::silent()).unwrap_err();
    assert!(failed.message().starts_with("image 1 of the stack: "), "{failed}");
}

#[test]
fn channels_go_to_vectors_and_back() {
    let planar = named(&[4, 3, 3], DataType::UINT16, AxesInterpretation::MultispectralImage).image();
    let vectors = assemble_channels(&planar).unwrap();
    assert_eq!((*vectors.shape() == [4, 3], vectors.data_type()), (true, DataType::VEC3_UINT16));
    assert_eq!(vectors.properties().axes_interpretation, AxesInterpretation::Image);
    let back = disassemble_channels(&vectors).unwrap();
    assert_eq!(back.properties().axes_interpretation, AxesInterpretation::MultispectralImage);
    assert_eq!(read_all(&back), read_all(&planar));
    for channel in 0..3 {
        let alone = extract_channel(&vectors, channel).unwrap();
        assert_eq!(*alone.shape(), [4, 3]);
        assert_eq!(alone.properties().axes_interpretation, AxesInterpretation::Image);
        assert_eq!(read_all(&alone), read(&planar, &region(&[0, 0, channel], &[4, 3, 1])));
        assert_eq!(read_all(&alone), read_all(&extract_channel(&planar, channel).unwrap()));
    }
    let single: Vec<Image> = (0..3).map(|channel| extract_channel(&planar, channel).unwrap()).collect();
    assert_eq!(read_all(&interlace(&single).unwrap()), read_all(&vectors));
    let thin: Vec<Image> =
        (0..3).map(|at| extract_region(&planar, &region(&[0, 0, at], &[4, 3, 1])).unwrap()).collect();
    assert_eq!(read_all(&interlace(&thin).unwrap()), read_all(&vectors));
}

#[test]
fn channels_that_are_not_there_are_refused() {
    let grey = image(&[4, 3], DataType::UINT8);
    let colour = image(&[4, 3], DataType::VEC3_UINT8);
    let both = named(&[4, 3, 2], DataType::VEC3_UINT8, AxesInterpretation::MultispectralImage).image();
    assert_eq!(refused(extract_channel(&grey, 0)), ErrorKind::InvalidArgument);
    assert_eq!(refused(extract_channel(&colour, 3)), ErrorKind::OutOfRange);
    assert_eq!(refused(extract_channel(&both, 2)), ErrorKind::OutOfRange);
    assert_eq!(refused(assemble_channels(&grey)), ErrorKind::InvalidArgument);
    assert_eq!(refused(assemble_channels(&both)), ErrorKind::Type);
    assert_eq!(refused(disassemble_channels(&grey)), ErrorKind::Type);
    assert_eq!(refused(disassemble_channels(&both)), ErrorKind::InvalidArgument);
    assert_eq!(refused(interlace(&[])), ErrorKind::InvalidArgument);
    assert_eq!(refused(interlace(&[colour.clone(), colour])), ErrorKind::Type);
    let none = named(&[4, 3, 0], DataType::UINT8, AxesInterpretation::MultispectralImage).image();
    assert_eq!(refused(assemble_channels(&none)), ErrorKind::InvalidArgument);
}

#[test]
fn some_channels_of_vectors_are_written_only_where_the_others_can_be_read() {
    let blind = named(&[4, 3], DataType::VEC3_UINT8, AxesInterpretation::Image);
    let blind = restrict_capabilities(&blind.image(), WRITE).unwrap();
    let view = disassemble_channels(&blind).unwrap();
    let bytes = [9; 12];
    let part = region(&[0, 0, 1], &[4, 3, 1]);
    let block = iolink_sdk::Block::new(&bytes, &part.size, DataType::UINT8).unwrap();
    assert_eq!(refused(view.write_region(&part, &block, &iolink_sdk::Call::silent())), ErrorKind::NotImplemented);
}

#[test]
fn axes_are_named_and_put_in_order() {
    let array = Source::new(&[3, 6, 4], DataType::UINT8, READ | MEMORY).image();
    let view = reinterpret_axes(&array, &[Axis::Channel, Axis::Column, Axis::Row]).unwrap();
    assert_eq!(*view.shape(), [6, 4, 3]);
    assert_eq!(view.properties().axes_interpretation, AxesInterpretation::MultispectralImage);
    assert!(view.capabilities().has(MEMORY));
    let film = reinterpret(&view, AxesInterpretation::ImageSequence).unwrap();
    assert_eq!((*film.shape() == [6, 4, 3], film.properties().axis(2)), (true, Some(Axis::Sequence)));
    let unknown = reinterpret(&film, AxesInterpretation::Unknown).unwrap();
    assert_eq!(unknown.properties().named_axes(3), None);
    let flat = reinterpret(&image(&[4, 3], DataType::UINT8), AxesInterpretation::Volume).unwrap();
    assert_eq!(flat.properties().named_axes(2), Some(vec![Axis::Column, Axis::Row]));
}

#[test]
fn axes_that_are_not_there_are_refused() {
    let flat = image(&[4, 3], DataType::UINT8);
    let deep = Source::new(&[4, 3, 2], DataType::UINT8, READ).image();
    assert_eq!(refused(reinterpret(&deep, AxesInterpretation::Image)), ErrorKind::InvalidArgument);
    assert_eq!(refused(reinterpret_axes(&flat, &[Axis::Row])), ErrorKind::InvalidArgument);
    assert_eq!(refused(reinterpret_axes(&flat, &[Axis::Row, Axis::Row])), ErrorKind::InvalidArgument);
    assert_eq!(refused(flip_axis(&flat, Axis::Slice)), ErrorKind::InvalidArgument);
    assert_eq!(refused(flip(&flat, 2)), ErrorKind::OutOfRange);
    assert_eq!(refused(sub_sample(&flat, &[1])), ErrorKind::InvalidArgument);
    assert_eq!(refused(sub_sample(&flat, &[1, 0])), ErrorKind::InvalidArgument);
    assert_eq!(refused(extract_region(&flat, &region(&[0, 0], &[5, 1]))), ErrorKind::OutOfRange);
    assert_eq!(refused(extract_region(&flat, &region(&[0, 0], &[0, 1]))), ErrorKind::InvalidArgument);
    assert_eq!(refused(extract_region(&flat, &region(&[0], &[1]))), ErrorKind::InvalidArgument);
    assert_eq!(refused(extract_adjusted_region(&flat, &region(&[4, 0], &[5, 1]))), ErrorKind::OutOfRange);
    assert_eq!(refused(extract_adjusted_region(&flat, &region(&[0], &[1]))), ErrorKind::InvalidArgument);
    assert_eq!(refused(extract_adjusted_region(&flat, &region(&[0, 0], &[0, 1]))), ErrorKind::InvalidArgument);
    let three = ImageProperties { axes: vec![Default::default(); 3], ..ImageProperties::default() };
    assert_eq!(refused(from_image_view(&flat, Some(three), None)), ErrorKind::InvalidArgument);
}

/// A slice of 4 x 3 samples at a place in the patient, turned so that its normal is (0.6, 0, 0.8).
fn slice_at(place: [f64; 3]) -> Image {
    let mut known = ImageProperties { axes_interpretation: AxesInterpretation::Image, ..Default::default() };
    known = known.fitted(2).unwrap();
    known.axes.iter_mut().for_each(|axis| (axis.unit, axis.spacing) = ("mm".into(), 0.5));
    (known.space, known.direction) = (Space::Lps, [[0.8, 0.0, -0.6], [0.0, 1.0, 0.0], [0.6, 0.0, 0.8]]);
    known.set_place(place);
    Source::new(&[4, 3], DataType::UINT8, READ).with_properties(known).image()
}

#[test]
fn slices_become_a_volume_by_their_places() {
    let at = |step: f64| slice_at([10.0 + 0.6 * step, 20.0, 30.0 + 0.8 * step]);
    let volume = stack(&[at(0.0), at(2.5), at(5.0), at(7.5)], Axis::Slice).unwrap();
    let known = volume.properties();
    let near = |one: f64, other: f64| (one - other).abs() < 1e-9;
    assert!(near(known.axes[2].spacing, 2.5) && known.axes[2].unit == "mm", "{known:?}");
    assert_eq!((known.place(), known.position, known.space), ([10.0, 20.0, 30.0], [0.0; 3], Space::Lps));
    assert!(near(known.direction[2][0], 0.6) && near(known.direction[2][2], 0.8), "{:?}", known.direction);
    // Backwards is a left-handed volume, and each slice lies where it lay.
    let back = stack(&[at(5.0), at(2.5), at(0.0)], Axis::Slice).unwrap();
    assert!(near(back.properties().direction[2][2], -0.8) && near(back.properties().place()[2], 34.0));
    let again = mapped(&volume, &iolink_sdk::IndexMap::identity(&volume.shape()).drop_axis(2, 2).unwrap()).unwrap();
    let (there, here) = (again.properties().place(), at(5.0).properties().place());
    assert!(there.iter().zip(here).all(|(one, other)| near(*one, other)), "{there:?} is not {here:?}");
    let alone = stack(&[at(5.0)], Axis::Slice).unwrap().properties();
    assert_eq!((alone.place(), alone.axes[2].spacing), (here, 1.0));
    // One place for all says nothing of a step.
    let film = stack(&[at(5.0), at(5.0)], Axis::Slice).unwrap().properties();
    assert_eq!((film.place(), film.axes[2].spacing, film.axes[2].unit.as_str()), (here, 1.0, ""));
}

#[test]
fn slices_at_uneven_places_are_refused() {
    let at = |step: f64| slice_at([10.0 + 0.6 * step, 20.0, 30.0 + 0.8 * step]);
    let why = |images: &[Image]| stack(images, Axis::Slice).err().unwrap().message().to_owned();
    assert!(why(&[at(0.0), at(1.0), at(3.0)]).contains("uneven places: image 1 lies at"));
    assert!(why(&[at(0.0), at(2.0), at(1.0)]).contains("uneven places"));
    assert!(why(&[at(0.0), at(1.0), at(0.0)]).contains("uneven places"));
    // Tiles beside each other say nothing of a step.
    let tiles = [slice_at([0.0; 3]), slice_at([0.8, 0.0, -0.6]), slice_at([0.0, 5.0, 0.0])];
    assert_eq!(stack(&tiles, Axis::Slice).unwrap().properties().axes[2].spacing, 1.0);
    let mut other = (*at(1.0).properties()).clone();
    other.space = Space::Unknown;
    let other = from_image_view(&at(1.0), Some(other), None).unwrap();
    assert!(why(&[at(0.0), other]).contains("image 1 lies in another space"));
    // Along another axis their places do not matter.
    let film = stack(&[at(0.0), at(1.0), at(3.0)], Axis::Sequence).unwrap();
    assert_eq!(film.properties().place(), [10.0, 20.0, 30.0]);
}

fn channel(name: &str, range: (f64, f64)) -> Channel {
    Channel { name: name.into(), display_range: Some(range), ..Channel::default() }
}

fn with_channels(image: &Image, channels: Vec<Channel>) -> Image {
    from_image_view(image, Some(ImageProperties { channels, ..(*image.properties()).clone() }), None).unwrap()
}

fn names(image: &Image) -> Vec<String> {
    image.properties().channels.iter().map(|channel| channel.name.clone()).collect()
}

#[test]
fn channels_go_where_their_samples_go() {
    let plain = named(&[4, 3, 3], DataType::UINT8, AxesInterpretation::MultispectralImage).image();
    let table = ["red", "green", "blue"].map(|name| channel(name, (0.0, 200.0))).to_vec();
    let image = with_channels(&plain, table.clone());
    assert_eq!(names(&extract_region(&image, &region(&[0, 0, 1], &[4, 3, 2])).unwrap()), ["green", "blue"]);
    assert_eq!(names(&flip(&image, 2).unwrap()), ["blue", "green", "red"]);
    assert_eq!(names(&extract_channel(&image, 2).unwrap()), ["blue"]);
    let vectors = assemble_channels(&image).unwrap();
    assert_eq!(names(&vectors), ["red", "green", "blue"]);
    assert_eq!(names(&extract_channel(&vectors, 1).unwrap()), ["green"]);
    assert_eq!(names(&extract_region(&vectors, &region(&[1, 1], &[2, 2])).unwrap()), ["red", "green", "blue"]);
    let parts: Vec<Image> = [2, 0].iter().map(|index| extract_channel(&image, *index).unwrap()).collect();
    assert_eq!(names(&stack(&parts, Axis::Channel).unwrap()), ["blue", "red"]);
    assert_eq!(names(&interlace(&parts).unwrap()), ["blue", "red"]);
    let unknown = extract_channel(&plain, 0).unwrap();
    assert_eq!(names(&stack(&[unknown.clone(), parts[0].clone()], Axis::Channel).unwrap()), ["", "blue"]);
    assert!(names(&stack(&[unknown.clone(), unknown], Axis::Channel).unwrap()).is_empty());
    assert_eq!(names(&stack(&[image.clone(), image.clone()], Axis::Sequence).unwrap()), ["red", "green", "blue"]);
    let doubled = adapt_dynamic_range(&image, DataType::UINT16, (0.0, 255.0), (0.0, 510.0)).unwrap();
    assert_eq!(doubled.properties().channels[0].display_range, Some((0.0, 400.0)), "it is in stored values");
    let levels = pyramid(&image, &PyramidPlan { levels: Some(1), ..PyramidPlan::default() }).unwrap();
    assert_eq!(names(&levels.resolution(1).unwrap()), ["red", "green", "blue"]);
    let copy = ImageProperties { channels: table[..2].to_vec(), ..(*image.properties()).clone() };
    assert_eq!(refused(from_image_view(&image, Some(copy), None)), ErrorKind::InvalidArgument);
}

#[test]
fn levels_of_an_uneven_volume_lie_in_the_middle_of_their_samples() {
    let image = named(&[4, 3, 5], DataType::UINT8, AxesInterpretation::Volume).image();
    let mut known = (*image.properties()).clone().fitted(3).unwrap();
    known.axes[2].coordinates = Some([1.0, 2.0, 4.0, 8.0, 16.0].into());
    let image = from_image_view(&image, Some(known), None).unwrap();
    let plan = PyramidPlan { levels: Some(1), ..PyramidPlan::default() };
    let mut tree = iolink_sdk::MetadataNode::default();
    tree.set("/Scan/by", "Ada").unwrap();
    let image = from_image_view(&image, None, Some(tree)).unwrap();
    let levels = pyramid(&image, &plan).unwrap();
    assert!(levels.metadata().get("/Scan/by").is_some(), "a pyramid has the metadata of its image");
    let level = levels.resolution(1).unwrap().properties();
    assert_eq!(level.axes[2].coordinates.as_deref(), Some(&[1.5, 6.0, 16.0][..]));
    assert_eq!((level.axes[2].origin, level.axes[2].spacing), (0.5, 1.0));
    let nearest = PyramidPlan { reduction: Some(Reduction::Nearest), ..plan };
    let level = pyramid(&image, &nearest).unwrap().resolution(1).unwrap().properties();
    assert_eq!(level.axes[2].coordinates.as_deref(), Some(&[1.0, 4.0, 16.0][..]));
}
