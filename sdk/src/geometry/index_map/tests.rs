//! Maps against lists that say for each sample of the view where it came from.

use crate::{
    AxesInterpretation, Axis, AxisMap, AxisProperties, ByteOrder, DataType, ErrorKind, ImageProperties, IndexMap,
    Memory, Owner, Region, Shape, Strides,
};

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// 0 to `limit - 1`.
    fn below(&mut self, limit: u64) -> u64 {
        (self.next() >> 16) % limit
    }

    fn number(&mut self) -> f64 {
        self.below(2001) as f64 / 100.0 - 10.0
    }
}

/// Every index of a shape, first axis fastest.
fn indices(shape: &[u64]) -> Vec<Vec<u64>> {
    shape.iter().fold(vec![vec![]], |all, size| {
        (0..*size).flat_map(|index| all.iter().map(move |head| [head.as_slice(), &[index]].concat())).collect()
    })
}

/// A view as a list: for every index, in the order of [`indices`], the source's index.
#[derive(Clone)]
struct Naive {
    shape: Vec<u64>,
    from: Vec<Vec<u64>>,
}

impl Naive {
    fn identity(shape: &[u64]) -> Self {
        Naive { shape: shape.to_vec(), from: indices(shape) }
    }

    fn at(&self, index: &[u64]) -> &[u64] {
        let (flat, _) = index.iter().zip(&self.shape).fold((0, 1), |(at, step), (i, n)| (at + i * step, step * n));
        &self.from[flat as usize]
    }

    /// The view of another shape whose sample at `index` is today's at `today(index)`.
    fn seen(&self, shape: Vec<u64>, today: impl Fn(&[u64]) -> Vec<u64>) -> Self {
        let from = indices(&shape).iter().map(|index| self.at(&today(index)).to_vec()).collect();
        Naive { shape, from }
    }
}

/// One random operation, done to both.
fn step(random: &mut Random, map: IndexMap, naive: &Naive) -> (IndexMap, Naive) {
    let count = naive.shape.len();
    if count == 0 {
        return (map.insert_axis(0).unwrap(), naive.seen(vec![1], |_| vec![]));
    }
    let axis = random.below(count as u64) as usize;
    let size = naive.shape[axis];
    let mut shape = naive.shape.clone();
    match random.below(7) {
        0 => {
            let step = random.below(5) as i64 - 2;
            let step = if step == 0 { 3 } else { step };
            let start = random.below(size);
            let most = if step > 0 { (size - 1 - start) / step as u64 } else { start / (-step) as u64 };
            shape[axis] = 1 + random.below(most + 1);
            let sliced = map.slice(axis, start, step, shape[axis]).unwrap();
            let moved = move |index: &[u64]| {
                let mut index = index.to_vec();
                index[axis] = (start as i64 + index[axis] as i64 * step) as u64;
                index
            };
            (sliced, naive.seen(shape, moved))
        }
        1 => {
            let flipped = move |index: &[u64]| {
                let mut index = index.to_vec();
                index[axis] = size - 1 - index[axis];
                index
            };
            (map.flip(axis).unwrap(), naive.seen(shape, flipped))
        }
        2 => {
            let steps: Vec<u64> = (0..count).map(|_| 1 + random.below(3)).collect();
            for (size, step) in shape.iter_mut().zip(&steps) {
                *size = (*size + step - 1) / step;
            }
            let wide = |index: &[u64]| index.iter().zip(&steps).map(|(index, step)| index * step).collect();
            (map.sub_sample(&steps).unwrap(), naive.seen(shape, wide))
        }
        3 => {
            let mut order: Vec<usize> = (0..count).collect();
            order.sort_by_key(|_| random.next());
            let turned: Vec<u64> = order.iter().map(|axis| shape[*axis]).collect();
            let place = |axis| order.iter().position(|today| *today == axis).unwrap();
            let turned = naive.seen(turned, |index| (0..count).map(|axis| index[place(axis)]).collect());
            (map.permute(&order).unwrap(), turned)
        }
        4 => {
            let index = random.below(size);
            shape.remove(axis);
            let with = |rest: &[u64]| [&rest[..axis], &[index], &rest[axis..]].concat();
            (map.drop_axis(axis, index).unwrap(), naive.seen(shape, with))
        }
        5 if count < 6 => {
            shape.insert(axis, 1);
            let without = |index: &[u64]| [&index[..axis], &index[axis + 1..]].concat();
            (map.insert_axis(axis).unwrap(), naive.seen(shape, without))
        }
        _ => {
            let mut region = Region::full(&map.shape());
            for (axis, size) in shape.iter().enumerate() {
                region.origin[axis] = random.below(*size);
                region.size[axis] = 1 + random.below(size - region.origin[axis]);
            }
            let origin = region.origin;
            let moved = |index: &[u64]| index.iter().zip(&*origin).map(|(index, first)| index + first).collect();
            (map.crop(&region).unwrap(), naive.seen(region.size.to_vec(), moved))
        }
    }
}

