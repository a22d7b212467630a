/*
 * iolink_abi.h - the plugin ABI between iolink hosts and plugins, draft 2.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 * You may copy this file into your own project.
 *
 * Generated from sdk/src/abi by `make refreeze`; do not edit. C99 and C++17. The rules: docs/spec/abi-v1.md.
 *
 * In short: every struct starts with its size and grows only at its end. Everything that a caller holds is an
 * iolink_view, counted by retain and release. Who allocates frees. A function that may block takes an iolink_call, which
 * may be NULL. A function returns IOLINK_OK or an error kind, and then fills the caller's iolink_error. No exception and
 * no longjmp may leave a function of a table.
 */
#ifndef IOLINK_ABI_H
#define IOLINK_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The Arrow C data interface and C stream interface, as their standard gives them. */
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
  const char *format;
  const char *name;
  const char *metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema **children;
  struct ArrowSchema *dictionary;
  void (*release)(struct ArrowSchema *);
  void *private_data;
};

struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void **buffers;
  struct ArrowArray **children;
  struct ArrowArray *dictionary;
  void (*release)(struct ArrowArray *);
  void *private_data;
};

#endif /* ARROW_C_DATA_INTERFACE */

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
  int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
  int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
  const char *(*get_last_error)(struct ArrowArrayStream *);
  void (*release)(struct ArrowArrayStream *);
  void *private_data;
};

#endif /* ARROW_C_STREAM_INTERFACE */

typedef struct iolink_error iolink_error;
typedef struct iolink_view iolink_view;
typedef struct iolink_view_base iolink_view_base;
typedef struct iolink_text_sink iolink_text_sink;
typedef struct iolink_call iolink_call;
typedef struct iolink_image_description iolink_image_description;
typedef struct iolink_memory iolink_memory;
typedef struct iolink_region iolink_region;
typedef struct iolink_block iolink_block;
typedef struct iolink_image_properties iolink_image_properties;
typedef struct iolink_channel iolink_channel;
typedef struct iolink_channel_sink iolink_channel_sink;
typedef struct iolink_metadata_value iolink_metadata_value;
typedef struct iolink_metadata_sink iolink_metadata_sink;
typedef struct iolink_metadata_source iolink_metadata_source;
typedef struct iolink_image_vtable iolink_image_vtable;
typedef struct iolink_multi_image_vtable iolink_multi_image_vtable;
typedef struct iolink_lod_image_vtable iolink_lod_image_vtable;
typedef struct iolink_extension_vtable iolink_extension_vtable;
typedef struct iolink_tiling_description iolink_tiling_description;
typedef struct iolink_tiling iolink_tiling;
typedef struct iolink_parallel_access iolink_parallel_access;
typedef struct iolink_view_origin iolink_view_origin;
typedef struct iolink_frame_request iolink_frame_request;
typedef struct iolink_frame_vtable iolink_frame_vtable;
typedef struct iolink_bytes iolink_bytes;
typedef struct iolink_stream_vtable iolink_stream_vtable;
typedef struct iolink_byte_range iolink_byte_range;
typedef struct iolink_random_access_vtable iolink_random_access_vtable;
typedef struct iolink_store_get iolink_store_get;
typedef struct iolink_store_batch iolink_store_batch;
typedef struct iolink_store_put iolink_store_put;
typedef struct iolink_store_entry iolink_store_entry;
typedef struct iolink_store_sink iolink_store_sink;
typedef struct iolink_store_vtable iolink_store_vtable;
typedef struct iolink_host iolink_host;
typedef struct iolink_source iolink_source;
typedef struct iolink_option iolink_option;
typedef struct iolink_target iolink_target;
typedef struct iolink_create_request iolink_create_request;
typedef struct iolink_adopt_request iolink_adopt_request;
typedef struct iolink_convert_request iolink_convert_request;
typedef struct iolink_option_info iolink_option_info;
typedef struct iolink_offer iolink_offer;
typedef struct iolink_provider iolink_provider;
typedef struct iolink_plugin iolink_plugin;

/** Major version of the plugin ABI; 0 until it is frozen. A host refuses a plugin of another major. */
#define IOLINK_ABI_MAJOR UINT32_C(0)

/**
 * Minor version of the plugin ABI. With major 0 it is the number of the draft, and a host refuses a plugin of another
 * draft. From 1.0 on it grows when a field is appended, and a host takes every minor.
 */
#define IOLINK_ABI_MINOR UINT32_C(2)

/** First word of every live view (`"IOLVIEW1"` in memory order on little-endian machines). */
#define IOLINK_VIEW_MAGIC UINT64_C(0x31574549564C4F49)

/** First word of a view whose last reference is gone. */
#define IOLINK_VIEW_DEAD UINT64_C(0x44454144564C4F49)

/** Maximum number of axes of an image. */
#define IOLINK_MAX_DIMS 8

/** Success. */
#define IOLINK_OK INT32_C(0)

/** An argument has a value that the function cannot take. */
#define IOLINK_ERROR_INVALID_ARGUMENT INT32_C(1)

/** The view lacks the capability, or the provider does not offer this. */
#define IOLINK_ERROR_NOT_IMPLEMENTED INT32_C(2)

/** An index, region, level or path lies outside what is there. */
#define IOLINK_ERROR_OUT_OF_RANGE INT32_C(3)

/** A data type is not the one needed. */
#define IOLINK_ERROR_TYPE INT32_C(4)

/** The operating system refused; `code` holds its error number. */
#define IOLINK_ERROR_IO INT32_C(5)

/** No such file, key or provider. */
#define IOLINK_ERROR_NOT_FOUND INT32_C(6)

/** The data is not of a format that the provider reads. */
#define IOLINK_ERROR_UNSUPPORTED INT32_C(7)

/** The data is damaged or contradicts itself. */
#define IOLINK_ERROR_CORRUPT INT32_C(8)

/** Another owner still holds the memory that would have to move or be freed. */
#define IOLINK_ERROR_BUSY INT32_C(9)

/** The caller asked to stop. */
#define IOLINK_ERROR_CANCELLED INT32_C(10)

/** A size is over the limit, or over what can be addressed. */
#define IOLINK_ERROR_LIMIT INT32_C(11)

/** The object was closed. */
#define IOLINK_ERROR_CLOSED INT32_C(12)

/** A plugin panicked, or broke a rule of the ABI. An unknown error kind reads as `IOLINK_ERROR_IO`. */
#define IOLINK_ERROR_INTERNAL INT32_C(13)

/** A plugin or file was refused before it ran. */
#define IOLINK_ERROR_REFUSED INT32_C(14)

/** The caller may not do this: a permission or a credential is missing. */
#define IOLINK_ERROR_PERMISSION INT32_C(15)

/** The target exists, and the caller did not ask to overwrite it. */
#define IOLINK_ERROR_EXISTS INT32_C(16)

/** The file or object is not the one that was opened: it changed since. */
#define IOLINK_ERROR_CHANGED INT32_C(17)

/** The deadline of the call has passed. */
#define IOLINK_ERROR_TIMEOUT INT32_C(18)

/** A service or device does not respond; the same call may succeed later. */
#define IOLINK_ERROR_UNAVAILABLE INT32_C(19)

/** Kind of view: an image. */
#define IOLINK_KIND_IMAGE UINT32_C(1)

/** Kind of view: an ordered set of images. */
#define IOLINK_KIND_MULTI_IMAGE UINT32_C(2)

/** Kind of view: one image at several resolutions. */
#define IOLINK_KIND_LOD_IMAGE UINT32_C(3)

/** Kind of view: a table. */
#define IOLINK_KIND_DATA_FRAME UINT32_C(4)

/** Kind of view: bytes with a cursor. */
#define IOLINK_KIND_STREAM UINT32_C(5)

/** Kind of view: bytes at an offset. */
#define IOLINK_KIND_RANDOM_ACCESS UINT32_C(6)

/** Kind of view: a service attached to another view. */
#define IOLINK_KIND_EXTENSION UINT32_C(7)

/** Kind of view: values under keys, such as the files of a folder. */
#define IOLINK_KIND_STORE UINT32_C(8)

/** Flag of a table: every function may be called from several threads at once. */
#define IOLINK_VIEW_FLAG_THREAD_SAFE UINT64_C(1)

/**
 * Flags of a request that a callee must understand, or reject with `IOLINK_ERROR_NOT_IMPLEMENTED`: bits 0 to 15. The
 * other bits are hints, which a callee may ignore.
 */
#define IOLINK_REQUIRED_FLAGS UINT32_C(0xFFFF)

/** Capability of an image: regions can be read. */
#define IOLINK_IMAGE_READ UINT64_C(1)

/** Capability of an image: regions can be written. */
#define IOLINK_IMAGE_WRITE UINT64_C(2)

/** Capability of an image: its samples lie in memory and can be shared. */
#define IOLINK_IMAGE_MEMORY_ACCESS UINT64_C(4)

/** Capability of an image: shape and data type can be changed. */
#define IOLINK_IMAGE_RESHAPE UINT64_C(8)

/** Byte order of samples: least significant byte first. */
#define IOLINK_LITTLE_ENDIAN UINT32_C(1)

/** Byte order of samples: most significant byte first. */
#define IOLINK_BIG_ENDIAN UINT32_C(2)

/** Flag of a memory description: the memory may be written. */
#define IOLINK_MEMORY_WRITABLE UINT32_C(1)

/** Axis of an image without a name. */
#define IOLINK_AXIS_UNKNOWN UINT8_C(0)

/** Axis of an image: along a row, pixel by pixel. */
#define IOLINK_AXIS_COLUMN UINT8_C(1)

/** Axis of an image: from row to row. */
#define IOLINK_AXIS_ROW UINT8_C(2)

/** Axis of an image: from slice to slice. */
#define IOLINK_AXIS_SLICE UINT8_C(3)

/** Axis of an image: from channel to channel. */
#define IOLINK_AXIS_CHANNEL UINT8_C(4)

