//! The plugin of iolink-plugin-tables: one symbol.

iolink_sdk::export_plugin!(iolink_plugin_tables::Tables);
