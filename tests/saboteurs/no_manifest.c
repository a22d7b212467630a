/* What it offers is unknown before it runs. */
#define NAME "no_manifest"
#define NO_MANIFEST
#include "common.h"
