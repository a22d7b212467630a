/*
 * A plugin that creates images in files, in C: format PLAIN, ending .plain, 2 axes of UINT8. A file starts with a letter,
 * U while it is unfinished and C once it is committed, then columns and rows as 64-bit integers, then the samples.
 */
#include <iolink_abi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct {
  iolink_view view;
  int32_t references;
  int finished;
  uint64_t shape[2];
  FILE *file;
  char path[1024];
} plain;

enum { HEADER = 1 + 2 * sizeof(uint64_t) };

static plain *of(const iolink_view *view) { return (plain *) view; }

static void retain(iolink_view *view) { __atomic_add_fetch(&of(view)->references, 1, __ATOMIC_RELAXED); }

static int32_t finish(const iolink_view *view, uint32_t action, const iolink_call *call, iolink_error *error);

static void release(iolink_view *view)
{
  if (__atomic_sub_fetch(&of(view)->references, 1, __ATOMIC_ACQ_REL) != 0)
    return;
  if (!of(view)->finished)
    finish(view, IOLINK_FINISH_ABORT, NULL, NULL);
  view->magic = IOLINK_VIEW_DEAD;
  free(view);
}

static uint64_t capabilities(const iolink_view *view)
{
  (void) view;
  return IOLINK_IMAGE_READ | IOLINK_IMAGE_WRITE;
}

static int32_t describe(const iolink_view *view, iolink_image_description *out, iolink_error *error)
{
  (void) error;
  out->dimension_count = 2;
  out->data_type = IOLINK_TYPE_UINT8;
  memcpy(out->shape, of(view)->shape, sizeof of(view)->shape);
  return IOLINK_OK;
}

static int32_t copy(const iolink_view *view, const iolink_region *region, const iolink_block *block, int write,
                    iolink_error *error)
{
  plain *self = of(view);
  if (self->finished)
    return iolink_fail(error, IOLINK_ERROR_CLOSED, "the image is finished");
  for (uint64_t y = 0; y < region->extent[1]; y++)
    for (uint64_t x = 0; x < region->extent[0]; x++) {
      char *const sample = (char *) block->data + (int64_t) x * block->byte_strides[0] + (int64_t) y * block->byte_strides[1];
      const uint64_t at = (region->origin[1] + y) * self->shape[0] + region->origin[0] + x;
      if (fseek(self->file, (long) (HEADER + at), SEEK_SET) != 0 ||
          (write ? fwrite(sample, 1, 1, self->file) : fread(sample, 1, 1, self->file)) != 1)
        return iolink_fail(error, IOLINK_ERROR_IO, "the file cannot be read or written");
    }
  return IOLINK_OK;
}

static int32_t read_region(const iolink_view *view, const iolink_region *region, const iolink_block *block,
                           const iolink_call *call, iolink_error *error)
{
  (void) call;
  return copy(view, region, block, 0, error);
}

static int32_t write_region(const iolink_view *view, const iolink_region *region, const iolink_block *block,
                            const iolink_call *call, iolink_error *error)
{
  (void) call;
  return copy(view, region, block, 1, error);
}

static int32_t flush(const iolink_view *view, const iolink_call *call, iolink_error *error)
{
  (void) call;
  if (of(view)->finished)
    return iolink_fail(error, IOLINK_ERROR_CLOSED, "the image is finished");
  return fflush(of(view)->file) == 0 ? IOLINK_OK : iolink_fail(error, IOLINK_ERROR_IO, "the file cannot be written");
}

static int32_t finish(const iolink_view *view, uint32_t action, const iolink_call *call, iolink_error *error)
{
  plain *self = of(view);
  (void) call;
  if (self->finished)
    return iolink_fail(error, IOLINK_ERROR_CLOSED, "the image is finished already");
  self->finished = 1;
  if (action == IOLINK_FINISH_COMMIT && (fseek(self->file, 0, SEEK_SET) != 0 || fwrite("C", 1, 1, self->file) != 1))
    return iolink_fail(error, IOLINK_ERROR_IO, "the file cannot be completed");
  fclose(self->file);
  if (action == IOLINK_FINISH_ABORT)
    remove(self->path);
  return IOLINK_OK;
}

static const iolink_image_vtable table = {
  .base = { .size = sizeof table, .kind = IOLINK_KIND_IMAGE, .retain = retain, .release = release,
            .capabilities = capabilities },
  .describe = describe, .read_region = read_region, .write_region = write_region, .flush = flush, .finish = finish,
};