fn chain(random: &mut Random, source: &[u64], length: u64) -> (IndexMap, Naive) {
    let mut both = (IndexMap::identity(&Shape::new(source).unwrap()), Naive::identity(source));
    for _ in 0..length {
        both = step(random, both.0, &both.1);
    }
    both
}

#[test]
fn a_chain_of_any_operations_leads_to_the_same_samples() {
    let mut random = Random(7);
    for round in 0..400 {
        let length = random.below(11);
        let (map, naive) = chain(&mut random, &[7, 5, 1, 4][..1 + round % 4], length);
        assert_eq!(*map.shape(), *naive.shape);
        for index in indices(&naive.shape) {
            assert_eq!(&*map.index(&index).unwrap(), naive.at(&index), "{map:?} at {index:?}");
        }
        let again = IndexMap::new(map.source_shape(), map.origin(), map.axes()).unwrap();
        assert_eq!(again, map);
    }
}

#[test]
fn two_maps_are_one() {
    let mut random = Random(11);
    for _ in 0..300 {
        let (first, _) = chain(&mut random, &[6, 5, 4], 4);
        let (second, _) = chain(&mut random, &first.shape(), 4);
        let both = first.then(&second).unwrap();
        assert_eq!(both.shape(), second.shape());
        for index in indices(&both.shape()) {
            assert_eq!(both.index(&index).unwrap(), first.index(&second.index(&index).unwrap()).unwrap());
        }
    }
}

#[test]
fn memory_and_boxes_hold_the_same_samples() {
    let mut random = Random(13);
    let strides = Strides::new(&[-3, 100, 7]).unwrap();
    for _ in 0..300 {
        let (map, naive) = chain(&mut random, &[6, 5, 4], 5);
        let (first, walk) = map.layout(&strides).unwrap();
        let mut region = Region::full(&map.shape());
        for axis in 0..region.size.len() {
            region.origin[axis] = random.below(region.size[axis]);
            region.size[axis] = 1 + random.below(region.size[axis] - region.origin[axis]);
        }
        let (inside, rest) = map.bounding(&region).unwrap();
        let (mut low, mut end) = (Shape::filled(3, u64::MAX), Shape::filled(3, 0));
        for index in indices(&region.size) {
            let there: Vec<u64> = index.iter().zip(&*region.origin).map(|(index, first)| index + first).collect();
            let source = naive.at(&there);
            let bytes: i64 = source.iter().zip(&*strides).map(|(index, stride)| *index as i64 * stride).sum();
            let walked: i64 = there.iter().zip(&*walk).map(|(index, stride)| *index as i64 * stride).sum();
            assert_eq!(first + walked, bytes);
            let local = rest.index(&index).unwrap();
            for axis in 0..3 {
                assert_eq!(inside.origin[axis] + local[axis], source[axis]);
                low[axis] = low[axis].min(source[axis]);
                end[axis] = end[axis].max(source[axis] + 1);
            }
        }
        assert_eq!(low, inside.origin);
        assert_eq!(end, Shape::new(&[inside.end(0), inside.end(1), inside.end(2)]).unwrap());
    }
}