/** Axis of an image: from one point in time to the next. */
#define IOLINK_AXIS_SEQUENCE UINT8_C(5)

/** Space of an image's positions and directions: not known. */
#define IOLINK_SPACE_UNKNOWN UINT32_C(0)

/** Space of an image's positions and directions: x grows to the patient's left, y to the back, z to the head. */
#define IOLINK_SPACE_LPS UINT32_C(1)

/** Device of memory, as DLPack numbers them: not given, which means the host's memory. */
#define IOLINK_DEVICE_NOT_GIVEN INT32_C(0)

/** Device of memory, as DLPack numbers them: the host's memory. A callee rejects a device that it does not know. */
#define IOLINK_DEVICE_CPU INT32_C(1)

/** Ends the writing of an image: makes the file complete and visible under its name. */
#define IOLINK_FINISH_COMMIT UINT32_C(1)

/** Ends the writing of an image: removes what was written. */
#define IOLINK_FINISH_ABORT UINT32_C(2)

/** Capability of a multi-image: frames can be read. */
#define IOLINK_MULTI_IMAGE_READ UINT64_C(1)

/** Capability of a multi-image: frames can be added, replaced and removed. */
#define IOLINK_MULTI_IMAGE_WRITE UINT64_C(2)

/** Extension id: how an image is cut into tiles; its table is `iolink_tiling`. */
#define IOLINK_EXTENSION_TILING UINT64_C(1)

/** Extension id: what pays when several threads read; its table is `iolink_parallel_access`. */
#define IOLINK_EXTENSION_PARALLEL_ACCESS UINT64_C(2)

/** Extension id: where a view came from; its table is `iolink_view_origin`. */
#define IOLINK_EXTENSION_VIEW_ORIGIN UINT64_C(3)

/** In a tiling grid: a place where the image has no tile. */
#define IOLINK_INVALID_TILE_INDEX UINT64_C(0xFFFFFFFF)

/** Parallel access: every function may be called from several threads at once. */
#define IOLINK_PARALLEL_THREAD_SAFE UINT64_C(1)

/** Parallel access: several threads that read different tiles are faster than one. */
#define IOLINK_PARALLEL_BY_TILE UINT64_C(2)

/** Parallel access: several threads that read different regions are faster than one. */
#define IOLINK_PARALLEL_BY_REGION UINT64_C(4)

/** Capability of a frame: columns can be read. */
#define IOLINK_FRAME_READ UINT64_C(1)

/** Capability of a frame: values can be written. */
#define IOLINK_FRAME_WRITE UINT64_C(2)

/** Capability of a frame: columns and rows can be added and removed. */
#define IOLINK_FRAME_RESHAPE UINT64_C(4)

/** Capability of a frame: it lends its buffers through Arrow rather than making new ones for each export. */
#define IOLINK_FRAME_ARROW UINT64_C(8)

/** Capability of a stream or random access: bytes can be read. */
#define IOLINK_STREAM_READ UINT64_C(1)

/** Capability of a stream or random access: bytes can be written. */
#define IOLINK_STREAM_WRITE UINT64_C(2)

/** Capability of a stream: the cursor can be moved. */
#define IOLINK_STREAM_SEEK UINT64_C(4)

/** Capability of a stream: the size can be changed; a stream that has it grows when written past its end. */
#define IOLINK_STREAM_RESIZE UINT64_C(8)

/** Capability of a stream or random access: the bytes lie in memory and can be shared. */
#define IOLINK_STREAM_MEMORY_ACCESS UINT64_C(16)

/** Seek from the first byte. */
#define IOLINK_SEEK_SET UINT32_C(0)

/** Seek from the cursor. */
#define IOLINK_SEEK_CUR UINT32_C(1)

/** Seek from the end. */
#define IOLINK_SEEK_END UINT32_C(2)

/** Capability of a store: values can be read. */
#define IOLINK_STORE_READ UINT64_C(1)

/** Capability of a store: values can be written and removed. */
#define IOLINK_STORE_WRITE UINT64_C(2)

/** Capability of a store: keys can be listed. */
#define IOLINK_STORE_LIST UINT64_C(4)

/** Capability of a store: a value can be written on condition of its version. */
#define IOLINK_STORE_CONDITIONAL UINT64_C(8)

/** Range of a value: all of it. */
#define IOLINK_STORE_RANGE_ALL UINT32_C(0)

/** Range of a value: `length` bytes from `offset` on; fewer at the end of the value. */
#define IOLINK_STORE_RANGE_FROM UINT32_C(1)

/** Range of a value: its last `length` bytes; all of a shorter value. */
#define IOLINK_STORE_RANGE_LAST UINT32_C(2)

/** Flag of a put: fails with `IOLINK_ERROR_EXISTS` if the key has a value. */
#define IOLINK_STORE_PUT_IF_ABSENT UINT32_C(1)

/** Flag of an entry: the key is a prefix that ends with `/`, not a value. */
#define IOLINK_STORE_ENTRY_PREFIX UINT32_C(1)

/** Flag of `list`: every key below the prefix, not only the next level. */
#define IOLINK_STORE_LIST_RECURSIVE UINT32_C(1)

/** Mode of `open`: random access to an existing value, read-only. */
#define IOLINK_STORE_OPEN_READ UINT32_C(1)

/** Mode of `open`: random access to an existing value that may be written in place. */
#define IOLINK_STORE_OPEN_UPDATE UINT32_C(2)

/**
 * Mode of `open`: a stream that writes a new value; `IOLINK_ERROR_EXISTS` if the key has one. `close` commits the
 * value, the last release without `close` drops it.
 */
#define IOLINK_STORE_OPEN_CREATE UINT32_C(3)

/** Mode of `open`: a stream that writes a value and replaces the one that exists. `close` commits, as above. */
#define IOLINK_STORE_OPEN_REPLACE UINT32_C(4)

/** First word of a plugin (`"IOPLUGIN"` in memory order on little-endian machines). */
#define IOLINK_PLUGIN_MAGIC UINT64_C(0x4E4947554C504F49)

/** Panic strategy: panics unwind and are stopped at the border. */
#define IOLINK_PANIC_UNWIND UINT32_C(1)

/** Panic strategy: a panic ends the process; such a plugin is refused unless the host's policy allows it. */
#define IOLINK_PANIC_ABORT UINT32_C(2)

/** Panic strategy: the plugin's language has none. */
#define IOLINK_PANIC_NONE UINT32_C(3)

/** Offer: opens a source. */
#define IOLINK_OFFER_OPEN UINT32_C(1)

/** Offer: creates a view of a kind. */
#define IOLINK_OFFER_CREATE UINT32_C(2)

/** Offer: makes a view of foreign memory without copying it. */
#define IOLINK_OFFER_ADOPT UINT32_C(3)

/** Offer: makes another view of one. */
#define IOLINK_OFFER_CONVERT UINT32_C(4)

/** Offer: writes a view to a target in a format. */
#define IOLINK_OFFER_SAVE UINT32_C(5)

/** Cost of a conversion: memory is shared. */
#define IOLINK_COST_SHARED UINT32_C(1)

/** Cost of a conversion: samples are read only when the result is read. */
#define IOLINK_COST_LAZY UINT32_C(2)

/** Cost of a conversion: everything is copied. */
#define IOLINK_COST_COPY UINT32_C(3)

/** Log level. */
#define IOLINK_LOG_ERROR UINT32_C(1)

/** Log level. */
#define IOLINK_LOG_WARN UINT32_C(2)

/** Log level. */
#define IOLINK_LOG_INFO UINT32_C(3)

/** Log level. */
#define IOLINK_LOG_DEBUG UINT32_C(4)

/** Log level. */
#define IOLINK_LOG_TRACE UINT32_C(5)

/** Flag of an offer: OPEN can give views that can be written. */
#define IOLINK_OFFER_FLAG_WRITABLE UINT32_C(1)

/** Flag of an offer: OPEN reads, or SAVE writes, the bytes in order; a stream is enough. */
#define IOLINK_OFFER_FLAG_SEQUENTIAL UINT32_C(2)

/**
 * Flag of an offer: OPEN removes a wrapping such as gzip or zip. It returns random access or a store, and the host
 * opens that again under the inner name, at most 4 deep.
 */
#define IOLINK_OFFER_FLAG_WRAPPER UINT32_C(4)

/** Layout of a format: one file. */
#define IOLINK_LAYOUT_FILE UINT32_C(1)

/** Layout of a format: several files, found from the one that is opened. */
#define IOLINK_LAYOUT_FILES UINT32_C(2)

/** Layout of a format: a folder. */
#define IOLINK_LAYOUT_FOLDER UINT32_C(3)

/** Flag of a source: the view shall be writable; the provider rejects what it cannot open so. */
#define IOLINK_SOURCE_WRITABLE UINT32_C(1)

/** Flag of a target: what exists there is replaced. */
#define IOLINK_TARGET_OVERWRITE UINT32_C(1)

/** Option: any string. */
#define IOLINK_OPTION_STRING UINT32_C(1)

/** Option: an integer, such as `-3`. */
#define IOLINK_OPTION_INTEGER UINT32_C(2)

/** Option: a number, such as `0.5`. */
#define IOLINK_OPTION_NUMBER UINT32_C(3)

/** Option: `true` or `false`. */
#define IOLINK_OPTION_BOOLEAN UINT32_C(4)

/** Flag of an option: its value is a secret, which a host never shows, logs or puts into a recipe. */
#define IOLINK_OPTION_FLAG_SECRET UINT32_C(1)

/** Flag of an option: its value is a list, separated by commas. */
#define IOLINK_OPTION_FLAG_LIST UINT32_C(2)

/** What went wrong. The caller brings it, zeroed but for `size`; NULL where the caller does not care. */
struct iolink_error {
  /** Size of this struct. */
  uint32_t size;
  /** `IOLINK_ERROR_*`, the same as the function's result. */
  int32_t kind;
  /** The operating system's error number, or 0. */
  int32_t code;
  /** Zero. */
  uint32_t reserved;
  /** Id of the provider that refused, NUL-terminated UTF-8, possibly empty. */
  char provider[64];
  /** What was wrong, what was expected, what to do. NUL-terminated UTF-8. */
  char message[1008];
};

