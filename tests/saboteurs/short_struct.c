/* The descriptor is shorter than that of any version. */
#define NAME "short_struct"
#define SIZE 24
#include "common.h"
