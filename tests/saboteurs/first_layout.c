/*
 * A plugin of version 0.1.0, as it was built before the ABI had drafts: another first word, major 1, functions with fewer
 * arguments. None of them may be called. It is written out, for today's header no longer has that layout.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

typedef int32_t (*function)(void);
static int32_t never(void) { abort(); }

static const struct {
    uint32_t size, offer, kind, cost;
    uint64_t capabilities;
    uint32_t from_kind, reserved;
    uint64_t from_capabilities;
    const char *texts[5];
} offer = { sizeof offer, 2, 6, 0, 1, 0, 0, 0, { NULL, NULL, NULL, NULL, NULL } };
static const void *const offers[] = { &offer };
static const struct {
    uint32_t size, offer_count;
    const char *id, *title;
    const void *const *offers;
    function identify, open, create, adopt, convert;
} provider = { sizeof provider, 1, "org.saboteur.first_layout", "A plugin of version 0.1.0", offers,
               never, never, never, never, never };
static const void *const providers[] = { &provider };

struct plugin {
    uint64_t magic;
    uint32_t size, abi_major, abi_minor, panic_strategy;
    const char *id, *version;
    uint32_t provider_count, reserved;
    const void *const *providers;
};
__attribute__((visibility("default"))) extern const struct plugin iolink_plugin_v1;
const struct plugin iolink_plugin_v1 = { 0x3147554C504C4F49u, sizeof(struct plugin), 1, 0, 3,
                                         "org.saboteur.first_layout", "1.0.0", 1, 0, providers };

__attribute__((used, section(".iolink.manifest"))) static const char manifest[] =
    "abi = 1\nid = \"org.saboteur.first_layout\"\nversion = \"1.0.0\"\n[[provider]]\n"
    "id = \"org.saboteur.first_layout\"\ntitle = \"A plugin of version 0.1.0\"\n[[provider.offer]]\n"
    "offer = \"create\"\nkind = \"random-access\"\ncapabilities = 1\n";
