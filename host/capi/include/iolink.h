/*
 * iolink.h - libiolinkrs: providers, views and streams for programs in C and C++.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Generated from host/capi/src by `make refreeze`; do not edit. C99 and C++17. How to use it: docs/hosting.md.
 *
 * Names. iolink_NOUN_VERB: the noun says what the first argument is. Functions of a kind of view take views of that
 * kind and reject others with IOLINK_ERROR_TYPE. Arguments come in one order: what the function works on, what goes
 * in, `call`, what comes out, `error`.
 *
 * Results. A function that can fail returns IOLINK_OK or an error kind, and fills the caller's iolink_error, whose
 * `size` is set, or which may be NULL. On failure nothing is put into the other places. NULL for a pointer is
 * IOLINK_ERROR_INVALID_ARGUMENT, unless the function says that it may be NULL.
 *
 * Calls. A function that may block takes an iolink_call: progress, cancellation, deadline (see iolink_deadline_after)
 * and thread limit. NULL is a silent call without limits. The struct is used until the function returns, and not
 * after that; `progress` may be called from several threads at once.
 *
 * Ownership. `out` arguments of type iolink_view ** get one reference, which the caller gives to iolink_view_release.
 * Views that go in are lent: a view that keeps one takes a reference of its own. Structs are the caller's and are
 * only read or filled during the call, except for what a function says it takes over. Their `size` is set by the
 * caller: see IOLINK_SIZED.
 *
 * Exceptions. None may leave a callback (log, progress, write, completed, release), nor may longjmp: the library
 * cannot catch a foreign exception, and aborts the program. Catch it there, end the call by what the callback
 * returns, and throw it again afterwards.
 *
 * Threads. Every function may be called from any thread. Views that a registry gives out may be used by several
 * threads at once; a view that another maker made without IOLINK_VIEW_FLAG_THREAD_SAFE by one at a time. Release
 * functions run on whichever thread gives up the last reference. There is no state outside registries and views.
 */
#ifndef IOLINK_H
#define IOLINK_H

#include "iolink_abi.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct iolink_registry_options iolink_registry_options;
typedef struct iolink_registry iolink_registry;
typedef struct iolink_plugin_info iolink_plugin_info;
typedef struct iolink_plugin_sink iolink_plugin_sink;

/** Flag of a registry: without the providers that are linked into the library. */
#define IOLINK_REGISTRY_NO_BUILTIN UINT32_C(1)

/** Flag of a registry: without the folders that the environment variable IOLINK_PLUGIN_PATH names. */
#define IOLINK_REGISTRY_NO_ENVIRONMENT UINT32_C(2)

/** Flag of a registry: without the folder `iolink/plugins` beside the library. */
#define IOLINK_REGISTRY_NO_INSTALLED UINT32_C(4)

/** Flag of a registry: with plugins in which a panic ends the process. */
#define IOLINK_REGISTRY_ALLOW_ABORT UINT32_C(8)

/** State of a plugin: known by its manifest; nothing of it has run. */
#define IOLINK_PLUGIN_AVAILABLE UINT32_C(1)

/** State of a plugin: linked in or loaded, and in use. */
#define IOLINK_PLUGIN_LOADED UINT32_C(2)

/** State of a plugin: not used; `reason` says why. */
#define IOLINK_PLUGIN_REFUSED UINT32_C(3)

/** Flag of `iolink_store_from_folder`: values can be written and removed. */
#define IOLINK_STORE_FOLDER_WRITABLE UINT32_C(1)

/** Plugins of one program, and the router over them. Counted by retain and release. Registries share nothing. */
struct iolink_registry;

/** How a registry is made. Zero is the usual way for every field but `size`. */
struct iolink_registry_options {
  /** Size of this struct. */
  uint32_t size;
  /** `IOLINK_REGISTRY_*`. */
  uint32_t flags;
  /** The program's own plugin folder, an absolute path, or NULL: `iolink/plugins` beside the library. */
  const char *plugin_directory;
  /** Handed to `log`. */
  void *log_context;
  /**
   * Gets what the registry decides, and what plugins say, as `IOLINK_LOG_*`, a source and a message, both
   * NUL-terminated and gone when it returns. From any thread; it must not call this registry. NULL: nobody listens.
   */
  void (*log)(void *context, uint32_t level, const char *target, const char *message);
  /** The least important level that is logged, 0 for `IOLINK_LOG_INFO`. */
  uint32_t log_level;
  /** Zero. */
  uint32_t reserved;
};

/**
 * A plugin, or a place where one was expected. Every text is NUL-terminated, never NULL, and gone when `write`
 * returns.
 */
