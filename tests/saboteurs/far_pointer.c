/* The descriptor's id is a number and not an address of the library. */
#define NAME "far_pointer"
#define ID "org.saboteur.far_pointer"
#define NO_DESCRIPTOR
#include "common.h"
IOLINK_EXPORT const iolink_plugin iolink_plugin_v1 = {
    .magic = MAGIC, .size = SIZE, .abi_major = MAJOR, .abi_minor = MINOR, .panic_strategy = PANIC, .id = (const char *)0x10000,
    .version = VERSION, .provider_count = 1, .providers = providers };
