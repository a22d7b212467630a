/* A table, a stream, random access, a store; and an image that is created and saved at a key of the store. */
#include "consumer.h"

void use_frame(void)
{
  iolink_view *view = open_kind("kinds:frame", IOLINK_KIND_DATA_FRAME, NULL);
  const iolink_frame_vtable *table = TABLE(iolink_frame_vtable, view);
  iolink_error error = { .size = sizeof error };
  const uint64_t wanted[] = { 0 };
  iolink_frame_request request = { .size = sizeof request, .columns = wanted, .column_count = 1, .first_row = 2,
                                   .row_count = 5, .batch_rows = 2 };
  uint64_t columns = 0, rows = 0, total = 0, ends[3] = { 0, 0, 0 };
  struct ArrowArrayStream stream;
  struct ArrowSchema schema;
  struct ArrowArray batch;
  int64_t sum = 0;
  int batches = 0;

  CHECK(table->shape(view, &columns, &rows, NULL, &error) == IOLINK_OK && columns == 1 && rows == 7);
  CHECK(table->schema(view, NULL, &schema, &error) == IOLINK_OK);
  CHECK(schema.n_children == 1 && strcmp(schema.children[0]->format, "l") == 0);
  schema.release(&schema);
  CHECK(table->export_stream(view, &request, NULL, &stream, &error) == IOLINK_OK);
  CHECK(stream.get_schema(&stream, &schema) == 0 && strcmp(schema.children[0]->name, "n") == 0);
  schema.release(&schema);
  for (;;) {
    int64_t at;
    CHECK(stream.get_next(&stream, &batch) == 0);
    if (batch.release == NULL)
      break;
    CHECK(batch.length <= 2);
    for (at = 0; at < batch.length; at++)
      sum += ((const int64_t *) batch.children[0]->buffers[1])[batch.children[0]->offset + at];
    batch.release(&batch);
    batches++;
  }
  stream.release(&stream);
  CHECK(batches == 3 && sum == 20 + 30 + 40 + 50 + 60);
  request.row_count = 6;
  CHECK(table->export_stream(view, &request, NULL, &stream, &error) == IOLINK_ERROR_OUT_OF_RANGE);
  request.row_count = 1;
  request.flags = 4;
  CHECK(table->export_stream(view, &request, NULL, &stream, &error) == IOLINK_ERROR_NOT_IMPLEMENTED);

  CHECK(table->partitions(view, 0, 0, NULL, &total, NULL, &error) == IOLINK_OK && total == 3);
  CHECK(table->partitions(view, 1, 2, ends, &total, NULL, &error) == IOLINK_OK && ends[0] == 6 && ends[1] == 7);
  CHECK(table->partitions(view, 2, 2, ends, &total, NULL, &error) == IOLINK_ERROR_OUT_OF_RANGE);
  CHECK(table->write == NULL && table->reshape == NULL);
  release(view);
}

void use_bytes(void)
{
  iolink_view *view = open_kind("kinds:stream", IOLINK_KIND_STREAM, NULL);
  const iolink_stream_vtable *stream = TABLE(iolink_stream_vtable, view);
  const iolink_random_access_vtable *access;
  const iolink_byte_range ranges[] = { { 0, 4 }, { 8, 2 } };
  iolink_error error = { .size = sizeof error };
  char buffer[16];
  uint64_t done = 0, at = 0;

  CHECK(stream->write(view, "hello", 5, &done, NULL, &error) == IOLINK_OK && done == 5);
  CHECK(stream->seek(view, -3, IOLINK_SEEK_END, &at, NULL, &error) == IOLINK_OK && at == 2);
  CHECK(stream->read(view, buffer, sizeof buffer, &done, NULL, &error) == IOLINK_OK && done == 3);
  CHECK(memcmp(buffer, "llo", 3) == 0);
  CHECK(stream->read(view, buffer, sizeof buffer, &done, NULL, &error) == IOLINK_OK && done == 0);
  CHECK(stream->seek(view, -9, IOLINK_SEEK_SET, &at, NULL, &error) == IOLINK_ERROR_INVALID_ARGUMENT);
  CHECK(stream->resize(view, 2, NULL, &error) == IOLINK_OK);
  CHECK(stream->length(view, &at, NULL, &error) == IOLINK_OK && at == 2);
  CHECK(stream->flush(view, NULL, &error) == IOLINK_OK && stream->close(view, NULL, &error) == IOLINK_OK);
  CHECK(stream->read(view, buffer, 1, &done, NULL, &error) == IOLINK_ERROR_CLOSED);
  CHECK(stream->close(view, NULL, &error) == IOLINK_OK && stream->memory == NULL);
  release(view);

  view = open_kind("kinds:bytes", IOLINK_KIND_RANDOM_ACCESS, NULL);
  access = TABLE(iolink_random_access_vtable, view);
  CHECK(access->length(view, &at, NULL, &error) == IOLINK_OK && at == 10);
  access->prefetch(view, ranges, 2, NULL);
  CHECK(access->read_at(view, 8, buffer, sizeof buffer, &done, NULL, &error) == IOLINK_OK && done == 2);
  CHECK(access->read_at(view, UINT64_MAX, buffer, 1, &done, NULL, &error) == IOLINK_OK && done == 0);
  CHECK(access->write_at(view, 9, "xy", 2, NULL, &error) == IOLINK_ERROR_OUT_OF_RANGE);
  CHECK(access->resize(view, 11, NULL, &error) == IOLINK_OK);
  CHECK(access->write_at(view, 9, "xy", 2, NULL, &error) == IOLINK_OK && access->flush(view, NULL, &error) == IOLINK_OK);
  CHECK(access->read_at(view, 8, buffer, sizeof buffer, &done, NULL, &error) == IOLINK_OK && done == 3);
  CHECK(memcmp(buffer, "8xy", 3) == 0);
  release(view);
}