/**
 * The context of one call: who listens to its progress, when it must end, how many threads it may use. The callee may
 * use it until its function returns, and not after that. NULL: silent, without a deadline, threads as the callee
 * decides.
 */
struct iolink_call {
  /** Size of this struct. */
  uint32_t size;
  /** Zero. Bits 0 to 15 are understood or rejected with `IOLINK_ERROR_NOT_IMPLEMENTED`, the others are hints. */
  uint32_t flags;
  /** Passed to `progress`. */
  void *context;
  /**
   * Receives the bytes (or steps) done and to be done, from any thread; a result other than 0 asks the callee to
   * stop with `IOLINK_ERROR_CANCELLED`. NULL: no listener.
   */
  int32_t (*progress)(void *context, uint64_t done, uint64_t total);
  /**
   * The time on `CLOCK_MONOTONIC`, in nanoseconds, after which the callee stops with `IOLINK_ERROR_TIMEOUT`; 0:
   * none.
   */
  uint64_t deadline_ns;
  /** Maximum number of threads that work on the call; 0: the callee decides, 1: the calling thread alone. */
  uint32_t max_threads;
  /** Zero. */
  uint32_t reserved;
};

/** The start of every table. It never grows: the kind's own functions follow it. */
struct iolink_view_base {
  /** Size of the whole table, the kind's own part included. */
  uint32_t size;
  /** `IOLINK_KIND_*`. */
  uint32_t kind;
  /** `IOLINK_VIEW_FLAG_*`. */
  uint64_t flags;
  /** An address by which a maker recognises its own views; may be NULL. */
  const void *maker;
  /** Adds a reference. From any thread. */
  void (*retain)(struct iolink_view *view);
  /** Drops a reference; the last one frees the view. From any thread; the caller holds no lock of its own. */
  void (*release)(struct iolink_view *view);
  /** Returns the kind's capability bits; constant for the view's life. */
  uint64_t (*capabilities)(const struct iolink_view *view);
  /**
   * Returns a service by its id, as an extension view that the caller owns; `IOLINK_ERROR_NOT_FOUND` if there is
   * none.
   */
  int32_t (*extension)(const struct iolink_view *view,
                       uint64_t id,
                       const struct iolink_call *call,
                       struct iolink_view **out,
                       struct iolink_error *error);
  /** NULL. A later version may give them a meaning, announced by a flag. */
  void (*reserved[3])(void);
};

/** Every view of every kind. `vtable` points to the base that starts the kind's own table. */
struct iolink_view {
  /** `IOLINK_VIEW_MAGIC` while the view lives; the last release clears it first. */
  uint64_t magic;
  /** The functions; constant for the view's life. */
  const struct iolink_view_base *vtable;
  /** The maker's own data. */
  void *self_;
};

/** Receives strings from the callee. A string is not NUL-terminated and is gone when `write` returns. */
struct iolink_text_sink {
  /** Size of this struct. */
  uint32_t size;
  /** Zero. */
  uint32_t reserved;
  /** Passed to `write`. */
  void *context;
  /** Receives one string of UTF-8. */
  void (*write)(void *context, const char *text, size_t length);
};

/** Shape and sample type. Axes in canonical order, COLUMN first. */
struct iolink_image_description {
  /** Size of this struct. */
  uint32_t size;
  /** How many axes; at most `IOLINK_MAX_DIMS`; 0 is a single sample. */
  uint32_t dimension_count;
  /** Packed data type id, see `docs/spec/data-types.md`. */
  uint64_t data_type;
  /** Samples along each axis. */
  uint64_t shape[8];
};

/** Samples in memory, lent until `release` is called. The memory stays good and in place until then. */
struct iolink_memory {
  /** Size of this struct. */
  uint32_t size;
  /** How many axes. */
  uint32_t dimension_count;
  /** Packed data type id. */
  uint64_t data_type;
  /** `IOLINK_LITTLE_ENDIAN` or `IOLINK_BIG_ENDIAN`; of each component. */
  uint32_t byte_order;
  /** `IOLINK_MEMORY_*`. */
  uint32_t flags;
  /** First sample: the one at index 0 of every axis. May be unaligned. */
  void *data;
  /** Samples along each axis. */
  uint64_t shape[8];
  /** Bytes from one sample to the next along each axis; may be negative or zero. */
  int64_t byte_strides[8];
  /** The owner that keeps the memory in place. */
  void *owner;
  /** Ends the loan; called exactly once, on any thread, with no lock of the caller's held. NULL: nothing to do. */
  void (*release)(void *owner);
  /** `IOLINK_DEVICE_*`. */
  int32_t device_type;
  /** Number of the device among those of its type. */
  int32_t device_id;
};

/** A box of samples, in canonical axis order. */
struct iolink_region {
  /** Size of this struct. */
  uint32_t size;
  /** How many axes; the view's. */
  uint32_t dimension_count;
  /** Lowest index along each axis. */
  uint64_t origin[8];
  /** Samples along each axis. */
  uint64_t extent[8];
};

/** The caller's memory for a region, samples in native byte order and of the view's own data type. */
struct iolink_block {
  /** Size of this struct. */
  uint32_t size;
  /** How many axes; the region's. */
  uint32_t dimension_count;
  /** Packed data type id; a view refuses a block of another type than its own. */
  uint64_t data_type;
  /** First sample. */
  void *data;
  /** Bytes from one sample to the next along each axis. */
  int64_t byte_strides[8];
  /** `IOLINK_DEVICE_*`. */
  int32_t device_type;
  /** Number of the device among those of its type. */
  int32_t device_id;
};

/**
 * Axes, calibration and value scale of an image. Plain data, copied whole; strings are NUL-terminated UTF-8. Zero
 * means "not given": an array of spacings, a direction matrix, a slope or a position that is all zero is not given.
 */
struct iolink_image_properties {
  /** Size of this struct. */
  uint32_t size;
  /** Number of axes that the arrays below describe. */
  uint32_t dimension_count;
  /** Meaning of the whole shape: number of an `AxesInterpretationId`; an unknown number reads as UNKNOWN (0). */
  uint32_t axes_interpretation;
  /** Meaning of the values: number of an `ImageInterpretation`; an unknown number reads as UNKNOWN (0). */
  uint32_t image_interpretation;
  /** Name of each axis, `IOLINK_AXIS_*`; each name at most once. */
  uint8_t axes[8];
  /** Distance between samples along each axis, in that axis's unit; 0 if unknown. */
  double spacing[8];
  /** Position of index 0 along each axis, in that axis's unit; 0 if unknown. */
  double origin[8];
  /** Unit of each axis, "" if unknown. */
  char units[8][32];
  /** Direction of column, row and slice in space: three unit vectors of three numbers; all zero if unknown. */
  double direction[9];
  /** The quantity is `stored * scale_slope + scale_intercept`; 0 and 0 if the samples are the quantity. */
  double scale_slope;
  /** See `scale_slope`. */
  double scale_intercept;
  /** Unit of the quantity, "" if unknown. */
  char value_unit[32];
  /**
   * Position in space of the sample at index 0 of every axis, x, y, z, in the unit of the COLUMN axis. It gives a
   * single slice its place; with COLUMN, ROW and SLICE it equals their origins. All zero if unknown.
   */
  double position[3];
  /** Space of positions and directions, `IOLINK_SPACE_*`. */
  uint32_t space;
  /** Zero. */
  uint32_t reserved;
};

/** One channel of an image. Zero and NULL mean "not given". */
struct iolink_channel {
  /** Size of this struct. */
  uint32_t size;
  /** Colour for display: red, green, blue, alpha. */
  uint8_t color[4];
  /** Name, NUL-terminated UTF-8. */
  const char *name;
  /** Stored value shown as black; not given if it equals `display_maximum`. */
  double display_minimum;
  /** Stored value shown at full brightness. */
  double display_maximum;
  /** Wavelength of excitation in nm. */
  double excitation_nm;
  /** Wavelength of emission in nm. */
  double emission_nm;
};

/** Receives the channels of an image, one call for each index along the CHANNEL axis, in order. */
struct iolink_channel_sink {
  /** Size of this struct. */
  uint32_t size;
  /** Zero. */
  uint32_t reserved;
  /** Passed to `write`. */
  void *context;
  /** Receives one channel, lent for the call; a result other than 0 stops the callee with `IOLINK_ERROR_CANCELLED`. */
  int32_t (*write)(void *context, const struct iolink_channel *channel);
};

/** One value of a metadata tree, lent for the call. */
struct iolink_metadata_value {
  /** Size of this struct. */
  uint32_t size;
  /** Number of dimensions of the value: 0 for a single value, 1 for a list, 2 for a matrix. */
  uint32_t dimension_count;
  /** Path, `/key/key`, NUL-terminated UTF-8. */
  const char *path;
  /** Packed data type id; UNKNOWN for a node without a value. */
  uint64_t data_type;
  /** Number of values: the product of `shape`, 1 for a single value, 0 for a node without a value. */
  uint64_t count;
  /** The values in native byte order, the last dimension fastest; strings lie one behind the other in UTF-8. */
  const void *data;
  /** Number of bytes at `data`. */
  uint64_t length;
  /**
   * Strings: for each value, the offset in `data` behind its last byte. NULL for a single string, which is all of
   * `data`.
   */
  const uint64_t *string_ends;
  /** Number of values along each dimension, as NumPy orders them. */
  uint64_t shape[8];
};

/** Receives a metadata tree from the callee, one value a call, parents before children. */
struct iolink_metadata_sink {
  /** Size of this struct. */
  uint32_t size;
  /** Zero. */
  uint32_t reserved;
  /** Passed to `write`. */
  void *context;
  /** Receives one value; a result other than 0 stops the callee with `IOLINK_ERROR_CANCELLED`. */
  int32_t (*write)(void *context, const struct iolink_metadata_value *value);
};

