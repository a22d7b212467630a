/* The symbol is a number, not an address of the library. */
#define NAME "absolute"
#define NO_DESCRIPTOR
#include "common.h"
__asm__(".globl iolink_plugin_v1\n.set iolink_plugin_v1, 0x1000\n.type iolink_plugin_v1, %object\n"
        ".size iolink_plugin_v1, 64\n");
const void *keep_it(void);
const void *keep_it(void) { return providers; }
