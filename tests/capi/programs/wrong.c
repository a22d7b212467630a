/* A plugin whose views break the rules: what they are is said by the URI, wrong://KIND. */
#include <iolink_abi.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  iolink_view view;
  int32_t references;
  char word[16];
} wrong;

static void retain(iolink_view *view) { __atomic_add_fetch(&((wrong *) view)->references, 1, __ATOMIC_RELAXED); }

static void release(iolink_view *view)
{
  if (__atomic_sub_fetch(&((wrong *) view)->references, 1, __ATOMIC_ACQ_REL) == 0) {
    view->magic = IOLINK_VIEW_DEAD;
    free(view);
  }
}

static uint64_t capabilities(const iolink_view *view)
{
  (void) view;
  return IOLINK_IMAGE_READ; /* the READ of sets has the same number */
}

static int is(const iolink_view *view, const char *word) { return strcmp(((const wrong *) view)->word, word) == 0; }

static int32_t describe(const iolink_view *view, iolink_image_description *out, iolink_error *error)
{
  (void) view, (void) error;
  out->dimension_count = 2;
  out->data_type = IOLINK_TYPE_FLOAT;
  out->shape[0] = 4, out->shape[1] = 3;
  return IOLINK_OK;
}

/* It does not look at the type of the block. */
static int32_t read_region(const iolink_view *view, const iolink_region *region, const iolink_block *block,
                           const iolink_call *call, iolink_error *error)
{
  const float one = 1;
  (void) view, (void) call, (void) error;
  for (uint64_t y = 0; y < region->extent[1]; y++)
    for (uint64_t x = 0; x < region->extent[0]; x++)
      memcpy((char *) block->data + (int64_t) x * block->byte_strides[0] + (int64_t) y * block->byte_strides[1], &one,
             sizeof one);
  return IOLINK_OK;
}

static int32_t properties(const iolink_view *view, iolink_image_properties *out, iolink_error *error)
{
  (void) error;
  out->dimension_count = 2;
  out->axes[0] = IOLINK_AXIS_COLUMN;
  out->axes[1] = IOLINK_AXIS_ROW;
  out->direction[0] = out->direction[4] = out->direction[8] = 1;
  if (is(view, "twice"))
    out->axes[0] = IOLINK_AXIS_ROW;
  else if (is(view, "order"))
    out->axes[0] = IOLINK_AXIS_SLICE;
  else if (is(view, "volume"))
    out->axes_interpretation = IOLINK_AXES_VOLUME;
  else if (is(view, "unit"))
    memset(out->units[1], 'm', sizeof out->units[1]);
  else if (is(view, "long"))
    out->direction[0] = 7;
  else if (is(view, "flat"))
    out->direction[0] = 0;
  else if (is(view, "slope"))
    out->scale_slope = 0, out->scale_intercept = 1;
  else if (is(view, "zero")) {
    memset(out->spacing, 0, sizeof out->spacing);
    memset(out->direction, 0, sizeof out->direction);
    out->scale_slope = 0;
  } else if (is(view, "later"))
    out->axes_interpretation = 99, out->image_interpretation = 99;
  return IOLINK_OK;
}

static const iolink_image_vtable image = {
  .base = { .size = sizeof image, .kind = IOLINK_KIND_IMAGE, .flags = IOLINK_VIEW_FLAG_THREAD_SAFE, .retain = retain,
            .release = release, .capabilities = capabilities },
  .describe = describe, .read_region = read_region, .properties = properties,
};

static iolink_view *made(const iolink_view_base *table, const char *word)
{
  wrong *view = calloc(1, sizeof *view);
  if (view == NULL)
    abort();
  view->view.magic = IOLINK_VIEW_MAGIC;
  view->view.vtable = table;
  view->references = 1;
  strncpy(view->word, word, sizeof view->word - 1);
  return &view->view;
}

static int32_t frame_count(const iolink_view *view, uint64_t *out, const iolink_call *call, iolink_error *error)
{
  (void) view, (void) call, (void) error;
  *out = 2;
  return IOLINK_OK;
}

/* The first frame is as it should be. */
static int32_t frame(const iolink_view *view, uint64_t index, const iolink_call *call, iolink_view **out,
                     iolink_error *error)
{
  (void) view, (void) call, (void) error;
  *out = made(&image.base, index == 0 ? "good" : "twice");
  return IOLINK_OK;
}

static const iolink_multi_image_vtable set = {
  .base = { .size = sizeof set, .kind = IOLINK_KIND_MULTI_IMAGE, .flags = IOLINK_VIEW_FLAG_THREAD_SAFE, .retain = retain,
            .release = release, .capabilities = capabilities },
  .frame_count = frame_count, .frame = frame,
};

static void level_range(const iolink_view *view, int64_t *finest, int64_t *coarsest)
{
  (void) view;
  *finest = 0, *coarsest = 1;
}

static int32_t resolution(const iolink_view *view, int64_t level, const iolink_call *call, iolink_view **out,
                          iolink_error *error)
{
  return frame(view, (uint64_t) level, call, out, error);
}

static const iolink_lod_image_vtable pyramid = {
  .base = { .size = sizeof pyramid, .kind = IOLINK_KIND_LOD_IMAGE, .flags = IOLINK_VIEW_FLAG_THREAD_SAFE, .retain = retain,
            .release = release, .capabilities = capabilities },
  .level_range = level_range, .resolution = resolution,
};

static int32_t open_wrong(const iolink_provider *self, const iolink_host *host, const iolink_source *source,
                          const iolink_call *call, iolink_view **out, iolink_error *error)
{
  const char *word = strstr(source->uri, "://");
  (void) self, (void) host, (void) call;
  if (word == NULL)
    return iolink_fail(error, IOLINK_ERROR_UNSUPPORTED, "wrong://KIND was expected");
  word += 3;
  *out = strcmp(word, "set") == 0       ? made(&set.base, word)
         : strcmp(word, "pyramid") == 0 ? made(&pyramid.base, word)
                                        : made(&image.base, word);
  return IOLINK_OK;
}

static const iolink_offer offer = {
  .size = sizeof offer, .offer = IOLINK_OFFER_OPEN, .kind = IOLINK_KIND_IMAGE, .capabilities = IOLINK_IMAGE_READ,
  .format = "WRONG", .schemes = "wrong",
};
static const iolink_offer *const offers[] = { &offer };
static const iolink_provider provider = {
  .size = sizeof provider, .offer_count = 1, .id = "org.test.wrong", .title = "Views that break the rules",
  .offers = offers, .open = open_wrong,
};
static const iolink_provider *const providers[] = { &provider };

IOLINK_PLUGIN("org.test.wrong", "1.0.0", providers,
              "[[provider]]\nid = \"org.test.wrong\"\ntitle = \"Views that break the rules\"\n"
              "[[provider.offer]]\noffer = \"open\"\nkind = \"image\"\ncapabilities = 1\nformat = \"WRONG\"\n"
              "schemes = \"wrong\"\n");
