/* Offers to create and has no function for it. */
#define NAME "null_function"
#define CREATE NULL
#include "common.h"
