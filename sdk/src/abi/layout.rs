//! The layout of every border struct, written out so that a test can hold it against the frozen copy.

use super::*;

/// One field of a border struct.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldLayout {
    /// Name of the field.
    pub name: &'static str,
    /// Bytes from the start of the struct.
    pub offset: usize,
    /// Bytes the field takes.
    pub size: usize,
}

/// One border struct.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StructLayout {
    /// Name of the struct.
    pub name: &'static str,
    /// Bytes the struct takes.
    pub size: usize,
    /// Alignment in bytes.
    pub alignment: usize,
    /// Fields in order.
    pub fields: Vec<FieldLayout>,
}

fn size_at<T>(_: *const T) -> usize {
    std::mem::size_of::<T>()
}

macro_rules! layouts {
    ($($name:ident { $($field:ident),* $(,)? })*) => {
        vec![$({
            let memory = std::mem::MaybeUninit::<$name>::uninit();
            let base = memory.as_ptr();
            StructLayout {
                name: stringify!($name),
                size: std::mem::size_of::<$name>(),
                alignment: std::mem::align_of::<$name>(),
                fields: vec![$({
                    // SAFETY: only the field's address is taken, within `memory`; nothing is read.
                    let at = unsafe { std::ptr::addr_of!((*base).$field) };
                    FieldLayout {
                        name: stringify!($field),
                        offset: at as usize - base as usize,
                        size: size_at(at),
                    }
                }),*],
            }
        }),*]
    };
}

/// Layout of every struct of the border on this machine, in the order of the header.
pub fn layout() -> Vec<StructLayout> {
    layouts! {
        iolink_error { size, kind, code, reserved, provider, message }
        iolink_view { magic, vtable, self_ }
        iolink_view_head { size, kind, flags, maker, retain, release, capabilities, extension, origin }
        iolink_text_sink { size, context, put }
        iolink_call { size, context, progress }
        iolink_image_description { size, dimension_count, data_type, shape }
        iolink_memory { size, dimension_count, data_type, byte_order, flags, data, shape, byte_strides, owner, release }
        iolink_region { size, dimension_count, origin, extent }
        iolink_block { size, dimension_count, data_type, data, byte_strides }
        iolink_image_properties {
            size, dimension_count, axes_interpretation, image_interpretation, axes, spacing, origin, units, direction,
            scale_slope, scale_intercept, value_unit,
        }
        iolink_metadata_sink { size, context, put }
        iolink_metadata_source { size, context, visit }
        iolink_image_vtable {
            head, describe, memory, read_region, write_region, reshape, properties, set_properties, metadata,
            set_metadata,
        }
        iolink_multi_image_vtable { head, frame_count, frame, insert, replace, remove }
        iolink_lod_image_vtable { head, level_range, resolution }
        iolink_extension_vtable { head, id, table }
        iolink_neighbours { size, reserved, open, names }
        iolink_tiling_description { size, dimension_count, tile_count, max_tile_size, grid_size }
        iolink_tiling { size, reserved, describe, tile_region, grid, image, read_tile, write_tile }
        iolink_parallel_access { size, reserved, capabilities }
        iolink_view_origin { size, reserved, uri, format }
        iolink_frame_vtable { head, shape, schema, export, write, reshape }
        iolink_bytes { size, flags, data, length, owner, release }
        iolink_stream_vtable { head, read, write, seek, length, resize, flush, close, memory }
        iolink_byte_range { offset, length }
        iolink_random_access_vtable { head, length, read_at, write_at, memory, will_need }
        iolink_host { size, context, retain, release, log, progress, open }
        iolink_source { size, reserved, uri, path, bytes, format, options, option_count }
        iolink_option { key, value }
        iolink_create_request {
            size, kind, data_type, dimension_count, reserved, shape, properties, length, schema,
        }
        iolink_adopt_request { size, kind, memory, properties, bytes, stream }
        iolink_target { size, kind, capabilities }
        iolink_offer {
            size, offer, kind, cost, capabilities, from_kind, reserved, from_capabilities, format, extensions,
            media_types, schemes, magic,
        }
        iolink_option_info { size, value, name, standard, about }
        iolink_provider {
            size, offer_count, id, title, offers, identify, open, create, adopt, convert, save, option_count,
            options,
        }
        iolink_plugin {
            magic, size, abi_major, abi_minor, panic_strategy, id, version, provider_count, reserved, providers,
        }
        ArrowSchema { format, name, metadata, flags, n_children, children, dictionary, release, private_data }
        ArrowArray {
            length, null_count, offset, n_buffers, n_children, buffers, children, dictionary, release, private_data,
        }
        ArrowArrayStream { get_schema, get_next, get_last_error, release, private_data }
    }
}
