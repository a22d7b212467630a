//! A long region of a plugin's image is read on the process's one pool, and not by threads of the plugin's own.
#![cfg(target_os = "linux")]

use iolink_host::Registry;
use iolink_sdk::{BlockMut, Call, CreateView, DataType, Region, Shape};
use std::path::PathBuf;

fn library(name: &str) -> PathBuf {
    let program = std::env::current_exe().expect("this program has a path");
    let found = program.ancestors().skip(1).map(|folder| folder.join(name)).find(|file| file.exists());
    found.unwrap_or_else(|| panic!("{name} is not built: `cargo build --release` makes it"))
}

/// Names of the threads that run now and began with `iolink`.
fn threads() -> Vec<String> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let names = tasks.flatten().filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok());
    names.map(|name| name.trim().to_owned()).filter(|name| name.starts_with("iolink")).collect()
}

#[test]
fn a_plugin_copies_on_the_hosts_pool() {
    let registry = Registry::builder().builtin(false).plugin_path_env(false).build();
    registry.load_plugin(&library("libiolink_memory.so")).unwrap();
    let shape = Shape::new(&[8192, 4096]).unwrap();
    let made = registry.create(CreateView::image(shape, DataType::UINT8, None).in_memory()).unwrap();
    let image = made.into_image().unwrap();
    assert!(image.foreign().is_some(), "the image is the plugin's");
    let mut samples = vec![1; 8192 * 4096];
    let read = |samples: &mut [u8], call: &Call<'_>| {
        let mut block = BlockMut::new(samples, &shape, DataType::UINT8).unwrap();
        image.read_region(&Region::full(&shape), &mut block, call).unwrap();
    };
    // The caller's thread alone, if it says so.
    read(&mut samples, &Call::silent().with_max_threads(1));
    assert_eq!(threads(), Vec::<String>::new());
    assert!(samples.iter().all(|sample| *sample == 0));
    samples.fill(1);
    read(&mut samples, &Call::silent());
    assert!(samples.iter().all(|sample| *sample == 0));
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
    let pool = (0..cores).map(|number| format!("iolink-{number}")).collect::<Vec<_>>();
    let seen = threads();
    assert!(seen.iter().all(|name| pool.contains(name)), "{seen:?}");
    assert_eq!(seen.is_empty(), cores == 1, "{seen:?}");
}
