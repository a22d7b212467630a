//! Adapters of values against arithmetic done one number at a time.

use super::kit::*;
use crate::adapt::half::{narrow, widen};
use crate::adapt::*;
use iolink_sdk::{
    Block, BlockMut, Call, DataType, ErrorKind, ImageProperties, ImageView, MetadataNode, Primitive, Region, ValueScale,
};
use std::sync::Arc;

/// An image of these values, one row.
fn of<T: Copy>(values: &[T], data_type: DataType, scale: ValueScale) -> Image {
    let samples = std::mem::size_of_val(values) / data_type.byte_count();
    let properties = ImageProperties { value_scale: scale, ..ImageProperties::default() };
    let source = Source::new(&[samples as u64], data_type, READ | WRITE | MEMORY).with_properties(properties).image();
    // SAFETY: plain numbers.
    let bytes = unsafe { std::slice::from_raw_parts(values.as_ptr() as *const u8, std::mem::size_of_val(values)) };
    write(&source, &Region::full(&source.shape()), bytes);
    source
}

fn doubles(bytes: &[u8]) -> Vec<f64> {
    bytes.chunks_exact(8).map(|bytes| f64::from_ne_bytes(bytes.try_into().unwrap())).collect()
}

fn scale(slope: f64, intercept: f64) -> ValueScale {
    ValueScale { slope, intercept, unit: "HU".into() }
}

#[test]
fn scaled_is_the_quantity_in_doubles_and_is_written_back() {
    let image = of(&[0u16, 1, 1024, 65535], DataType::UINT16, scale(0.5, -1024.0));
    let view = scaled(&image).unwrap();
    assert_eq!((view.data_type(), view.capabilities()), (DataType::DOUBLE, READ | WRITE));
    assert_eq!(doubles(&read_all(&view)), [-1024.0, -1023.5, -512.0, 31743.5]);
    assert_eq!(view.properties().value_scale, scale(1.0, 0.0));
    let new = [-1024.0f64, -1000.25, 1e9, f64::NAN];
    write(&view, &region(&[0], &[4]), &new.map(f64::to_ne_bytes).concat());
    // -1000.25 is 47.5 steps, rounded half to even; the others saturate, NaN becomes 0.
    assert_eq!(read_all(&image), [0u16, 48, 65535, 0].map(u16::to_ne_bytes).concat());
}

#[test]
fn scaled_without_a_scale_is_in_doubles_too() {
    for (data_type, to) in [
        (DataType::INT8, DataType::DOUBLE),
        (DataType::BOOL, DataType::DOUBLE),
        (DataType::LABEL32, DataType::DOUBLE),
        (DataType::VEC3_UINT8, DataType::VEC3_DOUBLE),
        (DataType::COMPLEX_FLOAT, DataType::COMPLEX_DOUBLE),
        (DataType::FLOAT16, DataType::DOUBLE),
        (DataType::DOUBLE, DataType::DOUBLE),
    ] {
        let image = Source::new(&[6], data_type, READ).image();
        assert_eq!(scaled(&image).unwrap().data_type(), to);
    }
    let image = of(&[-3i8, 7], DataType::INT8, ValueScale::default());
    assert_eq!(doubles(&read_all(&scaled(&image).unwrap())), [-3.0, 7.0]);
}

#[test]
fn the_intercept_of_a_complex_image_is_real() {
    let image = of(&[1f32, 2.0, 3.0, 4.0], DataType::COMPLEX_FLOAT, scale(2.0, 10.0));
    assert_eq!(doubles(&read_all(&scaled(&image).unwrap())), [12.0, 4.0, 16.0, 8.0]);
}

#[test]
fn a_type_is_spread_over_the_whole_range_of_another() {
    let image = of(&[0u8, 1, 128, 255], DataType::UINT8, ValueScale::default());
    let wide = adapt_data_type(&image, DataType::UINT16).unwrap();
    assert_eq!(read_all(&wide), [0u16, 257, 32896, 65535].map(u16::to_ne_bytes).concat());
    let signed = adapt_data_type(&image, DataType::INT8).unwrap();
    assert_eq!(read_all(&signed), [-128i8, -127, 0, 127].map(|value| value as u8));
    let unit = adapt_data_type(&image, DataType::DOUBLE).unwrap();
    assert_eq!(doubles(&read_all(&unit)), [0.0, 1.0 * (1.0 / 255.0), 128.0 * (1.0 / 255.0), 255.0 * (1.0 / 255.0)]);
    assert_eq!(read_all(&adapt_data_type(&image, DataType::UINT8).unwrap()), [0, 1, 128, 255]);
    let mask = of(&[0u8, 1], DataType::BINARY, ValueScale::default());
    assert_eq!(read_all(&adapt_data_type(&mask, DataType::UINT8).unwrap()), [0, 255]);
    let labels = of(&[3u8, 200], DataType::LABEL8, ValueScale::default());
    let wide = adapt_data_type(&labels, DataType::LABEL16).unwrap();
    assert_eq!(read_all(&wide), [3u16, 200].map(u16::to_ne_bytes).concat(), "labels keep their numbers");
}

