//! The door: what a plugin exports, what a provider offers, what a host gives.

use super::{
    iolink_bytes, iolink_error, iolink_image_properties, iolink_memory, iolink_view, ArrowArrayStream, ArrowSchema,
};
use core::ffi::c_void;
use std::os::raw::c_char;

/// First word of a plugin (`"IOLPLUG1"` in memory order on little-endian machines).
pub const IOLINK_PLUGIN_MAGIC: u64 = 0x3147_554C_504C_4F49;

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
/// Offer: makes one view into another.
pub const IOLINK_OFFER_CONVERT: u32 = 4;
/// Offer: writes a view into a file of a format.
pub const IOLINK_OFFER_SAVE: u32 = 5;

/// Cost of a conversion: memory is shared.
pub const IOLINK_COST_SHARED: u32 = 1;
/// Cost of a conversion: nothing is read until it is asked for.
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

/// What the host does for a provider during a call, and for a view for as long as it lives.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_host {
    /// Size of this struct.
    pub size: u32,
    /// Handed to the functions.
    pub context: *mut c_void,
    /// Adds a reference to the host, for a view that keeps it.
    pub retain: Option<unsafe extern "C" fn(context: *mut c_void)>,
    /// Drops a reference.
    pub release: Option<unsafe extern "C" fn(context: *mut c_void)>,
    /// Takes an event; `target` and `message` are NUL-terminated UTF-8.
    pub log:
        Option<unsafe extern "C" fn(context: *mut c_void, level: u32, target: *const c_char, message: *const c_char)>,
    /// Steps done and to be done of the running call; a result other than 0 asks the provider to stop with
    /// `IOLINK_ERROR_CANCELLED`.
    pub progress: Option<unsafe extern "C" fn(context: *mut c_void, done: u64, total: u64) -> i32>,
    /// Opens another source by whichever provider fits; the caller owns the view.
    pub open: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            source: *const iolink_source,
            out: *mut *mut iolink_view,
            error: *mut iolink_error,
        ) -> i32,
    >,
}

/// What is to be opened. Text is NUL-terminated UTF-8 and may be NULL; everything is lent for the call.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_source {
    /// Size of this struct.
    pub size: u32,
    /// Zero.
    pub reserved: u32,
    /// Always there: `file:///...`, another scheme, or `stream:NAME` for an unnamed source.
    pub uri: *const c_char,
    /// Where the source is a local file: its path as the system spells it.
    pub path: *const c_char,
    /// The bytes, as a random access view; NULL where only the path is known. A provider that keeps it retains it.
    pub bytes: *mut iolink_view,
    /// Format asked for by the user, or NULL.
    pub format: *const c_char,
    /// `option_count` pairs of key and value.
    pub options: *const iolink_option,
    /// How many options.
    pub option_count: u64,
}

/// One option of an open call.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_option {
    /// NUL-terminated UTF-8.
    pub key: *const c_char,
    /// NUL-terminated UTF-8.
    pub value: *const c_char,
}

/// What is to be created, of the kind's own part of this struct.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_create_request {
    /// Size of this struct.
    pub size: u32,
    /// `IOLINK_KIND_*`.
    pub kind: u32,
    /// Images: packed data type id.
    pub data_type: u64,
    /// Images: how many axes.
    pub dimension_count: u32,
    /// Zero.
    pub reserved: u32,
    /// Images: samples along each axis.
    pub shape: [u64; 8],
    /// Images: properties, or NULL.
    pub properties: *const iolink_image_properties,
    /// Streams: bytes to make room for; random access: bytes. Frames: rows.
    pub length: u64,
    /// Frames: a struct type with one child for each column, taken over by the callee.
    #[cfg_attr(feature = "abi-check", sabi(unsafe_opaque_field))]
    pub schema: *mut ArrowSchema,
}

/// Foreign memory to be adopted, of the kind's own part of this struct. What is given is taken over, also on failure.
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
}

/// What a conversion shall lead to.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_target {
    /// Size of this struct.
    pub size: u32,
    /// `IOLINK_KIND_*`.
    pub kind: u32,
    /// Capabilities that the result must have.
    pub capabilities: u64,
}

