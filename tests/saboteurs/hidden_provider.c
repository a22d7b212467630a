/* It has the provider of another plugin, and no manifest that would tell. */
#define NAME "hidden_provider"
#define PROVIDER_ID "org.saboteur.good"
#define NO_MANIFEST
#include "common.h"
