/*
 * iolink_abi.h - the border between iolink hosts and plugins, version 1.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 * You may copy this file into your own project.
 *
 * Generated from sdk/src/abi by `make refreeze`; do not edit. C99 and C++17. The border in words: docs/spec/abi-v1.md.
 *
 * In short: every struct starts with its size and only ever grows at its end. Everything that a caller may hold is an
 * iolink_view, counted by retain and release. Who allocates frees. A function returns IOLINK_OK or an error kind and
 * then fills the caller's iolink_error. No exception and no longjmp may leave a function of a table.
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
typedef struct iolink_view_head iolink_view_head;
typedef struct iolink_text_sink iolink_text_sink;
typedef struct iolink_call iolink_call;
typedef struct iolink_image_description iolink_image_description;
typedef struct iolink_memory iolink_memory;
typedef struct iolink_region iolink_region;
typedef struct iolink_block iolink_block;
typedef struct iolink_image_properties iolink_image_properties;
typedef struct iolink_metadata_sink iolink_metadata_sink;
typedef struct iolink_metadata_source iolink_metadata_source;
typedef struct iolink_image_vtable iolink_image_vtable;
typedef struct iolink_multi_image_vtable iolink_multi_image_vtable;
typedef struct iolink_lod_image_vtable iolink_lod_image_vtable;
typedef struct iolink_extension_vtable iolink_extension_vtable;
typedef struct iolink_neighbours iolink_neighbours;
typedef struct iolink_tiling_description iolink_tiling_description;
typedef struct iolink_tiling iolink_tiling;
typedef struct iolink_parallel_access iolink_parallel_access;
typedef struct iolink_view_origin iolink_view_origin;
typedef struct iolink_frame_vtable iolink_frame_vtable;
typedef struct iolink_bytes iolink_bytes;
typedef struct iolink_stream_vtable iolink_stream_vtable;
typedef struct iolink_byte_range iolink_byte_range;
typedef struct iolink_random_access_vtable iolink_random_access_vtable;
typedef struct iolink_host iolink_host;
typedef struct iolink_source iolink_source;
typedef struct iolink_option iolink_option;
typedef struct iolink_create_request iolink_create_request;
typedef struct iolink_adopt_request iolink_adopt_request;
typedef struct iolink_target iolink_target;
typedef struct iolink_offer iolink_offer;
typedef struct iolink_option_info iolink_option_info;
typedef struct iolink_provider iolink_provider;
typedef struct iolink_plugin iolink_plugin;

/** Major version of the border. A plugin of another major is refused. */
#define IOLINK_ABI_MAJOR UINT32_C(1)

/** Minor version of the border: grows when something is appended. */
#define IOLINK_ABI_MINOR UINT32_C(0)

/** First word of every live view (`"IOLVIEW1"` in memory order on little-endian machines). */
#define IOLINK_VIEW_MAGIC UINT64_C(0x31574549564C4F49)

/** First word of a view whose last reference is gone. */
#define IOLINK_VIEW_DEAD UINT64_C(0x44454144564C4F49)

/** Most axes an image may have at the border. */
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

/** Somebody still holds the memory that would have to move or go. */
#define IOLINK_ERROR_BUSY INT32_C(9)

/** The caller asked to stop. */
#define IOLINK_ERROR_CANCELLED INT32_C(10)

/** A size is over the limit, or over what can be addressed. */
#define IOLINK_ERROR_LIMIT INT32_C(11)

/** The object was closed. */
#define IOLINK_ERROR_CLOSED INT32_C(12)

/** A plugin panicked, or broke a rule of the border. */
#define IOLINK_ERROR_INTERNAL INT32_C(13)

/** A plugin or file was refused before it ran. */
#define IOLINK_ERROR_REFUSED INT32_C(14)

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

/** Flag of a table: every function may be called from several threads at once. */
#define IOLINK_FLAG_THREAD_SAFE UINT64_C(1)

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

/** Axis of an image that nothing names. */
#define IOLINK_AXIS_UNKNOWN UINT8_C(255)