static void complete(void *context, uint64_t index) { ((int *) context)[index]++; }

static int32_t collect(void *context, const iolink_store_entry *entry)
{
  text *into = context;
  CHECK(entry->size >= sizeof *entry && into->length + strlen(entry->key) + 2 < sizeof into->data);
  into->length += (size_t) sprintf(into->data + into->length, "%s%s;", entry->key,
                                   entry->flags & IOLINK_STORE_ENTRY_PREFIX ? "(prefix)" : "");
  return 0;
}

/* Reads a whole value of a store. */
static void check_value(iolink_view *view, const char *key, int32_t status, const char *data)
{
  char buffer[64] = "";
  iolink_store_get get = { .size = sizeof get, .key = key, .buffer = buffer, .capacity = sizeof buffer };
  iolink_store_get *gets[] = { &get };
  iolink_store_batch batch = { .size = sizeof batch, .gets = gets, .count = 1 };
  CHECK(TABLE(iolink_store_vtable, view)->get_many(view, &batch, NULL, NULL) == IOLINK_OK);
  CHECK(get.status == status && strcmp(buffer, data) == 0);
}

/* Creating and saving at a key. */
static void use_target(iolink_view *store)
{
  iolink_error error = { .size = sizeof error };
  const iolink_option option = { "level", "9" };
  iolink_target target = { .size = sizeof target, .uri = "kinds:target", .format = "KINDS", .store = store, .key = "new" };
  iolink_create_request request = { .size = sizeof request, .kind = IOLINK_KIND_IMAGE, .data_type = IOLINK_TYPE_UINT16,
                                    .dimension_count = 3, .shape = { 4, 3, 2 }, .target = &target };
  iolink_region region = { .size = sizeof region, .dimension_count = 3, .extent = { 1, 1, 1 } };
  uint16_t sample = 321;
  iolink_block block = { .size = sizeof block, .dimension_count = 3, .data_type = IOLINK_TYPE_UINT16, .data = &sample,
                         .byte_strides = { 2, 2, 2 } };
  iolink_view *image = NULL;
  const iolink_image_vtable *table;

  CHECK(provider->create(provider, NULL, &request, NULL, &image, &error) == IOLINK_OK);
  table = TABLE(iolink_image_vtable, image);
  check_value(store, "new", IOLINK_OK, "unfinished");
  CHECK(table->write_region(image, &region, &block, NULL, &error) == IOLINK_OK);
  CHECK(table->flush(image, NULL, &error) == IOLINK_OK);
  CHECK(table->finish(image, 7, NULL, &error) == IOLINK_ERROR_INVALID_ARGUMENT);
  CHECK(table->finish(image, IOLINK_FINISH_COMMIT, NULL, &error) == IOLINK_OK);
  CHECK(table->finish(image, IOLINK_FINISH_COMMIT, NULL, &error) == IOLINK_ERROR_CLOSED);
  CHECK(table->write_region(image, &region, &block, NULL, &error) == IOLINK_ERROR_CLOSED);
  check_value(store, "new", IOLINK_OK, "committed, first sample 321");

  /* What exists is replaced only on request. */
  target.options = &option;
  target.option_count = 1;
  CHECK(provider->save(provider, NULL, image, &target, NULL, &error) == IOLINK_ERROR_EXISTS);
  target.flags = IOLINK_TARGET_OVERWRITE;
  CHECK(provider->save(provider, NULL, image, &target, NULL, &error) == IOLINK_OK);
  check_value(store, "new", IOLINK_OK, "3 axes, level=9");
  release(image);

  /* The last release of an image that was not finished aborts. */
  CHECK(provider->create(provider, NULL, &request, NULL, &image, &error) == IOLINK_OK);
  release(image);
  check_value(store, "new", IOLINK_ERROR_NOT_FOUND, "");
  request.flags = 1;
  image = NULL;
  CHECK(provider->create(provider, NULL, &request, NULL, &image, &error) == IOLINK_ERROR_NOT_IMPLEMENTED);
  request.flags = 0;
  target.key = "../up";
  CHECK(provider->create(provider, NULL, &request, NULL, &image, &error) == IOLINK_ERROR_INVALID_ARGUMENT);
  CHECK(image == NULL);
}

