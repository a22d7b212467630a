//! Random chains of adapters, read and written in every way, against the list of where each sample is.

use super::kit::*;
use super::oracle::*;
use iolink_sdk::{
    AxesInterpretation, Axis, Block, BlockMut, Call, DataType, ImageCapability, ImageProperties, Region, Shape,
};

/// Sources that a view must not tell apart: lending memory, opened from somewhere, without memory.
fn sources(shape: &[u64], data_type: DataType, round: u64) -> Source {
    let axes_interpretation = match shape.len() {
        3 if round.is_multiple_of(2) => AxesInterpretation::MultispectralImage,
        3 => AxesInterpretation::Volume,
        4 => AxesInterpretation::MultispectralVolume,
        _ => AxesInterpretation::Unknown,
    };
    let properties = ImageProperties { axes_interpretation, ..ImageProperties::from_data_type(data_type) };
    match round % 3 {
        0 => Source::new(shape, data_type, READ | WRITE | MEMORY),
        1 => Source::new(shape, data_type, READ | WRITE | MEMORY).with_origin("file:///somewhere"),
        _ => Source::new(shape, data_type, READ | WRITE),
    }
    .with_properties(properties)
}

const TYPES: [DataType; 4] = [DataType::UINT8, DataType::UINT16, DataType::VEC3_UINT16, DataType::DOUBLE];
const SHAPES: [&[u64]; 4] = [&[13], &[7, 6, 3], &[5, 1, 8], &[4, 5, 2, 3]];

fn source(round: u64) -> Source {
    sources(SHAPES[(round / 3 % 4) as usize], TYPES[(round / 12 % 4) as usize], round)
}

#[test]
fn a_chain_reads_what_the_list_says() {
    let mut random = Random::new(1);
    for round in 0..1500 {
        let (source, image) = source(round).share();
        let length = random.below(9);
        let (view, naive) = chain(&mut random, &image, length, true);
        assert_eq!(*view.shape(), *naive.shape, "round {round}");
        let bytes = source.bytes();
        assert_eq!(read_all(&view), naive.bytes(&bytes), "round {round}");
        let region = random.region(&view.shape());
        assert_eq!(read(&view, &region), naive.region(&region).bytes(&bytes), "round {round}, {region}");
        if view.capabilities().has(MEMORY) {
            assert_eq!(memory_of(&view), naive.bytes(&bytes), "round {round}");
        }
    }
}

#[test]
fn a_chain_fills_a_block_of_any_layout_and_nothing_else() {
    let mut random = Random::new(2);
    for round in 0..600 {
        let (source, image) = source(round).share();
        let (view, naive) = chain(&mut random, &image, 5, true);
        let region = random.region(&view.shape());
        let sample = view.data_type().byte_count();
        // Axes in reverse order, every second one backwards, a gap behind each row.
        let mut strides = region.size.dense_strides(sample, (0..region.size.len()).rev());
        let (mut first, mut length) = (0, sample);
        for axis in 0..strides.len() {
            strides[axis] *= 2;
            length += (strides[axis] as usize) * (region.size[axis] as usize - 1);
            if axis % 2 == 1 {
                first += (strides[axis] as usize) * (region.size[axis] as usize - 1);
                strides[axis] = -strides[axis];
            }
        }
        let mut bytes = vec![0xEE; length];
        let mut block = BlockMut::with_strides(&mut bytes, first, &region.size, &strides, view.data_type()).unwrap();
        view.read_region(&region, &mut block, &Call::silent()).unwrap();
        let mut expected = vec![0xEE; length];
        let wanted = naive.region(&region).bytes(&source.bytes());
        for (index, sample_bytes) in indices(&region.size).iter().zip(wanted.chunks(sample)) {
            let at: i64 = index.iter().zip(&*strides).map(|(index, stride)| *index as i64 * stride).sum();
            let at = (first as i64 + at) as usize;
            expected[at..at + sample].copy_from_slice(sample_bytes);
        }
        assert_eq!(bytes, expected, "round {round}");
    }
}