struct iolink_plugin_info {
  /** Size of this struct. */
  uint32_t size;
  /** `IOLINK_PLUGIN_*`. */
  uint32_t state;
  /** Id; where it could not be read, the name of the file. */
  const char *id;
  /** Version; "" where it could not be read. */
  const char *version;
  /** The file as the system spells it; "" for what is linked in. */
  const char *path;
  /** Refused: what was wrong, what was expected, what to do, in one line; else "". */
  const char *reason;
  /** What the plugin brings, one offer a line. */
  const char *offers;
};

/** Takes plugins from `iolink_registry_list`. */
struct iolink_plugin_sink {
  /** Size of this struct. */
  uint32_t size;
  /** Zero. */
  uint32_t reserved;
  /** Passed to `write`. */
  void *context;
  /** Receives one plugin. */
  void (*write)(void *context, const struct iolink_plugin_info *plugin);
};

/** Version of the library, `MAJOR.MINOR.PATCH`. For ever good, from any thread. */
const char *iolink_version(void);

/**
 * Major version of the plugin ABI that the library speaks; a program compares it with `IOLINK_ABI_MAJOR`. From any
 * thread.
 */
uint32_t iolink_abi_major(void);

/**
 * Minor version of the plugin ABI that the library speaks; while the major version is 0, the number of its draft. From
 * any thread.
 */
uint32_t iolink_abi_minor(void);

/**
 * Returns the name of an error kind, such as "not found"; "unknown" for a number of a later version. For ever good,
 * from any thread.
 */
const char *iolink_error_name(int32_t kind);

/** Returns the time that lies `nanoseconds` ahead, for `deadline_ns` of an `iolink_call`. From any thread. */
uint64_t iolink_deadline_after(uint64_t nanoseconds);

/**
 * Makes a registry. `options` may be NULL. The caller owns one reference of `*out`. Nothing is looked for before it is
 * needed. From any thread.
 */
int32_t iolink_registry_create(const struct iolink_registry_options *options,
                               struct iolink_registry **out,
                               iolink_error *error);

/** Adds a reference. `registry` may be NULL. From any thread. */
void iolink_registry_retain(struct iolink_registry *registry);

/**
 * Drops a reference. Plugins stay loaded, and views stay good: they keep what they need. `registry` may be NULL. From
 * any thread.
 */
void iolink_registry_release(struct iolink_registry *registry);

/**
 * Looks for plugins in the folder at an absolute path, without loading any. What is refused there is listed with its
 * reason. Fails with `IOLINK_ERROR_REFUSED` for a folder that others may write to. From any thread.
 */
int32_t iolink_registry_add_directory(struct iolink_registry *registry, const char *directory, iolink_error *error);

/**
 * Judges and loads the plugin in the file at an absolute path; its code runs in this process from then on. Fails with
 * `IOLINK_ERROR_REFUSED` and the reason. From any thread.
 */
int32_t iolink_registry_load(struct iolink_registry *registry, const char *file, iolink_error *error);

/**
 * Puts `count` providers or plugins, by their ids, before others that would cost the same. `ids` may be NULL where
 * `count` is 0. From any thread.
 */
int32_t iolink_registry_set_provider_priority(struct iolink_registry *registry,
                                              const char *const *ids,
                                              uint64_t count,
                                              iolink_error *error);

/**
 * Writes every plugin that is known, and every place that was refused, into `sink`. `check` other than 0 loads all
 * that can be loaded, so that what fails only then has its reason too. From any thread.
 */
int32_t iolink_registry_list(struct iolink_registry *registry,
                             uint32_t check,
                             const struct iolink_plugin_sink *sink,
                             iolink_error *error);

/**
 * Writes into `sink`, for people, who would open a path or URI, and why. Nothing is loaded. `provider` may be NULL, or
 * an id. From any thread.
 */
int32_t iolink_registry_explain_open(struct iolink_registry *registry,
                                     const char *location,
                                     const char *provider,
                                     const iolink_text_sink *sink,
                                     iolink_error *error);

/**
 * Writes into `sink`, for people, how a view would become what `request` asks for, and what that costs. Nothing is
 * read. From any thread.
 */
int32_t iolink_registry_explain_view(struct iolink_registry *registry,
                                     iolink_view *view,
                                     const iolink_convert_request *request,
                                     const iolink_text_sink *sink,
                                     iolink_error *error);

/**
 * Opens a path or URI by whichever provider fits, as the view it makes of it: ask `iolink_view_get_kind`. `call` may
 * be NULL. The caller owns `*out`. Fails with `IOLINK_ERROR_NOT_FOUND` for no such file, `IOLINK_ERROR_UNSUPPORTED`
 * and a list of what is installed if no provider knows the source. From any thread.
 */
int32_t iolink_registry_open(struct iolink_registry *registry,
                             const char *location,
                             const iolink_call *call,
                             iolink_view **out,
                             iolink_error *error);

