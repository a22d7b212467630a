/* Built for a later major version of the border; the manifest does not tell. */
#define NAME "other_major"
#define MAJOR 2
#include "common.h"
