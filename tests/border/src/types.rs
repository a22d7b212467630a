//! What `abi_stable` knows of the border: the type of each field, function by function. With the feature `abi-check`.
//!
//! Its own compatibility check refuses a struct that has grown at its end, so the text is compared as a prefix instead.

use abi_stable::type_layout::{TLData, TLField, TLFunction, TypeLayout};
use abi_stable::StableAbi;
use iolink_sdk::abi::*;
use std::fmt::Write;

fn put(text: &mut String, name: &str, layout: &'static TypeLayout) {
    let _ = writeln!(text, "{name}");
    if let TLData::Struct { fields } = layout.data() {
        for field in fields.iter() {
            put_field(text, &field);
        }
    }
}

fn put_field(text: &mut String, field: &TLField) {
    let functions: Vec<String> = field.function_range().iter().map(|function| signature(&function)).collect();
    let kind = if functions.is_empty() { field.full_type().to_string() } else { functions.join(" ") };
    let _ = writeln!(text, "  {}: {}", field.name(), kind.trim());
}

/// The types of a function, without the names of its arguments, which nobody's binary knows.
fn signature(function: &TLFunction) -> String {
    let words = |layout: &'static TypeLayout| layout.full_type().to_string().trim().to_owned();
    let arguments: Vec<String> = function.param_type_layouts.iter().map(|layout| words(layout())).collect();
    let result = function.return_type_layout().map_or("()".to_owned(), |layout| words(layout()));
    format!("fn({}) -> {result}", arguments.join(", "))
}

macro_rules! all {
    ($text:ident: $($name:ident)*) => {
        $(put(&mut $text, stringify!($name), <$name as StableAbi>::LAYOUT);)*
    };
}

/// Every struct of the border with the types of its fields.
pub fn write() -> String {
    let mut text = String::from("# Types of the border's fields, as abi_stable describes them.\n");
    all! { text:
        iolink_error iolink_view iolink_view_base iolink_text_sink iolink_call iolink_image_description iolink_memory
        iolink_region iolink_block iolink_image_properties iolink_channel iolink_channel_sink iolink_metadata_value
        iolink_metadata_sink iolink_metadata_source iolink_image_vtable iolink_multi_image_vtable
        iolink_lod_image_vtable iolink_extension_vtable iolink_tiling_description iolink_tiling iolink_parallel_access
        iolink_view_origin iolink_frame_request iolink_frame_vtable iolink_bytes iolink_stream_vtable
        iolink_byte_range iolink_random_access_vtable iolink_store_get iolink_store_batch iolink_store_put
        iolink_store_entry iolink_store_sink iolink_store_vtable iolink_host iolink_source iolink_option iolink_target
        iolink_create_request iolink_adopt_request iolink_convert_request iolink_option_info iolink_offer
        iolink_provider iolink_plugin
    }
    text
}
