/*
 * What the files of this plugin share. It has a view of each kind, and is built from iolink_abi.h alone: in C, without a
 * crate or library of this project.
 */
#ifndef KINDS_H
#define KINDS_H

#include "iolink_abi.h"

#include <stdlib.h>
#include <string.h>

/* The start of every object here, so that the address of a view is the address of its object. */
typedef struct object {
  iolink_view view;
  int references;
  void (*destroy)(void *object); /* frees what the object owns, not the object */
} object;

/* Zeroed memory of `size` bytes with one reference, or NULL. */
void *object_new(size_t size, const iolink_view_base *table, void (*destroy)(void *object));
void object_retain(iolink_view *view);
void object_release(iolink_view *view);

#define BASE(table, kind_number, view_flags, function)                                                                 \
  { .size = sizeof(table), .kind = (kind_number), .flags = (view_flags), .retain = object_retain,                      \
    .release = object_release, .capabilities = (function) }

/* Returns the view, or `IOLINK_ERROR_LIMIT` if there is none. */
int32_t give(void *object, iolink_view **out, iolink_error *error);

/* Rejects required flags that are not among `known`. */
int32_t check_flags(uint32_t flags, uint32_t known, iolink_error *error);

/* Rejects a call whose deadline has passed, or whose listener asks to stop. `call` may be NULL. */
int32_t step(const iolink_call *call, uint64_t done, uint64_t total, iolink_error *error);

/* Writes one value of a metadata tree into a sink. */
int32_t write_text(const iolink_metadata_sink *sink, const char *path, const char *text, iolink_error *error);

void *image_new(void);
void *created_image_new(iolink_view *store, const char *key);
void *pyramid_new(void);
void *multi_image_new(void);
void *frame_new(void);
void *stream_new(void);
void *bytes_new(const void *data, uint64_t length);
void *extension_new(void);
void *store_new(void);

#endif
