/* Its title is not UTF-8. */
#define NAME "bad_text"
#define TITLE "caf\xe9"
#include "common.h"
