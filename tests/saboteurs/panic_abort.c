/* A panic in it would end the process. */
#define NAME "panic_abort"
#define PANIC IOLINK_PANIC_ABORT
#include "common.h"
