/* A stream that is written and read, and random access that is written, resized and read. */
#include "kinds.h"

enum { ROOM = 64 };

typedef struct bytes {
  object object;
  char data[ROOM];
  uint64_t length, cursor, prefetched;
  int closed;
} bytes;

static bytes *of(const iolink_view *view) { return (bytes *) view; }

static uint64_t capabilities(const iolink_view *view)
{
  return (void) view, IOLINK_STREAM_READ | IOLINK_STREAM_WRITE | IOLINK_STREAM_SEEK | IOLINK_STREAM_RESIZE;
}

static uint64_t copy_out(const bytes *self, uint64_t offset, void *buffer, uint64_t length)
{
  uint64_t count = offset < self->length ? self->length - offset : 0;
  count = count < length ? count : length;
  if (count > 0)
    memcpy(buffer, self->data + offset, count);
  return count;
}

static int32_t length(const iolink_view *view, uint64_t *out, const iolink_call *call, iolink_error *error)
{
  (void) call, (void) error;
  *out = of(view)->length;
  return IOLINK_OK;
}

static int32_t resize(const iolink_view *view, uint64_t wanted, const iolink_call *call, iolink_error *error)
{
  bytes *self = of(view);
  (void) call;
  if (wanted > ROOM)
    return iolink_fail(error, IOLINK_ERROR_LIMIT, "there is room for 64 bytes");
  if (wanted > self->length)
    memset(self->data + self->length, 0, wanted - self->length);
  self->length = wanted;
  return IOLINK_OK;
}

static int32_t flush(const iolink_view *view, const iolink_call *call, iolink_error *error)
{
  (void) view, (void) call, (void) error;
  return IOLINK_OK;
}

/* The stream. */
static int32_t stream_read(const iolink_view *view, void *buffer, uint64_t count, uint64_t *done,
                           const iolink_call *call, iolink_error *error)
{
  bytes *self = of(view);
  if (self->closed)
    return iolink_fail(error, IOLINK_ERROR_CLOSED, "the stream is closed");
  *done = copy_out(self, self->cursor, buffer, count);
  self->cursor += *done;
  return step(call, *done, count, error);
}

static int32_t stream_write(const iolink_view *view, const void *buffer, uint64_t count, uint64_t *done,
                            const iolink_call *call, iolink_error *error)
{
  bytes *self = of(view);
  int32_t status = IOLINK_OK;
  if (self->closed)
    return iolink_fail(error, IOLINK_ERROR_CLOSED, "the stream is closed");
  if (self->cursor > ROOM || count > ROOM - self->cursor)
    return iolink_fail(error, IOLINK_ERROR_LIMIT, "there is room for 64 bytes");
  if (self->cursor + count > self->length)
    status = resize(view, self->cursor + count, call, error);
  if (status != IOLINK_OK)
    return status;
  if (count > 0)
    memcpy(self->data + self->cursor, buffer, count);
  self->cursor += count;
  *done = count;
  return IOLINK_OK;
}

static int32_t stream_seek(const iolink_view *view, int64_t offset, uint32_t origin, uint64_t *position,
                           const iolink_call *call, iolink_error *error)
{
  bytes *self = of(view);
  const int64_t from = origin == IOLINK_SEEK_CUR ? (int64_t) self->cursor
                       : origin == IOLINK_SEEK_END ? (int64_t) self->length : 0;
  (void) call;
  if (offset < -from || offset > INT64_MAX - from)
    return iolink_fail(error, IOLINK_ERROR_INVALID_ARGUMENT, "the cursor cannot stand before the first byte");
  self->cursor = (uint64_t) (from + offset);
  *position = self->cursor;
  return IOLINK_OK;
}

static int32_t stream_close(const iolink_view *view, const iolink_call *call, iolink_error *error)
{
  (void) call, (void) error;
  of(view)->closed = 1;
  return IOLINK_OK;
}

static const iolink_stream_vtable stream_table = {
  .base = BASE(stream_table, IOLINK_KIND_STREAM, 0, capabilities),
  .read = stream_read, .write = stream_write, .seek = stream_seek, .length = length, .resize = resize,
  .flush = flush, .close = stream_close,
};

void *stream_new(void) { return object_new(sizeof(bytes), &stream_table.base, NULL); }

/* Random access. */
static int32_t read_at(const iolink_view *view, uint64_t offset, void *buffer, uint64_t count, uint64_t *done,
                       const iolink_call *call, iolink_error *error)
{
  *done = copy_out(of(view), offset, buffer, count);
  return step(call, *done, count, error);
}

static int32_t write_at(const iolink_view *view, uint64_t offset, const void *buffer, uint64_t count,
                        const iolink_call *call, iolink_error *error)
{
  bytes *self = of(view);
  if (offset > self->length || count > self->length - offset)
    return iolink_fail(error, IOLINK_ERROR_OUT_OF_RANGE, "the bytes do not fit; resize first");
  if (count > 0)
    memcpy(self->data + offset, buffer, count);
  return step(call, count, count, error);
}

static void prefetch(const iolink_view *view, const iolink_byte_range *ranges, uint64_t count, const iolink_call *call)
{
  (void) ranges, (void) call;
  of(view)->prefetched += count;
}

static const iolink_random_access_vtable bytes_table = {
  .base = BASE(bytes_table, IOLINK_KIND_RANDOM_ACCESS, 0, capabilities),
  .length = length, .read_at = read_at, .write_at = write_at, .prefetch = prefetch, .resize = resize, .flush = flush,
};

void *bytes_new(const void *data, uint64_t count)
{
  bytes *made = object_new(sizeof *made, &bytes_table.base, NULL);
  if (made != NULL && count <= ROOM) {
    memcpy(made->data, data, count);
    made->length = count;
  }
  return made;
}
