/* Two copies of the library in one process: views go from one to the other, registries know nothing of each other. */
#include <dlfcn.h>
#include <iolink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#undef iolink_view_release

typedef int32_t create_function(const iolink_registry_options *, iolink_registry **, iolink_error *);
typedef int32_t load_function(iolink_registry *, const char *, iolink_error *);
typedef int32_t list_function(iolink_registry *, uint32_t, const iolink_plugin_sink *, iolink_error *);
typedef int32_t allocate_function(iolink_registry *, const iolink_image_description *, const iolink_image_properties *,
                                  iolink_view **, iolink_error *);
typedef int32_t set_function(iolink_registry *, iolink_view **, iolink_error *);
typedef int32_t insert_function(iolink_view *, uint64_t, iolink_view *, const char *, const iolink_call *, iolink_error *);
typedef int32_t frame_function(const iolink_view *, uint64_t, const iolink_call *, iolink_view **, iolink_error *);
typedef int32_t memory_function(const iolink_view *, const iolink_call *, iolink_memory *, iolink_error *);
typedef void give_back_function(iolink_memory *);
typedef void release_function(iolink_view *);
typedef void end_function(iolink_registry *);

static void claim(const char *words, int holds)
{
  printf("[%s] %s\n", holds ? "ok" : "NOT SO", words);
}

static void *symbol(void *library, const char *name)
{
  void *found = dlsym(library, name);
  if (found == NULL)
    exit(2);
  return found;
}

/* POSIX lets an object pointer from dlsym become a function pointer; C does not, so the bytes are copied. */
#define TAKE(type, name, library, text)                                                                                \
  type *name;                                                                                                          \
  do {                                                                                                                 \
    void *const place = symbol(library, text);                                                                         \
    memcpy(&name, &place, sizeof place);                                                                               \
  } while (0)

static void count(void *context, const iolink_plugin_info *plugin)
{
  *(int *) context += plugin->path[0] != '\0';
}

static int loaded(void *library, iolink_registry *registry)
{
  int found = 0;
  IOLINK_SIZED(iolink_plugin_sink, sink);
  TAKE(list_function, list, library, "iolink_registry_list");
  sink.context = &found;
  sink.write = count;
  return list(registry, 0, &sink, NULL) == IOLINK_OK ? found : -1;
}

int main(int argument_count, char **arguments)
{
  void *one = argument_count == 4 ? dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL) : NULL;
  void *two = argument_count == 4 ? dlopen(arguments[2], RTLD_NOW | RTLD_LOCAL) : NULL;
  iolink_registry *first = NULL, *second = NULL;
  iolink_view *image = NULL, *set = NULL, *back = NULL;
  iolink_image_description wanted = { sizeof wanted, 2, IOLINK_TYPE_UINT8, { 4, 3 } };
  iolink_registry_options options = { sizeof options, IOLINK_REGISTRY_NO_INSTALLED, NULL, NULL, NULL, 0, 0 };
  IOLINK_SIZED(iolink_memory, mine);
  IOLINK_SIZED(iolink_memory, theirs);
  if (one == NULL || two == NULL || one == two)
    return 2;
  TAKE(create_function, create_one, one, "iolink_registry_create");
  TAKE(create_function, create_two, two, "iolink_registry_create");
  TAKE(load_function, load_one, one, "iolink_registry_load");
  TAKE(allocate_function, allocate, one, "iolink_image_allocate");
  TAKE(set_function, allocate_set, two, "iolink_multi_image_allocate");
  TAKE(insert_function, insert, two, "iolink_multi_image_insert_frame");
  TAKE(frame_function, frame, two, "iolink_multi_image_get_frame");
  TAKE(memory_function, memory_one, one, "iolink_image_get_memory");
  TAKE(memory_function, memory_two, two, "iolink_image_get_memory");
  TAKE(give_back_function, give_back, two, "iolink_memory_release");
  TAKE(release_function, release_one, one, "iolink_view_release");
  TAKE(release_function, release_two, two, "iolink_view_release");
  TAKE(end_function, end_one, one, "iolink_registry_release");
  TAKE(end_function, end_two, two, "iolink_registry_release");

  if (create_one(&options, &first, NULL) != IOLINK_OK || create_two(&options, &second, NULL) != IOLINK_OK ||
      load_one(first, arguments[3], NULL) != IOLINK_OK)
    return 2;
  claim("the one registry has the plugin, the other has not", loaded(one, first) == 1 && loaded(two, second) == 0);
  if (allocate(first, &wanted, NULL, &image, NULL) != IOLINK_OK || allocate_set(second, &set, NULL) != IOLINK_OK)
    return 2;
  claim("a view of the one goes into a set of the other", insert(set, 0, image, NULL, NULL, NULL) == IOLINK_OK);
  claim("and is itself when it comes out", frame(set, 0, NULL, &back, NULL) == IOLINK_OK && back == image);
  claim("with one memory", memory_one(image, NULL, &mine, NULL) == IOLINK_OK && memory_two(back, NULL, &theirs, NULL) == IOLINK_OK &&
                             mine.data == theirs.data && mine.data != NULL);
  give_back(&mine);
  give_back(&theirs);
  release_one(image);
  end_one(first);
  claim("the other keeps the view when the one has let go", memory_two(back, NULL, &theirs, NULL) == IOLINK_OK);
  give_back(&theirs);
  release_two(back);
  release_two(set);
  end_two(second);
  return 0;
}
