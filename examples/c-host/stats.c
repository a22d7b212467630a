/*
 * A host in plain C: loads a plugin at run time, opens an image by whichever provider fits, and prints its statistics.
 *
 *     stats PLUGIN.so IMAGE
 *
 * The image is read slice by slice into one buffer, so that it may be larger than memory.
 */
#include <inttypes.h>
#include <iolink.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static int failed(const char *doing, const iolink_error *error)
{
  fprintf(stderr, "%s: %s (%s)\n", doing, error->message, iolink_error_name(error->kind));
  return 1;
}

static void log_event(void *context, uint32_t level, const char *source, const char *message)
{
  (void) context, (void) level;
  fprintf(stderr, "[%s] %s\n", source, message);
}

static void print_plugin(void *context, const iolink_plugin_info *plugin)
{
  (void) context;
  if (plugin->state == IOLINK_PLUGIN_REFUSED)
    printf("  %s refused: %s\n", plugin->id, plugin->reason);
  else
    printf("  %s %s%s\n", plugin->id, plugin->version, plugin->path[0] ? "" : " (built in)");
}

typedef struct {
  uint64_t count;
  double least, most, mean, squares; /* squares: sum of squared distances from the mean */
} statistics;

static void add(statistics *all, double value)
{
  const double away = value - all->mean;
  if (all->count == 0 || value < all->least)
    all->least = value;
  if (all->count == 0 || value > all->most)
    all->most = value;
  all->count++;
  all->mean += away / (double) all->count;
  all->squares += away * (value - all->mean);
}

#define ADD_ALL(type)                                                                                                  \
  for (uint64_t at = 0; at < count; at++)                                                                              \
    add(all, (double) ((const type *) samples)[at]);                                                                   \
  return 0

static int add_all(statistics *all, uint64_t type, const void *samples, uint64_t count)
{
  switch (type) {
  case IOLINK_TYPE_UINT8: ADD_ALL(uint8_t);
  case IOLINK_TYPE_INT8: ADD_ALL(int8_t);
  case IOLINK_TYPE_UINT16: ADD_ALL(uint16_t);
  case IOLINK_TYPE_INT16: ADD_ALL(int16_t);
  case IOLINK_TYPE_UINT32: ADD_ALL(uint32_t);
  case IOLINK_TYPE_INT32: ADD_ALL(int32_t);
  case IOLINK_TYPE_UINT64: ADD_ALL(uint64_t);
  case IOLINK_TYPE_INT64: ADD_ALL(int64_t);
  case IOLINK_TYPE_FLOAT: ADD_ALL(float);
  case IOLINK_TYPE_DOUBLE: ADD_ALL(double);
  default: return 1;
  }
}

/* Reads one slice after the other, a slice being everything along the first two axes. */
static int measure(iolink_view *image, const iolink_image_description *known, statistics *all, iolink_error *error)
{
  const uint64_t bytes = (known->data_type >> 8 & 0xFFFF) / 8;
  const uint32_t inner = known->dimension_count < 2 ? known->dimension_count : 2;
  uint64_t in_slice = 1, slices = 1;
  int status = 0;
  void *samples;
  IOLINK_SIZED(iolink_region, region);
  IOLINK_SIZED(iolink_block, block);
  region.dimension_count = block.dimension_count = known->dimension_count;
  block.data_type = known->data_type;
  for (uint32_t axis = 0; axis < known->dimension_count; axis++) {
    region.extent[axis] = axis < inner ? known->shape[axis] : 1;
    block.byte_strides[axis] = (int64_t) (in_slice * bytes);
    in_slice *= region.extent[axis];
    slices *= axis < inner ? 1 : known->shape[axis];
  }
  samples = block.data = malloc(in_slice * bytes);
  if (samples == NULL)
    return iolink_fail(error, IOLINK_ERROR_LIMIT, "a slice does not fit into memory");
  for (uint64_t slice = 0; slice < slices && status == 0; slice++) {
    uint64_t rest = slice;
    for (uint32_t axis = inner; axis < known->dimension_count; axis++) {
      region.origin[axis] = rest % known->shape[axis];
      rest /= known->shape[axis];
    }
    status = iolink_image_read_region(image, &region, &block, NULL, error);
    if (status == 0 && add_all(all, known->data_type, samples, in_slice) != 0)
      status = iolink_fail(error, IOLINK_ERROR_TYPE, "the samples are no plain numbers");
  }
  free(samples);
  return status;
}

static int print_statistics(iolink_view *image)
{
  statistics all = { 0, 0, 0, 0, 0 };
  IOLINK_SIZED(iolink_error, error);
  IOLINK_SIZED(iolink_image_description, known);
  IOLINK_SIZED(iolink_image_properties, properties);
  if (iolink_image_describe(image, &known, &error) != IOLINK_OK)
    return failed("describing", &error);
  if (iolink_image_get_properties(image, &properties, &error) != IOLINK_OK)
    return failed("its properties", &error);
  printf("shape");
  for (uint32_t axis = 0; axis < known.dimension_count; axis++)
    printf("%s%" PRIu64, axis ? " x " : " ", known.shape[axis]);
  printf(", spacing");
  for (uint32_t axis = 0; axis < known.dimension_count && axis < properties.dimension_count; axis++)
    printf(" %g%s%s", properties.spacing[axis], properties.units[axis][0] ? " " : "", properties.units[axis]);
  printf("\nstored values times %g plus %g\n", properties.scale_slope, properties.scale_intercept);
  if (measure(image, &known, &all, &error) != IOLINK_OK)
    return failed("reading", &error);
  printf("samples %" PRIu64 ", least %g, most %g, mean %.4f, deviation %.4f\n", all.count, all.least, all.most, all.mean,
         all.count ? sqrt(all.squares / (double) all.count) : 0.0);
  return 0;
}

int main(int count, char **arguments)
{
  iolink_registry *registry = NULL;
  iolink_view *view = NULL;
  int result = 1;
  IOLINK_SIZED(iolink_error, error);
  IOLINK_SIZED(iolink_registry_options, options);
  IOLINK_SIZED(iolink_plugin_sink, list);
  if (count != 3) {
    fprintf(stderr, "usage: %s PLUGIN.so IMAGE\n", arguments[0]);
    return 2;
  }
  if (iolink_abi_major() != IOLINK_ABI_MAJOR || (IOLINK_ABI_MAJOR == 0 && iolink_abi_minor() != IOLINK_ABI_MINOR)) {
    fprintf(stderr, "libiolinkrs %s speaks another plugin ABI\n", iolink_version());
    return 2;
  }
  options.log = log_event;
  options.log_level = IOLINK_LOG_WARN;
  list.write = print_plugin;
  if (iolink_registry_create(&options, &registry, &error) != IOLINK_OK)
    return failed("making a registry", &error);
  if (iolink_registry_load(registry, arguments[1], &error) != IOLINK_OK)
    failed("loading", &error);
  else if (printf("libiolinkrs %s with\n", iolink_version()) < 0 ||
           iolink_registry_list(registry, 0, &list, &error) != IOLINK_OK)
    failed("listing", &error);
  else if (iolink_registry_open(registry, arguments[2], NULL, &view, &error) != IOLINK_OK)
    failed("opening", &error);
  else if (iolink_view_get_kind(view) != IOLINK_KIND_IMAGE)
    fprintf(stderr, "%s is not an image\n", arguments[2]);
  else
    result = print_statistics(view);
  iolink_view_release(view);
  iolink_registry_release(registry);
  return result;
}