/** Axis of an image: along a row, pixel by pixel. */
#define IOLINK_AXIS_COLUMN UINT8_C(0)

/** Axis of an image: from row to row. */
#define IOLINK_AXIS_ROW UINT8_C(1)

/** Axis of an image: from slice to slice. */
#define IOLINK_AXIS_SLICE UINT8_C(2)

/** Axis of an image: from channel to channel. */
#define IOLINK_AXIS_CHANNEL UINT8_C(3)

/** Axis of an image: from one point in time to the next. */
#define IOLINK_AXIS_SEQUENCE UINT8_C(4)

/** Capability of a multi-image: frames can be taken. */
#define IOLINK_MULTI_IMAGE_READ UINT64_C(1)

/** Capability of a multi-image: frames can be added, replaced and removed. */
#define IOLINK_MULTI_IMAGE_WRITE UINT64_C(2)

/** Extension id: what lies beside the bytes; its table is `iolink_neighbours`. */
#define IOLINK_EXTENSION_NEIGHBOURS UINT64_C(4)

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

/** First word of a plugin (`"IOLPLUG1"` in memory order on little-endian machines). */
#define IOLINK_PLUGIN_MAGIC UINT64_C(0x3147554C504C4F49)

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

/** Offer: makes one view into another. */
#define IOLINK_OFFER_CONVERT UINT32_C(4)

/** Offer: writes a view into a file of a format. */
#define IOLINK_OFFER_SAVE UINT32_C(5)

/** Cost of a conversion: memory is shared. */
#define IOLINK_COST_SHARED UINT32_C(1)

/** Cost of a conversion: nothing is read until it is asked for. */
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

/** Option: any text. */
#define IOLINK_OPTION_TEXT UINT32_C(1)

/** Option: a whole number, such as `-3`. */
#define IOLINK_OPTION_INTEGER UINT32_C(2)

/** Option: a number, such as `0.5`. */
#define IOLINK_OPTION_NUMBER UINT32_C(3)

/** Option: `true` or `false`. */
#define IOLINK_OPTION_FLAG UINT32_C(4)

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

/** Takes text from the callee. The text is not NUL-terminated and is gone when `put` returns. */
struct iolink_text_sink {
  /** Size of this struct. */
  uint32_t size;
  /** Handed to `put`. */
  void *context;
  /** Gets one piece of UTF-8 text. */
  void (*put)(void *context, const char *text, size_t length);
};

/** How every table begins. */
struct iolink_view_head {
  /** Size of the whole table, the kind's own part included. */
  uint32_t size;
  /** `IOLINK_KIND_*`. */
  uint32_t kind;
  /** `IOLINK_FLAG_*`. */
  uint64_t flags;
  /** An address by which a maker knows its own views again; NULL where it does not care. */
  const void *maker;
  /** Adds a reference. From any thread. */
  void (*retain)(struct iolink_view *view);
  /** Drops a reference; the last one frees the view. From any thread, with no lock of the caller's held. */
  void (*release)(struct iolink_view *view);
  /** The kind's capability bits; constant for the view's life. */
  uint64_t (*capabilities)(const struct iolink_view *view);
  /** A service by its id, as an extension view that the caller owns; `IOLINK_ERROR_NOT_FOUND` where there is none. */
  int32_t (*extension)(const struct iolink_view *view, uint64_t id, struct iolink_view **out, struct iolink_error *error);
  /** Where the view came from: the sink gets the URI it was opened by, if it was. */
  void (*origin)(const struct iolink_view *view, const struct iolink_text_sink *sink);
};

/** Every view of every kind. `vtable` points to the head that starts the kind's own table. */
struct iolink_view {
  /** `IOLINK_VIEW_MAGIC` while the view lives; the last release clears it first. */
  uint64_t magic;
  /** The functions; constant for the view's life. */
  const struct iolink_view_head *vtable;
  /** The maker's own data. */
  void *self_;
};

