//! A host in Rust: loads a plugin at run time, opens an image, works on it with ndarray, and makes an image of the result.
//!
//! ```text
//! iolink-example-host PLUGIN.so IMAGE
//! ```

use iolink_host::{adapt, source, Registry};
use iolink_plugin_memory as _; // linked in: a registry finds them by itself
use iolink_plugin_numpy as _;
use iolink_sdk::{array_view, Adopt, ArrayMemory, Call, CreateView, DataType, ImageView, Result, Shape};
use ndarray::{ArrayD, Axis};
use std::path::Path;
use std::sync::Arc;

/// The quantities of an image (stored values with slope and intercept) as an array, axes in canonical order.
fn quantities(registry: &Registry, image: &Arc<dyn ImageView>) -> Result<ArrayD<f64>> {
    let create = |shape: &Shape, data_type, properties| {
        registry.create(CreateView::image(*shape, data_type, Some(properties)).in_memory())
    };
    let numbers = adapt::copy_in_memory(&adapt::scaled(image)?, &create, &Call::silent())?;
    let memory = numbers.memory()?;
    // SAFETY: nobody else has the copy.
    Ok(unsafe { array_view::<f64>(&memory)? }.to_owned())
}

fn run(plugin: &Path, image: &str) -> Result<()> {
    let registry = Registry::builder().plugin_path_env(false).build();
    let info = registry.load_plugin(plugin)?;
    println!("{} {} loaded", info.id, info.version);

    let wanted = source::from_text(image)?;
    println!("{}", registry.explain_open(&wanted, None));
    let opened = registry.open(wanted, None)?;
    let image = opened.view.into_image()?;
    println!("{} opened shape {} of type {}", opened.provider, image.shape(), image.data_type());

    let values = quantities(&registry, &image)?;
    let last = Axis(values.ndim().saturating_sub(1));
    let (mut best, mut most) = (0, f64::NEG_INFINITY);
    for (index, slice) in values.axis_iter(last).enumerate() {
        let mean = slice.mean().unwrap_or(f64::NAN);
        if mean > most {
            (best, most) = (index, mean);
        }
    }
    println!("mean {:.4}; slice {best} is the brightest, with {most:.4}", values.mean().unwrap_or(f64::NAN));

    // The array becomes an image, without a copy, that any other program of this process can hold.
    let projected = values.mean_axis(last).unwrap_or(values);
    let memory = Box::new(projected.into_memory()?);
    let projection = registry.adopt(Adopt::Image { memory, properties: None })?.into_image()?;
    assert_eq!(projection.data_type(), DataType::DOUBLE);
    println!("projected to shape {}", projection.shape());
    Ok(())
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [plugin, image] = arguments.as_slice() else {
        eprintln!("usage: iolink-example-host PLUGIN.so IMAGE");
        std::process::exit(2);
    };
    if let Err(error) = run(Path::new(plugin), image) {
        eprintln!("{error}");
        std::process::exit(1);
    }
}
