/* Built from another draft of the ABI, and the manifest says so: its functions may take other arguments. */
#include "iolink_abi.h"
#define NAME "other_draft"
#define MINOR (IOLINK_ABI_MINOR + 1)
#define MANIFEST_ABI "abi = 0\nabi_minor = 999\n"
#include "common.h"
