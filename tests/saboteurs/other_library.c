/* The descriptor's providers lie in another library, so that they are unknown before both run. */
#define NAME "other_library"
#define NO_DESCRIPTOR
#include "common.h"
extern const iolink_provider *const elsewhere[];
IOLINK_EXPORT const iolink_plugin iolink_plugin_v1 = {
    .magic = MAGIC, .size = SIZE, .abi_major = MAJOR, .abi_minor = MINOR, .panic_strategy = PANIC, .id = ID, .version = VERSION,
    .provider_count = 1, .providers = elsewhere };
const void *keep_it(void);
const void *keep_it(void) { return providers; }
