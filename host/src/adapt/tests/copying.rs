//! Whole images over every road, with progress, stop and refusal.

use super::kit::*;
use crate::adapt::*;
use iolink_sdk::{fail, Call, DataType, ErrorKind, ImageCapability, MetadataNode, Shape, View};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Mutex;

fn empty(shape: &[u64], data_type: DataType, capabilities: ImageCapability) -> Image {
    let all = zeroed(&Shape::new(shape).unwrap(), data_type);
    restrict_capabilities(&all.image(), capabilities).unwrap()
}

#[test]
fn every_pair_of_roads_copies_the_same() {
    let every = [READ | WRITE, READ | WRITE | MEMORY];
    for (from, to, shape) in every
        .iter()
        .flat_map(|from| every.iter().map(move |to| (*from, *to)))
        .flat_map(|(from, to)| [&[700, 30, 40][..], &[5], &[3000, 3100], &[]].map(|shape| (from, to, shape)))
    {
        let source = Source::new(shape, DataType::UINT16, from).image();
        let target = empty(shape, DataType::UINT16, to);
        copy_into(&source, &target, &Call::silent()).unwrap();
        assert!(read_all(&target) == read_all(&source), "{from:?} to {to:?} of {shape:?}");
    }
}

#[test]
fn a_chain_is_copied_on_two_threads_and_progress_comes_on_one() {
    let source = Source::new(&[2100, 2200, 3], DataType::UINT16, READ | MEMORY).image();
    let view = flip(&sub_sample(&source, &[1, 1, 1]).unwrap(), 1).unwrap();
    let target = empty(&view.shape(), DataType::UINT16, READ | WRITE | MEMORY);
    let here = std::thread::current().id();
    let seen = Mutex::new(vec![]);
    let listen = |done, total| {
        assert_eq!(std::thread::current().id(), here);
        seen.lock().unwrap().push((done, total));
        true
    };
    copy_into(&view, &target, &Call::new(&listen)).unwrap();
    let seen = seen.into_inner().unwrap();
    let bytes = 2100 * 2200 * 3 * 2;
    assert!(seen.windows(2).all(|pair| pair[0].0 <= pair[1].0));
    assert!(seen.iter().all(|(done, total)| done <= total && *total == bytes));
    assert_eq!(seen.last(), Some(&(bytes, bytes)));
    assert!(read_all(&target) == read_all(&view));
}

#[test]
fn a_copy_stops_when_asked() {
    let source = Source::new(&[2100, 2200, 3], DataType::UINT16, READ).image();
    for (capabilities, asked) in [(READ | WRITE | MEMORY, 0), (READ | WRITE, 0), (READ | WRITE, 3)] {
        let target = empty(&source.shape(), DataType::UINT16, capabilities);
        let calls = AtomicU64::new(0);
        let stop = |_, _| calls.fetch_add(1, Ordering::Relaxed) < asked;
        assert_eq!(refused(copy_into(&source, &target, &Call::new(&stop))), ErrorKind::Cancelled);
        assert_eq!(calls.load(Ordering::Relaxed), asked + 1);
        let written = read_all(&target).iter().any(|byte| *byte != 0);
        assert_eq!(written, asked > 0);
    }
}

#[test]
fn images_that_do_not_fit_are_refused_and_untouched() {
    let source = Source::new(&[4, 3], DataType::UINT16, READ | MEMORY).image();
    let all = READ | WRITE | MEMORY;
    let silent = Call::silent();
    let into = |target: &Image| refused(copy_into(&source, target, &silent));
    assert_eq!(into(&empty(&[4, 4], DataType::UINT16, all)), ErrorKind::InvalidArgument);
    assert_eq!(into(&empty(&[4, 3], DataType::INT16, all)), ErrorKind::Type);
    assert_eq!(into(&empty(&[4, 3], DataType::UINT16, READ | MEMORY)), ErrorKind::NotImplemented);
    let blind = restrict_capabilities(&source, MEMORY).unwrap();
    let target = empty(&[4, 3], DataType::UINT16, all);
    assert_eq!(refused(copy_into(&blind, &target, &silent)), ErrorKind::NotImplemented);
    assert!(read_all(&target).iter().all(|byte| *byte == 0));
    let own = flip(&target, 0).unwrap();
    assert_eq!(refused(copy_into(&own, &target, &silent)), ErrorKind::InvalidArgument, "it shares memory with itself");
}

#[test]
fn an_image_without_samples_is_copied() {
    let source = Source::new(&[4, 0], DataType::UINT16, READ | MEMORY).image();
    copy_into(&source, &empty(&[4, 0], DataType::UINT16, READ | WRITE | MEMORY), &Call::silent()).unwrap();
}

#[test]
fn a_copy_in_memory_is_made_by_the_caller_and_keeps_what_is_known() {
    let source = Source::new(&[4, 3], DataType::UINT16, READ).image();
    let source = reinterpret(&source, iolink_sdk::AxesInterpretation::Image).unwrap();
    let create = |shape: &Shape, data_type: DataType, properties| {
        Ok(View::Image(zeroed(shape, data_type).with_properties(properties).image()))
    };
    let copy = copy_in_memory(&source, &create, &Call::silent()).unwrap();
    assert_eq!(read_all(&copy), read_all(&source));
    assert_eq!(copy.properties(), source.properties());
    assert!(copy.capabilities().has(MEMORY));
    let refuse = |_: &Shape, _: DataType, _| fail!(Limit, "no room");
    assert_eq!(refused(copy_in_memory(&source, &refuse, &Call::silent())), ErrorKind::Limit);
    let mut tree = MetadataNode::default();
    tree.set("/a", 1i16).unwrap();
    let told = from_image_view(&source, None, Some(tree)).unwrap();
    let fixed = refused(copy_in_memory(&told, &create, &Call::silent()));
    assert_eq!(fixed, ErrorKind::NotImplemented, "metadata is not lost silently");
}
