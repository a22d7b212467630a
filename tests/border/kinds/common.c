/* Counting, flags, calls and metadata of every kind. */
#include "kinds.h"

#include <time.h>

void *object_new(size_t size, const iolink_view_base *table, void (*destroy)(void *object))
{
  object *made = calloc(1, size);
  if (made != NULL) {
    made->view.magic = IOLINK_VIEW_MAGIC;
    made->view.vtable = table;
    made->references = 1;
    made->destroy = destroy;
  }
  return made;
}

void object_retain(iolink_view *view) { __atomic_add_fetch(&((object *) view)->references, 1, __ATOMIC_RELAXED); }

void object_release(iolink_view *view)
{
  object *self = (object *) view;
  if (__atomic_sub_fetch(&self->references, 1, __ATOMIC_ACQ_REL) == 0) {
    view->magic = IOLINK_VIEW_DEAD;
    if (self->destroy != NULL)
      self->destroy(self);
    free(self);
  }
}

int32_t give(void *made, iolink_view **out, iolink_error *error)
{
  if (made == NULL)
    return iolink_fail(error, IOLINK_ERROR_LIMIT, "there is no memory for the view");
  *out = (iolink_view *) made;
  return IOLINK_OK;
}

int32_t check_flags(uint32_t flags, uint32_t known, iolink_error *error)
{
  if ((flags & IOLINK_REQUIRED_FLAGS & ~known) != 0)
    return iolink_fail(error, IOLINK_ERROR_NOT_IMPLEMENTED, "the request sets a flag that this plugin does not know");
  return IOLINK_OK;
}

int32_t step(const iolink_call *call, uint64_t done, uint64_t total, iolink_error *error)
{
  if (call == NULL)
    return IOLINK_OK;
  if (call->size < sizeof *call)
    return iolink_fail(error, IOLINK_ERROR_INVALID_ARGUMENT, "the call does not say its size");
  if (check_flags(call->flags, 0, error) != IOLINK_OK)
    return IOLINK_ERROR_NOT_IMPLEMENTED;
  if (call->deadline_ns != 0) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if ((uint64_t) now.tv_sec * 1000000000u + (uint64_t) now.tv_nsec >= call->deadline_ns)
      return iolink_fail(error, IOLINK_ERROR_TIMEOUT, "the deadline of the call has passed");
  }
  if (call->progress != NULL && call->progress(call->context, done, total) != 0)
    return iolink_fail(error, IOLINK_ERROR_CANCELLED, "stopped on request");
  return IOLINK_OK;
}

int32_t write_text(const iolink_metadata_sink *sink, const char *path, const char *text, iolink_error *error)
{
  iolink_metadata_value value = { .size = sizeof value };
  value.path = path;
  value.data_type = IOLINK_TYPE_UTF8_STRING;
  value.count = 1;
  value.data = text;
  value.length = strlen(text);
  if (sink->write(sink->context, &value) != 0)
    return iolink_fail(error, IOLINK_ERROR_CANCELLED, "the reader stopped");
  return IOLINK_OK;
}
