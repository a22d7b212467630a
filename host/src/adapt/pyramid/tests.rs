use super::cache::Cache;
use super::*;
use crate::adapt::tests::kit::{indices, offset, read, read_all, refused, Random, Source, MEMORY, READ};
use iolink_sdk::view::services::tiling;
use iolink_sdk::{AxesInterpretation, AxisProperties, DataType, ErrorKind, Region};
use std::sync::atomic::Ordering;

fn named(interpretation: AxesInterpretation, spacing: &[f64]) -> ImageProperties {
    let mut properties = ImageProperties { axes_interpretation: interpretation, ..ImageProperties::default() }
        .fitted(spacing.len())
        .unwrap();
    for (axis, spacing) in properties.axes.iter_mut().zip(spacing) {
        *axis = AxisProperties { spacing: *spacing, origin: 10.0, unit: "mm".into(), ..axis.clone() };
    }
    properties
}

fn plan(reduction: Reduction, levels: usize) -> PyramidPlan {
    PyramidPlan { reduction: Some(reduction), levels: Some(levels), ..PyramidPlan::default() }
}

fn level(image: &Image, plan: &PyramidPlan, number: i64) -> Image {
    pyramid(image, plan).unwrap().resolution(number).unwrap()
}

/// The naive twin: a level of unsigned bytes from the bytes of the level below.
fn naive(reduction: Reduction, bytes: &[u8], shape: &Shape, halved: &[usize]) -> (Vec<u8>, Shape) {
    let mut smaller = *shape;
    halved.iter().for_each(|axis| smaller[*axis] = smaller[*axis].div_ceil(2));
    let cell = |index: &[u64]| -> Vec<u8> {
        let inside = |other: &[u64]| {
            (0..index.len()).all(|axis| {
                let factor = if halved.contains(&axis) { 2 } else { 1 };
                other[axis] / factor == index[axis]
            })
        };
        indices(shape).iter().filter(|other| inside(other)).map(|other| bytes[offset(shape, other, 1)]).collect()
    };
    let one = |values: Vec<u8>| match reduction {
        Reduction::Mean => {
            let (sum, count) = (values.iter().map(|value| f64::from(*value)).sum::<f64>(), values.len() as f64);
            let mean = sum / count;
            let floor = mean.floor();
            let up = mean - floor > 0.5 || (mean - floor == 0.5 && floor % 2.0 == 1.0);
            floor as u8 + u8::from(up)
        }
        Reduction::Min => *values.iter().min().unwrap(),
        Reduction::Max => *values.iter().max().unwrap(),
        Reduction::Mode => {
            let count = |value: u8| values.iter().filter(|other| **other == value).count();
            let most = values.iter().map(|value| count(*value)).max().unwrap();
            *values.iter().find(|value| count(**value) == most).unwrap()
        }
        Reduction::Nearest => values[0],
    };
    (indices(&smaller).iter().map(|index| one(cell(index))).collect(), smaller)
}

#[test]
fn every_level_agrees_with_the_naive_twin() {
    let mut random = Random::new(11);
    for (_, reduction) in Reduction::NAMED {
        for shape in [&[9][..], &[13, 7], &[8, 8], &[5, 6, 7], &[1, 5], &[2, 1, 3, 5]] {
            let source = Source::new(shape, DataType::UINT8, READ);
            let (mut bytes, mut shape) = (source.bytes(), Shape::new(shape).unwrap());
            if reduction == Reduction::Mode {
                bytes.iter_mut().for_each(|byte| *byte %= 3);
            }
            let image = crate::adapt::tests::kit::zeroed(&shape, DataType::UINT8).image();
            crate::adapt::tests::kit::write(&image, &Region::full(&shape), &bytes);
            let levels = pyramid(&image, &plan(reduction, 2)).unwrap();
            for number in 1..=2 {
                let halved: Vec<usize> = (0..shape.len()).filter(|axis| shape[*axis] > 1).collect();
                (bytes, shape) = naive(reduction, &bytes, &shape, &halved);
                let level = levels.resolution(number).unwrap();
                assert_eq!((level.shape(), level.data_type()), (shape, DataType::UINT8));
                assert_eq!(read_all(&level), bytes, "{reduction:?} {shape}");
                let part = random.region(&shape);
                let wanted: Vec<u8> = indices(&part.size)
                    .iter()
                    .map(|index| {
                        let at: Vec<u64> = index.iter().zip(&*part.origin).map(|(a, b)| a + b).collect();
                        bytes[offset(&shape, &at, 1)]
                    })
                    .collect();
                assert_eq!(read(&level, &part), wanted);
            }
        }
    }
}

