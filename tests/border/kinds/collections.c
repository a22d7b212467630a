/* A set of frames with names, of which one is a pyramid; a pyramid with metadata; an extension. */
#include "kinds.h"

static uint64_t no_capabilities(const iolink_view *view) { return (void) view, 0; }
static uint64_t readable(const iolink_view *view) { return (void) view, IOLINK_MULTI_IMAGE_READ; }

/* The pyramid: level 0 and level 1, which are alike. */
static void level_range(const iolink_view *view, int64_t *finest, int64_t *coarsest)
{
  (void) view;
  *finest = 0;
  *coarsest = 1;
}

static int32_t resolution(const iolink_view *view, int64_t level, const iolink_call *call, iolink_view **out,
                          iolink_error *error)
{
  (void) view, (void) call;
  if (level < 0 || level > 1)
    return iolink_fail(error, IOLINK_ERROR_OUT_OF_RANGE, "the levels are 0 and 1");
  return give(image_new(), out, error);
}

static int32_t pyramid_metadata(const iolink_view *view, const iolink_metadata_sink *sink, const iolink_call *call,
                                iolink_error *error)
{
  (void) view, (void) call;
  return write_text(sink, "/KINDS/pyramid", "slide", error);
}

static const iolink_lod_image_vtable pyramid_table = {
  .base = BASE(pyramid_table, IOLINK_KIND_LOD_IMAGE, IOLINK_VIEW_FLAG_THREAD_SAFE, no_capabilities),
  .level_range = level_range, .resolution = resolution, .metadata = pyramid_metadata,
};

void *pyramid_new(void) { return object_new(sizeof(object), &pyramid_table.base, NULL); }

/* The set. */
static int32_t frame_count(const iolink_view *view, uint64_t *out, const iolink_call *call, iolink_error *error)
{
  (void) view, (void) call, (void) error;
  *out = 3;
  return IOLINK_OK;
}

static int32_t frame(const iolink_view *view, uint64_t index, const iolink_call *call, iolink_view **out,
                     iolink_error *error)
{
  (void) view, (void) call;
  if (index > 2)
    return iolink_fail(error, IOLINK_ERROR_OUT_OF_RANGE, "there are 3 frames");
  return give(index == 1 ? pyramid_new() : image_new(), out, error);
}

static int32_t frame_name(const iolink_view *view, uint64_t index, const iolink_text_sink *sink, iolink_error *error)
{
  (void) view;
  if (index > 2)
    return iolink_fail(error, IOLINK_ERROR_OUT_OF_RANGE, "there are 3 frames");
  if (index < 2) /* the third one has no name */
    sink->write(sink->context, index == 0 ? "A/1/0" : "A/2/0", 5);
  return IOLINK_OK;
}

static int32_t set_metadata_of(const iolink_view *view, const iolink_metadata_sink *sink, const iolink_call *call,
                               iolink_error *error)
{
  (void) view, (void) call;
  return write_text(sink, "/KINDS/set", "plate", error);
}

static const iolink_multi_image_vtable multi_table = {
  .base = BASE(multi_table, IOLINK_KIND_MULTI_IMAGE, IOLINK_VIEW_FLAG_THREAD_SAFE, readable),
  .frame_count = frame_count, .frame = frame, .frame_name = frame_name, .metadata = set_metadata_of,
};

void *multi_image_new(void) { return object_new(sizeof(object), &multi_table.base, NULL); }

/* The extension: a table with a number, by the id 0x6B696E6473. */
static const struct { uint32_t size, number; } service = { sizeof service, 42 };

static uint64_t id(const iolink_view *view) { return (void) view, 0x6B696E6473u; }
static const void *service_table(const iolink_view *view) { return (void) view, (const void *) &service; }

static const iolink_extension_vtable extension_table = {
  .base = BASE(extension_table, IOLINK_KIND_EXTENSION, IOLINK_VIEW_FLAG_THREAD_SAFE, no_capabilities),
  .id = id, .table = service_table,
};

void *extension_new(void) { return object_new(sizeof(object), &extension_table.base, NULL); }
