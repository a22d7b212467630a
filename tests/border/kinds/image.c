/* An image of 4 columns, 3 rows and 2 channels of 16 bits whose samples are 0, 1, 2 ... Each function is there. */
#include "kinds.h"

#include <stdio.h>

enum { COLUMNS = 4, ROWS = 3, CHANNELS = 2, SAMPLES = COLUMNS * ROWS * CHANNELS };

static const uint64_t shape[3] = { COLUMNS, ROWS, CHANNELS };
static const int64_t strides[3] = { 2, 2 * COLUMNS, 2 * COLUMNS * ROWS };

typedef struct image {
  object object;
  uint16_t samples[SAMPLES];
  uint64_t prefetched;
  /* Created images: the place to write to; `finished` once the writing has ended. */
  iolink_view *store;
  char key[64];
  int finished;
} image;

static image *of(const iolink_view *view) { return (image *) view; }

static uint64_t capabilities(const iolink_view *view)
{
  (void) view;
  return IOLINK_IMAGE_READ | IOLINK_IMAGE_WRITE | IOLINK_IMAGE_MEMORY_ACCESS;
}

static int32_t extension(const iolink_view *view, uint64_t id, const iolink_call *call, iolink_view **out,
                         iolink_error *error)
{
  (void) view, (void) call;
  if (id != 0x6B696E6473u)
    return iolink_fail(error, IOLINK_ERROR_NOT_FOUND, "the image has no such service");
  return give(extension_new(), out, error);
}

static int32_t describe(const iolink_view *view, iolink_image_description *out, iolink_error *error)
{
  (void) view, (void) error;
  out->dimension_count = 3;
  out->data_type = IOLINK_TYPE_UINT16;
  memcpy(out->shape, shape, sizeof shape);
  return IOLINK_OK;
}

static void release_memory(void *owner) { object_release((iolink_view *) owner); }

static int32_t memory(const iolink_view *view, const iolink_call *call, iolink_memory *out, iolink_error *error)
{
  const uint16_t one = 1;
  (void) call, (void) error;
  object_retain((iolink_view *) view);
  out->dimension_count = 3;
  out->data_type = IOLINK_TYPE_UINT16;
  out->byte_order = *(const uint8_t *) &one ? IOLINK_LITTLE_ENDIAN : IOLINK_BIG_ENDIAN;
  out->flags = IOLINK_MEMORY_WRITABLE;
  out->data = of(view)->samples;
  memcpy(out->shape, shape, sizeof shape);
  memcpy(out->byte_strides, strides, sizeof strides);
  out->owner = (void *) view;
  out->release = release_memory;
  out->device_type = IOLINK_DEVICE_CPU;
  out->device_id = 0;
  return IOLINK_OK;
}

/* Copies between the image and a block, in the direction asked for. */
static int32_t copy(const iolink_view *view, const iolink_region *region, const iolink_block *block, int writes,
                    const iolink_call *call, iolink_error *error)
{
  uint64_t at[3];
  int axis;
  if (region->dimension_count != 3 || block->dimension_count != 3 || block->data_type != IOLINK_TYPE_UINT16)
    return iolink_fail(error, IOLINK_ERROR_TYPE, "the image has 3 axes of UINT16");
  if (block->device_type != IOLINK_DEVICE_NOT_GIVEN && block->device_type != IOLINK_DEVICE_CPU)
    return iolink_fail(error, IOLINK_ERROR_NOT_IMPLEMENTED, "the block lies on a device that this plugin does not know");
  for (axis = 0; axis < 3; axis++)
    if (region->origin[axis] > shape[axis] || region->extent[axis] > shape[axis] - region->origin[axis])
      return iolink_fail(error, IOLINK_ERROR_OUT_OF_RANGE, "the region leaves the image");
  for (at[2] = 0; at[2] < region->extent[2]; at[2]++)
    for (at[1] = 0; at[1] < region->extent[1]; at[1]++)
      for (at[0] = 0; at[0] < region->extent[0]; at[0]++) {
        char *own = (char *) of(view)->samples, *other = block->data;
        for (axis = 0; axis < 3; axis++) {
          own += (int64_t) (region->origin[axis] + at[axis]) * strides[axis];
          other += (int64_t) at[axis] * block->byte_strides[axis];
        }
        memcpy(writes ? own : other, writes ? other : own, 2);
      }
  return step(call, 1, 1, error);
}

