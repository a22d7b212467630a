/*
 * A plugin written from docs/spec/abi-v1.md alone: no header of this project. It opens "ramp:" as an image of 3 columns
 * and 2 rows of 32-bit floats, column + 10 * row, which can only be read.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef int32_t (*any)(void); /* functions that this plugin leaves out */
#define FLOAT32 0x1002003u

struct base;
struct view { uint64_t magic; const struct base *vtable; void *own; };
struct error { uint32_t size; int32_t kind, code; uint32_t reserved; char provider[64], message[1008]; };
struct description { uint32_t size, axes; uint64_t type, shape[8]; };
struct region { uint32_t size, axes; uint64_t origin[8], extent[8]; };
struct block { uint32_t size, axes; uint64_t type; char *data; int64_t strides[8]; int32_t device_type, device_id; };
struct base {
  uint32_t size, kind;
  uint64_t flags;
  const void *maker;
  void (*retain)(struct view *);
  void (*release)(struct view *);
  uint64_t (*capabilities)(const struct view *);
  any extension, reserved[3];
};
struct image_table {
  struct base base;
  int32_t (*describe)(const struct view *, struct description *, struct error *);
  any memory;
  int32_t (*read)(const struct view *, const struct region *, const struct block *, const void *, struct error *);
  /* The table ends here: the functions that follow are absent. */
};
struct source { uint32_t size, flags; const char *uri; };
struct offer {
  uint32_t size, offer, kind, cost;
  uint64_t capabilities;
  uint32_t from_kind, flags;
  uint64_t from_capabilities;
  const char *format, *extensions, *media_types, *schemes, *magic, *keys;
  const uint64_t *data_types;
  uint32_t data_type_count, min_dimensions, max_dimensions, layout;
  uint64_t option_count;
  const void *const *options;
};
struct provider {
  uint32_t size, offer_count;
  const char *id, *title;
  const struct offer *const *offers;
  void *context;
  any identify;
  int32_t (*open)(const struct provider *, const void *host, const struct source *, const void *call, struct view **,
                  struct error *);
  any create, adopt, convert, save;
};
struct plugin {
  uint64_t magic;
  uint32_t size, major, minor, panics;
  const char *id, *version;
  uint32_t provider_count, reserved;
  const struct provider *const *providers;
};

static int32_t fail(struct error *error, int32_t kind, const char *words)
{
  if (error != NULL && error->size >= 1088) {
    error->kind = kind;
    error->code = 0;
    error->provider[0] = 0;
    strcpy(error->message, words);
  }
  return kind;
}

static void retain(struct view *view) { __atomic_add_fetch((int *) view->own, 1, __ATOMIC_RELAXED); }

static void release(struct view *view)
{
  if (__atomic_sub_fetch((int *) view->own, 1, __ATOMIC_ACQ_REL) == 0) {
    view->magic = 0x44454144564C4F49u;
    free(view->own);
    free(view);
  }
}

static uint64_t capabilities(const struct view *view) { (void) view; return 1; }

static int32_t describe(const struct view *view, struct description *out, struct error *error)
{
  (void) view, (void) error;
  out->axes = 2;
  out->type = FLOAT32;
  out->shape[0] = 3;
  out->shape[1] = 2;
  return 0;
}

static int32_t read_region(const struct view *view, const struct region *region, const struct block *block,
                           const void *call, struct error *error)
{
  uint64_t x, y;
  (void) view, (void) call;
  if (block->device_type > 1)
    return fail(error, 2, "memory of the host");
  if (block->type != FLOAT32 || region->axes != 2 || block->axes != 2)
    return fail(error, 4, "two axes of 32-bit floats");
  if (region->origin[0] + region->extent[0] > 3 || region->origin[1] + region->extent[1] > 2)
    return fail(error, 3, "the region leaves the ramp");
  for (y = 0; y < region->extent[1]; y++)
    for (x = 0; x < region->extent[0]; x++) {
      const float sample = (float) (region->origin[0] + x + 10 * (region->origin[1] + y));
      memcpy(block->data + (int64_t) x * block->strides[0] + (int64_t) y * block->strides[1], &sample, sizeof sample);
    }
  return 0;
}

static const struct image_table table = {
  { sizeof(struct image_table), 1, 1, NULL, retain, release, capabilities, NULL, { NULL, NULL, NULL } },
  describe, NULL, read_region
};

static int32_t open_ramp(const struct provider *self, const void *host, const struct source *source, const void *call,
                         struct view **out, struct error *error)
{
  struct view *view = calloc(1, sizeof *view);
  int *references = malloc(sizeof *references);
  (void) self, (void) host, (void) call;
  if (strcmp(source->uri, "ramp:") != 0 || view == NULL || references == NULL) {
    free(view);
    free(references);
    return fail(error, 7, "ramp: is all that can be opened");
  }
  if ((source->flags & 0xFFFF) != 0) {
    free(view);
    free(references);
    return fail(error, 2, "the ramp is read-only");
  }
  *references = 1;
  view->magic = 0x31574549564C4F49u;
  view->vtable = &table.base;
  view->own = references;
  *out = view;
  return 0;
}

static const struct offer offer = { sizeof offer, 1, 1, 0, 1, 0, 0, 0, "RAMP", NULL, NULL, "ramp", NULL,
                                    NULL, NULL, 0, 0, 0, 1, 0, NULL };
static const struct offer *const offers[] = { &offer };
static const struct provider provider = {
  sizeof provider, 1, "org.example.ramp", "A ramp", offers, NULL, NULL, open_ramp, NULL, NULL, NULL, NULL
};
static const struct provider *const providers[] = { &provider };

__attribute__((visibility("default"))) extern const struct plugin iolink_plugin_v1;
const struct plugin iolink_plugin_v1 = {
  0x4E4947554C504F49u, sizeof iolink_plugin_v1, 0, 2, 3, "org.example.ramp", "0.1", 1, 0, providers
};

static const char manifest[] __attribute__((used, section(".iolink.manifest"))) =
  "abi = 0\nabi_minor = 2\nid = \"org.example.ramp\"\nversion = \"0.1\"\n[[provider]]\nid = \"org.example.ramp\"\n"
  "[[provider.offer]]\noffer = \"open\"\nkind = \"image\"\ncapabilities = 1\nschemes = \"ramp\"\n";