/** Passes a metadata tree to the callee, which brings the sink. */
struct iolink_metadata_source {
  /** Size of this struct. */
  uint32_t size;
  /** Zero. */
  uint32_t reserved;
  /** Passed to `visit`. */
  void *context;
  /** Writes every value into `sink`. */
  void (*visit)(void *context, const struct iolink_metadata_sink *sink);
};

/** Table of an image. A function whose capability is absent may be NULL. */
struct iolink_image_vtable {
  /** The common base, `kind` is `IOLINK_KIND_IMAGE`. */
  struct iolink_view_base base;
  /** Returns shape and data type. */
  int32_t (*describe)(const struct iolink_view *view, struct iolink_image_description *out, struct iolink_error *error);
  /** MEMORY_ACCESS: lends the memory; the caller calls `out->release(out->owner)` once. */
  int32_t (*memory)(const struct iolink_view *view,
                    const struct iolink_call *call,
                    struct iolink_memory *out,
                    struct iolink_error *error);
  /** READ: copies the samples of a region into the caller's block. */
  int32_t (*read_region)(const struct iolink_view *view,
                         const struct iolink_region *region,
                         const struct iolink_block *block,
                         const struct iolink_call *call,
                         struct iolink_error *error);
  /** WRITE: copies the caller's block into a region. */
  int32_t (*write_region)(const struct iolink_view *view,
                          const struct iolink_region *region,
                          const struct iolink_block *block,
                          const struct iolink_call *call,
                          struct iolink_error *error);
  /**
   * RESHAPE: gives the image another shape and data type; the samples start at zero. `IOLINK_ERROR_BUSY` while
   * memory is lent.
   */
  int32_t (*reshape)(const struct iolink_view *view,
                     const struct iolink_image_description *description,
                     const struct iolink_call *call,
                     struct iolink_error *error);
  /** Fills the caller's struct. NULL: the properties are those of the data type alone. */
  int32_t (*properties)(const struct iolink_view *view, struct iolink_image_properties *out, struct iolink_error *error);
  /** WRITE: replaces the properties. */
  int32_t (*set_properties)(const struct iolink_view *view,
                            const struct iolink_image_properties *properties,
                            const struct iolink_call *call,
                            struct iolink_error *error);
  /** Writes the metadata tree into the caller's sink. NULL: it is empty. */
  int32_t (*metadata)(const struct iolink_view *view,
                      const struct iolink_metadata_sink *sink,
                      const struct iolink_call *call,
                      struct iolink_error *error);
  /** WRITE: replaces the metadata tree by the one that `source` visits. */
  int32_t (*set_metadata)(const struct iolink_view *view,
                          const struct iolink_metadata_source *source,
                          const struct iolink_call *call,
                          struct iolink_error *error);
  /**
   * READ: says that these regions are read soon, so that the callee can fetch them together. May be NULL, and may do
   * nothing.
   */
  void (*prefetch)(const struct iolink_view *view,
                   const struct iolink_region *const *regions,
                   uint64_t count,
                   const struct iolink_call *call);
  /** WRITE: passes everything written to the file or object. NULL: nothing is held back. */
  int32_t (*flush)(const struct iolink_view *view, const struct iolink_call *call, struct iolink_error *error);
  /**
   * Created images: ends the writing, `IOLINK_FINISH_*`. Later writes and a second `finish` fail with
   * `IOLINK_ERROR_CLOSED`. The last release of an image that was not finished aborts. NULL: there is nothing to
   * finish.
   */
  int32_t (*finish)(const struct iolink_view *view,
                    uint32_t action,
                    const struct iolink_call *call,
                    struct iolink_error *error);
  /** Writes the channel table into the caller's sink. NULL: nothing is known of the channels. */
  int32_t (*channels)(const struct iolink_view *view,
                      const struct iolink_channel_sink *sink,
                      const struct iolink_call *call,
                      struct iolink_error *error);
  /** WRITE: replaces the channel table by `count` channels; 0 removes it. */
  int32_t (*set_channels)(const struct iolink_view *view,
                          const struct iolink_channel *const *channels,
                          uint64_t count,
                          const struct iolink_call *call,
                          struct iolink_error *error);
  /**
   * Copies the coordinates of axis number `dimension`, one number for each index, into `out`, which has room for
   * `count` numbers, the size of that axis. Such an axis is uneven: its spacing is not given.
   * `IOLINK_ERROR_NOT_FOUND` for an even axis. NULL: every axis is even.
   */
  int32_t (*coordinates)(const struct iolink_view *view,
                         uint32_t dimension,
                         double *out,
                         uint64_t count,
                         const struct iolink_call *call,
                         struct iolink_error *error);
  /** WRITE: replaces the coordinates of axis number `dimension`; a count of 0 removes them. */
  int32_t (*set_coordinates)(const struct iolink_view *view,
                             uint32_t dimension,
                             const double *coordinates,
                             uint64_t count,
                             const struct iolink_call *call,
                             struct iolink_error *error);
};

/** Table of an ordered set of frames that need not be alike. A frame is an image, a pyramid or another set. */
struct iolink_multi_image_vtable {
  /** The common base, `kind` is `IOLINK_KIND_MULTI_IMAGE`. */
  struct iolink_view_base base;
  /** Returns the number of frames. */
  int32_t (*frame_count)(const struct iolink_view *view,
                         uint64_t *out,
                         const struct iolink_call *call,
                         struct iolink_error *error);
  /** READ: returns one frame, which the caller owns. */
  int32_t (*frame)(const struct iolink_view *view,
                   uint64_t index,
                   const struct iolink_call *call,
                   struct iolink_view **out,
                   struct iolink_error *error);
  /**
   * READ: writes the name of a frame, such as `A/1/0`, into the sink; nothing for a frame without a name. NULL: no
   * frame has a name.
   */
  int32_t (*frame_name)(const struct iolink_view *view,
                        uint64_t index,
                        const struct iolink_text_sink *sink,
                        struct iolink_error *error);
  /**
   * WRITE: inserts a frame at `index` and moves later ones; `index` = frame count appends. `name` is NUL-terminated
   * UTF-8 or NULL. The callee retains `frame`.
   */
  int32_t (*insert)(const struct iolink_view *view,
                    uint64_t index,
                    struct iolink_view *frame,
                    const char *name,
                    const struct iolink_call *call,
                    struct iolink_error *error);
  /** WRITE: replaces a frame and keeps its name. The callee retains `frame`. */
  int32_t (*replace)(const struct iolink_view *view,
                     uint64_t index,
                     struct iolink_view *frame,
                     const struct iolink_call *call,
                     struct iolink_error *error);
  /** WRITE: removes a frame. */
  int32_t (*remove)(const struct iolink_view *view,
                    uint64_t index,
                    const struct iolink_call *call,
                    struct iolink_error *error);
  /** Writes the metadata tree of the set into the caller's sink. NULL: it is empty. */
  int32_t (*metadata)(const struct iolink_view *view,
                      const struct iolink_metadata_sink *sink,
                      const struct iolink_call *call,
                      struct iolink_error *error);
};

/** Table of one image at several resolutions. Level 0 is the original; positive levels are coarser. */
struct iolink_lod_image_vtable {
  /** The common base, `kind` is `IOLINK_KIND_LOD_IMAGE`. */
  struct iolink_view_base base;
  /** Returns the finest level (<= 0) and the coarsest level (>= 0). */
  void (*level_range)(const struct iolink_view *view, int64_t *finest, int64_t *coarsest);
  /** Returns one level as an image, which the caller owns. */
  int32_t (*resolution)(const struct iolink_view *view,
                        int64_t level,
                        const struct iolink_call *call,
                        struct iolink_view **out,
                        struct iolink_error *error);
  /** Writes the metadata tree of the pyramid into the caller's sink. NULL: it is empty. */
  int32_t (*metadata)(const struct iolink_view *view,
                      const struct iolink_metadata_sink *sink,
                      const struct iolink_call *call,
                      struct iolink_error *error);
};

/** Table of a service attached to a view. */
struct iolink_extension_vtable {
  /** The common base, `kind` is `IOLINK_KIND_EXTENSION`. */
  struct iolink_view_base base;
  /** Returns the id of the service: 0x0-0xFFFF are this project's. */
  uint64_t (*id)(const struct iolink_view *view);
  /**
   * Returns the service's own table, whose layout goes with the id; its functions take `view`. Good while the view
   * lives.
   */
  const void *(*table)(const struct iolink_view *view);
};

/** How an image is cut. Axes in canonical order, COLUMN first. */
struct iolink_tiling_description {
  /** Size of this struct. */
  uint32_t size;
  /** How many axes; the image's. */
  uint32_t dimension_count;
  /** How many tiles, fewer than `IOLINK_INVALID_TILE_INDEX`. */
  uint64_t tile_count;
  /** Samples of the largest tile along each axis. */
  uint64_t max_tile_size[8];
  /** Places of the grid along each axis. */
  uint64_t grid_size[8];
  /**
   * Samples along each axis of the smallest region that can be written without reading it first (a shard); 0: as
   * `max_tile_size`.
   */
  uint64_t write_tile_size[8];
};

