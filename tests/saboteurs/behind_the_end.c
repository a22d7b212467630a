/* The symbol begins in the library and ends far behind it. */
#define NAME "behind_the_end"
#define NO_DESCRIPTOR
#include "common.h"
__asm__(".section .data.rel.last,\"aw\"\n.p2align 3\n.globl iolink_plugin_v1\n.type iolink_plugin_v1, %object\n"
        ".size iolink_plugin_v1, 0x10000000\niolink_plugin_v1:\n.zero 64\n.previous\n");
const void *keep_it(void);
const void *keep_it(void) { return providers; }