/**
 * Opens a source with everything that can be said of it: URI or path, bytes, store and key, format, provider, options,
 * options of the storage, kind. A path may stand in `uri`, and a value of a store needs no `bytes`. `call` may be
 * NULL. The caller owns `*out`; the source is lent. Fails as `iolink_registry_open`. From any thread.
 */
int32_t iolink_registry_open_source(struct iolink_registry *registry,
                                    const iolink_source *source,
                                    const iolink_call *call,
                                    iolink_view **out,
                                    iolink_error *error);

/**
 * Opens what a stream or random access holds. `name` may be NULL, or the name that a file of it would have, ending
 * included. The view opened keeps a reference to `bytes` if it needs one. `call` may be NULL. The caller owns `*out`.
 * From any thread.
 */
int32_t iolink_registry_open_stream(struct iolink_registry *registry,
                                    iolink_view *bytes,
                                    const char *name,
                                    const iolink_call *call,
                                    iolink_view **out,
                                    iolink_error *error);

/**
 * Opens a file as a stream; `mode` is one of r, w, a, x, with or without + and b, as for fopen. `call` may be NULL.
 * The caller owns `*out`. From any thread.
 */
int32_t iolink_stream_open(const char *file,
                           const char *mode,
                           const iolink_call *call,
                           iolink_view **out,
                           iolink_error *error);

/**
 * Writes a view into the local file at a path or `file:` URI, in the format that its name ends with, by whichever
 * provider offers to. The file that was there is replaced when everything is written, and left alone if anything
 * fails. `call` may be NULL. Fails with `IOLINK_ERROR_UNSUPPORTED` and a list of what is installed if no provider
 * writes the view so. From any thread.
 */
int32_t iolink_registry_save(struct iolink_registry *registry,
                             iolink_view *view,
                             const char *location,
                             const iolink_call *call,
                             iolink_error *error);

/**
 * Writes a view to a target with everything that can be said of it: URI or path, store and key, format, options,
 * `IOLINK_TARGET_OVERWRITE`. `provider` may be NULL, or the id of a provider or plugin. `call` may be NULL. The target
 * is lent. Otherwise as `iolink_registry_save`. From any thread.
 */
int32_t iolink_registry_save_to(struct iolink_registry *registry,
                                iolink_view *view,
                                const iolink_target *target,
                                const char *provider,
                                const iolink_call *call,
                                iolink_error *error);

/**
 * Creates a view of any kind: an image whose samples are zero, an empty set of images, a frame of zeros, an empty
 * stream, random access to zeros. If the request has a target, the view is created there, in the format that the
 * target names or its name ends with; `iolink_image_finish` makes it complete. A schema in the request is taken over,
 * also on failure. `call` may be NULL. The caller owns `*out`. Sizes that cannot be had fail with `IOLINK_ERROR_LIMIT`
 * before anything is allocated. From any thread.
 */
int32_t iolink_registry_create_view(struct iolink_registry *registry,
                                    const iolink_create_request *request,
                                    const iolink_call *call,
                                    iolink_view **out,
                                    iolink_error *error);

/**
 * Makes a view of foreign memory, bytes or record batches without copying them. What the request names is taken over,
 * also on failure: its release function is called once, on any thread, when the memory is not needed any more. `call`
 * may be NULL. The caller owns `*out`. From any thread.
 */
int32_t iolink_registry_adopt(struct iolink_registry *registry,
                              const iolink_adopt_request *request,
                              const iolink_call *call,
                              iolink_view **out,
                              iolink_error *error);

/**
 * Makes one view into another of the wanted kind and capabilities, by the cheapest way of at most two conversions; a
 * view that has everything that is wanted comes back itself. `view` is lent. `call` may be NULL. The caller owns
 * `*out`. From any thread.
 */
int32_t iolink_registry_convert(struct iolink_registry *registry,
                                iolink_view *view,
                                const iolink_convert_request *request,
                                const iolink_call *call,
                                iolink_view **out,
                                iolink_error *error);

/** Allocates an image whose samples are zero. `properties` may be NULL. The caller owns `*out`. From any thread. */
int32_t iolink_image_allocate(struct iolink_registry *registry,
                              const iolink_image_description *description,
                              const iolink_image_properties *properties,
                              iolink_view **out,
                              iolink_error *error);

/**
 * Makes an image of the program's own samples without copying them. The memory is taken over, also on failure:
 * `memory->release(memory->owner)` is called once, on any thread, when the samples are not needed any more.
 * `properties` may be NULL. The caller owns `*out`. From any thread.
 */
int32_t iolink_image_wrap(struct iolink_registry *registry,
                          iolink_memory *memory,
                          const iolink_image_properties *properties,
                          iolink_view **out,
                          iolink_error *error);