/** Table of the extension `IOLINK_EXTENSION_TILING`. */
struct iolink_tiling {
  /** Size of this struct. */
  uint32_t size;
  /** Zero. */
  uint32_t reserved;
  /** Sizes and counts; constant for the extension's life. */
  int32_t (*describe)(const struct iolink_view *extension,
                      struct iolink_tiling_description *out,
                      struct iolink_error *error);
  /** Where a tile lies in the image; tiles at the border may be smaller. `IOLINK_ERROR_OUT_OF_RANGE` for no tile. */
  int32_t (*tile_region)(const struct iolink_view *extension,
                         uint64_t index,
                         struct iolink_region *out,
                         struct iolink_error *error);
  /**
   * The tile at each of `count` places of the grid, from place number `first` on, first axis fastest;
   * `IOLINK_INVALID_TILE_INDEX` where there is none. NULL: the tile's index is the place's number.
   */
  int32_t (*grid)(const struct iolink_view *extension,
                  uint64_t first,
                  uint64_t count,
                  uint64_t *out,
                  const struct iolink_call *call,
                  struct iolink_error *error);
  /** The image that is cut, which the caller owns. */
  int32_t (*image)(const struct iolink_view *extension, struct iolink_view **out, struct iolink_error *error);
  /** READ: copies the samples of a tile into the caller's block. NULL: the image's `read_region` does. */
  int32_t (*read_tile)(const struct iolink_view *extension,
                       uint64_t index,
                       const struct iolink_block *block,
                       const struct iolink_call *call,
                       struct iolink_error *error);
  /** WRITE: copies the caller's block into a tile. NULL: the image's `write_region` does. */
  int32_t (*write_tile)(const struct iolink_view *extension,
                        uint64_t index,
                        const struct iolink_block *block,
                        const struct iolink_call *call,
                        struct iolink_error *error);
};

/** Table of the extension `IOLINK_EXTENSION_PARALLEL_ACCESS`. */
struct iolink_parallel_access {
  /** Size of this struct. */
  uint32_t size;
  /** Zero. */
  uint32_t reserved;
  /** `IOLINK_PARALLEL_*`; constant for the extension's life. */
  uint64_t (*capabilities)(const struct iolink_view *extension);
};

/** Table of the extension `IOLINK_EXTENSION_VIEW_ORIGIN`. */
struct iolink_view_origin {
  /** Size of this struct. */
  uint32_t size;
  /** Zero. */
  uint32_t reserved;
  /** The sink gets the URI that the view was opened by. */
  void (*uri)(const struct iolink_view *extension, const struct iolink_text_sink *sink);
  /** The sink gets the name of the format, where there is one. */
  void (*format)(const struct iolink_view *extension, const struct iolink_text_sink *sink);
};

/** Rows and columns of a frame to be exported. */
struct iolink_frame_request {
  /** Size of this struct. */
  uint32_t size;
  /** Zero. Bits 0 to 15 are understood or rejected with `IOLINK_ERROR_NOT_IMPLEMENTED`, the others are hints. */
  uint32_t flags;
  /** Numbers of the columns, in the order wanted; NULL: all. */
  const uint64_t *columns;
  /** Number of columns at `columns`. */
  uint64_t column_count;
  /** First row. */
  uint64_t first_row;
  /** Number of rows. */
  uint64_t row_count;
  /** Maximum number of rows in a batch; 0: as the callee stores them. */
  uint64_t batch_rows;
};

/** Table of a data frame. */
struct iolink_frame_vtable {
  /** The common base, `kind` is `IOLINK_KIND_DATA_FRAME`. */
  struct iolink_view_base base;
  /** Returns the number of columns and rows. */
  int32_t (*shape)(const struct iolink_view *view,
                   uint64_t *columns,
                   uint64_t *rows,
                   const struct iolink_call *call,
                   struct iolink_error *error);
  /**
   * Returns a struct type with one child for each column; the caller releases it. A column's unit is its field
   * metadata `iolink.unit`.
   */
  int32_t (*schema)(const struct iolink_view *view,
                    const struct iolink_call *call,
                    struct ArrowSchema *out,
                    struct iolink_error *error);
  /** READ: returns rows of columns as a stream of record batches, which the caller releases. */
  int32_t (*export_stream)(const struct iolink_view *view,
                           const struct iolink_frame_request *request,
                           const struct iolink_call *call,
                           struct ArrowArrayStream *out,
                           struct iolink_error *error);
  /** WRITE: replaces the values of one column from `first_row` on; takes over both structs, also when it fails. */
  int32_t (*write)(const struct iolink_view *view,
                   uint64_t column,
                   uint64_t first_row,
                   struct ArrowSchema *schema,
                   struct ArrowArray *values,
                   const struct iolink_call *call,
                   struct iolink_error *error);
  /**
   * RESHAPE: gives the frame these columns and this many rows; columns kept by name and type keep their values, new
   * ones start at 0 and "". Takes over `schema`, also when it fails.
   */
  int32_t (*reshape)(const struct iolink_view *view,
                     struct ArrowSchema *schema,
                     uint64_t rows,
                     const struct iolink_call *call,
                     struct iolink_error *error);
  /**
   * READ: divides the rows as they are stored (row groups, files, batches). `total` becomes the number of
   * partitions, and `ends` the row behind each of `count` partitions from number `first` on; a count of 0 asks for
   * `total` alone. NULL: one partition.
   */
  int32_t (*partitions)(const struct iolink_view *view,
                        uint64_t first,
                        uint64_t count,
                        uint64_t *ends,
                        uint64_t *total,
                        const struct iolink_call *call,
                        struct iolink_error *error);
};

/** Bytes in memory, lent until `release` is called. */
struct iolink_bytes {
  /** Size of this struct. */
  uint32_t size;
  /** `IOLINK_MEMORY_*`. */
  uint32_t flags;
  /** First byte. */
  void *data;
  /** How many bytes. */
  uint64_t length;
  /** The owner that keeps the memory in place. */
  void *owner;
  /** Ends the loan; called exactly once, on any thread. NULL: nothing to do. */
  void (*release)(void *owner);
};

/** Table of a stream: one cursor, moved by every read and write. */
struct iolink_stream_vtable {
  /** The common base, `kind` is `IOLINK_KIND_STREAM`. */
  struct iolink_view_base base;
  /** READ: up to `length` bytes into the caller's buffer; 0 in `done` is the end. */
  int32_t (*read)(const struct iolink_view *view,
                  void *buffer,
                  uint64_t length,
                  uint64_t *done,
                  const struct iolink_call *call,
                  struct iolink_error *error);
  /** WRITE: up to `length` bytes from the caller's buffer; `done` says how many were taken. */
  int32_t (*write)(const struct iolink_view *view,
                   const void *buffer,
                   uint64_t length,
                   uint64_t *done,
                   const struct iolink_call *call,
                   struct iolink_error *error);
  /** SEEK: moves the cursor by `IOLINK_SEEK_*` and tells where it stands. */
  int32_t (*seek)(const struct iolink_view *view,
                  int64_t offset,
                  uint32_t origin,
                  uint64_t *position,
                  const struct iolink_call *call,
                  struct iolink_error *error);
  /** How many bytes there are; `IOLINK_ERROR_NOT_IMPLEMENTED` if it is unknown (a pipe). */
  int32_t (*length)(const struct iolink_view *view,
                    uint64_t *out,
                    const struct iolink_call *call,
                    struct iolink_error *error);
  /** RESIZE: cuts off or fills with zeros; the cursor stays. */
  int32_t (*resize)(const struct iolink_view *view,
                    uint64_t length,
                    const struct iolink_call *call,
                    struct iolink_error *error);
  /** Hands what was written on to where it belongs. */
  int32_t (*flush)(const struct iolink_view *view, const struct iolink_call *call, struct iolink_error *error);
  /** Ends the stream; later calls fail with `IOLINK_ERROR_CLOSED`. */
  int32_t (*close)(const struct iolink_view *view, const struct iolink_call *call, struct iolink_error *error);
  /** MEMORY_ACCESS: lends the bytes; the caller calls `out->release(out->owner)` once. */
  int32_t (*memory)(const struct iolink_view *view,
                    const struct iolink_call *call,
                    struct iolink_bytes *out,
                    struct iolink_error *error);
};

/** A range of bytes. This struct has no size and never grows. */
struct iolink_byte_range {
  /** Where they start. */
  uint64_t offset;
  /** How many. */
  uint64_t length;
};

/** Table of random access: bytes at an offset, without a cursor, from any thread. */
struct iolink_random_access_vtable {
  /** The common base, `kind` is `IOLINK_KIND_RANDOM_ACCESS`. */
  struct iolink_view_base base;
  /** Returns the number of bytes; `IOLINK_ERROR_NOT_IMPLEMENTED` if it is unknown before the end was read (gzip). */
  int32_t (*length)(const struct iolink_view *view,
                    uint64_t *out,
                    const struct iolink_call *call,
                    struct iolink_error *error);
  /** READ: up to `length` bytes at `offset`; fewer only at the end. */
  int32_t (*read_at)(const struct iolink_view *view,
                     uint64_t offset,
                     void *buffer,
                     uint64_t length,
                     uint64_t *done,
                     const struct iolink_call *call,
                     struct iolink_error *error);
  /**
   * WRITE: all `length` bytes at `offset`; past the end nothing is written and `IOLINK_ERROR_OUT_OF_RANGE` comes
   * back.
   */
  int32_t (*write_at)(const struct iolink_view *view,
                      uint64_t offset,
                      const void *buffer,
                      uint64_t length,
                      const struct iolink_call *call,
                      struct iolink_error *error);
  /** MEMORY_ACCESS: lends the bytes; the caller calls `out->release(out->owner)` once. */
  int32_t (*memory)(const struct iolink_view *view,
                    const struct iolink_call *call,
                    struct iolink_bytes *out,
                    struct iolink_error *error);
  /**
   * READ: says that these ranges are read soon, so that the callee can fetch them together. May be NULL, and may do
   * nothing.
   */
  void (*prefetch)(const struct iolink_view *view,
                   const struct iolink_byte_range *ranges,
                   uint64_t count,
                   const struct iolink_call *call);
  /** RESIZE: cuts off or fills with zeros. */
  int32_t (*resize)(const struct iolink_view *view,
                    uint64_t length,
                    const struct iolink_call *call,
                    struct iolink_error *error);
  /** WRITE: passes everything written to the file or object. NULL: nothing is held back. */
  int32_t (*flush)(const struct iolink_view *view, const struct iolink_call *call, struct iolink_error *error);
};

