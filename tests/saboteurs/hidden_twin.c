/* It has the id of another plugin, and no manifest that would tell. */
#define NAME "hidden_twin"
#define ID "org.saboteur.good"
#define NO_MANIFEST
#include "common.h"
