/* The provider: opens "kinds:image" and its like, creates and saves at a key of a store, and reads beside its source. */
#include "kinds.h"

#include <stdio.h>

static const struct { const char *uri; void *(*make)(void); } views[] = {
  { "kinds:image", image_new }, { "kinds:pyramid", pyramid_new },     { "kinds:multi-image", multi_image_new },
  { "kinds:frame", frame_new }, { "kinds:stream", stream_new },       { "kinds:extension", extension_new },
  { "kinds:store", store_new },
};

static int32_t open_source(const iolink_provider *provider, const iolink_host *host, const iolink_source *source,
                           const iolink_call *call, iolink_view **out, iolink_error *error)
{
  size_t at;
  int32_t status = check_flags(source->flags, 0, error);
  if (status == IOLINK_OK)
    status = step(call, 0, 1, error);
  if (status != IOLINK_OK)
    return status;
  if (provider->context != (void *) views)
    return iolink_fail(error, IOLINK_ERROR_INTERNAL, "the provider did not get itself");
  if (host != NULL && host->log != NULL)
    host->log(host->context, IOLINK_LOG_DEBUG, "kinds", source->uri);
  if (strcmp(source->uri, "kinds:bytes") == 0)
    return give(bytes_new("0123456789", 10), out, error);
  if (strcmp(source->uri, "kinds:sibling") == 0) {
    const iolink_store_vtable *store = source->store != NULL ? (const void *) source->store->vtable : NULL;
    if (store == NULL)
      return iolink_fail(error, IOLINK_ERROR_NOT_IMPLEMENTED, "the source has no store");
    return store->open(source->store, "b", IOLINK_STORE_OPEN_READ, call, out, error);
  }
  for (at = 0; at < sizeof views / sizeof *views; at++)
    if (strcmp(source->uri, views[at].uri) == 0)
      return give(views[at].make(), out, error);
  return iolink_fail(error, IOLINK_ERROR_UNSUPPORTED, "kinds:image and its like are expected");
}

/* The store and key of a target. */
static int32_t place_of(const iolink_target *target, iolink_error *error)
{
  if (target == NULL || target->store == NULL || target->key == NULL)
    return iolink_fail(error, IOLINK_ERROR_UNSUPPORTED, "a target in a store is expected");
  return check_flags(target->flags, IOLINK_TARGET_OVERWRITE, error);
}

static int32_t write_at_target(const iolink_target *target, const char *text, const iolink_call *call,
                               iolink_error *error)
{
  const iolink_store_vtable *store = (const void *) target->store->vtable;
  iolink_store_put put = { .size = sizeof put, .key = target->key, .data = text };
  iolink_store_put *puts = &put;
  int32_t status;
  put.length = strlen(text);
  put.flags = target->flags & IOLINK_TARGET_OVERWRITE ? 0 : IOLINK_STORE_PUT_IF_ABSENT;
  status = store->put_many(target->store, &puts, 1, call, error);
  if (status == IOLINK_OK && put.status != IOLINK_OK)
    status = iolink_fail(error, put.status, "the target cannot be written; it exists, or its key is wrong");
  return status;
}

static int32_t create(const iolink_provider *provider, const iolink_host *host, const iolink_create_request *request,
                      const iolink_call *call, iolink_view **out, iolink_error *error)
{
  int32_t status = check_flags(request->flags, 0, error);
  (void) provider, (void) host;
  if (status == IOLINK_OK)
    status = place_of(request->target, error);
  /* What is there until `finish` is marked as unfinished. */
  if (status == IOLINK_OK)
    status = write_at_target(request->target, "unfinished", call, error);
  if (status != IOLINK_OK)
    return status;
  return give(created_image_new(request->target->store, request->target->key), out, error);
}

