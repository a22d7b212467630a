/*
 * A host written from docs/spec/abi-v1.md alone: no header of this project. It loads the plugin that its first argument
 * names, opens the URI that the second one names as an image of 16-bit samples, and prints shape and samples.
 */
#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct base;
struct call {
  uint32_t size, flags;
  void *context;
  int32_t (*progress)(void *context, uint64_t done, uint64_t total);
  uint64_t deadline_ns;
  uint32_t max_threads, reserved;
};
struct view { uint64_t magic; const struct base *vtable; void *own; };
struct error { uint32_t size; int32_t kind, code; uint32_t reserved; char provider[64], message[1008]; };
struct description { uint32_t size, axes; uint64_t type, shape[8]; };
struct memory {
  uint32_t size, axes;
  uint64_t type;
  uint32_t order, flags;
  const char *data;
  uint64_t shape[8];
  int64_t strides[8];
  void *owner;
  void (*release)(void *owner);
  int32_t device_type, device_id;
};
struct base {
  uint32_t size, kind;
  uint64_t flags;
  const void *maker;
  void (*retain)(struct view *);
  void (*release)(struct view *);
  uint64_t (*capabilities)(const struct view *);
  void *extension, *reserved[3];
};
struct image_table {
  struct base base;
  int32_t (*describe)(const struct view *, struct description *, struct error *);
  int32_t (*memory)(const struct view *, const struct call *, struct memory *, struct error *);
};
struct source {
  uint32_t size, flags;
  const char *uri, *path;
  struct view *bytes;
  const char *format;
  const void *options;
  uint64_t option_count;
  struct view *store;
  const char *key, *provider;
  const void *storage_options;
  uint64_t storage_option_count;
  uint32_t kind, reserved;
};
struct provider {
  uint32_t size, offer_count;
  const char *id, *title;
  const void *const *offers;
  void *context;
  void *identify;
  int32_t (*open)(const struct provider *, const void *host, const struct source *, const struct call *, struct view **,
                  struct error *);
};
struct plugin {
  uint64_t magic;
  uint32_t size, major, minor, panics;
  const char *id, *version;
  uint32_t provider_count, reserved;
  const struct provider *const *providers;
};

int main(int count, char **words)
{
  struct error error = { .size = sizeof error };
  struct description known = { .size = sizeof known };
  struct memory lent = { .size = sizeof lent };
  struct source source = { .size = sizeof source, .kind = 1 };
  struct call call = { .size = sizeof call, .max_threads = 1 };
  void *library = count == 3 ? dlopen(words[1], RTLD_NOW | RTLD_LOCAL) : NULL;
  const struct plugin *plugin = library != NULL ? dlsym(library, "iolink_plugin_v1") : NULL;
  const struct image_table *table;
  struct view *view = NULL;
  uint64_t x, y;

  if (plugin == NULL || plugin->magic != 0x4E4947554C504F49u || plugin->major != 0 || plugin->minor != 2
      || plugin->size < sizeof *plugin
      || plugin->provider_count < 1 || plugin->panics == 2) {
    fprintf(stderr, "not a plugin of draft 2\n");
    return 1;
  }
  source.uri = words[2];
  if (plugin->providers[0]->open(plugin->providers[0], NULL, &source, &call, &view, &error) != 0) {
    fprintf(stderr, "error %d: %s\n", (int) error.kind, error.message);
    return 2;
  }
  table = (const struct image_table *) view->vtable;
  if (view->magic != 0x31574549564C4F49u || table->base.kind != 1 || table->base.size < sizeof *table
      || !(table->base.capabilities(view) & 4) || table->describe(view, &known, &error) != 0
      || table->memory(view, &call, &lent, &error) != 0 || lent.device_type > 1) {
    fprintf(stderr, "not an image in memory\n");
    return 3;
  }
  /* Lent memory outlives the view. */
  table->base.release(view);
  printf("%s %s: %u axes, %d x %d, type %#llx\n", plugin->id, plugin->version, (unsigned) known.axes,
         (int) known.shape[0], (int) known.shape[1], (unsigned long long) known.type);
  for (y = 0; y < lent.shape[1]; y++)
    for (x = 0; x < lent.shape[0]; x++) {
      uint16_t sample;
      memcpy(&sample, lent.data + (int64_t) x * lent.strides[0] + (int64_t) y * lent.strides[1], sizeof sample);
      printf("%d%c", sample, x + 1 < lent.shape[0] ? ' ' : '\n');
    }
  if (lent.release != NULL)
    lent.release(lent.owner);
  return 0;
}
