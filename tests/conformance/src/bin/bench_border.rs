//! What the border costs: calls through a plugin against the same calls in-process. Prints medians and ratios.

use iolink_host::Registry;
use iolink_sdk::{BlockMut, Call, Create, DataType, ImageCapability, ImageView, Region, Shape, View};
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
    let make = || {
        let wanted = Create::Image { shape, data_type: DataType::UINT16, properties: None };
        registry.create(wanted).and_then(View::into_image).expect("the plugin creates images")
    };
    let far = make();
    let near: Arc<dyn ImageView> = Arc::new(MemoryImage::new(&shape, DataType::UINT16, None).expect("memory"));

    println!("{:<46} {:>12} {:>12}", "call", "plugin", "in-process");
    // Several pairs, of which the middle one counts: where a view lies in memory can cost more than the call.
    let pairs: Vec<(Arc<dyn ImageView>, Arc<dyn ImageView>)> =
        (0..9).map(|_| (make(), Arc::new(Plain(ImageCapability::READ)) as Arc<dyn ImageView>)).collect();
    let mut getters: Vec<(f64, f64)> = pairs
        .iter()
        .map(|(far, plain)| {
            let capabilities = |view: &Arc<dyn ImageView>| {
                black_box(black_box(view).capabilities());
            };
            race(200_000, || capabilities(far), || capabilities(plain))
        })
        .collect();
    getters.sort_by(|one, other| (one.0 / one.1).total_cmp(&(other.0 / other.1)));
    row("getter: capabilities()", getters[getters.len() / 2], "<= 1.5");
    let region = Region::full(&shape);
    let (mut one, mut other) = (vec![0u8; 64 * 64 * 2], vec![0u8; 64 * 64 * 2]);
    let mut far_block = BlockMut::new(&mut one, &shape, DataType::UINT16).expect("a buffer of the size");
    let mut near_block = BlockMut::new(&mut other, &shape, DataType::UINT16).expect("a buffer of the size");
    let read = race(
        20_000,
        || far.read_region(&region, black_box(&mut far_block), &Call::silent()).expect("a region"),
        || near.read_region(&region, black_box(&mut near_block), &Call::silent()).expect("a region"),
    );
    row("read_region: 64 x 64 u16", read, "<= 1.05");
}
