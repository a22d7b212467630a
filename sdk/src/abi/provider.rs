//! The plugin's descriptor, its providers and their offers, and the services of the host.

use super::{
    iolink_bytes, iolink_call, iolink_error, iolink_image_properties, iolink_memory, iolink_metadata_source,
    iolink_text_sink, iolink_view, ArrowArrayStream, ArrowSchema,
};
use core::ffi::c_void;
use std::os::raw::c_char;

/// First word of a plugin (`"IOPLUGIN"` in memory order on little-endian machines).
pub const IOLINK_PLUGIN_MAGIC: u64 = 0x4E49_4755_4C50_4F49;

/// Panic strategy: panics unwind and are stopped at the border.
pub const IOLINK_PANIC_UNWIND: u32 = 1;
/// Panic strategy: a panic ends the process; such a plugin is refused unless the host's policy allows it.
pub const IOLINK_PANIC_ABORT: u32 = 2;
/// Panic strategy: the plugin's language has none.
pub const IOLINK_PANIC_NONE: u32 = 3;

/// Offer: opens a source.
pub const IOLINK_OFFER_OPEN: u32 = 1;
/// Offer: creates a view of a kind.
pub const IOLINK_OFFER_CREATE: u32 = 2;
/// Offer: makes a view of foreign memory without copying it.
pub const IOLINK_OFFER_ADOPT: u32 = 3;
/// Offer: makes another view of one.
pub const IOLINK_OFFER_CONVERT: u32 = 4;
/// Offer: writes a view to a target in a format.
pub const IOLINK_OFFER_SAVE: u32 = 5;

/// Cost of a conversion: memory is shared.
pub const IOLINK_COST_SHARED: u32 = 1;
/// Cost of a conversion: samples are read only when the result is read.
pub const IOLINK_COST_LAZY: u32 = 2;
/// Cost of a conversion: everything is copied.
pub const IOLINK_COST_COPY: u32 = 3;

/// Log level.
pub const IOLINK_LOG_ERROR: u32 = 1;
/// Log level.
pub const IOLINK_LOG_WARN: u32 = 2;
/// Log level.
pub const IOLINK_LOG_INFO: u32 = 3;
/// Log level.
pub const IOLINK_LOG_DEBUG: u32 = 4;
/// Log level.
pub const IOLINK_LOG_TRACE: u32 = 5;

/// Flag of an offer: OPEN can give views that can be written.
pub const IOLINK_OFFER_FLAG_WRITABLE: u32 = 1;
/// Flag of an offer: OPEN reads, or SAVE writes, the bytes in order; a stream is enough.
pub const IOLINK_OFFER_FLAG_SEQUENTIAL: u32 = 2;
/// Flag of an offer: OPEN removes a wrapping such as gzip or zip. It returns random access or a store, and the host
/// opens that again under the inner name, at most 4 deep.
pub const IOLINK_OFFER_FLAG_WRAPPER: u32 = 4;

/// Layout of a format: one file.
pub const IOLINK_LAYOUT_FILE: u32 = 1;
/// Layout of a format: several files, found from the one that is opened.
pub const IOLINK_LAYOUT_FILES: u32 = 2;
/// Layout of a format: a folder.
pub const IOLINK_LAYOUT_FOLDER: u32 = 3;

/// Flag of a source: the view shall be writable; the provider rejects what it cannot open so.
pub const IOLINK_SOURCE_WRITABLE: u32 = 1;
/// Flag of a target: what exists there is replaced.
pub const IOLINK_TARGET_OVERWRITE: u32 = 1;

/// One task of several that a host runs, by its index. It returns nothing and must not unwind.
pub type iolink_task = Option<unsafe extern "C" fn(job: *mut c_void, index: u64)>;

