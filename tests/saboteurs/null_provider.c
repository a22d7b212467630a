/* The list of providers holds NULL. */
#define NAME "null_provider"
#define FIRST_PROVIDER (const iolink_provider *)0
#include "common.h"
IOLINK_EXPORT const void *unused_provider = &provider;
