/* The symbol is data of something else. */
#define NAME "wrong_magic"
#define MAGIC 0x1234
#include "common.h"