/** Allocates an empty set of images. The caller owns `*out`. From any thread. */
int32_t iolink_multi_image_allocate(struct iolink_registry *registry, iolink_view **out, iolink_error *error);

/**
 * Allocates a frame of `rows` rows of 0, false and "". `schema`, a struct type with one child for each column, is
 * taken over, also on failure. The caller owns `*out`. From any thread.
 */
int32_t iolink_frame_allocate(struct iolink_registry *registry,
                              struct ArrowSchema *schema,
                              uint64_t rows,
                              iolink_view **out,
                              iolink_error *error);

/**
 * Makes a frame of a stream of record batches. `stream` is taken over, also on failure. `call` may be NULL. The caller
 * owns `*out`. From any thread.
 */
int32_t iolink_frame_from_arrow(struct iolink_registry *registry,
                                struct ArrowArrayStream *stream,
                                const iolink_call *call,
                                iolink_view **out,
                                iolink_error *error);

/** Allocates an empty stream in memory, which grows. The caller owns `*out`. From any thread. */
int32_t iolink_stream_allocate(struct iolink_registry *registry,
                               uint64_t capacity,
                               iolink_view **out,
                               iolink_error *error);

/** Allocates an empty store in memory. The caller owns `*out`. From any thread. */
int32_t iolink_store_allocate(struct iolink_registry *registry, iolink_view **out, iolink_error *error);

/** Adds a reference. `view` may be NULL. From any thread. */
void iolink_view_retain(iolink_view *view);

/**
 * Drops a reference; the last one frees the view. `view` may be NULL. A view must not be released more often than it
 * was retained: in programs compiled without NDEBUG, `iolink.h` makes this `iolink_view_release_checked`. From any
 * thread, with no lock held that the view's maker may wait for.
 */
void iolink_view_release(iolink_view *view);

/**
 * As `iolink_view_release`, but a view that is not alive ends the program with a message that names the place, which
 * is `file` and `line`; `file` may be NULL. A freed address that has become another live view cannot be told from it.
 * `view` may be NULL. From any thread.
 */
void iolink_view_release_checked(iolink_view *view, const char *file, uint32_t line);

/** `IOLINK_KIND_*`, or 0 for what is no live view. `view` may be NULL. From any thread. */
uint32_t iolink_view_get_kind(const iolink_view *view);

/**
 * The capability bits of the view's kind, `IOLINK_IMAGE_*` and so on; 0 for what is no live view. `view` may be NULL.
 * From any thread.
 */
uint64_t iolink_view_get_capabilities(const iolink_view *view);

/**
 * Returns a service by its id, as an extension view that the caller owns. `IOLINK_ERROR_NOT_FOUND` if there is none.
 * `call` may be NULL.
 */
int32_t iolink_view_get_extension(const iolink_view *view,
                                  uint64_t id,
                                  const iolink_call *call,
                                  iolink_view **out,
                                  iolink_error *error);

/** Writes the URI that the view was opened by into `sink`; nothing if it was not opened. */
int32_t iolink_view_get_origin(const iolink_view *view, const iolink_text_sink *sink, iolink_error *error);

/**
 * The view behind a plain number: the address of a view, or of a `std::shared_ptr` to one, as Python's `to_pointer`
 * lends it. `kind` is `IOLINK_KIND_*`. The caller owns `*out`. A number that is no such address fails with
 * `IOLINK_ERROR_INVALID_ARGUMENT` and is never touched; whoever passes a live one must hold a reference until this
 * returns. A freed address that has become another live view cannot be told from it. From any thread.
 */
int32_t iolink_view_from_pointer(uint64_t address, uint32_t kind, iolink_view **out, iolink_error *error);

/** Ends the loan of samples: calls `release` once and forgets it. `memory` may be NULL. From any thread. */
void iolink_memory_release(iolink_memory *memory);

/** Ends the loan of bytes: calls `release` once and forgets it. `bytes` may be NULL. From any thread. */
void iolink_bytes_release(iolink_bytes *bytes);

/** Returns shape and data type. From any thread. */
int32_t iolink_image_describe(const iolink_view *view, iolink_image_description *out, iolink_error *error);

/**
 * Lends the samples where they lie; needs MEMORY_ACCESS. The memory stays good, and in place, until the caller gives
 * it to `iolink_memory_release`, even when the view has gone. Nothing orders what several threads read and write
 * there. `call` may be NULL.
 */
int32_t iolink_image_get_memory(const iolink_view *view,
                                const iolink_call *call,
                                iolink_memory *out,
                                iolink_error *error);

/**
 * Copies the samples of a region into the caller's block, in native byte order; needs READ. `call` may be NULL. From
 * any thread.
 */