/// One level of four samples in a row of a type, reduced; as bytes.
fn reduced(reduction: Reduction, data_type: DataType, samples: &[u8]) -> Vec<u8> {
    let count = (samples.len() / data_type.byte_count()) as u64;
    let mut out = vec![0; (count as usize).div_ceil(2) * data_type.byte_count()];
    let line = |count| Shape::filled(1, count);
    reduce::reduce(reduction, data_type, (samples, &line(count)), &line(2), (&mut out, &line(count.div_ceil(2))))
        .unwrap();
    out
}

fn bytes_of<const N: usize, T>(values: &[T], bytes: fn(&T) -> [u8; N]) -> Vec<u8> {
    values.iter().flat_map(bytes).collect()
}

#[test]
fn means_are_rounded_half_to_even_and_never_overflow() {
    use Reduction::Mean;
    assert_eq!(reduced(Mean, DataType::UINT8, &[255, 255, 1, 2, 2, 3, 9]), [255, 2, 2, 9]);
    let signed = bytes_of(&[-1i16, -2, -2, -3, i16::MIN, i16::MIN], |value| value.to_ne_bytes());
    assert_eq!(reduced(Mean, DataType::INT16, &signed), bytes_of(&[-2i16, -2, i16::MIN], |value| value.to_ne_bytes()));
    let large = bytes_of(&[u64::MAX, u64::MAX - 1, 0, 1], |value| value.to_ne_bytes());
    assert_eq!(reduced(Mean, DataType::UINT64, &large), bytes_of(&[u64::MAX - 1, 0], |value| value.to_ne_bytes()));
    let lowest = bytes_of(&[i64::MIN, i64::MIN, i64::MAX, i64::MAX], |value| value.to_ne_bytes());
    assert_eq!(reduced(Mean, DataType::INT64, &lowest), bytes_of(&[i64::MIN, i64::MAX], |value| value.to_ne_bytes()));
    let floats = bytes_of(&[1f32, 2.0, f32::MAX, f32::MAX], |value| value.to_ne_bytes());
    assert_eq!(reduced(Mean, DataType::FLOAT, &floats), bytes_of(&[1.5f32, f32::MAX], |value| value.to_ne_bytes()));
    // 1, 2, infinity, 65504 (the largest) in half precision.
    let halves = bytes_of(&[0x3C00u16, 0x4000, 0x7BFF, 0x7BFF], |value| value.to_ne_bytes());
    assert_eq!(reduced(Mean, DataType::FLOAT16, &halves), bytes_of(&[0x3E00u16, 0x7BFF], |value| value.to_ne_bytes()));
    assert_eq!(reduced(Mean, DataType::VEC3_UINT8, &[0, 10, 20, 2, 12, 26]), [1, 11, 23]);
}

#[test]
fn a_nan_makes_the_smallest_and_the_largest_a_nan() {
    for values in [[f64::NAN, 1.0], [1.0, f64::NAN]] {
        for reduction in [Reduction::Min, Reduction::Max, Reduction::Mean] {
            let out = reduced(reduction, DataType::DOUBLE, &bytes_of(&values, |value| value.to_ne_bytes()));
            assert!(f64::from_ne_bytes(out.try_into().unwrap()).is_nan());
        }
    }
    let values = bytes_of(&[-1.0f64, 3.0, f64::INFINITY, 2.0], |value| value.to_ne_bytes());
    assert_eq!(
        reduced(Reduction::Min, DataType::DOUBLE, &values),
        bytes_of(&[-1.0f64, 2.0], |value| value.to_ne_bytes())
    );
    assert_eq!(reduced(Reduction::Max, DataType::VEC2_INT8, &[1, 254, 255, 4]), [1, 4]);
}

#[test]
fn the_mode_is_that_of_whole_samples_and_of_several_the_first() {
    let pairs = [1, 2, 1, 2, 2, 1, 9, 9];
    assert_eq!(reduced(Reduction::Mode, DataType::VEC2_UINT8, &pairs), [1, 2, 2, 1]);
    let image = Source::new(&[4, 4], DataType::LABEL16, READ).image();
    assert_eq!(Reduction::suiting(&image), Reduction::Mode);
    assert_eq!(Reduction::suiting(&Source::new(&[4], DataType::COMPLEX_FLOAT, READ).image()), Reduction::Mean);
}