/** What a long call tells its caller while it runs; NULL where nobody listens. */
struct iolink_call {
  /** Size of this struct. */
  uint32_t size;
  /** Handed to `progress`. */
  void *context;
  /**
   * Bytes done and to be done, from any thread; a result other than 0 asks the callee to stop with
   * `IOLINK_ERROR_CANCELLED`.
   */
  int32_t (*progress)(void *context, uint64_t done, uint64_t total);
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
  /** Whoever keeps the memory in place. */
  void *owner;
  /** Ends the loan; called exactly once, on any thread, with no lock of the caller's held. NULL: nothing to do. */
  void (*release)(void *owner);
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
};

/** What is known of an image beyond its samples. Plain data, copied whole; text is NUL-terminated UTF-8. */
struct iolink_image_properties {
  /** Size of this struct. */
  uint32_t size;
  /** How many axes the arrays below describe. */
  uint32_t dimension_count;
  /** What the whole shape means: number of an `AxesInterpretationId`, 0 is UNKNOWN. */
  uint32_t axes_interpretation;
  /** What the values mean: number of an `ImageInterpretation`, 0 is UNKNOWN. */
  uint32_t image_interpretation;
  /** What each axis is, `IOLINK_AXIS_*`. */
  uint8_t axes[8];
  /** Distance between samples along each axis, in that axis's unit; 1 where unknown. */
  double spacing[8];
  /** Position of index 0 along each axis, in that axis's unit; 0 where unknown. */
  double origin[8];
  /** Unit of each axis, "" where unknown. */
  char units[8][32];
  /** Column, row and slice direction in space: three unit vectors of three numbers. */
  double direction[9];
  /** The quantity is `stored * scale_slope + scale_intercept`; 1 and 0 where samples are the quantity. */
  double scale_slope;
  /** See `scale_slope`. */
  double scale_intercept;
  /** Unit of the quantity, "" where unknown. */
  char value_unit[32];
};

/** Takes a metadata tree from the callee, one value a call, parents before children. */
struct iolink_metadata_sink {
  /** Size of this struct. */
  uint32_t size;
  /** Handed to `put`. */
  void *context;
  /**
   * `path` is NUL-terminated UTF-8, `/key/key`; `count` values of `data_type` in native byte order at `data`, or for
   * a string type `count` bytes of UTF-8. A node without a value has count 0 and the type UNKNOWN. 0 goes on.
   */
  int32_t (*put)(void *context, const char *path, uint64_t data_type, uint64_t count, const void *data);
};

/** Gives a metadata tree to the callee, which brings the sink. */
struct iolink_metadata_source {
  /** Size of this struct. */
  uint32_t size;
  /** Handed to `visit`. */
  void *context;
  /** Puts every value into `sink`. */
  void (*visit)(void *context, const struct iolink_metadata_sink *sink);
};

/** Table of an image. A function whose capability is absent may be NULL. */
struct iolink_image_vtable {
  /** The common head, `kind` is `IOLINK_KIND_IMAGE`. */
  struct iolink_view_head head;
  /** Shape and data type. */
  int32_t (*describe)(const struct iolink_view *view, struct iolink_image_description *out, struct iolink_error *error);
  /** MEMORY_ACCESS: lends the memory; the caller calls `out->release(out->owner)` once. */
  int32_t (*memory)(const struct iolink_view *view, struct iolink_memory *out, struct iolink_error *error);
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
  /** RESHAPE: another shape and data type; the samples start at zero. `IOLINK_ERROR_BUSY` while memory is lent. */
  int32_t (*reshape)(const struct iolink_view *view,
                     const struct iolink_image_description *description,
                     struct iolink_error *error);
  /** Fills the caller's struct. NULL: the properties are those of the data type alone. */
  int32_t (*properties)(const struct iolink_view *view, struct iolink_image_properties *out, struct iolink_error *error);
  /** WRITE: replaces the properties. */
  int32_t (*set_properties)(const struct iolink_view *view,
                            const struct iolink_image_properties *properties,
                            struct iolink_error *error);
  /** Puts the metadata tree into the caller's sink. NULL: there is none. */
  int32_t (*metadata)(const struct iolink_view *view,
                      const struct iolink_metadata_sink *sink,
                      struct iolink_error *error);
  /** WRITE: replaces the metadata tree by the one that `source` visits. */
  int32_t (*set_metadata)(const struct iolink_view *view,
                          const struct iolink_metadata_source *source,
                          struct iolink_error *error);
};

