//! The plugin of `iolink-plugin-stream`: the one symbol, and nothing else.

iolink_sdk::export_plugin!(iolink_plugin_stream::Streams);
