/* The list of providers leads to an address where nothing lies. */
#define NAME "far_provider"
#define FIRST_PROVIDER (const iolink_provider *)0x10000
#define ID "org.saboteur.far_provider"
#include "common.h"
static const iolink_provider *const kept = &provider;
const void *keep_it(void);
const void *keep_it(void) { return kept; }