/// One thing a provider can do. Text is NUL-terminated UTF-8; lists are separated by commas; NULL where nothing is said.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_offer {
    /// Size of this struct.
    pub size: u32,
    /// `IOLINK_OFFER_*`.
    pub offer: u32,
    /// Kind of the view that comes out; SAVE: that goes in.
    pub kind: u32,
    /// CONVERT: `IOLINK_COST_*`.
    pub cost: u32,
    /// Capabilities that the view will have at least; SAVE: must have.
    pub capabilities: u64,
    /// CONVERT: kind that goes in.
    pub from_kind: u32,
    /// Zero.
    pub reserved: u32,
    /// CONVERT: capabilities that are needed.
    pub from_capabilities: u64,
    /// OPEN and SAVE: name of the format.
    pub format: *const c_char,
    /// OPEN and SAVE: file name endings without the first dot, lower case.
    pub extensions: *const c_char,
    /// OPEN and SAVE: media types.
    pub media_types: *const c_char,
    /// OPEN: URI schemes beside `file`.
    pub schemes: *const c_char,
    /// OPEN: bytes by which a file is known, `offset:hex` each.
    pub magic: *const c_char,
}

/// Option: any text.
pub const IOLINK_OPTION_TEXT: u32 = 1;
/// Option: a whole number, such as `-3`.
pub const IOLINK_OPTION_INTEGER: u32 = 2;
/// Option: a number, such as `0.5`.
pub const IOLINK_OPTION_NUMBER: u32 = 3;
/// Option: `true` or `false`.
pub const IOLINK_OPTION_FLAG: u32 = 4;

/// An option that a provider takes when it opens a source. Text is NUL-terminated UTF-8; NULL where nothing is said.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_option_info {
    /// Size of this struct.
    pub size: u32,
    /// `IOLINK_OPTION_*`.
    pub value: u32,
    /// The key.
    pub name: *const c_char,
    /// What holds where the option is not given.
    pub standard: *const c_char,
    /// One line for people.
    pub about: *const c_char,
}

/// One provider. A function that no offer needs may be NULL.
#[repr(C)]
#[cfg_attr(feature = "abi-check", derive(abi_stable::StableAbi))]
pub struct iolink_provider {
    /// Size of this struct.
    pub size: u32,
    /// How many offers.
    pub offer_count: u32,
    /// Reverse domain name, NUL-terminated; at most 63 bytes.
    pub id: *const c_char,
    /// One line for people, NUL-terminated UTF-8.
    pub title: *const c_char,
    /// Pointers to the offers.
    pub offers: *const *const iolink_offer,
    /// OPEN, may be NULL: how sure the provider is that it can open the source, 0 (not at all) to 100.
    pub identify: Option<
        unsafe extern "C" fn(
            host: *const iolink_host,
            source: *const iolink_source,
            score: *mut u32,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// OPEN.
    pub open: Option<
        unsafe extern "C" fn(
            host: *const iolink_host,
            source: *const iolink_source,
            out: *mut *mut iolink_view,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// CREATE.
    pub create: Option<
        unsafe extern "C" fn(
            host: *const iolink_host,
            request: *const iolink_create_request,
            out: *mut *mut iolink_view,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// ADOPT.
    pub adopt: Option<
        unsafe extern "C" fn(
            host: *const iolink_host,
            request: *const iolink_adopt_request,
            out: *mut *mut iolink_view,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// CONVERT.
    pub convert: Option<
        unsafe extern "C" fn(
            host: *const iolink_host,
            view: *mut iolink_view,
            target: *const iolink_target,
            out: *mut *mut iolink_view,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// SAVE: writes the view into the file at the path of `target`, which is there and empty; `target` has no bytes, and
    /// its format is that of the offer. The host puts the file in its place when this succeeds, and removes it when not.
    pub save: Option<
        unsafe extern "C" fn(
            host: *const iolink_host,
            view: *mut iolink_view,
            target: *const iolink_source,
            error: *mut iolink_error,
        ) -> i32,
    >,
    /// How many options OPEN takes; in a struct that ends before this field it says nothing of them.
    pub option_count: u64,
    /// Pointers to the options, which a host shows and checks.
    pub options: *const *const iolink_option_info,
}

/// What a plugin exports, as the data symbol `iolink_plugin_v1`.
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
