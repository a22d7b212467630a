/* Another plugin that brings the provider of good.c. */
#define NAME "same_provider"
#define PROVIDER_ID "org.saboteur.good"
#include "common.h"