/** Table of an ordered set of images that need not be alike. */
struct iolink_multi_image_vtable {
  /** The common head, `kind` is `IOLINK_KIND_MULTI_IMAGE`. */
  struct iolink_view_head head;
  /** How many frames. */
  uint64_t (*frame_count)(const struct iolink_view *view);
  /** READ: one frame, which the caller owns. */
  int32_t (*frame)(const struct iolink_view *view, uint64_t index, struct iolink_view **out, struct iolink_error *error);
  /** WRITE: puts a frame at `index`, moving later ones; `index` = frame count appends. The callee retains `frame`. */
  int32_t (*insert)(const struct iolink_view *view,
                    uint64_t index,
                    struct iolink_view *frame,
                    struct iolink_error *error);
  /** WRITE: replaces a frame. The callee retains `frame`. */
  int32_t (*replace)(const struct iolink_view *view,
                     uint64_t index,
                     struct iolink_view *frame,
                     struct iolink_error *error);
  /** WRITE: takes a frame out. */
  int32_t (*remove)(const struct iolink_view *view, uint64_t index, struct iolink_error *error);
};

/** Table of one image at several resolutions. Level 0 is the original; positive levels are coarser. */
struct iolink_lod_image_vtable {
  /** The common head, `kind` is `IOLINK_KIND_LOD_IMAGE`. */
  struct iolink_view_head head;
  /** Finest level (<= 0) and coarsest level (>= 0). */
  void (*level_range)(const struct iolink_view *view, int64_t *finest, int64_t *coarsest);
  /** One level as an image, which the caller owns. */
  int32_t (*resolution)(const struct iolink_view *view,
                        int64_t level,
                        struct iolink_view **out,
                        struct iolink_error *error);
};

/** Table of a service attached to a view. */
struct iolink_extension_vtable {
  /** The common head, `kind` is `IOLINK_KIND_EXTENSION`. */
  struct iolink_view_head head;
  /** Which service: 0x0-0xFFFF are this project's. */
  uint64_t (*id)(const struct iolink_view *view);
  /**
   * The service's own table, by agreement of those who know the id; its functions take `view`. Good while the view
   * lives.
   */
  const void *(*table)(const struct iolink_view *view);
};

