//! Stacks, channels, axes by name.

use super::kit::*;
use crate::adapt::*;
use iolink_sdk::{AxesInterpretation, Axis, DataType, ErrorKind, ImageProperties, ValueScale};
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
