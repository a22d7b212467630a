//! The plugin of `iolink-plugin-memory`: the one symbol, and nothing else.

iolink_sdk::export_plugin!(iolink_plugin_memory::Memory, iolink_plugin_memory::Raw);