int32_t iolink_image_read_region(const iolink_view *view,
                                 const iolink_region *region,
                                 const iolink_block *block,
                                 const iolink_call *call,
                                 iolink_error *error);

/**
 * Copies the caller's block into a region; needs WRITE. `call` may be NULL. From any thread; of two writes to the same
 * samples at once, nothing says which one stays.
 */
int32_t iolink_image_write_region(const iolink_view *view,
                                  const iolink_region *region,
                                  const iolink_block *block,
                                  const iolink_call *call,
                                  iolink_error *error);

/**
 * Gives the image another shape and data type, its samples zero; needs RESHAPE. `IOLINK_ERROR_BUSY` while memory is
 * lent. `call` may be NULL.
 */
int32_t iolink_image_reshape(iolink_view *view,
                             const iolink_image_description *description,
                             const iolink_call *call,
                             iolink_error *error);

/**
 * Returns axes, calibration and meaning of the values; those of the data type alone if the image has no own. From any
 * thread.
 */
int32_t iolink_image_get_properties(const iolink_view *view, iolink_image_properties *out, iolink_error *error);

/** Replaces the properties; needs WRITE. `call` may be NULL. */
int32_t iolink_image_set_properties(iolink_view *view,
                                    const iolink_image_properties *properties,
                                    const iolink_call *call,
                                    iolink_error *error);

/**
 * Writes the metadata tree into `sink`, one value a call, parents before children; nothing if there is none. `call`
 * may be NULL.
 */
int32_t iolink_image_get_metadata(const iolink_view *view,
                                  const iolink_metadata_sink *sink,
                                  const iolink_call *call,
                                  iolink_error *error);

/** Replaces the metadata tree by the one that `source` visits; needs WRITE. `call` may be NULL. */
int32_t iolink_image_set_metadata(iolink_view *view,
                                  const iolink_metadata_source *source,
                                  const iolink_call *call,
                                  iolink_error *error);

/**
 * Writes the channels into `sink`, one for each index along the CHANNEL axis, in order; nothing if nothing is known of
 * them. `call` may be NULL.
 */
int32_t iolink_image_get_channels(const iolink_view *view,
                                  const iolink_channel_sink *sink,
                                  const iolink_call *call,
                                  iolink_error *error);

/**
 * Replaces the channels by `count` others; 0 removes them, and `channels` may be NULL then. Needs WRITE. `call` may be
 * NULL.
 */
int32_t iolink_image_set_channels(iolink_view *view,
                                  const iolink_channel *const *channels,
                                  uint64_t count,
                                  const iolink_call *call,
                                  iolink_error *error);

/**
 * Copies the coordinates of axis number `dimension`, one for each index, into `out`, which has room for `count`
 * numbers: the size of that axis. `IOLINK_ERROR_NOT_FOUND` for an even axis. `call` may be NULL.
 */
int32_t iolink_image_get_coordinates(const iolink_view *view,
                                     uint32_t dimension,
                                     uint64_t count,
                                     const iolink_call *call,
                                     double *out,
                                     iolink_error *error);

/**
 * Replaces the coordinates of axis number `dimension`; a `count` of 0 removes them, and `coordinates` may be NULL
 * then. Needs WRITE. `call` may be NULL.
 */
int32_t iolink_image_set_coordinates(iolink_view *view,
                                     uint32_t dimension,
                                     const double *coordinates,
                                     uint64_t count,
                                     const iolink_call *call,
                                     iolink_error *error);

/**
 * Says that these regions are read soon, so that they can be fetched together; it may do nothing. `regions` may be
 * NULL if `count` is 0. `call` may be NULL.
 */
int32_t iolink_image_prefetch(const iolink_view *view,
                              const iolink_region *const *regions,
                              uint64_t count,
                              const iolink_call *call,
                              iolink_error *error);

/** Passes everything written to the file or object. `call` may be NULL. */
int32_t iolink_image_flush(iolink_view *view, const iolink_call *call, iolink_error *error);

/**
 * Ends the writing of an image that was created at a target: `action` is `IOLINK_FINISH_COMMIT` or
 * `IOLINK_FINISH_ABORT`. Later writes and a second finish fail with `IOLINK_ERROR_CLOSED`. An image that was not
 * finished is aborted by its last release. Fails with `IOLINK_ERROR_NOT_IMPLEMENTED` for an image that was not created
 * at a target. `call` may be NULL.
 */
int32_t iolink_image_finish(iolink_view *view, uint32_t action, const iolink_call *call, iolink_error *error);

/** Returns the number of frames. `call` may be NULL. From any thread. */
int32_t iolink_multi_image_get_frame_count(const iolink_view *view,
                                           const iolink_call *call,
                                           uint64_t *out,
                                           iolink_error *error);

