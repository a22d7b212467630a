//! The plugin of `iolink-plugin-dataframe`: the one symbol, and nothing else.

iolink_sdk::export_plugin!(iolink_plugin_dataframe::Frames);