#[test]
fn spacing_doubles_and_the_origin_moves_to_the_middle_of_the_first_cell() {
    let properties = named(AxesInterpretation::VolumeSequence, &[0.5, 1.0, 2.0, 7.0]);
    let image = Source::new(&[8, 8, 8, 5], DataType::UINT8, READ).with_properties(properties).image();
    let top = level(&image, &plan(Reduction::Mean, 2), 2);
    assert_eq!(&*top.shape(), &[2, 2, 2, 5], "time stays");
    let axes = top.properties().axes.clone();
    let seen: Vec<(f64, f64)> = axes.iter().map(|axis| (axis.spacing, axis.origin)).collect();
    assert_eq!(seen, [(2.0, 10.75), (4.0, 11.5), (8.0, 13.0), (7.0, 10.0)]);
    assert!(axes.iter().all(|axis| axis.unit == "mm"));
    let nearest = level(&image, &plan(Reduction::Nearest, 2), 2);
    assert_eq!(nearest.properties().axes[1].spacing, 4.0);
    assert_eq!(nearest.properties().axes[1].origin, 10.0, "the first sample stays where it is");
}

#[test]
fn voxels_become_cubes_first_where_that_is_asked_for() {
    let shapes = |spacing: &[f64], levels: usize| -> Vec<Vec<u64>> {
        let properties = named(AxesInterpretation::Volume, spacing);
        let image = Source::new(&[64, 64, 16], DataType::UINT8, READ).with_properties(properties).image();
        let levels = pyramid(&image, &PyramidPlan { isotropic: true, ..plan(Reduction::Mean, levels) }).unwrap();
        (1..=*levels.level_range().end()).map(|level| levels.resolution(level).unwrap().shape().to_vec()).collect()
    };
    assert_eq!(shapes(&[0.5, 0.5, 2.0], 3), [[32, 32, 16], [16, 16, 16], [8, 8, 8]]);
    assert_eq!(shapes(&[1.0, 1.0, 1.3], 1), [[32, 32, 8]]);
    assert_eq!(shapes(&[0.25, 1.0, 1.0], 3), [[32, 64, 16], [16, 64, 16], [8, 32, 8]]);

    let mut one_in_microns = named(AxesInterpretation::Volume, &[1000.0, 1.0, 4.0]);
    one_in_microns.axes[0].unit = "µm".into();
    let image = Source::new(&[8, 8, 8], DataType::UINT8, READ).with_properties(one_in_microns).image();
    let plan = PyramidPlan { isotropic: true, ..plan(Reduction::Mean, 1) };
    assert_eq!(pyramid(&image, &plan).unwrap().resolution(1).unwrap().shape(), Shape::new(&[4, 4, 8]).unwrap());

    let mut mixed = named(AxesInterpretation::Volume, &[1.0, 1.0, 2.0]);
    mixed.axes[1].unit = "s".into();
    let image = Source::new(&[8, 8, 8], DataType::UINT8, READ).with_properties(mixed).image();
    let plan = PyramidPlan { isotropic: true, ..PyramidPlan::default() };
    assert_eq!(refused(pyramid(&image, &plan)), ErrorKind::InvalidArgument);
}

#[test]
fn levels_that_cannot_be_are_refused() {
    let image = Source::new(&[5, 3], DataType::UINT8, READ).image();
    assert_eq!(refused(pyramid(&image, &plan(Reduction::Mean, 4))), ErrorKind::InvalidArgument);
    let levels = pyramid(&image, &plan(Reduction::Mean, 3)).unwrap();
    assert_eq!(&*levels.resolution(3).unwrap().shape(), &[1, 1]);
    for number in [-1, 4, i64::MIN, i64::MAX] {
        assert_eq!(refused(levels.resolution(number)), ErrorKind::OutOfRange);
    }
    let small = pyramid(&image, &PyramidPlan::default()).unwrap();
    assert_eq!(small.level_range(), 0..=0);
    for (data_type, reduction) in [
        (DataType::LABEL8, Reduction::Mean),
        (DataType::BOOL, Reduction::Mean),
        (DataType::COMPLEX_DOUBLE, Reduction::Max),
    ] {
        let image = Source::new(&[4, 4], data_type, READ).image();
        assert_eq!(refused(pyramid(&image, &plan(reduction, 1))), ErrorKind::Type);
    }
    let empty = Source::new(&[0, 4], DataType::UINT8, READ).image();
    assert_eq!(*pyramid(&empty, &PyramidPlan::default()).unwrap().level_range().end(), 0);
}

