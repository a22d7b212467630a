/* A store of at most eight values of at most 64 bytes, behind one lock: a store must be thread safe. */
#include "kinds.h"

#include <pthread.h>
#include <stdio.h>

enum { VALUES = 8, ROOM = 64 };

typedef struct value { char key[ROOM], data[ROOM]; uint64_t length, version; } value;

typedef struct store {
  object object;
  pthread_mutex_t lock;
  value values[VALUES]; /* sorted by key in byte order; unused ones have the key "" */
  uint64_t count, prefetched;
} store;

static store *of(const iolink_view *view) { return (store *) view; }

static uint64_t capabilities(const iolink_view *view)
{
  return (void) view, IOLINK_STORE_READ | IOLINK_STORE_WRITE | IOLINK_STORE_LIST | IOLINK_STORE_CONDITIONAL;
}

/* Parts with '/' between them, none of them empty, "." or "..". */
static int is_key(const char *key)
{
  const char *part = key;
  if (key == NULL || strlen(key) >= ROOM)
    return 0;
  for (;;) {
    const size_t length = strcspn(part, "/");
    if (length == 0 || (length == 1 && part[0] == '.') || (length == 2 && part[0] == '.' && part[1] == '.'))
      return 0;
    if (part[length] == '\0')
      return 1;
    part += length + 1;
  }
}

/* The value under a key, or NULL; the lock is held. */
static value *find(store *self, const char *key)
{
  uint64_t at;
  for (at = 0; at < self->count; at++)
    if (strcmp(self->values[at].key, key) == 0)
      return &self->values[at];
  return NULL;
}

static void release_lent(void *owner) { free(owner); }

/* Reads one item; the lock is held. */
static int32_t get(store *self, iolink_store_get *item)
{
  const value *found;
  uint64_t offset = 0, length;
  if (!is_key(item->key))
    return IOLINK_ERROR_INVALID_ARGUMENT;
  found = find(self, item->key);
  if (found == NULL)
    return IOLINK_ERROR_NOT_FOUND;
  item->value_size = length = found->length;
  switch (item->range) {
  case IOLINK_STORE_RANGE_ALL:
    break;
  case IOLINK_STORE_RANGE_FROM:
    offset = item->offset < length ? item->offset : length;
    length = item->length < length - offset ? item->length : length - offset;
    break;
  case IOLINK_STORE_RANGE_LAST:
    length = item->length < length ? item->length : length;
    offset = found->length - length;
    break;
  default:
    return IOLINK_ERROR_NOT_IMPLEMENTED;
  }
  if (item->buffer != NULL) {
    if (length > item->capacity)
      return IOLINK_ERROR_LIMIT;
    memcpy(item->buffer, found->data + offset, length);
  } else if (item->lent != NULL) {
    char *copy = malloc(length + 1);
    if (copy == NULL)
      return IOLINK_ERROR_LIMIT;
    memcpy(copy, found->data + offset, length);
    item->lent->flags = 0;
    item->lent->data = copy;
    item->lent->length = length;
    item->lent->owner = copy;
    item->lent->release = release_lent;
  } else {
    return IOLINK_ERROR_INVALID_ARGUMENT;
  }
  item->done = length;
  return IOLINK_OK;
}

static int32_t get_many(const iolink_view *view, iolink_store_batch *batch, const iolink_call *call,
                        iolink_error *error)
{
  store *self = of(view);
  uint64_t index;
  int32_t status = check_flags(batch->flags, 0, error);
  for (index = 0; status == IOLINK_OK && index < batch->count; index++) {
    iolink_store_get *item = batch->gets[index];
    status = step(call, index, batch->count, error);
    if (status != IOLINK_OK)
      break;
    item->code = 0;
    item->done = 0;
    pthread_mutex_lock(&self->lock);
    item->status = get(self, item);
    pthread_mutex_unlock(&self->lock);
    if (batch->completed != NULL)
      batch->completed(batch->context, index);
  }
  return status;
}