static int32_t read_region(const iolink_view *view, const iolink_region *region, const iolink_block *block,
                           const iolink_call *call, iolink_error *error)
{
  return copy(view, region, block, 0, call, error);
}

static int32_t write_region(const iolink_view *view, const iolink_region *region, const iolink_block *block,
                            const iolink_call *call, iolink_error *error)
{
  if (of(view)->finished)
    return iolink_fail(error, IOLINK_ERROR_CLOSED, "the image is finished: it cannot be written");
  return copy(view, region, block, 1, call, error);
}

static int32_t properties(const iolink_view *view, iolink_image_properties *out, iolink_error *error)
{
  (void) view, (void) error; /* zero, which the caller set, means "not given" */
  out->dimension_count = 3;
  out->image_interpretation = IOLINK_VALUES_GRAYSCALE;
  out->axes[0] = IOLINK_AXIS_COLUMN;
  out->axes[1] = IOLINK_AXIS_ROW;
  out->axes[2] = IOLINK_AXIS_CHANNEL;
  out->spacing[0] = out->spacing[1] = 0.5;
  strcpy(out->units[0], "mm");
  strcpy(out->units[1], "mm");
  out->direction[0] = out->direction[4] = out->direction[8] = 1.0;
  out->scale_slope = 2.0;
  out->scale_intercept = -1.0;
  out->position[2] = 30.0;
  out->space = IOLINK_SPACE_LPS;
  return IOLINK_OK;
}

/* A text, a matrix of two rows, and a list of strings of which one is empty. */
static int32_t metadata(const iolink_view *view, const iolink_metadata_sink *sink, const iolink_call *call,
                        iolink_error *error)
{
  static const double matrix[6] = { 1, 2, 3, 4, 5, 6 };
  static const uint64_t ends[3] = { 4, 4, 8 };
  iolink_metadata_value value = { .size = sizeof value };
  (void) view, (void) call;
  if (write_text(sink, "/KINDS/text", "abc", error) != IOLINK_OK)
    return IOLINK_ERROR_CANCELLED;
  value.path = "/KINDS/matrix";
  value.data_type = IOLINK_TYPE_DOUBLE;
  value.dimension_count = 2;
  value.shape[0] = 2;
  value.shape[1] = 3;
  value.count = 6;
  value.data = matrix;
  value.length = sizeof matrix;
  if (sink->write(sink->context, &value) != 0)
    return iolink_fail(error, IOLINK_ERROR_CANCELLED, "the reader stopped");
  memset(&value, 0, sizeof value);
  value.size = sizeof value;
  value.path = "/KINDS/names";
  value.data_type = IOLINK_TYPE_UTF8_STRING;
  value.dimension_count = 1;
  value.shape[0] = value.count = 3;
  value.data = "dapifitc";
  value.length = 8;
  value.string_ends = ends;
  if (sink->write(sink->context, &value) != 0)
    return iolink_fail(error, IOLINK_ERROR_CANCELLED, "the reader stopped");
  return IOLINK_OK;
}

static void prefetch(const iolink_view *view, const iolink_region *const *regions, uint64_t count,
                     const iolink_call *call)
{
  (void) regions, (void) call;
  of(view)->prefetched += count;
}

static int32_t flush(const iolink_view *view, const iolink_call *call, iolink_error *error)
{
  (void) view, (void) call, (void) error; /* nothing is held back */
  return IOLINK_OK;
}