#[test]
fn nothing_is_read_before_it_is_asked_for_and_nothing_twice() {
    let (source, image) = Source::new(&[2048, 2048], DataType::UINT8, READ).share();
    let levels = pyramid(&image, &plan(Reduction::Mean, 3)).unwrap();
    let top = levels.resolution(3).unwrap();
    let reads = || source.samples.load(Ordering::Relaxed);
    assert_eq!(reads(), 0);
    let tile = tiling(&top).unwrap().max_tile_size();
    assert_eq!(read(&top, &Region::new(&[0, 0], &[1, 1]).unwrap()).len(), 1);
    assert!(reads() > 0 && reads() <= tile.element_count().unwrap() * 64);
    read_all(&top);
    assert_eq!(reads(), 2048 * 2048);
    read_all(&levels.resolution(1).unwrap());
    assert_eq!(reads(), 2048 * 2048, "the tiles of the first level were kept");
    let whole = levels.resolution(0).unwrap();
    assert!(Arc::ptr_eq(&whole, &image));
}

#[test]
fn without_room_for_tiles_every_sample_is_still_right() {
    let image = Source::new(&[1500, 900], DataType::UINT16, READ).image();
    let roomy = level(&image, &plan(Reduction::Mean, 2), 2);
    let tight = level(&image, &PyramidPlan { cache_bytes: 0, ..plan(Reduction::Mean, 2) }, 2);
    assert_eq!(read_all(&roomy), read_all(&tight));
}

#[test]
fn the_tile_that_was_not_used_for_longest_goes_first() {
    let cache = Cache::new(100);
    let get = |tile: u64, made: &mut u32| {
        cache
            .tile((1, tile), || {
                *made += 1;
                Ok(vec![tile as u8; 40])
            })
            .unwrap()
    };
    let mut made = 0;
    get(1, &mut made);
    get(2, &mut made);
    get(1, &mut made);
    get(3, &mut made);
    assert_eq!((made, cache.bytes()), (3, 80), "tile 2 went");
    get(1, &mut made);
    assert_eq!(made, 3);
    get(2, &mut made);
    assert_eq!(made, 4);
    assert!(cache.tile((9, 9), || Ok(vec![0; 101])).is_ok());
    assert_eq!(cache.bytes(), 80, "what is larger than the limit is not kept");
    assert!(cache.tile((9, 8), || fail!(Corrupt, "no")).is_err());
}

#[test]
fn nearest_levels_share_memory() {
    let image = Source::new(&[256, 256], DataType::UINT8, READ | MEMORY).image();
    let levels =
        pyramid(&image, &PyramidPlan { reduction: Some(Reduction::Nearest), ..PyramidPlan::default() }).unwrap();
    assert_eq!(levels.level_range(), 0..=2);
    let memory = levels.resolution(2).unwrap().memory().unwrap();
    assert_eq!(&*memory.strides, &[4, 1024]);
}

#[test]
fn a_level_may_be_read_by_many_threads() {
    let image = Source::new(&[700, 500], DataType::UINT16, READ).image();
    let top = level(&image, &PyramidPlan { cache_bytes: 300_000, ..plan(Reduction::Max, 1) }, 1);
    let wanted = read_all(&top);
    std::thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| assert_eq!(read_all(&top), wanted));
        }
    });
}

#[test]
fn the_middle_of_a_cell_lies_in_the_direction_of_its_axis() {
    let mut properties = named(AxesInterpretation::Image, &[0.5, 2.0]);
    properties.direction = [[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]];
    let image = Source::new(&[4, 4], DataType::UINT8, READ).with_properties(properties).image();
    let coarse = pyramid(&image, &plan(Reduction::Mean, 1)).unwrap().resolution(1).unwrap().properties();
    let seen: Vec<(f64, f64)> = coarse.axes.iter().map(|axis| (axis.origin, axis.spacing)).collect();
    // Half a spacing of the rows towards -x, half a spacing of the columns towards +y; both begin at 10.
    assert_eq!(seen, [(9.0, 1.0), (10.25, 4.0)]);
}