/**
 * Returns one frame: an image, a pyramid or a set, ask `iolink_view_get_kind`. Needs READ. `call` may be NULL. The
 * caller owns `*out`. From any thread.
 */
int32_t iolink_multi_image_get_frame(const iolink_view *view,
                                     uint64_t index,
                                     const iolink_call *call,
                                     iolink_view **out,
                                     iolink_error *error);

/**
 * Writes the name of a frame, such as `A/1/0`, into `sink`; nothing for a frame without a name. Needs READ. From any
 * thread.
 */
int32_t iolink_multi_image_get_frame_name(const iolink_view *view,
                                          uint64_t index,
                                          const iolink_text_sink *sink,
                                          iolink_error *error);

/**
 * Inserts a frame at `index` and moves later ones; the frame count appends. `frame` is an image, a pyramid or a set.
 * `name` may be NULL: the frame has no name. Needs WRITE. `call` may be NULL. The set takes a reference of its own.
 */
int32_t iolink_multi_image_insert_frame(iolink_view *view,
                                        uint64_t index,
                                        iolink_view *frame,
                                        const char *name,
                                        const iolink_call *call,
                                        iolink_error *error);

/** Replaces a frame and keeps its name; needs WRITE. `call` may be NULL. The set takes a reference of its own. */
int32_t iolink_multi_image_replace_frame(iolink_view *view,
                                         uint64_t index,
                                         iolink_view *frame,
                                         const iolink_call *call,
                                         iolink_error *error);

/** Removes a frame; needs WRITE. `call` may be NULL. */
int32_t iolink_multi_image_remove_frame(iolink_view *view,
                                        uint64_t index,
                                        const iolink_call *call,
                                        iolink_error *error);

/**
 * Writes the metadata tree of the set into `sink`, one value a call, parents before children; nothing if there is
 * none. `call` may be NULL.
 */
int32_t iolink_multi_image_get_metadata(const iolink_view *view,
                                        const iolink_metadata_sink *sink,
                                        const iolink_call *call,
                                        iolink_error *error);

/** Returns the finest level (0 or below) and the coarsest one (0 or above). From any thread. */
int32_t iolink_lod_image_get_level_range(const iolink_view *view,
                                         int64_t *finest,
                                         int64_t *coarsest,
                                         iolink_error *error);

/** Returns one level as an image. `call` may be NULL. The caller owns `*out`. From any thread. */
int32_t iolink_lod_image_get_resolution(const iolink_view *view,
                                        int64_t level,
                                        const iolink_call *call,
                                        iolink_view **out,
                                        iolink_error *error);

/**
 * Writes the metadata tree of the pyramid into `sink`, one value a call, parents before children; nothing if there is
 * none. `call` may be NULL.
 */
int32_t iolink_lod_image_get_metadata(const iolink_view *view,
                                      const iolink_metadata_sink *sink,
                                      const iolink_call *call,
                                      iolink_error *error);

/** Returns the number of columns and rows. `call` may be NULL. From any thread. */
int32_t iolink_frame_get_shape(const iolink_view *view,
                               const iolink_call *call,
                               uint64_t *columns,
                               uint64_t *rows,
                               iolink_error *error);

/**
 * Returns a struct type with one child for each column; the caller calls `out->release(out)`. A column's unit is its
 * field metadata `iolink.unit`. `call` may be NULL. From any thread.
 */
int32_t iolink_frame_get_schema(const iolink_view *view,
                                const iolink_call *call,
                                struct ArrowSchema *out,
                                iolink_error *error);

/**
 * Returns the number of the column of this name. `IOLINK_ERROR_NOT_FOUND` if there is none. `call` may be NULL. From
 * any thread.
 */
int32_t iolink_frame_find_column(const iolink_view *view,
                                 const char *name,
                                 const iolink_call *call,
                                 uint64_t *out,
                                 iolink_error *error);

/**
 * Returns rows of columns as a stream of record batches; the caller calls `out->release(out)`. Needs READ. `request`
 * may be NULL: all columns and rows. `call` may be NULL. From any thread.
 */
int32_t iolink_frame_export(const iolink_view *view,
                            const iolink_frame_request *request,
                            const iolink_call *call,
                            struct ArrowArrayStream *out,
                            iolink_error *error);

/**
 * Returns how the rows are divided as they are stored (row groups, files, batches): `total` becomes the number of
 * partitions, and `ends` the row behind each of `count` partitions from number `first` on. With a `count` of 0, `ends`
 * may be NULL. `call` may be NULL. From any thread.
 */
int32_t iolink_frame_get_partitions(const iolink_view *view,
                                    uint64_t first,
                                    uint64_t count,
                                    const iolink_call *call,
                                    uint64_t *ends,
                                    uint64_t *total,
                                    iolink_error *error);

