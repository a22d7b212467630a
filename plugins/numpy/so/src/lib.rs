//! The plugin of `iolink-plugin-numpy`: the one symbol, and nothing else.

iolink_sdk::export_plugin!(iolink_plugin_numpy::Numpy);