/** Table of the service by which a format in several files finds the others: an extension of random access. */
struct iolink_neighbours {
  /** Size of this struct. */
  uint32_t size;
  /** Zero. */
  uint32_t reserved;
  /**
   * The bytes of a neighbour by its name (`brain.img` beside `brain.hdr`), as random access that the caller owns. Names
   * are NUL-terminated UTF-8 with `/` between folders; one that leads out of the source's own folder is refused.
   */
  int32_t (*open)(const struct iolink_view *view, const char *name, struct iolink_view **out, struct iolink_error *error);
  /** What lies beside the bytes, the source itself among it: one call of the sink for each name. */
  int32_t (*names)(const struct iolink_view *view, const struct iolink_text_sink *sink, struct iolink_error *error);
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

/** Table of a data frame. */
struct iolink_frame_vtable {
  /** The common head, `kind` is `IOLINK_KIND_DATA_FRAME`. */
  struct iolink_view_head head;
  /** Columns and rows. */
  int32_t (*shape)(const struct iolink_view *view, uint64_t *columns, uint64_t *rows, struct iolink_error *error);
  /**
   * A struct type with one child for each column; the caller releases it. A column's unit is its field metadata
   * `iolink.unit`.
   */
  int32_t (*schema)(const struct iolink_view *view, struct ArrowSchema *out, struct iolink_error *error);
  /** READ: a run of rows of the columns named by number (`columns` NULL: all), as a stream the caller releases. */
  int32_t (*export_)(const struct iolink_view *view,
                     const uint64_t *columns,
                     uint64_t column_count,
                     uint64_t first_row,
                     uint64_t row_count,
                     struct ArrowArrayStream *out,
                     struct iolink_error *error);
  /** WRITE: replaces the values of one column from `first_row` on; takes over both structs, also when it fails. */
  int32_t (*write)(const struct iolink_view *view,
                   uint64_t column,
                   uint64_t first_row,
                   struct ArrowSchema *schema,
                   struct ArrowArray *values,
                   struct iolink_error *error);
  /**
   * RESHAPE: makes the frame these columns and this many rows; columns kept by name and type keep their values, new
   * ones start at 0 and "". Takes over `schema`, also when it fails.
   */
  int32_t (*reshape)(const struct iolink_view *view, struct ArrowSchema *schema, uint64_t rows, struct iolink_error *error);
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
  /** Whoever keeps the memory in place. */
  void *owner;
  /** Ends the loan; called exactly once, on any thread. NULL: nothing to do. */
  void (*release)(void *owner);
};

/** Table of a stream: one cursor, moved by every read and write. */
struct iolink_stream_vtable {
  /** The common head, `kind` is `IOLINK_KIND_STREAM`. */
  struct iolink_view_head head;
  /** READ: up to `length` bytes into the caller's buffer; 0 in `done` is the end. */
  int32_t (*read)(const struct iolink_view *view,
                  void *buffer,
                  uint64_t length,
                  uint64_t *done,
                  struct iolink_error *error);
  /** WRITE: up to `length` bytes from the caller's buffer; `done` says how many were taken. */
  int32_t (*write)(const struct iolink_view *view,
                   const void *buffer,
                   uint64_t length,
                   uint64_t *done,
                   struct iolink_error *error);
  /** SEEK: moves the cursor by `IOLINK_SEEK_*` and tells where it stands. */
  int32_t (*seek)(const struct iolink_view *view,
                  int64_t offset,
                  uint32_t origin,
                  uint64_t *position,
                  struct iolink_error *error);
  /** How many bytes there are; `IOLINK_ERROR_NOT_IMPLEMENTED` where nobody knows (a pipe). */
  int32_t (*length)(const struct iolink_view *view, uint64_t *out, struct iolink_error *error);
  /** RESIZE: cuts off or fills with zeros; the cursor stays. */
  int32_t (*resize)(const struct iolink_view *view, uint64_t length, struct iolink_error *error);
  /** Hands what was written on to where it belongs. */
  int32_t (*flush)(const struct iolink_view *view, struct iolink_error *error);
  /** Ends the stream; later calls fail with `IOLINK_ERROR_CLOSED`. */
  int32_t (*close)(const struct iolink_view *view, struct iolink_error *error);
  /** MEMORY_ACCESS: lends the bytes; the caller calls `out->release(out->owner)` once. */
  int32_t (*memory)(const struct iolink_view *view, struct iolink_bytes *out, struct iolink_error *error);
};

/** Bytes from `offset` on. */
struct iolink_byte_range {
  /** Where they start. */
  uint64_t offset;
  /** How many. */
  uint64_t length;
};

/** Table of random access: no cursor, a fixed size, the same answer to the same question, from any thread. */
struct iolink_random_access_vtable {
  /** The common head, `kind` is `IOLINK_KIND_RANDOM_ACCESS`. */
  struct iolink_view_head head;
  /** How many bytes. */
  uint64_t (*length)(const struct iolink_view *view);
  /** READ: up to `length` bytes at `offset`; fewer only at the end. */
  int32_t (*read_at)(const struct iolink_view *view,
                     uint64_t offset,
                     void *buffer,
                     uint64_t length,
                     uint64_t *done,
                     struct iolink_error *error);
  /**
   * WRITE: all `length` bytes at `offset`; past the end nothing is written and `IOLINK_ERROR_OUT_OF_RANGE` comes back.
   */
  int32_t (*write_at)(const struct iolink_view *view,
                      uint64_t offset,
                      const void *buffer,
                      uint64_t length,
                      struct iolink_error *error);
  /** MEMORY_ACCESS: lends the bytes; the caller calls `out->release(out->owner)` once. */
  int32_t (*memory)(const struct iolink_view *view, struct iolink_bytes *out, struct iolink_error *error);
  /** READ: these ranges are read soon. May be NULL, and may do nothing; whoever can brings them nearer, all at once. */
  void (*will_need)(const struct iolink_view *view, const struct iolink_byte_range *ranges, uint64_t count);
};

/** One option of an open call. */
struct iolink_option {
  /** NUL-terminated UTF-8. */
  const char *key;
  /** NUL-terminated UTF-8. */
  const char *value;
};

/** What is to be opened. Text is NUL-terminated UTF-8 and may be NULL; everything is lent for the call. */
struct iolink_source {
  /** Size of this struct. */
  uint32_t size;
  /** Zero. */
  uint32_t reserved;
  /** Always there: `file:///...`, another scheme, or `stream:NAME` for an unnamed source. */
  const char *uri;
  /** Where the source is a local file: its path as the system spells it. */
  const char *path;
  /** The bytes, as a random access view; NULL where only the path is known. A provider that keeps it retains it. */
  struct iolink_view *bytes;
  /** Format asked for by the user, or NULL. */
  const char *format;
  /** `option_count` pairs of key and value. */
  const struct iolink_option *options;
  /** How many options. */
  uint64_t option_count;
};

/** What the host does for a provider during a call, and for a view for as long as it lives. */
struct iolink_host {
  /** Size of this struct. */
  uint32_t size;
  /** Handed to the functions. */
  void *context;
  /** Adds a reference to the host, for a view that keeps it. */
  void (*retain)(void *context);
  /** Drops a reference. */
  void (*release)(void *context);
  /** Takes an event; `target` and `message` are NUL-terminated UTF-8. */
  void (*log)(void *context, uint32_t level, const char *target, const char *message);
  /**
   * Steps done and to be done of the running call; a result other than 0 asks the provider to stop with
   * `IOLINK_ERROR_CANCELLED`.
   */
  int32_t (*progress)(void *context, uint64_t done, uint64_t total);
  /** Opens another source by whichever provider fits; the caller owns the view. */
  int32_t (*open)(void *context,
                  const struct iolink_source *source,
                  struct iolink_view **out,
                  struct iolink_error *error);
};

/** What is to be created, of the kind's own part of this struct. */
struct iolink_create_request {
  /** Size of this struct. */
  uint32_t size;
  /** `IOLINK_KIND_*`. */
  uint32_t kind;
  /** Images: packed data type id. */
  uint64_t data_type;
  /** Images: how many axes. */
  uint32_t dimension_count;
  /** Zero. */
  uint32_t reserved;
  /** Images: samples along each axis. */
  uint64_t shape[8];
  /** Images: properties, or NULL. */
  const struct iolink_image_properties *properties;
  /** Streams: bytes to make room for; random access: bytes. Frames: rows. */
  uint64_t length;
  /** Frames: a struct type with one child for each column, taken over by the callee. */
  struct ArrowSchema *schema;
};

/**
 * Foreign memory to be adopted, of the kind's own part of this struct. What is given is taken over, also on failure.
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
};

/** What a conversion shall lead to. */
struct iolink_target {
  /** Size of this struct. */
  uint32_t size;
  /** `IOLINK_KIND_*`. */
  uint32_t kind;
  /** Capabilities that the result must have. */
  uint64_t capabilities;
};

/**
 * One thing a provider can do. Text is NUL-terminated UTF-8; lists are separated by commas; NULL where nothing is said.
 */
struct iolink_offer {
  /** Size of this struct. */
  uint32_t size;
  /** `IOLINK_OFFER_*`. */
  uint32_t offer;
  /** Kind of the view that comes out; SAVE: that goes in. */
  uint32_t kind;
  /** CONVERT: `IOLINK_COST_*`. */
  uint32_t cost;
  /** Capabilities that the view will have at least; SAVE: must have. */
  uint64_t capabilities;
  /** CONVERT: kind that goes in. */
  uint32_t from_kind;
  /** Zero. */
  uint32_t reserved;
  /** CONVERT: capabilities that are needed. */
  uint64_t from_capabilities;
  /** OPEN and SAVE: name of the format. */
  const char *format;
  /** OPEN and SAVE: file name endings without the first dot, lower case. */
  const char *extensions;
  /** OPEN and SAVE: media types. */
  const char *media_types;
  /** OPEN: URI schemes beside `file`. */
  const char *schemes;
  /** OPEN: bytes by which a file is known, `offset:hex` each. */
  const char *magic;
};

/** An option that a provider takes when it opens a source. Text is NUL-terminated UTF-8; NULL where nothing is said. */
struct iolink_option_info {
  /** Size of this struct. */
  uint32_t size;
  /** `IOLINK_OPTION_*`. */
  uint32_t value;
  /** The key. */
  const char *name;
  /** What holds where the option is not given. */
  const char *standard;
  /** One line for people. */
  const char *about;
};

/** One provider. A function that no offer needs may be NULL. */
struct iolink_provider {
  /** Size of this struct. */
  uint32_t size;
  /** How many offers. */
  uint32_t offer_count;
  /** Reverse domain name, NUL-terminated; at most 63 bytes. */
  const char *id;
  /** One line for people, NUL-terminated UTF-8. */
  const char *title;
  /** Pointers to the offers. */
  const struct iolink_offer *const *offers;
  /** OPEN, may be NULL: how sure the provider is that it can open the source, 0 (not at all) to 100. */
  int32_t (*identify)(const struct iolink_host *host,
                      const struct iolink_source *source,
                      uint32_t *score,
                      struct iolink_error *error);
  /** OPEN. */
  int32_t (*open)(const struct iolink_host *host,
                  const struct iolink_source *source,
                  struct iolink_view **out,
                  struct iolink_error *error);
  /** CREATE. */
  int32_t (*create)(const struct iolink_host *host,
                    const struct iolink_create_request *request,
                    struct iolink_view **out,
                    struct iolink_error *error);
  /** ADOPT. */
  int32_t (*adopt)(const struct iolink_host *host,
                   const struct iolink_adopt_request *request,
                   struct iolink_view **out,
                   struct iolink_error *error);
  /** CONVERT. */
  int32_t (*convert)(const struct iolink_host *host,
                     struct iolink_view *view,
                     const struct iolink_target *target,
                     struct iolink_view **out,
                     struct iolink_error *error);
  /**
   * SAVE: writes the view into the file at the path of `target`, which is there and empty; `target` has no bytes, and
   * its format is that of the offer. The host puts the file in its place when this succeeds, and removes it when not.
   */
  int32_t (*save)(const struct iolink_host *host,
                  struct iolink_view *view,
                  const struct iolink_source *target,
                  struct iolink_error *error);
  /** How many options OPEN takes; in a struct that ends before this field it says nothing of them. */
  uint64_t option_count;
  /** Pointers to the options, which a host shows and checks. */
  const struct iolink_option_info *const *options;
};

/** What a plugin exports, as the data symbol `iolink_plugin_v1`. */
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
 * What a plugin exports, and all that it exports. In one C or C++ file:
 *
 *     IOLINK_EXPORT const iolink_plugin iolink_plugin_v1 = { IOLINK_PLUGIN_MAGIC, sizeof(iolink_plugin), ... };
 *
 * and compile with -fvisibility=hidden.
 */
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
 *     IOLINK_MANIFEST("abi = 1\n"
 *                     "id = \"org.example.raw\"\n");
 *
 * docs/spec/abi-v1.md lists the keys. The terminating NUL goes along; a host ends the text there.
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
