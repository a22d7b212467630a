/* The manifest is no TOML. */
#define NAME "torn_manifest"
#define MANIFEST_OFFER "offer = \n"
#include "common.h"