#[test]
fn a_chain_writes_its_own_samples_and_no_others() {
    let mut random = Random::new(3);
    for round in 0..1500 {
        let (source, image) = source(round).share();
        let length = random.below(9);
        let (view, naive) = chain(&mut random, &image, length, false);
        assert!(view.capabilities().has(WRITE));
        let region = random.region(&view.shape());
        let length = region.element_count().unwrap() as usize * view.data_type().byte_count();
        let bytes: Vec<u8> = (0..length).map(|_| random.next() as u8).collect();
        let mut expected = source.bytes();
        naive.region(&region).write(&mut expected, &bytes);
        write(&view, &region, &bytes);
        assert!(source.bytes() == expected, "round {round}");
        assert_eq!(read(&view, &region), bytes, "round {round}");
    }
}

#[test]
fn what_does_not_fit_is_refused_by_every_kind_of_view() {
    let (_, image) = Source::new(&[6, 5, 4], DataType::VEC3_UINT16, READ | WRITE | MEMORY).share();
    let scalar = super::super::disassemble_channels(&image).unwrap();
    let views = [
        super::super::flip(&image, 0).unwrap(),
        super::super::stack(&[image.clone(), image.clone()], 1).unwrap(),
        super::super::adapt_data_type(&image, DataType::VEC3_FLOAT).unwrap(),
        super::super::assemble_channels(&scalar).unwrap(),
        scalar,
    ];
    for view in views {
        let (shape, data_type) = (view.shape(), view.data_type());
        let full = Region::full(&shape);
        let mut outside = full;
        outside.origin[0] = 1;
        let mut flat = full;
        flat.size[1] = 0;
        let less = Region::full(&Shape::new(&shape[1..]).unwrap());
        let bytes = vec![0; full.element_count().unwrap() as usize * data_type.byte_count()];
        let block = Block::new(&bytes, &shape, data_type).unwrap();
        let other = DataType::VEC4_DOUBLE;
        let wide = vec![0; full.element_count().unwrap() as usize * other.byte_count()];
        let wrong = Block::new(&wide, &shape, other).unwrap();
        let silent = Call::silent();
        use iolink_sdk::ErrorKind::{InvalidArgument, OutOfRange, Type};
        for (region, block, kind) in [
            (&outside, &block, OutOfRange),
            (&flat, &block, InvalidArgument),
            (&less, &block, InvalidArgument),
            (&full, &wrong, Type),
        ] {
            assert_eq!(refused(view.write_region(region, block, &silent)), kind);
            let mut room = vec![7; block.shape().element_count().unwrap() as usize * block.data_type().byte_count()];
            let mut target = BlockMut::new(&mut room, block.shape(), block.data_type()).unwrap();
            assert_eq!(refused(view.read_region(region, &mut target, &silent)), kind);
            assert!(room.iter().all(|byte| *byte == 7));
        }
        let part = Region::new(&[0; 16][..shape.len()], &[1; 16][..shape.len()]).unwrap();
        assert_eq!(refused(view.write_region(&part, &block, &silent)), InvalidArgument);
    }
}

#[test]
fn capabilities_shrink_and_never_grow() {
    for capabilities in [READ, WRITE, READ | MEMORY, READ | WRITE | MEMORY, READ | WRITE | ImageCapability::RESHAPE] {
        let image = Source::new(&[6, 5], DataType::UINT8, capabilities).image();
        let view = super::super::flip(&image, 0).unwrap();
        assert_eq!(view.capabilities(), capabilities.only(READ | WRITE | MEMORY));
        let less = super::super::restrict_capabilities(&view, READ).unwrap();
        assert_eq!(less.capabilities(), capabilities.only(READ));
        assert_eq!(
            super::super::flip_axis(&less, Axis::Row).map(|_| ()).map_err(|error| error.kind()),
            Err(iolink_sdk::ErrorKind::InvalidArgument)
        );
    }
}