/// The services of the host, for a provider during a call and for a view that retains it.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_host {
    /// Size of this struct.
    pub size: u32,
    /// [`IOLINK_ABI_MINOR`](super::IOLINK_ABI_MINOR) of the host.
    pub abi_minor: u32,
    /// Passed to the functions.
    pub context: *mut c_void,
    /// Adds a reference to the host, for a view that keeps it.
    pub retain: Option<unsafe extern "C" fn(context: *mut c_void)>,
    /// Drops a reference.
    pub release: Option<unsafe extern "C" fn(context: *mut c_void)>,
    /// Receives an event; `target` and `message` are NUL-terminated UTF-8.
    pub log:
        Option<unsafe extern "C" fn(context: *mut c_void, level: u32, target: *const c_char, message: *const c_char)>,
    /// Opens another source by the provider that fits; the caller owns the view.
    pub open: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            source: *const iolink_source,
            call: *const iolink_call,
            out: *mut *mut iolink_view,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// Runs `task(job, index)` for each index below `count` on the host's one pool of threads and on the calling
    /// thread, and returns when all have ended. A task returns nothing and must not unwind. With
    /// `IOLINK_ERROR_CANCELLED` or `IOLINK_ERROR_TIMEOUT` some tasks were not started. A task may call `run` again.
    #[cfg_attr(feature = "abi-check", sabi(unsafe_opaque_field))]
    pub run: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            count: u64,
            task: iolink_task,
            job: *mut c_void,
            call: *const iolink_call,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// Returns zeroed memory, aligned for samples, that a host may lend to another process; the caller calls
    /// `out->release(out->owner)` once.
    pub allocate: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            length: u64,
            out: *mut iolink_bytes,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// Writes the credentials for a URI into the sink, as `NAME=VALUE` strings; `IOLINK_ERROR_NOT_FOUND` if the host
    /// has none. A provider never logs or keeps them in a recipe.
    pub credentials: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            uri: *const c_char,
            sink: *const iolink_text_sink,
            error: *mut iolink_error,
        ) -> i32,
    >,
}

/// A source to be opened. Strings are NUL-terminated UTF-8 and may be NULL; everything is lent for the call.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_source {
    /// Size of this struct.
    pub size: u32,
    /// `IOLINK_SOURCE_*`. Bits 0 to 15 are understood or rejected with `IOLINK_ERROR_NOT_IMPLEMENTED`.
    pub flags: u32,
    /// Never NULL: `file:///...`, another scheme, or `stream:NAME` for an unnamed source.
    pub uri: *const c_char,
    /// A local file's path in the system's own encoding, else NULL.
    pub path: *const c_char,
    /// The bytes, as a random access view; NULL for a folder. A provider that keeps it retains it.
    pub bytes: *mut iolink_view,
    /// Format that the user named, or NULL.
    pub format: *const c_char,
    /// Options of the format.
    pub options: *const iolink_option,
    /// Number of options.
    pub option_count: u64,
    /// The store that holds the source: the folder of a local file, or the source itself if it is a folder. NULL for a
    /// lone stream. A provider that keeps it retains it.
    pub store: *mut iolink_view,
    /// The key of the source in `store`: the file's name; "" for a folder.
    pub key: *const c_char,
    /// Id of the provider that the user named, or NULL.
    pub provider: *const c_char,
    /// Options of the storage, such as an endpoint or a profile.
    pub storage_options: *const iolink_option,
    /// Number of storage options.
    pub storage_option_count: u64,
    /// Kind of view that the caller wants, `IOLINK_KIND_*`; 0: any.
    pub kind: u32,
    /// Zero.
    pub reserved: u32,
}

/// One option of a call. It has no size and never grows.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_option {
    /// NUL-terminated UTF-8.
    pub key: *const c_char,
    /// NUL-terminated UTF-8.
    pub value: *const c_char,
}

/// A place to create or to save a view at. Strings are NUL-terminated UTF-8 and may be NULL; everything is lent for the
/// call.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_target {
    /// Size of this struct.
    pub size: u32,
    /// `IOLINK_TARGET_*`. Bits 0 to 15 are understood or rejected with `IOLINK_ERROR_NOT_IMPLEMENTED`.
    pub flags: u32,
    /// Never NULL: the final name.
    pub uri: *const c_char,
    /// Local files: the path to write to. SAVE: an empty draft, which the host puts in its place when the call succeeds
    /// and removes if it fails. CREATE: the final path.
    pub path: *const c_char,
    /// The format, one of the offer's.
    pub format: *const c_char,
    /// A stream to write to, or NULL. Offers flagged SEQUENTIAL can take it.
    pub stream: *mut iolink_view,
    /// The store to write into, or NULL.
    pub store: *mut iolink_view,
    /// The key of the target in `store`.
    pub key: *const c_char,
    /// Options of the format.
    pub options: *const iolink_option,
    /// Number of options.
    pub option_count: u64,
}

/// A view to be created; each kind reads its own fields.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_create_request {
    /// Size of this struct.
    pub size: u32,
    /// `IOLINK_KIND_*`.
    pub kind: u32,
    /// Images: packed data type id.
    pub data_type: u64,
    /// Images: number of axes.
    pub dimension_count: u32,
    /// Zero. Bits 0 to 15 are understood or rejected with `IOLINK_ERROR_NOT_IMPLEMENTED`, the others are hints.
    pub flags: u32,
    /// Images: samples along each axis.
    pub shape: [u64; 8],
    /// Images: properties, or NULL.
    pub properties: *const iolink_image_properties,
    /// Streams: bytes to make room for; random access: bytes. Frames: rows.
    pub length: u64,
    /// Frames: a struct type with one child for each column, taken over by the callee.
    #[cfg_attr(feature = "abi-check", sabi(unsafe_opaque_field))]
    pub schema: *mut ArrowSchema,
    /// The place to create the view at; NULL: in memory.
    pub target: *const iolink_target,
    /// Images: the metadata tree, or NULL.
    pub metadata: *const iolink_metadata_source,
    /// Images: samples along each axis of the tiles to store; 0: as the callee decides.
    pub tile_shape: [u64; 8],
}

