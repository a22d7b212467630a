/* An image, a set of frames, a pyramid, an extension. */
#include "consumer.h"

static int32_t stop(void *context, uint64_t done, uint64_t total)
{
  CHECK(done <= total);
  ++*(int *) context;
  return 1;
}

static int32_t write_channel(void *context, const iolink_channel *channel)
{
  char line[128];
  text *into = context;
  CHECK(channel->size >= sizeof *channel);
  snprintf(line, sizeof line, "%s %d %g-%g %g>%g;", channel->name, channel->color[2], channel->display_minimum,
           channel->display_maximum, channel->excitation_nm, channel->emission_nm);
  CHECK(into->length + strlen(line) < sizeof into->data);
  strcpy(into->data + into->length, line);
  into->length += strlen(line);
  return 0;
}

void use_image(void)
{
  iolink_view *view = open_kind("kinds:image", IOLINK_KIND_IMAGE, NULL);
  const iolink_image_vtable *table = TABLE(iolink_image_vtable, view);
  iolink_error error = { .size = sizeof error };
  iolink_image_description known = { .size = sizeof known };
  iolink_image_properties properties = { .size = sizeof properties };
  iolink_region region = { .size = sizeof region, .dimension_count = 3, .origin = { 1, 1, 1 }, .extent = { 2, 1, 1 } };
  const iolink_region *regions[] = { &region };
  uint16_t samples[2] = { 0, 0 };
  iolink_block block = { .size = sizeof block, .dimension_count = 3, .data_type = IOLINK_TYPE_UINT16,
                         .byte_strides = { 2, 4, 4 } };
  iolink_memory memory = { .size = sizeof memory };
  iolink_call call = { .size = sizeof call };
  iolink_view *service = NULL;
  iolink_channel_sink channel_sink = { .size = sizeof channel_sink, .write = write_channel };
  iolink_metadata_sink sink;
  text found;
  double coordinates[2];
  int asked = 0;

  CHECK(table->base.size >= sizeof *table && (table->base.flags & IOLINK_VIEW_FLAG_THREAD_SAFE) == 0);
  CHECK(table->describe(view, &known, &error) == IOLINK_OK);
  CHECK(known.dimension_count == 3 && known.shape[0] == 4 && known.shape[2] == 2 && known.shape[3] == 0);
  block.data = samples;
  table->prefetch(view, regions, 1, NULL);
  CHECK(table->read_region(view, &region, &block, NULL, &error) == IOLINK_OK);
  CHECK(samples[0] == 17 && samples[1] == 18);
  samples[0] = 99;
  CHECK(table->write_region(view, &region, &block, NULL, &error) == IOLINK_OK);

  /* Progress, a deadline, flags, a device, a region outside. */
  call.context = &asked;
  call.progress = stop;
  CHECK(table->read_region(view, &region, &block, &call, &error) == IOLINK_ERROR_CANCELLED && asked == 1);
  call.progress = NULL;
  call.deadline_ns = 1;
  CHECK(table->read_region(view, &region, &block, &call, &error) == IOLINK_ERROR_TIMEOUT);
  call.deadline_ns = 0;
  call.flags = 1;
  CHECK(table->read_region(view, &region, &block, &call, &error) == IOLINK_ERROR_NOT_IMPLEMENTED);
  call.flags = 1u << 16; /* a hint */
  CHECK(table->read_region(view, &region, &block, &call, &error) == IOLINK_OK);
  block.device_type = 2;
  CHECK(table->read_region(view, &region, &block, NULL, &error) == IOLINK_ERROR_NOT_IMPLEMENTED);
  block.device_type = IOLINK_DEVICE_NOT_GIVEN;
  region.origin[0] = 3;
  CHECK(table->read_region(view, &region, &block, NULL, &error) == IOLINK_ERROR_OUT_OF_RANGE);
  CHECK(error.kind == IOLINK_ERROR_OUT_OF_RANGE && error.message[0] != '\0');

  /* Lent memory outlives the view. */
  CHECK(table->memory(view, NULL, &memory, &error) == IOLINK_OK);
  CHECK(memory.device_type == IOLINK_DEVICE_CPU && (memory.flags & IOLINK_MEMORY_WRITABLE));
  CHECK(((const uint16_t *) memory.data)[17] == 99 && memory.byte_strides[2] == 24);

  /* What is known of the image. */
  CHECK(table->properties(view, &properties, &error) == IOLINK_OK);
  CHECK(properties.spacing[0] == 0.5 && properties.spacing[2] == 0 && strcmp(properties.units[1], "mm") == 0);
  CHECK(properties.axes[2] == IOLINK_AXIS_CHANNEL && properties.space == IOLINK_SPACE_LPS);
  CHECK(properties.position[2] == 30.0 && properties.scale_intercept == -1.0);
  sink = metadata_sink(&found);
  CHECK(table->metadata(view, &sink, NULL, &error) == IOLINK_OK);
  CHECK(strcmp(found.data, "/KINDS/text=abc;/KINDS/matrix=2x3..6;/KINDS/names=dapi||fitc|;") == 0);
  memset(&found, 0, sizeof found);
  channel_sink.context = &found;
  CHECK(table->channels(view, &channel_sink, NULL, &error) == IOLINK_OK);
  CHECK(strcmp(found.data, "dapi 255 0-4095 358>461;fitc 0 0-0 0>0;") == 0);
  CHECK(table->coordinates(view, 2, coordinates, 2, NULL, &error) == IOLINK_OK && coordinates[1] == 488);
  CHECK(table->coordinates(view, 0, coordinates, 2, NULL, &error) == IOLINK_ERROR_NOT_FOUND);
  CHECK(table->set_properties == NULL && table->reshape == NULL && table->set_channels == NULL);

  /* An image that was not created at a target has nothing to finish. */
  CHECK(table->flush(view, NULL, &error) == IOLINK_OK);
  CHECK(table->finish(view, IOLINK_FINISH_COMMIT, NULL, &error) == IOLINK_ERROR_NOT_IMPLEMENTED);

  /* A service by its id. */
  CHECK(table->base.extension(view, 5, NULL, &service, &error) == IOLINK_ERROR_NOT_FOUND && service == NULL);
  CHECK(table->base.extension(view, 0x6B696E6473u, NULL, &service, &error) == IOLINK_OK);
  CHECK(TABLE(iolink_extension_vtable, service)->id(service) == 0x6B696E6473u);
  CHECK(((const uint32_t *) TABLE(iolink_extension_vtable, service)->table(service))[1] == 42);
  release(service);
  release(view);
  CHECK(((const uint16_t *) memory.data)[17] == 99);
  memory.release(memory.owner);
}