static int32_t convert(const iolink_provider *provider, const iolink_host *host, iolink_view *view,
                       const iolink_convert_request *request, const iolink_call *call, iolink_view **out,
                       iolink_error *error)
{
  const int32_t status = check_flags(request->flags, 0, error);
  (void) provider, (void) host, (void) call;
  if (status != IOLINK_OK)
    return status;
  if (request->kind != view->vtable->kind)
    return iolink_fail(error, IOLINK_ERROR_UNSUPPORTED, "a view is converted to its own kind alone");
  view->vtable->retain(view); /* the result is the same view, with a reference for the caller */
  *out = view;
  return IOLINK_OK;
}

static int32_t save(const iolink_provider *provider, const iolink_host *host, iolink_view *view,
                    const iolink_target *target, const iolink_call *call, iolink_error *error)
{
  iolink_image_description known = { .size = sizeof known };
  char text[64];
  int32_t status = place_of(target, error);
  (void) provider, (void) host;
  if (status == IOLINK_OK)
    status = ((const iolink_image_vtable *) view->vtable)->describe(view, &known, error);
  if (status != IOLINK_OK)
    return status;
  snprintf(text, sizeof text, "%u axes, %s=%s", (unsigned) known.dimension_count,
           target->option_count == 1 ? target->options[0].key : "none",
           target->option_count == 1 ? target->options[0].value : "none");
  return write_at_target(target, text, call, error);
}

static const iolink_option_info level = {
  .size = sizeof level, .value_type = IOLINK_OPTION_INTEGER, .name = "level", .default_value = "0",
  .description = "a number to be written",
};
static const iolink_option_info *const options[] = { &level };
static const iolink_offer opens = {
  .size = sizeof opens, .offer = IOLINK_OFFER_OPEN, .kind = IOLINK_KIND_IMAGE, .capabilities = IOLINK_IMAGE_READ,
  .format = "KINDS", .schemes = "kinds",
};
static const iolink_offer creates = {
  .size = sizeof creates, .offer = IOLINK_OFFER_CREATE, .kind = IOLINK_KIND_IMAGE, .capabilities = IOLINK_IMAGE_WRITE,
  .format = "KINDS", .extensions = "kinds",
};
static const iolink_offer converts = {
  .size = sizeof converts, .offer = IOLINK_OFFER_CONVERT, .kind = IOLINK_KIND_IMAGE, .cost = IOLINK_COST_SHARED,
  .from_kind = IOLINK_KIND_IMAGE,
};
static const iolink_offer saves = {
  .size = sizeof saves, .offer = IOLINK_OFFER_SAVE, .kind = IOLINK_KIND_IMAGE, .capabilities = IOLINK_IMAGE_READ,
  .format = "KINDS", .extensions = "kinds", .option_count = 1, .options = options,
};
static const iolink_offer *const offers[] = { &opens, &creates, &converts, &saves };
static const iolink_provider provider = {
  .size = sizeof provider, .offer_count = 4, .id = "test.kinds", .title = "A view of each kind, in C",
  .offers = offers, .context = (void *) views, .open = open_source, .create = create, .convert = convert,
  .save = save,
};
static const iolink_provider *const providers[] = { &provider };

IOLINK_PLUGIN("test.kinds", "1.0.0", providers,
              "[[provider]]\nid = \"test.kinds\"\ntitle = \"A view of each kind, in C\"\n"
              "[[provider.offer]]\noffer = \"open\"\nkind = \"image\"\ncapabilities = 1\nformat = \"KINDS\"\n"
              "schemes = \"kinds\"\n"
              "[[provider.offer]]\noffer = \"create\"\nkind = \"image\"\ncapabilities = 2\nformat = \"KINDS\"\n"
              "extensions = \"kinds\"\n"
              "[[provider.offer]]\noffer = \"convert\"\nkind = \"image\"\ncapabilities = 0\nfrom_kind = \"image\"\n"
              "from_capabilities = 0\ncost = \"shared\"\n"
              "[[provider.offer]]\noffer = \"save\"\nkind = \"image\"\ncapabilities = 1\nformat = \"KINDS\"\n"
              "extensions = \"kinds\"\n"
              "[[provider.offer.option]]\nname = \"level\"\ntype = \"integer\"\ndefault = \"0\"\n"
              "description = \"a number to be written\"\n");