fn calibrated(axes: &[Axis], random: &mut Random) -> ImageProperties {
    let axes = axes.iter().map(|axis| AxisProperties {
        axis: Some(*axis),
        spacing: 0.5 + random.below(8) as f64,
        origin: random.number(),
        unit: "mm".into(),
        coordinates: None,
    });
    let mut properties = ImageProperties { axes: axes.collect(), ..ImageProperties::default() };
    properties.direction = [[0.0; 3]; 3].map(|row: [f64; 3]| row.map(|_| random.number()));
    properties
}

/// Where a sample is: x, y, z as far as the image has them, then the positions along its other axes by name.
fn place(properties: &ImageProperties, index: &[f64]) -> Vec<(Axis, f64)> {
    let mut out: Vec<(Axis, f64)> = properties.axes.iter().map(|axis| (axis.axis.unwrap(), axis.origin)).collect();
    for (axis, index) in properties.axes.iter().zip(index) {
        for (name, at) in out.iter_mut() {
            match axis.axis.unwrap() {
                spatial if spatial <= Axis::Slice && *name <= Axis::Slice => {
                    *at += index * axis.spacing * properties.direction[spatial as usize][*name as usize];
                }
                other if other == *name => *at += index * axis.spacing,
                _ => {}
            }
        }
    }
    out.sort_by_key(|(axis, _)| *axis);
    out
}

#[test]
fn every_sample_stays_where_it_is_in_the_world() {
    let mut random = Random(17);
    for _ in 0..300 {
        let properties = calibrated(&[Axis::Column, Axis::Row, Axis::Slice, Axis::Sequence], &mut random);
        let mut map = IndexMap::identity(&Shape::new(&[6, 5, 4, 3]).unwrap());
        let mut naive = Naive::identity(&[6, 5, 4, 3]);
        for _ in 0..4 {
            let next = step(&mut random, map, &naive);
            if next.0.axes().len() == 4 && next.0.axes().iter().all(|axis| axis.source.is_some()) {
                map = next.0;
                naive = next.1;
            }
        }
        let seen = map.properties(&properties).unwrap();
        assert!(seen.axes.iter().all(|axis| axis.spacing > 0.0 || axis.axis == Some(Axis::Sequence)));
        for index in indices(&naive.shape) {
            let floats = |index: &[u64]| index.iter().map(|index| *index as f64).collect::<Vec<_>>();
            let (here, there) = (place(&seen, &floats(&index)), place(&properties, &floats(naive.at(&index))));
            for (one, other) in here.iter().zip(&there) {
                assert_eq!(one.0, other.0);
                assert!((one.1 - other.1).abs() < 1e-9, "{one:?} is not {other:?}");
            }
        }
    }
}

