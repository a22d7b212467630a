/* The bytes by which its files are known are no hex digits. */
#define NAME "bad_magic"
#define OFFER_MORE .magic = "0:4G",
#include "common.h"
