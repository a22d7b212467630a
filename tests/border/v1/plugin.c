/*
 * The plugin that was built when the ABI was frozen. It includes the frozen header beside it and must load in every later
 * host of the same major version. Until 1.0 it is written anew with each draft.
 *
 * OPEN of "frozen:4x3" gives an image of 4 columns and 3 rows whose samples are 0, 1, 2 ... The tests build it in several
 * ways: -DLATER fills in functions that a later header appends, -DOLDER ends the image table before the properties.
 */
#include <iolink_abi.h> /* by -I: the frozen one, or a later one */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef PLUGIN_ID
#define PLUGIN_ID "test.frozen"
#endif

typedef struct image {
  iolink_view view;
  int references;
  uint64_t columns, rows;
  uint16_t samples[16];
} image;

static const image *of(const iolink_view *view)
{
  return (const image *) view;
}

static void retain(iolink_view *view)
{
  __atomic_add_fetch(&((image *) view)->references, 1, __ATOMIC_RELAXED);
}

static void release(iolink_view *view)
{
  if (__atomic_sub_fetch(&((image *) view)->references, 1, __ATOMIC_ACQ_REL) == 0) {
    view->magic = IOLINK_VIEW_DEAD;
    free(view);
  }
}

static void give_back(void *owner)
{
  release((iolink_view *) owner);
}

static uint64_t capabilities(const iolink_view *view)
{
  (void) view;
  return IOLINK_IMAGE_READ | IOLINK_IMAGE_MEMORY_ACCESS;
}

/* The URI that the image was opened by, as the service VIEW_ORIGIN. */
static void origin_uri(const iolink_view *view, const iolink_text_sink *sink)
{
  (void) view;
  sink->write(sink->context, "frozen:origin", 13);
}

static uint64_t origin_id(const iolink_view *view)
{
  (void) view;
  return IOLINK_EXTENSION_VIEW_ORIGIN;
}

static const void *origin_table(const iolink_view *view)
{
  static const iolink_view_origin origin = { .size = sizeof(iolink_view_origin), .uri = origin_uri };
  (void) view;
  return &origin;
}

static uint64_t no_capabilities(const iolink_view *view)
{
  (void) view;
  return 0;
}

static void keep(iolink_view *view) { (void) view; } /* the service is static */

static const iolink_extension_vtable service_table = {
  .base = { .size = sizeof(iolink_extension_vtable), .kind = IOLINK_KIND_EXTENSION,
            .flags = IOLINK_VIEW_FLAG_THREAD_SAFE, .retain = keep, .release = keep, .capabilities = no_capabilities },
  .id = origin_id,
  .table = origin_table,
};

static iolink_view service = { IOLINK_VIEW_MAGIC, &service_table.base, NULL };

static int32_t extension(const iolink_view *view, uint64_t id, const iolink_call *call, iolink_view **out,
                         iolink_error *error)
{
  (void) view;
  (void) call;
  if (id != IOLINK_EXTENSION_VIEW_ORIGIN) {
    return iolink_fail(error, IOLINK_ERROR_NOT_FOUND, "the image has no such service");
  }
  *out = &service;
  return IOLINK_OK;
}

static int32_t describe(const iolink_view *view, iolink_image_description *out, iolink_error *error)
{
  (void) error;
  out->dimension_count = 2;
  out->data_type = IOLINK_TYPE_UINT16;
  out->shape[0] = of(view)->columns;
  out->shape[1] = of(view)->rows;
  return IOLINK_OK;
}

static int32_t memory(const iolink_view *view, const iolink_call *call, iolink_memory *out, iolink_error *error)
{
  const uint16_t probe = 1;
  (void) call;
  (void) error;
  retain((iolink_view *) view);
  out->dimension_count = 2;
  out->data_type = IOLINK_TYPE_UINT16;
  out->byte_order = *(const uint8_t *) &probe ? IOLINK_LITTLE_ENDIAN : IOLINK_BIG_ENDIAN;
  out->flags = 0;
  out->data = (void *) of(view)->samples;
  out->shape[0] = of(view)->columns;
  out->shape[1] = of(view)->rows;
  out->byte_strides[0] = 2;
  out->byte_strides[1] = (int64_t) (2 * of(view)->columns);
  out->owner = (void *) view;
  out->release = give_back;
  out->device_type = IOLINK_DEVICE_CPU;
  out->device_id = 0;
  return IOLINK_OK;
}

static int32_t read_region(const iolink_view *view, const iolink_region *region, const iolink_block *block,
                           const iolink_call *call, iolink_error *error)
{
  uint64_t x, y;
  if (block->data_type != IOLINK_TYPE_UINT16 || region->dimension_count != 2) {
    return iolink_fail(error, IOLINK_ERROR_TYPE, "the image has 2 axes of UINT16");
  }
  if (region->origin[0] + region->extent[0] > of(view)->columns || region->origin[1] + region->extent[1] > of(view)->rows) {
    return iolink_fail(error, IOLINK_ERROR_OUT_OF_RANGE, "the region leaves the image");
  }
  for (y = 0; y < region->extent[1]; y++) {
    for (x = 0; x < region->extent[0]; x++) {
      const uint64_t at = (region->origin[1] + y) * of(view)->columns + region->origin[0] + x;
      memcpy((char *) block->data + (int64_t) x * block->byte_strides[0] + (int64_t) y * block->byte_strides[1],
             &of(view)->samples[at], 2);
    }
  }
  if (call != NULL && call->progress != NULL && call->progress(call->context, 1, 1) != 0) {
    return iolink_fail(error, IOLINK_ERROR_CANCELLED, "stopped on request");
  }
  return IOLINK_OK;
}

