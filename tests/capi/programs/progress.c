/* A long copy tells how far it is, and stops when it is told to: by the library's functions and by the view's own table. */
#include <iolink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EDGE = 4096 };
#define BYTES ((uint64_t) EDGE * EDGE * 2)

typedef int32_t copy_function(const iolink_view *, const iolink_region *, const iolink_block *, const iolink_call *,
                              iolink_error *);

typedef struct listener {
  uint64_t stop_at, last, total;
  int calls, orderly;
} listener;

static int32_t listen(void *context, uint64_t done, uint64_t total)
{
  listener *const ear = context;
  ear->orderly = ear->orderly && done > ear->last && done <= total && (ear->calls == 0 || total == ear->total);
  ear->last = done;
  ear->total = total;
  ear->calls++;
  return done >= ear->stop_at;
}

static void claim(const char *name, const char *words, int holds)
{
  printf("[%s] %s: %s\n", holds ? "ok" : "NOT SO", name, words);
}

static void check(const char *name, copy_function *copy, const iolink_view *image, const iolink_block *block)
{
  IOLINK_SIZED(iolink_region, whole);
  IOLINK_SIZED(iolink_call, call);
  IOLINK_SIZED(iolink_error, error);
  listener ear = { UINT64_MAX, 0, 0, 0, 1 };
  whole.dimension_count = 2;
  whole.extent[0] = whole.extent[1] = EDGE;
  call.context = &ear;
  call.progress = listen;

  claim(name, "goes through", copy(image, &whole, block, &call, &error) == IOLINK_OK);
  claim(name, "tells of every part once", ear.calls > 2 && ear.orderly);
  claim(name, "counts bytes, up to the last", ear.total == BYTES && ear.last == BYTES);

  memset(&ear, 0, sizeof ear);
  ear.orderly = 1;
  ear.stop_at = BYTES / 2;
  claim(name, "stops half way", copy(image, &whole, block, &call, &error) == IOLINK_ERROR_CANCELLED);
  claim(name, "says why", error.kind == IOLINK_ERROR_CANCELLED && strstr(error.message, "stopped") != NULL);
  claim(name, "asks no more once told", ear.orderly && ear.last >= BYTES / 2 && ear.last < BYTES);
  claim(name, "goes through afterwards", copy(image, &whole, block, NULL, NULL) == IOLINK_OK);
}

int main(void)
{
  iolink_registry *registry = NULL;
  iolink_view *image = NULL;
  const iolink_image_vtable *table;
  iolink_image_description wanted = { sizeof wanted, 2, IOLINK_TYPE_UINT16, { EDGE, EDGE } };
  uint16_t *const samples = malloc(BYTES);
  int across;
  if (samples == NULL || iolink_registry_create(NULL, &registry, NULL) != IOLINK_OK ||
      iolink_image_allocate(registry, &wanted, NULL, &image, NULL) != IOLINK_OK)
    return 2;
  memset(samples, 7, BYTES);
  table = (const iolink_image_vtable *) image->vtable;
  /* Rows as they lie in the image, and across it. */
  for (across = 0; across < 2; across++) {
    IOLINK_SIZED(iolink_block, block);
    block.dimension_count = 2;
    block.data_type = IOLINK_TYPE_UINT16;
    block.data = samples;
    block.byte_strides[across] = 2;
    block.byte_strides[1 - across] = 2 * EDGE;
    check("iolink_image_write_region", iolink_image_write_region, image, &block);
    check("iolink_image_read_region", iolink_image_read_region, image, &block);
    check("write_region of the table", table->write_region, image, &block);
    check("read_region of the table", table->read_region, image, &block);
  }
  claim("all of them", "brought the samples there and back", samples[0] == 0x0707 && samples[BYTES / 2 - 1] == 0x0707);
  iolink_view_release(image);
  iolink_registry_release(registry);
  free(samples);
  return 0;
}