/**
 * Replaces the values of one column from `first_row` on; needs WRITE. Takes over both structs, also when it fails.
 * `call` may be NULL.
 */
int32_t iolink_frame_write(iolink_view *view,
                           uint64_t column,
                           uint64_t first_row,
                           struct ArrowSchema *schema,
                           struct ArrowArray *values,
                           const iolink_call *call,
                           iolink_error *error);

/**
 * Gives the frame these columns and this many rows; columns kept by name and type keep their values, new ones start at
 * 0 and "". Needs RESHAPE. Takes over `schema`, also when it fails. `call` may be NULL.
 */
int32_t iolink_frame_reshape(iolink_view *view,
                             struct ArrowSchema *schema,
                             uint64_t rows,
                             const iolink_call *call,
                             iolink_error *error);

/**
 * Reads up to `length` bytes at the cursor into the caller's buffer; `*done` says how many, 0 is the end. Needs READ.
 * `call` may be NULL.
 */
int32_t iolink_stream_read(iolink_view *view,
                           void *buffer,
                           uint64_t length,
                           const iolink_call *call,
                           uint64_t *done,
                           iolink_error *error);

/** Writes up to `length` bytes at the cursor; `*done` says how many were taken. Needs WRITE. `call` may be NULL. */
int32_t iolink_stream_write(iolink_view *view,
                            const void *buffer,
                            uint64_t length,
                            const iolink_call *call,
                            uint64_t *done,
                            iolink_error *error);

/** Moves the cursor by `IOLINK_SEEK_*`; `*position` says where it stands. Needs SEEK. `call` may be NULL. */
int32_t iolink_stream_seek(iolink_view *view,
                           int64_t offset,
                           uint32_t origin,
                           const iolink_call *call,
                           uint64_t *position,
                           iolink_error *error);

/** Returns the number of bytes; `IOLINK_ERROR_NOT_IMPLEMENTED` if it is unknown, as with a pipe. `call` may be NULL. */
int32_t iolink_stream_get_length(const iolink_view *view, const iolink_call *call, uint64_t *out, iolink_error *error);

/** Cuts the stream off, or fills it up with zeros; the cursor stays. Needs RESIZE. `call` may be NULL. */
int32_t iolink_stream_resize(iolink_view *view, uint64_t length, const iolink_call *call, iolink_error *error);

/** Passes everything written to the file or object. `call` may be NULL. */
int32_t iolink_stream_flush(iolink_view *view, const iolink_call *call, iolink_error *error);

/**
 * Ends the stream; later calls fail with `IOLINK_ERROR_CLOSED`, a second close does nothing. The view itself stays
 * until it is released. A stream of a store commits its value here. `call` may be NULL.
 */
int32_t iolink_stream_close(iolink_view *view, const iolink_call *call, iolink_error *error);

/**
 * Lends the bytes where they lie, until the caller gives them to `iolink_bytes_release`; needs MEMORY_ACCESS.
 * `call` may be NULL.
 */
int32_t iolink_stream_get_memory(const iolink_view *view,
                                 const iolink_call *call,
                                 iolink_bytes *out,
                                 iolink_error *error);

/**
 * Returns the number of bytes; `IOLINK_ERROR_NOT_IMPLEMENTED` if it is unknown before the end was read. `call` may be
 * NULL. From any thread.
 */
int32_t iolink_random_access_get_length(const iolink_view *view,
                                        const iolink_call *call,
                                        uint64_t *out,
                                        iolink_error *error);

/**
 * Reads up to `length` bytes at `offset`, fewer only at the end; `*done` says how many. Needs READ. `call` may be
 * NULL. From any thread.
 */
int32_t iolink_random_access_read_at(const iolink_view *view,
                                     uint64_t offset,
                                     void *buffer,
                                     uint64_t length,
                                     const iolink_call *call,
                                     uint64_t *done,
                                     iolink_error *error);

/**
 * Writes all `length` bytes at `offset`, or nothing and fails with `IOLINK_ERROR_OUT_OF_RANGE` past the end. Needs
 * WRITE. `call` may be NULL. From any thread.
 */
int32_t iolink_random_access_write_at(iolink_view *view,
                                      uint64_t offset,
                                      const void *buffer,
                                      uint64_t length,
                                      const iolink_call *call,
                                      iolink_error *error);

/**
 * Lends the bytes where they lie, until the caller gives them to `iolink_bytes_release`; needs MEMORY_ACCESS.
 * `call` may be NULL.
 */
int32_t iolink_random_access_get_memory(const iolink_view *view,
                                        const iolink_call *call,
                                        iolink_bytes *out,
                                        iolink_error *error);

/** Cuts the bytes off, or fills them up with zeros. Needs RESIZE. `call` may be NULL. */
int32_t iolink_random_access_resize(iolink_view *view, uint64_t length, const iolink_call *call, iolink_error *error);

