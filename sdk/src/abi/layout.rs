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
        iolink_view_base { size, kind, flags, maker, retain, release, capabilities, extension, reserved }
        iolink_text_sink { size, reserved, context, write }
        iolink_call { size, flags, context, progress, deadline_ns, max_threads, reserved }
        iolink_image_description { size, dimension_count, data_type, shape }
        iolink_memory {
            size, dimension_count, data_type, byte_order, flags, data, shape, byte_strides, owner, release, device_type,
            device_id,
        }
        iolink_region { size, dimension_count, origin, extent }
        iolink_block { size, dimension_count, data_type, data, byte_strides, device_type, device_id }
        iolink_image_properties {
            size, dimension_count, axes_interpretation, image_interpretation, axes, spacing, origin, units, direction,
            scale_slope, scale_intercept, value_unit, position, space, reserved,
        }
        iolink_channel {
            size, color, name, display_minimum, display_maximum, excitation_nm, emission_nm,
        }
        iolink_channel_sink { size, reserved, context, write }
        iolink_metadata_value {
            size, dimension_count, path, data_type, count, data, length, string_ends, shape,
        }
        iolink_metadata_sink { size, reserved, context, write }
        iolink_metadata_source { size, reserved, context, visit }
        iolink_image_vtable {
            base, describe, memory, read_region, write_region, reshape, properties, set_properties, metadata,
            set_metadata, prefetch, flush, finish, channels, set_channels, coordinates, set_coordinates,
        }
        iolink_multi_image_vtable { base, frame_count, frame, frame_name, insert, replace, remove, metadata }
        iolink_lod_image_vtable { base, level_range, resolution, metadata }
        iolink_extension_vtable { base, id, table }
        iolink_tiling_description {
            size, dimension_count, tile_count, max_tile_size, grid_size, write_tile_size,
        }
        iolink_tiling { size, reserved, describe, tile_region, grid, image, read_tile, write_tile }
        iolink_parallel_access { size, reserved, capabilities }
        iolink_view_origin { size, reserved, uri, format }
        iolink_frame_request { size, flags, columns, column_count, first_row, row_count, batch_rows }
        iolink_frame_vtable { base, shape, schema, export_stream, write, reshape, partitions }
        iolink_bytes { size, flags, data, length, owner, release }
        iolink_stream_vtable { base, read, write, seek, length, resize, flush, close, memory }
        iolink_byte_range { offset, length }
        iolink_random_access_vtable { base, length, read_at, write_at, memory, prefetch, resize, flush }
        iolink_store_get {
            size, range, key, offset, length, buffer, capacity, lent, status, code, done, value_size,
        }
        iolink_store_batch { size, flags, gets, count, context, completed }
        iolink_store_put { size, flags, key, if_version, data, length, status, code }
        iolink_store_entry { size, flags, key, version, value_size, modified_ns }
        iolink_store_sink { size, reserved, context, write }
        iolink_store_vtable { base, get_many, prefetch, stat, list, open, put_many, remove }
        iolink_host { size, abi_minor, context, retain, release, log, open, run, allocate, credentials }
        iolink_source {
            size, flags, uri, path, bytes, format, options, option_count, store, key, provider, storage_options,
            storage_option_count, kind, reserved,
        }
        iolink_option { key, value }
        iolink_target { size, flags, uri, path, format, stream, store, key, options, option_count }
        iolink_create_request {
            size, kind, data_type, dimension_count, flags, shape, properties, length, schema, target, metadata,
            tile_shape,
        }
        iolink_adopt_request { size, kind, memory, properties, bytes, stream, flags, reserved }
        iolink_convert_request { size, kind, capabilities, flags, reserved, options, option_count }
        iolink_option_info { size, value_type, name, default_value, description, choices, flags, reserved }
        iolink_offer {
            size, offer, kind, cost, capabilities, from_kind, flags, from_capabilities, format, extensions,
            media_types, schemes, magic, keys, data_types, data_type_count, min_dimensions, max_dimensions, layout,
            option_count, options,
        }
        iolink_provider {
            size, offer_count, id, title, offers, context, identify, open, create, adopt, convert, save,
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
