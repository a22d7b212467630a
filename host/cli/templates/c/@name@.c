/* Opens @NAME@ images: the word `@name@` and a line feed, width and height in 32 bits, then samples of 16 bits row by
 * row, all little-endian. Put your own format here: this file is all that you write. */
#include "iolink_abi.h"
#include <stdlib.h>
#include <string.h>

#define MAGIC "@name@\n"
enum { WORD = sizeof MAGIC - 1, HEADER = WORD + 8 };

typedef struct image {
  iolink_view view; /* first, so that a view's address is the image's */
  int references;
  uint64_t shape[2];
  uint8_t file[];
} image;

static void retain(iolink_view *view) { __atomic_add_fetch(&((image *) view)->references, 1, __ATOMIC_RELAXED); }
static void release(iolink_view *view)
{
  if (__atomic_sub_fetch(&((image *) view)->references, 1, __ATOMIC_ACQ_REL) == 0) {
    view->magic = IOLINK_VIEW_DEAD;
    free(view);
  }
}

static uint64_t capabilities(const iolink_view *view) { return (void) view, IOLINK_IMAGE_READ; }

static int32_t describe(const iolink_view *view, iolink_image_description *out, iolink_error *error)
{
  (void) error;
  out->dimension_count = 2;
  out->data_type = IOLINK_TYPE_UINT16;
  memcpy(out->shape, ((const image *) view)->shape, sizeof ((const image *) view)->shape);
  return IOLINK_OK;
}

static int32_t properties(const iolink_view *view, iolink_image_properties *out, iolink_error *error)
{
  (void) view, (void) error; /* the caller set the rest to zero, which means "not given" */
  out->dimension_count = 2;
  out->axes_interpretation = IOLINK_AXES_IMAGE;
  out->axes[0] = IOLINK_AXIS_COLUMN, out->axes[1] = IOLINK_AXIS_ROW;
  return IOLINK_OK;
}

static int32_t read_region(const iolink_view *view, const iolink_region *region, const iolink_block *block,
                           const iolink_call *call, iolink_error *error)
{
  const image *self = (const image *) view;
  (void) call; /* an image in memory is read too fast for progress */
  if (region->dimension_count != 2 || block->dimension_count != 2 || block->data_type != IOLINK_TYPE_UINT16)
    return iolink_fail(error, IOLINK_ERROR_INVALID_ARGUMENT, "the image has two axes and samples of 16 bits");
  if (block->device_type != IOLINK_DEVICE_NOT_GIVEN && block->device_type != IOLINK_DEVICE_CPU)
    return iolink_fail(error, IOLINK_ERROR_NOT_IMPLEMENTED, "the block is not in the host's memory");
  for (int axis = 0; axis < 2; axis++)
    if (region->origin[axis] > self->shape[axis] || region->extent[axis] > self->shape[axis] - region->origin[axis])
      return iolink_fail(error, IOLINK_ERROR_OUT_OF_RANGE, "the region leaves the image");
  for (uint64_t y = 0; y < region->extent[1]; y++)
    for (uint64_t x = 0; x < region->extent[0]; x++) {
      const uint64_t at = (region->origin[1] + y) * self->shape[0] + region->origin[0] + x;
      const uint16_t sample = (uint16_t) (self->file[HEADER + 2 * at] | self->file[HEADER + 2 * at + 1] << 8);
      char *to = (char *) block->data + (int64_t) x * block->byte_strides[0] + (int64_t) y * block->byte_strides[1];
      memcpy(to, &sample, sizeof sample);
    }
  return IOLINK_OK;
}

static const iolink_image_vtable table = {
  .base = { .size = sizeof table, .kind = IOLINK_KIND_IMAGE, .flags = IOLINK_VIEW_FLAG_THREAD_SAFE, .retain = retain,
            .release = release, .capabilities = capabilities },
  .describe = describe, .read_region = read_region, .properties = properties,
};

static uint64_t number(const uint8_t *at) { return at[0] | at[1] << 8 | at[2] << 16 | (uint64_t) at[3] << 24; }

static int32_t open_source(const iolink_provider *provider, const iolink_host *host, const iolink_source *source,
                           const iolink_call *call, iolink_view **out, iolink_error *error)
{
  const iolink_random_access_vtable *bytes = source->bytes ? (const void *) source->bytes->vtable : NULL;
  uint64_t length = 0, done = 0, filled = 0;
  (void) provider, (void) host;
  if (source->flags & IOLINK_REQUIRED_FLAGS) /* WRITABLE, or a flag of a later version */
    return iolink_fail(error, IOLINK_ERROR_NOT_IMPLEMENTED, "the file is opened for reading alone");
  if (bytes == NULL)
    return iolink_fail(error, IOLINK_ERROR_UNSUPPORTED, "the source cannot be read by position");
  int32_t status = bytes->length(source->bytes, &length, call, error);
  if (status != IOLINK_OK)
    return status;
  image *self = length < SIZE_MAX / 2 ? calloc(1, sizeof *self + length + HEADER) : NULL;
  if (self == NULL)
    return iolink_fail(error, IOLINK_ERROR_LIMIT, "the file does not fit into memory");
  do
    status = bytes->read_at(source->bytes, filled, self->file + filled, length - filled, &done, call, error);
  while (status == IOLINK_OK && done > 0 && (filled += done) < length);
  self->shape[0] = number(self->file + WORD), self->shape[1] = number(self->file + WORD + 4);
  if (status == IOLINK_OK && (filled < HEADER || memcmp(self->file, MAGIC, WORD) != 0))
    status = iolink_fail(error, IOLINK_ERROR_UNSUPPORTED, "the file does not start with the word @name@");
  else if (status == IOLINK_OK && (!self->shape[0] || !self->shape[1] ||
                                   (filled - HEADER) / 2 / self->shape[0] < self->shape[1]))
    status = iolink_fail(error, IOLINK_ERROR_CORRUPT, "the file ends before its last sample");
  if (status != IOLINK_OK) {
    free(self);
    return status;
  }
  self->view = (iolink_view) { .magic = IOLINK_VIEW_MAGIC, .vtable = &table.base };
  self->references = 1, *out = &self->view;
  return IOLINK_OK;
}

static const iolink_offer offer = { .size = sizeof offer, .offer = IOLINK_OFFER_OPEN, .kind = IOLINK_KIND_IMAGE,
  .capabilities = IOLINK_IMAGE_READ, .format = "@NAME@", .extensions = "@name@", .magic = "0:@magic@" };
static const iolink_offer *const offers[] = { &offer };
static const iolink_provider provider = { .size = sizeof provider, .offer_count = 1, .id = "org.example.@name@",
  .title = "@NAME@ images", .offers = offers, .open = open_source };
static const iolink_provider *const providers[] = { &provider };

IOLINK_PLUGIN("org.example.@name@", "0.1.0", providers,
              "[[provider]]\nid = \"org.example.@name@\"\ntitle = \"@NAME@ images\"\n"
              "[[provider.offer]]\noffer = \"open\"\nkind = \"image\"\ncapabilities = 1\nformat = \"@NAME@\"\n"
              "extensions = \"@name@\"\nmagic = \"0:@magic@\"\n");
