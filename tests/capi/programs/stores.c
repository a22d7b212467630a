/* A store in C: several values put, read, listed and removed together: stores FOLDER. */
#include <iolink.h>
#include <stdio.h>
#include <string.h>

static void claim(const char *words, int holds) { printf("[%s] %s\n", holds ? "ok" : "NOT SO", words); }

static int32_t join(void *context, const iolink_store_entry *entry)
{
  strcat(strcat((char *) context, entry->key), entry->flags & IOLINK_STORE_ENTRY_PREFIX ? "* " : " ");
  return strlen((char *) context) > 100; /* a result other than 0 ends the listing */
}

static void completed(void *context, uint64_t index) { ((int *) context)[index]++; }

static void puts_and_gets(iolink_view *store)
{
  char buffer[4] = "", known[256] = "";
  int calls[4] = { 0, 0, 0, 0 };
  int32_t statuses[2] = { -1, -1 };
  const char *const keys[2] = { "a/2", "none" };
  IOLINK_SIZED(iolink_error, error);
  IOLINK_SIZED(iolink_store_put, first);
  IOLINK_SIZED(iolink_store_put, second);
  IOLINK_SIZED(iolink_store_put, climbing);
  IOLINK_SIZED(iolink_store_get, whole);
  IOLINK_SIZED(iolink_store_get, small);
  IOLINK_SIZED(iolink_store_get, missing);
  IOLINK_SIZED(iolink_store_get, nothing);
  IOLINK_SIZED(iolink_bytes, lent);
  IOLINK_SIZED(iolink_store_batch, batch);
  IOLINK_SIZED(iolink_store_sink, sink);
  iolink_store_put *const puts[3] = { &first, &second, &climbing };
  iolink_store_get *const gets[4] = { &whole, &small, &missing, &nothing };
  first.key = "a/1", first.data = "0123456789", first.length = 10;
  second.key = "a/2", second.data = "xy", second.length = 2;
  climbing.key = "../out", climbing.data = "xy", climbing.length = 2;
  claim("three puts", iolink_store_put_many(store, puts, 3, NULL, &error) == IOLINK_OK);
  claim("each with its status", first.status == IOLINK_OK && second.status == IOLINK_OK &&
                                    climbing.status == IOLINK_ERROR_INVALID_ARGUMENT);

  whole.key = "a/1", whole.lent = &lent;
  small.key = "a/1", small.buffer = buffer, small.capacity = sizeof buffer;
  missing.key = "none", missing.buffer = buffer, missing.capacity = sizeof buffer;
  nothing.key = "a/2", nothing.buffer = buffer, nothing.capacity = sizeof buffer;
  nothing.range = IOLINK_STORE_RANGE_FROM, nothing.offset = 1, nothing.length = 0;
  batch.gets = gets, batch.count = 4, batch.context = calls, batch.completed = completed;
  claim("four gets", iolink_store_get_many(store, &batch, NULL, &error) == IOLINK_OK);
  claim("lent bytes", whole.status == IOLINK_OK && lent.length == 10 && memcmp(lent.data, "0123456789", 10) == 0);
  iolink_bytes_release(&lent);
  claim("too small a buffer", small.status == IOLINK_ERROR_LIMIT && small.value_size == 10 && buffer[0] == '\0');
  claim("a missing value", missing.status == IOLINK_ERROR_NOT_FOUND);
  claim("no bytes at all", nothing.status == IOLINK_OK && nothing.done == 0 && nothing.value_size == 2);
  claim("each completed once", calls[0] == 1 && calls[1] == 1 && calls[2] == 1 && calls[3] == 1);
  small.range = IOLINK_STORE_RANGE_LAST, small.length = 3;
  batch.gets = gets + 1, batch.count = 1, batch.completed = NULL;
  claim("the last bytes fit", iolink_store_get_many(store, &batch, NULL, &error) == IOLINK_OK && small.done == 3 &&
                                memcmp(buffer, "789", 3) == 0);
  nothing.range = 9;
  batch.gets = gets + 3;
  claim("an unknown range", iolink_store_get_many(store, &batch, NULL, &error) == IOLINK_OK &&
                              nothing.status == IOLINK_ERROR_NOT_IMPLEMENTED);

  sink.context = known, sink.write = join;
  claim("a listing", iolink_store_list(store, NULL, NULL, 0, &sink, NULL, &error) == IOLINK_OK && strcmp(known, "a/* ") == 0);
  known[0] = '\0';
  claim("of every key", iolink_store_list(store, "a/", "a/1", IOLINK_STORE_LIST_RECURSIVE, &sink, NULL, &error) == IOLINK_OK &&
                          strcmp(known, "a/2 ") == 0);
  claim("a prefix without its slash", iolink_store_list(store, "a", NULL, 0, &sink, NULL, &error) == IOLINK_ERROR_INVALID_ARGUMENT);
  claim("two removals", iolink_store_remove(store, keys, 2, NULL, statuses, &error) == IOLINK_OK &&
                          statuses[0] == IOLINK_OK && statuses[1] == IOLINK_ERROR_NOT_FOUND);
  claim("one missing entry", iolink_store_stat(store, "a/2", &sink, NULL, &error) == IOLINK_ERROR_NOT_FOUND);
}

int main(int count, char **arguments)
{
  iolink_registry *registry = NULL;
  iolink_view *memory = NULL, *folder = NULL;
  IOLINK_SIZED(iolink_error, error);
  if (count != 2 || iolink_registry_create(NULL, &registry, &error) != IOLINK_OK ||
      iolink_store_allocate(registry, &memory, &error) != IOLINK_OK ||
      iolink_store_from_folder(arguments[1], IOLINK_STORE_FOLDER_WRITABLE, &folder, &error) != IOLINK_OK)
    return fprintf(stderr, "%s\n", error.message), 2;
  claim("flags that nothing knows", iolink_store_from_folder(arguments[1], 2, &folder, &error) == IOLINK_ERROR_NOT_IMPLEMENTED);
  puts_and_gets(memory);
  puts_and_gets(folder);
  iolink_view_release(memory);
  iolink_view_release(folder);
  iolink_registry_release(registry);
  return 0;
}
