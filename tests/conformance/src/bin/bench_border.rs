//! What the border costs: calls through a plugin against the same calls in-process. Prints medians and ratios.

use iolink_host::Registry;
use iolink_sdk::{BlockMut, Call, CreateView, DataType, ImageCapability, ImageView, Region, Shape, View};
use std::cell::RefCell;
use std::hint::black_box;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use iolink_plugin_memory::MemoryImage;

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Nanoseconds a call of each of the two, measured in turns so that both see the same machine.
fn race(calls: u32, mut ours: impl FnMut(), mut peer: impl FnMut()) -> (f64, f64) {
    let mut times = (Vec::new(), Vec::new());
    let time = |body: &mut dyn FnMut()| {
        let start = Instant::now();
        for _ in 0..calls {
            body();
        }
        start.elapsed().as_secs_f64() * 1e9 / f64::from(calls)
    };
    for _ in 0..31 {
        times.0.push(time(&mut ours));
        times.1.push(time(&mut peer));
    }
    (median(times.0), median(times.1))
}

/// Of several races the one with the middle ratio.
fn middle(mut races: Vec<(f64, f64)>) -> (f64, f64) {
    races.sort_by(|one, other| (one.0 / one.1).total_cmp(&(other.0 / other.1)));
    races[races.len() / 2]
}

fn row(what: &str, (ours, peer): (f64, f64), bound: &str) {
    println!("{what:<46} {ours:>9.2} ns {peer:>9.2} ns  ratio {:>5.2}  (target {bound})", ours / peer);
}

/// A view of nothing: its getter is as cheap as a call through a trait object can be.
struct Plain(ImageCapability);

impl ImageView for Plain {
    fn capabilities(&self) -> ImageCapability {
        self.0
    }
    fn shape(&self) -> Shape {
        Shape::filled(2, 64)
    }
    fn data_type(&self) -> DataType {
        DataType::UINT16
    }
}

fn main() {
    let program = std::env::current_exe().expect("this program has a path");
    let library: PathBuf = program.with_file_name("libiolink_memory.so");
    let registry = Registry::builder().builtin(false).plugin_path_env(false).build();
    if let Err(refused) = registry.load_plugin(&library) {
        eprintln!("{refused}");
        std::process::exit(1);
    }
    let shape = Shape::filled(2, 64);
    let here = || -> Arc<dyn ImageView> {
        Arc::new(MemoryImage::new(&shape, DataType::UINT16, None).expect("memory for an image"))
    };
    let make = || {
        let wanted = CreateView::image(shape, DataType::UINT16, None).in_memory();
        registry.create(wanted).and_then(View::into_image).expect("the plugin creates images")
    };
    println!("{:<46} {:>12} {:>12}", "call", "plugin", "in-process");
    // Several pairs, of which the middle one counts: where a view lies in memory can cost more than the call.
    let pairs: Vec<(Arc<dyn ImageView>, Arc<dyn ImageView>)> =
        (0..9).map(|_| (make(), Arc::new(Plain(ImageCapability::READ)) as Arc<dyn ImageView>)).collect();
    let getters = pairs
        .iter()
        .map(|(far, plain)| {
            let capabilities = |view: &Arc<dyn ImageView>| {
                black_box(black_box(view).capabilities());
            };
            race(200_000, || capabilities(far), || capabilities(plain))
        })
        .collect();
    row("getter: capabilities()", middle(getters), "<= 1.5");
    let region = Region::full(&shape);
    // Both read the same region of the same kind of image into the same buffer; how far the samples lie from it within a page
    // is the allocator's luck, and decides as much as the call does.
    let mut bytes = vec![0u8; 64 * 64 * 2];
    let buffer = RefCell::new(BlockMut::new(&mut bytes, &shape, DataType::UINT16).expect("a buffer of the size"));
    let read = |view: &Arc<dyn ImageView>| {
        view.read_region(&region, black_box(&mut buffer.borrow_mut()), &Call::silent()).expect("a region");
    };
    let pairs: Vec<_> = (0..15).map(|_| (make(), here())).collect();
    let reads = pairs.iter().map(|(far, near)| race(2_000, || read(far), || read(near))).collect();
    row("read_region: 64 x 64 u16", middle(reads), "<= 1.05");
}
