/* Needs a library that is not there. */
int needed(void);
#define NAME "missing_dependency"
#define OFFER_MORE .flags = 0,
#include "common.h"
IOLINK_EXPORT int (*const needs)(void);
IOLINK_EXPORT int (*const needs)(void) = needed;
