/* A host in C, from iolink_abi.h alone: loads the plugin of its argument, and uses a view of each kind. */
#ifndef CONSUMER_H
#define CONSUMER_H

#include "iolink_abi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ends the program with the line of a condition that does not hold. */
#define CHECK(condition)                                                                                               \
  do {                                                                                                                 \
    if (!(condition)) {                                                                                                \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                                  \
      exit(1);                                                                                                         \
    }                                                                                                                  \
  } while (0)

extern const iolink_provider *provider;

/* Opens a URI as a view of a kind, with the store that holds it or NULL. */
iolink_view *open_kind(const char *uri, uint32_t kind, iolink_view *store);
void release(iolink_view *view);
/* The table of a view. */
#define TABLE(type, view) ((const type *) (const void *) (view)->vtable)

/* A string that a sink received. */
typedef struct text { char data[256]; size_t length; } text;
iolink_text_sink text_sink(text *into);

/* What a metadata sink received, as `path=value;`. */
iolink_metadata_sink metadata_sink(text *into);

void use_image(void);
void use_collections(void);
void use_frame(void);
void use_bytes(void);
void use_store(void);

#endif
