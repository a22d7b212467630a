/* The symbol has an address, and says not what it is of. */
#define NAME "no_type"
#define NO_DESCRIPTOR
#include "common.h"
__asm__(".section .data.rel.last,\"aw\"\n.p2align 3\n.globl iolink_plugin_v1\n.size iolink_plugin_v1, 64\n"
        "iolink_plugin_v1:\n.zero 64\n.previous\n");
const void *keep_it(void);
const void *keep_it(void) { return providers; }
