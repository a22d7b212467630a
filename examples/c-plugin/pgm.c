/*
 * A provider in plain C, from iolink_abi.h alone: opens binary PGM images (P5) of 8 and 16 bit. A 16-bit PGM is
 * big-endian; its samples are lent as they lie in the file, and read_region delivers them in native order.
 */
#include "iolink_abi.h"

#include <stdlib.h>
#include <string.h>

typedef struct pgm {
  iolink_view view; /* first, so that a view's address is the image's */
  int references;
  uint64_t shape[2], data_type, bytes; /* of a sample */
  const uint8_t *samples;
  uint8_t file[];
} pgm;

static void retain(iolink_view *view) { __atomic_add_fetch(&((pgm *) view)->references, 1, __ATOMIC_RELAXED); }

static void release(iolink_view *view)
{
  if (__atomic_sub_fetch(&((pgm *) view)->references, 1, __ATOMIC_ACQ_REL) == 0) {
    view->magic = IOLINK_VIEW_DEAD;
    free(view);
  }
}

static void give_back(void *owner) { release((iolink_view *) owner); }

static uint64_t capabilities(const iolink_view *view)
{
  (void) view;
  return IOLINK_IMAGE_READ | IOLINK_IMAGE_MEMORY_ACCESS;
}

static int32_t describe(const iolink_view *view, iolink_image_description *out, iolink_error *error)
{
  const pgm *image = (const pgm *) view;
  (void) error;
  out->dimension_count = 2;
  out->data_type = image->data_type;
  memcpy(out->shape, image->shape, sizeof image->shape);
  return IOLINK_OK;
}

static int32_t memory(const iolink_view *view, const iolink_call *call, iolink_memory *out, iolink_error *error)
{
  const pgm *image = (const pgm *) view;
  (void) call, (void) error;
  retain((iolink_view *) view);
  out->dimension_count = 2;
  out->data_type = image->data_type;
  out->byte_order = IOLINK_BIG_ENDIAN;
  out->flags = 0; /* read-only */
  out->data = (void *) image->samples;
  memcpy(out->shape, image->shape, sizeof image->shape);
  out->byte_strides[0] = (int64_t) image->bytes;
  out->byte_strides[1] = (int64_t) (image->bytes * image->shape[0]);
  out->owner = (void *) view;
  out->release = give_back;
  out->device_type = IOLINK_DEVICE_CPU;
  return IOLINK_OK;
}

static int32_t read_region(const iolink_view *view, const iolink_region *region, const iolink_block *block,
                           const iolink_call *call, iolink_error *error)
{
  const pgm *image = (const pgm *) view;
  (void) call; /* an image in memory is read too fast for progress */
  if (region->dimension_count != 2 || block->dimension_count != 2 || block->data_type != image->data_type)
    return iolink_fail(error, IOLINK_ERROR_INVALID_ARGUMENT, "a PGM has two axes, and its own data type");
  if (block->device_type != IOLINK_DEVICE_NOT_GIVEN && block->device_type != IOLINK_DEVICE_CPU)
    return iolink_fail(error, IOLINK_ERROR_NOT_IMPLEMENTED, "the block is not in the host's memory");
  for (int axis = 0; axis < 2; axis++)
    if (region->origin[axis] > image->shape[axis] || region->extent[axis] > image->shape[axis] - region->origin[axis])
      return iolink_fail(error, IOLINK_ERROR_OUT_OF_RANGE, "the region leaves the image");
  for (uint64_t y = 0; y < region->extent[1]; y++)
    for (uint64_t x = 0; x < region->extent[0]; x++) {
      const uint64_t at = (region->origin[1] + y) * image->shape[0] + region->origin[0] + x;
      const uint8_t *from = image->samples + at * image->bytes;
      char *to = (char *) block->data + (int64_t) x * block->byte_strides[0] + (int64_t) y * block->byte_strides[1];
      const uint16_t wide = image->bytes == 2 ? (uint16_t) (from[0] << 8 | from[1]) : 0;
      memcpy(to, image->bytes == 2 ? (const void *) &wide : from, image->bytes);
    }
  return IOLINK_OK;
}

static int32_t properties(const iolink_view *view, iolink_image_properties *out, iolink_error *error)
{
  (void) view, (void) error; /* the caller set the rest to zero, which means "not given" */
  out->dimension_count = 2;
  out->axes_interpretation = IOLINK_AXES_IMAGE;
  out->image_interpretation = IOLINK_VALUES_GRAYSCALE;
  out->axes[0] = IOLINK_AXIS_COLUMN;
  out->axes[1] = IOLINK_AXIS_ROW;
  return IOLINK_OK;
}

static const iolink_image_vtable table = {
  .base = { .size = sizeof table, .kind = IOLINK_KIND_IMAGE, .flags = IOLINK_VIEW_FLAG_THREAD_SAFE, .retain = retain,
            .release = release, .capabilities = capabilities },
  .describe = describe, .memory = memory, .read_region = read_region, .properties = properties,
};

