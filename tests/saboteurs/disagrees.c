/* The manifest is that of another build. */
#define NAME "disagrees"
#define MANIFEST_VERSION "0.9.0"
#include "common.h"
