/* Built from another draft of the ABI; the manifest names the right one. */
#include "iolink_abi.h"
#define NAME "hidden_draft"
#define MINOR (IOLINK_ABI_MINOR + 1)
#include "common.h"