/** One value, or a range of it, to be read. */
struct iolink_store_get {
  /** Size of this struct. */
  uint32_t size;
  /** `IOLINK_STORE_RANGE_*`. */
  uint32_t range;
  /** The key, NUL-terminated UTF-8, `/` between its parts. */
  const char *key;
  /** FROM: first byte. */
  uint64_t offset;
  /** FROM and LAST: number of bytes. */
  uint64_t length;
  /** The caller's memory for the bytes, `capacity` long; NULL: the callee lends its own through `lent`. */
  void *buffer;
  /** Room at `buffer`. */
  uint64_t capacity;
  /** If `buffer` is NULL: filled by the callee; the caller calls `lent->release(lent->owner)` once. */
  struct iolink_bytes *lent;
  /**
   * Result: `IOLINK_OK`, `IOLINK_ERROR_NOT_FOUND` for a key without a value, `IOLINK_ERROR_LIMIT` for too small a
   * buffer (nothing is copied, `value_size` is set), or another error kind.
   */
  int32_t status;
  /** Result: the operating system's error number, or 0. */
  int32_t code;
  /** Result: number of bytes copied or lent. */
  uint64_t done;
  /** Result: size of the whole value. */
  uint64_t value_size;
};

/** Several values to be read together. */
struct iolink_store_batch {
  /** Size of this struct. */
  uint32_t size;
  /** Zero. Bits 0 to 15 are understood or rejected with `IOLINK_ERROR_NOT_IMPLEMENTED`, the others are hints. */
  uint32_t flags;
  /** `count` items. */
  struct iolink_store_get *const *gets;
  /** Number of items. */
  uint64_t count;
  /** Passed to `completed`. */
  void *context;
  /**
   * Called once for each item as soon as its results are set, on any thread, before `get_many` returns. May be NULL.
   */
  void (*completed)(void *context, uint64_t index);
};

/** One value to be written. */
struct iolink_store_put {
  /** Size of this struct. */
  uint32_t size;
  /** `IOLINK_STORE_PUT_*`. Bits 0 to 15 are understood or rejected with `IOLINK_ERROR_NOT_IMPLEMENTED`. */
  uint32_t flags;
  /** The key, NUL-terminated UTF-8. */
  const char *key;
  /** CONDITIONAL: the version that the value must still have, else `IOLINK_ERROR_CHANGED`; NULL: any. */
  const char *if_version;
  /** The bytes. */
  const void *data;
  /** Number of bytes. */
  uint64_t length;
  /** Result: `IOLINK_OK` or an error kind. */
  int32_t status;
  /** Result: the operating system's error number, or 0. */
  int32_t code;
};

/** One key of a store, lent for the call. */
struct iolink_store_entry {
  /** Size of this struct. */
  uint32_t size;
  /** `IOLINK_STORE_ENTRY_*`. */
  uint32_t flags;
  /** The key, NUL-terminated UTF-8. */
  const char *key;
  /** A string that changes whenever the value does (a fingerprint), or NULL. */
  const char *version;
  /** Size of the value in bytes. */
  uint64_t value_size;
  /** Time of the last change in nanoseconds since 1970 UTC; 0 if unknown. */
  int64_t modified_ns;
};

/** Receives entries from the callee. */
struct iolink_store_sink {
  /** Size of this struct. */
  uint32_t size;
  /** Zero. */
  uint32_t reserved;
  /** Passed to `write`. */
  void *context;
  /** Receives one entry; a result other than 0 ends the listing without an error. */
  int32_t (*write)(void *context, const struct iolink_store_entry *entry);
};

/**
 * Table of a store. `IOLINK_VIEW_FLAG_THREAD_SAFE` is required. A key consists of one or more parts with `/` between
 * them; a part is not empty and not `.` or `..`. A key that leads out of the store, through links too, is rejected.
 */
struct iolink_store_vtable {
  /** The common base, `kind` is `IOLINK_KIND_STORE`. */
  struct iolink_view_base base;
  /** READ: reads every item of a batch. `IOLINK_OK` means that each item has its `status`. */
  int32_t (*get_many)(const struct iolink_view *view,
                      struct iolink_store_batch *batch,
                      const struct iolink_call *call,
                      struct iolink_error *error);
  /** READ: says that these values are read soon. May be NULL, and may do nothing. */
  void (*prefetch)(const struct iolink_view *view,
                   const struct iolink_store_get *const *gets,
                   uint64_t count,
                   const struct iolink_call *call);
  /** Writes the entry of one key into the sink; `IOLINK_ERROR_NOT_FOUND` for a key without a value. */
  int32_t (*stat)(const struct iolink_view *view,
                  const char *key,
                  const struct iolink_store_sink *sink,
                  const struct iolink_call *call,
                  struct iolink_error *error);
  /**
   * LIST: writes the entries below `prefix` (NULL or "": all; else it ends with `/`) that sort behind `after` (NULL:
   * from the first) into the sink, in byte order of their keys. `flags`: `IOLINK_STORE_LIST_*`.
   */
  int32_t (*list)(const struct iolink_view *view,
                  const char *prefix,
                  const char *after,
                  uint32_t flags,
                  const struct iolink_store_sink *sink,
                  const struct iolink_call *call,
                  struct iolink_error *error);
  /** Opens one value, `IOLINK_STORE_OPEN_*`, as a view that the caller owns. */
  int32_t (*open)(const struct iolink_view *view,
                  const char *key,
                  uint32_t mode,
                  const struct iolink_call *call,
                  struct iolink_view **out,
                  struct iolink_error *error);
  /**
   * WRITE: writes every item. `IOLINK_OK` means that each item has its `status`. A value is there whole, or as
   * before.
   */
  int32_t (*put_many)(const struct iolink_view *view,
                      struct iolink_store_put *const *puts,
                      uint64_t count,
                      const struct iolink_call *call,
                      struct iolink_error *error);
  /** WRITE: removes values; `statuses` has room for `count` results. `IOLINK_OK` means that each is set. */
  int32_t (*remove)(const struct iolink_view *view,
                    const char *const *keys,
                    uint64_t count,
                    int32_t *statuses,
                    const struct iolink_call *call,
                    struct iolink_error *error);
};

/** One option of a call. It has no size and never grows. */
struct iolink_option {
  /** NUL-terminated UTF-8. */
  const char *key;
  /** NUL-terminated UTF-8. */
  const char *value;
};

/** A source to be opened. Strings are NUL-terminated UTF-8 and may be NULL; everything is lent for the call. */
struct iolink_source {
  /** Size of this struct. */
  uint32_t size;
  /** `IOLINK_SOURCE_*`. Bits 0 to 15 are understood or rejected with `IOLINK_ERROR_NOT_IMPLEMENTED`. */
  uint32_t flags;
  /** Never NULL: `file:///...`, another scheme, or `stream:NAME` for an unnamed source. */
  const char *uri;
  /** A local file's path in the system's own encoding, else NULL. */
  const char *path;
  /** The bytes, as a random access view; NULL for a folder. A provider that keeps it retains it. */
  struct iolink_view *bytes;
  /** Format that the user named, or NULL. */
  const char *format;
  /** Options of the format. */
  const struct iolink_option *options;
  /** Number of options. */
  uint64_t option_count;
  /**
   * The store that holds the source: the folder of a local file, or the source itself if it is a folder. NULL for a
   * lone stream. A provider that keeps it retains it.
   */
  struct iolink_view *store;
  /** The key of the source in `store`: the file's name; "" for a folder. */
  const char *key;
  /** Id of the provider that the user named, or NULL. */
  const char *provider;
  /** Options of the storage, such as an endpoint or a profile. */
  const struct iolink_option *storage_options;
  /** Number of storage options. */
  uint64_t storage_option_count;
  /** Kind of view that the caller wants, `IOLINK_KIND_*`; 0: any. */
  uint32_t kind;
  /** Zero. */
  uint32_t reserved;
};

/** One task of several that a host runs, by its index. It returns nothing and must not unwind. */
typedef void (*iolink_task)(void *job, uint64_t index);

/** The services of the host, for a provider during a call and for a view that retains it. */
struct iolink_host {
  /** Size of this struct. */
  uint32_t size;
  /** `IOLINK_ABI_MINOR` of the host. */
  uint32_t abi_minor;
  /** Passed to the functions. */
  void *context;
  /** Adds a reference to the host, for a view that keeps it. */
  void (*retain)(void *context);
  /** Drops a reference. */
  void (*release)(void *context);
  /** Receives an event; `target` and `message` are NUL-terminated UTF-8. */
  void (*log)(void *context, uint32_t level, const char *target, const char *message);
  /** Opens another source by the provider that fits; the caller owns the view. */
  int32_t (*open)(void *context,
                  const struct iolink_source *source,
                  const struct iolink_call *call,
                  struct iolink_view **out,
                  struct iolink_error *error);
  /**
   * Runs `task(job, index)` for each index below `count` on the host's one pool of threads and on the calling
   * thread, and returns when all have ended. A task returns nothing and must not unwind. With
   * `IOLINK_ERROR_CANCELLED` or `IOLINK_ERROR_TIMEOUT` some tasks were not started. A task may call `run` again.
   */
  int32_t (*run)(void *context,
                 uint64_t count,
                 iolink_task task,
                 void *job,
                 const struct iolink_call *call,
                 struct iolink_error *error);
  /**
   * Returns zeroed memory, aligned for samples, that a host may lend to another process; the caller calls
   * `out->release(out->owner)` once.
   */
  int32_t (*allocate)(void *context, uint64_t length, struct iolink_bytes *out, struct iolink_error *error);
  /**
   * Writes the credentials for a URI into the sink, as `NAME=VALUE` strings; `IOLINK_ERROR_NOT_FOUND` if the host
   * has none. A provider never logs or keeps them in a recipe.
   */
  int32_t (*credentials)(void *context, const char *uri, const struct iolink_text_sink *sink, struct iolink_error *error);
};

/**
 * A place to create or to save a view at. Strings are NUL-terminated UTF-8 and may be NULL; everything is lent for the
 * call.
 */