/** Passes everything written to the file or object. `call` may be NULL. */
int32_t iolink_random_access_flush(iolink_view *view, const iolink_call *call, iolink_error *error);

/**
 * Says that these ranges are read soon, so that they can be fetched together; it may do nothing. `ranges` may be NULL
 * if `count` is 0. `call` may be NULL.
 */
int32_t iolink_random_access_prefetch(const iolink_view *view,
                                      const iolink_byte_range *ranges,
                                      uint64_t count,
                                      const iolink_call *call,
                                      iolink_error *error);

/**
 * Returns the store of a local folder: its files, and those of the folders below it, are the values. No key leads out
 * of the folder, through links neither. `flags` is `IOLINK_STORE_FOLDER_WRITABLE` or 0. The caller owns `*out`. From
 * any thread.
 */
int32_t iolink_store_from_folder(const char *folder, uint32_t flags, iolink_view **out, iolink_error *error);

/**
 * Reads several values, or parts of them, together; needs READ. `IOLINK_OK` means that each item has its `status`.
 * `call` may be NULL. From any thread.
 */
int32_t iolink_store_get_many(const iolink_view *view,
                              iolink_store_batch *batch,
                              const iolink_call *call,
                              iolink_error *error);

/**
 * Says that these values are read soon, so that they can be fetched together; it may do nothing. `gets` may be NULL if
 * `count` is 0. `call` may be NULL. From any thread.
 */
int32_t iolink_store_prefetch(const iolink_view *view,
                              const iolink_store_get *const *gets,
                              uint64_t count,
                              const iolink_call *call,
                              iolink_error *error);

/**
 * Writes the entry of one key into `sink`; `IOLINK_ERROR_NOT_FOUND` for a key without a value. `call` may be NULL.
 * From any thread.
 */
int32_t iolink_store_stat(const iolink_view *view,
                          const char *key,
                          const iolink_store_sink *sink,
                          const iolink_call *call,
                          iolink_error *error);

/**
 * Writes the entries below a prefix that sort behind `after` into `sink`, in byte order of their keys; needs LIST.
 * `prefix` may be NULL or "": all, else it ends with `/`. `after` may be NULL: from the first. `flags` is
 * `IOLINK_STORE_LIST_RECURSIVE` or 0: the next level, deeper keys stand together as one prefix. `call` may be NULL.
 * From any thread.
 */
int32_t iolink_store_list(const iolink_view *view,
                          const char *prefix,
                          const char *after,
                          uint32_t flags,
                          const iolink_store_sink *sink,
                          const iolink_call *call,
                          iolink_error *error);

/**
 * Opens one value: random access for `IOLINK_STORE_OPEN_READ` and `_UPDATE`, a stream that writes for `_CREATE` and
 * `_REPLACE`, whose `iolink_stream_close` commits the value. `call` may be NULL. The caller owns `*out`. From any
 * thread.
 */
int32_t iolink_store_open(const iolink_view *view,
                          const char *key,
                          uint32_t mode,
                          const iolink_call *call,
                          iolink_view **out,
                          iolink_error *error);

/**
 * Writes `count` values; needs WRITE. `IOLINK_OK` means that each item has its `status`. A value is there whole, or as
 * before. `puts` may be NULL if `count` is 0. `call` may be NULL. From any thread.
 */
int32_t iolink_store_put_many(iolink_view *view,
                              iolink_store_put *const *puts,
                              uint64_t count,
                              const iolink_call *call,
                              iolink_error *error);

/**
 * Removes the values of `count` keys; needs WRITE. `statuses` has room for one result for each, and `IOLINK_OK` means
 * that all are set. `keys` may be NULL if `count` is 0, and `statuses` may be NULL then. `call` may be NULL. From any
 * thread.
 */
int32_t iolink_store_remove(iolink_view *view,
                            const char *const *keys,
                            uint64_t count,
                            const iolink_call *call,
                            int32_t *statuses,
                            iolink_error *error);

/*
 * A struct of the caller's with its size set and the rest zero:
 *
 *     IOLINK_SIZED(iolink_error, error);
 */
#ifdef __cplusplus
#define IOLINK_SIZED(type, name)                                                                                       \
  type name{};                                                                                                         \
  name.size = sizeof(type)
#else
#define IOLINK_SIZED(type, name) type name = { .size = sizeof(type) }
#endif

/* Programs compiled without NDEBUG are told where a view is released too often. */
#ifndef NDEBUG
#define iolink_view_release(view) iolink_view_release_checked((view), __FILE__, (uint32_t) __LINE__)
#endif

#ifdef __cplusplus
}
#endif

#endif /* IOLINK_H */
