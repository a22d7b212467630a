//! A view as a plain list: for each sample the places of its bytes in the source. And random adapters, done to both.

use super::kit::*;
use crate::adapt::*;
use iolink_sdk::{Axis, DataType, ImageProperties, IndexMap, Region, Shape};

/// The list, column fastest.
#[derive(Clone)]
pub(crate) struct Naive {
    pub(crate) shape: Vec<u64>,
    samples: Vec<Vec<usize>>,
}

impl Naive {
    pub(crate) fn new(shape: &[u64], sample: usize) -> Self {
        let count = shape.iter().product::<u64>() as usize;
        let samples = (0..count).map(|index| (index * sample..(index + 1) * sample).collect()).collect();
        Naive { shape: shape.to_vec(), samples }
    }

    fn at(&self, index: &[u64]) -> &Vec<usize> {
        &self.samples[offset(&self.shape, index, 1)]
    }

    /// The list of another shape whose sample at `index` is `today(index)`.
    fn seen(&self, shape: &[u64], today: impl Fn(&[u64]) -> Vec<usize>) -> Self {
        let samples = indices(&Shape::new(shape).unwrap()).iter().map(|index| today(index)).collect();
        Naive { shape: shape.to_vec(), samples }
    }

    fn moved(&self, shape: &[u64], today: impl Fn(&[u64]) -> Vec<u64>) -> Self {
        self.seen(shape, |index| self.at(&today(index)).clone())
    }

    pub(crate) fn region(&self, region: &Region) -> Self {
        self.moved(&region.size, |index| {
            index.iter().zip(&*region.origin).map(|(index, first)| index + first).collect()
        })
    }

    /// What a reader gets.
    pub(crate) fn bytes(&self, source: &[u8]) -> Vec<u8> {
        self.samples.iter().flatten().map(|place| source[*place]).collect()
    }

    /// What a writer leaves.
    pub(crate) fn write(&self, source: &mut [u8], bytes: &[u8]) {
        for (place, byte) in self.samples.iter().flatten().zip(bytes) {
            source[*place] = *byte;
        }
    }
}

fn adjusted(image: &Image, random: &mut Random, naive: &Naive) -> (Image, Naive) {
    let shape = image.shape();
    let mut region = random.region(&shape);
    let inside = region;
    for axis in 0..shape.len() {
        if region.end(axis) == shape[axis] {
            region.size[axis] += random.below(4);
        }
    }
    (extract_adjusted_region(image, &region).unwrap(), naive.region(&inside))
}

fn turned(image: &Image, random: &mut Random, naive: &Naive) -> (Image, Naive) {
    let count = naive.shape.len();
    let mut names = Axis::ALL;
    names.sort_by_key(|_| random.next());
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|axis| names[*axis]);
    let shape: Vec<u64> = order.iter().map(|axis| naive.shape[*axis]).collect();
    let place = |axis| order.iter().position(|today| *today == axis).unwrap();
    let naive = naive.moved(&shape, |index| (0..count).map(|axis| index[place(axis)]).collect());
    (reinterpret_axes(image, &names[..count]).unwrap(), naive)
}

fn map_of(image: &Image) -> IndexMap {
    IndexMap::identity(&image.shape())
}

/// The parts of a vector's samples, at `axis`.
fn apart(image: &Image, naive: &Naive) -> (Image, Naive) {
    let view = disassemble_channels(image).unwrap();
    let (axis, sample) = (axis_named(&view, Axis::Channel).unwrap(), view.data_type().byte_count());
    let naive = naive.seen(&view.shape(), |index| {
        let channel = index[axis] as usize;
        let rest = [&index[..axis], &index[axis + 1..]].concat();
        naive.at(&rest)[channel * sample..(channel + 1) * sample].to_vec()
    });
    (view, naive)
}

fn together(image: &Image, axis: usize, naive: &Naive) -> (Image, Naive) {
    let view = assemble_channels(image).unwrap();
    let naive = naive.seen(&view.shape(), |index| {
        (0..naive.shape[axis])
            .flat_map(|channel| naive.at(&[&index[..axis], &[channel], &index[axis..]].concat()).clone())
            .collect()
    });
    (view, naive)
}

/// One random adapter. `twice`: the result may show a sample of the source at two places.
pub(crate) fn adapter(random: &mut Random, image: &Image, naive: &Naive, twice: bool) -> (Image, Naive) {
    let (count, shape) = (naive.shape.len(), image.shape());
    if count == 0 {
        let view = mapped(image, &map_of(image).insert_axis(0).unwrap()).unwrap();
        return (view, naive.moved(&[1], |_| vec![]));
    }
    let axis = random.below(count as u64) as usize;
    let size = shape[axis];
    let without = |index: &[u64]| [&index[..axis], &index[axis + 1..]].concat();
    match random.below(12) {
        0 => {
            let region = random.region(&shape);
            (extract_region(image, &region).unwrap(), naive.region(&region))
        }
        1 => adjusted(image, random, naive),
        2 => {
            let steps: Vec<u64> = (0..count).map(|_| 1 + random.below(3)).collect();
            let thin: Vec<u64> = shape.iter().zip(&steps).map(|(size, step)| size.div_ceil(*step)).collect();
            let wide = |index: &[u64]| index.iter().zip(&steps).map(|(index, step)| index * step).collect();
            (sub_sample(image, &steps).unwrap(), naive.moved(&thin, wide))
        }
        3 => {
            let back = |index: &[u64]| {
                let mut index = index.to_vec();
                index[axis] = size - 1 - index[axis];
                index
            };
            (flip(image, axis).unwrap(), naive.moved(&shape, back))
        }
        4 => {
            let index = random.below(size);
            let view = mapped(image, &map_of(image).drop_axis(axis, index).unwrap()).unwrap();
            let with = |rest: &[u64]| [&rest[..axis], &[index], &rest[axis..]].concat();
            (view, naive.moved(&without(&shape), with))
        }
        5 if count < 5 => {
            let view = mapped(image, &map_of(image).insert_axis(axis).unwrap()).unwrap();
            (view, naive.moved(&[&shape[..axis], &[1], &shape[axis..]].concat(), without))
        }
        6 if count <= 5 => turned(image, random, naive),
        7 => {
            let view = from_image_view(image, Some(ImageProperties::default()), None).unwrap();
            (view, naive.clone())
        }
        8 if twice && count < 5 => {
            let copies = 2 + random.below(2);
            let images: Vec<Image> = (0..copies).map(|_| image.clone()).collect();
            let shape = [&shape[..axis], &[copies], &shape[axis..]].concat();
            (stack(&images, axis).unwrap(), naive.moved(&shape, without))
        }
        9 if image.data_type().is_vector() && axis_named(image, Axis::Channel).is_err() && count < 5 => {
            apart(image, naive)
        }
        10 if image.data_type() == DataType::UINT16 => match axis_named(image, Axis::Channel) {
            Ok(axis) => together(image, axis, naive),
            Err(_) => (image.clone(), naive.clone()),
        },
        11 => (restrict_capabilities(image, READ | WRITE | MEMORY).unwrap(), naive.clone()),
        _ => (make_thread_safe(image), naive.clone()),
    }
}

/// A chain of random adapters.
pub(crate) fn chain(random: &mut Random, source: &Image, length: u64, twice: bool) -> (Image, Naive) {
    let sample = source.data_type().byte_count();
    let mut both = (source.clone(), Naive::new(&source.shape(), sample));
    for _ in 0..length {
        both = adapter(random, &both.0, &both.1, twice);
    }
    both
}