static void prefetch(const iolink_view *view, const iolink_store_get *const *gets, uint64_t count,
                     const iolink_call *call)
{
  (void) gets, (void) call;
  pthread_mutex_lock(&of(view)->lock);
  of(view)->prefetched += count;
  pthread_mutex_unlock(&of(view)->lock);
}

static int32_t write_entry(const iolink_store_sink *sink, const value *found)
{
  iolink_store_entry entry = { .size = sizeof entry };
  char version[24];
  snprintf(version, sizeof version, "%llu", (unsigned long long) found->version);
  entry.key = found->key;
  entry.version = version;
  entry.value_size = found->length;
  return sink->write(sink->context, &entry);
}

static int32_t stat(const iolink_view *view, const char *key, const iolink_store_sink *sink, const iolink_call *call,
                    iolink_error *error)
{
  const value *found;
  value copy;
  (void) call;
  if (!is_key(key))
    return iolink_fail(error, IOLINK_ERROR_INVALID_ARGUMENT, "this is not a key");
  pthread_mutex_lock(&of(view)->lock);
  found = find(of(view), key);
  if (found != NULL)
    copy = *found;
  pthread_mutex_unlock(&of(view)->lock);
  if (found == NULL)
    return iolink_fail(error, IOLINK_ERROR_NOT_FOUND, "the store has no such key");
  write_entry(sink, &copy);
  return IOLINK_OK;
}

static int32_t list(const iolink_view *view, const char *prefix, const char *after, uint32_t flags,
                    const iolink_store_sink *sink, const iolink_call *call, iolink_error *error)
{
  value all[VALUES];
  uint64_t count, at;
  char last[ROOM + 1] = "";
  const size_t skip = prefix != NULL ? strlen(prefix) : 0;
  const int32_t status = check_flags(flags, IOLINK_STORE_LIST_RECURSIVE, error);
  (void) call;
  if (status != IOLINK_OK)
    return status;
  if (skip > 0 && prefix[skip - 1] != '/')
    return iolink_fail(error, IOLINK_ERROR_INVALID_ARGUMENT, "a prefix ends with '/'");
  pthread_mutex_lock(&of(view)->lock); /* a copy, so that no lock is held while the sink is called */
  count = of(view)->count;
  memcpy(all, of(view)->values, sizeof all);
  pthread_mutex_unlock(&of(view)->lock);
  for (at = 0; at < count; at++) {
    const char *slash = strlen(all[at].key) > skip ? strchr(all[at].key + skip, '/') : NULL;
    if (strncmp(all[at].key, prefix != NULL ? prefix : "", skip) != 0)
      continue;
    if (slash != NULL && !(flags & IOLINK_STORE_LIST_RECURSIVE)) {
      iolink_store_entry entry = { .size = sizeof entry, .flags = IOLINK_STORE_ENTRY_PREFIX };
      char key[ROOM + 1];
      const size_t length = (size_t) (slash - all[at].key) + 1;
      memcpy(key, all[at].key, length);
      key[length] = '\0';
      if (strcmp(key, last) == 0 || (after != NULL && strcmp(key, after) <= 0))
        continue;
      strcpy(last, key);
      entry.key = key;
      if (sink->write(sink->context, &entry) != 0)
        break;
    } else if (after == NULL || strcmp(all[at].key, after) > 0) {
      if (write_entry(sink, &all[at]) != 0)
        break;
    }
  }
  return IOLINK_OK;
}

static int32_t open_value(const iolink_view *view, const char *key, uint32_t mode, const iolink_call *call,
                          iolink_view **out, iolink_error *error)
{
  void *made = NULL;
  const value *found;
  (void) call;
  if (!is_key(key))
    return iolink_fail(error, IOLINK_ERROR_INVALID_ARGUMENT, "this is not a key");
  if (mode != IOLINK_STORE_OPEN_READ)
    return iolink_fail(error, IOLINK_ERROR_NOT_IMPLEMENTED, "values are opened for reading alone; put them whole");
  pthread_mutex_lock(&of(view)->lock);
  found = find(of(view), key);
  if (found != NULL)
    made = bytes_new(found->data, found->length);
  pthread_mutex_unlock(&of(view)->lock);
  if (found == NULL)
    return iolink_fail(error, IOLINK_ERROR_NOT_FOUND, "the store has no such key");
  return give(made, out, error);
}