void use_collections(void)
{
  iolink_view *view = open_kind("kinds:multi-image", IOLINK_KIND_MULTI_IMAGE, NULL), *frame = NULL, *level = NULL;
  const iolink_multi_image_vtable *table = TABLE(iolink_multi_image_vtable, view);
  const iolink_lod_image_vtable *pyramid;
  iolink_error error = { .size = sizeof error };
  iolink_text_sink name;
  iolink_metadata_sink sink;
  text found;
  uint64_t count = 0;
  int64_t finest = 7, coarsest = 7;

  CHECK(table->frame_count(view, &count, NULL, &error) == IOLINK_OK && count == 3);
  name = text_sink(&found);
  CHECK(table->frame_name(view, 1, &name, &error) == IOLINK_OK && strcmp(found.data, "A/2/0") == 0);
  name = text_sink(&found);
  CHECK(table->frame_name(view, 2, &name, &error) == IOLINK_OK && found.length == 0);
  CHECK(table->frame_name(view, 3, &name, &error) == IOLINK_ERROR_OUT_OF_RANGE);
  CHECK(table->frame(view, 3, NULL, &frame, &error) == IOLINK_ERROR_OUT_OF_RANGE && frame == NULL);
  CHECK(table->frame(view, 0, NULL, &frame, &error) == IOLINK_OK && frame->vtable->kind == IOLINK_KIND_IMAGE);
  release(frame);
  sink = metadata_sink(&found);
  CHECK(table->metadata(view, &sink, NULL, &error) == IOLINK_OK);
  CHECK(strcmp(found.data, "/KINDS/set=plate;") == 0 && table->insert == NULL);

  /* A frame that is a pyramid. */
  CHECK(table->frame(view, 1, NULL, &frame, &error) == IOLINK_OK && frame->vtable->kind == IOLINK_KIND_LOD_IMAGE);
  release(view);
  pyramid = TABLE(iolink_lod_image_vtable, frame);
  pyramid->level_range(frame, &finest, &coarsest);
  CHECK(finest == 0 && coarsest == 1);
  CHECK(pyramid->resolution(frame, 1, NULL, &level, &error) == IOLINK_OK);
  CHECK(level->vtable->kind == IOLINK_KIND_IMAGE);
  release(level);
  CHECK(pyramid->resolution(frame, 2, NULL, &level, &error) == IOLINK_ERROR_OUT_OF_RANGE);
  sink = metadata_sink(&found);
  CHECK(pyramid->metadata(frame, &sink, NULL, &error) == IOLINK_OK);
  CHECK(strcmp(found.data, "/KINDS/pyramid=slide;") == 0);
  release(frame);
  release(open_kind("kinds:pyramid", IOLINK_KIND_LOD_IMAGE, NULL));
  release(open_kind("kinds:extension", IOLINK_KIND_EXTENSION, NULL));
}