/// Foreign memory to be made a view of; each kind reads its own fields. The callee takes over what is given, also on
/// failure.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_adopt_request {
    /// Size of this struct.
    pub size: u32,
    /// `IOLINK_KIND_*`.
    pub kind: u32,
    /// Images: memory with its owner.
    pub memory: *mut iolink_memory,
    /// Images: properties, or NULL.
    pub properties: *const iolink_image_properties,
    /// Streams and random access: bytes with their owner.
    pub bytes: *mut iolink_bytes,
    /// Frames: a stream of record batches.
    #[cfg_attr(feature = "abi-check", sabi(unsafe_opaque_field))]
    pub stream: *mut ArrowArrayStream,
    /// Zero. Bits 0 to 15 are understood or rejected with `IOLINK_ERROR_NOT_IMPLEMENTED`, the others are hints.
    pub flags: u32,
    /// Zero.
    pub reserved: u32,
}

/// The view that a conversion shall make.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_convert_request {
    /// Size of this struct.
    pub size: u32,
    /// `IOLINK_KIND_*`.
    pub kind: u32,
    /// Capabilities that the result must have.
    pub capabilities: u64,
    /// Zero. Bits 0 to 15 are understood or rejected with `IOLINK_ERROR_NOT_IMPLEMENTED`, the others are hints.
    pub flags: u32,
    /// Zero.
    pub reserved: u32,
    /// Options of the conversion.
    pub options: *const iolink_option,
    /// Number of options.
    pub option_count: u64,
}

/// Option: any string.
pub const IOLINK_OPTION_STRING: u32 = 1;
/// Option: an integer, such as `-3`.
pub const IOLINK_OPTION_INTEGER: u32 = 2;
/// Option: a number, such as `0.5`.
pub const IOLINK_OPTION_NUMBER: u32 = 3;
/// Option: `true` or `false`.
pub const IOLINK_OPTION_BOOLEAN: u32 = 4;

/// Flag of an option: its value is a secret, which a host never shows, logs or puts into a recipe.
pub const IOLINK_OPTION_FLAG_SECRET: u32 = 1;
/// Flag of an option: its value is a list, separated by commas.
pub const IOLINK_OPTION_FLAG_LIST: u32 = 2;

/// An option that an offer takes. Strings are NUL-terminated UTF-8 or NULL.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_option_info {
    /// Size of this struct.
    pub size: u32,
    /// `IOLINK_OPTION_*`; an unknown type reads as STRING.
    pub value_type: u32,
    /// The key.
    pub name: *const c_char,
    /// Value that holds if the option is not given.
    pub default_value: *const c_char,
    /// One line for people.
    pub description: *const c_char,
    /// Allowed values, separated by commas; NULL: any of the type.
    pub choices: *const c_char,
    /// `IOLINK_OPTION_FLAG_SECRET`, `IOLINK_OPTION_FLAG_LIST`.
    pub flags: u32,
    /// Zero.
    pub reserved: u32,
}

/// One thing that a provider can do. Strings are NUL-terminated UTF-8 or NULL; lists are separated by commas.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_offer {
    /// Size of this struct.
    pub size: u32,
    /// `IOLINK_OFFER_*`.
    pub offer: u32,
    /// Kind of the view that comes out; SAVE: that goes in.
    pub kind: u32,
    /// CONVERT: `IOLINK_COST_*`; a host drops an offer whose cost it does not know.
    pub cost: u32,
    /// Capabilities that the view will have at least; SAVE: must have.
    pub capabilities: u64,
    /// CONVERT: kind that goes in.
    pub from_kind: u32,
    /// `IOLINK_OFFER_FLAG_WRITABLE`, `IOLINK_OFFER_FLAG_SEQUENTIAL`, `IOLINK_OFFER_FLAG_WRAPPER`.
    pub flags: u32,
    /// CONVERT: capabilities that are needed.
    pub from_capabilities: u64,
    /// OPEN, CREATE at a target and SAVE: name of the format.
    pub format: *const c_char,
    /// OPEN, CREATE at a target and SAVE: file name endings without the first dot, lower case.
    pub extensions: *const c_char,
    /// OPEN and SAVE: media types.
    pub media_types: *const c_char,
    /// OPEN: URI schemes beside `file`.
    pub schemes: *const c_char,
    /// OPEN: bytes by which a file is recognised, `offset:hex` each.
    pub magic: *const c_char,
    /// OPEN: keys by which a folder is recognised, such as `zarr.json`.
    pub keys: *const c_char,
    /// CREATE, CONVERT (what goes in) and SAVE: packed data type ids that the offer takes; NULL: any.
    pub data_types: *const u64,
    /// Number of data types.
    pub data_type_count: u32,
    /// CREATE, CONVERT and SAVE: minimum number of axes.
    pub min_dimensions: u32,
    /// CREATE, CONVERT and SAVE: maximum number of axes; 0: any.
    pub max_dimensions: u32,
    /// `IOLINK_LAYOUT_*`; 0 reads as FILE.
    pub layout: u32,
    /// Number of options that the offer takes. A host rejects every other option.
    pub option_count: u64,
    /// Pointers to the options.
    pub options: *const *const iolink_option_info,
}