#[test]
fn quantities_survive_a_change_of_type() {
    let image = of(&[0u8, 51, 255], DataType::UINT8, scale(2.0, -10.0));
    let view = adapt_dynamic_range(&image, DataType::FLOAT, (0.0, 255.0), (1.0, -1.0)).unwrap();
    let there = doubles(&read_all(&scaled(&image).unwrap()));
    let here = doubles(&read_all(&scaled(&view).unwrap()));
    assert!(here.iter().zip(&there).all(|(one, other)| (one - other).abs() < 1e-9), "{here:?} {there:?}");
    assert_eq!(view.properties().value_scale.unit, "HU");
}

#[test]
fn every_pair_of_types_reads_and_writes_through_regions_as_through_memory() {
    let mut random = Random::new(5);
    let types: Vec<DataType> = DataType::NAMED
        .iter()
        .map(|(_, data_type)| *data_type)
        .filter(|data_type| data_type.is_numeric() && data_type.primitive() != Primitive::String)
        .collect();
    for from in &types {
        for to in types.iter().filter(|to| to.element_count() == from.element_count()) {
            let near = Source::new(&[7, 3], *from, READ | WRITE | MEMORY).image();
            let far = Source::new(&[7, 3], *from, READ | WRITE).image();
            let line = ((0.0, 200.0), (3.0, 90.0));
            let views = [&near, &far].map(|image| adapt_dynamic_range(image, *to, line.0, line.1));
            let [near_view, far_view] = match views {
                [Ok(near), Ok(far)] => [near, far],
                [near, _] => {
                    assert_eq!(refused(near), ErrorKind::Type, "complex to vector");
                    continue;
                }
            };
            let part = random.region(&near.shape());
            assert_eq!(read(&near_view, &part), read(&far_view, &part), "{from} to {to}");
            let bytes: Vec<u8> = read(&near_view, &part).iter().rev().copied().collect();
            write(&near_view, &part, &bytes);
            write(&far_view, &part, &bytes);
            assert_eq!(read_all(&near), read_all(&far), "{to} to {from}");
        }
    }
}

#[test]
fn halves_are_the_nearest_ones() {
    for bits in 0..=u16::MAX {
        let value = widen(bits);
        if value.is_nan() {
            assert!(widen(narrow(value)).is_nan());
        } else {
            assert_eq!(narrow(value), bits, "{value}");
        }
    }
    for bits in 0..0x7BFFu16 {
        let (low, high) = (widen(bits), widen(bits + 1));
        let even = bits + bits % 2;
        assert_eq!(narrow((low + high) / 2.0), even, "half way from {low} to {high}");
        assert_eq!(narrow(low * 0.75 + high * 0.25), bits);
    }
    assert_eq!([65519.0, 65520.0, f64::INFINITY, 1e-9, -0.0].map(narrow), [0x7BFF, 0x7C00, 0x7C00, 0, 0x8000]);
    let image = of(&[narrow(1.5), narrow(-2.0)], DataType::FLOAT16, scale(2.0, 1.0));
    assert_eq!(doubles(&read_all(&scaled(&image).unwrap())), [4.0, -3.0]);
}

