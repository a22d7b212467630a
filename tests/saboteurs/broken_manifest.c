/* A field of the manifest is of the wrong type. */
#define NAME "broken_manifest"
#define MANIFEST_OFFER "offer = \"create\"\nkind = \"random-access\"\ncapabilities = \"all\"\n"
#include "common.h"
