/* Nothing is wrong with this one: it must go on working beside every other. */
#define NAME "good"
#include "common.h"