/// One provider. A function that no offer needs may be NULL. `self` is the address of this struct.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_provider {
    /// Size of this struct.
    pub size: u32,
    /// Number of offers.
    pub offer_count: u32,
    /// Reverse domain name, NUL-terminated; at most 63 bytes.
    pub id: *const c_char,
    /// One line for people, NUL-terminated UTF-8.
    pub title: *const c_char,
    /// Pointers to the offers.
    pub offers: *const *const iolink_offer,
    /// The plugin's own data; the host does not touch it.
    pub context: *mut c_void,
    /// OPEN, may be NULL: how sure the provider is that it can open the source, 0 (not at all) to 100.
    pub identify: Option<
        unsafe extern "C" fn(
            provider: *const iolink_provider,
            host: *const iolink_host,
            source: *const iolink_source,
            call: *const iolink_call,
            score: *mut u32,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// OPEN. With `IOLINK_ERROR_UNSUPPORTED` the host asks the next provider; every other error ends the opening.
    pub open: Option<
        unsafe extern "C" fn(
            provider: *const iolink_provider,
            host: *const iolink_host,
            source: *const iolink_source,
            call: *const iolink_call,
            out: *mut *mut iolink_view,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// CREATE. At a target: exclusive unless OVERWRITE is set; the file is marked as unfinished until `finish` commits
    /// it.
    pub create: Option<
        unsafe extern "C" fn(
            provider: *const iolink_provider,
            host: *const iolink_host,
            request: *const iolink_create_request,
            call: *const iolink_call,
            out: *mut *mut iolink_view,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// ADOPT.
    pub adopt: Option<
        unsafe extern "C" fn(
            provider: *const iolink_provider,
            host: *const iolink_host,
            request: *const iolink_adopt_request,
            call: *const iolink_call,
            out: *mut *mut iolink_view,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// CONVERT.
    pub convert: Option<
        unsafe extern "C" fn(
            provider: *const iolink_provider,
            host: *const iolink_host,
            view: *mut iolink_view,
            request: *const iolink_convert_request,
            call: *const iolink_call,
            out: *mut *mut iolink_view,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// SAVE: writes the view to the target. The target holds it whole afterwards, or is as before.
    pub save: Option<
        unsafe extern "C" fn(
            provider: *const iolink_provider,
            host: *const iolink_host,
            view: *mut iolink_view,
            target: *const iolink_target,
            call: *const iolink_call,
            error: *mut iolink_error,
        ) -> i32,
    >,
}

/// The descriptor that a plugin exports, as the data symbol `iolink_plugin_v1`.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_plugin {
    /// [`IOLINK_PLUGIN_MAGIC`].
    pub magic: u64,
    /// Size of this struct.
    pub size: u32,
    /// [`IOLINK_ABI_MAJOR`](super::IOLINK_ABI_MAJOR) of the header it was built from.
    pub abi_major: u32,
    /// [`IOLINK_ABI_MINOR`](super::IOLINK_ABI_MINOR) of the header it was built from.
    pub abi_minor: u32,
    /// `IOLINK_PANIC_*`.
    pub panic_strategy: u32,
    /// Reverse domain name, NUL-terminated; at most 63 bytes.
    pub id: *const c_char,
    /// Version of the plugin, NUL-terminated.
    pub version: *const c_char,
    /// How many providers.
    pub provider_count: u32,
    /// Zero.
    pub reserved: u32,
    /// Pointers to the providers.
    pub providers: *const *const iolink_provider,
}

// SAFETY: descriptors are immutable data whose pointers lead to immutable data with static lifetime.
unsafe impl Sync for iolink_plugin {}
// SAFETY: as above.
unsafe impl Sync for iolink_provider {}
// SAFETY: as above.
unsafe impl Sync for iolink_offer {}
// SAFETY: as above.
unsafe impl Sync for iolink_option_info {}
