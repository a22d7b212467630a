/* The symbol is data of each thread. The header would not let it pass, so it has another name in C. */
#define NAME "thread_local"
#define NO_DESCRIPTOR
#include "common.h"
__attribute__((visibility("default"))) __thread iolink_plugin other __asm__("iolink_plugin_v1") = {
    .magic = MAGIC, .size = SIZE, .abi_major = MAJOR, .abi_minor = MINOR, .panic_strategy = PANIC, .version = VERSION,
    .provider_count = 1 };
const void *keep_it(void);
const void *keep_it(void) { return providers; }
