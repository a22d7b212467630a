/*
 * What all saboteurs share: a provider that creates random access over three bytes. Each file sets what it breaks
 * before it includes this one; what is not set is right.
 */
#include "iolink_abi.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef ID
#define ID "org.saboteur." NAME
#endif
#ifndef PROVIDER_ID
#define PROVIDER_ID ID
#endif
#ifndef VERSION
#define VERSION "1.0.0"
#endif
#ifndef MANIFEST_VERSION
#define MANIFEST_VERSION VERSION
#endif
#ifndef MAGIC
#define MAGIC IOLINK_PLUGIN_MAGIC
#endif
#ifndef MAJOR
#define MAJOR IOLINK_ABI_MAJOR
#endif
#ifndef MINOR
#define MINOR IOLINK_ABI_MINOR
#endif
#ifndef MANIFEST_ABI
#define MANIFEST_ABI IOLINK_MANIFEST_ABI
#endif
#ifndef SIZE
#define SIZE sizeof(iolink_plugin)
#endif
#ifndef PANIC
#define PANIC IOLINK_PANIC_NONE
#endif
#ifndef TITLE
#define TITLE "A saboteur"
#endif
#ifndef CREATE
#define CREATE create
#endif
#ifndef FIRST_PROVIDER
#define FIRST_PROVIDER &provider
#endif
#ifndef MANIFEST_OFFER
#define MANIFEST_OFFER "offer = \"create\"\nkind = \"random-access\"\ncapabilities = 1\n"
#endif

/* Runs when the library is loaded, and tells so in the file that the environment names. */
__attribute__((constructor)) static void note_the_start(void)
{
    const char *notes = getenv("IOLINK_SABOTEUR_NOTES");
    FILE *file = notes == NULL ? NULL : fopen(notes, "a");
    if (file != NULL) {
        fputs(NAME "\n", file);
        fclose(file);
    }
}

typedef struct bytes {
    iolink_view view;
    int references;
} bytes;

static void retain(iolink_view *view) { __atomic_add_fetch(&((bytes *)view)->references, 1, __ATOMIC_RELAXED); }

static void release(iolink_view *view)
{
    if (__atomic_sub_fetch(&((bytes *)view)->references, 1, __ATOMIC_ACQ_REL) == 0) {
        view->magic = IOLINK_VIEW_DEAD;
        free(view);
    }
}

static uint64_t capabilities(const iolink_view *view)
{
    (void)view;
    return IOLINK_STREAM_READ;
}

static int32_t length(const iolink_view *view, uint64_t *out, const iolink_call *call, iolink_error *error)
{
    (void)view;
    (void)call;
    (void)error;
    *out = 3;
    return IOLINK_OK;
}

static int32_t read_at(const iolink_view *view, uint64_t offset, void *buffer, uint64_t count, uint64_t *done,
                       const iolink_call *call, iolink_error *error)
{
    (void)call;
    (void)view;
    (void)error;
    *done = offset >= 3 ? 0 : (count < 3 - offset ? count : 3 - offset);
    memcpy(buffer, "abc" + (offset >= 3 ? 0 : offset), *done);
    return IOLINK_OK;
}

static const iolink_random_access_vtable table = {
    .base = { .size = sizeof(iolink_random_access_vtable),
              .kind = IOLINK_KIND_RANDOM_ACCESS,
              .flags = IOLINK_VIEW_FLAG_THREAD_SAFE,
              .retain = retain,
              .release = release,
              .capabilities = capabilities },
    .length = length,
    .read_at = read_at,
};

static inline int32_t create(const iolink_provider *self, const iolink_host *host, const iolink_create_request *request,
                             const iolink_call *call, iolink_view **out, iolink_error *error)
{
    bytes *made = calloc(1, sizeof(bytes));
    (void)self;
    (void)call;
    (void)request;
    if (made == NULL)
        return iolink_fail(error, IOLINK_ERROR_LIMIT, "no memory");
    if (host != NULL && host->log != NULL)
        host->log(host->context, IOLINK_LOG_INFO, "saboteur::" NAME, "three bytes made");
    made->view.magic = IOLINK_VIEW_MAGIC;
    made->view.vtable = &table.base;
    made->references = 1;
    *out = &made->view;
    return IOLINK_OK;
}

static const iolink_offer offer = {
    .size = sizeof(iolink_offer), .offer = IOLINK_OFFER_CREATE, .kind = IOLINK_KIND_RANDOM_ACCESS, .capabilities = 1,
#ifdef OFFER_MORE
    OFFER_MORE
#endif
};
static const iolink_offer *const offers[] = { &offer };
static const iolink_provider provider = {
    .size = sizeof(iolink_provider), .offer_count = 1, .id = PROVIDER_ID, .title = TITLE, .offers = offers,
    .create = CREATE,
#ifdef PROVIDER_MORE
    PROVIDER_MORE
#endif
};
static const iolink_provider *const providers[] = { FIRST_PROVIDER };

#ifndef NO_MANIFEST
IOLINK_MANIFEST(MANIFEST_ABI "id = \"" ID "\"\nversion = \"" MANIFEST_VERSION "\"\n[[provider]]\nid = \"" PROVIDER_ID
                "\"\ntitle = \"A saboteur\"\n[[provider.offer]]\n" MANIFEST_OFFER);
#endif

#ifndef NO_DESCRIPTOR
IOLINK_EXPORT const iolink_plugin iolink_plugin_v1 = {
    .magic = MAGIC,
    .size = SIZE,
    .abi_major = MAJOR,
    .abi_minor = MINOR,
    .panic_strategy = PANIC,
    .id = ID,
    .version = VERSION,
    .provider_count = 1,
    .providers = providers,
};
#endif