/* Writes one item; the lock is held. */
static int32_t put(store *self, const iolink_store_put *item)
{
  value *found;
  uint64_t at;
  char version[24];
  if (!is_key(item->key) || (item->data == NULL && item->length > 0))
    return IOLINK_ERROR_INVALID_ARGUMENT;
  if ((item->flags & IOLINK_REQUIRED_FLAGS & ~IOLINK_STORE_PUT_IF_ABSENT) != 0)
    return IOLINK_ERROR_NOT_IMPLEMENTED;
  found = find(self, item->key);
  snprintf(version, sizeof version, "%llu", found != NULL ? (unsigned long long) found->version : 0);
  if (found != NULL && (item->flags & IOLINK_STORE_PUT_IF_ABSENT))
    return IOLINK_ERROR_EXISTS;
  if (item->if_version != NULL && strcmp(item->if_version, version) != 0)
    return IOLINK_ERROR_CHANGED;
  if (item->length > ROOM || (found == NULL && self->count == VALUES))
    return IOLINK_ERROR_LIMIT;
  if (found == NULL) {
    for (at = self->count++; at > 0 && strcmp(self->values[at - 1].key, item->key) > 0; at--)
      self->values[at] = self->values[at - 1];
    found = &self->values[at];
    memset(found, 0, sizeof *found);
    strcpy(found->key, item->key);
  }
  if (item->length > 0)
    memcpy(found->data, item->data, item->length);
  found->length = item->length;
  found->version++;
  return IOLINK_OK;
}

static int32_t put_many(const iolink_view *view, iolink_store_put *const *puts, uint64_t count,
                        const iolink_call *call, iolink_error *error)
{
  uint64_t index;
  for (index = 0; index < count; index++) {
    const int32_t status = step(call, index, count, error);
    if (status != IOLINK_OK)
      return status;
    puts[index]->code = 0;
    pthread_mutex_lock(&of(view)->lock);
    puts[index]->status = put(of(view), puts[index]);
    pthread_mutex_unlock(&of(view)->lock);
  }
  return IOLINK_OK;
}

static int32_t remove_values(const iolink_view *view, const char *const *keys, uint64_t count, int32_t *statuses,
                             const iolink_call *call, iolink_error *error)
{
  store *self = of(view);
  uint64_t index;
  (void) call, (void) error;
  for (index = 0; index < count; index++) {
    value *found;
    pthread_mutex_lock(&self->lock);
    found = is_key(keys[index]) ? find(self, keys[index]) : NULL;
    statuses[index] = !is_key(keys[index]) ? IOLINK_ERROR_INVALID_ARGUMENT
                      : found == NULL ? IOLINK_ERROR_NOT_FOUND : IOLINK_OK;
    if (found != NULL) {
      self->count--;
      memmove(found, found + 1, (size_t) (self->values + self->count - found) * sizeof *found);
    }
    pthread_mutex_unlock(&self->lock);
  }
  return IOLINK_OK;
}

static const iolink_store_vtable table = {
  .base = BASE(table, IOLINK_KIND_STORE, IOLINK_VIEW_FLAG_THREAD_SAFE, capabilities),
  .get_many = get_many, .prefetch = prefetch, .stat = stat, .list = list, .open = open_value, .put_many = put_many,
  .remove = remove_values,
};

static void destroy(void *made) { pthread_mutex_destroy(&((store *) made)->lock); }

void *store_new(void)
{
  store *made = object_new(sizeof *made, &table.base, destroy);
  const char *const first[2][2] = { { "a/one", "1" }, { "b", "twelve bytes" } };
  int at;
  if (made == NULL)
    return NULL;
  pthread_mutex_init(&made->lock, NULL);
  for (at = 0; at < 2; at++) {
    iolink_store_put item = { .size = sizeof item, .key = first[at][0], .data = first[at][1] };
    item.length = strlen(first[at][1]);
    put(made, &item);
  }
  return made;
}