static int32_t channels(const iolink_view *view, const iolink_channel_sink *sink, const iolink_call *call,
                        iolink_error *error)
{
  iolink_channel channel = { .size = sizeof channel, .color = { 0, 0, 255, 255 }, .name = "dapi" };
  (void) view, (void) call;
  channel.excitation_nm = 358;
  channel.emission_nm = 461;
  channel.display_maximum = 4095;
  if (sink->write(sink->context, &channel) != 0)
    return iolink_fail(error, IOLINK_ERROR_CANCELLED, "the reader stopped");
  memset(&channel, 0, sizeof channel);
  channel.size = sizeof channel;
  channel.name = "fitc";
  if (sink->write(sink->context, &channel) != 0)
    return iolink_fail(error, IOLINK_ERROR_CANCELLED, "the reader stopped");
  return IOLINK_OK;
}

static int32_t coordinates(const iolink_view *view, uint32_t dimension, double *out, uint64_t count,
                           const iolink_call *call, iolink_error *error)
{
  (void) view, (void) call;
  if (dimension != 2)
    return iolink_fail(error, IOLINK_ERROR_NOT_FOUND, "the axis is even");
  if (count != CHANNELS)
    return iolink_fail(error, IOLINK_ERROR_INVALID_ARGUMENT, "the axis has 2 indices");
  out[0] = 405;
  out[1] = 488;
  return IOLINK_OK;
}

/* COMMIT writes a line under the target's key, ABORT removes it. */
static int32_t finish(const iolink_view *view, uint32_t action, const iolink_call *call, iolink_error *error)
{
  image *self = of(view);
  const iolink_store_vtable *store = self->store != NULL ? (const void *) self->store->vtable : NULL;
  iolink_store_put put = { .size = sizeof put };
  iolink_store_put *puts = &put;
  char line[32];
  int32_t status;
  if (store == NULL)
    return iolink_fail(error, IOLINK_ERROR_NOT_IMPLEMENTED, "the image was not created at a target");
  if (action != IOLINK_FINISH_COMMIT && action != IOLINK_FINISH_ABORT)
    return iolink_fail(error, IOLINK_ERROR_INVALID_ARGUMENT, "the action is neither COMMIT nor ABORT");
  if (self->finished)
    return iolink_fail(error, IOLINK_ERROR_CLOSED, "the image is finished already");
  self->finished = 1;
  if (action == IOLINK_FINISH_ABORT) {
    const char *key = self->key;
    status = store->remove(self->store, &key, 1, &put.status, call, error);
  } else {
    put.key = self->key;
    put.data = line;
    put.length = (uint64_t) snprintf(line, sizeof line, "committed, first sample %d", self->samples[0]);
    status = store->put_many(self->store, &puts, 1, call, error);
  }
  if (status == IOLINK_OK && put.status != IOLINK_OK)
    status = iolink_fail(error, put.status, "the store did not take the change");
  return status;
}

static const iolink_image_vtable table = {
  /* Not thread safe: samples are written without a lock. */
  .base = { .size = sizeof table, .kind = IOLINK_KIND_IMAGE, .retain = object_retain, .release = object_release,
            .capabilities = capabilities, .extension = extension },
  .describe = describe, .memory = memory, .read_region = read_region, .write_region = write_region,
  .properties = properties, .metadata = metadata, .prefetch = prefetch, .flush = flush, .finish = finish,
  .channels = channels, .coordinates = coordinates,
};

/* The last release of an image that was not finished aborts. */
static void destroy(void *made)
{
  image *self = made;
  if (self->store != NULL) {
    if (!self->finished)
      finish(&self->object.view, IOLINK_FINISH_ABORT, NULL, NULL);
    self->store->vtable->release(self->store);
  }
}

void *image_new(void)
{
  image *made = object_new(sizeof *made, &table.base, destroy);
  int at;
  for (at = 0; made != NULL && at < SAMPLES; at++)
    made->samples[at] = (uint16_t) at;
  return made;
}

void *created_image_new(iolink_view *store, const char *key)
{
  image *made = object_new(sizeof *made, &table.base, destroy);
  if (made != NULL) {
    store->vtable->retain(store);
    made->store = store;
    strncpy(made->key, key, sizeof made->key - 1);
  }
  return made;
}