struct iolink_target {
  /** Size of this struct. */
  uint32_t size;
  /** `IOLINK_TARGET_*`. Bits 0 to 15 are understood or rejected with `IOLINK_ERROR_NOT_IMPLEMENTED`. */
  uint32_t flags;
  /** Never NULL: the final name. */
  const char *uri;
  /**
   * Local files: the path to write to. SAVE: an empty draft, which the host puts in its place when the call succeeds
   * and removes if it fails. CREATE: the final path.
   */
  const char *path;
  /** The format, one of the offer's. */
  const char *format;
  /** A stream to write to, or NULL. Offers flagged SEQUENTIAL can take it. */
  struct iolink_view *stream;
  /** The store to write into, or NULL. */
  struct iolink_view *store;
  /** The key of the target in `store`. */
  const char *key;
  /** Options of the format. */
  const struct iolink_option *options;
  /** Number of options. */
  uint64_t option_count;
};

/** A view to be created; each kind reads its own fields. */
struct iolink_create_request {
  /** Size of this struct. */
  uint32_t size;
  /** `IOLINK_KIND_*`. */
  uint32_t kind;
  /** Images: packed data type id. */
  uint64_t data_type;
  /** Images: number of axes. */
  uint32_t dimension_count;
  /** Zero. Bits 0 to 15 are understood or rejected with `IOLINK_ERROR_NOT_IMPLEMENTED`, the others are hints. */
  uint32_t flags;
  /** Images: samples along each axis. */
  uint64_t shape[8];
  /** Images: properties, or NULL. */
  const struct iolink_image_properties *properties;
  /** Streams: bytes to make room for; random access: bytes. Frames: rows. */
  uint64_t length;
  /** Frames: a struct type with one child for each column, taken over by the callee. */
  struct ArrowSchema *schema;
  /** The place to create the view at; NULL: in memory. */
  const struct iolink_target *target;
  /** Images: the metadata tree, or NULL. */
  const struct iolink_metadata_source *metadata;
  /** Images: samples along each axis of the tiles to store; 0: as the callee decides. */
  uint64_t tile_shape[8];
};

/**
 * Foreign memory to be made a view of; each kind reads its own fields. The callee takes over what is given, also on
 * failure.
 */
struct iolink_adopt_request {
  /** Size of this struct. */
  uint32_t size;
  /** `IOLINK_KIND_*`. */
  uint32_t kind;
  /** Images: memory with its owner. */
  struct iolink_memory *memory;
  /** Images: properties, or NULL. */
  const struct iolink_image_properties *properties;
  /** Streams and random access: bytes with their owner. */
  struct iolink_bytes *bytes;
  /** Frames: a stream of record batches. */
  struct ArrowArrayStream *stream;
  /** Zero. Bits 0 to 15 are understood or rejected with `IOLINK_ERROR_NOT_IMPLEMENTED`, the others are hints. */
  uint32_t flags;
  /** Zero. */
  uint32_t reserved;
};

/** The view that a conversion shall make. */
struct iolink_convert_request {
  /** Size of this struct. */
  uint32_t size;
  /** `IOLINK_KIND_*`. */
  uint32_t kind;
  /** Capabilities that the result must have. */
  uint64_t capabilities;
  /** Zero. Bits 0 to 15 are understood or rejected with `IOLINK_ERROR_NOT_IMPLEMENTED`, the others are hints. */
  uint32_t flags;
  /** Zero. */
  uint32_t reserved;
  /** Options of the conversion. */
  const struct iolink_option *options;
  /** Number of options. */
  uint64_t option_count;
};

/** An option that an offer takes. Strings are NUL-terminated UTF-8 or NULL. */
struct iolink_option_info {
  /** Size of this struct. */
  uint32_t size;
  /** `IOLINK_OPTION_*`; an unknown type reads as STRING. */
  uint32_t value_type;
  /** The key. */
  const char *name;
  /** Value that holds if the option is not given. */
  const char *default_value;
  /** One line for people. */
  const char *description;
  /** Allowed values, separated by commas; NULL: any of the type. */
  const char *choices;
  /** `IOLINK_OPTION_FLAG_SECRET`, `IOLINK_OPTION_FLAG_LIST`. */
  uint32_t flags;
  /** Zero. */
  uint32_t reserved;
};

/** One thing that a provider can do. Strings are NUL-terminated UTF-8 or NULL; lists are separated by commas. */
struct iolink_offer {
  /** Size of this struct. */
  uint32_t size;
  /** `IOLINK_OFFER_*`. */
  uint32_t offer;
  /** Kind of the view that comes out; SAVE: that goes in. */
  uint32_t kind;
  /** CONVERT: `IOLINK_COST_*`; a host drops an offer whose cost it does not know. */
  uint32_t cost;
  /** Capabilities that the view will have at least; SAVE: must have. */
  uint64_t capabilities;
  /** CONVERT: kind that goes in. */
  uint32_t from_kind;
  /** `IOLINK_OFFER_FLAG_WRITABLE`, `IOLINK_OFFER_FLAG_SEQUENTIAL`, `IOLINK_OFFER_FLAG_WRAPPER`. */
  uint32_t flags;
  /** CONVERT: capabilities that are needed. */
  uint64_t from_capabilities;
  /** OPEN, CREATE at a target and SAVE: name of the format. */
  const char *format;
  /** OPEN, CREATE at a target and SAVE: file name endings without the first dot, lower case. */
  const char *extensions;
  /** OPEN and SAVE: media types. */
  const char *media_types;
  /** OPEN: URI schemes beside `file`. */
  const char *schemes;
  /** OPEN: bytes by which a file is recognised, `offset:hex` each. */
  const char *magic;
  /** OPEN: keys by which a folder is recognised, such as `zarr.json`. */
  const char *keys;
  /** CREATE, CONVERT (what goes in) and SAVE: packed data type ids that the offer takes; NULL: any. */
  const uint64_t *data_types;
  /** Number of data types. */
  uint32_t data_type_count;
  /** CREATE, CONVERT and SAVE: minimum number of axes. */
  uint32_t min_dimensions;
  /** CREATE, CONVERT and SAVE: maximum number of axes; 0: any. */
  uint32_t max_dimensions;
  /** `IOLINK_LAYOUT_*`; 0 reads as FILE. */
  uint32_t layout;
  /** Number of options that the offer takes. A host rejects every other option. */
  uint64_t option_count;
  /** Pointers to the options. */
  const struct iolink_option_info *const *options;
};

/** One provider. A function that no offer needs may be NULL. `self` is the address of this struct. */
struct iolink_provider {
  /** Size of this struct. */
  uint32_t size;
  /** Number of offers. */
  uint32_t offer_count;
  /** Reverse domain name, NUL-terminated; at most 63 bytes. */
  const char *id;
  /** One line for people, NUL-terminated UTF-8. */
  const char *title;
  /** Pointers to the offers. */
  const struct iolink_offer *const *offers;
  /** The plugin's own data; the host does not touch it. */
  void *context;
  /** OPEN, may be NULL: how sure the provider is that it can open the source, 0 (not at all) to 100. */
  int32_t (*identify)(const struct iolink_provider *provider,
                      const struct iolink_host *host,
                      const struct iolink_source *source,
                      const struct iolink_call *call,
                      uint32_t *score,
                      struct iolink_error *error);
  /** OPEN. With `IOLINK_ERROR_UNSUPPORTED` the host asks the next provider; every other error ends the opening. */
  int32_t (*open)(const struct iolink_provider *provider,
                  const struct iolink_host *host,
                  const struct iolink_source *source,
                  const struct iolink_call *call,
                  struct iolink_view **out,
                  struct iolink_error *error);
  /**
   * CREATE. At a target: exclusive unless OVERWRITE is set; the file is marked as unfinished until `finish` commits
   * it.
   */
  int32_t (*create)(const struct iolink_provider *provider,
                    const struct iolink_host *host,
                    const struct iolink_create_request *request,
                    const struct iolink_call *call,
                    struct iolink_view **out,
                    struct iolink_error *error);
  /** ADOPT. */
  int32_t (*adopt)(const struct iolink_provider *provider,
                   const struct iolink_host *host,
                   const struct iolink_adopt_request *request,
                   const struct iolink_call *call,
                   struct iolink_view **out,
                   struct iolink_error *error);
  /** CONVERT. */
  int32_t (*convert)(const struct iolink_provider *provider,
                     const struct iolink_host *host,
                     struct iolink_view *view,
                     const struct iolink_convert_request *request,
                     const struct iolink_call *call,
                     struct iolink_view **out,
                     struct iolink_error *error);
  /** SAVE: writes the view to the target. The target holds it whole afterwards, or is as before. */
  int32_t (*save)(const struct iolink_provider *provider,
                  const struct iolink_host *host,
                  struct iolink_view *view,
                  const struct iolink_target *target,
                  const struct iolink_call *call,
                  struct iolink_error *error);
};

/** The descriptor that a plugin exports, as the data symbol `iolink_plugin_v1`. */
struct iolink_plugin {
  /** `IOLINK_PLUGIN_MAGIC`. */
  uint64_t magic;
  /** Size of this struct. */
  uint32_t size;
  /** `IOLINK_ABI_MAJOR` of the header it was built from. */
  uint32_t abi_major;
  /** `IOLINK_ABI_MINOR` of the header it was built from. */
  uint32_t abi_minor;
  /** `IOLINK_PANIC_*`. */
  uint32_t panic_strategy;
  /** Reverse domain name, NUL-terminated; at most 63 bytes. */
  const char *id;
  /** Version of the plugin, NUL-terminated. */
  const char *version;
  /** How many providers. */
  uint32_t provider_count;
  /** Zero. */
  uint32_t reserved;
  /** Pointers to the providers. */
  const struct iolink_provider *const *providers;
};

/* Data types, packed: docs/spec/data-types.md. */
#define IOLINK_DATA_TYPE(primitive, bits, components, meaning) \
  ((uint64_t) (primitive) | (uint64_t) (bits) << 8 | (uint64_t) (components) << 24 | (uint64_t) (meaning) << 40)
