/* The descriptor has an id that does not end where it must; the manifest has a good one. */
#define NAME "long_id"
#define ID "org.saboteur.long_id"
#define NO_DESCRIPTOR
#include "common.h"
IOLINK_EXPORT const iolink_plugin iolink_plugin_v1 = {
    .magic = MAGIC, .size = SIZE, .abi_major = MAJOR, .abi_minor = MINOR, .panic_strategy = PANIC,
    .id = "0123456789012345678901234567890123456789012345678901234567890123456789", .version = VERSION,
    .provider_count = 1, .providers = providers };
