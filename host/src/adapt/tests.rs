//! Adapters against a naive index oracle.

mod chains;
mod collections;
mod copying;
mod kit;
mod oracle;
mod structure;
mod values;