#[test]
fn crop_sub_sample_and_flip_calibrate_as_documented() {
    let mut properties =
        ImageProperties { axes_interpretation: AxesInterpretation::ImageSequence, ..ImageProperties::default() };
    properties = properties.fitted(3).unwrap();
    for axis in &mut properties.axes {
        axis.spacing = 0.5;
        axis.origin = 10.0;
    }
    let whole = IndexMap::identity(&Shape::new(&[8, 6, 4]).unwrap());

    let cropped = whole.crop(&Region::new(&[2, 1, 0], &[3, 3, 4]).unwrap()).unwrap().properties(&properties).unwrap();
    assert_eq!(cropped.axes.iter().map(|axis| axis.origin).collect::<Vec<_>>(), [11.0, 10.5, 10.0]);
    assert_eq!(cropped.axes_interpretation, AxesInterpretation::ImageSequence);

    let thinned = whole.sub_sample(&[2, 3, 1]).unwrap().properties(&properties).unwrap();
    assert_eq!(thinned.axes.iter().map(|axis| axis.spacing).collect::<Vec<_>>(), [1.0, 1.5, 0.5]);

    let turned = whole.flip(0).unwrap();
    let seen = turned.properties(&properties).unwrap();
    assert_eq!((seen.axes[0].origin, seen.axes[0].spacing), (13.5, 0.5));
    assert_eq!(seen.direction, [[-1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]);
    assert_eq!(turned.flip(0).unwrap().properties(&properties).unwrap(), properties);

    let rewound = whole.flip(2).unwrap().properties(&properties).unwrap();
    assert_eq!((rewound.axes[2].origin, rewound.axes[2].spacing), (11.5, -0.5));
    assert_eq!(rewound.direction, properties.direction);
}

#[test]
fn a_slice_of_a_turned_volume_keeps_its_place_in_space() {
    let mut random = Random(5);
    let mut known = calibrated(&[Axis::Column, Axis::Row, Axis::Slice], &mut random);
    known.space = crate::Space::Lps;
    let whole = IndexMap::identity(&Shape::new(&[6, 5, 4]).unwrap());
    let to = known.affine(None).unwrap();
    let at = |index: [f64; 3]| [0, 1, 2].map(|row| (0..3).map(|k| to[row][k] * index[k]).sum::<f64>() + to[row][3]);
    let near = |one: [f64; 3], other: [f64; 3]| {
        assert!(one.iter().zip(other).all(|(one, other)| (one - other).abs() < 1e-9), "{one:?} is not {other:?}");
    };
    for (axis, index) in [(2, 3), (1, 2), (0, 5)] {
        let map = whole.drop_axis(axis, index).unwrap();
        let seen = map.properties(&known).unwrap();
        let mut first = [0.0; 3];
        first[axis] = index as f64;
        near(seen.place(), at(first));
        assert_eq!(seen.space, crate::Space::Lps);
        // A crop of the slice moves its place too, out of its own plane where the directions are not at right angles.
        let part = IndexMap::identity(&map.shape()).slice(1, 1, 1, 2).unwrap();
        first[if axis == 2 { 1 } else { 2 }] += 1.0;
        near(part.properties(&seen).unwrap().place(), at(first));
    }
    // The unit of the place is that of the first axis that is left.
    known.direction = ImageProperties::default().direction;
    (known.axes[1].unit, known.axes[0].origin) = ("µm".into(), 7.0);
    let seen = whole.drop_axis(0, 0).unwrap().properties(&known).unwrap();
    assert_eq!((seen.position[0], seen.space_unit()), (7000.0, "µm"));
}

#[test]
fn channels_and_coordinates_are_those_of_the_indices_that_are_walked() {
    let known = ImageProperties {
        axes_interpretation: AxesInterpretation::MultispectralVolumeSequence,
        channels: ["a", "b", "c"].map(|name| crate::Channel { name: name.into(), ..Default::default() }).into(),
        ..ImageProperties::default()
    };
    let mut known = known.fitted(5).unwrap();
    known.axes[2].coordinates = Some(vec![10.0, 11.0, 14.0, 20.0].into());
    known.axes[4].coordinates = Some(vec![0.0, 0.5, 2.0].into());
    let whole = IndexMap::identity(&Shape::new(&[2, 2, 4, 3, 3]).unwrap());
    let names = |seen: &ImageProperties| seen.channels.iter().map(|one| one.name.clone()).collect::<String>();
    let numbers = |seen: &ImageProperties, axis: usize| seen.axes[axis].coordinates.as_deref().map(<[f64]>::to_vec);
    let seen = |map: IndexMap| map.properties(&known).unwrap();
    let part = seen(whole.slice(3, 2, -2, 2).unwrap().slice(2, 1, 2, 2).unwrap().slice(4, 1, 1, 2).unwrap());
    assert_eq!((names(&part).as_str(), part.axes[2].origin), ("ca", 1.0));
    assert_eq!((numbers(&part, 2), numbers(&part, 4)), (Some(vec![11.0, 20.0]), Some(vec![0.5, 2.0])));
    let back = seen(whole.flip(2).unwrap().flip(4).unwrap());
    assert_eq!((numbers(&back, 2), back.axes[2].origin), (Some(vec![20.0, 14.0, 11.0, 10.0]), 10.0));
    assert_eq!((back.direction, back.axes[4].spacing), (known.direction, 1.0));
    let alone = seen(whole.drop_axis(3, 1).unwrap());
    assert_eq!((names(&alone).as_str(), numbers(&alone, 3)), ("b", numbers(&known, 4)));
    let slice = seen(whole.drop_axis(2, 2).unwrap());
    assert_eq!((slice.place(), names(&slice).as_str()), ([0.0, 0.0, 4.0], "abc"));
    let none = seen(whole.slice(3, 0, 1, 0).unwrap());
    assert!(none.channels.is_empty());
    let larger = IndexMap::identity(&Shape::new(&[2, 2, 5, 4, 3]).unwrap()).properties(&known).unwrap();
    assert!(larger.channels.is_empty() && numbers(&larger, 2).is_none(), "tables of another size say nothing");
}

#[test]
fn axes_that_come_go_or_change_places_keep_their_names() {
    let properties = ImageProperties { axes_interpretation: AxesInterpretation::Volume, ..ImageProperties::default() };
    let whole = IndexMap::identity(&Shape::new(&[8, 6, 4]).unwrap());
    let slice = whole.drop_axis(2, 3).unwrap().properties(&properties).unwrap();
    assert_eq!(slice.axes_interpretation, AxesInterpretation::Image);
    let turned = whole.permute(&[2, 1, 0]).unwrap().properties(&properties).unwrap();
    assert_eq!(turned.axes_interpretation, AxesInterpretation::Unknown);
    assert_eq!(turned.named_axes(3), Some(vec![Axis::Slice, Axis::Row, Axis::Column]));
    let wider = whole.insert_axis(0).unwrap().properties(&properties).unwrap();
    assert_eq!((wider.axis(0), wider.axis(3)), (None, Some(Axis::Slice)));
}

#[test]
fn maps_that_cannot_be_are_refused() {
    let whole = IndexMap::identity(&Shape::new(&[8, 6]).unwrap());
    let kind = |result: crate::Result<IndexMap>| result.unwrap_err().kind();
    assert_eq!(kind(whole.slice(0, 0, 0, 3)), ErrorKind::InvalidArgument);
    assert_eq!(kind(whole.slice(2, 0, 1, 1)), ErrorKind::OutOfRange);
    assert_eq!(kind(whole.slice(0, 6, 1, 3)), ErrorKind::OutOfRange);
    assert_eq!(kind(whole.slice(0, 2, -1, 4)), ErrorKind::OutOfRange);
    assert_eq!(kind(whole.slice(0, u64::MAX, i64::MAX, u64::MAX)), ErrorKind::OutOfRange);
    assert_eq!(kind(whole.crop(&Region::new(&[0, 0], &[9, 1]).unwrap())), ErrorKind::OutOfRange);
    assert_eq!(kind(whole.crop(&Region::new(&[0, 0], &[0, 1]).unwrap())), ErrorKind::InvalidArgument);
    assert_eq!(kind(whole.crop(&Region::new(&[0], &[1]).unwrap())), ErrorKind::InvalidArgument);
    assert_eq!(kind(whole.sub_sample(&[1, 0])), ErrorKind::InvalidArgument);
    assert_eq!(kind(whole.sub_sample(&[1])), ErrorKind::InvalidArgument);
    assert_eq!(kind(whole.sub_sample(&[1, u64::MAX])), ErrorKind::InvalidArgument);
    assert_eq!(kind(whole.flip(2)), ErrorKind::OutOfRange);
    assert_eq!(kind(whole.permute(&[0, 0])), ErrorKind::InvalidArgument);
    assert_eq!(kind(whole.permute(&[0])), ErrorKind::InvalidArgument);
    assert_eq!(kind(whole.drop_axis(1, 6)), ErrorKind::OutOfRange);
    assert_eq!(kind(whole.insert_axis(3)), ErrorKind::InvalidArgument);
    assert_eq!(kind(whole.then(&IndexMap::identity(&Shape::new(&[8, 5]).unwrap()))), ErrorKind::InvalidArgument);
    let far = whole.sub_sample(&[1 << 40, 1]).unwrap();
    assert_eq!(kind(far.sub_sample(&[1 << 40, 1])), ErrorKind::Limit);
    let one = AxisMap { source: Some(0), step: 1, size: 2 };
    let source = Shape::new(&[8, 6]).unwrap();
    assert_eq!(kind(IndexMap::new(&source, &[0, 0], &[one, one])), ErrorKind::InvalidArgument);
    assert_eq!(kind(IndexMap::new(&source, &[0, 6], &[one])), ErrorKind::OutOfRange);
    assert_eq!(kind(IndexMap::new(&source, &[0], &[one])), ErrorKind::InvalidArgument);
    assert_eq!(kind(IndexMap::new(&source, &[0, 0], &[AxisMap { source: None, ..one }])), ErrorKind::InvalidArgument);
    assert_eq!(
        kind(IndexMap::new(&source, &[0, 0], &[AxisMap { source: Some(2), ..one }])),
        ErrorKind::InvalidArgument
    );
}

#[test]
fn memory_of_another_shape_is_refused_and_an_empty_view_points_nowhere_else() {
    let mut bytes = [1u8, 2, 3, 4];
    let mut lend = |shape: &[u64]| {
        let shape = Shape::new(shape).unwrap();
        Memory {
            data: bytes.as_mut_ptr(),
            data_type: DataType::UINT8,
            shape,
            strides: shape.column_fastest(1),
            byte_order: ByteOrder::NATIVE,
            writable: true,
            owner: Owner::none(),
        }
    };
    let back = IndexMap::identity(&Shape::new(&[4]).unwrap()).flip(0).unwrap();
    let memory = back.memory(lend(&[4])).unwrap();
    // SAFETY: the last of the four bytes.
    assert_eq!((unsafe { *memory.data }, &*memory.strides), (4, &[-1][..]));
    assert_eq!(back.memory(lend(&[2, 2])).err().unwrap().kind(), ErrorKind::InvalidArgument);
    let empty = back.slice(0, 3, -1, 0).unwrap();
    assert!(empty.is_empty() && empty.then(&IndexMap::identity(&empty.shape())).unwrap() == empty);
    assert_eq!(empty.memory(lend(&[4])).unwrap().data, lend(&[4]).data);
}

#[test]
fn an_origin_moves_in_the_unit_of_the_axis_it_moves_along() {
    let mut properties =
        ImageProperties { axes_interpretation: AxesInterpretation::Image, ..ImageProperties::default() };
    properties = properties.fitted(2).unwrap();
    let crop = IndexMap::identity(&Shape::new(&[4, 4]).unwrap()).crop(&Region::new(&[2, 1], &[1, 1]).unwrap()).unwrap();
    let origins = |direction: [[f64; 3]; 3], units: [&str; 2]| {
        let mut given = ImageProperties { direction, ..properties.clone() };
        given.axes.iter_mut().zip(units).for_each(|(axis, unit)| axis.unit = unit.into());
        crop.properties(&given).map(|seen| (seen.axes[0].origin, seen.axes[1].origin))
    };
    let (turned, usual) = ([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]], properties.direction);
    assert_eq!(origins(turned, ["mm", "mm"]).unwrap(), (-1.0, 2.0));
    assert_eq!(origins(turned, ["mm", "cm"]).unwrap(), (-10.0, 0.2));
    assert_eq!(origins(turned, ["", ""]).unwrap(), (-1.0, 2.0));
    assert_eq!(origins(usual, ["furlong", ""]).unwrap(), (2.0, 1.0));
    for units in [["mm", ""], ["furlong", "mm"], ["s", "mm"]] {
        assert_eq!(origins(turned, units).unwrap_err().kind(), ErrorKind::InvalidArgument, "{units:?}");
    }
}