#define IOLINK_TYPE_UNKNOWN UINT64_C(0x0)
#define IOLINK_TYPE_UINT8 UINT64_C(0x1000801)
#define IOLINK_TYPE_UINT16 UINT64_C(0x1001001)
#define IOLINK_TYPE_UINT32 UINT64_C(0x1002001)
#define IOLINK_TYPE_UINT64 UINT64_C(0x1004001)
#define IOLINK_TYPE_INT8 UINT64_C(0x1000802)
#define IOLINK_TYPE_INT16 UINT64_C(0x1001002)
#define IOLINK_TYPE_INT32 UINT64_C(0x1002002)
#define IOLINK_TYPE_INT64 UINT64_C(0x1004002)
#define IOLINK_TYPE_FLOAT16 UINT64_C(0x1001003)
#define IOLINK_TYPE_FLOAT UINT64_C(0x1002003)
#define IOLINK_TYPE_DOUBLE UINT64_C(0x1004003)
#define IOLINK_TYPE_COMPLEX_FLOAT UINT64_C(0x10002002003)
#define IOLINK_TYPE_COMPLEX_DOUBLE UINT64_C(0x10002004003)
#define IOLINK_TYPE_BOOL UINT64_C(0x20001000801)
#define IOLINK_TYPE_BINARY UINT64_C(0x30001000801)
#define IOLINK_TYPE_LABEL8 UINT64_C(0x40001000801)
#define IOLINK_TYPE_LABEL16 UINT64_C(0x40001001001)
#define IOLINK_TYPE_LABEL32 UINT64_C(0x40001002001)
#define IOLINK_TYPE_LABEL64 UINT64_C(0x40001004001)
#define IOLINK_TYPE_UTF8_STRING UINT64_C(0x1000804)
#define IOLINK_TYPE_UTF16_STRING UINT64_C(0x1001004)
#define IOLINK_TYPE_VEC2_UINT8 UINT64_C(0x2000801)
#define IOLINK_TYPE_VEC2_UINT16 UINT64_C(0x2001001)
#define IOLINK_TYPE_VEC2_UINT32 UINT64_C(0x2002001)
#define IOLINK_TYPE_VEC2_UINT64 UINT64_C(0x2004001)
#define IOLINK_TYPE_VEC2_INT8 UINT64_C(0x2000802)
#define IOLINK_TYPE_VEC2_INT16 UINT64_C(0x2001002)
#define IOLINK_TYPE_VEC2_INT32 UINT64_C(0x2002002)
#define IOLINK_TYPE_VEC2_INT64 UINT64_C(0x2004002)
#define IOLINK_TYPE_VEC2_FLOAT16 UINT64_C(0x2001003)
#define IOLINK_TYPE_VEC2_FLOAT UINT64_C(0x2002003)
#define IOLINK_TYPE_VEC2_DOUBLE UINT64_C(0x2004003)
#define IOLINK_TYPE_VEC3_UINT8 UINT64_C(0x3000801)
#define IOLINK_TYPE_VEC3_UINT16 UINT64_C(0x3001001)
#define IOLINK_TYPE_VEC3_UINT32 UINT64_C(0x3002001)
#define IOLINK_TYPE_VEC3_UINT64 UINT64_C(0x3004001)
#define IOLINK_TYPE_VEC3_INT8 UINT64_C(0x3000802)
#define IOLINK_TYPE_VEC3_INT16 UINT64_C(0x3001002)
#define IOLINK_TYPE_VEC3_INT32 UINT64_C(0x3002002)
#define IOLINK_TYPE_VEC3_INT64 UINT64_C(0x3004002)
#define IOLINK_TYPE_VEC3_FLOAT16 UINT64_C(0x3001003)
#define IOLINK_TYPE_VEC3_FLOAT UINT64_C(0x3002003)
#define IOLINK_TYPE_VEC3_DOUBLE UINT64_C(0x3004003)
#define IOLINK_TYPE_VEC4_UINT8 UINT64_C(0x4000801)
#define IOLINK_TYPE_VEC4_UINT16 UINT64_C(0x4001001)
#define IOLINK_TYPE_VEC4_UINT32 UINT64_C(0x4002001)
#define IOLINK_TYPE_VEC4_UINT64 UINT64_C(0x4004001)
#define IOLINK_TYPE_VEC4_INT8 UINT64_C(0x4000802)
#define IOLINK_TYPE_VEC4_INT16 UINT64_C(0x4001002)
#define IOLINK_TYPE_VEC4_INT32 UINT64_C(0x4002002)
#define IOLINK_TYPE_VEC4_INT64 UINT64_C(0x4004002)
#define IOLINK_TYPE_VEC4_FLOAT16 UINT64_C(0x4001003)
#define IOLINK_TYPE_VEC4_FLOAT UINT64_C(0x4002003)
#define IOLINK_TYPE_VEC4_DOUBLE UINT64_C(0x4004003)

/* What a whole shape means: which axes it has, in this order. */
#define IOLINK_AXES_UNKNOWN UINT32_C(0)
#define IOLINK_AXES_IMAGE UINT32_C(1)
#define IOLINK_AXES_VOLUME UINT32_C(2)
#define IOLINK_AXES_IMAGE_SEQUENCE UINT32_C(3)
#define IOLINK_AXES_VOLUME_SEQUENCE UINT32_C(4)
#define IOLINK_AXES_MULTISPECTRAL_IMAGE UINT32_C(5)
#define IOLINK_AXES_MULTISPECTRAL_VOLUME UINT32_C(6)
#define IOLINK_AXES_MULTISPECTRAL_IMAGE_SEQUENCE UINT32_C(7)
#define IOLINK_AXES_MULTISPECTRAL_VOLUME_SEQUENCE UINT32_C(8)

/* What the values of an image mean. */
#define IOLINK_VALUES_UNKNOWN UINT32_C(0)
#define IOLINK_VALUES_GRAYSCALE UINT32_C(1)
#define IOLINK_VALUES_COLOR UINT32_C(2)
#define IOLINK_VALUES_BINARY UINT32_C(3)
#define IOLINK_VALUES_LABEL UINT32_C(4)

/*
 * The plugin's descriptor and manifest. Once in a plugin, at file scope, with a semicolon behind it; `providers` is an
 * array of pointers to the providers, `manifest` TOML in one or several string literals, which lists them:
 *
 *     IOLINK_PLUGIN("org.example.raw", "1.0.0", providers,
 *                   "[[provider]]\nid = \"org.example.raw\"\n"
 *                   "[[provider.offer]]\noffer = \"open\"\nkind = \"image\"\ncapabilities = 1\nformat = \"RAW\"\n");
 *
 * docs/spec/abi-v1.md lists the keys. Compile with -fvisibility=hidden: a plugin exports this one symbol.
 */
#define IOLINK_PLUGIN(id, version, providers, manifest)                                                                \
  IOLINK_MANIFEST(IOLINK_MANIFEST_ABI "id = \"" id "\"\nversion = \"" version "\"\n" manifest);                         \
  IOLINK_EXPORT const struct iolink_plugin iolink_plugin_v1 = {                                                        \
    IOLINK_PLUGIN_MAGIC, sizeof(struct iolink_plugin), IOLINK_ABI_MAJOR, IOLINK_ABI_MINOR, IOLINK_PANIC_NONE, id,      \
    version, (uint32_t) (sizeof(providers) / sizeof *(providers)), 0, providers                                        \
  }

/* The keys of the manifest that name the ABI. */
#define IOLINK_MANIFEST_ABI "abi = 0\nabi_minor = 2\n"

/* The same in parts, for a plugin that needs more than IOLINK_PLUGIN. */
#if defined(_WIN32)
#define IOLINK_VISIBLE __declspec(dllexport)
#elif defined(__GNUC__)
#define IOLINK_VISIBLE __attribute__((visibility("default")))
#else
#define IOLINK_VISIBLE
#endif
#ifdef __cplusplus
#define IOLINK_EXPORT extern "C" IOLINK_VISIBLE
#else
#define IOLINK_EXPORT IOLINK_VISIBLE
#endif

IOLINK_VISIBLE extern const struct iolink_plugin iolink_plugin_v1;

/*
 * Writes the manifest, TOML in one or several string literals, into the section that hosts read without loading the
 * plugin. Once in a plugin, at file scope, with a semicolon behind it:
 *
 *     IOLINK_MANIFEST(IOLINK_MANIFEST_ABI "id = \"org.example.raw\"\nversion = \"1.0.0\"\n");
 *
 * The terminating NUL goes along; a host ends the string there.
 */
#if defined(__has_attribute)
#if __has_attribute(retain)
#define IOLINK_MANIFEST_KEPT used, retain
#endif
#endif
#ifndef IOLINK_MANIFEST_KEPT
#define IOLINK_MANIFEST_KEPT used
#endif
#if defined(__APPLE__)
#define IOLINK_MANIFEST_SECTION "__DATA,__iolink"
#else
#define IOLINK_MANIFEST_SECTION ".iolink.manifest"
#endif
#define IOLINK_MANIFEST(text)                                                                                          \
  static const char iolink_manifest_text[] __attribute__((IOLINK_MANIFEST_KEPT, section(IOLINK_MANIFEST_SECTION))) = text

/*
 * Fills the caller's error, which may be NULL, and returns `kind`: `return iolink_fail(error, IOLINK_ERROR_IO, "...");`.
 * A message that is too long is cut between letters. The provider's id is filled in by the host.
 */
static inline int32_t iolink_fail(struct iolink_error *error, int32_t kind, const char *message)
{
  if (error != NULL && error->size >= offsetof(struct iolink_error, message) + sizeof error->message) {
    size_t length = 0;
    error->kind = kind;
    error->code = 0;
    error->provider[0] = '\0';
    while (message != NULL && message[length] != '\0' && length < sizeof error->message - 1) {
      error->message[length] = message[length];
      length++;
    }
    if (message != NULL && message[length] != '\0') {
      while (length > 0 && ((unsigned char) message[length] & 0xC0) == 0x80) {
        length--;
      }
    }
    error->message[length] = '\0';
  }
  return kind;
}

#ifdef __cplusplus
}
#endif

#endif /* IOLINK_ABI_H */