/* The next number of the header, after blanks and comments; 0 where there is none, or it is over `most`. */
static uint64_t number(const uint8_t *file, uint64_t length, uint64_t *at, uint64_t most)
{
  uint64_t value = 0;
  while (*at < length && (memchr(" \t\r\n\v\f", file[*at], 6) || file[*at] == '#'))
    if (file[(*at)++] == '#')
      while (*at < length && file[*at] != '\n')
        (*at)++;
  for (; *at < length && file[*at] >= '0' && file[*at] <= '9'; (*at)++)
    if ((value = 10 * value + file[*at] - '0') > most)
      return 0;
  return value;
}

static int32_t read_header(pgm *image, uint64_t length, iolink_error *error)
{
  uint64_t at = 2, most;
  if (length < 2 || memcmp(image->file, "P5", 2) != 0)
    return iolink_fail(error, IOLINK_ERROR_UNSUPPORTED, "not a binary PGM: the file does not start with P5");
  image->shape[0] = number(image->file, length, &at, UINT32_MAX);
  image->shape[1] = number(image->file, length, &at, UINT32_MAX);
  most = number(image->file, length, &at, 65535);
  at++; /* one blank ends the header */
  if (image->shape[0] == 0 || image->shape[1] == 0 || most == 0)
    return iolink_fail(error, IOLINK_ERROR_CORRUPT, "the PGM's width, height or greatest value is missing or wrong");
  image->bytes = most > 255 ? 2 : 1;
  image->data_type = most > 255 ? IOLINK_TYPE_UINT16 : IOLINK_TYPE_UINT8;
  image->samples = image->file + at;
  if (at > length || (length - at) / image->bytes / image->shape[0] < image->shape[1])
    return iolink_fail(error, IOLINK_ERROR_CORRUPT, "the PGM ends before its last sample");
  return IOLINK_OK;
}

static int32_t open_pgm(const iolink_provider *self, const iolink_host *host, const iolink_source *source,
                        const iolink_call *call, iolink_view **out, iolink_error *error)
{
  const iolink_view *bytes = source->bytes; /* the host brings them, for files too */
  const iolink_random_access_vtable *access;
  uint64_t length, done, filled = 0;
  int32_t status = IOLINK_OK;
  pgm *image;
  (void) self, (void) host;
  if (source->flags & IOLINK_REQUIRED_FLAGS) /* WRITABLE, or a flag of a later version */
    return iolink_fail(error, IOLINK_ERROR_NOT_IMPLEMENTED, "a PGM is opened for reading alone");
  if (bytes == NULL)
    return iolink_fail(error, IOLINK_ERROR_UNSUPPORTED, "the source cannot be read by position");
  access = (const iolink_random_access_vtable *) bytes->vtable;
  status = access->length(bytes, &length, call, error);
  if (status != IOLINK_OK)
    return status;
  image = length < SIZE_MAX / 2 ? malloc(sizeof *image + length) : NULL;
  if (image == NULL)
    return iolink_fail(error, IOLINK_ERROR_LIMIT, "the PGM does not fit into memory");
  for (; status == IOLINK_OK && filled < length; filled += done) {
    status = access->read_at(bytes, filled, image->file + filled, length - filled, &done, call, error);
    if (status == IOLINK_OK && done == 0)
      status = iolink_fail(error, IOLINK_ERROR_CORRUPT, "the file became shorter while it was read");
  }
  if (status == IOLINK_OK)
    status = read_header(image, length, error);
  if (status != IOLINK_OK) {
    free(image);
    return status;
  }
  image->view = (iolink_view) { .magic = IOLINK_VIEW_MAGIC, .vtable = &table.base };
  image->references = 1;
  *out = &image->view;
  return IOLINK_OK;
}

static const iolink_offer offer = {
  .size = sizeof offer, .offer = IOLINK_OFFER_OPEN, .kind = IOLINK_KIND_IMAGE,
  .capabilities = IOLINK_IMAGE_READ | IOLINK_IMAGE_MEMORY_ACCESS, .format = "PGM", .extensions = "pgm",
  .media_types = "image/x-portable-graymap", .magic = "0:5035",
};
static const iolink_offer *const offers[] = { &offer };
static const iolink_provider provider = {
  .size = sizeof provider, .offer_count = 1, .id = "org.example.pgm", .title = "Portable graymaps, in plain C",
  .offers = offers, .open = open_pgm,
};
static const iolink_provider *const providers[] = { &provider };

IOLINK_PLUGIN("org.example.pgm", "1.0.0", providers,
              "[[provider]]\nid = \"org.example.pgm\"\ntitle = \"Portable graymaps, in plain C\"\n"
              "[[provider.offer]]\noffer = \"open\"\nkind = \"image\"\ncapabilities = 5\nformat = \"PGM\"\n"
              "extensions = \"pgm\"\nmedia_types = \"image/x-portable-graymap\"\nmagic = \"0:5035\"\n");