void use_store(void)
{
  iolink_view *view = open_kind("kinds:store", IOLINK_KIND_STORE, NULL), *bytes = NULL;
  const iolink_store_vtable *table = TABLE(iolink_store_vtable, view);
  iolink_error error = { .size = sizeof error };
  char small[4], room[12];
  int completed[4] = { 0, 0, 0, 0 };
  iolink_bytes lent = { .size = sizeof lent };
  iolink_store_get items[4] = {
    { .size = sizeof items[0], .key = "b", .buffer = small, .capacity = sizeof small },
    { .size = sizeof items[0], .key = "b", .range = IOLINK_STORE_RANGE_LAST, .length = 5, .buffer = room,
      .capacity = sizeof room },
    { .size = sizeof items[0], .key = "a/one", .lent = &lent },
    { .size = sizeof items[0], .key = "a/../b", .buffer = room, .capacity = sizeof room },
  };
  iolink_store_get *gets[4];
  iolink_store_batch batch = { .size = sizeof batch, .gets = gets, .count = 4, .context = completed, .completed = complete };
  iolink_store_put put = { .size = sizeof put, .key = "c/d/e", .data = "new", .length = 3 };
  iolink_store_put *puts[] = { &put };
  iolink_store_sink sink = { .size = sizeof sink, .write = collect };
  const char *const removed[] = { "c/d/e", "gone" };
  int32_t statuses[2];
  uint64_t done = 0;
  text found;
  int at;

  CHECK(table->base.flags & IOLINK_VIEW_FLAG_THREAD_SAFE);
  for (at = 0; at < 4; at++)
    gets[at] = &items[at];
  table->prefetch(view, (const iolink_store_get *const *) gets, 4, NULL);
  CHECK(table->get_many(view, &batch, NULL, &error) == IOLINK_OK);
  CHECK(items[0].status == IOLINK_ERROR_LIMIT && items[0].value_size == 12);
  CHECK(items[1].status == IOLINK_OK && items[1].done == 5 && memcmp(room, "bytes", 5) == 0);
  CHECK(items[2].status == IOLINK_OK && lent.length == 1 && *(const char *) lent.data == '1');
  CHECK(items[3].status == IOLINK_ERROR_INVALID_ARGUMENT);
  for (at = 0; at < 4; at++)
    CHECK(completed[at] == 1);
  lent.release(lent.owner);
  batch.flags = 1;
  CHECK(table->get_many(view, &batch, NULL, &error) == IOLINK_ERROR_NOT_IMPLEMENTED);

  CHECK(table->put_many(view, puts, 1, NULL, &error) == IOLINK_OK && put.status == IOLINK_OK);
  put.flags = IOLINK_STORE_PUT_IF_ABSENT;
  CHECK(table->put_many(view, puts, 1, NULL, &error) == IOLINK_OK && put.status == IOLINK_ERROR_EXISTS);
  put.flags = 0;
  put.if_version = "7";
  CHECK(table->put_many(view, puts, 1, NULL, &error) == IOLINK_OK && put.status == IOLINK_ERROR_CHANGED);
  put.if_version = "1";
  CHECK(table->put_many(view, puts, 1, NULL, &error) == IOLINK_OK && put.status == IOLINK_OK);

  memset(&found, 0, sizeof found);
  sink.context = &found;
  CHECK(table->list(view, NULL, NULL, 0, &sink, NULL, &error) == IOLINK_OK);
  CHECK(table->list(view, "c/", NULL, IOLINK_STORE_LIST_RECURSIVE, &sink, NULL, &error) == IOLINK_OK);
  CHECK(table->list(view, "", "b", 0, &sink, NULL, &error) == IOLINK_OK);
  CHECK(strcmp(found.data, "a/(prefix);b;c/(prefix);c/d/e;c/(prefix);") == 0);
  CHECK(table->list(view, "c", NULL, 0, &sink, NULL, &error) == IOLINK_ERROR_INVALID_ARGUMENT);
  CHECK(table->list(view, "c/", NULL, 8, &sink, NULL, &error) == IOLINK_ERROR_NOT_IMPLEMENTED);
  memset(&found, 0, sizeof found);
  CHECK(table->stat(view, "b", &sink, NULL, &error) == IOLINK_OK && strcmp(found.data, "b;") == 0);
  CHECK(table->stat(view, "gone", &sink, NULL, &error) == IOLINK_ERROR_NOT_FOUND);

  CHECK(table->open(view, "b", IOLINK_STORE_OPEN_READ, NULL, &bytes, &error) == IOLINK_OK);
  CHECK(TABLE(iolink_random_access_vtable, bytes)->read_at(bytes, 0, room, 6, &done, NULL, &error) == IOLINK_OK);
  CHECK(done == 6 && memcmp(room, "twelve", 6) == 0);
  release(bytes);
  CHECK(table->remove(view, removed, 2, statuses, NULL, &error) == IOLINK_OK);
  CHECK(statuses[0] == IOLINK_OK && statuses[1] == IOLINK_ERROR_NOT_FOUND);

  /* A source reaches what lies beside it through its store. */
  release(open_kind("kinds:sibling", IOLINK_KIND_RANDOM_ACCESS, view));
  use_target(view);
  release(view);
}
