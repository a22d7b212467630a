/* Says in its manifest that it is a plugin, and exports nothing. */
#define NAME "no_symbol"
#define NO_DESCRIPTOR
#include "common.h"
IOLINK_EXPORT const void *something_else = &provider;
