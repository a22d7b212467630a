//! Adapters against a naive index oracle.

mod chains;
mod collections;
mod copying;
pub(super) mod kit;
mod oracle;
mod services;
mod structure;
mod values;
