/* A table with one column `n` of 64-bit integers: ten times the number of the row. */
#include "kinds.h"

enum { ROWS = 7 };

static int64_t values[ROWS] = { 0, 10, 20, 30, 40, 50, 60 };

static uint64_t capabilities(const iolink_view *view) { return (void) view, IOLINK_FRAME_READ | IOLINK_FRAME_ARROW; }

static int32_t shape(const iolink_view *view, uint64_t *columns, uint64_t *rows, const iolink_call *call,
                     iolink_error *error)
{
  (void) view, (void) call, (void) error;
  *columns = 1;
  *rows = ROWS;
  return IOLINK_OK;
}

/* Arrow structs whose children are one allocation with their parent. */
static void release_child_schema(struct ArrowSchema *schema) { schema->release = NULL; }

static void release_schema(struct ArrowSchema *schema)
{
  if (schema->children[0]->release != NULL)
    schema->children[0]->release(schema->children[0]);
  free(schema->private_data);
  schema->release = NULL;
}

static int make_schema(struct ArrowSchema *out)
{
  struct parts { struct ArrowSchema child; struct ArrowSchema *list; } *parts = calloc(1, sizeof *parts);
  if (parts == NULL)
    return 12; /* ENOMEM */
  parts->child.format = "l";
  parts->child.name = "n";
  parts->child.release = release_child_schema;
  parts->list = &parts->child;
  memset(out, 0, sizeof *out);
  out->format = "+s";
  out->name = "";
  out->n_children = 1;
  out->children = &parts->list;
  out->private_data = parts;
  out->release = release_schema;
  return 0;
}

static void release_child_array(struct ArrowArray *array) { array->release = NULL; }

struct batch { struct ArrowArray child; struct ArrowArray *list; const void *buffers[2]; const void *none[1]; };

static void release_array(struct ArrowArray *array)
{
  if (array->children[0]->release != NULL)
    array->children[0]->release(array->children[0]);
  free(array->private_data);
  array->release = NULL;
}

/* Rows that are left, and the size of a batch. */
struct rows { uint64_t next, end, batch; };

static int stream_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) { return (void) stream, make_schema(out); }

static int stream_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
  struct rows *rows = stream->private_data;
  uint64_t count = rows->end - rows->next < rows->batch ? rows->end - rows->next : rows->batch;
  struct batch *parts;
  memset(out, 0, sizeof *out);
  if (count == 0)
    return 0; /* the end is a released array */
  parts = calloc(1, sizeof *parts);
  if (parts == NULL)
    return 12;
  parts->buffers[1] = values;
  parts->child.length = (int64_t) count;
  parts->child.offset = (int64_t) rows->next;
  parts->child.n_buffers = 2;
  parts->child.buffers = parts->buffers;
  parts->child.release = release_child_array;
  parts->list = &parts->child;
  out->length = (int64_t) count;
  out->n_buffers = 1;
  out->buffers = parts->none;
  out->n_children = 1;
  out->children = &parts->list;
  out->private_data = parts;
  out->release = release_array;
  rows->next += count;
  return 0;
}

static const char *stream_error(struct ArrowArrayStream *stream) { return (void) stream, "there is no memory"; }

static void release_stream(struct ArrowArrayStream *stream)
{
  free(stream->private_data);
  stream->release = NULL;
}

static int32_t schema(const iolink_view *view, const iolink_call *call, struct ArrowSchema *out, iolink_error *error)
{
  (void) view, (void) call;
  return make_schema(out) == 0 ? IOLINK_OK : iolink_fail(error, IOLINK_ERROR_LIMIT, "there is no memory");
}

static int32_t export_stream(const iolink_view *view, const iolink_frame_request *request, const iolink_call *call,
                             struct ArrowArrayStream *out, iolink_error *error)
{
  struct rows *rows;
  int32_t status = check_flags(request->flags, 0, error);
  (void) view;
  if (status == IOLINK_OK)
    status = step(call, 0, request->row_count, error);
  if (status != IOLINK_OK)
    return status;
  if (request->columns != NULL && (request->column_count != 1 || request->columns[0] != 0))
    return iolink_fail(error, IOLINK_ERROR_OUT_OF_RANGE, "the table has column 0 alone");
  if (request->first_row > ROWS || request->row_count > ROWS - request->first_row)
    return iolink_fail(error, IOLINK_ERROR_OUT_OF_RANGE, "the table has 7 rows");
  rows = malloc(sizeof *rows);
  if (rows == NULL)
    return iolink_fail(error, IOLINK_ERROR_LIMIT, "there is no memory");
  rows->next = request->first_row;
  rows->end = request->first_row + request->row_count;
  rows->batch = request->batch_rows != 0 ? request->batch_rows : 3;
  out->get_schema = stream_schema;
  out->get_next = stream_next;
  out->get_last_error = stream_error;
  out->release = release_stream;
  out->private_data = rows;
  return IOLINK_OK;
}

/* Rows lie in three partitions. */
static int32_t partitions(const iolink_view *view, uint64_t first, uint64_t count, uint64_t *ends, uint64_t *total,
                          const iolink_call *call, iolink_error *error)
{
  static const uint64_t all[3] = { 3, 6, ROWS };
  (void) view, (void) call;
  if (first > 3 || count > 3 - first)
    return iolink_fail(error, IOLINK_ERROR_OUT_OF_RANGE, "there are 3 partitions");
  *total = 3;
  if (count > 0)
    memcpy(ends, all + first, count * sizeof *ends);
  return IOLINK_OK;
}

static const iolink_frame_vtable table = {
  .base = BASE(table, IOLINK_KIND_DATA_FRAME, IOLINK_VIEW_FLAG_THREAD_SAFE, capabilities),
  .shape = shape, .schema = schema, .export_stream = export_stream, .partitions = partitions,
};

void *frame_new(void) { return object_new(sizeof(object), &table.base, NULL); }
