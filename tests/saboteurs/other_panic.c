/* It names a panic strategy that no version has. */
#define NAME "other_panic"
#define PANIC 9
#include "common.h"