#[test]
fn memory_of_the_other_byte_order_is_converted_right() {
    struct Swapped(Image);
    impl ImageView for Swapped {
        fn capabilities(&self) -> iolink_sdk::ImageCapability {
            READ | WRITE | MEMORY
        }
        fn shape(&self) -> iolink_sdk::Shape {
            self.0.shape()
        }
        fn data_type(&self) -> DataType {
            self.0.data_type()
        }
        fn memory(&self) -> iolink_sdk::Result<iolink_sdk::Memory> {
            let other = match iolink_sdk::ByteOrder::NATIVE {
                iolink_sdk::ByteOrder::Little => iolink_sdk::ByteOrder::Big,
                iolink_sdk::ByteOrder::Big => iolink_sdk::ByteOrder::Little,
            };
            Ok(iolink_sdk::Memory { byte_order: other, ..self.0.memory()? })
        }
    }
    let image: Image =
        Arc::new(Swapped(of(&[1u16.swap_bytes(), 515u16.swap_bytes()], DataType::UINT16, scale(1.0, 0.0))));
    assert_eq!(doubles(&read_all(&scaled(&image).unwrap())), [1.0, 515.0]);
    let back = flip(&image, 0).unwrap();
    assert_eq!(read_all(&back), [515u16, 1].map(u16::to_ne_bytes).concat());
    let (_, target) = zeroed(&image.shape(), DataType::UINT16).share();
    copy_into(&image, &target, &Call::silent()).unwrap();
    assert_eq!(read_all(&target), read_all(&image));
    copy_into(&target, &image, &Call::silent()).unwrap();
    assert_eq!(read_all(&target), read_all(&image));
}

#[test]
fn types_and_ranges_that_make_no_sense_are_refused() {
    let image = Source::new(&[6], DataType::UINT8, READ).image();
    let vector = Source::new(&[6], DataType::VEC3_UINT8, READ).image();
    let complex = Source::new(&[6], DataType::COMPLEX_FLOAT, READ).image();
    assert_eq!(refused(adapt_data_type(&image, DataType::VEC3_UINT8)), ErrorKind::Type);
    assert_eq!(refused(adapt_data_type(&vector, DataType::UINT8)), ErrorKind::Type);
    assert_eq!(refused(adapt_data_type(&complex, DataType::VEC2_FLOAT)), ErrorKind::Type);
    assert_eq!(refused(adapt_data_type(&image, DataType::UTF8_STRING)), ErrorKind::Type);
    assert_eq!(refused(adapt_data_type(&image, DataType::UNKNOWN)), ErrorKind::Type);
    for (input, output) in [
        ((3.0, 3.0), (0.0, 1.0)),
        ((0.0, 1.0), (2.0, 2.0)),
        ((0.0, f64::INFINITY), (0.0, 1.0)),
        ((f64::NAN, 1.0), (0.0, 1.0)),
    ] {
        assert_eq!(refused(adapt_dynamic_range(&image, DataType::FLOAT, input, output)), ErrorKind::InvalidArgument);
    }
    let flat = ImageProperties { value_scale: scale(0.0, 1.0), ..ImageProperties::default() };
    let flat = from_image_view(&image, Some(flat), None).unwrap();
    assert_eq!(refused(scaled(&flat)), ErrorKind::InvalidArgument);
    let view = adapt_data_type(&image, DataType::FLOAT).unwrap();
    assert_eq!(view.capabilities(), READ);
    let bytes = [0; 24];
    let block = Block::new(&bytes, &image.shape(), DataType::FLOAT).unwrap();
    assert_eq!(refused(view.write_region(&region(&[0], &[6]), &block, &Call::silent())), ErrorKind::NotImplemented);
    assert_eq!(refused(view.memory()), ErrorKind::NotImplemented);
    let mut bytes = [0; 24];
    let other = if cfg!(target_endian = "big") { iolink_sdk::ByteOrder::Little } else { iolink_sdk::ByteOrder::Big };
    let mut block = BlockMut::new(&mut bytes, &image.shape(), DataType::FLOAT).unwrap().with_byte_order(other);
    let whole = region(&[0], &[6]);
    assert_eq!(refused(view.read_region(&whole, &mut block, &Call::silent())), ErrorKind::InvalidArgument);
}

#[test]
fn other_properties_and_fewer_capabilities_do_not_end_a_fusion() {
    let image = of(&[0u8, 255], DataType::UINT8, ValueScale::default());
    let view = adapt_data_type(&image, DataType::UINT16).unwrap();
    let view = from_image_view(&view, Some(ImageProperties::default()), None).unwrap();
    let view = restrict_capabilities(&view, READ).unwrap();
    let view = adapt_data_type(&view, DataType::UINT8).unwrap();
    assert_eq!(view.capabilities(), READ, "what was taken away stays away");
    assert_eq!(read_all(&view), [0, 255]);
    let mut tree = MetadataNode::default();
    tree.set("/a", 1i16).unwrap();
    let named = from_image_view(&adapt_data_type(&image, DataType::FLOAT).unwrap(), None, Some(tree.clone())).unwrap();
    assert_eq!(*flip(&named, 0).unwrap().metadata(), tree);
    assert_eq!(*scaled(&named).unwrap().metadata(), tree);
}