static int32_t create(const iolink_provider *self, const iolink_host *host, const iolink_create_request *request,
                      const iolink_call *call, iolink_view **out, iolink_error *error)
{
  const iolink_target *target = request->target;
  const char zero = 0;
  plain *made;
  FILE *file;
  (void) self, (void) host, (void) call;
  if (target == NULL || target->path == NULL || strlen(target->path) >= sizeof made->path)
    return iolink_fail(error, IOLINK_ERROR_UNSUPPORTED, "PLAIN images are created in local files");
  if (request->data_type != IOLINK_TYPE_UINT8 || request->dimension_count != 2)
    return iolink_fail(error, IOLINK_ERROR_UNSUPPORTED, "PLAIN images have 2 axes of UINT8");
  if (access(target->path, F_OK) == 0 && (target->flags & IOLINK_TARGET_OVERWRITE) == 0)
    return iolink_fail(error, IOLINK_ERROR_EXISTS, "the file exists");
  file = fopen(target->path, "w+b");
  made = calloc(1, sizeof *made);
  if (file == NULL || made == NULL)
    return iolink_fail(error, IOLINK_ERROR_IO, "the file cannot be created");
  made->view.magic = IOLINK_VIEW_MAGIC;
  made->view.vtable = &table.base;
  made->references = 1;
  made->file = file;
  memcpy(made->shape, request->shape, sizeof made->shape);
  strcpy(made->path, target->path);
  fwrite("U", 1, 1, file);
  fwrite(made->shape, sizeof made->shape, 1, file);
  for (uint64_t at = 0; at < made->shape[0] * made->shape[1]; at++)
    fwrite(&zero, 1, 1, file);
  fflush(file);
  *out = &made->view;
  return IOLINK_OK;
}

/* Writes the number of axes and the option `level`. */
static int32_t save(const iolink_provider *self, const iolink_host *host, iolink_view *view, const iolink_target *target,
                    const iolink_call *call, iolink_error *error)
{
  iolink_image_description known = { .size = sizeof known };
  FILE *file = target->path == NULL ? NULL : fopen(target->path, "wb");
  (void) self, (void) host, (void) call;
  if (file == NULL)
    return iolink_fail(error, IOLINK_ERROR_IO, "the file cannot be written");
  ((const iolink_image_vtable *) view->vtable)->describe(view, &known, error);
  fprintf(file, "%u axes, level %s", (unsigned) known.dimension_count,
          target->option_count == 1 ? target->options[0].value : "none");
  fclose(file);
  return IOLINK_OK;
}

static const iolink_option_info level = {
  .size = sizeof level, .value_type = IOLINK_OPTION_INTEGER, .name = "level", .default_value = "0",
  .description = "a number to be written",
};
static const iolink_option_info *const options[] = { &level };
static const iolink_offer creates = {
  .size = sizeof creates, .offer = IOLINK_OFFER_CREATE, .kind = IOLINK_KIND_IMAGE,
  .capabilities = IOLINK_IMAGE_READ | IOLINK_IMAGE_WRITE, .format = "PLAIN", .extensions = "plain",
};
static const iolink_offer saves = {
  .size = sizeof saves, .offer = IOLINK_OFFER_SAVE, .kind = IOLINK_KIND_IMAGE, .format = "PLAIN",
  .extensions = "plain", .option_count = 1, .options = options,
};
static const iolink_offer *const offers[] = { &creates, &saves };
static const iolink_provider provider = {
  .size = sizeof provider, .offer_count = 2, .id = "org.test.plain", .title = "Images in plain files",
  .offers = offers, .create = create, .save = save,
};
static const iolink_provider *const providers[] = { &provider };

IOLINK_PLUGIN("org.test.plain", "1.0.0", providers,
              "[[provider]]\nid = \"org.test.plain\"\ntitle = \"Images in plain files\"\n"
              "[[provider.offer]]\noffer = \"create\"\nkind = \"image\"\ncapabilities = 3\nformat = \"PLAIN\"\n"
              "extensions = \"plain\"\n"
              "[[provider.offer]]\noffer = \"save\"\nkind = \"image\"\ncapabilities = 0\nformat = \"PLAIN\"\n"
              "extensions = \"plain\"\n"
              "[[provider.offer.option]]\nname = \"level\"\ntype = \"integer\"\ndefault = \"0\"\n"
              "description = \"a number to be written\"\n");