static int32_t properties(const iolink_view *view, iolink_image_properties *out, iolink_error *error)
{
  (void) view;
  (void) error;
  out->dimension_count = 2;
  out->axes_interpretation = IOLINK_AXES_IMAGE;
  out->image_interpretation = IOLINK_VALUES_GRAYSCALE;
  out->axes[0] = IOLINK_AXIS_COLUMN;
  out->axes[1] = IOLINK_AXIS_ROW;
  out->spacing[0] = 0.5;
  strcpy(out->units[0], "mm");
  out->scale_slope = 2.0;
  return IOLINK_OK;
}

static int32_t metadata(const iolink_view *view, const iolink_metadata_sink *sink, const iolink_call *call,
                        iolink_error *error)
{
  const int32_t number = 42;
  const iolink_metadata_value values[3] = {
    { .size = sizeof values[0], .path = "/frozen" },
    { .size = sizeof values[0], .path = "/frozen/text", .data_type = IOLINK_TYPE_UTF8_STRING, .count = 1,
      .data = "abc", .length = 3 },
    { .size = sizeof values[0], .path = "/frozen/number", .data_type = IOLINK_TYPE_INT32, .count = 1,
      .data = &number, .length = sizeof number },
  };
  int at;
  (void) view;
  (void) call;
  for (at = 0; at < 3; at++) {
    if (sink->write(sink->context, &values[at]) != 0) {
      return iolink_fail(error, IOLINK_ERROR_CANCELLED, "the reader stopped");
    }
  }
  return IOLINK_OK;
}

#ifdef LATER
static int32_t later_image_function(const iolink_view *view)
{
  (void) view;
  abort();
}

static void later_provider_function(const iolink_host *host)
{
  (void) host;
  abort();
}
#endif

static const iolink_image_vtable table = {
  .base = {
#ifdef OLDER
    .size = offsetof(iolink_image_vtable, properties),
#else
    .size = sizeof(iolink_image_vtable),
#endif
    .kind = IOLINK_KIND_IMAGE,
    .flags = IOLINK_VIEW_FLAG_THREAD_SAFE,
    .retain = retain,
    .release = release,
    .capabilities = capabilities,
    .extension = extension,
  },
  .describe = describe,
  .memory = memory,
  .read_region = read_region,
  .properties = properties,
  .metadata = metadata,
#ifdef LATER
  .later = later_image_function,
#endif
};

static int32_t open_source(const iolink_provider *self, const iolink_host *host, const iolink_source *source,
                           const iolink_call *call, iolink_view **out, iolink_error *error)
{
  unsigned columns, rows, index;
  image *made;
  (void) self;
  (void) call;
  if ((source->flags & IOLINK_REQUIRED_FLAGS) != 0) {
    return iolink_fail(error, IOLINK_ERROR_NOT_IMPLEMENTED, "the image is read-only");
  }
  if (sscanf(source->uri, "frozen:%ux%u", &columns, &rows) != 2 || columns < 1 || rows < 1 || columns > 4 || rows > 4) {
    return iolink_fail(error, IOLINK_ERROR_UNSUPPORTED, "frozen:COLUMNSxROWS is wanted, each 1 to 4");
  }
  made = (image *) calloc(1, sizeof *made);
  if (made == NULL) {
    return iolink_fail(error, IOLINK_ERROR_LIMIT, "no memory");
  }
  if (host != NULL && host->log != NULL) {
    host->log(host->context, IOLINK_LOG_DEBUG, "frozen", "opened");
  }
  made->view.magic = IOLINK_VIEW_MAGIC;
  made->view.vtable = &table.base;
  made->references = 1;
  made->columns = columns;
  made->rows = rows;
  for (index = 0; index < columns * rows; index++) {
    made->samples[index] = (uint16_t) index;
  }
  *out = &made->view;
  return IOLINK_OK;
}

static const iolink_offer offer = {
  .size = sizeof(iolink_offer),
  .offer = IOLINK_OFFER_OPEN,
  .kind = IOLINK_KIND_IMAGE,
  .capabilities = IOLINK_IMAGE_READ | IOLINK_IMAGE_MEMORY_ACCESS,
  .format = "FROZEN",
  .schemes = "frozen",
};
static const iolink_offer *const offers[] = { &offer };

static const iolink_provider provider = {
  .size = sizeof(iolink_provider),
  .offer_count = 1,
  .id = PLUGIN_ID,
  .title = "Built from the frozen header",
  .offers = offers,
  .open = open_source,
#ifdef LATER
  .later = later_provider_function,
#endif
};
static const iolink_provider *const providers[] = { &provider };

IOLINK_MANIFEST(IOLINK_MANIFEST_ABI "id = \"" PLUGIN_ID "\"\nversion = \"1.0.0\"\n"
                "[[provider]]\nid = \"" PLUGIN_ID "\"\ntitle = \"Built from the frozen header\"\n"
                "[[provider.offer]]\noffer = \"open\"\nkind = \"image\"\ncapabilities = 5\nformat = \"FROZEN\"\n"
                "schemes = \"frozen\"\n");

IOLINK_EXPORT const iolink_plugin iolink_plugin_v1 = {
  .magic = IOLINK_PLUGIN_MAGIC,
  .size = sizeof(iolink_plugin),
  .abi_major = IOLINK_ABI_MAJOR,
  .abi_minor = IOLINK_ABI_MINOR,
  .panic_strategy = IOLINK_PANIC_NONE,
  .id = PLUGIN_ID,
  .version = "1.0.0",
  .provider_count = 1,
  .providers = providers,
};
