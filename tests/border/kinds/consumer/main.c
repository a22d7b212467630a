/* Loading, and what the other files share. */
#include "consumer.h"

#include <dlfcn.h>

const iolink_provider *provider;

iolink_view *open_kind(const char *uri, uint32_t kind, iolink_view *store)
{
  iolink_error error = { .size = sizeof error };
  iolink_call call = { .size = sizeof call, .max_threads = 1 };
  iolink_source source = { .size = sizeof source, .uri = uri, .store = store, .key = store != NULL ? "b" : NULL };
  iolink_view *view = NULL;
  if (provider->open(provider, NULL, &source, &call, &view, &error) != IOLINK_OK) {
    fprintf(stderr, "%s: error %d: %s\n", uri, (int) error.kind, error.message);
    exit(2);
  }
  CHECK(view != NULL && view->magic == IOLINK_VIEW_MAGIC && view->vtable->size >= sizeof(iolink_view_base));
  CHECK(view->vtable->kind == kind && view->vtable->retain != NULL && view->vtable->release != NULL);
  return view;
}

void release(iolink_view *view) { view->vtable->release(view); }

static void write_string(void *context, const char *string, size_t length)
{
  text *into = context;
  CHECK(into->length + length < sizeof into->data);
  memcpy(into->data + into->length, string, length);
  into->length += length;
}

iolink_text_sink text_sink(text *into)
{
  const iolink_text_sink sink = { .size = sizeof sink, .context = into, .write = write_string };
  memset(into, 0, sizeof *into);
  return sink;
}

static int32_t write_value(void *context, const iolink_metadata_value *value)
{
  uint64_t at;
  CHECK(value->size >= sizeof *value && value->dimension_count <= IOLINK_MAX_DIMS);
  write_string(context, value->path, strlen(value->path));
  write_string(context, "=", 1);
  if (value->data_type == IOLINK_TYPE_UTF8_STRING && value->string_ends == NULL)
    write_string(context, value->data, value->length);
  for (at = 0; value->data_type == IOLINK_TYPE_UTF8_STRING && value->string_ends != NULL && at < value->count; at++) {
    const uint64_t start = at > 0 ? value->string_ends[at - 1] : 0;
    write_string(context, (const char *) value->data + start, value->string_ends[at] - start);
    write_string(context, "|", 1);
  }
  if (value->data_type == IOLINK_TYPE_DOUBLE) {
    char line[64];
    const double *numbers = value->data;
    CHECK(value->dimension_count == 2 && value->length == value->count * sizeof *numbers);
    write_string(context, line, (size_t) snprintf(line, sizeof line, "%dx%d..%g", (int) value->shape[0],
                                                  (int) value->shape[1], numbers[value->count - 1]));
  }
  write_string(context, ";", 1);
  return 0;
}

iolink_metadata_sink metadata_sink(text *into)
{
  const iolink_metadata_sink sink = { .size = sizeof sink, .context = into, .write = write_value };
  memset(into, 0, sizeof *into);
  return sink;
}

int main(int count, char **arguments)
{
  void *library = count == 2 ? dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL) : NULL;
  const iolink_plugin *plugin = library != NULL ? dlsym(library, "iolink_plugin_v1") : NULL;
  if (plugin == NULL) {
    fprintf(stderr, "no plugin: %s\n", count == 2 ? dlerror() : "give its path");
    return 1;
  }
  CHECK(plugin->magic == IOLINK_PLUGIN_MAGIC && plugin->size >= sizeof *plugin);
  CHECK(plugin->abi_major == IOLINK_ABI_MAJOR && plugin->provider_count == 1);
  CHECK(IOLINK_ABI_MAJOR != 0 || plugin->abi_minor == IOLINK_ABI_MINOR);
  CHECK(plugin->panic_strategy != IOLINK_PANIC_ABORT);
  provider = plugin->providers[0];
  CHECK(provider->size >= sizeof *provider && provider->offer_count == 4);
  CHECK(provider->offers[3]->option_count == 1 && provider->offers[3]->options[0]->value_type == IOLINK_OPTION_INTEGER);
  use_image();
  use_collections();
  use_frame();
  use_bytes();
  use_store();
  printf("%s %s: every kind was used\n", plugin->id, plugin->version);
  return 0;
}
