//! Prints what the host's own work costs: a first search over a hundred plugins, and the road of one `adopt`.
//!
//! `cargo run --release -p iolink-host --example timing -- PLUGIN.so`
//!
//! The plugin is copied a hundred times under other names; all but the first are refused as twins after everything of
//! them was read, which costs more than accepting them. Each number is the best of several runs.

use iolink_host::Registry;
use iolink_sdk::{Adopt, Bytes, Call, Host, Kind, Offer, Owner, Provider, ProviderInfo, RandomAccess, Result, View};
use std::time::Instant;

struct Held(Bytes);

impl RandomAccess for Held {
    fn capabilities(&self) -> iolink_sdk::StreamCapability {
        iolink_sdk::StreamCapability::NONE
    }
    fn length(&self) -> Result<u64> {
        Ok(self.0.length)
    }
    fn read_at(&self, _: u64, _: &mut [u8]) -> Result<usize> {
        Ok(0)
    }
}

struct Holder;

impl Provider for Holder {
    const INFO: ProviderInfo =
        ProviderInfo::new("org.timing.holder", "Holds").offers(&[Offer::adopt(Kind::RandomAccess)]);

    fn adopt(&self, _: &Host, given: Adopt, _call: &Call<'_>) -> Result<View> {
        match given {
            Adopt::RandomAccess(bytes) => Ok(View::random_access(Held(bytes))),
            _ => iolink_sdk::fail!(NotImplemented, "bytes only"),
        }
    }
}

iolink_sdk::builtin!(Holder);

fn best<R>(runs: usize, mut body: impl FnMut() -> R) -> f64 {
    let time = |_| {
        let start = Instant::now();
        std::hint::black_box(body());
        start.elapsed().as_secs_f64()
    };
    (0..runs).map(time).fold(f64::INFINITY, f64::min)
}

fn main() {
    let adopting = Registry::builder().plugin_path_env(false).build();
    let given =
        || Adopt::RandomAccess(Bytes { data: std::ptr::null_mut(), length: 0, writable: false, owner: Owner::none() });
    let seconds = best(20, || {
        for _ in 0..10_000 {
            drop(std::hint::black_box(adopting.adopt(given())));
        }
    });
    println!("adopt and drop of a view: {:.0} ns", seconds / 10_000.0 * 1e9);
    if let Some(plugin) = std::env::args_os().nth(1) {
        let folder = std::env::temp_dir().join(format!("iolink-timing-{}", std::process::id()));
        std::fs::create_dir(&folder).expect("a folder for the copies");
        for index in 0..100 {
            std::fs::copy(&plugin, folder.join(format!("lib{index:03}.so"))).expect("the plugin can be copied");
        }
        let seconds = best(20, || {
            let plugins = Registry::builder().plugin_path_env(false).package_dir(folder.clone()).build().plugins(false);
            assert_eq!(plugins.len(), 101);
        });
        println!("first search over 100 plugins: {:.2} ms", seconds * 1e3);
        std::fs::remove_dir_all(&folder).expect("the copies can be removed");
    }
}
