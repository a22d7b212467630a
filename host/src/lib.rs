//! Finds, judges, loads and routes providers; owns no format.
//!
//! Read in this order: [`Registry`] (what an application holds), [`PluginInfo`] (what is known of a plugin), then, in the
//! order a plugin travels: `discover` (where plugins are looked for), `trust` and `preflight` (what is judged before a
//! file runs), `manifest` (what a plugin says of itself), `load` (the one place that opens a library), `judge` (what is
//! checked before the first function is called), `open`, `save`, `ways` and `route` (who is asked, and why), `explain` (the same, for
//! people).
//!
//! Every decision is an event of `tracing` under the target `iolink_host`; events of a plugin keep its own target.
//!
//! ```
//! use iolink_host::Registry;
//!
//! let registry = Registry::builder().plugin_path_env(false).build();
//! for plugin in registry.plugins(false) {
//!     println!("{} {} {:?}", plugin.id, plugin.version, plugin.state);
//! }
//! ```

pub mod adapt;
mod address;
mod allocation;
mod builder;
mod checked;
mod discover;
mod events;
mod explain;
#[cfg(all(unix, not(target_vendor = "apple")))]
mod image;
mod judge;
mod load;
mod manifest;
mod memory;
mod offer_fields;
mod one;
mod open;
#[cfg(all(unix, not(target_vendor = "apple")))]
mod pieces;
mod place;
mod pool;
mod preflight;
mod python;
mod python_provider;
mod record;
mod registry;
mod regular;
mod route;
mod save;
pub mod source;
mod trust;
mod ways;

pub use address::view_at;
pub use builder::{BringPython, RegistryBuilder, SYSTEM_DIRS};
pub use discover::{inspect, Inspection};
pub use explain::{Candidate, Explanation};
pub use one::OneProvider;
pub use open::Opened;
pub use pool::thread_limit;
pub use record::{OfferRecord, OptionRecord, PluginInfo, PluginState, ProviderRecord};
pub use registry::Registry;
